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
    """Draw signed horizontal bars, first on top.

    Parameters
    ----------
    names : list of str
        Names of the bars (m,).
    values : array-like of shape (m,)
        Their lengths.
    low, high : array-like of shape (m,), optional
        Ends of intervals.
    hover : list of str, optional
        Hover texts (m,); the values by default.
    title : str, default=""
        Title of the axis.
    limit : float, optional
        Fixes the axis from -limit to limit.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.contrast import effects
    >>> figure = effects(["age", "size"], [0.4, -0.2], limit=1.0)
    >>> figure.layout.xaxis.range, figure.layout.yaxis.ticktext
    ((-1.0, 1.0), ('age', 'size'))
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
    """Draw the means of a group and of the others with a band of one standard deviation each.

    Beneath is the effect at every place, -1 to 1.

    Parameters
    ----------
    mean_in, spread_in : ndarray of shape (d,)
        Mean and standard deviation of the group.
    mean_out, spread_out : ndarray of shape (d,)
        Mean and standard deviation of the others.
    delta : array-like of shape (d,)
        The effect.
    axis : array-like of shape (d,), optional
        Places on the horizontal axis; numbers from 0 by default.
    axis_name : str, default=""
        Its title.
    names : tuple of (str, str), default=("the group", "the rest")
        What the legend calls the two.
    height : int, default=420
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.contrast import two_curves
    >>> one = np.ones(5)
    >>> figure = two_curves(2 * one, 0.1 * one, one, 0.1 * one, 0.9 * one)
    >>> [trace.name for trace in figure.data if trace.name]
    ['the rest', 'the group']
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
    """Signed values as a picture: white at 0, orange above and blue below.

    Parameters
    ----------
    values : array-like of shape (h, w, c)
        Values from -1 to 1; their mean over channels is drawn.

    Returns
    -------
    ndarray of float32, shape (h, w, 3)
        Colours in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.contrast import signed
    >>> print(signed(np.array([[[0.0], [1.0]]])))
    [[[1.         1.         1.        ]
      [0.9019608  0.62352943 0.        ]]]
    """
    values = np.clip(np.asarray(values, np.float32).mean(2, keepdims=True), -1, 1)
    orange, blue = (
        np.array([int(paint[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
        for paint in (MORE, LESS)
    )
    return 1 - np.clip(values, 0, 1) * (1 - orange) - np.clip(-values, 0, 1) * (1 - blue)
