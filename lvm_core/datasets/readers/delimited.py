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
from ..doubts import Doubt, add_doubts
from ..encoding import ENCODINGS, to_text
from ..upload import Upload, name_list
from .bounded import BoundedReader
from .dialect import (
    DELIMITERS,
    find_decimal,
    find_delimiter,
    is_comment,
    is_table,
    single_delimiter,
)
from .table_bounds import find_bounds, find_footer, holds_values, names_of
from .table_notes import header_doubt, said_bounds, said_header, without_repeats

Quoting = Literal[0, 3]  # csv.QUOTE_MINIMAL, csv.QUOTE_NONE
_HEAD = 300  # rows looked at to find where the table begins
_TAIL = 20_000  # characters looked at to find where it ends


@dataclass
class Delimited(BoundedReader):
    r"""A table as text: a row a line, its values between commas, semicolons, tabs, bars or spaces.

    Lines over the table, units under its names, comments, repeated headers, totals and sources at
    its end are found and left out, with a note.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    max_levels, missing
        As for it, too.
    header, first_line, unit_lines, footer_lines, decimal
        As for :class:`~lvm_core.datasets.readers.bounded.BoundedReader`.
    delimiter : {"auto", ",", ";", "tab", "|", "space", "whitespace", "two spaces", "tabs", "::"}
        What stands between two values; ``whitespace`` is any number of spaces and tabs, ``two
        spaces`` at least two, ``tabs`` any number of tabs.
    encoding : str
        How letters are stored, one of ``ENCODINGS``; auto finds it.

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
        "auto",
        choices=("auto", *DELIMITERS),
        help="What stands between two values; whitespace is any number of spaces and tabs.",
    )
    encoding: str = param(
        "auto",
        choices=ENCODINGS,
        help="How letters are stored; change it when accents look wrong.",
        advanced=True,
    )

    @classmethod
    def matches(cls, upload):
        return not upload.is_zip and (upload.suffix in cls.suffixes or _is_table(upload))

    def read(self, upload):
        text, encoding, notes = to_text(upload.data, self.encoding, upload.name)
        if not text.strip():
            raise DataError(f"{upload.name} is empty; choose a file with data in it.")
        text = text.rstrip("\n") + "\n"
        # a cell may hold some
        settings.check("rows", text.count("\n"), upload.name, times=4, unit="lines")
        text, said = _separator_line(text)
        text = _double_quoted(text)
        wanted = DELIMITERS[self.delimiter] if self.delimiter != "auto" else said
        wanted = wanted or find_delimiter(text)
        text, delimiter = single_delimiter(text, wanted)
        text, quoting, widths = _widths(text, delimiter, upload.name, notes)
        table = _cut(self, text, delimiter, quoting, widths, upload.name)
        del text  # its rows of values are held once
        settings.check("columns", table.width, upload.name)
        # before pandas makes cells of them
        settings.check("rows", sum(widths.values()), upload.name)
        settings.check("cells", table.width * sum(widths.values()), upload.name)
        notes += table.notes
        body, quoting = _regular(table, delimiter, quoting, widths, notes)
        frame = _parse(body, delimiter, quoting, table.width, upload.name)
        frame.columns = _named(table, frame, notes)
        frame = without_repeats(_without_empty_end(frame), table.names, notes)
        decimal = find_decimal(frame, delimiter) if self.decimal == "auto" else self.decimal
        found = {
            "delimiter": next(k for k, v in DELIMITERS.items() if v == wanted),
            "decimal": decimal,
            "encoding": _listed(encoding),
            **table.options,
        }
        if (wanted, decimal) != (",", "."):
            notes.append(
                f"Values are separated by {found['delimiter']}, with "
                f"{'a comma' if decimal == ',' else 'a point'} as "
                "decimal sign."
            )
        dataset = self._dataset(frame, upload.name, notes, **found)
        add_doubts(dataset, [_text_doubt(upload, dataset, found["delimiter"])])
        add_doubts(dataset, [table.doubt], first=True)
        return dataset


@dataclass
class _Table:
    """A table cut out of its text."""

    names: list[str]  # none where it has no header
    body: str  # its rows of values
    width: int
    counts: (
        bool  # whether its first column holds numbers or moments, so that no value begins with #
    )
    options: dict
    notes: list[str]
    doubt: Doubt | None  # about its header


def _text_doubt(upload: Upload, dataset, delimiter: str) -> Doubt | None:
    """Whether lines of text that were read as a table are documents."""
    types = list(dataset.source["options"].get("types", {}).values())
    words = sum(kind in ("categorical", "text", "ignore") for kind in types)
    if upload.suffix not in (".txt", ".text", ".md", "") or words <= 0.5 * len(types):
        return None
    return Doubt(
        f"The lines were read as a table of {len(types)} columns; they could be documents.",
        "Read as documents",
        {"reader": "txt"},
        {"delimiter": delimiter},
    )


def _separator_line(text: str) -> tuple[str, str | None]:
    """Without the line ``sep=;`` that tells Excel the delimiter, and what it says."""
    found = re.match(r'"?sep=(.)"?[;,|\t ]*\n', text, re.IGNORECASE)
    if not found or found[1] not in DELIMITERS.values():
        return text, None
    return text[found.end() - 1 :], found[1]  # an empty line is in its place


def _double_quoted(text: str) -> str:
    """With double quotation marks where every single one stands around a value."""
    if '"' in text or "'" not in text:
        return text
    around = re.compile(r"(?:(?<=[,;|\t\n])|^)'([^'\n]*)'(?=[,;|\t\n]|$)")
    return around.sub(r'"\1"', text) if 2 * len(around.findall(text)) == text.count("'") else text


def _widths(text: str, delimiter: str, name: str, notes: list[str]) -> tuple[str, Quoting, Counter]:
    """(text, quoting, how many rows have how many values). A quote that never closes is read as an
    ordinary character.
    """
    csv.field_size_limit(settings.LIMITS.cell_chars)
    tries: list[tuple[Quoting, str]] = [(csv.QUOTE_MINIMAL, text), (csv.QUOTE_NONE, text)]
    if '\\"' in text:  # some programs escape a quotation mark so
        tries.insert(1, (csv.QUOTE_MINIMAL, text.replace('\\"', '""')))
    for quoting, candidate in tries:
        try:
            rows = csv.reader(
                _lines(candidate, delimiter, name),
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
        return candidate, quoting, widths
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


def _rows_of(
    text: str, delimiter: str, quoting: Quoting, most: int | None = None
) -> tuple[list[list[str]], list[int]]:
    """The first rows, blank ones too, and the line each ends at."""
    rows, ends = [], []
    reader = csv.reader(_lines(text, delimiter, "the file"), delimiter=delimiter, quoting=quoting)
    for row in reader:
        rows.append([cell.strip() for cell in row])
        ends.append(reader.line_num)
        if len(rows) == most:
            break
    return rows, ends


def _cut(
    reader: Delimited, text: str, delimiter: str, quoting: Quoting, widths: Counter, name: str
) -> _Table:
    """Find where the table begins and ends. What is left out around it leaves ``widths``."""
    start = _offset(text, reader.first_line - 1)
    if start >= len(text):
        raise DataError(
            f"{name} has {text.count(chr(10)):,} lines, so no table begins at line "
            f"{reader.first_line:,}; choose an earlier line, or 0 to find it."
        )
    if start:
        widths.subtract(len(r) for r in _rows_of(text[:start], delimiter, quoting)[0] if r)
    head, ends = _rows_of(text[start:], delimiter, quoting, _HEAD)
    width = _agreed(widths, head, name)
    bounds = find_bounds(head, width, reader.header, 0 if reader.first_line else None)
    if reader.unit_lines >= 0:
        bounds.below = reader.unit_lines
    header = head[bounds.first : bounds.first + bounds.header]
    names = names_of(header, width) if header else []
    widths.subtract(len(row) for row in head[: bounds.data] if row)
    rows = start + _offset(text[start:], ends[bounds.data - 1] if bounds.data else 0)
    end, footer = _end(text, rows, delimiter, quoting, head[bounds.data :], width, reader)
    widths.subtract(len(row) for row in footer if row)
    wider = [w for w, n in widths.items() if n > 0 and width < w <= len(names)]
    first_line = text[:start].count("\n") + (ends[bounds.first - 1] if bounds.first else 0) + 1
    over = text[: _offset(text, first_line - 1)].split("\n")[:-1]
    return _Table(
        names,
        text[rows:end],
        max([width, *wider]),
        holds_values(head[bounds.data :], 0),
        {
            "header": ("no", "yes", "two")[bounds.header],
            "first_line": first_line,
            "unit_lines": bounds.below,
            "footer_lines": text[end:].count("\n"),
        },
        said_bounds(
            first_line,
            [[line.strip()] for line in over],
            head[bounds.first + bounds.header : bounds.data],
            footer,
        )
        + said_header(bounds, names),
        header_doubt(
            bounds, head[bounds.first], head[bounds.data + (not bounds.header) :], reader.header
        ),
    )


def _offset(text: str, lines: int) -> int:
    """Where the text goes on after so many lines."""
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


def _agreed(widths: Counter, head: list[list[str]], name: str) -> int:
    """The number of values that most rows have. Raises DataError when the rows do not agree."""
    counts = {w: n for w, n in widths.items() if n > 0}
    total = sum(counts.values())
    if not total:
        raise DataError(f"{name} has no rows; expected a header and at least 3 rows.")
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    if len(head) < _HEAD:  # a short table under many lines about it
        last, length = _last_run(head)
        if (last > width or times < 0.5 * total) and length >= max(4, 0.3 * total):
            width, times = last, total
    if times < 0.5 * total and len(counts) > 2:
        raise DataError(
            f"{name} is ragged: its rows have from {min(counts)} to {max(counts)} values, and no "
            "number of values "
            "is shared by half of them; check the delimiter."
        )
    return width


def _last_run(rows: list[list[str]]) -> tuple[int, int]:
    """(how many values, how many rows) of the last rows one after the other that agree in having
    several values; what is shorter than the last of them is a line at the end.
    """
    best, length, before = (0, 0), 0, 0
    for row in rows:
        filled = len(row)
        while filled and not row[filled - 1]:
            filled -= 1
        if filled:
            length = length + 1 if filled == before else 1
            before = filled
            if before > 1 and length >= 4:
                best = (before, length)
    return best


def _end(
    text: str,
    rows: int,
    delimiter: str,
    quoting: Quoting,
    head: list[list[str]],
    width: int,
    reader: Delimited,
) -> tuple[int, list[list[str]]]:
    """Where the table ends, and the rows that follow it."""
    if reader.footer_lines == 0:
        return len(text), []
    if reader.footer_lines > 0:
        end = len(text)
        for _ in range(reader.footer_lines):
            end = max(rows, text.rfind("\n", 0, max(0, end - 1)) + 1)
        return end, _rows_of(text[end:], delimiter, quoting)[0]
    begin = max(rows, len(text) - _TAIL)
    begin = text.find("\n", begin) + 1 if begin > rows else rows
    tail = text[begin:]
    if tail.count('"') % 2 and quoting == csv.QUOTE_MINIMAL or not begin:
        if begin != rows:
            return len(text), []  # it begins within a quotation
    found, ends = _rows_of(tail, delimiter, quoting)
    footer = find_footer(found, head, width)
    # The rest must still be a table.
    if not footer or footer > max(20, len(found) // 2) or footer >= len(found):
        return len(text), []
    keep = len(found) - footer
    return begin + _offset(tail, ends[keep - 1] if keep else 0), found[keep:]


def _regular(
    table: _Table, delimiter: str, quoting: Quoting, widths: Counter, notes: list[str]
) -> tuple[str, Quoting]:
    """The rows of values without comments and without what is wider than the table."""
    width, body = table.width, table.body
    wide = any(n > 0 and w > width for w, n in widths.items())
    if not wide and not re.search(r"(?m)^[ \t]*(#|%|//)", body):
        _said_short(widths, width, notes)
        return body, quoting
    out, comments, long = io.StringIO(), 0, 0
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    reader = csv.reader(_lines(body, delimiter, "the file"), delimiter=delimiter, quoting=quoting)
    for row in reader:
        if not row:
            continue
        if is_comment(row[0]) and (table.counts or len(row) != width):
            comments += 1
            widths[len(row)] -= 1
        elif any(cell.strip() for cell in row[width:]):
            long += 1
        else:
            writer.writerow(row[:width])
    if comments:
        notes.append(f"Comment lines left out: {comments:,}.")
    _said_short(widths, width, notes)
    if long:
        notes.append(f"Rows with more than {width} values: {long:,}; they were left out.")
    return out.getvalue(), csv.QUOTE_MINIMAL


def _said_short(widths: Counter, width: int, notes: list[str]) -> None:
    short = sum(n for w, n in widths.items() if w < width and n > 0)
    if short:
        notes.append(f"Rows with fewer than {width} values: {short:,}; what they lack is missing.")


def _parse(text: str, delimiter: str, quoting: Quoting, width: int, name: str) -> pd.DataFrame:
    try:
        data = io.BytesIO(text.encode("utf-8", "replace"))
        return pd.read_csv(
            data,
            encoding="utf-8",
            sep=delimiter,
            quoting=quoting,
            header=None,
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


def _named(table: _Table, frame: pd.DataFrame, notes: list[str]) -> list[str]:
    """A name for each column."""
    width, names = table.width, table.names
    if not names:
        return [f"column {i + 1}" for i in range(width)]
    if len(names) == width - 1 and frame.iloc[:, -1].notna().any():
        # R writes row names without a heading for them
        names = ["row name", *names]
    lost = [name for name in names[width:] if name]
    if lost:
        notes.append(
            f"The header has {len(names)} names for {width} columns; left out: {name_list(lost)}."
        )
    return (names + [""] * width)[:width]


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
    if upload.suffix in (".jsonl", ".ndjson", ".json"):
        return False
    try:
        text = to_text(upload.data[: 2**16])[0]
    except DataError:
        return False
    return is_table(text, complete=len(upload.data) <= 2**16)
