"""What makes a group of rows different from others: effect sizes that mean the same for a number, a
category, a pixel and a code.

The effect is Cliff's delta (Cliff, 1993, doi:10.1037/0033-2909.114.3.494): the chance that a row of
the group is higher than one of the others, less the chance that it is lower; -1 to 1, and for a
category the difference of its shares. Words have log-odds of their own. A group drawn by hand on a
map was chosen by looking at these very data, so its p-values mean little; what any region of the
codes shows (:func:`regions`) says what to expect of one, and :mod:`lvm_core.analysis.identify`
checks on rows that were held out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from ..labels import is_measured
from ..metrics.base import percent
from ..progress import OnStep, Reporter

# rows of a group; values ranked at once; rows of a comparison
LEAST, CELLS, MOST_ROWS = 5, 2_000_000, 20_000
MOST_LEVELS, REGIONS, BY = 50, 20, 64
Z95 = 1.959964


@dataclass(frozen=True)
class Contrast:
    """What differs between two groups of rows.

    Attributes
    ----------
    columns : DataFrame
        One row a column of ``dataset.rows``, level or "missing", the strongest effect first:
        column, level, delta, low, high (95 %), inside, outside (median or share, as text), smd
        (numbers), lift (levels), q, seen (whether the model learnt from it).
    left_out : list of str
        Columns in which nearly every row is different.
    words : DataFrame or None
        Of text alone: term, z, log_odds, inside, outside (share of documents that have it), q.
    values : DataFrame or None
        Of pictures and arrays, one row a column of X: delta, low, high, q, and mean and spread of
        both in the items' own units.
    dims : DataFrame
        Of the codes: delta, low, high, q.
    strongest : float
        The largest effect among what the model learnt from.
    strongest_of : int
        The column of X that has it.
    reference : ndarray of shape (r,)
        The same in each of some random regions of as many rows; empty where the others are a group
        as well.
    inside : ndarray of int
        Rows of the group that were compared.
    outside : ndarray of int
        Rows of the others that were compared.
    asked : tuple of (int, int)
        How many rows there were in all, inside and outside.

    See Also
    --------
    contrast : Compares two groups of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.contrast import contrast
    >>> iris = DATASETS["iris"]().load()
    >>> found = contrast(iris, iris.X[:, :2], np.arange(50))
    >>> found.asked, len(found.reference)
    ((50, 100), 20)
    """

    columns: pd.DataFrame
    left_out: list[str]
    words: pd.DataFrame | None
    values: pd.DataFrame | None
    dims: pd.DataFrame
    strongest: float
    strongest_of: int
    reference: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    asked: tuple[int, int]


def cliff(A, B) -> pd.DataFrame:
    """Cliff's delta of one set of values over another, line by line.

    The 95 % interval is Cliff's for samples; of groups that do not overlap it is that of Feng &
    Cliff [1]_. The p-value is that of the Mann-Whitney test with ties, by its normal approximation.

    Parameters
    ----------
    A : array-like of shape (d, a)
        Values of the group, one line a column.
    B : array-like of shape (d, b)
        Values of the others.

    Returns
    -------
    DataFrame
        A row a line: delta, low, high, p.

    References
    ----------
    .. [1] Feng & Cliff (2004), doi:10.22237/jmasm/1099267320

    Examples
    --------
    >>> from lvm_core.analysis.contrast import cliff
    >>> cliff([[3, 4, 5, 6]], [[1, 2, 3, 4]]).round(2)
       delta   low  high     p
    0   0.75  0.01  0.96  0.08
    """
    from scipy.stats import rankdata

    A, B = np.atleast_2d(A), np.atleast_2d(B)
    a, b = A.shape[1], B.shape[1]
    both = rankdata(np.concatenate([A, B], 1), axis=1)
    over = (both[:, :a] - rankdata(A, axis=1)) / b  # share of B below each of A, ties by half
    under = (both[:, a:] - rankdata(B, axis=1)) / a
    error = 2 * np.sqrt(over.var(1, ddof=1) / a + under.var(1, ddof=1) / b)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (over.mean(1) - 0.5) * a * b / np.sqrt(a * b * both.var(1) / (a + b - 1))
    return _told(2 * over.mean(1) - 1, error, z, min(a, b))


def shares(one, a: int, two, b: int) -> pd.DataFrame:
    """Cliff's delta where rows either have something or have not: the difference of two shares.

    Parameters
    ----------
    one : float or array-like of shape (d,)
        Share of the group's rows that have it.
    a : int
        Number of rows in the group.
    two : float or array-like of shape (d,)
        Share of the other rows that have it.
    b : int
        Number of other rows.

    Returns
    -------
    DataFrame
        A row a share: delta, low, high, p; see :func:`cliff`.

    Examples
    --------
    >>> from lvm_core.analysis.contrast import shares
    >>> shares(0.75, 40, 0.25, 60)[["delta", "low", "high"]].round(2)
       delta   low  high
    0    0.5  0.31  0.65
    """
    one, two = (
        np.atleast_1d(np.asarray(one, np.float64)),
        np.atleast_1d(np.asarray(two, np.float64)),
    )
    all_ = (a * one + b * two) / (a + b)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (one - two) / np.sqrt(all_ * (1 - all_) * (1 / a + 1 / b) * (a + b) / (a + b - 1))
    return _told(
        one - two, np.sqrt(one * (1 - one) / (a - 1) + two * (1 - two) / (b - 1)), z, min(a, b)
    )


def _told(delta, error, z, least: int) -> pd.DataFrame:
    from scipy.stats import norm

    spread, room = Z95 * error, 1 - delta**2
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = (
            (delta - delta**3 + sign * spread * np.sqrt(room**2 + spread**2)) / (room + spread**2)
            for sign in (-1, 1)
        )
    apart, edge = np.abs(delta) > 1 - 1e-9, (least - Z95**2) / (least + Z95**2)
    low, high = (
        np.where(apart, np.where(delta > 0, edge, -1), low),
        np.where(apart, np.where(delta < 0, -edge, 1), high),
    )
    return pd.DataFrame(
        {
            "delta": delta,
            "low": np.clip(low, -1, 1),
            "high": np.clip(high, -1, 1),
            "p": np.where(np.isfinite(z), 2 * norm.sf(np.abs(z)), 1.0),
        }
    )


def with_q(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace p by q: the share of false finds to expect among all at least as small [1]_.

    Parameters
    ----------
    frame : DataFrame
        Has a column p.

    Returns
    -------
    DataFrame
        The same with a column q in its place.

    References
    ----------
    .. [1] Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.analysis.contrast import with_q
    >>> with_q(pd.DataFrame({"p": [0.01, 0.02, 0.5]}))["q"].tolist()
    [0.03, 0.03, 0.5]
    """
    from scipy.stats import false_discovery_control

    return frame.assign(q=false_discovery_control(frame["p"]) if len(frame) else frame["p"]).drop(
        columns="p"
    )


# -- columns ---------------------------------------------------------------------------------------


def columns(rows: pd.DataFrame, inside, outside, seen=()) -> tuple[pd.DataFrame, list[str]]:
    """Compare every column of a table between two groups of rows, by its observed values.

    Parameters
    ----------
    rows : DataFrame of n rows
        The table.
    inside : array-like of int
        Rows of the group.
    outside : array-like of int
        Rows it is compared with.
    seen : collection of str, default=()
        Names of columns that the model learnt from.

    Returns
    -------
    frame : DataFrame
        As :attr:`Contrast.columns`.
    left_out : list of str
        Columns left out, as :attr:`Contrast.left_out`.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.analysis.contrast import columns
    >>> rows = pd.DataFrame({"height": [1.5, 2.5, 3.5, 4.5], "sex": ["f", "m", "f", "m"]})
    >>> frame, left_out = columns(rows, [2, 3], [0, 1])
    >>> frame[["column", "delta", "inside", "outside"]]
       column  delta inside outside
    0  height    1.0      4       2
    1     sex    0.0   50 %    50 %
    """
    found, left_out = [], []
    for name in rows.columns:
        a, b = rows[name].iloc[inside], rows[name].iloc[outside]
        gone = np.concatenate([a.isna(), b.isna()])
        kind = _number if is_measured(a) else _levels
        lines = kind(a.dropna(), b.dropna())
        if lines is None:
            left_out.append(str(name))
            continue
        if gone.any() and not gone.all():
            lines = [*lines, _share("missing", gone[: len(a)], gone[len(a) :])]
        found += [line.assign(column=str(name), seen=name in seen) for line in lines]
    blank = pd.DataFrame({k: pd.Series(dtype=t) for k, t in _FRAME.items()})
    frame = pd.concat([blank, *found], ignore_index=True)[list(_FRAME)] if found else blank
    frame = with_q(frame)
    return frame.iloc[np.argsort(-frame["delta"].abs(), kind="stable")].reset_index(
        drop=True
    ), left_out


_FRAME = {
    "column": object,
    "level": object,
    "delta": float,
    "low": float,
    "high": float,
    "inside": object,
    "outside": object,
    "smd": float,
    "lift": float,
    "p": float,
    "seen": bool,
}


def _number(a, b):
    if min(len(a), len(b)) < 2:
        return []
    dates = pd.api.types.is_datetime64_any_dtype(a)
    say = (lambda s: f"{s.median():%Y-%m-%d}") if dates else (lambda s: f"{s.median():.4g}")
    A, B = (np.asarray(s.astype("int64") if dates else s, np.float64) for s in (a, b))
    return [
        cliff(A, B).assign(
            level="",
            inside=say(a),
            outside=say(b),
            smd=float(_smd(A[None], B[None])[0]),
            lift=np.nan,
        )
    ]


def _levels(a, b):
    a, b = ([_level(v) for v in s] for s in (a, b))
    codes, names = pd.factorize(np.array(a + b, dtype=object))
    counts = np.bincount(codes, minlength=len(names))
    if len(names) > MOST_LEVELS and len(names) > 0.5 * len(codes):
        return None
    kept = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    if set(names) <= {"yes", "no"}:
        kept = [i for i in kept if names[i] == "yes" or len(names) == 1]
    lines = [
        _share(cast(str, names[i]), codes[: len(a)] == i, codes[len(a) :] == i)
        for i in kept
        if len(a) > 1 < len(b)
    ]
    # the other of two says the same
    return lines if len(lines) != 2 else [max(lines, key=lambda line: line["delta"][0])]


def _level(value) -> str:
    return ("no", "yes")[bool(value)] if isinstance(value, (bool, np.bool_)) else str(value)


def _share(level: str, a, b) -> pd.DataFrame:
    one, two = float(np.mean(a)), float(np.mean(b))
    return shares(one, len(a), two, len(b)).assign(
        level=level,
        inside=percent(one),
        outside=percent(two),
        smd=np.nan,
        lift=one / two if two else np.inf if one else np.nan,
    )


def _smd(A, B) -> np.ndarray:
    """Difference of the means of A (d, a) and B (d, b) in standard deviations within them
    (Cohen's d, pooled); 0 where nothing varies.
    """
    a, b = A.shape[1], B.shape[1]
    within = np.sqrt((A.var(1) * a + B.var(1) * b) / max(a + b - 2, 1))
    away = A.mean(1) - B.mean(1)
    return np.where(
        within > 1e-12 * np.maximum(np.abs(away), 1e-300),
        away / np.where(within > 0, within, 1.0),
        0.0,
    )


# -- words -----------------------------------------------------------------------------------------


def log_odds(inside, outside, everywhere=None) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds ratios of terms and their z-scores, with an informative Dirichlet prior [1]_.

    The prior is the terms' shares everywhere, worth as many words as the smaller side has.

    Parameters
    ----------
    inside : array-like of shape (d,)
        Counts of the terms in the group.
    outside : array-like of shape (d,)
        Counts of the terms in the others.
    everywhere : array-like of shape (d,), optional
        Counts that the prior is made of; those of both sides by default.

    Returns
    -------
    odds : ndarray of shape (d,)
        Log-odds ratios, 0 where a term does not occur.
    z : ndarray of shape (d,)
        Z-scores, 0 where a term does not occur.

    References
    ----------
    .. [1] Monroe, Colaresi & Quinn (2008), doi:10.1093/pan/mpn018, eq. 16, 19 and 22

    Examples
    --------
    >>> from lvm_core.analysis.contrast import log_odds
    >>> odds, z = log_odds([30, 10, 0], [10, 30, 0])
    >>> z.round(2).tolist()
    [4.42, -4.42, 0.0]
    """
    y, x = np.asarray(inside, np.float64), np.asarray(outside, np.float64)
    all_ = y + x if everywhere is None else np.asarray(everywhere, np.float64)
    weight = max(min(y.sum(), x.sum()), 1.0)
    prior = weight * all_ / max(all_.sum(), 1e-300)
    there = prior > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log((y + prior) / (y.sum() + weight - y - prior)) - np.log(
            (x + prior) / (x.sum() + weight - x - prior)
        )
        z = odds / np.sqrt(1 / (y + prior) + 1 / (x + prior))
    return np.where(there & np.isfinite(odds), odds, 0.0), np.where(there & np.isfinite(z), z, 0.0)


def words(X, inside, outside, terms: list[str]) -> pd.DataFrame:
    """Compare the terms of two groups of documents.

    Parameters
    ----------
    X : CSR matrix of shape (n, d)
        Counts of terms.
    inside : array-like of int
        Rows of the group.
    outside : array-like of int
        Rows it is compared with.
    terms : list of str
        The terms (d,).

    Returns
    -------
    DataFrame
        As :attr:`Contrast.words`, the largest z first.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from lvm_core.analysis.contrast import words
    >>> X = csr_matrix([[3, 0], [4, 1], [0, 5], [1, 3]])
    >>> words(X, [0, 1], [2, 3], ["wool", "steel"])[["term", "inside", "outside"]]
        term  inside  outside
    0   wool     1.0      0.5
    1  steel     0.5      1.0
    """
    from scipy.stats import norm

    A, B = X[inside], X[outside]
    odds, z = log_odds(_sums(A), _sums(B))
    frame = pd.DataFrame(
        {
            "term": terms,
            "z": z,
            "log_odds": odds,
            "inside": _sums(A != 0) / A.shape[0],
            "outside": _sums(B != 0) / B.shape[0],
            "p": 2 * norm.sf(np.abs(z)),
        }
    )
    return with_q(frame).sort_values("z", ascending=False, kind="stable", ignore_index=True)


def _sums(X) -> np.ndarray:
    return np.asarray(X.sum(0), np.float64).ravel()


# -- all of it -------------------------------------------------------------------------------------


def contrast(
    dataset, codes, inside, outside=None, *, random_state: int = 0, on_step: OnStep | None = None
) -> Contrast:
    """Compare a group of rows with others: columns, words or values, and the codes.

    Where there are more than suits (2 million values, 20 000 rows) samples of both are compared;
    stopped early, what was not reached is left at no effect.

    Parameters
    ----------
    dataset : Dataset
        Data of n rows.
    codes : ndarray of shape (n, k)
        Codes of all rows.
    inside : array-like of int
        Rows of the group.
    outside : array-like of int, optional
        Rows it is compared with; all others by default.
    random_state : int, default=0
        Draws the samples and the random regions.
    on_step : callable, optional
        Receives progress; where it returns True, the comparison stops early.

    Returns
    -------
    Contrast
        What differs, by column, word or value, and dimension of the code.

    Raises
    ------
    ValueError
        Where either side has fewer than 5 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.contrast import contrast
    >>> iris = DATASETS["iris"]().load()
    >>> found = contrast(iris, iris.X[:, :2], np.arange(50))
    >>> found.columns.query("column == 'petal length in cm'")[["delta", "inside", "outside"]]
       delta inside outside
    0   -1.0    1.5     4.9
    """
    inside, outside = sides(len(dataset), inside, outside)
    rng, whole = (
        np.random.RandomState(random_state),
        np.array_equal(np.union1d(inside, outside), np.arange(len(dataset))),
    )
    asked, d = (len(inside), len(outside)), dataset.X.shape[1]
    room = int(
        np.clip(
            CELLS
            // (len(dataset.rows.columns) + codes.shape[1] + (0 if dataset.kind == "text" else d)),
            400,
            MOST_ROWS,
        )
    )
    inside, outside = (
        few(inside, room // 2, rng),
        few(outside, room - min(len(inside), room // 2), rng),
    )
    spans = (
        [slice(s, s + BY) for s in range(0, d, BY)] if dataset.kind in ("image", "array") else []
    )
    report = Reporter(on_step, len(spans) + 3, "comparing")
    seen = {c.name for c in dataset.codec.columns} if dataset.kind == "table" else {"text"}
    frame, left_out = columns(dataset.rows, inside, outside, seen)
    report(1)
    dims = with_q(cliff(codes[inside].T, codes[outside].T))
    values, terms = None, None
    if dataset.kind == "text":
        terms = words(dataset.X, inside, outside, dataset.codec.terms)
        first = int(np.argmax(np.abs(terms["z"].to_numpy())))
        strongest = float(np.abs(terms["z"].to_numpy()[first]))
        strongest_of = dataset.codec.terms.index(terms["term"].to_list()[first])
    else:
        if spans:
            values = _values(dataset, inside, outside, spans, report)
        strongest, strongest_of = (
            found[0].item()
            for found in _deltas(
                dataset.X[np.concatenate([inside, outside])],
                np.arange(len(inside) + len(outside))[None] < len(inside),
            )
        )
    reference = (
        regions(dataset, codes, asked[0], max(room // 2, 400), rng) if whole else np.zeros(0)
    )
    report(len(spans) + 3)
    return Contrast(
        frame,
        left_out,
        terms,
        values,
        dims,
        strongest,
        strongest_of,
        reference,
        inside,
        outside,
        asked,
    )


def sides(n: int, inside, outside=None) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of a comparison as row numbers; rows in both are taken out of the other side.

    Parameters
    ----------
    n : int
        Number of rows.
    inside : array-like of int
        Rows of the group.
    outside : array-like of int, optional
        Rows it is compared with; all others by default.

    Returns
    -------
    inside : ndarray of int
        Rows of the group, ascending, each once.
    outside : ndarray of int
        The other rows, ascending, each once.

    Raises
    ------
    ValueError
        Where a side has fewer than 5 rows.

    Examples
    --------
    >>> from lvm_core.analysis.contrast import sides
    >>> inside, outside = sides(12, [0, 1, 2, 3, 4, 4])
    >>> inside.tolist(), outside.tolist()
    ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11])
    """
    inside = np.unique(np.asarray(inside, np.int64))
    outside = np.setdiff1d(
        np.arange(n) if outside is None else np.asarray(outside, np.int64), inside
    )
    for rows, what in ((inside, "the group has"), (outside, "what it is compared with has")):
        if len(rows) < LEAST:
            raise ValueError(
                f"{what} {len(rows)} row{'s' * (len(rows) != 1)}; at least {LEAST} are needed on "
                "each side to say what differs."
            )
    return inside, outside


def few(rows, most: int, rng) -> np.ndarray:
    """Draw at most so many of the rows.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers.
    most : int
        Most rows to keep.
    rng : RandomState
        Draws them.

    Returns
    -------
    ndarray of int
        All rows where there are no more, else a sample of them, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.contrast import few
    >>> few(np.arange(100), 3, np.random.RandomState(0)).tolist()
    [2, 26, 86]
    """
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _values(dataset, inside, outside, spans, report) -> pd.DataFrame:
    """Delta of every column of X, with mean and spread of both sides in the items' own units."""
    A, B = (
        np.asarray(dataset.items(rows), np.float64).reshape(len(rows), -1)
        for rows in (inside, outside)
    )
    parts = []
    for at, span in enumerate(spans):
        parts.append(cliff(np.ascontiguousarray(A[:, span].T), np.ascontiguousarray(B[:, span].T)))
        if report(2 + at):
            break
    left = A.shape[1] - sum(map(len, parts))
    found = with_q(
        pd.concat(
            [
                *parts,
                pd.DataFrame({"delta": 0.0, "low": -1.0, "high": 1.0, "p": 1.0}, index=range(left)),
            ],
            ignore_index=True,
        )
    )
    return found.assign(
        mean_in=A.mean(0), mean_out=B.mean(0), spread_in=A.std(0), spread_out=B.std(0)
    )


def regions(dataset, codes, size: int, most: int, rng) -> np.ndarray:
    """The strongest effect in each of 20 random regions of the codes.

    A region is a row drawn at random with its nearest. The effect is that of
    :attr:`Contrast.strongest`.

    Parameters
    ----------
    dataset : Dataset
        Data of n rows.
    codes : ndarray of shape (n, k)
        Codes of all rows.
    size : int
        Rows in a region.
    most : int
        Of more rows a sample stands for the rest.
    rng : RandomState
        Draws regions and sample.

    Returns
    -------
    ndarray of shape (20,)
        The strongest effect in each.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.contrast import regions
    >>> iris = DATASETS["iris"]().load()
    >>> regions(iris, iris.X, size=50, most=1000, rng=np.random.RandomState(0)).shape
    (20,)
    """
    n = len(codes)
    pool = few(np.arange(n), most, rng)
    Z, size = (
        np.asarray(codes[pool], np.float64),
        int(np.clip(round(size * len(pool) / n), LEAST, len(pool) - LEAST)),
    )
    masks = np.zeros((REGIONS, len(pool)), bool)
    for mask in masks:
        away = np.square(Z - Z[rng.randint(len(Z))]).sum(1)
        mask[np.argpartition(away, size - 1)[:size]] = True
    X = dataset.X[pool]
    if dataset.kind != "text":
        return _deltas(X, masks)[0]
    total = _sums(X)
    return np.array(
        [
            np.abs(log_odds(inside, total - inside)[1]).max()
            for inside in (_sums(X[np.flatnonzero(mask)]) for mask in masks)
        ]
    )


def _deltas(X, masks) -> tuple[np.ndarray, np.ndarray]:
    """The largest absolute delta among the columns of X (n, d), of the rows in each mask (m, n)
    over the others (m,), and the first column that has it (m,).
    """
    from scipy.stats import rankdata

    inside = masks.sum(1)[:, None]
    strongest, of = np.zeros(len(masks)), np.zeros(len(masks), int)
    for start in range(0, X.shape[1], BY):
        ranks = rankdata(np.ascontiguousarray(np.asarray(X[:, start : start + BY]).T), axis=1)
        over = (masks.astype(np.float64) @ ranks.T / inside - (inside + 1) / 2) / (
            masks.shape[1] - inside
        )
        effects = np.abs(2 * over - 1)
        more = effects.max(1) > strongest
        of[more] = start + effects[more].argmax(1)
        strongest[more] = effects[more].max(1)
    return strongest, of
