"""A map of words, as a Plotly figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from .escape import plotly as ply
from .figures import _BARE, _NO_AXIS, ACCENT


def word_map(P: np.ndarray, words: list[str], size: np.ndarray, marked: dict[str, list[int]] | None = None, height: int = 620) -> go.Figure:
    """Words at their places P (m, 2), the larger the greater ``size`` (m,). ``marked``: name -> places to draw in the accent colour, with the
    name in the legend."""
    scale = np.sqrt(size / max(size.max(), 1e-300))
    figure, bright = go.Figure(), sorted({i for rows in (marked or {}).values() for i in rows})
    groups = {"": [i for i in range(len(words)) if i not in set(bright)]} | (marked or {})
    for name, rows in groups.items():
        if not rows:
            continue
        text = [ply(words[i], 24) for i in rows]
        style = dict(size=[9 + 9 * scale[i] for i in rows]) | (dict(color=ACCENT, weight="bold") if name else {})
        figure.add_trace(go.Scatter(x=P[rows, 0], y=P[rows, 1], mode="text", text=text, textfont=style, name=ply(name, 40), hovertext=text, hoverinfo="text", showlegend=bool(name)))
    figure.update_layout(height=height, dragmode="pan", legend=dict(orientation="h", y=1.04, x=0), **_BARE)
    figure.update_xaxes(**_NO_AXIS)
    figure.update_yaxes(**_NO_AXIS)
    return figure
