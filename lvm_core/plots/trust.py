"""Figures of how far a map can be trusted: arrays in, Plotly figures out."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from .figures import OKABE_ITO

_BARE: dict[str, Any] = dict(
    margin=dict(l=8, r=8, t=28, b=8), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)"
)
_GRID = "rgba(128,128,128,.2)"
_SOLID, _DASHED = OKABE_ITO[0], OKABE_ITO[1]


def shares_kept(kept: np.ndarray, k: int, chance: float, height: int = 260) -> go.Figure:
    """Draw a histogram of how many of its true neighbours each point kept.

    Parameters
    ----------
    kept : array-like of shape (m,)
        Share of neighbours that each point kept.
    k : int
        Number of neighbours.
    chance : float
        The share kept by chance, as a line.
    height : int, default=260
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.trust import shares_kept
    >>> shares_kept([0.0, 0.5, 1.0, 1.0], k=2, chance=0.1).data[0].y.tolist()
    [0.25, 0.25, 0.5]
    """
    edges = np.linspace(-0.5, k + 0.5, min(k, 20) + 2)
    counts = np.histogram(np.asarray(kept) * k, edges)[0] / max(len(kept), 1)
    middles = (edges[1:] + edges[:-1]) / 2 / k
    figure = go.Figure(
        go.Bar(
            x=middles,
            y=counts,
            marker=dict(color=_SOLID),
            hovertemplate="%{y:.1%} of points keep about %{x:.0%}<extra></extra>",
        )
    )
    figure.add_vline(
        x=chance,
        line=dict(color=_DASHED, dash="dash", width=2),
        annotation_text="chance",
        annotation_position="top right",
    )
    figure.update_layout(
        height=height,
        bargap=0.06,
        title=dict(text=f"Share of its {k} true neighbours a point kept", font=dict(size=13), x=0),
        **_BARE,
    )
    figure.update_xaxes(
        tickformat=".0%",
        range=[min(-0.02, middles[0] - 0.03), max(1.03, middles[-1] + 0.03)],
        showgrid=False,
    )
    figure.update_yaxes(
        tickformat=".0%", title="points", gridcolor=_GRID, zeroline=False, rangemode="tozero"
    )
    return figure


def agreement_curve(sizes: np.ndarray, curve: np.ndarray, k: int, height: int = 260) -> go.Figure:
    """Draw the neighbours kept beyond chance (R_NX) at every size of neighbourhood.

    The axis of sizes is logarithmic.

    Parameters
    ----------
    sizes : ndarray of int, shape (m,)
        Sizes of neighbourhood.
    curve : ndarray of shape (m,)
        Neighbours kept beyond chance.
    k : int
        The size in question, as a line.
    height : int, default=260
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.trust import agreement_curve
    >>> figure = agreement_curve(np.array([1, 10, 100]), np.array([0.2, 0.5, 0.4]), k=10)
    >>> figure.layout.xaxis.type, figure.layout.annotations[0].text
    ('log', ' 10 neighbours')
    """
    figure = go.Figure(
        go.Scatter(
            x=sizes,
            y=curve,
            mode="lines",
            line=dict(color=_SOLID, width=2),
            hovertemplate="of %{x:,} neighbours, %{y:.1%} beyond chance<extra></extra>",
        )
    )
    figure.add_vline(x=k, line=dict(color=_DASHED, dash="dash", width=2))
    # on a log axis a place is a power
    figure.add_annotation(
        x=np.log10(k), y=1, text=f" {k} neighbours", showarrow=False, xanchor="left", yanchor="top"
    )
    figure.update_layout(
        height=height,
        title=dict(
            text="Neighbours kept beyond chance, by size of neighbourhood", font=dict(size=13), x=0
        ),
        **_BARE,
    )
    figure.update_xaxes(
        type="log",
        title="neighbours",
        showgrid=False,
        dtick=1,
        range=[0, np.log10(max(sizes[-1], 2))],
    )
    figure.update_yaxes(
        tickformat=".0%",
        range=[min(0, float(np.min(curve)) - 0.02), 1.02],
        gridcolor=_GRID,
        zeroline=True,
        zerolinecolor=_GRID,
    )
    return figure
