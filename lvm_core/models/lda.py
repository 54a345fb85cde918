"""Latent Dirichlet allocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .counts import TopicModel, counts, fold_in, proportions, ratios


@dataclass(repr=False, eq=False)
class LDA(TopicModel):
    """Latent Dirichlet allocation (Blei, Ng & Jordan, 2003): PLSA with priors.

    Fitted by variational Bayes. ``theta_i ~ Dir(alpha)``, ``beta_k ~ Dir(eta)`` (their smoothed
    topics), and every word of document i is drawn from ``theta_i beta``. Maximises the bound
    ``E_q[log p(X, z, theta, beta)] - E_q[log q]`` over ``q(theta_i) = Dir(gamma_i)``, ``q(beta_k) =
    Dir(lambda_k)`` and q(z), by coordinate ascent: PLSA's sweep, with ``exp E[log theta]`` and
    ``exp E[log beta]`` for the proportions and the topics. The topics take steps of a size ``(10 +
    t)^-0.7`` from batch to batch (Hoffman, Blei & Bach, 2010), whole ones where one batch holds all
    documents. For given topics the codes and the bound are those of scikit-learn's
    LatentDirichletAllocation.

    Codes are ``E_q[theta]``, topic proportions. ``inverse_transform`` gives expected counts of a
    document of average length; a code off the simplex is cut at 0 and scaled to sum to 1.
    ``sample`` draws proportions from the Dirichlet prior.

    Parameters
    ----------
    latent_dim : int, default=20
        Number of topics: the length of the code.
    alpha : float, default=0.1
        Prior of a document's mixture: the smaller, the fewer topics a document has.
    eta : float, default=0.05
        Prior of a topic's words: the smaller, the fewer words a topic has.
    epochs : int, default=10
        Times the corpus is gone through.
    batch_size : int, default=128
        Documents a step.
    random_state : int or None, default=0
        Seed of the starting topics.

    Attributes
    ----------
    components_ : array (k, d)
        ``E_q[beta]``, a distribution over words a topic.
    pseudo_counts_ : array (k, d)
        lambda, the parameters of the topics' Dirichlet distributions.
    mean_length_ : float
        Words of an average document.
    importance_ : array (k,)
        Share of the corpus's words that each topic wrote.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Blei, Ng & Jordan (2003), https://www.jmlr.org/papers/v3/blei03a.html.
    * Hoffman, Blei & Bach (2010), NIPS 23.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.lda import LDA
    >>> X = np.random.RandomState(0).poisson(1.0, (30, 8))
    >>> model = LDA(latent_dim=2, epochs=2).fit(X)
    >>> model.transform(X).shape, model.components_.shape, model.score_samples(X).shape
    ((30, 2), (2, 8), (30,))
    """

    title: ClassVar[str] = "Latent Dirichlet allocation"
    list_order: ClassVar[int] = 21
    paper: ClassVar[str] = "Blei, Ng & Jordan"
    year: ClassVar[int] = 2003
    link: ClassVar[str] = "https://www.jmlr.org/papers/v3/blei03a.html"
    summary: ClassVar[str] = (
        "The standard topic model: documents are mixtures of topics, with a prior that keeps "
        "mixtures short and makes new documents possible."
    )
    objective: ClassVar[str] = (
        r"\max_{\gamma,\lambda}\;\sum_{i,j} x_{ij}\log\sum_k "
        r"e^{E_q[\log\theta_{ik}]+E_q[\log\beta_{kj}]}"
        r"-\sum_i \mathrm{KL}\big(q(\theta_i)\,\|\,\mathrm{Dir}(\alpha)\big)-\sum_k "
        r"\mathrm{KL}\big(q(\beta_k)\,\|\,\mathrm{Dir}(\eta)\big)"
    )
    when: ClassVar[str] = (
        "Use it to see what a collection of texts is about, when documents have several subjects "
        "each and new ones will come. "
        "On very short texts (a sentence or two) its topics blur. For finding similar documents "
        "LSA is quicker and often better."
    )
    reading: ClassVar[str] = (
        "The code says which share of a document's words each topic is expected to have written; "
        "the shares sum to 1. The ELBO is a bound, in nats a document: "
        "perplexities by other programs rest on other bounds and vocabularies and do not compare. "
        "A better bound does not mean topics that people find clearer."
    )

    latent_dim: int = param(
        20, low=1, high=512, label="Topics", help="Number of topics: the length of the code."
    )
    alpha: float = param(
        0.1,
        low=0.01,
        high=10.0,
        help="Prior of a document's mixture: the smaller, the fewer topics a document has.",
        log=True,
    )
    eta: float = param(
        0.05,
        low=0.01,
        high=10.0,
        help="Prior of a topic's words: the smaller, the fewer words a topic has.",
        log=True,
        advanced=True,
    )
    epochs: int = param(10, low=1, high=10_000, help="Times the corpus is gone through.")
    batch_size: int = param(128, low=1, high=100_000, help="Documents a step.", advanced=True)
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the starting topics."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {
            "latent_dim": max(1, min(20 if n > 1000 else 10, schema.d, n // 3)),
            "epochs": int(np.clip(20_000 // n, 5, 100)),
        }

    def _fit(self, X, rng, on_step, checkpoint=None):
        X = counts(X)
        n, size = X.shape[0], min(self.batch_size, X.shape[0])
        self.pseudo_counts_ = lam = rng.gamma(100.0, 0.01, (self.latent_dim, X.shape[1]))
        self.components_ = proportions(lam)

        def step(rows, progress):
            part, B = X[rows], _expected(lam)
            gamma = fold_in(part, B, _expected, self.alpha, sweeps=60)
            S = _expected(gamma)
            R, logs = ratios(part, S, B)
            words = (_divergence(gamma, self.alpha).sum() - part.data @ logs) / max(
                part.data.sum(), 1e-12
            )
            # as of documents of average length: less noise
            loss = self.mean_length_ * words + _divergence(lam, self.eta).sum() / n
            pace = (10 + round(progress * self.epochs * -(-n // size))) ** -0.7 if size < n else 1.0
            lam[:] = (1 - pace) * lam + pace * (self.eta + B * (R.T @ S).T * (n / len(rows)))
            self.components_[:] = proportions(lam)
            return loss

        self._learn(
            X,
            {"lambda": lam, "topics": self.components_},
            step,
            rng,
            on_step,
            checkpoint,
            batch_size=size,
            early_stop=size == n,
        )
        return self._weigh_topics(X, self._encode(X))

    def _posterior(self, X) -> np.ndarray:
        """gamma (n, k) of documents X (n, d), CSR, the topics being what was learnt."""
        return fold_in(X, _expected(self.pseudo_counts_), _expected, self.alpha)

    def _encode(self, X):
        return proportions(self._posterior(counts(X)))

    def _prior(self, n, temperature, rng):
        return self._dirichlet(np.full(len(self.code_mean_), self.alpha), n, temperature, rng)

    def elbo_parts(self, X) -> dict[str, np.ndarray]:
        """The two parts of each document's bound; the bound is their difference.

        Parameters
        ----------
        X : array or CSR (n, d)
            Word counts.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats per row. The KL is that of a document's
            mixture.
        """
        check_is_fitted(self)
        X = counts(self._check(X, reset=False))
        gamma = self._posterior(X)
        logs = ratios(X, _expected(gamma), _expected(self.pseudo_counts_))[1]
        X.data = X.data * logs
        return {
            "reconstruction": np.asarray(X.sum(1)).ravel(),
            "kl": _divergence(gamma, self.alpha),
        }

    def score_samples(self, X) -> np.ndarray:
        """A lower bound on each document's log-likelihood.

        It is that of the chance of its words in their order (no multinomial coefficient), given
        what was learnt of the topics. Not to be compared with perplexities by other bounds or
        vocabularies.

        Parameters
        ----------
        X : array or CSR (n, d)
            Word counts.

        Returns
        -------
        array (n,)
            In nats.
        """
        parts = self.elbo_parts(X)
        return parts["reconstruction"] - parts["kl"]


def _expected(W: np.ndarray) -> np.ndarray:
    """exp E[log p] (n, k) under the Dirichlet distributions with the rows of W (n, k)."""
    from scipy.special import psi

    return np.exp(psi(W) - psi(W.sum(1, keepdims=True)))


def _divergence(W: np.ndarray, prior: float) -> np.ndarray:
    """KL(Dir(W_i) || Dir(prior, ..., prior)) in nats (n,), for the rows of W (n, k)."""
    from scipy.special import gammaln, psi

    k, total = W.shape[1], W.sum(1)
    normalisers = gammaln(total) - gammaln(W).sum(1) - gammaln(k * prior) + k * gammaln(prior)
    return normalisers + ((W - prior) * (psi(W) - psi(total)[:, None])).sum(1)
