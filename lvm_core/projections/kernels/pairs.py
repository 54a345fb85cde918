"""PaCMAP's and LocalMAP's pairs and the forces between them, compiled once and kept on the disk.

Near, mid-near and far pairs are tables (n, number of pairs): row i lists the partners of point i.
Every function is serial and seeded, so that a seed gives one map.
"""

import numpy as np
from numba import njit

_TRIES = 100  # of a draw that must avoid some points; few points may leave no other


@njit(cache=True, nogil=True)
def _fresh(j, i, taken, count, avoided):
    if j == i:
        return False
    for t in range(count):
        if taken[t] == j:
            return False
    for t in range(len(avoided)):  # noqa: SIM110
        if avoided[t] == j:
            return False
    return True


@njit(cache=True, nogil=True)
def _draw(n, i, taken, count, avoided):
    """A point other than i, those taken and those avoided, as far as there is one."""
    j = i
    for _ in range(_TRIES):
        j = np.random.randint(n)
        if _fresh(j, i, taken, count, avoided):
            return j
    return j if j != i else (i + 1) % n


@njit(cache=True, nogil=True)
def mid_near(Z, count, seed):
    """Mid-near partners: each the second nearest of six points drawn at random.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Codes.
    count : int
        Partners a point.
    seed : int
        Seed of the draws.

    Returns
    -------
    ndarray of int32 of shape (n, count)
        Row numbers.
    """
    np.random.seed(seed)
    n = len(Z)
    found, drawn, distances = (
        np.empty((n, count), np.int32),
        np.empty(6, np.int32),
        np.empty(6, np.float64),
    )
    for i in range(n):
        for c in range(count):
            for t in range(6):
                j = drawn[t] = _draw(n, i, drawn, t, found[i, :c])
                distances[t] = 0.0
                for d in range(Z.shape[1]):
                    distances[t] += (Z[i, d] - Z[j, d]) ** 2
            found[i, c] = drawn[np.argsort(distances)[1]]
    return found


@njit(cache=True, nogil=True)
def far(near, count, seed):
    """Far partners: drawn at random from all but the near ones.

    Parameters
    ----------
    near : ndarray of int32 of shape (n, m)
        Near partners.
    count : int
        Partners a point.
    seed : int
        Seed of the draws.

    Returns
    -------
    ndarray of int32 of shape (n, count)
        Row numbers.
    """
    np.random.seed(seed)
    n = len(near)
    found = np.empty((n, count), np.int32)
    for i in range(n):
        for c in range(count):
            found[i, c] = _draw(n, i, found[i], c, near[i])
    return found


@njit(cache=True, nogil=True)
def far_nearby(near, old, P, reach, seed):
    """As :func:`far`, but within ``reach`` on the map.

    A draw that finds no such point keeps the old partner.

    Parameters
    ----------
    near : ndarray of int32 of shape (n, m)
        Near partners.
    old : ndarray of int32 of shape (n, count)
        Far partners so far.
    P : ndarray of shape (n, c)
        Positions.
    reach : float
        Greatest distance on the map.
    seed : int
        Seed of the draws.

    Returns
    -------
    ndarray of int32 of shape (n, count)
        Row numbers.
    """
    np.random.seed(seed)
    n, count = old.shape
    found = old.copy()
    for i in range(n):
        for c in range(count):
            for _ in range(_TRIES):
                j = np.random.randint(n)
                gap = 0.0
                for d in range(P.shape[1]):
                    gap += (P[i, d] - P[j, d]) ** 2
                if gap <= reach * reach and _fresh(j, i, found[i], c, near[i]):
                    found[i, c] = j
                    break
    return found


@njit(cache=True, nogil=True, fastmath=True)
def forces(P, near, mid, distant, pull, hold, reach, gradient):
    """Fill ``gradient`` with that of PaCMAP's objective at P, and return the objective.

    For the objective see :class:`~lvm_core.projections.pacmap.PaCMAP`.

    Parameters
    ----------
    P : ndarray of shape (n, c)
        Positions.
    near, mid, distant : ndarray of int32 of shape (n, .)
        Partners of every point.
    pull, hold : float
        Weights of near and mid-near pairs; far ones weigh 1.
    reach : float
        Above 0 it multiplies the pull by ``reach / (2 sqrt(1 + d^2))`` as LocalMAP does; the
        objective is then PaCMAP's still.
    gradient : ndarray of shape (n, c)
        Written to.

    Returns
    -------
    float
        The objective.
    """
    n, c = P.shape
    gradient[:] = 0
    loss = 0.0
    step = np.empty(c, P.dtype)
    for kind in range(3):
        pairs = near if kind == 0 else mid if kind == 1 else distant
        for i in range(n):
            for t in range(pairs.shape[1]):
                j = pairs[i, t]
                gap = P.dtype.type(1)
                for d in range(c):
                    step[d] = P[i, d] - P[j, d]
                    gap += step[d] * step[d]
                if kind == 0:
                    loss += pull * gap / (10 + gap)
                    weight = pull * 20 / (10 + gap) ** 2
                    if reach > 0:
                        weight *= reach / (2 * np.sqrt(gap))
                elif kind == 1:
                    loss += hold * gap / (10000 + gap)
                    weight = hold * 20000 / (10000 + gap) ** 2
                else:
                    loss += 1 / (1 + gap)
                    weight = -2 / (1 + gap) ** 2
                for d in range(c):
                    gradient[i, d] += weight * step[d]
                    gradient[j, d] -= weight * step[d]
    return loss


@njit(cache=True, nogil=True)
def adam(P, gradient, m, v, t):
    """A step of Adam [1]_ with rate 1, in place.

    Parameters
    ----------
    P, gradient : ndarray of shape (n, c)
        Positions, changed in place, and the gradient there.
    m, v : ndarray of shape (n, c)
        Running means of the gradient and of its square, changed in place.
    t : int
        Number of the step, from 0.

    References
    ----------
    .. [1] Kingma & Ba (2015), arXiv:1412.6980.
    """
    rate = np.sqrt(1.0 - 0.999 ** (t + 1)) / (1.0 - 0.9 ** (t + 1))
    for i in range(P.shape[0]):
        for d in range(P.shape[1]):
            m[i, d] += 0.1 * (gradient[i, d] - m[i, d])
            v[i, d] += 0.001 * (gradient[i, d] ** 2 - v[i, d])
            P[i, d] -= rate * m[i, d] / (np.sqrt(v[i, d]) + 1e-7)
