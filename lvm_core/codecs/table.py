"""Tables of mixed columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from ..schema import Schema
from ..settings import DataError
from .base import Codec, as_rows
from .columns import Column, Date, Integer, Numeric
from .levels import Boolean, Categorical

TYPES = {c.type: c for c in (Numeric, Integer, Boolean, Categorical, Date)}


def column_from_json(data: dict) -> Column:
    """Inverse of ``column.to_json()``.

    Parameters
    ----------
    data : dict
        What ``to_json`` returned; its ``type`` says which column it is.

    Returns
    -------
    Column
        The same column.

    Examples
    --------
    >>> from lvm_core.codecs.levels import Boolean
    >>> from lvm_core.codecs.table import column_from_json
    >>> column_from_json(Boolean("smoker", "bool", 0.0, mean=0.25).to_json())
    Boolean(name='smoker', dtype='bool', missing=0.0, mean=0.25)
    """
    return TYPES[data["type"]](**{k: v for k, v in data.items() if k != "type"})


def natural_type(series: pd.Series) -> str:
    """The type that a column's dtype speaks of.

    Parameters
    ----------
    series : Series (n,)
        The column.

    Returns
    -------
    {"numeric", "integer", "boolean", "date", "categorical"}
        What is neither number, truth value nor date is categorical.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.table import natural_type
    >>> [natural_type(pd.Series(v)) for v in ([0.5, 1.0], [1, 2], [True, False], ["a", "b"])]
    ['numeric', 'integer', 'boolean', 'categorical']
    """
    kind = pd.api.types.infer_dtype(series, skipna=True)
    return {
        "boolean": "boolean",
        "integer": "integer",
        "integer-na": "integer",
        "floating": "numeric",
        "mixed-integer-float": "numeric",
        "decimal": "numeric",
        "datetime64": "date",
        "datetime": "date",
        "date": "date",
    }.get(kind, "categorical")


@dataclass
class TableCodec(Codec):
    """A table of mixed columns, with gaps <-> rows X (n, d) float32.

    The columns hold numbers, whole numbers, truth values, categories and dates.

    Parameters
    ----------
    columns : list of Column
        Public: name, type, range (``low``, ``high``) or ``labels``, share ``missing``,
        ``decimals``, and ``show(value)``, ``fraction(value)`` and ``ends()`` to draw a record with.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.table import TableCodec
    >>> frame = pd.DataFrame({"height": [1.5, 2.5], "kind": ["elm", "oak"]})
    >>> codec = TableCodec.of(frame)
    >>> codec.encode(frame).tolist()
    [[-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> codec.decode([[0.5, 0.2, 0.8]])
       height kind
    0     2.2  oak
    """

    kind: ClassVar[str] = "table"

    columns: list[Column]

    @classmethod
    def of(cls, frame: pd.DataFrame, types: dict | None = None, max_levels: int = 50) -> TableCodec:
        """Learn every column of a frame.

        Parameters
        ----------
        frame : DataFrame (n, ...)
            The table, each column with a name of its own.
        types : dict of str to str, optional
            Name -> type where it should differ from the dtype's own, see :func:`natural_type`.
        max_levels : int
            Categorical columns keep so many of their most frequent levels, and ``(other)``.

        Raises
        ------
        DataError
            When two columns share a name.
        """
        if not frame.columns.is_unique:
            raise DataError(
                f"two columns are called {frame.columns[frame.columns.duplicated()][0]!r}; give "
                "every column its "
                "own name."
            )
        types = types or {}
        kinds = [TYPES[types.get(name) or natural_type(frame[name])] for name in frame.columns]
        return cls(
            [
                kind.of(frame[name], max_levels=max_levels)
                for kind, name in zip(kinds, frame.columns)
            ]
        )

    @cached_property
    def schema(self) -> Schema:
        return Schema(tuple(group for column in self.columns for group in column.groups()))

    def spans(self) -> list[tuple[Column, slice]]:
        """Each column with the slice of X it fills."""
        spans, start = [], 0
        for column in self.columns:
            size = sum(group.size for group in column.groups())
            spans.append((column, slice(start, start + size)))
            start += size
        return spans

    def encode(self, items: pd.DataFrame) -> np.ndarray:
        """DataFrame with at least these columns -> X (n, d) float32.

        Raises
        ------
        DataError
            When a column is not there.
        """
        gone = [str(c.name) for c in self.columns if c.name not in items.columns]
        if gone:
            raise DataError(
                f"the table has no column {gone[0]!r}; expected "
                f"{', '.join(str(c.name) for c in self.columns[:20])}."
            )
        X = np.empty((len(items), self.schema.d), np.float32)
        for column, span in self.spans():
            X[:, span] = column.encode(items[column.name])
        return X

    def decode(self, X) -> pd.DataFrame:
        """Rows X (n, d) -> DataFrame.

        It has the names, types, levels and ranges of the table it was learnt from.
        """
        X = as_rows(X, self.schema.d)
        decoded = {i: column.decode(X[:, span]) for i, (column, span) in enumerate(self.spans())}
        return pd.DataFrame(decoded, index=range(len(X))).set_axis(
            [c.name for c in self.columns], axis=1
        )

    def to_json(self) -> dict:
        return {"kind": self.kind, "columns": [column.to_json() for column in self.columns]}

    @classmethod
    def from_json(cls, data: dict) -> TableCodec:
        return cls([column_from_json(column) for column in data["columns"]])
