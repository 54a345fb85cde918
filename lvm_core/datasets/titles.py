"""Which columns name a row, and which are about a person and stay out of titles and exports unless
they are asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pandas as pd

from ..codecs.columns import Date
from ..codecs.table import TableCodec
from .base import Dataset
from .plain import is_words

SHOWN = "private_shown"  # in the source of a dataset whose private columns were asked for
_EMAIL = re.compile(r"(?:mailto:|[\w .'\"-]+<)?[^@\s<>]+@[^@\s<>]+\.\w{2,}>?")
_PHONE = re.compile(r"(?:\+|00|\(?0|\(?\d)[\d ()./-]{6,}(?: ?(?:x|ext\.?) ?\d+)?")
_PHONES = re.compile(
    r"(?i)(.*[\s_.-])?(tele)?(phone|fax|mobile|cell|handy|telefon\w*|tel)([\s_.-]?(number|no|nr|nummer))?\d?"
)
# names of persons, by what the column is called; 'name' alone may be that of anything
_PERSON = (
    r"(?:user|customer|client|patient|person|passenger|employee|student|contact|member|guest|author"
    r"|sender|recipient|owner|player|buyer|seller|doctor|teacher|participant|respondent|full|first"
    r"|last|family|given|sur|fore|middle|maiden|nick|vor|nach)"
)
_NAMES = re.compile(
    rf"(?i){_PERSON}[\s_.-]?names?|surname|(?:full|real)[\s_.-]?name|vorname|nachname"
    r"|(?:first|last)|pr[ée]nom|apellidos?|nombres?|cognome|nazwisko|imi[eę]"
)
_NAME = re.compile(r"(?i)names?|nom|nome")
_WRITTEN = re.compile(r"(?:[^\W\d_][\w'’.-]*,? ?){2,6}")  # two words at least
_SAMPLE, _MOST_WORDS, _MOST = 300, 6, 4
_LETTERS = 0.7  # of what is written, above which it is words and no code such as C1042
_DIFFERENT = 0.5  # share of rows with a value of their own, above which words still name a row


def private_columns(rows: pd.DataFrame) -> dict[str, str]:
    """The columns that hold e-mail addresses, telephone numbers or names of persons.

    Parameters
    ----------
    rows : DataFrame (n, ...)
        In plain types; some hundred values of each column are looked at.

    Returns
    -------
    dict of str to {"e-mail addresses", "telephone numbers", "names"}
        What each of them holds; other columns are not in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.titles import private_columns
    >>> rows = pd.DataFrame({"contact": ["a@b.org", "c@d.org"], "last_name": ["Lee", "Roy"]})
    >>> private_columns(rows)
    {'contact': 'e-mail addresses', 'last_name': 'names'}
    """
    found = {}
    for column in rows.columns:
        seen = rows[column].dropna()
        name = str(column).strip()
        if not len(seen):
            continue
        if not is_words(seen) and not isinstance(seen.dtype, pd.CategoricalDtype):
            whole = pd.api.types.is_integer_dtype(seen) and int(seen.min()) >= 10**6
            if whole and _PHONES.fullmatch(name):
                found[column] = "telephone numbers"
            continue
        sample = seen.iloc[:: max(1, len(seen) // _SAMPLE)].astype("str").str.strip()
        phones = sample.str.fullmatch(_PHONE).mean()
        if sample.str.fullmatch(_EMAIL).mean() >= 0.5:
            found[column] = "e-mail addresses"
        elif phones >= 0.5 and (_PHONES.fullmatch(name) or sample.str.startswith("+").mean() > 0.5):
            found[column] = "telephone numbers"
        elif (
            _NAMES.fullmatch(name)
            and sample.str.contains(r"[^\W\d_]").mean() > 0.5
            or _NAME.fullmatch(name)
            and _are_persons(sample)
        ):
            found[column] = "names"
    return found


def _are_persons(sample: pd.Series) -> bool:
    """Whether most values are two to six words that begin with a capital, and differ."""
    capitals = sample.str.fullmatch(_WRITTEN) & ~sample.str.contains(r"(?:^|[ ])[a-z]{4,}")
    return bool(capitals.mean() >= 0.7 and sample.nunique() >= 0.5 * len(sample))


@dataclass(frozen=True)
class TitleColumns:
    """The columns that name a row.

    Parameters
    ----------
    id : str or None
        The column that tells the rows apart: a short text before a code such as a customer's
        number; where no column tells all of them apart, a short text that does so for most.
    shown : tuple of str
        Those a model sees that follow it, at most four: no dates where there are others, and
        last those that are the same in most rows.
    hidden : frozenset of str
        Those about persons, which are left out; none where they were asked for.
    private : tuple of str
        Those about persons, asked for or not.

    See Also
    --------
    title_columns : Finds them.
    """

    id: str | None
    shown: tuple[str, ...]
    hidden: frozenset[str]
    private: tuple[str, ...] = ()


def title_columns(dataset: Dataset) -> TitleColumns:
    """The columns that name a row of a dataset.

    Parameters
    ----------
    dataset : Dataset
        Of any kind. What is found is kept with it.

    Returns
    -------
    TitleColumns

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.titles import title_columns
    >>> rows = "\\n".join(f"C{i},u{i}@x.org,{i % 7},{i % 3}.5" for i in range(40))
    >>> found = title_columns(read_dataset(f"code,mail,size,dose\\n{rows}".encode(), "c.csv"))
    >>> found.id, found.shown, found.private
    ('code', ('size', 'dose'), ('mail',))
    """
    asked = bool(dataset.source.get(SHOWN))
    key = (asked, dataset.label, tuple(dataset.rows.columns))
    kept = vars(dataset).get("_title_columns")
    if kept is None or kept[0] != key:
        private = tuple(map(str, private_columns(dataset.rows)))
        kept = vars(dataset)["_title_columns"] = key, _found(dataset, private, asked)
    return kept[1]


def _found(dataset: Dataset, private: tuple[str, ...], asked: bool) -> TitleColumns:
    rows, codec, hidden = dataset.rows, dataset.codec, frozenset(() if asked else private)
    seen = list(codec.columns) if isinstance(codec, TableCodec) else []
    used = [str(c.name) for c in sorted(seen, key=lambda c: isinstance(c, Date))]
    shown = [c for c in used if c not in hidden and c != dataset.label and c in rows]
    shown.sort(key=lambda c: _mostly_one(rows[c]))
    others = [c for c in map(str, rows) if c not in used and c not in hidden and c != dataset.label]
    ranks = {c: rank for c in others if (rank := _naming(rows[c]))}
    id = max(ranks, key=lambda c: ranks[c]) if ranks else None
    return TitleColumns(id, tuple(shown[:_MOST]), hidden, private)


def _mostly_one(column: pd.Series) -> bool:
    """Whether more than half of the rows have the same value, or none."""
    shares = column.value_counts(normalize=True, dropna=False)
    return len(shares) > 0 and bool(shares.iloc[0] > 0.5)


def _naming(column: pd.Series) -> int:
    """How well the column names a row: 3 a short text of its own in each, 2 a code or number of
    its own, 1 a short text of its own in most, 0 not at all.
    """
    if pd.api.types.is_integer_dtype(column):
        return 2 * (column.is_unique and not column.isna().any())
    if not is_words(column) or not len(column):
        return 0
    written = column.dropna().astype("str")
    if written.str.count(r"\S+").mean() >= _MOST_WORDS:
        return 0
    if column.is_unique and len(written) == len(column):
        return 3 if _in_words(written) else 2
    return int(written.nunique() > _DIFFERENT * len(column) and _in_words(written))


def _in_words(written: pd.Series) -> bool:
    """Whether it is mostly letters, and no address of the web."""
    sample = written.iloc[:: max(1, len(written) // _SAMPLE)]
    letters = sample.str.count(r"[^\W\d_]").sum() / max(1, sample.str.count(r"\S").sum())
    return letters >= _LETTERS and not sample.str.contains(r"://|^www\.|@").mean() > 0.5


def without_private(dataset: Dataset, all: bool = False) -> Dataset:
    """The same dataset without its columns about persons, for what leaves the app.

    Parameters
    ----------
    dataset : Dataset
        It is not changed; its X and codec are those of the result.
    all : bool
        Whether to leave them out even where they were asked for.

    Returns
    -------
    Dataset
        The dataset itself where there are none.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.titles import without_private
    >>> rows = "\\n".join(f"u{i}@x.org,{i % 7},{i % 3}.5" for i in range(40))
    >>> data = read_dataset(f"mail,size,dose\\n{rows}".encode(), "c.csv")
    >>> list(without_private(data).rows)
    ['size', 'dose']
    """
    found = title_columns(dataset)
    hidden = list(found.private if all else found.hidden)
    if not hidden:
        return dataset
    label = None if dataset.label in hidden else dataset.label
    return replace(dataset, rows=dataset.rows.drop(columns=hidden), label=label)
