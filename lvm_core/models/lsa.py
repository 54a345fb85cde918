"""Latent semantic analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd

from ..params import param
from .base import LatentModel


@dataclass(repr=False, eq=False)
class LSA(LatentModel):
    """Latent semantic analysis (Deerwester et al., 1990): the truncated SVD of TF-IDF weights.

    ``T ~ Z V`` with T (n, d) the weighted term counts, rows of unit length, V (k, d) orthonormal:
    the best rank k fit in squared error. X holds counts, dense or CSR, or is a list of documents
    (str), which are then counted word by word; ``vocabulary_`` keeps the terms. Weights and solver
    are scikit-learn's, with its defaults.

    ``inverse_transform`` gives term counts back: ``max(Z V, 0)`` without the IDF weights, scaled to
    a document of average length. The best fit in TF-IDF space itself is ``Z @ components_``.

    Parameters
    ----------
    latent_dim : int, default=20
        Number of topics kept: the length of the code.
    random_state : int or None, default=0
        Seed of the randomised solver.

    Attributes
    ----------
    components_ : array (k, d)
        V, directions among the weighted terms.
    singular_values_ : array (k,)
        Of T, the largest first.
    explained_variance_ratio_ : array (k,)
        Share of the TF-IDF weights' variance; ``importance_`` is the same.
    idf_ : array (d,)
        Inverse document frequency of each term.
    vocabulary_ : array (d,) of str
        The terms, after a fit on documents only.
    mean_length_ : float
        Words of an average document.
    code_covariance_ : array (k, k)
        Covariance of the training codes, from which new ones are drawn.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    Deerwester et al. (1990),
    https://doi.org/10.1002/%28SICI%291097-4571%28199009%2941:6%3C391::AID-ASI1%3E3.0.CO;2-9.

    Examples
    --------
    >>> from lvm_core.models.lsa import LSA
    >>> documents = ["a cat and a dog", "the dog barks", "stars and planets", "a planet is no star"]
    >>> model = LSA(latent_dim=2).fit(documents)
    >>> model.transform(["the cat barks"]).shape, len(model.vocabulary_)
    ((1, 2), 11)
    """

    title: ClassVar[str] = "Latent semantic analysis"
    list_order: ClassVar[int] = 11
    cost: ClassVar[str] = "instant"
    paper: ClassVar[str] = "Deerwester et al."
    year: ClassVar[int] = 1990
    link: ClassVar[str] = (
        "https://doi.org/10.1002/%28SICI%291097-4571%28199009%2941:6%3C391::AID-ASI1%3E3.0.CO;2-9"
    )
    summary: ClassVar[str] = (
        "Topics as straight directions among words. Instant, and hard to beat for finding similar "
        "documents."
    )
    objective: ClassVar[str] = (
        r"\min_{V V^\top = I,\ Z}\ \|T - Z V\|_F^2,\qquad T_{ij} \propto n_{ij}\,\big(1 + "
        r"\log\tfrac{1 + n}{1 + \mathrm{df}_j}\big),\ \|T_i\| = 1"
    )
    when: ClassVar[str] = (
        "For searching and mapping documents: it takes no time and documents of one subject come "
        "to lie in one direction. "
        "For topics you can read use NMF, PLSA or LDA: its dimensions mix words with both signs."
    )
    reading: ClassVar[str] = (
        "A dimension is a direction among weighted words; only angles between documents mean "
        "something, lengths do not. "
        "Decoding gives the words that fit the direction best, scaled to a document of average "
        "length."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("text",)
    importance_meaning: ClassVar[str] = "share of the TF-IDF weights' variance"
    sparse: ClassVar[bool] = True

    latent_dim: int = param(
        20, low=1, high=512, help="Number of topics kept: the length of the code."
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the randomised solver."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": max(1, min(50 if n > 1000 else 20, schema.d - 1, n - 1))}

    def _check(self, X, reset):
        if _is_text(X):
            X = self._count_words(X, reset)
        elif reset:
            vars(self).pop("vocabulary_", None)  # of an earlier fit on documents
        X = super()._check(X, reset)
        values = X.data if hasattr(X, "indptr") else X
        if values.size and values.min() < 0:
            raise ValueError(
                f"Negative values in data passed to LSA: the least is {values.min():g}, expected "
                "counts of at least 0."
            )
        return X

    def _count_words(self, documents, reset: bool):
        from sklearn.feature_extraction.text import CountVectorizer

        if not reset and not hasattr(self, "vocabulary_"):
            raise ValueError(
                "LSA was fitted on counts and has no vocabulary; pass counts, expected (n, d)."
            )
        counter = CountVectorizer(
            vocabulary=None if reset else self.vocabulary_, dtype=cast(Any, np.float64)
        )
        counts = counter.fit_transform(documents)
        if reset:
            self.vocabulary_ = counter.get_feature_names_out()
        return counts

    def _fit(self, X, rng, on_step):
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfTransformer

        # counts arrive as float32, whose rounding a small corpus would show
        X = X.astype(np.float64)
        if not X.sum() > 0:
            raise ValueError("LSA: every count is 0, there are no words to learn from.")
        self.idf_ = TfidfTransformer().fit(X).idf_
        # pyright takes what scikit-learn learns for None, from before the fit
        solver = cast(Any, TruncatedSVD(min(self.latent_dim, *X.shape), random_state=rng))
        Z = solver.fit_transform(self._weigh(X))
        self.components_, self.singular_values_ = solver.components_, solver.singular_values_
        self.explained_variance_ratio_ = self.importance_ = np.nan_to_num(
            solver.explained_variance_ratio_
        )
        self.mean_length_ = float(X.sum()) / X.shape[0]
        self.code_covariance_ = np.atleast_2d(np.cov(Z.T, bias=True))
        return Z

    def _weigh(self, X):
        from scipy.sparse import csr_array
        from sklearn.preprocessing import normalize

        return normalize(csr_array(X, dtype=np.float64).multiply(self.idf_).tocsr())

    def _encode(self, X):
        return self._weigh(X) @ self.components_.T

    def _decode(self, Z):
        counts = np.maximum(Z @ self.components_, 0) / self.idf_
        return counts * (self.mean_length_ / np.maximum(counts.sum(1, keepdims=True), 1e-12))

    def _prior(self, n, temperature, rng):
        spread, axes = np.linalg.eigh(self.code_covariance_)
        codes = rng.standard_normal((n, len(spread))) * np.sqrt(np.maximum(spread, 0)) @ axes.T
        return self.code_mean_ + temperature * codes

    def as_torch(self):
        from torch.nn import functional as F

        from ..nn.nets import Function, tensors

        idf, components = tensors(self.idf_, self.components_)

        def decode(z):
            counts = (z @ components).clamp(min=0) / idf
            return counts * (self.mean_length_ / counts.sum(1, keepdim=True).clamp(min=1e-12))

        return Function(lambda x: F.normalize(x * idf) @ components.T), Function(decode)

    def word_weights(self):
        return self.components_

    def word_vectors(self):
        return self.components_.T * self.singular_values_

    @property
    def code_metric(self):
        return "cosine"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


def _is_text(X) -> bool:
    return (
        isinstance(X, Sequence | np.ndarray | pd.Series)
        and np.ndim(X) == 1
        and len(X) > 0
        and all(isinstance(d, str) for d in X)
    )
