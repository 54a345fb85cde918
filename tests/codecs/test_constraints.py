"""Rules found in tables, and rows made to keep them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DATASETS
from lvm_core.codecs.constraints import CONSTRAINTS, find_constraints
from lvm_core.codecs.constraints.satisfy import satisfy


def rides(n=3000, seed=0):
    """Rides: arrival after departure, a total of three parts, a zone's borough and code."""
    rng = np.random.default_rng(seed)
    left = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400_000, n), unit="min")
    fare = np.round(rng.gamma(3, 4, n), 2)
    tip = np.round(np.where(rng.random(n) < 0.6, fare * rng.choice([0.1, 0.2], n), 0.0), 2)
    tolls = np.where(rng.random(n) < 0.08, 6.12, 0.0)
    code = rng.integers(0, 40, n)
    return pd.DataFrame(
        {
            "ride": np.arange(n),
            "left": left,
            "arrived": left + pd.to_timedelta(rng.integers(2, 60, n), unit="min"),
            "fare": fare,
            "tip": tip,
            "tolls": tolls,
            "total": np.round(fare + tip + tolls, 2),
            "zone": [f"z{c}" for c in code],
            "borough": [f"b{c % 5}" for c in code],
            "code": code,
            "people": rng.integers(1, 7, n),
        }
    )


EXPECTED = {
    "left is at most arrived",
    "total is fare + tip + tolls",
    "borough is determined by zone (40 combinations)",
    "code goes with zone, one to one",
    "tip is at most fare",
}


def words(frame, **options):
    return {rule.words for rule in find_constraints(frame, **options)}


def test_the_rules_of_a_table_are_found_and_no_others():
    assert words(rides()) == EXPECTED


def test_a_rule_that_a_thousandth_of_the_rows_breaks_is_found_with_its_support():
    frame = rides()
    wrong = [5, 700, 2900]
    frame.loc[wrong, ["left", "arrived"]] = frame.loc[wrong, ["arrived", "left"]].to_numpy()
    frame.loc[wrong, "total"] += 1
    frame.loc[wrong, "borough"] = "b9"
    found = {rule.words: rule for rule in find_constraints(frame)}
    assert EXPECTED <= set(found)
    rule = found["left is at most arrived"]
    assert (rule.rows, rule.held) == (3000, 2997) and rule.support == pytest.approx(0.999)
    assert np.flatnonzero(rule.broken(frame)).tolist() == wrong
    assert "left is at most arrived" not in words(frame, support=1.0)


def test_columns_that_have_nothing_to_do_with_each_other_have_no_rules():
    rng = np.random.default_rng(1)
    for seed in range(5):
        frame = pd.DataFrame(
            {f"x{j}": rng.normal(size=300) for j in range(6)}
            | {f"k{j}": rng.integers(0, 3 + j, 300) for j in range(4)}
            | {f"c{j}": rng.choice(list("abcdef"), 300) for j in range(4)}
            | {"rare": rng.random(300) < 0.005, "key": rng.permutation(300)}
        )
        assert words(frame) == set(), seed


def test_keys_constants_and_few_rows_say_nothing():
    n = 200
    frame = pd.DataFrame(
        {"id": [f"id{i}" for i in range(n)], "kind": list("ab") * (n // 2), "one": 1, "zero": 0.0}
    )
    assert words(frame) == set()
    assert words(rides(15)) == set()
    assert find_constraints(pd.DataFrame()) == []


def test_rows_that_lack_a_value_do_not_count_and_missing_is_a_level_that_is_said():
    frame = rides()
    frame.loc[::7, "left"] = pd.NaT
    frame.loc[::5, "tip"] = np.nan
    frame.loc[frame["zone"] == "z3", ["zone", "borough"]] = None
    found = {rule.words: rule for rule in find_constraints(frame)}
    assert EXPECTED <= set(found)
    assert found["left is at most arrived"].rows == 3000 - len(range(0, 3000, 7))
    assert found["total is fare + tip + tolls"].rows == 3000 - 600
    drawn = pd.DataFrame({"zone": [None, "z4"], "borough": ["b1", None]}, dtype=object)
    rule = found["borough is determined by zone (40 combinations)"]
    rule.repair(drawn)
    assert drawn["borough"].tolist() == [None, "b4"]


def test_totals_within_rounding():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 900, 500), rng.uniform(0, 900, 500)
    frame = pd.DataFrame({"a": a.round(), "b": b.round(), "c": (a + b).round()})
    found = {rule.words: rule for rule in find_constraints(frame)}
    assert found["c is a + b"].within == pytest.approx(1.5)
    # of small whole numbers a difference of 1 is no rounding
    frame = pd.DataFrame({"a": rng.integers(0, 3, 500), "b": rng.integers(0, 3, 500)})
    frame["c"] = frame["a"] + frame["b"]
    assert "c is a + b" in words(frame)
    frame["c"] += rng.integers(0, 2, 500)
    assert "c is a + b" not in words(frame)


def test_a_part_is_at_most_its_total_goes_without_saying():
    frame = rides()
    assert not any("is at most total" in rule for rule in words(frame))
    frame["tip"] -= 2  # a part may be negative: now it has to be said
    frame["total"] = (frame["fare"] + frame["tip"] + frame["tolls"]).round(2)
    assert "total is fare + tip + tolls" in words(frame)


def test_known_rules_of_real_tables():
    assert words(DATASETS["wine"]().load().rows) == set()
    cells = words(DATASETS["breast_cancer"]().load().rows)
    assert {f"mean {c} is at most worst {c}" for c in ("radius", "area", "texture")} <= cells


def test_every_kind_says_what_it_is():
    assert [*CONSTRAINTS] == ["Determined", "SumOf", "AtMost"]


def independent(frame, n, seed):
    """Rows with the columns of a table, drawn each on its own."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {c: frame[c].iloc[rng.integers(0, len(frame), n)].to_numpy() for c in frame}
    ).astype(frame.dtypes)


def test_all_rows_keep_all_rules_and_types_without_a_new_draw():
    real = rides()
    rules, drawn = find_constraints(real), independent(real, 500, 1)
    before = drawn.copy()
    kept = satisfy(drawn, rules)
    pd.testing.assert_frame_equal(drawn, before)
    assert not kept.broken.any() and not any(rule.broken(kept.rows).any() for rule in rules)
    assert (kept.rows.dtypes == drawn.dtypes).all() and kept.rows.columns.equals(drawn.columns)
    assert kept.drawn == 500 and not kept.redrawn.any()
    # what a rule says nothing of stays, and so do rows that kept the rules
    pd.testing.assert_series_equal(kept.rows["people"], drawn["people"])
    pd.testing.assert_series_equal(kept.rows["zone"], drawn["zone"])
    pd.testing.assert_frame_equal(kept.rows[~kept.changed], drawn[~kept.changed])
    again = satisfy(kept.rows, rules)
    assert not again.changed.any()


def test_a_broken_order_is_drawn_again_so_that_it_has_the_distribution_given_the_rule():
    # x and y uniform and independent: given x <= y the means are 1/3 and 2/3
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": rng.uniform(size=400)})
    real["y"] = real["x"] + rng.uniform(size=400) * (1 - real["x"])
    (rule,) = find_constraints(real)

    def redraw(n, number):
        return pd.DataFrame(np.random.default_rng(number).uniform(size=(n, 2)), columns=["x", "y"])

    first = redraw(4000, 77)
    kept = satisfy(first, [rule], redraw)
    assert not kept.broken.any() and not kept.changed.any()
    assert kept.rows["x"].mean() == pytest.approx(1 / 3, abs=0.015)
    assert kept.rows["y"].mean() == pytest.approx(2 / 3, abs=0.015)
    held = (first["x"] <= first["y"]).to_numpy()
    assert (kept.redrawn == ~held).all()
    pd.testing.assert_frame_equal(kept.rows[held], first[held])
    # the origin says where each row is from
    number, place = kept.origin[np.flatnonzero(~held)[0]]
    size = max(1000, int((~held).sum()))
    assert redraw(size, number).iloc[place].tolist() == kept.rows[~held].iloc[0].tolist()


def test_what_cannot_be_drawn_is_said():
    real = pd.DataFrame({"x": np.arange(50.0)})
    kept = satisfy(real, [], lambda n, i: real.sample(n, replace=True), accept=lambda r: r["x"] < 0)
    assert kept.broken.all() and 20_000 <= kept.drawn < 22_000
    half = satisfy(
        real, [], lambda n, i: real.sample(n, replace=True), accept=lambda r: r["x"] < 25
    )
    assert not half.broken.any() and half.redrawn.sum() == 25


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-50, 1000)),
            st.one_of(st.none(), st.integers(-50, 1000)),
            st.sampled_from(["z1", "z2", "new", None]),
            st.sampled_from(["b1", "b4", "strange", None]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_rows_can_be_made_to_keep_them(values):
    real = rides(400)
    rules = find_constraints(real)
    rows = independent(real, len(values), 3)
    rows["fare"] = [np.nan if a is None else a / 7 for a, *_ in values]
    rows["tip"] = [np.nan if b is None else b / 3 for _, b, *_ in values]
    rows["zone"] = pd.Series([z for *_, z, _ in values], dtype=object)
    rows["borough"] = pd.Series([b for *_, b in values], dtype=object)
    kept = satisfy(rows, rules)
    assert not any(rule.broken(kept.rows).any() for rule in rules)
    assert (kept.rows.dtypes == rows.dtypes).all() and len(kept.rows) == len(rows)


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.integers(-3, 3), st.just(0.0), st.none()
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=1, max_size=8),
    st.lists(st.sampled_from(["a", "b", None, ""]), min_size=8, max_size=8),
)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_any_table_can_be_looked_at_and_its_own_rows_are_changed_as_little(values, levels):
    frame = pd.DataFrame(values * 12, columns=list("wxyz"), dtype=float)
    frame["level"] = (levels * 12)[: len(frame)]
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame.index % 5, unit="D")
    for support in (0.998, 1.0):
        rules = find_constraints(frame, support=support)
        kept = satisfy(frame, rules)
        assert (kept.rows.dtypes == frame.dtypes).all()
        if support == 1.0:
            assert not kept.changed.any()
