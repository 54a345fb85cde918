"""Words as vectors, by name: neighbours, analogies, spelling, and a map of the commonest."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

import numpy as np

from ..models.base import LatentModel
from ..models.word_embeddings import nearest_words
from ..settings import DataError
from .topics import coherence

_CANDIDATES, _COMPANY = 100, 8  # common words that are tried; neighbours of each
_SHARE = 0.03  # of the documents that hold a common word
_FORMULA = 0.5  # the NPMI from which words are rather one formula than of one subject


@dataclass(frozen=True)
class WordVectors:
    """Vectors of words, by name.

    Parameters
    ----------
    terms : list of str
        The words of the codec (d,).
    vectors : ndarray of shape (d, k)
        Their vectors; 0 for a word that has none.
    frequency : ndarray of shape (d,)
        How often each occurs in the corpus.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.words import WordVectors
    >>> vectors = np.array([[1.0, 0.0], [1.0, 1.0], [0.9, 0.2]])
    >>> words = WordVectors(["cat", "stone", "dog"], vectors, np.array([5, 9, 4]))
    >>> words.neighbours("Cat", n=1)[0][0], words.commonest(2).tolist()
    ('dog', [1, 0])
    """

    terms: list[str]
    vectors: np.ndarray
    frequency: np.ndarray
    _column: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "_column", {term: j for j, term in enumerate(self.terms)})

    def find(self, word: str) -> int:
        """The column of a word, whatever its case. Raises DataError with the words spelt most
        like it.
        """
        wanted = word.strip().lower()
        if wanted in self._column and np.any(self.vectors[self._column[wanted]]):
            return self._column[wanted]
        like = difflib.get_close_matches(wanted, self.terms, 4, 0.6)
        hint = (
            f"Spelt like it: {', '.join(w for w in like if w != wanted)}."
            if set(like) - {wanted}
            else "No word of the corpus is spelt like it."
        )
        why = (
            "keeps no company, so that it has no vector"
            if wanted in self._column
            else "is not among the words of this corpus"
        )
        raise DataError(f"{word.strip()[:40]!r} {why}. {hint}")

    def neighbours(self, word: str, n: int = 12) -> list[tuple[str, float]]:
        """The nearest words with their cosines, nearest first. Raises DataError for a word that
        is not known.
        """
        j = self.find(word)
        return self._named(*nearest_words(self.vectors, self.vectors[j], n, [j]))

    def analogy(self, a: str, b: str, c: str, n: int = 8) -> list[tuple[str, float]]:
        """What is to c as b is to a, with the cosines to ``b - a + c`` of vectors of unit
        length. Raises DataError for unknown words.
        """
        columns = [self.find(word) for word in (a, b, c)]
        unit = self.vectors[columns] / np.linalg.norm(self.vectors[columns], axis=1, keepdims=True)
        return self._named(*nearest_words(self.vectors, unit[1] - unit[0] + unit[2], n, columns))

    def commonest(self, n: int) -> np.ndarray:
        """Columns of the n commonest words that have a vector, commonest first."""
        known = np.flatnonzero(np.any(self.vectors, axis=1))
        return known[np.argsort(-self.frequency[known], kind="stable")[:n]]

    def _named(self, rows, cosines):
        # of equally near ones (a topic model knows many) the commonest is the first
        order = np.lexsort((-self.frequency[rows], -np.round(cosines, 3)))
        return [(self.terms[rows[i]], float(cosines[i])) for i in order]


def examples(words: WordVectors, X, n: int = 2) -> list[str]:
    """Words to begin with: common ones whose neighbours come in the same documents.

    Of the commonest words of four letters or more those are taken whose nearest words are in many
    documents and have the highest NPMI with each other
    (:func:`lvm_core.analysis.topics.coherence`); last those whose neighbours are all equally near,
    and no two that are near each other.

    Parameters
    ----------
    words : WordVectors
        Vectors of the words.
    X : CSR matrix of shape (m, d)
        Counts of the words.
    n : int, default=2
        How many.

    Returns
    -------
    list of str
        The best first; fewer where there are no more.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from lvm_core.analysis.words import WordVectors, examples
    >>> X = csr_array(np.array([[2, 1, 0, 0], [1, 2, 0, 0], [0, 0, 2, 1], [0, 0, 1, 3]] * 5))
    >>> vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    >>> words = WordVectors(["cat", "dog", "bank", "rate"], vectors, np.asarray(X.sum(0)))
    >>> examples(words, X)
    ['rate', 'cat']
    """
    columns = words.commonest(_CANDIDATES)
    named = [j for j in columns if words.terms[j].isalpha() and len(words.terms[j]) > 3]
    columns = np.array(named if len(named) > n else columns, int)
    unit = words.vectors / np.maximum(np.linalg.norm(words.vectors, axis=1, keepdims=True), 1e-300)
    cosines = unit[columns] @ unit.T  # (m, d)
    cosines[np.arange(len(columns)), columns] = np.inf
    near = np.argsort(-cosines, axis=1, kind="stable")[:, : _COMPANY + 1]  # itself first
    told = np.take_along_axis(cosines, near, 1)[:, 1:]
    alike = told.min(1, initial=1.0) > 0.995
    # companions in a few documents, or of one formula such as a signature, cohere best
    held = np.asarray((X > 0).sum(0)).ravel()
    common = np.minimum(np.median(held[near[:, 1:]], axis=1) / (_SHARE * X.shape[0]), 1)
    coherent = np.clip(np.nan_to_num(coherence(X, near)), 0, _FORMULA) * common
    order = np.lexsort((-coherent, alike))
    found: list[int] = []
    for far in (True, False):
        for i in order:
            apart = all(unit[columns[i]] @ unit[j] < 0.5 for j in found) or not far
            if len(found) < n and columns[i] not in found and apart:
                found.append(int(columns[i]))
    return [words.terms[j] for j in found]


def word_vectors(model: LatentModel) -> np.ndarray | None:
    """Vectors of words of a fitted model whose rows are word counts.

    Parameters
    ----------
    model : LatentModel
        A fitted model.

    Returns
    -------
    ndarray of shape (d, k) or None
        None where its rows are no counts, or it has no vectors.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.words import word_vectors
    >>> iris = DATASETS["iris"]().load()
    >>> word_vectors(MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)) is None
    True
    """
    return (
        model.word_vectors() if {b.likelihood for b in model.schema_.groups} == {"counts"} else None
    )
