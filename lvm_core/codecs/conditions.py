"""Conditions on the columns of a table, as bounds on the columns of X."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..settings import DataError
from .columns import MISSING, Column, Integer, Numeric
from .levels import Categorical
from .table import TableCodec

# of half a step: a bound that lies exactly between two values would round to either
INSIDE = 0.499


def condition_bounds(
    codec: TableCodec, conditions: Mapping[Any, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of X whose items fulfil conditions: all between two rows of bounds.

    Parameters
    ----------
    codec : TableCodec
        Of the table.
    conditions : dict
        Column -> a value, a tuple (low, high) of which either may be None, or a list of levels.
        None stands for a missing value.

    Returns
    -------
    low, high : array (d,)
        Bounds of every column of X, infinite where there is none. A level is excluded by an upper
        bound of 0.

    Raises
    ------
    DataError
        For a column or level there is none of, and for a range that no value seen lies in.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.conditions import condition_bounds
    >>> from lvm_core.codecs.table import TableCodec
    >>> codec = TableCodec.of(pd.DataFrame({"age": [20, 40], "kind": ["elm", "oak"]}))
    >>> low, high = condition_bounds(codec, {"age": (30, None), "kind": "oak"})
    >>> low.round(2).tolist(), high.tolist()
    ([-0.05, -inf, -inf], [inf, 0.0, inf])
    """
    low, high = np.full(codec.schema.d, -np.inf), np.full(codec.schema.d, np.inf)
    spans = {column.name: (column, span) for column, span in codec.spans()}
    for name, wanted in conditions.items():
        if name not in spans:
            raise DataError(f"There is no column {name!r} to put a condition on.")
        column, span = spans[name]
        if isinstance(column, Numeric):
            low[span], high[span] = _number(column, wanted)
        elif isinstance(column, Categorical):
            places = [_level(column, column.labels, value) for value in _listed(wanted)]
            high[span] = np.where(np.isin(np.arange(span.stop - span.start), places), np.inf, 0.0)
        else:
            low[span], high[span] = _truth(column, wanted)
    return low, high


def fulfil(frame: pd.DataFrame, codec: TableCodec, conditions: Mapping[Any, Any]) -> pd.DataFrame:
    """Decoded rows of bounded X with their numbers at exactly the bounds that rounding crossed.

    Parameters
    ----------
    frame : DataFrame (n, ...)
        What the codec made of rows of X between the bounds; it is not changed.
    codec : TableCodec
        Of the table.
    conditions : dict
        As for :func:`condition_bounds`.

    Returns
    -------
    DataFrame
    """
    frame = frame.copy()
    for column in codec.columns:
        wanted = conditions.get(column.name)
        if type(column) is Numeric and wanted is not None:
            low, high = _range(column, wanted)
            frame[column.name] = frame[column.name].clip(low, high)
    return frame


def _listed(wanted: Any) -> list:
    return list(wanted) if isinstance(wanted, (list, set, tuple, frozenset)) else [wanted]


def _level(column: Column, labels: list[str], value: Any) -> int:
    """The number of a level, by its value or its label."""
    text = MISSING if value is None or pd.isna(value) else str(value)
    if text not in labels:
        some = ", ".join(labels[:8]) + ", ..." * (len(labels) > 8)
        raise DataError(f"{column.name} is never {text} in the data; it is one of {some}.")
    return labels.index(text)


def _truth(column: Any, wanted: Any) -> tuple[np.ndarray, np.ndarray]:
    labels = column.labels
    values = [
        labels[int(v)] if isinstance(v, (bool, np.bool_, int)) and v in (0, 1) else v
        for v in _listed(wanted)
    ]
    places = {_level(column, labels, v) for v in values}
    low, high = (
        np.full(1 + bool(column.missing), -np.inf),
        np.full(1 + bool(column.missing), np.inf),
    )
    if column.missing and not places & {0, 1}:
        low[1] = 1.0
    elif places & {0, 1}:
        if column.missing and 2 in places:
            raise DataError(f"{column.name}: ask for values or for missing ones, not for both.")
        high[1:] = 0.0
        if places == {0}:
            high[0] = 0.0
        if places == {1}:
            low[0] = 1.0
    return low, high


def _number(column: Numeric, wanted: Any) -> tuple[np.ndarray, np.ndarray]:
    size = 1 + bool(column.missing)
    low, high = np.full(size, -np.inf), np.full(size, np.inf)
    if wanted is None or isinstance(wanted, float) and math.isnan(wanted):
        if not column.missing:
            raise DataError(f"{column.name} is never missing in the data.")
        low[1] = 1.0
        return low, high
    least, most = _range(column, wanted)
    high[1:] = 0.0
    step = _step(column)
    # the first and the last value seen may be clipped from beyond
    if least > column.low:
        low[0] = (least - INSIDE * step - column.mean) / column.std
    if most < column.high:
        high[0] = (most + INSIDE * step - column.mean) / column.std
    return low, high


def _step(column: Numeric) -> float:
    """Between neighbouring values of a column that has only multiples; 0 for others."""
    if isinstance(column, Integer) or type(column) is not Numeric:  # dates count whole steps
        return 1.0
    return 10.0**-column.decimals if column.rounded else 0.0


def _range(column: Numeric, wanted: Any) -> tuple[float, float]:
    """Both ends in the column's numbers, at values it can have."""
    if isinstance(wanted, (list, set)):
        if len(wanted) != 1:
            raise DataError(f"{column.name} is a number: ask for one value or for a range.")
        wanted = next(iter(wanted))
    ends = tuple(wanted) if isinstance(wanted, tuple) else (wanted, wanted)
    found = [
        edge if end is None else _value(column, end)
        for end, edge in zip(ends, (column.low, column.high), strict=True)
    ]
    step, (low, high) = _step(column), found
    if low > high:
        raise DataError(f"{column.name}: the range begins after it ends.")
    if low > column.high or high < column.low:
        least, most = column.ends() or ("", "")
        raise DataError(f"{column.name} lies from {least} to {most} in the data, not there.")
    if step:
        low, high = math.ceil(low / step - 1e-6) * step, math.floor(high / step + 1e-6) * step
        if low > high + 1e-9 * step:
            raise DataError(f"{column.name} has no value in that range.")
    return max(low, column.low), min(high, column.high)


def _value(column: Numeric, value: Any) -> float:
    number = float(column._numbers(pd.Series([value]))[0])
    if not math.isfinite(number):
        raise DataError(f"{column.name}: {value!r} is no value of this column.")
    return number
