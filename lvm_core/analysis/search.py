"""The items most like one: by code or by the rows themselves, and how far the two agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..metrics.base import Score, percent
from ..metrics.residuals import sample
from .anomalies import _neighbours

PAIRS, MOST_QUERIES, MOST_POOL = 2000, 1000, 20_000


@dataclass(frozen=True)
class Space:
    """Rows that are compared by Euclidean distance.

    Attributes
    ----------
    A : array or CSR matrix of shape (n, d)
        The rows.
    reference : ndarray of shape (m,)
        Distances of random pairs of them, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.search import Space
    >>> space = Space.of(np.arange(10.0)[:, None])
    >>> rows, distances, closeness = space.nearest(np.array([[2.2]]), k=2)
    >>> rows.tolist(), distances.round(1).tolist()
    ([2, 3], [0.2, 0.8])
    """

    A: Any
    reference: np.ndarray

    @classmethod
    def of(cls, A, *, random_state: int = 0) -> Space:
        """Make the space of some rows.

        Parameters
        ----------
        A : array or CSR matrix of shape (n, d)
            At least two rows.
        random_state : int, default=0
            Draws the pairs.

        Returns
        -------
        Space
            The rows with the distances of 2000 random pairs.

        Raises
        ------
        ValueError
            For fewer than two rows.
        """
        n = A.shape[0]
        if n < 2:
            raise ValueError(f"{n} row, expected at least 2 to compare.")
        rng = np.random.RandomState(random_state)
        i = rng.randint(n, size=PAIRS)
        j = (i + rng.randint(1, n, size=PAIRS)) % n
        away = [_distances(A[i[s : s + 200]], A[j[s : s + 200]]) for s in range(0, PAIRS, 200)]
        return cls(A, np.sort(np.concatenate(away)))

    def nearest(
        self, q, k: int, without: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find the rows nearest to one.

        Parameters
        ----------
        q : array or CSR matrix of shape (1, d)
            What to look for.
        k : int
            How many.
        without : int, optional
            A row to leave out.

        Returns
        -------
        rows : ndarray of int, shape (k,)
            Row numbers, nearest first.
        distances : ndarray of shape (k,)
            Their distances.
        closeness : ndarray of shape (k,)
            Share of random pairs of rows, 0 to 100, that are further apart.
        """
        every = np.concatenate(
            [_distances(self.A[s : s + 5000], q) for s in range(0, self.A.shape[0], 5000)]
        )
        if without is not None:
            every[without] = np.inf
        rows = np.argsort(every, kind="stable")[: min(k, len(every) - (without is not None))]
        m = len(self.reference)
        # a sample of pairs cannot tell of 100 %
        closeness = 100 * (m - np.searchsorted(self.reference, every[rows], "left")) / (m + 1)
        return rows, every[rows], closeness


def comparable(X, schema):
    """Rows as they are compared.

    Counts are scaled to unit length, so that the distance is that of the mix of words.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
        Rows.
    schema : Schema
        Their feature groups.

    Returns
    -------
    array or CSR matrix of shape (n, d)
        Counts at unit length, other rows as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.search import comparable
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> comparable(np.array([[3.0, 4.0]]), Schema((FeatureGroup("counts", 2),))).tolist()
    [[0.6, 0.8]]
    """
    if not schema.has("counts"):
        return X
    from sklearn.preprocessing import normalize

    return normalize(X)


def precision(A, y, k: int = 10, *, random_state: int = 0) -> Score | None:
    """Precision at k: of the k rows nearest to a row, the share with its class.

    Chance is the share of pairs of the same class.

    Parameters
    ----------
    A : array or CSR matrix of shape (n, d)
        Rows as they are compared.
    y : ndarray of shape (n,)
        Classes, None where unknown.
    k : int, default=10
        How many rows.
    random_state : int, default=0
        Draws 1000 rows to ask about, among 20 000, where there are more.

    Returns
    -------
    Score or None
        The mean over rows; None where fewer than 2 classes or k + 1 rows are known.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.search import precision
    >>> iris = DATASETS["iris"]().load()
    >>> score = precision(iris.X, iris.targets(), k=5)
    >>> score.value > 0.9, round(score.baseline, 2)
    (True, 0.33)
    """
    known = np.flatnonzero([v is not None and v == v for v in y])
    known = sample(known, MOST_POOL, random_state)
    if len(known) <= k or len(set(y[known])) < 2:
        return None
    truth = np.unique(y[known].astype(str), return_inverse=True)[1]
    A = A[known]
    ask = sample(np.arange(len(known)), MOST_QUERIES, random_state)
    I = _neighbours(A[ask], A, k + 1)[1]
    own = I == ask[:, None]
    own[~own.any(1), -1] = True
    hits = (truth[I[~own].reshape(len(ask), k)] == truth[ask][:, None]).mean(1)
    sizes = np.bincount(truth)
    chance = float((sizes * (sizes - 1)).sum() / (len(known) * (len(known) - 1)))
    value = float(hits.mean())
    return Score(
        f"Precision at {k}",
        value,
        (
            f"Of the {k} most similar items of an item, {percent(value)} have its class on average "
            f"over {len(ask):,} items; chance gives {percent(chance)}."
        ),
        chance,
        1.0,
        "share",
        float(hits.std(ddof=1) / np.sqrt(len(hits))),
    )


def shared(a, b) -> float:
    """Share of the rows of one answer that the other gives too.

    Jaccard counts would mean less to people.

    Parameters
    ----------
    a : array-like of int, shape (k,)
        Rows of one answer.
    b : array-like of int
        Rows of the other.

    Returns
    -------
    float
        Share, 0 to 1.

    Examples
    --------
    >>> from lvm_core.analysis.search import shared
    >>> shared([1, 2, 3, 4], [3, 4, 5, 6])
    0.5
    """
    return len(set(map(int, a)) & set(map(int, b))) / max(len(a), 1)


def _distances(a, b) -> np.ndarray:
    """Of each row of a (m, d) to the same row of b, or to its only row."""
    if hasattr(a, "indptr"):
        squares = [np.asarray(part.multiply(part).sum(1), np.float64).ravel() for part in (a, b)]
        both = a @ b.T if b.shape[0] == 1 else a.multiply(b).sum(1)
        return np.sqrt(
            np.maximum(
                squares[0]
                + squares[1]
                - 2
                * np.asarray(
                    both.toarray() if hasattr(both, "indptr") else both, np.float64
                ).ravel(),
                0,
            )
        )
    return np.sqrt(np.square(np.asarray(a, np.float64) - np.asarray(b, np.float64)).sum(1))
