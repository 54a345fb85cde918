"""True nearness of all points to one, quick enough to follow a pointer."""

from __future__ import annotations

import numpy as np

LEVELS = 250  # the byte of the nearest; 0 is that of the farthest
_QUICK = 4e6  # numbers compared while a pointer moves: a few milliseconds
# dimensions beyond which differences, exact for near points, would take too long
_WIDE = 64
_BINS = 2**16


class QueryDistances:
    """True distances and ranks of all points to one, quick enough to follow a pointer.

    Parameters
    ----------
    A : array-like of shape (n, d)
        Points, in an order of which every beginning is a fair sample.

    Attributes
    ----------
    A : ndarray of shape (n, d)
        The points, float32.
    norms : ndarray of shape (n,) or None
        Squared lengths; None up to 64 dimensions, where distances are computed from differences.

    Examples
    --------
    >>> from lvm_core.latent.distances import QueryDistances
    >>> near = QueryDistances([[0.0], [3.0], [1.0], [10.0]])
    >>> near.distances(0).tolist()
    [0.0, 3.0, 1.0, 10.0]
    >>> near.ranks(0).tolist()
    [0, 2, 1, 3]
    >>> near.nearness(0).tolist()
    [250, 92, 250, 0]
    """

    def __init__(self, A):
        self.A = np.ascontiguousarray(A, np.float32)
        self.norms = np.einsum("ij,ij->i", self.A, self.A) if self.A.shape[1] > _WIDE else None

    @property
    def quick_rows(self) -> int:
        """How many of the first points are answered within a few milliseconds."""
        return int(min(len(self.A), max(_QUICK // self.A.shape[1], 1000)))

    def distances(self, i: int, m: int | None = None) -> np.ndarray:
        """Euclidean distances (m,) of the first m points (all when None) from point i, float32."""
        A, a = self.A[:m], self.A[i]
        if self.norms is None:
            D = A - a
            squared = np.einsum("ij,ij->i", D, D)
        else:
            squared = np.maximum(self.norms[:m] + self.norms[i] - 2 * (A @ a), 0)
        if i < len(squared):
            squared[i] = 0
        return np.sqrt(squared)

    def ranks(self, i: int) -> np.ndarray:
        """How many points are nearer to point i than each (n,), itself counted: 0 for i, 1 for
        its nearest; ties go to the earlier point.
        """
        d = self.distances(i)
        d[i] = -1
        found = np.empty(len(d), np.int64)
        found[np.argsort(d, kind="stable")] = np.arange(len(d))
        return found

    def nearness(self, i: int, m: int | None = None) -> np.ndarray:
        """A byte for each of the first m points: ``LEVELS`` for the nearest to point i, 0 for
        the farthest, falling with the logarithm of how many points are nearer: each tenfold
        number of nearer points costs the same. Fewer than all stand for all.
        """
        d = self.distances(i, m)
        n, farthest = len(self.A), float(d.max())
        bins = (d * np.float32((_BINS - 1) / farthest if farthest else 0)).astype(np.uint16)
        nearer = np.cumsum(np.bincount(bins, minlength=_BINS)) * (n / len(d))
        share = np.log(np.clip(nearer - 1, 1, None)) / np.log(max(n - 1, 2))
        return np.rint(LEVELS * (1 - np.minimum(share, 1))).astype(np.uint8)[bins]
