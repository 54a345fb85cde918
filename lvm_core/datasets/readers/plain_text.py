"""Documents as plain text: one a line, or one a paragraph."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from ... import settings
from ...params import param
from ..documents import text_dataset
from ..doubts import Doubt, add_doubts
from ..encoding import ENCODINGS, to_text
from .base import TextReader
from .dialect import NUMBER


@dataclass
class PlainText(TextReader):
    r"""Plain text: a document a line, or a document a paragraph.

    Blank lines part paragraphs; auto takes paragraphs where they are of several lines.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers
        As for :class:`~lvm_core.datasets.readers.base.TextReader`.
    split : {"auto", "lines", "paragraphs"}
        Where one document ends and the next begins.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto finds it.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> data = read_dataset(b"red apples\ngreen apples\nred cherries\n", "fruit.txt")
    >>> data.kind, data.rows["text"].tolist()
    ('text', ['red apples', 'green apples', 'red cherries'])
    """

    name: ClassVar[str] = "txt"
    title: ClassVar[str] = "Plain text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text", ".md")
    list_order: ClassVar[int] = 90

    split: str = param(
        "auto",
        choices=("auto", "lines", "paragraphs"),
        help="Where one document ends and the next begins.",
        label="A document is a",
    )
    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; change it when accents look wrong.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        return not upload.is_zip  # asked last: what is no text at all is said when it is read

    def read(self, upload):
        text, encoding, notes = to_text(upload.data, self.encoding, upload.name)
        # before a string is made of each
        settings.check("rows", text.count("\n"), upload.name, times=4, unit="lines")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        paragraphs = [
            " ".join(p.split("\n")).strip() for p in re.split(r"\n\s*\n", text) if p.strip()
        ]
        parted = len(paragraphs) >= 3 and len(lines) >= 1.5 * len(paragraphs)
        by = self.split if self.split != "auto" else "paragraphs" if parted else "lines"
        notes.append(f"Each {by[:-1]} was read as a document.")
        dataset = text_dataset(
            lines if by == "lines" else paragraphs, upload.name, notes=notes, **self._text_options()
        )
        dataset.source = {"options": {"split": by}}
        add_doubts(dataset, [_table_doubt(lines, by)])
        return dataset


def _table_doubt(lines: list[str], by: str) -> Doubt | None:
    """Whether the lines are those of a table: as many tabs, bars or commas in nearly all."""
    sample = lines[:: max(1, len(lines) // 500)]
    for mark, name in (
        ("\t", "tabs"),
        ("|", "bars"),
        (";", "semicolons"),
        (",", "commas"),
        (" ", "gaps"),
    ):
        parts = [re.split(r"\s+", line) if mark == " " else line.split(mark) for line in sample]
        size, times = Counter(map(len, parts)).most_common(1)[0]
        numbers = sum(NUMBER.fullmatch(cell.strip()) is not None for p in parts for cell in p)
        # sentences of as many words, or with as many commas, are commoner than such tables
        rare = mark in "\t|;" or numbers >= 0.2 * sum(map(len, parts))
        if size > 1 and times >= 0.8 * len(sample) and len(sample) >= 3 and rare:
            return Doubt(
                f"Nearly every line has as many {name}, as the rows of a table have; each was "
                "read as a document.",
                "Read as a table",
                {"reader": "csv"},
                {"split": by},
            )
    return None
