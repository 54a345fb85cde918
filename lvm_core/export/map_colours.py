"""A column as the colours of points on an exported map: what :mod:`lvm_core.plots.colouring`
says, for some of the rows and counted for those.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..plots.colouring import NONE, colouring

SYMBOLS = 8  # shapes a poster has for classes that share a colour


@dataclass(frozen=True)
class LegendEntry:
    """One class of the legend. ``symbol``: a shape, where classes outnumber colours."""

    name: str
    colour: str
    symbol: int
    index: int
    count: int


@dataclass(frozen=True)
class Colours:
    """``palette`` (256, 3) uint8; ``index`` (n,) uint8 into it. Of ``keys`` (classes) and
    ``ends`` (a scale's, in words) at most one is there.
    """

    palette: np.ndarray
    index: np.ndarray
    title: str = ""
    entries: tuple[LegendEntry, ...] = ()
    ends: tuple[str, str] | None = None
    missing: int = 0

    @property
    def symbols(self) -> np.ndarray:
        """The shape of each index, uint8 (256,)."""
        found = np.zeros(256, np.uint8)
        for key in self.entries:
            found[key.index] = key.symbol
        return found

    def of(self, rows) -> Colours:
        """The same colours for some of the points, their classes counted again."""
        index = self.index[rows]
        counts = np.bincount(index, minlength=256)
        keys = tuple(
            replace(key, count=int(counts[key.index])) for key in self.entries if counts[key.index]
        )
        return replace(
            self, index=index, entries=keys, missing=int(counts[NONE]) if self.ends else 0
        )


def colours(column: pd.Series | None, n: int) -> Colours:
    """The colours of n points by a column of their rows, as the map on the page has them; one
    colour without a column.
    """
    found = colouring(column, n)
    keys = tuple(
        LegendEntry(g["name"], g["color"], g["symbol"] % SYMBOLS, g["index"], g["count"])
        for g in found.legend.get("groups", ())
    )
    scale = found.legend.get("scale")
    return Colours(
        found.palette[:, :3].copy(),
        found.index,
        found.legend.get("title", ""),
        keys,
        tuple(scale["ends"]) if scale else None,
        found.legend.get("missing", 0),
    )


def rgb(colour: str) -> tuple[int, int, int]:
    """``#0072B2`` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
