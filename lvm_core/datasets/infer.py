"""What a column of a table is: its type, its typed values, and every value that did not fit,
counted.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from ..settings import DataError

NESTED = "nested or binary"
COLUMN_TYPES = ("numeric", "integer", "boolean", "categorical", "date", "text", "ignore")
TRUE, FALSE = (
    {"true", "t", "yes", "y", "1", "on", "ja", "oui", "si"},
    {"false", "f", "no", "n", "0", "off", "nein", "non"},
)
NOTHING = {
    "",
    "-",
    "--",
    "?",
    ".",
    "n.a.",
    "na",
    "n/a",
    "nan",
    "null",
    "none",
    "missing",
    "<na>",
    "#n/a",
}
ID_NAMES = re.compile(
    r"(|.*[ _.-])(id|ids|index|idx|uuid|guid|key|nr|no|number|rownames?|#)|unnamed: "
    r"\d+|__index_level_\d+__"
    r"|.*[a-z]Id|.*ID"
)
DAYS = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d. %B %Y",
    "%b %Y",
    "%B %Y",
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", "T%H:%M:%S", " %H:%M:%S.%f")
LOOKS_LIKE_DATE = re.compile(
    r"\s*(\d{1,4}[-/. ]+\w{1,9}([-/. ,]+\d{1,4})?|[A-Za-z]{3,9}\.? \d{1,4},?)"
)


@dataclass
class InferredColumn:
    """One column of a raw table, understood.

    Parameters
    ----------
    values : Series (n,)
        Its values in plain types; empty where they are nested or binary.
    type : {"numeric", "integer", "boolean", "categorical", "date", "text", "ignore"}
        Its type.
    reason : str
        Why it is left out; empty where it is not.
    notes : list of str
        Sentences about it.

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


def infer_column(
    series: pd.Series, wanted: str = "", decimal: str = ".", first: bool = False
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
    plain = _plain(series, notes)
    if plain is None:
        return InferredColumn(pd.Series(dtype=object), "ignore", NESTED, notes)
    series = plain
    if not series.notna().any():
        return InferredColumn(series, "ignore", "without any value", notes)
    if wanted in ("ignore", "text"):
        return InferredColumn(series, wanted, "as asked" if wanted == "ignore" else "", notes)
    said: list[str] = []
    found = _words(series, decimal, said) if _is_words(series) else _typed(series)
    if wanted and wanted != found.type:
        return InferredColumn(_convert(series, wanted, decimal, notes), wanted, "", notes)
    found.notes = notes + said
    if wanted:
        return found
    if not found.reason:
        found.reason = _why_not(found, first)
    if found.reason:
        found.type = "ignore"
    return found


def _typed(series: pd.Series) -> InferredColumn:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return InferredColumn(series, "categorical")
    if pd.api.types.is_bool_dtype(dtype):
        return InferredColumn(series, "boolean")
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return InferredColumn(series, "date")
    if pd.api.types.is_integer_dtype(dtype):
        return InferredColumn(
            series, "boolean" if set(series.dropna().unique()) == {0, 1} else "integer"
        )
    return InferredColumn(series, "numeric")


def _words(series: pd.Series, decimal: str, notes: list[str]) -> InferredColumn:
    """The type of a column of words."""
    seen = series.dropna()
    lowered = set(seen.str.lower().unique()[:3]) if seen.nunique() <= 2 else {""}
    if lowered <= {"true", "false"}:
        return InferredColumn(_convert(series, "boolean", decimal, notes), "boolean")
    numbers, cleaned = to_numbers(series, decimal)
    share = numbers.notna().sum() / len(seen)
    if share >= 0.9 and not _are_codes(seen):
        if cleaned:
            notes.append(
                f"{series.name}: thousands separators, currency or percent signs were removed to "
                "read its numbers."
            )
        _report(series, numbers, "numbers", notes)
        # pandas writes whole numbers with gaps as 3.0
        as_floats = series.isna().any() and seen.str.fullmatch(r"-?\d+\.0").all()
        fractions = seen.str.contains(decimal, regex=False).any() and not as_floats
        whole = not fractions and (numbers.dropna() % 1 == 0).all() and numbers.abs().max() < 2**53
        return _typed(_as_integers(numbers) if whole else _finite(numbers, notes))
    if share >= 0.5 and not _are_codes(seen):
        notes.append(
            f"{series.name}: {int(numbers.notna().sum()):,} of {len(seen):,} values are numbers; "
            "it was read as "
            "categories. Choose the type numeric to set the others missing."
        )
    dates = to_dates(series, decimal == ",", notes)
    if dates is not None:
        return InferredColumn(dates, "date")
    return InferredColumn(series, "text" if is_free_text(seen) else "categorical")


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


def _why_not(found: InferredColumn, first: bool) -> str:
    """Why a column tells a model nothing, or ''."""
    seen = found.values.dropna()
    different, n = seen.nunique(), len(seen)
    if different == 1 and (found.type == "date" or n == len(found.values) or not n):
        return "constant"
    if different == 1:
        return "constant where it has a value"
    named = ID_NAMES.fullmatch(str(found.values.name)) or ID_NAMES.fullmatch(
        str(found.values.name).lower()
    )
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


def to_numbers(series: pd.Series, decimal: str) -> tuple[pd.Series, bool]:
    """Words -> numbers.

    Parameters
    ----------
    series : Series of str (n,)
        Words, or missing.
    decimal : {".", ","}
        What stands before a number's fraction.

    Returns
    -------
    numbers : Series of float64 (n,)
        NaN where there is no number.
    changed : bool
        Whether separators or signs had to be removed.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.infer import to_numbers
    >>> numbers, changed = to_numbers(pd.Series(["1.234,5", "12 %", "none"]), ",")
    >>> numbers.tolist(), changed
    ([1234.5, 12.0, nan], True)
    """
    words = series.str.strip()
    numbers = pd.to_numeric(
        words.str.replace(",", ".", regex=False) if decimal == "," else words, errors="coerce"
    ).astype(float)
    unsure = (
        numbers.isna() | words.str.contains(".", regex=False) if decimal == "," else numbers.isna()
    )
    rest = words[unsure.astype(bool) & words.notna()]
    if not len(rest):
        return numbers, False
    different = pd.Series(rest.unique(), dtype="str")
    if not _cleaned(different.iloc[:: max(1, len(different) // 500)], decimal).notna().any():
        return numbers, False
    cleaned = rest.map(dict(zip(different, _cleaned(different, decimal)))).astype(float)
    changed = bool((cleaned.notna() & (cleaned != numbers[rest.index])).any())
    numbers[rest.index] = cleaned
    return numbers, changed


def _cleaned(words: pd.Series, decimal: str) -> pd.Series:
    """Numbers as people write them, with separators, currency and percent signs -> float64."""
    text = words.str.replace(r"^([+-]?)\s*[$€£¥]\s*|\s*[%€$£¥]$", r"\1", regex=True)
    text = text.str.replace(r"(?<=\d)[\s\u00a0\u202f'’](?=\d{3}(\D|$))", "", regex=True)
    if decimal == ",":
        dotted = text[text.str.contains(".", regex=False)]
        if len(dotted) and dotted.str.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?").mean() > 0.9:
            text = text.str.replace(".", "", regex=False)
        text = text.str.replace(",", ".", regex=False)
    else:
        text = text.where(
            ~text.str.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
            text.str.replace(",", "", regex=False),
        )
    return pd.to_numeric(text, errors="coerce").astype(float)


def to_dates(
    series: pd.Series, day_first: bool, notes: list[str], force: bool = False
) -> pd.Series | None:
    """Words -> moments.

    Parameters
    ----------
    series : Series of str (n,)
        Words, or missing.
    day_first : bool
        Whether the day stands first where nothing in the column says which.
    notes : list of str
        Added to, where that had to be decided or words are no dates.
    force : bool
        Whether one date is enough.

    Returns
    -------
    Series of datetime64 (n,) or None
        NaT where there is no date; None when fewer than nine in ten are dates (``force``: when none
        is).

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.infer import to_dates
    >>> to_dates(pd.Series(["3 Mar 2024", "17 Apr 2024"]), False, []).dt.month.tolist()
    [3, 4]
    >>> to_dates(pd.Series(["red", "blue"]), False, []) is None
    True
    """
    seen = series.dropna()
    sample = seen.iloc[:: max(1, len(seen) // 200)].str.strip()
    if not force and sample.str.match(LOOKS_LIKE_DATE).mean() < 0.9:
        return None
    formats = ["ISO8601", *(d + t for t, d in itertools.product(TIMES, DAYS))]
    fits = {
        f: pd.to_datetime(sample, format=f, errors="coerce", utc=f == "ISO8601").notna().mean()
        for f in formats
    }
    best = max(fits.values())
    if best < (1e-9 if force else 0.9):
        return None
    good = [f for f in formats if fits[f] == best]
    swapped = [f for f in good if f[:2] in ("%d", "%m") and f[3:5] in ("%d", "%m")]
    if good[0] in swapped and len({f[:2] for f in swapped}) == 2:
        first = "%d" if day_first or good[0][2] == "." else "%m"
        good = [f for f in swapped if f[:2] == first]
        notes.append(
            f"{series.name}: dates such as {sample.iloc[0]} were read with the "
            f"{'day' if first == '%d' else 'month'} "
            "first; nothing in the column says which."
        )
    dates = pd.to_datetime(
        series.str.strip(), format=good[0], errors="coerce", utc=good[0] == "ISO8601"
    )
    _report(series, dates, "dates", notes)
    return dates.dt.tz_localize(None)


def _convert(series: pd.Series, wanted: str, decimal: str, notes: list[str]) -> pd.Series:
    """Bring a column to a type; what does not fit becomes missing, counted in a note."""
    if wanted == "categorical":
        return series
    words = series if _is_words(series) else None
    if wanted == "date":
        dates = (
            to_dates(words, decimal == ",", notes, force=True)
            if words is not None
            else pd.to_datetime(series, errors="coerce")
        )
        return _must(series, dates, "dates")
    if wanted == "boolean":
        if pd.api.types.is_bool_dtype(series.dtype):
            return series
        lowered = series.astype("str").str.strip().str.lower().str.removesuffix(".0")
        values = [True if w in TRUE else False if w in FALSE else None for w in lowered]
        values = pd.Series(values, dtype="boolean", index=series.index, name=series.name)
        _report(series, values, "yes or no", notes)
        return _must(series, values if values.isna().any() else values.astype(bool), "yes or no")
    numbers = to_numbers(words, decimal)[0] if words is not None else _as_floats(series)
    _report(series, numbers, "numbers", notes)
    numbers = _must(series, _finite(numbers, notes), "numbers")
    return _as_integers(numbers.round()) if wanted == "integer" else numbers


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
    if _is_words(lost):
        lost = lost[~lost.str.strip().str.lower().isin(NOTHING)]
    if len(lost):
        examples = ", ".join(repr(str(v)[:20]) for v in lost.unique()[:3])
        notes.append(
            f"{series.name}: {len(lost):,} of {int(series.notna().sum()):,} values are not {what} "
            f"({examples}) and "
            "were set to missing."
        )


def _plain(series: pd.Series, notes: list[str]) -> pd.Series | None:
    """The column in plain pandas types: words, numbers, truth values, categories or moments;
    None when it holds something else.
    """
    name = series.name
    if isinstance(series.dtype, pd.CategoricalDtype):
        if not all(
            isinstance(v, (str, bool, int, float, np.integer, np.floating, np.bool_))
            for v in series.cat.categories
        ):
            series = series.astype("str")
        return series
    if isinstance(series.dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        return series.astype("str").where(series.notna())
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        notes.append(f"{name}: durations are given in seconds.")
        return series.dt.total_seconds()
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        notes.append(f"{name}: times were brought to UTC.")
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if series.dtype == object:
        return _from_objects(series, notes)
    if pd.api.types.is_complex_dtype(series.dtype):
        return None
    if pd.api.types.is_float_dtype(series.dtype):
        return _finite(_as_floats(series), notes)
    if (
        pd.api.types.is_extension_array_dtype(series.dtype)
        and series.dtype.kind in "iub"
        and not series.isna().any()
    ):
        return series.astype(cast(Any, series.dtype).numpy_dtype)
    return series


def _from_objects(series: pd.Series, notes: list[str]) -> pd.Series | None:
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if series.map(lambda v: isinstance(v, (list, dict, tuple, set, bytes, np.ndarray))).any():
        return None
    if kind == "boolean":
        return series.astype("boolean" if series.isna().any() else bool)
    if kind in ("integer", "integer-na", "floating", "mixed-integer-float", "decimal"):
        numbers = _finite(_as_floats(series), notes)
        return (
            _as_integers(numbers)
            if kind.startswith("integer") and numbers.abs().max() < 2**53
            else numbers
        )
    if kind in ("datetime", "date", "datetime64"):
        dates = pd.to_datetime(series, errors="coerce", utc=True).dt.tz_localize(None)
        return dates
    return series.map(lambda v: v if isinstance(v, str) else str(v), na_action="ignore").astype(
        "str"
    )


def _is_words(series: pd.Series) -> bool:
    return pd.api.types.is_string_dtype(series.dtype) and not isinstance(
        series.dtype, pd.CategoricalDtype
    )


def _as_floats(series: pd.Series) -> pd.Series:
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype if not series.isna().any() else object)
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(values, index=series.index, name=series.name)


def _as_integers(numbers: pd.Series) -> pd.Series:
    return numbers.astype("Int64" if numbers.isna().any() else "int64")


def _finite(numbers: pd.Series, notes: list[str]) -> pd.Series:
    endless = np.isinf(numbers.to_numpy(dtype=float, na_value=np.nan))
    if endless.any():
        notes.append(f"{numbers.name}: {int(endless.sum()):,} infinite values were set to missing.")
        numbers = numbers.mask(endless)
    return numbers


def _are_codes(seen: pd.Series) -> bool:
    """Digits that begin with 0, such as postcodes: their zeros must come back."""
    zeros = seen[seen.str.startswith("0")]
    return bool(len(zeros) and zeros.str.fullmatch(r"0\d+\s*").sum() > 0.01 * len(seen))
