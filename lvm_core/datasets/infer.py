"""What a column of a table is: its type, its typed values, and every value that did not fit,
counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from ..labels import FEW_NUMBERS
from ..settings import DataError
from .dates import may_be_dates, numbers_to_dates, to_dates, to_hours
from .missing import STANDARD, find_missing, set_missing
from .numbers import Numbers, to_numbers
from .plain import EXACT, as_floats, as_integers, finite, is_words, plain_column
from .vectors import NoVectors, find_vectors

NESTED = "nested or binary"
COLUMN_TYPES = ("numeric", "integer", "boolean", "categorical", "date", "text", "vector", "ignore")
VECTOR_LENGTH = (
    8  # from which a list of numbers is a vector, unasked; shorter ones are places, boxes
)
TRUE, FALSE = (
    {"true", "t", "yes", "y", "1", "on", "ja", "oui", "si"},
    {"false", "f", "no", "n", "0", "off", "nein", "non"},
)
ID_NAMES = re.compile(
    r"(|.*[ _.-])(id|ids|index|idx|uuid|guid|key|nr|no|number|rownames?|#)|unnamed: "
    r"\d+|__index_level_\d+__"
    r"|.*[a-z]Id|.*ID"
)
# the names that a number has which stands for somebody or something, more than once
KEY_NAMES = re.compile(r"(?i:(.*[ _.-])?(id|ids|uuid|guid))|.*[a-z](Id|ID)")
LONGEST_ID = 20  # digits of a 64-bit number; longer ones beside short ones are measured
MOST_KEYS = 50  # identifiers that can be categories; more are names
SENTINELS = [
    -200.0,
    *(s * v for v in (99, 999, 9999, 99999, 999999, 99.99, 999.9) for s in (1, -1)),
]


@dataclass
class InferredColumn:
    """One column of a raw table, understood.

    Parameters
    ----------
    values : Series (n,)
        Its values in plain types; empty where they are nested or binary.
    type : {"numeric", "integer", "boolean", "categorical", "date", "text", "vector", "ignore"}
        Its type.
    reason : str
        Why it is left out; empty where it is not.
    notes : list of str
        Sentences about it.
    vectors : array of float32 (n, k), optional
        The vectors of a column of type vector, or of one that is left out since they are short;
        NaN where there is none.

    See Also
    --------
    infer_column : Makes one.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.infer import infer_column
    >>> column = infer_column(pd.Series(list("123456789x"), name="a"))
    >>> column.type, column.reason
    ('integer', '')
    >>> column.notes
    ["a: 1 of 10 values are not numbers ('x') and were set to missing."]
    """

    values: pd.Series
    type: str
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    vectors: np.ndarray | None = None


def infer_column(
    series: pd.Series,
    wanted: str = "",
    decimal: str = ".",
    first: bool = False,
    missing: Sequence[str] = (),
    unnamed: bool = False,
) -> InferredColumn:
    """Find the type of a column, or bring it to the type wanted.

    Parameters
    ----------
    series : Series (n,)
        The column as it was read.
    wanted : str
        One of ``COLUMN_TYPES``; empty to find it.
    decimal : {".", ","}
        What stands before a number's fraction, in words.
    first : bool
        Whether it is the first column, which is left out where it counts its rows.
    missing : sequence of str
        Words and numbers that mean missing, beside those of
        :func:`~lvm_core.datasets.missing.find_missing`.
    unnamed : bool
        Whether it alone has no name in the file, as row names have none: it is left out where it
        has another number in every row.

    Returns
    -------
    InferredColumn
        Values, type and why it is left out, if it is; values that did not fit are missing, counted
        in a note.

    Raises
    ------
    DataError
        When none of its values has the type wanted.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.infer import infer_column
    >>> column = infer_column(pd.Series(["$1,200", "$900", "$1,050"], name="price"))
    >>> column.type, column.values.tolist()
    ('integer', [1200, 900, 1050])
    >>> infer_column(pd.Series([5, 5, 5], name="size")).reason
    'constant'
    """
    notes: list[str] = []
    if wanted in ("", "vector"):
        vectors = _as_vectors(series, wanted == "vector", notes)
        if vectors is not None:
            return vectors
    plain = plain_column(series, notes)
    if plain is None:
        return InferredColumn(pd.Series(dtype=object), "ignore", NESTED, notes)
    series = set_missing(plain, missing, decimal, notes)
    if not series.notna().any():
        return InferredColumn(series, "ignore", "without any value", notes)
    if wanted in ("ignore", "text"):
        return InferredColumn(series, wanted, "as asked" if wanted == "ignore" else "", notes)
    said: list[str] = []
    found = _words(series, decimal, said) if is_words(series) else _typed(series, said)
    if wanted and wanted != found.type:
        return InferredColumn(_convert(series, wanted, decimal, notes), wanted, "", notes)
    found.notes = notes + said
    if wanted:
        return found
    if found.type == "integer" and _are_keys(found.values):
        if found.values.nunique() > MOST_KEYS:
            found.reason = "identifiers, which are no quantities"
        else:
            found.values, found.type = _convert(series, "categorical", decimal, []), "categorical"
    if not found.reason:
        found.reason = _why_not(found, first, unnamed)
    if found.reason:
        found.type = "ignore"
    return found


def _as_vectors(series: pd.Series, asked: bool, notes: list[str]) -> InferredColumn | None:
    nothing = pd.Series(dtype=object)
    try:
        vectors = find_vectors(series, notes)
    except NoVectors as error:
        if asked:
            raise DataError(f"Column {series.name!r} holds {error}.") from error
        return InferredColumn(nothing, "ignore", str(error), notes)
    if asked and (vectors is None or vectors.shape[1] < 2):
        raise DataError(
            f"Column {series.name!r} was said to hold vectors, but its values are no lists of as "
            "many numbers each; choose another type or leave it out."
        )
    if vectors is None:
        return None
    if asked or vectors.shape[1] >= VECTOR_LENGTH:
        return InferredColumn(nothing, "vector", "", notes, vectors)
    if vectors.shape[1] > 1:
        notes.append(
            f"{series.name}: holds {vectors.shape[1]} numbers a row; choose the type vector to "
            "learn from them."
        )
    short = vectors if vectors.shape[1] > 1 else None
    return InferredColumn(nothing, "ignore", NESTED, notes, short)


def _are_keys(numbers: pd.Series) -> bool:
    """Whether whole numbers stand for somebody or something, some of them more than once."""
    seen = numbers.dropna()
    return bool(KEY_NAMES.fullmatch(str(numbers.name))) and seen.nunique() < len(seen)


def _typed(series: pd.Series, notes: list[str]) -> InferredColumn:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return InferredColumn(series, "categorical")
    if pd.api.types.is_bool_dtype(dtype):
        return InferredColumn(series, "boolean")
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return InferredColumn(series, "date")
    _say_sentinels(series, notes)
    if pd.api.types.is_integer_dtype(dtype):
        if dates := may_be_dates(series):
            notes.append(f"{series.name}: {dates}; choose the type date to read it so.")
        return InferredColumn(
            series, "boolean" if set(series.dropna().unique()) == {0, 1} else "integer"
        )
    return InferredColumn(series, "numeric")


def _words(series: pd.Series, decimal: str, notes: list[str]) -> InferredColumn:
    """The type of a column of words."""
    name, numbers = series.name, to_numbers(series, decimal)
    read, here = numbers.values.notna(), series.notna() & ~numbers.missing
    count, fits = int(here.sum()), int(read.sum())
    if not count:
        _say_missing(series, numbers.missing, notes)
        return InferredColumn(series.mask(numbers.missing), "ignore", "without any value")
    if fits >= 0.5 * count:
        seen = series if count == len(series) else series[here]
        kept = _why_words(seen, numbers, fits, count)
        if not kept and fits >= 0.9 * count:
            return _numbers(series, seen, numbers, decimal, notes)
        notes.append(f"{name}: {kept}" if kept else _half(seen, read, fits, count))
    elif numbers.doubt:
        notes.append(f"{name}: {numbers.doubt}")
    said: list[str] = []
    dates = to_dates(series, decimal == ",", said)
    if dates is not None:
        notes += said
        lost = series[dates.isna() & series.notna()]
        _say_missing(series, series.index.isin(lost.index[_gone(lost, True)]), notes)
        _report(series, dates, "dates", notes)
        return InferredColumn(dates, "date")
    hours = to_hours(series)
    if hours is not None:
        notes.append(f"{name}: times of day were read as hours since midnight.")
        _report(series, hours, "times", notes)
        return InferredColumn(hours, "numeric")
    series = _without_gaps(series, notes)
    if not series.notna().any():
        return InferredColumn(series, "ignore", "without any value")
    if _true_or_false(series):
        return InferredColumn(_convert(series, "boolean", decimal, notes), "boolean")
    return InferredColumn(series, "text" if is_free_text(series.dropna()) else "categorical")


def _numbers(
    series: pd.Series, seen: pd.Series, numbers: Numbers, decimal: str, notes: list[str]
) -> InferredColumn:
    """A column of words that are numbers."""
    name, values = series.name, numbers.values
    if numbers.separators:
        notes.append(
            f"{name}: thousands separators, currency or percent signs were removed to "
            "read its numbers."
        )
    notes += [f"{name}: {note}" for note in (*numbers.notes, numbers.doubt) if note]
    _say_missing(series, numbers.missing, notes)
    _report(series, values, "numbers", notes)
    whole = bool((values.dropna() % 1 == 0).all()) and values.abs().max() < EXACT
    if whole and seen.str.contains(decimal, regex=False).any():
        # pandas writes whole numbers with gaps as 3.0
        whole = bool(len(seen) < len(series) and seen.str.fullmatch(r"-?\d+\.0").all())
    return _typed(as_integers(values) if whole else finite(values, notes), notes)


def _why_words(seen: pd.Series, numbers: Numbers, fits: int, count: int) -> str:
    """Why words that are numbers are kept as words, or ''."""
    if _are_codes(seen):
        return "numbers that begin with 0 or + are kept as words."
    values = numbers.values
    if (
        values.abs().max() >= EXACT
        and seen.str.fullmatch(r"-?\d+").all()
        and (seen.str.len().max() <= LONGEST_ID or seen.str.len().min() > 15)
    ):
        return (
            f"whole numbers of up to {int(seen.str.len().max())} digits are kept digit for digit, "
            "as words; choose the type numeric to read them as quantities."
        )
    lost = count - fits
    if not (numbers.bounds or lost) or values.nunique() > FEW_NUMBERS:
        return ""
    if numbers.bounds:
        return (
            "with bounds among few values it was read as categories; choose the type numeric to "
            f"read it as numbers: {numbers.notes[-1]}"
        )
    others = seen[values[seen.index].isna()]
    if fits < 0.9 * count or lost < 2 * others.nunique():
        return ""
    return (
        f"{lost:,} of {count:,} values are no numbers ({others.iloc[0][:20]!r}), and few numbers "
        "differ; it was read as categories. Choose the type numeric to set the others missing."
    )


def _half(seen: pd.Series, read: pd.Series, fits: int, count: int) -> str:
    other = seen[~read[seen.index]].iloc[0][:20]
    return (
        f"{seen.name}: {fits:,} of {count:,} values are numbers; it was read as categories, for "
        f"others are none ({other!r}). Choose the type numeric to set those missing."
    )


def _say_missing(series: pd.Series, gone: np.ndarray, notes: list[str]) -> None:
    """Count the words that were read as missing, but for the most usual."""
    words = series[gone]
    words = words[~words.isin(STANDARD)]
    if len(words):
        kinds = ", ".join(repr(w[:20]) for w in words.unique()[:3])
        notes.append(
            f"{series.name}: {len(words):,} of {int(series.notna().sum()):,} values are {kinds} "
            "and were read as missing."
        )


def _say_sentinels(numbers: pd.Series, notes: list[str]) -> None:
    """Say of a number such as -999, far from all others, that it may mean missing."""
    values = numbers.to_numpy(dtype=float, na_value=np.nan)
    values = values[np.isfinite(values)]
    if len(values) < 3:
        return
    for end in (values.min(), values.max()):
        if end not in SENTINELS:
            continue
        rest = values[values != end]
        times, spread = len(values) - len(rest), np.ptp(rest) if len(rest) else 0.0
        if times > 1 and spread > 0 and np.abs(rest - end).min() > spread:
            notes.append(
                f"{numbers.name}: {times:,} of {len(values):,} values are {end:g}, far from all "
                "others; if that means missing, say so under Missing values."
            )


def is_free_text(seen: pd.Series) -> bool:
    """Whether words are long and mostly unique: eight words or more on average.

    Parameters
    ----------
    seen : Series of str
        The values, none of them missing; about 2000 of them are looked at.

    Returns
    -------
    bool
        True for prose.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.infer import is_free_text
    >>> bool(is_free_text(pd.Series(["red", "blue"])))
    False
    >>> bool(is_free_text(pd.Series(["the quick brown fox jumps over the lazy dog"])))
    True
    """
    sample = seen.iloc[:: max(1, len(seen) // 2000)]
    words = cast(Any, sample.str.split()).str.len()  # lists, of which its types know no length
    return words.mean() >= 8 and sample.nunique() > 0.5 * len(sample)


def _why_not(found: InferredColumn, first: bool, unnamed: bool) -> str:
    """Why a column tells a model nothing, or ''."""
    seen = found.values.dropna()
    different, n = seen.nunique(), len(seen)
    if different == 1 and (found.type == "date" or n == len(found.values) or not n):
        return "constant"
    if different == 1:
        return "constant where it has a value"
    name = str(found.values.name)
    named = unnamed or ID_NAMES.fullmatch(name) or ID_NAMES.fullmatch(name.lower())
    counts = (
        first
        and n >= 10
        and found.type == "integer"
        and seen.min() in (0, 1)
        and seen.max() - seen.min() == n - 1
    )
    if (
        found.type == "integer"
        and different == n == len(found.values)
        and (named or counts and seen.is_monotonic_increasing)
    ):
        return "a row number or identifier"
    if (
        found.type == "categorical"
        and different > 2
        and not isinstance(found.values.dtype, pd.CategoricalDtype)
    ):
        if different == n:
            return "different in every row, like a name or identifier"
        if different > max(50, 0.5 * n):
            return "nearly different in every row, like a name"
    return ""


def _convert(series: pd.Series, wanted: str, decimal: str, notes: list[str]) -> pd.Series:
    """Bring a column to a type; what does not fit becomes missing, counted in a note."""
    words = series if is_words(series) else None
    if wanted == "categorical":
        return series if words is None else _without_gaps(words, notes)
    if wanted == "date":
        return _must(series, _as_dates(series, words, decimal, notes), "dates")
    if wanted == "boolean":
        if pd.api.types.is_bool_dtype(series.dtype):
            return series
        place, different = pd.factorize(series)
        lowered = pd.Series(different).astype("str").str.lower().str.removesuffix(".0")
        truth = [True if w in TRUE else False if w in FALSE else None for w in lowered]
        values = pd.array([*truth, None], dtype="boolean")[place]
        values = pd.Series(values, index=series.index, name=series.name)
        _report(series, values, "yes or no", notes)
        return _must(series, values if values.isna().any() else values.astype(bool), "yes or no")
    if words is None:
        numbers = as_floats(series)
    else:
        found = to_numbers(words, decimal)
        numbers = found.values
        notes += [f"{series.name}: {note}" for note in (*found.notes, found.doubt) if note]
    _report(series, numbers, "numbers", notes)
    numbers = _must(series, finite(numbers, notes), "numbers")
    return as_integers(numbers.round()) if wanted == "integer" else numbers


def _without_gaps(words: pd.Series, notes: list[str]) -> pd.Series:
    """Words, without those that mean missing."""
    gone = _gone(words, among_numbers=False)
    if not gone.any():
        return words
    _say_missing(words, gone, notes)
    return words.mask(gone)


def _gone(words: pd.Series, among_numbers: bool) -> np.ndarray:
    """Which words of a column mean missing."""
    place, different = pd.factorize(words)
    gone = find_missing(pd.Series(different, dtype="str"), among_numbers)
    return np.append(gone, False)[place]  # a gap has place -1


def _true_or_false(words: pd.Series) -> bool:
    first = words.dropna().iloc[:1000].str.lower().unique()
    if not set(first) <= {"true", "false"}:
        return False
    return bool(words.dropna().str.lower().isin(["true", "false"]).all())


def _as_dates(
    series: pd.Series, words: pd.Series | None, decimal: str, notes: list[str]
) -> pd.Series | None:
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series
    if words is None:
        if not pd.api.types.is_numeric_dtype(series.dtype):
            return pd.to_datetime(series.astype("str"), errors="coerce")
        return numbers_to_dates(as_floats(series), notes)
    numbers = pd.to_numeric(words, errors="coerce").astype(float)
    if numbers.notna().sum() >= 0.5 * words.notna().sum():
        dates: pd.Series | None = numbers_to_dates(numbers, notes)
    else:
        dates = to_dates(words, decimal == ",", notes, force=True)
    if dates is not None:
        _report(words, dates, "dates", notes)
    return dates


def _must(series: pd.Series, converted: pd.Series | None, what: str) -> pd.Series:
    if converted is None or not converted.notna().any():
        example = str(series.dropna().iloc[0])[:40]
        raise DataError(
            f"Column {series.name!r} was said to hold {what}, but none of its values is one (the "
            "first is "
            f"{example!r}); choose another type or leave it out."
        )
    return converted


def _report(series: pd.Series, converted: pd.Series, what: str, notes: list[str]) -> None:
    gone = series.notna() & converted.isna()
    if not gone.any():
        return
    lost = series[gone]
    if is_words(lost):
        lost = lost[~_gone(lost, among_numbers=True)]
    if len(lost):
        examples = ", ".join(repr(str(v)[:20]) for v in lost.unique()[:3])
        notes.append(
            f"{series.name}: {len(lost):,} of {int(series.notna().sum()):,} values are not {what} "
            f"({examples}) and "
            "were set to missing."
        )


def _are_codes(seen: pd.Series) -> bool:
    """Digits that begin with 0, such as postcodes: their zeros must come back. Or telephone
    numbers, that begin with +.
    """
    signed = seen[seen.str.startswith("+")]
    if signed.str.fullmatch(r"\+\d[\d ()/-]{7,}").sum() > 0.5 * len(seen):
        return True
    zeros = seen[seen.str.startswith("0")]
    return bool(len(zeros) and zeros.str.fullmatch(r"0\d+\s*").sum() > 0.01 * len(seen))
