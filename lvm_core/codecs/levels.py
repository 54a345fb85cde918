"""The columns of a table that have levels: truth values and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..schema import FeatureGroup
from .columns import MISSING, Column, as_type, floats

OTHER = "(other)"


@dataclass
class Boolean(Column):
    """True or false (or 1 and 0, in ``dtype``); missing values have a column of X of their own.

    Parameters
    ----------
    name, dtype, missing
        As for :class:`~lvm_core.codecs.columns.Column`.
    mean : float
        Share of true.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.levels import Boolean
    >>> smokers = pd.Series([True, False, True], name="smoker")
    >>> Boolean.of(smokers).encode(smokers).astype(int).tolist()
    [[1], [0], [1]]
    """

    type: ClassVar[str] = "boolean"

    mean: float  # share of true

    @classmethod
    def of(cls, series, **options):
        x = floats(series)
        seen = x[np.isfinite(x)]
        return cls(
            series.name,
            str(series.dtype),
            float(1 - len(seen) / max(len(x), 1)),
            float(seen.mean()) if len(seen) else 0.0,
        )

    @property
    def labels(self) -> list[str]:
        """What it can be, as text."""
        return (["no", "yes"] if "bool" in self.dtype or self.dtype == "object" else ["0", "1"]) + [
            MISSING
        ] * bool(self.missing)

    def groups(self):
        return (FeatureGroup("bernoulli", 1, str(self.name)), *self._indicator())

    def encode(self, series):
        x = floats(series)
        gone = ~np.isfinite(x)
        return self._with_indicator(np.where(gone, self.mean > 0.5, x > 0.5), gone)

    def decode(self, X):
        true, gone = X[:, 0] > 0.5, self._gone(X)
        if not gone.any():
            return as_type(pd.Series(true), self.dtype)
        if self.dtype in ("object", "boolean"):
            values = true.astype(object)
            values[gone] = None
            return as_type(pd.Series(values, dtype=object), self.dtype)
        return as_type(pd.Series(np.where(gone, np.nan, true)), self.dtype)

    def show(self, value):
        return MISSING if pd.isna(value) else self.labels[int(bool(value))]


@dataclass
class Categorical(Column):
    """One of some levels, one-hot.

    Where there were too many, the rest are ``(other)``; missing is a level of its own.

    Parameters
    ----------
    name, dtype, missing
        As for :class:`~lvm_core.codecs.columns.Column`.
    levels : list
        The levels, in the order of their columns of X.
    other : bool
        Whether there were more.
    categories : list, optional
        Those of a pandas categorical, else None.
    ordered : bool
        That of a pandas categorical, else False.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.levels import Categorical
    >>> colours = pd.Series(["red", "blue", None], name="colour")
    >>> column = Categorical.of(colours)
    >>> column.labels
    ['blue', 'red', '(missing)']
    >>> column.encode(colours).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """

    type: ClassVar[str] = "categorical"

    levels: list
    other: bool = False
    categories: list | None = None
    ordered: bool = False

    @classmethod
    def of(cls, series, max_levels: int = 50, **options):
        typed, categories = str(series.dtype), None
        ordered = typed == "category" and bool(series.cat.ordered)
        if typed == "category":
            categories = [_plain(v) for v in series.cat.categories]
        counts = series.value_counts()
        counts = counts[counts > 0]
        kept = {_plain(v) for v in counts.index[:max_levels]}
        levels = [v for v in categories if v in kept] if categories else sorted(kept, key=_order)
        missing = float(series.isna().mean()) if len(series) else 0.0
        return cls(
            series.name, typed, missing, levels, len(counts) > len(levels), categories, ordered
        )

    @property
    def labels(self) -> list[str]:
        """What it can be, as text, in the order of its columns of X."""
        return [str(v) for v in self.levels] + [OTHER] * self.other + [MISSING] * bool(self.missing)

    def groups(self):
        size = max(1, len(self.labels))
        return (FeatureGroup("categorical", size, str(self.name), size - 1 if self.missing else 0),)

    def encode(self, series):
        known = {v: i for i, v in enumerate(self.levels)}
        size, strange = max(1, len(self.labels)), len(self.levels) if self.other else -1
        codes, uniques = pd.factorize(series)  # look each different value up once
        places = np.array(
            [known.get(_plain(v), strange) for v in uniques] + [size - 1 if self.missing else -1]
        )
        place = places[codes]
        hot = np.zeros((len(series), size))
        hot[np.arange(len(series)), place] = 1
        # a value never seen: no level is more likely than another
        hot[place < 0] = 1 / size
        return hot

    def decode(self, X):
        place = X.argmax(1)
        values = np.array([*self.levels, None], dtype=object)[np.minimum(place, len(self.levels))]
        if self.other:
            values[place == len(self.levels)] = OTHER if self._words() else None
        if self.categories is not None:
            known = self.categories + [OTHER] * (self.other and self._words())
            return pd.Series(
                pd.Categorical(values, categories=pd.Index(known), ordered=self.ordered)
            )
        series = pd.Series(values, dtype=object)
        if self.dtype == "object":
            return series
        nullable = {"int": "Int64", "uint": "UInt64", "bool": "boolean"}.get(
            self.dtype.rstrip("0123456789")
        )
        return as_type(series, nullable if nullable and series.isna().any() else self.dtype)

    def _words(self) -> bool:
        return all(isinstance(v, str) for v in self.levels)


def _plain(value: Any) -> Any:
    """A level as a JSON value; what JSON has no word for becomes text."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, (str, bool, int, float)) else str(value)


def _order(value: Any) -> tuple:
    return (0, value, "") if isinstance(value, (bool, int, float)) else (1, 0, value)
