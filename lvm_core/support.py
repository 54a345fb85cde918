"""How usual a code is: whether a model has seen anything like it."""

from __future__ import annotations

import numpy as np

from .neighbours import nearest, nearest_others

_REFERENCE = 5000       # rows whose own distances make the scale


class Support:
    """Distances to the k nearest training codes, as a percentile of the training codes' own.

    ``codes`` (n, k'): the training codes. The scale is the mean distance of a training code to its k nearest others, on at
    most 5000 of them, drawn by ``random_state``.
    """

    def __init__(self, codes, k: int = 5, random_state: int = 0):
        self.codes = np.asarray(codes, np.float32)
        n = len(self.codes)
        self.k = max(1, min(k, n - 1))
        if n <= _REFERENCE:
            distances = nearest_others(self.codes, self.k)[0]
        else:
            rows = np.random.RandomState(random_state).choice(n, _REFERENCE, replace=False)
            distances = nearest(self.codes[rows], self.codes, self.k + 1)[0][:, 1:]
        self.scale = np.sort(distances.mean(1))

    def nearest(self, Z, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Distances (m, k) and row numbers (m, k) of the training codes nearest to Z (m, k')."""
        return nearest(Z, self.codes, min(k, len(self.codes)))

    def percentile(self, Z) -> np.ndarray:
        """(m,): the share of training codes, 0 to 100, that lie closer to their neighbours than Z (m, k') does to its own.
        100 means farther out than any of them."""
        distance = self.nearest(Z, self.k)[0].mean(1)
        return 100.0 * np.searchsorted(self.scale, distance, side="left") / len(self.scale)


def words(percentile: float) -> str:
    """The percentile in plain words."""
    if percentile <= 90:
        return "usual"
    return "unusual" if percentile < 100 else "far from anything seen"
