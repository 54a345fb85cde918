"""Are samples new, or training rows learnt by heart? Unseen real rows say what to expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...latent.neighbours import nearest, nearest_others
from ..base import Score, percent

MOST_TRAINING = 20_000


@dataclass(frozen=True)
class Copying:
    """What :func:`copying` found.

    Attributes
    ----------
    scores : list of Score
        See :func:`copying`.
    row : ndarray of int of shape (m,)
        The nearest training row of every sample.
    ratio : ndarray of shape (m,)
        A sample's distance to it, over that row's own distance to the nearest other training row
        (0: an exact copy; about 1: as far apart as the data is).
    """

    scores: list[Score]
    row: np.ndarray
    ratio: np.ndarray


def copying(new, train, unseen, *, random_state: int = 0) -> Copying:
    """Are samples new, or training rows learnt by heart? Unseen real rows say what to expect.

    *Nearer than unseen rows*: the chance that a sample is nearer to the training rows than an
    unseen real row is: the Mann-Whitney statistic of Meehan, Chaudhuri & Dasgupta [1]_; 50 % for
    new rows of the same distribution, 100 % for copies, but also for smooth averages, which are
    near to everything. *Nearest is an unseen row*: the share of samples whose nearest real row is
    one of the unseen; copies get 0, anything that takes no side gets their share of all real rows,
    smooth or not. Its error is that of drawing the unseen rows at random.

    Parameters
    ----------
    new : array-like of shape (m, d)
        Samples.
    train : ndarray of shape (n, d)
        Rows the model learnt from; of more than ``MOST_TRAINING`` a sample is used.
    unseen : array-like of shape (h, d)
        Rows it has not. Without any the training rows' distances among themselves stand in for the
        first score, and there is no second.
    random_state : int, default=0
        Seed of the sample.

    Returns
    -------
    Copying

    Raises
    ------
    ValueError
        Below 2 training rows or without samples.

    References
    ----------
    .. [1] Meehan, Chaudhuri & Dasgupta (2020), arXiv:2004.05675.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.samples.copying import copying
    >>> X = np.random.default_rng(0).normal(size=(300, 2))
    >>> found = copying(X[:50], X[:200], X[200:])
    >>> [(score.name, score.value) for score in found.scores]
    [('Nearer than unseen rows', 1.0), ('Nearest is an unseen row', 0.0)]
    >>> float(found.ratio.max())
    0.0
    """
    rng = np.random.RandomState(random_state)
    if len(train) < 2 or not len(new):
        raise ValueError(
            f"there are {len(train)} training rows and {len(new)} samples, expected at least 2 and "
            "1."
        )
    kept = (
        np.arange(len(train))
        if len(train) <= MOST_TRAINING
        else np.sort(rng.choice(len(train), MOST_TRAINING, replace=False))
    )
    train = np.asarray(train[kept], np.float64)
    to_train, row = (a[:, 0] for a in nearest(new, train, 1))
    found, back = np.unique(row, return_inverse=True)
    own = nearest(train[found], train, 2)[0][:, 1]
    ratio = to_train / np.maximum(own[back], 1e-12 * max(float(np.abs(train).max()), 1e-300))
    if not len(unseen):
        among = nearest_others(train, 1)[0][:, 0]
        return Copying(
            [_nearer(to_train, among, "one of themselves is to the others")], kept[row], ratio
        )
    scores = [
        _nearer(
            to_train,
            nearest(unseen, train, 1)[0][:, 0],
            f"a real row that the model has not seen (one of {len(unseen):,}) is",
        )
    ]
    return Copying([*scores, _unseen(new, train, np.asarray(unseen, np.float64))], kept[row], ratio)


def _nearer(sample: np.ndarray, real: np.ndarray, whose: str) -> Score:
    from scipy.stats import rankdata

    m, h = len(sample), len(real)
    ranks = rankdata(np.concatenate([sample, real]))
    share = float(1 - (ranks[:m].sum() - m * (m + 1) / 2) / (m * h))
    error = math.sqrt((m + h + 1) / (12 * m * h))
    verdict = (
        "as expected of new rows"
        if abs(share - 0.5) <= 2 * error
        else "copies do that, and so do smooth averages"
        if share > 0.5
        else "samples lie farther out than real rows do"
    )
    return Score(
        "Nearer than unseen rows",
        share,
        (
            f"A sample is nearer to the training rows than {whose} in {percent(share)} of all "
            f"pairs; new rows get 50 %: {verdict}."
        ),
        unit="share",
        error=error,
    )


def _unseen(new, train, unseen) -> Score:
    n, h = len(train), len(unseen)
    winners = np.bincount(
        nearest(new, np.concatenate([train, unseen]), 1)[1][:, 0], minlength=n + h
    )
    share, chance = float(winners[n:].sum() / len(new)), h / (n + h)
    # under the null any h of the n + h rows could have been the unseen ones; a row that many
    # samples are near to weighs as often
    error = math.sqrt(
        chance
        * (1 - chance)
        * (n + h)
        / (n + h - 1)
        * max(float(np.square(winners).sum() / len(new) ** 2 - 1 / (n + h)), 0.0)
    )
    low = share < chance - 2 * error
    return Score(
        "Nearest is an unseen row",
        share,
        f"For {percent(share)} of the samples the nearest real row is one the model has not seen; "
        f"{percent(chance)} of the real rows are such, and "
        f"samples that copy nothing get as many. "
        + (
            "Fewer, so the training rows are favoured: look at the pairs below."
            if low
            else "No sign of copying."
        ),
        baseline=0.0,
        ceiling=chance,
        unit="share",
        error=error,
    )
