"""ARFF, the tables of Weka and of OpenML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..encoding import ENCODINGS, to_text
from .base import TableReader

RELATION = re.compile(rb"(?:\s|%[^\n]*\n|\xef\xbb\xbf)*@relation\b", re.I)
ATTRIBUTE = re.compile(
    r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{]+)\s*(.*)""", re.I
)
# a value: in quotes with its escapes, or up to the next comma
VALUE = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'\s*(?:,|$)|"((?:[^"\\]|\\.)*)"\s*(?:,|$)|([^,]*)(?:,|$))"""
)
SPARSE = re.compile(r"""\s*(\d+)\s+((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*|[^,}]*)(?:,|$)""")
NUMBERS = ("numeric", "real", "integer")


@dataclass
class Arff(TableReader):
    r"""ARFF: a table whose header states the type of each column.

    Columns of listed values are categories, also where the values are numbers; ``?`` is a missing
    value. Of sparse rows, what is not written is 0 or the first value of the list.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order,
    max_levels
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto finds it.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> header = b"@relation r\n@attribute a real\n@attribute b real\n@attribute class {x,y}\n"
    >>> data = read_dataset(header + b"@data\n1.5,2,x\n2.5,?,y\n3.5,4,x\n", "r.arff")
    >>> data.label, data.rows["a"].tolist()
    ('class', [1.5, 2.5, 3.5])
    """

    name: ClassVar[str] = "arff"
    title: ClassVar[str] = "ARFF table"
    suffixes: ClassVar[tuple[str, ...]] = (".arff",)
    list_order: ClassVar[int] = 45

    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; change it when accents look wrong.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        return not upload.is_zip and RELATION.match(upload.head) is not None

    def read(self, upload):
        text, _, notes = to_text(upload.data, self.encoding, upload.name)
        settings.check("rows", text.count("\n"), upload.name, times=4, unit="lines")
        lines = text.split("\n")
        names, kinds, start = _header(lines, upload.name)
        settings.check("columns", len(names), upload.name)
        kept = [line for line in lines[start:] if line.strip() and line.lstrip()[0] != "%"]
        settings.check("rows", len(kept), upload.name)
        settings.check("cells", len(kept) * len(names), upload.name)
        columns: list[list] = [[] for _ in names]
        bad = 0
        for line in kept:
            values = _sparse(line, kinds) if line.lstrip()[0] == "{" else _dense(line, len(names))
            if values is None:
                bad += 1
                continue
            for column, value in zip(columns, values):
                column.append(value)
        if bad == len(kept):
            raise DataError(
                f"{upload.name} has no rows of {len(names)} values under @data; at least 3 are "
                "needed."
            )
        if bad:
            notes.append(
                f"{bad:,} of {len(kept):,} rows do not hold {len(names)} values and were left out."
            )
        frame = pd.DataFrame(
            {i: _typed(column, kind) for i, (column, kind) in enumerate(zip(columns, kinds))}
        )
        frame.columns = names
        types = {
            name: "categorical"
            for name, kind in zip(names, kinds)
            if isinstance(kind, list) and names.count(name) == 1
        }
        self.types = types | self.types
        return self._dataset(frame, upload.name, notes)


def _header(lines: list[str], name: str) -> tuple[list[str], list, int]:
    """(names, their types or lists of values, the first line of data). Raises DataError."""
    names, kinds = [], []
    for i, line in enumerate(lines):
        word = line.strip().lower()
        if word.startswith("@data"):
            if not names:
                break
            return names, kinds, i + 1
        if not word.startswith("@attribute"):
            continue
        found = ATTRIBUTE.match(line.strip())
        if found is None:
            raise DataError(f"{name}: the attribute {line.strip()[:60]!r} has no name or type.")
        kind = found[2].strip()
        names.append(_bare(found[1]))
        if kind.startswith("{"):
            kinds.append(_dense(kind[1:].rpartition("}")[0] or kind[1:], None) or [])
        elif kind.split(" ")[0].lower() == "relational":
            raise DataError(
                f"{name} has tables within its rows (relational); save it as a flat table."
            )
        else:
            kinds.append(kind.split(" ")[0].lower())
    raise DataError(f"{name} is an ARFF file without @attribute and @data; it may be cut short.")


def _bare(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _dense(line: str, width: int | None) -> list[str | None] | None:
    """The values of a row, None for a missing one; None for a row of another width."""
    if "'" not in line and '"' not in line:
        values: list[str | None] = [v.strip() for v in line.split(",")]
        if width is not None and len(values) == width + 1 and (values[-1] or "").startswith("{"):
            values.pop()  # a weight
        if width is not None and len(values) != width and line.count("\t") == width - 1:
            values = [v.strip() for v in line.split("\t")]
    else:
        values, at = [], 0
        while at < len(line) and (found := VALUE.match(line, at)):
            quoted = found[1] if found[1] is not None else found[2]
            values.append(found[3].strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
            at = max(found.end(), at + 1)
        if line.rstrip().endswith(","):
            values.append("")
    if width is not None and len(values) != width:
        return None
    return [None if v in ("?", "") else v for v in values]


def _sparse(line: str, kinds: list) -> list[str | None] | None:
    body = line.strip()[1:].rpartition("}")[0]
    values: list[str | None] = [
        (k[0] if k else None) if isinstance(k, list) else "0" if k in NUMBERS else None
        for k in kinds
    ]
    at = 0
    while at < len(body):
        found = SPARSE.match(body, at)
        if found is None or int(found[1][:9]) >= len(kinds):
            return None
        value = _bare(found[2].strip())
        values[int(found[1])] = None if value == "?" else value
        at = max(found.end(), at + 1)
    return values


def _typed(column: list, kind) -> pd.Series:
    if isinstance(kind, str) and kind in NUMBERS:
        numbers = pd.to_numeric(pd.Series(column, dtype=object), errors="coerce")
        whole = numbers.dropna()
        if kind == "integer" and (whole == np.rint(whole)).all() and whole.abs().max() < 2**53:
            return numbers.round().astype("Int64")
        return numbers.astype(float)
    return pd.Series(column, dtype="str")
