"""What survives the squeeze through the code, against knowing nothing but the average."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..layout import Layout
from .base import Score, percent

_MOST_ROWS = 5000


def reconstruction(model, X, X_train, layout: Layout, *, held_out: bool = True, random_state: int = 0) -> list[Score]:
    """How well rows X (n, d) come back from ``model``, one score for each sort of column there is.

    The baseline knows the training rows' mean, most frequent category or average document, and nothing of the row.
    Measured on at most 5000 rows, drawn by ``random_state``. ``held_out``: whether the model has not seen X, for the sentence.
    """
    X = _some(X, random_state)
    back = model.inverse_transform(model.transform(X))
    X, mean = _dense(X), np.asarray(X_train.mean(0)).ravel()
    on = f"{len(X):,} rows it has {'not seen' if held_out else 'learnt from'}"
    if layout.has("counts"):
        return [_cosine(X, back, mean, on)]
    real, discrete = _columns(layout)
    scores = []
    if len(real):
        scores.append(_variance(X[:, real], back[:, real], mean[real], on, "pixels" if layout.image else "numbers"))
    if discrete and layout.image is None:
        scores.append(_categories(X, back, mean, discrete, on))
    return scores


def by_column(model, X, X_train, layout: Layout, *, random_state: int = 0) -> pd.DataFrame:
    """One row a column of a table: ``column``, ``measure``, ``value`` and ``baseline``; shares from 0 (below is possible) to 1."""
    X = _some(X, random_state)
    back = model.inverse_transform(model.transform(X))
    X, mean = _dense(X), np.asarray(X_train.mean(0)).ravel()
    rows = []
    for block, span in layout.spans():
        if block.likelihood == "gaussian":
            value, measure, baseline = _explained(X[:, span], back[:, span], mean[span]), "variance explained", 0.0
        else:
            value, baseline = (float(v) for v in np.mean(_right(X[:, span], back[:, span], mean[span]), axis=1))
            measure = "right"
        rows.append({"column": block.name, "measure": measure, "value": value, "baseline": baseline})
    return pd.DataFrame(rows)


def item_errors(model, X) -> np.ndarray:
    """Mean squared difference (n,) of each row X (n, d) and its reconstruction, in the units of X."""
    return np.square(_dense(X) - model.inverse_transform(model.transform(X))).mean(1)


def _variance(X, back, mean, on, what) -> Score:
    value = _explained(X, back, mean)
    return Score("Variance explained", value, f"The reconstruction explains {percent(value)} of how the {what} differ from their average, on {on}; "
                 "always answering with the average explains 0 %.", 0.0, 1.0, "share")


def _explained(X, back, mean) -> float:
    """1 - squared error / squared error of the training mean. 1 where nothing varies and nothing was missed."""
    error, total = float(np.square(X - back).sum()), float(np.square(X - mean).sum())
    return 1 - error / total if total else float(error == 0)


def _categories(X, back, mean, spans, on) -> Score:
    right, guessed = np.mean([np.mean(_right(X[:, s], back[:, s], mean[s]), axis=1) for s in spans], axis=0)
    return Score("Categories right", float(right), f"Of the categories and yes/no values {percent(right)} come back right, on {on}; "
                 f"always answering with the most frequent one gets {percent(guessed)}.", float(guessed), 1.0, "share")


def _right(X, back, mean) -> tuple[np.ndarray, np.ndarray]:
    """(n,) truth of each answer, of the reconstruction and of the most frequent value."""
    if X.shape[1] == 1:
        truth = X[:, 0] > 0.5
        return truth == (back[:, 0] > 0.5), truth == (mean[0] > 0.5)
    truth = X.argmax(1)
    return truth == back.argmax(1), truth == mean.argmax()


def _cosine(X, back, mean, on) -> Score:
    kept = X.sum(1) > 0
    value, average = (float(np.mean(_cosines(X[kept], Y))) for Y in (back[kept], np.broadcast_to(mean, X[kept].shape)))
    return Score("Likeness of words", value, f"The decoded word weights have a cosine of {value:.2f} with the document's own counts, on {on}; "
                 f"the average document has {average:.2f}, a perfect copy 1.", average, 1.0)


def _cosines(A, B) -> np.ndarray:
    return (A * B).sum(1) / np.maximum(np.linalg.norm(A, axis=1) * np.linalg.norm(B, axis=1), 1e-12)


def _columns(layout: Layout) -> tuple[np.ndarray, list[slice]]:
    """Columns of X that are numbers, and the spans of those that are yes/no or categories; pixels count as numbers."""
    real, discrete = [np.arange(0)], []
    for block, span in layout.spans():
        if block.likelihood == "gaussian" or layout.image is not None:
            real.append(np.arange(span.start, span.stop))
        elif block.likelihood == "categorical":
            discrete.append(span)
        else:
            discrete += [slice(i, i + 1) for i in range(span.start, span.stop)]
    return np.concatenate(real), discrete


def _some(X, random_state: int):
    n = X.shape[0]
    return X if n <= _MOST_ROWS else X[np.sort(np.random.RandomState(random_state).choice(n, _MOST_ROWS, replace=False))]


def _dense(X) -> np.ndarray:
    return X.toarray() if hasattr(X, "toarray") else np.asarray(X)
