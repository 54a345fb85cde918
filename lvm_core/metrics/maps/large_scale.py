"""Whether a map keeps the large-scale layout: triples of points, and distances between points
anywhere.
"""

from __future__ import annotations

import numpy as np

from .ranks import directions

_TRIPLES, _PAIRS = 100_000, 50_000
_AT_ONCE = 4e5


class RandomTriplets:
    """Of random triples (i, j, l) of the rows of A (n, d), dense or CSR, the same for every A
    of n rows by one ``random_state``: ``nearer`` (m,), -1 where j is nearer to i than l, 1
    where l is, 0 where neither; ``distances`` of as many pairs (i, j) as are correlated.
    """

    def __init__(self, A, metric: str = "euclidean", random_state: int = 0):
        rng, n = np.random.RandomState(random_state), A.shape[0]
        A = directions(A) if metric == "cosine" else A
        i = rng.randint(n, size=_TRIPLES)
        j, l = (i + rng.randint(1, n, _TRIPLES)) % n, (i + rng.randint(1, n, _TRIPLES)) % n
        near = apart(A, i, j)
        self.nearer, self.distances = np.sign(near - apart(A, i, l)), near[:_PAIRS]


def triplets_agree(true: RandomTriplets, drawn: RandomTriplets) -> dict[str, tuple[float, float]]:
    """name -> (value, standard error) of the rows' true layout and of their picture's.

    "triplets": the share of the triples whose picture agrees which of j and l is nearer to i (Wang
    et al., 2021, arXiv:2012.04456); "ranks" and "distances": Spearman's and Pearson's correlation
    of the distances of the pairs.
    """
    told = true.nearer != 0
    right = np.where(drawn.nearer == true.nearer, 1.0, np.where(drawn.nearer == 0, 0.5, 0.0))[told]
    right = right if len(right) else np.full(2, 0.5)
    near = true.distances, drawn.distances
    return {
        "triplets": (float(right.mean()), float(right.std() / np.sqrt(len(right)))),
        "ranks": _correlation(*(_ranked(d) for d in near)),
        "distances": _correlation(*near),
    }


def apart(A, i, j) -> np.ndarray:
    """Distances (m,) between the rows i (m,) and j (m,) of A, a few at a time."""
    step = max(1, int(_AT_ONCE / min(A.shape[1], 2000)))
    return np.concatenate(
        [_lengths(A[i[s : s + step]] - A[j[s : s + step]]) for s in range(0, len(i), step)]
    )


def _lengths(D):
    squared = (
        D.multiply(D).sum(1)
        if hasattr(D, "multiply")
        else np.einsum("ij,ij->i", D, D, dtype=np.float64, casting="unsafe")
    )
    return np.sqrt(np.asarray(squared, np.float64)).ravel()


def _ranked(values):
    from scipy.stats import rankdata

    return rankdata(values)


def _correlation(a, b) -> tuple[float, float]:
    """(Pearson's correlation, its standard error by Fisher's transform); 0 where a side does
    not vary.
    """
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0, 0.0
    r = float(np.corrcoef(a, b)[0, 1])
    return r, float((1 - r * r) / np.sqrt(max(len(a) - 3, 1)))
