"""A map as it goes to a browser: the order in which its points are sent, their 16-bit places,
and which point is under a pointer.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# places are whole numbers from 0 to this over the map's square
UNITS = 65535
# odd factors and offsets of the mixing, the same in assets/js/shared/order.js
_TURNS = (0x9E3779B1, 0x7F4A7C15), (0x85EBCA6B, 0x165667B1)
# of the grid, a side: a cell's number is 16 bits, which sort quickest
_CELLS = 256


@lru_cache(4)
def order(n: int) -> np.ndarray:
    """Drawn place -> row: a fixed permutation of n rows, int32 (n,), so that any prefix is a fair
    sample of them.

    A formula, not a list, so that the browser need not be sent it: an invertible mix of the bits of
    a number (multiply by an odd factor, fold the upper half onto the lower; as in MurmurHash3's
    finaliser), repeated while it leads beyond n.
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
    """Row -> drawn place, int32 (n,): the inverse of :func:`order`."""
    found = np.empty(n, np.int32)
    found[order(n)] = np.arange(n, dtype=np.int32)
    found.flags.writeable = False
    return found


class PointSheet:
    """A 2-D map P (n, 2) on its bounding square, or on that of ``box``, two corners (2, 2):
    ``low`` (2,) and ``side`` in the map's own units, ``units`` uint16 (n, 2) in drawn order,
    and a grid that answers which points are near a place.
    """

    def __init__(self, P: np.ndarray, box=None):
        low, high = np.asarray((P.min(0), P.max(0)) if box is None else box, np.float64)
        self.side = float(max((high - low).max(), 1e-12))
        self.low = (low + high) / 2 - self.side / 2
        self.P = P
        self.extent = ((high - low) / self.side * UNITS).tolist()
        places = np.rint((P - self.low) * (UNITS / self.side))
        self.units = np.clip(places, 0, UNITS, out=places).astype(np.uint16)[order(len(P))]
        cell = (self._cell(P[:, 0], 0) + _CELLS * self._cell(P[:, 1], 1)).astype(np.uint16)
        self._rows = np.argsort(cell, kind="stable").astype(np.int32)
        self._starts = np.concatenate([[0], np.bincount(cell, minlength=_CELLS * _CELLS).cumsum()])

    def near(self, x: float, y: float, radius: float, most: int = 8) -> np.ndarray:
        """Rows of the points within ``radius`` of (x, y), all in the map's own units: the
        nearest first, at most so many.
        """
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
    """Positions (m, 2) as uint16 over the least square that holds them, in its middle."""
    low, high = P.min(0), P.max(0)
    side = max(float((high - low).max()), 1e-30)
    return np.rint(((P - (low + high) / 2) / side + 0.5).clip(0, 1) * UNITS).astype("<u2")


def packed(rows, n: int) -> bytes:
    """Rows of n as a bit mask in drawn order: bit i % 8 (the lowest first) of byte i // 8 is
    drawn place i.
    """
    mask = np.zeros(n, bool)
    mask[place(n)[np.asarray(rows, np.int64)]] = True
    return np.packbits(mask, bitorder="little").tobytes()
