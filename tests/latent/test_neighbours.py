"""Nearest neighbours against the naive answer, and values carried from them to new points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from lvm_core.latent.neighbours import interpolate, nearest, nearest_others

AWKWARD = {
    "plain": np.random.RandomState(0).normal(size=(300, 6)),
    "far from the origin": np.random.RandomState(0).normal(size=(200, 3)) + 1e7,
    "many ties": np.random.RandomState(0).randint(0, 2, size=(300, 4)).astype(float),
    "all the same": np.zeros((40, 2)),
    "all equally far": np.eye(40),
    "few": np.random.RandomState(0).normal(size=(3, 3)),
    "one": np.ones((1, 3)),
}
awkward = pytest.mark.parametrize("X", AWKWARD.values(), ids=AWKWARD.keys())


@awkward
@pytest.mark.parametrize("k", (1, 5, 12))
def test_nearest_is_the_naive_answer(X, k):
    D = cdist(X, X)
    order = np.argsort(D, axis=1, kind="stable")[:, :k]
    distances, indices = nearest(X, X, k)
    assert_array_equal(indices, order)
    assert_allclose(distances, np.take_along_axis(D, order, 1), atol=1e-12)


@awkward
def test_nearest_does_not_depend_on_the_batch(X):
    _, together = nearest(X[::3], X, 7)
    assert_array_equal(np.vstack([nearest(row[None], X, 7)[1] for row in X[::3]]), together)


@awkward
def test_nearest_others_leaves_the_row_out(X):
    if len(X) > 1:
        distances, indices = nearest_others(X, 5)
        assert distances.shape == indices.shape == (len(X), min(5, len(X) - 1))
        assert (indices != np.arange(len(X))[:, None]).all()


@awkward
def test_carry_is_finite_within_range_and_batch_free(X):
    values = np.random.RandomState(1).normal(size=(len(X), 2))
    Q = np.vstack([X, X + 0.1, -X])
    P = interpolate(Q, X, values)
    assert (
        np.isfinite(P).all()
        and (P >= values.min(0) - 1e-12).all()
        and (P <= values.max(0) + 1e-12).all()
    )
    assert_array_equal(np.vstack([interpolate(q[None], X, values) for q in Q[::9]]), P[::9])


def test_carry_returns_a_rows_own_value_and_the_mean_of_duplicates():
    X, values = np.array([[0.0], [0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0], [7.0]])
    assert_array_equal(interpolate(X, X, values, k=3), [[2.0], [2.0], [5.0], [7.0]])


def test_carry_does_not_depend_on_the_unit():
    rng = np.random.RandomState(0)
    X, Q, values = rng.normal(size=(50, 3)), rng.normal(size=(20, 3)), rng.normal(size=(50, 2))
    assert_allclose(interpolate(Q * 1e-6, X * 1e-6, values), interpolate(Q, X, values), rtol=1e-6)
    assert_allclose(interpolate(Q * 1e12, X * 1e12, values), interpolate(Q, X, values), rtol=1e-6)


def test_beyond_the_exact_limit_neighbours_are_almost_all_found(monkeypatch):
    X = np.random.RandomState(0).normal(size=(2000, 5))
    exact = nearest(X, X, 10)[1]
    monkeypatch.setattr("lvm_core.latent.neighbours.EXACT_PAIRS", 1000)
    distances, found = nearest(X, X, 10)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(exact, found)]) > 0.95
    assert (np.diff(distances, axis=1) >= 0).all()
    assert_array_equal(nearest(X[:30], X, 10)[1], exact[:30])  # queries stay exact
