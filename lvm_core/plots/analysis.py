"""Figures of what a model is used for: a histogram with a threshold, numbers of clusters tried,
bytes against what is lost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ..text import plotly as ply
from .figures import ACCENT, OKABE_ITO

_LOOK: dict[str, Any] = dict(
    margin=dict(l=8, r=8, t=24, b=8), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)"
)
_GRID: dict[str, Any] = dict(gridcolor="rgba(128,128,128,.2)", zeroline=False)


def histogram(
    values: np.ndarray,
    threshold: float,
    name: str,
    marked: np.ndarray | None = None,
    marked_name: str = "",
    height: int = 240,
) -> go.Figure:
    """Draw values in 60 bins, those at or above a threshold in another colour.

    Positive values of which few lie far out are drawn on a logarithmic axis.

    Parameters
    ----------
    values : ndarray of shape (n,)
        What is counted.
    threshold : float
        From here on the colour is another.
    name : str
        Title of the axis.
    marked : ndarray of bool, shape (n,), optional
        Drawn as a line over it: the rows of one class.
    marked_name : str, default=""
        What the legend calls them.
    height : int, default=240
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.analysis import histogram
    >>> figure = histogram(np.arange(100.0), 90.0, "score")
    >>> [trace.name for trace in figure.data], int(sum(figure.data[1].y))
    (['below', 'at or beyond', 'threshold'], 10)
    """
    tailed = values.min() > 0 and values.max() > 12 * np.median(values)
    edges = (
        np.geomspace(values.min(), values.max(), 61)
        if tailed
        else np.histogram_bin_edges(values, bins=60)
    )
    # rounding must not leave the extremes out
    edges[0], edges[-1] = min(edges[0], values.min()), max(edges[-1], values.max())
    figure = go.Figure()
    middle, width = (
        np.sqrt(edges[1:] * edges[:-1]) if tailed else (edges[1:] + edges[:-1]) / 2,
        np.diff(edges),
    )
    beyond = values >= threshold
    for rows, paint, label in (
        (~beyond, "#8A8A8A", "below"),
        (beyond, OKABE_ITO[5], "at or beyond"),
    ):
        figure.add_trace(
            go.Bar(
                x=middle,
                y=np.histogram(values[rows], edges)[0],
                width=width,
                name=label,
                marker=dict(color=paint, line=dict(width=0)),
                hovertemplate="%{x:.4g}: %{y} rows<extra>" + label + "</extra>",
            )
        )
    if marked is not None and marked.any():
        figure.add_trace(
            go.Scatter(
                x=middle,
                y=np.histogram(values[marked], edges)[0],
                mode="lines",
                line=dict(color=OKABE_ITO[0], width=2, shape="hvh"),
                name=ply(marked_name, 28),
                hovertemplate="%{x:.4g}: %{y} rows<extra>" + ply(marked_name, 28) + "</extra>",
            )
        )
    most = int(np.histogram(values, edges)[0].max())
    figure.add_trace(
        go.Scatter(
            x=[threshold, threshold],
            y=[0, most],
            mode="lines",
            line=dict(color=OKABE_ITO[5], width=2, dash="dot"),
            name="threshold",
            hoverinfo="skip",
        )
    )
    figure.update_layout(
        barmode="stack", bargap=0, height=height, legend=dict(orientation="h", y=1.15, x=0), **_LOOK
    )
    figure.update_xaxes(
        title=ply(name) + (" (logarithmic)" if tailed else ""),
        type="log" if tailed else "linear",
        dtick=1 if tailed else None,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(title="rows", **_GRID)
    return figure


def settings_curve(
    points: list[tuple[int, float]], chosen: int, setting: str, measure: str, height: int = 220
) -> go.Figure:
    """Draw what each setting gave as a line, the chosen one marked.

    Parameters
    ----------
    points : list of (int, float)
        (setting, value).
    chosen : int
        The setting used.
    setting : str
        Title of the horizontal axis.
    measure : str
        Title of the vertical axis.
    height : int, default=220
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.analysis import settings_curve
    >>> figure = settings_curve([(2, 0.4), (3, 0.6)], 3, "clusters", "silhouette")
    >>> figure.data[0].x, figure.layout.annotations[0].text
    ((2, 3), 'used: 3')
    """
    figure = go.Figure(
        go.Scatter(
            x=[p[0] for p in points],
            y=[p[1] for p in points],
            mode="lines+markers",
            line=dict(color=ACCENT, width=2),
            showlegend=False,
            hovertemplate=f"{ply(setting)} %{{x}}: %{{y:.4g}}<extra></extra>",
        )
    )
    figure.add_vline(
        x=chosen,
        line=dict(color=OKABE_ITO[5], width=2, dash="dot"),
        annotation_text=f"used: {chosen}",
        annotation_position="bottom right",
    )
    figure.update_layout(height=height, **_LOOK)
    figure.update_xaxes(title=ply(setting), showgrid=False)
    figure.update_yaxes(title=ply(measure, 60), **_GRID)
    return figure


def rate_curve(
    lines: dict[str, list[tuple[float, float, str]]],
    plain: dict[str, float],
    mark: tuple[float, float] | None = None,
    height: int = 380,
    average: str = "the mean row",
) -> go.Figure:
    """Draw what is lost against bytes a row, one line a precision.

    Parameters
    ----------
    lines : dict of str to list of (float, float, str)
        Name -> (bytes, error, hover text).
    plain : dict of str to float
        Bytes of codecs that lose nothing, as dotted lines.
    mark : tuple of (float, float), optional
        Bytes and error of the level looked at.
    height : int, default=380
        Height in pixels.
    average : str, default="the mean row"
        What loses all, see :func:`lvm_core.metrics.base.average_item`.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.analysis import rate_curve
    >>> figure = rate_curve({"float16": [(4.0, 0.2, "2 dimensions")]}, {"PNG": 120.0})
    >>> len(figure.data), figure.layout.xaxis.type
    (2, 'log')
    """
    figure = go.Figure()
    for i, (name, points) in enumerate(lines.items()):
        figure.add_trace(
            go.Scatter(
                x=[p[0] for p in points],
                y=[p[1] for p in points],
                text=[ply(p[2], 80) for p in points],
                mode="lines+markers",
                name=ply(name),
                line=dict(color=OKABE_ITO[i % len(OKABE_ITO)], width=2),
                marker=dict(symbol=("circle", "diamond", "square", "triangle-up")[i % 4], size=8),
                hovertemplate="%{text}<br>%{x:.4g} bytes a row, %{y:.1%} lost<extra></extra>",
            )
        )
    top = max((p[1] for points in lines.values() for p in points), default=1.0)
    # as traces: shapes do not stretch a logarithmic axis
    for i, (name, size) in enumerate(sorted(plain.items(), key=lambda item: item[1])):
        figure.add_trace(
            go.Scatter(
                x=[size, size],
                y=[0, top * (1 - 0.12 * i)],
                mode="lines+text",
                text=["", ply(name)],
                textposition="middle left",
                showlegend=False,
                line=dict(color="#8A8A8A", width=1.5, dash="dot"),
                textfont=dict(color="#8A8A8A"),
                hovertemplate=ply(name) + ": %{x:,.4g} bytes a row, nothing lost<extra></extra>",
            )
        )
    if mark is not None:
        figure.add_trace(
            go.Scatter(
                x=[mark[0]],
                y=[mark[1]],
                mode="markers",
                showlegend=False,
                hoverinfo="skip",
                marker=dict(size=18, color="rgba(0,0,0,0)", line=dict(width=2.5, color=ACCENT)),
            )
        )
    figure.update_layout(height=height, legend=dict(orientation="h", y=1.1, x=0), **_LOOK)
    figure.update_xaxes(title="bytes a row", type="log", showgrid=False, dtick=1)
    figure.update_yaxes(
        title=f"lost ({average} loses 100 %)", tickformat=".0%", rangemode="tozero", **_GRID
    )
    return figure
