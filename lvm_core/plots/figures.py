"""Arrays in, Plotly figures out. Colours are safe for colour-blind readers; shapes repeat what
colours say.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..text import plotly as ply
from .colouring import ACCENT, NONE, colouring
from .palettes import OKABE_ITO

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon")
_BARE: dict[str, Any] = dict(
    margin=dict(l=0, r=0, t=0, b=0), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)"
)
_METRICS = {"reconstruction": "log-likelihood", "kl": "KL", "held_out": "loss of rows held out"}
_NO_AXIS = dict(visible=False, showgrid=False, zeroline=False)


def class_style(i: int) -> tuple[str, str]:
    """Colour and symbol of a class: 8 colours, then the same colours with another shape.

    Parameters
    ----------
    i : int
        Number of the class, from 0.

    Returns
    -------
    colour : str
        As ``#rrggbb``.
    symbol : str
        Plotly's name of it.

    Examples
    --------
    >>> from lvm_core.plots.figures import class_style
    >>> class_style(0), class_style(8)
    (('#0072B2', 'circle'), ('#0072B2', 'diamond'))
    """
    return OKABE_ITO[i % len(OKABE_ITO)], SYMBOLS[i // len(OKABE_ITO) % len(SYMBOLS)]


def scatter_map(
    P: np.ndarray,
    colour: pd.Series | None = None,
    hover: list[str] | None = None,
    *,
    ids: np.ndarray | None = None,
    size: float | None = None,
    height: int = 620,
    marks: dict[str, np.ndarray] | None = None,
    selected: np.ndarray | None = None,
) -> go.Figure:
    """Draw a map: positions coloured by a column.

    Parameters
    ----------
    P : ndarray of shape (n, 2)
        Positions.
    colour : Series of n values, optional
        The column; one colour by default.
    hover : list of str, optional
        Hover texts (n,); the id by default.
    ids : array-like of shape (n,), optional
        Travel as customdata; row numbers by default.
    size : float, optional
        Of a point, in pixels; smaller the more there are by default.
    height : int, default=620
        Height in pixels.
    marks : dict of str to array-like of shape (m, 2), optional
        Extra positions by name, drawn as hollow rings on top.
    selected : array-like, optional
        Ids to keep bright while the rest fades.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.plots.figures import scatter_map
    >>> P = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
    >>> figure = scatter_map(P, pd.Series(["cat", "dog", "cat"], name="kind"))
    >>> [(trace.name, len(trace.x)) for trace in figure.data]
    [('cat', 2), ('dog', 1)]
    """
    ids = np.arange(len(P)) if ids is None else np.asarray(ids)
    size = size or float(np.clip(260 / np.sqrt(max(len(P), 1)), 3, 9))
    figure = go.Figure()
    opacity = 0.85 if len(P) < 20_000 else 0.6
    faded = None if selected is None or not len(selected) else ~np.isin(ids, selected)
    for rows, name, marker in _groups(colour, len(P)):
        marker = dict(size=size, opacity=opacity, line=dict(width=0), **marker)
        if faded is not None:
            marker["opacity"] = np.where(faded[rows], 0.12, 1.0)
        text = [ply(hover[i], 160) for i in rows] if hover else None
        figure.add_trace(
            go.Scattergl(
                x=P[rows][:, 0],
                y=P[rows][:, 1],
                name=name,
                marker=marker,
                text=text,
                customdata=ids[rows],
                mode="markers",
                hovertemplate=("%{text}" if hover else "row %{customdata}")
                + "<extra>"
                + (name or "")
                + "</extra>",
                showlegend=bool(name),
            )
        )
    for name, Q in (marks or {}).items():
        if len(Q):
            figure.add_trace(
                go.Scattergl(
                    x=np.asarray(Q)[:, 0],
                    y=np.asarray(Q)[:, 1],
                    name=ply(name),
                    mode="markers",
                    hovertemplate=ply(name) + "<extra></extra>",
                    marker=dict(
                        size=size * 2.2,
                        color="rgba(0,0,0,0)",
                        symbol="circle",
                        line=dict(width=2.5, color=ACCENT),
                    ),
                )
            )
    figure.update_layout(
        height=height,
        modebar=dict(orientation="v", bgcolor="rgba(0,0,0,0)"),
        legend=dict(
            itemsizing="constant",
            orientation="v",
            x=0,
            y=1,
            xanchor="left",
            bgcolor="rgba(128,128,128,.08)",
            title=ply(colour.name, 30) if colour is not None and colour.name is not None else None,
        ),
        dragmode="pan",
        uirevision="map",
        hovermode="closest",
        **_BARE,
    )
    figure.update_xaxes(**_NO_AXIS)
    figure.update_yaxes(scaleanchor="x", **_NO_AXIS)
    return figure


def _groups(colour: pd.Series | None, n: int):
    """(rows, legend name, marker) per trace: one for numbers, one a class for categories, and
    one for rows without a value.
    """
    found = colouring(colour, n)
    legend, index = found.legend, found.index
    if "color" in legend:
        return [(np.arange(n), "", dict(color=ACCENT))]
    if "groups" in legend:
        return [
            (
                np.flatnonzero(index == group["index"]),
                ply(group["name"], 28),
                dict(color=group["color"], symbol=SYMBOLS[group["symbol"] % len(SYMBOLS)]),
            )
            for group in legend["groups"]
        ]
    colours, ticks = found.colours()[:NONE], legend["scale"]["ticks"]
    assert colour is not None  # without one there is no scale
    bar = dict(
        title=ply(colour.name, 24),
        thickness=10,
        len=0.5,
        y=1,
        yanchor="top",
        x=0,
        xanchor="left",
        tickvals=[share * (NONE - 1) for share, _ in ticks],
        ticktext=[words for _, words in ticks],
    )
    marker = dict(
        color=index[index != NONE],
        colorscale=[[i / (NONE - 1), colours[i]] for i in range(0, NONE, 2)],
        cmin=0,
        cmax=NONE - 1,
        colorbar=bar,
    )
    gone = np.flatnonzero(index == NONE)
    return [(np.flatnonzero(index != NONE), "", marker)] + [
        (gone, "(missing)", dict(color=found.colours()[NONE]))
    ] * bool(len(gone))


def colour_codes(colour: pd.Series | None, n: int) -> tuple[dict, np.ndarray]:
    """A column as the live map draws it.

    Parameters
    ----------
    colour : Series of n values, or None
        The column; None colours all rows alike.
    n : int
        Number of rows.

    Returns
    -------
    legend : dict
        The legend of :func:`lvm_core.plots.colouring.colouring` with ``colors``, 256 of them as
        text. Text in the legend is plain, to be shown as text.
    index : ndarray of float32, shape (n,)
        Which of the colours each row has.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.figures import colour_codes
    >>> legend, index = colour_codes(pd.Series(["cat", "dog", "cat"], name="kind"), 3)
    >>> legend["title"], len(legend["colors"]), index.tolist()
    ('kind', 256, [0.0, 1.0, 0.0])
    """
    found = colouring(colour, n)
    return found.legend | {"colors": found.colours()}, found.index.astype(np.float32)


def metric_panels(history: list[dict]) -> list[list[str]]:
    """Which metrics of a training share an axis: the loss of the rows it learns from with that of
    the rows held out, each other one by itself; one that is the loss with the other sign is left
    out.

    Parameters
    ----------
    history : list of dict
        Dicts with ``step`` and the metrics.

    Returns
    -------
    list of list of str
        Names of metrics.

    Examples
    --------
    >>> from lvm_core.plots.figures import metric_panels
    >>> metric_panels([{"step": 1, "loss": 3.0, "reconstruction": -2.5, "kl": 0.5}])
    [['loss'], ['reconstruction'], ['kl']]
    >>> metric_panels([{"step": 1, "loss": 3.0, "reconstruction": -3.0, "held_out": 4.0}])
    [['loss', 'held_out']]
    """
    names = [name for name in (history[0] if history else {}) if name != "step"]
    together = [name for name in ("loss", "held_out") if name in names]
    mirrors = {
        name
        for name in names
        if name not in together and all(h.get(name) == -h.get("loss", 0.0) for h in history)
    }
    others = [name for name in names if name not in mirrors and name not in together]
    return [together] * bool(together) + [[name] for name in others]


def metric_name(name: str) -> str:
    """What people call a metric of a training.

    Parameters
    ----------
    name : str
        As the history has it.

    Returns
    -------
    str

    Examples
    --------
    >>> from lvm_core.plots.figures import metric_name
    >>> metric_name("reconstruction"), metric_name("critic_accuracy")
    ('log-likelihood', 'critic accuracy')
    """
    return _METRICS.get(name, name.replace("_", " "))


def curves(history: list[dict], height: int = 240, best: int | None = None) -> go.Figure:
    """Draw metrics by step, one under the other, each with an axis of its own.

    Where rows were held out, the loss of the rows it learns from and that of the others share one.

    Parameters
    ----------
    history : list of dict
        Dicts with ``step`` and the metrics.
    height : int, default=240
        Height of the loss in pixels; every other metric has half of it.
    best : int, optional
        A step that is marked: where the held-out rows were at their best.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.figures import curves
    >>> figure = curves([{"step": 1, "loss": 3.0, "kl": 0.1}, {"step": 2, "loss": 2.0, "kl": 0.2}])
    >>> [(line.name, line.yaxis, line.y) for line in figure.data]
    [('loss', 'y', (3.0, 2.0)), ('KL', 'y2', (0.1, 0.2))]
    """
    panels = metric_panels(history) or [["loss"]]
    shares = [2.0] + [1.0] * (len(panels) - 1)
    figure = make_subplots(
        len(panels),
        1,
        shared_xaxes=True,
        row_heights=shares,
        vertical_spacing=0.26 / len(panels),
        subplot_titles=[ply(metric_name(names[0])) for names in panels],
    )
    figure.update_annotations(x=0, xanchor="left", font_size=12)
    drawn = 0
    for row, names in enumerate(panels, 1):
        values: list[float] = []
        for name in names:
            points = [(h["step"], h[name]) for h in history if name in h]
            values += [value for _, value in points]
            words = metric_name(name)
            if len(names) > 1:
                words = {"loss": "rows it learns from", "held_out": "rows held out"}[name]
            figure.add_trace(
                go.Scatter(
                    x=[p[0] for p in points],
                    y=[p[1] for p in points],
                    mode="lines",
                    name=ply(words),
                    line=dict(color=class_style(drawn)[0], width=2),
                    showlegend=len(names) > 1,
                ),
                row,
                1,
            )
            drawn += 1
        low, high = _ends(np.array(values))
        figure.update_yaxes(row=row, col=1, range=[low, high], nticks=5 if row == 1 else 4)
    if best is not None:
        figure.add_vline(best, line_dash="dot", line_width=1)
    figure.update_layout(
        height=int(height * sum(shares) / 2),
        legend=dict(orientation="h", y=1.0, yanchor="bottom", x=1, xanchor="right"),
        hovermode="x unified",
        **{**_BARE, "margin": dict(l=8, r=8, t=28, b=8)},
    )
    figure.update_xaxes(showgrid=False)
    figure.update_xaxes(title="step", row=len(panels), col=1)
    figure.update_yaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False, tickformat="~g")
    return figure


def _ends(values) -> tuple[float, float]:
    """Ends of an axis that shows all values, or nearly all where few lie far off, as those of the
    first steps of a training do; the last one always.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = np.quantile(finite, [0.02, 0.98])
    low, high = min(low, finite[-1]), max(high, finite[-1])
    if np.ptp(finite) <= 2 * (high - low):
        low, high = finite.min(), finite.max()
    margin = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    return float(low - margin), float(high + margin)


def signal(
    items: np.ndarray,
    names: list[str],
    axis: np.ndarray | None = None,
    axis_name: str = "",
    height: int = 260,
    muted: list[int] | None = None,
    channels: list[str] | None = None,
) -> go.Figure:
    """Draw rows of an array as lines over their axis; of several values at each place, one under
    the other.

    Parameters
    ----------
    items : ndarray of shape (m, d)
        The lines; (m, c * d) of c values at each place, all of the first before the second.
    names : list of str
        Their names (m,).
    axis : array-like of shape (d,), optional
        Places on the horizontal axis; numbers from 0 by default.
    axis_name : str, default=""
        Its title.
    height : int, default=260
        Height in pixels.
    muted : list of int, optional
        Lines that are drawn thin and grey, behind.
    channels : list of str, optional
        What the c values are called.

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.figures import signal
    >>> figure = signal(np.eye(2), ["real", "decoded"], muted=[0])
    >>> [(trace.name, trace.line.width) for trace in figure.data]
    [('real', 1), ('decoded', 1.8)]
    """
    x = np.arange(items.shape[1]) if axis is None else np.asarray(axis)
    parts = np.split(items, max(1, items.shape[1] // len(x)), axis=1)
    figure = make_subplots(len(parts), 1, shared_xaxes=True, vertical_spacing=0.08)
    for at, part in enumerate(parts, 1):
        paint = 0
        for i, (row, name) in enumerate(zip(part, names)):
            quiet = bool(muted) and i in muted
            line = (
                dict(color="rgba(128,128,128,.55)", width=1)
                if quiet
                else dict(color=OKABE_ITO[paint % 8], width=1.8)
            )
            paint += not quiet
            figure.add_trace(
                go.Scatter(
                    x=x,
                    y=row,
                    mode="lines",
                    name=ply(name),
                    line=line,
                    legendgroup=str(i),
                    showlegend=at == 1,
                ),
                at,
                1,
            )
        if channels and len(parts) > 1:
            figure.update_yaxes(title=ply(channels[at - 1]), row=at)
    figure.update_layout(
        height=height if len(parts) == 1 else max(height, 150 * len(parts)),
        showlegend=len(names) > 1,
        legend=dict(orientation="h", y=1.15, x=0),
        **{**_BARE, "margin": dict(l=8, r=8, t=24, b=8)},
    )
    figure.update_xaxes(showgrid=False)
    figure.update_xaxes(title=ply(axis_name) or None, row=len(parts))
    figure.update_yaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False)
    return figure


def difference(real: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two pictures as one: white where they are equally bright.

    Orange where ``real`` is brighter and blue where ``other`` is, full colour from a difference of
    0.5 on.

    Parameters
    ----------
    real, other : array-like of shape (h, w, c)
        Pictures with values in [0, 1].

    Returns
    -------
    ndarray of float32, shape (h, w, 3)
        Colours in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.figures import difference
    >>> black, white = np.zeros((1, 1, 1)), np.ones((1, 1, 1))
    >>> difference(white, white).tolist(), difference(black, white).round(2).tolist()
    ([[[1.0, 1.0, 1.0]]], [[[0.0, 0.45, 0.7]]])
    """
    gap = 2 * (np.asarray(real, np.float32) - other).mean(2, keepdims=True)
    orange, blue = (
        np.array([int(OKABE_ITO[i][j : j + 2], 16) for j in (1, 3, 5)], np.float32) / 255
        for i in (1, 0)
    )
    return 1 - np.clip(gap, 0, 1) * (1 - orange) - np.clip(-gap, 0, 1) * (1 - blue)


def bars(
    names: list[str],
    values: np.ndarray,
    height: int | None = None,
    low: float | None = 0.0,
    hover: list[str] | None = None,
) -> go.Figure:
    """Draw horizontal bars, first on top: term weights, importance of dimensions, column errors.

    Parameters
    ----------
    names : list of str
        Names of the bars (m,).
    values : array-like of shape (m,)
        Their lengths.
    height : int, optional
        Height in pixels; by default it grows with the number of bars.
    low : float or None, default=0.0
        Where the axis begins; None lets the values decide.
    hover : list of str, optional
        Texts of the bars (m,).

    Returns
    -------
    Figure
        A Plotly figure.

    Examples
    --------
    >>> from lvm_core.plots.figures import bars
    >>> figure = bars(["age", "size"], [0.4, 0.2])
    >>> figure.data[0].y, figure.layout.height
    (('age', 'size'), 80)
    """
    figure = go.Figure(
        go.Bar(
            x=list(values),
            y=[f"{ply(n, 26)}" for n in names],
            orientation="h",
            marker=dict(color=ACCENT),
            text=hover,
            hovertemplate="%{y}: %{x:.3g}<extra></extra>",
        )
    )
    figure.update_layout(
        height=height or 40 + 20 * len(names),
        bargap=0.25,
        **{**_BARE, "margin": dict(l=4, r=4, t=4, b=20)},
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(
        gridcolor="rgba(128,128,128,.2)", zeroline=False, range=None if low is None else [low, None]
    )
    return figure
