"""A rule that rows of a table keep, and when one is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

LEAST_ROWS = 20  # with all its columns known, from which on a rule can be seen
LEAST_BROKEN = 10  # rows that independent columns would break at least
_LEAST_SHARE = 0.01  # of rows that they would break at least
_MOST_KEPT = 0.1  # of what they would break that may be broken
SAMPLE = 2000  # rows in which most of what is no rule already breaks


@dataclass(frozen=True)
class Constraint:
    """A rule that rows of a table keep.

    A kind of rule is one file in this folder with one subclass.

    Parameters
    ----------
    rows : int
        The real rows that have all its columns.
    held : int
        Those among them in which it holds.

    Attributes
    ----------
    list_order : int
        Kinds are sought, and applied, from the lowest on; of the class.
    by_redraw : bool
        Whether a row that breaks it should rather be drawn again than be changed; of the class.

    See Also
    --------
    lvm_core.codecs.constraints.find_constraints : Finds them.
    lvm_core.codecs.constraints.satisfy.satisfy : Makes rows keep them.

    Examples
    --------
    >>> from lvm_core.codecs.constraints.base import Constraint
    >>> Constraint(rows=50, held=49).support
    0.98
    """

    list_order: ClassVar[int] = 50
    by_redraw: ClassVar[bool] = False

    rows: int
    held: int

    @property
    def support(self) -> float:
        """The share of real rows in which it holds."""
        return self.held / self.rows if self.rows else 0.0

    @property
    def columns(self) -> tuple[Any, ...]:
        """The columns it speaks of."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """The rule in a few words."""
        raise NotImplementedError

    @classmethod
    def find(cls, frame: pd.DataFrame, support: float) -> list[Constraint]:
        """The rules of this kind that hold in at least this share of rows, and not by chance."""
        raise NotImplementedError

    def broken(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether each row breaks it (n,); one that lacks a value does not."""
        raise NotImplementedError

    def repair(self, frame: pd.DataFrame) -> None:
        """Change the rows that break it, in place, so that it holds."""
        raise NotImplementedError

    def implies(self, other: Constraint) -> bool:
        """Whether another rule follows from this one."""
        return False


def more_than_chance(rows: int, broken: int, by_chance: float, support: float) -> bool:
    """Whether a rule that few rows break says something about how columns go together.

    Parameters
    ----------
    rows : int
        Rows it was looked at in.
    broken : int
        Those that break it.
    by_chance : float
        The share that would break it if its columns were independent.
    support : float
        The least share of rows it has to hold in.

    Returns
    -------
    bool

    Examples
    --------
    >>> from lvm_core.codecs.constraints.base import more_than_chance
    >>> more_than_chance(100, 0, 0.5, 0.998), more_than_chance(100, 0, 0.02, 0.998)
    (True, False)
    """
    return (
        rows >= LEAST_ROWS
        and broken <= (1 - support) * rows
        and by_chance >= _LEAST_SHARE
        and rows * by_chance >= LEAST_BROKEN
        and broken <= _MOST_KEPT * rows * by_chance
    )


def sampled(n: int) -> np.ndarray:
    """Up to :data:`SAMPLE` row numbers, ascending; the same for the same ``n``."""
    if n <= SAMPLE:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, SAMPLE, replace=False))


def with_values(column: pd.Series, rows: np.ndarray, values) -> pd.Series:
    """A column with other values in some rows, of the same type.

    Parameters
    ----------
    column : Series (n,)
        It is not changed.
    rows : array of bool (n,)
        Which rows get another value.
    values : sequence
        One for each of those, in their order.

    Returns
    -------
    Series (n,)

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints.base import with_values
    >>> with_values(pd.Series([1, 2, 3]), np.array([False, True, False]), [5.0]).tolist()
    [1, 5, 3]
    """
    # as objects: a type may refuse the values of another on the way
    changed = column.astype(object)
    changed[rows] = pd.Series(list(values), dtype=object, index=changed.index[rows])
    return changed.astype(column.dtype)


def as_numbers(column: pd.Series) -> np.ndarray:
    """Numbers, and dates as microseconds since 1970.

    Parameters
    ----------
    column : Series of n values
        Numbers or dates.

    Returns
    -------
    ndarray of shape (n,)
        NaN where missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints.base import as_numbers
    >>> as_numbers(pd.Series(pd.to_datetime(["1970-01-01 00:00:01", None]))).tolist()
    [1000000.0, nan]
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        moments = column.dt.as_unit("us")
        return moments.astype("int64").where(column.notna()).to_numpy(np.float64, na_value=np.nan)
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
