"""A map as it goes to a browser: the order in which its points are sent, their 16-bit places,
and which point is under a pointer.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..settings import DataError

# places are whole numbers from 0 to this over the map's square
UNITS = 65535
# odd factors and offsets of the mixing, the same in assets/js/shared/order.js
_TURNS = (0x9E3779B1, 0x7F4A7C15), (0x85EBCA6B, 0x165667B1)
# of the grid, a side: a cell's number is 16 bits, which sort quickest
_CELLS = 256


@lru_cache(4)
def order(n: int) -> np.ndarray:
    """The order in which points are drawn.

    It is a fixed permutation, any prefix of which is a fair sample.

    A formula, not a list, so that the browser need not be sent it: an invertible mix of the bits of
    a number (multiply by an odd factor, fold the upper half onto the lower; as in MurmurHash3's
    finaliser), repeated while it leads beyond n.

    Parameters
    ----------
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int32, shape (n,)
        Drawn place -> row; read-only.

    Examples
    --------
    >>> from lvm_core.plots.tiling import order
    >>> sorted(order(1000).tolist()) == list(range(1000))
    True
    """
    bits = max(2, int(n - 1).bit_length()) if n else 2
    found = _mix(np.arange(n, dtype=np.uint32), bits)
    while len(outside := np.flatnonzero(found >= n)):
        found[outside] = _mix(found[outside], bits)
    found = found.astype(np.int32)
    found.flags.writeable = False
    return found


def _mix(x: np.ndarray, bits: int) -> np.ndarray:
    mask, half = np.uint32((1 << bits) - 1), np.uint32((bits + 1) // 2)
    for factor, offset in _TURNS * 2:
        x = (x * np.uint32(factor) + np.uint32(offset)) & mask
        x ^= x >> half
    return x


@lru_cache(4)
def place(n: int) -> np.ndarray:
    """The inverse of :func:`order`.

    Parameters
    ----------
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int32, shape (n,)
        Row -> drawn place; read-only.

    Examples
    --------
    >>> from lvm_core.plots.tiling import order, place
    >>> place(1000)[order(1000)][:4].tolist()
    [0, 1, 2, 3]
    """
    found = np.empty(n, np.int32)
    found[order(n)] = np.arange(n, dtype=np.int32)
    found.flags.writeable = False
    return found


class PointSheet:
    """A map on its bounding square or cube, in 2-D with a grid that answers which points are near
    a place.

    Parameters
    ----------
    P : ndarray of shape (n, 2) or (n, 3)
        Positions.
    box : array-like of shape (2, 2) or (2, 3), optional
        Two corners, whose bounding square is taken in place of the map's.

    Attributes
    ----------
    low : ndarray of shape (2,) or (3,)
        Lower corner of the square, in the map's own units.
    side : float
        Side of the square, in the map's own units.
    units : ndarray of uint16, shape (n, 2) or (n, 3)
        Places over the square, 0 to 65535, in drawn order.
    extent : list of float
        Sides of the map's own box, in these units.
    reach : float
        Distance of the farthest point from the middle, in these units.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.tiling import PointSheet
    >>> sheet = PointSheet(np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 2.0]]))
    >>> sheet.side, sheet.near(0.9, 0.1, radius=2.0).tolist()
    (4.0, [1, 0])
    """

    def __init__(self, P: np.ndarray, box=None):
        low, high = np.asarray((P.min(0), P.max(0)) if box is None else box, np.float64)
        self.side = float(max((high - low).max(), 1e-12))
        self.low = (low + high) / 2 - self.side / 2
        self.P = P
        self.extent = ((high - low) / self.side * UNITS).tolist()
        places = np.rint((P - self.low) * (UNITS / self.side))
        self.units = np.clip(places, 0, UNITS, out=places).astype(np.uint16)[order(len(P))]
        self.reach = float(np.linalg.norm(places - UNITS / 2, axis=1).max(initial=0.0))
        if P.shape[1] != 2:  # what is under the pointer there depends on how the map is turned
            return
        cell = (self._cell(P[:, 0], 0) + _CELLS * self._cell(P[:, 1], 1)).astype(np.uint16)
        self._rows = np.argsort(cell, kind="stable").astype(np.int32)
        self._starts = np.concatenate([[0], np.bincount(cell, minlength=_CELLS * _CELLS).cumsum()])

    def near(self, x: float, y: float, radius: float, most: int = 8) -> np.ndarray:
        """Find the points around a place.

        Parameters
        ----------
        x, y : float
            The place, in the map's own units.
        radius : float
            How far around it, in the same units.
        most : int, default=8
            Most points to give.

        Returns
        -------
        ndarray of int
            Rows, the nearest first.

        Raises
        ------
        ValueError
            For a map that is not 2-D.
        """
        if self.P.shape[1] != 2:
            raise DataError("What lies under the pointer is found by the server on 2-D maps only.")
        left, right = self._cell(np.array([x - radius, x + radius]), 0)
        first, last = self._cell(np.array([y - radius, y + radius]), 1)
        rows = np.concatenate(
            [
                self._rows[self._starts[r * _CELLS + left] : self._starts[r * _CELLS + right + 1]]
                for r in range(first, last + 1)
            ]
        )
        distance = np.hypot(self.P[rows, 0] - x, self.P[rows, 1] - y)
        within = np.flatnonzero(distance <= radius)
        if len(within) > most:
            within = within[np.argpartition(distance[within], most - 1)[:most]]
        return rows[within[np.argsort(distance[within], kind="stable")]]

    def _cell(self, values: np.ndarray, axis: int) -> np.ndarray:
        return np.clip((values - self.low[axis]) * (_CELLS / self.side), 0, _CELLS - 1).astype(
            np.int32
        )


def squared(P: np.ndarray) -> np.ndarray:
    """Positions over the least square or cube that holds them, in its middle.

    Parameters
    ----------
    P : ndarray of shape (m, 2) or (m, 3)
        Positions.

    Returns
    -------
    ndarray of uint16, shape (m, 2) or (m, 3)
        Places, 0 to 65535.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.plots.tiling import squared
    >>> squared(np.array([[0.0, 0.0], [2.0, 1.0]])).tolist()
    [[0, 16384], [65535, 49151]]
    """
    low, high = P.min(0), P.max(0)
    side = max(float((high - low).max()), 1e-30)
    return np.rint(((P - (low + high) / 2) / side + 0.5).clip(0, 1) * UNITS).astype("<u2")


def packed(rows, n: int) -> bytes:
    """Rows as a bit mask in drawn order.

    Parameters
    ----------
    rows : array-like of int
        The rows to mark.
    n : int
        Number of rows there are.

    Returns
    -------
    bytes
        Bit i % 8 (the lowest first) of byte i // 8 is drawn place i.

    Examples
    --------
    >>> from lvm_core.plots.tiling import order, packed
    >>> list(packed([order(20)[0], order(20)[9]], 20))
    [1, 2, 0]
    """
    mask = np.zeros(n, bool)
    mask[place(n)[np.asarray(rows, np.int64)]] = True
    return np.packbits(mask, bitorder="little").tobytes()
