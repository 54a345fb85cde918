"""How well a few features tell a group of rows from others: a sparse logistic model, judged on
rows that were held out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..progress import OnStep, Reporter
from .contrast import few, sides

MOST_ROWS, SCREENED, STEPS, FOLDS, INNER = 2000, 48, 6, 5, 3


@dataclass(frozen=True)
class Identification:
    """How well a few features tell a group of rows from others.

    Attributes
    ----------
    auc : float
        The chance that a held-out row of the group scores above a held-out other one; 0.5 is a
        coin.
    error : float
        Standard error of ``auc``.
    weights : list of (str, float)
        (name, change of the log-odds with one standard deviation more) of the features that are
        used, the weightiest first.
    columns : ndarray of int
        Which columns of X those are.
    rows : int
        How many rows it learnt from.
    asked : int
        How many rows there were.

    See Also
    --------
    identify : Learns to tell the rows apart.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.identify import Identification
    >>> found = Identification(0.97, 0.02, [("petal length", -2.1)], np.array([2]), 150, 150)
    >>> found.weights[0]
    ('petal length', -2.1)
    """

    auc: float
    error: float
    weights: list[tuple[str, float]]
    columns: np.ndarray
    rows: int
    asked: int


def identify(
    X,
    names: list[str],
    inside,
    outside=None,
    *,
    presence: bool = False,
    random_state: int = 0,
    on_step: OnStep | None = None,
) -> Identification:
    """Learn to tell a group of rows from others, and judge that on rows that were held out.

    Logistic regression with an L1 penalty [1]_, both sides weighing the same, on the columns that
    alone tell most (at most 48 [2]_). The strength of the penalty is chosen in three folds, the
    strongest within one standard error of the best; that whole procedure, screening too, is judged
    in five outer folds of its own. The error is DeLong's [3]_.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
        Rows.
    names : list of str
        Names of the columns (d,).
    inside : array-like of int
        Rows of the group.
    outside : array-like of int, optional
        Rows it is told from; all others by default.
    presence : bool, default=False
        Whether a term is there counts, not how often.
    random_state : int, default=0
        Draws at most 1000 rows a side, and the folds.
    on_step : callable, optional
        Receives progress; where it returns True, no further fold is judged.

    Returns
    -------
    Identification
        The held-out AUC, and the features used.

    Raises
    ------
    ValueError
        Below 5 rows on either side.

    References
    ----------
    .. [1] Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x
    .. [2] Fan & Lv (2008), doi:10.1111/j.1467-9868.2008.00674.x
    .. [3] DeLong (1988), doi:10.2307/2531595

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.identify import identify
    >>> X = np.random.default_rng(0).normal(size=(80, 3))
    >>> X[:30, 1] += 3
    >>> found = identify(X, ["a", "b", "c"], np.arange(30))
    >>> found.weights[0][0], found.auc > 0.9
    ('b', True)
    """
    inside, outside = sides(X.shape[0], inside, outside)
    rng, asked = np.random.RandomState(random_state), len(inside) + len(outside)
    inside, outside = few(inside, MOST_ROWS // 2, rng), few(outside, MOST_ROWS // 2, rng)
    A = X[np.concatenate([inside, outside])]
    A = (A != 0).astype(np.float64) if presence else A.astype(np.float64)
    y = np.arange(A.shape[0]) < len(inside)
    report = Reporter(on_step, FOLDS + 1, "telling them apart, fold by fold")
    over, under = [], []
    for number, (train, test) in enumerate(_folds(y, FOLDS, random_state)):
        kept, weights, _ = _fit(A[train], y[train], random_state)
        _place(_score(A[test], kept, weights), y[test], over, under)
        if report(number + 1):
            break
    kept, weights, scale = _fit(A, y, random_state)
    order = np.argsort(-np.abs(weights * scale), kind="stable")
    order = order[np.abs(weights[order]) > 1e-9]
    report(FOLDS + 1)
    auc, error = _auc(np.concatenate(over), np.concatenate(under))
    return Identification(
        auc,
        error,
        [(str(names[kept[j]]), float(weights[j] * scale[j])) for j in order],
        kept[order],
        len(y),
        asked,
    )


def _folds(y, most: int, seed: int):
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(
        max(2, min(most, int(y.sum()), int((~y).sum()))), shuffle=True, random_state=seed
    ).split(np.zeros(len(y)), y)


def _fit(A, y, seed: int):
    """(columns of A used, their weights, their spreads): screened, standardised, the penalty
    chosen in folds of these rows alone.
    """
    kept = _screen(A, y)
    S = A[:, kept]
    S = S.toarray() if hasattr(S, "toarray") else S
    scale = S.std(0)
    S = (S - S.mean(0)) / scale
    strengths = _strengths(S, y)
    found = np.array(
        [
            [_one(S[test], y[test], _weights(S[train], y[train], C)) for C in strengths]
            for train, test in _folds(y, INNER, seed)
        ]
    )
    mean, error = found.mean(0), found.std(0, ddof=1) / np.sqrt(len(found))
    best = int(mean.argmax())
    chosen = int(np.flatnonzero(mean >= mean[best] - error[best])[0])
    return kept, _weights(S, y, strengths[chosen]) / scale, scale


def _screen(A, y) -> np.ndarray:
    """The columns whose correlation with the side is largest; never one that does not vary."""
    n, w = A.shape[0], np.where(y, 1 / y.sum(), -1 / (~y).sum())
    mean = np.asarray(A.mean(0)).ravel()
    square = (
        np.asarray(A.multiply(A).mean(0)).ravel()
        if hasattr(A, "multiply")
        else np.square(A).mean(0)
    )
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    away = np.abs(np.asarray(A.T @ w).ravel())
    alone = np.where(
        spread > 1e-9 * np.maximum(np.abs(mean), 1e-9), away / np.where(spread > 0, spread, 1), -1.0
    )
    order = np.argsort(-alone, kind="stable")[: min(SCREENED, max(n // 2, 2))]
    order = order[alone[order] >= 0]
    if not len(order):
        raise ValueError("no column differs among these rows, so nothing can tell them apart.")
    return order


def _strengths(S, y) -> np.ndarray:
    """Penalties' inverses, from just below the first weight that is not 0, in even ratios."""
    w = np.where(y, len(y) / (2 * y.sum()), len(y) / (2 * (~y).sum()))
    least = 1 / max(float(np.abs(S.T @ (w * (y - 0.5))).max()), 1e-9)
    return least * np.geomspace(1.3, 60, STEPS)


def _weights(S, y, C: float) -> np.ndarray:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # a weak penalty on groups that do not overlap; the fold's score says what it is worth
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(
            l1_ratio=1.0,
            C=C,
            solver="liblinear",
            class_weight="balanced",
            tol=1e-3,
            max_iter=40,
            intercept_scaling=10.0,  # pyright: ignore[reportArgumentType]  # its default is 1
            random_state=0,
        )
        return model.fit(S, y).coef_[0]


def _score(A, kept, weights) -> np.ndarray:
    S = A[:, kept]
    return np.asarray(S @ weights).ravel()


def _place(score, y, over: list, under: list) -> None:
    """Add the shares of the other side below each row of the group, and of the group below each
    other row, within a fold.
    """
    from scipy.stats import rankdata

    both = rankdata(score)
    over.append((both[y] - rankdata(score[y])) / (~y).sum())
    under.append((both[~y] - rankdata(score[~y])) / y.sum())


def _one(S, y, weights) -> float:
    over: list = []
    _place(S @ weights, y, over, [])
    return float(over[0].mean())


def _auc(over, under) -> tuple[float, float]:
    """AUC and its standard error; of groups that do not overlap in the sample, the error that
    95 % of such samples stay within.
    """
    auc = float(over.mean())
    error = float(np.sqrt(over.var(ddof=1) / len(over) + under.var(ddof=1) / len(under)))
    least = min(len(over), len(under))
    return auc, error if error > 1e-9 else 1.96 / (least + 1.96**2)
