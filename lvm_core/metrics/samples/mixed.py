"""Rows of several tables as numbers and numbered categories, in one numbering; how far they lie
apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...codecs.constraints.base import as_numbers
from ...labels import is_measured

MOST_LEVELS = 50  # of a category that get a column of their own; rarer ones share one
_CELLS = 4_000_000  # distances held at once: 32 MB
_MISMATCH = 2.0  # what two categories that differ add, as two one-hot rows do


@dataclass(frozen=True)
class MixedRows:
    """Rows of a table as numbers and numbered categories.

    Parameters
    ----------
    numbers : ndarray of shape (n, p)
        Numbers, and dates as microseconds; NaN where missing.
    codes : ndarray of int of shape (n, q)
        Categories by number, the commonest of the first table first; missing is one of them.
    measured, named : tuple of str
        The columns of both.
    levels : tuple of int
        How many categories each of ``named`` has.
    low, span, median, mean : ndarray of shape (p,)
        Of the first table; a span of 0 is 1.
    gaps : ndarray of bool of shape (p,)
        Whether a number is missing anywhere.

    See Also
    --------
    mixed_rows : Makes them.
    """

    numbers: np.ndarray
    codes: np.ndarray
    measured: tuple[str, ...]
    named: tuple[str, ...]
    levels: tuple[int, ...]
    low: np.ndarray
    span: np.ndarray
    median: np.ndarray
    mean: np.ndarray
    gaps: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows) -> MixedRows:
        """Some of the rows, by number or as a slice."""
        return replace(self, numbers=self.numbers[rows], codes=self.codes[rows])

    def without(self, name: str) -> MixedRows:
        """The same rows without a column."""
        p = [j for j, other in enumerate(self.measured) if other != name]
        q = [j for j, other in enumerate(self.named) if other != name]
        return replace(
            self,
            numbers=self.numbers[:, p],
            codes=self.codes[:, q],
            measured=tuple(self.measured[j] for j in p),
            named=tuple(self.named[j] for j in q),
            levels=tuple(self.levels[j] for j in q),
            **{key: getattr(self, key)[p] for key in ("low", "span", "median", "mean", "gaps")},
        )

    def column(self, name: str) -> np.ndarray:
        """One column (n,): numbers, or the numbers of its categories."""
        if name in self.measured:
            return self.numbers[:, self.measured.index(name)]
        return self.codes[:, self.named.index(name)]

    def scaled(self) -> np.ndarray:
        """Numbers from 0 to 1, missing ones at the median with a column that says so (n, p')."""
        gone = np.isnan(self.numbers)
        filled = (np.where(gone, self.median, self.numbers) - self.low) / self.span
        return np.hstack([filled, gone[:, self.gaps]])

    def one_hot(self) -> np.ndarray:
        """A column for each category (n, sum of levels), see :data:`MOST_LEVELS`."""
        parts = [np.empty((len(self), 0))]
        for codes, levels in zip(self.codes.T, self.levels):
            width = min(levels, MOST_LEVELS + 1)
            parts.append(np.eye(width)[np.minimum(codes, width - 1)])
        return np.hstack(parts)


def mixed_rows(real: pd.DataFrame, *others: pd.DataFrame) -> list[MixedRows]:
    """Tables with the same columns as numbers and numbered categories.

    Parameters
    ----------
    real : DataFrame of n rows
        What ranges, means and the order of categories are taken from.
    *others : DataFrame
        Tables with the same columns.

    Returns
    -------
    list of MixedRows
        One a table.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> real = pd.DataFrame({"size": [1.0, 3.0], "kind": ["a", "b"]})
    >>> rows = mixed_rows(real, real[:1])
    >>> [len(part) for part in rows], rows[0].codes.ravel().tolist(), rows[0].scaled().tolist()
    ([2, 1], [0, 1], [[0.0], [1.0]])
    """
    frames = [real, *others]
    measured = [c for c in real.columns if is_measured(real[c])]
    named = [c for c in real.columns if not is_measured(real[c])]
    numbers = [
        np.column_stack([as_numbers(f[c]) for c in measured] or [np.empty((len(f), 0))])
        for f in frames
    ]
    numbered = [numbered_levels([f[c] for f in frames]) for c in named]
    first = numbers[0]
    seen = np.where(np.isfinite(first), first, np.nan)
    empty = np.isnan(seen).all(0)
    seen[:, empty] = 0.0
    low, high = (f(seen, axis=0) if len(first) else np.zeros(len(measured)) for f in _ENDS)
    shared: dict[str, Any] = dict(
        measured=tuple(map(str, measured)),
        named=tuple(map(str, named)),
        levels=tuple(n for _, n in numbered),
        low=low,
        span=np.where(high > low, high - low, 1.0),
        median=np.nanmedian(seen, axis=0) if len(first) else low,
        mean=np.nanmean(seen, axis=0) if len(first) else low,
        gaps=np.any([np.isnan(part).any(0) for part in numbers], axis=0),
    )
    return [
        MixedRows(
            part,
            np.column_stack([codes[i] for codes, _ in numbered]).astype(np.int64)
            if numbered
            else np.empty((len(part), 0), np.int64),
            **shared,
        )
        for i, part in enumerate(numbers)
    ]


_ENDS = np.nanmin, np.nanmax


def numbered_levels(columns: list[pd.Series]) -> tuple[list[np.ndarray], int]:
    """Categories of several tables' column in one numbering, missing being one of them.

    Parameters
    ----------
    columns : list of Series
        The same column of each table.

    Returns
    -------
    codes : list of ndarray of int
        By how common a category is in the first, the commonest being 0.
    levels : int
        How many there are.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import numbered_levels
    >>> codes, levels = numbered_levels([pd.Series(["a", "b", "b"]), pd.Series(["c", None])])
    >>> [part.tolist() for part in codes], levels
    ([[1, 0, 0], [2, 3]], 4)
    """
    every = pd.concat([column.astype(object) for column in columns], ignore_index=True)
    codes, values = pd.factorize(every)
    levels = len(values) + int((codes < 0).any())
    codes = np.where(codes < 0, len(values), codes)
    counts = np.bincount(codes[: len(columns[0])], minlength=levels)
    place = np.empty(levels, np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(levels)
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(place[codes], ends), levels


def nearest_mixed(Q: MixedRows, X: MixedRows, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of X nearest to each row of Q, and how far they are.

    Numbers add their difference over the range of the real rows, categories that differ 2: the sum
    of absolute differences of one-hot rows, as distances to the closest record are measured [1]_.

    Parameters
    ----------
    Q : MixedRows of m rows
        Queries.
    X : MixedRows of n rows
        Rows to search.
    k : int, default=1
        How many; cut to n.

    Returns
    -------
    D : ndarray of shape (m, k)
        Distances, ascending.
    I : ndarray of int of shape (m, k)
        Row numbers in X.

    References
    ----------
    .. [1] Zhang et al. (2024), TabSyn, arXiv:2310.09656.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows, nearest_mixed
    >>> real = pd.DataFrame({"size": [0.0, 4.0], "kind": ["a", "b"]})
    >>> X, Q = mixed_rows(real, pd.DataFrame({"size": [1.0], "kind": ["b"]}))
    >>> [found.tolist() for found in nearest_mixed(Q, X)]
    [[[0.75]], [[1]]]
    """
    from scipy.spatial.distance import cdist

    k = min(k, len(X))
    places, categories = X.scaled(), X.codes.astype(np.float64)
    D, I = np.empty((len(Q), k)), np.empty((len(Q), k), np.int64)
    asked, codes = Q.scaled(), Q.codes.astype(np.float64)
    step = max(1, _CELLS // max(len(X), 1))
    for start in range(0, len(Q), step):
        part = slice(start, start + step)
        far = np.zeros((len(asked[part]), len(X)))
        if places.shape[1]:
            far += cdist(asked[part], places, "cityblock")
        if categories.shape[1]:
            mismatched = cdist(codes[part], categories, "hamming")
            far += _MISMATCH * categories.shape[1] * mismatched
        if k == 1:
            I[part] = far.argmin(1)[:, None]
        else:
            few = np.argpartition(far, k - 1, axis=1)[:, :k]
            order = np.argsort(np.take_along_axis(far, few, 1), axis=1, kind="stable")
            I[part] = np.take_along_axis(few, order, 1)
        D[part] = np.take_along_axis(far, I[part], 1)
    return D, I
