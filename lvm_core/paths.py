"""Walks between two codes."""

from __future__ import annotations

import numpy as np


def lerp(a, b, t) -> np.ndarray:
    """Codes (m, k) on the straight line from a (k,) to b (k,) at t (m,): 0 is a, 1 is b, beyond them overshoots."""
    a, b, t = _ends(a, b, t)
    return (1 - t) * a + t * b


def slerp(a, b, t, centre=None) -> np.ndarray:
    """Codes (m, k) on the arc from a (k,) to b (k,) about ``centre`` (the origin), at t (m,) (Shoemake, 1985,
    doi:10.1145/325165.325242).

    The direction turns at constant speed and the length goes evenly from |a| to |b|, so both ends are exact and codes of a
    Gaussian prior keep their usual length on the way (White, 2016, arXiv:1609.04468). Where no arc is defined (an end at
    the centre, or ends that point the same or the opposite way) the line is taken.
    """
    a, b, t = _ends(a, b, t)
    centre = np.zeros_like(a) if centre is None else np.asarray(centre, float)
    u, v = a - centre, b - centre
    lengths = np.linalg.norm(u), np.linalg.norm(v)
    if min(lengths) < 1e-12:
        return lerp(a, b, t[:, 0])
    u, v = u / lengths[0], v / lengths[1]
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))    # exact for small and large angles alike
    if np.sin(angle) < 1e-6:
        return lerp(a, b, t[:, 0])
    turn = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    return centre + ((1 - t) * lengths[0] + t * lengths[1]) * turn


def _ends(a, b, t):
    a, b, t = np.asarray(a, float), np.asarray(b, float), np.atleast_1d(np.asarray(t, float))[:, None]
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"the ends have shapes {a.shape} and {b.shape}, expected two codes of the same length.")
    return a, b, t
