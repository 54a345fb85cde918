"""Paths between codes, by their geometry."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lvm_core.paths import PATHS, lerp, slerp

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
        assert_allclose(slerp(a * scale, b * scale, t) / scale, slerp(a, b, t), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("a, b", [([1, 2], [2, 4]), ([1, 2], [-1, -2]), ([0, 0], [3, 1]), ([3, 1], [0, 0]), ([0, 0], [0, 0]), ([5], [-3])])
def test_slerp_is_the_line_where_no_arc_exists(a, b):
    t = np.linspace(-0.3, 1.3, 9)
    assert_allclose(slerp(a, b, t), lerp(a, b, t))


def test_quarter_circle():
    h = np.sqrt(0.5)
    assert_allclose(slerp([1, 0], [0, 1], [0, 0.5, 1, 2]), [[1, 0], [h, h], [0, 1], [-1, 0]], atol=1e-12)
    assert_allclose(lerp([1, 0], [0, 1], [0, 0.5, 1, 2]), [[1, 0], [0.5, 0.5], [0, 1], [-1, 2]])


def test_slerp_keeps_typical_codes_typical_where_the_line_does_not():
    rng = np.random.RandomState(0)
    a, b = rng.normal(size=(2, 100))
    assert np.linalg.norm(slerp(a, b, 0.5)) > 9 > 8 > np.linalg.norm(lerp(a, b, 0.5))


@every
def test_ends_of_different_length_are_refused(path):
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        path([1, 2], [1, 2, 3], 0.5)
