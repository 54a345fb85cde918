"""Paths between two codes: the straight line, the great arc, and one that keeps to where the data
is.

Shapes: a, b (k,), t a number or (steps,) -> (k,) or (steps, k).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .neighbours import nearest_others

# corners of a dense path to either side that a stop is averaged over: single samples jitter about
# the trend
_SMOOTH = 6
_STOPS = 1001  # at which its length is measured


def lerp(a, b, t) -> np.ndarray:
    """The straight line from a to b: ``(1 - t) a + t b``.

    Parameters
    ----------
    a, b : array-like of shape (k,)
        The ends.
    t : float or array-like of shape (steps,)
        Where on the line; outside [0, 1] it goes beyond the ends.

    Returns
    -------
    ndarray of shape (k,) or (steps, k)
        Codes.

    Raises
    ------
    ValueError
        Where the ends are not two codes of one length.

    Examples
    --------
    >>> from lvm_core.latent.paths import lerp
    >>> lerp([0, 0], [2, 4], [0, 0.5, 1])
    array([[0., 0.],
           [1., 2.],
           [2., 4.]])
    """
    a, b, t = _ends(a, b, t)
    return (1 - t) * a + t * b


def slerp(a, b, t, mean=None) -> np.ndarray:
    """The great arc from a to b, its radius going evenly from one end's to the other's.

    Spherical linear interpolation [1]_, for codes as White [2]_: under a Gaussian prior typical
    codes lie near a sphere, and the straight line leaves it. The line is taken where an arc is not
    defined: an end at the centre, or both in the same or opposite directions.

    Parameters
    ----------
    a, b : array-like of shape (k,)
        The ends.
    t : float or array-like of shape (steps,)
        Where on the arc. Beyond the ends it goes on along the circle; the radius stays at or above
        zero.
    mean : array-like of shape (k,), default=None
        The arc's centre; None: the origin.

    Returns
    -------
    ndarray of shape (k,) or (steps, k)
        Codes; the ends are exact.

    Raises
    ------
    ValueError
        Where the ends are not two codes of one length.

    References
    ----------
    .. [1] Shoemake (1985), doi:10.1145/325165.325242.
    .. [2] White (2016), arXiv:1609.04468.

    Examples
    --------
    >>> from lvm_core.latent.paths import slerp
    >>> slerp([1, 0], [0, 1], 0.5).round(4)
    array([0.7071, 0.7071])
    """
    a, b, t = _ends(a, b, t)
    centre = np.zeros_like(a) if mean is None else np.asarray(mean, np.float64)
    u, v = a - centre, b - centre
    # so that squares neither overflow nor vanish
    size = max(np.abs(u).max(), np.abs(v).max()) or 1.0
    p, q = np.linalg.norm(u / size), np.linalg.norm(v / size)
    if min(p, q) < 1e-12:
        return lerp(a, b, t[..., 0])
    u, v = u / size / p, v / size / q
    # Kahan's: accurate for small and flat angles
    angle = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
    if np.sin(angle) < 1e-6:
        return lerp(a, b, t[..., 0])
    radius = np.maximum((1 - t) * p + t * q, 0) * size
    arc = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)
    # the ends to the last bit
    return np.where(t == 0, a, np.where(t == 1, b, centre + radius * arc))


PATHS = {"lerp": lerp, "slerp": slerp}


class DensePaths:
    """Paths through populated regions, along the codes the model was trained on.

    Built once, walked many times. Codes are the nodes of their symmetric k-nearest-neighbour graph
    [1]_; an edge costs its squared length, so that many short steps are cheaper than one long jump
    and the shortest path bends towards dense regions [2]_. Lengths are in units of each dimension's
    spread, as in :class:`~lvm_core.latent.typicality.Typicality`. Separate parts of the graph are
    joined by the shortest edges between them.

    Parameters
    ----------
    codes : array-like of shape (n, k)
        Training codes, n of at least 2.
    k : int, default=10
        Neighbours of a node.
    rows : int, default=5000
        Of more codes than that a sample stands for all.
    random_state : int, default=0
        Seed of the sample.

    Raises
    ------
    ValueError
        For fewer than two codes, or codes that are not finite.

    References
    ----------
    .. [1] Tenenbaum, de Silva & Langford (2000), doi:10.1126/science.290.5500.2319.
    .. [2] Hwang, Damelin & Hero (2016), doi:10.1214/15-AAP1162.

    Examples
    --------
    A path between the ends of a half circle keeps to it, where the straight line would not.

    >>> import numpy as np
    >>> from lvm_core.latent.paths import DensePaths
    >>> angle = np.linspace(0, np.pi, 101)
    >>> codes = np.c_[np.cos(angle), np.sin(angle)]
    >>> walk = DensePaths(codes).walk(codes[0], codes[-1])
    >>> bool(np.linalg.norm(walk(0.5)) > 0.95)
    True
    """

    def __init__(self, codes, k: int = 10, *, rows: int = 5000, random_state: int = 0):
        codes = np.asarray(codes, np.float64)
        if codes.ndim != 2 or len(codes) < 2 or not np.isfinite(codes).all():
            raise ValueError(
                f"codes have shape {codes.shape}, expected (n, k) with at least 2 rows of finite "
                "numbers."
            )
        spread = codes.std(0)
        self._unit = np.where(spread > 1e-12 * np.abs(codes).max(initial=0), spread, 1.0)
        if len(codes) > rows:
            codes = codes[
                np.random.RandomState(random_state).choice(len(codes), rows, replace=False)
            ]
        self._codes = np.unique(codes, axis=0) / self._unit
        self.k = min(k, len(self._codes) - 1)
        self._graph = _joined(_neighbour_graph(self._codes, self.k), self._codes)

    def walk(self, a, b) -> Callable:
        """The path from code a to code b.

        The ends are exact, the speed is even (in units of spread), and t outside [0, 1] goes
        straight on along the path's first or last direction.

        Parameters
        ----------
        a, b : array-like of shape (k,)
            The ends.

        Returns
        -------
        callable
            ``walk(t)``: t a number or (steps,) -> (k,) or (steps, k).

        Raises
        ------
        ValueError
            Where the ends are not two codes of k finite numbers.
        """
        a, b, _ = _ends(a, b, 0)
        if a.shape != self._unit.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise ValueError(
                f"the ends have shape {a.shape}, expected two codes of {len(self._unit)} finite "
                "numbers."
            )
        curve, speeds = _evenly(
            _smooth(
                np.vstack(
                    [a / self._unit, self._between(a / self._unit, b / self._unit), b / self._unit]
                )
            )
        )

        def walk(t):
            t = np.asarray(t, np.float64)[..., None]
            inside = curve(np.clip(t[..., 0], 0, 1)) * self._unit
            before, after = np.minimum(t, 0) * speeds[0], np.maximum(t - 1, 0) * speeds[1]
            ends = np.where(t <= 0, a, np.where(t >= 1, b, inside))  # the ends to the last bit
            return ends + (before + after) * self._unit

        return walk

    def _between(self, a, b) -> np.ndarray:
        """The training codes (s, k) that the cheapest way from a to b passes; none when going
        straight costs no more.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra
        from scipy.spatial.distance import cdist

        g, n = self._graph, len(self._codes)
        with np.errstate(over="ignore"):
            (leave, arrive), straight = _cost(cdist([a, b], self._codes)), np.square(a - b).sum()
        first, last = (
            np.argsort(costs, kind="stable")[: max(1, self.k)] for costs in (leave, arrive)
        )
        entries = (
            np.concatenate([g.data, leave[first]]),
            np.concatenate([g.indices, first]),
            np.append(g.indptr, g.nnz + len(first)),
        )
        graph = csr_array(entries, shape=(n + 1, n + 1))
        cost, came_from = dijkstra(graph, indices=n, return_predecessors=True)  # node n is a
        way = [last[np.argmin(cost[last] + arrive[last])]]
        if not (cost[last] + arrive[last]).min() < straight:
            return self._codes[:0]
        while came_from[way[-1]] != n:
            way.append(came_from[way[-1]])
        return self._codes[way[::-1]]


def dense(codes, a, b) -> Callable:
    """The path from a to b that keeps to where the codes are dense, for one use.

    The same as ``DensePaths(codes).walk(a, b)``.

    Parameters
    ----------
    codes : array-like of shape (n, k)
        Training codes.
    a, b : array-like of shape (k,)
        The ends.

    Returns
    -------
    callable
        ``walk(t)``, as of :meth:`DensePaths.walk`.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.paths import dense
    >>> codes = np.random.default_rng(0).normal(size=(50, 2))
    >>> dense(codes, codes[0], codes[1])([0, 0.5, 1]).shape
    (3, 2)
    """
    return DensePaths(codes).walk(a, b)


def _cost(D):
    return np.maximum(D**2, np.finfo(float).tiny)  # a sparse graph takes zero for no edge


def _neighbour_graph(X, k):
    from scipy.sparse import csr_array

    D, I = nearest_others(X, k)
    graph = csr_array(
        (_cost(D).ravel(), I.ravel().astype(np.int32), np.arange(len(X) + 1, dtype=np.int32) * k),
        shape=(len(X), len(X)),
    )
    return graph.maximum(graph.T).tocsr()


def _joined(graph, X):
    """The graph with its separate parts joined as a minimum spanning tree would: each to its
    nearest, until there is one (Borůvka, 1926).
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial.distance import cdist

    while (found := connected_components(graph, directed=False))[0] > 1:
        parts, near, far = found[1], np.empty(len(X)), np.empty(len(X), int)
        for s in range(0, len(X), 500):
            D = cdist(X[s : s + 500], X)
            D[parts[s : s + 500, None] == parts] = np.inf
            far[s : s + 500], near[s : s + 500] = D.argmin(1), D.min(1)
        order = np.lexsort((near, parts))
        # of each part, the row nearest to another part
        i = order[np.unique(parts[order], return_index=True)[1]]
        bridge = csr_array((_cost(near[i]), (i, far[i])), shape=graph.shape)
        graph = graph.maximum(bridge).maximum(bridge.T).tocsr()
    return graph


def _smooth(corners):
    """A cubic spline over [0, 1] along the corners (s, k), each stop averaged over its
    neighbourhood of a few corners.

    The polygon is carried on beyond its ends by point reflection, so that the average leaves the
    ends and straight lines as they are.
    """
    from scipy.interpolate import CubicSpline

    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1)))
    stops = np.linspace(0, along[-1], 4 * len(corners))
    reach = min(4 * _SMOOTH, len(stops) // 4)
    weights = np.hanning(2 * reach + 3)[1:-1] / (reach + 1)
    polygon = np.pad(
        np.stack([np.interp(stops, along, c) for c in corners.T], 1),
        ((reach, reach), (0, 0)),
        mode="reflect",
        reflect_type="odd",
    )
    control = np.stack([np.convolve(c, weights, "valid") for c in polygon.T], 1)
    return CubicSpline(np.linspace(0, 1, len(control)), control)


def _evenly(spline):
    """The spline walked at even speed over [0, 1], and its velocities (2, k) at both ends."""
    grid = np.linspace(0, 1, _STOPS)
    along = np.append(0, np.cumsum(np.linalg.norm(np.diff(spline(grid), axis=0), axis=1)))
    tangents = spline(np.array([0.0, 1.0]), nu=1)
    size = np.linalg.norm(tangents, axis=1, keepdims=True)
    speeds = tangents / np.where(size > 0, size, 1) * along[-1]
    return lambda t: spline(np.interp(t, along / (along[-1] or 1), grid)), speeds


def _ends(a, b, t):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(
            f"the ends have shapes {a.shape} and {b.shape}, expected two codes of one length."
        )
    return a, b, np.asarray(t, np.float64)[..., None]
