"""MIWAE: an importance-weighted autoencoder that learns from rows with missing values, and
fills them.
"""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..nn.elbo import (
    code_moments,
    draw_posterior,
    draw_weights,
    elbo,
    importance_bound,
    importance_loss,
    mean_and_kl,
    mean_and_std,
    split,
)
from ..params import param
from ..settings import setting
from .base import draw_discrete
from .neural import VariationalModel, common

if TYPE_CHECKING:
    from ..nn.masked import ObservedNet

MOST_NUMBERS = 4_000_000  # held at once while imputing
STEPS, FEWEST = 9000, 5  # of the optimiser; draws a row that wide data still gets
# steps x rows x draws x columns that two cores at 3 GHz learn from in a minute
WORK_A_MINUTE = 800_000_000


@dataclass(frozen=True)
class Imputation:
    """Rows whose missing values were filled, as :meth:`MIWAE.impute` gives them.

    Attributes
    ----------
    X : array (n, d)
        The rows: what was seen stays; a missing number is its mean, a missing category its
        likeliest level.
    low, high : array (n, d)
        The interval of every real number that was missing, equal to ``X`` elsewhere.
    chances : array (n, d)
        The means before a level was chosen.
    missing_mask : array (n, d) of bool
        Which entries were filled.
    """

    X: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chances: np.ndarray
    missing_mask: np.ndarray


@dataclass(repr=False, eq=False)
class MIWAE(VariationalModel):
    """Missing data importance-weighted autoencoder (Mattei & Frellsen, 2019).

    Objective: maximise the mean over rows of ``E[log 1/K sum_k p(x_seen|z_k) p(z_k) /
    q(z_k|x_seen)]``, z_1 ... z_K drawn from q(z|x_seen): a lower bound on log p(x_seen), the
    likelihood of what was observed, tighter with K. It is right where values are missing at random:
    whether one is missing may depend on what was seen, not on the missing value itself.

    As in the authors' notebook weights begin He-normal, and real columns have Student-t noise whose
    scale and degrees of freedom the decoder gives. Otherwise than there q is Gaussian, so that its
    KL is exact, and a missing value enters the encoder as a number that is learnt, not as 0.
    Missing values are NaN in X, or what the schema's indicators mark.

    At the end the codes are shifted and scaled to the prior's mean and width, as those of
    :class:`~lvm_core.models.vae.VAE` are.

    Parameters
    ----------
    latent_dim : int, default=8
        Length of the code: how many sliders describe an item.
    epochs : int, default=300
        Passes over the data; more is slower and fits closer.
    samples : int, default=20
        Codes drawn for each row and step (K); more makes the bound tighter and a step slower.
    width : int, default=128
        Units of a hidden layer.
    depth : int, default=2
        Hidden layers of the decoder; the encoder has one more.
    batch_size : int, default=32
        Rows in one step of the optimiser.
    learning_rate : float, default=0.0002
        Step size of the optimiser (Adam).
    random_state : int or None, default=0
        Seed of weights, batches and noise.

    Attributes
    ----------
    net_ : ObservedNet
        Encoder, decoder and likelihoods.
    importance_ : array (k,)
        Mean KL of each dimension over the rows, in nats.
    history_ : list of dict
        loss: the negative bound in nats per row, by step.
    n_iter_ : int
        Epochs it was trained.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    Mattei & Frellsen (2019), *MIWAE: Deep Generative Modelling and Imputation of Incomplete Data
    Sets*, https://arxiv.org/abs/1812.02633.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.miwae import MIWAE
    >>> X = np.random.RandomState(0).standard_normal((60, 4)).astype("float32")
    >>> X[::5, 1] = np.nan
    >>> model = MIWAE(latent_dim=2, epochs=2, width=16, samples=5).fit(X)
    >>> filled = model.impute(X, n_samples=20, draws=10)
    >>> filled.X.shape, int(filled.missing_mask.sum()), bool(np.isnan(filled.X).any())
    ((60, 4), 12, False)
    """

    title: ClassVar[str] = "Missing data autoencoder (MIWAE)"
    list_order: ClassVar[int] = 43
    noise_words: ClassVar[dict[str, str]] = {"gaussian": "Student's t noise"}
    paper: ClassVar[str] = "Mattei & Frellsen"
    year: ClassVar[int] = 2019
    link: ClassVar[str] = "https://arxiv.org/abs/1812.02633"
    summary: ClassVar[str] = (
        "Learns from a table with gaps, and fills them with values and intervals."
    )
    objective: ClassVar[str] = (
        r"\max_{\theta,\phi}\ \frac1n\sum_{i=1}^n \mathbb{E}_{z_1,\dots,z_K\sim q_\phi(z\mid "
        r"x_i^{o})}\left[\log\frac1K\sum_{k=1}^K"
        r"\frac{p_\theta(x_i^{o}\mid z_k)\,p(z_k)}{q_\phi(z_k\mid x_i^{o})}\right],\quad "
        r"x_i^{o}=\text{the observed cells of row } i"
    )
    when: ClassVar[str] = (
        "For tables with many gaps whose columns bend each other: it learns from every observed "
        "cell and drops no row. With few gaps or few "
        "hundred rows a linear imputer is often as good and a hundred times quicker; the Analyse "
        "page shows it beside. Not for values that are "
        "missing because of what they are (incomes hidden because they are high)."
    )
    reading: ClassVar[str] = (
        "A row's code is the mean of what its observed cells say of it; rows with more holes lie "
        "nearer the middle. The likelihood is that of the "
        "observed cells only, so rows with more holes have larger ones. Decoded rows are complete: "
        "nothing in them is missing."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("table", "array")
    accepts_missing: ClassVar[bool] = True
    minutes: ClassVar[float] = 3.0

    latent_dim: int = common("latent_dim", 8)
    epochs: int = common("epochs", 300)
    samples: int = param(
        20,
        low=1,
        high=200,
        help="Codes drawn for each row and step (K); more makes the bound tighter and a step slower.",  # noqa: E501
        advanced=True,
    )
    width: int = common("width", 128, help="Units of a hidden layer.")
    depth: int = common("depth", 2, help="Hidden layers of the decoder; the encoder has one more.")
    batch_size: int = common("batch_size", 32)
    learning_rate: float = common("learning_rate", 2e-4)
    random_state: int | None = common("random_state", 0)

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        """See the base; wide data gets fewer draws, then fewer steps, to end in ``minutes``."""
        batch, most = 32 if n < 5000 else 128, cls.parameters()["samples"].default
        each = batch * schema.d  # numbers of a step for each draw
        work = WORK_A_MINUTE * (minutes or setting("minutes") or cls.minutes)
        samples = int(np.clip(work // (STEPS * each), FEWEST, most))
        steps = min(STEPS, work // (samples * each))
        return {
            "latent_dim": min(10 if schema.d > 20 else 4, max(1, schema.d // 2)),
            "batch_size": batch,
            "epochs": int(np.clip(round(steps * batch / n), 5, 1000)),
            "samples": samples,
            "learning_rate": 2e-4 if n < 5000 else 1e-3,
        }

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.masked import ObservedNet

        return ObservedNet(self.schema_, self.latent_dim, self.width, self.depth)

    def _net(self) -> ObservedNet:
        return cast("ObservedNet", self.net_)

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.training import Adam, BatchSource, device, seeded

        where, n = device(), len(X)
        net = self._new_network(X, rng)
        self._keep_rows(X, draws=self.samples)
        rows, noise, adam = BatchSource(X, where), seeded(rng, where), Adam(net.parameters())

        def update(index, progress):
            x = rows[index]
            loss, _, _ = importance_loss(net, x, self._noise(x, self.samples, noise), 1.0)
            adam.step(loss, self.learning_rate)
            return {"loss": loss.detach()}

        self._train(update, n, rng, on_step, checkpoint, {"net": net, "adam": adam, "noise": noise})
        self._standardize_codes()
        mean, kl = self._run(mean_and_kl, X)
        self.importance_ = kl.mean(0, dtype=np.float64)
        return mean

    def _noise(self, x, n_samples: int, generator):
        import torch

        return torch.randn(
            (n_samples, len(x), self.latent_dim),
            generator=generator,
            device=x.device,
            dtype=x.dtype,
        )

    def _moments(self, net, generator, x):
        # each draw counts as the bound counts it
        return code_moments(net, x, self._noise(x, self.samples, generator))

    # -- the public verbs beyond the contract ------------------------------------------------------

    def impute(
        self, X, n_samples: int = 1000, *, interval: float = 0.9, draws: int = 200, random_state=0
    ) -> Imputation:
        """Fill missing values by self-normalised importance sampling.

        ``n_samples`` codes a row are drawn from q(z|x_seen), weighted by how well they explain what
        was seen.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.
        n_samples : int
            Codes a row.
        interval : float
            Share of the multiple imputations that the interval holds.
        draws : int
            Multiple imputations that the interval is taken from.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        Imputation

        Raises
        ------
        ValueError
            No whole numbers of at least 1 sample and 2 draws, or an interval outside 0 to 1.
        """
        check_is_fitted(self)
        whole = all(isinstance(count, numbers.Integral) for count in (n_samples, draws))
        if not whole or n_samples < 1 or draws < 2 or not 0 < interval < 1:
            raise ValueError(
                f"n_samples is {n_samples}, draws {draws}, interval {interval}; expected whole "
                "numbers of at least 1 and at least 2, and a share between 0 and 1."
            )
        X, rng = self._check(X, reset=False), check_random_state(random_state)
        missing = self.schema_.missing_mask(X)
        filled = np.where(missing, 0, X)
        low, high, chances = filled.copy(), filled.copy(), filled.copy()
        batch = max(1, MOST_NUMBERS // (n_samples * 3 * self.n_features_in_))
        rows = np.flatnonzero(missing.any(1))
        for start in range(0, len(rows), batch):
            at = rows[start : start + batch]
            mean, drawn = self._imputed(X[at], n_samples, draws, rng)
            ends = np.quantile(drawn, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
            for target, values in ((chances, mean), (low, ends[0]), (high, ends[1])):
                target[at] = np.where(missing[at], values, filled[at])
        filled = np.where(missing, chances, filled)
        for group, span, _ in self.schema_.values():
            gone = missing[:, span.start]
            if group.likelihood != "gaussian":
                chosen = (
                    filled[:, span] > 0.5
                    if group.likelihood == "bernoulli"
                    else np.eye(span.stop - span.start)[filled[:, span].argmax(1)]
                )
                for target in (filled, low, high):
                    target[:, span] = np.where(
                        missing[:, span] if group.likelihood == "bernoulli" else gone[:, None],
                        chosen,
                        X[:, span],
                    )
        return Imputation(filled, low, high, chances, missing)

    def _imputed(self, X, n_samples, draws, rng):
        """(means (n, d), draws (m, n, d)) of rows X (n, d)."""
        import torch

        from ..nn.training import seeded

        net, where = self._net(), next(self.net_.parameters()).device
        with torch.inference_mode():
            x = torch.tensor(np.asarray(X, np.float32), device=where)
            found = draw_posterior(
                net, x, *split(net.encode(x)), self._noise(x, n_samples, seeded(rng, where))
            )
            z, weights = found.z, torch.softmax(found.log_p + found.log_ratio, 0)
            means = net.mean(z.flatten(0, 1)).view(n_samples, len(x), -1)
            chosen = torch.multinomial(
                weights.T, draws, replacement=True, generator=seeded(rng, where)
            ).T
            picked = z[chosen, torch.arange(len(x), device=where)]
            drawn = net.draw(picked.flatten(0, 1), rng).reshape(draws, len(x), -1)
        return (weights[..., None] * means).sum(0).cpu().numpy(), drawn

    def elbo_parts(self, X, n_samples: int = 16) -> dict[str, np.ndarray]:
        """The two parts of the ELBO of what was observed of each row.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.
        n_samples : int
            Fixed draws, the same for every row, whose mean is the reconstruction; the KL is exact.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats; the ELBO is their difference.
        """
        reconstruction, kl = self._run(
            lambda net, x: elbo(net, x, self._draws(n_samples, x, True)), self._checked(X)
        )
        return {"reconstruction": reconstruction, "kl": kl}

    def score_samples(self, X, n_samples: int = 50) -> np.ndarray:
        """Importance-weighted lower bound on the log-likelihood of what was observed of each row.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.
        n_samples : int
            Fixed draws, the same for every row.

        Returns
        -------
        array (n,)
            In nats.
        """
        return self._run(
            lambda net, x: importance_bound(net, x, self._draws(n_samples, x, False)),
            self._checked(X),
        )

    def importance_bound(self, X) -> np.ndarray:
        """The bound that was maximised, of ``samples`` draws: :meth:`score_samples` of so many.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.

        Returns
        -------
        array (n,)
            In nats.
        """
        return self.score_samples(X, self.samples)

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The posterior q(z|what was observed) of each row.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.

        Returns
        -------
        mean, std : array (n, k)
            Its mean and standard deviation.
        """
        return self._run(mean_and_std, self._checked(X))

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights of codes drawn from the posterior of each row.

        Parameters
        ----------
        X : array (n, d)
            Rows with missing values.
        n_samples : int
            Codes z a row, drawn anew for every row.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, n_samples)
            ``log p(x_obs, z) - log q(z|x_obs)`` in nats.
        """
        return draw_weights(
            self.net_, self._checked(X), self.latent_dim, n_samples, random_state=random_state
        )

    def _checked(self, X):
        check_is_fitted(self)
        return self._check(X, reset=False)

    # -- the contract ------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: split(net.encode(x))[0], X)

    def _draw(self, Z, rng):
        import torch

        with torch.inference_mode():
            net = self._net()
            X = net.draw(torch.tensor(Z, dtype=torch.float32, device=net.iota.device), rng)
        return draw_discrete(X, self.schema_, rng)

    def _draws(self, n_samples, like, matched):
        """Independent draws (n_samples, k), the same every time, so that scores of earlier
        versions stay comparable.
        """
        import torch

        if n_samples < 1:
            raise ValueError(f"n_samples is {n_samples}, expected at least 1.")
        return torch.as_tensor(
            np.random.RandomState(0).standard_normal((n_samples, self.latent_dim)),
            dtype=like.dtype,
            device=like.device,
        )
