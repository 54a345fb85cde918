"""The binary version of CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import settings
from ..base import DataError
from ..encoding import to_text
from ..upload import Upload, shown
from .arrays import ArrayHeader, ArrayReader

PIXELS = 3 * 32 * 32
# bytes of labels before the pixels: name and number of classes of each
LABELS = {1: {"label": 10}, 2: {"coarse": 20, "label": 100}}
NAMES = {
    ("label", 10): "batches.meta.txt",
    ("label", 100): "fine_label_names.txt",
    ("coarse", 20): "coarse_label_names.txt",
}


@dataclass
class Cifar(ArrayReader):
    """CIFAR's binary files: labels and the pixels of a picture of 32 x 32, one after the other.

    The files of a zip follow each other; names of classes are taken from its text files.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import read_dataset
    >>> records = np.random.default_rng(0).integers(0, 256, (6, 3073), np.uint8)
    >>> records[:, 0] = [3, 3, 3, 5, 5, 5]
    >>> data = read_dataset(records.tobytes(), "data_batch_1.bin")
    >>> data.schema.image, data.rows["label"].tolist()
    ((32, 32, 3), ['3', '3', '3', '5', '5', '5'])
    """

    name: ClassVar[str] = "cifar"
    title: ClassVar[str] = "CIFAR pictures"
    suffixes: ClassVar[tuple[str, ...]] = (".bin", ".zip")
    list_order: ClassVar[int] = 13

    @classmethod
    def matches(cls, upload):
        if upload.is_zip:
            entries = upload.archive.having(".bin")
            sizes = {e.file_size % (k + PIXELS) == 0 and k for e in entries for k in LABELS}
            return 0 < len(entries) <= 20 and sizes - {False} != set()
        return upload.suffix == ".bin" and _kind(upload.data) > 0

    def _heads(self, upload, notes):
        return {n: ArrayHeader(a.shape, a.dtype) for n, a in _arrays(upload).items()}

    def _values(self, upload, names):
        arrays = _arrays(upload)
        return {name: arrays[name] for name in names}


def _kind(data) -> int:
    """How many labels each record has; 0 where the bytes are no such records."""
    for labels, classes in LABELS.items():
        if len(data) and len(data) % (labels + PIXELS) == 0:
            records = np.frombuffer(data, np.uint8).reshape(-1, labels + PIXELS)
            if all((records[:, i] < most).all() for i, most in enumerate(classes.values())):
                return labels
    return 0


def _arrays(upload: Upload) -> dict[str, np.ndarray]:
    """Pictures (n, 32, 32, 3) and their labels. Raises DataError."""
    files, texts = {upload.name: upload.data}, {}
    if upload.is_zip:
        archive = upload.archive
        files = {shown(e.filename): archive.read(e) for e in archive.having(".bin")}
        texts = {shown(e.filename): archive.read(e) for e in archive.having(".txt")}
    kinds = {name: _kind(data) for name, data in files.items()}
    files = {name: data for name, data in files.items() if kinds[name]}
    if not files or len({kinds[name] for name in files}) > 1:
        raise DataError(
            f"{upload.name} holds no records of CIFAR-10 (3,073 bytes) or CIFAR-100 (3,074 bytes)."
        )
    labels = kinds[next(iter(files))]
    settings.check("array_cells", sum(len(data) for data in files.values()), upload.name)
    records = np.concatenate(
        [np.frombuffer(data, np.uint8).reshape(-1, labels + PIXELS) for data in files.values()]
    )
    arrays: dict[str, np.ndarray] = {
        "pictures": records[:, labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    }
    for i, (column, classes) in enumerate(LABELS[labels].items()):
        arrays[column] = _named(records[:, i], texts.get(NAMES[column, classes]), classes)
    if len(files) > 1:
        sizes = [len(data) // (labels + PIXELS) for data in files.values()]
        arrays["file"] = np.repeat(list(files), sizes)
    return arrays


def _named(codes: np.ndarray, text: bytes | None, classes: int) -> np.ndarray:
    """Names of classes, where a file lists them all."""
    if text is not None:
        names = [line.strip() for line in to_text(text)[0].split("\n") if line.strip()]
        if len(names) == classes:
            return np.array([name[:60] for name in names])[codes]
    return codes
