"""Rules found in a table, on Generate: ticked ones are kept in what is shown and downloaded."""

import numpy as np
import pandas as pd
import pytest
from app_pages import finished, open_page, words

from lvm_core import MODELS, read_dataset
from lvm_core.codecs.constraints import find_constraints
from pages.ui import downloads


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(0)
    start, school = rng.integers(0, 40, 400), rng.integers(0, 4, 400)
    frame = pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 9, 400),
            "passed": np.where((start > 20) ^ (rng.random(400) < 0.1), "yes", "no"),
            "school": np.array(list("ABCD"))[school],
            "years": np.array([4, 8, 12, 16])[school],
        }
    )
    data = read_dataset(frame.to_csv(index=False).encode(), "t.csv", label="passed")
    return finished(data, MODELS["PCA"](latent_dim=3))


def shown(app) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if "start" in frame.value)


def rules_of(app) -> dict:
    return {box.label: box for box in app.checkbox if "rule-" in (box.key or "")}


def test_ticked_rules_are_kept_and_what_drawn_rows_did_before_is_told(run, monkeypatch):
    written = []
    monkeypatch.setattr(downloads, "downloads", lambda *given: written.append(given))
    app = open_page("generate", run=run.id)
    assert not app.exception and not app.error
    boxes = rules_of(app)
    assert list(boxes) == ["years goes with school, one to one", "start is at most end"]
    assert all(box.value for box in boxes.values())
    app.number_input(key="n").set_value(60).run()
    assert not app.exception
    rules = find_constraints(run.dataset.rows.iloc[run.fitted.train])
    assert len(rules) == 2 and len(shown(app)) == 60
    assert not any(rule.broken(shown(app)).any() for rule in rules)
    told = [c.value for c in app.caption if "drawn rows before" in c.value]
    assert len(told) == 2 and all(text.startswith("in 100 % of 360 rows; in ") for text in told)
    assert "were drawn again" in words(app)
    # what is downloaded is what is shown, its X the same rows, and says which rules it keeps
    _, codes, X, made, provenance, stem, _ = written[-1]
    assert len(codes) == len(X) == 60 and "-rules2" in stem
    assert not any(rule.broken(made).any() for rule in rules)
    again = run.dataset.decode(X)
    pd.testing.assert_frame_equal(made[list(again)], again)
    assert provenance["rules"] == "years goes with school, one to one; start is at most end"


def test_without_its_tick_a_rule_is_not_kept(run):
    app = open_page("generate", run=run.id)
    app.number_input(key="n").set_value(60)
    for box in rules_of(app).values():
        box.uncheck()
    app.run()
    assert not app.exception
    rules = find_constraints(run.dataset.rows.iloc[run.fitted.train])
    assert all(rule.broken(shown(app)).any() for rule in rules)
    assert "drawn rows" not in words(app) and "drawn again" not in words(app)


def test_new_rows_have_their_label_in_its_place_and_it_is_said_how(run):
    app = open_page("generate", run=run.id)
    rows = shown(app)
    assert list(rows.columns) == list(run.dataset.rows.columns)
    assert set(rows["passed"]) <= {"yes", "no"} and "by its chances given" in words(app)


def test_rows_of_each_label_keep_the_rules_too(run):
    told = finished(run.data, MODELS["ConditionalVAE"](epochs=2))
    app = open_page("generate", run=told.id)
    app.number_input(key="n").set_value(20).run()
    app.selectbox(key=f"label-{told.id}").set_value("\0each").run()
    assert not app.exception and not app.error
    rules = find_constraints(run.dataset.rows)
    assert shown(app)["passed"].tolist() == ["no"] * 10 + ["yes"] * 10
    assert not any(rule.broken(shown(app)).any() for rule in rules)
    assert "by its chances given" not in words(app)


def test_a_table_without_rules_has_no_form():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, 3)), columns=list("abc"))
    data = read_dataset(frame.to_csv(index=False).encode(), "t.csv", label="none", kind="table")
    app = open_page("generate", run=finished(data, MODELS["PCA"](latent_dim=2)).id)
    assert not app.exception and not rules_of(app)
    assert "Rules found in the data" not in words(app)
