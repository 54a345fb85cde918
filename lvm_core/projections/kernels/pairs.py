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
    """Partners (n, count): each the second nearest of six points drawn at random."""
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
    """Partners (n, count) drawn at random from all but the near ones."""
    np.random.seed(seed)
    n = len(near)
    found = np.empty((n, count), np.int32)
    for i in range(n):
        for c in range(count):
            found[i, c] = _draw(n, i, found[i], c, near[i])
    return found


@njit(cache=True, nogil=True)
def far_nearby(near, old, P, reach, seed):
    """As :func:`far`, but within ``reach`` on the map P; a draw that finds no such point keeps
    the old partner.
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
    """Fill ``gradient`` (n, c) of PaCMAP's objective at P and return the objective, see
    :class:`~lvm_core.projections.pacmap.PaCMAP`.

    ``pull`` and ``hold`` weigh near and mid-near pairs, far ones weigh 1. ``reach`` above 0
    multiplies the pull by ``reach / (2 sqrt(1 + d^2))`` as LocalMAP does; the objective is then
    PaCMAP's still.
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
    """Step t (from 0) of Adam (Kingma & Ba, 2015, arXiv:1412.6980) with rate 1, in place."""
    rate = np.sqrt(1.0 - 0.999 ** (t + 1)) / (1.0 - 0.9 ** (t + 1))
    for i in range(P.shape[0]):
        for d in range(P.shape[1]):
            m[i, d] += 0.1 * (gradient[i, d] - m[i, d])
            v[i, d] += 0.001 * (gradient[i, d] ** 2 - v[i, d])
            P[i, d] -= rate * m[i, d] / (np.sqrt(v[i, d]) + 1e-7)
