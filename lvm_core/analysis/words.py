"""Words as vectors, by name: neighbours, analogies, spelling, and a map of the commonest."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

import numpy as np

from ..models.base import LatentModel
from ..models.word_embeddings import nearest_words
from ..settings import DataError


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
        return [(self.terms[j], float(c)) for j, c in zip(rows, cosines)]


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
