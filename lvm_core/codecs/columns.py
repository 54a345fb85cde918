"""The columns of a table that have a range: numbers and dates; and what every column does."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd

from ..schema import FeatureGroup

MISSING = "(missing)"
# standard deviations that rounding to float32 may move a value off an end of its range
NEAR = 1e-6
UNITS = ("D", "h", "m", "s", "ms", "us", "ns")


@dataclass
class Column:
    """One column of a table.

    Parameters
    ----------
    name : object
        What the column is called.
    dtype : str
        The pandas type it comes back in.
    missing : float
        Its share of missing values, 0 to 1.

    Attributes
    ----------
    type : str
        The type of its values, of the class.

    See Also
    --------
    lvm_core.codecs.table.TableCodec : All columns of a table.

    Examples
    --------
    >>> from lvm_core.codecs.columns import Column
    >>> Column("height", "float64", 0.0).show(None)
    '(missing)'
    """

    type: ClassVar[str] = ""

    name: Any
    dtype: str
    missing: float

    @classmethod
    def of(cls, series: pd.Series, **options) -> Column:
        """Learn from the observed values."""
        raise NotImplementedError

    def groups(self) -> tuple[FeatureGroup, ...]:
        """The feature groups of X that this column fills, all named after it."""
        raise NotImplementedError

    def encode(self, series: pd.Series) -> np.ndarray:
        """Values -> (n, size) float."""
        raise NotImplementedError

    def decode(self, X: np.ndarray) -> pd.Series:
        """(n, size) -> values in the column's own type, clipped to what was seen."""
        raise NotImplementedError

    def fraction(self, value) -> float | None:
        """Where a value lies in the range seen, 0 to 1.

        None for missing values and for columns without a range.
        """
        return None

    def show(self, value) -> str:
        """A value as text for people."""
        return MISSING if pd.isna(value) else str(value)

    def ends(self) -> tuple[str, str] | None:
        """The least and the greatest value seen, as text; None for columns without a range."""
        return None

    def to_json(self) -> dict:
        """Plain JSON types; :func:`lvm_core.codecs.table.column_from_json` brings it back."""
        return {"type": self.type, **asdict(self)}

    def _indicator(self) -> tuple[FeatureGroup, ...]:
        return (FeatureGroup("bernoulli", 1, f"{self.name} {MISSING}", 1),) if self.missing else ()

    def _with_indicator(self, values: np.ndarray, gone: np.ndarray) -> np.ndarray:
        return np.column_stack([values, gone]) if self.missing else values[:, None]

    def _gone(self, X: np.ndarray) -> np.ndarray:
        return X[:, 1] > 0.5 if self.missing else np.zeros(len(X), bool)


@dataclass
class Numeric(Column):
    """A real number: standardised to mean 0 and standard deviation 1.

    Missing values have a column of X of their own.

    Parameters
    ----------
    name, dtype, missing
        As for :class:`Column`.
    low, high : float
        Least and greatest value seen; decoded values are clipped to them.
    mean, std : float
        Mean and standard deviation of the values seen; 1 for a constant.
    decimals : int
        Decimal places that show every observed value, or three significant digits of the spread.
    rounded : bool
        Whether all observed values end at ``decimals``, so that decoded ones do.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.columns import Numeric
    >>> heights = pd.Series([1.5, 2.5, None], name="height")
    >>> column = Numeric.of(heights)
    >>> column.encode(heights).tolist()
    [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    >>> column.decode(column.encode(heights)).tolist()
    [1.5, 2.5, nan]
    >>> column.show(1.5), column.ends()
    ('1.5', ('1.5', '2.5'))
    """

    type: ClassVar[str] = "numeric"

    low: float
    high: float
    mean: float
    std: float
    # that show every observed value, or three significant digits of the spread
    decimals: int
    rounded: bool = False  # whether all observed values end at ``decimals``

    @classmethod
    def of(cls, series, **options):
        x = floats(series)
        seen = x[np.isfinite(x)]
        low, high, mean, std = _moments(seen)
        decimals, rounded = _decimals(seen, std)
        return cls(
            series.name,
            str(series.dtype),
            float(1 - len(seen) / max(len(x), 1)),
            low,
            high,
            mean,
            std,
            decimals,
            rounded,
        )

    def groups(self):
        return (FeatureGroup("gaussian", 1, str(self.name)), *self._indicator())

    def encode(self, series):
        x = self._numbers(series)
        gone = ~np.isfinite(x)
        return self._with_indicator(
            np.where(gone, 0.0, (np.where(gone, 0.0, x) - self.mean) / self.std), gone
        )

    def decode(self, X):
        x = np.clip(X[:, 0].astype(np.float64) * self.std + self.mean, self.low, self.high)
        for end in (self.low, self.high):  # 0 of a float32 row is a ten-millionth otherwise
            x = np.where(np.abs(x - end) <= NEAR * self.std, end, x)
        return self._restore(x, self._gone(X))

    def fraction(self, value):
        if pd.isna(value):
            return None
        x = float(self._numbers(pd.Series([value]))[0])
        return float(np.clip((x - self.low) / ((self.high - self.low) or 1.0), 0, 1))

    def show(self, value):
        return MISSING if pd.isna(value) else f"{float(value):,.{self.decimals}f}"

    def ends(self):
        return self.show(self.low), self.show(self.high)

    def _numbers(self, series) -> np.ndarray:
        return floats(series)

    def _restore(self, x, gone) -> pd.Series:
        if self.rounded:
            x = np.clip(np.round(x, self.decimals), self.low, self.high)
        return as_type(pd.Series(np.where(gone, np.nan, x)), self.dtype)


@dataclass
class Integer(Numeric):
    """A whole number: a number that comes back rounded.

    Parameters
    ----------
    name, dtype, missing, low, high, mean, std, decimals, rounded
        As for :class:`Numeric`.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.codecs.columns import Integer
    >>> Integer.of(pd.Series([1, 3], name="rooms")).decode(np.array([[0.1], [9.0]])).tolist()
    [2, 3]
    """

    type: ClassVar[str] = "integer"

    def show(self, value):
        return MISSING if pd.isna(value) else f"{round(float(value)):,}"

    def _restore(self, x, gone):
        if not gone.any():
            return as_type(pd.Series(_whole(np.rint(x), self.dtype)), self.dtype)
        whole = pd.array(_whole(np.rint(x), "int64"), dtype="Int64")
        whole[gone] = pd.NA
        if self.dtype == "object":
            return pd.Series([None if v is pd.NA else v for v in whole], dtype=object)
        return as_type(pd.Series(whole), self.dtype)


@dataclass
class Date(Numeric):
    """A moment: counted in steps from the earliest one seen; whole days stay whole days.

    Parameters
    ----------
    name, dtype, missing, low, high, mean, std, decimals, rounded
        As for :class:`Numeric`, in steps.
    start : str
        The earliest moment seen, where steps are counted from.
    unit : {"D", "h", "m", "s", "ms", "us", "ns"}
        The length of a step: the longest that every moment seen is a multiple of.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.columns import Date
    >>> column = Date.of(pd.to_datetime(pd.Series(["2024-03-01", "2024-03-05"], name="day")))
    >>> column.unit, column.ends()
    ('D', ('2024-03-01', '2024-03-05'))
    """

    type: ClassVar[str] = "date"

    start: str = ""
    unit: str = "D"

    @classmethod
    def of(cls, series, **options):
        moments = _moments_of(series)
        seen = moments[~np.isnat(moments)]
        unit = next((u for u in UNITS if (seen == seen.astype(f"M8[{u}]")).all()), "ns")
        start = str(seen.min()) if len(seen) else "1970-01-01"
        missing = float(1 - len(seen) / max(len(moments), 1))
        blank = cls(
            series.name, str(series.dtype), missing, 0.0, 0.0, 0.0, 1.0, 0, False, start, unit
        )
        blank.low, blank.high, blank.mean, blank.std = _moments(blank._numbers(pd.Series(seen)))
        return blank

    def ends(self):
        low, high = (
            np.datetime64(self.start) + np.timedelta64(round(steps), self.unit)
            for steps in (self.low, self.high)
        )
        return self.show(low), self.show(high)

    def show(self, value):
        if pd.isna(value):
            return MISSING
        clock = {"D": "", "h": " %H:%M", "m": " %H:%M"}.get(self.unit, " %H:%M:%S")
        return pd.Timestamp(value).strftime("%Y-%m-%d" + clock)

    def _numbers(self, series):
        moments = _moments_of(series)
        steps = (moments - np.datetime64(self.start)) / np.timedelta64(1, self.unit)
        return np.where(np.isnat(moments), np.nan, steps)

    def _restore(self, x, gone):
        moments = np.datetime64(self.start) + np.rint(x).astype(np.int64).astype(f"m8[{self.unit}]")
        moments = cast(pd.Series, pd.Series(np.where(gone, np.datetime64("NaT"), moments)))
        zone = self.dtype.partition(", ")[2].rstrip("]")
        if zone:
            return as_type(moments.dt.tz_localize("UTC").dt.tz_convert(zone), self.dtype)
        return as_type(moments, self.dtype)


def as_type(series: pd.Series, dtype: str) -> pd.Series:
    """A column as another type.

    Parameters
    ----------
    series : Series (n,)
    dtype : str
        What pandas calls the type.

    Returns
    -------
    Series (n,)

    Examples
    --------
    >>> import pandas as pd
    >>> as_type(pd.Series([1, 0]), "bool").tolist()
    [True, False]
    """
    return series.astype(cast(Any, dtype))  # the types of pandas list the names they know


def floats(series: pd.Series) -> np.ndarray:
    """The values of a column as numbers.

    Parameters
    ----------
    series : Series (n,)
        Of any dtype.

    Returns
    -------
    array of float64 (n,)
        NaN where a value is missing or no number.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.columns import floats
    >>> floats(pd.Series([1, "2", "x", None])).tolist()
    [1.0, 2.0, nan, nan]
    """
    return pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _moments_of(series: pd.Series) -> np.ndarray:
    series = pd.to_datetime(series, errors="coerce")
    if series.dt.tz is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    return series.to_numpy()


def _moments(seen: np.ndarray) -> tuple[float, float, float, float]:
    """Least, greatest, mean, standard deviation (1 for a constant); scaled first so that huge
    numbers do not overflow.
    """
    if not len(seen):
        return 0.0, 0.0, 0.0, 1.0
    size = float(np.abs(seen).max()) or 1.0
    mean, std = float((seen / size).mean() * size), float((seen / size).std() * size)
    return (
        float(seen.min()),
        float(seen.max()),
        mean,
        std if math.isfinite(std) and std > 0 else 1.0,
    )


def _decimals(seen: np.ndarray, std: float) -> tuple[int, bool]:
    sample = seen[:5000]
    if not len(sample) or np.abs(sample).max() > 1e9:
        return 0, False
    for places in range(7):
        if np.allclose(np.round(sample, places), sample, rtol=1e-12, atol=0):
            return places, bool(np.allclose(np.round(seen, places), seen, rtol=1e-12, atol=0))
    return int(np.clip(2 - math.floor(math.log10(std)), 0, 9)), False


def _whole(x: np.ndarray, dtype: str) -> np.ndarray:
    """Whole floats -> whole numbers that the type can hold."""
    name = dtype.lower() if dtype.lower().startswith(("int", "uint")) else "int64"
    info = np.iinfo(name)
    top = float(info.max)
    return np.clip(x, float(info.min), np.nextafter(top, 0) if int(top) > info.max else top).astype(
        name
    )
