"""How often a model that guesses labels is right."""

from __future__ import annotations

import numpy as np

from .base import Score, percent


def prediction(model, X, y, train=None) -> list[Score]:
    """Share of the labels y (n,) that ``model.predict(X)`` guesses right, beside always saying the commonest label of ``train`` (y
    itself when None). Rows without a label (None) are left out; empty where the model guesses none or no row has one."""
    if y is None or not hasattr(model, "predict") or not len(getattr(model, "classes_", ())):
        return []
    known = np.array([v is not None and v == v for v in y])
    if not known.any():
        return []
    truth = np.array([str(v) for v in np.asarray(y, dtype=object)[known]])
    learnt = truth if train is None else np.array([str(v) for v in train if v is not None and v == v])
    names, counts = np.unique(learnt, return_counts=True)
    right, common = (model.predict(X[known]) == truth), float((truth == names[counts.argmax()]).mean())
    value, error = float(right.mean()), float(right.std(ddof=1) / np.sqrt(len(right))) if len(right) > 1 else 0.0
    seen = "rows it has not seen" if train is not None else "rows it learnt from"
    return [Score("Labels right", value, f"Of {len(truth):,} labels of {seen}, it guesses {percent(value)} right; always saying the "
                  f"commonest gets {percent(common)}.", common, 1.0, "share", error)]
