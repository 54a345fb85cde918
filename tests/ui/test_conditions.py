"""Rows under conditions, on Generate."""

import numpy as np
import pytest
from app_pages import finished, open_page, words

from lvm_core import MODELS, read_dataset


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, 300)
    rows = [f"{a},{2 * a + rng.normal():.2f},{'young' if a < 40 else 'old'}" for a in age]
    data = read_dataset("\n".join(["age,paid,group", *rows]).encode(), "t.csv", label="none")
    return finished(data, MODELS["ProductMixture"](components=20))


def test_all_rows_fulfil_what_was_chosen_and_what_does_not_count_is_put_away(run):
    app = open_page("generate", run=run.id)
    assert not app.exception
    app.multiselect(key=f"conditions-{run.id}").set_value([0]).run()
    app.number_input(key=f"from-{run.id}-0").set_value(50).run()
    app.number_input(key=f"to-{run.id}-0").set_value(60).run()
    assert not app.exception and not app.error
    real = int(run.dataset.rows["age"].between(50, 60).sum())
    assert f"So do {real} of the data's 300 rows" in words(app)
    ages = next(frame.value["age"] for frame in app.dataframe if "age" in frame.value)
    assert len(ages) == 12 and ages.between(50, 60).all()
    assert app.slider(key="temperature").disabled


def test_what_no_row_can_fulfil_is_a_sentence(run):
    app = open_page("generate", run=run.id)
    app.multiselect(key=f"conditions-{run.id}").set_value([0]).run()
    app.number_input(key=f"from-{run.id}-0").set_value(60).run()
    app.number_input(key=f"to-{run.id}-0").set_value(50).run()
    assert not app.exception and len(app.error) == 1 and "age" in app.error[0].value
