"""Alpha-precision and beta-recall: are samples where most real rows are, and are all real rows
reached?
"""

from __future__ import annotations

import numpy as np

from ...latent.neighbours import nearest, nearest_others

_LEVELS = 30  # alphas and betas, from 0 to 1


def alpha_precision_beta_recall(real, generated) -> tuple[float, float]:
    """Integrated alpha-precision and beta-recall [1]_, as papers on tables quote them.

    *P(alpha)*: the share of samples inside the ball around the real rows' mean that holds a share
    alpha of the real rows. *R(beta)*: the share of real rows with a sample as near as their nearest
    other real row, that sample being among the beta of such nearest to the samples' mean. Each is
    1 - sum |curve - diagonal| / sum diagonal over 30 levels, as in synthcity's ``naive`` variant,
    which TabSyn [2]_ quotes: on the columns themselves, without a network. Equal to synthcity
    0.2.12 to rounding.

    Parameters
    ----------
    real : ndarray of shape (n, d)
        Real rows, each column from 0 to 1, categories as columns of their own.
    generated : ndarray of shape (n, d)
        As many samples.

    Returns
    -------
    alpha_precision, beta_recall : float
        1 is best. A second sample of the same distribution gets nearly 1 for the first and about
        half for the second.

    Raises
    ------
    ValueError
        Where there are not equally many, or fewer than 2.

    References
    ----------
    .. [1] Alaa et al. (2022), arXiv:2102.08921.
    .. [2] Zhang et al. (2024), arXiv:2310.09656.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.fidelity import alpha_precision_beta_recall
    >>> A = np.random.default_rng(0).normal(size=(200, 2))
    >>> [round(value, 2) for value in alpha_precision_beta_recall(A, A)]
    [1.0, 1.0]
    >>> [round(value, 2) for value in alpha_precision_beta_recall(A, A + 99)]
    [0.0, 0.0]
    """
    real, generated = np.asarray(real, np.float64), np.asarray(generated, np.float64)
    if real.shape != generated.shape or len(real) < 2:
        raise ValueError(
            f"real has shape {real.shape} and generated {generated.shape}, expected equal ones of "
            "at least 2 rows."
        )
    levels = np.linspace(0, 1, _LEVELS)
    centre, middle = real.mean(0), generated.mean(0)
    out = lambda A, c: np.sqrt(np.square(A - c).sum(1))
    precision = _shares(out(generated, centre), np.quantile(out(real, centre), levels))
    to_made, row = (found[:, 0] for found in nearest(real, generated, 1))
    reached = to_made <= nearest_others(real, 1)[0][:, 0]
    far = out(generated[row], middle)
    recall = ((far <= np.quantile(far, levels)[:, None]) & reached).mean(1)
    alpha, beta = (
        float(1 - np.abs(levels - curve).sum() / levels.sum()) for curve in (precision, recall)
    )
    return alpha, beta


def _shares(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    return (values <= limits[:, None]).mean(1)
