"""What is told of how long an analysis takes, and how it learns."""

import pytest

from lvm_core.runs.workspace import Workspace
from pages.session import pace
from pages.session.services import Services, use


@pytest.fixture(autouse=True)
def fresh(tmp_path):
    with use(Services(Workspace(tmp_path))) as made:
        yield made


def test_what_is_stated_is_told_until_something_was_measured():
    assert pace.estimate("Clusters", 12) == 12


@pytest.mark.parametrize("stated", (0.01, 0.5, 60))
@pytest.mark.parametrize("factor", (0.2, 1, 5, 100))
def test_the_same_work_is_told_to_take_what_it_took(stated, factor):
    pace.learn("Clusters", stated, stated * factor)
    assert pace.estimate("Clusters", stated) == pytest.approx(stated * factor)


@pytest.mark.parametrize("factor", (0.2, 1, 5))
def test_a_slow_or_fast_machine_is_learned_from_long_work(factor):
    pace.learn("Clusters", 60, 60 * factor)
    assert pace.estimate("Clusters", 120) == pytest.approx(120 * factor, rel=0.05)


def test_a_first_import_does_not_make_long_work_take_hours():
    pace.learn("Poster", 0.01, 2)
    assert pace.estimate("Poster", 10) < 60  # 2,000 by the plain ratio
    pace.learn("Poster", 0.01, 0.02)
    assert pace.estimate("Poster", 10) == pytest.approx(10, rel=0.05)


def test_work_that_took_nothing_keeps_a_finite_pace():
    pace.learn("Table", 5, 0)
    pace.learn("Poster", 0, 3)
    assert 0 < pace.estimate("Table", 5) < 1
    assert pace.estimate("Poster", 3) == 3
