"""Choosing rows: regions against the definition, words and conditions against plain Python."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.spatial.distance import cdist

from lvm_core.analysis.selection import as_rows, find, grow, inside, within


@settings(max_examples=60, deadline=None)
@given(some.lists(some.integers(0, 99)))
def test_a_selection_is_ascending_and_each_row_once(rows):
    found = as_rows(rows, 100)
    assert (
        found.tolist() == sorted(set(rows))
        and found.dtype == np.int64
        and np.shares_memory(as_rows(found, 100), found) == bool(rows)
    )
    mask = np.zeros(100, bool)
    mask[rows] = True
    assert np.array_equal(as_rows(mask, 100), found)


@pytest.mark.parametrize("rows", [[-1], [5, 100], [0.5], [[1, 2]], ["a"], np.ones((2, 2), bool)])
def test_what_is_no_row_is_refused(rows):
    with pytest.raises(ValueError, match="expected rows from 0 to 99|a selection has row numbers"):
        as_rows(rows, 100)


places = some.lists(
    some.tuples(some.floats(-3, 3), some.floats(-3, 3)), min_size=1, max_size=40
).map(np.array)
corners = some.lists(
    some.tuples(some.integers(-3, 3), some.integers(-3, 3)), min_size=3, max_size=9
).map(lambda c: np.array(c, float))


def crossings(point, polygon) -> bool:
    """Even-odd by the textbook, one point and one edge at a time."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(polygon, list(polygon[1:]) + [polygon[0]]):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    return odd


@settings(max_examples=80, deadline=None)
@given(places, corners)
def test_a_region_is_even_odd(P, polygon):
    assert inside(P, polygon).tolist() == [crossings(p, polygon) for p in P]


def test_a_ring_and_a_star():
    angle = np.linspace(0, 2 * np.pi, 60)[:-1]
    circle = np.c_[np.cos(angle), np.sin(angle)]
    P = np.random.RandomState(0).uniform(-1.5, 1.5, (2000, 2))
    radius = np.hypot(*P.T)
    clear = abs(radius - 1) > 0.01
    assert (inside(P, circle) == (radius < 1))[clear].all()
    star = circle[::12][[0, 2, 4, 1, 3]]
    assert not inside([[0.0, 0.0]], star)[0]  # wound twice: outside by the even-odd rule


@pytest.mark.parametrize(
    "polygon", [[], [[0, 0], [1, 1]], [[0, 0], [1, np.nan], [1, 1]], [0, 1, 2], [[0, 0, 0]] * 3]
)
def test_what_is_no_region_is_refused(polygon):
    with pytest.raises(ValueError, match="at least 3 corners"):
        inside(np.zeros((4, 2)), polygon)


ROWS = pd.DataFrame(
    {
        "Name": ["Äpfel", "Birnen rot", "apfelmus", None],
        "weight": [1.5, 2.0, np.nan, 30.0],
        "count": pd.array([1, 2, None, 3], dtype="Int64"),
        "when": pd.to_datetime(["2024-01-05", "2024-06-01", None, "2025-01-01"]),
        "ripe": [True, False, True, True],
    }
)


@pytest.mark.parametrize(
    "query, found",
    [
        ("", []),
        ("   ", []),
        ("äpfel", [0]),
        ("APFEL", [2]),
        ('"birnen rot"', [1]),
        ("rot birnen", [1]),
        ("rot äpfel", []),
        ("weight>1.5", [1, 3]),
        ("weight<=2", [0, 1]),
        ("weight=30", [3]),
        ("weight!=30", [0, 1]),
        ("count>=2", [1, 3]),
        ("when>2024-05-31", [1, 3]),
        ("when<2024-05-31", [0]),
        ("when=2024-06-01", [1]),
        ("name=äpfel", [0]),
        ("name!=äpfel", [1, 2]),
        ("ripe=true", [0, 2, 3]),
        ("ripe=true weight>20", [3]),
        ("1", [0, 1, 3]),
        ('"', []),
        ("30", [3]),
        ("nothing=here", []),
        ("a'b", []),
    ],
)
def test_words_and_conditions(query, found):
    assert find(ROWS, query).tolist() == found


@pytest.mark.parametrize("query", ["weight>heavy", "name>3", "when<soon"])
def test_a_comparison_that_cannot_be_made_is_said(query):
    with pytest.raises(ValueError, match="compares numbers and dates"):
        find(ROWS, query)


@settings(max_examples=100, deadline=None)
@given(some.text(max_size=60))
def test_any_text_is_a_question(query):
    try:
        found = find(ROWS, query)
    except ValueError as error:
        assert "compares" in str(error)
    else:
        assert found.dtype.kind == "i" and (np.diff(found) > 0).all()


@pytest.mark.parametrize(
    "column, ask, found",
    [
        ("weight", dict(low=1.5, high=2.0), [0, 1]),
        ("weight", dict(low=1.6), [1, 3]),
        ("weight", dict(high=2, missing=True), [0, 1, 2]),
        ("count", dict(low=2), [1, 3]),
        ("count", dict(missing=True), [0, 1, 2, 3]),
        ("when", dict(low=pd.Timestamp("2024-06-01"), high=pd.Timestamp("2024-12-31")), [1]),
        ("Name", dict(levels=["apfelmus", "Birnen rot"]), [1, 2]),
        ("Name", dict(levels=[], missing=True), [3]),
        ("ripe", dict(levels=["True"]), [0, 2, 3]),
        ("ripe", dict(levels=[False]), [1]),
        ("weight", {}, [0, 1, 3]),
    ],
)
def test_a_column_s_range_levels_and_gaps(column, ask, found):
    assert np.flatnonzero(within(ROWS[column], **ask)).tolist() == found


def test_growing_adds_the_nearest_of_each():
    Z = np.array([[0.0], [1], [2.5], [10], [11], [30]])
    assert (
        grow(Z, [0], 1).tolist() == [0, 1]
        and grow(Z, np.array([1, 3]), 1).tolist() == [0, 1, 3, 4]
        and grow(Z, [5], 2).tolist() == [3, 4, 5]
    )
    assert grow(Z, [5], 100).tolist() == list(range(6))
    with pytest.raises(ValueError, match="Choose rows first"):
        grow(Z, [], 3)
    with pytest.raises(ValueError, match="at most 2 can be grown"):
        grow(np.broadcast_to(0.0, (10**9, 1)), np.arange(6), 3)


def test_growing_many_rows_says_how_far_it_is_and_a_stop_keeps_what_was_reached():
    Z, rows, seen = np.random.RandomState(0).randn(3000, 5), np.arange(0, 3000, 3), []
    whole = grow(Z, rows, 2, on_step=lambda progress: seen.append(progress.step))
    near = np.argsort(cdist(Z[rows], Z), 1)[:, 1:3]
    assert whole.tolist() == np.union1d(rows, near).tolist() and len(seen) > 1 and seen[-1] == 1000
    part = grow(Z, rows, 2, on_step=lambda progress: True)
    assert part.tolist() == np.union1d(rows, near[: seen[0]]).tolist() and len(part) < len(whole)
