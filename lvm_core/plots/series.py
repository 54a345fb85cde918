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
    """A series (T,) over ``axis`` (T,), each moment in the colour of its state ``path`` (T,),
    counted from 1.
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
    """Transition probabilities (S, S), row to column, as a heat map with its numbers."""
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
