"""Missing values: imputers compared on cells that were hidden on purpose.

An imputer takes X (n, d), where NaN is a missing value, and its schema, and returns X with every
missing value filled: real columns by a number, 0/1 and one-hot columns by chances. ``IMPUTERS``
holds those that know no model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd

from ..capabilities import Imputes
from ..models.base import LatentModel
from ..schema import Schema

# other columns that the linear imputer asks about each one
LINEAR, TRIED = "Linear (IterativeImputer)", 20
MODEL = "The model"


def with_missing(X: np.ndarray, schema: Schema) -> np.ndarray:
    """Mark missing values by NaN.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows as a codec makes them.
    schema : Schema
        Their feature groups.

    Returns
    -------
    ndarray of float64, shape (n, d)
        X with NaN in every missing value of a value; indicators and levels that mean "missing" are
        0.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import with_missing
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> groups = FeatureGroup("gaussian", 1, "age"), FeatureGroup("bernoulli", 1, "", missing_of=1)
    >>> with_missing(np.array([[0.5, 0.0], [0.0, 1.0]]), Schema(groups)).tolist()
    [[0.5, 0.0], [nan, 0.0]]
    """
    missing, X = schema.missing_mask(X), np.array(X, np.float64)
    X[missing] = 0.0
    for _, span, _ in schema.values():
        X[:, span][missing[:, span]] = np.nan
    return X


def hide(
    X: np.ndarray, schema: Schema, share: float = 0.2, random_state: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Hide a share of the observed values. The columns of one category go together.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows as a codec makes them.
    schema : Schema
        Their feature groups.
    share : float, default=0.2
        Share of the values to hide, between 0 and 1.
    random_state : int, default=0
        Draws them.

    Returns
    -------
    X : ndarray of float64, shape (n, d)
        As :func:`with_missing`, the hidden values NaN too.
    hidden : ndarray of bool, shape (n, d)
        Which entries were hidden.

    Raises
    ------
    ValueError
        Where the share is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import hide
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema = Schema((FeatureGroup("gaussian", 4),))
    >>> X, hidden = hide(np.ones((1000, 4)), schema, share=0.25)
    >>> f"{hidden.mean():.2f}", bool((np.isnan(X) == hidden).all())
    ('0.25', True)
    """
    if not 0 < share < 1:
        raise ValueError(
            f"the share of cells to hide is {share}, expected more than 0 and less than 1."
        )
    rng, X = np.random.RandomState(random_state), with_missing(X, schema)
    hidden = np.zeros(X.shape, bool)
    for group, span, _ in schema.values():
        width = 1 if group.likelihood == "categorical" else span.stop - span.start
        hidden[:, span] = rng.uniform(size=(len(X), width)) < share
    hidden &= ~np.isnan(X)
    return np.where(hidden, np.nan, X), hidden


def mean_or_mode(X: np.ndarray, schema: Schema | None = None) -> np.ndarray:
    """Fill every missing value by the mean of its column.

    For categories that is the shares of their levels, so that the likeliest is the mode.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows, NaN where missing.
    schema : Schema, optional
        Not used, as all imputers take one.

    Returns
    -------
    ndarray of shape (n, d)
        X without NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import mean_or_mode
    >>> mean_or_mode(np.array([[1.0], [3.0], [np.nan]])).tolist()
    [[1.0], [3.0], [2.0]]
    """
    count = (~np.isnan(X)).sum(0)
    mean = np.nansum(X, 0) / np.maximum(count, 1)
    return np.where(np.isnan(X), mean, X)


def linear(X: np.ndarray, schema: Schema | None = None) -> np.ndarray:
    """Fill every column from the others by Bayesian ridge regression, in turns.

    This is scikit-learn's IterativeImputer.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows, NaN where missing.
    schema : Schema, optional
        Not used, as all imputers take one.

    Returns
    -------
    ndarray of shape (n, d)
        X without NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import linear
    >>> X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, np.nan]])
    >>> linear(X)[3].round(1).tolist()
    [4.0, 8.0]
    """
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return _by(
        X,
        lambda x: IterativeImputer(
            max_iter=10,
            random_state=0,
            n_nearest_features=None if x.shape[1] <= 2 * TRIED else TRIED,
        ),
    )


def neighbours(X: np.ndarray, schema: Schema | None = None) -> np.ndarray:
    """Fill by the mean of the five rows that are nearest in what both have.

    This is scikit-learn's KNNImputer.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows, NaN where missing.
    schema : Schema, optional
        Not used, as all imputers take one.

    Returns
    -------
    ndarray of shape (n, d)
        X without NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import neighbours
    >>> X = np.repeat([[0.0, 1.0], [9.0, 5.0]], 6, axis=0)
    >>> X[0, 1] = np.nan
    >>> neighbours(X)[0].tolist()
    [0.0, 1.0]
    """
    from sklearn.impute import KNNImputer

    return _by(X, lambda x: KNNImputer(n_neighbors=5))


def _by(X, imputer):
    """Columns that move, standardised, through an imputer of scikit-learn's."""
    import warnings

    filled = mean_or_mode(X)
    spread = np.nanstd(filled, 0)
    moving = spread > 1e-12
    if not moving.any():
        return filled
    center = filled.mean(0)[moving]
    x = (X[:, moving] - center) / spread[moving]
    with warnings.catch_warnings():
        # "not converged" after ten rounds: measured all the same
        warnings.simplefilter("ignore")
        filled[:, moving] = (
            np.where(np.isnan(x), imputer(x).fit_transform(x), x) * spread[moving] + center
        )
    return filled


IMPUTERS: dict[str, Callable[[np.ndarray, Schema], np.ndarray]] = {
    "Mean or mode": mean_or_mode,
    "Nearest neighbours (5)": neighbours,
    LINEAR: linear,
}


def by_decoding(model: LatentModel, X: np.ndarray, schema: Schema, rounds: int = 20) -> np.ndarray:
    """Fill missing values by a model that knows none.

    Begun at the mean, rows are encoded and decoded ``rounds`` times (pseudo-Gibbs without its
    noise [1]_).

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array of shape (n, d)
        Rows, NaN where missing.
    schema : Schema
        Their feature groups.
    rounds : int, default=20
        How often.

    Returns
    -------
    ndarray of float32, shape (n, d)
        X without NaN.

    References
    ----------
    .. [1] Rezende et al. (2014), arXiv:1401.4082

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import MODELS
    >>> from lvm_core.analysis.imputation import by_decoding
    >>> X = np.outer(np.arange(20.0), [1.0, 2.0, 3.0]).astype(np.float32)
    >>> model = MODELS["PCA"](latent_dim=1).fit(X)
    >>> gap = X.copy()
    >>> gap[3, 1] = np.nan
    >>> by_decoding(model, gap, model.schema_)[3].round(1).tolist()
    [3.0, 6.0, 9.0]
    """
    missing = np.isnan(X)
    filled = mean_or_mode(X).astype(np.float32)
    for _ in range(rounds):
        filled[missing] = model.inverse_transform(model.transform(filled))[missing]
    return filled


def most_likely_levels(filled: np.ndarray, missing: np.ndarray, schema: Schema) -> np.ndarray:
    """Turn chances in the missing values into the likeliest level; real columns stay as they are.

    Parameters
    ----------
    filled : array of shape (n, d)
        Rows, chances in the missing values of categories.
    missing : ndarray of bool, shape (n, d)
        Which values were missing.
    schema : Schema
        Feature groups of the rows.

    Returns
    -------
    ndarray of shape (n, d)
        Rows with levels.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import most_likely_levels
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema = Schema((FeatureGroup("categorical", 3, "colour"),))
    >>> most_likely_levels([[0.2, 0.5, 0.3]], np.ones((1, 3), bool), schema).tolist()
    [[0.0, 1.0, 0.0]]
    """
    filled = np.array(filled)
    for group, span, _ in schema.values():
        if group.likelihood == "gaussian":
            continue
        part = filled[:, span]
        best = (
            part > 0.5 if group.likelihood == "bernoulli" else np.eye(part.shape[1])[part.argmax(1)]
        )
        filled[:, span] = np.where(missing[:, span], best, part)
    return filled


def measure(
    X: np.ndarray,
    filled: np.ndarray,
    hidden: np.ndarray,
    schema: Schema,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
) -> dict[str, Any]:
    """How well hidden entries were filled.

    Parameters
    ----------
    X : array of shape (n, d)
        The true rows.
    filled : array of shape (n, d)
        The rows as an imputer filled them.
    hidden : ndarray of bool, shape (n, d)
        Which entries were hidden.
    schema : Schema
        Feature groups of the rows.
    low, high : array of shape (n, d), optional
        Ends of intervals, where the imputer gives any.

    Returns
    -------
    dict
        ``rmse`` of the real columns, each in its own standard deviations; ``right``: share of 0/1
        values and categories; ``coverage``: share of real values within [low, high]. NaN where
        there are none. ``columns``: one number a feature group that holds a value, by its place in
        ``schema.values()``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import measure
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> X = np.array([[-1.0], [1.0]])
    >>> schema = Schema((FeatureGroup("gaussian", 1),))
    >>> found = measure(X, np.zeros((2, 1)), np.ones((2, 1), bool), schema)
    >>> found["rmse"], found["right"], found["columns"]
    (1.0, nan, [1.0])
    """
    squares, right, inside, columns = [], [], [], []
    for group, span, _ in schema.values():
        x, y, gone = X[:, span], filled[:, span], hidden[:, span]
        if group.likelihood == "gaussian":
            spread = np.nanstd(x, 0)
            error = ((x - y) / np.where(spread > 1e-12, spread, 1.0))[gone] ** 2
            squares.append(error)
            columns.append(float(np.sqrt(error.mean())) if error.size else float("nan"))
            if low is not None and high is not None:
                inside.append(((x >= low[:, span]) & (x <= high[:, span]))[gone])
        else:
            if group.likelihood == "bernoulli":
                hit = ((x > 0.5) == (y > 0.5))[gone]
            else:
                rows = gone.any(1)
                hit = x[rows].argmax(1) == y[rows].argmax(1)
            right.append(hit)
            columns.append(float(hit.mean()) if hit.size else float("nan"))
    mean = lambda parts: (
        float(np.concatenate(parts).mean()) if parts and sum(map(len, parts)) else float("nan")
    )
    return {
        "rmse": float(np.sqrt(mean(squares))),
        "right": mean(right),
        "coverage": mean(inside),
        "columns": columns,
    }


def compare(
    model: LatentModel, X: np.ndarray, share: float = 0.2, random_state: int = 0, on_step=None
) -> pd.DataFrame:
    """Compare imputers on the same hidden cells.

    The model was fitted before; the others learn from the rows as they stand with missing values.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array of shape (n, d)
        Rows.
    share : float, default=0.2
        Share of the observed values to hide.
    random_state : int, default=0
        Draws them.
    on_step : callable, optional
        Receives progress; where it returns True, no further imputer is tried.

    Returns
    -------
    DataFrame
        A row an imputer: ``imputer``, ``columns`` and the scores of :func:`measure`: ``rmse``,
        ``right``, ``coverage`` (of 90 % intervals, where the imputer has any).

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.imputation import compare
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> compare(model, iris.X)["imputer"].tolist()
    ['The model', 'Mean or mode', 'Nearest neighbours (5)', 'Linear (IterativeImputer)']
    """
    from ..progress import Reporter

    schema = model.schema_
    truth = with_missing(X, schema)
    seen, hidden = hide(X, schema, share, random_state)
    report, rows = Reporter(on_step, len(IMPUTERS) + 1), []
    filled, low, high = fill(model, seen, schema)
    rows.append({"imputer": MODEL, **measure(truth, filled, hidden, schema, low, high)})
    for step, (name, imputer) in enumerate(IMPUTERS.items(), 1):
        if report(step):
            break
        rows.append({"imputer": name, **measure(truth, imputer(seen, schema), hidden, schema)})
    return pd.DataFrame(rows)


def fill(model: LatentModel, X: np.ndarray, schema: Schema, n_samples: int = 500):
    """Fill missing values by a model.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array of shape (n, d)
        Rows, NaN where missing.
    schema : Schema
        Their feature groups.
    n_samples : int, default=500
        Draws of a model that imputes by sampling.

    Returns
    -------
    filled : ndarray of shape (n, d)
        X without NaN.
    low, high : ndarray of shape (n, d) or None
        Ends of the intervals, None for a model that gives none.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import MODELS
    >>> from lvm_core.analysis.imputation import fill
    >>> X = np.outer(np.arange(20.0), [1.0, 2.0, 3.0]).astype(np.float32)
    >>> model = MODELS["PCA"](latent_dim=1).fit(X)
    >>> gap = X.copy()
    >>> gap[3, 1] = np.nan
    >>> filled, low, high = fill(model, gap, model.schema_)
    >>> round(float(filled[3, 1]), 1), low is None
    (6.0, True)
    """
    if isinstance(model, Imputes):
        found: Any = model.impute(np.asarray(X, np.float32), n_samples)
        return found.X, found.low, found.high
    missing = np.isnan(X)
    return most_likely_levels(by_decoding(model, X, schema), missing, schema), None, None


def missing(X: np.ndarray, schema: Schema) -> pd.DataFrame:
    """Count the cells that hold no value.

    Parameters
    ----------
    X : array of shape (n, d)
        Rows as a codec makes them.
    schema : Schema
        Their feature groups.

    Returns
    -------
    DataFrame
        A row a feature group that holds a value: ``column``, ``missing`` and ``share`` (0 to 1).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.imputation import missing
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> groups = FeatureGroup("gaussian", 1, "age"), FeatureGroup("bernoulli", 1, "", missing_of=1)
    >>> missing(np.array([[0.5, 0.0], [0.0, 1.0]]), Schema(groups))
      column  missing  share
    0    age        1    0.5
    """
    missing = schema.missing_mask(np.asarray(X))
    counts = [(group.name, int(missing[:, span.start].sum())) for group, span, _ in schema.values()]
    return pd.DataFrame(
        {
            "column": [n for n, _ in counts],
            "missing": [c for _, c in counts],
            "share": [c / max(len(X), 1) for _, c in counts],
        }
    )


def verdict(found: pd.DataFrame) -> str:
    """Say in one sentence whether the model or the linear imputer should be used.

    Parameters
    ----------
    found : DataFrame
        The table that :func:`compare` gives.

    Returns
    -------
    str
        The sentence.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.analysis.imputation import LINEAR, MODEL, verdict
    >>> verdict(pd.DataFrame({"imputer": [MODEL, LINEAR], "rmse": [0.4, 0.5]}))
    'The model fills these cells better than the linear imputer (0.400 against 0.500).'
    """
    by = found.set_index("imputer")
    if LINEAR not in by.index:
        return "The comparison was stopped before the linear imputer had its turn."
    value = lambda imputer, measure: cast(float, by.loc[imputer, measure])
    numbers = not (np.isnan(value(MODEL, "rmse")) or np.isnan(value(LINEAR, "rmse")))
    measure, sign = ("rmse", 1) if numbers else ("right", -1)
    ours, linears = value(MODEL, measure), value(LINEAR, measure)
    said = (
        f"({ours:.3f} against {linears:.3f})"
        if numbers
        else f"({ours:.0%} against {linears:.0%} right)"
    )
    if sign * (ours - linears) > 0:
        return (
            f"The linear imputer fills these cells better than the model {said}: use it where only "
            "the values matter."
        )
    return (
        f"The model fills these cells better than the linear imputer {said}."
        if ours != linears
        else f"The model and the linear imputer are equal {said}."
    )


def fill_table(
    model: LatentModel, codec, X: np.ndarray, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Fill the gaps of a table by a model. Cells that were there stay as they are.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    codec : TableCodec
        The way from the table to X and back.
    X : array of shape (n, d)
        The encoded rows of ``frame``.
    frame : DataFrame of n rows
        The table.

    Returns
    -------
    complete : DataFrame
        ``frame`` with the gaps of the codec's columns filled.
    notes : DataFrame
        A row a filled cell: ``row``, ``column``, ``value`` and, where the model gives intervals,
        ``low`` and ``high``.
    cells : DataFrame of bool
        Which cells of the frame were filled.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.imputation import fill_table
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> frame = iris.rows.copy()
    >>> frame.loc[7, "petal length in cm"] = None
    >>> complete, notes, cells = fill_table(model, iris.codec, iris.X, frame)
    >>> notes["row"].tolist(), int(complete["petal length in cm"].isna().sum())
    ([7], 0)
    """
    schema = codec.schema
    X = with_missing(X, schema)
    for column, span in codec.spans():
        if not column.missing:  # it had no gap when it was learnt, so X has no mark for one
            X[frame[column.name].isna().to_numpy(), span] = np.nan
    filled, low, high = fill(model, X, schema)
    values = codec.decode(filled)
    ends: list[Any] = [None if x is None else codec.decode(x) for x in (low, high)]
    complete, cells, notes = (
        frame.reset_index(drop=True).copy(),
        pd.DataFrame(False, range(len(frame)), frame.columns),
        [],
    )
    for column in codec.columns:
        name, gone = column.name, complete[column.name].isna().to_numpy()
        if not gone.any():
            continue
        cells[name] = gone
        complete[name] = (
            complete[name].astype(object).where(~gone, values[name].astype(object)).infer_objects()
        )
        ranged = column.ends() is not None and ends[0] is not None
        for row in np.flatnonzero(gone):
            interval = (
                [column.show(end[name].iloc[row]) if ranged else "" for end in ends]
                if ends[0] is not None
                else []
            )
            notes.append([int(row), str(name), column.show(values[name].iloc[row]), *interval])
    titles = ["row", "column", "value"] + (["low", "high"] if ends[0] is not None else [])
    return complete, pd.DataFrame(notes, columns=titles), cells
