"""Excel workbooks."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..doubts import Doubt, add_doubts
from ..upload import name_list
from .bounded import BoundedReader
from .dialect import find_decimal
from .table_bounds import find_bounds, find_footer, holds_values, names_of
from .table_notes import header_doubt, said_bounds, said_header, without_repeats

_HEAD, _TAIL = 300, 60  # rows looked at to find where the table begins and ends


@dataclass
class Xlsx(BoundedReader):
    """One sheet of an Excel workbook; values, not formulas.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.
    header, first_line, unit_lines, footer_lines, decimal
        As for :class:`~lvm_core.datasets.readers.bounded.BoundedReader`; lines are rows here.
    sheet : str
        Name of the sheet; auto takes the first one that is a table.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [0.1, 0.4, 0.2]})
    >>> frame.to_excel(file, sheet_name="data", index=False)
    >>> data = read_dataset(file.getvalue(), "numbers.xlsx")
    >>> data.source["options"]["sheet"], data.X.shape
    ('data', (3, 2))
    """

    name: ClassVar[str] = "xlsx"
    title: ClassVar[str] = "Excel workbook"
    suffixes: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm")
    list_order: ClassVar[int] = 20

    sheet: str = param("auto", help="Name of the sheet; auto takes the first one that is a table.")

    @classmethod
    def matches(cls, upload):
        if not upload.is_zip:
            return False
        return any(info.filename == "xl/workbook.xml" for info in upload.archive.entries)

    def read(self, upload):
        from openpyxl import load_workbook

        upload.archive  # its limits hold before anything is parsed  # noqa: B018
        try:
            book = load_workbook(
                io.BytesIO(upload.data), read_only=True, data_only=True, keep_links=False
            )
        except Exception as error:
            # XML, zip, key and type errors: openpyxl has no error of its own for a broken book
            raise DataError(
                f"{upload.name} is a damaged Excel workbook ({str(error)[:80]}); save it again."
            ) from error
        names = [sheet.title for sheet in book.worksheets]
        if self.sheet != "auto" and self.sheet not in names:
            raise DataError(
                f"{upload.name} has no sheet {self.sheet!r}; there are: {name_list(names, 20)}."
            )
        sheet = self._sheet(book, names, upload)
        notes = (
            [
                f"Sheet {sheet.name!r} was read; there {'is' if len(names) == 2 else 'are'} also: "
                f"{name_list([n for n in names if n != sheet.name], 10)}."
            ]
            if len(names) > 1
            else []
        )
        frame, found, doubt = self._table(sheet, upload, notes)
        frame = frame.replace({"": None, "#N/A": None})
        decimal = self.decimal
        if decimal == "auto":  # of numbers that are stored as text
            decimal = find_decimal(frame[:200].map(lambda v: v if isinstance(v, str) else ""), ",")
        if decimal == ",":
            notes.append("Numbers stored as text have a comma as decimal sign.")
        dataset = self._dataset(
            frame, upload.name, notes, sheet=sheet.name, decimal=decimal, **found
        )
        add_doubts(dataset, [doubt], first=True)
        return dataset

    def _sheet(self, book, names: list[str], upload) -> _Sheet:
        """The sheet asked for, or the first that is a table; without one, the first with rows."""
        filled = None
        for name in names if self.sheet == "auto" else [self.sheet]:
            sheet = _Sheet(name, *_rows(book[name], upload.name, len(upload.data)))
            if sheet.rows and (self.sheet != "auto" or len(names) == 1 or _is_table(sheet)):
                return sheet
            filled = filled or (sheet if sheet.rows else None)
        if filled is None:
            formulas = _formulas(upload.data, names[0], 1) if names else []
            raise DataError(
                f"{upload.name} has no rows; at least 3 are needed."
                + " Its formulas have no stored values: open it in a spreadsheet program and save "
                "it." * bool(formulas)
            )
        return filled

    def _table(
        self, sheet: _Sheet, upload, notes: list[str]
    ) -> tuple[pd.DataFrame, dict, Doubt | None]:
        """The table of a sheet with its names, the options in effect, a doubt of its header."""
        rows = sheet.rows
        start = next((i for i, n in enumerate(sheet.lines) if n >= self.first_line), len(rows))
        if start == len(rows):
            raise DataError(
                f"sheet {sheet.name!r} of {upload.name} has {sheet.lines[-1]:,} rows, so no table "
                f"begins at row {self.first_line:,}; choose an earlier row, or 0 to find it."
            )
        head = [_words(row) for row in rows[start : start + _HEAD]]
        width = _width(rows)
        bounds = find_bounds(head, width, self.header, 0 if self.first_line else None)
        if self.unit_lines >= 0:
            bounds.below = self.unit_lines
        first, data = start + bounds.first, start + bounds.data
        tail = [_words(row, width) for row in rows[max(data, len(rows) - _TAIL) :]]
        if self.footer_lines >= 0:
            footer = min(self.footer_lines, len(tail))
        else:
            footer = find_footer(tail, head[bounds.data :], width)
            footer = footer if footer < min(len(tail), _TAIL // 2) else 0
        widest = len(rows[-1]) if rows else 0
        header = head[bounds.first : bounds.first + bounds.header]
        names = names_of(header, widest) if header else [f"column {i + 1}" for i in range(widest)]
        names += [""] * (widest - len(names))
        below = [row for row in rows[data : len(rows) - footer] if any(v is not None for v in row)]
        frame = pd.DataFrame(below, dtype=object)
        if frame.empty:
            raise DataError(f"{upload.name} has a header but no rows; at least 3 are needed.")
        frame.columns = names[: frame.shape[1]]
        notes += said_bounds(
            sheet.lines[first],
            [_words(row) for row in rows[:first]],
            head[bounds.first + bounds.header : bounds.data],
            tail[len(tail) - footer :],
        )
        notes += said_header(bounds, [name for name in names if name])
        empty = [i for i in range(frame.shape[1]) if not frame.iloc[:, i].notna().any()]
        lost = [names[i] for i in empty if names[i]]
        if lost and (cells := _formulas(upload.data, sheet.name, sheet.lines[data])):
            formulas = [names[i] for i in empty if names[i] and i + sheet.left in cells]
            if formulas:
                notes.append(
                    f"Formulas without stored values: {name_list(formulas)}; open the workbook in "
                    "a spreadsheet program and save it to have them."
                )
        frame = frame.loc[:, [i not in empty or bool(name) for i, name in enumerate(names)]]
        frame = without_repeats(frame, list(frame.columns), notes)
        return (
            frame,
            {
                "header": ("no", "yes", "two")[bounds.header],
                "first_line": sheet.lines[first],
                "unit_lines": bounds.below,
                "footer_lines": footer,
            },
            header_doubt(
                bounds, head[bounds.first], head[bounds.data + (not bounds.header) :], self.header
            ),
        )


@dataclass
class _Sheet:
    """The rows of a sheet, all of one length; of blank ones in between, one each."""

    name: str
    rows: list[list]
    lines: list[int]  # the number of each
    left: int  # empty columns before the first


def _rows(sheet, name: str, size: int) -> tuple[list[list], list[int], int]:
    """The rows of a sheet from the first filled column, all of one length, and their numbers.
    Raises DataError over the limits.
    """
    rows, lines, widest, filled, chars = [], [], 0, 0, 0
    sheet.reset_dimensions()  # a sheet may say that it is larger than its cells
    for i, row in enumerate(
        itertools.islice(sheet.iter_rows(values_only=True), 3 * settings.LIMITS.rows), 1
    ):
        last = next((k for k in range(len(row), 0, -1) if row[k - 1] not in (None, "")), 0)
        if not last:
            continue
        widest, filled = max(widest, last), filled + 1
        settings.check("columns", widest, name)
        settings.check("rows", filled - 1, name)
        # one long row makes all of them long
        settings.check("cells", widest * filled, name)
        # the text of many cells may be stored once
        chars += sum(len(value) for value in row[:last] if isinstance(value, str))
        settings.check("zip_bytes", chars, name, unit="characters of text")
        if chars > 20 * 2**20:
            unit = "times as many characters of text as bytes"
            settings.check("zip_ratio", chars // size, name, unit=unit)
        if lines and i > lines[-1] + 1:
            rows.append([])
            lines.append(i - 1)
        rows.append(list(row[:last]))
        lines.append(i)
    if not rows:
        return [], [], 0
    rows = [row + [None] * (widest - len(row)) for row in rows]
    left = min(next((i for i, v in enumerate(r) if v is not None), widest) for r in rows)
    return [row[left:] for row in rows], lines, left


def _words(row: list, width: int | None = None) -> list[str]:
    """The cells of a row as text."""
    return ["" if v is None else str(v).strip() for v in row[:width]]


def _width(rows: list[list]) -> int:
    """The number of cells that most rows fill."""
    filled = Counter(
        len(row) - next((k for k, v in enumerate(row[::-1]) if v not in (None, "")), len(row))
        for row in rows[: 10 * _HEAD]
    )
    filled.pop(0, None)
    return max(filled.items(), key=lambda item: (item[1], item[0]))[0] if filled else 1


def _is_table(sheet: _Sheet) -> bool:
    """Whether a sheet has at least two columns and three rows of values, and not only words that
    never recur, as on a sheet that says something about the others.
    """
    width = _width(sheet.rows)
    head = [_words(row, width) for row in sheet.rows[:_HEAD]]
    below = [row for row in head[find_bounds(head, width).data :] if any(row)]
    if width < 2 or len(below) < 3:
        return False
    return any(
        holds_values(below, c) or len({row[c] for row in below}) < len(below) for c in range(width)
    )


def _formulas(data: bytes, sheet: str, first: int) -> set[int]:
    """The columns that hold formulas in the rows from the first on, from 0."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    rows = book[sheet].iter_rows(min_row=first, max_row=first + 50, values_only=True)
    return {
        i
        for row in rows
        for i, v in enumerate(row)
        if isinstance(v, str) and v.startswith("=") or type(v).__name__ == "ArrayFormula"
    }
