"""Documents as counts of terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np

from ..schema import Schema
from ..settings import DataError
from .base import Codec, as_rows

ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "that",
        "it",
        "for",
        "was",
        "on",
        "are",
        "as",
        "with",
        "be",
        "at",
        "this",
        "have",
        "from",
        "or",
        "not",
        "but",
        "by",
        "an",
    ]
)
WORDS = r"(?u)\b\w\w+\b"  # scikit-learn's own
CONTRACTIONS = r"(?u)\b(\w\w+(?:'(?:t|d|m|ll|re|ve)\b)?)"
# a line of 45 bytes: M, then 60 characters without small letters, many of them marks
UUENCODED = re.compile(r"^M(?=(?:[^!-/:-@\[-`\n]*[!-/:-@\[-`]){8})[ -`]{58,60}\r?$", re.MULTILINE)
# every two neighbouring characters
PAIRS = r"(?=([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2}))"
SMALL = 50  # documents; below, every term counts


@dataclass
class TextCodec(Codec):
    """Documents <-> counts of their terms, X (n, terms) in CSR float32.

    Terms are scikit-learn's: lower case, two or more word characters; but an English contraction
    ("don't") is one, and lines of a file that is uuencoded in a document are none. Chinese and
    Japanese write no spaces; there a term is a pair of neighbouring characters. Decoding gives each
    row's heaviest terms, since word order is not in X.

    Parameters
    ----------
    terms : list of str
        The terms, in the order of the columns of X.
    pairs : bool
        Whether terms are pairs of neighbouring characters.
    contractions : bool
        Whether a contraction is one term and uuencoded lines are none. Datasets that earlier
        versions saved count terms without.

    Examples
    --------
    >>> from lvm_core.codecs.text import TextCodec
    >>> codec, X, notes = TextCodec.of(["the cat sat", "the cat saw the dog"])
    >>> codec.terms
    ['cat', 'dog', 'sat', 'saw', 'the']
    >>> X.toarray().tolist()
    [[1.0, 0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 1.0, 2.0]]
    >>> codec.decode(X, n_terms=2)[1]
    [('the', 2.0), ('cat', 1.0)]
    """

    kind: ClassVar[str] = "text"

    terms: list[str]
    pairs: bool = False
    contractions: bool = True

    @classmethod
    def of(
        cls,
        documents: list[str],
        max_terms: int = 5000,
        min_df: int = 0,
        stop_words: str = "auto",
        numbers: bool = False,
    ):
        """Learn the terms.

        For small corpora the defaults equal scikit-learn's, but for contractions and numbers.

        Parameters
        ----------
        documents : list of str
            The corpus.
        max_terms : int
            The most frequent terms that are kept.
        min_df : int
            Documents a term must be in; 0 chooses 1 below 50 documents, else 2.
        stop_words : {"auto", "english", "none"}
            Words left out: ``auto`` leaves out English function words, and contractions with them,
            from 50 documents on if the corpus looks English.
        numbers : bool
            Whether numbers and other terms that digits begin, or are half of, are kept.

        Returns
        -------
        codec : TextCodec
            With the terms.
        X : CSR matrix of float32 (n, terms)
            The documents' counts.
        notes : list of str
            Sentences about what was done.

        Raises
        ------
        DataError
            When fewer than two terms are left.
        """
        from sklearn.feature_extraction.text import CountVectorizer

        n, pairs = len(documents), unspaced(documents)
        min_df = min_df or (1 if n < SMALL else 2)
        if stop_words == "auto":
            stop_words = "english" if n >= SMALL and looks_english(documents) else "none"
        try:
            counter = CountVectorizer(
                **_counting(pairs),
                min_df=min(min_df, n),
                stop_words="english" if stop_words == "english" else None,
            )
            counts = cast(Any, counter.fit_transform(documents))  # CSR
        except ValueError as error:
            # "empty vocabulary" and "no terms remain" are scikit-learn's words for it
            raise DataError(
                f"the {n} documents share no terms: expected words of two or more letters that "
                "occur in at least "
                f"{min_df} of them."
            ) from error
        terms, total = counter.get_feature_names_out(), np.asarray(counts.sum(0)).ravel()
        words = np.array([numbers or not is_number(term) for term in terms])
        if words.sum() < 2:  # documents of numbers
            words[:] = True
        dropped = int((~words).sum())
        if stop_words == "english":
            words &= ["'" not in term for term in terms]
        terms, total, counts = terms[words], total[words], counts[:, np.flatnonzero(words)]
        keep = np.sort(np.argsort(-total, kind="stable")[:max_terms])
        if len(keep) < 2:
            raise DataError(
                f"the {n} documents hold only one term ({terms[0][:40]!r}); expected at least 2 "
                "different words."
            )
        kind = (
            "pairs of neighbouring characters"
            if pairs
            else "words of two or more letters, in lower case"
        )
        notes = [
            f"Terms: {kind}; {len(terms):,} of them are in at least {min_df} "
            f"document{'s' * (min_df > 1)}"
            + (f", the {len(keep):,} most frequent were kept." if len(keep) < len(terms) else ".")
        ]
        if dropped:
            notes.append(f"{dropped:,} numbers and terms that digits begin were left out.")
        if stop_words == "english":
            notes.append("English function words (the, of, and ...) were left out.")
        return (
            cls([str(t) for t in terms[keep]], pairs),
            counts[:, keep].astype(np.float32).tocsr(),
            notes,
        )

    @cached_property
    def schema(self) -> Schema:
        return Schema.counts(len(self.terms))

    @cached_property
    def _counter(self):
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(
            vocabulary=self.terms,
            **_counting(self.pairs, self.contractions),
            dtype=np.float32,  # pyright: ignore[reportArgumentType]  # its default is np.int64
        )

    def encode(self, items):
        """Documents -> CSR float32 (n, terms).

        Parameters
        ----------
        items : list of str
            Documents; unknown words are not counted.

        Raises
        ------
        DataError
            When it is a single value.
        """
        if isinstance(items, str) or not isinstance(items, Iterable):
            raise DataError("expected a list of documents, found a single value; put it in a list.")
        return self._counter.transform(
            ["" if d is None or d != d else str(d) for d in items]
        ).tocsr()

    def decode(self, X, n_terms: int = 20) -> list[list[tuple[str, float]]]:
        """The heaviest terms of each row.

        Parameters
        ----------
        X : array or CSR matrix (n, terms)
            Rows.
        n_terms : int
            The most terms of a row.

        Returns
        -------
        list of list of (str, float)
            Per row the (term, weight) of weight above 0, heaviest first.
        """
        X = as_rows(X, len(self.terms))
        top = np.argsort(-X, axis=1, kind="stable")[:, :n_terms]
        return [
            [(self.terms[j], float(row[j])) for j in order if row[j] > 0]
            for row, order in zip(X, top)
        ]

    def to_json(self) -> dict:
        return {
            "kind": self.kind,
            "terms": self.terms,
            "pairs": self.pairs,
            **({"contractions": True} if self.contractions else {}),
        }

    @classmethod
    def from_json(cls, data: dict) -> TextCodec:
        return cls(
            [str(term) for term in data["terms"]],
            bool(data.get("pairs", False)),
            bool(data.get("contractions", False)),  # earlier versions knew none
        )


def _counting(pairs: bool, contractions: bool = True) -> dict[str, Any]:
    """How scikit-learn finds the terms of a document."""
    if pairs or not contractions:
        return {"token_pattern": PAIRS if pairs else WORDS}
    return {"token_pattern": CONTRACTIONS, "preprocessor": _plain}


def _plain(document: str) -> str:
    """In lower case, apostrophes of one kind, without uuencoded lines."""
    return UUENCODED.sub("", document).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def is_number(term: str) -> bool:
    """Whether a term is a number, or more of one than a word.

    Parameters
    ----------
    term : str
        In lower case.

    Returns
    -------
    bool
        Whether it begins with a digit, half of it are digits, or it has no letter.

    Examples
    --------
    >>> from lvm_core.codecs.text import is_number
    >>> [is_number(term) for term in ("1984", "34u", "f0", "__", "mp3", "h2o")]
    [True, True, True, True, False, False]
    """
    digits, letters = (sum(map(kind, term)) for kind in (str.isdigit, str.isalpha))
    return not letters or term[0].isdigit() or 2 * digits >= len(term)


def looks_english(documents: list[str], sample: int = 200) -> bool:
    """Whether documents are in English.

    Parameters
    ----------
    documents : list of str
        The corpus.
    sample : int
        About how many documents, spread over the corpus, are looked at.

    Returns
    -------
    bool
        Whether at least a tenth of their words are English function words.

    Examples
    --------
    >>> from lvm_core.codecs.text import looks_english
    >>> looks_english(["the cat sat on the mat"]), looks_english(["die Katze sitzt"])
    (True, False)
    """
    words = (
        " ".join(d[:2000] for d in documents[:: max(1, len(documents) // sample)]).lower().split()
    )
    return sum(w in ENGLISH for w in words) > 0.1 * max(len(words), 1)


def unspaced(documents: list[str], sample: int = 200) -> bool:
    """Whether documents are written without spaces between words.

    Parameters
    ----------
    documents : list of str
        The corpus.
    sample : int
        About how many documents, spread over the corpus, are looked at.

    Returns
    -------
    bool
        Whether a third of the characters or more are Chinese or Japanese.

    Examples
    --------
    >>> from lvm_core.codecs.text import unspaced
    >>> unspaced(["the cat"]), unspaced(["吾輩は猫である"])
    (False, True)
    """
    text = "".join(d[:2000] for d in documents[:: max(1, len(documents) // sample)])
    return len(re.findall("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]", text)) > 0.33 * max(
        len(text), 1
    )
