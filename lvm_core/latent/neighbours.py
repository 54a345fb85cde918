"""Nearest neighbours, and placing new points by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

# measured on two cores: exact search does 7e8 pairs a second, so half a minute; descent compiles
# that long
EXACT_PAIRS = 2e10
_AT_ONCE = 1_000_000  # numbers of a comparison without any search: what a dragged point waits for
# candidates beyond k, so that rounding in the fast search cannot drop a true neighbour
_SPARE = 8


def nearest(Q, X, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of X nearest to each row of Q.

    Exact, ties going to the lower index, so a row's answer does not depend on its batch. Only X
    among itself, ``nearest(X, X, k)``, beyond ``EXACT_PAIRS`` pairs (140 000 rows) goes by
    nearest-neighbour descent [1]_, which finds nearly all.

    Parameters
    ----------
    Q : array-like of shape (m, d)
        Queries.
    X : array-like of shape (n, d)
        Rows to search.
    k : int
        How many; cut to n.

    Returns
    -------
    D : ndarray of shape (m, k)
        Euclidean distances, ascending.
    I : ndarray of shape (m, k)
        Row numbers in X.

    References
    ----------
    .. [1] Dong, Moses & Li (2011), doi:10.1145/1963405.1963487.

    Examples
    --------
    >>> from lvm_core.latent.neighbours import nearest
    >>> D, I = nearest([[0.0]], [[3.0], [1.0], [-2.0]], 2)
    >>> D.tolist(), I.tolist()
    ([[1.0, 2.0]], [[1, 2]])
    """
    among_itself = Q is X
    X = np.asarray(X, np.float64)
    Q = X if among_itself else np.asarray(Q, np.float64)
    k = min(k, len(X))
    if among_itself and len(X) ** 2 > EXACT_PAIRS:
        return _descent(X, k)
    if len(Q) * X.size <= _AT_ONCE:
        return _among_all(Q, X, k)
    from sklearn.neighbors import NearestNeighbors

    # the fast search squares coordinates: far from the origin it would lose its digits
    centre = X.mean(0)
    m = min(k + _SPARE, len(X))
    rough = (
        NearestNeighbors(n_neighbors=m, algorithm="brute")
        .fit(X - centre)
        .kneighbors(Q - centre, return_distance=False)
    )
    D, I = _sort(_distances(Q, X, rough), rough)
    if m < len(X):
        blur = 1e-12 * max(np.square(X - centre).sum(1).max(), np.square(Q - centre).sum(1).max())
        tied = np.flatnonzero(D[:, -1] ** 2 <= D[:, k - 1] ** 2 * (1 + 1e-9) + blur)
        D, I = D[:, :k].copy(), I[:, :k].copy()
        if len(tied):
            D[tied], I[tied] = _exhaustive(Q[tied], X, k)
    return D[:, :k], I[:, :k]


def nearest_others(X, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of X nearest to each row of X, without the row itself.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    k : int
        How many, at most n - 1.

    Returns
    -------
    D, I : ndarray of shape (n, k)
        Distances and row numbers, as of :func:`nearest`.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.neighbours import nearest_others
    >>> D, I = nearest_others(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> D.ravel().tolist(), I.ravel().tolist()
    ([1.0, 1.0, 2.0], [1, 0, 1])
    """
    D, I = nearest(X, X, k + 1)
    own = I == np.arange(len(X))[:, None]
    own[~own.any(1), -1] = True  # among many duplicates the row itself may not be listed
    shape = len(X), I.shape[1] - 1
    return D[~own].reshape(shape), I[~own].reshape(shape)


Search = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def nearest_by_cells(X, probes: int = 8) -> Search:
    """A search for very many queries, which looks only into the cells nearest to each.

    An inverted file [1]_: k-means makes about sqrt(n) cells. It finds nearly all neighbours; those
    it misses lie across the cells' border.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows to search.
    probes : int, default=8
        Cells looked into, those nearest to the query's own.

    Returns
    -------
    callable
        ``search(Q, X, k)``, with the results of :func:`nearest`; its second argument is not used.

    References
    ----------
    .. [1] Jegou, Douze & Schmid (2011), doi:10.1109/TPAMI.2010.57.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.neighbours import nearest_by_cells
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> D, I = nearest_by_cells(X)(X[:3], X, 2)
    >>> I[:, 0].tolist()
    [0, 1, 2]
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances_argmin

    X = np.ascontiguousarray(X, np.float32)
    once = cast(Any, 1)  # pyright takes it for a str, from its default
    cells = KMeans(max(1, round(len(X) ** 0.5)), n_init=once, max_iter=10, random_state=0).fit(X)
    centres = cells.cluster_centers_
    members = [np.flatnonzero(cells.labels_ == c) for c in range(len(centres))]
    around = nearest(centres, centres, probes)[1]

    def search(Q, _, k):
        Q = np.ascontiguousarray(Q, np.float32)
        own = pairwise_distances_argmin(Q, centres)
        D, I = np.empty((len(Q), k)), np.empty((len(Q), k), int)
        order = np.argsort(own, kind="stable")
        bounds = np.searchsorted(own[order], np.arange(len(centres) + 1))
        for c in np.flatnonzero(np.diff(bounds)):
            rows, near = (
                order[bounds[c] : bounds[c + 1]],
                np.concatenate([members[a] for a in around[c]]),
            )
            D[rows], I[rows] = _few(Q[rows], X, near if len(near) >= k else np.arange(len(X)), k)
        return D, I

    return search


def _few(Q, X, near, k):
    """Neighbours among the listed rows of X, single precision up to the final distances."""
    there = X[near]
    squares = np.square(there).sum(1) - 2 * Q @ there.T
    at = (
        np.argpartition(squares, k - 1, axis=1)[:, :k]
        if k < len(near)
        else np.tile(np.arange(len(near)), (len(Q), 1))
    )
    I = near[at]
    return _sort(_distances(Q, X, I), I)


def interpolate(Q, X, values, k: int = 10, search: Search = nearest) -> np.ndarray:
    """Values for queries, carried over from their nearest rows.

    A weighted mean with weights ``((R - r_i) / (R r_i))^2``, r_i the distances and R the distance
    of neighbour k + 1: Shepard's method as made local by Franke & Nielson [1]_. R follows the local
    scale; a row of X gets its own value back exactly (the mean of them where rows coincide); the
    result moves continuously with the query, since a neighbour's weight is zero when it enters or
    leaves, and stays within the values' range.

    Parameters
    ----------
    Q : array-like of shape (m, d)
        Queries.
    X : array-like of shape (n, d)
        Rows.
    values : array-like of shape (n, c)
        Their values.
    k : int, default=10
        Neighbours that count.
    search : callable, default=nearest
        Finds the neighbours, as :func:`nearest` does.

    Returns
    -------
    ndarray of shape (m, c)
        In the values' dtype.

    References
    ----------
    .. [1] Franke & Nielson (1980), doi:10.1002/nme.1620151110.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.neighbours import interpolate
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> interpolate([[1.0], [1.5]], X, X * 10, k=2).tolist()
    [[10.0], [15.0]]
    """
    values = np.asarray(values)
    D, I = search(Q, X, k + 1)
    reach = D[:, -1:] if len(X) > k else 2 * D[:, -1:]
    first, tiny = D[:, :1], np.finfo(float).tiny
    weights = (
        np.maximum(reach - D, 0) / np.maximum(reach, tiny) * (first / np.maximum(D, tiny))
    ) ** 2
    # all neighbours equally far: a plain mean
    weights[weights.sum(1) <= 0] = 1.0
    exact = first[:, 0] == 0
    weights[exact] = D[exact] == 0
    weights /= weights.sum(1, keepdims=True)
    mean = cast(np.ndarray, sum(w[:, None] * values[i] for w, i in zip(weights.T, I.T)))
    return mean.astype(values.dtype)


def _among_all(Q, X, k):
    """Neighbours from every distance: quicker than any search when there are few."""
    D = np.sqrt(np.square(Q[:, None] - X).sum(2))
    if k < D.shape[1]:
        border = np.partition(D, k - 1, axis=1)[:, k - 1 : k]
        if (D <= border).sum() == k * len(D):  # no ties at the border
            I = np.nonzero(D <= border)[1].reshape(len(D), k)
            return _sort(np.take_along_axis(D, I, 1), I)
    I = np.argsort(D, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(D, I, 1), I


def _distances(Q, X, I) -> np.ndarray:
    """Distances (m, k) from each row of Q to its listed rows of X, by differences: zero for
    equal rows, whatever the batch.
    """
    step = max(1, int(4e6 / (I.shape[1] * X.shape[1])))
    parts = [
        np.sqrt(np.square(Q[s : s + step, None] - X[I[s : s + step]]).sum(2))
        for s in range(0, len(Q), step)
    ]
    return np.concatenate(parts) if parts else np.empty(I.shape)


def _sort(D, I):
    order = np.lexsort((I, D))
    return np.take_along_axis(D, order, 1), np.take_along_axis(I, order, 1)


def _exhaustive(Q, X, k):
    """Neighbours of rows with more ties than the fast search can order; equal queries are
    answered once.
    """
    from scipy.spatial.distance import cdist

    Q, back = np.unique(Q, axis=0, return_inverse=True)
    I = np.empty((len(Q), k), int)
    step = max(1, int(4e6 / len(X)))
    for s in range(0, len(Q), step):
        for row, d in enumerate(cdist(Q[s : s + step], X), s):
            border = np.partition(d, k - 1)[k - 1]
            I[row] = np.concatenate([np.flatnonzero(d < border), np.flatnonzero(d == border)])[:k]
    D, I = _sort(_distances(Q, X, I), I)
    return D[back.ravel()], I[back.ravel()]


def _descent(X, k):
    from pynndescent import NNDescent

    found = NNDescent(X.astype(np.float32), n_neighbors=k + _SPARE, random_state=0)
    I = cast(Any, found.neighbor_graph)[0].astype(int)
    I = np.where(I < 0, np.arange(len(X))[:, None], I)  # -1 marks a neighbour not found
    D, I = _sort(_distances(X, X, I), I)
    return D[:, :k], I[:, :k]
