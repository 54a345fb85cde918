"""Paths between codes, by their geometry."""

import time as clock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from lvm_core.latent.paths import PATHS, DensePaths, _neighbour_graph, dense, lerp, slerp
from lvm_core.latent.typicality import Typicality

number = st.floats(-100, 100, allow_subnormal=False)
pair = st.integers(1, 8).flatmap(lambda k: st.tuples(*[arrays(np.float64, k, elements=number)] * 2))
time = st.floats(-0.5, 1.5)
every = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())


def bent(a, b):
    """Whether an arc between the two is defined, and well away from the line."""
    p, q = np.linalg.norm(a), np.linalg.norm(b)
    return min(p, q) > 1e-3 and abs(a @ b) < 0.999 * p * q


@every
@settings(deadline=None)
@given(pair)
def test_ends_are_exact(path, ends):
    a, b = ends
    assert_array_equal(path(a, b, 0), a)
    assert_array_equal(path(a, b, 1), b)


@every
@settings(deadline=None)
@given(pair, time)
def test_backwards_is_the_same_path(path, ends, t):
    a, b = ends
    assert_allclose(path(a, b, t), path(b, a, 1 - t), atol=1e-6)


@every
@settings(deadline=None)
@given(pair, st.lists(time, min_size=1, max_size=9))
def test_many_steps_are_the_single_steps(path, ends, t):
    a, b = ends
    strip = path(a, b, np.array(t))
    assert strip.shape == (len(t), len(a)) and np.isfinite(strip).all()
    assert_array_equal(strip, np.array([path(a, b, s) for s in t]))


@every
@settings(deadline=None)
@given(st.integers(1, 8).flatmap(lambda k: arrays(np.float64, k, elements=number)), time)
def test_from_a_code_to_itself_is_the_code(path, a, t):
    assert_allclose(path(a, a, t), a, atol=1e-9)


@settings(deadline=None)
@given(pair, time)
def test_slerp_norm_goes_evenly(ends, t):
    a, b = ends
    assume(bent(a, b))
    radius = max((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b), 0)
    assert_allclose(np.linalg.norm(slerp(a, b, t)), radius, rtol=1e-8, atol=1e-8)


@settings(deadline=None)
@given(pair, time)
def test_slerp_angle_goes_evenly(ends, t):
    a, b = ends
    assume(bent(a, b))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b, -1, 1))
    assert_allclose(slerp(a, b, t) @ a, np.cos(t * angle), atol=1e-6)


@settings(deadline=None)
@given(pair, st.floats(0, 1))
def test_slerp_moves_with_its_centre(ends, t):
    a, b = ends
    assume(bent(a, b))
    shift = np.linspace(-7, 5, len(a))
    assert_allclose(slerp(a + shift, b + shift, t, mean=shift), slerp(a, b, t) + shift, atol=1e-6)


@settings(deadline=None)
@given(pair, st.floats(0.01, 0.99))
def test_slerp_scales(ends, t):
    a, b = ends
    assume(bent(a, b))
    for scale in (1e-200, 1e200):
        assert_allclose(
            slerp(a * scale, b * scale, t) / scale, slerp(a, b, t), rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize(
    "a, b",
    [
        ([1, 2], [2, 4]),
        ([1, 2], [-1, -2]),
        ([0, 0], [3, 1]),
        ([3, 1], [0, 0]),
        ([0, 0], [0, 0]),
        ([5], [-3]),
    ],
)
def test_slerp_is_the_line_where_no_arc_exists(a, b):
    t = np.linspace(-0.3, 1.3, 9)
    assert_allclose(slerp(a, b, t), lerp(a, b, t))


def test_quarter_circle():
    h = np.sqrt(0.5)
    assert_allclose(
        slerp([1, 0], [0, 1], [0, 0.5, 1, 2]), [[1, 0], [h, h], [0, 1], [-1, 0]], atol=1e-12
    )
    assert_allclose(lerp([1, 0], [0, 1], [0, 0.5, 1, 2]), [[1, 0], [0.5, 0.5], [0, 1], [-1, 2]])


def test_slerp_keeps_typical_codes_typical_where_the_line_does_not():
    rng = np.random.RandomState(0)
    a, b = rng.normal(size=(2, 100))
    assert np.linalg.norm(slerp(a, b, 0.5)) > 9 > 8 > np.linalg.norm(lerp(a, b, 0.5))


@every
def test_ends_of_different_length_are_refused(path):
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        path([1, 2], [1, 2, 3], 0.5)


# -- the path through dense regions ----------------------------------------------------------------

T = np.linspace(0, 1, 61)


def ring(n=600, seed=0):
    rng = np.random.RandomState(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, n))
    return np.c_[np.cos(angle), np.sin(angle)] + rng.normal(0, 0.05, (n, 2))


def moons(n=400, seed=0):
    rng = np.random.RandomState(seed)
    angle = np.sort(rng.uniform(0, np.pi, n))
    upper, lower = (
        np.c_[np.cos(angle), np.sin(angle)],
        np.c_[1 - np.cos(angle), 0.5 - np.sin(angle)],
    )
    return np.vstack([upper, lower]) + rng.normal(0, 0.06, (2 * n, 2))


@pytest.mark.parametrize(
    "codes, i, j",
    [(ring(), 0, 300), (moons(), 0, 390), (moons(), 10, 790)],
    ids=["ring", "one moon", "both moons"],
)
def test_dense_path_keeps_to_the_data_where_the_line_leaves_it(codes, i, j):
    walk, support = dense(codes, codes[i], codes[j]), Typicality(codes)
    kept, left = (support.nearest(Z, 5)[0].mean() for Z in (walk(T), lerp(codes[i], codes[j], T)))
    assert kept < left / 2
    assert (
        support.percentile(walk(T)).mean()
        < 50
        < support.percentile(lerp(codes[i], codes[j], T)).mean()
    )


def test_dense_path_goes_round_the_ring_the_shorter_way():
    codes = ring()
    Z = dense(codes, codes[0], codes[200])(T)
    angle = np.unwrap(np.arctan2(Z[:, 1], Z[:, 0]))
    assert np.abs(np.linalg.norm(Z, axis=1) - 1).max() < 0.2 and 1.5 < angle[-1] - angle[0] < 2.7


def test_dense_path_is_walked_at_even_speed_and_leaves_straight_on():
    codes = ring() * [1, 50]
    walk = dense(codes, codes[0], codes[250])
    steps = np.linalg.norm(np.diff(walk(np.linspace(0, 1, 201)) / codes.std(0), axis=0), axis=1)
    assert_allclose(steps, steps.mean(), rtol=0.05)
    for end, sign in ((0, -1), (1, 1)):
        beyond = walk(end + sign * np.array([0, 0.1, 0.2, 0.3]))
        assert_allclose(
            np.diff(beyond, axis=0), np.diff(beyond, axis=0)[:1].repeat(3, 0), atol=1e-9
        )
        inside = (walk(end) - walk(end - sign * 1e-5)) / 1e-5
        assert_allclose((beyond[1] - beyond[0]) / 0.1, inside, rtol=0.05)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_dense_path_is_finite_with_exact_ends_whatever_the_codes(data):
    k = data.draw(st.integers(1, 4))
    value = st.sampled_from([0.0, 1.0, 1.0 + 1e-9, -3.0]) | st.floats(-1e6, 1e6)
    codes = data.draw(arrays(np.float64, st.tuples(st.integers(2, 30), st.just(k)), elements=value))
    end = st.integers(0, len(codes) - 1).map(lambda i: codes[i]) | arrays(
        np.float64, k, elements=value
    )
    a, b = data.draw(end), data.draw(end)
    walk = DensePaths(codes, k=3).walk(a, b)
    assert_array_equal(walk(0), a)
    assert_array_equal(walk(1), b)
    Z = walk(np.linspace(-0.5, 1.5, 21))
    assert Z.shape == (21, k) and np.isfinite(Z).all()
    assert_allclose(Z[3], walk(np.linspace(-0.5, 1.5, 21)[3]), atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(1e-6, 1e6))
def test_dense_path_moves_with_shift_scale_and_order(seed, scale):
    rng = np.random.RandomState(seed)
    codes, shift = ring(120, seed), rng.normal(size=2)
    Z = dense(codes, codes[0], codes[60])(T)
    units = scale * np.array([1, 10])
    moved = (codes + shift) * units
    assert_allclose(
        dense(moved[rng.permutation(120)], moved[0], moved[60])(T) / units - shift, Z, atol=1e-6
    )


@pytest.mark.parametrize(
    "codes",
    (np.zeros((20, 2)), np.repeat(np.eye(2), 30, 0), np.eye(2), np.c_[np.arange(9.0), np.ones(9)]),
    ids=["all equal", "two places", "two rows", "a constant dimension"],
)
def test_dense_path_among_degenerate_codes_is_the_line(codes):
    a, b = codes[0], codes[-1]
    assert_allclose(dense(codes, a, b)(T), lerp(a, b, T), atol=1e-4)
    assert_allclose(dense(codes, a, a)(np.linspace(-1, 2, 7)), np.tile(a, (7, 1)), atol=1e-12)


def test_separate_groups_are_joined_by_their_shortest_bridges():
    rng = np.random.RandomState(0)
    # six groups on a wave
    codes = np.vstack(
        [[x, 3 * np.sin(x / 2)] + rng.normal(0, 0.2, (40, 2)) for x in range(0, 12, 2)]
    )
    paths, apart = DensePaths(codes, k=5), _neighbour_graph(np.unique(codes, axis=0), 5)
    assert connected_components(apart)[0] == 6 and connected_components(paths._graph)[0] == 1
    assert (paths._graph != paths._graph.T).nnz == 0
    tree = minimum_spanning_tree(cdist(paths._codes, paths._codes) ** 2)
    assert_allclose(np.sort(minimum_spanning_tree(paths._graph).data)[-5:], np.sort(tree.data)[-5:])


def test_many_codes_are_sampled_and_quick():
    codes = np.random.RandomState(0).normal(size=(20_000, 16)).astype(np.float32)
    DensePaths(codes[:100])  # imports
    start = clock.perf_counter()
    paths = DensePaths(codes)
    built = clock.perf_counter()
    walk = paths.walk(codes[0], codes[1])
    Z = walk(T)
    # measured: 0.13 s and 4 ms on a quiet core
    assert built - start < 3 and clock.perf_counter() - built < 0.3
    assert len(paths._codes) == 5000
    assert_array_equal(Z, DensePaths(codes).walk(codes[0], codes[1])(T))


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
        DensePaths(bad)


@pytest.mark.parametrize(
    "a, b", [([0, 1, 2], [0, 1, 2]), ([0, np.nan], [0, 1]), ([0, 1], [0, np.inf])]
)
def test_bad_ends_are_refused(a, b):
    with pytest.raises(ValueError, match="two codes of 2 finite numbers"):
        DensePaths(np.eye(2)).walk(a, b)
