"""Figures of what makes a group different: effects with their intervals, signed bars, curves
with their spread, signed pictures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ..text import plotly as ply
from .figures import OKABE_ITO

# orange where the group is higher, blue where it is lower
MORE, LESS = OKABE_ITO[1], OKABE_ITO[0]
_LOOK: dict[str, Any] = dict(paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)")
_GRID: dict[str, Any] = dict(
    gridcolor="rgba(128,128,128,.2)", zeroline=True, zerolinecolor="rgba(128,128,128,.6)"
)


def effects(
    names: list[str],
    values,
    low=None,
    high=None,
    hover: list[str] | None = None,
    title: str = "",
    limit: float | None = None,
) -> go.Figure:
    """Signed horizontal bars, first on top, with intervals from ``low`` to ``high`` (m,) where
    they are given; ``limit`` fixes the axis from -limit to limit.
    """
    values = np.asarray(values, np.float64)
    error = (
        None
        if low is None
        else dict(
            type="data",
            symmetric=False,
            array=np.asarray(high) - values,
            arrayminus=values - np.asarray(low),
            thickness=1.2,
            width=3,
            color="rgba(128,128,128,.9)",
        )
    )
    figure = go.Figure(
        go.Bar(
            x=values,
            y=np.arange(len(values)),
            orientation="h",
            error_x=error,
            marker=dict(color=[MORE if v > 0 else LESS for v in values]),
            text=[ply(h, 200) for h in hover] if hover else None,
            textposition="none",
            hovertemplate=("%{text}" if hover else "%{x:.3g}") + "<extra></extra>",
        )
    )
    figure.update_layout(
        height=56 + 24 * max(len(values), 1), bargap=0.3, margin=dict(l=4, r=8, t=4, b=32), **_LOOK
    )
    figure.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=np.arange(len(values)),
        ticktext=[ply(name, 30) for name in names],
    )
    figure.update_xaxes(
        title=ply(title, 80) or None, range=None if limit is None else [-limit, limit], **_GRID
    )
    return figure


def two_curves(
    mean_in,
    spread_in,
    mean_out,
    spread_out,
    delta,
    axis=None,
    axis_name: str = "",
    names: tuple[str, str] = ("the group", "the rest"),
    height: int = 420,
) -> go.Figure:
    """Means (d,) of the group and the others with a band of one standard deviation each;
    beneath, the effect at every place, -1 to 1.
    """
    x = np.arange(len(mean_in)) if axis is None else np.asarray(axis)
    figure = go.Figure()
    for mean, spread, paint, name in (
        (mean_out, spread_out, "#8A8A8A", names[1]),
        (mean_in, spread_in, MORE, names[0]),
    ):
        r, g, b = (int(paint[i : i + 2], 16) for i in (1, 3, 5))
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([x, x[::-1]]),
                y=np.concatenate([mean + spread, (mean - spread)[::-1]]),
                fill="toself",
                fillcolor=f"rgba({r},{g},{b},.18)",
                line=dict(width=0),
                hoverinfo="skip",
                showlegend=False,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=x, y=mean, mode="lines", name=ply(name, 40), line=dict(color=paint, width=2)
            )
        )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=delta,
            mode="lines",
            fill="tozeroy",
            line=dict(color=LESS, width=1.2),
            showlegend=False,
            yaxis="y2",
            hovertemplate="effect %{y:.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=height,
        legend=dict(orientation="h", y=1.1, x=0),
        hovermode="x unified",
        margin=dict(l=8, r=8, t=24, b=8),
        yaxis=dict(domain=[0.36, 1], gridcolor="rgba(128,128,128,.2)", zeroline=False),
        yaxis2=dict(domain=[0, 0.28], range=[-1, 1], title="effect", **_GRID),
        **_LOOK,
    )
    figure.update_xaxes(title=ply(axis_name) or None, showgrid=False, anchor="y2")
    return figure


def signed(values) -> np.ndarray:
    """Values (h, w, c) from -1 to 1, their mean over channels, as a picture (h, w, 3): white at
    0, orange above and blue below.
    """
    values = np.clip(np.asarray(values, np.float32).mean(2, keepdims=True), -1, 1)
    orange, blue = (
        np.array([int(paint[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
        for paint in (MORE, LESS)
    )
    return 1 - np.clip(values, 0, 1) * (1 - orange) - np.clip(-values, 0, 1) * (1 - blue)
