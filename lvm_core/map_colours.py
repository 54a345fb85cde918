"""A column as the colours of points on an exported map: at most 256 of them, an index a point, and a legend that counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from . import figures
from .colouring import NONE as MISSING
from .colouring import colouring


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
    words: tuple[str, str] = ("", "")         # the scale's ends

    @property
    def ends(self) -> tuple[str, str]:
        """The scale's ends in words."""
        return self.words

    def of(self, rows) -> Colours:
        """The same colours for some of the points, their classes counted again."""
        index = self.index[rows]
        counts = np.bincount(index, minlength=256)
        keys = tuple(Key(k.name, k.colour, k.symbol, k.index, int(counts[k.index])) for k in self.keys if counts[k.index])
        return Colours(self.palette, index, self.title, keys, self.scale, int(counts[MISSING]) if self.scale else 0, self.symbols, self.words)


def colours(column: pd.Series | None, n: int) -> Colours:
    """The colours of n points by a column of their rows, as the map on the page has them (:func:`lvm_core.colouring.colouring`)."""
    found = colouring(column, n)
    legend, palette = found.legend, found.palette[:, :3].copy()
    if column is None:
        return Colours(palette, found.index)
    if scale := legend.get("scale"):
        return Colours(palette, found.index, str(column.name), (), (scale["low"], scale["high"]), legend["missing"], words=tuple(scale["ends"]))
    symbols = np.zeros(256, np.uint8)
    keys = tuple(Key(g["name"], g["color"], g["symbol"] % len(figures.SYMBOLS), g["index"], g["count"]) for g in legend["groups"])
    symbols[[key.index for key in keys]] = [key.symbol for key in keys]
    return Colours(palette, found.index, str(column.name), keys, None, 0, symbols)


def rgb(colour: str) -> tuple[int, int, int]:
    """``#0072B2`` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
