"""Tables as text: CSV, TSV and their relatives."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from ... import settings
from ...params import param
from ..base import DataError
from ..encoding import ENCODINGS, to_text
from ..upload import Upload
from .base import TableReader

Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "|": "|", "space": " "}
NUMBER = re.compile(r"\s*[-+]?[$€£]?\s*(\d[\d.,' ]*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*")


@dataclass
class Delimited(TableReader):
    r"""A table as text: a row a line, its values between commas, semicolons, tabs, bars or spaces.

    Parameters
    ----------
    max_terms, min_df, stop_words, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.
    delimiter : {"auto", ",", ";", "tab", "|", "space"}
        What stands between two values.
    decimal : {"auto", ".", ","}
        What stands before a number's fraction.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto finds it.
    header : {"auto", "yes", "no"}
        Whether the first row holds the columns' names.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> data = read_dataset(b"a;b\n1,5;2\n2,5;7\n3,5;5\n", "numbers.csv", header="yes")
    >>> found = data.source["options"]
    >>> found["delimiter"], found["decimal"], data.rows["a"].tolist()
    (';', ',', [1.5, 2.5, 3.5])
    """

    name: ClassVar[str] = "csv"
    title: ClassVar[str] = "Table as text (CSV, TSV)"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab", ".data", ".dat")
    list_order: ClassVar[int] = 80

    delimiter: str = param(
        "auto", choices=("auto", *DELIMITERS), help="What stands between two values."
    )
    decimal: str = param(
        "auto",
        choices=("auto", ".", ","),
        help="What stands before a number's fraction.",
        label="Decimal sign",
    )
    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; change it when accents look wrong.",
        advanced=True,
    )
    header: str = param(
        "auto",
        choices=("auto", "yes", "no"),
        help="Whether the first row holds the columns' names.",
        label="First row is names",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        return not upload.is_zip and (upload.suffix in cls.suffixes or _is_table(upload))

    def read(self, upload):
        text, encoding, notes = to_text(upload.data, self.encoding, upload.name)
        if not text.strip():
            raise DataError(f"{upload.name} is empty; choose a file with data in it.")
        text = text.strip("\n") + "\n"
        # a cell may hold some
        settings.check("rows", text.count("\n"), upload.name, times=4, unit="lines")
        delimiter = find_delimiter(text) if self.delimiter == "auto" else DELIMITERS[self.delimiter]
        quoting, widths = _widths(text, delimiter, upload.name, notes)
        # before pandas makes cells of them
        settings.check("rows", sum(widths.values()) - 1, upload.name)
        width, head = _agreed(widths, upload.name), _first_rows(text, delimiter, quoting)
        header = _has_header(head) if self.header == "auto" else self.header == "yes"
        names = list(head[0]) if header else [f"column {i + 1}" for i in range(width)]
        settings.check("columns", width, upload.name)
        settings.check("cells", width * (sum(widths.values()) - 1), upload.name)
        _ragged(widths, width, header and len(head[0]) < width, notes)
        if max(widths) > width:
            text, quoting = _without_long_rows(text, delimiter, quoting, width), csv.QUOTE_MINIMAL
        frame = _parse(text, delimiter, quoting, header, width, upload.name)
        if header and len(names) == width - 1 and frame.iloc[:, -1].notna().any():
            # R writes row names without a heading for them
            names = ["row name", *names]
        frame.columns = (names + [""] * width)[:width]
        frame = _without_empty_end(frame)
        decimal = find_decimal(frame, delimiter) if self.decimal == "auto" else self.decimal
        found = {
            "delimiter": next(k for k, v in DELIMITERS.items() if v == delimiter),
            "decimal": decimal,
            "encoding": _listed(encoding),
            "header": "yes" if header else "no",
        }
        if (delimiter, decimal) != (",", "."):
            notes.append(
                f"Values are separated by {found['delimiter']}, with "
                f"{'a comma' if decimal == ',' else 'a point'} as "
                "decimal sign."
            )
        if not header:
            notes.append("The first row was read as data, since it looks like the rows below it.")
        return self._dataset(frame, upload.name, notes, **found)


def find_delimiter(text: str) -> str:
    r"""The delimiter of a table as text.

    Parameters
    ----------
    text : str
        The table; its first 200 lines are looked at.

    Returns
    -------
    str
        What splits the lines into the same number of values, more than one; a comma when nothing
        does.

    Examples
    --------
    >>> from lvm_core.datasets.readers.delimited import find_delimiter
    >>> find_delimiter("a;b\n1,5;2\n2,5;7\n")
    ';'
    """
    lines = [line for line in text[:200_000].split("\n")[:200] if line.strip()]
    best, best_score = ",", (0.0, 0)
    for delimiter in (",", ";", "\t", "|"):
        try:
            widths = Counter(
                len(row)
                for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
                if row
            )
        except csv.Error:
            continue
        width, times = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = (round(times / sum(widths.values()), 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return " " if not best_score[1] and _spaced(lines) else best


def _spaced(lines: list[str]) -> bool:
    """Whether spaces part as many values in every line, the first a number."""
    rows = [line.split(" ") for line in lines]
    return (
        len(rows) > 1
        and {len(row) for row in rows} == {len(rows[0])} != {1}
        and all(NUMBER.fullmatch(r[0]) for r in rows[1:])
    )


def find_decimal(frame: pd.DataFrame, delimiter: str) -> str:
    """The decimal sign of a table of words.

    Between commas 1,234 can only be a thousand; elsewhere it speaks for the comma.

    Parameters
    ----------
    frame : DataFrame of str
        The table; its first 200 rows and 100 columns are looked at.
    delimiter : str
        What stands between two values.

    Returns
    -------
    {".", ","}
        ``,`` when values such as 1,5 are commoner than 1.5.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.readers.delimited import find_decimal
    >>> frame = pd.DataFrame({"a": ["1,234", "5,678"]})
    >>> find_decimal(frame, ";"), find_decimal(frame, ",")
    (',', '.')
    """
    sample = frame.iloc[:200, :100].set_axis(range(min(frame.shape[1], 100)), axis=1)
    comma = r"[-+]?\d+,(\d{1,2}|\d{4,})" if delimiter == "," else r"[-+]?[\d.' ]*\d,\d+\s*[%€]?"
    commas = sum(int(sample[c].str.strip().str.fullmatch(comma).sum()) for c in sample)
    points = sum(
        int(sample[c].str.strip().str.fullmatch(r"[-+]?[\d,' ]*\d?\.\d+([eE][-+]?\d+)?").sum())
        for c in sample
    )
    return "," if commas > points else "."


def _widths(text: str, delimiter: str, name: str, notes: list[str]) -> tuple[Quoting, Counter]:
    """(quoting, how many rows have how many values). A quote that never closes is read as an
    ordinary character.
    """
    csv.field_size_limit(settings.LIMITS.cell_chars)
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            rows = csv.reader(
                _lines(text, delimiter, name),
                delimiter=delimiter,
                quoting=quoting,
                strict=quoting == csv.QUOTE_MINIMAL,
            )
            widths = Counter(len(row) for row in rows if row)
        except csv.Error as error:
            if "field larger" in str(error):
                raise DataError(
                    f"{name} has a cell of more than {settings.LIMITS.cell_chars:,} characters, "
                    "which is the limit; "
                    "is a quote left open?"
                ) from error
            continue
        if quoting == csv.QUOTE_NONE:
            if len(widths) > 1:
                break
            notes.append(
                "A quotation mark is left open, so quotation marks were read as ordinary "
                "characters."
            )
        return quoting, widths
    raise DataError(
        f"{name} has a quotation mark that is opened and never closed, so its rows cannot be told "
        "apart; close it "
        "or save the file again."
    )


def _lines(text: str, delimiter: str, name: str):
    """The lines one by one; in an io.StringIO all of them would take four bytes a character.
    Raises DataError for a line of more values than any table may have, before a list is made of
    them.
    """
    # a cell between quotation marks may hold delimiters
    most = settings.LIMITS.columns + settings.LIMITS.cell_chars
    for found in re.finditer("[^\n]*\n", text):
        line = found.group()
        if len(line) > most and line.count(delimiter) > most:
            settings.check("columns", line.count(delimiter) + 1, name)
        yield line


def _agreed(widths: Counter, name: str) -> int:
    """The number of values that most rows have. Raises DataError when the rows do not agree."""
    total = sum(widths.values())
    if not total:
        raise DataError(f"{name} has no rows; expected a header and at least 3 rows.")
    width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
    if times < 0.5 * total and len(widths) > 2:
        raise DataError(
            f"{name} is ragged: its rows have from {min(widths)} to {max(widths)} values, and no "
            "number of values "
            "is shared by half of them; check the delimiter."
        )
    return width


def _first_rows(text: str, delimiter: str, quoting: Quoting) -> list[list[str]]:
    rows = csv.reader(_lines(text, delimiter, "the file"), delimiter=delimiter, quoting=quoting)
    return [[cell.strip() for cell in row] for row, _ in zip((r for r in rows if r), range(101))]


def _has_header(head: list[list[str]]) -> bool:
    """False when the first row looks like the rows below it: all numbers, or with a word that
    occurs again in its column.
    """
    first, below = head[0], head[1:]
    if not below:
        return True
    if all(NUMBER.fullmatch(cell) for cell in first):
        try:
            values = [float(cell) for cell in first]
        except ValueError:
            return False
        return (
            len(values) > 1
            and all(b > a for a, b in zip(values, values[1:]))
            and not all(_increasing(row) for row in below)
        )
    columns = list(zip(*[row for row in below if len(row) == len(first)]))
    for cell, column in zip(first, columns):
        if cell and not NUMBER.fullmatch(cell) and cell in column:
            return False
    return True


def _increasing(row: list[str]) -> bool:
    try:
        values = [float(cell) for cell in row]
    except ValueError:
        return False
    return all(b > a for a, b in zip(values, values[1:]))


def _parse(
    text: str, delimiter: str, quoting: Quoting, header: bool, width: int, name: str
) -> pd.DataFrame:
    try:
        skip = _header_lines(text, delimiter, quoting) if header else 0
        data = io.BytesIO(text.encode("utf-8", "replace"))
        return pd.read_csv(
            data,
            encoding="utf-8",
            sep=delimiter,
            quoting=quoting,
            header=None,
            skiprows=skip,
            names=range(width),
            usecols=range(width),
            dtype=str,
            index_col=False,
            on_bad_lines="skip",
            keep_default_na=False,
            na_values=[""],  # other words are judged with their column
            skipinitialspace=True,
        )
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{name} has a header but no rows; at least 3 are needed.") from error
    except (pd.errors.ParserError, ValueError) as error:
        raise DataError(
            f"{name} could not be read as a table ({str(error).splitlines()[0][:100]}); check the "
            "delimiter and the "
            "quotation marks."
        ) from error


def _header_lines(text: str, delimiter: str, quoting: Quoting) -> int:
    """How many lines the first row takes: a quoted name may hold a line break."""
    rows = csv.reader(_lines(text, delimiter, "the file"), delimiter=delimiter, quoting=quoting)
    next(row for row in rows if row)
    return rows.line_num


def _ragged(widths: Counter, width: int, header_differs: bool, notes: list[str]) -> None:
    short, long = (
        sum(n for w, n in widths.items() if w < width),
        sum(n for w, n in widths.items() if w > width),
    )
    if short > header_differs:
        notes.append(
            f"Rows with fewer than {width} values: {short - header_differs:,}; what they lack is "
            "missing."
        )
    if long:
        notes.append(f"Rows with more than {width} values: {long:,}; they were left out.")


def _without_long_rows(text: str, delimiter: str, quoting: Quoting, width: int) -> str:
    """The table again; its first row is kept in any case, cut to the width."""
    out = io.StringIO()
    rows = (
        row
        for row in csv.reader(
            _lines(text, delimiter, "the file"), delimiter=delimiter, quoting=quoting
        )
        if row
    )
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(next(rows)[:width])
    writer.writerows(row for row in rows if len(row) <= width)
    return out.getvalue()


def _without_empty_end(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the empty last column that a delimiter at the end of every line makes."""
    last = frame.iloc[:, -1]
    return (
        frame.iloc[:, :-1]
        if frame.shape[1] > 1 and not frame.columns[-1] and last.isna().all()
        else frame
    )


def _listed(encoding: str) -> str:
    return {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(
        encoding, encoding if encoding in ENCODINGS else "auto"
    )


def _is_table(upload: Upload) -> bool:
    """Whether a text file of another suffix is a table: lines of equally many tabs, or of
    equally many values, many of them numbers.
    """
    if upload.suffix in (".jsonl", ".ndjson", ".json"):
        return False
    try:
        text = to_text(upload.data[: 2**16])[0]
    except DataError:
        return False
    lines = [line for line in text.split("\n")[:50] if line.strip()]
    lines = lines[:-1] if len(upload.data) > 2**16 else lines
    for delimiter in ("\t", ",", ";", "|"):
        counts = {line.count(delimiter) for line in lines}
        if len(lines) >= 2 and len(counts) == 1 and counts != {0}:
            cells = [cell for line in lines[1:] for cell in line.split(delimiter)]
            if delimiter == "\t" or sum(bool(NUMBER.fullmatch(c)) for c in cells) >= 0.4 * len(
                cells
            ):
                return True
    return False
