"""How far a decoded row is from the real one, every block of columns weighing the same."""

from __future__ import annotations

import numpy as np

from ..schema import Schema

MOST_ROWS = 20_000


def sample(rows: np.ndarray, most: int, random_state: int) -> np.ndarray:
    """At most so many of these row numbers.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers.
    most : int
        How many, at most.
    random_state : int
        Seed.

    Returns
    -------
    ndarray of int
        Ascending where some were left out.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.residuals import sample
    >>> len(sample(np.arange(100), 10, random_state=0))
    10
    """
    return (
        rows
        if len(rows) <= most
        else np.sort(np.random.RandomState(random_state).choice(rows, most, replace=False))
    )


class Residuals:
    """Squared errors between rows, in units of what the mean row gets.

    Always predicting the training mean gets 1 a row on average. Every feature group (a table's
    column, a picture, a vocabulary) is divided by what the mean row of ``X`` gets on it; a group
    that never changes weighs nothing. Word counts are compared as rows of unit length, so that a
    long document is not far from everything.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Training rows.
    schema : Schema
        Feature groups of the columns.
    among : array-like of int, default=None
        The row numbers that count; None: all. Of more than 20 000 a sample gives the unit.
    random_state : int, default=0
        Seed of the sample.

    Attributes
    ----------
    mean, spread : ndarray of shape (d,)
        Mean and standard deviation of the columns.
    weight : ndarray of shape (d,)
        What a squared error of each column is multiplied by.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.residuals import Residuals
    >>> from lvm_core.schema import Schema
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> residuals = Residuals(X, Schema.gaussian(3))
    >>> float(residuals.rows(X, X).max())
    0.0
    >>> round(float(residuals.rows(X, np.tile(X.mean(0), (100, 1))).mean()), 6)
    1.0
    """

    def __init__(self, X, schema: Schema, among=None, *, random_state: int = 0):
        rows = sample(
            np.arange(X.shape[0]) if among is None else np.asarray(among), MOST_ROWS, random_state
        )
        self.schema, self.weight = schema, np.zeros(schema.d)
        total, square = np.zeros(schema.d), np.zeros(schema.d)
        for start in range(0, len(rows), 1000):
            x = self.prepared(X[rows[start : start + 1000]])
            total += x.sum(0)
            square += np.square(x).sum(0)
        self.mean = total / len(rows)
        self.spread = np.sqrt(np.maximum(square / len(rows) - self.mean**2, 0))
        nulls = [
            self._null(group, span, square[span].sum() / len(rows))
            for group, span in schema.spans()
        ]
        for (_, span), null in zip(schema.spans(), nulls):
            if null > 1e-12:
                self.weight[span] = 1 / null / sum(value > 1e-12 for value in nulls)

    def _null(self, group, span, square: float) -> float:
        """What the mean row gets on a block; for counts it is brought to unit length like every
        row.
        """
        if group.likelihood == "counts":
            return float(square + 1 - 2 * np.linalg.norm(self.mean[span]))
        return float(np.square(self.spread[span]).sum())

    def prepared(self, x) -> np.ndarray:
        """Rows as they are compared: dense float64, counts scaled to unit length."""
        x = np.array(x.toarray() if hasattr(x, "indptr") else x, np.float64)
        for group, span in self.schema.spans():
            if group.likelihood == "counts":
                x[:, span] /= np.maximum(np.linalg.norm(x[:, span], axis=1, keepdims=True), 1e-12)
        return x

    def values(self, x, y) -> np.ndarray:
        """Each value's part (m, d) of its row's error."""
        return np.square(self.prepared(x) - self.prepared(y)) * self.weight

    def rows(self, x, y) -> np.ndarray:
        """The error of each row (m,): 0 is exact, 1 what the mean row gets on average."""
        return self.values(x, y).sum(1)

    def standardised(self, x) -> np.ndarray:
        """Rows (m, d) less the mean, each column by its standard deviation; a column that never
        changes is 0.
        """
        moves = self.spread > 1e-9 * np.maximum(np.abs(self.mean), 1e-9)
        return np.where(
            moves, (self.prepared(x) - self.mean) / np.where(moves, self.spread, 1.0), 0.0
        )
