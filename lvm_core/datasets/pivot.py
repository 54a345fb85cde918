"""A table in long format, one row a moment -> one row a series: a column says which series a
moment belongs to. Whether a table is one is found here, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..settings import DataError
from .upload import name_list

# what a column of moments is called, whatever unit stands behind
MOMENT = re.compile(
    r"(?:(?:date|obs|observation|event|sample|measurement|record|recorded|local|utc)[\s_.-]?)?"
    r"(?:time|times|timestamps?|date|dates|datetime|moment|time_?step|step|tick|frame|epoch|cycle"
    r"|seconds?|secs?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|when|elapsed"
    r"|wavelengths?|wave_?numbers?|frequency|depth|t|ts|ds)"
    r"(?:[\s_.]*[\[(/].*|[\s_.]+(?:s|ms|us|ns|min|h|hz|nm|utc))?",
    re.IGNORECASE,
)
LEAST_POINTS, LEAST_SERIES = 3, 3  # nothing in the app learns from fewer rows
NUMBERS = ("numeric", "integer")
# of what is read as series unasked: shorter ones are repeated questions, fewer teach a model little
UNASKED_POINTS, UNASKED_SERIES = 8, 12


@dataclass
class PivotedSeries:
    """The series of a table in long format.

    Parameters
    ----------
    values : array of float64 (n, c * T)
        A series a row, in order of time; of several values a moment all T of the first, then all
        of the second.
    rows : DataFrame (n, ...)
        What is constant within each.
    axis : array (T,)
        Where each point lies.
    axis_label : str
        Name of the axis.
    channels : list of str
        The columns (c,) they follow.
    order : str or None
        The column of times; None for the order of the file.

    See Also
    --------
    pivot_series : Makes it, with an example.
    """

    values: np.ndarray
    rows: pd.DataFrame
    axis: np.ndarray
    axis_label: str
    channels: list[str]
    order: str | None


def pivot_series(
    rows: pd.DataFrame,
    types: dict[str, str],
    series: str,
    value: str = "auto",
    order: str = "auto",
    notes: list[str] | None = None,
) -> PivotedSeries:
    """Cut a table by a column, in the order its series first appear.

    Lengths that differ are cut to the shortest.

    Parameters
    ----------
    rows : DataFrame
        A row a moment, in plain types.
    types : dict of str to str
        Type of each column, see :func:`~lvm_core.datasets.infer.infer_column`.
    series : str
        The column that says which series a row belongs to.
    value : str
        The column of numbers to follow; ``auto`` for all that change within a series.
    order : str
        A column of times, ``none`` for the order of the file, ``auto`` for dates or a number called
        such as ``time``.
    notes : list of str, optional
        Added to, with what was done and what is left out.

    Returns
    -------
    PivotedSeries
        At least 3 series of at least 3 points.

    Raises
    ------
    DataError
        When a column cannot be used, or there are fewer.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.pivot import pivot_series
    >>> moments = pd.DataFrame(
    ...     {"who": list("aaabbbccc"), "time": [0, 1, 2] * 3, "pulse": [60.0, 61, 62] * 3}
    ... )
    >>> types = {"who": "categorical", "time": "integer", "pulse": "numeric"}
    >>> found = pivot_series(moments, types, "who")
    >>> found.values.shape, found.channels, found.order, found.rows["who"].tolist()
    ((3, 3), ['pulse'], 'time', ['a', 'b', 'c'])
    """
    notes = [] if notes is None else notes
    if series not in rows:
        raise DataError(
            f"column {series!r} cannot tell series apart, it holds nothing that can be compared; "
            "choose another."
        )
    known = rows[series].notna().to_numpy()
    if not known.all():
        notes.append(
            f"{int((~known).sum()):,} rows without a value of {series} belong to no series and "
            "were left out."
        )
        rows = rows[known].reset_index(drop=True)
    number, names = pd.factorize(rows[series])
    lengths = np.bincount(number, minlength=len(names))
    _check(series, names, lengths)
    steady = [c for c in rows.columns if c == series or not _changes(rows[c], number)]
    free = [c for c in rows.columns if c not in (*steady, value)]
    by = _order(rows, types, order, free, number, notes)
    channels = _channels(rows, types, value, [c for c in rows.columns if c not in (*steady, by)])
    placed = np.argsort(rows[by].to_numpy(), kind="stable") if by else np.arange(len(rows))
    placed = placed[np.argsort(number[placed], kind="stable")]
    T = int(lengths.min())
    taken = placed[(np.cumsum(lengths) - lengths)[:, None] + np.arange(T)]
    taken, followed = _informative(rows, taken, channels, notes)
    axis, axis_label = (
        _axis(rows[by], taken) if by else (np.arange(T, dtype=float), "Point of the series")
    )
    lost = [c for c in rows.columns if c not in (*steady, *channels, by)]
    _say(notes, series, followed, by, lengths, taken.shape[1], lost)
    values = [rows[c].to_numpy(dtype=float, na_value=np.nan)[taken] for c in followed]
    return PivotedSeries(
        np.concatenate(values, axis=1),
        rows[steady].iloc[taken[:, 0]].reset_index(drop=True),
        axis,
        axis_label,
        followed,
        by,
    )


@dataclass(frozen=True)
class LongTable:
    """How a table may be cut into series.

    Parameters
    ----------
    series, order : str
        The columns that tell series apart and moments.
    count, points : int
        How many series there are, and moments in the shortest.
    sure : bool
        Whether it is hardly anything else: twelve series or more with the same moments, eight or
        more, and only numbers that change within them.

    See Also
    --------
    find_series : Finds it.
    """

    series: str
    order: str
    count: int
    points: int
    sure: bool


def find_series(rows: pd.DataFrame, types: dict[str, str]) -> LongTable | None:
    """Find whether a table has a row a moment of several series.

    It has where a column of moments has each of its values once within each value of another
    column, and a number changes from moment to moment.

    Parameters
    ----------
    rows : DataFrame (n, ...)
        In plain types.
    types : dict of str to str
        Type of each column, see :func:`~lvm_core.datasets.infer.infer_column`.

    Returns
    -------
    LongTable or None
        None where it has not.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.pivot import find_series
    >>> moments = pd.DataFrame(
    ...     {"who": list("abcdefghijkl") * 8, "time": sorted([*range(8)] * 12), "pulse": range(96)}
    ... )
    >>> find_series(moments, {"who": "categorical", "time": "integer", "pulse": "integer"})
    LongTable(series='who', order='time', count=12, points=8, sure=True)
    """
    times = [
        c for c in map(str, rows) if types[c] == "date" or types[c] in NUMBERS and is_moment(str(c))
    ]
    times = [c for c in times if not rows[c].isna().any()]
    ids = [
        c
        for c in map(str, rows)
        if types[c] in ("categorical", "integer", "ignore", "date") and not rows[c].isna().any()
    ]
    # What is itself a moment, such as the year of a month, tells series apart if nothing else does.
    for series in sorted(ids, key=lambda c: types[c] == "date" or is_moment(str(c))):
        number, names = pd.factorize(rows[series])
        lengths = np.bincount(number)
        if (
            not LEAST_SERIES <= len(names) <= len(rows) / LEAST_POINTS
            or lengths.min() < LEAST_POINTS
        ):
            continue
        for order in times:
            if order == series or rows.duplicated([series, order]).any():
                continue
            changing = [
                c for c in map(str, rows) if c not in (series, order) and _changes(rows[c], number)
            ]
            if not any(types[c] in NUMBERS for c in changing):
                continue
            points, grid = int(lengths.min()), rows[order].nunique()
            sure = (
                len(names) >= UNASKED_SERIES
                and points >= max(UNASKED_POINTS, 0.9 * lengths.max())
                and grid <= 1.1 * lengths.max()
                and all(types[c] in (*NUMBERS, "ignore") for c in changing)
            )
            return LongTable(series, order, len(names), points, bool(sure))
    return None


def is_moment(name: str) -> bool:
    """Whether a column is called as moments are.

    Parameters
    ----------
    name : str
        What it is called; a unit may stand behind.

    Returns
    -------
    bool

    Examples
    --------
    >>> from lvm_core.datasets.pivot import is_moment
    >>> [is_moment(name) for name in ("Time [ms]", "t", "year", "temperature")]
    [True, True, True, False]
    """
    return MOMENT.fullmatch(name.strip()) is not None


def _check(series: str, names, lengths: np.ndarray) -> None:
    if len(names) < LEAST_SERIES:
        raise DataError(
            f"column {series!r} cuts the table into {len(names)} series, at least {LEAST_SERIES} "
            "are needed; choose a column with more "
            "different values, such as the day or the subject."
        )
    if lengths.min() < LEAST_POINTS:
        raise DataError(
            f"column {series!r} cuts the table into {len(names):,} series and the shortest "
            f"({str(names[lengths.argmin()])[:40]}) has {lengths.min()} "
            f"points, at least {LEAST_POINTS} are needed; remove the "
            f"{int((lengths < LEAST_POINTS).sum()):,} that are shorter, or choose another column."
        )


def _changes(column: pd.Series, number: np.ndarray) -> bool:
    """Whether a column has several values, or gaps beside values, within any series."""
    seen = pd.factorize(column)[0]
    first = np.zeros(number.max() + 1, dtype=seen.dtype)
    first[number[::-1]] = seen[::-1]
    return bool((seen != first[number]).any())


def _order(rows, types, asked: str, free: list[str], number, notes) -> str | None:
    if asked == "none":
        return None
    if asked != "auto":
        if why := _not_sortable(rows, types, asked, number):
            raise DataError(
                f"the points cannot be put in order by column {asked!r}: {why}; choose another, or "
                "none for the order of the file."
            )
        return asked
    dates = [c for c in free if types.get(c) == "date"]
    named = [c for c in free if is_moment(c) and pd.api.types.is_numeric_dtype(rows[c])]
    for c in dict.fromkeys(dates + named):
        if not (why := _not_sortable(rows, types, c, number)):
            return c
        notes.append(f"The points were not put in order by {c}: {why}.")
    return None


def _not_sortable(rows, types, column: str, number) -> str:
    if column not in rows or not (
        types.get(column) == "date" or pd.api.types.is_numeric_dtype(rows[column])
    ):
        return "it holds neither numbers nor dates"
    if gaps := int(rows[column].isna().sum()):
        return f"{gaps:,} of its values are missing"
    twice = int(
        pd.DataFrame({"series": number, "moment": rows[column].to_numpy()}).duplicated().sum()
    )
    return f"{twice:,} moments occur again within their series" if twice else ""


def _channels(rows, types, asked: str, free: list[str]) -> list[str]:
    numbers = [c for c in free if types.get(c) in NUMBERS]
    if asked == "auto":
        if not numbers:
            raise DataError(
                "no column of numbers changes within a series; choose another series column, or "
                "set the type of the value column to numeric."
            )
        return numbers
    if asked not in free or not pd.api.types.is_numeric_dtype(rows[asked]):
        raise DataError(
            f"column {asked!r} cannot be followed through a series, expected numbers that change "
            "within one; there are: "
            f"{name_list(numbers, 20) or 'none'}."
        )
    return [asked]


def _informative(
    rows: pd.DataFrame, taken: np.ndarray, channels: list[str], notes: list[str]
) -> tuple[np.ndarray, list[str]]:
    """Without columns that count the moments and moments at which a column has no value at all."""
    values = {c: rows[c].to_numpy(dtype=float, na_value=np.nan)[taken] for c in channels}
    same = [c for c, v in values.items() if len(channels) > 1 and (v == v[:1]).all()]
    if same and len(same) < len(channels):
        notes.append(f"Left out, the same in every series: {name_list(same, 10)}.")
        channels = [c for c in channels if c not in same]
    seen = {c: np.isfinite(values[c]).any(0) for c in channels}
    sparse = [c for c, there in seen.items() if there.mean() < 0.5]
    if sparse and len(sparse) < len(channels):
        notes.append(f"Left out, without a value at most moments: {name_list(sparse, 10)}.")
        channels = [c for c in channels if c not in sparse]
    kept = np.logical_and.reduce([seen[c] for c in channels])
    if LEAST_POINTS <= kept.sum() < len(kept):
        empty = name_list([c for c in channels if not seen[c].all()], 10)
        notes.append(
            f"{len(kept) - kept.sum():,} of {len(kept):,} moments were left out, at which no "
            f"series has a value of {empty}."
        )
        taken = taken[:, kept]
    return taken, channels


def _axis(times: pd.Series, taken: np.ndarray) -> tuple[np.ndarray, str]:
    """The times of the first series where all agree, else 0, 1, ..."""
    moments = times.to_numpy()[taken]
    if not (moments == moments[:1]).all():
        return np.arange(
            taken.shape[1], dtype=float
        ), f"Point of the series, in order of {times.name}"
    if moments.dtype.kind == "M":
        return (moments[0] - moments[0, 0]) / np.timedelta64(
            1, "D"
        ), f"Days since {pd.Timestamp(moments[0, 0]):%Y-%m-%d}"
    return moments[0].astype(float), str(times.name)


def _say(notes, series, channels, order, lengths, points, lost) -> None:
    T, n = int(lengths.min()), len(lengths)
    notes.insert(
        0,
        (
            f"{n:,} series of {points:,} points of {name_list(channels)}, one for each value of "
            f"{series}, in the order of {order or 'the file'}."
        ),
    )
    if lengths.max() > T:
        notes.append(
            f"The series have {T:,} to {lengths.max():,} points; each was cut to its first {T:,}, "
            "which leaves out "
            f"{lengths.sum() - n * T:,} of {lengths.sum():,} points."
        )
    if lost:
        notes.append(f"Left out, they change within a series: {name_list(lost, 10)}.")
