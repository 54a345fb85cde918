"""New rows that keep rules and fulfil conditions, of any model; and the label of new rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.analysis.constrained_samples import sample_constrained
from lvm_core.analysis.label_column import LabelColumn
from lvm_core.fitting import fit_run
from lvm_core.runs.archive import IMPORTED
from lvm_core.runs.synthesise import (
    label_column,
    report_on,
    synthesise,
    synthesise_under,
    table_rules,
)

RULES = {
    "start is at most end",
    "fee is net + tax",
    "years goes with school, one to one",
    "level is determined by school (6 combinations)",
}


@pytest.fixture(scope="module")
def courses():
    """A table with a rule of each kind and a label whose chance follows the fee."""
    rng, n = np.random.default_rng(0), 1500
    school = rng.choice(6, n, p=[0.3, 0.3, 0.2, 0.1, 0.06, 0.04])
    start = rng.integers(0, 40, n)
    net, tax = rng.integers(100, 900, n), rng.integers(5, 60, n)
    frame = pd.DataFrame(
        {
            "start": start,
            "end": start + rng.integers(0, 15, n),
            "passed": np.where(rng.random(n) < np.where(net > 500, 0.9, 0.2), "yes", "no"),
            "school": np.array(list("ABCDEF"))[school],
            "years": np.array([4, 8, 9, 12, 13, 16])[school],
            "level": np.array(["low", "low", "mid", "mid", "high", "high"])[school],
            "net": net,
            "tax": tax,
            "fee": net + tax,
        }
    )
    return read_dataset(frame.to_csv(index=False).encode(), "courses.csv", label="passed")


@pytest.fixture(scope="module")
def fits(courses):
    params = {"VAE": dict(epochs=5), "ProductMixture": dict(components=30), "PCA": {}}
    return {name: fit_run(courses, MODELS[name](**own)) for name, own in params.items()}


@pytest.mark.parametrize("name", ["VAE", "ProductMixture", "PCA"])
def test_every_row_keeps_all_rules_and_fulfils_all_conditions(courses, fits, name):
    where = ["start >= 10", "school = A, B, C", "passed = yes"]
    made = synthesise_under(courses, fits[name], 400, rules=True, where=where)
    assert {rule.words for rule in made.rules} == RULES
    rows = made.rows
    assert len(rows) == 400 and list(rows.columns) == list(courses.rows.columns)
    assert (rows.dtypes == courses.rows.dtypes).all()
    assert not any(rule.broken(rows).any() for rule in made.rules)
    assert rows["start"].min() >= 10 and set(rows["school"]) <= set("ABC")
    assert rows["passed"].eq("yes").all()
    free = synthesise(courses, fits[name], 400)[0]
    assert sum(rule.broken(free).any() for rule in made.rules) >= 2
    again = synthesise_under(courses, fits[name], 400, rules=True, where=where)
    pd.testing.assert_frame_equal(again.rows, rows)
    assert "drawn again" in " ".join(made.notes)


def test_without_rules_and_conditions_the_rows_are_those_of_the_codes(courses, fits):
    fitted = fits["PCA"]
    rows, source = synthesise(courses, fitted, 50, seed=3)
    assert list(rows.columns) == list(courses.rows.columns)
    learnt = [c.name for c in courses.codec.columns]
    assert "passed" not in learnt
    if source == "Prior":
        X = fitted.model.sample_decoder(
            fitted.model.sample_codes(50, random_state=3), random_state=3
        )
        pd.testing.assert_frame_equal(rows[learnt], courses.decode(X))


def test_a_drawn_label_goes_with_the_row_as_often_as_in_the_data(courses, fits):
    label = LabelColumn.of(courses, fits["PCA"])
    assert label is not None and not label.drawn_by_model and set(label.labels) == {"yes", "no"}
    real = courses.rows.drop(columns="passed").iloc[fits["PCA"].held_out]
    rows = label.add(pd.concat([real] * 20, ignore_index=True), None, random_state=0)
    high = rows["net"] > 500
    # drawn and not predicted: the likeliest would be 1 and 0
    assert rows.loc[high, "passed"].eq("yes").mean() == pytest.approx(0.9, abs=0.06)
    assert rows.loc[~high, "passed"].eq("yes").mean() == pytest.approx(0.2, abs=0.06)
    assert "no part of what the model learnt" in label.sentence


@pytest.mark.parametrize(
    "name, params", [("ConditionalVAE", {"epochs": 2}), ("ConditionalGAN", {"steps": 20})]
)
def test_a_conditional_model_gives_the_label_it_drew_for(courses, name, params):
    fitted = fit_run(courses, MODELS[name](**params))
    label = LabelColumn.of(courses, fitted)
    assert label is not None and label.drawn_by_model
    for wanted in ("yes", "no"):
        Z = fitted.model.sample_codes(30, random_state=0, label=wanted)
        rows = label.add(courses.decode(fitted.model.sample_decoder(Z)), Z)
        assert rows["passed"].eq(wanted).all()
    rows = synthesise_under(courses, fitted, 40, where=["passed = no"]).rows
    assert len(rows) == 40 and rows["passed"].eq("no").all()


def test_the_label_comes_back_as_it_was_and_where_it_was():
    for values, dtype in ((["7", "8"], "str"), (["true", "false"], "bool")):
        text = "a,target,b\n" + "".join(
            f"{i % 13}.5,{values[i % 2]},{i % 7}.25\n" for i in range(90)
        )
        data = read_dataset(text.encode(), "t.csv", label="target")
        rows = synthesise(data, fit_run(data, MODELS["PCA"](latent_dim=2)), 30)[0]
        assert list(rows.columns) == ["a", "target", "b"]
        assert rows["target"].dtype == data.rows["target"].dtype
        assert set(rows["target"]) <= set(data.rows["target"].unique()), dtype


def test_rows_drawn_for_a_label_keep_it_also_where_a_rule_says_it():
    rows = ["a,target,group"] + [f"{i % 31}.5,{'uv'[i % 2]},{'wxyz'[i % 4]}" for i in range(300)]
    data = read_dataset("\n".join(rows).encode(), "t.csv", label="target")
    fitted = fit_run(data, MODELS["ConditionalVAE"](epochs=2))
    (rule,) = table_rules(data, fitted)
    assert rule.words == "target is determined by group (4 combinations)"

    def draw(n, seed):
        Z = fitted.model.sample_codes(n, random_state=seed, label="v")
        return Z, fitted.model.sample_decoder(Z, random_state=seed)

    label = LabelColumn.of(data, fitted)
    options = dict(constraints=[rule], label=label, chosen_label="v")
    made = sample_constrained(data, draw, 100, **options)
    assert len(made.rows) == 100 and made.rows["target"].eq("v").all()
    assert set(made.rows["group"]) == {"x", "z"}


def test_a_run_without_its_data_has_no_rules_and_no_label_to_learn(courses, fits):
    bare = replace(courses, notes=[IMPORTED])
    assert table_rules(bare, fits["PCA"]) == []
    assert label_column(bare, fits["PCA"]) is None
    assert label_column(courses, fits["PCA"]) is not None


def test_no_label_where_there_is_none_or_a_number_is_one():
    text = "a,b,target\n" + "".join(f"{i % 13}.5,{i % 7}.25,{i / 7:.3f}\n" for i in range(90))
    for label in ("none", "target"):
        data = read_dataset(text.encode(), "t.csv", label=label)
        fitted = fit_run(data, MODELS["PCA"](latent_dim=2))
        assert LabelColumn.of(data, fitted) is None
        assert len(synthesise(data, fitted, 5)[0]) == 5
    digits = DATASETS["digits"]().load()
    assert LabelColumn.of(digits, fit_run(digits, MODELS["PCA"](latent_dim=2))) is None


def test_too_few_rows_are_said_and_none_is_an_error(courses, fits):
    where = ["net >= 800", "fee <= 700"]  # a fee is net and tax
    with pytest.raises(ValueError, match="None of .* drawn rows fulfils net >= 800 and fee <= 700"):
        synthesise_under(courses, fits["VAE"], 5, rules=True, where=where)
    few = synthesise_under(courses, fits["VAE"], 5000, where=["net >= 893", "school = E, F"])
    assert 0 < len(few.rows) < 5000
    assert f"Only {len(few.rows):,} of 5,000 rows" in " ".join(few.notes)
    assert few.rows["net"].min() >= 893 and set(few.rows["school"]) <= {"E", "F"}


def test_the_report_measures_the_label_too_and_finds_no_rule_broken(courses, fits):
    made = synthesise_under(courses, fits["ProductMixture"], 300, rules=True)
    report = report_on(courses, fits["ProductMixture"], made.rows)
    assert "passed" in set(report.columns["name"])
    told = report.rules.set_index("rule")["made"]
    assert all(told[rule.words] == 0 for rule in made.rules)
