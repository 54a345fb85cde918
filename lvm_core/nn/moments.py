"""Mean and variance of columns, without a second X."""

from __future__ import annotations

import numpy as np

_ROWS, _CELLS = 1000, 2**24  # a slice stays in the processor's cache, or is at least small


def moments(X) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of columns, in float64.

    Parameters
    ----------
    X : array or CSR (n, d)
        Rows.

    Returns
    -------
    mean, variance : array (d,)

    Examples
    --------
    >>> import numpy as np
    >>> mean, variance = moments(np.array([[0.0, 1.0], [2.0, 1.0]]))
    >>> mean.tolist(), variance.tolist()
    ([1.0, 1.0], [1.0, 0.0])
    """
    if hasattr(X, "indptr"):
        mean = np.asarray(X.mean(0, dtype=np.float64)).ravel()
        return mean, np.maximum(
            np.asarray(X.multiply(X).mean(0, dtype=np.float64)).ravel() - mean**2, 0
        )
    step = max(1, min(_ROWS, _CELLS // X.shape[1]))
    about, first, second = X[:step].mean(0, dtype=np.float64).astype(X.dtype), 0.0, 0.0
    for start in range(0, len(X), step):
        rows = X[start : start + step] - about  # far from zero, squares would lose the spread
        first, second = (
            first + rows.sum(0, dtype=np.float64),
            second + np.einsum("ij,ij->j", rows, rows).astype(np.float64),
        )
    return about + first / len(X), np.maximum(second / len(X) - (first / len(X)) ** 2, 0)
