"""Whether a map keeps the large-scale layout: triples of points, and distances between points anywhere."""

from __future__ import annotations

import numpy as np

from .ranks import directions

_TRIPLES, _PAIRS = 100_000, 50_000
_AT_ONCE = 4e6


def large_scale(A, P, *, metric: str = "euclidean", random_state: int = 0) -> dict[str, tuple[float, float]]:
    """name -> (value, standard error) of a picture P (n, c) of rows A (n, d), dense or CSR.

    "triplets": the share of random triples (i, j, l) whose picture agrees which of j and l is nearer to i (Wang et al., 2021,
    arXiv:2012.04456); "ranks" and "distances": Spearman's and Pearson's correlation of the distances of random pairs.
    """
    rng, n = np.random.RandomState(random_state), A.shape[0]
    A = directions(A) if metric == "cosine" else A
    i = rng.randint(n, size=_TRIPLES)
    j, l = (i + rng.randint(1, n, _TRIPLES)) % n, (i + rng.randint(1, n, _TRIPLES)) % n
    true, drawn = (np.sign(apart(B, i, j) - apart(B, i, l)) for B in (A, P))
    told = (j != l) & (true != 0)
    right = (np.where(drawn == true, 1.0, np.where(drawn == 0, 0.5, 0.0)))[told]
    right = right if len(right) else np.full(2, 0.5)
    near = apart(A, i[:_PAIRS], j[:_PAIRS]), apart(P, i[:_PAIRS], j[:_PAIRS])
    return {"triplets": (float(right.mean()), float(right.std() / np.sqrt(len(right)))),
            "ranks": _correlation(*(_ranked(d) for d in near)), "distances": _correlation(*near)}


def apart(A, i, j) -> np.ndarray:
    """Distances (m,) between the rows i (m,) and j (m,) of A, a few at a time."""
    step = max(1, int(_AT_ONCE / A.shape[1]))
    return np.concatenate([_lengths(A[i[s:s + step]] - A[j[s:s + step]]) for s in range(0, len(i), step)])


def _lengths(D):
    squared = D.multiply(D).sum(1) if hasattr(D, "multiply") else np.square(D, dtype=np.float64).sum(1)
    return np.sqrt(np.asarray(squared, np.float64)).ravel()


def _ranked(values):
    from scipy.stats import rankdata

    return rankdata(values)


def _correlation(a, b) -> tuple[float, float]:
    """(Pearson's correlation, its standard error by Fisher's transform); 0 where a side does not vary."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0, 0.0
    r = float(np.corrcoef(a, b)[0, 1])
    return r, float((1 - r * r) / np.sqrt(max(len(a) - 3, 1)))
