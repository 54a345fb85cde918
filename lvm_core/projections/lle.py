"""Locally linear embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..latent.neighbours import nearest_others
from ..params import param
from .base import Projection
from .identity import pad
from .isomap import upright

_DENSE_ROWS = 1_500  # up to here every eigenvector is as quick as a few by inverse iteration


@dataclass(repr=False, eq=False)
class LLE(Projection):
    """Locally linear embedding [1]_: every point stays the same mixture of its neighbours.

    Weights w minimise ``|z_i - sum_j w_ij z_j|^2``, j among ``n_neighbors`` and the weights of a
    row summing to 1; positions minimise ``sum_i |p_i - sum_j w_ij p_j|^2`` with axes of unit
    spread: the eigenvectors of ``(I - W)^T (I - W)`` with the smallest values but zero. Regularised
    as scikit-learn's. An eigenproblem of the number of points: the app fits it on at most 5 000.
    Axes have no unit. Groups that hang apart fall onto a few points.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    n_neighbors : int, default=12
        Points each point is a mixture of.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    random_state : int or None, default=0
        Not used: nothing here is random.

    Attributes
    ----------
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.

    References
    ----------
    .. [1] Roweis & Saul (2000), doi:10.1126/science.290.5500.2323.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.lle import LLE
    >>> Z = np.random.default_rng(0).uniform(size=(60, 3))
    >>> LLE().fit_transform(Z).std(0).round(4)
    array([1., 1.])
    """

    title: ClassVar[str] = "Locally linear embedding"
    paper: ClassVar[str] = "Roweis & Saul"
    year: ClassVar[int] = 2000
    list_order: ClassVar[int] = 60
    link: ClassVar[str] = "https://doi.org/10.1126/science.290.5500.2323"
    summary: ClassVar[str] = (
        "Keeps every point the same mixture of its neighbours. For one smooth sheet; separate "
        "groups collapse into spikes."
    )
    min_rows: ClassVar[int] = 3
    most_rows: ClassVar[int] = 5_000

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    n_neighbors: int = param(
        12, low=2, high=200, log=True, label="Neighbours", help="Points each point is a mixture of."
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
        from scipy.sparse import csr_array, eye_array

        Z, n = np.asarray(self._compared(Z), np.float64), len(Z)
        Z = (Z - Z.mean(0)) / Z.std(0).max()
        k = min(self.n_neighbors, n - 1)
        indices = nearest_others(Z, k)[1]
        W = csr_array(
            (_mixtures(Z, indices).ravel(), indices.ravel(), np.arange(0, n * k + 1, k)),
            shape=(n, n),
        )
        W = eye_array(n, format="csr") - W
        vectors = _smallest((W.T @ W).tocsc(), min(self.n_components, n - 1))
        return pad(upright(vectors * np.sqrt(n)), self.n_components)


def _mixtures(Z, indices, amount: float = 1e-3) -> np.ndarray:
    """Weights (n, k), rows summing to 1, by which each row of Z is a mixture of the rows
    listed; a share of the local spread is added to the diagonal, without which more neighbours
    than dimensions leave them open.
    """
    step = max(1, int(4e6 / (indices.shape[1] * Z.shape[1])))
    parts = []
    for s in range(0, len(Z), step):
        C = Z[indices[s : s + step]] - Z[s : s + step, None]
        G = C @ C.transpose(0, 2, 1)
        trace = np.trace(G, axis1=1, axis2=2)
        G += np.eye(G.shape[1]) * np.where(trace > 0, amount * trace, amount)[:, None, None]
        w = np.linalg.solve(G, np.ones(G.shape[:2] + (1,)))[..., 0]
        parts.append(w / w.sum(1, keepdims=True))
    return np.concatenate(parts)


def _smallest(M, c: int) -> np.ndarray:
    """Eigenvectors (n, c) of the sparse M with the smallest eigenvalues, without the constant one.

    Where the neighbours leave groups apart, more vectors than one belong to the eigenvalue 0, and
    a solver gives any mixture of them: the constant is taken out of what they span, so that none of
    what is left says the same of all points.
    """
    from scipy.linalg import eigh, null_space
    from scipy.sparse.linalg import eigsh

    n = M.shape[0]
    if n <= _DENSE_ROWS:
        values, vectors = eigh(M.toarray(), subset_by_index=(0, c), overwrite_a=True)
    else:
        values, vectors = eigsh(
            M,
            c + 1,
            sigma=-1e-9,
            tol=1e-6,  # pyright: ignore[reportArgumentType]  # its default is a whole number
            v0=np.random.RandomState(0).uniform(-1, 1, n),
        )
    others = null_space(vectors.sum(0)[None])  # of the vectors' span, what sums to 0 over points
    turn = eigh(others.T * values @ others)[1]
    return vectors @ others @ turn
