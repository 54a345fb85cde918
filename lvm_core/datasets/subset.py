"""Datasets made of one that is there: some of its rows, or all of them with another column."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd

from ..codecs.array import ArrayCodec
from ..codecs.table import TableCodec
from ..settings import DataError
from .base import Dataset

LEAST = 10


def subset(dataset: Dataset, rows, name: str) -> Dataset:
    """The dataset of some rows alone.

    What a codec learns from the data, it learns again from them: means, ranges and levels of a
    table, the scale of arrays; words that none of the documents holds are left out.

    Parameters
    ----------
    dataset : Dataset
        The dataset they are of.
    rows : array of int
        Row numbers, in any order.
    name : str
        What the new dataset is called.

    Returns
    -------
    Dataset
        The rows in ascending order, each once.

    Raises
    ------
    DataError
        Below 10 rows or where nothing is left to learn from.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.subset import subset
    >>> iris = DATASETS["iris"]().load()
    >>> subset(iris, range(50), "setosa").X.shape
    (50, 4)
    """
    rows = np.unique(np.asarray(rows, np.int64))
    if len(rows) < LEAST:
        raise DataError(
            f"{len(rows)} row{'s are' if len(rows) != 1 else ' is'} chosen; at least {LEAST} are "
            "needed to train on."
        )
    frame = dataset.rows.iloc[rows].reset_index(drop=True)
    codec, X = _MAKERS[dataset.kind](dataset, rows, frame)
    notes = [f"{len(rows):,} of the {len(dataset):,} rows of {dataset.name}.", *dataset.notes]
    return Dataset(
        name,
        X,
        frame,
        codec,
        dataset.label,
        notes,
        {"origin": "chosen rows", "of": dataset.name, "rows": _digest(rows)},
    )


def _table(dataset, rows, frame):
    codec = TableCodec.of(
        frame[[c.name for c in dataset.codec.columns]],
        {c.name: c.type for c in dataset.codec.columns},
    )
    return codec, codec.encode(frame)


def _text(dataset, rows, frame):
    X = dataset.X[rows]
    used = np.flatnonzero(np.asarray(X.sum(0)).ravel() > 0)
    if len(used) < 2:
        raise DataError(
            f"these {len(rows)} documents hold {len(used)} of the words; at least 2 are needed."
        )
    return replace(dataset.codec, terms=[dataset.codec.terms[j] for j in used]), X[:, used].tocsr()


def _array(dataset, rows, frame):
    vectors, codec = dataset.items(rows), dataset.codec
    codec = ArrayCodec.of(
        np.asarray(vectors, np.float64),
        codec.axis,
        codec.axis_label,
        codec.value_label,
        codec.names,
    )
    return codec, codec.encode(vectors)


_MAKERS = {
    "image": lambda dataset, rows, frame: (dataset.codec, np.ascontiguousarray(dataset.X[rows])),
    "table": _table,
    "text": _text,
    "array": _array,
}


def free_name(dataset: Dataset, wanted: str) -> str:
    """A column name that the dataset does not have.

    Parameters
    ----------
    dataset : Dataset
        Its columns are compared whatever their case.
    wanted : str
        The name to have if it is free.

    Returns
    -------
    str
        ``wanted``, or with the first number from 2 on that is free.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.subset import free_name
    >>> iris = DATASETS["iris"]().load()
    >>> free_name(iris, "group"), free_name(iris, "Species")
    ('group', 'Species 2')
    """
    taken = {str(c).casefold() for c in dataset.rows.columns}
    return next(
        name
        for name in (wanted, *(f"{wanted} {i}" for i in range(2, len(taken) + 3)))
        if name.casefold() not in taken
    )


def membership(dataset: Dataset, rows) -> pd.Series:
    """Whether each row is among some.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    rows : array of int
        Row numbers.

    Returns
    -------
    Series of bool (n,)
        A column for ``dataset.rows``.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.subset import membership
    >>> int(membership(DATASETS["iris"]().load(), [3, 5]).sum())
    2
    """
    values = np.zeros(len(dataset), bool)
    values[rows] = True
    return pd.Series(values, index=dataset.rows.index)


def groups_column(dataset: Dataset, groups: dict[str, list[int]]) -> pd.Series:
    """The name of the group of each row.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    groups : dict of str to list of int
        Row numbers of each group.

    Returns
    -------
    Series of str (n,)
        Missing outside of all; of a row in several, the first.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.subset import groups_column
    >>> column = groups_column(DATASETS["iris"]().load(), {"a": [0, 1], "b": [1, 2]})
    >>> column[:3].tolist(), int(column.isna().sum())
    (['a', 'a', 'b'], 147)
    """
    values = np.full(len(dataset), None, object)
    for name, rows in reversed(groups.items()):
        values[rows] = name
    return pd.Series(values, index=dataset.rows.index)


def labelled(dataset: Dataset, column: str, name: str) -> Dataset:
    """The same rows with another column as their label; X is shared.

    In a table the model does not see that column either way.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    column : str
        A column of its ``rows``.
    name : str
        What the new dataset is called.

    Returns
    -------
    Dataset
        With ``column`` as its label.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.subset import labelled, membership
    >>> iris = DATASETS["iris"]().load()
    >>> iris.rows["chosen"] = membership(iris, [3, 5])
    >>> labelled(iris, "chosen", "iris, two chosen").label
    'chosen'
    """
    digest = hashlib.sha256("\x00".join(map(str, dataset.rows[column])).encode()).hexdigest()[:16]
    return replace(
        dataset,
        name=name,
        label=column,
        added=[],
        notes=[
            *dataset.notes,
            f"The label is {column}, chosen by hand on a map of {dataset.name}.",
        ],
        source={"origin": "a label by hand", "of": dataset.name, "values": digest},
    )


def _digest(rows) -> str:
    return hashlib.sha256(np.asarray(rows, "<i8").tobytes()).hexdigest()[:16]
