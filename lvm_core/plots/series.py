"""Figures of series and their hidden states: arrays in, Plotly figures out."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from ..text import plotly as ply
from .figures import class_style

_BARE: dict[str, Any] = dict(
    paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", margin=dict(l=40, r=8, t=8, b=36)
)


def states(
    values: np.ndarray, path: np.ndarray, axis: np.ndarray, axis_name: str = "", height: int = 320
) -> go.Figure:
    """Draw a series, each moment in the colour of its hidden state.

    Parameters
    ----------
    values : ndarray of shape (T,)
        The series.
    path : ndarray of int, shape (T,)
        State of each moment, from 0; the legend counts from 1.
    axis : ndarray of shape (T,)
        Places on the horizontal axis.
    axis_name : str, default=""
        Its title.
    height : int, default=320
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.series import states
    >>> figure = states(np.array([0.1, 0.2, 5.0]), np.array([0, 0, 1]), np.arange(3))
    >>> [trace.name for trace in figure.data if trace.name]
    ['state 1', 'state 2']
    """
    figure = go.Figure(
        go.Scatter(
            x=axis,
            y=values,
            mode="lines",
            line=dict(color="rgba(128,128,128,.5)", width=1),
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for state in np.unique(path):
        colour, symbol = class_style(int(state))
        here = path == state
        figure.add_trace(
            go.Scatter(
                x=axis[here],
                y=values[here],
                mode="markers",
                marker=dict(color=colour, symbol=symbol, size=6),
                name=f"state {state + 1}",
                hovertemplate="%{x}: %{y:.4g}",
            )
        )
    figure.update_layout(height=height, legend=dict(orientation="h", y=1.12), **_BARE)
    figure.update_xaxes(
        title=ply(axis_name, 60) if axis_name else None,
        gridcolor="rgba(128,128,128,.2)",
        zeroline=False,
    )
    figure.update_yaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False)
    return figure


def transitions(A: np.ndarray, height: int = 260) -> go.Figure:
    """Draw transition probabilities as a heat map with its numbers.

    Parameters
    ----------
    A : ndarray of shape (S, S)
        Probabilities, row to column.
    height : int, default=260
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.series import transitions
    >>> transitions(np.array([[0.9, 0.1], [0.3, 0.7]])).data[0].x
    ('1', '2')
    """
    names = [str(i + 1) for i in range(len(A))]
    figure = go.Figure(
        go.Heatmap(
            z=A,
            x=names,
            y=names,
            zmin=0,
            zmax=1,
            colorscale="Teal",
            showscale=False,
            text=np.round(A, 2),
            texttemplate="%{text}" if len(A) <= 12 else None,
            hovertemplate="from %{y} to %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_layout(height=height, **_BARE)
    figure.update_xaxes(title="to", type="category", showgrid=False)
    figure.update_yaxes(title="from", type="category", autorange="reversed", showgrid=False)
    return figure
