"""NumPy's .npy and .npz: vectors, or pictures."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..base import DataError
from ..upload import ARRAY, Upload, shown
from .arrays import ArrayHeader, ArrayReader


@dataclass
class NumpyArrays(ArrayReader):
    """One array as .npy, or several by name as .npz.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> np.savez(file, X=np.random.default_rng(0).random((6, 3)), y=[0, 0, 0, 1, 1, 1])
    >>> data = read_dataset(file.getvalue(), "points.npz")
    >>> data.kind, data.X.shape, data.label
    ('array', (6, 3), 'y')
    """

    name: ClassVar[str] = "numpy"
    title: ClassVar[str] = "NumPy array"
    suffixes: ClassVar[tuple[str, ...]] = (".npy", ".npz")
    list_order: ClassVar[int] = 10

    @classmethod
    def matches(cls, upload):
        if upload.head.startswith(ARRAY):
            return True
        return upload.is_zip and len(upload.archive.having(".npy")) >= max(
            1, 0.5 * len(upload.archive.entries)
        )

    def _heads(self, upload, notes):
        # not the bytes of arrays that may never be asked for
        return {
            name: ArrayHeader(head.shape, head.dtype)
            for name, head in _stored(upload, notes).items()
        }

    def _values(self, upload, names):
        stored = _stored(upload, [], set(names))
        return {name: stored[name].values() for name in names}


def _stored(
    upload: Upload, notes: list[str], names: set[str] | None = None
) -> dict[str, NpyHeader]:
    """The arrays by name, or some of them; what is no array is left out with a note."""
    if not upload.is_zip:
        return {upload.name: NpyHeader.of(upload.data, upload.name)}
    heads = {}
    for info in upload.archive.having(".npy"):
        name = shown(info.filename).removesuffix(".npy")
        if names is not None and name not in names:
            continue
        try:
            heads[name] = NpyHeader.of(upload.archive.read(info), name)
        except DataError as error:
            notes.append(f"Array {name!r} was left out: {error}")
    if not heads:
        raise DataError(f"{upload.name} holds no array that can be read. {' '.join(notes)}".strip())
    return heads


@dataclass(frozen=True)
class NpyHeader(ArrayHeader):
    """What an .npy says of itself, and where its numbers begin.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : numpy.dtype
        Type of its numbers.
    fortran : bool
        Whether they are stored column by column.
    data : memoryview
        Their bytes.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from lvm_core.datasets.readers.numpy_arrays import NpyHeader
    >>> file = io.BytesIO()
    >>> np.save(file, np.zeros((2, 3)))
    >>> NpyHeader.of(file.getvalue(), "zeros.npy").shape
    (2, 3)
    """

    fortran: bool
    data: memoryview

    @classmethod
    def of(cls, data: bytes, name: str) -> NpyHeader:
        """Read and check the header; no number is touched.

        Parameters
        ----------
        data : bytes or memoryview
            The content of the file.
        name : str
            What it is called, for the sentences.

        Raises
        ------
        DataError
            When it is damaged, cut short, of an unknown version, or holds Python objects.
        """
        # NumPy itself reads no header over 10,000 letters
        file = io.BytesIO(bytes(data[: 2**16]))
        try:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }.get(version)
            if read is None:
                raise DataError(
                    f"{name} is an .npy of version {version[0]}.{version[1]}; save it as plain "
                    "numbers (version 1.0)."
                )
            shape, fortran, dtype = read(file)
        except DataError:
            raise
        except Exception as error:
            # the header is a Python literal: syntax, type, recursion and value errors
            raise DataError(
                f"{name} is a damaged .npy ({str(error).splitlines()[0][:80]}); save it again."
            ) from error
        if dtype.hasobject:
            raise DataError(
                f"{name} holds pickled Python objects, which could run a program; save plain "
                "numbers, for example "
                "with array.astype(float)."
            )
        rest = memoryview(data)[file.tell() :]
        if any(s < 0 for s in shape) or math.prod(shape) * dtype.itemsize != len(rest):
            raise DataError(
                f"{name} says it has shape {shape[:6]} ({math.prod(shape) * dtype.itemsize:,} "
                "bytes), but "
                f"{len(rest):,} bytes follow; it is damaged or cut short."
            )
        return cls(tuple(shape), dtype, fortran, rest)

    def values(self) -> np.ndarray:
        """The array, in this machine's byte order."""
        flat = np.frombuffer(self.data, dtype=self.dtype)
        values = flat.reshape(self.shape, order="F" if self.fortran else "C")
        return values.astype(self.dtype.newbyteorder("="), copy=False)
