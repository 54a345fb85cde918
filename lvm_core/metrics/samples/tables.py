"""Generated tables against real ones: each column, each pair of columns, and what can be learnt
from them.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd

from ...labels import is_measured
from ..base import Score, percent

MOST_PAIRED = 24  # columns whose pairs are compared: 276 pairs
MOST_TARGETS = 6
_BINS = 10


def column_shapes(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """How alike each column's distribution is, 0 to 1.

    Numbers and dates: 1 - the Kolmogorov-Smirnov distance of the values that are there (or 1 - the
    gap between the shares that are missing, where that is less); categories: 1 - the total
    variation distance of their shares, missing being one of them.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.

    Returns
    -------
    DataFrame
        Columns ``name``, ``measure``, ``value``, in the order of ``real``.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import column_shapes
    >>> real = pd.DataFrame({"kind": list("aabb")})
    >>> column_shapes(real, pd.DataFrame({"kind": list("aaab")}))["value"].tolist()
    [0.75]
    """
    return pd.DataFrame(
        [
            {
                "name": str(name),
                "measure": "1 - Kolmogorov-Smirnov"
                if is_measured(real[name])
                else "1 - total variation",
                "value": _shape(real[name], generated[name]),
            }
            for name in real.columns
        ]
    )


def pair_similarity(real: pd.DataFrame, generated: pd.DataFrame) -> pd.DataFrame:
    """How alike each pair of columns hangs together, 0 to 1.

    Two numbers: 1 - half the gap between Spearman's correlations. With a category: 1 - the total
    variation distance of the joint shares, numbers cut into tenths of the real ones.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows; at most the first ``MOST_PAIRED`` columns are paired.
    generated : DataFrame of m rows
        Generated rows, with the same columns.

    Returns
    -------
    DataFrame
        Columns ``a``, ``b``, ``real``, ``made``, ``value``; ``real`` and ``made`` are the
        correlations of two numbers in the real and in the generated rows, NaN with a category.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import pair_similarity
    >>> real = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 3.0, 4.0]})
    >>> generated = real.assign(y=[4.0, 3.0, 2.0, 1.0])
    >>> pair_similarity(real, generated).round(6).to_dict("records")
    [{'a': 'x', 'b': 'y', 'real': 1.0, 'made': -1.0, 'value': 0.0}]
    """
    from scipy.stats import rankdata

    names = list(real.columns[:MOST_PAIRED])
    numbers = [name for name in names if is_measured(real[name])]
    tables = [
        pd.DataFrame({name: _numbers(side[name]) for name in numbers}) for side in (real, generated)
    ]
    ranks = [pd.DataFrame({c: rankdata(t[c], nan_policy="omit") for c in t}) for t in tables]
    correlations = [r.corr() for r in ranks]
    codes = {name: _codes(real[name], generated[name]) for name in names}
    records = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if a in numbers and b in numbers:
                x, y = (float(np.nan_to_num(cast(float, c.loc[a, b]))) for c in correlations)
                records.append(
                    {"a": str(a), "b": str(b), "real": x, "made": y, "value": 1 - abs(x - y) / 2}
                )
            else:
                records.append(
                    {
                        "a": str(a),
                        "b": str(b),
                        "real": np.nan,
                        "made": np.nan,
                        "value": 1 - _joint_gap(codes[a], codes[b]),
                    }
                )
    return pd.DataFrame(records, columns=["a", "b", "real", "made", "value"])


def train_on_generated(
    train: pd.DataFrame,
    generated: pd.DataFrame,
    test: pd.DataFrame,
    targets: list | None = None,
    *,
    random_state: int = 0,
) -> pd.DataFrame:
    """What a random forest learns from real rows and from generated rows [1]_.

    Both are asked about the same real rows, and learn from equally many rows.

    Parameters
    ----------
    train : DataFrame of n rows
        Real rows to learn from.
    generated : DataFrame of m rows
        Generated rows to learn from.
    test : DataFrame
        Real rows both are asked about.
    targets : list, default=None
        Columns to predict; None: each in turn, ``MOST_TARGETS`` of them spread over the table where
        there are more.
    random_state : int, default=0
        Seed of the forests.

    Returns
    -------
    DataFrame
        A row per target column with ``name``, ``real`` and ``made``: the share of the error of
        always saying the mean (squared error) or the commonest value (misses) that is gone after
        learning from real and from generated rows; 0 is no better than guessing. Targets where
        guessing is always right are left out.

    References
    ----------
    .. [1] Esteban et al. (2017), arXiv:1706.02633.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import train_on_generated
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> rows = pd.DataFrame({"x": x, "y": 2 * x})
    >>> found = train_on_generated(rows[:100], rows[:100], rows[100:], ["y"])
    >>> found["name"].tolist(), bool((found["real"] == found["made"]).all())
    (['y'], True)
    """
    n = min(len(train), len(generated), 2000)
    train, generated = train.iloc[:n], generated.iloc[:n]
    spread = np.unique(np.linspace(0, train.shape[1] - 1, MOST_TARGETS).round().astype(int))
    table = pd.DataFrame(
        [
            {
                "name": str(name),
                "real": _skill(train, test, name, random_state),
                "made": _skill(generated, test, name, random_state),
            }
            for name in (targets or train.columns[spread])
        ],
        columns=["name", "real", "made"],
    )
    return table.dropna(ignore_index=True)


def table_scores(
    real: pd.DataFrame, generated: pd.DataFrame, unseen: pd.DataFrame, *, random_state: int = 0
) -> tuple[list[Score], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores of a generated table; real rows against each other are the ceiling.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.
    unseen : DataFrame
        Real rows the model has not seen. Without at least 20 nothing is said of usefulness.
    random_state : int, default=0
        Seed of the halves, shuffles and forests.

    Returns
    -------
    scores : list of Score
        Column shapes, pairs of columns, learnt from generated rows.
    shapes : DataFrame
        See :func:`column_shapes`.
    pairs : DataFrame
        See :func:`pair_similarity`.
    useful : DataFrame
        See :func:`train_on_generated`; empty where nothing is said.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.tables import table_scores
    >>> rows = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 2)), columns=["x", "y"])
    >>> scores, shapes, pairs, useful = table_scores(rows, rows, rows[:0])
    >>> [(score.name, score.value) for score in scores]
    [('Column shapes', 1.0), ('Pairs of columns', 1.0)]
    """
    rng = np.random.RandomState(random_state)
    halves = [real.iloc[rows] for rows in np.array_split(rng.permutation(len(real)), 2)]
    shapes, pairs = column_shapes(real, generated), pair_similarity(real, generated)
    apart = real.apply(lambda column: column.sample(frac=1, random_state=rng).to_numpy()).astype(
        real.dtypes.to_dict()
    )
    flat = pd.DataFrame(
        {name: rng.choice(_distinct(column), len(real)) for name, column in real.items()}
    )
    value, best, least = (
        float(s["value"].mean())
        for s in (shapes, column_shapes(*halves), column_shapes(real, flat))
    )
    worst = cast(str, shapes.loc[cast(Any, shapes["value"].idxmin()), "name"])
    scores = [
        Score(
            "Column shapes",
            value,
            f"Each generated column has {percent(value)} of its real distribution on average, the "
            f"worst, {worst[:40]}, "
            f"{percent(shapes['value'].min())}; two halves of the data agree to {percent(best)}, "
            f"drawing all values evenly to {percent(least)}.",
            least,
            best,
            "share",
        )
    ]
    if len(pairs):
        value, best, least = (
            float(s["value"].mean())
            for s in (pairs, pair_similarity(*halves), pair_similarity(real, apart))
        )
        scores.append(
            Score(
                "Pairs of columns",
                value,
                f"The {len(pairs):,} pairs of columns hang together as in the data to "
                f"{percent(value)}; two halves of the data agree to {percent(best)}, columns "
                f"drawn each on its own to {percent(least)}.",
                least,
                best,
                "share",
            )
        )
    useful = pd.DataFrame(columns=["name", "real", "made"])
    if len(unseen) >= 20 and real.shape[1] > 1:
        useful = train_on_generated(real, generated, unseen, random_state=random_state)
    if len(useful):
        value, best = float(useful["made"].mean()), float(useful["real"].mean())
        scores.append(
            Score(
                "Learnt from generated rows",
                value,
                "A random forest that learns from generated rows and predicts a column of "
                f"{len(unseen):,} unseen real rows removes {percent(value)} of the "
                f"error of guessing; one that learns from as many real rows, of {percent(best)} "
                f"(mean of {len(useful)} columns in turn).",
                0.0,
                best if best > 0 else None,
                "share",
            )
        )
    return scores, shapes, pairs, useful


def _numbers(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64").where(column.notna()).to_numpy(np.float64, na_value=np.nan)
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _distinct(column: pd.Series) -> np.ndarray:
    seen = column.dropna()
    return (
        np.linspace(float(seen.min()), float(seen.max()), 200)
        if is_measured(column) and not pd.api.types.is_datetime64_any_dtype(column) and len(seen)
        else column.unique()
    )


def _shape(real: pd.Series, generated: pd.Series) -> float:
    if not is_measured(real):
        return 1 - _variation(_shares(real), _shares(generated))
    a, b = _numbers(real), _numbers(generated)
    gone = abs(np.isnan(a).mean() - np.isnan(b).mean())
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if not len(a) or not len(b):
        return float(1 - gone)
    every = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(side), every, "right") / len(side) for side in (a, b)]
    return float(1 - max(np.abs(below[0] - below[1]).max(), gone))


def _shares(column: pd.Series) -> pd.Series:
    return (
        column.astype(object)
        .where(column.notna(), "(missing)")
        .astype(str)
        .value_counts(normalize=True)
    )


def _variation(p: pd.Series, q: pd.Series) -> float:
    return float(p.subtract(q, fill_value=0).abs().sum() / 2)


def _codes(real: pd.Series, generated: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Both columns as class numbers of one numbering."""
    if is_measured(real):
        edges = (
            np.unique(np.nanquantile(_numbers(real), np.linspace(0, 1, _BINS + 1)[1:-1]))
            if real.notna().any()
            else []
        )
        one, other = (
            np.where(np.isnan(x), _BINS, np.searchsorted(edges, np.nan_to_num(x), "right"))
            for x in (_numbers(real), _numbers(generated))
        )
        return one, other
    codes = pd.factorize(
        pd.concat(
            [
                side.astype(object).where(side.notna(), "(missing)").astype(str)
                for side in (real, generated)
            ]
        )
    )[0]
    return codes[: len(real)], codes[len(real) :]


def _joint_gap(a, b) -> float:
    shares = [pd.Series(list(zip(x, y))).value_counts(normalize=True) for x, y in zip(a, b)]
    return _variation(*shares)


def _skill(train: pd.DataFrame, test: pd.DataFrame, target, seed: int) -> float:
    """Share of the guessing error that is gone, at least -1; NaN where guessing is always right."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    both = pd.concat([train, test], ignore_index=True)
    X = np.column_stack(
        [
            _numbers(both[c]) if is_measured(both[c]) else pd.factorize(both[c])[0]
            for c in both.columns
            if c != target
        ]
    )
    number = is_measured(both[target])
    y = (
        _numbers(both[target])
        if number
        else pd.factorize(
            both[target].astype(object).where(both[target].notna(), "(missing)").astype(str)
        )[0]
    )
    known = np.isfinite(y)
    fit, ask = known.copy(), known.copy()
    fit[len(train) :], ask[: len(train)] = False, False
    options = {"n_estimators": 40, "min_samples_leaf": 2, "max_features": 0.5, "random_state": seed}
    if not fit.any() or not ask.any() or np.ptp(y[ask]) == 0:
        return float("nan")
    if number:
        error = (
            np.square(
                RandomForestRegressor(**options).fit(X[fit], y[fit]).predict(X[ask]) - y[ask]
            ).mean()
            / y[ask].var()
        )
    else:
        guess = (y[ask] == np.bincount(y[ask]).argmax()).mean()
        error = (
            RandomForestClassifier(**options).fit(X[fit], y[fit]).predict(X[ask]) != y[ask]
        ).mean() / (1 - guess)
    return float(max(1 - error, -1.0))
