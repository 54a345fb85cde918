"""Drawn rows of a table, so changed or drawn again that they keep rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .base import Constraint

MOST_DRAWN = 50  # rows that are drawn for each that is wanted, at most
_BATCH = 1000  # rows drawn at once, at least
_HOPELESS = 20_000  # rows drawn of which none is fit, after which none is expected; tried always
_PASSES = 5  # repairs that break each other's rules end

Redraw = Callable[[int, int], pd.DataFrame]


@dataclass(frozen=True)
class Satisfied:
    """Rows that keep rules, and what was done for it.

    Parameters
    ----------
    rows : DataFrame (n, ...)
        The rows, in the order of the draws given.
    changed : array of bool (n,)
        Whose values were computed, looked up or put right.
    origin : array of int (n, 2)
        Which draw a row is of (0: those given, 1: the first that was made for others, ...), and
        its row number there.
    broken : array of bool (n,)
        Which still break a rule or are not accepted.
    drawn : int
        Rows drawn in all.

    See Also
    --------
    satisfy : Makes them.
    """

    rows: pd.DataFrame
    changed: np.ndarray
    origin: np.ndarray
    broken: np.ndarray
    drawn: int

    @property
    def redrawn(self) -> np.ndarray:
        """Which rows were drawn again (n,)."""
        return self.origin[:, 0] > 0


def satisfy(
    frame: pd.DataFrame,
    constraints: Sequence[Constraint],
    redraw: Redraw | None = None,
    *,
    accept: Callable[[pd.DataFrame], np.ndarray] | None = None,
    taken: Callable[[np.ndarray], None] | None = None,
    most: int = MOST_DRAWN,
) -> Satisfied:
    """Rows that keep rules, with as little change as can be.

    Determined values are looked up and totals added up. Where an order is broken, or a row is not
    accepted, another row is drawn in its place, so that what is left has the distribution of the
    model given the rule. Where no more may be drawn, values change places or are cut off.

    Parameters
    ----------
    frame : DataFrame (n, ...)
        Rows drawn from a model; it is not changed.
    constraints : sequence of Constraint
        What they have to keep.
    redraw : callable, optional
        Takes how many, and the number of the draw from 1 on, and returns as many new rows.
    accept : callable, optional
        Takes rows and returns which of them are wanted (n,). What is not stays in place where
        nothing better can be drawn, and is counted as broken.
    taken : callable, optional
        Told after each new draw which of its rows were taken, by row number, ascending.
    most : int, default=50
        How many rows are drawn for each of the n, at most; 20,000 in all may be always.

    Returns
    -------
    Satisfied

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints import find_constraints
    >>> from lvm_core.codecs.constraints.satisfy import satisfy
    >>> real = pd.DataFrame({"start": [i % 29 for i in range(90)]})
    >>> real["end"] = real["start"] + [i % 7 for i in range(90)]
    >>> drawn = pd.DataFrame({"start": [3, 9], "end": [5, 8]})
    >>> kept = satisfy(drawn, find_constraints(real))
    >>> kept.rows.to_numpy().tolist(), int(kept.changed.sum()), int(kept.broken.sum())
    ([[3, 5], [8, 9]], 1, 0)
    """

    def wanted(rows: pd.DataFrame) -> np.ndarray:
        return np.ones(len(rows), bool) if accept is None else np.asarray(accept(rows), bool)

    computed = [rule for rule in constraints if not rule.by_redraw]
    rows = _repaired(frame, computed)
    changed = _differ(frame, rows)
    origin = np.column_stack([np.zeros(len(frame), np.int64), np.arange(len(frame))])
    bad = _any_broken(rows, constraints) | ~wanted(rows)
    drawn, found, number = len(frame), 0, 0
    while redraw is not None and bad.any() and drawn < max(most * len(frame), _HOPELESS):
        if drawn >= _HOPELESS and not found and bad.all():
            break
        number += 1
        raw = redraw(max(_BATCH, int(bad.sum())), number)
        new = _repaired(raw, computed)
        fit = np.flatnonzero(~_any_broken(new, constraints) & wanted(new))
        places = np.flatnonzero(bad)[: len(fit)]
        fit = fit[: len(places)]
        drawn, found = drawn + len(raw), found + len(fit)
        if taken is not None:
            taken(fit)
        if len(fit):
            rows = _replaced(rows, places, new.iloc[fit])
            changed[places] = _differ(raw, new)[fit]
            origin[places] = np.column_stack([np.full(len(fit), number), fit])
            bad[places] = False
    if bad.any():
        last = _repaired(rows, constraints)
        changed |= _differ(rows, last)
        rows, bad = last, _any_broken(last, constraints) | ~wanted(last)
    return Satisfied(rows, changed, origin, bad, drawn)


def _repaired(frame: pd.DataFrame, constraints: Sequence[Constraint]) -> pd.DataFrame:
    frame = frame.copy()
    for _ in range(_PASSES):
        if not _any_broken(frame, constraints).any():
            break
        for rule in constraints:
            rule.repair(frame)
    return frame


def _any_broken(frame: pd.DataFrame, constraints: Sequence[Constraint]) -> np.ndarray:
    broken = np.zeros(len(frame), bool)
    for rule in constraints:
        broken |= rule.broken(frame)
    return broken


def _differ(before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """The rows in which any value is another (n,)."""
    other = np.zeros(len(before), bool)
    for name in before.columns:
        a, b = before[name].astype(object), after[name].astype(object)
        other |= ((a != b) & ~(a.isna() & b.isna())).fillna(False).to_numpy(bool)
    return other


def _replaced(rows: pd.DataFrame, places: np.ndarray, new: pd.DataFrame) -> pd.DataFrame:
    """Rows with others at some places, in the same types."""
    order = np.arange(len(rows))
    order[places] = len(rows) + np.arange(len(new))
    return pd.concat([rows, new], ignore_index=True).iloc[order].reset_index(drop=True)
