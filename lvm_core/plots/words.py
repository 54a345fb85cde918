"""A map of words, as a Plotly figure."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ..text import plotly as ply
from .figures import _BARE, _NO_AXIS, ACCENT

_WIDE = 850  # pixels a page gives it, about


def word_map(
    P: np.ndarray,
    words: list[str],
    size: np.ndarray,
    marked: dict[str, list[int]] | None = None,
    height: int = 620,
) -> go.Figure:
    """Draw words at their places, the larger the greater their ``size``.

    A word that would cover one before it is a dot.

    Parameters
    ----------
    P : ndarray of shape (m, 2)
        Positions.
    words : list of str
        The words (m,).
    size : ndarray of shape (m,)
        Such as how often each occurs.
    marked : dict of str to list of int, optional
        Name -> rows to draw first, in the accent colour, with the name in the legend.
    height : int, default=620
        Height in pixels.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.words import word_map
    >>> P = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    >>> figure = word_map(P, ["cat", "stone", "dog"], np.array([3.0, 2.0, 1.0]))
    >>> [(trace.mode, trace.hovertext) for trace in figure.data]
    [('text', ('cat', 'stone')), ('markers', ('dog',))]
    """
    letters = 9 + 9 * np.sqrt(size / max(size.max(), 1e-300))
    bright = [i for rows in (marked or {}).values() for i in rows]
    clear = _clear(
        P, words, letters, bright + [i for i in range(len(words)) if i not in set(bright)], height
    )
    figure = go.Figure()
    for name, rows in (
        {"": [i for i in range(len(words)) if i not in set(bright)]} | (marked or {})
    ).items():
        paint = ACCENT if name else "#8A8A8A"
        for written in (True, False):
            some = [i for i in rows if clear[i] == written]
            if not some:
                continue
            style = (
                dict(
                    mode="text",
                    text=[ply(words[i], 24) for i in some],
                    textfont=dict(size=letters[some])
                    | (dict(color=ACCENT, weight="bold") if name else {}),
                )
                if written
                else dict(mode="markers", marker=dict(size=5, color=paint, opacity=0.6))
            )
            figure.add_trace(
                go.Scatter(
                    x=P[some, 0],
                    y=P[some, 1],
                    name=ply(name, 40),
                    hovertext=[ply(words[i], 40) for i in some],
                    hoverinfo="text",
                    showlegend=bool(name) and written,
                    **style,
                )
            )
    figure.update_layout(
        height=height, dragmode="pan", legend=dict(orientation="h", y=1.04, x=0), **_BARE
    )
    figure.update_xaxes(**_NO_AXIS)
    figure.update_yaxes(**_NO_AXIS)
    return figure


def _clear(P, words, letters, order, height) -> np.ndarray:
    """Which words (m,) can be written without covering one that comes earlier in ``order``."""
    reach = np.maximum(np.ptp(P, axis=0), 1e-12)
    middle = (P - P.min(0)) / reach * [_WIDE, height]
    half = np.column_stack([0.3 * letters * [min(len(w), 24) for w in words], 0.6 * letters])
    clear, placed = np.zeros(len(words), bool), []
    for i in order:
        gap = np.abs(middle[placed] - middle[i]) - half[placed] - half[i]
        clear[i] = not (gap < 0).all(1).any()
        placed += [i] * bool(clear[i])
    return clear
