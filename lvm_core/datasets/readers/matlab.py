"""MATLAB's .mat: one array of numbers of those in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..apart import array_values, stored_arrays
from ..upload import Upload
from .arrays import ArrayHeader, ArrayReader
from .hdf5 import SIGNATURE


@dataclass
class Matlab(ArrayReader):
    """MATLAB's .mat of versions 4 to 7.3: an array of numbers by its name.

    Objects, functions, cells and structures are left out. Rows are items; where another array
    has a value for each column but not for each row, columns are. Pictures may be (h, w, c, n)
    as well.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from lvm_core import read_dataset
    >>> file, rng = io.BytesIO(), np.random.default_rng(0)
    >>> savemat(file, {"fea": rng.random((6, 3)), "gnd": [[1], [1], [1], [2], [2], [2]]})
    >>> data = read_dataset(file.getvalue(), "faces.mat")
    >>> data.source["options"]["array"], data.X.shape, data.label
    ('fea', (6, 3), 'gnd')
    """

    name: ClassVar[str] = "matlab"
    title: ClassVar[str] = "MATLAB array"
    suffixes: ClassVar[tuple[str, ...]] = (".mat",)
    list_order: ClassVar[int] = 10

    @classmethod
    def matches(cls, upload):
        # version 4 has no mark of its own; 7.3 is HDF5 behind 512 bytes
        return upload.head.startswith(b"MATLAB ") or (
            upload.suffix == ".mat" and not upload.is_zip and not _is_text(upload.head)
        )

    def _heads(self, upload, notes):
        stored = _stored(upload, notes)
        turned = _turned({name: shape for name, (shape, _) in stored.items()})
        heads = {}
        for name, (shape, kind) in stored.items():
            order = turned[name]
            flat = _flat(tuple(shape[axis] for axis in order))
            heads[name] = ArrayHeader(flat, kind if len(flat) > 1 else np.dtype("i8"))
            if order != tuple(range(len(shape))) and len(flat) > 1:
                notes.append(f"{name} {shape}: its last axis was read as the items.")
        return heads

    def _values(self, upload, names):
        turned = _turned({name: shape for name, (shape, _) in _stored(upload, []).items()})
        if _is_hdf5(upload):
            found = array_values("hdf5", upload, names, matlab=True)
            found = {name: values.T for name, values in found.items()}
        else:
            found = array_values("matlab", upload, names)
        for name in names:
            array = found[name].transpose(turned[name])
            found[name] = _whole(array.reshape(_flat(array.shape)))
        return found


def _is_hdf5(upload: Upload) -> bool:
    return SIGNATURE in (upload.head[512:520], upload.head[:8])


def _stored(upload: Upload, notes: list[str]) -> dict:
    """The arrays of numbers as MATLAB has them, the first axis first."""
    if not _is_hdf5(upload):
        return stored_arrays("matlab", upload, notes)
    found = stored_arrays("hdf5", upload, notes, matlab=True)
    return {name: (shape[::-1], kind) for name, (shape, kind) in found.items()}


def _is_text(head: bytes) -> bool:
    return b"\0" not in head[:20]


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """MATLAB knows no array of one dimension: a row or a column is one."""
    return (max(shape),) if len(shape) == 2 and 1 in shape else shape


def _turned(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The order of the axes that puts the items first, of each array."""
    lengths = {_flat(s)[0] for s in shapes.values() if len(_flat(s)) == 1}
    orders = {}
    for name, shape in shapes.items():
        order = tuple(range(len(shape)))
        if len(shape) == 4 and shape[2] in (1, 3) and shape[1] > 3 and shape[0] not in lengths:
            order = (3, 0, 1, 2)
        elif len(shape) in (2, 3) and shape[-1] in lengths and shape[0] not in lengths:
            order = (len(shape) - 1, *range(len(shape) - 1))
        orders[name] = order
    return orders


def _whole(values: np.ndarray) -> np.ndarray:
    """A column of whole numbers as such: MATLAB keeps labels as floating point."""
    if values.ndim == 1 and values.dtype.kind == "f" and np.isfinite(values).all():
        if (values == np.rint(values)).all() and np.abs(values).max(initial=0) < 2**53:
            return values.astype(np.int64)
    return values
