"""Topics of any model that has them: what each is about, how they lie to one another, and how
far to trust them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..metrics import Score
from ..models.base import LatentModel

TOP = 10  # words that stand for a topic, as is customary


@dataclass(frozen=True)
class Topics:
    """The topics of a model over some documents.

    Attributes
    ----------
    words : ndarray of shape (k, d)
        The chance of each word in each topic; rows sum to 1.
    shares : ndarray of shape (n, k)
        Of each document's words, the share that each topic wrote; rows sum to 1.
    prevalence : ndarray of shape (k,)
        Each topic's share of all words.
    frequency : ndarray of shape (d,)
        Each word's share of all words.

    See Also
    --------
    topics : Reads them from a fitted model.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.topics import Topics
    >>> words = np.array([[0.8, 0.2, 0.0], [0.0, 0.2, 0.8]])
    >>> found = Topics(words, np.eye(2), np.array([0.5, 0.5]), np.array([0.4, 0.2, 0.4]))
    >>> found.top(1).tolist(), found.of_word([1]).tolist()
    ([[0], [2]], [[0.5, 0.5]])
    """

    words: np.ndarray
    shares: np.ndarray
    prevalence: np.ndarray
    frequency: np.ndarray

    def without(self, columns) -> Topics:
        """The topics with some words left out: chances of the others, which sum to 1 again.

        Parameters
        ----------
        columns : sequence of int
            Columns of the words.

        Returns
        -------
        Topics
            The shares of the topics in documents and in the corpus stay as they are.
        """
        left = np.ones(len(self.frequency), bool)
        left[np.asarray(columns, int)] = False
        words, frequency = self.words * left, self.frequency * left
        size = words.sum(1, keepdims=True)
        return replace(
            self,
            words=np.where(size > 0, words / np.maximum(size, 1e-300), self.words),
            frequency=frequency / max(frequency.sum(), 1e-300),
        )

    def relevance(self, weight: float) -> np.ndarray:
        """Relevance of each word to each topic [1]_.

        ``w log p(word|topic) + (1 - w) log(p(word|topic) / p(word))``, w being the weight.

        Parameters
        ----------
        weight : float
            1 ranks words by how likely they are in a topic, 0 by how much likelier than elsewhere.

        Returns
        -------
        ndarray of shape (k, d)
            Relevance, -inf for words that do not occur.

        References
        ----------
        .. [1] Sievert & Shirley (2014), doi:10.3115/v1/W14-3110
        """
        log, overall = (
            np.log(np.maximum(np.asarray(p, np.float64), 1e-300))
            for p in (self.words, self.frequency)
        )
        return np.where(
            (self.words > 0) & (self.frequency > 0), log - (1 - weight) * overall, -np.inf
        )

    def top(self, n: int = TOP, weight: float = 1.0) -> np.ndarray:
        """Columns (k, n) of each topic's words of highest relevance."""
        return np.argsort(-self.relevance(weight), axis=1, kind="stable")[:, :n]

    def of_word(self, columns) -> np.ndarray:
        """p(topic | word) (m, k) of some words."""
        joint = self.words[:, columns].T * self.prevalence
        return joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)

    def distances(self) -> np.ndarray:
        """Jensen-Shannon distances (k, k) between the topics: the root of the divergence in
        bits, from 0 (equal) to 1 (no word in common).
        """
        k = len(self.words)
        own, D = _entropy(self.words), np.zeros((k, k))
        for i in range(k - 1):
            D[i, i + 1 :] = (
                _entropy((self.words[i] + self.words[i + 1 :]) / 2) - (own[i] + own[i + 1 :]) / 2
            )
        return np.sqrt(np.clip(D + D.T, 0, 1))

    def places(self) -> tuple[np.ndarray, float]:
        """A map of the topics by classical scaling of their distances [1]_.

        Returns
        -------
        P : ndarray of shape (k, 2)
            Positions.
        share : float
            Share of the squared distances that two axes show, 0 to 1.

        References
        ----------
        .. [1] Torgerson (1952), doi:10.1007/BF02288916
        """
        k = len(self.words)
        centre = np.eye(k) - 1 / k
        spread, axes = np.linalg.eigh(-0.5 * centre @ self.distances() ** 2 @ centre)
        spread, axes = np.maximum(spread[::-1], 0), axes[:, ::-1]
        P = np.zeros((k, 2))
        P[:, : min(k, 2)] = axes[:, :2] * np.sqrt(spread[:2])
        # eigenvectors have no sign of their own
        P *= np.where(P[np.abs(P).argmax(0), [0, 1]] < 0, -1, 1)
        return P, float(spread[:2].sum() / spread.sum()) if spread.sum() > 1e-12 else 1.0

    def documents(self, topic: int, n: int = 5) -> np.ndarray:
        """Row numbers of the n documents with the largest share of a topic."""
        return np.argsort(-self.shares[:, topic], kind="stable")[:n]


def why_no_topics(model: LatentModel) -> str:
    """Say why a model has no topics.

    Topics are read from ``word_weights`` (k, d): lists of words with weights of at least 0.

    Parameters
    ----------
    model : LatentModel
        A fitted model.

    Returns
    -------
    str
        A sentence; empty where the model has topics.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.topics import why_no_topics
    >>> iris = DATASETS["iris"]().load()
    >>> why_no_topics(MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema))
    'topics are distributions over words; this data is no text.'
    """
    if {b.likelihood for b in model.schema_.groups} != {"counts"}:
        return "topics are distributions over words; this data is no text."
    words = model.word_weights()
    if words is None:
        return (
            f"{type(model).__name__} has no list of words for each dimension; train PLSA, LDA or "
            "NMF."
        )
    if words.min() < 0:
        return (
            f"the dimensions of {type(model).__name__} are directions with a plus and a minus end, "
            "no distributions over words; train PLSA, LDA or NMF."
        )
    return ""


def topics(model: LatentModel, X, codes: np.ndarray) -> Topics:
    """Read the topics of a fitted model over some documents.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array or CSR matrix of shape (n, d)
        Counts of words.
    codes : array-like of shape (n, k)
        Codes of the documents.

    Returns
    -------
    Topics
        The topics.

    Raises
    ------
    ValueError
        Where there are none.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import MODELS
    >>> from lvm_core.analysis.topics import topics
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> X = np.array([[4, 4, 0, 0], [0, 0, 4, 4]] * 10, np.float32)
    >>> model = MODELS["NMF"](latent_dim=2).fit(X, schema=Schema((FeatureGroup("counts", 4),)))
    >>> found = topics(model, X, model.transform(X))
    >>> sorted(sorted(columns) for columns in found.top(2).tolist())
    [[0, 1], [2, 3]]
    """
    if why := why_no_topics(model):
        raise ValueError(why[0].upper() + why[1:])
    weights = np.asarray(model.word_weights(), np.float64)
    size = weights.sum(1)
    written = np.maximum(np.asarray(codes, np.float64), 0) * size
    total = written.sum(1, keepdims=True)
    shares = np.where(total > 0, written / np.maximum(total, 1e-300), 1 / len(size))
    lengths, frequency = (np.asarray(X.sum(axis), np.float64).ravel() for axis in (1, 0))
    words = np.where(
        size[:, None] > 0, weights / np.maximum(size[:, None], 1e-300), 1 / weights.shape[1]
    )
    return Topics(
        words,
        shares,
        lengths @ shares / max(lengths.sum(), 1e-300),
        frequency / max(frequency.sum(), 1e-300),
    )


def coherence(X, top: np.ndarray) -> np.ndarray:
    """Coherence of topics by NPMI [1]_ [2]_.

    The mean over pairs of words of ``log(p(a, b) / (p(a) p(b))) / -log p(a, b)``, p being shares of
    the documents that hold a word at all. Pairs with a word that no document holds are left out.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
        Counts of words.
    top : ndarray of int, shape (k, m)
        Columns of each topic's words.

    Returns
    -------
    ndarray of shape (k,)
        From -1 (never in one document) over 0 (as by chance) to 1 (always together); NaN where no
        pair is left.

    References
    ----------
    .. [1] Bouma (2009)
    .. [2] Lau, Newman & Baldwin (2014), doi:10.3115/v1/E14-1056

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.topics import coherence
    >>> X = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    >>> coherence(X, np.array([[0, 1], [0, 2]])).round(6).tolist()
    [1.0, -1.0]
    """
    from scipy.sparse import csr_array

    columns = np.unique(top)
    held = csr_array(X[:, columns] > 0, dtype=np.float64)
    p = (held.T @ held).toarray() / X.shape[0]
    place, (first, second) = np.searchsorted(columns, top), np.triu_indices(top.shape[1], 1)
    a, b = place[:, first], place[:, second]
    both, alone = p[a, b], np.diag(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        npmi = np.log(both / (alone[a] * alone[b])) / -np.log(both)
    npmi = np.where(both <= 0, -1.0, np.where(both >= 1, 0.0, npmi))
    seen = (alone[a] > 0) & (alone[b] > 0)
    return np.where(seen.any(1), (npmi * seen).sum(1) / np.maximum(seen.sum(1), 1), np.nan)


def diversity(top: np.ndarray) -> float:
    """Share of different words among the words of all topics [1]_.

    Parameters
    ----------
    top : ndarray of int, shape (k, m)
        Columns of each topic's words.

    Returns
    -------
    float
        Share, 1 where no word is in two topics.

    References
    ----------
    .. [1] Dieng, Ruiz & Blei (2020), doi:10.1162/tacl_a_00325

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.topics import diversity
    >>> diversity(np.array([[0, 1], [0, 2]]))
    0.75
    """
    return len(np.unique(top)) / top.size


def scores(found: Topics, X, *, random_state: int = 0) -> list[Score]:
    """Coherence and diversity of topics, each beside what chance gets, their traps named.

    Parameters
    ----------
    found : Topics
        The topics.
    X : array or CSR matrix of shape (n, d)
        Counts of words.
    random_state : int, default=0
        Deals the words out at random for the baseline.

    Returns
    -------
    list of Score
        Coherence and diversity.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.topics import Topics, scores
    >>> words = np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]])
    >>> found = Topics(words, np.eye(2), np.full(2, 0.5), np.full(4, 0.25))
    >>> [score.name for score in scores(found, np.array([[1, 1, 0, 0], [0, 0, 1, 1]]))]
    ['Coherence (NPMI)', 'Topic diversity']
    """
    top = found.top(min(TOP, found.words.shape[1]))
    value = float(np.nanmean(coherence(X, top)))
    rng = np.random.RandomState(random_state)
    mixed = np.concatenate([rng.permutation(top.ravel()).reshape(top.shape) for _ in range(10)])
    chance = float(np.nanmean(coherence(X, mixed)))
    m, different = top.shape[1], diversity(top)
    return [
        Score(
            "Coherence (NPMI)",
            value,
            f"How much more often than by chance a topic's {m} likeliest words share a document of "
            "this corpus, from -1 to 1; the same words dealt "
            f"out at random get {chance:.2f}. It depends on the corpus, the window (here whole "
            "documents) and the number of words: compare within this dataset only.",
            chance,
            1.0,
        ),
        Score(
            "Topic diversity",
            different,
            (
                f"Share of different words among the {m} likeliest of every topic. Topics of rare "
                "rubbish reach 100 % too: read it with the coherence."
            ),
            1 / len(top),
            1.0,
            "share",
        ),
    ]


def _entropy(p: np.ndarray) -> np.ndarray:
    """In bits, of each row of p (..., d)."""
    return -(p * np.log2(np.where(p > 0, p, 1.0))).sum(-1)
