"""The live explorer's component: our own HTML, CSS and JavaScript from assets/, mounted with what it needs to ask the server itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st

from lvm_core.escape import clean

from . import directions, guard, maps, state

ASSETS = Path(__file__).parents[2] / "assets"
FIRST = 8   # sliders on show; more are harder to use, not better (Dang et al., CHI 2022)


@cache
def _component():
    html, css, js = ((ASSETS / f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("latent_explorer", html=html, css=css, js=js, isolate_styles=False)


def explorer(run: state.Run, view: maps.View, colour: str | None, *, row: int, code: list[float] | None, visit: int = 0, key: str):
    """Mount it. Returns what is in hand when the hand last rested: ``{"row": i, "code": [...]}``, or None.
    Another ``visit`` opens it anew at ``row`` and ``code``."""
    low, high = state.ranges(run)
    order, dead = state.dimensions(run)
    model = run.fitted.model
    alive = len(order) - dead
    dimensions = [{"j": int(j), "name": f"z{j + 1}", "low": float(low[j]), "high": float(high[j]), "first": place < min(FIRST, alive),
                   "help": f"dimension {j + 1}, {model.importance_[j]:.3g} {model.importance_meaning}; the range covers 99 % of the real codes and a little more"}
                  for place, j in enumerate(order)]
    data = {"token": guard.sign(run.id), "map": view.key, "dims": int(view.positions.shape[1]), "colour": colour, "kind": run.dataset.kind, "n": len(run.dataset),
            "dimensions": dimensions, "dead": dead, "visit": visit, "directions": directions.for_component(run), "row": int(np.clip(row, 0, len(run.dataset) - 1)), "code": code, "title": clean(view.title), "selection": run.selection[:20_000],
            "how": "The code here is exact: the map is a formula." if view.exact else "The code here is a mean of the nearest items' codes: this map has no formula."}
    result = _component()(data=data, key=key, on_at_change=lambda: None)
    return result.get("at") if hasattr(result, "get") else None
