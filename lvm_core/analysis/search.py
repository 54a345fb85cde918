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
    """Rows A (n, d), dense or CSR, compared by Euclidean distance; ``reference`` (m,):
    distances of random pairs of them, ascending.
    """

    A: Any
    reference: np.ndarray

    @classmethod
    def of(cls, A, *, random_state: int = 0) -> Space:
        """The space of these rows, at least two. Pairs are drawn by ``random_state``."""
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
        """Row numbers, distances and closeness (k,) each of the rows nearest to q (1, d),
        ``without`` one of them. Closeness is the share of random pairs of rows, 0 to 100, that
        are further apart.
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
    """Rows as they are compared: counts at unit length, so that the distance is that of the mix
    of words; others as they are.
    """
    if not schema.has("counts"):
        return X
    from sklearn.preprocessing import normalize

    return normalize(X)


def precision(A, y, k: int = 10, *, random_state: int = 0) -> Score | None:
    """Precision at k: of the k rows of A (n, d) nearest to a row, the share with its class in
    ``y`` (n,), None where unknown; chance is the share of pairs of the same class. Mean over
    all rows, or over 1000 drawn by ``random_state`` and among 20 000. None where fewer than 2
    classes or k + 1 rows are known.
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
    """Share of the rows of one answer that the other gives too (Jaccard counts would mean less
    to people).
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
