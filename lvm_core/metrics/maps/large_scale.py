"""Whether a map keeps the large-scale layout: triples of points, and distances between points
anywhere.
"""

from __future__ import annotations

import numpy as np

from .ranks import directions

_TRIPLES, _PAIRS = 100_000, 50_000
_AT_ONCE = 4e5


class RandomTriplets:
    """Random triples (i, j, l) of rows, and which of j and l is nearer to i.

    The triples are the same for every A of n rows by one ``random_state``.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
        Rows.
    metric : {"euclidean", "cosine"}, default="euclidean"
        How rows are compared.
    random_state : int, default=0
        Seed of the triples.

    Attributes
    ----------
    nearer : ndarray of shape (m,)
        -1 where j is nearer to i than l, 1 where l is, 0 where neither.
    distances : ndarray
        Of the pairs (i, j) that are correlated, the first of the triples.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.large_scale import RandomTriplets, triplets_agree
    >>> A = np.random.default_rng(0).normal(size=(50, 3))
    >>> agree = triplets_agree(RandomTriplets(A), RandomTriplets(2 * A))
    >>> agree["triplets"][0], round(agree["distances"][0], 6)
    (1.0, 1.0)
    """

    def __init__(self, A, metric: str = "euclidean", random_state: int = 0):
        rng, n = np.random.RandomState(random_state), A.shape[0]
        A = directions(A) if metric == "cosine" else A
        i = rng.randint(n, size=_TRIPLES)
        j, l = (i + rng.randint(1, n, _TRIPLES)) % n, (i + rng.randint(1, n, _TRIPLES)) % n
        near = apart(A, i, j)
        self.nearer, self.distances = np.sign(near - apart(A, i, l)), near[:_PAIRS]


def triplets_agree(true: RandomTriplets, drawn: RandomTriplets) -> dict[str, tuple[float, float]]:
    """How far a map keeps the large-scale layout.

    "triplets": the share of the triples whose picture agrees which of j and l is nearer to i [1]_;
    "ranks" and "distances": Spearman's and Pearson's correlation of the distances of the pairs.

    Parameters
    ----------
    true : RandomTriplets
        Of the rows.
    drawn : RandomTriplets
        Of their picture, by the same ``random_state``.

    Returns
    -------
    dict of str to tuple of (float, float)
        Name -> (value, standard error).

    References
    ----------
    .. [1] Wang et al. (2021), arXiv:2012.04456.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.large_scale import RandomTriplets, triplets_agree
    >>> A, B = np.random.default_rng(0).normal(size=(2, 500, 3))
    >>> agree = triplets_agree(RandomTriplets(A), RandomTriplets(B))
    >>> list(agree)
    ['triplets', 'ranks', 'distances']
    >>> agree["triplets"][0] < 0.6, abs(agree["ranks"][0]) < 0.2
    (True, True)
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
    """Distances between pairs of rows, a few at a time.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
        Rows.
    i, j : ndarray of int of shape (m,)
        Row numbers.

    Returns
    -------
    ndarray of shape (m,)
        Euclidean distances.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.large_scale import apart
    >>> apart(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([0, 1]), np.array([1, 1])).tolist()
    [5.0, 0.0]
    """
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
