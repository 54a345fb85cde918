"""Rows that become too many for memory while they are made."""

from __future__ import annotations

import math
import tempfile

import numpy as np

MOST_IN_MEMORY = 2**28  # bytes


class RowWriter:
    """Rows of one shape, added some at a time: an array while they are few, else an unnamed
    file, mapped, which is gone with the last who reads it.

    Parameters
    ----------
    n : int
        How many rows come, at most.
    shape : tuple of int
        Shape of one.
    dtype : data-type
        Type of their values.
    most : int, optional
        Bytes that are kept in memory; 256 MB by default.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.io.rows import RowWriter
    >>> writer = RowWriter(3, (2,), np.uint8)
    >>> writer.add([[1, 2], [3, 4]])
    >>> writer.array().tolist()
    [[1, 2], [3, 4]]
    """

    def __init__(self, n: int, shape: tuple[int, ...], dtype, most: int | None = None):
        self.shape, self.dtype, self.count = tuple(shape), np.dtype(dtype), 0
        most = MOST_IN_MEMORY if most is None else most
        self._mapped = n * math.prod(shape) * self.dtype.itemsize > most
        if self._mapped:
            # it lives as long as its rows
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        else:
            self._rows = np.empty((n, *shape), dtype)

    def add(self, rows) -> None:
        """Some rows more (m, ...). Raises ValueError for another shape."""
        rows = np.asarray(rows)
        if rows.shape[1:] != self.shape:
            raise ValueError(f"the rows have shape {rows.shape[1:]}, expected {self.shape}.")
        if self._mapped:
            self._file.write(np.ascontiguousarray(rows, self.dtype).data)
        else:
            self._rows[self.count : self.count + len(rows)] = rows
        self.count += len(rows)

    def array(self) -> np.ndarray:
        """All rows added so far (m, ...); a mapped one can be read only."""
        if not self._mapped:
            return self._rows[: self.count]
        self._file.flush()
        if not self.count:
            return np.empty((0, *self.shape), self.dtype)
        return np.memmap(self._file, self.dtype, "r", shape=(self.count, *self.shape))
