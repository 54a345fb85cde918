"""Arrays in, Plotly figures out. Colours are safe for colour-blind readers; shapes repeat what colours say."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .escape import clean
from .escape import plotly as ply

# Okabe & Ito (2008), black replaced by a grey that shows on dark and light alike; yellow last, as it is faint on white.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A8A8A", "#F0E442")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon")
SYMBOLS_3D = ("circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open")
ACCENT = "#0F8B8D"
MAX_CLASSES = len(OKABE_ITO) * len(SYMBOLS)
_BARE = dict(margin=dict(l=0, r=0, t=0, b=0), paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)")
_NO_AXIS = dict(visible=False, showgrid=False, zeroline=False)


def class_style(i: int, three: bool = False) -> tuple[str, str]:
    """(colour, symbol) of the i-th class: 8 colours, then the same colours with another shape."""
    symbols = SYMBOLS_3D if three else SYMBOLS
    return OKABE_ITO[i % len(OKABE_ITO)], symbols[i // len(OKABE_ITO) % len(symbols)]


def scatter_map(P: np.ndarray, colour: pd.Series | None = None, hover: list[str] | None = None, *, ids: np.ndarray | None = None,
                size: float | None = None, height: int = 620, marks: dict[str, np.ndarray] | None = None,
                selected: np.ndarray | None = None) -> go.Figure:
    """The map: positions P (n, 2|3) coloured by a column. ``ids`` (n,) travel as customdata; ``marks`` name extra
    positions (m, 2|3) drawn as hollow rings on top; ``selected`` are ids to keep bright while the rest fades."""
    three = P.shape[1] == 3
    ids = np.arange(len(P)) if ids is None else np.asarray(ids)
    size = size or float(np.clip(260 / np.sqrt(max(len(P), 1)), 3, 9)) * (0.6 if three else 1)
    figure = go.Figure()
    opacity = 0.85 if len(P) < 20_000 else 0.6
    faded = None if selected is None or not len(selected) else ~np.isin(ids, selected)
    for rows, name, marker in _groups(colour, len(P), three):
        marker = dict(size=size, opacity=opacity, line=dict(width=0), **marker)
        if faded is not None:
            marker["opacity"] = np.where(faded[rows], 0.12, 1.0) if not three else opacity
        text = [ply(hover[i], 160) for i in rows] if hover else None
        _add(figure, P[rows], three, name=name, marker=marker, text=text, customdata=ids[rows], mode="markers",
             hovertemplate=("%{text}" if hover else "row %{customdata}") + "<extra>" + (name or "") + "</extra>", showlegend=bool(name))
    for name, Q in (marks or {}).items():
        if len(Q):
            _add(figure, np.asarray(Q), three, name=ply(name), mode="markers", hovertemplate=ply(name) + "<extra></extra>",
                 marker=dict(size=size * 2.2, color="rgba(0,0,0,0)" if not three else ACCENT, symbol="circle" if not three else "circle-open",
                             line=dict(width=2.5, color=ACCENT)))
    axis3 = dict(showticklabels=False, title="", showbackground=False, gridcolor="rgba(128,128,128,.25)", zeroline=False)
    figure.update_layout(height=height, modebar=dict(orientation="v", bgcolor="rgba(0,0,0,0)"),
                         legend=dict(itemsizing="constant", orientation="v", x=0, y=1, xanchor="left", bgcolor="rgba(128,128,128,.08)",
                         title=ply(colour.name, 30) if colour is not None and colour.name is not None else None),
                         dragmode="orbit" if three else "pan", uirevision="map", hovermode="closest", **_BARE)
    if three:
        figure.update_layout(scene=dict(xaxis=axis3, yaxis=axis3, zaxis=axis3, aspectmode="data"))
    else:
        figure.update_xaxes(**_NO_AXIS)
        figure.update_yaxes(scaleanchor="x", **_NO_AXIS)
    return figure


def _add(figure, P, three, **trace):
    if three:
        figure.add_trace(go.Scatter3d(x=P[:, 0], y=P[:, 1], z=P[:, 2], **trace))
    else:
        figure.add_trace(go.Scattergl(x=P[:, 0], y=P[:, 1], **trace))


def _groups(colour: pd.Series | None, n: int, three: bool):
    """(rows, legend name, marker) per trace: one for numbers, one a class for categories."""
    if colour is None:
        return [(np.arange(n), "", dict(color=ACCENT))]
    colour = colour.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(colour):
        colour = pd.Series(colour.astype("int64").where(colour.notna()) / 8.64e13 / 365.2425 + 1970, name=colour.name)
    few_integers = pd.api.types.is_integer_dtype(colour) and colour.nunique() <= 12
    if pd.api.types.is_numeric_dtype(colour) and not pd.api.types.is_bool_dtype(colour) and not few_integers:
        values = colour.to_numpy(float, na_value=np.nan)
        seen = values[np.isfinite(values)]
        low, high = np.percentile(seen, [1, 99]) if len(seen) else (0, 1)
        marker = dict(color=values, colorscale="Viridis", cmin=low, cmax=high if high > low else low + 1,
                      colorbar=dict(title=ply(colour.name, 24), thickness=10, len=0.5, y=1, yanchor="top", x=0, xanchor="left"))
        return [(np.arange(n), "", marker)]
    labels = colour.astype(object).where(colour.notna(), "(missing)").astype(str)
    order = list(labels.value_counts().index[: MAX_CLASSES - 1]) if labels.nunique() > MAX_CLASSES else sorted(labels.unique(), key=_natural)
    groups = []
    for i, label in enumerate(order):
        paint, symbol = class_style(i, three)
        groups.append((np.flatnonzero(labels == label), ply(label, 28), dict(color=paint, symbol=symbol)))
    rest = np.flatnonzero(~labels.isin(order))
    if len(rest):
        groups.append((rest, f"other ({labels.nunique() - len(order)} classes)", dict(color="#B0B0B0", symbol="circle")))
    return groups


def colour_codes(colour: pd.Series | None, n: int) -> tuple[dict, np.ndarray]:
    """A column as the live map draws it: (legend, values (n,)). The values are class numbers for ``groups`` of the legend,
    or numbers for its ``scale``; text in the legend is plain, to be shown as text."""
    values = np.zeros(n, np.float32)
    groups = _groups(colour, n, False)
    marker = groups[0][2]
    if len(groups) == 1 and not groups[0][1]:
        if not isinstance(marker["color"], np.ndarray):
            return {"color": ACCENT}, values
        values = np.where(np.isfinite(marker["color"]), marker["color"], marker["cmin"]).astype(np.float32)
        return {"scale": {"low": float(marker["cmin"]), "high": float(marker["cmax"])}, "title": clean(colour.name, 30)}, values
    for i, (rows, _, _) in enumerate(groups):
        values[rows] = i
    return {"groups": [{"name": html.unescape(name), "color": m["color"], "symbol": SYMBOLS.index(m["symbol"])} for _, name, m in groups]}, values


def _natural(label: str):
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def curves(history: list[dict], names: list[str] | None = None, height: int = 260) -> go.Figure:
    """Metrics by step: one line each. ``history`` holds dicts with ``step`` and the metrics."""
    figure = go.Figure()
    names = names or [k for k in (history[0] if history else {}) if k != "step"]
    for i, name in enumerate(names):
        paint, _ = class_style(i)
        points = [(h["step"], h[name]) for h in history if name in h]
        figure.add_trace(go.Scatter(x=[p[0] for p in points], y=[p[1] for p in points], mode="lines", name=ply(name.replace("_", " ")), line=dict(color=paint, width=2)))
    figure.update_layout(height=height, legend=dict(orientation="h", y=1.12, x=0), hovermode="x unified", **{**_BARE, "margin": dict(l=8, r=8, t=24, b=8)})
    figure.update_xaxes(title="step", showgrid=False)
    figure.update_yaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False)
    return figure


def signal(items: np.ndarray, names: list[str], axis: np.ndarray | None = None, axis_name: str = "", height: int = 260,
           muted: list[int] | None = None) -> go.Figure:
    """Array rows (m, d) as lines over their axis. ``muted`` lines are drawn thin and grey, behind."""
    figure = go.Figure()
    x = np.arange(items.shape[1]) if axis is None else axis
    paint = 0
    for i, (row, name) in enumerate(zip(items, names)):
        quiet = bool(muted) and i in muted
        line = dict(color="rgba(128,128,128,.55)", width=1) if quiet else dict(color=OKABE_ITO[paint % 8], width=1.8)
        paint += not quiet
        figure.add_trace(go.Scatter(x=x, y=row, mode="lines", name=ply(name), line=line))
    figure.update_layout(height=height, showlegend=len(names) > 1, legend=dict(orientation="h", y=1.15, x=0), **{**_BARE, "margin": dict(l=8, r=8, t=24, b=8)})
    figure.update_xaxes(title=ply(axis_name) or None, showgrid=False)
    figure.update_yaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False)
    return figure


def difference(real: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two pictures (h, w, c) in [0, 1] as one (h, w, 3): white where they are equally bright, orange where ``real`` is brighter and
    blue where ``other`` is, full colour for a difference of 1."""
    gap = (np.asarray(real, np.float32) - other).mean(2, keepdims=True)
    orange, blue = (np.array([int(OKABE_ITO[i][j:j + 2], 16) for j in (1, 3, 5)], np.float32) / 255 for i in (1, 0))
    return 1 - np.clip(gap, 0, 1) * (1 - orange) - np.clip(-gap, 0, 1) * (1 - blue)


def bars(names: list[str], values: np.ndarray, height: int | None = None, low: float | None = 0.0, hover: list[str] | None = None) -> go.Figure:
    """Horizontal bars, first on top: term weights, importance of dimensions, column errors."""
    figure = go.Figure(go.Bar(x=list(values), y=[f"{ply(n, 26)}" for n in names], orientation="h", marker=dict(color=ACCENT),
                              text=hover, hovertemplate="%{y}: %{x:.3g}<extra></extra>"))
    figure.update_layout(height=height or 40 + 20 * len(names), bargap=0.25, **{**_BARE, "margin": dict(l=4, r=4, t=4, b=20)})
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_xaxes(gridcolor="rgba(128,128,128,.2)", zeroline=False, range=None if low is None else [low, None])
    return figure
