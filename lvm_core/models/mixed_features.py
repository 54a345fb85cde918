"""Rows of mixed columns as a mixture of product distributions sees them: levels and scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from ..schema import Schema
from .normal_scores import NormalScores


class Features(NamedTuple):
    """Rows as levels and scores.

    Attributes
    ----------
    levels : array (n, L)
        1 at the level each row has of every factor; 0 throughout a factor that is missing.
    scores, seen : array (n, c)
        Normal scores of numbers, 0 where there is none, and 1 where there is one.
    log_volume : array (n,)
        What log densities of the features lack to be those of the rows, in nats.
    """

    levels: np.ndarray
    scores: np.ndarray
    seen: np.ndarray
    log_volume: np.ndarray


class MixedFeatures:
    """Rows X (n, d) <-> levels of factors and normal scores.

    A category is a factor, a 0/1 column one of two levels, a number with point masses one of these
    and "none of them", beside its normal score. What an indicator says is missing is no feature.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    numbers : list of NormalScores
        One for each column of a Gaussian group.

    Attributes
    ----------
    factors : list of (column, slice, slice)
        Of each factor its first column of X, its columns there and its columns of levels.
    n_levels : int
        L, columns of levels.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.mixed_features import MixedFeatures
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> schema = Schema((FeatureGroup("bernoulli", 1), FeatureGroup("categorical", 3)))
    >>> MixedFeatures(schema, []).of(np.array([[1, 0, 1, 0], [np.nan, 1, 0, 0]])).levels.tolist()
    [[0.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]]
    """

    def __init__(self, schema: Schema, numbers: list[NormalScores]):
        self.schema, self.numbers = schema, numbers
        self.columns: list[int] = []  # of X, of each number
        self.categories: list[tuple[slice, slice]] = []  # columns of X and of levels
        self.flags: list[tuple[int, slice]] = []
        self.atoms: dict[int, slice] = {}  # number -> columns of levels
        self.markers: dict[int, int] = {}  # column of X -> that which is 1 where it is missing
        start = 0

        def take(size: int) -> slice:
            nonlocal start
            start += size
            return slice(start - size, start)

        for group, span in schema.spans():
            if group.likelihood == "categorical":
                self.categories.append((span, take(group.size)))
            elif group.likelihood == "bernoulli":
                self.flags += [(j, take(2)) for j in range(span.start, span.stop)]
            else:
                for j in range(span.start, span.stop):
                    at = len(self.columns)
                    self.columns.append(j)
                    if at < len(numbers) and len(numbers[at].atoms):
                        own = numbers[at]
                        self.atoms[at] = take(len(own.atoms) + bool(len(own.knots)))
        for group, span, marker in schema.values():
            if marker is not None and group.likelihood != "categorical":
                self.markers |= dict.fromkeys(range(span.start, span.stop), marker)
        self.n_levels = start

    @classmethod
    def learn(cls, X: np.ndarray, schema: Schema) -> MixedFeatures:
        """Learn the point masses and normal scores of every column of numbers.

        Parameters
        ----------
        X : array (n, d)
            Rows; NaN where a value is missing.
        schema : Schema
            Their columns.

        Returns
        -------
        MixedFeatures
        """
        blank = cls(schema, [])
        return cls(schema, [NormalScores.of(X[~blank.missing(X, j), j]) for j in blank.columns])

    def missing(self, X: np.ndarray, column: int) -> np.ndarray:
        """Where a column of X (n, d) holds no value, as bool (n,)."""
        gone = np.isnan(X[:, column])
        marker = self.markers.get(column)
        return gone if marker is None else gone | (X[:, marker] > 0.5)

    def factors(self) -> list[slice]:
        """The columns of levels of each factor."""
        return [
            *(to for _, to in self.categories),
            *(to for _, to in self.flags),
            *self.atoms.values(),
        ]

    def of(self, X: np.ndarray) -> Features:
        """Rows X (n, d) as features."""
        n, c = len(X), len(self.columns)
        levels = np.zeros((n, self.n_levels), np.float32)
        scores, seen, log_volume = np.zeros((n, c)), np.zeros((n, c)), np.zeros(n)
        for span, to in self.categories:
            levels[:, to] = np.nan_to_num(X[:, span])
        for j, to in self.flags:
            there = ~self.missing(X, j)
            on = np.clip(np.where(there, X[:, j], 0), 0, 1)
            levels[:, to] = np.column_stack([there - on, on])
        for at, (j, own) in enumerate(zip(self.columns, self.numbers, strict=True)):
            there = ~self.missing(X, j)
            atom, z, log_slope = own.transform(np.where(there, X[:, j], 0))
            if at in self.atoms:
                to = self.atoms[at]
                rows = np.flatnonzero(there)
                # -1, none of the point masses, is the last level
                levels[rows, to.start + atom[rows] % (to.stop - to.start)] = 1
            seen[:, at] = there & (atom < 0)
            scores[:, at] = np.where(seen[:, at], z, 0)
            log_volume += np.where(there, log_slope, 0)
        return Features(levels, scores.astype(np.float32), seen.astype(np.float32), log_volume)

    def expected(self, levels, means, variances) -> np.ndarray:
        """The expected rows (m, d) of distributions of features."""
        rows = np.zeros((len(levels), self.schema.d))
        for span, to in self.categories:
            rows[:, span] = levels[:, to]
        for j, to in self.flags:
            rows[:, j] = levels[:, to.stop - 1]
        points, weights = np.polynomial.hermite_e.hermegauss(9)
        for at, (j, own) in enumerate(zip(self.columns, self.numbers, strict=True)):
            if len(own.knots):
                z = means[:, at, None] + np.sqrt(variances[:, at, None]) * points  # (m, 9)
                rows[:, j] = own.inverse(z.ravel()).reshape(z.shape) @ weights / weights.sum()
            if at in self.atoms:
                p = levels[:, self.atoms[at]]
                a = len(own.atoms)
                rows[:, j] = p[:, :a] @ own.atoms + p[:, a:].sum(1) * rows[:, j]
        return rows

    def to_arrays(self) -> dict[str, np.ndarray]:
        """What was learnt, as two arrays; :meth:`from_arrays` brings it back."""
        parts = [(own.atoms, own.widths, own.knots, own.scores, own.steps) for own in self.numbers]
        flat = [a for part in parts for a in part]
        return {
            "sizes": np.array([[len(a) for a in part] for part in parts], np.int64).reshape(-1, 5),
            "values": np.concatenate([np.zeros(0), *flat]),
        }

    @classmethod
    def from_arrays(cls, schema: Schema, sizes: np.ndarray, values: np.ndarray) -> MixedFeatures:
        """Inverse of :meth:`to_arrays`."""
        ends = np.cumsum(sizes.ravel())
        parts = np.split(values, ends)[: sizes.size]
        return cls(schema, [NormalScores(*parts[5 * i : 5 * i + 5]) for i in range(len(sizes))])


class BoundedProducts:
    """Product distributions of features given that rows lie within bounds.

    Parameters
    ----------
    features : MixedFeatures
        The columns.
    levels : array (m, L)
        Probability of every level of every factor, of m distributions.
    means, variances : array (m, c)
        Of the normal scores.
    low, high : array (d,), optional
        Bounds of the columns of X, infinite where there is none. A level is excluded by an upper
        bound of 0, and required by a lower bound of 1.

    Attributes
    ----------
    log_proba : array (m,)
        Log probability of the bounds under each distribution; where a number has but one value, log
        density of its score.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.mixed_features import BoundedProducts, MixedFeatures
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> features = MixedFeatures(Schema((FeatureGroup("categorical", 3),)), [])
    >>> p, none = np.array([[0.5, 0.3, 0.2]]), np.zeros((1, 0))
    >>> some = BoundedProducts(features, p, none, none, np.zeros(3), np.array([1.0, 1.0, 0.0]))
    >>> np.exp(some.log_proba).round(2).tolist(), some.levels.round(3).tolist()
    ([0.8], [[0.625, 0.375, 0.0]])
    """

    def __init__(self, features: MixedFeatures, levels, means, variances, low=None, high=None):
        self.features, self.levels, self.means = features, levels, means
        self.spreads, self.log_proba = np.sqrt(variances), np.zeros(len(levels))
        self.low, self.high = (np.full(features.schema.d, end) for end in (-np.inf, np.inf))
        c = len(features.columns)
        self.ends = np.array([np.full(c, -np.inf), np.full(c, np.inf)])  # of scores
        if low is not None and high is not None:
            self.low, self.high, self.levels = np.asarray(low), np.asarray(high), levels.copy()
            for span, to in features.categories:
                sure = self.low[span] > 0.5
                self._restrict(to, (self.high[span] > 0.5) & (sure | ~sure.any()))
            for j, to in features.flags:
                self._restrict(to, np.array([self.low[j] <= 0.5, self.high[j] > 0.5]))
            for at in range(c):
                self._bound_number(at)

    def _restrict(self, factor: slice, allowed: np.ndarray) -> None:
        """Allow some levels of a factor, each by a share of its probability, (levels,) or (m,
        levels).
        """
        if (allowed == 1).all():
            return
        p = self.levels[:, factor] * allowed
        total = p.sum(1)
        with np.errstate(divide="ignore"):
            self.log_proba = self.log_proba + np.log(total)
        self.levels[:, factor] = p / np.where(total > 0, total, 1)[:, None]

    def _bound_number(self, at: int) -> None:
        j, own = self.features.columns[at], self.features.numbers[at]
        low, high = self.low[j], self.high[j]
        if np.isneginf(low) and np.isposinf(high):
            return
        inside, rest = (own.atoms >= low) & (own.atoms <= high), np.zeros(len(self.levels))
        if len(own.knots) and not (low == high and inside.any()):
            a, b = self.ends[:, at] = own.bounds(low, high)
            mean, spread = self.means[:, at], self.spreads[:, at]
            if a == b:
                rest = np.exp(-0.5 * ((a - mean) / spread) ** 2) / spread / np.sqrt(2 * np.pi)
            elif a < b:
                rest = mass_between((a - mean) / spread, (b - mean) / spread)
        if at in self.features.atoms:
            shares = np.broadcast_to(inside.astype(float), (len(rest), len(inside)))
            shares = np.column_stack([shares, rest]) if len(own.knots) else shares
            self._restrict(self.features.atoms[at], shares)
        else:
            with np.errstate(divide="ignore"):
                self.log_proba = self.log_proba + np.log(rest)

    def draw(self, chosen: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """A row of each of the distributions that are ``chosen`` (n,) by number, (n, d)."""
        features, n = self.features, len(chosen)
        X = np.zeros((n, features.schema.d))
        for span, to in features.categories:
            X[:, span] = np.eye(span.stop - span.start)[self._level(to, chosen, rng)]
        for j, to in features.flags:
            X[:, j] = self._level(to, chosen, rng)
        for at, (j, own) in enumerate(zip(features.columns, features.numbers, strict=True)):
            if len(own.knots):
                mean, spread = self.means[chosen, at], self.spreads[chosen, at]
                a, b = self.ends[:, at]
                z = mean + spread * truncated_normal((a - mean) / spread, (b - mean) / spread, rng)
                X[:, j] = np.clip(own.inverse(np.clip(z, a, b)), self.low[j], self.high[j])
            if at in features.atoms:
                level = self._level(features.atoms[at], chosen, rng)
                mass = level < len(own.atoms)
                X[mass, j] = own.atoms[level[mass]]
        for j, marker in features.markers.items():
            X[X[:, marker] > 0.5, j] = 0.0
        return X

    def _level(self, factor: slice, chosen: np.ndarray, rng) -> np.ndarray:
        p = self.levels[:, factor].cumsum(1)[chosen]
        u = rng.uniform(size=(len(chosen), 1)) * p[:, -1:]
        return np.minimum((u >= p).sum(1), p.shape[1] - 1)


def mass_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Probability of a standard normal between a and b, exact in either tail."""
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    return ndtr(b) - ndtr(a)


def truncated_normal(a: np.ndarray, b: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """A standard normal between a and b (n,), by the inverse of its distribution function."""
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    low, high = ndtr(a), ndtr(b)
    z = ndtri(low + rng.uniform(size=a.shape) * (high - low))
    z = np.where(np.isfinite(z), z, np.where(np.isfinite(b), b, 0.0))
    return np.where(flip, -z, z)
