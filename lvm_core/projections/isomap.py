"""Isometric feature mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..latent.neighbours import nearest_others
from ..params import param
from ..progress import Reporter
from .base import Projection
from .identity import pad

# parts in which the shortest paths are found, so that it can be watched and stopped
_SHARES = 20


@dataclass(repr=False, eq=False)
class Isomap(Projection):
    """Isomap [1]_: a bent sheet is rolled out.

    The distance of two points is the length of the shortest path along the graph of each point's
    ``n_neighbors`` nearest; the map is classical scaling of these lengths: the leading eigenvectors
    of ``-H D^2 H / 2``, times the roots of their eigenvalues. Parts of the graph that hang apart
    are joined by the shortest line between them, as scikit-learn does. Paths between all points and
    an eigenproblem of their number: the app fits it on at most 3 000. Stopped while it looks for
    paths, it returns the principal components.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    n_neighbors : int, default=10
        Steps a path may take from each point: more are shortcuts, fewer tear it.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    random_state : int or None, default=0
        Not used: nothing here is random.

    Attributes
    ----------
    parts_ : int
        How many parts the graph had.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] Tenenbaum, de Silva & Langford (2000), doi:10.1126/science.290.5500.2319.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.isomap import Isomap
    >>> angle = np.linspace(0, 4, 80)
    >>> isomap = Isomap(1, n_neighbors=4).fit(np.c_[np.cos(angle), np.sin(angle)])
    >>> isomap.parts_, round(float(np.ptp(isomap.embedding_)), 1)
    (1, 4.0)
    """

    title: ClassVar[str] = "Isomap"
    paper: ClassVar[str] = "Tenenbaum, de Silva & Langford"
    year: ClassVar[int] = 2000
    list_order: ClassVar[int] = 60
    link: ClassVar[str] = "https://doi.org/10.1126/science.290.5500.2319"
    summary: ClassVar[str] = (
        "Rolls out a bent sheet: distances are walked along the data. Good for one continuous "
        "shape, poor for separate groups."
    )
    iterative: ClassVar[bool] = True
    min_rows: ClassVar[int] = 3
    most_rows: ClassVar[int] = 3_000

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    n_neighbors: int = param(
        10,
        low=2,
        high=200,
        log=True,
        label="Neighbours",
        help="Steps a path may take from each point: more are shortcuts, fewer tear it.",
    )
    metric: str = param(
        "euclidean",
        choices=("euclidean", "cosine"),
        help="Compare codes by distance, or by direction only (cosine).",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Not used: nothing here is random."
    )

    def _fit(self, Z, rng, on_step):
        from scipy.linalg import eigh
        from scipy.sparse.csgraph import dijkstra

        Z, n = np.asarray(self._compared(Z), np.float64), len(Z)
        unit = Z.std(0).max()
        graph, self.parts_ = _graph((Z - Z.mean(0)) / unit, min(self.n_neighbors, n - 1))
        D, report = np.empty((n, n)), Reporter(on_step, _SHARES)
        for share, rows in enumerate(np.array_split(np.arange(n), min(_SHARES, n)), 1):
            D[rows] = dijkstra(graph, directed=False, indices=rows)
            if report(share):
                self.stopped_ = True
                from .pca import PCA

                return PCA(self.n_components).fit_transform(Z)
        B = np.square(np.minimum(D, D.T))
        B = -0.5 * (B - B.mean(0) - B.mean(1)[:, None] + B.mean())
        c = min(self.n_components, n)
        values, vectors = eigh(B, subset_by_index=(n - c, n - 1))
        return (
            pad(upright(vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0))), self.n_components)
            * unit
        )


def _graph(Z, k: int):
    """The undirected graph of k nearest neighbours, in one piece, and how many pieces it had
    before.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial.distance import cdist

    n = len(Z)
    distances, indices = nearest_others(Z, k)
    # equal points are neighbours too; a zero would be no edge
    distances = np.maximum(distances, 1e-12)
    rows, columns, lengths = np.repeat(np.arange(n), k), indices.ravel(), distances.ravel()
    parts, part = connected_components(
        csr_array((lengths, (rows, columns)), shape=(n, n)), directed=False
    )
    bridges = []
    for a in range(parts):
        for b in range(a):
            i, j = np.flatnonzero(part == a), np.flatnonzero(part == b)
            D = cdist(Z[i], Z[j])
            at = np.unravel_index(D.argmin(), D.shape)
            bridges.append((i[at[0]], j[at[1]], max(D[at], 1e-12)))
    if bridges:
        more = np.array(bridges)
        rows, columns, lengths = (
            np.r_[rows, more[:, 0].astype(int)],
            np.r_[columns, more[:, 1].astype(int)],
            np.r_[lengths, more[:, 2]],
        )
    graph = csr_array((lengths, (rows, columns)), shape=(n, n))
    return graph.maximum(graph.T), parts


def upright(P: np.ndarray) -> np.ndarray:
    """Positions with the sign of every axis such that its largest value is positive.

    Solvers leave the sign open.

    Parameters
    ----------
    P : ndarray of shape (n, c)
        Positions.

    Returns
    -------
    ndarray of shape (n, c)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.isomap import upright
    >>> upright(np.array([[1.0, 2.0], [-3.0, 1.0]])).tolist()
    [[-1.0, 2.0], [3.0, 1.0]]
    """
    return P * np.where(P[np.abs(P).argmax(0), np.arange(P.shape[1])] < 0, -1.0, 1.0)
