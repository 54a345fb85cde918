"""Non-negative matrix factorisation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ..params import param
from .base import LatentModel

# of coordinate descent when a row is encoded: a fixed number, so that a row's code does not depend
# on its company
SWEEPS = 300


@dataclass(repr=False, eq=False)
class NMF(LatentModel):
    """Non-negative matrix factorisation (Lee & Seung, 1999).

    Minimise ``|X - Z H|_F^2`` over Z (n, k) >= 0 and H (k, d) >= 0: rows are sums of parts, never
    differences. Solved by coordinate descent from a seedless start (NNDSVDa; Boutsidis &
    Gallopoulos, 2008); scikit-learn's solver. A new row's code is its non-negative least squares
    fit to H.

    Counts are decoded to a document of average length. A code's negative entries count as 0.
    Samples draw codes from a Gaussian fitted to the training codes, cut off at 0: the model itself
    has no density.

    Parameters
    ----------
    latent_dim : int, default=16
        Number of parts, or topics: the length of the code.
    random_state : int or None, default=0
        Seed of the order in which the solver visits the parts.

    Attributes
    ----------
    components_ : array (k, d)
        H, the parts, of unit length.
    mean_length_ : float
        Mean sum of a row: words of an average document.
    code_spread_ : array (k, k)
        Cholesky factor of the training codes' covariance.
    importance_ : array (k,)
        Share of the rows' squared length.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Lee & Seung (1999), https://doi.org/10.1038/44565.
    * Boutsidis & Gallopoulos (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.nmf import NMF
    >>> X = np.random.RandomState(0).uniform(size=(50, 6))
    >>> model = NMF(latent_dim=2).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, bool((Z >= 0).all()), model.components_.shape
    ((50, 2), True, (2, 6))
    """

    title: ClassVar[str] = "Non-negative matrix factorisation"
    list_order: ClassVar[int] = 15
    paper: ClassVar[str] = "Lee & Seung"
    year: ClassVar[int] = 1999
    link: ClassVar[str] = "https://doi.org/10.1038/44565"
    summary: ClassVar[str] = (
        "Parts that only add up: strokes of pictures, topics of documents. Instant, and easy to "
        "read."
    )
    objective: ClassVar[str] = r"\min_{Z \ge 0,\ H \ge 0}\ \|X - Z H\|_F^2"
    when: ClassVar[str] = (
        "Use it for pictures and word counts where you want parts you can name: nothing is "
        "subtracted, so a part is something that is there. "
        "It reconstructs a little worse than PCA, and does not apply to columns that can be "
        "negative."
    )
    reading: ClassVar[str] = (
        "A dimension says how much of one part is in the item; 0 is none. Parts have equal length, "
        "so their amounts may be compared."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "text")
    importance_meaning: ClassVar[str] = "share of the rows' squared length"
    sparse: ClassVar[bool] = True

    latent_dim: int = param(
        16, low=1, high=512, help="Number of parts, or topics: the length of the code."
    )
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the order in which the solver visits the parts.",
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": max(1, min(20 if schema.has("counts") else 16, schema.d - 1, n - 1))}

    def _fit(self, X, rng, on_step):
        from sklearn.decomposition import NMF as Solver

        values = X.data if hasattr(X, "indptr") else X
        if values.size and values.min() < 0:
            raise ValueError(
                "Negative values in data passed to NMF: it holds values down to "
                f"{values.min():.3g}, expected none below 0; use PCA or FactorAnalysis."
            )
        if not values.any():
            raise ValueError("NMF: every value is 0, there are no parts to find.")
        k = min(self.latent_dim, *X.shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what was reached after the last step is kept
            H = (
                Solver(
                    cast(Any, k), init="nndsvda", max_iter=400, random_state=rng.randint(2**31 - 1)
                )
                .fit(X.astype(np.float64))
                .components_
            )
        length = np.linalg.norm(H, axis=1)
        H = np.where(length[:, None] > 0, H / np.where(length > 0, length, 1)[:, None], 0.0)
        self.components_ = H
        self.mean_length_ = float(X.sum()) / X.shape[0]
        Z = self._encode(X)
        power = np.square(Z).sum(0)
        order = np.argsort(-power, kind="stable")
        self.components_, Z = np.ascontiguousarray(H[order]), Z[:, order]
        total = float(np.square(values.astype(np.float64)).sum())
        self.importance_ = power[order] / total
        spread = (
            np.linalg.cholesky(np.atleast_2d(np.cov(Z.T)) + 1e-12 * np.eye(k))
            if len(Z) > 1
            else np.zeros((k, k))
        )
        self.code_spread_ = spread
        return Z

    def _encode(self, X):
        H = self.components_
        gram, against = H @ H.T, np.asarray(X @ H.T, np.float64)
        size = np.where(np.diag(gram) > 0, np.diag(gram), 1.0)
        Z = np.maximum(against / size, 0) / max(len(H), 1)
        for _ in range(SWEEPS):
            for j in range(len(H)):
                Z[:, j] = np.maximum(Z[:, j] - (Z @ gram[:, j] - against[:, j]) / size[j], 0)
        return Z

    def _decode(self, Z):
        X = np.maximum(Z, 0) @ self.components_
        if self.schema_.has("counts"):
            X *= self.mean_length_ / np.maximum(X.sum(1, keepdims=True), 1e-12)
        return X

    def _prior(self, n, temperature, rng):
        return np.maximum(
            self.code_mean_
            + temperature * rng.standard_normal((n, len(self.code_mean_))) @ self.code_spread_.T,
            0,
        )

    def word_weights(self):
        return self.components_

    @property
    def code_metric(self):
        # a document's topics are the same when it is twice as long; a picture's parts are not
        schema = getattr(self, "schema_", None)
        return "cosine" if schema is not None and schema.has("counts") else "euclidean"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
