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
    """Draw real rows on the left and samples on the right, on the same axes.

    Each side has the other in grey behind it. Single points far from all others are cut off
    (:func:`frame_of`).

    Parameters
    ----------
    real : ndarray of shape (n, 2)
        Positions of real rows.
    generated : ndarray of shape (m, 2)
        Positions of samples.
    height : int, default=400
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.quality import two_clouds
    >>> figure = two_clouds(np.eye(2), np.zeros((3, 2)))
    >>> [note.text for note in figure.layout.annotations]
    ['2 real', '3 generated']
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
    """A frame around clouds of points, without single ones far out.

    It holds the middle 98 in a hundred of every cloud, half as wide again on each side, or all
    points where they end sooner.

    Parameters
    ----------
    *clouds : ndarray of shape (n, 2)
        Positions.

    Returns
    -------
    ndarray of shape (2, 2)
        Corners: the low one, the high one.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.quality import frame_of
    >>> P = np.stack([np.arange(101.0), np.arange(101.0)], axis=1)
    >>> P[100] = 10_000
    >>> frame_of(P).round(1).tolist()
    [[-2.4, -2.4], [148.0, 148.0]]
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
    """Draw one column's distribution in real and generated rows, as shares.

    Numbers and dates are in common bins, all else is side by side, the commonest first. Where
    values beyond the 1st and 99th percentile would take more than half of the axis, the outermost
    bins hold them.

    Parameters
    ----------
    real : Series
        The column in real rows.
    generated : Series
        The column in generated rows.
    name : str
        Title of the axis.
    height : int, default=260
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.quality import two_histograms
    >>> figure = two_histograms(pd.Series(["a", "a", "b"]), pd.Series(["a", "b", "b"]), "kind")
    >>> [(trace.name, trace.y.round(2).tolist()) for trace in figure.data]
    [('real', [0.67, 0.33]), ('generated', [0.33, 0.67])]
    """
    figure = go.Figure()
    dates = pd.api.types.is_datetime64_any_dtype(real)
    if dates or kind_of(real) == "number":
        a, b = (
            (
                pd.to_datetime(side.dropna()).astype("datetime64[ns]").astype("int64")
                if dates
                else pd.to_numeric(side, errors="coerce").dropna()
            ).to_numpy(float)
            for side in (real, generated)
        )
        both = np.concatenate([a, b])
        low, high = both.min(), both.max()
        inner = np.quantile(both, [0.01, 0.99])
        if high - low > 2 * (inner[1] - inner[0]) > 0:  # a few far values would leave one bar
            low, high = inner
            a, b, name = np.clip(a, low, high), np.clip(b, low, high), f"{name} (ends: and beyond)"
        edges = np.linspace(low, high, 33)
        x = (edges[1:] + edges[:-1]) / 2
        x = pd.to_datetime(x) if dates else x
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
    """Draw shares as a coloured table with its numbers.

    Parameters
    ----------
    table : DataFrame
        Shares, 0 to 1; rows and columns by its names.
    column_name : str
        What a column is.
    height : int, optional
        Height in pixels; by default it grows with the number of rows.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.quality import heat
    >>> figure = heat(pd.DataFrame({"z1": [0.9, 0.1]}, index=["size", "angle"]), "dimension")
    >>> figure.data[0].text.tolist()
    [['0.90'], ['0.10']]
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
