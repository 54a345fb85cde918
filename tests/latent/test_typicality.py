"""How usual a code is."""

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from lvm_core.latent.typicality import Typicality, out_of_support


@pytest.fixture(scope="module")
def codes():
    return np.random.RandomState(0).normal(size=(400, 4)) * [1, 10, 0.1, 1] + 5


def test_percentile_is_the_naive_one(codes):
    scaled, query = (
        codes / codes.std(0),
        np.random.RandomState(1).normal(size=(30, 4)) * [1, 10, 0.1, 1] + 5,
    )
    own = cdist(scaled, scaled)
    np.fill_diagonal(own, np.inf)
    reference = np.sort(own, 1)[:, :5].mean(1)
    distance = np.sort(cdist(query / codes.std(0), scaled), 1)[:, :5].mean(1)
    assert_allclose(
        Typicality(codes, k=5).percentile(query),
        [(reference < d).mean() * 100 for d in distance],
        atol=1e-9,
    )


def test_new_codes_of_the_same_kind_are_spread_evenly(codes):
    new = np.random.RandomState(2).normal(size=(4000, 4)) * [1, 10, 0.1, 1] + 5
    assert_allclose(
        np.quantile(Typicality(codes).percentile(new), [0.25, 0.5, 0.75]), [25, 50, 75], atol=8
    )


def test_words(codes):
    middle, edge, outside = (
        codes.mean(0),
        codes.mean(0) + 4 * codes.std(0) * [1, 0, 0, 0],
        codes.mean(0) + 40 * codes.std(0),
    )
    assert Typicality(codes).labels([middle, edge, outside]) == [
        "usual",
        "unusual",
        "far from anything seen",
    ]


def test_a_constant_dimension_and_the_unit_do_not_matter(codes):
    new = codes[:50] * 1.05
    wide = np.hstack([codes, np.full((400, 1), 3.0)])
    assert_allclose(
        Typicality(wide).percentile(np.hstack([new, np.full((50, 1), 3.0)])),
        Typicality(codes).percentile(new),
        atol=1e-9,
    )
    assert_allclose(
        Typicality(codes * 1e-9).percentile(new * 1e-9),
        Typicality(codes).percentile(new),
        atol=1e-9,
    )


def test_nearest_are_rows(codes):
    distances, rows = Typicality(codes).nearest(codes[[7, 3]], 2)
    assert_array_equal(rows[:, 0], [7, 3])
    assert_array_equal(distances[:, 0], 0)


def test_a_sample_stands_for_the_rest(codes):
    new = codes[:200] * 1.1
    whole, sampled = Typicality(codes).percentile(new), Typicality(codes, rows=300).percentile(new)
    assert np.abs(whole - sampled).max() < 8
    assert_array_equal(sampled, Typicality(codes, rows=300).percentile(new))


@pytest.mark.parametrize(
    "codes", (np.zeros((30, 2)), np.repeat(np.eye(2), 20, 0), np.eye(2), np.arange(3.0)[:, None])
)
def test_degenerate_codes_give_numbers(codes):
    typicality = Typicality(codes)
    percentile = typicality.percentile(np.vstack([codes, codes + 100]))
    assert np.isfinite(percentile).all() and (percentile[len(codes) :] > 95).all()
    assert set(typicality.labels(codes)) <= {"usual", "unusual"} and set(
        typicality.labels(codes + 100)
    ) == {"far from anything seen"}


def test_many_codes_are_quick():
    codes = np.random.RandomState(0).normal(size=(50_000, 16)).astype(np.float32)
    start = time.perf_counter()
    typicality = Typicality(codes)
    typicality.percentile(codes[:1])
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    "bad, words",
    [
        (np.zeros((1, 3)), "at least 2 rows"),
        (np.full((9, 3), np.nan), "finite"),
        (np.zeros(3), "at least 2 rows"),
    ],
)
def test_bad_codes_are_refused(bad, words):
    with pytest.raises(ValueError, match=words):
        Typicality(bad)


def test_bad_queries_are_refused(codes):
    with pytest.raises(ValueError, match=r"\(2, 3\), expected \(n, 4\)"):
        Typicality(codes).percentile(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="NaN"):
        Typicality(codes).percentile(np.full((2, 4), np.nan))


def test_codes_astray_are_counted_beside_a_sample_too(codes):
    same = np.random.RandomState(2).normal(size=(2000, 4)) * [1, 10, 0.1, 1] + 5
    for rows in (400, 150):
        assert abs(out_of_support(same, codes, rows=rows) - 0.05) < 0.06
    assert out_of_support(same + [0, 0, 5, 0], codes) == 1
