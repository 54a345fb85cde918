"""Rows within bounds from mixtures of joint Gaussians whose discrete columns are scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..schema import Schema
from .levels import pick_levels
from .mixed_features import mass_between, truncated_normal

PARTICLES = 32  # a row asked for
LEAST, MOST = 4000, 400_000
# of a score that has to win or to lose: beyond rounding to float32
MARGIN = 1e-5


def sample_within(
    weights: np.ndarray,
    means: np.ndarray,
    covariance: Callable[[int], np.ndarray],
    schema: Schema,
    offsets: np.ndarray,
    low,
    high,
    n: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Rows of a Gaussian mixture given bounds, by importance resampling.

    Bounded columns are drawn one after the other, each from its normal distribution given those
    before it, cut off at its bounds; the probabilities within the bounds are the weights (the GHK
    simulator). Rows are drawn by these weights, and the other columns from their exact distribution
    given the bounded ones.

    Parameters
    ----------
    weights : array (m,)
        Of the components.
    means : array (m, d)
        Theirs.
    covariance : callable
        Number of a component -> array (d, d).
    schema : Schema
        The columns.
    offsets : array (d,)
        Thresholds of discrete columns, see :func:`~lvm_core.models.levels.calibrate_levels`.
    low, high : array (d,)
        Bounds of every column, infinite where there is none.
    n : int
        How many.
    rng : RandomState
        Of the draws.

    Returns
    -------
    array (n, d)

    Raises
    ------
    ValueError
        No row lies within the bounds.

    References
    ----------
    Geweke (1991), Hajivassiliou & McFadden (1998), https://doi.org/10.2307/2999576.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.bounded_normals import sample_within
    >>> from lvm_core.schema import Schema
    >>> ends = np.array([1.0, -np.inf]), np.array([np.inf, np.inf])
    >>> one, cov = (np.ones(1), np.zeros((1, 2))), np.array([[1.0, 0.8], [0.8, 1.0]])
    >>> rng = np.random.RandomState(0)
    >>> X = sample_within(
    ...     *one, lambda _: cov, Schema.gaussian(2), np.zeros(2), *ends, 20_000, rng
    ... )
    >>> bool((X[:, 0] >= 1).all()), X.mean(0).round(1).tolist()
    (True, [1.5, 1.2])
    """
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    bounded, ends, choices = _constraints(schema, offsets, low, high)
    count = int(np.clip(PARTICLES * n, LEAST, max(MOST, n)))
    component = rng.choice(len(weights), count, p=weights / weights.sum())
    winners = np.array([rng.choice(allowed, count) for _, allowed in choices], int).reshape(
        len(choices), count
    )
    drawn, log_weight = np.empty((count, len(bounded))), np.zeros(count)
    kinds, member = np.unique(np.vstack([component, winners]), axis=1, return_inverse=True)
    for kind in range(kinds.shape[1]):
        at = np.flatnonzero(member.ravel() == kind)
        order = _winners_first(bounded, choices, kinds[1:, kind])
        columns = bounded[order]
        own = covariance(kinds[0, kind])[np.ix_(columns, columns)]
        part, log_weight[at] = _sequential(
            means[kinds[0, kind], columns],
            own,
            ends[:, order],
            columns,
            choices,
            kinds[1:, kind],
            offsets,
            len(at),
            rng,
        )
        drawn[np.ix_(at, order)] = part
    most = log_weight.max()
    if not np.isfinite(most):
        raise ValueError("No row fulfils all of these conditions together.")
    share = np.exp(log_weight - most)
    chosen = rng.choice(count, n, p=share / share.sum())
    scores = np.empty((n, len(low)))
    for k in np.unique(component[chosen]):
        at = np.flatnonzero(component[chosen] == k)
        scores[at] = _complete(means[k], covariance(k), bounded, drawn[chosen[at]], rng)
    X = pick_levels(scores, offsets, schema)
    real = [s for g, s in schema.spans() if g.likelihood not in ("bernoulli", "categorical")]
    for span in real:
        X[:, span] = np.clip(X[:, span], low[span], high[span])
    return X


def _constraints(schema: Schema, offsets, low, high):
    """Bounded columns (c,), the ends of their scores (2, c), and of each category with excluded
    levels its columns and those that may win.
    """
    columns, ends, choices = [], [], []
    for group, span in schema.spans():
        if group.likelihood == "categorical":
            sure = low[span] > 0.5
            allowed = (high[span] > 0.5) & (sure | ~sure.any())
            if not allowed.any():
                raise ValueError("No row fulfils all of these conditions together.")
            if not allowed.all():
                own = np.arange(span.start, span.stop)
                choices.append((own, own[allowed]))
                columns += own.tolist()
                ends += [(-np.inf, np.inf)] * group.size
            continue
        for j in range(span.start, span.stop):
            if np.isneginf(low[j]) and np.isposinf(high[j]):
                continue
            a, b = low[j], high[j]
            if group.likelihood == "bernoulli":
                edge = 0.5 - offsets[j]
                a = edge + MARGIN if low[j] > 0.5 else -np.inf
                b = edge - MARGIN if high[j] <= 0.5 else np.inf
            if a > b:
                raise ValueError("No row fulfils all of these conditions together.")
            columns.append(j)
            ends.append((a, b))
    return np.array(columns, int), np.array(ends).reshape(-1, 2).T, choices


def _winners_first(columns: np.ndarray, choices, winners: np.ndarray) -> np.ndarray:
    """The order in which columns are drawn: a category's level that wins before those that lose."""
    place = np.arange(len(columns), dtype=float)
    for (own, _), winner in zip(choices, winners, strict=True):
        first = np.flatnonzero(columns == own[0])[0]
        place[np.flatnonzero(columns == winner)[0]] = first - 0.5
    return np.argsort(place)


def _sequential(mean, covariance, ends, columns, choices, winners, offsets, n, rng):
    """Draws (n, c) of the bounded scores, and their log weights (n,)."""
    root = _root(covariance)
    noise, drawn, log_weight = np.zeros((n, len(mean))), np.empty((n, len(mean))), np.zeros(n)
    beats = {  # column -> that which has to beat it
        j: winner for (own, _), winner in zip(choices, winners, strict=True) for j in own
    }
    for i, j in enumerate(columns):
        centre, spread = mean[i] + noise[:, :i] @ root[i, :i], root[i, i]
        a, b = np.full(n, ends[0, i]), np.full(n, ends[1, i])
        winner = beats.get(j)
        if winner is not None and winner != j:
            best = drawn[:, np.flatnonzero(columns == winner)[0]] + offsets[winner]
            b = best - offsets[j] - MARGIN
        a, b = (a - centre) / spread, (b - centre) / spread
        if ends[0, i] == ends[1, i]:
            noise[:, i] = a
            log_weight -= 0.5 * a**2 + np.log(spread)
        else:
            noise[:, i] = truncated_normal(a, b, rng)
            with np.errstate(divide="ignore"):
                log_weight += np.log(mass_between(a, b))
        drawn[:, i] = centre + spread * noise[:, i]
    # winners were drawn evenly, so none of them counts more
    return drawn, log_weight


def _complete(mean, covariance, bounded, values, rng) -> np.ndarray:
    """All columns (n, d) of a Gaussian given its bounded ones (n, c)."""
    n, rest = len(values), np.setdiff1d(np.arange(len(mean)), bounded)
    full = np.empty((n, len(mean)))
    full[:, bounded] = values
    own = covariance[np.ix_(bounded, bounded)]
    cross = covariance[np.ix_(rest, bounded)]
    gain = np.linalg.solve(own + _jitter(own), cross.T).T if len(bounded) else cross
    left = covariance[np.ix_(rest, rest)] - gain @ cross.T
    noise = rng.standard_normal((n, len(rest)))
    full[:, rest] = mean[rest] + (values - mean[bounded]) @ gain.T + noise @ _root(left).T
    return full


def _jitter(covariance: np.ndarray) -> np.ndarray:
    return np.eye(len(covariance)) * 1e-9 * max(float(np.trace(covariance)), 1e-9)


def _root(covariance: np.ndarray) -> np.ndarray:
    """Cholesky factor; of a covariance that has lost its last digits, with a little more noise."""
    extra = _jitter(covariance)
    for _ in range(6):
        try:
            return np.linalg.cholesky(covariance + extra)
        except np.linalg.LinAlgError:
            extra = extra * 100
    raise ValueError("The model's covariance is no covariance: train it again.")
