"""Tables as pandas writes them to JSON: split, index, columns, values, table, and lists of values
by column.
"""

from __future__ import annotations

import re
from typing import Any

from .. import settings
from .base import DataError

_ROW = "row name"
_WHOLE = re.compile(r"-?\d+")
_CELLS = (str, int, float, bool, type(None))


def records_of(whole: Any, name: str, notes: list[str]) -> list[dict] | None:
    """The records of a table in one of these orientations.

    Parameters
    ----------
    whole : object
        What a JSON file holds.
    name : str
        What it is called, for the sentences.
    notes : list of str
        Added to, with the orientation.

    Returns
    -------
    list of dict or None
        None where it is in none of them.

    Raises
    ------
    DataError
        When the rows and the columns' names do not fit together, or over a limit.

    Examples
    --------
    >>> from lvm_core.datasets.json_orientations import records_of
    >>> records_of({"columns": ["a"], "index": [0, 1], "data": [[1.5], [2.5]]}, "a.json", [])
    [{'a': 1.5}, {'a': 2.5}]
    >>> records_of({"a": {"0": 1.5, "1": 2.5}, "b": {"0": 3, "1": 4}}, "a.json", [])
    [{'a': 1.5, 'b': 3}, {'a': 2.5, 'b': 4}]
    """
    if isinstance(whole, list):
        if whole and all(isinstance(row, list) and _flat(row) for row in whole):
            return _rows(whole, None, name, notes, "a list of rows without names")
        return None
    if not isinstance(whole, dict) or not whole:
        return None
    data = whole.get("data")
    if isinstance(data, list) and isinstance(whole.get("columns"), list):
        names = [" ".join(map(str, c)) if isinstance(c, list) else str(c) for c in whole["columns"]]
        records = _rows(data, names, name, notes, "rows and their columns' names apart (split)")
        index = whole.get("index")
        if isinstance(index, list) and len(index) == len(records) and not _counted(index):
            return [{_ROW: str(i)} | record for i, record in zip(index, records)]
        return records
    if isinstance(data, list) and isinstance(whole.get("schema"), dict):
        return _described(data, whole["schema"], notes)
    values = list(whole.values())
    if len(values) > 1 and all(isinstance(v, list) and _flat(v) for v in values):
        if len({len(v) for v in values}) == 1:
            notes.append("Each list was read as a column.")
            _check(len(values[0]), len(values), name)
            return [dict(zip(whole, row)) for row in zip(*values)]
        return None
    if all(isinstance(v, dict) and v for v in values):
        return _nested(whole, name, notes)
    return None


def _flat(values: list) -> bool:
    return all(isinstance(v, _CELLS) for v in values)


def _counted(keys: list) -> bool:
    return all(isinstance(k, int) or isinstance(k, str) and _WHOLE.fullmatch(k) for k in keys)


def _check(rows: int, columns: int, name: str) -> None:
    settings.check("rows", rows, name)
    settings.check("columns", columns, name)
    settings.check("cells", rows * columns, name)


def _rows(rows: list, names: list[str] | None, name: str, notes: list[str], how: str) -> list:
    rows = [row for row in rows if isinstance(row, list)]
    widths = {len(row) for row in rows}
    width = max(widths, default=0) if names is None else len(names)
    if len(widths) > 1 or widths and widths != {width}:
        raise DataError(
            f"{name} holds rows of {min(widths)} to {max(widths)} values for {width} columns; "
            "expected as many in each."
        )
    _check(len(rows), width, name)
    names = [f"column {i + 1}" for i in range(width)] if names is None else _unique(names)
    notes.append(f"The file was read as {how}.")
    return [dict(zip(names, row)) for row in rows]


def _unique(names: list[str]) -> list[str]:
    taken: dict[str, int] = {}
    out = []
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        out.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return out


def _described(data: list, schema: dict, notes: list[str]) -> list | None:
    """Of a table with a schema, without the index it states."""
    if not all(isinstance(row, dict) for row in data):
        return None
    key = schema.get("primaryKey")
    index = [key] if isinstance(key, str) else key if isinstance(key, list) else []
    dropped = {
        k for k in index if k in ("index", "level_0") and _counted([row.get(k) for row in data])
    }
    notes.append("The file was read as records with a schema (table).")
    return [{k: v for k, v in row.items() if k not in dropped} for row in data]


def _nested(whole: dict, name: str, notes: list[str]) -> list | None:
    """Values by column and row, or by row and column."""
    outer, inner = list(whole), dict.fromkeys(k for v in whole.values() for k in v)
    if not all(_flat(list(v.values())) for v in whole.values()) or len(outer) < 2:
        return None
    if sum(len(v) for v in whole.values()) < 0.5 * len(outer) * len(inner):
        return None  # no table: its parts have little in common
    by_row = _rows_are_outer(whole, outer, list(inner))
    rows, columns = (outer, list(inner)) if by_row else (list(inner), outer)
    _check(len(rows), len(columns), name)
    notes.append(
        "The file was read as values by row and column (index)."
        if by_row
        else "The file was read as values by column and row (columns)."
    )
    named = not _counted(rows) and _ROW not in columns
    return [
        ({_ROW: r} if named else {})
        | {c: (whole[r] if by_row else whole[c]).get(c if by_row else r) for c in columns}
        for r in rows
    ]


def _rows_are_outer(whole: dict, outer: list[str], inner: list[str]) -> bool:
    """Rows are numbered, or hold values of several types where a column holds one."""
    counted = [_counted(keys) for keys in (outer, inner)]
    if counted[0] != counted[1]:
        return counted[0]
    mixed = sum(
        len({isinstance(v, str) for v in part.values() if v is not None}) > 1
        for part in whole.values()
    )
    across = sum(
        len({isinstance(v[k], str) for v in whole.values() if v.get(k) is not None}) > 1
        for k in inner
    )
    if (mixed > 0) != (across > 0):
        return mixed > 0
    return len(outer) > len(inner)
