"""Parquet tables."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import pandas as pd

from ... import settings
from ..base import DataError
from ..upload import name_list
from .base import TableReader


@dataclass
class Parquet(TableReader):
    """Apache Parquet: columns with their types, and lists of numbers as vectors.

    Other nested columns and binary ones are left out.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [0.1, 0.4, 0.2]}).to_parquet(file)
    >>> read_dataset(file.getvalue(), "numbers.parquet").X.shape
    (3, 2)
    """

    name: ClassVar[str] = "parquet"
    title: ClassVar[str] = "Parquet table"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    list_order: ClassVar[int] = 10

    @classmethod
    def matches(cls, upload):
        return (
            upload.head.startswith(b"PAR1") or upload.suffix in cls.suffixes and not upload.is_zip
        )

    def read(self, upload):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(io.BytesIO(upload.data))
            settings.check("rows", file.metadata.num_rows, upload.name)
            settings.check("columns", len(file.schema_arrow.names), upload.name)
            settings.check(
                "cells", file.metadata.num_rows * len(file.schema_arrow.names), upload.name
            )
            vectors = [f.name for f in file.schema_arrow if list_of_numbers(f.type)]
            _check_vectors(file, vectors, upload.name)
            flat = [
                f.name
                for f in file.schema_arrow
                if f.name in vectors or not nested_or_binary(f.type)
            ]
            words = [
                f.name
                for f in file.schema_arrow
                if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
            ]
            # words stay in their dictionary until their true length is known: a small file can
            # stand for terabytes
            file = pq.ParquetFile(io.BytesIO(upload.data), read_dictionary=words)
            # of no use here, and parsed when broken
            table = batches(file, flat, upload.name).replace_schema_metadata(None)
            frame = table.to_pandas(date_as_object=False, types_mapper=_nullable().get)
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            reason = str(error).splitlines()[0][:100] if str(error) else "no reason given"
            raise DataError(
                f"{upload.name} is a damaged Parquet file ({reason}); save it again."
            ) from error
        notes = []
        even = [n not in vectors or _as_long(frame.iloc[:, i]) for i, n in enumerate(frame.columns)]
        uneven = [n for n, kept in zip(frame.columns, even) if not kept]
        frame = frame.loc[:, even]
        left_out = [n for n in file.schema_arrow.names if n not in flat or n in uneven]
        if left_out:
            notes.append(f"Left out, nested or binary: {name_list(left_out, 10)}.")
        for position, name in enumerate(frame.columns):
            if name in words:
                frame.isetitem(position, frame.iloc[:, position].astype("str"))
        return self._dataset(frame, upload.name, notes)


def _check_vectors(file, vectors: list[str], name: str) -> None:
    """Raises DataError when lists hold more numbers than an array may, before they are read."""
    values = 0
    for group in range(file.metadata.num_row_groups):
        row_group = file.metadata.row_group(group)
        for i in range(row_group.num_columns):
            column = row_group.column(i)
            if column.path_in_schema.split(".")[0] in vectors:
                values += column.num_values
    settings.check("array_cells", values, name)


def _as_long(lists: pd.Series) -> bool:
    """Whether most of the first lists have the same length, of two numbers and more."""
    lengths = lists.dropna().head(1000).map(len)
    return (
        bool(len(lengths)) and lengths.mode()[0] > 1 and (lengths == lengths.mode()[0]).mean() > 0.5
    )


def list_of_numbers(kind) -> bool:
    """Whether a column of this Arrow type holds a list of numbers in every row.

    Parameters
    ----------
    kind : pyarrow.DataType
        The type.

    Returns
    -------
    bool
        True for lists of any kind, of whole numbers or floating point, and for lists of such lists.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lvm_core.datasets.readers.parquet import list_of_numbers
    >>> list_of_numbers(pa.list_(pa.float32())), list_of_numbers(pa.list_(pa.string()))
    (True, False)
    """
    import pyarrow as pa

    is_ = pa.types
    if not (is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind)):
        return False
    inner = kind.value_type
    return is_.is_integer(inner) or is_.is_floating(inner) or list_of_numbers(inner)


def batches(file, columns: list[str], name: str):
    """The table, read piece by piece so that a file that lies about its size is stopped.

    Parameters
    ----------
    file : pyarrow.parquet.ParquetFile
        The file; columns of words are dictionaries.
    columns : list of str
        The columns to read.
    name : str
        What it is called, for the sentences.

    Returns
    -------
    pyarrow.Table
        These columns, all rows.

    Raises
    ------
    DataError
        Over the limits, or without any row.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> import pyarrow.parquet as pq
    >>> from lvm_core.datasets.readers.parquet import batches
    >>> file = io.BytesIO()
    >>> pd.DataFrame({"a": [1.5, 2.5], "b": [0.1, 0.4]}).to_parquet(file)
    >>> batches(pq.ParquetFile(file), ["a"], "numbers.parquet").shape
    (2, 1)
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    of = cast(Any, pc)  # whose functions are made on import
    pieces, rows, chars = [], 0, 0
    for batch in file.iter_batches(batch_size=65_536, columns=columns):
        rows += batch.num_rows
        settings.check("rows", rows, name)
        for column in batch.columns:
            if pa.types.is_dictionary(column.type) and len(column.dictionary):
                lengths = of.take(of.binary_length(column.dictionary), column.indices)
                chars += of.sum(lengths).as_py() or 0
                settings.check("cell_chars", of.max(lengths).as_py() or 0, name)
        settings.check("zip_bytes", chars, name)
        pieces.append(batch)
    if not pieces:
        raise DataError(f"{name} has no rows; at least 3 are needed.")
    return pa.Table.from_batches(pieces).unify_dictionaries()


def _nullable() -> dict:
    """Whole numbers and truth values with gaps keep their type."""
    import pyarrow as pa

    return {
        pa.type_for_alias(name): pd.api.types.pandas_dtype(name.title().replace("Ui", "UI"))
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    } | {pa.bool_(): pd.BooleanDtype()}


def nested_or_binary(kind) -> bool:
    """Whether a column of this Arrow type is nothing a table here has.

    Parameters
    ----------
    kind : pyarrow.DataType
        The type.

    Returns
    -------
    bool
        True for nested, binary and null types, and extensions.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from lvm_core.datasets.readers.parquet import nested_or_binary
    >>> nested_or_binary(pa.list_(pa.int64())), nested_or_binary(pa.int64())
    (True, False)
    """
    import pyarrow as pa

    is_ = pa.types
    tests = (
        is_.is_nested,
        is_.is_binary,
        is_.is_large_binary,
        is_.is_binary_view,
        is_.is_string_view,
        is_.is_fixed_size_binary,
        is_.is_null,
    )
    return any(test(kind) for test in tests) or isinstance(kind, pa.BaseExtensionType)
