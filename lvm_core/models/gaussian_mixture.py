"""Gaussian mixture."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .base import LatentModel

# added to every variance, as a share of the columns' mean variance: a component of one row has
# infinite likelihood
FLOOR = 1e-3


@dataclass(repr=False, eq=False)
class GaussianMixture(LatentModel):
    """Gaussian mixture, fitted by EM (Dempster, Laird & Rubin, 1977).

    ``p(x) = sum_j w_j N(x; m_j, S_j)``: maximise ``sum_i log p(x_i)`` over weights, means and
    covariances; scikit-learn's solver, started from k-means. The latent variable is which component
    made the row; the code is its posterior, the *responsibilities* (n, k), and decoding is the
    mixture's mean ``sum_j z_j m_j``: any code is cut off at 0 and scaled to sum 1. Samples are true
    draws of the mixture: a component by its weight (the code is then 1 for it), a row of it.

    Parameters
    ----------
    latent_dim : int, default=4
        Number of groups: the length of the code.
    covariance : {"full", "tied", "diag", "spherical"}, default="full"
        Shape of a group's cloud: any ellipsoid, one ellipsoid for all, one stretched along the
        columns, or a ball.
    random_state : int or None, default=0
        Seed of the start by k-means.

    Attributes
    ----------
    weights_ : array (k,)
        Share of the rows in each component, the largest first; ``importance_`` is the same.
    means_ : array (k, d)
        Of the components.
    covariances_ : array
        (k, d, d) for ``covariance="full"``, (d, d) for ``"tied"``, (k, d) for ``"diag"``, (k,) for
        ``"spherical"``.
    precisions_cholesky_ : array
        Cholesky factors of their inverses, as scikit-learn's, of the same shape.
    floor_ : float
        What is added to every variance: a thousandth of the columns' mean variance.
    bic_ : float
        Bayesian information criterion (Schwarz, 1978) of the training rows, lower is better, to
        choose the number of components by.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Dempster, Laird & Rubin (1977), https://doi.org/10.1111/j.2517-6161.1977.tb01600.x.
    * Schwarz (1978).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.gaussian_mixture import GaussianMixture
    >>> rng = np.random.RandomState(0)
    >>> X = np.vstack([rng.normal(-3, 1, (60, 2)), rng.normal(3, 1, (40, 2))])
    >>> model = GaussianMixture(latent_dim=2).fit(X)
    >>> model.weights_.round(1).tolist(), model.transform(X).shape
    ([0.6, 0.4], (100, 2))
    """

    title: ClassVar[str] = "Gaussian mixture"
    list_order: ClassVar[int] = 30
    paper: ClassVar[str] = "Dempster, Laird & Rubin"
    year: ClassVar[int] = 1977
    link: ClassVar[str] = "https://doi.org/10.1111/j.2517-6161.1977.tb01600.x"
    summary: ClassVar[str] = (
        "Rows come from a few groups, each a Gaussian cloud. Soft clusters with an exact "
        "likelihood."
    )
    objective: ClassVar[str] = (
        r"\max_{w, m, S}\ \sum_i \log \sum_j w_j\, \mathcal N(x_i;\ m_j,\ S_j),\qquad z_{ij} = p(j "
        r"\mid x_i)"
    )
    when: ClassVar[str] = (
        "Use it to find groups and to ask how probable a row is, on tables and arrays of moderate "
        "width. In many columns every row belongs to one group "
        "almost surely, and the code is then a plain cluster number; for pictures it gives "
        "prototypes."
    )
    reading: ClassVar[str] = (
        "A dimension is the probability that the row belongs to that group; a row's dimensions sum "
        "to 1. Decoding blends the groups' averages, so reconstruction "
        "says how much of a row its group explains. The log-likelihood is exact; its BIC chooses "
        "the number of groups."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("table", "array", "image")
    draws_scores: ClassVar[bool] = True
    importance_meaning: ClassVar[str] = "share of the rows in the group"

    latent_dim: int = param(4, low=1, high=200, help="Number of groups: the length of the code.")
    covariance: str = param(
        "full",
        choices=("full", "tied", "diag", "spherical"),
        help=(
            "Shape of a group's cloud: any ellipsoid, one ellipsoid for all, one stretched along "
            "the columns, or a ball."
        ),
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the start by k-means."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        # a full covariance has more numbers than there are rows to learn them from
        few = schema.d * (schema.d + 3) / 2 * 4 > n
        return {
            "latent_dim": min(10 if schema.image else 4, max(1, n // 5)),
            "covariance": "diag" if few else "full",
        }

    def _fit(self, X, rng, on_step):
        if not (X != X[:1]).any():
            raise ValueError("GaussianMixture: all rows are the same, there are no groups to find.")
        k, X = min(self.latent_dim, len(X)), X.astype(np.float64)
        self.floor_ = float(FLOOR * X.var(0).mean())
        solver = self._solver(k, rng.randint(2**31 - 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what was reached after the last step is kept
            solver.fit(X)
        order = np.argsort(-solver.weights_, kind="stable")
        self.weights_, self.means_ = solver.weights_[order], solver.means_[order]
        shared = self.covariance == "tied"
        self.covariances_ = solver.covariances_ if shared else solver.covariances_[order]
        self.precisions_cholesky_ = (
            solver.precisions_cholesky_ if shared else solver.precisions_cholesky_[order]
        )
        self.importance_, self.bic_ = self.weights_, float(solver.bic(X))

    def _solver(self, k: int, seed=None) -> Any:  # what it learns is None before its fit
        from sklearn.mixture import GaussianMixture as Solver

        return Solver(
            k,
            covariance_type=self.covariance,
            reg_covar=self.floor_,
            max_iter=300,
            random_state=seed,
        )

    def _mixture(self) -> Any:
        """scikit-learn's object with our numbers."""
        solver = self._solver(len(self.weights_))
        for name in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
            setattr(solver, name, getattr(self, name))
        return solver

    def _encode(self, X):
        return self._mixture().predict_proba(X.astype(np.float64))

    def _decode(self, Z):
        return _shares(Z) @ self.means_

    def _prior(self, n, temperature, rng):
        # a component has no spread to scale: weights to the power 1 / T^2, which is what makes
        # N(0, T^2) of N(0, 1); over the largest, the first, so that a small T gives no 0 / 0
        with np.errstate(over="ignore", under="ignore"):
            p = (self.weights_ / self.weights_[0]) ** (1 / max(temperature, 1e-3) ** 2)
        return np.eye(len(p))[rng.choice(len(p), n, p=p / p.sum())]

    def _draw(self, Z, rng):
        return self._pick(self._scores(Z, rng), rng)

    def _scores(self, Z, rng):
        shares = _shares(Z).cumsum(1)
        component = np.minimum(
            (rng.uniform(size=(len(Z), 1)) > shares).sum(1), len(self.weights_) - 1
        )
        X, noise = self.means_[component], rng.standard_normal((len(Z), self.means_.shape[1]))
        if self.schema_.image is not None:
            return X  # pictures are given at their mean, as everywhere
        if self.covariance in ("diag", "spherical"):
            spread = np.sqrt(self.covariances_[component])
            X = X + noise * (spread if spread.ndim == 2 else spread[:, None])
        else:
            roots = np.linalg.cholesky(self.covariances_)
            X = X + (
                noise @ roots.T
                if self.covariance == "tied"
                else np.einsum("nij,nj->ni", roots[component], noise)
            )
        return X

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
            self.weights_, self.means_, self._covariance, low, high, n, random_state
        )

    def _covariance(self, component: int) -> np.ndarray:
        if self.covariance == "tied":
            return self.covariances_
        own, d = self.covariances_[component], self.means_.shape[1]
        return own if self.covariance == "full" else np.diag(np.broadcast_to(own, d))

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood (n,) in nats of each row under the mixture, exact."""
        check_is_fitted(self)
        return self._mixture().score_samples(self._check(X, reset=False).astype(np.float64))


def _shares(Z: np.ndarray) -> np.ndarray:
    """Any codes (n, k) as probabilities: cut off at 0 and scaled to sum 1; equal ones where
    nothing is left.
    """
    Z = np.maximum(Z, 0)
    total = Z.sum(1, keepdims=True)
    return np.where(total > 0, Z / np.where(total > 0, total, 1), 1 / Z.shape[1])
