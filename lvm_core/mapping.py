"""Placing many rows on a map that was found on some of them."""

from __future__ import annotations

import numpy as np

from .latent.neighbours import nearest, nearest_by_cells
from .progress import OnStep, Reporter
from .projections.base import Projection

_BATCH = 20_000             # rows placed between two reports
_EXACT_PAIRS = 2e9          # comparisons beyond which neighbours are looked for in cells only: about three seconds
_FEW = 500                  # fitted rows that are enough when somebody is waiting for the end


def place_rest(Z: np.ndarray, rows: np.ndarray, projection: Projection, on_step: OnStep | None = None) -> tuple[np.ndarray, str]:
    """Positions (n, c) of all rows of Z (n, k) on a map fitted on ``rows``, and how the others were placed, in words.

    By formula where the map is one; otherwise as :meth:`Projection.settle` does with their nearest fitted rows, found exactly, or
    nearly always where there are too many to compare all. Stopped, the rows still to come go by a few fitted rows only.
    """
    if projection.exact:
        return projection.transform(Z), "by the map's formula"
    positions = np.empty((len(Z), projection.embedding_.shape[1]), projection.embedding_.dtype)
    positions[rows] = projection.embedding_
    rest = np.setdiff1d(np.arange(len(Z)), rows, assume_unique=True)
    known = projection._compared(projection.codes_)
    exact = len(rest) * len(rows) <= _EXACT_PAIRS
    search = nearest if exact else nearest_by_cells(known)
    how = projection.settled + ("" if exact else " (neighbours looked for nearby only)")
    report = Reporter(on_step, len(rest), "placing the rest")
    for s in range(0, len(rest), _BATCH):
        batch = rest[s:s + _BATCH]
        positions[batch] = projection.settle(*search(projection._compared(Z[batch].astype(known.dtype, copy=False)), known, projection.settled_by))
        if report(min(s + _BATCH, len(rest))) and s + _BATCH < len(rest):
            few = np.sort(np.random.RandomState(0).choice(len(rows), min(_FEW, len(rows)), replace=False))
            left = rest[s + _BATCH:]
            for t in range(0, len(left), _BATCH):
                batch = left[t:t + _BATCH]
                positions[batch] = projection.embedding_[few[nearest(projection._compared(Z[batch].astype(known.dtype, copy=False)), known[few], 1)[1][:, 0]]]
            return positions, f"{how}; the last {len(left):,}, when it was stopped, at the nearest of {len(few)} items"
    return positions, how
