"""One number or date of a row is at most another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ...labels import is_measured
from .base import LEAST_ROWS, Constraint, as_numbers, more_than_chance, sampled, with_values

MOST_ORDERED = 60  # columns that are compared with each other
_OVERLAP = 0.05  # share of the ranges two columns must have in common for their order to say much


@dataclass(frozen=True)
class AtMost(Constraint):
    """A number or date that is never greater than another: ``low <= high``.

    A row that breaks it is better drawn again. Where it is changed, the two values change places if
    both were seen in the other column's range; else one becomes the other.

    Parameters
    ----------
    rows, held
        As for :class:`~lvm_core.codecs.constraints.base.Constraint`.
    low, high : object
        The two columns.
    low_range, high_range : tuple of float
        The least and the greatest value seen in each, as
        :func:`~lvm_core.codecs.constraints.base.as_numbers` has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints.order import AtMost
    >>> rule = AtMost(90, 90, "start", "end", (0.0, 28.0), (0.0, 34.0))
    >>> rows = pd.DataFrame({"start": [3, 9], "end": [5, 8]})
    >>> rule.words, rule.broken(rows).tolist()
    ('start is at most end', [False, True])
    >>> rule.repair(rows)
    >>> rows.to_numpy().tolist()
    [[3, 5], [8, 9]]
    """

    list_order: ClassVar[int] = 30
    by_redraw: ClassVar[bool] = True

    low: Any
    high: Any
    low_range: tuple[float, float]
    high_range: tuple[float, float]

    @property
    def columns(self):
        return self.low, self.high

    @property
    def words(self):
        return f"{self.low} is at most {self.high}"

    @classmethod
    def find(cls, frame, support):
        names = [c for c in frame.columns if is_measured(frame[c])][:MOST_ORDERED]
        numbers = {c: as_numbers(frame[c]) for c in names}
        dates = {c for c in names if pd.api.types.is_datetime64_any_dtype(frame[c])}
        some = sampled(len(frame))
        below = {}
        for a in names:
            for b in names:
                if a == b or (a in dates) != (b in dates):
                    continue
                x, y = numbers[a][some], numbers[b][some]
                # ten times what may be broken: a sample of few rows has more by chance
                if (x > y).sum() > 10 * (1 - support) * len(some):
                    continue
                rule = _order(numbers[a], numbers[b], support)
                if rule is not None:
                    below[a, b] = cls(rule[0], rule[1], a, b, *rule[2])
        return [
            rule
            for (a, b), rule in below.items()
            if not any((a, c) in below and (c, b) in below for c in names)
        ]

    def broken(self, frame):
        return as_numbers(frame[self.low]) > as_numbers(frame[self.high])

    def repair(self, frame):
        wrong = self.broken(frame)
        x, y = as_numbers(frame[self.low]), as_numbers(frame[self.high])
        swapped = wrong & _within(y, self.low_range) & _within(x, self.high_range)
        raised = wrong & ~swapped & _within(x, self.high_range)
        lowered = wrong & ~swapped & ~raised
        low, high = frame[self.low], frame[self.high]
        for column, other, rows in (
            (self.low, high, swapped | lowered),
            (self.high, low, swapped | raised),
        ):
            if rows.any():
                frame[column] = with_values(frame[column], rows, other[rows])


def _order(x: np.ndarray, y: np.ndarray, support: float):
    """Rows, rows in which x <= y, and both ranges; None where that is no rule."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    n = len(x)
    if n < LEAST_ROWS or (x == y).sum() >= support * n:
        return None
    broken = int((x > y).sum())
    if broken > (1 - support) * n:
        return None
    ends = (float(x.min()), float(x.max())), (float(y.min()), float(y.max()))
    common = min(ends[0][1], ends[1][1]) - max(ends[0][0], ends[1][0])
    whole = max(ends[0][1], ends[1][1]) - min(ends[0][0], ends[1][0])
    if common <= _OVERLAP * whole:
        return None
    by_chance = float(np.searchsorted(np.sort(y), x, "left").mean() / n)
    return (n, n - broken, ends) if more_than_chance(n, broken, by_chance, support) else None


def _within(x: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    return (x >= ends[0]) & (x <= ends[1])
