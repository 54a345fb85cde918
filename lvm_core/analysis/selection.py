"""Choosing rows: by a region drawn on a map, by words and conditions, by the range of a column,
by nearness to those chosen.
"""

from __future__ import annotations

import operator
import re
import shlex

import numpy as np
import pandas as pd

from ..progress import OnStep, Reporter
from ..settings import DataError

_COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_CONDITION = re.compile(r"(.+?)(>=|<=|!=|=|>|<)(.+)", re.DOTALL)


def as_rows(rows, n: int) -> np.ndarray:
    """Row numbers in any order, or truth values (n,), as a selection: ascending, each once, int64
    (m,); an array that is one already comes back itself.

    Raises ValueError where a number is no whole number from 0 to n - 1.
    """
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n,):
        return np.flatnonzero(rows)
    if not rows.size:
        return np.zeros(0, np.int64)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise DataError(f"a selection has row numbers, found {rows.dtype} of shape {rows.shape}.")
    rows = rows.astype(np.int64, copy=False)
    if len(rows) > 1 and not (rows[1:] > rows[:-1]).all():
        rows = np.unique(rows)
    if rows[0] < 0 or rows[-1] >= n:
        raise DataError(
            f"row {rows[0] if rows[0] < 0 else rows[-1]} was chosen, expected rows from 0 to "
            f"{n - 1}."
        )
    return rows


def inside(P, polygon) -> np.ndarray:
    """Which of the places P (n, 2) lie in the polygon with corners (m, 2): bool (n,), by the
    even-odd rule.

    Raises ValueError for fewer than three corners or corners that are not finite.
    """
    P, corners = np.asarray(P, np.float64), np.asarray(polygon, np.float64)
    if (
        corners.ndim != 2
        or corners.shape[1] != 2
        or len(corners) < 3
        or not np.isfinite(corners).all()
    ):
        raise DataError(
            "a region has at least 3 corners of two finite numbers each, found shape "
            f"{corners.shape}."
        )
    found = np.zeros(len(P), bool)
    # most rows are done here
    box = np.flatnonzero(((P >= corners.min(0)) & (P <= corners.max(0))).all(1))
    box = box[np.argsort(P[box, 1], kind="stable")]
    x, y = P[box].T
    odd = np.zeros(len(box), bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, 0)):
        # an edge to the right of the points in its reach, each counted once where two edges meet
        if ay != by:
            reach = slice(*np.searchsorted(y, sorted((ay, by))))
            odd[reach] ^= x[reach] < (bx - ax) * (y[reach] - ay) / (by - ay) + ax
    found[box] = odd
    return found


MOST_PAIRS = 2e9  # of a chosen row and any row: some seconds


def grow(Z, rows, k: int, *, most: float = MOST_PAIRS, on_step: OnStep | None = None) -> np.ndarray:
    """The rows with the k nearest of each, by codes Z (n, d): ascending. A stop by ``on_step``
    leaves out those of the rows that were not yet looked from. Raises ValueError where none is
    chosen, or there are more than ``most`` pairs to compare.
    """
    if not len(rows):
        raise DataError("Choose rows first: there are none to grow.")
    if len(rows) * len(Z) > most:
        raise DataError(
            f"Growing {len(rows):,} rows among {len(Z):,} would take long; at most "
            f"{int(most / len(Z)):,} can be grown here."
        )
    from ..metrics.maps.neighbourhoods import nearest_blocks

    rows, report, found, done = (
        np.asarray(rows),
        Reporter(on_step, len(rows), "finding the nearest"),
        np.zeros(len(Z), bool),
        0,
    )
    found[rows] = True
    for part in nearest_blocks(Z, min(k, len(Z) - 1), rows) if len(Z) > 1 else ():
        found[part] = True
        done += len(part)
        if report(done):
            break
    return np.flatnonzero(found)


def within(
    values: pd.Series, low=None, high=None, levels=None, missing: bool = False
) -> np.ndarray:
    """Which values lie from ``low`` to ``high``, both ends included, or are among ``levels``
    (as text); ``missing`` ones fit only where that is said: bool (n,).
    """
    gone = values.isna().to_numpy()
    fits = np.ones(len(values), bool)
    if levels is not None:
        fits = values.astype(str).isin([str(level) for level in levels]).to_numpy()
    for end, compare in ((low, operator.ge), (high, operator.le)):
        if end is not None:
            fits &= compare(values, end).to_numpy(dtype=bool, na_value=False)
    return np.where(gone, missing, fits)


def find(rows: pd.DataFrame, query: str) -> np.ndarray:
    """Row numbers, ascending, that fit every part of ``query``.

    A part is a word (or ``"words in quotes"``) that some cell contains, whatever its case; or
    ``column=value``, ``column!=value``, ``column>number`` and so on; a date is written as
    2024-05-31. A number alone is also the row of that number. Raises ValueError when a comparison
    needs a number or a date and finds none.
    """
    try:
        parts = shlex.split(query)
    except ValueError:  # a quotation mark alone
        parts = query.split()
    keep = np.ones(len(rows), bool) if parts else np.zeros(len(rows), bool)
    for part in parts:
        keep &= _fits(rows, part)
    return np.flatnonzero(keep)


def _fits(rows: pd.DataFrame, part: str) -> np.ndarray:
    names = {str(c).casefold(): c for c in rows.columns}
    condition = _CONDITION.fullmatch(part)
    if condition and condition[1].strip().casefold() in names:
        return _compare(
            rows[names[condition[1].strip().casefold()]], condition[2], condition[3].strip()
        )
    found = np.zeros(len(rows), bool)
    for column in rows.columns:
        found |= _contains(rows[column], part)
    if part.isdecimal() and int(part) < len(rows):
        found[int(part)] = True
    return found


def _contains(values: pd.Series, word: str) -> np.ndarray:
    if pd.api.types.is_float_dtype(values):  # nobody looks for a part of a number's digits
        try:
            return (values == float(word)).to_numpy(dtype=bool, na_value=False)
        except ValueError:
            return np.zeros(len(values), bool)
    if pd.api.types.is_integer_dtype(values) or pd.api.types.is_bool_dtype(values):
        return (values.astype(str).str.casefold() == word.casefold()).to_numpy(
            dtype=bool, na_value=False
        )
    text = values.astype(str).where(values.notna(), "")
    return (
        text.str.casefold()
        .str.contains(word.casefold(), regex=False)
        .to_numpy(dtype=bool, na_value=False)
    )


def _compare(values: pd.Series, sign: str, wanted: str) -> np.ndarray:
    if sign in _COMPARE:
        dates = pd.api.types.is_datetime64_any_dtype(values)
        number = (pd.to_datetime if dates else pd.to_numeric)(wanted, errors="coerce")
        if pd.isna(number) or not (dates or pd.api.types.is_numeric_dtype(values)):
            raise DataError(
                f"{values.name}{sign}{wanted}: {sign} compares numbers and dates; use = for "
                f"{'this value' if not pd.isna(number) else 'words'}."
            )
        return _COMPARE[sign](values, number).to_numpy(dtype=bool, na_value=False)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        equal = values == pd.to_numeric(wanted, errors="coerce")
    else:
        equal = values.astype(str).str.casefold() == wanted.casefold()
    equal = equal.to_numpy(dtype=bool, na_value=False)
    return equal if sign == "=" else ~equal & values.notna().to_numpy()
