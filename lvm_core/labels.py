"""What counts as a class: of the values of a column, and of labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

MOST_CLASSES = 200  # different values of a column that are classes; more are names
FEW_NUMBERS = 12  # different whole numbers of a column that are classes; more are measured
LABEL_NUMBERS = 30  # of the label's column, which somebody named or called so


def kind_of(column: pd.Series, *, label: bool = False) -> str:
    """What the values of a column are.

    The one rule of the app: dates are dates. Truth values are classes. Whole numbers are classes
    where at most 12 differ (so a month is one, an age none), of a label at most 30; other numbers
    are numbers, however few. Everything else is classes where at most 200 differ, and names beyond.

    Parameters
    ----------
    column : Series (n,)
        Missing values count for nothing.
    label : bool
        Whether it is the label of the rows.

    Returns
    -------
    {"classes", "number", "date", "names"}
        The kind of values.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.labels import kind_of
    >>> [kind_of(pd.Series(values)) for values in ([1, 2, 2, None], [0.5, 1.5], ["a", "b"])]
    ['classes', 'number', 'classes']
    >>> kind_of(pd.Series(range(13))), kind_of(pd.Series(range(13)), label=True)
    ('number', 'classes')
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    if is_measured(column):
        return (
            "classes"
            if _whole_and_few(column, LABEL_NUMBERS if label else FEW_NUMBERS)
            else "number"
        )
    return "classes" if _few(column, MOST_CLASSES) else "names"


def is_measured(column: pd.Series) -> bool:
    """Whether values have an order and distances: dates, and numbers other than truth values.

    Parameters
    ----------
    column : Series (n,)
        Its dtype alone is looked at.

    Returns
    -------
    bool
        True for numbers and dates.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.labels import is_measured
    >>> [is_measured(pd.Series(values)) for values in ([1, 2], [True, False], ["a"])]
    [True, False, False]
    """
    types = pd.api.types
    return (
        types.is_datetime64_any_dtype(column)
        or types.is_numeric_dtype(column)
        and not types.is_bool_dtype(column)
    )


def encode_labels(y: Iterable) -> tuple[list[str], np.ndarray]:
    """Labels as numbered classes.

    Parameters
    ----------
    y : iterable (n,)
        Labels; None or NaN where a row has none.

    Returns
    -------
    classes : list of str
        Numbers in the order of their size, then words in the alphabet's.
    number : array of int64 (n,)
        The place of each row's label among them, -1 without one.

    Examples
    --------
    >>> from lvm_core.labels import encode_labels
    >>> classes, number = encode_labels(["b", 10, None, 9])
    >>> classes, number.tolist()
    (['9', '10', 'b'], [2, 1, -1, 0])
    """
    texts = [None if v is None or v != v else str(v) for v in y]
    classes = sorted({t for t in texts if t is not None}, key=_order)
    number: dict[str | None, int] = {name: i for i, name in enumerate(classes)}
    return classes, np.array([number.get(t, -1) for t in texts], dtype=np.int64)


def _few(column: pd.Series, most: int) -> bool:
    # counting a million values takes a while
    return column.iloc[: 4 * most].nunique() <= most and column.nunique() <= most


def _whole_and_few(column: pd.Series, most: int) -> bool:
    if not _few(column, most):
        return False
    seen = column.dropna().unique()
    return all(float(v).is_integer() for v in seen)


def _order(text: str) -> tuple:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
