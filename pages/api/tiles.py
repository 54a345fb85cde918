"""What the map component asks for: places and colours of points in drawn order, the point under
the pointer, the chosen rows as a mask.
"""

from __future__ import annotations

import threading

import numpy as np

from lvm_core.plots.colouring import colouring
from lvm_core.plots.tiling import PointSheet, packed
from lvm_core.plots.tiling import order as order
from lvm_core.plots.tiling import place as place
from lvm_core.settings import DataError

from ..session import colours
from ..session.derived import Coloured
from ..session.errors import NotFound, SessionError
from ..session.run import Run
from .auth import ApiRequest
from .payloads import payload, short

_TILE = 2**19  # points in one answer, at most


def sheet(run: Run, key: str) -> PointSheet:
    """The map of this key as it is drawn; made once a map. Raises ValueError."""
    if key not in run.maps:
        raise NotFound("This map is not here any more; reload the page.")
    held = run.derived.of_map(key)
    with run.derived.locks(("sheet", key)):  # a browser asks for several tiles at once
        if held.sheet is None:
            held.sheet = PointSheet(held.mapped.positions, getattr(held.mapped, "box", None))
        return held.sheet


def begin(run: Run, key: str, colour: str | None) -> None:
    """Make what the browser is about to ask for while the page is still on its way there: for a
    million points, a third of a second.
    """

    def work():
        try:
            sheet(run, key)
            _colours_of(run, colour, None)
        except (SessionError, DataError):  # it hears so when it asks
            pass

    threading.Thread(target=work, daemon=True, name="map to draw").start()


# -- colours ---------------------------------------------------------------------------------------


def _coloured(request: ApiRequest) -> tuple[dict, np.ndarray, np.ndarray]:
    held = _colours_of(
        request.run, request.options.get("colour") or None, request.options.get("scale") or None
    )
    return held.legend, held.palette, held.index


def _colours_of(run: Run, name: str | None, scale: str | None) -> Coloured:
    column = colours.values(run, name)
    with run.derived.locks("coloured"):
        held, rows = run.derived.coloured, run.dataset.rows
        if held is None or (held.column, held.scale) != (name, scale) or held.rows is not rows:
            n = len(run.dataset)
            found = colouring(column, n, scale)
            held = run.derived.coloured = Coloured(
                name, scale, rows, found.legend, found.palette, found.index[order(n)]
            )
        return held


# -- questions -------------------------------------------------------------------------------------


def _scene(request: ApiRequest):
    """What is drawn: n, the map's square or cube (``low``, ``side``), its ``extent`` and ``reach``,
    the legend; the palette (256, 4).
    """
    drawn = sheet(request.run, request.options.get("map", ""))
    head, palette, _ = _coloured(request)
    return head | {
        "n": len(drawn.units),
        "low": drawn.low.tolist(),
        "side": drawn.side,
        "extent": drawn.extent,
        "reach": drawn.reach,
    }, palette.tobytes()


def _tile(request: ApiRequest):
    """Points from ``start``, ``count`` of them in drawn order: places uint16 (m, 2 or 3) and colour
    indices uint8 (m,).
    """
    drawn = sheet(request.run, request.options.get("map", ""))
    _, _, index = _coloured(request)
    start = int(request.number("start", 0, len(drawn.units), 0))
    end = min(len(drawn.units), start + int(request.number("count", 1, _TILE, 2**16)))
    return {"start": start, "end": end}, drawn.units[start:end].astype(
        "<u2", copy=False
    ).tobytes() + index[start:end].tobytes()


def _colours(request: ApiRequest):
    """Another colouring of all points, on another ``scale`` where that is asked for: the
    legend; the palette (256, 4) and the colour indices uint8 (n,) in drawn order.
    """
    head, palette, index = _coloured(request)
    return head, palette.tobytes() + index.tobytes()


def _pick(request: ApiRequest):
    """The points of a 2-D map within ``radius`` of (``x``, ``y``) in its own units, nearest first,
    at most ``most``: their rows and drawn places.
    """
    drawn = sheet(request.run, request.options.get("map", ""))
    x, y = (request.number(name, -1e15, 1e15, 0) for name in "xy")
    rows = drawn.near(
        x, y, request.number("radius", 0, 1e15, 0), int(request.number("most", 1, 1000, 8))
    )
    return {"rows": rows.tolist(), "places": place(len(drawn.units))[rows].tolist()}, b""


def _card(request: ApiRequest):
    """One row for the hover card: its name, and what it looks like where it is a picture or a
    curve.
    """
    dataset = request.run.dataset
    row = int(request.number("row", 0, len(dataset) - 1, 0))
    head, data = (
        payload(dataset, dataset.items([row])) if dataset.kind in ("image", "array") else ({}, b"")
    )
    return head | {"row": row, "name": short(dataset, row)}, data


def _chosen(request: ApiRequest):
    """The selection as a bit mask in drawn order."""
    run = request.run
    return {"chosen": len(run.selection)}, packed(run.selection, len(run.dataset))


GET = {
    "scene": _scene,
    "tile": _tile,
    "colours": _colours,
    "pick": _pick,
    "card": _card,
    "chosen": _chosen,
}
POST: dict = {}
CHANGES: dict = {}
