"""0/1 values and levels of categories as what a real score exceeds: thresholds from the marginals
of the data.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from ..schema import Schema

CALIBRATED = 20_000_000  # scores that thresholds are learnt from, at most


def calibrate_levels(scores: np.ndarray, shares: np.ndarray, schema: Schema) -> np.ndarray:
    """What to add to the scores of 0/1 and one-hot columns, so that as many of them win as in the
    data.

    A linear Gaussian model gives a column that is 1 in 3 % of the rows a normal distribution about
    0.03: read as a probability and cut off at 0, it is 1 in 9 % of the draws. Read as a score,
    which is 1 beyond the threshold that the marginal of the data says (a Gaussian copula), it keeps
    the share and what the score says of its neighbours.

    Parameters
    ----------
    scores : array (n, d)
        Draws of rows from the model, before anything is discrete.
    shares : array (d,)
        How often each column is 1 in the data.
    schema : Schema
        Its columns.

    Returns
    -------
    array (d,)
        0 for other columns.

    References
    ----------
    Olsson (1979), https://doi.org/10.1007/BF02296207, of thresholds from marginals; the levels of
    a category by the dual of semi-discrete optimal transport, Genevay et al. (2016),
    https://arxiv.org/abs/1605.08527.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.levels import calibrate_levels, pick_levels
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema, rng = Schema((FeatureGroup("bernoulli", 1),)), np.random.default_rng(0)
    >>> scores = rng.normal(0.03, 0.2, (10_000, 1))
    >>> offsets = calibrate_levels(scores, np.array([0.03]), schema)
    >>> float(pick_levels(scores, offsets, schema).mean())
    0.03
    """
    offsets = np.zeros(schema.d)
    for group, span in schema.spans():
        part, p = scores[:, span].astype(np.float64), np.clip(shares[span], 0, 1)
        if group.likelihood == "bernoulli":
            for j in range(group.size):
                offsets[span.start + j] = 0.5 - _above(part[:, j], p[j])
        elif group.likelihood == "categorical" and group.size > 1:
            offsets[span] = _balanced(part, p / max(p.sum(), 1e-12))
    return offsets


def _above(scores: np.ndarray, share: float) -> float:
    """A threshold that this share of the scores exceeds."""
    if share <= 0 or share >= 1:
        return float(scores.max() + 1 if share <= 0 else scores.min() - 1)
    return float(np.quantile(scores, 1 - share))


def _balanced(scores: np.ndarray, shares: np.ndarray, steps: int = 200) -> np.ndarray:
    """Offsets (K,) with which each column of scores (n, K) is the largest in its share of rows."""
    spread = scores.std(0)
    step = np.where(spread > 0, spread, spread.mean() + 1e-9)
    best, least, offsets = np.zeros(len(shares)), np.inf, np.zeros(len(shares))
    floor = 0.5 / len(scores)
    for _ in range(steps):
        won = np.bincount((scores + offsets).argmax(1), minlength=len(shares)) / len(scores)
        gap = np.abs(won - shares).sum()
        if gap < least:
            best, least = offsets, gap
        if gap < 2 / len(scores):
            break
        # how far a normal score of this spread must move
        offsets = offsets + 0.5 * step * (ndtri(_inner(shares, floor)) - ndtri(_inner(won, floor)))
    return best


def _inner(shares: np.ndarray, floor: float) -> np.ndarray:
    return np.clip(shares, floor, 1 - floor)


def pick_levels(scores: np.ndarray, offsets: np.ndarray, schema: Schema) -> np.ndarray:
    """Make 0/1 and one-hot columns of scores.

    Parameters
    ----------
    scores : array (n, d)
        Draws of rows from the model, before anything is discrete; not changed.
    offsets : array (d,)
        Of :func:`calibrate_levels`.
    schema : Schema
        Its columns. Pictures are left as they are.

    Returns
    -------
    array (n, d)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.levels import pick_levels
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema = Schema((FeatureGroup("categorical", 2),))
    >>> pick_levels(np.array([[0.6, 0.4]]), np.array([0.0, 0.3]), schema).tolist()
    [[0.0, 1.0]]
    """
    X = np.array(scores, copy=True)
    if schema.image is not None:
        return X
    for group, span in schema.spans():
        if group.likelihood == "bernoulli":
            X[:, span] = scores[:, span] + offsets[span] > 0.5
        elif group.likelihood == "categorical":
            X[:, span] = np.eye(group.size)[(scores[:, span] + offsets[span]).argmax(1)]
    return X
