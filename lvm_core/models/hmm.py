"""Hidden Markov model of series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from ..progress import Reporter
from .base import LatentModel

# least variance of a state, as a share of the data's: a state of one value has infinite likelihood
FLOOR = 1e-4
TOLERANCE = 1e-5  # EM ends when the log-likelihood per value gains less
COUNT = 1e-2  # added to every expected count: a transition never seen stays possible


@dataclass(repr=False, eq=False)
class HMM(LatentModel):
    """Hidden Markov model with Gaussian emissions, fitted by Baum-Welch (Rabiner, 1989).

    A row of X (n, T) is one series of T values; of c values a moment, (n, c * T), where the schema
    has a group of T columns for each of them, which are independent given the state. ``s_1 ~ p``,
    ``s_t | s_{t-1} ~ A[s_{t-1}]``, ``x_t | s_t ~ N(m_s, v_s)``: maximise ``sum_i log p(x_i1, ...,
    x_iT)`` over p (S,), A (S, S), m and v (S,), all series at once, by EM from several seeded
    starts, of which the best is gone on with.
    Where ``window`` is given, every row is a long series that is cut into pieces of so many values
    when the model learns, so that a single long row can be learnt from too.

    The code (n, segments * S) is how long the series is expected to be in each state, in each of
    ``segments`` equal stretches of time: shares that sum to 1 a stretch. Decoding gives the
    expected value in each stretch. What happens within a stretch is not in the code; :meth:`states`
    has it. States are ordered by their mean. :meth:`sample` draws from the chain itself;
    :meth:`sample_decoder` draws a series for a given code by a chain whose steps are weighted
    towards the code's shares, which is close to it but not the same.

    Parameters
    ----------
    latent_dim : int, default=3
        Number of hidden states.
    segments : int, default=8
        Stretches of time the code tells apart: its length is states times stretches.
    max_iter : int, default=200
        Steps of EM at most; it ends earlier when it has settled.
    restarts : int, default=3
        Seeded starts that are tried; the best is gone on with.
    window : int, default=0
        Cuts every row into pieces of so many values to learn from; 0 takes rows whole. For one long
        series.
    random_state : int or None, default=0
        Seed of the starts.

    Attributes
    ----------
    start_ : array (S,)
        p, probability of each state at the first moment.
    transitions_ : array (S, S)
        A, from the state of a row to that of a column.
    means_, variances_ : array (S,)
        m and v, of the values in each state; (S, c) of c values a moment.
    floor_ : float or array (c,)
        Least variance of a state.
    n_iter_ : int
        Steps of EM.
    importance_ : array (segments * S,)
        Spread of the time spent in a state, times how far the state lies from the mean.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    Rabiner (1989), https://doi.org/10.1109/5.18626.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.hmm import HMM
    >>> rng = np.random.RandomState(0)
    >>> X = np.repeat([[0.0, 5.0]], 10, axis=1).repeat(6, axis=0) + rng.normal(0, 1, (6, 20))
    >>> model = HMM(latent_dim=2, segments=2).fit(X)
    >>> model.transform(X).shape
    (6, 4)
    >>> states, proba = model.states(X)
    >>> states[0, [0, -1]].tolist(), proba.shape
    ([0, 1], (6, 20, 2))
    """

    title: ClassVar[str] = "Hidden Markov model"
    list_order: ClassVar[int] = 31
    paper: ClassVar[str] = "Rabiner"
    year: ClassVar[int] = 1989
    link: ClassVar[str] = "https://doi.org/10.1109/5.18626"
    summary: ClassVar[str] = (
        "Series that switch between a few hidden states: finds the states, when each holds, and "
        "how they follow each other."
    )
    objective: ClassVar[str] = (
        r"\max\ \sum_i \log \sum_{s_1 \dots s_T} p(s_1) \prod_{t>1} A_{s_{t-1} s_t} \prod_t "
        r"\mathcal N(x_{it};\ m_{s_t},\ v_{s_t})"
    )
    when: ClassVar[str] = (
        "Use it for series with regimes: calm and storm, asleep and awake, phases of a machine. "
        "Each row must be one series whose columns are moments in their order; "
        "for anything else the order of the columns means nothing and the model is wrong."
    )
    reading: ClassVar[str] = (
        "A dimension is the share of one stretch of the series that is spent in one state. "
        "Decoding draws steps: each stretch at the average level of its states. "
        "Arrays enter as deviations from the average series, so states are of those. The "
        "log-likelihood is exact. Analyse, States shows each moment's state."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("array",)
    importance_meaning: ClassVar[str] = (
        "spread of the time spent there, times how far the state lies from the mean"
    )
    iterative: ClassVar[bool] = True

    latent_dim: int = param(3, low=1, high=50, label="States", help="Number of hidden states.")
    segments: int = param(
        8,
        low=1,
        high=64,
        help="Stretches of time the code tells apart: its length is states times stretches.",
    )
    max_iter: int = param(
        200,
        low=1,
        high=5000,
        log=True,
        help="Steps of EM at most; it ends earlier when it has settled.",
        advanced=True,
    )
    restarts: int = param(
        3,
        low=1,
        high=50,
        help="Seeded starts that are tried; the best is gone on with.",
        advanced=True,
    )
    window: int = param(
        0,
        low=0,
        high=100_000,
        help=(
            "Cuts every row into pieces of so many values to learn from; 0 takes rows whole. For "
            "one long series."
        ),
        advanced=True,
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Seed of the starts."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        moments = schema.d // _channels(schema)
        return {"latent_dim": 3, "segments": int(np.clip(moments // 8, 1, 8))}

    # -- learning ----------------------------------------------------------------------------------

    def _fit(self, X, rng, on_step, checkpoint=None):
        if not (X != X.flat[0]).any():
            raise ValueError("HMM: all values are the same, there are no states to find.")
        moments = self._moments(X)
        pieces = self._pieces(moments)
        self.floor_ = FLOOR * pieces.var((0, 1))
        if pieces.shape[2] == 1:
            self.floor_ = float(self.floor_[0])
        elif not self.floor_.all():
            raise ValueError("HMM: one of the values of a moment never changes; leave it out.")
        report = Reporter(on_step, self.max_iter, "EM")
        starts = [self._start(pieces, rng, spread=i > 0) for i in range(self.restarts)]
        tried = (
            [self._steps(pieces, start, 5)[:2] for start in starts]
            if self.restarts > 1
            else [(starts[0], 0.0)]
        )
        best = max(tried, key=lambda pair: pair[1])[0]

        def listen(step, value, found):
            self._take(found)  # whoever listens may look at it
            self.history_.append({"step": step, "loss": -value})
            return report(step, loss=-value)

        best, _, self.n_iter_, self.stopped_ = self._steps(pieces, best, self.max_iter, listen)
        self._take(best)
        Z = self._encode(X)
        away = np.linalg.norm(self._parameters()[2] - moments.mean((0, 1)), axis=1)
        away = np.tile(away, self._stretches(moments.shape[1]))
        self.importance_ = Z.std(0) * away
        return Z

    def _take(self, found) -> None:
        start, transitions, means, variances = found
        order = np.argsort(means.sum(1), kind="stable")
        self.start_, self.transitions_ = start[order], transitions[np.ix_(order, order)]
        means, variances = means[order], variances[order]
        one = means.shape[1] == 1
        self.means_, self.variances_ = (means[:, 0], variances[:, 0]) if one else (means, variances)

    def _moments(self, X):
        """Rows (n, c * T) -> (n, T, c) float64."""
        X = X.astype(np.float64)
        return X.reshape(len(X), _channels(self.schema_), -1).transpose(0, 2, 1)

    def _pieces(self, X):
        """The series to learn from (m, T', c)."""
        if not self.window or self.window >= X.shape[1]:
            return X
        if self.window < 2:
            raise ValueError(f"HMM: window is {self.window}, expected 0 or at least 2 values.")
        count = X.shape[1] // self.window
        return X[:, : count * self.window].reshape(-1, self.window, X.shape[2])

    def _start(self, X, rng, spread: bool):
        """Quantiles of the values as means, or values drawn by the seed; of several values a
        moment, the means of moments of like rank along their first principal component.
        """
        k, flat = self.latent_dim, X.reshape(-1, X.shape[2])
        if spread:
            means = flat[rng.choice(len(flat), k)]
            means = means[np.argsort(means.sum(1), kind="stable")]
        elif flat.shape[1] == 1:
            means = np.quantile(flat, (np.arange(k) + 0.5) / k, axis=0)
        else:
            scaled = (flat - flat.mean(0)) / flat.std(0)
            along = np.linalg.eigh(scaled.T @ scaled)[1][:, -1]
            ranks = np.argsort(scaled @ along, kind="stable")
            parts = np.array_split(ranks, k)
            means = np.stack([flat[part].mean(0) if len(part) else flat.mean(0) for part in parts])
        stay = (
            np.full((k, k), 0.1 / max(k - 1, 1)) + np.eye(k) * (0.9 - 0.1 / max(k - 1, 1))
            if k > 1
            else np.ones((1, 1))
        )
        return (
            np.full(k, 1 / k),
            stay,
            means + 1e-3 * flat.std(0) * rng.standard_normal(means.shape),
            np.tile(flat.var(0) / k + self.floor_, (k, 1)),
        )

    def _steps(self, X, found, most: int, listen=lambda *_: False):
        """EM from ``found``: (parameters, log-likelihood per value, steps, stopped)."""
        before = -np.inf
        for step in range(1, most + 1):
            posterior, pairs, log_likelihood = _forward_backward(X, *found)
            value = log_likelihood.sum() / X.size
            stopped, converged = bool(listen(step, value, found)), value - before < TOLERANCE
            before = value
            found = self._maximise(X, posterior, pairs)
            if stopped or converged:
                return found, value, step, stopped
        return found, before, most, False

    def _maximise(self, X, posterior, pairs):
        weight = posterior.sum((0, 1))[:, None] + COUNT
        start = posterior[:, 0].sum(0) + COUNT
        means = np.einsum("nts,ntc->sc", posterior, X, optimize=True)
        means = (means + COUNT * X.mean((0, 1))) / weight
        variances = (
            np.stack(
                [
                    np.einsum("nt,ntc->c", posterior[..., s], (X - means[s]) ** 2)
                    for s in range(len(means))
                ]
            )
            / weight
        )
        pairs = pairs + COUNT
        return (
            start / start.sum(),
            pairs / pairs.sum(1, keepdims=True),
            means,
            np.maximum(variances, self.floor_),
        )

    # -- the public verbs beyond the contract ------------------------------------------------------

    def states(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The hidden states of series.

        Parameters
        ----------
        X : array (n, T) or (n, c * T)
            One series a row.

        Returns
        -------
        path : array (n, T) of int
            The most likely sequence of states (Viterbi, 1967).
        proba : array (n, T, S)
            The probability of each state at each moment.
        """
        check_is_fitted(self)
        X = self._moments(self._check(X, reset=False))
        return _viterbi(X, *self._parameters()), _forward_backward(X, *self._parameters())[0]

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood (n,) in nats of each series, exact, by the forward recursion."""
        check_is_fitted(self)
        return _forward_backward(self._moments(self._check(X, reset=False)), *self._parameters())[2]

    def sample(self, n, *, temperature=1.0, random_state=None):
        """New series: true draws of the chain and its emissions.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Multiplies the noise of the emissions.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, T) or (n, c * T)
        """
        from sklearn.utils import check_random_state

        n, temperature = self._check_draw(n, temperature)
        rng = check_random_state(random_state)
        path = self._chain(n, rng)
        return self._emitted(path, rng, temperature)

    def _emitted(self, path, rng, temperature: float = 1.0):
        """A draw of the values of each moment of paths (n, T), as rows."""
        _, _, means, variances = self._parameters()
        noise = rng.standard_normal((*path.shape, means.shape[1]))
        return _as_rows(means[path] + temperature * noise * np.sqrt(variances[path]))

    # -- the contract ------------------------------------------------------------------------------

    def _parameters(self):
        k = self.latent_dim
        means, variances = self.means_.reshape(k, -1), self.variances_.reshape(k, -1)
        return self.start_, self.transitions_, means, variances

    @property
    def _length(self) -> int:
        """Moments of a series."""
        return self.n_features_in_ // _channels(self.schema_)

    def _stretches(self, length: int) -> int:
        return min(self.segments, length)

    def _shares(self, posterior):
        """(n, T, S) -> (n, stretches * S)."""
        parts = np.array_split(posterior, self._stretches(posterior.shape[1]), axis=1)
        return np.concatenate([part.mean(1) for part in parts], axis=1)

    def _over_time(self, Z):
        """Codes -> probability of each state at each moment (n, T, S), constant within a
        stretch.
        """
        length, k = self._length, self.latent_dim
        shares = np.maximum(Z, 0).reshape(len(Z), -1, k)
        total = shares.sum(2, keepdims=True)
        shares = np.where(total > 0, shares / np.where(total > 0, total, 1), 1 / k)
        lengths = [len(part) for part in np.array_split(np.arange(length), shares.shape[1])]
        return np.repeat(shares, lengths, axis=1)

    def _encode(self, X):
        return np.concatenate(
            [
                self._shares(
                    _forward_backward(self._moments(X[i : i + 1000]), *self._parameters())[0]
                )
                for i in range(0, len(X), 1000)
            ]
        )

    def _decode(self, Z):
        return _as_rows(self._over_time(Z) @ self._parameters()[2])

    def _prior(self, n, temperature, rng):
        return self.code_mean_ + temperature * (
            self._shares(np.eye(self.latent_dim)[self._chain(n, rng)]) - self.code_mean_
        )

    def _chain(self, n: int, rng):
        """n state sequences (n, T)."""
        path, steps = np.empty((n, self._length), int), self.transitions_.cumsum(1)
        path[:, 0] = _choose(np.broadcast_to(self.start_.cumsum(), (n, self.latent_dim)), rng)
        for t in range(1, path.shape[1]):
            path[:, t] = _choose(steps[path[:, t - 1]], rng)
        return path

    def _draw(self, Z, rng):
        """A chain whose steps are reweighted towards the code's shares, and its emissions."""
        shares = self._over_time(Z)
        typical = np.maximum(self.code_mean_.reshape(-1, self.latent_dim).mean(0), 1e-6)
        path = np.empty((len(shares), shares.shape[1]), int)
        path[:, 0] = _choose(shares[:, 0].cumsum(1), rng)
        for t in range(1, path.shape[1]):
            weights = self.transitions_[path[:, t - 1]] * shares[:, t] / typical
            total = weights.sum(1, keepdims=True)
            path[:, t] = _choose(
                np.where(total > 0, weights / np.where(total > 0, total, 1), shares[:, t]).cumsum(
                    1
                ),
                rng,
            )
        return self._emitted(path, rng)


def _channels(schema) -> int:
    """How many values a moment has: the number of feature groups of as many real columns each."""
    sizes = {group.size for group in schema.groups}
    same = len(sizes) == 1 and sizes != {1} and not schema.image
    real = all(group.likelihood == "gaussian" for group in schema.groups)
    return len(schema.groups) if same and real else 1


def _as_rows(moments):
    """(n, T, c) -> (n, c * T)."""
    return np.ascontiguousarray(moments.transpose(0, 2, 1)).reshape(len(moments), -1)


def _emission(X, means, variances):
    """log N(x_t; m_s, v_s) (n, T, S), summed over the values of a moment."""
    n, length = X.shape[:2]
    out = np.zeros((n, length, len(means)))
    for c, (m, v) in enumerate(zip(means.T, variances.T)):
        out -= 0.5 * (np.log(2 * np.pi * v) + (X[..., c, None] - m) ** 2 / v)
    return out


def _forward_backward(X, start, transitions, means, variances):
    """Of series X (n, T, c): p(s_t | x) (n, T, S), expected transitions (S, S) of all series, log
    p(x) (n,). Scaled at every step (Rabiner, 1989, section V.A).
    """
    log_b = _emission(X, means, variances)
    top = log_b.max(2, keepdims=True)
    b, (n, length, k) = np.exp(log_b - top), log_b.shape
    forward, scale = np.empty((n, length, k)), np.empty((n, length))
    now = start * b[:, 0]
    for t in range(length):
        if t:
            now = (now @ transitions) * b[:, t]
        scale[:, t] = np.maximum(now.sum(1), 1e-300)
        forward[:, t] = now = now / scale[:, t, None]
    posterior, pairs, after = np.empty_like(forward), np.zeros((k, k)), np.ones((n, k))
    posterior[:, -1] = forward[:, -1]
    for t in range(length - 2, -1, -1):
        ahead = b[:, t + 1] * after / scale[:, t + 1, None]
        pairs += forward[:, t].T @ ahead
        after = ahead @ transitions.T
        posterior[:, t] = forward[:, t] * after
    posterior /= np.maximum(posterior.sum(2, keepdims=True), 1e-300)
    return posterior, pairs * transitions, np.log(scale).sum(1) + top[..., 0].sum(1)


def _viterbi(X, start, transitions, means, variances):
    """The most likely states (n, T) of series X (n, T, c)."""
    log_b, log_a = _emission(X, means, variances), np.log(np.maximum(transitions, 1e-300))
    n, length, k = log_b.shape
    came_from, now = np.empty((n, length, k), int), np.log(np.maximum(start, 1e-300)) + log_b[:, 0]
    for t in range(1, length):
        through = now[:, :, None] + log_a
        came_from[:, t] = through.argmax(1)
        now = through.max(1) + log_b[:, t]
    path = np.empty((n, length), int)
    path[:, -1] = now.argmax(1)
    for t in range(length - 1, 0, -1):
        path[:, t - 1] = came_from[np.arange(n), t, path[:, t]]
    return path


def _choose(cumulative, rng):
    """One index a row by cumulative probabilities (n, S)."""
    return np.minimum(
        (rng.uniform(size=(len(cumulative), 1)) > cumulative).sum(1), cumulative.shape[1] - 1
    )
