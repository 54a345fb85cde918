"""Maps laid onto each other, and the neighbours that changed: against scipy, brute force and
what must hold.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import spatial

from lvm_core.analysis.alignment import Change, changed, neighbours, procrustes


def turned(degrees, mirror=False):
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return np.diag([-1, 1]) @ turn if mirror else turn


@settings(max_examples=40, deadline=None)
@given(
    degrees=st.floats(-179, 179),
    mirror=st.booleans(),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e3, 1e3),
    seed=st.integers(0, 50),
)
def test_a_map_that_was_only_moved_is_laid_back_exactly(degrees, mirror, scale, shift, seed):
    Q = np.random.RandomState(seed).randn(30, 2) * [3, 1]
    P = (Q - shift) @ turned(degrees, mirror).T / scale  # Q = scale P turn + shift
    found = procrustes(P, Q)
    assert np.allclose(found.apply(P), Q, atol=1e-6) and found.residual < 1e-9
    assert found.mirrored == mirror and np.isclose(found.scale, scale)
    assert np.isclose(np.cos(np.radians(found.degrees - degrees)), 1, atol=1e-6)


def test_the_residual_is_scipys_and_the_turn_is_the_best():
    rng = np.random.RandomState(0)
    P, Q = rng.randn(200, 2), rng.randn(200, 2)
    Q[:, 0] += P[:, 1]
    found = procrustes(P, Q)
    assert np.isclose(found.residual, spatial.procrustes(Q, P)[2])
    here = P - P.mean(0)
    error = lambda turn: np.linalg.norm(found.scale * here @ turn - (Q - Q.mean(0)))
    best = error(found.turn)
    assert all(
        error(turned(a, m)) >= best - 1e-9 for a in range(-180, 180, 5) for m in (False, True)
    )


def test_both_maps_have_the_same_spread_however_much_they_disagree():
    rng = np.random.RandomState(1)
    P, Q = rng.randn(500, 2) * 40 + 7, rng.randn(500, 2)
    found = procrustes(P, Q)
    laid = found.apply(P)
    assert found.residual > 0.9
    assert np.allclose(laid.mean(0), Q.mean(0)) and np.isclose(
        np.linalg.norm(laid - laid.mean(0)), np.linalg.norm(Q - Q.mean(0))
    )
    assert "of the variance still differs" in found.sentence("t-SNE", "PCA")


@pytest.mark.parametrize(
    "P, Q, words",
    [
        (np.zeros((5, 2)), np.eye(5)[:, :2], "one place"),
        (np.eye(4)[:, :2], np.eye(5)[:, :2], "shapes"),
        (np.eye(4)[:, :3], np.eye(4)[:, :3], "shapes"),
        (np.full((4, 2), np.nan), np.eye(4)[:, :2], "NaN"),
    ],
)
def test_what_cannot_be_aligned_is_refused(P, Q, words):
    with pytest.raises(ValueError, match=words):
        procrustes(P, Q)


def brute(Z, k):
    D = spatial.distance.cdist(Z, Z)
    np.fill_diagonal(D, np.inf)
    return np.argsort(D, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("n, d", [(300, 2), (2500, 2), (2500, 3), (2500, 8), (300, 12), (2500, 12)])
def test_neighbours_are_the_true_ones(n, d):
    Z = np.random.RandomState(2).randn(n, d)
    assert np.array_equal(neighbours(Z, 10), brute(Z, 10))


def test_a_row_is_no_neighbour_of_itself_even_among_duplicates():
    Z = np.repeat(np.random.RandomState(3).randn(50, 2), 60, 0)
    found = neighbours(Z, 5)
    assert (found != np.arange(len(Z))[:, None]).all()
    assert np.allclose(np.linalg.norm(Z[found] - Z[:, None], axis=2), 0)


def test_change_is_the_share_of_neighbours_lost():
    rng = np.random.RandomState(4)
    A, B = rng.randn(400, 2), rng.randn(400, 5)
    found = changed(A, B, 7)
    want = [7 - len(set(a) & set(b)) for a, b in zip(brute(A, 7), brute(B, 7))]
    assert found.lost.tolist() == want and found.k == 7
    assert np.array_equal(changed(B, A, 7).lost, found.lost)  # the same the other way round
    # nothing in common: what chance leaves
    assert abs(found.mean - found.chance) < 0.02


def test_nothing_changes_under_a_move_and_all_is_counted_past_a_threshold():
    P = np.random.RandomState(5).randn(3000, 2)
    same = changed(P, procrustes(P, P[:, ::-1] * 9 + 1).apply(P))
    assert same.mean < 1e-3 and same.above(0.5) == 0
    some = Change(np.array([0, 7, 8, 15], np.uint8), 15)
    assert [some.above(s) for s in (0, 0.5, 8 / 15, 1)] == [3, 2, 1, 0]
    assert some.sentence() == "2 of 4 points changed more than half of their 15 nearest neighbours."


def test_k_is_cut_for_few_rows_and_rows_must_match():
    assert changed(np.eye(4), np.eye(4), 15).k == 3
    with pytest.raises(ValueError, match="same rows"):
        changed(np.eye(4), np.eye(5))
    with pytest.raises(ValueError, match="from 1 to 255"):
        changed(np.eye(4), np.eye(4), 0)


def test_a_stop_leaves_no_half_answer():
    seen = []
    with pytest.raises(ValueError, match="stopped"):
        changed(
            np.eye(9), np.eye(9), 3, on_step=lambda progress: seen.append(progress.fraction) or True
        )
    assert seen == [0.5]


@pytest.mark.parametrize("d", (3, 12))
def test_a_stop_comes_through_while_many_rows_are_searched(d):
    Z, seen = np.random.RandomState(6).randn(2500, d), []
    with pytest.raises(ValueError, match="stopped"):
        changed(Z, Z, 3, on_step=lambda progress: seen.append(progress.fraction) or True)
    assert len(seen) == 1 and seen[0] < 0.5
