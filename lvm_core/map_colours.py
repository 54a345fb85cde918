"""A column as the colours of points on an exported map: at most 256 of them, an index a point, and a legend that counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import figures

LEVELS, MISSING = 254, 255      # the last level of a scale; the index of points without a value, or of classes beyond those that can be told apart
_GREY = "#B0B0B0"
_DAYS_A_YEAR = 365.2425


@dataclass(frozen=True)
class Key:
    """One class of the legend. ``symbol`` is a number into :data:`lvm_core.figures.SYMBOLS`."""

    name: str
    colour: str
    symbol: int
    index: int
    count: int


@dataclass(frozen=True)
class Colours:
    """``palette`` (256, 3) uint8; ``index`` (n,) uint8 into it. Of ``keys`` (classes) and ``scale`` (low, high) at most one is there."""

    palette: np.ndarray
    index: np.ndarray
    title: str = ""
    keys: tuple[Key, ...] = ()
    scale: tuple[float, float] | None = None
    missing: int = 0
    symbols: np.ndarray = field(default_factory=lambda: np.zeros(256, np.uint8))      # of each index

    @property
    def ends(self) -> tuple[str, str]:
        """The scale's ends in words."""
        return tuple(f"{v:,.0f}" if 1e4 <= abs(v) < 1e7 else f"{v:.4g}" for v in self.scale)

    def of(self, rows) -> Colours:
        """The same colours for some of the points, their classes counted again."""
        index = self.index[rows]
        counts = np.bincount(index, minlength=256)
        keys = tuple(Key(k.name, k.colour, k.symbol, k.index, int(counts[k.index])) for k in self.keys if counts[k.index])
        return Colours(self.palette, index, self.title, keys, self.scale, int(counts[MISSING]) if self.scale else 0, self.symbols)


def colours(column: pd.Series | None, n: int) -> Colours:
    """The colours of n points by a column of their rows, as the map on the page has them: classes by :func:`figures.class_style`, numbers
    and dates on a sequential scale from their 1st to their 99th percentile (dates as years); one colour without a column."""
    palette = np.tile(np.array(rgb(_GREY), np.uint8), (256, 1))
    if column is None:
        palette[0] = rgb(figures.ACCENT)
        return Colours(palette, np.zeros(n, np.uint8))
    title, column = str(column.name), column.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(column):
        column = pd.Series(column.astype("datetime64[ns]").astype("int64").where(column.notna()) / 8.64e13 / _DAYS_A_YEAR + 1970)
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if numeric and not (pd.api.types.is_integer_dtype(column) and column.nunique() <= 12):
        return _scaled(column.to_numpy(np.float64, na_value=np.nan), title, palette)
    return _classes(column, title, palette)


def rgb(colour: str) -> tuple[int, int, int]:
    """``#0072B2`` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _scaled(values: np.ndarray, title: str, palette: np.ndarray) -> Colours:
    from plotly.colors import sample_colorscale

    palette[:LEVELS + 1] = [[int(float(v)) for v in text[4:-1].split(",")] for text in sample_colorscale("Viridis", np.linspace(0, 1, LEVELS + 1).tolist())]
    there = np.isfinite(values)
    low, high = np.percentile(values[there], [1, 99]) if there.any() else (0.0, 1.0)
    high = high if high > low else low + 1
    share = np.clip((np.where(there, values, low) - low) / (high - low), 0, 1)
    index = np.where(there, np.rint(share * LEVELS), MISSING).astype(np.uint8)
    return Colours(palette, index, title, (), (float(low), float(high)), int((~there).sum()))


def _classes(column: pd.Series, title: str, palette: np.ndarray) -> Colours:
    number, names = pd.factorize(column)        # -1: missing
    names = ["(missing)", *(str(name) for name in names)]
    counts = np.bincount(number + 1, minlength=len(names))
    kept = np.flatnonzero(counts)
    if len(kept) > figures.MAX_CLASSES:
        kept = kept[np.argsort(-counts[kept], kind="stable")][:figures.MAX_CLASSES - 1]
    else:
        kept = np.array(sorted(kept, key=lambda i: _natural(names[i])), int)
    target, symbols, keys = np.full(len(names), MISSING, np.uint8), np.zeros(256, np.uint8), []
    for i, k in enumerate(kept):
        colour, symbol = figures.class_style(i)
        target[k], palette[i], symbols[i] = i, rgb(colour), figures.SYMBOLS.index(symbol)
        keys.append(Key(names[k], colour, int(symbols[i]), i, int(counts[k])))
    if rest := int(counts.sum() - counts[kept].sum()):
        keys.append(Key(f"{np.count_nonzero(counts) - len(kept):,} smaller classes", _GREY, 0, MISSING, rest))
    return Colours(palette, target[number + 1], title, tuple(keys), None, 0, symbols)


def _natural(label: str) -> tuple:
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label
