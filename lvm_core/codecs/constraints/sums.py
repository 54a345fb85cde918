"""One number of a row is the sum of others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ...labels import is_measured
from .base import (
    LEAST_BROKEN,
    LEAST_ROWS,
    Constraint,
    as_numbers,
    more_than_chance,
    sampled,
    with_values,
)
from .order import AtMost

MOST_SUMMED = 30  # columns that are added
_EXACT = 1e-6  # of the last decimal, or of the largest number where there are too many decimals
_COARSE = 20  # steps of rounding that a total spreads over at least, for one to be let pass
_NEAR = 1e-3  # of a coefficient to 0 or 1


@dataclass(frozen=True)
class SumOf(Constraint):
    """A number that is the sum of others, within rounding: ``total = a + b + ...``.

    Where a row breaks it, the total is computed again.

    Parameters
    ----------
    rows, held
        As for :class:`~lvm_core.codecs.constraints.base.Constraint`.
    total : object
        The column.
    parts : tuple
        The columns that are added.
    within : float
        How far the total may be from their sum.
    decimals : int or None
        Of the total; None where it is not rounded.
    non_negative : tuple of bool
        Whether each part is never below 0.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints.sums import SumOf
    >>> rule = SumOf(90, 90, "total", ("fare", "tip"), 1e-8, 2, (True, True))
    >>> rows = pd.DataFrame({"fare": [7.5, 8.0], "tip": [1.5, 2.0], "total": [9.0, 9.0]})
    >>> rule.words, rule.broken(rows).tolist()
    ('total is fare + tip', [False, True])
    >>> rule.repair(rows)
    >>> rows["total"].tolist()
    [9.0, 10.0]
    """

    list_order: ClassVar[int] = 20

    total: Any
    parts: tuple[Any, ...]
    within: float
    decimals: int | None
    non_negative: tuple[bool, ...]

    @property
    def columns(self):
        return self.total, *self.parts

    @property
    def words(self):
        return f"{self.total} is {' + '.join(map(str, self.parts))}"

    @classmethod
    def find(cls, frame, support):
        names = [c for c in frame.columns if _addable(frame[c])][:MOST_SUMMED]
        numbers = np.column_stack([as_numbers(frame[c]) for c in names]) if names else np.empty(0)
        if len(names) < 3 or len(frame) < LEAST_ROWS:
            return []
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        some = numbers[sampled(len(frame))]
        found, totals = [], set()
        for total, parts in [*_pairs(some), *_longer(some)]:
            if total in totals:
                continue
            for rounding in (False, True):
                rule = _sum(numbers, total, parts, support, rounding)
                if rule is not None:
                    found.append(cls(*rule[:2], names[total], _named(names, parts), *rule[2:]))
                    totals.add(total)
                    break
        return found

    def broken(self, frame):
        away = np.abs(self._sums(frame) - as_numbers(frame[self.total]))
        return away > self.within

    def repair(self, frame):
        wrong = self.broken(frame)
        if not wrong.any():
            return
        sums = self._sums(frame)
        if self.decimals is not None:
            rounded = np.round(sums, self.decimals)
            sums = np.where(np.abs(rounded - sums) <= self.within, rounded, sums)
        frame[self.total] = with_values(frame[self.total], wrong, sums[wrong])

    def implies(self, other):
        """A part is at most the total where no other part is negative."""
        return (
            isinstance(other, AtMost)
            and other.high == self.total
            and other.low in self.parts
            and all(
                positive
                for part, positive in zip(self.parts, self.non_negative)
                if part != other.low
            )
        )

    def _sums(self, frame) -> np.ndarray:
        return np.sum([as_numbers(frame[part]) for part in self.parts], axis=0)


def _addable(column: pd.Series) -> bool:
    return (
        is_measured(column)
        and not pd.api.types.is_datetime64_any_dtype(column)
        and column.nunique() > 1
    )


def _named(names: list, parts: tuple[int, ...]) -> tuple:
    return tuple(names[j] for j in parts)


def _pairs(some: np.ndarray) -> list[tuple[int, tuple[int, ...]]]:
    """Totals of two, that most rows of a sample do not speak against."""
    found = []
    for a, b in combinations(range(some.shape[1]), 2):
        away = np.abs(some - (some[:, a] + some[:, b])[:, None])
        for total in np.flatnonzero(_mostly(some, away, (a, b))):
            if total not in (a, b):
                found.append((int(total), (a, b)))
    return found


def _mostly(some: np.ndarray, away: np.ndarray, parts) -> np.ndarray:
    slack = [_rounding(some[:, j], len(parts)) for j in range(some.shape[1])]
    known = ~np.isnan(away)
    near = (away <= np.array(slack)) & known
    return near.sum(0) >= np.maximum(0.98 * known.sum(0), LEAST_ROWS)


def _longer(some: np.ndarray) -> list[tuple[int, tuple[int, ...]]]:
    """Totals of three or more: coefficients of 0 and 1 in least squares."""
    rows = some[~np.isnan(some).any(1)]
    found, p = [], some.shape[1]
    if len(rows) < max(LEAST_ROWS, 2 * p):
        return found
    top = np.abs(rows).max(0)
    scale = np.where(top > 0, top, 1.0)  # a column may be 0 where all others are known
    rows = rows / scale
    for total in range(p):
        others = [j for j in range(p) if j != total]
        weights = np.linalg.lstsq(rows[:, others], rows[:, total], rcond=None)[0]
        weights = weights * scale[total] / scale[others]
        parts = tuple(j for j, w in zip(others, weights) if abs(w - 1) < _NEAR)
        # a small coefficient of a column of small numbers may be rounding
        if len(parts) >= 3 and all(abs(w) < 0.1 or abs(w - 1) < _NEAR for w in weights):
            found.append((total, parts))
    return found


def _sum(numbers: np.ndarray, total: int, parts: tuple[int, ...], support: float, rounding: bool):
    """Rows, rows that hold, tolerance, decimals and which parts are not negative, or None."""
    used = numbers[:, [total, *parts]]
    used = used[~np.isnan(used).any(1)]
    n, y, added = len(used), used[:, 0], used[:, 1:]
    if n < LEAST_ROWS:
        return None
    decimals = _decimals(y)
    within = _rounding(y, len(parts)) if rounding else _exact(used)
    wrong = np.abs(added.sum(1) - y) > within
    shuffled = np.random.default_rng(0).permutation(y)
    by_chance = float((np.abs(added.sum(1) - shuffled) > within).mean())
    if not more_than_chance(n, int(wrong.sum()), by_chance, support):
        return None
    # without each part the rule must break
    if np.count_nonzero(np.abs(added) > within, axis=0).min() < max(LEAST_BROKEN, 0.01 * n):
        return None
    return n, n - int(wrong.sum()), within, decimals, tuple((added.min(0) >= 0).tolist())


def _decimals(x: np.ndarray) -> int | None:
    x = x[~np.isnan(x)]
    for places in range(7):
        if np.allclose(np.round(x, places), x, rtol=1e-12, atol=1e-9):
            return places
    return None


def _exact(used: np.ndarray) -> float:
    places = [_decimals(column) for column in used.T]
    top = float(np.abs(used).max()) or 1.0
    known = [p for p in places if p is not None]
    step = 10.0 ** -max(known) if len(known) == len(places) and known else 0.0
    return max(1e-3 * step, _EXACT * step, 1e-9 * top if step else _EXACT * top)


def _rounding(x: np.ndarray, parts: int) -> float:
    """Half a step of the total and of each part, where the total spreads over many steps."""
    x = x[~np.isnan(x)]
    places, spread = _decimals(x), float(x.std()) if len(x) else 0.0
    if places is None:
        return _EXACT * float(np.abs(x).max())
    slack = 0.5 * 10.0**-places * (parts + 1)
    return slack * (1 + _EXACT) if spread >= _COARSE * slack else 1e-3 * 10.0**-places
