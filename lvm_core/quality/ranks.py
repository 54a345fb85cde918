"""How near the points of a set are to one another, as ranks: a block of rows against all, so that no n x n table is ever held."""

from __future__ import annotations

import numpy as np

EXACT_ROWS = 10_000     # up to here ties are broken as scikit-learn's trustworthiness breaks them; beyond they share their mean rank
_COLUMNS = 2048         # of a product at a time, which stays in a core's cache
_EXACT_PRODUCTS = 64    # dimensions up to which distances are found in double precision: tight groups far from the origin keep their order


class Space:
    """The rows of A (n, d), dense or CSR, and who is near whom among them by ``metric`` (euclidean or cosine). ``nearest`` (n, k) lists, by
    k, take the place of those the distances give: a search that breaks ties in its own way."""

    def __init__(self, A, metric: str = "euclidean", nearest: dict[int, np.ndarray] | None = None):
        self.A, self.metric, self.lists = A, metric, nearest or {}
        self.n = A.shape[0]
        self.exact = self.n <= EXACT_ROWS
        if not self.exact:
            self._squared = _squares(directions(A) if metric == "cosine" else A)

    def look(self, rows) -> Exact | Quick:
        """These rows against all."""
        return Exact(self, rows) if self.exact else Quick(self, rows)


class Exact:
    """A block of b rows against all n, by the very distances and the very sort of ``sklearn.manifold.trustworthiness``, so that ties
    fall as they do there. Ranks begin at 1; the row itself has none."""

    def __init__(self, space: Space, rows):
        from sklearn.metrics import pairwise_distances

        self.space, self.rows, self.each = space, rows, np.arange(len(rows))[:, None]
        self.D = pairwise_distances(space.A[rows], space.A, metric=space.metric)
        self.D[self.each[:, 0], rows] = np.inf
        self.order = np.argsort(self.D, axis=1)
        self.place = np.empty(self.order.shape, np.int32)
        self.place[self.each, self.order] = np.arange(1, space.n + 1, dtype=np.int32)

    def nearest(self, k: int) -> np.ndarray:
        """The k nearest other rows (b, k), the nearest first."""
        return self.space.lists[k][self.rows] if k in self.space.lists else self.order[:, :k]

    def ranks(self, J: np.ndarray) -> np.ndarray:
        """Ranks (b, m) of the rows J (b, m)."""
        return self.place[self.each, J]

    def as_near(self, J: np.ndarray, k: int) -> np.ndarray:
        """Whether each of J (b, m) is no farther than the k-th nearest: ties are let in."""
        return self.D[self.each, J] <= self.D[self.each, self.order[:, k - 1:k]]

    def all_ranks(self) -> np.ndarray:
        """Ranks (b, n) of all rows, 0 for the row itself."""
        found = self.place.copy()
        found[self.each[:, 0], self.rows] = 0
        return found


class Quick:
    """The same by sorting each row's distances, several times quicker than sorting its indices; equal distances share their mean rank."""

    def __init__(self, space: Space, rows):
        self.rows, self.each = rows, np.arange(len(rows))[:, None]
        self.D = space._squared(rows)
        self.D[self.each[:, 0], rows] = -np.inf     # the row itself, before all
        self.sorted = np.empty_like(self.D)
        for row, d in zip(self.sorted, self.D):     # a row at a time stays in a core's cache
            row[:] = d
            row.sort()
        self.listed = np.empty((len(rows), 0), np.int64)

    def nearest(self, k):
        if self.listed.shape[1] < k:
            self.listed = np.empty((len(self.D), k), np.int64)
            for row, d, border in zip(self.listed, self.D, self.sorted[:, k]):
                near = np.flatnonzero(d <= border)
                row[:] = near[np.argsort(d[near], kind="stable")[1:k + 1]]
        return self.listed[:, :k]

    def ranks(self, J):
        at, found = self.D[self.each, J], np.empty(J.shape, np.float64)
        for row, d, wanted in zip(found, self.sorted, at):
            first = np.searchsorted(d, wanted)
            row[:] = (first + np.searchsorted(d, wanted, "right") - 1) / 2
        return found

    def as_near(self, J, k):
        return self.D[self.each, J] <= self.sorted[:, k:k + 1]

    def all_ranks(self):
        found = np.empty(self.D.shape, np.int32)
        found[self.each, np.argsort(self.D, axis=1)] = np.arange(self.D.shape[1], dtype=np.int32)
        return found


def directions(A):
    """The rows of A scaled to length 1 (zero rows stay): their Euclidean distances are ordered as their cosine distances."""
    from sklearn.preprocessing import normalize

    return normalize(A)


def _squares(A):
    """A function of row numbers: float32 squared distances (b, n) from those rows to all; equal rows may come out a rounding below zero."""
    if hasattr(A, "indptr"):
        return _by_products(A, np.asarray(A.multiply(A).sum(1)).ravel())
    if A.shape[1] <= _EXACT_PRODUCTS:
        centred = A - A.mean(0, dtype=np.float64)
        return _by_differences(np.ascontiguousarray(centred.T, np.float32)) if A.shape[1] <= 3 else _by_exact_products(centred)
    return _by_products(A, np.einsum("ij,ij->i", A, A))


def _by_differences(columns):
    def squared(rows):
        D, gap = np.empty((len(rows), columns.shape[1]), np.float32), np.empty(columns.shape[1], np.float32)
        for row, i in zip(D, rows):
            np.subtract(columns[0], columns[0, i], out=row)
            np.square(row, out=row)
            for column in columns[1:]:
                np.subtract(column, column[i], out=gap)
                np.square(gap, out=gap)
                row += gap
        return D
    return squared


def _by_exact_products(A):
    norms, ones = np.einsum("ij,ij->i", A, A)[:, None], np.ones((len(A), 1))
    left, right = np.hstack([-2 * A, norms, ones]), np.ascontiguousarray(np.hstack([A, ones, norms]).T)

    def squared(rows):
        a, D = left[rows], np.empty((len(rows), len(A)), np.float32)
        for s in range(0, len(A), _COLUMNS):
            D[:, s:s + _COLUMNS] = a @ right[:, s:s + _COLUMNS]
        return D
    return squared


def _by_products(A, norms):
    def squared(rows):
        D = A[rows] @ A.T
        D = D.toarray() if hasattr(D, "toarray") else D
        D *= -2
        D += norms
        D += norms[rows, None]
        return D.astype(np.float32, copy=False)
    return squared
