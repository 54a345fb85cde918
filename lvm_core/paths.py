"""Paths between two codes: the straight line and the great arc. Shapes: a, b (k,), t a number or (steps,) -> (k,) or (steps, k)."""

from __future__ import annotations

import numpy as np


def lerp(a, b, t) -> np.ndarray:
    """The straight line: ``(1 - t) a + t b``. t outside [0, 1] goes beyond the ends."""
    a, b, t = _ends(a, b, t)
    return (1 - t) * a + t * b


def slerp(a, b, t, mean=None) -> np.ndarray:
    """The great arc from a to b about ``mean`` (the origin when None), its radius going evenly from one end's to the other's.

    Spherical linear interpolation (Shoemake, 1985, doi:10.1145/325165.325242), for codes as White (2016,
    arXiv:1609.04468): under a Gaussian prior typical codes lie near a sphere, and the straight line leaves it. The line
    is taken where an arc is not defined: an end at the centre, or both in the same or opposite directions.
    Beyond the ends it goes on along the circle; the radius stays at or above zero.
    """
    a, b, t = _ends(a, b, t)
    centre = np.zeros_like(a) if mean is None else np.asarray(mean, np.float64)
    u, v = a - centre, b - centre
    size = max(np.abs(u).max(), np.abs(v).max()) or 1.0         # so that squares neither overflow nor vanish
    p, q = np.linalg.norm(u / size), np.linalg.norm(v / size)
    if min(p, q) < 1e-12:
        return lerp(a, b, t[..., 0])
    u, v = u / size / p, v / size / q
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))    # Kahan's: accurate for small and flat angles
    if np.sin(angle) < 1e-6:
        return lerp(a, b, t[..., 0])
    radius = np.maximum((1 - t) * p + t * q, 0) * size
    arc = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    return np.where(t == 0, a, np.where(t == 1, b, centre + radius * arc))  # the ends to the last bit


PATHS = {"lerp": lerp, "slerp": slerp}


def _ends(a, b, t):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"the ends have shapes {a.shape} and {b.shape}, expected two codes of one length.")
    return a, b, np.asarray(t, np.float64)[..., None]
