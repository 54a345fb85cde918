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
    """One class of a legend.

    Attributes
    ----------
    name : str
        What the class is called.
    colour : str
        As ``#rrggbb``.
    symbol : int
        A shape, where classes outnumber colours.
    index : int
        Place of the colour in the palette.
    count : int
        Number of points.

    Examples
    --------
    >>> from lvm_core.export.map_colours import LegendEntry
    >>> LegendEntry("cat", "#0072B2", 0, 0, 12).name
    'cat'
    """

    name: str
    colour: str
    symbol: int
    index: int
    count: int


@dataclass(frozen=True)
class Colours:
    """Colours of points and their legend. Of ``entries`` and ``ends`` at most one is there.

    Attributes
    ----------
    palette : ndarray of uint8, shape (256, 3)
        Colours.
    index : ndarray of uint8, shape (n,)
        Each point's place in the palette.
    title : str, default=""
        Name of the column.
    entries : tuple of LegendEntry, default=()
        The classes.
    ends : tuple of (str, str), optional
        Ends of a scale, in words.
    missing : int, default=0
        How many points of a scale have no value.

    See Also
    --------
    colours : Makes them of a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.export.map_colours import colours
    >>> found = colours(pd.Series([i / 7 for i in range(50)], name="size"), 50)
    >>> found.title, found.ends, found.entries
    ('size', ('0.07', '6.93'), ())
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
    """The colours of points by a column of their rows, as the map on the page has them.

    Parameters
    ----------
    column : Series of n values, or None
        The column; None gives one colour.
    n : int
        Number of points.

    Returns
    -------
    Colours
        Colours and legend.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.export.map_colours import colours
    >>> found = colours(pd.Series(["cat", "dog", "cat"], name="kind"), 3)
    >>> [(entry.name, entry.colour, entry.count) for entry in found.entries]
    [('cat', '#0072B2', 2), ('dog', '#E69F00', 1)]
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
    """A colour as three numbers.

    Parameters
    ----------
    colour : str
        As ``#rrggbb``.

    Returns
    -------
    tuple of (int, int, int)
        0 to 255 each.

    Examples
    --------
    >>> from lvm_core.export.map_colours import rgb
    >>> rgb("#0072B2")
    (0, 114, 178)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
