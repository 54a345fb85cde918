"""The map component: our own HTML, CSS and JavaScript from assets/, mounted with what it needs
to ask the server itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import streamlit as st

from lvm_core.text import clean

from ...api import auth, scripts, tiles
from ...session import maps, state, url

PANELS = "selection", "difference", "more"  # that the chip of the chosen rows leads to
LAYERS = "regions", "legend", "trust", "chip"  # those with rules of their own


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


def chip(run: state.Run) -> dict:
    """What the chip of the chosen rows offers who looks."""
    return {"mine": url.may_choose(run), "model": run.kind == "runs"}


def hear(result, key: str, on_asked: Callable[[str], None]) -> None:
    """Hand on which panel the chip asks for, once: the component goes on saying it."""
    asked = result.get("asked") if hasattr(result, "get") else None
    if asked is None or asked == st.session_state.get(f"asked-{key}"):
        return
    st.session_state[f"asked-{key}"] = asked
    if isinstance(asked, dict) and asked.get("panel") in PANELS:
        on_asked(asked["panel"])


def atlas(
    run: state.Run,
    view: maps.View,
    colour: str | None,
    *,
    key: str,
    on_asked: Callable[[str], None] | None = None,
    **more,
) -> int | None:
    """Mount the map of a view. Returns the row that was clicked last, or None before that;
    what is chosen on it is ``run.selection``. ``on_asked`` hears which panel the chip of the chosen
    rows asks for. ``more`` is passed to the layers as it is: plain JSON values.
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
        "chip": chip(run),
        **more,
    }
    result = _component()(
        data=data,
        key=key,
        on_picked_change=lambda: None,
        on_chosen_change=lambda: None,
        on_asked_change=lambda: None,
    )
    if on_asked is not None:
        hear(result, key, on_asked)
    row = result.get("picked") if hasattr(result, "get") else None
    return row if isinstance(row, int) and 0 <= row < len(run.dataset) else None
