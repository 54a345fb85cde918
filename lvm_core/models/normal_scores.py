"""Columns of numbers as normal scores, with the values that many rows share as point masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

SHARE = 0.03  # of the rows, from which on a value is a point mass
COUNT = 10  # rows that it takes at least
LEVELS = 32  # distinct values up to which each is one, where rows repeat them
REPEATED = 5.0  # rows a distinct value, from which on values are repeated
STEPS = 1000  # distinct values up to which draws are of values that were seen
KNOTS = 256  # of the map of a column whose values do not repeat


@dataclass(frozen=True)
class NormalScores:
    """A column of numbers as point masses and a strictly increasing map to normal scores.

    A value that a share of the rows hold (0, a cap, a level) is a point mass. The others go through
    a piecewise linear map whose knots are quantiles of the data and their normal scores (van der
    Waerden): it goes on straight beyond the last knots, so it has an inverse everywhere.

    Parameters
    ----------
    atoms : array (a,)
        The point masses, ascending.
    widths : array (a,)
        Of the cell about each over which its mass counts as density: up to half way to the next
        values there are.
    knots, scores : array (q,)
        The map, both ascending; empty where all values are point masses.
    steps : array (v,)
        The values that inverse scores are taken to, ascending; empty where they are kept.

    References
    ----------
    van der Waerden (1952); Liu, Lafferty & Wasserman (2009), *The Nonparanormal*,
    https://jmlr.org/papers/v10/liu09a.html.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.normal_scores import NormalScores
    >>> x = np.r_[np.zeros(50), np.random.RandomState(0).exponential(3.0, 450)]
    >>> column = NormalScores.of(x)
    >>> column.atoms.tolist()
    [0.0]
    >>> atom, z, log_slope = column.transform(x)
    >>> bool((atom[:50] == 0).all()), bool(np.allclose(column.inverse(z[50:]), x[50:]))
    (True, True)
    """

    atoms: np.ndarray
    widths: np.ndarray
    knots: np.ndarray
    scores: np.ndarray
    steps: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray) -> NormalScores:
        """Learn from the values observed.

        Parameters
        ----------
        x : array (n,)
            Finite; may be empty.

        Returns
        -------
        NormalScores
        """
        x = np.asarray(x, np.float64)
        values, counts = np.unique(x, return_counts=True)
        if len(values) < 2:
            values = values if len(values) else np.zeros(1)
            return cls(values, np.ones(1), *(np.zeros(0) for _ in range(3)))
        repeated = len(x) / len(values) >= REPEATED
        heavy = (counts >= SHARE * len(x)) & (counts >= COUNT)
        if len(values) <= LEVELS and repeated or (len(values) - heavy.sum()) < 3:
            heavy[:] = True
        gaps = np.diff(values)
        gaps = np.minimum(np.r_[gaps[0], gaps], np.r_[gaps, gaps[-1]])
        rest, atoms = values[~heavy], values[heavy]
        if not len(rest):
            edges = _edges(values)
            return cls(atoms, np.diff(edges), *(np.zeros(0) for _ in range(3)))
        stepped = repeated and len(rest) <= STEPS
        knots, scores = _map(rest, counts[~heavy], stepped)
        return cls(atoms, gaps[heavy], knots, scores, rest if stepped else np.zeros(0))

    def transform(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values as point masses and scores.

        Parameters
        ----------
        x : array (n,)
            Finite values.

        Returns
        -------
        atom : array of int (n,)
            Number of the point mass, -1 for the others.
        z : array (n,)
            Normal score of the others; 0 at a point mass.
        log_slope : array (n,)
            Logarithm of dz/dx; at a point mass that of 1 / the width of its cell.
        """
        x = np.asarray(x, np.float64)
        atom = np.full(len(x), -1)
        if len(self.atoms):
            edges = (self.atoms[1:] + self.atoms[:-1]) / 2
            near = np.searchsorted(edges, x)
            reach = np.maximum(self.widths[near] / 2, 1e-6 * np.abs(self.atoms[near]))
            inside = np.abs(x - self.atoms[near]) < reach
            atom = np.where(inside if len(self.knots) else True, near, -1)
        z, log_slope = np.zeros(len(x)), np.zeros(len(x))
        if len(self.knots):
            slopes = np.diff(self.scores) / np.diff(self.knots)
            i = np.clip(np.searchsorted(self.knots, x, side="right") - 1, 0, len(slopes) - 1)
            z = np.where(atom < 0, self.scores[i] + (x - self.knots[i]) * slopes[i], 0.0)
            log_slope = np.log(slopes[i])
        if len(self.atoms):
            log_slope = np.where(atom < 0, log_slope, -np.log(self.widths[np.maximum(atom, 0)]))
        return atom, z, log_slope

    def bounds(self, low: float, high: float) -> tuple[float, float]:
        """Normal scores between which the values from ``low`` to ``high`` lie, apart from point
        masses.

        Parameters
        ----------
        low, high : float
            Both inclusive; may be infinite.

        Returns
        -------
        low, high : float
            The first is greater where there are none.
        """
        if not len(self.steps):
            return self._score(low), self._score(high)
        first = int(np.searchsorted(self.steps, low))
        last = int(np.searchsorted(self.steps, high, side="right"))
        if first >= last:
            return np.inf, -np.inf
        # a step is the cell between the knots about it
        a = -np.inf if first == 0 else float(self.scores[first])
        return a, np.inf if last == len(self.steps) else float(self.scores[last])

    def _score(self, x: float) -> float:
        if np.isinf(x):
            return float(x)
        plain = NormalScores(np.zeros(0), np.zeros(0), self.knots, self.scores, self.steps)
        return float(plain.transform(np.array([x]))[1][0])

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """Values (n,) of normal scores (n,); those that were seen where the column has steps."""
        slopes = np.diff(self.knots) / np.diff(self.scores)
        i = np.clip(np.searchsorted(self.scores, z, side="right") - 1, 0, len(slopes) - 1)
        x = self.knots[i] + (z - self.scores[i]) * slopes[i]
        if len(self.steps):
            x = self.steps[np.searchsorted((self.steps[1:] + self.steps[:-1]) / 2, x)]
        return x


def _edges(values: np.ndarray) -> np.ndarray:
    """Half way between neighbours, and as far beyond the first and the last."""
    middle = (values[1:] + values[:-1]) / 2
    return np.r_[2 * values[0] - middle[0], middle, 2 * values[-1] - middle[-1]]


def _map(values: np.ndarray, counts: np.ndarray, stepped: bool) -> tuple[np.ndarray, np.ndarray]:
    """Knots and their normal scores: between neighbouring values where these repeat, else at
    evenly spaced quantiles.
    """
    n = counts.sum()
    below = np.r_[0, np.cumsum(counts)] / n  # share of the rows below each edge
    edges = _edges(values)
    if not stepped and len(edges) > KNOTS:
        # as many knots as carry some ten rows each: the slope is the data's density
        wanted = np.linspace(0, 1, int(np.clip(n / 10, 8, KNOTS)))
        kept = np.unique(np.searchsorted(below, wanted).clip(0, len(edges) - 1))
        edges, below = edges[kept], below[kept]
    return edges, ndtri(np.clip(below, 0.25 / n, 1 - 0.25 / n))
