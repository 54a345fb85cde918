"""What can be learnt from generated rows: trained on them, tested on real ones (TSTR)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .mixed import MixedRows, mixed_rows

MOST_TARGETS = 6
MOST_LEARNT = 5000  # rows
MOST_CLASSES = 20  # of a column that is predicted; rarer ones are one class
_NATIVE = 250  # categories that the trees split by set; the rarest of more are one


def features(rows: MixedRows) -> tuple[np.ndarray, list[bool]]:
    """Numbers and categories as gradient boosting takes them: missing numbers lie below all.

    Parameters
    ----------
    rows : MixedRows of n rows
        Rows.

    Returns
    -------
    X : ndarray of shape (n, p + q)
        Numbers, then numbers of categories.
    categorical : list of bool
        Which are categories.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> from lvm_core.metrics.samples.usefulness import features
    >>> X, kinds = features(mixed_rows(pd.DataFrame({"kind": ["a", "b"], "size": [2.0, 3.0]}))[0])
    >>> X.tolist(), kinds
    ([[2.0, 0.0], [3.0, 1.0]], [False, True])
    """
    # not NaN: the trees refuse a column that has no value among the rows they see
    numbers = np.where(np.isfinite(rows.numbers), rows.numbers, rows.low - rows.span)
    X = np.hstack([numbers, np.minimum(rows.codes, _NATIVE)])
    return X, [False] * numbers.shape[1] + [True] * rows.codes.shape[1]


def train_on_generated(
    train: pd.DataFrame,
    generated: pd.DataFrame,
    test: pd.DataFrame,
    targets: list | None = None,
    *,
    label=None,
    random_state: int = 0,
) -> pd.DataFrame:
    """What gradient boosting learns from real rows and from generated rows [1]_.

    Both are asked about the same real rows, and learn from equally many rows (TSTR: train on
    synthetic, test on real; TRTR: train on real). A column of classes is predicted by a classifier
    and scored by ROC AUC (of more than two classes the mean of each against the rest, by how common
    they are), one of numbers by R².

    Parameters
    ----------
    train : DataFrame of n rows
        Real rows to learn from.
    generated : DataFrame of m rows
        Generated rows to learn from.
    test : DataFrame
        Real rows both are asked about.
    targets : list, default=None
        Columns to predict; None: the label, then ``MOST_TARGETS`` spread over the table.
    label : object, default=None
        The column that is predicted first.
    random_state : int, default=0
        Seed of the trees.

    Returns
    -------
    DataFrame
        A row per target column: ``name``, ``measure`` (``"ROC AUC"`` or ``"R²"``), ``guess`` (what
        guessing gets), ``real`` and ``made``. R² below -1 is -1. Columns with one value are left
        out.

    References
    ----------
    .. [1] Esteban et al. (2017), arXiv:1706.02633.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.usefulness import train_on_generated
    >>> x = np.random.default_rng(0).normal(size=300)
    >>> rows = pd.DataFrame({"x": x, "high": np.where(x > 0, "yes", "no")})
    >>> found = train_on_generated(rows[:100], rows[100:200], rows[200:], ["high"])
    >>> found["measure"].tolist(), bool((found[["real", "made"]] > 0.9).all(axis=None))
    (['ROC AUC'], True)
    """
    n = min(len(train), len(generated), MOST_LEARNT)
    sides = train.iloc[:n], generated.iloc[:n]
    real, made, asked = mixed_rows(*sides, test.iloc[:MOST_LEARNT])
    names = [str(c) for c in train.columns]
    if targets is None:
        spread = np.unique(np.linspace(0, len(names) - 1, MOST_TARGETS).round().astype(int))
        first = [str(label)] if label is not None and str(label) in names else []
        targets = [*first, *(names[j] for j in spread if names[j] not in first)]
    records = []
    for name in map(str, targets[: MOST_TARGETS + 1]):
        scores = [_score(side, asked, name, random_state) for side in (real, made)]
        if not np.isnan(scores).any():
            number = name in real.measured
            records.append((name, "R²" if number else "ROC AUC", 0.0 if number else 0.5, *scores))
    return pd.DataFrame(records, columns=["name", "measure", "guess", "real", "made"])


def gain(value, guess):
    """From a score to what it gains over guessing: 0 is guessing, 1 is always right.

    Parameters
    ----------
    value, guess : float or ndarray
        The score, and what guessing gets.

    Returns
    -------
    float or ndarray

    Examples
    --------
    >>> from lvm_core.metrics.samples.usefulness import gain
    >>> gain(0.75, 0.5), gain(0.3, 0.0)
    (0.5, 0.3)
    """
    return (value - guess) / (1 - guess)


def _score(train: MixedRows, test: MixedRows, name: str, seed: int) -> float:
    """NaN where the tested rows have one value only."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    (X, kinds), (T, _) = features(train.without(name)), features(test.without(name))
    y, t = train.column(name), test.column(name)
    options: dict[str, Any] = dict(
        categorical_features=kinds, random_state=seed, early_stopping=False
    )
    if not X.shape[1]:
        return float("nan")
    if name in train.measured:
        fit, ask = np.isfinite(y), np.isfinite(t)
        if ask.sum() < 2 or np.ptp(t[ask]) == 0:
            return float("nan")
        if not fit.any():
            return 0.0
        found = HistGradientBoostingRegressor(**options).fit(X[fit], y[fit]).predict(T[ask])
        return float(max(1 - np.square(found - t[ask]).mean() / t[ask].var(), -1.0))
    y, t = np.minimum(y, MOST_CLASSES - 1), np.minimum(t, MOST_CLASSES - 1)
    classes = np.unique(y)
    if len(np.unique(t)) < 2:
        return float("nan")
    if len(classes) < 2:
        return 0.5
    # a tree a class and round
    rounds = 100 if len(classes) == 2 else max(12, 200 // len(classes))
    model = HistGradientBoostingClassifier(max_iter=rounds, **options).fit(X, y)
    chances = np.zeros((len(t), MOST_CLASSES))
    chances[:, classes] = model.predict_proba(T)
    return _auc(t, chances)


def _auc(t: np.ndarray, chances: np.ndarray) -> float:
    """The mean of each class against the rest, by how common they are."""
    from sklearn.metrics import roc_auc_score

    classes, counts = np.unique(t, return_counts=True)
    each = [roc_auc_score(t == c, chances[:, c]) for c in classes]
    return float(np.average(each, weights=counts))
