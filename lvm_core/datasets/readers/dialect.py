"""The dialect of a table as text: what stands between its values, and before a fraction."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pandas as pd

DELIMITERS = {
    ",": ",",
    ";": ";",
    "tab": "\t",
    "|": "|",
    "space": " ",
    "whitespace": r"\s+",  # any number of spaces and tabs
    "two spaces": r"\s{2,}",  # at least two, or a tab, as in aligned columns of words
    "tabs": r"\t+",
    "::": "::",  # of MovieLens
}
RUNS = {r"\s+", r"\s{2,}", r"\t+", "::"}  # what :func:`single_delimiter` turns into tabs
_SPACES = (" ", r"\s{2,}", r"\s+")
COMMENTS = ("#", "%", "//")
_ERROR = re.compile(r"#([A-Z]{2,}|DIV/0)[!?]|#N/?[AV]")  # of a spreadsheet, as in no comment
NUMBER = re.compile(r"\s*[-+]?[$€£]?\s*(\d[\d.,' ]*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*")
# As it stands in real tables: with bounds, accounting parentheses, thousands, units of money.
_QUANTITY = re.compile(
    r"[(<>~≤≥±]?\s*[-+−]?\s*[$€£¥]?\s*[-+−]?"
    r"(\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d+)?|\d[\d.,'’]*|[.,]\d+)([eE][-+]?\d+)?"
    r"\s*([%‰kKM€$£¥+*)−-]|[-+]?inf(inity)?)?|[-+]?inf(inity)?"
)
_MOMENT = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ]+\d.*)?|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?"
    r"|(\d{1,2}[-. /]+)?[^\W\d]{3,9}[-. /]+(\d{1,2},? )?\d{2,4}([ T]\d.*)?|\d{4}-?[WQ]\d{1,2}"
)
_MISSING = re.compile(
    r"[\W_]*|n/?a|n\. ?[ad]\.|-?nan|null|none|nil|missing|<na>|#n/?a|\\n"
    r"|#(div/0|value|ref|null)!",
    re.IGNORECASE,
)
# Groups of digits that are one value: telephone numbers (E.164, or from 0 on) and IBANs.
_GROUPS = re.compile(
    r"(?:^|[,;|\t\"]) ?((?:\+\d{1,3}|0\d{1,4})(?: (?:\d{1,5}|\(\d{1,5}\))){2,5}"
    r"|[A-Z]{2}\d{2}(?: [A-Z\d]{4}){2,7}(?: [A-Z\d]{1,3})?) ?(?=$|[,;|\t\"])"
)
_DIGITS = {"+": range(7, 16), "0": range(9, 12)}  # of a telephone number
# A row of rules, as under the header of a Markdown table or around one of a database's.
_RULE = re.compile(r"[-=+|: \t]+")
_RULES = ("---", "===", ":-", "-:")
_SAMPLE = 200_000  # characters
_ROWS = 300


def is_value(cell: str) -> bool:
    """Whether a cell holds a number or a moment.

    Parameters
    ----------
    cell : str
        Without spaces around it.

    Returns
    -------
    bool
        False for words and for what stands for a missing value.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import is_value
    >>> [is_value(cell) for cell in ("-1,5", "2024-01-31", "<0.5", "n.a.", "sex")]
    [True, True, True, False, False]
    """
    return bool(_QUANTITY.fullmatch(cell) or _MOMENT.fullmatch(cell))


def is_comment(text: str) -> bool:
    """Whether a line, or its first cell, begins as a comment does.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        False for the errors of a spreadsheet.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import is_comment
    >>> [is_comment(text) for text in ("# by hand", "// x", "#DIV/0!,1", "#N/A", "1")]
    [True, True, False, False, False]
    """
    text = text.lstrip(' \t"')
    return text.startswith(COMMENTS) and not _ERROR.match(text)


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or says that its value is missing.

    Parameters
    ----------
    cell : str
        Without spaces around it.

    Returns
    -------
    bool
        True also for signs alone, such as ``-`` or ``..``.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import is_missing
    >>> [is_missing(cell) for cell in ("", "..", "NA", "#DIV/0!", "sex")]
    [True, True, True, True, False]
    """
    return bool(_MISSING.fullmatch(cell))


def find_delimiter(text: str) -> str:
    r"""The delimiter of a table as text.

    Each candidate is judged by how many of the sampled lines it splits into the same number of
    values, and by how many of these are numbers, moments or plain words: what splits ``1,5;2,5``
    wrongly leaves values such as ``5;2`` behind.

    Parameters
    ----------
    text : str
        The table; its first 300 lines are looked at.

    Returns
    -------
    str
        One of the values of ``DELIMITERS``; a comma when nothing splits the lines.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import find_delimiter
    >>> find_delimiter("a;b\n1,5;2\n2,5;7\n"), find_delimiter("1  2\n3 4\n10 5\n")
    (';', '\\s+')
    """
    lines = [line for line in text[:_SAMPLE].split("\n")[:_ROWS] if line.strip()]
    if len(text) > _SAMPLE and len(lines) > 1:
        lines.pop()  # cut by the sample
    lines = [line for line in lines if not _is_rule(line)]
    plain = [line for line in lines if not is_comment(line)]
    lines = plain if len(plain) >= 2 else lines
    best, most = ",", 0.0
    # The rarer inside a value, the earlier: the first wins where two are as good.
    for delimiter in ("\t", ";", "|", ",", "::", r"\t+", *_SPACES):
        if best == "\t" and delimiter in _SPACES and _holds_words(lines):
            break  # words between tabs hold spaces
        score = _score(lines, delimiter)
        if score > most + 1e-9:
            best, most = delimiter, score
    if best == " " and _alike(lines[1:], r"\s+") and _words_of_names(lines, r"\s+") > 1:
        best = r"\s+"
    if best == r"\s+" and not _alike(lines, best) and _alike(lines[1:], r"\s{2,}"):
        if _is_short_header(lines) or _alike(lines, r"\s{2,}"):
            return r"\s{2,}"  # values of several words
    return ";" if best == "," and _one_decimal_column(lines) else best


def _alike(lines: list[str], delimiter: str) -> bool:
    """Whether all lines have equally many values, two at least."""
    widths = {len(split_run(line, delimiter)) for line in lines}
    return len(widths) == 1 and widths != {1}


def _holds_words(lines: list[str]) -> bool:
    """Whether tabs part most lines alike, into what are not themselves several values."""
    usual = Counter(line.count("\t") for line in lines).most_common(1)[0][0]
    cells = [c.split() for line in lines if line.count("\t") == usual for c in line.split("\t")]
    return usual > 0 and not any(
        len(parts) > 1 and all(map(is_value, parts)) and not is_value(" ".join(parts))
        for parts in cells
    )


def _score(lines: list[str], delimiter: str) -> float:
    """How well a delimiter explains the lines, from 0 to 1."""
    rows, marks = _split(lines, delimiter)
    if len(rows) < 2:
        return 0.0
    widths = Counter(map(len, rows))
    width, times = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    if width < 2:
        return 0.0
    share = times / len(rows)
    fitting = [row for row in rows if len(row) == width]
    fitting = fitting[:: max(1, len(fitting) * width // 6000)]
    cells = Counter(cell.strip() for row in fitting for cell in row)
    total = sum(cells.values())
    if delimiter in ("\t", " ") and any(
        not any(row[i].strip() for row in fitting) for i in range(width - 1)
    ):
        return 0.0  # no column is without a name and a value: several stand between two values
    if delimiter in _SPACES:
        # Words stand between spaces in any prose: only lines that agree and hold numbers count.
        values = sum(n for cell, n in cells.items() if is_value(cell)) / total
        if values < 0.3 or share < 0.8 or len(rows) < 3 or _tears(fitting) or _grouped(lines):
            return 0.0
        share *= 0.9
    plain = sum(n * _plainness(cell, delimiter, marks) for cell, n in cells.items()) / total
    return share * plain**2 * (1 - 1 / width)  # wider rows win only between equals


def _grouped(lines: list[str]) -> bool:
    """Whether most lines hold a telephone number or an IBAN, whose spaces part no values."""
    values = [found[1] for found in map(_GROUPS.search, lines) if found]
    whole = [v for v in values if v[0] not in _DIGITS or len(re.findall(r"\d", v)) in _DIGITS[v[0]]]
    return len(whole) > 0.8 * (len(lines) - 1)


def _tears(rows: list[list[str]]) -> bool:
    """Whether most rows between spaces hold part of a quoted value beside another delimiter, as
    ``a,"[1`` of ``a,"[1 2]"``.
    """
    torn = sum(any(c.count('"') % 2 and re.search("[,;|]", c) for c in row) for row in rows)
    return torn > 0.5 * len(rows)


def _split(lines: list[str], delimiter: str) -> tuple[list[list[str]], bool]:
    """The values of the lines, and whether quotation marks are ordinary characters, since one is
    never closed.
    """
    if delimiter == " " or delimiter in RUNS:
        return [split_run(line, delimiter) for line in lines], False
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter, strict=True):
            rows.append(row)
    except csv.Error:
        if len(rows) < 0.5 * len(lines):
            return [line.split(delimiter) for line in lines], True
    return [row for row in rows if row], False


def _plainness(cell: str, delimiter: str, marks: bool) -> float:
    """How likely a value is one: 1 for numbers and moments, less for words, 0 for what holds
    another delimiter or half a pair of quotation marks.
    """
    if cell[-1:] in (",", ";") and cell[-1] != delimiter:
        return 0.0  # part of a list between quotation marks, or of what commas delimit
    if is_value(cell) or cell[:1] == "[" and cell[-1:] == "]":
        # Between commas 1,5 was between quotation marks: as good as any.
        return 1.0
    if is_missing(cell):
        return 0.9 if not any(d in cell for d in ",;\t|") else 0.0
    if "\t" in cell:
        return 0.0
    if cell.count('"') % 2:
        return 0.3 if marks else 0.0
    if delimiter in _SPACES and any(map(is_value, re.split("[,;|]", cell)[1:])):
        return 0.2  # such as PM,0.5 of a moment before a comma
    # Within prose a space follows.
    return 0.2 if re.search(r"[;|](?! )", cell) else 0.8


def _is_rule(line: str) -> bool:
    return bool(_RULE.fullmatch(line)) and any(rule in line for rule in _RULES)


def _one_decimal_column(lines: list[str]) -> bool:
    """Whether every line but a header without a comma is one number with a decimal comma. Parts
    that count the rows are their names, as some programs write them without a header.
    """
    if "," in lines[0] or len(lines) < 2:
        return False
    below = [line.strip() for line in lines[1:]]
    if not all(re.fullmatch(r"[-+−]?\d+(,\d+)?", line) for line in below):
        return False
    numbers = [line.split(",")[0] for line in below]
    return not any(numbers == [str(i + k) for i in range(len(numbers))] for k in (0, 1))


def split_run(line: str, delimiter: str) -> list[str]:
    r"""The values of a line between single spaces, or runs of white space or tabs.

    Parameters
    ----------
    line : str
        One line; what stands between double quotation marks stays together.
    delimiter : str
        ``" "``, ``"\\s+"``, ``"\\s{2,}"``, ``"\\t+"`` or ``"::"``.

    Returns
    -------
    list of str
        Quoted ones with their quotation marks.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import split_run
    >>> split_run(' 18.0   8 "ford torino"', r"\s+")
    ['18.0', '8', '"ford torino"']
    """
    if delimiter == "::":
        return line.split("::")
    if delimiter == r"\t+":
        return re.split(r"\t+", line.strip())
    if delimiter == r"\s{2,}":
        return re.split(r"[ \t]{2,}|\t", line.strip())
    if delimiter == " ":
        return next(csv.reader([line], delimiter=" ")) if '"' in line else line.split(" ")
    return re.findall(r'"[^"]*"(?=\s|$)|\S+', line) if '"' in line else line.split()


def single_delimiter(text: str, delimiter: str) -> tuple[str, str]:
    r"""The table with one character between its values; a line stays a line.

    Parameters
    ----------
    text : str
        The table.
    delimiter : str
        One of the values of ``DELIMITERS``.

    Returns
    -------
    text : str
        Runs of white space became tabs; bars around each line, and rules such as ``|---|---|``,
        are gone.
    delimiter : str
        One character.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import single_delimiter
    >>> single_delimiter("| a | b |\n|---|---|\n| 1 | 2 |\n", "|")
    ('a|b\n\n1|2\n', '|')
    >>> single_delimiter("  a   b\n 10  20\n", r"\s+")
    ('a\tb\n10\t20\n', '\t')
    """
    if delimiter == "|":
        head = [line.strip() for line in text[:_SAMPLE].split("\n")[:_ROWS] if "|" in line]
        framed = sum(line.startswith("|") and line.endswith("|") for line in head)
        text = "\n".join("" if _is_rule(line) else line for line in text.split("\n"))
        if framed > 0.8 * len(head):
            text = re.sub(r"(?m)^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", "", text)
        return re.sub(r"[ \t]*\|[ \t]*", "|", text), "|"
    if delimiter not in RUNS:
        return text, delimiter
    text = "\n".join("" if _is_rule(line) else line for line in text.split("\n"))
    lines = text.split("\n")
    widths = Counter(len(split_run(line, delimiter)) for line in lines[:_ROWS] if line.strip())
    width = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 0
    words, filled = 1, [line for line in lines[:_ROWS] if line.strip()]
    if delimiter == r"\s+":
        words = _words_of_names(filled, delimiter)
    if delimiter == r"\s{2,}" and _is_short_header(filled):
        first = lines.index(filled[0])
        lines[first] = "\t".join(lines[first].split())
    return "\n".join("\t".join(_aligned(line, delimiter, width, words)) for line in lines), "\t"


def _is_short_header(lines: list[str]) -> bool:
    """Whether single spaces part the names in the first line, and two or more what is below: then
    names are nearer than values. A title, with names under it, is none.
    """
    if len(lines) < 2:
        return False
    parted, row = (split_run(line, r"\s{2,}") for line in lines[:2])
    named = len(lines[0].split())
    return (
        len(row) > max(2, len(parted) + 1)
        and named in (len(row) - 1, len(row))
        and any(map(is_value, row))
    )


def _words_of_names(lines: list[str], delimiter: str) -> int:
    """How many words the first value of each line has: more than one where the header has two
    names fewer than the lines have words, as under an indented header of R or pandas. What is
    joined must be words: over numbers such a line is a title.
    """
    header, rows = lines[0] if lines else "", [split_run(line, delimiter) for line in lines[1:]]
    named, width = len(header.split()), len(rows[0]) if rows else 0
    if not 2 <= named <= width - 2 or any(map(is_value, header.split())):
        return 1
    indented = header[0] in " \t"
    words = width - named + (not indented)
    for row in rows:
        start = row[:1] if indented else row[:words]  # a name under no name may hold numbers
        if len(row) != width or any(map(is_value, start)) or not any(map(is_value, row[words:])):
            return 1
    return words


def _aligned(line: str, delimiter: str, width: int, words: int) -> list[str]:
    """The values of a line; names of several words stay together where two spaces part them, or
    the header says how many they are.
    """
    parts = split_run(line, delimiter)
    if words > 1 and len(parts) == width:
        return [" ".join(parts[:words]), *parts[words:]]
    if len(parts) == width or delimiter != r"\s+":
        return parts
    wide = re.split(r"[ \t]{2,}|\t", line.strip())
    return wide if len(wide) == width else parts


def find_decimal(frame: pd.DataFrame, delimiter: str) -> str:
    """The decimal sign of a table of words.

    Between commas 1,234 can only be a thousand; elsewhere it speaks for the comma.

    Parameters
    ----------
    frame : DataFrame of str
        The table; its first 200 rows and 100 columns are looked at.
    delimiter : str
        What stands between two values; a comma where 1,234 may be a thousand for other reasons.

    Returns
    -------
    {".", ","}
        ``,`` when values such as 1,5 are commoner than 1.5.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.readers.dialect import find_decimal
    >>> frame = pd.DataFrame({"a": ["1,234", "5,678"]})
    >>> find_decimal(frame, ";"), find_decimal(frame, ",")
    (',', '.')
    """
    sample = frame.iloc[:200, :100].set_axis(range(min(frame.shape[1], 100)), axis=1)
    comma = (
        r"[-+]?\d+,(\d{1,2}|\d{4,}|\d+[eE][-+]?\d+)"
        if delimiter == ","
        else r"[-+]?[\d.' ]*\d,\d+([eE][-+]?\d+)?\s*[%€]?"
    )
    commas = sum(int(sample[c].str.strip().str.fullmatch(comma).sum()) for c in sample)
    points = sum(
        int(sample[c].str.strip().str.fullmatch(r"[-+]?[\d,' ]*\d?\.\d+([eE][-+]?\d+)?").sum())
        for c in sample
    )
    return "," if commas > points else "."


def is_table(text: str, complete: bool = True) -> bool:
    r"""Whether text of any suffix is a table.

    Parameters
    ----------
    text : str
        The beginning of a file.
    complete : bool
        Whether it is all of it; if not, its last line is not looked at.

    Returns
    -------
    bool
        True for lines of equally many tabs, of equally many values many of which are numbers, and
        for Markdown tables. A few lines may stand over the table.

    Examples
    --------
    >>> from lvm_core.datasets.readers.dialect import is_table
    >>> is_table("1.5  2\n2.5  7\n3.5  5\n"), is_table("One line.\nAnother one, longer.\n")
    (True, False)
    """
    lines = [line for line in text.split("\n")[:_ROWS] if line.strip()]
    lines = lines if complete or len(lines) < 2 else lines[:-1]
    if sum(_is_rule(line) and "|" in line for line in lines[:30]) and (
        sum("|" in line for line in lines) >= 0.8 * len(lines) >= 2
    ):
        return True
    for delimiter in ("\t", ",", ";", "|"):
        head = lines[:50]
        counts = {line.count(delimiter) for line in head}
        if len(head) >= 2 and len(counts) == 1 and counts != {0}:
            cells = [cell for line in head[1:] for cell in line.split(delimiter)]
            if delimiter == "\t" or _numbers(cells) >= 0.4:
                return True
    # Lines that say something about the table stand over it.
    lines = [line for line in lines if not is_comment(line)]
    lines = lines[len(lines) // 3 :]
    if len(lines) < 2:
        return False
    if _grouped(lines):
        return True
    delimiter = find_delimiter("\n".join(lines))
    rows, _ = _split(lines, delimiter)
    width, times = Counter(map(len, rows)).most_common(1)[0]
    if times < 0.9 * len(rows):
        return False
    share = _numbers([cell for row in rows if len(row) == width for cell in row])
    return share >= (0.9 if width == 1 else 0.5 if delimiter in _SPACES else 0.4)


def _numbers(cells: list[str]) -> float:
    return sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / max(1, len(cells))
