"""Whether the code still knows what a row is: labels predicted from codes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ..capabilities import PredictsLabels
from .base import Score, percent, share_error

NEIGHBOURS = 10
MOST_ROWS = 5000
MOST_CELLS = 2**27  # values of rows that are searched themselves


def labels(
    codes, y, train, held_out, X=None, *, k: int = NEIGHBOURS, random_state: int = 0
) -> list[Score]:
    """Share of held-out rows whose label is that of most of their nearest training codes.

    This is the k nearest neighbour accuracy maps and embeddings are compared by [1]_. Always saying
    the commonest label is the baseline.

    Parameters
    ----------
    codes : ndarray of shape (n, k')
        Codes.
    y : ndarray of shape (n,)
        Labels, None where a row has none.
    train, held_out : ndarray of int
        Row numbers; of more than ``MOST_ROWS`` with a label a sample is used.
    X : ndarray or CSR matrix of shape (n, d), default=None
        With it the sentence also says what the rows themselves get, where they are not very large.
    k : int, default=10
        Neighbours.
    random_state : int, default=0
        Seed of the samples.

    Returns
    -------
    list of Score
        One; none where fewer than 10 held-out rows or 2 labels are there.

    References
    ----------
    .. [1] van der Maaten & Hinton (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import labels
    >>> y = np.array(["a", "b"] * 50, object)
    >>> codes = np.random.default_rng(0).normal(size=(100, 2)) + 9 * (y == "b")[:, None]
    >>> (score,) = labels(codes, y, np.arange(80), np.arange(80, 100))
    >>> score.value, score.baseline
    (1.0, 0.5)
    """
    known = np.array([v is not None and v == v for v in y])
    train, held_out = train[known[train]], held_out[known[held_out]]
    rng = np.random.RandomState(random_state)
    train, held_out = (
        rows if len(rows) <= MOST_ROWS else np.sort(rng.choice(rows, MOST_ROWS, replace=False))
        for rows in (train, held_out)
    )
    if len(held_out) < 10 or len(set(y[train])) < 2:
        return []
    names, first = np.unique(y[train].astype(str), return_inverse=True)
    truth, k = y[held_out].astype(str), min(k, len(train))
    base = float(np.mean(truth == names[np.bincount(first).argmax()]))
    right = _right(codes, train, held_out, first, names, truth, k)
    value = float(right.mean())
    raw = (
        ""
        if X is None or _large(X, len(train) + len(held_out))
        else (
            "; from the rows themselves "
            f"{percent(_right(X, train, held_out, first, names, truth, k).mean())}"
        )
    )
    return [
        Score(
            "Label from the code",
            value,
            f"The label of {percent(value)} of {len(truth):,} held-out rows is that of most of "
            f"their {k} nearest codes; "
            f"always saying the commonest gets {percent(base)}{raw}.",
            base,
            1.0,
            "share",
            share_error(value, len(truth)),
            by_row=right.astype(float),
        )
    ]


def labels_predicted(model: Any, X, y, train, held_out) -> list[Score]:
    """Share of held-out rows whose label the model names itself.

    Always saying the commonest of the training rows is the baseline.

    Parameters
    ----------
    model : LatentModel
        Fitted.
    X : ndarray or CSR matrix of shape (n, d)
        Rows.
    y : ndarray of shape (n,)
        Labels, None where a row has none.
    train, held_out : ndarray of int
        Row numbers; of the labelled held-out ones the first ``MOST_ROWS`` are measured.

    Returns
    -------
    list of Score
        One; none for a model without ``predict_label``, and where fewer than 10 held-out rows are
        labelled.
    """
    known = np.array([v is not None and v == v for v in y])
    train, held_out = train[known[train]], held_out[known[held_out]][:MOST_ROWS]
    if not isinstance(model, PredictsLabels) or not cast(Any, model).classes_ or len(held_out) < 10:
        return []
    truth, (names, counts) = (
        y[held_out].astype(str),
        np.unique(y[train].astype(str), return_counts=True),
    )
    right = np.asarray(model.predict_label(X[held_out]) == truth)
    value, base = float(right.mean()), float(np.mean(truth == names[counts.argmax()]))
    return [
        Score(
            "Labels right",
            value,
            f"It names the label of {percent(value)} of {len(truth):,} held-out rows, having seen "
            f"the labels of {len(train):,}; "
            f"always saying the commonest gets {percent(base)}.",
            base,
            1.0,
            "share",
            share_error(value, len(truth)),
            by_row=right.astype(float),
        )
    ]


def _large(X, n: int) -> bool:
    return not hasattr(X, "indptr") and n * X.shape[1] > MOST_CELLS


def _right(A, train, held_out, first, names, truth, k) -> np.ndarray:
    """Whether each held-out row's label is that of most of its neighbours."""
    from sklearn.neighbors import KNeighborsClassifier

    found = KNeighborsClassifier(k).fit(A[train], first).predict(A[held_out])
    return np.asarray(names[found] == truth)
