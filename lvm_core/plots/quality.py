"""Figures about samples and about factors: arrays in, Plotly figures out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..labels import kind_of
from ..text import plotly as ply
from .figures import OKABE_ITO

REAL, GENERATED = OKABE_ITO[0], OKABE_ITO[1]
_FAINT = "rgba(128,128,128,.28)"
_BARE: dict[str, Any] = dict(
    margin=dict(l=4, r=4, t=28, b=4), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)"
)
_GRID = "rgba(128,128,128,.2)"


def two_clouds(real: np.ndarray, generated: np.ndarray, height: int = 400) -> go.Figure:
    """Real rows (n, 2) on the left and samples (m, 2) on the right, on the same axes; each side
    has the other in grey behind it. Single points far from all others are cut off
    (:func:`frame_of`).
    """
    figure = make_subplots(
        1,
        2,
        shared_xaxes="all",  # pyright: ignore[reportArgumentType]  # its default is False
        shared_yaxes="all",  # pyright: ignore[reportArgumentType]
        subplot_titles=(f"{len(real):,} real", f"{len(generated):,} generated"),
        horizontal_spacing=0.02,
    )
    size = float(np.clip(130 / np.sqrt(max(len(real), 1)), 3, 7))
    for column, (front, behind, name, paint, symbol) in enumerate(
        (
            (real, generated, "real", REAL, "circle"),
            (generated, real, "generated", GENERATED, "diamond"),
        ),
        1,
    ):
        for P, label, marker in (
            (behind, "", dict(color=_FAINT, size=size)),
            (front, name, dict(color=paint, size=size, symbol=symbol, opacity=0.75)),
        ):
            figure.add_trace(
                go.Scattergl(
                    x=P[:, 0],
                    y=P[:, 1],
                    mode="markers",
                    marker=marker,
                    name=label,
                    showlegend=False,
                    hoverinfo="skip",
                ),
                1,
                column,
            )
    figure.update_layout(height=height, dragmode=False, **_BARE)
    low, high = frame_of(real, generated)
    figure.update_xaxes(
        showticklabels=False, showgrid=False, zeroline=False, range=[low[0], high[0]]
    )
    figure.update_yaxes(
        showticklabels=False, showgrid=False, zeroline=False, range=[low[1], high[1]]
    )
    return figure


def frame_of(*clouds: np.ndarray) -> np.ndarray:
    """Corners (2, 2) of a frame around the clouds (n, 2): the middle 98 in a hundred of every
    cloud, half as wide again on each side, or all points where they end sooner.
    """
    low = np.min([np.percentile(P, 1, axis=0, method="higher") for P in clouds], axis=0)
    high = np.max([np.percentile(P, 99, axis=0, method="lower") for P in clouds], axis=0)
    room, every = np.maximum((high - low) / 2, 1e-9), np.concatenate(clouds)
    return np.array(
        [
            np.maximum(low - room, every.min(0) - 0.05 * room),
            np.minimum(high + room, every.max(0) + 0.05 * room),
        ]
    )


def two_histograms(
    real: pd.Series, generated: pd.Series, name: str, height: int = 260
) -> go.Figure:
    """One column's distribution in both, as shares: numbers and dates in common bins,
    categories side by side, the commonest first.
    """
    figure = go.Figure()
    if kind_of(real) == "number":
        a, b = (
            pd.to_numeric(side, errors="coerce").dropna().to_numpy(float)
            for side in (real, generated)
        )
        both = np.concatenate([a, b])
        edges = np.linspace(both.min(), both.max(), 33)
        x = (edges[1:] + edges[:-1]) / 2
        for side, label, paint, dash in (
            (a, "real", REAL, "solid"),
            (b, "generated", GENERATED, "dash"),
        ):
            shares = np.histogram(side, edges)[0] / max(len(side), 1)
            figure.add_trace(
                go.Scatter(
                    x=x,
                    y=shares,
                    mode="lines",
                    name=label,
                    line=dict(color=paint, width=2, shape="hvh", dash=dash),
                )
            )
    else:
        words = [
            side.astype(object).where(side.notna(), "(missing)").astype(str)
            for side in (real, generated)
        ]
        order = list(words[0].value_counts().index[:20])
        for side, label, paint, pattern in zip(
            words, ("real", "generated"), (REAL, GENERATED), ("", "/")
        ):
            shares = side.value_counts(normalize=True).reindex(order, fill_value=0.0)
            figure.add_trace(
                go.Bar(
                    x=[ply(v, 24) for v in order],
                    y=shares.to_numpy(),
                    name=label,
                    marker=dict(color=paint, pattern_shape=pattern),
                )
            )
    figure.update_layout(height=height, legend=dict(orientation="h", y=1.15, x=0), **_BARE)
    figure.update_xaxes(title=ply(name, 40), showgrid=False)
    figure.update_yaxes(title="share", gridcolor=_GRID, zeroline=False, rangemode="tozero")
    return figure


def heat(table: pd.DataFrame, column_name: str, height: int | None = None) -> go.Figure:
    """Shares (0 to 1) as a coloured table with its numbers: rows and columns by the names of
    the DataFrame.
    """
    values = table.to_numpy(float)
    show = values.shape[1] <= 24
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=[str(c) for c in table.columns],
            y=[ply(r, 26) for r in table.index],
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            xgap=2,
            ygap=2,
            text=np.vectorize("{:.2f}".format)(values),
            texttemplate="%{text}" if show else None,
            colorbar=dict(thickness=10, tickformat=".0%"),
            hovertemplate="%{y}, " + ply(column_name) + " %{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=height or 90 + 34 * len(table), **{**_BARE, "margin": dict(l=4, r=4, t=4, b=30)}
    )
    figure.update_xaxes(title=ply(column_name), type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    return figure
