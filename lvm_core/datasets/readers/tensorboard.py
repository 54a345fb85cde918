"""What TensorBoard's projector shows: vectors and their metadata, tab-separated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar

import numpy as np
import pandas as pd

from ... import settings
from ..base import DataError
from ..encoding import to_text
from ..upload import Upload, shown
from .arrays import ArrayHeader, ArrayReader

SUFFIXES = (".tsv", ".txt")
MOST_FILES = 20
PATH = {
    key: re.compile(rf'"?{key}(?:_path|Path)"?\s*:\s*"([^"\n]*)"') for key in ("tensor", "metadata")
}
NUMBERS = re.compile(r"[-+\d.eE\tnaifNAIF]+")


@dataclass
class Tensorboard(ArrayReader):
    r"""Vectors and metadata of TensorBoard's projector, two files or a zip, as they are exported
    here too.

    Metadata of one column has no header, of several it has one. Pictures of a sprite are not read.

    Parameters
    ----------
    array, label, side, colour, background
        As for :class:`~lvm_core.datasets.readers.arrays.ArrayReader`.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.upload import bundle
    >>> vectors, names = b"0.5\t1\n0.25\t2\n0.75\t3\n", b"word\tkind\nelm\ta\noak\tb\nash\ta\n"
    >>> both = bundle([("vectors.tsv", vectors), ("metadata.tsv", names)])
    >>> data = read_dataset(both, "projector.zip")
    >>> data.X.shape, data.rows.columns.tolist(), data.label
    ((3, 2), ['word', 'kind'], 'kind')
    """

    name: ClassVar[str] = "tensorboard"
    title: ClassVar[str] = "Vectors and metadata (TensorBoard)"
    suffixes: ClassVar[tuple[str, ...]] = (".zip",)
    list_order: ClassVar[int] = 25

    @classmethod
    def matches(cls, upload):
        if not upload.is_zip or len(upload.archive.entries) > MOST_FILES:
            return False
        return len(upload.archive.having(*SUFFIXES)) >= 2 and bool(_Files.of(upload).vectors)

    def _heads(self, upload, notes):
        files = _Files.of(upload)
        if not files.vectors:
            raise DataError(
                f"{upload.name} holds no vectors; expected a file of tab-separated numbers without "
                "a header, and one of metadata."
            )
        self._vectors = {name: _numbers(text, name) for name, text in files.vectors.items()}
        notes += files.notes
        n = len(max(self._vectors.values(), key=np.size))
        self._columns = _columns(files.metadata, n, notes)
        return {
            name: ArrayHeader(a.shape, a.dtype)
            for name, a in (self._vectors | self._columns).items()
        }

    def _values(self, upload, names):
        arrays = self._vectors | self._columns
        return {name: arrays[name] for name in names}


@dataclass
class _Files:
    """Texts of vectors by name, and of metadata."""

    vectors: dict[str, str] = field(default_factory=dict)
    metadata: str = ""
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, upload: Upload) -> _Files:
        found, archive = cls(), upload.archive
        texts, config = {}, ""
        for info in archive.entries:
            suffix = PurePosixPath(info.filename.lower()).suffix
            if suffix in (".pbtxt", ".json"):
                config += archive.read(info)[: 2**16].decode("utf-8", "replace")
            elif suffix in SUFFIXES:
                try:
                    texts[shown(info.filename)] = to_text(archive.read(info))[0]
                except DataError as error:
                    found.notes.append(f"{shown(info.filename)} was left out: {error}")
        named = {key: {shown(p) for p in pattern.findall(config)} for key, pattern in PATH.items()}
        for name, text in texts.items():
            if name in named["tensor"] or _is_vectors(text):
                found.vectors[name.rpartition(".")[0] or name] = text
        rows = {text.strip("\n").count("\n") + 1 for text in found.vectors.values()}
        others = {n: t for n, t in texts.items() if n.rpartition(".")[0] not in found.vectors}
        for name, text in others.items():
            lines = text.rstrip("\n").count("\n") + 1
            if name in named["metadata"] or not named["metadata"] and rows & {lines, lines - 1}:
                found.metadata = text
                break
        if not found.metadata and not named["tensor"]:
            found.vectors = {}  # tables that have nothing to do with each other
        return found


def _is_vectors(text: str) -> bool:
    lines = text[:200_000].split("\n")[:20]
    lines = [line for line in (lines if len(text) <= 200_000 else lines[:-1]) if line]
    widths = {line.count("\t") for line in lines}
    return len(widths) == 1 and max(widths) > 0 and all(NUMBERS.fullmatch(line) for line in lines)


def _numbers(text: str, name: str) -> np.ndarray:
    lines = [line for line in text.split("\n") if line.strip()]
    settings.check("rows", len(lines), name)
    width = lines[0].count("\t") + 1 if lines else 0
    settings.check("features", width, name)
    settings.check("array_cells", len(lines) * width, name)
    values = np.empty((len(lines), width), np.float32)
    try:
        for start in range(0, len(lines), 4096):
            part = [line.split("\t") for line in lines[start : start + 4096]]
            values[start : start + len(part)] = np.array(part, dtype=np.float32)
    except ValueError as error:
        raise DataError(
            f"{name} does not hold {width} tab-separated numbers in every line."
        ) from error
    return values


def _columns(text: str, n: int, notes: list[str]) -> dict[str, np.ndarray]:
    """The columns of metadata (n,), numbers as such."""
    lines = text.rstrip("\n").split("\n") if text else []
    if not lines:
        notes.append("There is no metadata.")
        return {}
    names = lines[0].split("\t")
    if len(names) == 1 and len(lines) == n:  # of one column: without a header
        names, rows = ["label"], [[line] for line in lines]
    else:
        rows = [line.split("\t") for line in lines[1:]]
    if len(rows) != n:
        notes.append(f"The metadata was left out: it has {len(rows):,} rows, the vectors {n:,}.")
        return {}
    settings.check("columns", len(names), "the metadata")
    columns, size = {}, 0
    for i, name in enumerate(names):
        words = pd.Series([row[i][:200] if i < len(row) else "" for row in rows], dtype=object)
        numbers = pd.to_numeric(words.where(words != ""), errors="coerce")
        numeric = bool(numbers.notna().equals(words != "")) and bool(numbers.notna().any())
        size += (
            4 * n * int(words.str.len().max())
        )  # NumPy gives each word the length of the longest
        settings.check("zip_bytes", size, "the metadata")
        shown_name = "".join(c for c in name if c.isprintable()).strip()[:200] or f"column {i + 1}"
        while shown_name in columns:
            shown_name += " (2)"
        columns[shown_name] = numbers.to_numpy() if numeric else words.to_numpy().astype("U")
    return columns
