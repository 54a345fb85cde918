"""The map component: our own HTML, CSS and JavaScript from assets/atlas, mounted with what it needs to ask the server itself."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from lvm_core.escape import clean

from . import guard, maps, state, tiles

ASSETS = Path(__file__).parents[2] / "assets"
SHARED = "explorer/small.js", "explorer/wire.js"
CORE = "core", "camera", "grid", "density", "gl", "canvas", "gestures", "card", "legend"     # one module for the browser: these, every layer, atlas.js, mount.js


def script(*layers: Path) -> str:
    """The map's JavaScript, with these layers: the class ``Atlas`` and what it needs, without a mount."""
    folder = ASSETS / "atlas"
    parts = *(ASSETS / name for name in SHARED), *(folder / f"{name}.js" for name in CORE), *layers, folder / "atlas.js"
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


def page(kind: str) -> str:
    """The map's own ``html`` (one pane) or ``css``, with that of its layers."""
    folder = ASSETS / "atlas"
    return "\n".join(part.read_text(encoding="utf-8") for part in (folder / f"atlas.{kind}", *sorted(folder.glob(f"layer_*.{kind}"))))


@cache
def _component():
    folder = ASSETS / "atlas"
    js = script(*sorted(folder.glob("layer_*.js"))) + "\n" + (folder / "mount.js").read_text(encoding="utf-8")
    return st.components.v2.component("latent_atlas", html=page("html"), css=page("css"), js=js, isolate_styles=False)


def stamp(run: state.Run) -> str:
    """Changes whenever the selection does, so that the map asks for it again."""
    rows = np.asarray(run.selection, np.int64)
    return f"{len(rows)}-{zlib.crc32(rows.tobytes()):08x}"


def atlas(run: state.Run, view: maps.View, colour: str | None, *, key: str, **more) -> int | None:
    """Mount the map of a 2-D view. Returns the row that was clicked last, or None before that; what is chosen on it is ``run.selection``.
    ``more`` is passed to the layers as it is: plain JSON values."""
    tiles.begin(run, view.key, colour)
    data = {"token": guard.sign(run.id), "map": view.key, "colour": colour, "kind": run.dataset.kind, "n": len(run.dataset), "title": clean(view.title),
            "chosen": stamp(run), **more}
    result = _component()(data=data, key=key, on_picked_change=lambda: None, on_chosen_change=lambda: None)
    row = result.get("picked") if hasattr(result, "get") else None
    return row if isinstance(row, int) and 0 <= row < len(run.dataset) else None
