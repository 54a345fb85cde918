"""The map component: our own HTML, CSS and JavaScript from assets/, mounted with what it needs
to ask the server itself.
"""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

from lvm_core.text import clean

from ...api import auth, scripts, tiles
from ...session import maps, state

LAYERS = "regions", "legend", "trust"  # those with rules of their own


def style() -> str:
    """The rules of the map and its layers."""
    return "\n".join(map(scripts.read, ("map.css", *(f"map_{layer}.css" for layer in LAYERS))))


@cache
def _component():
    return scripts.component("map", "map/mount.js", css=style())


def stamp(run: state.Run) -> str:
    """Changes whenever the selection does, so that the map asks for it again."""
    rows = np.asarray(run.selection, np.int64)
    return f"{len(rows)}-{zlib.crc32(rows.tobytes()):08x}"


def atlas(run: state.Run, view: maps.View, colour: str | None, *, key: str, **more) -> int | None:
    """Mount the map of a view. Returns the row that was clicked last, or None before that;
    what is chosen on it is ``run.selection``. ``more`` is passed to the layers as it is: plain
    JSON values.
    """
    tiles.begin(run, view.key, colour)
    data = {
        "token": auth.sign(run.id),
        "map": view.key,
        "colour": colour,
        "kind": run.dataset.kind,
        "n": len(run.dataset),
        "title": clean(view.title),
        "chosen": stamp(run),
        **more,
    }
    result = _component()(
        data=data, key=key, on_picked_change=lambda: None, on_chosen_change=lambda: None
    )
    row = result.get("picked") if hasattr(result, "get") else None
    return row if isinstance(row, int) and 0 <= row < len(run.dataset) else None
