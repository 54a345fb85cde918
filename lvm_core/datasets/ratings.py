"""Ratings, a row each of who rated what and how -> a row a person, a column an item."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..settings import DataError
from .dates import may_be_dates
from .upload import name_list

USER = re.compile(
    r"(?i:(user|member|customer|reader|viewer|listener|reviewer|rater|person|profile|buyer|client"
    r"|subject|respondent|u)s?([\s_.-]?(id|name|no|nr|key|idx|index))?|uid)"
)
ITEM = re.compile(
    r"(?i:(item|movie|film|book|product|song|track|artist|album|joke|game|restaurant|business|anime"
    r"|show|recipe|article|hotel|place|beer|wine|app|asin|isbn|i)s?"
    r"([\s_.-]?(id|name|title|no|nr|key|idx|index))?|iid|mid)"
)
RATING = re.compile(
    r"(?i:(book|user|item|movie|overall)?[\s_.-]?(ratings?|stars?|scores?)|overall)"
)
MOST_LEVELS = 21  # different ratings: 0 to 10 in halves
FEWEST, MOST_ITEMS = 3, 200  # ratings an item needs; items that become columns
WHOLE = ("integer", "categorical", "ignore")


@dataclass(frozen=True)
class RatingColumns:
    """Which columns of a table hold ratings.

    Parameters
    ----------
    user, item, rating : str
        The columns of who rated, what, and how.
    named : bool
        Whether they are called so, or only look so.

    See Also
    --------
    find_ratings : Finds them.
    """

    user: str
    item: str
    rating: str
    named: bool = True


def find_ratings(rows: pd.DataFrame, types: dict[str, str]) -> RatingColumns | None:
    """Find whether a table has a row for each rating.

    Its columns are called so; or it has three, or four with a moment, of which two tell somebody
    and something apart, each many times and hardly ever the same two, and one has few values.

    Parameters
    ----------
    rows : DataFrame (n, ...)
        In plain types.
    types : dict of str to str
        Type of each column, see :func:`~lvm_core.datasets.infer.infer_column`.

    Returns
    -------
    RatingColumns or None
        None where it has none.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.ratings import find_ratings
    >>> rows = pd.DataFrame({"userId": [1, 1, 2], "movieId": [7, 8, 7], "rating": [4.5, 3, 5]})
    >>> find_ratings(rows, {"userId": "integer", "movieId": "integer", "rating": "numeric"})
    RatingColumns(user='userId', item='movieId', rating='rating', named=True)
    """
    keys = [c for c in map(str, rows) if types[c] in WHOLE and not rows[c].isna().any()]
    values = [
        c
        for c in map(str, rows)
        if types[c] in ("integer", "numeric") and 2 <= rows[c].nunique() <= MOST_LEVELS
    ]
    called = [
        next((c for c in columns if pattern.fullmatch(str(c))), None)
        for columns, pattern in ((keys, USER), (keys, ITEM), (values, RATING))
    ]
    if None not in called and len(set(called)) == 3:
        user, item, rating = map(str, called)
        pairs = rows.duplicated([user, item])
        return RatingColumns(user, item, rating) if pairs.mean() < 0.5 else None
    if not 3 <= rows.shape[1] <= 4 or len(rows) < 100 or len(values) != 1:
        return None
    keys = [c for c in keys if c not in values]
    others = [c for c in map(str, rows) if c not in (*keys, *values)]
    if len(keys) == 3:  # one of them holds moments
        others += [c for c in keys if types[c] == "integer" and _may_be_moments(rows[c])]
        keys = [c for c in keys if c not in others]
    moments = all(types[c] == "date" or _may_be_moments(rows[c]) for c in others)
    if len(keys) != 2 or len(others) > 1 or not moments:
        return None
    counts = [rows[c].nunique() for c in keys]
    many = all(MOST_LEVELS < k <= len(rows) / 3 for k in counts)
    if not many or rows.duplicated(keys).mean() > 0.01 or len(rows) > 0.5 * np.prod(counts):
        return None
    return RatingColumns(str(keys[0]), str(keys[1]), str(values[0]), named=False)


def _may_be_moments(column: pd.Series) -> bool:
    """Whether a column holds numbers that may be dates or seconds, whatever it is called."""
    numbers = pd.api.types.is_numeric_dtype(column)
    return numbers and bool(may_be_dates(column.rename("timestamp")))


def pivot_ratings(rows: pd.DataFrame, found: RatingColumns, notes: list[str]) -> pd.DataFrame:
    """A row a person, a column an item, missing where one has not rated the other.

    Parameters
    ----------
    rows : DataFrame (n, ...)
        A row a rating.
    found : RatingColumns
        Which columns hold what.
    notes : list of str
        Added to, with what was done and what is left out.

    Returns
    -------
    DataFrame
        First who rated, then what else is the same in all rows of each, then the items with most
        ratings first.

    Raises
    ------
    DataError
        When a column holds no numbers, or fewer than 2 items have 3 ratings that differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.ratings import RatingColumns, pivot_ratings
    >>> rows = pd.DataFrame(
    ...     {"user": list("aabbcc"), "book": list("xyxyxy"), "stars": [1, 5, 2, 4, 3, 3]}
    ... )
    >>> pivot_ratings(rows, RatingColumns("user", "book", "stars"), [])["x"].tolist()
    [1.0, 2.0, 3.0]
    """
    user, item, rating = found.user, found.item, found.rating
    for column in (user, item, rating):
        if column not in rows:
            raise DataError(f"column {column!r} holds nothing that ratings could be made of.")
    if not pd.api.types.is_numeric_dtype(rows[rating]):
        raise DataError(f"column {rating!r} cannot be the ratings, expected numbers.")
    given = rows.dropna(subset=[user, item, rating])
    twice = int(given.duplicated([user, item]).sum())
    number, names = pd.factorize(given[user])
    things = given[item].astype("str")
    counts, kinds = things.value_counts(), given[rating].groupby(things).nunique()
    kept = [i for i in counts.index if counts[i] >= FEWEST and kinds[i] > 1]
    if len(kept) < 2:
        raise DataError(
            f"only {len(kept)} values of {item!r} have {FEWEST} ratings that differ; at least 2 "
            "are needed to read the table as ratings."
        )
    most = kept[:MOST_ITEMS]
    here = things.isin(most).to_numpy()
    wide = (
        pd.DataFrame(
            {"who": number[here], "what": things[here], "how": given[rating][here].astype(float)}
        )
        .groupby(["who", "what"])["how"]
        .mean()
        .unstack()
        .reindex(columns=most)
    )
    words = not pd.api.types.is_numeric_dtype(given[item])
    wide.columns = pd.Index([c if words else f"{item} {c}" for c in most])
    first = given.iloc[np.unique(number, return_index=True)[1][wide.index]]
    steady = [
        c
        for c in rows
        if c not in (item, rating, user)
        and given[c].groupby(number).nunique(dropna=False).max() == 1
    ]
    notes.insert(
        0,
        f"{len(given):,} ratings were read as {len(wide):,} rows, one for each value of {user}, "
        f"with a column for each of {len(most):,} values of {item}; what was not rated is missing.",
    )
    if len(counts) > len(most):
        notes.append(
            f"Of {len(counts):,} values of {item}, those with the most ratings were kept "
            f"(at least {int(counts[most[-1]]):,} each)."
        )
    if len(wide) < len(names):
        notes.append(f"{len(names) - len(wide):,} who rated none of these were left out.")
    if twice:
        notes.append(
            f"{twice:,} were rated again by the same; the mean of their ratings was taken."
        )
    lost = [c for c in rows if c not in (*steady, user, item, rating)]
    if lost:
        notes.append(f"Left out, they change from rating to rating: {name_list(lost, 10)}.")
    return pd.concat(
        [first[[user, *steady]].reset_index(drop=True), wide.reset_index(drop=True)], axis=1
    )
