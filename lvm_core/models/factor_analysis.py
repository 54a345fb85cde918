"""Factor analysis, and with one noise for all columns probabilistic PCA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .base import LatentModel

# least noise of a column, as a share of the mean variance: a constant column has infinite
# likelihood
FLOOR = 1e-6


@dataclass(repr=False, eq=False)
class FactorAnalysis(LatentModel):
    """Factor analysis (Spearman, 1904; as a likelihood: Rubin & Thayer, 1982).

    ``x ~ N(m + W z, Psi)``, ``z ~ N(0, I)``: maximise ``sum_i log N(x_i; m, W W' + Psi)`` over W
    (d, k) and Psi. With ``noise="per column"`` Psi is diagonal and found by EM (scikit-learn's
    solver); with ``"shared"`` it is s2 I: probabilistic PCA (Tipping & Bishop, 1999), solved
    exactly from the eigenvectors of the covariance.

    The code is the posterior mean, ``(I + W' Psi^-1 W)^-1 W' Psi^-1 (x - m)``, its axes turned so
    that the posterior's covariance is diagonal, the one that explains most first.

    Parameters
    ----------
    latent_dim : int, default=8
        Number of hidden causes: the length of the code.
    noise : {"per column", "shared"}, default="per column"
        Noise of its own for every column (factor analysis), or one for all (probabilistic PCA).
    random_state : int or None, default=0
        Seed of the randomised solver.

    Attributes
    ----------
    components_ : array (k, d)
        W', the loadings.
    noise_variance_ : array (d,)
        Diagonal of Psi, in squared units of X.
    mean_ : array (d,)
        m, the mean row.
    importance_ : array (k,)
        Share of the data's variance that each factor explains.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Rubin & Thayer (1982), https://doi.org/10.1007/BF02293851.
    * Tipping & Bishop (1999), https://doi.org/10.1111/1467-9868.00196.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.factor_analysis import FactorAnalysis
    >>> X = np.random.RandomState(0).standard_normal((100, 5))
    >>> model = FactorAnalysis(latent_dim=2).fit(X)
    >>> mean, std = model.encode_distribution(X)
    >>> mean.shape, std.shape, model.noise_variance_.shape
    ((100, 2), (100, 2), (5,))
    """

    title: ClassVar[str] = "Factor analysis"
    list_order: ClassVar[int] = 12
    paper: ClassVar[str] = "Rubin & Thayer"
    year: ClassVar[int] = 1982
    link: ClassVar[str] = "https://doi.org/10.1007/BF02293851"
    summary: ClassVar[str] = (
        "A few hidden causes behind many noisy measurements, each with its own noise. A true "
        "density with an exact likelihood."
    )
    objective: ClassVar[str] = (
        r"\max_{W,\Psi}\ \sum_i \log \mathcal N\!\left(x_i;\ m,\ W W^\top + \Psi\right),\qquad x = "
        r"m + W z + \varepsilon,\ z \sim \mathcal N(0, I)"
    )
    when: ClassVar[str] = (
        "Use it where columns are measured with noise of different size and few causes lie behind "
        "them: questionnaires, sensors, tests. "
        "Unlike PCA it does not chase the noisiest column. With shared noise it is probabilistic "
        "PCA. It sees straight-line relations only."
    )
    reading: ClassVar[str] = (
        "A dimension is a hidden cause in units of its own spread: 0 is average, ±2 is rare. The "
        "log-likelihood is exact and "
        "may be compared with PCA's on the same columns; the spread around a code is the same for "
        "every row."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("table", "array", "image")
    draws_scores: ClassVar[bool] = True
    importance_meaning: ClassVar[str] = "share of the data's variance"

    latent_dim: int = param(
        8, low=1, high=512, help="Number of hidden causes: the length of the code."
    )
    noise: str = param(
        "per column",
        choices=("per column", "shared"),
        help=(
            "Noise of its own for every column (factor analysis), or one for all (probabilistic "
            "PCA)."
        ),
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the randomised solver."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {
            "latent_dim": min(16 if schema.d > 32 else 4, max(1, schema.d - 1), n - 1),
            "noise": "shared" if schema.d > 500 else "per column",
        }

    def _fit(self, X, rng, on_step):
        k = min(self.latent_dim, X.shape[1])
        if len(X) < 2 or not (X != X[:1]).any():
            raise ValueError("FactorAnalysis: all rows are the same, there is nothing to explain.")
        X = X.astype(np.float64)
        self.mean_ = X.mean(0)
        variance = X.var(0)
        floor = FLOOR * variance.mean()
        W, psi = self._shared(X, k, rng) if self.noise == "shared" else self._per_column(X, k, rng)
        psi = np.maximum(psi, floor)
        # W' Psi^-1 W becomes diagonal
        _, _, turn = np.linalg.svd(W / np.sqrt(psi)[:, None], full_matrices=False)
        W = W @ turn.T
        explained = np.square(W).sum(0) / variance.sum()
        order = np.argsort(-explained, kind="stable")
        W = W[:, order] * np.where(W[np.abs(W[:, order]).argmax(0), order] < 0, -1.0, 1.0)
        self.components_, self.noise_variance_, self.importance_ = (
            np.ascontiguousarray(W.T),
            psi,
            explained[order],
        )

    def _shared(self, X, k, rng):
        from sklearn.decomposition import PCA

        # pyright takes what scikit-learn learns for None, from before the fit
        solver = cast(Any, PCA(min(k, *X.shape), random_state=rng).fit(X))
        values = solver.explained_variance_ * (len(X) - 1) / len(X)
        rest = X.shape[1] - len(values)
        noise = max(
            (X.var(0).sum() - values.sum()) / rest if rest else 0.0, FLOOR * X.var(0).mean()
        )
        W = np.zeros((X.shape[1], k))
        W[:, : len(values)] = solver.components_.T * np.sqrt(np.maximum(values - noise, 0))
        return W, np.full(X.shape[1], noise)

    def _per_column(self, X, k, rng):
        from sklearn.decomposition import FactorAnalysis as Solver

        # the optimum does not depend on the columns' units, the solver's tolerance does
        scale = np.where(X.std(0) > 0, X.std(0), 1.0)
        method = "lapack" if min(X.shape) <= 500 else "randomized"
        solver = Solver(
            min(k, *X.shape), tol=1e-3, svd_method=method, random_state=rng.randint(2**31 - 1)
        ).fit((X - self.mean_) / scale)
        W = np.zeros((X.shape[1], k))
        W[:, : len(solver.components_)] = solver.components_.T * scale[:, None]
        return W, solver.noise_variance_ * scale**2

    def _posterior(self):
        """Covariance (k, k) of the code given a row, and the matrix (d, k) that takes a centred
        row to the code's mean.
        """
        scaled = self.components_ / self.noise_variance_
        covariance = np.linalg.inv(np.eye(len(scaled)) + scaled @ self.components_.T)
        return covariance, scaled.T @ covariance

    def _encode(self, X):
        return (X.astype(np.float64) - self.mean_) @ self._posterior()[1]

    def _decode(self, Z):
        return Z @ self.components_ + self.mean_

    def _scores(self, Z, rng):
        X = self._decode(Z)
        if self.schema_.image is None:
            X = X + rng.standard_normal(X.shape) * np.sqrt(self.noise_variance_)
        return X

    def _draw(self, Z, rng):
        return self._pick(self._scores(Z, rng), rng)

    def as_torch(self):
        from ..nn.nets import Function, tensors

        mean, components, to_code = tensors(self.mean_, self.components_, self._posterior()[1])
        return Function(lambda x: (x - mean) @ to_code), Function(lambda z: z @ components + mean)

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The posterior p(z|x) of each row, exact.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        mean, std : array (n, k)
            Its mean and standard deviation.
        """
        Z = self.transform(X)
        return Z, np.broadcast_to(
            np.sqrt(np.diag(self._posterior()[0])).astype(Z.dtype), Z.shape
        ).copy()

    def sample_conditional(self, low, high, n: int, *, random_state=None) -> np.ndarray:
        """Rows within bounds; see :func:`~lvm_core.models.bounded_normals.sample_within`.

        Parameters
        ----------
        low, high : array (d,)
            Bounds of every column of X, infinite where there is none; a level is excluded by an
            upper bound of 0.
        n : int
            How many.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, d)

        Raises
        ------
        ValueError
            No row of the model lies within the bounds.
        """
        check_is_fitted(self)
        return self._within(
            np.ones(1), self.mean_[None], lambda _: self._covariance(), low, high, n, random_state
        )

    def _covariance(self) -> np.ndarray:
        return self.components_.T @ self.components_ + np.diag(self.noise_variance_)

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood of each row, exact: ``log N(x; m, W W' + Psi)`` by Woodbury's identity.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        array (n,)
            In nats.
        """
        check_is_fitted(self)
        X = self._check(X, reset=False).astype(np.float64) - self.mean_
        covariance, to_code = self._posterior()
        log_det = np.log(self.noise_variance_).sum() - np.linalg.slogdet(covariance)[1]
        Z = X @ to_code
        square = (X**2 / self.noise_variance_).sum(1) - (Z @ np.linalg.inv(covariance) * Z).sum(1)
        return -0.5 * (X.shape[1] * np.log(2 * np.pi) + log_det + square)
