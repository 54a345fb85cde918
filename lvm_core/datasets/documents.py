"""Documents -> Dataset."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from .. import settings
from ..codecs.text import TextCodec
from .base import DataError, Dataset, require_rows

# Control characters and the marks that reverse the direction of writing: they hide what a text
# says.
UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def text_dataset(
    documents: list[str],
    name: str,
    rows: pd.DataFrame | None = None,
    label: str | None = None,
    notes: list[str] | None = None,
    max_terms: int = 5000,
    min_df: int = 0,
    stop_words: str = "auto",
    numbers: bool = False,
) -> Dataset:
    """The Dataset of documents: counts of their terms.

    Parameters
    ----------
    documents : list of str
        The documents; control characters become spaces.
    name : str
        Name of the dataset.
    rows : DataFrame (n, ...), optional
        What is known of each document. The documents themselves become its column ``text``.
    label : str, optional
        The column of ``rows`` to colour by first.
    notes : list of str, optional
        Added to, with what is understood.
    max_terms, min_df, stop_words, numbers
        As for :meth:`~lvm_core.codecs.text.TextCodec.of`.

    Returns
    -------
    Dataset
        Of kind ``text``.

    Raises
    ------
    DataError
        Below 3 documents with text in them, or when they share no terms or are all the same.

    Examples
    --------
    >>> from lvm_core.datasets.documents import text_dataset
    >>> data = text_dataset(["red apples", "green apples", "red cherries"], "fruit")
    >>> data.codec.terms
    ['apples', 'cherries', 'green', 'red']
    >>> data.X.toarray()[0].tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    notes = [] if notes is None else notes
    require_rows(len(documents), name)
    settings.check("rows", len(documents), name)
    settings.check("cell_chars", max(map(len, documents)), name)
    documents = [UNSHOWABLE.sub(" ", d) for d in documents]
    blank = sum(not d.strip() for d in documents)
    if len(documents) - blank < 3:
        raise DataError(
            f"{name} holds {len(documents) - blank} documents with text in them; at least 3 are "
            "needed."
        )
    codec, X, said = TextCodec.of(documents, max_terms, min_df, stop_words, numbers)
    if not numbers and _alike(X):  # they may differ by nothing else
        codec, X, said = TextCodec.of(documents, max_terms, min_df, stop_words, True)
    silent = int((np.diff(X.indptr) == 0).sum())
    words = int(np.mean([len(d.split()) for d in documents]))
    notes.insert(
        0, f"{len(documents):,} documents of {words} words on average; {X.shape[1]:,} terms."
    )
    notes += said
    if silent:
        notes.append(
            f"{silent:,} documents hold none of the terms ({blank:,} are empty); they are kept as "
            "all zeros."
        )
    if _alike(X):
        raise DataError(
            f"All {len(documents):,} documents of {name} are the same; there is nothing to learn "
            "from them."
        )
    rows = (
        pd.DataFrame(index=range(len(documents))) if rows is None else rows.reset_index(drop=True)
    )
    rows = rows.assign(text=documents)
    return Dataset(name, X, rows, codec, label, notes)


def _alike(X) -> bool:
    """Whether all rows are the same."""
    return X.shape[0] > 1 and abs(X - X[np.zeros(X.shape[0], int)]).nnz == 0
