"""How near the points of a set are to one another, as ranks: a block of rows against all, so
that no n x n table is ever held.
"""

from __future__ import annotations

import threading

import numpy as np

# up to here ties are broken as scikit-learn's trustworthiness breaks them; beyond they share their
# mean rank
EXACT_ROWS = 20_000
# up to here by its very call, since equal rows of a product differ in the last digit by where they
# stand in it
_WHOLE_ROWS = 4000
# rows of many dimensions beyond which its search takes longer than all the rest
_WIDE_SEARCH = 4000
_COMPILED_ROWS = 10_000  # beyond, counting is worth loading the compiler for
_COLUMNS = 512  # of a product at a time, which stays in a core's cache
_KEPT = 64  # dimensions up to which the rows are held in double precision too
# distances of a block: work on a column is shared by all its rows, few rows stay near the processor
_BLOCK, _MOST = 1.6e6, 3.2e7
_SAMPLE = 4000  # of a row's distances, to tell about how far its nearest are


class Space:
    """The rows of a set, and who is near whom among them.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
        Rows.
    metric : {"euclidean", "cosine"}, default="euclidean"
        How rows are compared.
    nearest : dict of int to ndarray of shape (n, k), default=None
        Lists, by k, that take the place of those the distances give: a search that breaks ties in
        its own way, see :func:`searched`.
    exact : bool, default=True
        Ties fall as in scikit-learn's trustworthiness, up to ``EXACT_ROWS`` rows; else they share
        their mean rank.

    Attributes
    ----------
    n : int
        Number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.ranks import Space
    >>> block = Space(np.array([[0.0], [1.0], [3.0], [7.0]])).ranked(np.array([0, 3]))
    >>> block.nearest(2).tolist()
    [[1, 2], [2, 1]]
    >>> block.ranks(np.array([[3], [0]])).tolist()
    [[3.0], [3.0]]
    """

    def __init__(
        self,
        A,
        metric: str = "euclidean",
        nearest: dict[int, np.ndarray] | None = None,
        exact: bool = True,
    ):
        self.A, self.metric, self.lists = A, metric, nearest or {}
        self.n = A.shape[0]
        self.exact = exact and self.n <= EXACT_ROWS
        self._held = threading.local()
        if self.exact:
            self._whole = self._distances() if self.n <= _WHOLE_ROWS else None
        else:
            self._squared = _squares(directions(A) if metric == "cosine" else A)

    @property
    def block(self) -> int:
        """How many rows it pays to look from at once: more of wide ones, whose columns are
        worth more work.
        """
        wanted = _BLOCK * (4 if self.A.shape[1] > _KEPT else 1) / self.n
        return int(np.clip(max(wanted, min(16, _MOST / self.n)), 1, 256))

    def ranked(self, rows) -> RankedBlock:
        """These rows against all. It holds until this thread's next look at the space, which
        takes its memory.
        """
        if self.exact:
            return Exact(
                self, rows, self._distances(rows) if self._whole is None else self._whole[rows]
            )
        return RankedBlock(self, rows, self._squared(rows, self._table(len(rows))))

    def _distances(self, *rows) -> np.ndarray:
        from sklearn.metrics import pairwise_distances

        pair = [*(self.A[part] for part in rows), self.A]
        return pairwise_distances(*pair, metric=self.metric)

    def _table(self, b):
        held = getattr(self._held, "table", None)
        if held is None or len(held) < b:
            held = self._held.table = np.empty((b, self.n), np.float32)
        return held[:b]


def searched(A, ks, metric: str = "euclidean") -> dict[int, np.ndarray]:
    """Neighbours by the search scikit-learn's trustworthiness uses, where that is quick.

    So ties fall as they do there.

    Parameters
    ----------
    A : ndarray of shape (n, d)
        Rows.
    ks : tuple of int
        Numbers of neighbours.
    metric : {"euclidean", "cosine"}, default="euclidean"
        How rows are compared.

    Returns
    -------
    dict of int to ndarray of shape (n, k)
        Row numbers by k; empty where the search takes too long.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.ranks import searched
    >>> searched(np.array([[0.0], [1.0], [3.0]]), (1,))[1].ravel().tolist()
    [1, 0, 1]
    """
    from sklearn.neighbors import NearestNeighbors

    if len(A) > (EXACT_ROWS if A.shape[1] <= 3 else _WIDE_SEARCH):
        return {}
    return {
        k: NearestNeighbors(n_neighbors=k, metric=metric).fit(A).kneighbors(return_distance=False)
        for k in ks
    }


class RankedBlock:
    """A block of b rows against all n.

    Ranks begin at 1 and those of equal distances are their mean; the row itself has none.

    Parameters
    ----------
    space : Space
        The space.
    rows : ndarray of int of shape (b,)
        Numbers of the block's rows.
    D : ndarray of shape (b, n)
        Their distances in any increasing scale; equal rows may come out a rounding below zero. It
        is written to.
    """

    def __init__(self, space: Space, rows, D):
        self.space, self.rows, self.each, self.D = space, rows, np.arange(len(rows))[:, None], D
        D[self.each[:, 0], rows] = np.inf
        self.listed = np.empty((len(rows), 0), np.int64)

    def nearest(self, k: int) -> np.ndarray:
        """The k nearest other rows (b, k), the nearest first."""
        if k in self.space.lists:
            return self.space.lists[k][self.rows]
        if self.listed.shape[1] < k:
            self.listed = np.array(
                [_nearest(d, border, k) for d, border in zip(self.D, self._borders(k))]
            )
        return self.listed[:, :k]

    def _borders(self, k):
        """Distances (b,) that most likely have the k nearest within and few others."""
        step = max(1, self.space.n // _SAMPLE)
        among = k / step
        place = min(int(among + 3 * among**0.5) + 2, (self.space.n - 1) // step)
        return np.partition(self.D[:, ::step], place, axis=1)[:, place]

    def at(self, J) -> np.ndarray:
        """Distances (b, m) of the rows J (b, m)."""
        return np.maximum(self.D[self.each, J], 0)

    def ranks(self, J: np.ndarray) -> np.ndarray:
        """Ranks (b, m) of the rows J (b, m)."""
        nearer, upto = counted(self.D, self.at(J))
        return (nearer + 1 + upto) / 2

    def as_near(self, J: np.ndarray, k: int) -> np.ndarray:
        """Whether each of J (b, m) is no farther than the k-th nearest: ties are let in."""
        return self.at(J) <= self.at(self.nearest(k)).max(1, keepdims=True)

    def all_ranks(self, count: int) -> np.ndarray:
        """Ranks of all rows for the first ones of the block; ties in any order.

        Parameters
        ----------
        count : int
            How many rows of the block.

        Returns
        -------
        ndarray of int32 of shape (count, n)
            0 for the row itself.
        """
        found = np.empty((count, self.space.n), np.int32)
        found[self.each[:count], np.argsort(self.D[:count], axis=1)] = np.arange(
            1, self.space.n + 1, dtype=np.int32
        )
        found[self.each[:count, 0], self.rows[:count]] = 0
        return found


class Exact(RankedBlock):
    """A block of rows by the very distances of ``sklearn.manifold.trustworthiness``.

    Where some are equal, ranks are by its very sort, so that ties fall as they do there. See
    :class:`RankedBlock`.

    Parameters
    ----------
    space, rows, D
        As of :class:`RankedBlock`.
    """

    def ranks(self, J):
        nearer, upto = counted(self.D, self.at(J))
        found = upto.astype(np.float64)
        for row in np.flatnonzero((upto > nearer + 1).any(1)):
            place = np.empty(self.space.n, np.int32)
            place[np.argsort(self.D[row])] = np.arange(1, self.space.n + 1, dtype=np.int32)
            found[row] = place[J[row]]
        return found


def counted(D, T) -> tuple[np.ndarray, np.ndarray]:
    """How many of each row's distances lie below, and do not lie above, some values.

    Parameters
    ----------
    D : ndarray of shape (b, n)
        Distances, those below zero taken as zero.
    T : ndarray of shape (b, m)
        Values, none below zero.

    Returns
    -------
    below, upto : ndarray of int32 of shape (b, m)
        Counts.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.ranks import counted
    >>> below, upto = counted(np.array([[0.0, 1.0, 1.0, 5.0]]), np.array([[1.0, 3.0]]))
    >>> below.tolist(), upto.tolist()
    ([[1, 3]], [[3, 3]])
    """
    order = np.argsort(T, axis=1)
    sorted_ = np.take_along_axis(T, order, 1)
    below, upto = (_by_one_pass if D.shape[1] > _COMPILED_ROWS else _by_sorting)(D, sorted_)
    found = np.empty(T.shape, np.int32), np.empty(T.shape, np.int32)
    for into, numbers in zip(found, (below, upto)):
        np.put_along_axis(into, order, numbers, 1)
    return found


def _by_sorting(D, T) -> tuple[np.ndarray, np.ndarray]:
    rows = [np.sort(np.maximum(d, 0)) for d in D]
    below, upto = (
        np.array([np.searchsorted(d, t, side) for d, t in zip(rows, T)])
        for side in ("left", "right")
    )
    return below, upto


def _by_one_pass(D, T) -> tuple[np.ndarray, np.ndarray]:
    from .counting import MOST, count

    # numbers that are not negative are ordered as their bits; -0 + 0 is 0
    whole, T = np.dtype(f"i{D.itemsize}"), T + 0
    below, upto = np.empty(T.shape, np.int32), np.empty(T.shape, np.int32)
    for s in range(0, T.shape[1], MOST):
        part = slice(s, s + MOST)
        count(
            D.view(whole),
            np.ascontiguousarray(T[:, part]).view(whole),
            below[:, part],
            upto[:, part],
        )
    return below, upto


def _nearest(d, border, k):
    near = np.flatnonzero(d <= border)
    if not k <= len(near) <= 20 * k + _SAMPLE:
        near = np.flatnonzero(d <= np.partition(d, k - 1)[k - 1])
    return near[np.argsort(np.maximum(d[near], 0), kind="stable")[:k]]


def directions(A):
    """Rows scaled to length 1; zero rows stay.

    Their Euclidean distances are ordered as their cosine distances.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
        Rows.

    Returns
    -------
    ndarray or CSR matrix of shape (n, d)

    Examples
    --------
    >>> from lvm_core.metrics.maps.ranks import directions
    >>> directions([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    from sklearn.preprocessing import normalize

    return normalize(A)


def _squares(A):
    """A function of row numbers and a float32 table (b, n) that fills it with squared distances
    from those rows to all, and returns it. Products are in double precision, about the mean:
    tight groups far from the origin keep their order.
    """
    if hasattr(A, "indptr"):
        return _by_sparse_products(A.astype(np.float64))
    if A.shape[1] <= 3:
        return _by_differences(A - A.mean(0, dtype=np.float64))
    return (_by_kept_products if A.shape[1] <= _KEPT else _by_products)(
        A, A.mean(0, dtype=np.float64)
    )


def _by_differences(A):
    from .counting import differences

    columns = np.ascontiguousarray(A.T, np.float32)

    def squared(rows, D):
        differences(columns, rows, D)
        return D

    return squared


def _by_kept_products(A, centre):
    A = A - centre
    norms, ones = np.einsum("ij,ij->i", A, A)[:, None], np.ones((len(A), 1))
    left, right = (
        np.hstack([-2 * A, norms, ones]),
        np.ascontiguousarray(np.hstack([A, ones, norms]).T),
    )

    def squared(rows, D):
        a = left[rows]
        for s in range(0, len(A), _COLUMNS):
            D[:, s : s + _COLUMNS] = a @ right[:, s : s + _COLUMNS]
        return D

    return squared


def _by_products(A, centre):
    def squared(rows, D):
        a = A[rows] - centre
        norms = np.einsum("ij,ij->i", a, a)[:, None]
        for s in range(0, len(A), _COLUMNS):
            b = A[s : s + _COLUMNS] - centre
            D[:, s : s + _COLUMNS] = norms + np.einsum("ij,ij->i", b, b) - 2 * (a @ b.T)
        return D

    return squared


def _by_sparse_products(A):
    norms, turned = np.asarray(A.multiply(A).sum(1)).ravel(), A.T.tocsr()

    def squared(rows, D):
        D[:] = norms[rows, None] + norms - 2 * (A[rows] @ turned).toarray()
        return D

    return squared
