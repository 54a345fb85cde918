"""Multidimensional scaling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from ..progress import Reporter
from .base import Projection
from .pca import principal_start


@dataclass(repr=False, eq=False)
class MDS(Projection):
    """Metric multidimensional scaling [1]_: all distances as close to the true ones as they can be.

    Minimises the stress ``sum_{i<j} (|z_i - z_j| - |p_i - p_j|)^2`` by SMACOF [2]_ [3]_, whose
    every step lowers it, from the principal components, which are classical scaling's solution. The
    step is the one scikit-learn takes; the loop is ours, so that it can be watched and stopped. All
    pairs are compared in every step, so the app fits it on at most 2 000 points.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    iterations : int, default=300
        Most steps; it ends earlier when the stress falls by less than a millionth.
    random_state : int or None, default=0
        Seed: the same seed gives the same map.

    Attributes
    ----------
    stress_ : float
        The objective's root relative to that of all true distances (Kruskal's stress-1 of the paper
        but for its denominator); 0 is perfect.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] Kruskal (1964), doi:10.1007/BF02289565.
    .. [2] de Leeuw (1977).
    .. [3] Borg & Groenen (2005), ch. 8.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.mds import MDS
    >>> Z = np.random.default_rng(0).normal(size=(50, 2))
    >>> mds = MDS().fit(Z)
    >>> mds.stress_ < 0.01
    True
    """

    title: ClassVar[str] = "Multidimensional scaling"
    paper: ClassVar[str] = "Kruskal"
    year: ClassVar[int] = 1964
    list_order: ClassVar[int] = 60
    link: ClassVar[str] = "https://doi.org/10.1007/BF02289565"
    summary: ClassVar[str] = (
        "Keeps all distances, great and small, as well as a flat map can. The shape of the whole; "
        "neighbourhoods suffer."
    )
    iterative: ClassVar[bool] = True
    random: ClassVar[bool] = True
    min_rows: ClassVar[int] = 3
    most_rows: ClassVar[int] = 2_000

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    metric: str = param(
        "euclidean",
        choices=("euclidean", "cosine"),
        help="Compare codes by distance, or by direction only (cosine).",
    )
    iterations: int = param(
        300,
        low=10,
        high=5000,
        advanced=True,
        help="Most steps; it ends earlier when the stress falls by less than a millionth.",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed: the same seed gives the same map."
    )

    def _fit(self, Z, rng, on_step):
        from scipy.spatial.distance import pdist, squareform

        Z, n = np.asarray(self._compared(Z), np.float64), len(Z)
        true = pdist(Z)
        unit = np.sqrt(np.mean(true**2))
        P = principal_start(Z, self.n_components, rng)
        P, true = P * Z.std(0).max() / P.std(0).max() / unit, squareform(true / unit)
        report, last = Reporter(on_step, self.iterations), np.inf
        for step in range(1, self.iterations + 1):
            apart = squareform(pdist(P))
            self.stress_ = float(np.sqrt(np.square(true - apart).sum() / np.square(true).sum()))
            if last - self.stress_ < 1e-6:
                break
            last = self.stress_
            ratio = np.divide(true, apart, out=np.zeros_like(true), where=apart > 0)
            P = (ratio.sum(1)[:, None] * P - ratio @ P) / n  # Guttman's transform
            if report(step, P * unit, stress=self.stress_):
                self.stopped_ = True
                break
        return P * unit
