"""Mean and variance of columns, without a second X."""

from __future__ import annotations

import numpy as np

_ROWS = 1000  # a slice stays in the processor's cache


def moments(X) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and variance (d,) of the columns of X (n, d), dense or CSR, in float64."""
    if hasattr(X, "indptr"):
        mean = np.asarray(X.mean(0, dtype=np.float64)).ravel()
        return mean, np.maximum(
            np.asarray(X.multiply(X).mean(0, dtype=np.float64)).ravel() - mean**2, 0
        )
    about, first, second = X[:_ROWS].mean(0, dtype=np.float64).astype(X.dtype), 0.0, 0.0
    for start in range(0, len(X), _ROWS):
        rows = X[start : start + _ROWS] - about  # far from zero, squares would lose the spread
        first, second = (
            first + rows.sum(0, dtype=np.float64),
            second + np.einsum("ij,ij->j", rows, rows).astype(np.float64),
        )
    return about + first / len(X), np.maximum(second / len(X) - (first / len(X)) ** 2, 0)
