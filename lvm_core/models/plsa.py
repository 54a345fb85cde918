"""Probabilistic latent semantic analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from .counts import TopicModel, counts, fold_in, proportions, ratios


@dataclass(repr=False, eq=False)
class PLSA(TopicModel):
    """Probabilistic latent semantic analysis (Hofmann, 1999).

    Every word of a document is drawn from one of k topics. Maximises ``sum_ij x_ij log sum_k Z_ik
    B_kj + s sum_kj log B_kj`` by EM, rows of Z (n, k) and of B (k, d) summing to 1. With s = 0 this
    is Hofmann's likelihood, and non-negative matrix factorisation under the Kullback-Leibler
    divergence has the same fixed points (Gaussier & Goutte, 2005; Ding, Li & Peng, 2008).

    Codes are topic proportions, of new documents too: EM with the topics held still (Hofmann's
    fold-in). A document without words gets the corpus's own proportions. ``inverse_transform``
    gives expected counts of a document of average length; a code off the simplex is cut at 0 and
    scaled to sum to 1. There is no ``score_samples``: a document's proportions are fitted to its
    very words, so what comes out is no likelihood of an unseen document. PLSA has no prior either;
    ``sample`` draws proportions from the Dirichlet distribution with the mean and the total
    variance of the training codes.

    Parameters
    ----------
    latent_dim : int, default=20
        Number of topics: the length of the code.
    epochs : int, default=200
        Sweeps of EM over the corpus at most; it ends by itself when a sweep gains less than a
        millionth.
    smoothing : float, default=0.01
        Words of each kind that every topic is given beforehand, so that no word is impossible; 0 is
        Hofmann's PLSA.
    random_state : int or None, default=0
        Seed of the starting topics.

    Attributes
    ----------
    components_ : array (k, d)
        B, a distribution over words a topic.
    overall_ : array (k,)
        The corpus's own proportions of the topics.
    concentration_ : array (k,)
        Of the Dirichlet distribution that ``sample`` draws from.
    mean_length_ : float
        Words of an average document.
    importance_ : array (k,)
        Share of the corpus's words that each topic wrote.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Hofmann (1999), https://arxiv.org/abs/1301.6705.
    * Gaussier & Goutte (2005), https://doi.org/10.1145/1076034.1076148.
    * Ding, Li & Peng (2008), https://doi.org/10.1016/j.csda.2008.01.011.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.plsa import PLSA
    >>> X = np.random.RandomState(0).poisson(1.0, (30, 8))
    >>> model = PLSA(latent_dim=2, epochs=20).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, bool(np.allclose(Z.sum(1), 1)), model.components_.shape
    ((30, 2), True, (2, 8))
    """

    title: ClassVar[str] = "Probabilistic latent semantic analysis"
    list_order: ClassVar[int] = 20
    paper: ClassVar[str] = "Hofmann"
    year: ClassVar[int] = 1999
    link: ClassVar[str] = "https://arxiv.org/abs/1301.6705"
    summary: ClassVar[str] = (
        "Topics as lists of likely words, documents as mixtures of them. The likelihood form of "
        "matrix factorisation."
    )
    objective: ClassVar[str] = (
        r"\max_{Z,B\ge 0}\;\sum_{i,j} x_{ij}\log\sum_k z_{ik}b_{kj}+s\sum_{k,j}\log "
        r"b_{kj}\quad\text{with}\quad\sum_k z_{ik}=1,\;\sum_j b_{kj}=1"
    )
    when: ClassVar[str] = (
        "Use it to see what a collection of texts is about, when speed and plain maximum "
        "likelihood matter. It gives every document its best "
        "mixture without doubt, so on short documents or with many topics it overfits: there LDA, "
        "which keeps a prior, is safer."
    )
    reading: ClassVar[str] = (
        "The code says which share of a document's words each topic wrote; the shares sum to 1. A "
        "topic is a list of words with their chances. "
        "Codes that sliders drag off that simplex are cut at 0 and scaled back before they are "
        "decoded."
    )

    latent_dim: int = param(
        20, low=1, high=512, label="Topics", help="Number of topics: the length of the code."
    )
    epochs: int = param(
        200,
        low=1,
        high=10_000,
        label="Sweeps",
        help=(
            "Sweeps of EM over the corpus at most; it ends by itself when a sweep gains less than "
            "a millionth."
        ),
        advanced=True,
    )
    smoothing: float = param(
        0.01,
        low=0.0,
        high=10.0,
        help=(
            "Words of each kind that every topic is given beforehand, so that no word is "
            "impossible; 0 is Hofmann's PLSA."
        ),
        log=True,
        advanced=True,
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the starting topics."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": max(1, min(20 if n > 1000 else 10, schema.d, n // 3))}

    def _fit(self, X, rng, on_step, checkpoint=None):
        X = counts(X)
        Z = rng.dirichlet(np.ones(self.latent_dim), X.shape[0])
        # no word begins at 0, where EM would leave it
        B = rng.dirichlet(np.ones(X.shape[1]), self.latent_dim) + 1.0 / X.shape[1]
        B /= B.sum(1, keepdims=True)
        self.components_, self.overall_ = B, np.full(self.latent_dim, 1 / self.latent_dim)

        def sweep(_, __):
            R, logs = ratios(X, Z, B)
            loss = -(
                X.data @ logs
                + (self.smoothing * np.log(np.maximum(B, 1e-300)).sum() if self.smoothing else 0.0)
            )
            written, used = Z * (R @ B.T), B * (R.T @ Z).T + self.smoothing
            Z[:], B[:] = (
                np.where(written.sum(1, keepdims=True) > 0, proportions(written), Z),
                proportions(used),
            )
            return loss / X.shape[0]

        self._learn(
            X,
            {"Z": Z, "B": B},
            sweep,
            rng,
            on_step,
            checkpoint,
            batch_size=X.shape[0],
            early_stop=True,
        )
        self.overall_ = np.asarray(X.sum(1)) @ Z / X.sum()
        codes = self._weigh_topics(X, self._encode(X))
        mean, spread = codes.mean(0), codes.var(0).sum()
        self.concentration_ = mean.clip(1e-6) * float(
            np.clip((1 - mean @ mean) / max(spread, 1e-12) - 1, 1e-2, 1e6)
        )
        return codes

    def _encode(self, X):
        X = counts(X)
        Z = proportions(fold_in(X, self.components_, proportions))
        # no known word: nothing was written by any topic
        return np.where(Z.sum(1, keepdims=True) > 0.5, Z, self.overall_)

    def _prior(self, n, temperature, rng):
        return self._dirichlet(self.concentration_, n, temperature, rng)
