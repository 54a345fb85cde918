"""What a reading could not decide, and the other reading: for a person to say which is right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from .base import Dataset
from .infer import InferredColumn
from .pivot import LongTable, is_moment
from .plain import is_words
from .ratings import RatingColumns
from .upload import name_list

USABLE = ("numeric", "integer", "boolean", "categorical", "date")
WORDS = 3  # a row on average, from which what differs in every row may be text rather than a name
MOST = 4  # doubts; of more, none is read
LEAST_IDS = 20  # rows, from which whole numbers that all differ may be identifiers
LEAST_DIGITS = 4  # of such an identifier
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Doubt:
    """One thing a reading could not decide.

    Parameters
    ----------
    sentence : str
        What was found and how it was read.
    other : str
        The other reading, as a button says it.
    options : dict
        Options of :func:`~lvm_core.datasets.read_dataset` that give the other reading, beside those
        asked for already.
    keep : dict
        Options that say the present reading is right; they change nothing.

    See Also
    --------
    open_doubts : Those of a dataset that nobody has answered.

    Examples
    --------
    >>> from lvm_core.datasets.doubts import Doubt
    >>> doubt = Doubt("All are words.", "Row 1 is data", {"header": "no"}, {"header": "yes"})
    >>> doubt.answered({"header": "yes"}), doubt.answered({"types": {"a": "date"}})
    (True, False)
    """

    sentence: str
    other: str
    options: dict[str, Any] = field(default_factory=dict)
    keep: dict[str, Any] = field(default_factory=dict)

    def answered(self, asked: dict[str, Any]) -> bool:
        """Whether the options asked for say which reading is right."""
        both = [*self.options.items(), *self.keep.items()]
        types = {column for name, value in both if name == "types" for column in value}
        names = {name for name, _ in both} - {"types"}
        return bool(names & set(asked) or types & set(asked.get("types", {})))


def open_doubts(source: dict[str, Any]) -> list[Doubt]:
    r"""What a reading could not decide and nobody has answered yet.

    Parameters
    ----------
    source : dict
        ``dataset.source``: its options ``asked`` for, ``doubts`` of the reading.

    Returns
    -------
    list of Doubt
        At most four, the most important first.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.doubts import open_doubts
    >>> words = b"Ulm,red\nBonn,blue\nHof,pink\nCelle,grey\nTrier,red\nKiel,teal\n" * 2
    >>> doubt = open_doubts(read_dataset(words, "cities.csv").source)[0]
    >>> doubt.other, doubt.options
    ('It holds the names', {'header': 'yes'})
    >>> open_doubts(read_dataset(words, "cities.csv", header="no").source)
    []
    """
    doubts = [Doubt(**doubt) for doubt in source.get("doubts", [])]
    asked = source.get("asked", {}) | ({"reader": True} if source.get("reader_asked") else {})
    return [doubt for doubt in doubts if not doubt.answered(asked)][:MOST]


def add_doubts(dataset: Dataset, doubts: Sequence[Doubt | None], first: bool = False) -> None:
    """Keep doubts with a dataset, as plain JSON in its source.

    Parameters
    ----------
    dataset : Dataset
        Its ``source`` is changed.
    doubts : sequence of Doubt or None
        None is passed over.
    first : bool
        Whether they go before those that are there.
    """
    fresh = [asdict(doubt) for doubt in doubts if doubt is not None]
    there = dataset.source.get("doubts", [])
    if fresh:
        dataset.source["doubts"] = [*fresh, *there] if first else [*there, *fresh]


def series_doubt(found: LongTable, n: int, read: bool) -> Doubt:
    """Of a table with a row a moment of several series.

    Parameters
    ----------
    found : LongTable
        How it may be cut.
    n : int
        Its rows.
    read : bool
        Whether it was cut.
    """
    what = f"{found.count:,} series of {found.points:,} moments, one for each {found.series}"
    cut, whole = {"series": found.series}, {"series": "none"}
    if read:
        other = f"Read as a table of {n:,} rows"
        return Doubt(f"{what}: the file was read as series.", other, whole, cut)
    points = "" if found.sure else "or more "
    what = what.replace("moments", f"{points}moments")
    return Doubt(
        f"The rows may be {what}; they were read one by one.", "Read as series", cut, whole
    )


def ratings_doubt(found: RatingColumns, read: bool) -> Doubt:
    """Of a table with a row a rating.

    Parameters
    ----------
    found : RatingColumns
        Which columns hold what.
    read : bool
        Whether it was read as ratings.
    """
    what = f"{found.rating} of {found.item} by {found.user}"
    roles = {"series": found.user, "order": found.item, "value": found.rating}
    if read:
        return Doubt(
            f"The rows are ratings, {what}: the file was read as a row for each {found.user} and a "
            f"column for each {found.item}.",
            "Read as a table",
            {"kind": "table"},
            {"kind": "ratings"},
        )
    return Doubt(
        f"The rows may be ratings, {what}; they were read as quantities.",
        "Read as ratings",
        {"kind": "ratings", **roles},
        {"kind": "table"},
    )


def column_doubts(
    found: dict[str, InferredColumn],
    kind: str,
    text: str | None,
    vector: str | None,
    group: Sequence[str],
    numbered: Sequence[str],
) -> list[Doubt]:
    """Of the columns of a table.

    Parameters
    ----------
    found : dict of str to InferredColumn
        What each was taken for.
    kind : {"table", "text", "array"}
        What was made of them.
    text : str or None
        The column of documents that was read.
    vector : str or None
        The column of vectors that was read.
    group : sequence of str
        The numbered columns that were read as one vector.
    numbered : sequence of str
        Numbered columns that were read one by one.

    Returns
    -------
    list of Doubt

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.doubts import column_doubts
    >>> from lvm_core.datasets.infer import infer_column
    >>> frame = pd.DataFrame({"ticket": range(4100, 4900, 37), "size": range(22)})
    >>> found = {c: infer_column(frame[c]) for c in frame}
    >>> [doubt.options for doubt in column_doubts(found, "table", None, None, [], [])]
    [{'types': {'ticket': 'ignore'}}]
    """
    types = {c: u.type for c, u in found.items()}
    usable = [c for c in types if types[c] in USABLE and c not in group]
    prose = [c for c in types if types[c] == "text"]
    as_table, as_text, as_array = {"kind": "table"}, {"kind": "text"}, {"kind": "array"}
    doubts = []
    if text is not None:
        if prose and prose[0] != text:
            doubts.append(
                Doubt(
                    f"Columns {prose[0]!r} and {text!r} hold text; the longer was read as "
                    "documents.",
                    f"Read {prose[0]}",
                    {"text_column": prose[0]},
                    {"text_column": text},
                )
            )
        if len(usable) > 1:
            doubts.append(
                Doubt(
                    f"Column {text!r} holds documents and {len(usable)} others hold values "
                    f"({name_list(usable, 3)}): it was read as documents.",
                    "Read as a table",
                    as_table | {"text_column": "auto"},
                    as_text,
                )
            )
    elif vector is not None or group:
        what = f"Column {vector!r} holds vectors" if vector else _numbered(group)
        if prose:
            doubts.append(
                Doubt(
                    f"{what} and {prose[0]!r} documents: the vectors were read.",
                    "Read the documents",
                    as_text,
                    as_array,
                )
            )
        elif len(usable) > 1 or group:
            other = "Read the other columns" if vector else "Read each column by itself"
            said = f"{what}: they were read as one vector a row."
            doubts.append(Doubt(said, other, as_table, as_array))
    elif kind == "table":
        if numbered:
            said = f"{_numbered(numbered)}: they were read one by one."
            doubts.append(Doubt(said, "Read as one vector a row", as_array, as_table))
        names = {c: words_per_row(u.values) for c, u in found.items() if "like a name" in u.reason}
        wordy = max(names, key=lambda c: names[c], default="")
        if wordy and names[wordy] >= WORDS and not prose:
            doubts.append(
                Doubt(
                    f"Column {wordy!r} has {names[wordy]:.0f} words a row, different in nearly "
                    "each: it was left out as names.",
                    "Read it as documents",
                    {"text_column": wordy},
                    as_table,
                )
            )
        for column, understood in found.items():
            if any("choose the type vector" in note for note in understood.notes):
                doubts.append(
                    Doubt(
                        f"Column {column!r} holds a few numbers a row: it was left out.",
                        "Read it as vectors",
                        {"types": {column: "vector"}},
                        {"types": {column: "ignore"}},
                    )
                )
    if kind == "table":
        doubts += [
            Doubt(
                f"Every row has another number in {c!r}, as identifiers have: it was read as a "
                "quantity.",
                "Leave it out",
                {"types": {c: "ignore"}},
                {"types": {c: "integer"}},
            )
            for c, u in found.items()
            if may_be_ids(u)
        ]
    return doubts


def crowded_doubt(values: pd.Series, kept: int) -> Doubt:
    """Of a category with more values than are kept.

    Parameters
    ----------
    values : Series
        The column.
    kept : int
        How many of its values are categories.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.doubts import crowded_doubt
    >>> comments = pd.Series(["came late", "very good", "came late", "no answer"], name="comment")
    >>> crowded_doubt(comments, 2).sentence
    "'comment' has 3 values: kept as a category with 2 of them, though it may be free text."
    """
    c = str(values.name)
    said = f"{c!r} has {values.nunique():,} values: kept as a category with {kept:,} of them"
    may_be = ", though it may be free text" if words_per_row(values) > 1.2 else ""
    return Doubt(
        f"{said}{may_be}.",
        "Leave it out",
        {"types": {c: "ignore"}},
        {"types": {c: "categorical"}},
    )


def _numbered(columns: Sequence[str]) -> str:
    return f"{len(columns):,} columns are numbered, {columns[0]} to {columns[-1]}"


def words_per_row(values: pd.Series) -> float:
    """Words a row of a column, on average; numbers are none.

    Parameters
    ----------
    values : Series (n,)
        The column; some hundred values are looked at.

    Returns
    -------
    float
        0 of what is no text.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.doubts import words_per_row
    >>> words_per_row(pd.Series(["one two", "one two three four", None]))
    3.0
    >>> words_per_row(pd.Series(["+41 44 123 45 67"]))
    0.0
    """
    seen = values.dropna()
    if not len(seen) or not is_words(seen):
        return 0.0
    sample = seen.iloc[:: max(1, len(seen) // 500)]
    words = [[word for word in str(v).split() if _LETTER.search(word)] for v in sample]
    return float(np.mean([len(found) for found in words]))


def may_be_ids(found: InferredColumn) -> bool:
    """Whether whole numbers may name the rows: none twice, all with as many digits.

    Parameters
    ----------
    found : InferredColumn
        The column, of any type.

    Returns
    -------
    bool
        False for moments, such as years, and for fewer than 20 rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.doubts import may_be_ids
    >>> from lvm_core.datasets.infer import infer_column
    >>> may_be_ids(infer_column(pd.Series(range(4100, 4900, 37), name="ticket")))
    True
    """
    if is_moment(str(found.values.name)):
        return False
    if found.type != "integer" or len(found.values) < LEAST_IDS or found.values.isna().any():
        return False
    numbers = found.values.to_numpy(np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    digits = len(str(low)) == len(str(high)) >= LEAST_DIGITS
    return low > 0 and digits and len(np.unique(numbers)) == len(numbers)
