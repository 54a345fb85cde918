"""What the browser asks of the selection and of what a person keeps with a run (:mod:`pages.session.selection`)."""

from __future__ import annotations

import numpy as np

from lvm_core.analysis.selection import find, grow, inside
from lvm_core.plots.tiling import packed
from lvm_core.text import clean

from ..session import state
from ..session.errors import NotFound
from ..session.run import Run
from ..session.selection import COMBINE, bookmark, bookmarks, combine, groups, inverted, keep_group
from . import payloads, regions
from .guard import Ask, Refused

SHOWN = 24


# -- questions ---------------------------------------------------------------------------------------------------------

def listed(ask: Ask):
    """Everything kept, and the selection: int32 row numbers."""
    return _kept(ask.run)


def _kept(run: Run) -> tuple[dict, bytes]:
    return ({"bookmarks": bookmarks(run), "groups": {name: len(rows) for name, rows in groups(run).items()}, "chosen": len(run.selection)},
            run.selection.astype("<i4").tobytes())


def search(ask: Ask):
    """Rows that fit ``q``: how many, and the first of them with their names."""
    found = _find(ask.run, ask.options.get("q", ""))
    return {"count": len(found), "rows": found[:SHOWN].tolist(), "names": [payloads.short(ask.run.dataset, int(i)) for i in found[:SHOWN]]}, b""


def _find(run: Run, query: str) -> np.ndarray:
    return find(run.dataset.rows, query[:200])


def choose(ask: Ask):
    """Change the selection: by ``region`` (the body: corners (m, 2) on the map), ``query``, ``group``, ``cluster`` (a named region's ``key``), ``invert`` (those not chosen), ``grow`` (with the
    ``k`` nearest of each by code), ``undo`` (as before the last change) or ``none``; ``how`` is replace, add, remove or within. Answers what is kept with the chosen rows, or with
    ``answer=mask`` them alone as a bit mask in drawn order (:func:`lvm_core.plots.tiling.packed`)."""
    by, how = ask.options.get("by"), ask.options.get("how", "replace")
    if by not in _CHOICES or how not in COMBINE:
        raise Refused(400, f"by must be one of {', '.join(_CHOICES)}, how one of {', '.join(COMBINE)}.")
    combine(ask.run, _CHOICES[by](ask), how)
    if ask.options.get("answer") == "mask":
        return {"chosen": len(ask.run.selection)}, packed(ask.run.selection, len(ask.run.dataset))
    return _kept(ask.run)


def _grown(ask: Ask) -> np.ndarray:
    return grow(ask.run.fitted.codes, ask.run.selection, int(ask.number("k", 1, 100, 5)))


def _region(ask: Ask) -> np.ndarray:
    mapped = ask.run.maps.get(ask.options.get("map", ""))
    if mapped is None or mapped.positions.shape[1] != 2:
        raise Refused(400, "Regions are chosen on a 2-D map.")
    return inside(mapped.positions, ask.floats(2))


def _group(ask: Ask) -> list[int]:
    try:
        return groups(ask.run)[ask.options.get("group", "")]
    except KeyError:
        raise NotFound("There is no such group.") from None


_CHOICES = {"region": _region, "query": lambda ask: _find(ask.run, ask.options.get("q", "")), "group": _group, "cluster": regions.rows, "none": lambda ask: [],
            "invert": lambda ask: inverted(ask.run), "grow": _grown, "undo": lambda ask: ask.run.data.chosen_before}


def keep(ask: Ask):
    """Change what is kept: ``op`` is bookmark (the body: its code), rename, forget, group or drop-group."""
    op = ask.options.get("op")
    if op not in _OPS:
        raise Refused(400, f"op must be one of {', '.join(_OPS)}.")
    _OPS[op](ask)
    state.keep(ask.run)
    return _kept(ask.run)


def _bookmark(ask: Ask) -> None:
    bookmark(ask.run, _name(ask), int(ask.number("row", 0, len(ask.run.dataset) - 1, 0)), ask.codes()[0])


def _at(ask: Ask) -> int:
    return int(ask.number("at", 0, len(bookmarks(ask.run)) - 1, -1))


def _rename(ask: Ask) -> None:
    bookmarks(ask.run)[_at(ask)]["name"] = _name(ask)


def _forget(ask: Ask) -> None:
    del bookmarks(ask.run)[_at(ask)]


def _name(ask: Ask) -> str:
    return clean(ask.options.get("name", ""), 60).strip() or "kept place"


def _drop_group(ask: Ask) -> None:
    groups(ask.run).pop(ask.options.get("group", ""), None)


_OPS = {"bookmark": _bookmark, "rename": _rename, "forget": _forget, "drop-group": _drop_group,
        "group": lambda ask: keep_group(ask.run, ask.options.get("name", ""), ask.run.selection)}
