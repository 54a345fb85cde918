"""What a person chooses and keeps of a run: the selection all pages share, named groups,
bookmarked places.
"""

from __future__ import annotations

import logging

import numpy as np

from lvm_core.analysis.selection import as_rows, of_runs, runs_of
from lvm_core.io.files import StoreError
from lvm_core.text import clean

from . import identity, state
from .annotations import Bookmark
from .errors import SessionError
from .run import Run
from .services import services

MOST_BOOKMARKS, MOST_GROUPS = 200, 50
_MOST_TEXT = 400  # characters of a selection in an address; longer ones have an id there
log = logging.getLogger(__name__)
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
    identity.require(run.kind, run.id)
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
    identity.require(run.kind, run.id)
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


# -- in an address ---------------------------------------------------------------------------------


def to_text(run: Run) -> str:
    """The selection for an address: its rows as runs of numbers, or the id under which the dataset
    keeps them; empty where nothing is chosen or they can only be kept by somebody else.
    """
    text, data = runs_of(run.selection), run.data
    if len(text) <= _MOST_TEXT:
        return text
    try:
        if data.stored:
            return services().workspace.keep_selection(
                data.id, run.selection, len(data.dataset), new=identity.owns("datasets", data.id)
            )
    except StoreError as error:  # the link is shorter by it, and nothing else
        log.warning("a selection could not be kept: %s", error)
    return ""


def of_text(run: Run, text: str) -> np.ndarray | None:
    """The rows that an address says were chosen, None where it says no such thing. Addresses come
    from anybody; whoever asks may see the run, and with it what its data keeps.
    """
    n = len(run.dataset)
    try:
        if text[:1] == "s":
            return services().workspace.selection(run.data.id, text, n)
        return of_runs(text, n)
    except ValueError as error:
        log.info("no selection in the address: %s", error)
        return None
