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
    """Row numbers in any order, or truth values, as a selection.

    Parameters
    ----------
    rows : array-like of int, or of bool with shape (n,)
        What was chosen.
    n : int
        Number of rows there are.

    Returns
    -------
    ndarray of int64, shape (m,)
        Ascending, each once; an array that is one already comes back itself.

    Raises
    ------
    ValueError
        Where a number is no whole number from 0 to n - 1.

    Examples
    --------
    >>> from lvm_core.analysis.selection import as_rows
    >>> as_rows([4, 1, 1], 5).tolist(), as_rows([True, False, True], 3).tolist()
    ([1, 4], [0, 2])
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


def runs_of(rows: np.ndarray) -> str:
    """A selection as short text: runs of consecutive rows, fit for an address.

    Parameters
    ----------
    rows : array of int (m,)
        Ascending, each once.

    Returns
    -------
    str
        Empty where nothing is chosen.

    See Also
    --------
    of_runs : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.selection import runs_of
    >>> runs_of(np.array([3, 7, 8, 9, 12]))
    '3.7-9.12'
    """
    if not len(rows):
        return ""
    parts = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return ".".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)


def of_runs(text: str, n: int) -> np.ndarray:
    """The selection that :func:`runs_of` wrote.

    Parameters
    ----------
    text : str
        Runs of rows.
    n : int
        Number of rows there are.

    Returns
    -------
    ndarray of int64, shape (m,)
        Ascending, each once.

    Raises
    ------
    ValueError
        Where it is no such text, or names rows that are not there.

    Examples
    --------
    >>> from lvm_core.analysis.selection import of_runs
    >>> of_runs("3.7-9.12", 20).tolist()
    [3, 7, 8, 9, 12]
    """
    chosen = np.zeros(n, bool)
    for part in text.split(".") if text else ():
        found = re.fullmatch(r"([0-9]{1,15})(?:-([0-9]{1,15}))?", part)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (-1, -1)
        if not 0 <= low <= high < n:
            raise DataError(f"{part[:40]!r} is no run of rows from 0 to {n - 1}.")
        chosen[low : high + 1] = True
    return np.flatnonzero(chosen)


def on_screen(P, view) -> np.ndarray:
    """Where places in space are seen.

    Parameters
    ----------
    P : array-like of shape (n, 3)
        Places.
    view : array-like of shape (3, 4)
        A camera's projection of homogeneous places: rows for x, y and what both are divided by.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        Pixels; nan of what lies behind the eye.

    Raises
    ------
    ValueError
        For places that are not (n, 3) or a view that is not finite numbers (3, 4).

    Examples
    --------
    >>> from lvm_core.analysis.selection import on_screen
    >>> view = [[100, 0, 0, 0], [0, -100, 0, 0], [0, 0, -1, 2]]
    >>> on_screen([[1, 1, 0], [1, 1, 1], [0, 0, 3]], view).tolist()
    [[50.0, -50.0], [100.0, -100.0], [nan, nan]]
    """
    P, view = np.asarray(P, np.float64), np.asarray(view, np.float64)
    if P.ndim != 2 or P.shape[1] != 3:
        raise DataError(f"places in space have shape (n, 3), found {P.shape}.")
    if view.shape != (3, 4) or not np.isfinite(view).all():
        raise DataError(f"a view is finite numbers (3, 4), found shape {view.shape}.")
    x, y, w = view[:, :3] @ P.T + view[:, 3:]
    w = np.where(w > 0, w, np.nan)
    return np.column_stack([x / w, y / w])


def inside(P, polygon) -> np.ndarray:
    """Which places lie in a polygon, by the even-odd rule.

    Parameters
    ----------
    P : array-like of shape (n, 2)
        Places.
    polygon : array-like of shape (m, 2)
        Corners, at least three.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where a place lies inside.

    Raises
    ------
    ValueError
        For fewer than three corners or corners that are not finite.

    Examples
    --------
    >>> from lvm_core.analysis.selection import inside
    >>> inside([[0.2, 0.2], [0.9, 0.9]], [[0, 0], [1, 0], [0, 1]]).tolist()
    [True, False]
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
    """Add to some rows the k nearest of each.

    A stop leaves out those of the rows that were not yet looked from.

    Parameters
    ----------
    Z : array of shape (n, d)
        Codes.
    rows : array-like of int
        The rows to grow.
    k : int
        How many of the nearest.
    most : float, default=2e9
        Most pairs of a chosen row and any row to compare.
    on_step : callable, optional
        Receives progress; where it returns True, the search stops.

    Returns
    -------
    ndarray of int
        Row numbers, ascending.

    Raises
    ------
    ValueError
        Where none is chosen, or there are more than ``most`` pairs to compare.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.selection import grow
    >>> grow(np.array([[0.0], [1.0], [5.0], [6.5]]), [2], k=1).tolist()
    [2, 3]
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
    """Which values lie in a range, or are among some levels.

    Parameters
    ----------
    values : Series of n values
        A column.
    low, high : scalar, optional
        Ends of the range, both included; open by default.
    levels : iterable, optional
        Values that fit, compared as text.
    missing : bool, default=False
        Whether missing values fit.

    Returns
    -------
    ndarray of bool, shape (n,)
        True where a value fits.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.analysis.selection import within
    >>> within(pd.Series([1.0, 2.0, None]), low=2).tolist()
    [False, True, False]
    >>> within(pd.Series(["a", "b"]), levels=["b"]).tolist()
    [False, True]
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
    """Find rows by words and conditions.

    Parameters
    ----------
    rows : DataFrame
        The table.
    query : str
        Parts that must all fit. A part is a word (or ``"words in quotes"``) that some cell
        contains, whatever its case; or ``column=value``, ``column!=value``, ``column>number`` and
        so on; a date is written as 2024-05-31. A number alone is also the row of that number.

    Returns
    -------
    ndarray of int
        Row numbers, ascending.

    Raises
    ------
    ValueError
        When a comparison needs a number or a date and finds none.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.analysis.selection import find
    >>> rows = pd.DataFrame({"name": ["Ada", "Alan", "Grace"], "born": [1815, 1912, 1906]})
    >>> find(rows, "born>1900").tolist(), find(rows, "a born<1910").tolist()
    ([1, 2], [0, 2])
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
