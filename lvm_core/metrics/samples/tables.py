"""Generated tables against real ones, as SDMetrics measures them: the shape of each column, and the
trend of each pair of columns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...labels import is_measured
from .mixed import as_numbers, numbered_levels

MOST_PAIRED = 64  # columns whose pairs are compared: 2,016 pairs
LEAST_CORRELATION, LEAST_ASSOCIATION = 0.5, 0.3  # of the pairs SDMetrics' QualityReport counts
_BINS = 10
_DECIMALS = 14  # that SDMetrics rounds to
_UNSEEN = 1e-6  # what SDMetrics counts of a category that no real row has


def column_shapes(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """How alike each column's distribution is, 0 to 1: SDMetrics' column shapes [1]_.

    Numbers and dates: *KSComplement*, 1 - the Kolmogorov-Smirnov distance. Categories and truth
    values: *TVComplement*, 1 - the total variation distance of their shares. Both pass over missing
    values, whose shares are given beside.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.

    Returns
    -------
    DataFrame
        Columns ``name``, ``measure``, ``value`` (NaN for a column without values), ``gone_real``
        and ``gone_made`` (shares that are missing), in the order of ``real``.

    References
    ----------
    .. [1] SDMetrics 0.32.0, https://docs.sdv.dev/sdmetrics; equal to its package to 1e-9.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import column_shapes
    >>> real = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0]})
    >>> generated = pd.DataFrame({"size": [1.0, 2.0, None, 9.0]})
    >>> column_shapes(real, generated)["value"].round(3).tolist()
    [0.667]
    """
    return pd.DataFrame(
        [
            {
                "name": str(name),
                "measure": "KSComplement" if is_measured(real[name]) else "TVComplement",
                "value": _shape(real[name], generated[name]),
                "gone_real": float(real[name].isna().mean()) if len(real) else 0.0,
                "gone_made": float(generated[name].isna().mean()) if len(generated) else 0.0,
            }
            for name in real.columns
        ],
        columns=["name", "measure", "value", "gone_real", "gone_made"],
    )


def column_pair_trends(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """How alike each pair of columns hangs together, 0 to 1: SDMetrics' column pair trends [1]_.

    Two numbers or dates: *CorrelationSimilarity*, 1 - half the gap between Pearson's correlations
    of the rows where both are there; NaN where one is constant. Otherwise *ContingencySimilarity*,
    1 - the total variation distance of the joint shares, missing being a category; numbers are cut
    into ten bins of equal width between the ends of their own table, and what is missing falls into
    the last.

    Papers quote the mean of all pairs. The QualityReport of SDMetrics 0.32 counts only those whose
    ``strength`` is above 0.5 (correlations) or 0.3 (Cramér's V): see :func:`trends_mean`. It draws
    50 000 rows where there are more; here all are counted.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows; at most the first ``MOST_PAIRED`` columns are paired.
    generated : DataFrame of m rows
        Generated rows, with the same columns.

    Returns
    -------
    DataFrame
        Columns ``a``, ``b``, ``measure``, ``real``, ``made``, ``value``, ``strength``; ``real`` and
        ``made`` are the correlations in both tables, NaN with a category; ``strength`` is the size
        of the correlation, or Cramér's V, in the real rows.

    References
    ----------
    .. [1] SDMetrics 0.32.0, https://docs.sdv.dev/sdmetrics; equal to its package to 1e-9.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import column_pair_trends
    >>> real = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 3.0, 4.0]})
    >>> generated = real.assign(y=[4.0, 3.0, 2.0, 1.0])
    >>> column_pair_trends(real, generated)[["real", "made", "value"]].round(6).values.tolist()
    [[1.0, -1.0, 0.0]]
    """
    names = list(real.columns[:MOST_PAIRED])
    numbers = {
        name: (as_numbers(real[name]), as_numbers(generated[name]))
        for name in names
        if is_measured(real[name])
    }
    constant = {
        name for name, sides in numbers.items() if any(len(_seen(side)) == 1 for side in sides)
    }
    codes = {name: _codes(real[name], generated[name], numbers.get(name)) for name in names}
    records = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if a in numbers and b in numbers:
                x, y = (
                    np.nan if {a, b} & constant else _pearson(one, other)
                    for one, other in zip(numbers[a], numbers[b])
                )
                value, strength = 1 - abs(x - y) / 2, abs(x)
                measure = "CorrelationSimilarity"
            else:
                x = y = np.nan
                value, strength = _contingency(codes[a], codes[b])
                measure = "ContingencySimilarity"
            records.append((str(a), str(b), measure, x, y, value, strength))
    return pd.DataFrame(
        records, columns=["a", "b", "measure", "real", "made", "value", "strength"]
    ).astype(dict.fromkeys(("real", "made", "value", "strength"), float))


def trends_mean(pairs: pd.DataFrame, *, strong: bool = False) -> float:
    """The mean of the pairs' trends.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`column_pair_trends`.
    strong : bool, default=False
        Whether only pairs count that hang together in the real rows: correlations above 0.5,
        Cramér's V above 0.3, as in the QualityReport of SDMetrics 0.32.

    Returns
    -------
    float
        NaN without any pair.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import column_pair_trends, trends_mean
    >>> real = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 3.0, 2.0], "z": [1.0, 3.0, 1.0]})
    >>> pairs = column_pair_trends(real, real.assign(z=[1.0, 1.0, 3.0]))
    >>> round(trends_mean(pairs), 3), round(trends_mean(pairs, strong=True), 3)
    (0.711, 0.567)
    """
    if strong:
        least = np.where(
            pairs["measure"] == "CorrelationSimilarity", LEAST_CORRELATION, LEAST_ASSOCIATION
        )
        pairs = pairs[pairs["strength"] > least]
    return float(pairs["value"].mean())


def _seen(numbers: np.ndarray) -> np.ndarray:
    """Two of the different values at most: enough to tell a constant."""
    there = numbers[~np.isnan(numbers)]
    return there[:1] if len(there) and (there == there[0]).all() else there[:2]


def _shape(real: pd.Series, generated: pd.Series) -> float:
    if not is_measured(real):
        return _variation_complement(real.dropna(), generated.dropna())
    a, b = (np.round(as_numbers(side), _DECIMALS) for side in (real, generated))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if not len(a) or not len(b):
        return float("nan")
    every = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(side), every, "right") / len(side) for side in (a, b)]
    return float(1 - np.abs(below[0] - below[1]).max())


def _variation_complement(real: pd.Series, generated: pd.Series) -> float:
    if not len(real) or not len(generated):
        return float("nan")
    (a, b), levels = numbered_levels([real, generated])
    p, q = (np.bincount(side, minlength=levels).astype(float) for side in (a, b))
    p[p == 0] = _UNSEEN
    return float(1 - np.abs(p / p.sum() - q / q.sum()).sum() / 2)


def _codes(real, generated, numbers) -> tuple[np.ndarray, np.ndarray] | None:
    """Both columns as class numbers of one numbering; None where they cannot be cut."""
    if numbers is None:
        one, other = numbered_levels([real, generated])[0]
        return one, other
    if any(np.isinf(side).any() for side in numbers):
        return None
    one, other = (
        np.digitize(side, np.histogram_bin_edges(side[~np.isnan(side)], _BINS)) for side in numbers
    )
    return one, other


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if len(x) < 2 or (x == x[0]).all() or (y == y[0]).all():
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    r = (x / np.linalg.norm(x)) @ (y / np.linalg.norm(y))
    return float(np.clip(r, -1, 1))


def _contingency(a, b) -> tuple[float, float]:
    """ContingencySimilarity of two columns, and Cramér's V in the real rows."""
    if a is None or b is None:
        return float("nan"), float("nan")
    width = 1 + max(int(side.max(initial=0)) for side in b)
    joint = [x * width + y for x, y in zip(a, b)]
    places, both = np.unique(np.concatenate(joint), return_inverse=True)
    counts = [
        np.bincount(side, minlength=len(places)).astype(float)
        for side in (both[: len(joint[0])], both[len(joint[0]) :])
    ]
    p, q = (side / max(side.sum(), 1.0) for side in counts)
    return float(1 - np.abs(p - q).sum() / 2), _cramer(places, counts[0], width)


def _cramer(places: np.ndarray, counts: np.ndarray, width: int) -> float:
    there = counts > 0
    rows, i = np.unique(places[there] // width, return_inverse=True)
    columns, j = np.unique(places[there] % width, return_inverse=True)
    least = min(len(rows), len(columns))
    if least < 2:
        return float("nan")
    table, n = np.zeros((len(rows), len(columns))), counts.sum()
    table[i, j] = counts[there]
    expected = np.outer(table.sum(1), table.sum(0)) / n
    chi2 = float((np.square(table - expected) / expected).sum())
    return float(np.sqrt(chi2 / n / (least - 1)))
