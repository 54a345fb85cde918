"""Mixture of product distributions: a latent class model of mixed columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .base import LatentModel, check_count
from .mixed_features import BoundedProducts, Features, MixedFeatures

if TYPE_CHECKING:
    import torch

CELLS = 2**22  # numbers of (rows, components) at a time
WIDTHS = 0.05 * 1.5 ** np.arange(10)  # of the decoder, as shares of the codes' spread
FEW = 50  # rows below which none are held out


@dataclass(repr=False, eq=False)
class ProductMixture(LatentModel):
    """Mixture of product distributions, also known as a latent class model (Lazarsfeld & Henry,
    1968), of thousands of components, fitted by stochastic EM (Cappé & Moulines, 2009).

    ``p(x) = sum_j w_j prod_c p_jc(x_c)``: within a component columns are independent. A category
    and a 0/1 column have a table of probabilities, a number a Gaussian of its normal score: every
    column goes through a strictly increasing, piecewise linear map, whose slope counts in the
    likelihood, and values that many rows share (0, a cap, few levels) are point masses beside it.
    Missing values are left out of the product, which is exact; whether one is missing is a 0/1
    column.

    EM begins at rows drawn at random. Each minibatch moves the expected counts of every component
    a step towards its own; probabilities and Gaussians are those of the counts, drawn to the
    marginal of the column by as many rows as empirical Bayes says: a column that the components
    tell nothing about is drawn all the way. Rows held out end the fit, so that components do not
    close in on single rows.

    The latent variable is which component made the row. So many responsibilities are no code: the
    code is the expected row given the row, ``sum_j p(j|x) E[x|j]``, on the principal axes of the
    data. A code is decoded to the mean of the components that lie near it, by a Gaussian kernel.
    Samples are true draws of the mixture: the prior's codes are the components' own places, and a
    draw is of the component that lies nearest.

    Parameters
    ----------
    latent_dim : int, default=8
        Number of principal axes the components are placed on: the length of the code.
    components : int, default=1000
        Number of components, at most one a row.
    epochs : int, default=60
        Passes over the rows at most.
    batch_size : int, default=512
        Rows a step of EM.
    patience : int, default=5
        Ends the fit when the likelihood of rows held out of it, a tenth, has not improved for so
        many epochs, and keeps the best; 0 fits to the end, on all rows.
    smoothing : float, default=0.3
        Multiplies the rows of the marginals that every component is given.
    random_state : int or None, default=0
        Seed of the start and of the order of the rows.

    Attributes
    ----------
    weights_ : array (m,)
        Of the components.
    levels_ : array (m, L)
        Probability of every level of every factor, see
        :class:`~lvm_core.models.mixed_features.MixedFeatures`.
    means_, variances_ : array (m, c)
        Of the normal scores of numbers.
    rows_ : array (m, d)
        The expected row of each component.
    positions_ : array (m, k)
        Their codes.
    importance_ : array (k,)
        Share of the data's variance that the components keep along each axis.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Lazarsfeld & Henry (1968), *Latent Structure Analysis*.
    * Cappé & Moulines (2009), https://doi.org/10.1111/j.1467-9868.2009.00698.x.
    * Empirical Bayes: Efron & Morris (1973), https://doi.org/10.1080/01621459.1973.10481350.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.product_mixture import ProductMixture
    >>> rng = np.random.RandomState(0)
    >>> X = np.vstack([rng.normal(-3, 1, (60, 2)), rng.normal(3, 1, (40, 2))])
    >>> model = ProductMixture(latent_dim=2, components=10).fit(X)
    >>> model.weights_.shape, model.transform(X).shape, model.sample(3, random_state=0).shape
    ((10,), (100, 2), (3, 2))
    """

    title: ClassVar[str] = "Mixture of product distributions"
    list_order: ClassVar[int] = 31
    paper: ClassVar[str] = "Cappé & Moulines"
    year: ClassVar[int] = 2009
    link: ClassVar[str] = "https://doi.org/10.1111/j.1467-9868.2009.00698.x"
    summary: ClassVar[str] = (
        "Thousands of small groups, within which columns are independent. Draws realistic tables, "
        "with an exact likelihood and exact conditions."
    )
    objective: ClassVar[str] = (
        r"\max_{w, \theta}\ \sum_i \log \sum_j w_j \prod_c p(x_{ic};\ \theta_{jc}),\qquad z_i = "
        r"W\Big(\sum_j p(j \mid x_i)\, \mathbb E[x \mid j] - m\Big)"
    )
    when: ClassVar[str] = (
        "Use it to make tables of mixed columns, to fix some columns and draw the rest, and to ask "
        "how probable a row is. It wants thousands of rows; with a few hundred, take a Gaussian "
        "mixture or a VAE."
    )
    reading: ClassVar[str] = (
        "A dimension is a principal axis of the data, and a row lies where its components do. "
        "Neighbours on the map share components. The log-likelihood is exact; values that many "
        "rows share count as narrow cells."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("table", "array")
    importance_meaning: ClassVar[str] = "share of the data's variance"
    accepts_missing: ClassVar[bool] = True
    iterative: ClassVar[bool] = True
    duration_param: ClassVar[str] = "epochs"
    matches_marginals: ClassVar[bool] = False  # its draws have the data's as they are
    # codes of its prior are places of components: a density of other codes would blur them
    decoder_trained_on_prior: ClassVar[bool] = True

    latent_dim: int = param(
        8,
        low=1,
        high=512,
        help="Number of principal axes the components are placed on: the length of the code.",
    )
    components: int = param(
        1000, low=1, high=50_000, log=True, help="Number of components, at most one a row."
    )
    epochs: int = param(60, low=1, high=10_000, help="Passes over the rows at most.")
    batch_size: int = param(512, low=1, high=100_000, help="Rows a step of EM.", advanced=True)
    patience: int = param(
        5,
        low=0,
        high=1000,
        advanced=True,
        help=(
            "Ends the fit when the likelihood of rows held out of it, a tenth, has not improved "
            "for so many epochs, and keeps the best; 0 fits to the end, on all rows."
        ),
    )
    smoothing: float = param(
        0.3,
        low=0.01,
        high=100.0,
        log=True,
        advanced=True,
        help="Multiplies the rows of the marginals that every component is given.",
    )
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the start and of the order of the rows.",
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {
            "latent_dim": min(16 if schema.d > 32 else 8, max(1, schema.d - 1)),
            "components": int(np.clip(n // 20, 10, 2000)),
            "batch_size": int(np.clip(n // 32, 32, 2048)),
        }

    # -- learning ----------------------------------------------------------------------------------

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.training import EarlyStopping, seeded, train

        if not (X != X[:1]).any():
            raise ValueError("ProductMixture: all rows are the same, there are no groups to find.")
        self._place_axes(X, rng)
        features = self._learn_columns(X)
        order = rng.permutation(len(X))
        cut = min(len(X) // 10, 5000) if self.patience and len(X) >= FEW else 0
        rows = np.sort(order[cut:])
        start = rng.choice(rows, min(self.components, len(rows)), replace=False)
        every = rows if len(rows) <= 20_000 else np.sort(rng.choice(rows, 20_000, replace=False))
        counts = ExpectedCounts(features, features.of(X[start]), features.of(X[every]))
        counts.n, counts.smoothing = len(rows), self.smoothing
        self._counts: ExpectedCounts | None = counts
        watched = features.of(X[order[:cut]])
        kept: Any = counts  # it has what is asked of a network, and no layers
        stop = EarlyStopping(kept, lambda: counts.loss(watched), self.patience) if cut else None

        def update(index, progress):
            loss = counts.learn(features.of(X[rows[index.numpy()]]))
            return {"loss": loss} | ({"held_out": stop.loss} if stop else {})

        self.history_, self.stopped_ = train(
            update,
            len(rows),
            batch_size=self.batch_size,
            steps=self.epochs * -(-len(rows) // self.batch_size),
            generator=seeded(rng),
            on_step=on_step,
            checkpoint=checkpoint,
            parts={"counts": counts} | ({"stop": stop} if stop else {}),
            after_epoch=stop,
        )
        if stop is not None:
            stop.restore()
        self._take(counts)
        del self._counts
        codes = self._encode(X)
        self.importance_ = self._weighted_variance() / self.total_variance_
        self._choose_width(codes, rng)
        return codes

    def _learn_columns(self, X) -> MixedFeatures:
        features = MixedFeatures.learn(X, self.schema_)
        learnt = features.to_arrays()
        self.column_sizes_, self.column_values_ = learnt["sizes"], learnt["values"]
        return features

    def _features(self) -> MixedFeatures:
        return MixedFeatures.from_arrays(self.schema_, self.column_sizes_, self.column_values_)

    def _place_axes(self, X, rng) -> None:
        """The principal axes of the data, with the mean where a value is missing."""
        from sklearn.decomposition import PCA

        part = X if len(X) <= 20_000 else X[np.sort(rng.choice(len(X), 20_000, replace=False))]
        part, seen = part.astype(np.float64), ~np.isnan(part)
        mean = np.where(seen, part, 0).sum(0) / np.maximum(seen.sum(0), 1)
        part = np.where(seen, part, mean)
        solver: Any = PCA(
            min(self.latent_dim, *part.shape), random_state=rng.randint(2**31 - 1)
        ).fit(part)
        self.mean_, self.axes_ = mean, solver.components_  # (d,), (k, d)
        self.total_variance_ = float(part.var(0).sum())
        self.width_ = float(WIDTHS[4] * np.sqrt(part.var(0).sum()))

    def _take(self, counts: ExpectedCounts) -> None:
        """The distributions of these counts as arrays, the heaviest component first."""
        mixture = [a.numpy().astype(np.float64) for a in counts.distributions()]
        order = np.argsort(-mixture[0], kind="stable")
        self.weights_, self.levels_, self.means_, self.variances_ = (a[order] for a in mixture)
        self.weights_ = self.weights_ / self.weights_.sum()
        features = self._features()
        self.rows_ = features.expected(self.levels_, self.means_, self.variances_)
        self.positions_ = (self.rows_ - self.mean_) @ self.axes_.T

    def _weighted_variance(self) -> np.ndarray:
        return self.weights_ @ (self.positions_ - self.weights_ @ self.positions_) ** 2

    def _choose_width(self, codes, rng) -> None:
        """The kernel with which rows' codes are decoded best to what they stand for."""
        some = codes[rng.choice(len(codes), min(len(codes), 500), replace=False)]
        spread, least = np.sqrt(self._weighted_variance().sum()), np.inf
        for width in WIDTHS * max(spread, 1e-9):
            before, self.width_ = self.width_, float(width)
            lost = np.square((self._decode(some) - self.mean_) @ self.axes_.T - some).sum()
            if lost >= least:
                self.width_ = before
            least = min(lost, least)

    def preview(self, X, Z):
        counts = getattr(self, "_counts", None)
        if counts is not None:
            self._take(counts)
        return super().preview(X, Z[:, : len(self.axes_)])  # no more axes than columns

    # -- codes -------------------------------------------------------------------------------------

    def _log_joint(self, features: Features) -> Iterator[tuple[slice, np.ndarray]]:
        """``log w_j p(x_i|j)`` (rows, m) of the features, a block of rows at a time."""
        theta = natural_parameters(np.log(self.levels_), self.means_, self.variances_, np)
        step, bias = max(1, CELLS // len(self.weights_)), np.log(self.weights_)
        for start in range(0, len(features.levels), step):
            part = slice(start, start + step)
            yield part, statistics(Features(*(a[part] for a in features)), np) @ theta.T + bias

    def _encode(self, X):
        codes = np.empty((len(X), len(self.axes_)))
        for part, joint in self._log_joint(self._features().of(X)):
            joint -= joint.max(1, keepdims=True)
            np.exp(joint, out=joint)
            codes[part] = joint @ self.positions_ / joint.sum(1, keepdims=True)
        return codes

    def _decode(self, Z):
        rows = np.empty((len(Z), len(self.mean_)))
        for part, square in self._squares(Z):
            square *= -0.5 / self.width_**2
            square += np.log(self.weights_)
            square -= square.max(1, keepdims=True)
            np.exp(square, out=square)
            rows[part] = square @ self.rows_ / square.sum(1, keepdims=True)
        return rows

    def _squares(self, Z) -> Iterator[tuple[slice, np.ndarray]]:
        """Squared distances (rows, m) of codes from the components, a block at a time."""
        Z, V, step = Z.astype(np.float64), self.positions_, max(1, CELLS // len(self.weights_))
        for start in range(0, len(Z), step):
            part = slice(start, start + step)
            yield part, (Z[part] ** 2).sum(1)[:, None] - 2 * Z[part] @ V.T + (V**2).sum(1)

    def _prior(self, n, temperature, rng):
        # a component has no spread to scale: weights to the power 1 / T^2, as of a Gaussian mixture
        with np.errstate(over="ignore", under="ignore"):
            p = (self.weights_ / self.weights_[0]) ** (1 / max(temperature, 1e-3) ** 2)
        return self.positions_[rng.choice(len(p), n, p=p / p.sum())]

    def _draw(self, Z, rng):
        nearest = np.concatenate([square.argmin(1) for _, square in self._squares(Z)])
        free = BoundedProducts(self._features(), self.levels_, self.means_, self.variances_)
        return free.draw(nearest, rng)

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood of each row, exact.

        A value that is a point mass counts with the density of its cell, see
        :class:`~lvm_core.models.normal_scores.NormalScores`.

        Parameters
        ----------
        X : array (n, d)
            Rows; what is missing is left out.

        Returns
        -------
        array (n,)
            In nats.
        """
        check_is_fitted(self)
        features = self._features().of(self._check(X, reset=False))
        found = features.log_volume.copy()
        for part, joint in self._log_joint(features):
            found[part] += logsumexp(joint, axis=1)
        return found

    def sample_conditional(self, low, high, n: int, *, random_state=None) -> np.ndarray:
        """Rows within bounds, drawn from the mixture given them, exact.

        A component is drawn by its weight times the probability it gives the bounds, then every
        column of it within its own.

        Parameters
        ----------
        low, high : array (d,)
            Bounds of every column of X, infinite where there is none; a level is excluded by an
            upper bound of 0.
        n : int
            How many.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, d)

        Raises
        ------
        ValueError
            No row of the model lies within the bounds.
        """
        check_is_fitted(self)
        n, rng = check_count(n), check_random_state(random_state)
        bounded = BoundedProducts(
            self._features(), self.levels_, self.means_, self.variances_, low, high
        )
        log_share = np.log(self.weights_) + bounded.log_proba
        most = log_share.max()
        if not np.isfinite(most):
            raise ValueError("No row fulfils all of these conditions together.")
        share = np.exp(log_share - most)
        component = rng.choice(len(share), n, p=share / share.sum())
        return bounded.draw(component, rng)


class ExpectedCounts:
    """Expected sufficient statistics a row of every component, and stochastic EM on them.

    Parameters
    ----------
    features : MixedFeatures
        The columns.
    start : Features
        Rows (m, ...) that components begin at.
    rows : Features
        Rows that marginals are taken from.

    Attributes
    ----------
    n : int
        Rows that the statistics stand for.
    smoothing : float
        Multiplies the prior's rows.
    """

    def __init__(self, features: MixedFeatures, start: Features, rows: Features):
        import torch

        self.factors, self.n, self.smoothing = features.factors(), 1, 1.0
        self.n_levels, m = features.n_levels, len(start.levels)
        own, all_of_them = (statistics(part, np) for part in (start, rows))
        # half a row of its own, half of everybody's
        self.sums = torch.from_numpy((0.5 * own + 0.5 * all_of_them.mean(0)).astype(np.float32) / m)
        self.mass = torch.full((m,), 1.0 / m)
        self.marginal = torch.from_numpy(all_of_them.mean(0).astype(np.float32))
        self.steps = torch.zeros((), dtype=torch.float64)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The statistics and the number of steps."""
        return {"sums": self.sums, "mass": self.mass, "steps": self.steps}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Inverse of :meth:`state_dict`."""
        for name, own in self.state_dict().items():
            own.copy_(state[name])

    def distributions(self) -> tuple[torch.Tensor, ...]:
        """Weights (m,), levels (m, L), means and variances (m, c) of the statistics."""
        import torch

        c = (self.sums.shape[1] - self.n_levels) // 3
        sums, all_rows, m = self.sums * self.n, self.marginal, len(self.mass)
        weights = self.mass * self.n + 1e-3
        levels, first, second, seen = sums.split([self.n_levels, c, c, c], 1)
        levels = levels.clone()
        for f in self.factors:
            share = all_rows[f] + 1e-6
            share = share / share.sum()
            size = levels[:, f].sum(1, keepdim=True)
            gini = 1 - share.square().sum()
            lost = (size - levels[:, f].square().sum(1, keepdim=True) / size.clamp(min=1e-6)).sum()
            within = lost / _freedom(size.sum(), m)
            alpha = self.smoothing * (within / (gini - within).clamp(min=1e-3 * gini)).clamp(0.02)
            levels[:, f] = (levels[:, f] + alpha * share) / (size + alpha)
        total = seen.sum(0).clamp(min=1e-3)
        middle = first.sum(0) / total
        spread = (second.sum(0) / total - middle.square()).clamp(min=1e-3)
        within = (second - first.square() / seen.clamp(min=1e-6)).clamp(min=0).sum(0)
        within = (within / _freedom(total, m)).clamp(min=FLOOR)
        alpha = self.smoothing * within / torch.maximum(spread - within, 1e-3 * spread)
        means = (first + alpha * middle) / (seen + alpha)
        square = (second - 2 * means * first + means.square() * seen).clamp(min=0)
        variances = (square + self.smoothing * within) / (seen + self.smoothing)
        return weights / weights.sum(), levels, means, variances.clamp(min=FLOOR)

    def _joint(self, features: Features) -> tuple[torch.Tensor, torch.Tensor]:
        """Statistics of rows (n, s), and ``log w_j p(x_i|j)`` (n, m)."""
        import torch

        weights, levels, means, variances = self.distributions()
        theta = natural_parameters(levels.clamp(min=1e-20).log(), means, variances, torch)
        own = torch.from_numpy(statistics(features, np))
        return own, torch.addmm(weights.log(), own, theta.T)

    def loss(self, features: Features) -> torch.Tensor:
        """Mean negative log-likelihood of rows, in nats."""
        return -self._joint(features)[1].logsumexp(1).mean()

    def learn(self, features: Features) -> torch.Tensor:
        """One step of EM on rows; their loss before it."""
        own, joint = self._joint(features)
        evidence = joint.logsumexp(1, keepdim=True)
        shares = joint.sub_(evidence).exp_()
        self.steps += 1
        # (t + 1)^-0.6: step sizes whose sum diverges while that of their squares does not
        rate = float(self.steps + 1) ** -0.6
        self.sums.lerp_(shares.T @ own / len(own), rate)
        self.mass.lerp_(shares.mean(0), rate)
        return -evidence.mean()


FLOOR = 0.003  # least variance of a normal score within a component


def _freedom(rows: torch.Tensor, components: int) -> torch.Tensor:
    """Degrees of freedom within components; a fifth of the rows where they are so many."""
    return (rows - components).clamp(min=0).maximum(0.2 * rows)


def statistics(features: Features, xp) -> np.ndarray:
    """Sufficient statistics of rows, (n, L + 3c): levels, scores, their squares, whether seen."""
    z = features.scores
    return xp.concatenate([features.levels, z, z * z, features.seen], 1)


def natural_parameters(log_levels, means, variances, xp):
    """What sufficient statistics are multiplied with for log densities, (m, L + 3c)."""
    constant = -0.5 * (means * means / variances + xp.log(2 * np.pi * variances))
    return xp.concatenate([log_levels, means / variances, -0.5 / variances, constant], 1)
