"""Whether the code still knows what a row is: labels predicted from codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.capabilities import PredictsLabels
from .base import Score, percent

if TYPE_CHECKING:
    from ..models.base import LatentModel

NEIGHBOURS = 10
MOST_ROWS = 5000


def labels(
    codes, y, train, held_out, X=None, *, k: int = NEIGHBOURS, random_state: int = 0
) -> list[Score]:
    """Share of held-out rows whose label (of ``y`` (n,), None where a row has none) is that of most
    of their k nearest training codes; codes (n, k'), ``train`` and ``held_out`` are row numbers.
    With ``X`` (n, d) the sentence also says what the rows themselves get. Always saying the
    commonest label is the baseline. Empty where fewer than 10 held-out rows or 2 labels are there.

    This is the k nearest neighbour accuracy maps and embeddings are compared by (van der Maaten &
    Hinton, 2008).
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
    value = _accuracy(codes, train, held_out, first, names, truth, k)
    raw = (
        ""
        if X is None
        else (
            "; from the rows themselves "
            f"{percent(_accuracy(X, train, held_out, first, names, truth, k))}"
        )
    )
    error = float(np.sqrt(max(value * (1 - value), 1e-12) / len(truth)))
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
            error,
        )
    ]


def labels_predicted(model: LatentModel, X, y, train, held_out) -> list[Score]:
    """Share of held-out rows of X (n, d) whose label ``model.predict_label`` names; always
    saying the commonest of the training rows is the baseline. Empty for a model without
    predictions, and where fewer than 10 held-out rows are labelled.
    """
    known = np.array([v is not None and v == v for v in y])
    train, held_out = train[known[train]], held_out[known[held_out]][:MOST_ROWS]
    if not isinstance(model, PredictsLabels) or not model.classes_ or len(held_out) < 10:
        return []
    truth, (names, counts) = (
        y[held_out].astype(str),
        np.unique(y[train].astype(str), return_counts=True),
    )
    value, base = (
        float(np.mean(model.predict_label(X[held_out]) == truth)),
        float(np.mean(truth == names[counts.argmax()])),
    )
    error = float(np.sqrt(max(value * (1 - value), 1e-12) / len(truth)))
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
            error,
        )
    ]


def _accuracy(A, train, held_out, first, names, truth, k) -> float:
    from sklearn.neighbors import KNeighborsClassifier

    return float(
        np.mean(names[KNeighborsClassifier(k).fit(A[train], first).predict(A[held_out])] == truth)
    )
