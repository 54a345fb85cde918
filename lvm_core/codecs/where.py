"""Conditions on the columns of a table, as a person types them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..settings import DataError
from .columns import MISSING, Column, Date, Integer, Numeric
from .table import TableCodec

_COMPARED = re.compile(r"\s*(>=|<=|==|=|>|<)\s*(.*?)\s*", re.DOTALL)


def parse_conditions(
    texts: Iterable[str], codec: TableCodec, label: Any = None, labels: Iterable[Any] = ()
) -> dict[Any, Any]:
    """Conditions such as ``age >= 30`` and ``sex = Female``, all of which hold.

    Parameters
    ----------
    texts : iterable of str
        Each a column, one of ``= == >= <= > <`` and a value. Of a column with levels several may be
        given, with commas between them; nothing after ``=``, or ``(missing)``, is a missing value.
    codec : TableCodec
        Of the table.
    label : object, optional
        The label's column, which is none of the codec's.
    labels : iterable
        What the label can be.

    Returns
    -------
    dict
        As :func:`~lvm_core.codecs.conditions.condition_bounds` takes it; the label's value is a
        list.

    Raises
    ------
    DataError
        For what is no condition, a column or level there is none of, and conditions of one column
        that exclude each other.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.table import TableCodec
    >>> from lvm_core.codecs.where import parse_conditions
    >>> codec = TableCodec.of(pd.DataFrame({"age": [20, 40], "kind": ["elm", "oak"]}))
    >>> parse_conditions(["age >= 30", "age < 40", "kind = oak, elm"], codec)
    {'age': (30.0, 39.0), 'kind': ['oak', 'elm']}
    """
    columns: dict[str, Column | None] = {str(column.name): column for column in codec.columns}
    known = [MISSING if v is None else str(v) for v in labels]
    if label is not None:
        columns.setdefault(str(label), None)
    found: dict[Any, Any] = {}
    for text in texts:
        name, sign, value = _parts(text, list(columns))
        column = columns[name]
        if isinstance(column, Numeric):
            wanted = _ends(column, sign, value)
            if column.name in found and wanted is not None:
                wanted = _both(column, found[column.name], wanted)
            found[column.name] = wanted
            continue
        if sign not in ("=", "=="):
            raise DataError(f"{name} has levels and no order: ask for {name} = one of them.")
        levels = known if column is None else list(column.labels)  # pyright: ignore
        chosen = _levels(name, value, levels)
        key = label if column is None else column.name
        if key in found:
            chosen = [v for v in found[key] if v in chosen]
            if not chosen:
                raise DataError(f"{name}: no level fulfils both conditions.")
        found[key] = chosen
    return found


def _parts(text: str, names: list[str]) -> tuple[str, str, str]:
    stripped = text.strip()
    for name in sorted(names, key=len, reverse=True):
        match = _COMPARED.fullmatch(stripped[len(name) :])
        if stripped.casefold().startswith(name.casefold()) and match:
            return name, match[1], match[2]
    column = re.match(r"\s*(.+?)\s*(?:[<>]=?|==?)", text)
    if column:
        raise DataError(f"There is no column {column[1][:60]!r} to put a condition on.")
    raise DataError(f"{text[:60]!r} is no condition; expected COLUMN = VALUE, or >=, <=, >, <.")


def _levels(name: str, value: str, levels: list[str]) -> list[str]:
    value = value or MISSING
    if value in levels:
        return [value]
    chosen = [part.strip() or MISSING for part in value.split(",")]
    for part in chosen:
        if part not in levels:
            some = ", ".join(levels[:8]) + ", ..." * (len(levels) > 8)
            raise DataError(f"{name} is never {part[:60]} in the data; it is one of {some}.")
    return chosen


def _ends(column: Numeric, sign: str, value: str) -> tuple | None:
    """A range; None for missing values."""
    if value in ("", MISSING):
        if sign not in ("=", "=="):
            raise DataError(f"{column.name}: a missing value has no order.")
        return None
    date = isinstance(column, Date)
    try:
        end: Any = pd.Timestamp(value) if date else float(value)
    except ValueError:
        end = math.nan
    if pd.isna(end) or not date and not math.isfinite(end):
        raise DataError(f"{column.name}: {value[:60]!r} is no value of this column.")
    if sign in ("=", "=="):
        return end, end
    up = sign.startswith(">")
    if len(sign) == 1:
        end = _next(column, end, 1 if up else -1)
    return (end, None) if up else (None, end)


def _next(column: Numeric, end: Any, side: int) -> Any:
    """The nearest value beyond."""
    if isinstance(column, Date):
        return end + side * pd.Timedelta(1, column.unit)  # pyright: ignore[reportArgumentType]
    if isinstance(column, Integer):
        return math.floor(end) + 1.0 if side > 0 else math.ceil(end) - 1.0
    if column.rounded:
        return end + side * 10.0**-column.decimals
    return math.nextafter(end, side * math.inf)


def _both(column: Numeric, first: Any, second: Any) -> tuple:
    if first is None:
        raise DataError(f"{column.name}: ask for values or for missing ones, not for both.")
    low = [end for end in (first[0], second[0]) if end is not None]
    high = [end for end in (first[1], second[1]) if end is not None]
    return max(low, default=None), min(high, default=None)
