"""Pairwise controlled manifold approximation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..latent.neighbours import nearest_others
from ..params import param
from ..progress import Reporter
from .base import Projection
from .pca import principal_start

_SPARE = 50  # nearest points among which the near pairs are chosen, beyond their number
_RENEWED = 10  # steps between two draws of LocalMAP's far pairs


@dataclass(repr=False, eq=False)
class PaCMAP(Projection):
    """Pairwise controlled manifold approximation [1]_.

    Written here after the paper and its reference implementation. Minimises, with ``d = 1 + |p_i -
    p_j|^2``, ``a sum_near d / (10 + d) + b sum_mid d / (10000 + d) + sum_far 1 / (1 + d)`` over
    ``n_neighbors`` near pairs a point, chosen by distances scaled to the local density, half as
    many mid-near pairs (the second nearest of six random points) and twice as many far ones. In the
    first 2/9 of the steps a = 2 and b falls from 1000 to 3, in the next 2/9 a = b = 3, in the rest
    a = 1 and b = 0, so that the whole is laid out before the detail. Adam from the principal
    components. New points are placed by their nearest training points.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    n_neighbors : int, default=10
        Neighbours each point listens to: small for fine detail, large for the overall shape.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    iterations : int, default=450
        Steps of the optimiser, in three phases.
    random_state : int or None, default=0
        Seed: the same seed gives the same map.

    Attributes
    ----------
    loss_ : float
        The objective, of the last step.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] Wang, Huang, Rudin & Shaposhnik (2021), jmlr.org/papers/v22/20-1061.html.
    """

    title: ClassVar[str] = "PaCMAP"
    paper: ClassVar[str] = "Wang, Huang, Rudin & Shaposhnik"
    year: ClassVar[int] = 2021
    link: ClassVar[str] = "https://www.jmlr.org/papers/v22/20-1061.html"
    summary: ClassVar[str] = (
        "Lays out the whole before the detail: groups, and more of how they lie to each other than "
        "t-SNE or UMAP keep."
    )
    iterative: ClassVar[bool] = True
    random: ClassVar[bool] = True
    min_rows: ClassVar[int] = 3
    reach: ClassVar[float] = 0.0  # of LocalMAP: how far on the map the last phase looks

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
        help="Neighbours each point listens to: small for fine detail, large for the overall shape.",  # noqa: E501
    )
    metric: str = param(
        "euclidean",
        choices=("euclidean", "cosine"),
        help="Compare codes by distance, or by direction only (cosine).",
    )
    iterations: int = param(
        450, low=10, high=5000, advanced=True, help="Steps of the optimiser, in three phases."
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed: the same seed gives the same map."
    )

    @classmethod
    def suggest(cls, n):
        """The paper's number of neighbours: 10, and 15 more for every tenfold beyond 10 000
        points.
        """
        return {"n_neighbors": round(10 + 15 * (math.log10(n) - 4)) if n > 10_000 else 10}

    def _fit(self, Z, rng, on_step):
        from .kernels import pairs

        Z = self._compared(Z)
        near, mid, far = _pairs(Z, self.n_neighbors, rng)
        P = np.ascontiguousarray(0.01 * principal_start(Z, self.n_components, rng), np.float32)
        gradient, m, v = np.zeros_like(P), np.zeros_like(P), np.zeros_like(P)
        total, report = self.iterations, Reporter(on_step, self.iterations)
        first = second = total * 2 // 9
        for t in range(total):
            last = t >= first + second
            pull, hold = (
                (1.0, 0.0)
                if last
                else (3.0, 3.0)
                if t >= first
                else (2.0, 1000.0 + (3.0 - 1000.0) * t / first)
            )
            self.loss_ = float(
                pairs.forces(P, near, mid, far, pull, hold, self.reach if last else 0.0, gradient)
            )
            pairs.adam(P, gradient, m, v, t)
            if last and self.reach and t % _RENEWED == 0:
                far = pairs.far_nearby(near, far, P, self.reach, rng.randint(2**31))
            if (t + 1) % _RENEWED == 0 and report(t + 1, P, loss=self.loss_):
                self.stopped_ = True
                break
        return P


def _pairs(Z, count: int, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Near, mid-near and far partners, int32 (n, .), of every row of Z (n, k); fewer near ones
    where n leaves no room for all.
    """
    from .kernels import pairs

    n = len(Z)
    count = min(count, n - 1) if count * 3.5 < n else max(1, int(n / 3.5))
    distances, indices = nearest_others(Z, min(count + _SPARE, n - 1))
    scale = np.maximum(
        distances[:, 3:6].mean(1) if distances.shape[1] > 3 else distances.mean(1),
        distances.mean() * 1e-10 or 1.0,
    )
    scaled = distances**2 / scale[:, None] / scale[indices]
    near = np.take_along_axis(
        indices, np.argsort(scaled, axis=1, kind="stable")[:, :count], 1
    ).astype(np.int32)
    seeds = rng.randint(2**31, size=2)
    rows = np.ascontiguousarray(
        Z, np.float32 if np.abs(Z).max() < 1e15 and distances.mean() > 1e-15 else np.float64
    )
    return (
        near,
        pairs.mid_near(rows, max(1, round(count / 2)), seeds[0]),
        pairs.far(near, max(1, min(2 * count, n - 1 - count)), seeds[1]),
    )
