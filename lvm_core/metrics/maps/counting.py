"""Distances on a map, and how many of many numbers lie below each of a few, in one pass: the
loops of the map's scores that need a compiler (numba).
"""

import numpy as np
from numba import njit

# numbers counted below in one pass: a byte says between which two a number lies
MOST = 254
_BINS = 32_768  # a table of bytes that stays in a core's first cache
_CHUNK = 2048


@njit(cache=True, nogil=True)
def differences(columns, rows, D):
    """Fill D with squared distances from some points to all.

    Parameters
    ----------
    columns : ndarray of shape (c, n)
        Coordinates of all points.
    rows : ndarray of int of shape (b,)
        Numbers of the points to measure from.
    D : ndarray of shape (b, n)
        Written to.
    """
    c, n = columns.shape
    for start in range(0, n, _CHUNK):
        for r in range(len(rows)):
            d = D[r, start : start + _CHUNK]
            d[:] = 0
            for at in range(c):
                x, own = columns[at, start : start + _CHUNK], columns[at, rows[r]]
                for j in range(len(d)):
                    d[j] += (x[j] - own) * (x[j] - own)


@njit(cache=True, nogil=True)
def count(D, T, below, upto):
    """Count the numbers below, and not above, each of a few values, in one pass.

    A table tells between which two of T the numbers of a bin lie; only those of a bin that holds
    some of T are compared.

    Parameters
    ----------
    D : ndarray of int of shape (b, n)
        Whole numbers, those below zero taken as zero.
    T : ndarray of int of shape (b, m)
        Values, ascending, none below zero, m at most ``MOST``.
    below, upto : ndarray of int32 of shape (b, m)
        Written to: how many of the row's D are less than each T, and how many are not greater.
    """
    n, m = D.shape[1], T.shape[1]
    table, firsts, bins = (
        np.empty(_BINS + 2, np.uint8),
        np.empty(_BINS + 2, np.uint8),
        np.empty(_CHUNK, np.uint16),
    )
    # four, so that one need not wait for the other
    counts, equal = np.empty((4, 256), np.int32), np.empty(m + 1, np.int32)
    for r in range(D.shape[0]):
        t, low, high = T[r], T[r, 0], T[r, m - 1]
        shift = 0
        while (high - low) >> shift >= _BINS:
            shift += 1
        done = 0
        for s in range(m):
            own = ((t[s] - low) >> shift) + 1
            if own >= done:
                table[done:own] = s
                table[own], firsts[own] = 255, s
                done = own + 1
        table[done:] = m
        counts[:], equal[:] = 0, 0
        for start in range(0, n, _CHUNK):
            d = D[r, start : start + _CHUNK]
            for j in range(len(d)):
                value = max(d[j], 0)
                own = ((min(max(value, low), high) - low) >> shift) + 1
                own = 0 if value < low else own
                bins[j] = _BINS + 1 if value > high else own
            for j in range(len(d)):
                place = table[bins[j]]
                counts[j & 3, place] += 1
                if place == 255:
                    value, first = max(d[j], 0), firsts[bins[j]]
                    while first < m and t[first] < value:
                        first += 1
                    counts[0, first] += 1
                    last = first
                    while last < m and t[last] == value:
                        last += 1
                    equal[first] += 1
                    equal[last] -= 1
        total = same = 0
        for s in range(m):
            total += counts[0, s] + counts[1, s] + counts[2, s] + counts[3, s]
            same += equal[s]
            upto[r, s] = total
            below[r, s] = total - same
