"""Excel workbooks."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..upload import name_list
from .base import TableReader


@dataclass
class Xlsx(TableReader):
    """One sheet of an Excel workbook; values, not formulas.

    Parameters
    ----------
    max_terms, min_df, stop_words, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.
    sheet : str
        Name of the sheet; auto takes the first one that is not empty.
    header : {"auto", "yes", "no"}
        Whether the first filled row holds the columns' names.

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

    sheet: str = param(
        "auto", help="Name of the sheet; auto takes the first one that is not empty."
    )
    header: str = param(
        "auto",
        choices=("auto", "yes", "no"),
        help="Whether the first filled row holds the columns' names.",
        label="First row is names",
        advanced=True,
    )

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
        for name in names if self.sheet == "auto" else [self.sheet]:
            rows = _rows(book[name], upload.name)
            if rows:
                break
        else:
            raise DataError(f"{upload.name} has no rows; at least 3 are needed.")
        notes = (
            [
                f"Sheet {name!r} was read; there {'is' if len(names) == 2 else 'are'} also: "
                f"{name_list([n for n in names if n != name], 10)}."
            ]
            if len(names) > 1
            else []
        )
        header = _has_header(rows) if self.header == "auto" else self.header == "yes"
        columns = rows[0] if header else [f"column {i + 1}" for i in range(len(rows[0]))]
        frame = pd.DataFrame(rows[1:] if header else rows, dtype=object)
        if frame.empty:
            raise DataError(f"{upload.name} has a header but no rows; at least 3 are needed.")
        frame.columns = columns
        frame = frame.loc[
            :, [c is not None or frame.iloc[:, i].notna().any() for i, c in enumerate(columns)]
        ]
        frame = frame.replace({"": None, "#N/A": None})
        return self._dataset(
            frame, upload.name, notes, sheet=name, header="yes" if header else "no"
        )


def _rows(sheet, name: str) -> list[list]:
    """The filled rows of a sheet, from the first filled column, all of one length. Raises
    DataError over the limits.
    """
    rows, widest = [], 0
    for row in itertools.islice(sheet.iter_rows(values_only=True), 3 * settings.LIMITS.rows):
        while row and row[-1] in (None, ""):
            row = row[:-1]
        if row:
            widest = max(widest, len(row))
            settings.check("columns", widest, name)
            settings.check("rows", len(rows), name)
            # one long row makes all of them long
            settings.check("cells", widest * (len(rows) + 1), name)
            rows.append(list(row))
    if not rows:
        return []
    rows = [row + [None] * (widest - len(row)) for row in rows]
    while len(rows) > 4 and sum(v is not None for v in rows[0]) == 1 < sum(
        v is not None for v in rows[1]
    ):
        rows = rows[1:]  # a title over the table
    start = min(next(i for i, v in enumerate(row) if v is not None) for row in rows)
    return [row[start:] for row in rows]


def _has_header(rows: list[list]) -> bool:
    first = [v for v in rows[0] if v is not None]
    return any(isinstance(v, str) for v in first) and not any(isinstance(v, float) for v in first)
