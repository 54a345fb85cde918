"""Can a classifier tell generated rows from real ones? The classifier two-sample test (C2ST)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .mixed import MixedRows
from .usefulness import features

MOST_COMPARED = 10_000  # rows of each kind
FOLDS = 3


@dataclass(frozen=True)
class Detection:
    """What a classifier found.

    Parameters
    ----------
    score : float
        1 - (2 max(AUC, 1/2) - 1), the mean over folds: 1 where it cannot tell, 0 where it always
        can.
    auc : float
        Mean ROC AUC on rows it did not learn from.
    error : float
        Standard error of ``score`` over the folds.

    See Also
    --------
    detection : Measures it.
    """

    score: float
    auc: float
    error: float


def detection(
    real: MixedRows, generated: MixedRows, classifier: str = "boosting", *, random_state: int = 0
) -> Detection:
    """Can a classifier tell generated rows from real ones [1]_?

    The score of SDMetrics [2]_, which papers on tables quote: 3 folds, stratified and shuffled, in
    each of which 1 - (2 max(AUC, 1/2) - 1) is taken. ``"logistic"`` is its LogisticDetection:
    missing numbers at the mean of the real rows, a column for each category (here also for truth
    values, which it leaves out, and for categories no real row has, where it stops), scaled by the
    quartiles, logistic regression. ``"boosting"`` asks scikit-learn's histogram gradient boosting
    in place of XGBoost, which sees what falls between columns and is much harder to pass.

    Parameters
    ----------
    real : MixedRows of n rows
        Real rows.
    generated : MixedRows of m rows
        Generated rows. Of both, as many as there are of the fewer are used, at most
        ``MOST_COMPARED``.
    classifier : {"boosting", "logistic"}, default="boosting"
        Which one.
    random_state : int, default=0
        Seed of the folds and the trees.

    Returns
    -------
    Detection

    Raises
    ------
    ValueError
        Below ``FOLDS`` rows of either kind.

    References
    ----------
    .. [1] Lopez-Paz & Oquab (2017), arXiv:1610.06545.
    .. [2] https://docs.sdv.dev/sdmetrics (LogisticDetection), as quoted by Zhang et al. (2024),
       TabSyn, arXiv:2310.09656.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.detection import detection
    >>> from lvm_core.metrics.samples.mixed import mixed_rows
    >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 2)), columns=["x", "y"])
    >>> real, other, far = mixed_rows(frame[:200], frame[200:], frame[200:] + 9)
    >>> detection(real, other, "logistic").score > 0.8, detection(real, far, "logistic").score
    (True, 0.0)
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    n = min(len(real), len(generated), MOST_COMPARED)
    if n < FOLDS:
        raise ValueError(f"there are {n} rows to compare, expected at least {FOLDS}.")
    real, generated = real.take(slice(n)), generated.take(slice(n))
    y = np.repeat([1, 0], n)
    X, model = (_linear if classifier == "logistic" else _trees)(real, generated, random_state)
    aucs = []
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        # a hundred steps as SDMetrics takes them, wherever they end
        warnings.simplefilter("ignore", ConvergenceWarning)
        for fit, ask in folds.split(X, y):
            chances = model.fit(X[fit], y[fit]).predict_proba(X[ask])[:, 1]
            aucs.append(roc_auc_score(y[ask], chances))
    scores = 1 - (2 * np.maximum(aucs, 0.5) - 1)
    return Detection(
        float(scores.mean()), float(np.mean(aucs)), float(scores.std(ddof=1) / FOLDS**0.5)
    )


def _linear(real, generated, seed):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    X = np.vstack(
        [
            np.hstack(
                [np.where(np.isfinite(rows.numbers), rows.numbers, rows.mean), rows.one_hot()]
            )
            for rows in (real, generated)
        ]
    )
    return X, make_pipeline(RobustScaler(), LogisticRegression(solver="lbfgs"))


def _trees(real, generated, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier

    (A, kinds), (B, _) = features(real), features(generated)
    options: dict[str, Any] = dict(
        categorical_features=kinds, random_state=seed, early_stopping=False
    )
    model = HistGradientBoostingClassifier(**options)
    return np.vstack([A, B]), model
