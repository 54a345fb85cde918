"""Directions between groups of codes, and how far to trust them."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lvm_core.latent.directions import (
    METHODS,
    Direction,
    _threshold,
    analogy,
    attribute,
    principal,
    split_by,
)

methods = pytest.mark.parametrize("method", METHODS)


def planted(effect, n=1000, k=6, seed=0, share=0.5):
    """Codes with one group shifted by ``effect`` standard deviations along (0.6, 0.8, 0, ...);
    dimensions of different scale.
    """
    rng = np.random.RandomState(seed)
    inside = np.arange(n) < share * n
    step = np.array([0.6, 0.8] + [0] * (k - 2)) * effect
    scale = np.logspace(-2, 2, k)
    return (rng.normal(size=(n, k)) + np.outer(inside, step)) * scale, inside, step * scale


@methods
@pytest.mark.parametrize("effect", (0.8, 2.0))
def test_a_planted_direction_is_found_with_its_size(method, effect):
    Z, inside, step = planted(effect, n=4000)
    found = attribute(Z, inside, method=method)
    a, b = found.vector / Z.std(0), step / Z.std(0)
    assert a @ b > 0.98 * np.linalg.norm(a) * np.linalg.norm(b)
    assert_allclose(np.linalg.norm(a), np.linalg.norm(b), atol=0.15)
    assert_allclose(found.effect, effect, atol=0.15)
    assert found.chance < 0.2 and found.counts == (2000, 2000) and found.baseline == 0.5
    # of half the distance: the best possible accuracy
    normal_cdf = {0.8: 0.655, 2.0: 0.841}[effect]
    assert_allclose(found.accuracy, normal_cdf, atol=0.03)


def test_means_are_the_difference_of_means():
    Z, inside, _ = planted(1.0)
    assert_allclose(attribute(Z, inside).vector, Z[inside].mean(0) - Z[~inside].mean(0))


def test_effect_is_cohens_d_of_the_projections():
    Z, inside, _ = planted(1.0, share=0.3)
    X = Z / Z.std(0)
    p = X @ (X[inside].mean(0) - X[~inside].mean(0))
    a, b = p[inside], p[~inside]
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(p) - 2))
    assert_allclose(attribute(Z, inside).effect, (a.mean() - b.mean()) / pooled)


@methods
def test_one_unit_moves_from_mean_to_mean_along_it(method):
    Z, inside, _ = planted(1.5)
    found, unit = attribute(Z, inside, method=method).vector, Z.std(0)
    normal = found / unit / np.linalg.norm(found / unit)
    assert_allclose(
        (found / unit) @ normal, ((Z[inside].mean(0) - Z[~inside].mean(0)) / unit) @ normal
    )


def test_the_classifier_ignores_what_merely_comes_along():
    rng = np.random.RandomState(0)
    inside = np.arange(3000) < 1500
    x = rng.normal(size=3000) + 2 * inside
    # the second dimension only follows the first
    Z = np.c_[x, x + rng.normal(size=3000)]
    steps = {m: attribute(Z, inside, method=m).vector / Z.std(0) for m in METHODS}
    assert abs(steps["classifier"][1]) < 0.15 * steps["classifier"][0] < 0.5 * steps["means"][1]


@methods
def test_separable_groups_are_told_apart(method):
    Z, inside, _ = planted(12.0, n=300, share=0.2)
    found = attribute(Z, inside, method=method, name="smiling")
    assert found.accuracy > 0.99 and found.baseline == 0.8 and found.effect > 8
    assert found.sentence().startswith("Strong: along smiling")


@methods
def test_random_groups_are_not_trusted(method):
    rng = np.random.RandomState(0)
    found = [
        attribute(rng.normal(size=(120, 5)), rng.rand(120) < 0.4, method=method) for _ in range(12)
    ]
    # 95 % are expected: 10 or more of 12 has probability 0.98
    assert sum(f.effect <= f.chance for f in found) >= 10
    assert np.mean([f.accuracy - f.baseline for f in found]) < 0.03
    assert all(f.sentence().startswith("Do not trust") for f in found if f.effect <= f.chance)


def test_chance_is_a_quantile_of_shuffled_groups():
    rng = np.random.RandomState(0)
    Z, inside = rng.normal(size=(60, 4)), np.arange(60) < 20
    X = Z / Z.std(0)
    shuffled = []
    for _ in range(2000):
        y = rng.permutation(inside)
        p = X @ (X[y].mean(0) - X[~y].mean(0))
        within = (p[y].var() * 20 + p[~y].var() * 40) / 58
        shuffled.append((p[y].mean() - p[~y].mean()) / np.sqrt(within))
    assert_allclose(attribute(Z, inside).chance, np.quantile(shuffled, 0.95), rtol=0.12)


def test_a_shift_seen_only_on_average_is_said_so():
    Z, inside, _ = planted(0.8, n=4000, share=0.02)
    assert (
        attribute(Z, inside)
        .sentence()
        .startswith("Trust this direction on average, not for single rows")
    )


@methods
def test_swapping_the_groups_turns_the_direction_round(method):
    Z, inside, _ = planted(1.0, n=200)
    there, back = attribute(Z, inside, method=method), attribute(Z, ~inside, method=method)
    assert_allclose(there.vector / Z.std(0), -back.vector / Z.std(0), atol=1e-3)
    assert_allclose(there.effect, back.effect, rtol=1e-3)


@methods
def test_shift_and_scale_of_the_codes_do_not_matter(method):
    Z, inside, _ = planted(1.0, n=200)
    scale = np.array([3, 1e-4, 1e4, 1, 7, 0.1])
    plain, moved = (
        attribute(Z, inside, method=method),
        attribute(Z * scale + 5 * scale, inside, method=method),
    )
    assert_allclose(moved.vector / scale / Z.std(0), plain.vector / Z.std(0), atol=1e-4)
    assert_allclose(
        [moved.effect, moved.chance, moved.accuracy],
        [plain.effect, plain.chance, plain.accuracy],
        atol=0.01,
    )


def test_two_groups_leave_the_other_rows_out_and_the_same_seed_gives_the_same():
    Z, inside, _ = planted(2.0, n=300)
    outside = ~inside & (np.arange(300) < 250)
    first, again = attribute(Z, inside, outside), attribute(Z, inside, outside)
    assert first.counts == (150, 100) and first.baseline == 0.6
    assert first.to_json() == again.to_json()


def test_large_groups_are_sampled():
    Z, inside, _ = planted(1.0, n=3000, share=0.1)
    sampled = attribute(Z, inside, rows=500)
    assert sampled.counts == (300, 500)
    assert_allclose(sampled.effect, attribute(Z, inside).effect, atol=0.15)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_scores_are_finite_whatever_the_codes(data):
    n, k = data.draw(st.integers(6, 20)), data.draw(st.integers(1, 4))
    Z = data.draw(
        arrays(np.float64, (n, k), elements=st.sampled_from([0.0, 1.0]) | st.floats(-1e6, 1e6))
    )
    inside = np.arange(n) < data.draw(st.integers(3, n - 3))
    found = attribute(Z, inside)
    assert np.isfinite(found.vector).all()
    assert (
        0 <= found.effect <= 1000
        and 0 <= found.chance <= 1000
        and 0 <= found.accuracy <= 1
        and 0.5 <= found.baseline < 1
    )
    assert found.sentence().endswith(".")
    back = Direction.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert back.to_json() == found.to_json()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=12))
def test_the_threshold_is_the_best_one(rows):
    p, y = (np.array(v) for v in zip(*rows))
    best = max(((p > c) == y).sum() for c in [*np.arange(-5.5, 6), np.inf])
    assert ((p > _threshold(p.astype(float), y)) == y).sum() == best


def mask(*rows, n=10):
    return np.isin(np.arange(n), rows)


@pytest.mark.parametrize(
    "inside, outside, words",
    [
        (mask(), None, "first group has no rows"),
        (mask(1, 2), None, "first group has 2 rows, expected at least 3"),
        (mask(1, 2, 3), mask(4), "second group has 1 row,"),
        (mask(1, 2, 3, 4), mask(4, 5, 6), "share 1 row,"),
        (mask(1, 2, 3, n=9), None, r"\(9,\)"),
        (np.arange(10), None, "bool"),
        (mask(*range(10)), None, "second group has no rows"),
    ],
)
def test_groups_that_do_not_work_are_refused(inside, outside, words):
    with pytest.raises(ValueError, match=words):
        attribute(np.random.RandomState(0).normal(size=(10, 2)), inside, outside)


def test_bad_codes_and_methods_are_refused():
    with pytest.raises(ValueError, match="finite"):
        attribute(np.full((10, 2), np.nan), mask(1, 2, 3))
    with pytest.raises(ValueError, match="'magic', expected one of means, classifier"):
        attribute(np.zeros((10, 2)), mask(1, 2, 3), method="magic")


# -- using them ------------------------------------------------------------------------------------


def test_apply_in_every_shape():
    step = Direction(np.array([1.0, -2.0]), "step", "means")
    assert_array_equal(step.apply([1, 1], 2), [3, -3])
    assert_array_equal(step.apply([1, 1], [0, 1]), [[1, 1], [2, -1]])
    assert_array_equal(step.apply(np.zeros((3, 2)), -1), [[-1, 2]] * 3)
    assert_array_equal(step.apply(np.eye(2), [0, 1]), [[1, 0], [1, -1]])


@given(*[arrays(np.float64, 3, elements=st.floats(-1e3, 1e3))] * 3)
def test_analogy_closes_the_parallelogram(a, b, c):
    assert_allclose(analogy(a, b, c) - c, b - a, atol=1e-9)
    assert_array_equal(analogy(a, a, c), c)


# -- principal directions --------------------------------------------------------------------------


def test_principal_directions_are_those_planted():
    rng = np.random.RandomState(0)
    axes = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    Z = rng.normal(size=(20_000, 4)) * [4, 2, 1, 0.5] @ axes + 7
    found = principal(Z, 3)
    assert_allclose([d.share for d in found], np.array([16, 4, 1]) / 21.25, atol=0.01)
    for d, axis, size in zip(found, axes, (4, 2, 1)):
        assert_allclose(abs(d.vector @ axis), size, rtol=0.02)
        assert_allclose(((Z - Z.mean(0)) @ d.vector / (d.vector @ d.vector)).std(), 1, rtol=1e-6)
        assert d.vector[np.abs(d.vector).argmax()] > 0
    assert found[0].sentence().startswith("Principal direction 1 holds 75% of the variance")


def test_only_directions_that_vary_are_principal():
    rng = np.random.RandomState(0)
    assert len(principal(np.outer(rng.normal(size=50), [1, 2, 3]))) == 1
    assert len(principal(rng.normal(size=(3, 9)))) == 2
    assert principal(np.ones((5, 2))) == []


# -- groups from a column --------------------------------------------------------------------------


def test_split_by_a_value():
    inside, outside = split_by(pd.Series(["a", "b", None, "a"], name="kind"), "a")
    assert_array_equal(inside, [True, False, False, True])
    assert_array_equal(outside, [False, True, False, False])
    assert_array_equal(split_by(pd.Series([3, 1, 3], dtype="Int64"), 3)[0], [True, False, True])
    assert_array_equal(split_by(pd.Series(["x", "y"], dtype="category"), "y")[0], [False, True])
    assert_array_equal(split_by(pd.Series([True, False]), False)[0], [False, True])


def test_split_by_a_threshold_or_quantile():
    column = pd.Series([1.0, 5.0, np.nan, 3.0], name="age")
    for masks in (split_by(column, above=3), split_by(column, quantile=0.5)):
        assert_array_equal(masks[0], [False, True, False, False])
        assert_array_equal(masks[1], [True, False, False, True])
    days = pd.Series(pd.to_datetime(["2020-01-01", None, "2024-01-01"]))
    for masks in (split_by(days, above=pd.Timestamp("2022-01-01")), split_by(days, quantile=0.5)):
        assert_array_equal(masks, [[False, False, True], [True, False, False]])


@pytest.mark.parametrize(
    "column, how, words",
    [
        (["a", "b"], dict(value="c"), "no row of kind is 'c'; there are a, b"),
        (["a", "b"], dict(above=1), "expected numbers or dates"),
        ([1, 2], dict(quantile=1.5), "from 0 to 1"),
        ([1, 2], {}, "exactly one"),
        ([1, 2], dict(value=1, above=1), "exactly one"),
    ],
)
def test_splits_that_do_not_work_are_refused(column, how, words):
    with pytest.raises(ValueError, match=words):
        split_by(pd.Series(column, name="kind"), **how)


# -- saved -----------------------------------------------------------------------------------------


def test_principal_directions_are_saved_too():
    found = principal(np.random.RandomState(0).normal(size=(30, 3)))[0]
    back = Direction.from_json(json.loads(json.dumps(found.to_json())))
    assert_array_equal(back.vector, found.vector)
    assert back.sentence() == found.sentence()


@pytest.mark.parametrize(
    "change",
    [
        dict(vector=[]),
        dict(vector=[float("nan")]),
        dict(vector="abc"),
        dict(vector=[[1.0]]),
        dict(effect=None),
        dict(effect="much"),
        dict(counts=[1]),
        dict(counts=[0, 5]),
        dict(counts=3),
        dict(accuracy=float("inf")),
    ],
)
def test_damaged_saves_are_refused(change):
    Z, inside, _ = planted(1.0, n=40)
    with pytest.raises(ValueError, match="no saved direction"):
        Direction.from_json(attribute(Z, inside).to_json() | change)
    with pytest.raises(ValueError, match="no saved direction"):
        Direction.from_json([])
