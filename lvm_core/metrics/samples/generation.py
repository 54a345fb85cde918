"""Quick, honest checks of generated rows: copies of the data, impossible values, distributions
of the columns.
"""

from __future__ import annotations

import numpy as np

from ...latent.neighbours import nearest, nearest_others
from ...schema import Schema
from ..base import Score, percent

MOST_ROWS = 2000


def generation(X, new, schema: Schema, *, random_state: int = 0) -> list[Score]:
    """Quick checks of generated rows: copies of the data, impossible values, distributions.

    Copies: share of new rows that lie nearer to a training row than 99 % of training rows lie to
    each other. Out of range: share of values beyond the least and greatest of their column (of all
    pixels, for pictures). Distributions (tables): the greatest gap between the columns' cumulative
    distributions, or half the summed gap between category shares, averaged; the baseline is the
    same between two halves of the data.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Training rows; of these and of ``new`` at most ``MOST_ROWS`` each are used.
    new : ndarray or CSR matrix of shape (m, d)
        Generated rows.
    schema : Schema
        Feature groups of the columns.
    random_state : int, default=0
        Seed of the samples and halves.

    Returns
    -------
    list of Score

    Raises
    ------
    ValueError
        Below 4 rows of X, or without generated rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import generation
    >>> from lvm_core.schema import Schema
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> [(score.name, score.value) for score in generation(X, X, Schema.gaussian(3))]
    [('Copies of the data', 1.0), ('Values out of range', 0.0), ("Columns' distributions", 0.0)]
    """
    rng = np.random.RandomState(random_state)
    X, new = (_some(A, rng) for A in (X, new))
    if len(X) < 4 or not len(new):
        raise ValueError(f"X has {len(X)} rows and new has {len(new)}, expected at least 4 and 1.")
    scores = [_copies(X, new), _out_of_range(X, new, schema)]
    if schema.image is None and not schema.has("counts"):
        scores.append(_distributions(X, new, schema, rng))
    return scores


def _some(A, rng) -> np.ndarray:
    rows = (
        slice(None)
        if A.shape[0] <= MOST_ROWS
        else np.sort(rng.choice(A.shape[0], MOST_ROWS, replace=False))
    )
    A = A[rows]
    return np.asarray(A.toarray() if hasattr(A, "indptr") else A, np.float64)


def _copies(X, new) -> Score:
    among = nearest_others(X, 1)[0][:, 0]
    limit = np.quantile(among, 0.01)
    to_data = nearest(new, X, 1)[0][:, 0]
    share = float(np.mean(to_data < limit if limit > 0 else to_data == 0))
    base = float(np.mean(among < limit if limit > 0 else among == 0))
    typical = np.median(among)
    apart = (
        f"typically a generated row is {np.median(to_data) / typical:.2g} times as far from the "
        "data as those are from each other."
        if typical > 1e-12 * np.abs(X).max(initial=1.0)
        else "most rows of the data are themselves the same as another."
    )
    return Score(
        "Copies of the data",
        share,
        f"{percent(share)} of the generated rows are near-copies of a row of the data, as "
        f"{percent(base)} of the data's own rows are of another; {apart}",
        baseline=base,
        unit="share",
    )


def _out_of_range(X, new, schema) -> Score:
    low, high = (X.min(0), X.max(0)) if schema.image is None else (X.min(), X.max())
    slack = 1e-6 * np.maximum(high - low, np.maximum(np.abs(low), np.abs(high)))
    beyond = (new < low - slack) | (new > high + slack)
    share, where, worst = float(np.mean(beyond)), "the pictures' range", ""
    if schema.image is None:
        where = "their column's range"
        shares = [(float(np.mean(beyond[:, span])), group.name) for group, span in schema.spans()]
        most, name = max(shares, key=lambda found: found[0])
        worst = f"; worst: {name} ({percent(most)})" if most > 0 and name else ""
    return Score(
        "Values out of range",
        share,
        f"{percent(share)} of the generated values have to be cut to {where}{worst}.",
        ceiling=0.0,
        unit="share",
    )


def _distributions(X, new, schema, rng) -> Score:
    halves = np.array_split(rng.permutation(len(X)), 2)
    value, base = (
        float(np.mean([_gap(group, A[:, span], B[:, span]) for group, span in schema.spans()]))
        for A, B in ((X, new), (X[halves[0]], X[halves[1]]))
    )
    return Score(
        "Columns' distributions",
        value,
        f"The generated columns differ from the data's by {percent(value)} on average; "
        f"two halves of the data differ by {percent(base)} by chance.",
        baseline=base,
        ceiling=0.0,
        unit="share",
    )


def _gap(group, A, B) -> float:
    """0 for equal distributions, 1 for disjoint ones."""
    if group.likelihood == "gaussian":
        return float(np.mean([_kolmogorov(a, b) for a, b in zip(A.T, B.T)]))
    gaps = np.abs(A.mean(0) - B.mean(0))
    return float(gaps.sum() / 2) if group.likelihood == "categorical" else float(gaps.mean())


def _kolmogorov(a, b) -> float:
    """The two-sample Kolmogorov-Smirnov distance."""
    every = np.sort(np.concatenate([a, b]))
    below = [np.searchsorted(np.sort(side), every, "right") / len(side) for side in (a, b)]
    return float(np.abs(below[0] - below[1]).max())
