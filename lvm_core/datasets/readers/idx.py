"""IDX, the format of MNIST and its relatives: pictures, with their labels beside them."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar

import numpy as np

from ..base import DataError
from ..unpack import packer_of, unpack
from ..upload import Upload, shown
from .arrays import ArrayHeader, ArrayReader

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
NAMED = re.compile(r"idx\d.*ubyte|.*\.idx\d?(\.gz)?$|.*-idx\d", re.I)
MOST_FILES = 20


@dataclass
class Idx(ArrayReader):
    """IDX: the pictures of MNIST, Fashion-MNIST and others; their labels come as a second file.

    Files that are brought together, or in one zip, are put together: a file of labels belongs to
    the pictures it is as long as; several sets follow each other, with a column that tells them
    apart.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> import struct
    >>> import numpy as np
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.upload import bundle
    >>> pictures = np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)
    >>> images = struct.pack(">IIII", 0x803, 6, 5, 4) + pictures.tobytes()
    >>> labels = struct.pack(">II", 0x801, 6) + bytes([0, 0, 0, 1, 1, 1])
    >>> both = bundle([("a-images-idx3-ubyte", images), ("a-labels-idx1-ubyte", labels)])
    >>> data = read_dataset(both, "mnist.zip")
    >>> data.schema.image, data.label, len(data)
    ((5, 4, 1), 'label', 6)
    """

    name: ClassVar[str] = "idx"
    title: ClassVar[str] = "IDX pictures (MNIST)"
    suffixes: ClassVar[tuple[str, ...]] = (".idx", ".zip")
    list_order: ClassVar[int] = 12

    @classmethod
    def matches(cls, upload):
        if not upload.is_zip:
            return _is_idx(upload.head)
        entries = upload.archive.entries
        if not 0 < len(entries) <= MOST_FILES:
            return False
        named = [e for e in entries if NAMED.match(PurePosixPath(e.filename).name)]
        named += [e for e in entries if "ubyte" in e.filename and e not in named]
        return len(named) >= 0.5 * len(entries)

    def _heads(self, upload, notes):
        arrays = _together(upload, notes)
        return {name: ArrayHeader(a.shape, a.dtype) for name, a in arrays.items()}

    def _values(self, upload, names):
        arrays = _together(upload, [])
        return {name: arrays[name] for name in names}


def _is_idx(head: bytes) -> bool:
    return head[:2] == b"\0\0" and len(head) > 8 and head[2] in TYPES and 1 <= head[3] <= 4


def _array(data: bytes, name: str) -> np.ndarray:
    if not _is_idx(data[:16]):
        raise DataError(f"{name} is no IDX file.")
    dtype, dimensions = np.dtype(TYPES[data[2]]), data[3]
    begin = 4 + 4 * dimensions
    if len(data) < begin:
        raise DataError(f"{name} is an IDX file without its sizes; it is cut short.")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    if math.prod(shape) * dtype.itemsize != len(data) - begin:
        raise DataError(
            f"{name} says it has shape {shape} ({math.prod(shape) * dtype.itemsize:,} bytes), but "
            f"{len(data) - begin:,} bytes follow; it is damaged or cut short."
        )
    values = np.frombuffer(data, dtype, offset=begin).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _together(upload: Upload, notes: list[str]) -> dict[str, np.ndarray]:
    """Pictures, their labels and which file they are from, of all files. Raises DataError."""
    if not upload.is_zip:
        files = {upload.name: _array(bytes(upload.data), upload.name)}
    else:
        files = {}
        for info in upload.archive.entries:
            name, data = shown(info.filename), upload.archive.read(info)
            try:
                data = unpack(data, name) if packer_of(data) else data
                files[name] = _array(data, name)
            except DataError as error:
                notes.append(f"{name} was left out: {error}")
    pictures = {name: a for name, a in files.items() if a.ndim > 1}
    labels = {name: a for name, a in files.items() if a.ndim == 1}
    if not pictures:
        what = "labels without pictures" if labels else "no array"
        raise DataError(
            f"{upload.name} holds {what}; bring the file of pictures with it, both at once or in "
            f"one zip. {' '.join(notes)}".strip()
        )
    shapes = {a.shape[1:] for a in pictures.values()}
    if len(shapes) > 1:
        raise DataError(
            f"{upload.name} holds pictures of different sizes ({len(shapes)}); bring one set."
        )
    found = {name: _labels_of(name, a, labels) for name, a in pictures.items()}
    arrays = {"pictures": np.concatenate(list(pictures.values()))}
    if all(a is not None for a in found.values()):
        arrays["label"] = np.concatenate([a for a in found.values() if a is not None])
    elif labels:
        notes.append("The labels were left out: not every set of pictures has as many.")
    else:
        notes.append("There are no labels; bring their file together with the pictures.")
    if len(pictures) > 1:
        arrays["set"] = np.repeat(
            [_set(name) for name in pictures], [len(a) for a in pictures.values()]
        )
    return arrays


def _set(name: str) -> str:
    return re.split(r"[-_.]?(images|idx)", name)[0] or name


def _labels_of(name: str, pictures: np.ndarray, labels: dict) -> np.ndarray | None:
    """The labels of as many pictures, of several those of the most alike name."""
    fit = {k: a for k, a in labels.items() if len(a) == len(pictures)}
    if not fit:
        return None
    return fit[max(fit, key=lambda k: _common(k, name))]


def _common(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
