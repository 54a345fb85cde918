"""A column in plain pandas types: words, numbers, truth values, categories or moments."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

EXACT = 2**53  # whole numbers from here on are not exact in floating point
BLANK = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2003\u2007\u2009\u200b\u202f\u3000\ufeff"
NUMBERS = ("integer", "integer-na", "floating", "mixed-integer-float", "decimal")


def plain_column(series: pd.Series, notes: list[str]) -> pd.Series | None:
    """Bring a column to plain types.

    Parameters
    ----------
    series : Series (n,)
        The column as it was read.
    notes : list of str
        Added to, where values had to be changed.

    Returns
    -------
    Series (n,) or None
        Trimmed words, numbers, truth values, categories or moments; whole numbers that floating
        point could not hold exactly are words. None when it holds something else.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.plain import plain_column
    >>> plain_column(pd.Series([" a", "a "]), []).tolist()
    ['a', 'a']
    >>> plain_column(pd.Series([1234567890123456789, None], dtype="Int64"), []).tolist()
    ['1234567890123456789', nan]
    """
    name, dtype = series.name, series.dtype
    if pd.api.types.is_object_dtype(dtype):
        return _from_objects(series, notes)
    if isinstance(dtype, pd.CategoricalDtype):
        return _categories(series)
    if is_words(series):
        return series.str.strip(BLANK)
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)):
        return series.astype("str").where(series.notna())
    if pd.api.types.is_timedelta64_dtype(dtype):
        notes.append(f"{name}: durations are given in seconds.")
        return series.dt.total_seconds()
    if isinstance(dtype, pd.DatetimeTZDtype):
        notes.append(f"{name}: times were brought to UTC.")
        return series.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_complex_dtype(dtype):
        return None
    if pd.api.types.is_float_dtype(dtype):
        return finite(as_floats(series), notes)
    if pd.api.types.is_integer_dtype(dtype) and not _exact(series):
        return series.astype("str").where(series.notna())
    if (
        pd.api.types.is_extension_array_dtype(dtype)
        and dtype.kind in "iub"
        and not series.isna().any()
    ):
        return series.astype(cast(Any, dtype).numpy_dtype)
    return series


def _exact(integers: pd.Series) -> bool:
    seen = integers.dropna()
    return not len(seen) or int(seen.max()) < EXACT and int(seen.min()) > -EXACT


def _categories(series: pd.Series) -> pd.Series:
    levels = series.cat.categories
    kinds = (str, bool, int, float, np.integer, np.floating, np.bool_)
    if not all(isinstance(v, kinds) for v in levels):
        return series.astype("str").where(series.notna()).astype("category")
    if any(isinstance(v, str) and v != v.strip(BLANK) for v in levels):
        return series.astype("str").str.strip(BLANK).where(series.notna())
    return series


def _from_objects(series: pd.Series, notes: list[str]) -> pd.Series | None:
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if series.map(lambda v: isinstance(v, (list, dict, tuple, set, bytes, np.ndarray))).any():
        return None
    if kind == "boolean":
        return series.astype("boolean" if series.isna().any() else bool)
    if kind in NUMBERS and not (kind.startswith("integer") and not _exact(series)):
        numbers = finite(as_floats(series), notes)
        return as_integers(numbers) if kind.startswith("integer") else numbers
    if kind in ("datetime", "date", "datetime64"):
        return pd.to_datetime(series, errors="coerce", utc=True).dt.tz_localize(None)
    words = series.map(lambda v: v if isinstance(v, str) else str(v), na_action="ignore")
    return words.astype("str").str.strip(BLANK)


def is_words(series: pd.Series) -> bool:
    """Whether a column of plain types holds words.

    Parameters
    ----------
    series : Series (n,)
        The column.

    Returns
    -------
    bool
        False for categories, whatever their levels.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.plain import is_words
    >>> is_words(pd.Series(["a"])), is_words(pd.Series(["a"], dtype="category"))
    (True, False)
    """
    return pd.api.types.is_string_dtype(series.dtype) and not isinstance(
        series.dtype, pd.CategoricalDtype
    )


def as_floats(series: pd.Series) -> pd.Series:
    """Numbers of any dtype as float64.

    Parameters
    ----------
    series : Series (n,)
        Numbers, truth values or categories of them.

    Returns
    -------
    Series of float64 (n,)
        NaN for what is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.plain import as_floats
    >>> as_floats(pd.Series([1, None], dtype="Int64")).tolist()
    [1.0, nan]
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype if not series.isna().any() else object)
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(values, index=series.index, name=series.name)


def as_integers(numbers: pd.Series) -> pd.Series:
    """Whole numbers as integers, with gaps where there are some.

    Parameters
    ----------
    numbers : Series of float64 (n,)
        Whole numbers, or NaN.

    Returns
    -------
    Series of int64 or Int64 (n,)
        The same numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.plain import as_integers
    >>> str(as_integers(pd.Series([1.0, 2.0])).dtype)
    'int64'
    """
    return numbers.astype("Int64" if numbers.isna().any() else "int64")


def finite(numbers: pd.Series, notes: list[str]) -> pd.Series:
    """Numbers with infinity set to missing.

    Parameters
    ----------
    numbers : Series (n,)
        The numbers.
    notes : list of str
        Added to, where there was infinity.

    Returns
    -------
    Series (n,)
        The finite ones, others missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.plain import finite
    >>> notes = []
    >>> finite(pd.Series([1.0, float("inf")], name="a"), notes).tolist(), notes
    ([1.0, nan], ['a: 1 infinite values were set to missing.'])
    """
    endless = np.isinf(numbers.to_numpy(dtype=float, na_value=np.nan))
    if endless.any():
        notes.append(f"{numbers.name}: {int(endless.sum()):,} infinite values were set to missing.")
        numbers = numbers.mask(endless)
    return numbers
