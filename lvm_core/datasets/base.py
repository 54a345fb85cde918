"""What a dataset is, and the errors its readers raise."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..codecs.base import Codec
from ..labels import kind_of
from ..params import Params
from ..schema import Schema
from ..settings import DataError as DataError


@dataclass
class Dataset:
    """Rows for models and the way back to items for people.

    Parameters
    ----------
    name : str
        What it is called.
    X : array or CSR matrix (n, d)
        float32, or CSR float32 for text.
    rows : DataFrame (n, ...)
        Everything known of each row, in plain types: labels, metadata, the original columns of a
        table, ``text`` for documents, ``file`` for images.
    codec : Codec
        The way from items to rows of X and back.
    label : str, optional
        The column of ``rows`` to colour by first.
    notes : list of str
        What was understood and every warning, one sentence each.
    source : dict
        How to make it again (JSON).
    added : list of str
        Columns of ``rows`` that a person put beside them since.

    Raises
    ------
    ValueError
        When ``rows`` or the codec do not fit X.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["digits"]().load()
    >>> len(data), data.kind, data.schema.d, data.label
    (1797, 'image', 64, 'digit')
    >>> data.decode(data.X[:2]).shape
    (2, 8, 8, 1)
    """

    name: str
    X: Any
    rows: pd.DataFrame
    codec: Codec
    label: str | None = None
    notes: list[str] = field(default_factory=list)
    source: dict = field(default_factory=dict)
    added: list[str] = field(default_factory=list)

    def __post_init__(self):
        if len(self.rows) != self.X.shape[0]:
            raise ValueError(f"rows has {len(self.rows)} rows, X has {self.X.shape[0]}.")
        if self.codec.schema.d != self.X.shape[1]:
            raise ValueError(
                f"the codec describes {self.codec.schema.d} columns, X has {self.X.shape[1]}."
            )

    def __len__(self) -> int:
        return self.X.shape[0]

    @property
    def kind(self) -> str:
        """``image``, ``table``, ``text`` or ``array``."""
        return self.codec.kind

    @property
    def schema(self) -> Schema:
        """What the columns of X are; pass it to ``model.fit``."""
        return self.codec.schema

    @property
    def layout(self) -> Schema:
        """Deprecated: what ``schema`` was called before."""
        warnings.warn("Dataset.layout is now Dataset.schema.", FutureWarning, stacklevel=2)
        return self.schema

    def decode(self, X) -> Any:
        """Rows of X -> items; see :class:`Codec`."""
        return self.codec.decode(X)

    def items(self, index) -> Any:
        """The real items at some row numbers.

        Parameters
        ----------
        index : int or array of int (m,)
            Row numbers.

        Returns
        -------
        array, DataFrame or list of str (m, ...)
            Pictures, table rows, documents or arrays.
        """
        index = np.atleast_1d(np.asarray(index))
        if self.kind == "table":
            return self.rows.iloc[index]
        if self.kind == "text":
            return self.rows["text"].iloc[index].tolist()
        return self.codec.decode(self.X[index])

    def targets(self) -> np.ndarray | None:
        """The label of each row.

        Returns
        -------
        array of object (n,) or None
            As text, None where a row has none. None without a label column that holds two classes
            or more, see :func:`~lvm_core.labels.kind_of`.
        """
        column = self.rows.get(self.label)
        if column is None or kind_of(column, label=True) != "classes":
            return None
        number, names = pd.factorize(column)  # a value at a time, a million rows take seconds
        return np.array([*map(str, names), None], dtype=object)[number] if len(names) > 1 else None

    def colours(self) -> list[str]:
        """The columns of ``rows`` that a map can be coloured by, the label first.

        Returns
        -------
        list of str
            Numbers, dates, and categories with at most 200 values or, in large data, at most 5000
            that occur four times on average; no text that is another in every row, as a name.
        """
        names = [c for c in self.rows.columns if self._colourable(self.rows[c])]
        return sorted(names, key=lambda c: c != self.label)

    @staticmethod
    def _colourable(column: pd.Series) -> bool:
        if (
            pd.api.types.is_bool_dtype(column)
            or pd.api.types.is_numeric_dtype(column)
            or pd.api.types.is_datetime64_any_dtype(column)
        ):
            # counting a million values takes a while
            return column.count() > 0 and bool(column.min() != column.max())
        most = max(200, min(5000, len(column) // 4))
        if column.iloc[: 4 * most].nunique() > most:
            return False
        values = column.nunique()
        return 1 < values <= most and values < column.count()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content.

        Equal data gives an equal fingerprint, whatever its name.
        """
        digest = hashlib.sha256(
            json.dumps(self.codec.to_json(), sort_keys=True, default=str).encode()
        )
        parts = (
            (self.X.data, self.X.indices, self.X.indptr) if hasattr(self.X, "indptr") else (self.X,)
        )
        for part in parts:
            digest.update(np.ascontiguousarray(part).data)  # no copy
        return digest.hexdigest()


class Source(Params):
    """A built-in dataset: a dataclass of ``param`` fields that makes a Dataset without a download.

    Attributes
    ----------
    name, title, summary : str
        Its name in code, on the page, and what it is, of the class.
    kind : {"image", "table", "text", "array"}
        The kind of items.
    list_order : int
        Order in lists, the lowest first.
    origin : str
        Who collected or defined it, year.

    See Also
    --------
    lvm_core.params.param : State a parameter as a field.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> source = DATASETS["spiral"](n=100)
    >>> source.load().X.shape
    (100, 3)
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    kind: ClassVar[str] = ""
    list_order: ClassVar[int] = 50  # order in lists
    origin: ClassVar[str] = ""  # who collected or defined it, year

    def load(self) -> Dataset:
        """Make the dataset; the same parameters give the same rows."""
        raise NotImplementedError


MIN_ROWS = 3


def require_rows(n: int, name: str) -> None:
    """Refuse fewer rows than can be learnt from.

    Parameters
    ----------
    n : int
        Number of rows.
    name : str
        What has them, for the sentence.

    Raises
    ------
    DataError
        Below 3 rows.

    Examples
    --------
    >>> from lvm_core.datasets.base import require_rows
    >>> require_rows(3, "table.csv")
    >>> require_rows(0, "table.csv")
    Traceback (most recent call last):
        ...
    lvm_core.settings.DataError: table.csv has no rows; at least 3 are needed.
    """
    if n == 0:
        raise DataError(f"{name} has no rows; at least {MIN_ROWS} are needed.")
    if n < MIN_ROWS:
        raise DataError(
            f"{name} has only {'one row' if n == 1 else f'{n} rows'}; at least {MIN_ROWS} are "
            "needed to learn from."
        )


def require_variety(X: np.ndarray, name: str) -> None:
    """Refuse rows that are all the same.

    Parameters
    ----------
    X : array (n, d)
        The rows.
    name : str
        What has them, for the sentence.

    Raises
    ------
    DataError
        When all rows are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.base import require_variety
    >>> require_variety(np.eye(3), "table.csv")
    """
    step = max(1, 2**20 // max(1, X.shape[1]))
    if not any((X[i : i + step] != X[:1]).any() for i in range(0, len(X), step)):
        raise DataError(
            f"All {len(X):,} rows of {name} are the same; there is nothing to learn from them."
        )
