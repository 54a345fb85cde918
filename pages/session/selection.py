"""What a person chooses and keeps of a run: the selection all pages share, named groups,
bookmarked places.
"""

from __future__ import annotations

import numpy as np

from lvm_core.analysis.selection import as_rows
from lvm_core.text import clean

from . import state
from .annotations import Bookmark
from .errors import SessionError
from .run import Run

MOST_BOOKMARKS, MOST_GROUPS = 200, 50
COMBINE = {
    "replace": lambda before, found: found,
    "add": np.logical_or,
    "remove": lambda before, found: before & ~found,
    "within": np.logical_and,
}


def groups(run: Run) -> dict[str, list[int]]:
    """Named groups of rows."""
    return run.annotations.setdefault("groups", {})


def bookmarks(run: Run) -> list[Bookmark]:
    """Kept places."""
    return run.annotations.setdefault("bookmarks", [])


def region_names(run: Run) -> dict[str, dict[str, str]]:
    """Names that people gave to regions: map -> region's key -> name."""
    return run.annotations.setdefault("region names", {})


def point_values(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Numbers of single rows that rows can be chosen by, such as the trust of each point: name
    -> (rows (m,), values (m,)). Whoever measures adds them.
    """
    return run.derived.point_values


def save_group(run: Run, name: str, rows) -> str:
    """Keep rows as a group under ``name`` (or "group 1", ...) and return the name. Raises
    ValueError in one sentence.
    """
    rows = as_rows(rows, len(run.dataset))
    if not len(rows):
        raise SessionError("Choose points first: no row is chosen.")
    if len(groups(run)) >= MOST_GROUPS:
        raise SessionError(f"There are {MOST_GROUPS} groups already; remove one first.")
    name = clean(name, 40).strip() or next(
        f"group {i}" for i in range(1, MOST_GROUPS + 2) if f"group {i}" not in groups(run)
    )
    groups(run)[name] = rows.tolist()
    state.save_annotations(run)
    return name


def bookmark(run: Run, name: str, row: int, code) -> None:
    """Keep a place: a code (k,), of the row or near it. Raises ValueError in one sentence."""
    if len(bookmarks(run)) >= MOST_BOOKMARKS:
        raise SessionError(f"There are {MOST_BOOKMARKS} bookmarks already; remove one first.")
    bookmarks(run).append({"name": name, "row": row, "code": [float(v) for v in code]})


def combine(run: Run, rows, how: str = "replace") -> None:
    """Make rows the selection, or add them, remove them, or keep only what is ``within`` them."""
    n = len(run.dataset)
    found, before = np.zeros(n, bool), np.zeros(n, bool)
    found[rows], before[run.selection] = True, True
    run.selection = COMBINE[how](before, found)


def inverted(run: Run) -> np.ndarray:
    """The rows that are not chosen."""
    left = np.ones(len(run.dataset), bool)
    left[run.selection] = False
    return np.flatnonzero(left)
