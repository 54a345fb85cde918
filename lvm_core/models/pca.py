"""Principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .base import LatentModel

MOST_COPIED = 2**24  # values of which scikit-learn's solver may centre a copy
MOST_GRAM = 4000  # rows whose products in pairs are solved at once: half a minute on one core


@dataclass(repr=False, eq=False)
class PCA(LatentModel):
    """Principal component analysis: the orthogonal directions of largest variance (Pearson, 1901).

    Objective: minimise ``sum_i |x_i - m - W z_i|^2`` over m, orthonormal W (d, k) and z; solved
    exactly. Sampling and ``score_samples`` read it as a probabilistic model, ``x ~ N(m, W diag(l -
    s2) W' + s2 I)`` (Tipping & Bishop, 1999). The solver is scikit-learn's; rows ten times as many
    as columns are read a block at a time into their covariance, and large pictures a block at a
    time into the products of all pairs of rows, so that X may be a mapped file larger than memory.
    More than 4,000 rows of several thousand values are solved by subspace iteration.

    Parameters
    ----------
    latent_dim : int, default=8
        Number of components kept: the length of the code.
    whiten : bool, default=False
        Scale every component to unit variance, so that all sliders move alike.
    random_state : int or None, default=0
        Seed of the randomised solver, used for very wide data only.

    Attributes
    ----------
    components_ : array (k, d)
        W', the directions, the widest first.
    mean_ : array (d,)
        m, the mean row.
    explained_variance_ : array (k,)
        Variance l along each direction, in squared units of X.
    explained_variance_ratio_ : array (k,)
        Share of the data's variance; ``importance_`` is the same.
    noise_variance_ : float
        s2, the mean variance of the directions that are left out.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Pearson (1901), https://doi.org/10.1080/14786440109462720.
    * Tipping & Bishop (1999), https://doi.org/10.1111/1467-9868.00196.
    * Subspace iteration: Halko, Martinsson & Tropp (2011), https://doi.org/10.1137/090771806.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.pca import PCA
    >>> X = np.random.RandomState(0).standard_normal((100, 5))
    >>> model = PCA(latent_dim=2).fit(X)
    >>> model.transform(X).shape, model.components_.shape
    ((100, 2), (2, 5))
    >>> model.score_samples(X).shape
    (100,)
    """

    title: ClassVar[str] = "Principal component analysis"
    list_order: ClassVar[int] = 10
    cost: ClassVar[str] = "instant"
    paper: ClassVar[str] = "Pearson"
    year: ClassVar[int] = 1901
    link: ClassVar[str] = "https://doi.org/10.1080/14786440109462720"
    summary: ClassVar[str] = (
        "Straight-line directions of largest variance. Instant, exact, and the baseline for "
        "everything else."
    )
    objective: ClassVar[str] = r"\min_{m,\ W W^\top = I,\ z}\ \sum_i \|x_i - m - W^\top z_i\|^2"
    when: ClassVar[str] = (
        "Always, first: it takes no time, has no luck in it, and any other model must beat it to "
        "be worth its trouble. "
        "It sees straight lines only; where groups curve around each other it overlays them."
    )
    reading: ClassVar[str] = (
        "A dimension is the position along one direction of the data, in the data's own units (in "
        "standard deviations when whitened); the directions are uncorrelated, the widest first. "
        "R² on training rows is what they keep. The log-likelihood reads the "
        "same solution as probabilistic PCA, and is exact."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")
    draws_scores: ClassVar[bool] = True
    importance_meaning: ClassVar[str] = "share of the data's variance"

    latent_dim: int = param(
        8, low=1, high=512, help="Number of components kept: the length of the code."
    )
    whiten: bool = param(
        False, help="Scale every component to unit variance, so that all sliders move alike."
    )
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the randomised solver, used for very wide data only.",
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": min(16 if schema.d > 32 else 8, max(2, schema.d - 1), n - 1)}

    def _fit(self, X, rng, on_step):
        k = min(self.latent_dim, X.shape[1])
        if len(X) <= k < X.shape[1] or len(X) < k:
            raise ValueError(f"PCA: latent_dim is {k}, expected fewer than n_samples = {len(X)}.")
        if not any((X[rows] != X[:1]).any() for rows in _blocks(X)):
            raise ValueError("PCA: all rows are the same, there is no variance to explain.")
        (
            self.mean_,
            self.components_,
            self.explained_variance_,
            self.explained_variance_ratio_,
            self.noise_variance_,
        ) = _solve(X, k, rng)
        self.importance_ = self.explained_variance_ratio_

    @property
    def variance_floor(self) -> float:
        """The least variance that is told from rounding: columns that add up, such as those of
        categories, leave directions without any, whose computed variance is rounding alone.
        """
        variances = self.explained_variance_
        return float(max(10 * np.finfo(variances.dtype).eps, 1e-12) * variances[0])

    @property
    def noise_floor(self) -> float:
        """The least noise variance that is told from rounding, which many columns share."""
        return self.variance_floor / max(len(self.mean_) - len(self.explained_variance_), 1)

    def _scale(self):
        return (
            np.sqrt(np.maximum(self.explained_variance_, self.variance_floor))
            if self.whiten
            else 1.0
        )

    def _encode(self, X):
        return (
            np.concatenate([(X[rows] - self.mean_) @ self.components_.T for rows in _blocks(X)])
            / self._scale()
        )

    def _decode(self, Z):
        return (Z * self._scale()) @ self.components_ + self.mean_

    def _prior(self, n, temperature, rng):
        return rng.standard_normal((n, len(self.code_mean_))) * self.code_std_ * temperature

    def _scores(self, Z, rng):
        X = self._decode(Z)
        if self.schema_.image is None:
            X = X + rng.standard_normal(X.shape) * np.sqrt(self.noise_variance_)
        return X

    def _draw(self, Z, rng):
        return self._pick(self._scores(Z, rng), rng)

    def as_torch(self):
        from ..nn.nets import Function, tensors

        mean, components, scale = tensors(self.mean_, self.components_, self._scale())
        return Function(lambda x: (x - mean) @ components.T / scale), Function(
            lambda z: (z * scale) @ components + mean
        )

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
        """Of the rows that ``sample`` draws, (d, d)."""
        spread = (self.code_std_ * self._scale())[:, None] * self.components_
        noise = max(self.noise_variance_, self.noise_floor)
        return (spread.T @ spread + noise * np.eye(len(self.mean_))).astype(np.float64)

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood (n,) in nats of each row under the probabilistic model, exact."""
        check_is_fitted(self)
        X, codes, squares = self._check(X, reset=False), [], []
        for rows in _blocks(X):
            # the residual is a small difference of large numbers
            part = X[rows].astype(np.float64)
            codes.append(self._encode(part) * self._scale())
            squares.append(((part - self.mean_) ** 2).sum(1))
        Y = np.concatenate(codes)
        residual = np.concatenate(squares) - (Y**2).sum(1)
        d, k = len(self.mean_), len(self.explained_variance_)
        noise = max(self.noise_variance_, self.noise_floor)
        spread = np.maximum(self.explained_variance_, max(noise, self.variance_floor))
        log_det = np.log(spread).sum() + (d - k) * np.log(noise)
        return -0.5 * (
            d * np.log(2 * np.pi)
            + log_det
            + (Y**2 / spread).sum(1)
            + np.maximum(residual, 0) / noise
        )


def _solve(X, k: int, rng) -> tuple:
    """The solver that suits the shape of X.

    Only large and wide rows are solved by the other two: scikit-learn centres a copy of X.
    """
    n, d = X.shape
    if n >= 10 * d and d <= 1000:
        return _by_covariance(X, k)
    if X.size <= MOST_COPIED:
        return _by_rows(X, k, rng)
    return _by_gram(X, k) if n <= min(d, MOST_GRAM) else _by_blocks(X, k, rng)


def _by_rows(X, k: int, rng) -> tuple:
    """(mean (d,), components (k, d), their variances (k,), shares of all variance (k,), mean
    variance of the others) by scikit-learn's solver.
    """
    from sklearn.decomposition import PCA as Solver

    found = Solver(k, random_state=rng).fit(X)
    return (
        found.mean_,
        found.components_,
        found.explained_variance_,
        found.explained_variance_ratio_,
        float(found.noise_variance_),
    )


def _by_covariance(X, k: int) -> tuple:
    """The same from the covariance, summed over blocks in float64: exact, and never more than a
    block of X in memory.
    """
    from scipy.linalg import eigh
    from sklearn.utils.extmath import svd_flip

    n, d = X.shape
    mean = sum(X[rows].sum(0, dtype=np.float64) for rows in _blocks(X)) / n
    scatter = np.zeros((d, d))
    for rows in _blocks(X):
        part = (X[rows] - mean).astype(X.dtype)
        scatter += part.T @ part
    variances, directions = eigh(scatter / (n - 1))
    variances, directions = (
        np.maximum(variances[::-1], 0),
        np.asarray(svd_flip(None, directions.T[::-1], u_based_decision=False)[1]),
    )
    share = variances / variances.sum()
    noise = float(variances[k:].mean()) if k < d else 0.0
    return (*(a.astype(X.dtype) for a in (mean, directions[:k], variances[:k], share[:k])), noise)


def _by_gram(X, k: int) -> tuple:
    """The same for rows that are fewer than their values, as large pictures are: from the
    products of all pairs of rows, (n, n) in float64, whose eigenvectors are the codes. Exact.
    """
    from scipy.linalg import eigh

    n, d = X.shape
    mean = (sum(X[rows].sum(0, dtype=np.float64) for rows in _blocks(X)) / n).astype(X.dtype)
    gram, step = np.zeros((n, n)), max(1, 2**22 // n)
    for start in range(0, d, step):
        part = X[:, start : start + step] - mean[start : start + step]
        gram += part @ part.T
    total = float(np.trace(gram)) / (n - 1)
    variances, codes = eigh(gram, subset_by_index=[n - k, n - 1], overwrite_a=True)
    variances = np.maximum(variances[::-1], 0) / (n - 1)
    codes = codes[:, ::-1].astype(X.dtype)
    directions = np.empty((d, k), X.dtype)
    for start in range(0, d, step):
        part = X[:, start : start + step] - mean[start : start + step]
        directions[start : start + step] = part.T @ codes
    return _finished(mean, directions, variances, total, n)


def _by_blocks(X, k: int, rng) -> tuple:
    """The same for rows that are many and long: subspace iteration from random directions
    (Halko, Martinsson & Tropp 2011), a block of rows at a time and no copy of X.
    """
    n, d = X.shape
    mean = (sum(X[rows].sum(0, dtype=np.float64) for rows in _blocks(X)) / n).astype(X.dtype)
    directions = rng.standard_normal((d, min(k + 10, n, d))).astype(X.dtype)
    total = 0.0
    for last in (*[False] * 7, True):
        directions = np.linalg.qr(directions)[0]
        if last:
            codes = np.concatenate([(X[rows] - mean) @ directions for rows in _blocks(X)])
            break
        image = np.zeros_like(directions)
        total = 0.0
        for rows in _blocks(X, 2**21):
            part = X[rows] - mean
            total += float(np.square(part).sum(dtype=np.float64))
            image += part.T @ (part @ directions)
        directions = image
    scatter, turn = np.linalg.eigh(codes.T.astype(np.float64) @ codes)
    variances = np.maximum(scatter[::-1][:k], 0) / (n - 1)
    return _finished(
        mean, directions @ turn[:, ::-1][:, :k].astype(X.dtype), variances, total / (n - 1), n
    )


def _finished(mean, directions, variances, total: float, n: int) -> tuple:
    """Directions (d, k) in order, made orthonormal where rounding has bent them, with signs that
    do not depend on the solver.
    """
    from sklearn.utils.extmath import svd_flip

    k, d = len(variances), len(mean)
    upright, corner = np.linalg.qr(directions)
    upright = upright * np.where(np.diag(corner) < 0, -1, 1).astype(mean.dtype)
    components = np.asarray(svd_flip(None, upright.T, u_based_decision=False)[1])
    left = min(n, d) - k
    noise = max(float(total - variances.sum()), 0.0) / left if left else 0.0
    return (
        mean,
        np.ascontiguousarray(components),
        variances.astype(mean.dtype),
        (variances / total).astype(mean.dtype),
        noise,
    )


def _blocks(X, cells: int = 2**19) -> list[slice]:
    step = max(32, cells // X.shape[1])  # fewer rows at a time would read the directions too often
    return [slice(start, start + step) for start in range(0, len(X), step)]
