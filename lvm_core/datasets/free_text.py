"""Free text beside other columns: whether the rows are documents or records, and what is said."""

from __future__ import annotations

import re
from collections.abc import Collection

from .doubts import USABLE, Doubt, may_be_ids, words_per_row
from .infer import ID_NAMES, InferredColumn
from .pivot import is_moment
from .upload import name_list

RECORD = 3  # describing columns, from which rows are records with a text, not documents
LEAST_KNOWN = 0.5  # share of rows in which a describing column has a value
# what is known of any document, where it stands in a work, and counts of what is in it
_OF_DOCUMENTS = re.compile(
    r"(?i)(?:.*[\s_.-])?(?:language|lang|locale|source|publisher|newspaper|website|site|domain|url|"
    r"link|author|editor|section|tags?|keywords?|version|licen[cs]e|split|fold|timestamp|epoch|"
    r"volume|issue|season|episode|chapter|verse|page|paragraph|turn)[\s_.-]?\d*"
    r"|(?:created|posted|published|modified|updated|edited)(?:[\s_.-]?(?:at|on|utc|date|time))*"
    r"|(?:n|nb|no|num|number|count)?[\s_.-]*(?:of[\s_.-])?"
    r"(?:texts?|words?|char(?:acter)?s?|letters?|tokens?|sentences?|lines?|document|doc|body)?"
    r"[\s_.-]*(?:words?|chars?|characters?|tokens?|sentences?|count|length|len)"
)
_NUMBERED_ID = re.compile(r"(?i)(?:.*[\s_.-])?[a-z]?ids?[\s_.-]?\d*")  # such as qid1
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")


def describing_columns(
    found: dict[str, InferredColumn], labels: Collection[str] = (), max_levels: int = 50
) -> list[str]:
    """The columns that describe the rows by themselves, beside their text.

    Left out are text, dates and years, identifiers, addresses, labels, categories with more
    values than are kept, columns without a value in most rows, and what is known of any document:
    its language, its source, its length, its page.

    Parameters
    ----------
    found : dict of str to InferredColumn
        What each column was taken for.
    labels : collection of str
        Names of columns, in small letters, that are labels and not part of what a model sees.
    max_levels : int
        Most values of a category.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.free_text import describing_columns
    >>> from lvm_core.datasets.infer import infer_column
    >>> frame = pd.DataFrame(
    ...     {"id": [7, 8, 9], "age": [31, 42, 42], "year": [1990, 1991, 1990], "kind": list("aab")}
    ... )
    >>> describing_columns({c: infer_column(frame[c]) for c in frame}, ["kind"])
    ['age']
    """
    return [
        c
        for c, column in found.items()
        if c.casefold() not in labels
        and not _OF_DOCUMENTS.fullmatch(c)
        and not is_moment(c)
        and _describes(column, max_levels)
    ]


def _describes(column: InferredColumn, max_levels: int) -> bool:
    if column.type not in USABLE or column.type == "date":
        return False
    seen = column.values.dropna()
    if len(seen) < LEAST_KNOWN * len(column.values):
        return False
    if column.type == "integer":
        name = str(column.values.name)
        named = ID_NAMES.fullmatch(name.lower()) or _NUMBERED_ID.fullmatch(name)
        return not (named or may_be_ids(column))
    if column.type != "categorical":
        return True
    first = seen.iloc[:200].astype("str")
    return seen.nunique() <= max_levels and first.str.fullmatch(_ADDRESS).mean() <= 0.5


def documents_column(found: dict[str, InferredColumn]) -> str | None:
    """The column of free text to read as documents: the first, or one more than twice as long.

    Parameters
    ----------
    found : dict of str to InferredColumn
        What each column was taken for.

    Returns
    -------
    str or None
        Such as the body of a message rather than its subject; None without free text.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.free_text import documents_column
    >>> from lvm_core.datasets.infer import infer_column
    >>> title = ["how to wash a red dress at forty degrees", "why is the new one so blue today"]
    >>> frame = pd.DataFrame({"title": title, "body": [3 * line for line in title]})
    >>> documents_column({c: infer_column(frame[c]) for c in frame})
    'body'
    """
    words = {c: words_per_row(u.values) for c, u in found.items() if u.type == "text"}
    if not words:
        return None
    first, longest = next(iter(words)), max(words, key=lambda c: words[c])
    return longest if words[longest] > 2 * words[first] else first


def are_records(
    found: dict[str, InferredColumn], labels: Collection[str] = (), max_levels: int = 50
) -> bool:
    """Whether rows with free text are records: three or more other columns describe them.

    Parameters
    ----------
    found, labels, max_levels
        As for :func:`describing_columns`.

    Returns
    -------
    bool
        False for documents with what is known of each, such as a label, a title and a date.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.free_text import are_records
    >>> from lvm_core.datasets.infer import infer_column
    >>> ends = ["fits well", "is too wide", "came late", "looks good"]
    >>> text = [f"the long and quite warm dress in red {end}" for end in ends]
    >>> frame = pd.DataFrame({"review": text, "age": [31, 42, 42, 50], "stars": [1, 5, 4, 4]})
    >>> are_records({c: infer_column(frame[c]) for c in frame})
    False
    >>> frame["price"] = [9.5, 8, 7, 12]
    >>> are_records({c: infer_column(frame[c]) for c in frame})
    True
    """
    return len(describing_columns(found, labels, max_levels)) >= RECORD


def records_doubt(found: dict[str, InferredColumn], kind: str) -> Doubt | None:
    """Of rows with free text that were not read as documents.

    Parameters
    ----------
    found : dict of str to InferredColumn
        What each column was taken for.
    kind : {"table", "array"}
        What was made of them.

    Returns
    -------
    Doubt or None
        None where there is no free text, or nothing beside it.
    """
    text = documents_column(found)
    others = [c for c, column in found.items() if column.type in USABLE]
    if text is None or not others:
        return None
    read = "a table, the text" if kind == "table" else "one vector a row, the text"
    return Doubt(
        f"Column {text!r} holds free text and {len(others)} others hold values "
        f"({name_list(others, 3)}): it was read as {read} kept beside it.",
        "Read the text as documents",
        {"text_column": text},
        {"kind": kind},
    )
