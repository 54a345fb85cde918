"""HDF5: one array of those in it, also of AnnData's .h5ad and of NetCDF-4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..apart import array_values, stored_arrays
from .arrays import ArrayHeader, ArrayReader

SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclass
class Hdf5(ArrayReader):
    """HDF5: an array by its path in the file; of AnnData, X with the columns of obs.

    Arrays of one dimension and its length become columns beside it. Nothing outside the file is
    opened: links to other files, data in other files and plug-ins are left out, and so are object
    references.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> import io
    >>> import h5py
    >>> import numpy as np
    >>> from lvm_core import read_dataset
    >>> content = io.BytesIO()
    >>> with h5py.File(content, "w") as file:
    ...     file["all/codes"] = np.random.default_rng(0).random((6, 3))
    ...     file["all/label"] = [0, 0, 0, 1, 1, 1]
    >>> data = read_dataset(content.getvalue(), "codes.h5")
    >>> data.source["options"]["array"], data.X.shape, data.label
    ('all/codes', (6, 3), 'all/label')
    """

    name: ClassVar[str] = "hdf5"
    title: ClassVar[str] = "HDF5 array"
    suffixes: ClassVar[tuple[str, ...]] = (".h5", ".hdf5", ".he5", ".h5ad", ".nc")
    list_order: ClassVar[int] = 11

    @classmethod
    def matches(cls, upload):
        return upload.head.startswith(SIGNATURE)

    def _heads(self, upload, notes):
        stored = stored_arrays("hdf5", upload, notes)
        return {name: ArrayHeader(*head) for name, head in stored.items()}

    def _values(self, upload, names):
        return array_values("hdf5", upload, names)

    def _choose(self, heads, file, notes):
        main = heads.get("X")
        if self.array == "auto" and main is not None and len(main.shape) == 2:
            if any(name.startswith("obs") for name in heads):  # of AnnData
                return "X"
        return super()._choose(heads, file, notes)
