"""Which words mean that a value is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

# what CSV files of R, pandas and SQL write for no value: so common that nothing is said of it
STANDARD = frozenset(
    (
        "",
        "NA",
        "N/A",
        "n/a",
        "NaN",
        "nan",
        "-nan",
        "NULL",
        "null",
        "<NA>",
        "#N/A",
        "#NA",
        "None",
        "?",
    )
)
# of statistical offices, databases and spreadsheets: missing in a column of any kind
MARKS = frozenset(
    (
        *("??", "-", "--", "---", "–", "—", ".", "..", "...", "…", ":", "\u2212"),
        *("\\N", "(null)", "[null]", "<null>", "(blank)", "NaT", "<NaT>", "n.a.", "N.A.", "n. a."),
        *("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
        *("#N/A N/A", "#ERROR!", "-NaN", "+nan", "nan(ind)", "-nan(ind)", "1.#QNAN", "-1.#IND"),
        *("1.#IND", "-1.#QNAN", "#DIV/0", "#WERT!", "#BEZUG!", "#NV", "#ZAHL!", "#VALEUR!"),
    )
)
# words that may be a category of their own, but are no number and no date
AMONG_NUMBERS = frozenset(
    (
        *("na", "none", "nil", "null", "nan", "n.a", "n/a", "n.d.", "n.d", "nd", "n/d", "n. d."),
        *(
            "n/v",
            "n.v.",
            "k.a.",
            "k. a.",
            "k.a",
            "s/d",
            "s.d.",
            "s/o",
            "missing",
            "unknown",
            "unkn",
        ),
        *("unk", "undefined", "undef", "empty", "blank", "not available", "not applicable"),
        *("not reported", "not recorded", "not known", "not measured", "not determined", "no data"),
        *("no value", "nodata", "no answer", "data missing", "suppressed", "confidential"),
        *("keine angabe", "keine angaben", "unbekannt", "fehlt", "nicht verfügbar", "inconnu"),
        *("sin dato", "sin datos", "no disponible", "desconocido", "n.c.", "nc", "n/c", "tbd"),
        *("*", "**", "***", "_", "__", "/", "//", "\\\\", "error", "#error", "invalid"),
        *("(missing)", "(none)", "(unknown)", "(empty)", "none given"),
    )
)
EUROSTAT = re.compile(r":\s*[a-z]{1,2}")  # a gap with a flag, such as ": u"


def find_missing(words: pd.Series, among_numbers: bool) -> np.ndarray:
    r"""Which words mean a missing value.

    Parameters
    ----------
    words : Series of str (n,)
        Different words, trimmed, none of them missing.
    among_numbers : bool
        Whether the rest of the column are numbers, truth values or dates, so that words such as
        "unknown" can be no category.

    Returns
    -------
    array of bool (n,)
        True where there is no value.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.missing import find_missing
    >>> find_missing(pd.Series(["1.5", ":", r"\N", "unknown"]), among_numbers=True).tolist()
    [False, True, True, True]
    >>> find_missing(pd.Series(["red", "..", "unknown"]), among_numbers=False).tolist()
    [False, True, False]
    """
    found = words.isin(STANDARD | MARKS).to_numpy(bool, copy=True)
    if among_numbers:
        short = words.str.len().to_numpy() <= 20
        lowered = words[short].str.casefold()
        found[short] |= lowered.isin(AMONG_NUMBERS).to_numpy(bool)
        found[short] |= lowered.str.fullmatch(EUROSTAT).to_numpy(bool)
    elif found.any() and (words == "+").any():
        # plus and minus are two answers
        found &= ~words.isin(["-", "–", "—", "--", "."]).to_numpy(bool)
    if not among_numbers and len(words) - found.sum() == 1:
        # where one level would be left the mark may be the other: smoker, "x" or "-"
        found = words.isin(STANDARD).to_numpy(bool)
    return found


def split_missing(text: str, decimal: str = ".") -> tuple[str, ...]:
    """The words of the option ``missing``.

    Parameters
    ----------
    text : str
        Words between semicolons or commas; where the comma is the decimal sign a space must follow
        it.
    decimal : {".", ","}
        What stands before a number's fraction.

    Returns
    -------
    tuple of str
        The words.

    Examples
    --------
    >>> from lvm_core.datasets.missing import split_missing
    >>> split_missing("-200, not asked"), split_missing("-9999,0; x", ",")
    (('-200', 'not asked'), ('-9999,0', 'x'))
    """
    parts = re.split(r";|,\s" if decimal == "," else "[;,]", text)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def set_missing(
    column: pd.Series, asked: Sequence[str], decimal: str, notes: list[str]
) -> pd.Series:
    """Set missing what a person said means so.

    Parameters
    ----------
    column : Series (n,)
        Words, numbers or truth values.
    asked : sequence of str
        Words, compared without their case, or numbers, compared by value.
    decimal : {".", ","}
        What stands before a number's fraction, in words.
    notes : list of str
        Added to, with how many there were.

    Returns
    -------
    Series (n,)
        The column with its gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.missing import set_missing
    >>> notes = []
    >>> column = pd.Series([1.5, -200.0, 2.5], name="CO")
    >>> set_missing(column, ["-200"], ".", notes).tolist(), notes
    ([1.5, nan, 2.5], ['CO: 1 of 3 values are -200, set to missing as asked.'])
    """
    if not asked:
        return column
    numbers = [value for word in asked if (value := _number(word, decimal)) is not None]
    if pd.api.types.is_bool_dtype(column.dtype):
        return column
    if pd.api.types.is_numeric_dtype(column.dtype):
        gone = column.isin(numbers)
    elif pd.api.types.is_string_dtype(column.dtype) and not isinstance(
        column.dtype, pd.CategoricalDtype
    ):
        different = pd.Series(column.dropna().unique(), dtype="str")
        hit = different.str.casefold().isin([word.casefold() for word in asked])
        if numbers:
            text = different.str.replace(",", ".", regex=False) if decimal == "," else different
            hit |= pd.to_numeric(text.str.replace("\u2212", "-"), errors="coerce").isin(numbers)
        gone = column.isin(different[hit])
    else:
        gone = column.astype("str").str.casefold().isin([w.casefold() for w in asked])
    if not gone.any():
        return column
    kinds = ", ".join(
        v if isinstance(v, str) else f"{v:.15g}" for v in column[gone].unique()[:3].tolist()
    )
    notes.append(
        f"{column.name}: {int(gone.sum()):,} of {int(column.notna().sum()):,} values are {kinds}, "
        "set to missing as asked."
    )
    return column.mask(gone)


def _number(word: str, decimal: str) -> float | None:
    try:
        return float(word.replace("\u2212", "-").replace(",", "." if decimal == "," else ","))
    except ValueError:
        return None
