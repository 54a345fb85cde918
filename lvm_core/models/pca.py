"""Principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..recipe import param
from .base import LatentModel, draw_discrete


@dataclass(repr=False, eq=False)
class PCA(LatentModel):
    """Principal component analysis: the orthogonal directions of largest variance (Pearson, 1901).

    Objective: minimise ``sum_i |x_i - m - W z_i|^2`` over m, orthonormal W (d, k) and z; solved exactly.
    Sampling and ``score_samples`` read it as a probabilistic model, x ~ N(m, W diag(l - s2) W' + s2 I)
    (Tipping & Bishop, 1999, doi:10.1111/1467-9868.00196). The solver is scikit-learn's.
    """

    title: ClassVar[str] = "Principal component analysis"
    rank: ClassVar[int] = 10
    pace: ClassVar[str] = "instant"
    paper: ClassVar[str] = "Pearson"
    year: ClassVar[int] = 1901
    link: ClassVar[str] = "https://doi.org/10.1080/14786440109462720"
    summary: ClassVar[str] = "Straight-line directions of largest variance. Instant, exact, and the baseline for everything else."
    objective: ClassVar[str] = r"\min_{m,\ W W^\top = I,\ z}\ \sum_i \|x_i - m - W^\top z_i\|^2"
    when: ClassVar[str] = ("Always, first: it takes no time, has no luck in it, and any other model must beat it to be worth its trouble. "
                           "It sees straight lines only; where groups curve around each other it overlays them.")
    reading: ClassVar[str] = ("A dimension is the position along one direction of the data, in the data's own units (in standard deviations when whitened); the directions are uncorrelated, the widest first. "
                              "Explained variance is what they keep of the training rows. The log-likelihood reads the same solution as probabilistic PCA, and is exact.")
    kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")
    importance_meaning: ClassVar[str] = "share of the data's variance"

    latent_dim: int = param(8, low=1, high=512, help="Number of components kept: the length of the code.")
    whiten: bool = param(False, help="Scale every component to unit variance, so that all sliders move alike.")
    random_state: int | None = param(0, low=0, high=2**31 - 1, advanced=True, help="Seed of the randomised solver, used for very wide data only.")

    @classmethod
    def suggest(cls, n, layout):
        return {"latent_dim": min(16 if layout.d > 32 else 8, max(2, layout.d - 1), n - 1)}

    def _fit(self, X, rng, on_step):
        from sklearn.decomposition import PCA as Solver

        k = min(self.latent_dim, X.shape[1])
        if len(X) <= k < X.shape[1] or len(X) < k:
            raise ValueError(f"PCA: latent_dim is {k}, expected fewer than n_samples = {len(X)}.")
        if not (X != X[:1]).any():
            raise ValueError("PCA: all rows are the same, there is no variance to explain.")
        solver = Solver(k, whiten=self.whiten, random_state=rng).fit(X)
        self.mean_, self.components_ = solver.mean_, solver.components_
        self.explained_variance_ = solver.explained_variance_
        self.explained_variance_ratio_ = self.importance_ = solver.explained_variance_ratio_
        self.noise_variance_ = float(solver.noise_variance_)

    def _scale(self):
        return np.sqrt(np.maximum(self.explained_variance_, np.finfo(self.explained_variance_.dtype).tiny)) if self.whiten else 1.0

    def _encode(self, X):
        return (X - self.mean_) @ self.components_.T / self._scale()

    def _decode(self, Z):
        return (Z * self._scale()) @ self.components_ + self.mean_

    def _prior(self, n, temperature, rng):
        return rng.standard_normal((n, len(self.code_mean_))) * self.code_std_ * temperature

    def _draw(self, Z, rng):
        X = self._decode(Z)
        if self.layout_.image is None:
            X = X + rng.standard_normal(X.shape) * np.sqrt(self.noise_variance_)
        return draw_discrete(X, self.layout_, rng)

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood (n,) in nats of each row under the probabilistic model, exact."""
        check_is_fitted(self)
        X = self._check(X, reset=False).astype(np.float64)     # the residual is a small difference of large numbers
        Y = self._encode(X) * self._scale()
        residual = ((X - self.mean_) ** 2).sum(1) - (Y ** 2).sum(1)
        d, k = len(self.mean_), len(self.explained_variance_)
        noise = max(self.noise_variance_, 1e-12)
        spread = np.maximum(self.explained_variance_, noise)
        log_det = np.log(spread).sum() + (d - k) * np.log(noise)
        return -0.5 * (d * np.log(2 * np.pi) + log_det + (Y ** 2 / spread).sum(1) + np.maximum(residual, 0) / noise)
