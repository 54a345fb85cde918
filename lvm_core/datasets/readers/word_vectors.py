"""Word vectors: GloVe, and word2vec and fastText as text or binary."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ... import settings
from ..base import DataError
from ..encoding import to_text
from ..upload import Upload
from ..vectors import array_dataset
from .base import Reader

FEWEST = 20  # numbers a line, below which a word and numbers may be any table
SIZES = re.compile(rb"\s*(\d{1,9})[ \t](\d{1,5})[ \t]*\r?\n")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
MOST_LETTERS = 2000  # bytes of one word


@dataclass
class WordVectors(Reader):
    r"""A word and its numbers a line, as GloVe and word2vec write them, or word2vec's binary form.

    A first line of two numbers, how many words and how many numbers each, is taken as that.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> lines = b"3 2\nking 0.5 0.25\nqueen 0.5 0.75\napple -1.0 0.0\n"
    >>> data = read_dataset(lines, "words.vec")
    >>> data.kind, data.X.shape, data.rows["word"].tolist()
    ('array', (3, 2), ['king', 'queen', 'apple'])
    """

    name: ClassVar[str] = "word_vectors"
    title: ClassVar[str] = "Word vectors (GloVe, word2vec)"
    suffixes: ClassVar[tuple[str, ...]] = (".vec", ".bin")
    list_order: ClassVar[int] = 47

    @classmethod
    def matches(cls, upload):
        if upload.is_zip:
            return False
        return _is_binary(upload) or _width(upload) > 0

    def read(self, upload):
        words, vectors, notes = _binary(upload) if _is_binary(upload) else _text(upload)
        notes.insert(0, f"{len(vectors):,} word vectors of {vectors.shape[1]:,} values.")
        rows = pd.DataFrame({"word": words})
        return array_dataset(vectors, upload.name, rows, None, notes)


def _is_binary(upload: Upload) -> bool:
    """Whether sizes, a word and numbers that are no text follow each other."""
    sizes = SIZES.match(upload.head)
    if sizes is None:
        return False
    n, d, at = int(sizes[1]), int(sizes[2]), sizes.end()
    space = upload.head.find(b" ", at + 1, at + MOST_LETTERS)
    first = bytes(upload.data[space + 1 : space + 1 + 4 * d])
    if space < 0 or n < 1 or d < 2 or len(first) < 4 * d:
        return False
    numbers = np.frombuffer(first, "<f4")
    # digits, points and spaces as numbers would be odd ones
    text = len(first.translate(None, b"0123456789.+-eE \t\r\n")) < 0.05 * len(first)
    return not text and bool(np.isfinite(numbers).all()) and np.abs(numbers).max() < 1e6


def _binary(upload: Upload) -> tuple[list[str], np.ndarray, list[str]]:
    data, sizes = bytes(upload.data), SIZES.match(upload.head)
    assert sizes is not None  # as matches saw
    n, d, at = int(sizes[1]), int(sizes[2]), sizes.end()
    settings.check("rows", n, upload.name)
    settings.check("features", d, upload.name)
    there = min(n, (len(data) - at) // (4 * d + 1))
    settings.check("array_cells", there * d, upload.name)
    vectors, words = np.empty((there, d), np.float32), []
    while len(words) < there:
        space = data.find(b" ", at, at + MOST_LETTERS)
        end = space + 1 + 4 * d
        if space < 0 or end > len(data):
            break
        vectors[len(words)] = np.frombuffer(data, "<f4", d, space + 1)
        words.append(_shown(data[at:space].decode("utf-8", "replace")))
        at = end
    notes = []
    if len(words) < n:
        notes.append(f"The file says it holds {n:,} words; it is damaged or cut short.")
    return words, vectors[: len(words)], notes


def _width(upload: Upload) -> int:
    """How many numbers follow each word, by the first lines; 0 where they are no word vectors."""
    if b"\0" in upload.head:
        return 0
    begin = bytes(upload.data[: 2**17])
    lines = begin.decode("utf-8", "replace").lstrip("\ufeff").split("\n")
    lines = lines if len(begin) == len(upload.data) else lines[:-1]
    lines = [line.rstrip() for line in lines[:100] if line.strip()]
    sizes = SIZES.match(begin.removeprefix(b"\xef\xbb\xbf"))
    lines = lines[1:] if sizes else lines
    if not lines or "," in lines[0] and "," in lines[-1] and " " not in lines[0].strip():
        return 0
    split = [re.split(r"[ \t]", line) for line in lines]
    ends = [_numbers_at_end(parts) for parts in split]
    width = int(sizes[2]) if sizes else max(set(ends), key=ends.count)
    if width < (2 if sizes else FEWEST):
        return 0
    # a few lines may be broken, or have a word with spaces in it
    split = [parts for parts, end in zip(split, ends) if end >= width]
    usual = sum(len(parts) == width + 1 for parts in split) >= 0.9 * len(ends)
    words = ["".join(parts[: len(parts) - width]) for parts in split]
    written = sum(NUMBER.fullmatch(word) is None for word in words)
    named = len(set(words)) >= 0.95 * len(words) and (sizes is not None or 2 * written > len(words))
    return width if usual and named and all(words) else 0


def _numbers_at_end(parts: list[str]) -> int:
    count = 0
    for part in reversed(parts):
        if NUMBER.fullmatch(part) is None:
            break
        count += 1
    return min(count, len(parts) - 1)


def _text(upload: Upload) -> tuple[list[str], np.ndarray, list[str]]:
    width = _width(upload)
    if not width:
        raise DataError(
            f"{upload.name} holds no word vectors; expected a word and as many numbers in each "
            "line."
        )
    text, _, notes = to_text(upload.data, "auto", upload.name)
    settings.check("rows", text.count("\n"), upload.name)
    lines = [line for line in text.lstrip("\ufeff").split("\n") if line.strip()]
    if SIZES.match(f"{lines[0]}\n".encode()):
        lines = lines[1:]
    settings.check("array_cells", len(lines) * width, upload.name)
    vectors, words = np.empty((len(lines), width), np.float32), []
    for start in range(0, len(lines), 4096):
        # a word may hold spaces, its numbers do not
        parts = [re.split(r"[ \t]", line.rstrip()) for line in lines[start : start + 4096]]
        parts = [p for p in parts if len(p) > width]
        numbers = _parsed([p[-width:] for p in parts], width)
        good = [i for i, row in enumerate(numbers) if row is not None]
        for i in good:
            vectors[len(words)] = numbers[i]
            words.append(_shown(" ".join(parts[i][:-width])))
    if len(words) < len(lines):
        notes.append(
            f"{len(lines) - len(words):,} of {len(lines):,} lines do not end in {width:,} numbers "
            "and were left out."
        )
    return words, vectors[: len(words)], notes


def _parsed(rows: list[list[str]], width: int):
    """Rows of numbers; None for one that holds something else."""
    try:
        return np.array(rows, dtype=np.float32).reshape(-1, width)
    except ValueError:
        return [_row(row) for row in rows]


def _row(row: list[str]) -> np.ndarray | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.array(row, dtype=np.float32)
    except ValueError:
        return None


def _shown(word: str) -> str:
    return "".join(c for c in word.strip() if c.isprintable())[:200]
