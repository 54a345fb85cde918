"""Numbers of a table drawn as the data has them: a monotone map of each column, from the quantiles
of a model's own draws to those of the data.
"""

from __future__ import annotations

import numpy as np

from ..schema import Schema

DRAWN = 20_000_000  # numbers that maps are learnt from, at most
MOST = 100_000  # rows of the data that they are learnt from
QUANTILES = 200  # of a column, evenly spaced, at most
ROWS = 10  # of the data that every number kept is a mean of, or that share it
SHARE = 0.01  # of the rows, from which on a value is kept as it is
LEVELS = 100  # distinct values up to which each is kept that ROWS share
NARROW = 1e-4  # of a column's range: least width of bounds that are taken back


def table_columns(schema: Schema) -> list[tuple[int, int | None]]:
    """The columns of X that hold a number of a table.

    Parameters
    ----------
    schema : Schema
        The columns. Pictures, and feature groups of several real columns (series, vectors), are no
        numbers of a table.

    Returns
    -------
    list of (int, int or None)
        Each column with the column that is 1 where its value is missing, None without one.

    Examples
    --------
    >>> from lvm_core.models.marginals import table_columns
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> gap = FeatureGroup("bernoulli", 1, "age (missing)", missing_of=1)
    >>> table_columns(Schema((FeatureGroup("gaussian", 1, "age"), gap)))
    [(0, 1)]
    """
    if schema.image is not None:
        return []
    return [
        (span.start, marker)
        for group, span, marker in schema.values()
        if group.likelihood == "gaussian" and group.size == 1
    ]


def fit_marginals(drawn: np.ndarray, X: np.ndarray, schema: Schema) -> np.ndarray:
    """Learn the maps that give draws of a model the marginals of the data.

    A value of rank p among the draws goes to the p-quantile of the data. Of the data are kept its
    ends, values that many rows share, and otherwise means of at least ``ROWS`` neighbouring rows,
    so that no single row is; between them the map is linear.

    Parameters
    ----------
    drawn : array (m, d)
        Draws of the model.
    X : array (n, d)
        Rows of the data, of which ``MOST`` evenly spaced ones are used; may hold NaN.
    schema : Schema
        Their columns.

    Returns
    -------
    array (c, 2, q)
        Of each number of :func:`table_columns` the knots of its map: values drawn, ascending, and
        below them where they go, ascending.

    References
    ----------
    Chernozhukov, Fernández-Val & Galichon (2010), https://doi.org/10.3982/ECTA7880, of monotone
    rearrangement; Panaretos & Zemel (2020), https://doi.org/10.1007/978-3-030-38438-8, of the map
    of quantiles as optimal transport.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.marginals import fit_marginals, match_marginals
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema, rng = Schema((FeatureGroup("gaussian", 1),)), np.random.RandomState(0)
    >>> waits = rng.exponential(size=(5000, 1))
    >>> maps = fit_marginals(rng.standard_normal((5000, 1)), waits, schema)
    >>> match_marginals(np.array([[-1.0], [0.0], [1.0]]), maps, schema).round(1).ravel().tolist()
    [0.2, 0.7, 1.9]
    """
    maps, X = [], X[:: -(-X.shape[0] // MOST)]
    for column, marker in table_columns(schema):
        draws, values = (_observed(rows, column, marker) for rows in (drawn, X))
        values = values if len(values) else np.zeros(1)  # none is observed
        p, wanted = quantiles(values)
        # where all draws are missing, a value that is drawn one day stays where it is
        maps.append(_join(np.quantile(draws if len(draws) else values, p), wanted, p))
    width = max((len(knots) for knots, _ in maps), default=0)
    same = lambda values: np.pad(values, (0, width - len(values)), mode="edge")
    return np.array([[same(part) for part in pair] for pair in maps]).reshape(-1, 2, width)


def _observed(rows, column: int, marker: int | None) -> np.ndarray:
    """The values (m,) of a column in float64 where there are any."""
    cells = rows[:, [column]]
    cells = cells.toarray() if hasattr(cells, "indptr") else cells
    values = cells[:, 0].astype(np.float64)
    there = np.isfinite(values)
    if marker is not None:
        there &= ~(rows[:, marker] > 0.5)  # NaN is no mark
    return values[there]


def quantiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The quantile function of a column, as knots between which it is linear.

    Parameters
    ----------
    values : array (n,)
        At least one, finite.

    Returns
    -------
    p : array (q,)
        Ascending from 0 to 1; a p that is there twice is a jump.
    wanted : array (q,)
        The quantiles, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.marginals import quantiles
    >>> p, wanted = quantiles(np.repeat([0.0, 5.0], [30, 10]))
    >>> p.tolist(), wanted.tolist()
    ([0.0, 0.75, 0.75, 1.0], [0.0, 0.0, 5.0, 5.0])
    """
    x = np.sort(np.asarray(values, np.float64))
    n = len(x)
    level, count = np.unique(x, return_counts=True)
    shared = (count >= ROWS) & ((count >= SHARE * n) | (len(level) <= LEVELS))
    stop = np.cumsum(count)[shared]
    edges, p, wanted = _cells(n), [], []
    # runs of rows between the shared values, each shared value after the run below it
    starts, below = np.r_[0, stop], np.r_[x[0], level[shared]]
    ends, above = np.r_[stop - count[shared], n], np.r_[level[shared], x[-1]]
    for i in range(len(starts)):
        if ends[i] > starts[i]:
            at, means = _run(x, starts[i], ends[i], edges)
            first = _outwards(at, means, starts[i], 0) if i else x[0]
            last = _outwards(at, means, ends[i], -1) if ends[i] < n else x[-1]
            p += [starts[i], *at, ends[i]]
            wanted += [*np.clip([first, *means, last], below[i], above[i])]
        if i < len(stop):
            p += [ends[i], stop[i]]
            wanted += [above[i]] * 2
    return np.array(p) / n, np.array(wanted, np.float64)


def _cells(n: int) -> np.ndarray:
    """Numbers of rows at which cells begin and end, finer to the ends: for the tails."""
    even = np.linspace(0, n, int(np.clip(n // ROWS, 1, QUANTILES)) + 1)
    tail = even[1] / 2.0 ** np.arange(1, 60)
    tail = tail[tail >= ROWS]
    return np.unique(np.rint(np.r_[even, tail, n - tail]).astype(int))


def _run(x: np.ndarray, start: int, stop: int, edges: np.ndarray) -> tuple[list, list]:
    """Middles and means of the cells of sorted x that lie in a run; each holds ``ROWS``."""
    inside = [start]
    for edge in edges[(edges > start) & (edges < stop)]:
        if edge - inside[-1] >= ROWS and stop - edge >= ROWS:
            inside.append(edge)
    cells = list(zip(inside, [*inside[1:], stop], strict=True))
    return [(a + b) / 2 for a, b in cells], [x[a:b].mean() for a, b in cells]


def _outwards(at: list, means: list, edge: int, end: int) -> float:
    """The line through the two outer cells of a run at its edge; a single cell is level."""
    if len(at) < 2:
        return means[0]
    other = 1 if end == 0 else -2
    slope = (means[end] - means[other]) / (at[end] - at[other])
    return means[end] + slope * (edge - at[end])


def _join(drawn: np.ndarray, wanted: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots with no more than two at one value drawn, which are a jump of the data.

    Where draws share a value, as a model's may that has learnt a constant, it goes to the quantile
    in the middle of its ranks.
    """
    knots, places = [], []
    begins = np.flatnonzero(np.r_[True, np.diff(drawn) > 0])
    for a, b in zip(begins, np.r_[begins[1:], len(drawn)], strict=True):
        if p[b - 1] > p[a]:
            knots.append(drawn[a])
            places.append(np.interp((p[a] + p[b - 1]) / 2, p, wanted))
        elif b - a > 1:
            knots += [drawn[a]] * 2
            places += [wanted[a], wanted[b - 1]]
        else:
            knots.append(drawn[a])
            places.append(wanted[a])
    return np.array(knots), np.array(places)


def match_marginals(X: np.ndarray, maps: np.ndarray, schema: Schema) -> np.ndarray:
    """Put draws through their maps.

    Parameters
    ----------
    X : array (n, d)
        Draws of rows; not changed. What is marked as missing is left as it is.
    maps : array (c, 2, q)
        As :func:`fit_marginals` learnt them.
    schema : Schema
        The columns.

    Returns
    -------
    array (n, d)
        The order of a column's values is kept; none leaves the range of the data.

    Raises
    ------
    ValueError
        The maps are of another number of columns.
    """
    X = np.array(X, copy=True)
    for (column, marker), (knots, wanted) in zip(_checked(maps, schema), maps, strict=True):
        there = np.ones(len(X), bool) if marker is None else ~(X[:, marker] > 0.5)
        X[there, column] = np.interp(X[there, column], knots, wanted)
    return X


def _checked(maps: np.ndarray, schema: Schema) -> list[tuple[int, int | None]]:
    columns = table_columns(schema)
    if maps.ndim != 3 or maps.shape[:2] != (len(columns), 2):
        raise ValueError(
            f"maps of marginals have shape {maps.shape}, expected ({len(columns)}, 2, q)."
        )
    return columns


def bounds_of_draws(
    low: np.ndarray, high: np.ndarray, maps: np.ndarray, schema: Schema
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of what is drawn, so that it lies within given bounds after its maps.

    Parameters
    ----------
    low, high : array (d,)
        Bounds of rows, infinite where there is none.
    maps : array (c, 2, q)
        As :func:`fit_marginals` learnt them.
    schema : Schema
        The columns.

    Returns
    -------
    low, high : array (d,)
        Bounds before the maps: at least a little apart, so that rows have to be clipped to the
        given ones where no row of the data lies between these.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.marginals import bounds_of_draws
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema, maps = Schema((FeatureGroup("gaussian", 1),)), np.array([[[-2.0, 2.0], [0.0, 8.0]]])
    >>> low, high = bounds_of_draws(np.array([2.0]), np.array([np.inf]), maps, schema)
    >>> low.tolist(), high.tolist()
    ([-1.0], [inf])
    """
    low, high = np.array(low, np.float64), np.array(high, np.float64)
    for (column, _), (knots, wanted) in zip(_checked(maps, schema), maps, strict=True):
        a, b = low[column], high[column]
        if a > wanted[0]:
            low[column] = _back(knots, wanted, a, int(np.searchsorted(wanted, a)))
        elif a > -np.inf:
            low[column] = -np.inf
        if b < wanted[-1]:
            high[column] = _back(knots, wanted, b, int(np.searchsorted(wanted, b, side="right")))
        elif b < np.inf:
            high[column] = np.inf
        least = NARROW * (knots[-1] - knots[0])
        if high[column] - low[column] < least:
            middle = (low[column] + high[column]) / 2
            low[column], high[column] = middle - least, middle + least
    return low, high


def _back(knots: np.ndarray, wanted: np.ndarray, value: float, i: int) -> float:
    """Where a map crosses a value: between the knots i - 1 and i, or at its end."""
    if not 0 < i < len(knots):
        return float(knots[min(i, len(knots) - 1)])
    share = (value - wanted[i - 1]) / (wanted[i] - wanted[i - 1])
    return float(knots[i - 1] + share * (knots[i] - knots[i - 1]))
