"""What the browser asks of the selection and of what a person keeps with a run
(:mod:`pages.session.selection`).
"""

from __future__ import annotations

import numpy as np

from lvm_core.analysis.selection import find, grow, inside, on_screen
from lvm_core.plots.tiling import packed
from lvm_core.text import clean

from ..session import identity, state
from ..session.errors import NotFound
from ..session.run import Run
from ..session.selection import COMBINE, bookmark, bookmarks, combine, groups, inverted, save_group
from . import payloads, regions
from .auth import ApiRequest, HttpError

SHOWN = 24


# -- questions -------------------------------------------------------------------------------------


def listed(request: ApiRequest):
    """Everything kept, and the selection: int32 row numbers."""
    return _annotations(request.run)


def _annotations(run: Run) -> tuple[dict, bytes]:
    return (
        {
            "bookmarks": bookmarks(run),
            "groups": {name: len(rows) for name, rows in groups(run).items()},
            "chosen": len(run.selection),
        },
        run.selection.astype("<i4").tobytes(),
    )


def search(request: ApiRequest):
    """Rows that fit ``q``: how many, and the first of them with their names."""
    found = _find(request.run, request.options.get("q", ""))
    return {
        "count": len(found),
        "rows": found[:SHOWN].tolist(),
        "names": [payloads.short(request.run.dataset, int(i)) for i in found[:SHOWN]],
    }, b""


def _find(run: Run, query: str) -> np.ndarray:
    return find(run.dataset.rows, query[:200])


def choose(request: ApiRequest):
    """Change the selection: by ``region`` (the body: corners (m, 2) on the map, or in pixels of
    a ``view`` of a 3-D map: 12 numbers between underscores), ``query``, ``group``, ``cluster`` (a
    named region's ``key``), ``invert`` (those not chosen), ``grow`` (with the ``k`` nearest of
    each by code), ``undo`` (as before the last change) or ``none``; ``how`` is replace, add,
    remove or within. Answers what is kept with the chosen rows, or with ``answer=mask`` them alone
    as a bit mask in drawn order (:func:`lvm_core.plots.tiling.packed`).
    """
    by, how = request.options.get("by"), request.options.get("how", "replace")
    if by not in _CHOICES or how not in COMBINE:
        raise HttpError(
            400, f"by must be one of {', '.join(_CHOICES)}, how one of {', '.join(COMBINE)}."
        )
    combine(request.run, _CHOICES[by](request), how)
    if request.options.get("answer") == "mask":
        return {"chosen": len(request.run.selection)}, packed(
            request.run.selection, len(request.run.dataset)
        )
    return _annotations(request.run)


def _grown(request: ApiRequest) -> np.ndarray:
    return grow(
        request.run.fitted.codes, request.run.selection, int(request.number("k", 1, 100, 5))
    )


def _region(request: ApiRequest) -> np.ndarray:
    mapped = request.run.maps.get(request.options.get("map", ""))
    if mapped is None:
        raise NotFound("This map is not here any more; reload the page.")
    P, corners = mapped.positions, request.floats(2)
    return inside(P if P.shape[1] == 2 else on_screen(P, _view(request)), corners)


def _view(request: ApiRequest) -> np.ndarray:
    """How the browser looks at a 3-D map, (3, 4)."""
    try:
        view = np.array([float(v) for v in request.options.get("view", "").split("_")])
        return view.reshape(3, 4)
    except ValueError:
        raise HttpError(
            400, "On a 3-D map a region is chosen in a view: 12 numbers between underscores."
        ) from None


def _group(request: ApiRequest) -> list[int]:
    try:
        return groups(request.run)[request.options.get("group", "")]
    except KeyError:
        raise NotFound("There is no such group.") from None


_CHOICES = {
    "region": _region,
    "query": lambda ask: _find(ask.run, ask.options.get("q", "")),
    "group": _group,
    "cluster": regions.rows,
    "none": lambda ask: [],
    "invert": lambda ask: inverted(ask.run),
    "grow": _grown,
    "undo": lambda ask: ask.run.data.chosen_before,
}


def annotate(request: ApiRequest):
    """Change what is kept: ``op`` is bookmark (the body: its code), rename, forget, group or
    drop-group.
    """
    op = request.options.get("op")
    if op not in _OPS:
        raise HttpError(400, f"op must be one of {', '.join(_OPS)}.")
    identity.require(request.run.kind, request.run.id)
    _OPS[op](request)
    state.save_annotations(request.run)
    return _annotations(request.run)


def _bookmark(request: ApiRequest) -> None:
    bookmark(
        request.run,
        _name(request),
        int(request.number("row", 0, len(request.run.dataset) - 1, 0)),
        request.codes()[0],
    )


def _at(request: ApiRequest) -> int:
    return int(request.number("at", 0, len(bookmarks(request.run)) - 1, -1))


def _rename(request: ApiRequest) -> None:
    bookmarks(request.run)[_at(request)]["name"] = _name(request)


def _forget(request: ApiRequest) -> None:
    del bookmarks(request.run)[_at(request)]


def _name(request: ApiRequest) -> str:
    return clean(request.options.get("name", ""), 60).strip() or "kept place"


def _drop_group(request: ApiRequest) -> None:
    groups(request.run).pop(request.options.get("group", ""), None)


_OPS = {
    "bookmark": _bookmark,
    "rename": _rename,
    "forget": _forget,
    "drop-group": _drop_group,
    "group": lambda ask: save_group(ask.run, ask.options.get("name", ""), ask.run.selection),
}
