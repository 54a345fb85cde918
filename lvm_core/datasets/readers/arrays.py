"""Files that hold arrays by name: one is chosen, those of its length become columns beside it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..pictures import LARGEST_SIDE, choose_size, fit_picture, image_dataset, unit_range
from ..upload import Upload, name_list
from ..vectors import array_dataset
from .base import Reader

CALLED_LABEL = re.compile("y|.*(label|class|target|gnd)")


@dataclass(frozen=True)
class ArrayHeader:
    """What is known of a stored array before a number of it is read.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : numpy.dtype
        Type of its numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.readers.arrays import ArrayHeader
    >>> ArrayHeader((2, 3), np.dtype("f4")).size
    6
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass
class ArrayReader(Reader):
    """What reads a format that holds arrays by name.

    A subclass says which arrays there are (``_heads``) and reads some of them (``_values``). Two
    dimensions are vectors (n, d); three or four are pictures (n, h, w), (n, h, w, c) or
    (n, c, h, w). Of several arrays the biggest is read, and those of one dimension and its length
    become columns beside it.

    Parameters
    ----------
    array : str
        Which array is read; auto takes the biggest.
    label : str
        Which array colours the map; none for no array.
    side : int
        Pictures are resized to this many pixels a side; 0, the default, keeps a common size up to
        64, else chooses 32 or 64.
    colour : {"auto", "grey", "colour"}
        Auto keeps the channels that are there.
    background : {"white", "black"}
        What shows through transparent pixels.

    Examples
    --------
    >>> from lvm_core.datasets.readers.arrays import ArrayReader
    >>> list(ArrayReader.parameters())
    ['array', 'label', 'side', 'colour', 'background']
    """

    array: str = param("auto", help="Which array is read; auto takes the biggest.")
    label: str = param(
        "auto",
        help="Which array colours the map; none for no array.",
        label="Label array",
    )
    side: int = param(
        0,
        low=0,
        high=LARGEST_SIDE,
        help="Pictures are resized to this many pixels a side; 0 keeps a common size up to 64, "
        "else chooses 32 or "
        "64.",
        label="Size, pixels a side",
    )
    colour: str = param(
        "auto", choices=("auto", "grey", "colour"), help="Auto keeps the channels that are there."
    )
    background: str = param(
        "white",
        choices=("white", "black"),
        help="What shows through transparent pixels.",
        advanced=True,
    )

    def _heads(self, upload: Upload, notes: list[str]) -> dict[str, ArrayHeader]:
        """The arrays there are, by name. Raises DataError."""
        raise NotImplementedError

    def _values(self, upload: Upload, names: list[str]) -> dict[str, np.ndarray]:
        """Some of them, in this machine's byte order, rows first. Raises DataError."""
        raise NotImplementedError

    def read(self, upload):
        notes: list[str] = []
        heads = self._heads(upload, notes)
        chosen = self._choose(heads, upload.name, notes)
        _check(chosen, heads[chosen])
        n = heads[chosen].shape[0]
        columns = [
            name
            for name, head in heads.items()
            if name != chosen and head.shape == (n,) and head.dtype.kind in "biufUSM"
        ]
        settings.check("columns", len(columns), upload.name)
        found = self._values(upload, [chosen, *columns])
        values = found.pop(chosen)
        rows = pd.DataFrame(
            {
                name: np.char.decode(column, "utf-8", "replace")
                if column.dtype.kind == "S"
                else column
                for name, column in found.items()
            },
            index=range(n),
        )
        label = self._label(chosen, rows, heads, notes)
        if values.ndim == 2:
            notes.insert(0, f"{len(values):,} vectors of {values.shape[1]:,} values.")
            dataset = array_dataset(values, upload.name, rows, label, notes)
            own = None
        else:
            pictures, own = self._pictures(values, upload.name, notes)
            dataset = image_dataset(pictures, upload.name, rows, label, notes)
        dataset.source = {
            "options": {"array": chosen, "label": label or "none"},
            "arrays": {n: list(h.shape) for n, h in heads.items()},
        }
        if own is not None:
            dataset.source["pictures"] = {"largest": max(own), "chosen": list(_size(own, 0))}
        return dataset

    def _choose(self, heads, file: str, notes: list[str]) -> str:
        if self.array != "auto":
            if self.array not in heads:
                raise DataError(
                    f"{file} has no array {self.array!r}; there are: {name_list(heads, 20)}."
                )
            return self.array
        fit = {n: h for n, h in heads.items() if 2 <= len(h.shape) <= 4 and h.dtype.kind in "biuf"}
        if not fit:
            _refuse(*max(heads.items(), key=lambda item: item[1].size))
        chosen = max(fit, key=lambda n: fit[n].size)
        columns = {n for n, h in heads.items() if h.shape == heads[chosen].shape[:1]}
        others = [f"{n} {h.shape}" for n, h in heads.items() if n not in columns | {chosen}]
        if others:
            notes.append(
                f"Array {chosen!r} {heads[chosen].shape} was read; there are also: "
                f"{name_list(others)}."
            )
        return chosen

    def _label(self, chosen: str, rows: pd.DataFrame, heads, notes: list[str]) -> str | None:
        """The array asked for; else the one whose name differs from the chosen one's least,
        such as y_train of x_train.
        """
        if self.label not in ("auto", "none"):
            if self.label not in rows:
                raise DataError(
                    f"label {self.label!r} is no array of one value a row "
                    f"({heads[chosen].shape[0]:,}); there are: "
                    f"{name_list(rows.columns) or 'none'}."
                )
            return self.label
        few = [
            c
            for c in rows.columns
            if rows[c].dtype.kind != "f"
            and 2 <= rows[c].nunique() <= 1000
            # what names each row is no label, unless it is called one
            and (rows[c].nunique() < len(rows) or CALLED_LABEL.fullmatch(c.lower()))
        ]
        if self.label == "none" or not few:
            return None
        tail = chosen.lower().partition("_")[2]
        label = max(
            few,
            key=lambda c: (
                bool(tail) and c.lower().endswith(tail),
                CALLED_LABEL.match(c.lower()) is not None,
            ),
        )
        if rows[label].dtype.kind in "biu":
            rows[label] = rows[label].astype("str")
        notes.append(f"Label: array {label!r}.")
        return label

    def _pictures(
        self, values: np.ndarray, file: str, notes: list[str]
    ) -> tuple[np.ndarray, tuple[int, int]]:
        """(n, h, w), (n, h, w, c) or (n, c, h, w) of any range -> float32 (n, h, w, 1 or 3) in
        [0, 1], and their height and width as they came.
        """
        if values.ndim == 3:
            if values.shape[2] in (3, 4) and min(values.shape[:2]) > 16:
                raise DataError(
                    f"{file} has shape {values.shape}, which looks like one colour picture; "
                    "expected (n, h, w) or "
                    "(n, h, w, 3)."
                )
            values = values[..., None]
        elif values.shape[3] not in (1, 3, 4) and values.shape[1] in (1, 3, 4):
            notes.append(
                f"The shape {values.shape} was read as (pictures, channels, height, width)."
            )
            values = values.transpose(0, 2, 3, 1)
        if values.shape[3] not in (1, 3, 4):
            raise DataError(
                f"{file} has shape {values.shape}; expected 1, 3 or 4 channels as its last (or "
                "second) number."
            )
        own = values.shape[1], values.shape[2]
        size = _size(own, self.side)
        settings.check(
            "array_cells", len(values) * size[0] * size[1] * min(values.shape[3], 3), file
        )
        if size != values.shape[1:3]:
            cut = ", the centre cut out" * (values.shape[1] * size[1] != values.shape[2] * size[0])
            h, w = values.shape[1:3]
            notes.append(
                f"The pictures were resized from {w} x {h} to {size[1]} x {size[0]} pixels{cut}."
            )
            values = _resized(values, size)
        pictures = unit_range(values, notes)
        if pictures.shape[3] == 4:
            notes.append(f"Transparent pixels are shown on {self.background}.")
            alpha = pictures[..., 3:]
            pictures = pictures[..., :3] * alpha + (1 - alpha) * (self.background == "white")
        if self.colour == "grey" and pictures.shape[3] == 3:
            pictures = (pictures @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
        if self.colour == "colour" and pictures.shape[3] == 1:
            pictures = np.repeat(pictures, 3, axis=3)
        return pictures, own


def _check(name: str, head: ArrayHeader) -> None:
    """Refuse shapes and types that are no vectors or pictures, before anything is read."""
    if head.dtype.kind not in "biufUSM" or not 1 <= len(head.shape) <= 4:
        _refuse(name, head)
    if 0 in head.shape:
        raise DataError(
            f"{name} has shape {head.shape}, so it is empty; at least 3 rows are needed."
        )


def _refuse(name: str, head: ArrayHeader) -> None:
    kinds = {
        "c": "complex numbers",
        "V": "records",
        "U": "words",
        "S": "words",
        "M": "dates",
        "m": "durations",
    }
    if head.dtype.kind in kinds:
        raise DataError(f"{name} holds {kinds[head.dtype.kind]}; expected real numbers.")
    raise DataError(
        f"{name} has {len(head.shape)} dimension{'s' * (len(head.shape) != 1)} (shape "
        f"{head.shape}); expected 2 for "
        "vectors (n, d), 3 or 4 for pictures."
    )


def _size(own: tuple[int, int], side: int) -> tuple[int, int]:
    return choose_size([own], side) if side or max(own) <= 64 else (64, 64)


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    out = np.empty((len(values), *size, values.shape[3]), np.float32)
    for i, picture in enumerate(values):
        for c in range(values.shape[3]):
            plane = Image.fromarray(np.ascontiguousarray(picture[..., c], np.float32))
            out[i, ..., c] = np.asarray(fit_picture(plane, size, "crop", 0.0))
    whole = values.dtype.kind in "iub"
    return (
        np.rint(out).astype(values.dtype if values.dtype.kind != "b" else np.uint8)
        if whole and values.max() > 1
        else out
    )
