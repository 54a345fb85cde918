"""Improved precision and recall, density and coverage: how real samples are, and how much of
the data they cover.
"""

from __future__ import annotations

import numpy as np

_CELLS = 4_000_000  # distances held at once: 32 MB


def prdc(real, fake, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage of samples.

    A row's ball reaches to its k-th nearest other row of its own kind. Precision: share of fake
    rows inside a real ball; recall: share of real rows inside a fake ball [1]_. Density: real balls
    a fake row lies in, over k; coverage: share of real balls with a fake row inside [2]_. Distances
    are computed a block at a time, so memory grows with n + m only.

    Parameters
    ----------
    real : array-like of shape (n, f)
        Features of real rows.
    fake : array-like of shape (m, f)
        Features of samples.
    k : int, default=5
        Neighbours that a ball reaches to.

    Returns
    -------
    dict of str to float
        ``precision``, ``recall``, ``density``, ``coverage``. Density can exceed 1; the others lie
        in [0, 1].

    Raises
    ------
    ValueError
        Where there are not more than k rows of either, or their columns differ.

    References
    ----------
    .. [1] Kynkäänniemi et al. (2019), arXiv:1904.06991.
    .. [2] Naeem et al. (2020), arXiv:2002.09797.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import prdc
    >>> A = np.random.default_rng(0).normal(size=(100, 2))
    >>> found = prdc(A, A[:50])
    >>> found["precision"], found["coverage"] > 0.9
    (1.0, True)
    >>> prdc(A, A + 99)
    {'precision': 0.0, 'recall': 0.0, 'density': 0.0, 'coverage': 0.0}
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if min(len(real), len(fake)) <= k or real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"real has shape {real.shape} and fake {fake.shape}, expected the same columns and "
            f"more than k = {k} rows each."
        )
    centre = real.mean(0)  # squared lengths far from the origin would swallow the distances
    real, fake = real - centre, fake - centre
    # equal rows differ by rounding
    blur = 1e-12 * max(np.square(real).sum(1).max(), np.square(fake).sum(1).max())
    reach_real, reach_fake = (_reach(A, k) + blur for A in (real, fake))
    inside, balls, recalled, covered = [], 0, [], []
    for start, squared in _blocks(real, fake):
        in_real = squared <= reach_real[start : start + len(squared), None]
        covered.append(in_real.any(1))
        recalled.append((squared <= reach_fake).any(1))
        balls += int(in_real.sum())
        inside = in_real.any(0) if start == 0 else inside | in_real.any(0)
    return {
        "precision": float(np.mean(inside)),
        "recall": float(np.concatenate(recalled).mean()),
        "density": balls / (k * len(fake)),
        "coverage": float(np.concatenate(covered).mean()),
    }


def _reach(A, k: int) -> np.ndarray:
    """Squared distance (n,) from each row to its k-th nearest other one."""
    reach = np.empty(len(A))
    for start, squared in _blocks(A, A):
        rows = np.arange(len(squared))
        # the row itself comes first, whatever the rounding
        squared[rows, start + rows] = -1.0
        reach[start : start + len(squared)] = np.partition(squared, k, axis=1)[:, k]
    return reach


def _blocks(A, B):
    """(first row, squared distances (block, m)) over the rows of A."""
    lengths = np.square(B).sum(1)
    step = max(1, _CELLS // len(B))
    for start in range(0, len(A), step):
        part = A[start : start + step]
        squared = part @ B.T
        squared *= -2
        squared += np.square(part).sum(1)[:, None]
        squared += lengths
        yield start, np.maximum(squared, 0, out=squared)
