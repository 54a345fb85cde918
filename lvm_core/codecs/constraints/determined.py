"""The level of one column determines that of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ...labels import is_measured
from .base import LEAST_ROWS, Constraint, more_than_chance, sampled, with_values

MOST_COMPARED = 60  # columns that are compared with each other
MOST_LEVELS = 200  # of a column that determines another
_LEAST_EACH = 5  # rows a level has on average: what is unique determines everything


@dataclass(frozen=True)
class Determined(Constraint):
    """A column of which another column's level says the value (a functional dependency).

    Where a row breaks it, the value is looked up. A missing value counts as a level; a level that
    was not seen breaks nothing.

    Parameters
    ----------
    rows, held
        As for :class:`~lvm_core.codecs.constraints.base.Constraint`.
    by, column : object
        The column that says it, and the one that is said.
    table : tuple of (level, value)
        What was seen together, None for missing.
    both : bool
        Whether each value also says the level.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints.determined import Determined
    >>> rule = Determined(90, 90, "school", "years", (("primary", 4), ("grammar", 12)), True)
    >>> rows = pd.DataFrame({"school": ["primary", "grammar", "other"], "years": [4, 5, 7]})
    >>> rule.words, rule.broken(rows).tolist()
    ('years goes with school, one to one', [False, True, False])
    >>> rule.repair(rows)
    >>> rows["years"].tolist()
    [4, 12, 7]
    """

    list_order: ClassVar[int] = 10

    by: Any
    column: Any
    table: tuple[tuple[Any, Any], ...]
    both: bool

    @property
    def columns(self):
        return self.by, self.column

    @property
    def words(self):
        if self.both:
            return f"{self.column} goes with {self.by}, one to one"
        return f"{self.column} is determined by {self.by} ({len(self.table)} combinations)"

    @classmethod
    def find(cls, frame, support):
        n = len(frame)
        if n < LEAST_ROWS:
            return []
        numbered = {}
        for name in list(frame.columns)[:MOST_COMPARED]:
            codes, levels = pd.factorize(frame[name])
            gone = codes < 0
            if gone.any():
                codes = np.where(gone, len(levels), codes)
            size = len(levels) + bool(gone.any())
            if 2 <= size <= min(MOST_LEVELS, n // _LEAST_EACH):
                numbered[name] = codes, size, levels
        some, shuffled = sampled(n), np.random.default_rng(0).permutation(n)
        held = {}
        for a, (x, levels, _) in numbered.items():
            for b, (y, values, _) in numbered.items():
                if a == b or values > levels:
                    continue
                # ten times what may be broken: a sample of few rows has more by chance
                if _broken(x[some], y[some]) > 10 * (1 - support) * len(some):
                    continue
                wrong, by_chance = _broken(x, y), _broken(x, y[shuffled]) / n
                if more_than_chance(n, wrong, by_chance, support):
                    held[a, b] = n - wrong
        measured = {c for c in numbered if is_measured(frame[c])}
        return [
            cls(n, held[a, b], a, b, _table(numbered[a], numbered[b]), (b, a) in held)
            for a, b in _direct(list(numbered), held, measured)
        ]

    def broken(self, frame):
        place = self._places(frame)
        values = pd.Series([value for _, value in self.table], dtype=object)
        known = place >= 0
        wanted = values.to_numpy()[np.where(known, place, 0)]
        got = frame[self.column].astype(object)
        gone, empty = got.isna().to_numpy(), pd.isna(wanted)
        same = np.where(gone | empty, gone & empty, got.to_numpy() == wanted)
        return known & ~same.astype(bool)

    def repair(self, frame):
        wrong = self.broken(frame)
        if not wrong.any():
            return
        wanted = [self.table[i][1] for i in self._places(frame)[wrong]]
        frame[self.column] = with_values(frame[self.column], wrong, wanted)

    def implies(self, other):
        """The order of both columns: the table keeps it."""
        return set(other.columns) == set(self.columns)

    def _places(self, frame) -> np.ndarray:
        """The row of the table that each row of the frame is looked up in; -1 for none."""
        known = {level: i for i, (level, _) in enumerate(self.table)}
        codes, levels = pd.factorize(frame[self.by])
        places = np.array([*(known.get(_plain(v), -1) for v in levels), known.get(None, -1)])
        return places[codes]


def _broken(x: np.ndarray, y: np.ndarray) -> int:
    """Rows whose y is not the commonest among the rows of the same x."""
    width = int(y.max()) + 1
    counts = np.bincount(x.astype(np.int64) * width + y, minlength=(int(x.max()) + 1) * width)
    return len(x) - int(counts.reshape(-1, width).max(1).sum())


def _table(first, second) -> tuple:
    (x, levels, names), (y, values, said) = first, second
    counts = np.bincount(x.astype(np.int64) * values + y, minlength=levels * values)
    named, valued = [*map(_plain, names), None], [*map(_plain, said), None]
    best = counts.reshape(levels, values).argmax(1)
    return tuple((named[i], valued[j]) for i, j in enumerate(best))


def _direct(names: list, held: dict, measured: set) -> list[tuple]:
    """Of columns that determine each other, from one to the others; between such groups, what does
    not follow over a third.
    """
    head = {}
    for name in names:
        group = [c for c in names if c == name or (name, c) in held and (c, name) in held]
        # a category's levels have their own chances in a model, a number's neighbours blur
        head[name] = min(group, key=lambda c: (c in measured, names.index(c)))
    heads = [c for c in names if head[c] == c]
    direct = [
        (a, b)
        for a in heads
        for b in heads
        if (a, b) in held and not any((a, c) in held and (c, b) in held for c in heads)
    ]
    direct += [(head[c], c) for c in names if head[c] != c and (head[c], c) in held]
    return direct


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
