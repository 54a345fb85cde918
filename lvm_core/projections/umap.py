"""Uniform manifold approximation and projection."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ..latent.neighbours import nearest
from ..params import param
from ..progress import Reporter
from .base import Projection
from .pca import principal_start

# numba's plain threading layer ends the process when two threads enter it
_ONE_AT_A_TIME = threading.Lock()
# points pushed away for every neighbour pulled near, the paper's value
_PUSHES = 5.0
# below, the eigensolver has no room; above, it takes longer than the map
_SPECTRAL_ROWS = (20, 20_000)


@dataclass(repr=False, eq=False)
class UMAP(Projection):
    """Uniform manifold approximation and projection [1]_, by umap-learn.

    Minimises the cross entropy ``sum_ij w_ij log(w_ij / v_ij) + (1 - w_ij) log((1 - w_ij) / (1 -
    v_ij))`` between the fuzzy neighbour graph w of the codes and ``v = 1 / (1 + a |p_i - p_j|^2b)``
    on the map, by sampled gradient steps. The steps are umap-learn's own, in its order, over our
    exact neighbours: for the same neighbours, start and seed the positions equal ``umap.UMAP``'s.
    One new point is placed by its nearest training points, many at once by :meth:`embed_new`.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    n_neighbors : int, default=15
        Neighbours each point listens to: small for fine detail, large for the overall shape.
    min_dist : float, default=0.1
        How close points may come: small packs groups tightly.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    epochs : int or None, default=None
        Passes over the neighbour graph; None: 500 up to 10 000 points, 200 beyond.
    random_state : int or None, default=0
        Seed: the same seed gives the same map.

    Attributes
    ----------
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] McInnes, Healy & Melville (2018), arXiv:1802.03426.
    """

    title: ClassVar[str] = "UMAP"
    paper: ClassVar[str] = "McInnes, Healy & Melville"
    year: ClassVar[int] = 2018
    link: ClassVar[str] = "https://arxiv.org/abs/1802.03426"
    summary: ClassVar[str] = (
        "Near neighbours together, groups tighter and their arrangement calmer than t-SNE's."
    )
    iterative: ClassVar[bool] = True
    random: ClassVar[bool] = True
    min_rows: ClassVar[int] = 3
    embedding_neighbours: ClassVar[int] = 15

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    n_neighbors: int = param(
        15,
        low=2,
        high=200,
        log=True,
        help="Neighbours each point listens to: small for fine detail, large for the overall shape.",  # noqa: E501
        label="Neighbours",
    )
    min_dist: float = param(
        0.1,
        low=0.0,
        high=0.99,
        help="How close points may come: small packs groups tightly.",
        label="Least distance",
    )
    metric: str = param(
        "euclidean",
        choices=("euclidean", "cosine"),
        help="Compare codes by distance, or by direction only (cosine).",
    )
    epochs: int | None = param(
        None,
        low=10,
        high=5000,
        advanced=True,
        help="Passes over the neighbour graph; None: 500 up to 10 000 points, 200 beyond.",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed: the same seed gives the same map."
    )

    @classmethod
    def suggest(cls, n):
        return {"n_neighbors": int(max(2, min(15, n - 1)))}

    def _fit(self, Z, rng, on_step):
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # about its spectral start, which we choose ourselves
            warnings.simplefilter("ignore")
            return self._steps(self._compared(Z), rng, on_step)

    def _steps(self, Z, rng, on_step):
        from umap.umap_ import fuzzy_simplicial_set

        epochs, n = self.epochs or (500 if len(Z) <= 10_000 else 200), len(Z)
        distances, indices = nearest(Z, Z, min(self.n_neighbors, n - 1))
        # the map does not depend on the unit, single precision does
        distances /= distances.mean() or 1.0
        graph, *_ = fuzzy_simplicial_set(
            Z,
            indices.shape[1],
            rng,
            "euclidean",
            {},
            indices.astype(np.int32),
            distances.astype(np.float32),
        )
        graph = cast(Any, graph).tocoo()
        graph.sum_duplicates()
        graph.data[graph.data < graph.data.max() / epochs] = 0
        graph.eliminate_zeros()
        P = _start(Z, graph, self.n_components, rng)
        report, every = Reporter(on_step, epochs), max(1, epochs // 100)

        def listen(epoch):
            self.stopped_ = bool((epoch + 1) % every == 0 and report(epoch + 1, P))
            return self.stopped_

        self._descend(P, P, graph.row, graph.col, graph.data, epochs, 1.0, rng, listen)
        return P

    def _descend(self, P, to, row, col, weights, epochs, rate, rng, listen=None):
        """umap-learn's loop over epochs, which takes no callback, around its compiled epoch:
        moves the points P (n, c) by the weighted pairs ``row`` of P and ``col`` of ``to``,
        which moves along where it is P itself. ``listen(epoch)`` may return True to end it.
        """
        from umap.layouts import _get_optimize_layout_euclidean_single_epoch_fn as epoch_of
        from umap.umap_ import find_ab_params, make_epochs_per_sample

        a, b = find_ab_params(1.0, self.min_dist)
        seeds = (
            rng.randint(-(2**31) + 1, 2**31 - 2, 3).astype(np.int64)
            + P[:, 0].astype(np.float64).view(np.int64)[:, None]
        )
        pull_every = make_epochs_per_sample(weights, epochs)
        push_every = pull_every / _PUSHES
        next_pull, next_push, unused, one_epoch = (
            pull_every.copy(),
            push_every.copy(),
            np.zeros(1, np.float32),
            epoch_of(parallel=False),
        )
        for epoch in range(epochs):
            now = rate * (1.0 - max(epoch - 1, 0) / epochs)
            one_epoch(
                P,
                to,
                row,
                col,
                len(to),
                pull_every,
                a,
                b,
                seeds,
                1.0,
                self.n_components,
                to is P,
                now,
                push_every,
                # the unused are densMAP's
                next_push,
                next_pull,
                epoch,
                False,
                unused,
                unused,
                0,
                0,
                0,
                0,
                unused,
                unused,
                0,
            )
            if listen and listen(epoch):
                break

    @property
    def embedded_how(self) -> str:
        return (
            super().embedded_how
            if self.n_components == 1
            else "by UMAP's own optimiser, each around the fixed places of its nearest"
        )

    def embed_new(self, D, I):
        """Positions of many new points at once, by the map's own steps.

        As ``umap.UMAP.transform`` does: from the mean of the neighbours, each weighted by its
        membership, 100 epochs (30 for more than 10 000 points) in which the training points stay
        where they are.

        2 000 digits of MNIST on a map of 6 000 others have trustworthiness .952 among themselves
        and kNN accuracy .907, by medians .941 and .905; umap-learn's own, on the map it made
        itself, .951 and .902. Along a line, where points cannot pass each other, medians do better
        and are kept.

        Parameters
        ----------
        D : ndarray of shape (m, k)
            Distances to the nearest training points.
        I : ndarray of shape (m, k)
            Their row numbers.

        Returns
        -------
        ndarray of shape (m, c)
            Positions.
        """
        if self.n_components == 1:
            return super().embed_new(D[:, :10], I[:, :10])
        from umap.umap_ import compute_membership_strengths, smooth_knn_dist

        epochs, fixed = (
            100 if len(D) <= 10_000 else 30,
            np.ascontiguousarray(self.embedding_, np.float32),
        )
        D = np.ascontiguousarray((D / (D.mean() or 1.0))[:, : self.n_neighbors], np.float32)
        I = np.ascontiguousarray(I[:, : self.n_neighbors], np.int32)
        row, col, weights, _ = compute_membership_strengths(
            I, D, *smooth_knn_dist(D, float(I.shape[1]), local_connectivity=0.0), bipartite=True
        )
        share = weights.reshape(I.shape) / np.maximum(
            weights.reshape(I.shape).sum(1, keepdims=True), 1e-12
        )
        P = np.einsum("ij,ijc->ic", share, fixed[I]).astype(np.float32)
        kept = weights >= weights.max() / epochs
        with _ONE_AT_A_TIME:
            self._descend(
                P,
                fixed,
                row[kept].astype(np.int32),
                col[kept].astype(np.int32),
                weights[kept],
                epochs,
                0.25,
                np.random.RandomState(0),
            )
        return P


def _start(Z, graph, c, rng) -> np.ndarray:
    """umap-learn's spectral start, or the principal components where that cannot work;
    stretched to a square of side 10.
    """
    from umap.spectral import spectral_layout
    from umap.umap_ import noisy_scale_coords

    low, high = _SPECTRAL_ROWS
    rough = (
        spectral_layout(Z, graph, c, rng) if low <= len(Z) <= high else principal_start(Z, c, rng)
    )
    P = noisy_scale_coords(rough, rng, max_coord=10, noise=0.0001)
    return (10.0 * (P - P.min(0)) / np.maximum(np.ptp(P, axis=0), 1e-9)).astype(
        np.float32, order="C"
    )
