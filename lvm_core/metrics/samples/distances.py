"""Two distances between sets of rows, with their errors and with what real rows get against
each other.
"""

from __future__ import annotations

import numpy as np

GROUPS = 20


def kid(A, B, *, groups: int = GROUPS) -> tuple[float, float]:
    """Kernel distance (KID) [1]_ of two sets of features.

    The unbiased estimate of the squared maximum mean discrepancy under the kernel ``(a.b / f +
    1)^3``: 0 on average for two samples of one distribution, so it can be negative.

    Parameters
    ----------
    A : array-like of shape (n, f)
        Features.
    B : array-like of shape (m, f)
        Features.
    groups : int, default=20
        The error is the jackknife's: every ``groups``-th part of both is left out in turn [2]_.

    Returns
    -------
    value : float
        The distance.
    error : float
        Its standard error.

    Raises
    ------
    ValueError
        Below 4 rows of either.

    References
    ----------
    .. [1] Binkowski et al. (2018), arXiv:1801.01401.
    .. [2] Efron & Stein (1981), doi:10.1214/aos/1176345462.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import kid
    >>> A, B = np.random.default_rng(0).normal(size=(2, 200, 4))
    >>> value, error = kid(A, B)
    >>> abs(value) < 4 * error
    True
    >>> value, error = kid(A, B + 1)
    >>> value > 4 * error
    True
    """
    A, B = np.asarray(A, np.float64), np.asarray(B, np.float64)
    if min(len(A), len(B)) < 4:
        raise ValueError(f"A has {len(A)} rows and B has {len(B)}, expected at least 4 each.")
    groups = min(groups, len(A) // 2, len(B) // 2)
    a, b = (np.array_split(side, groups) for side in (A, B))
    na, nb = (np.array([len(part) for part in parts]) for parts in (a, b))
    aa, bb = _sums_within(a), _sums_within(b)
    ab = np.array([[kernel(p, q).sum() for q in b] for p in a])
    value = _unbiased(aa.sum(), bb.sum(), ab.sum(), len(A), len(B))
    without = lambda S: S.sum() - S.sum(0) - S.sum(1) + np.diag(S)
    left = _unbiased(without(aa), without(bb), without(ab), len(A) - na, len(B) - nb)
    return float(value), jackknife(left)


def kid_by_chance(K, b: int, draws: int = 200, *, random_state: int = 0) -> np.ndarray:
    """KID between two halves of the same rows, split at random anew each time.

    Parameters
    ----------
    K : ndarray of shape (2 b, 2 b)
        Kernel of the rows, see :func:`kernel`.
    b : int
        Rows of a half.
    draws : int, default=200
        How many splits.
    random_state : int, default=0
        Seed of the splits.

    Returns
    -------
    ndarray of shape (draws,)
        Distances.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.distances import kernel, kid_by_chance
    >>> A = np.random.default_rng(0).normal(size=(100, 4))
    >>> kid_by_chance(kernel(A, A), 50).shape
    (200,)
    """
    rng = np.random.RandomState(random_state)
    side = np.ones((2 * b, draws), K.dtype)
    for column in side.T:
        column[rng.permutation(2 * b)[:b]] = -1
    own = np.diag(K).sum(dtype=np.float64)
    total = K.sum(dtype=np.float64) - own
    # pairs on one side less pairs apart
    agree = np.einsum("ij,ij->j", side, K @ side).astype(np.float64) - own
    return (total + agree) / (2 * b * (b - 1)) - (total - agree) / (2 * b * b)


def kernel(A, B) -> np.ndarray:
    """The cubic kernel of KID: ``(a.b / f + 1)^3``.

    Parameters
    ----------
    A : ndarray of shape (n, f)
        Features.
    B : ndarray of shape (m, f)
        Features.

    Returns
    -------
    ndarray of shape (n, m)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.distances import kernel
    >>> kernel(np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 0.0]]))
    array([[8., 1.]])
    """
    return (A @ B.T / A.shape[1] + 1) ** 3


def frechet(A, B) -> float:
    """Fréchet distance of two sets of features.

    ``|a - b|^2 + tr(S + T - 2 (S T)^(1/2))`` of their means and covariances: the squared
    2-Wasserstein distance of two Gaussians [1]_; the FID of Heusel et al. [2]_, on other features.
    Biased upwards when there are few rows: compare equal numbers of rows only.

    Parameters
    ----------
    A : array-like of shape (n, f)
        Features.
    B : array-like of shape (m, f)
        Features.

    Returns
    -------
    float
        The distance, squared.

    References
    ----------
    .. [1] Fréchet (1957).
    .. [2] Heusel et al. (2017), arXiv:1706.08500.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import frechet
    >>> A = np.random.default_rng(0).normal(size=(100, 3))
    >>> round(frechet(A, A), 6), round(frechet(A, A + [2, 0, 0]), 6)
    (0.0, 4.0)
    """
    A, B = np.asarray(A, np.float64), np.asarray(B, np.float64)
    S, T = (np.atleast_2d(np.cov(side, rowvar=False)) for side in (A, B))
    values, vectors = np.linalg.eigh(S)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ T @ root), 0)).sum()
    return float(
        max(np.square(A.mean(0) - B.mean(0)).sum() + np.trace(S) + np.trace(T) - 2 * overlap, 0.0)
    )


def frechet_by_chance(R, b: int, draws: int = 20, *, random_state: int = 0) -> np.ndarray:
    """Fréchet distance between two halves of the same rows, split at random anew each time.

    Parameters
    ----------
    R : ndarray of shape (2 b, f)
        Features.
    b : int
        Rows of a half.
    draws : int, default=20
        How many splits.
    random_state : int, default=0
        Seed of the splits.

    Returns
    -------
    ndarray of shape (draws,)
        Distances.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.distances import frechet_by_chance
    >>> R = np.random.default_rng(0).normal(size=(100, 4))
    >>> frechet_by_chance(R, 50).shape
    (20,)
    """
    rng = np.random.RandomState(random_state)
    splits = (rng.permutation(2 * b) for _ in range(draws))
    return np.array([frechet(R[s[:b]], R[s[b:]]) for s in splits])


def frechet_error(A, B, groups: int = 10) -> float:
    """The jackknife's standard error of :func:`frechet`.

    Parameters
    ----------
    A : ndarray of shape (n, f)
        Features.
    B : ndarray of shape (m, f)
        Features.
    groups : int, default=10
        Parts, each of which is left out in turn.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.distances import frechet_error
    >>> A, B = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> 0 < frechet_error(A, B) < 0.5
    True
    """
    parts = [np.arange(len(side)) * groups // len(side) for side in (A, B)]
    return jackknife(np.array([frechet(A[parts[0] != g], B[parts[1] != g]) for g in range(groups)]))


def jackknife(left: np.ndarray) -> float:
    """Standard error from the values with each group left out.

    Parameters
    ----------
    left : ndarray of shape (g,)
        The statistic without each group.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.distances import jackknife
    >>> x = np.array([1.0, 2.0, 3.0, 6.0])
    >>> round(jackknife((x.sum() - x) / 3), 4), round(float(x.std(ddof=1) / 2), 4)
    (1.0801, 1.0801)
    """
    return float(np.sqrt((len(left) - 1) * np.mean((left - left.mean()) ** 2)))


def _sums_within(parts) -> np.ndarray:
    """Kernel sums (g, g) between groups, no row with itself."""
    S = np.array(
        [
            [kernel(p, q).sum() if i <= j else 0.0 for j, q in enumerate(parts)]
            for i, p in enumerate(parts)
        ]
    )
    own = np.array([((np.square(p).sum(1) / p.shape[1] + 1) ** 3).sum() for p in parts])
    return S + np.triu(S, 1).T - np.diag(own)


def _unbiased(aa, bb, ab, n, m):
    return aa / (n * (n - 1)) + bb / (m * (m - 1)) - 2 * ab / (n * m)
