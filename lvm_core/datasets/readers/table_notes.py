"""What is said of the rows around a table that were left out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..doubts import Doubt
from ..upload import name_list
from .dialect import NUMBER
from .table_bounds import Row, TableBounds, holds_values


def said_bounds(
    line: int, above: Sequence[Row], below: Sequence[Row], end: Sequence[Row]
) -> list[str]:
    """The note about what was left out around a table.

    Parameters
    ----------
    line : int
        The line it begins at, from 1.
    above, below, end : list of list of str
        The rows left out over it, under its names and at its end.

    Returns
    -------
    list of str
        One sentence, or none where nothing was left out.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_notes import said_bounds
    >>> said_bounds(3, [["Sales"], []], [], [])
    ["Read from line 3; left out: 2 lines over the table ('Sales')."]
    """
    parts = []
    for rows, what in (
        (above, "over the table"),
        (below, "of units or types"),
        (end, "at the end"),
    ):
        texts = [", ".join(cell for cell in row if cell) for row in rows if any(row)]
        if texts:
            quoted = name_list([f"'{_short(t)}'" for t in texts], 3)
            parts.append(f"{len(rows)} line{'s' * (len(rows) != 1)} {what} ({quoted})")
        elif rows is end and any(rows):
            parts.append(f"{len(rows)} empty line{'s' * (len(rows) != 1)} {what}")
    if not parts:
        return []
    return [f"Read from line {line}; left out: {', '.join(parts)}."]


def _short(text: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= 60 else text[:59] + "…"


def said_header(bounds: TableBounds, names: Sequence[str]) -> list[str]:
    """The note about names that may be data, or data that may be names.

    Parameters
    ----------
    bounds : TableBounds
        How many rows hold names.
    names : list of str
        The names.

    Returns
    -------
    list of str
        One sentence, or none where there is no doubt.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import TableBounds
    >>> from lvm_core.datasets.readers.table_notes import said_header
    >>> said_header(TableBounds(0, 2), ["before size", "after size"])
    ['Two rows of names were joined: before size, after size.']
    """
    if not bounds.header:
        return ["The first row was read as data, since it looks like the rows below it."]
    if bounds.header == 2:
        return [f"Two rows of names were joined: {name_list(names)}."]
    numbers = [name for name in names if NUMBER.fullmatch(name)]
    if len(numbers) > 0.5 * len(names):
        return [
            f"Numbers were read as names ({name_list(numbers, 3)}); say that the first row is no "
            "names if it is data."
        ]
    return []


def header_doubt(
    bounds: TableBounds, first: Sequence[str], below: Sequence[Sequence[str]], asked: str
) -> Doubt | None:
    """Whether the first row of a table holds names, where that cannot be told.

    Parameters
    ----------
    bounds : TableBounds
        What was found.
    first : list of str
        The cells of the first row.
    below : list of list of str
        The first rows of values, without it.
    asked : {"auto", "yes", "no", "two"}
        What was said of it.

    Returns
    -------
    Doubt or None
        Where numbers were read as names, or where no column holds numbers or moments and the words
        of the first row are no longer or shorter than those below.

    Examples
    --------
    >>> from lvm_core.datasets.readers.table_bounds import TableBounds
    >>> from lvm_core.datasets.readers.table_notes import header_doubt
    >>> rows = [["red", "oak"], ["blue", "maple"], ["red", "ash"]]
    >>> header_doubt(TableBounds(0, 1), ["hue", "tree"], rows, "auto").options
    {'header': 'no'}
    >>> header_doubt(TableBounds(0, 1), ["height", "tree"], [["1.5", "elm"]], "auto")
    """
    if asked != "auto" or bounds.header > 1:
        return None
    typed = [c for c in range(len(first)) if holds_values(below, c)]
    numbers = [cell for cell in first if NUMBER.fullmatch(cell)]
    shown = name_list(first, 3)
    if bounds.header and len(numbers) > 0.5 * len(first):
        said = f"The first row holds numbers ({shown}) and was read as the columns' names."
    elif typed:
        return None
    elif bounds.header:
        lengths = [[len(row[c]) for row in below if c < len(row)] or [0] for c in range(len(first))]
        alike = sum(min(n) <= len(cell) <= max(n) for cell, n in zip(first, lengths))
        if alike < 0.5 * len(first):
            return None
        said = f"All columns hold words; the first row ({shown}) was read as their names."
    else:
        said = f"All columns hold words; the first row ({shown}) was read as data."
    data, names = {"header": "no"}, {"header": "yes"}
    if bounds.header:
        return Doubt(said, "It is data", data, names)
    return Doubt(said, "It holds the names", names, data)


def without_repeats(frame: pd.DataFrame, names: Sequence[str], notes: list[str]) -> pd.DataFrame:
    """Without the header where it stands again among the rows, as in files put together.

    Parameters
    ----------
    frame : DataFrame (n, d)
        The table.
    names : list of str
        The names in its header.
    notes : list of str
        Added to, where it was there.

    Returns
    -------
    DataFrame
        With a fresh index where rows are gone.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.readers.table_notes import without_repeats
    >>> notes = []
    >>> frame = pd.DataFrame({"a": ["1", "a", "2"], "b": ["3", "b", "4"]})
    >>> without_repeats(frame, ["a", "b"], notes)["a"].tolist(), notes
    (['1', '2'], ['Repeats of the header left out: 1.'])
    """
    named = [(i, name) for i, name in enumerate(names[: frame.shape[1]]) if name]
    if len(named) < 2:
        return frame
    again = frame.iloc[:, named[0][0]] == named[0][1]
    for i, name in named[1:]:
        if not again.any():
            return frame
        again &= frame.iloc[:, i] == name
    again = again.fillna(False).astype(bool)
    if not again.any():
        return frame
    notes.append(f"Repeats of the header left out: {int(again.sum()):,}.")
    return frame[~again].reset_index(drop=True)
