"""Kernel principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ..params import param
from .base import LatentModel

LANDMARKS = 2000  # rows a kernel matrix is made of; of more a sample, drawn by the seed


@dataclass(repr=False, eq=False)
class KernelPCA(LatentModel):
    """Kernel principal component analysis (Scholkopf, Smola & Muller, 1998).

    PCA of ``phi(x)`` with ``phi(x)'phi(y) = k(x, y)``: the k leading eigenvectors of the centred
    kernel matrix; scikit-learn's solver. The way back is learnt (Bakir, Weston & Scholkopf, 2004):
    kernel ridge regression from codes to rows, with a Gaussian kernel between codes; far from all
    training codes it gives the mean row.

    Beyond ``LANDMARKS`` rows the kernel matrix is that of a seeded sample, and the others are
    placed by the same formula.

    Parameters
    ----------
    latent_dim : int, default=4
        Number of components kept: the length of the code.
    kernel : {"rbf", "laplacian", "cosine"}, default="rbf"
        Similarity of two rows: by squared distance (RBF), by summed differences (Laplacian), or by
        angle.
    width : float, default=1.0
        Reach of the kernel, in median distances between rows: less follows finer structure, more
        comes closer to plain PCA.
    alpha : float, default=0.01
        Smoothing of the way back from codes to rows.
    random_state : int or None, default=0
        Seed of the sample that stands for many rows.

    Attributes
    ----------
    landmarks_ : array (m, d)
        The rows that the kernel matrix is made of.
    coefficients_ : array (m, k)
        What each landmark's centred similarity weighs in each dimension of the code.
    gamma_ : float
        Of the kernel between rows; the cosine kernel has no use for it.
    kernel_mean_ : array (m,)
        Mean of each column of the kernel matrix.
    kernel_total_ : float
        Mean of the whole kernel matrix.
    landmark_codes_ : array (m, k)
        Codes of the landmarks.
    code_gamma_ : float
        Of the Gaussian kernel between codes.
    back_ : array (m, d)
        Coefficients of the regression from codes to rows.
    back_mean_ : array (d,)
        Mean of the landmarks, which is added to it.
    importance_ : array (k,)
        Share of the kernel matrix's variance.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Scholkopf, Smola & Muller (1998), https://doi.org/10.1162/089976698300017467.
    * Bakir, Weston & Scholkopf (2004).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.kernel_pca import KernelPCA
    >>> X = np.random.RandomState(0).standard_normal((100, 5))
    >>> model = KernelPCA(latent_dim=2).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, model.inverse_transform(Z).shape
    ((100, 2), (100, 5))
    """

    title: ClassVar[str] = "Kernel PCA"
    list_order: ClassVar[int] = 14
    paper: ClassVar[str] = "Scholkopf, Smola & Muller"
    year: ClassVar[int] = 1998
    link: ClassVar[str] = "https://doi.org/10.1162/089976698300017467"
    summary: ClassVar[str] = (
        "PCA that can bend: straight directions in a space of similarities. Exact, without "
        "training."
    )
    objective: ClassVar[str] = (
        r"K_c\, a_j = \lambda_j\, a_j,\qquad z_j(x) = \frac{1}{\sqrt{\lambda_j}} \sum_i a_{ij}\, "
        r"k_c(x_i, x);\qquad \text{back: } \min_f \sum_i \|f(z_i) - x_i\|^2 + \alpha \|f\|^2"
    )
    when: ClassVar[str] = (
        "Use it where groups or curves cannot be told apart by straight lines and the data is "
        "small: it has one knob, the width of its kernel, and no training. "
        "Thousands of rows are summarised by a sample of 2000. For pictures a VAE decodes better."
    )
    reading: ClassVar[str] = (
        "A dimension is a smooth function of the similarities to the training rows. Codes are "
        "small where a row is unlike all of them. "
        "Decoding is a learnt guess, not an inverse: the variance explained says how good a guess."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("array", "table", "image")
    importance_meaning: ClassVar[str] = "share of the kernel matrix's variance"

    latent_dim: int = param(
        4, low=1, high=512, help="Number of components kept: the length of the code."
    )
    kernel: str = param(
        "rbf",
        choices=("rbf", "laplacian", "cosine"),
        help=(
            "Similarity of two rows: by squared distance (RBF), by summed differences (Laplacian), "
            "or by angle."
        ),
    )
    width: float = param(
        1.0,
        low=0.01,
        high=100.0,
        log=True,
        help=(
            "Reach of the kernel, in median distances between rows: less follows finer structure, "
            "more comes closer to plain PCA."
        ),
    )
    alpha: float = param(
        0.01,
        low=1e-8,
        high=100.0,
        log=True,
        help="Smoothing of the way back from codes to rows.",
        advanced=True,
    )
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the sample that stands for many rows.",
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": min(10 if schema.d > 32 else 4, n - 1)}

    def _fit(self, X, rng, on_step):
        from sklearn.decomposition import KernelPCA as Solver

        if not (X != X[:1]).any():
            raise ValueError("KernelPCA: all rows are the same, there is nothing to tell apart.")
        rows = (
            np.sort(rng.choice(len(X), LANDMARKS, replace=False))
            if len(X) > LANDMARKS
            else np.arange(len(X))
        )
        self.landmarks_ = X[rows].astype(np.float64)
        metric = "cityblock" if self.kernel == "laplacian" else "euclidean"
        reach = self.width * _median_distance(self.landmarks_, metric, rng)
        self.gamma_ = float(1 / reach if metric == "cityblock" else 0.5 / reach**2)
        K = self._similar(self.landmarks_)
        solver = Solver(
            min(self.latent_dim, len(rows)),
            kernel="precomputed",
            random_state=rng.randint(2**31 - 1),
        ).fit(K)
        values = np.maximum(solver.eigenvalues_, 0)
        some = values > 1e-10 * max(values[0], 1e-300)
        self.kernel_mean_, self.kernel_total_ = K.mean(0), float(K.mean())
        self.coefficients_ = np.where(
            some, solver.eigenvectors_ / np.sqrt(np.where(some, values, 1)), 0.0
        )
        centred_trace = float(np.trace(K) - len(rows) * K.mean())
        self.importance_ = values / max(centred_trace, 1e-300)
        self._learn_back(rng)

    def _learn_back(self, rng):
        from sklearn.kernel_ridge import KernelRidge

        self.landmark_codes_ = Z = self._encode(self.landmarks_)
        reach = _median_distance(Z, "euclidean", rng)
        self.code_gamma_ = 0.5 / reach**2
        self.back_mean_ = self.landmarks_.mean(0)
        self.back_ = (
            KernelRidge(alpha=cast(Any, self.alpha), kernel="rbf", gamma=self.code_gamma_)
            .fit(Z, self.landmarks_ - self.back_mean_)
            .dual_coef_
        )

    def _similar(self, X):
        from sklearn.metrics.pairwise import pairwise_kernels

        options: dict[str, Any] = {} if self.kernel == "cosine" else {"gamma": self.gamma_}
        return pairwise_kernels(
            X.astype(np.float64), self.landmarks_, metric=self.kernel, **options
        )

    def _encode(self, X):
        codes = []
        for start in range(0, len(X), 2000):  # a slice of the kernel matrix at a time
            K = self._similar(X[start : start + 2000])
            codes.append(
                (K - K.mean(1, keepdims=True) - self.kernel_mean_ + self.kernel_total_)
                @ self.coefficients_
            )
        return np.concatenate(codes)

    def _decode(self, Z):
        from sklearn.metrics.pairwise import rbf_kernel

        return (
            np.concatenate(
                [
                    rbf_kernel(Z[i : i + 2000], self.landmark_codes_, gamma=self.code_gamma_)
                    @ self.back_
                    for i in range(0, len(Z), 2000)
                ]
            )
            + self.back_mean_
        )

    def _prior(self, n, temperature, rng):
        # codes of this map are no Gaussian cloud: a training code with a little noise stays where
        # the way back was learnt
        chosen = self.landmark_codes_[rng.randint(len(self.landmark_codes_), size=n)]
        noise = rng.standard_normal(chosen.shape) * self.code_std_ * 0.1
        return self.code_mean_ + temperature * (chosen + noise - self.code_mean_)


def _median_distance(X, metric: str, rng) -> float:
    from scipy.spatial.distance import pdist

    some = X if len(X) <= 500 else X[rng.choice(len(X), 500, replace=False)]
    distances = pdist(some, cast(Any, metric))  # a name, which its types leave open
    positive = distances[distances > 0]
    return float(np.median(positive)) if len(positive) else 1.0
