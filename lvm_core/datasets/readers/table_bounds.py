"""Where a table begins and ends among the rows of a file, text or workbook alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .dialect import COMMENTS, NUMBER, is_comment, is_missing, is_value

_FEWEST = 3  # rows of values, from which more than one row over them can be judged
Row = Sequence[str]  # the cells of a line, trimmed; empty for a blank line

_TYPES = {
    *("continuous", "c", "discrete", "d", "string", "s", "time", "t", "class", "meta", "m"),
    *("numeric", "float", "double", "real", "int", "integer", "bool", "boolean", "text", "str"),
    *("char", "varchar", "date", "datetime", "timestamp", "nominal", "categorical", "ignore", "i"),
    *("float32", "float64", "int32", "int64", "object", "number", "factor"),
}
_UNIT = re.compile(
    r"[\[(<{].*[\])>}]|[-–%‰°]|°[CFK]?|º[CF]|deg\.?( ?[CFK])?|[CKFVAWJNTHSg]"
    r"|([munpkMGcdh]|µ|μ)?(m|s|g|l|L|V|A|W|J|N|Pa|bar|Hz|eV|mol|M|T|F|H|Wh|Ohm|Ω|B|cd|lx|lm|rad|Sv"
    r"|Gy|Bq)([²³]|\^?-?\d)?|kg|t|min|h|hr|hrs|hours?|days?|d|years?|yr|a|sec|seconds?|ms|counts?"
    r"|cts|units?|unit|dB|dBm|ppm|ppb|ppt|psi|atm|mmHg|cm|mm|km|inch|in|ft|lb|lbs|oz|mph|rpm|kn"
    r"|USD|EUR|GBP|CHF|JPY|€|\$|£|a\.?u\.?|arb\.? ?units?|pH|rel\.?|no\.?|n|#"
    r"|y{2,4}[-/.]m{2}([-/.]d{2})?.*|d{1,2}[-/.]m{1,2}[-/.]y{2,4}.*|hh:mm.*",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\W*((grand|sub|overall)[ -]?)?(total|totals|totaal|totale|totalt|toplam|gesamt|insgesamt|sum"
    r"|summe|somme|suma|soma|сумма|итого|всего|合计|总计|合計|総計|total general|total général"
    r"|total amount|gesamtsumme|gesamtergebnis|grand sum)\W*",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\W*(sources?|notes?|footnotes?|quellen?|anmerkung(en)?|hinweis|fuentes?|notas?|fonte|bron"
    r"|copyright|data (from|source)|last updated|retrieved|generated|downloaded|exported|accessed"
    r"|stand|erstellt|remarks?|legend|license|licence|updated|as of|prepared)\b.*|[*©†‡].*"
    r"|\(?\d+ rows?.*|end of (file|data|report).*",
    re.IGNORECASE | re.DOTALL,
)
_YEAR = re.compile("(19|20)[0-9]{2}")
_MOST_COLUMNS = 300  # looked at to tell names from values


@dataclass
class TableBounds:
    """Which rows of a file are its table.

    Parameters
    ----------
    first : int
        The row it begins at: that of its names where it has some.
    header : int
        How many rows hold names: 0, 1 or 2.
    below : int
        How many rows under the names are neither names nor items: units, types, rules, blank ones.

    See Also
    --------
    find_bounds : Finds them.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import TableBounds
    >>> TableBounds(first=2, header=1, below=1).data
    4
    """

    first: int
    header: int
    below: int = 0

    @property
    def data(self) -> int:
        """The first row of values."""
        return self.first + self.header + self.below


def find_bounds(
    rows: Sequence[Row], width: int, header: str = "auto", first: int | None = None
) -> TableBounds:
    """Find where a table begins and which rows hold names.

    The lower rows say which columns hold numbers or moments. The table's first row of values is
    the first that agrees with them; names are sought in the rows of words over it.

    Parameters
    ----------
    rows : list of list of str
        The first rows of a file, blank ones too.
    width : int
        The number of values that most rows have.
    header : {"auto", "yes", "no", "two"}
        Whether the first row of the table, or two, hold names.
    first : int, optional
        The row the table begins at, where that is known.

    Returns
    -------
    TableBounds
        What was found.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import find_bounds
    >>> rows = [["Sales"], [], ["name", "size"], ["", "[m]"], ["a", "1"], ["b", "3"], ["c", "2"]]
    >>> find_bounds(rows, 2)
    TableBounds(first=2, header=1, below=1)
    """
    head = _Head(rows, width)
    start = next((i for i, row in enumerate(rows) if _filled(row)), 0) if first is None else first
    found = _found(head, start, first is not None)
    if found.header and sum(_filled(row) > 0 for row in rows[found.data :]) < _FEWEST:
        found = TableBounds(found.first, 1)
    if header == "auto":
        return found
    if header == "no":
        return TableBounds(found.first, 0)
    asked = 2 if header == "two" else 1
    return TableBounds(found.first, asked, max(0, found.data - found.first - asked))


class _Head:
    """The first rows of a file, and which of their columns hold values."""

    def __init__(self, rows: Sequence[Row], width: int):
        self.rows, self.width = rows, width
        full = [row for row in rows if _filled(row) >= min(2, width)]
        # The header and what stands about it are in the upper half, whatever the file.
        below = full[len(full) // 2 :][-60:]
        self.typed = [c for c in range(min(width, _MOST_COLUMNS)) if holds_values(below, c)]

    def values(self, i: int) -> int:
        """How many of a row's cells are values where the column has some."""
        row = self.rows[i]
        if self.years(i):
            return 0
        return sum(is_value(row[c]) for c in self.typed if c < len(row))

    def contradicts(self, i: int) -> bool:
        """Whether a row has words where the columns have values, and nowhere a value."""
        row = self.rows[i]
        if self.years(i):
            return True
        said = [row[c] for c in self.typed if c < len(row) and not is_missing(row[c])]
        return bool(said) and not any(map(is_value, said))

    def years(self, i: int) -> bool:
        """Whether a row names years under groups, as 2023, 2024, 2023, 2024 under Sales, Costs."""
        if not i or len(self.rows[i]) != self.width or _filled(self.rows[i - 1]) < 2:
            return False
        named = int(not _YEAR.fullmatch(self.rows[i][0]))  # the first column holds row names
        cells = list(self.rows[i][named:])
        if len(set(cells)) == len(cells) or not all(map(_YEAR.fullmatch, cells)):
            return False
        if any(map(is_value, self.rows[i - 1])):
            return False
        below = (cell for row in self.rows[i + 1 :] for cell in row[named:] if cell)
        return not all(map(_YEAR.fullmatch, below))

    def recurs(self, i: int, typed: bool = False) -> bool:
        """Whether a word of a row stands again in its column, in a row that is not the same;
        ``typed``: in a column of values.
        """
        row = [str(cell) for cell in self.rows[i]]
        others = [list(r) for r in self.rows[i + 1 :] if len(r) == len(row) and list(r) != row]
        return any(
            cell
            and not is_value(cell)
            and not is_missing(cell)
            and any(r[c] == cell for r in others)
            for c, cell in enumerate(row[:_MOST_COLUMNS])
            if not typed or c in self.typed
        )

    def full(self, i: int) -> bool:
        """Whether a row fills enough of the table to hold its names."""
        row = self.rows[i]
        return _filled(row) >= max(min(2, self.width), 0.5 * self.width)

    def complete(self, i: int) -> bool:
        """Whether a row has a name of its own for each column; for one fewer where the row names
        have none.
        """
        row = _trimmed(self.rows[i])
        return len(row) >= self.width - 1 and all(row[1:]) and len(set(row)) == len(row)


def holds_values(rows: Sequence[Row], column: int) -> bool:
    """Whether a column of these rows holds numbers or moments, four in five at least.

    Parameters
    ----------
    rows : list of list of str
        Rows of values.
    column : int
        Which of their cells.

    Returns
    -------
    bool
        False where fewer than three in ten have any.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import holds_values
    >>> holds_values([["a", "1"], ["b", "-"]], 0), holds_values([["a", "1"], ["b", "-"]], 1)
    (False, True)
    """
    seen = [row[column] for row in rows if column < len(row) and not is_missing(row[column])]
    enough = len(seen) >= max(1, 0.3 * len(rows))
    return enough and sum(map(is_value, seen)) >= 0.8 * len(seen)


def _filled(row: Row) -> int:
    return sum(bool(cell) for cell in row)


def _trimmed(row: Row) -> list[str]:
    row = list(row)
    while row and not row[-1]:
        row.pop()
    return row


def _found(head: _Head, start: int, fixed: bool) -> TableBounds:
    data = _first_data(head, start)
    top = [i for i in range(start, data) if _filled(head.rows[i])]
    if fixed:
        if not top:
            return TableBounds(start, int(_is_header(head, start)))
        top = _adjacent(
            head, [i for i in top if i == start or head.contradicts(i) or _aside(head, i)]
        )
        two = len(top) > 1 and top[1] == start + 1 and _joins(head, start, start + 1)
        return TableBounds(start, 1 + two, data - start - 1 - two)
    run = _adjacent(head, top[::-1])[::-1]
    names = [i for i in run if head.full(i) and not is_comment(head.rows[i][0])]
    names = names or [i for i in run if head.full(i) or _commented(head, i)][-1:]
    names = [i for i in names if _may_name(head, i)]
    while len(names) > 1 and _aside(head, names[-1]):
        names.pop()
    if not names:
        last = _trimmed(head.rows[run[-1]]) if run and run[-1] == data - 1 else []
        if _names_one_of_two(last, head.width):
            return TableBounds(run[-1], 1, data - run[-1] - 1)
        first = _first_full(head, data)
        while first > start and head.full(first - 1) and len(head.rows[first - 1]) == head.width:
            first -= 1
        named = _is_header(head, first)
        return TableBounds(first, int(named), _below(head, first) if named else 0)
    first, count = _names(head, names)
    return TableBounds(first, count, data - first - count)


def _names_one_of_two(row: Row, width: int) -> bool:
    """Whether a row names the only column there is beside row names, which have no name."""
    return bool(row) and (len(row) == width - 1 or width == 2 and not row[0])


def _may_name(head: _Head, i: int) -> bool:
    words = head.contradicts(i)
    return not head.recurs(i, words) and (
        words or not any(c and is_missing(c) for c in head.rows[i])
    )


def _names(head: _Head, rows: list[int]) -> tuple[int, int]:
    """(the first, how many) of the rows of words over the values that are the columns' names."""
    for i in rows[::-1]:
        if i and _joins(head, i - 1, i):
            return i - 1, 2
        if head.complete(i):
            # Several complete rows, such as codes and what they mean: the first ones name.
            while head.width > 2 and len(head.typed) > 1 and i - 1 in rows:
                shorter = len(_trimmed(head.rows[i - 1])) < len(_trimmed(head.rows[i]))
                if shorter or not head.complete(i - 1) or _numbered(head, i - 1):
                    break
                i -= 1
            return i, 1
    return max(rows, key=lambda i: (_filled(head.rows[i]), i)), 1


def _first_data(head: _Head, start: int) -> int:
    """The first row with values where the columns below have some, and no names soon after it."""
    rows = head.rows
    if not head.typed:
        return _first_full(head, start)
    for i in range(start, len(rows)):
        if not head.values(i) or _filled(rows[i]) < 2 and len(rows[i]) != head.width:
            continue
        mixed = any(
            not is_missing(rows[i][c]) and not is_value(rows[i][c])
            for c in head.typed
            if c < len(rows[i])
        )
        after = [k for k in range(i + 1, len(rows)) if _filled(rows[k])][: 5 if mixed else 3]
        if len(_trimmed(rows[i])) < head.width:  # it may be of a list that is over the table
            after = [k for k in range(i + 1, len(rows)) if _filled(rows[k])]
            full = [k for k in after if len(_trimmed(rows[k])) >= head.width]
            after = full[:1]
        if len(head.typed) > 1 and any(
            head.contradicts(k)
            and head.full(k)
            and head.complete(k)
            and not head.recurs(k)
            and rows[k] not in rows[:i]
            for k in after
        ):
            continue  # still what stands over the table, such as "Rate, 1000"
        break
    else:
        return _first_full(head, start)
    # Rows without any value under the names are items, such as those of a name alone.
    while i > start + 1 and _is_item_without_values(head, i - 1, start):
        i -= 1
    return i


def _is_item_without_values(head: _Head, i: int, start: int) -> bool:
    row = head.rows[i]
    if not _filled(row) or _aside(head, i):
        return False
    if head.contradicts(i) and not (head.full(i) and head.recurs(i)):
        # With one column of values alone, a word in it may as well be a slip.
        if len(head.typed) > 1 or not head.full(i) or _joins(head, i - 1, i):
            return False
    over = [k for k in range(start, i) if head.full(k) and head.contradicts(k)]
    return bool(over) and not (_filled(row) == 1 and row[0] and not head.rows[over[-1]][0])


def _first_full(head: _Head, start: int) -> int:
    for i in range(start, len(head.rows)):
        if head.full(i) or _filled(head.rows[i]) == 1 == head.width:
            return i
    return start


def _adjacent(head: _Head, rows: list[int]) -> list[int]:
    """The first of these rows that stand together; blank lines next to the values do not part."""
    out: list[int] = []
    for i in rows:
        if out and abs(i - out[-1]) > 1:
            break
        if not (head.contradicts(i) or _aside(head, i) or head.full(i) or _index_name(head, i)):
            lone = not out and len(_trimmed(head.rows[i])) == head.width - 1
            if not (lone or _commented(head, i)):
                break
        out.append(i)
    return out


def _index_name(head: _Head, i: int) -> bool:
    """A row with the name of the row names alone, as pandas writes it under its columns."""
    row = head.rows[i]
    return _filled(row) == 1 and bool(row[0]) and i > 0 and not (head.rows[i - 1] or [""])[0]


def _commented(head: _Head, i: int) -> bool:
    """Whether a row is a comment that holds the names: ``# x y z``."""
    row = names_of(head.rows[i : i + 1], head.width)
    return is_comment(head.rows[i][0]) and len(_trimmed(row)) == head.width


def _aside(head: _Head, i: int) -> bool:
    """Whether a row holds units, types, rules or descriptions of fields, not names or values."""
    cells = [cell for cell in head.rows[i] if cell]
    if all(is_missing(cell) and not re.search(r"[%‰°\[({]|[-=_]{2}", cell) for cell in cells):
        return False
    if head.recurs(i) and not head.contradicts(i):
        return False
    if all(re.fullmatch(r":?[-=+_]{2,}:?", cell) for cell in cells):
        return True
    if all(cell.startswith("{") and cell.endswith("}") for cell in cells):
        return True
    if all(cell.lower().split("=")[0] in _TYPES for cell in cells):
        return True
    # One letter is also the name of a column: units speak where the row above has longer names.
    if not all(_UNIT.fullmatch(cell) for cell in cells):
        return False
    bracketed = all(cell[0] in "[(<{" for cell in cells)
    return bracketed or i > 0 and head.full(i - 1) and _length(head.rows[i - 1]) > _length(cells)


def _length(row: Row) -> float:
    return sum(map(len, row)) / max(1, _filled(row))


def _numbered(head: _Head, i: int) -> bool:
    return any(NUMBER.fullmatch(cell) for cell in head.rows[i] if cell)


def _joins(head: _Head, above: int, below: int) -> bool:
    """Whether two rows are names only together: groups over columns whose names repeat."""
    upper, lower = head.rows[above], head.rows[below]
    if _filled(upper) < 2 or any(is_value(cell) for cell in upper):
        return False
    if head.typed and not head.contradicts(below):
        return False
    if head.complete(below) or head.complete(above):
        return False
    names = joined(upper, lower, head.width)
    return len(set(names)) == len(names) and all(names[1:])


def joined(upper: Row, lower: Row, width: int) -> list[str]:
    """One name a column from two rows of them.

    Parameters
    ----------
    upper, lower : list of str
        The groups, each over its first column as merged cells are written, and the names.
    width : int
        The number of columns.

    Returns
    -------
    list of str (width,)
        Such as ``before weight``.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import joined
    >>> joined(["id", "before", ""], ["", "size", "weight"], 3)
    ['id', 'before size', 'before weight']
    """
    upper, lower = ([*row, *[""] * (width - len(row))][:width] for row in (upper, lower))
    names, group = [], ""
    for over, name in zip(upper, lower):
        group = over or group
        names.append(f"{group} {name}".strip() if group != name else name)
        group = group if name else ""  # a cell merged downwards is over no other column
    return names


def names_of(rows: Sequence[Row], width: int) -> list[str]:
    """The names in one or two rows of a header.

    Parameters
    ----------
    rows : list of list of str
        The rows.
    width : int
        The number of columns.

    Returns
    -------
    list of str
        A comment sign before the first is gone.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import names_of
    >>> names_of([["#", "x", "y"]], 2), names_of([["# of items", "price"]], 2)
    (['x', 'y'], ['# of items', 'price'])
    """
    if len(rows) == 2:
        return joined(rows[0], rows[1], width)
    names = _trimmed(rows[0])
    if names and names[0] in COMMENTS and len(names) == width + 1:
        return names[1:]
    if names and (sign := re.match(r"(#+|%+|//)[ \t]+(?!of\b)", names[0])):
        names[0] = names[0][sign.end() :]
    return names


def _below(head: _Head, first: int) -> int:
    """Rows of units or types under names in a table of words."""
    rows = first + 1
    while rows < len(head.rows) - 1 and (_aside(head, rows) or not _filled(head.rows[rows])):
        rows += 1
    return rows - first - 1 if any(_filled(r) for r in head.rows[first + 1 : rows]) else 0


def _is_header(head: _Head, start: int) -> bool:
    """False when the first row looks like the rows below it: all numbers, values where they have
    values, or with a word that occurs again in its column.
    """
    filled = [row for row in head.rows[start:] if _filled(row)][:101]
    if len(filled) < 2:
        return True
    first, below = filled[0], filled[1:]
    if all(NUMBER.fullmatch(cell) for cell in first):
        ordered = len(first) > 1 and _increasing(first)
        return ordered and not all(_increasing(row) for row in below) and _apart(first, below)
    columns = list(zip(*[row for row in below if len(row) == len(first)]))
    for cell, column in zip(first, columns):
        if cell and not NUMBER.fullmatch(cell) and cell in column:
            return False
    typed = [c for c in head.typed if c < min(len(first), len(columns)) and first[c]]
    if not typed or not all(is_value(first[c]) for c in typed):
        return True
    if len(typed) > 1:  # years and the like are in order
        values = [first[c] for c in typed]
        if _increasing(values) or all(b > a for a, b in zip(values, values[1:])):
            return True
    return all(_outside(first[c], columns[c]) for c in typed)


def _apart(first: Row, below: Sequence[Row]) -> bool:
    """Whether the numbers of a row are none of the size of those below them."""
    out = 0
    for value, column in zip(map(_number, first), zip(*below)):
        seen = [v for v in map(_number, column) if v is not None]
        out += value is not None and bool(seen) and not min(seen) <= value <= max(seen)
    return out >= 0.9 * len(first)


def _outside(cell: str, column: Sequence[str]) -> bool:
    """Whether a number over a column of numbers names it: a year, or none of their size."""
    value = _number(cell)
    seen = [v for v in map(_number, column) if v is not None]
    if value is None or not value.is_integer():
        return False
    return 1500 <= value <= 2100 or not seen or not min(seen) <= value <= max(seen)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _increasing(row: Row) -> bool:
    try:
        values = [float(cell) for cell in row]
    except ValueError:
        return False
    return all(b > a for a, b in zip(values, values[1:]))


def find_footer(rows: Sequence[Row], head: Sequence[Row], width: int) -> int:
    """How many rows at the end are no items: totals, sources, notes and blank lines.

    Parameters
    ----------
    rows : list of list of str
        The last rows of a file, blank ones too, none of them over the table.
    head : list of list of str
        Rows of values, which say what the columns hold.
    width : int
        The number of values that most rows have.

    Returns
    -------
    int
        0 where the last row is an item.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import find_footer
    >>> rows = [["a", "1"], ["b", "3"], ["c", "2"], ["Total", "6"], [], ["Source: the office"]]
    >>> find_footer(rows, rows[:3], 2)
    3
    """
    tail = _Head(rows, width)
    tail.typed = _Head(head, width).typed
    end = len(rows)
    while end:
        begin = end
        while begin and _filled(rows[begin - 1]):
            begin -= 1
        # What stands apart from the table, if none of it is an item.
        apart = begin > 0 and all(_is_footer(tail, i, head, True) for i in range(begin, end))
        while end > begin and (apart or _is_footer(tail, end - 1, head, False)):
            end -= 1
        if end > begin:
            break
        while end and not _filled(rows[end - 1]):
            end -= 1
    return len(rows) - end if end else 0


def _is_footer(tail: _Head, i: int, head: Sequence[Row], apart: bool) -> bool:
    row = tail.rows[i]
    column, text = next((c, cell) for c, cell in enumerate(row) if cell)
    if tail.width == 1:
        return False
    if _TOTAL.fullmatch(text):
        others = [c for c, cell in enumerate(row) if c != column and not is_missing(cell)]
        return bool(others) and all(c in tail.typed and is_value(row[c]) for c in others)
    if tail.typed and tail.values(i):
        return False
    if len(row) != tail.width and (apart or len(row) > tail.width):
        return apart or bool(_SOURCE.fullmatch(text))
    if _filled(row) > 1 or is_value(text):
        return len(row) != tail.width and bool(_SOURCE.fullmatch(text))
    if len(row) < tail.width:
        return True
    usual = sorted(len(r[column]) for r in head if column < len(r) and r[column]) or [0]
    longer = len(text) > 2 * usual[len(usual) // 2]
    return longer and (apart or len(text) > 40 or bool(_SOURCE.fullmatch(text)))
