"""How much of the data comes back when a row is turned into its code and decoded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..schema import FeatureGroup
from .base import Score, average_item, percent

MOST_ROWS = 5000
_BATCH, _CELLS = 1024, 2**23  # rows at a time, and their values


@dataclass(frozen=True)
class Reconstruction:
    """What :func:`reconstruction` found.

    Attributes
    ----------
    scores : list of Score
        The overall numbers.
    columns : DataFrame
        A row per feature group of X with its ``name``, ``measure``, ``value`` and the ``baseline``
        of predicting the mean (of data of one group: one row).
    rows : ndarray of int of shape (m,)
        The row numbers measured.
    errors : ndarray of shape (m,)
        Each one's squared error, every feature group weighing the same, where 1 is what predicting
        the mean gets on average.
    """

    scores: list[Score]
    columns: pd.DataFrame
    rows: np.ndarray
    errors: np.ndarray


def reconstruction(model, X, train=None, *, random_state: int = 0) -> Reconstruction:
    """Compare rows with ``model.inverse_transform(model.transform(X))``, feature group by group.

    The baseline predicts the mean of the rows the model learnt from. Measures: share of variance
    explained for real columns and pictures (1 - squared error / squared error of the mean), share
    right for 0/1 and categorical columns (the baseline always says the commonest), cosine with the
    true counts for words, and the share of deviance explained where the model gives every word a
    chance.

    Parameters
    ----------
    model : LatentModel
        Fitted.
    X : ndarray or CSR matrix of shape (n, d)
        Rows; of more than ``MOST_ROWS`` a sample is measured.
    train : ndarray or CSR matrix of shape (m, d), default=None
        The rows the model learnt from; None: X itself.
    random_state : int, default=0
        Seed of the sample.

    Returns
    -------
    Reconstruction

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import reconstruction
    >>> from lvm_core.models.pca import PCA
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5)) + rng.normal(0, 0.1, size=(200, 5))
    >>> model = PCA(latent_dim=2).fit(X)
    >>> found = reconstruction(model, X)
    >>> [(score.name, score.value > 0.95, score.baseline) for score in found.scores]
    [('Reconstruction R²', True, 0.0)]
    >>> found.errors.shape
    (200,)
    """
    schema, n = model.schema_, X.shape[0]
    rows = np.arange(n)
    if n > MOST_ROWS:
        rows = np.sort(np.random.RandomState(random_state).choice(n, MOST_ROWS, replace=False))
    mean = np.asarray((X if train is None else train).mean(0, dtype=np.float64)).ravel()
    measures = [
        _measure(group, schema.image is not None)(mean[span]) for group, span in schema.spans()
    ]
    batch = max(1, min(_BATCH, _CELLS // schema.d))
    for start in range(0, len(rows), batch):
        x = X[rows[start : start + batch]]
        dense = np.asarray(x.toarray() if hasattr(x, "indptr") else x)
        y = np.asarray(
            model.inverse_transform(model.transform(x if model.sparse else dense)), np.float64
        )
        for measure, (_, span) in zip(measures, schema.spans()):
            measure.add(dense[:, span].astype(np.float64), y[:, span])

    columns = pd.DataFrame(
        [
            {"name": group.name, "measure": m.title, "value": m.value(), "baseline": m.baseline()}
            for m, (group, _) in zip(measures, schema.spans())
        ]
    )
    ratios = [np.concatenate(m.errors) / m.null for m in measures if m.null > 0]
    errors = np.mean(ratios, axis=0) if ratios else np.zeros(len(rows))
    seen = "rows it learnt from" if train is None else "rows it has not seen"
    scores = [
        score
        for kind in dict.fromkeys(type(m) for m in measures)
        for score in kind.summary(
            [m for m in measures if type(m) is kind],
            f"measured on {len(rows):,} {seen}",
            average_item(schema),
        )
    ]
    return Reconstruction(scores, columns, rows, errors)


class _Measure:
    """Adds up one block's errors. ``errors``: squared error by row; ``null``: the mean's
    squared error, averaged over rows.
    """

    title = ""

    def __init__(self, mean: np.ndarray):
        self.mean, self.errors, self.nulls = mean, [], []

    def add(self, x, y):
        self.errors.append(np.square(x - y).sum(1))
        self.nulls.append(np.square(x - self.mean).sum(1))

    def value(self) -> float:
        raise NotImplementedError

    def baseline(self) -> float:
        raise NotImplementedError

    @staticmethod
    def summary(measures, where, average) -> Iterator[Score]:
        raise NotImplementedError

    @property
    def null(self) -> float:
        value = float(np.concatenate(self.nulls).mean())
        return value if value > 1e-12 else 0.0


class _Variance(_Measure):
    title = "variance explained"

    def value(self):
        return (
            1 - float(np.concatenate(self.errors).mean()) / self.null if self.null else float("nan")
        )

    def baseline(self):
        return 0.0 if self.null else float("nan")

    @staticmethod
    def summary(measures, where, average):
        error, null = (
            sum(np.concatenate(m.errors).mean() for m in measures if m.null),
            sum(m.null for m in measures),
        )
        if not null:
            return
        share, by_row = (
            float(1 - error / null),
            np.sum([np.concatenate(m.errors) for m in measures if m.null], axis=0),
        )
        words = (
            f"explains {percent(share)} of what makes rows differ"
            if share > 0
            else f"is no better than {average}"
        )
        yield Score(
            "Reconstruction R²",
            share,
            f"What comes back from the code {words}; always predicting {average} explains "
            f"0 % ({where}).",
            0.0,
            1.0,
            "share",
            float(by_row.std() / len(by_row) ** 0.5 / null),
            by_row=1 - by_row / null,
        )


class _Right(_Measure):
    title = "share right"

    def __init__(self, mean):
        super().__init__(mean)
        self.right: list[np.ndarray] = []
        self.common: list[np.ndarray] = []

    def add(self, x, y):
        super().add(x, y)
        guess = lambda p: (
            p > 0.5 if p.shape[1] == 1 else p.argmax(1)[:, None] == np.arange(p.shape[1])
        )
        self.right.append(
            ((x > 0.5) == guess(y)).all(1) if x.shape[1] > 1 else ((x > 0.5) == guess(y))[:, 0]
        )
        self.common.append(((x > 0.5) == guess(self.mean[None])).all(1))

    def value(self):
        return float(np.concatenate(self.right).mean())

    def baseline(self):
        return float(np.concatenate(self.common).mean())

    @staticmethod
    def summary(measures, where, average):
        value, base = (
            float(np.mean([f(m) for m in measures]))
            for f in (lambda m: m.value(), lambda m: m.baseline())
        )
        by_row = np.mean([np.concatenate(m.right) for m in measures], axis=0)
        yield Score(
            "Category cells recovered",
            value,
            f"Of the categorical and yes/no values, {percent(value)} come back right; always "
            f"saying the commonest gets {percent(base)} ({where}).",
            base,
            1.0,
            "share",
            _error(by_row),
            by_row=by_row,
        )


class _Words(_Measure):
    title = "cosine with the true counts"

    def __init__(self, mean):
        super().__init__(mean)
        self.cosines, self.plain, self.deviances, self.null_deviances = [], [], [], []

    def add(self, x, y):
        unit = lambda v: v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-12)
        mean = unit(self.mean[None])
        super().add(unit(x), unit(y))
        self.nulls[-1] = np.square(unit(x) - mean).sum(1)
        some = x.any(1)
        self.cosines.append((unit(x) * unit(y)).sum(1)[some])
        self.plain.append((unit(x) @ mean[0])[some])
        self.deviances.append(_deviance(x, y))
        self.null_deviances.append(_deviance(x, self.mean[None]))

    def value(self):
        return float(np.concatenate(self.cosines).mean())

    def baseline(self):
        return float(np.concatenate(self.plain).mean())

    @staticmethod
    def summary(measures, where, average):
        for m in measures:
            value, base, cosines = m.value(), m.baseline(), np.concatenate(m.cosines)
            yield Score(
                "Word use recovered",
                value,
                f"The decoded words point the way of the true ones with cosine {value:.2f} "
                f"(1 is exact); {average} gets {base:.2f} ({where}).",
                base,
                1.0,
                "",
                _error(cosines),
                by_row=cosines,
            )
            left, null = np.concatenate(m.deviances), np.concatenate(m.null_deviances)
            if np.isfinite(left).all() and 0 < null.sum() < np.inf:
                by_row = 1 - left / null.mean()
                share = float(by_row.mean())
                yield Score(
                    "Word choice explained",
                    share,
                    f"The decoded chances explain {percent(share)} of the deviance of the "
                    "word counts that is left by one list of frequencies for all documents "
                    f"({where}).",
                    0.0,
                    1.0,
                    "share",
                    _error(by_row),
                    by_row=by_row,
                )


def _deviance(x, y) -> np.ndarray:
    """Multinomial deviance (n,) of counts x (n, d) under chances proportional to y: ``2 sum x log(x
    / (N p))``; infinite where a word occurred that had no chance.
    """
    used = x > 0
    p = np.broadcast_to(y / np.maximum(y.sum(1, keepdims=True), 1e-300), x.shape)
    expected = x.sum(1, keepdims=True) * p
    parts = np.zeros(x.shape)
    with np.errstate(divide="ignore"):
        parts[used] = x[used] * np.log(x[used] / expected[used])
    return 2 * parts.sum(1)


def _error(values: np.ndarray) -> float:
    """Standard error of their mean."""
    return float(values.std() / max(len(values), 1) ** 0.5)


def _measure(group: FeatureGroup, picture: bool) -> type[_Measure]:
    if picture:
        return _Variance
    return {"gaussian": _Variance, "bernoulli": _Right, "categorical": _Right, "counts": _Words}[
        group.likelihood
    ]
