"""MIWAE: an importance-weighted autoencoder that learns from rows with holes, and fills them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..bounds import draw_weights
from ..recipe import param
from .base import LatentModel, draw_discrete
from .unit_codes import UnitCodes

MOST_NUMBERS = 4_000_000        # held at once while imputing


@dataclass(frozen=True)
class Imputation:
    """Rows whose holes were filled. ``X`` (n, d): what was seen stays; a missing number is its mean, a missing category its
    likeliest level. ``low``, ``high`` (n, d): the interval of every real number that was missing, equal to ``X`` elsewhere.
    ``chances`` (n, d): the means before a level was chosen. ``holes`` (n, d): which entries were filled."""

    X: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chances: np.ndarray
    holes: np.ndarray


@dataclass(repr=False, eq=False)
class MIWAE(UnitCodes, LatentModel):
    """Missing data importance-weighted autoencoder (Mattei & Frellsen, 2019, arXiv:1812.02633).

    Objective: maximise the mean over rows of ``E[log 1/K sum_k p(x_seen|z_k) p(z_k) / q(z_k|x_seen)]``, z_1 ... z_K drawn from
    q(z|x_seen): a lower bound on log p(x_seen), the likelihood of what was observed, tighter with K. It is right where values
    are missing at random: whether one is missing may depend on what was seen, not on the missing value itself.

    As in the authors' notebook weights begin He-normal, and real columns have Student-t noise whose scale and degrees of
    freedom the decoder gives. Otherwise than there q is Gaussian, so that its KL is exact, and a hole enters the encoder as a
    number that is learnt, not as 0. Holes are NaN in X, or what the layout's indicators mark.

    At the end the codes are shifted and scaled to the prior's mean and width, as those of :class:`VAE` are.

    Learnt: ``net_``, ``importance_`` (k,), ``history_`` (loss: the negative bound in nats per row, by step).
    """

    title: ClassVar[str] = "Missing data autoencoder (MIWAE)"
    rank: ClassVar[int] = 43
    noise_words: ClassVar[dict[str, str]] = {"gaussian": "Student's t noise"}
    paper: ClassVar[str] = "Mattei & Frellsen"
    year: ClassVar[int] = 2019
    link: ClassVar[str] = "https://arxiv.org/abs/1812.02633"
    summary: ClassVar[str] = "Learns from a table with gaps, and fills them with values and intervals."
    objective: ClassVar[str] = (r"\max_{\theta,\phi}\ \frac1n\sum_{i=1}^n \mathbb{E}_{z_1,\dots,z_K\sim q_\phi(z\mid x_i^{o})}\left[\log\frac1K\sum_{k=1}^K"
                                r"\frac{p_\theta(x_i^{o}\mid z_k)\,p(z_k)}{q_\phi(z_k\mid x_i^{o})}\right],\quad x_i^{o}=\text{the observed cells of row } i")
    when: ClassVar[str] = ("For tables with many gaps whose columns bend each other: it learns from every observed cell and drops no row. With few gaps or few "
                           "hundred rows a linear imputer is often as good and a hundred times quicker; the Analyse page shows it beside. Not for values that are "
                           "missing because of what they are (incomes hidden because they are high).")
    reading: ClassVar[str] = ("A row's code is the mean of what its observed cells say of it; rows with more holes lie nearer the middle. The likelihood is that of the "
                              "observed cells only, so rows with more holes have larger ones. Decoded rows are complete: nothing in them is missing.")
    kinds: ClassVar[tuple[str, ...]] = ("table", "array")
    importance_meaning: ClassVar[str] = "nats of information about a row (KL)"
    holes: ClassVar[bool] = True
    iterative: ClassVar[bool] = True
    length: ClassVar[str] = "epochs"

    latent_dim: int = param(8, low=1, high=512, help="Length of the code: how many sliders describe an item.")
    epochs: int = param(300, low=1, high=5000, log=True, help="Passes over the data; more is slower and fits closer.")
    samples: int = param(20, low=1, high=200, help="Codes drawn for each row and step (K); more makes the bound tighter and a step slower.", advanced=True)
    width: int = param(128, low=4, high=2048, log=True, help="Units of a hidden layer.", advanced=True)
    depth: int = param(2, low=0, high=6, help="Hidden layers of the decoder; the encoder has one more.", advanced=True)
    batch_size: int = param(32, low=1, high=8192, log=True, help="Rows in one step of the optimiser.", advanced=True)
    learning_rate: float = param(2e-4, low=1e-6, high=1.0, log=True, help="Step size of the optimiser (Adam).", advanced=True)
    random_state: int | None = param(0, low=0, high=2**31 - 1, advanced=True, help="Seed of weights, batches and noise.")

    @classmethod
    def suggest(cls, n, layout):
        batch = 32 if n < 5000 else 128
        return {"latent_dim": min(10 if layout.d > 20 else 4, max(1, layout.d // 2)), "batch_size": batch,
                "epochs": int(np.clip(round(9000 * batch / n), 5, 1000)), "learning_rate": 2e-4 if n < 5000 else 1e-3}

    # -- learning -----------------------------------------------------------------------------------------------------

    def _network(self):
        from ..observed import ObservedNet

        return ObservedNet(self.layout_, self.latent_dim, self.width, self.depth)

    def _rebuild(self):
        from ..training import device

        self.net_ = self._network().to(device()).eval()

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..training import Adam, Rows, device, seeded, train

        where, n = device(), len(X)
        seen = ~self.layout_.holes(X)
        self.net_ = net = self._network()
        self._within(X, seen)
        self._some_rows(X, draws=self.samples)
        net.start(X, seen, seeded(rng))
        net.to(where).train()
        rows, noise = Rows(X, where), seeded(rng, where)
        adam = Adam(net.parameters())

        def update(index, progress):
            loss = -_log_weights(net, rows[index], self.samples, noise)[1].logsumexp(0).mean() + np.log(self.samples)
            adam.step(loss, self.learning_rate)
            return {"loss": loss.detach()}

        self.history_, self.stopped_ = train(update, n, batch_size=self.batch_size, steps=self.epochs * -(-n // self.batch_size),
                                             generator=seeded(rng, where), on_step=on_step, checkpoint=checkpoint,
                                             parts={"net": net, "adam": adam, "noise": noise})
        self.n_iter_ = -(-self.history_[-1]["step"] // -(-n // self.batch_size))
        net.eval()
        self._unit_codes()
        mean, kl = self._run(_mean_and_kl, X)
        self.importance_ = kl.mean(0, dtype=np.float64)
        return mean

    def _moments(self, net, generator, x):
        z, weights = _log_weights(net, x, self.samples, generator)      # each draw counts as the bound counts it
        share = weights.softmax(0).unsqueeze(2)
        return (share * z).sum(0), (share * z**2).sum(0)

    def _within(self, X, seen):
        for block, span, _ in self.layout_.values():
            x = X[:, span][seen[:, span]]
            if block.likelihood != "gaussian" and x.size and (x.min() < 0 or x.max() > 1):
                raise ValueError(f"The {'0/1' if block.likelihood == 'bernoulli' else 'one-hot'} columns hold values from {x.min():g} to {x.max():g}, expected 0 to 1.")

    # -- the public verbs beyond the contract -------------------------------------------------------------------------

    def impute(self, X, n_samples: int = 1000, *, interval: float = 0.9, draws: int = 200, random_state=0) -> Imputation:
        """Fill the holes of X (n, d) by self-normalised importance sampling: ``n_samples`` codes a row from q(z|x_seen), weighted
        by how well they explain what was seen. The interval holds the share ``interval`` of ``draws`` multiple imputations.

        Raises ValueError for fewer than 1 sample or 2 draws, or an interval outside 0 to 1.
        """
        check_is_fitted(self)
        if n_samples < 1 or draws < 2 or not 0 < interval < 1:
            raise ValueError(f"n_samples is {n_samples}, draws {draws}, interval {interval}; expected at least 1, at least 2, and a share between 0 and 1.")
        X, rng = self._check(X, reset=False), check_random_state(random_state)
        holes = self.layout_.holes(X)
        filled = np.where(holes, 0, X)
        low, high, chances = filled.copy(), filled.copy(), filled.copy()
        batch = max(1, MOST_NUMBERS // (n_samples * 3 * self.n_features_in_))
        rows = np.flatnonzero(holes.any(1))
        for start in range(0, len(rows), batch):
            at = rows[start:start + batch]
            mean, drawn = self._imputed(X[at], n_samples, draws, rng)
            ends = np.quantile(drawn, [(1 - interval) / 2, (1 + interval) / 2], axis=0)
            for target, values in ((chances, mean), (low, ends[0]), (high, ends[1])):
                target[at] = np.where(holes[at], values, filled[at])
        filled = np.where(holes, chances, filled)
        for block, span, _ in self.layout_.values():
            gone = holes[:, span.start]
            if block.likelihood != "gaussian":
                chosen = filled[:, span] > 0.5 if block.likelihood == "bernoulli" else np.eye(span.stop - span.start)[filled[:, span].argmax(1)]
                for target in (filled, low, high):
                    target[:, span] = np.where(holes[:, span] if block.likelihood == "bernoulli" else gone[:, None], chosen, X[:, span])
        return Imputation(filled, low, high, chances, holes)

    def _imputed(self, X, n_samples, draws, rng):
        """(means (n, d), draws (m, n, d)) of rows X (n, d)."""
        import torch

        from ..training import seeded

        net, where = self.net_, next(self.net_.parameters()).device
        with torch.inference_mode():
            x = torch.tensor(np.asarray(X, np.float32), device=where)
            z, weights = _log_weights(net, x, n_samples, seeded(rng, where))
            weights = torch.softmax(weights, 0)
            means = net.mean(z.flatten(0, 1)).view(n_samples, len(x), -1)
            chosen = torch.multinomial(weights.T, draws, replacement=True, generator=seeded(rng, where)).T
            picked = z[chosen, torch.arange(len(x), device=where)]
            drawn = net.draw(picked.flatten(0, 1), rng).reshape(draws, len(x), -1)
        return (weights[..., None] * means).sum(0).cpu().numpy(), drawn

    def elbo_parts(self, X, n_samples: int = 16) -> dict[str, np.ndarray]:
        """``{"reconstruction": (n,), "kl": (n,)}`` in nats per row, of what was seen of it; the ELBO is their difference. The KL
        is exact, the reconstruction the mean over ``n_samples`` fixed draws, the same for every row."""
        draws = _fixed(n_samples, self.latent_dim)
        reconstruction, kl = self._run(lambda net, x: _elbo(net, x, draws), self._checked(X))
        return {"reconstruction": reconstruction, "kl": kl}

    def score_samples(self, X, n_samples: int = 50) -> np.ndarray:
        """Importance-weighted lower bound (n,) on the log-likelihood of what was seen of each row, in nats, by fixed draws."""
        draws = _fixed(n_samples, self.latent_dim)
        return self._run(lambda net, x: _weights_at(net, x, draws)[1].logsumexp(0) - np.log(n_samples), self._checked(X))

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n, k) and standard deviation (n, k) of q(z|what was seen) of each row X (n, d)."""
        return self._run(_mean_and_std, self._checked(X))

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights ``log p(x_seen, z) - log q(z|x_seen)`` (n, n_samples) in nats, z drawn anew for every row of X (n, d)."""
        return draw_weights(self.net_, self._checked(X), self.latent_dim, n_samples, lambda net, x, noise: _weights_at(net, x, noise)[1], random_state)

    def _checked(self, X):
        check_is_fitted(self)
        return self._check(X, reset=False)

    # -- the contract -------------------------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: _split(net.encode(x))[0], X)

    def _decode(self, Z):
        return self._run(lambda net, z: net.mean(z), Z)

    def _draw(self, Z, rng):
        import torch

        with torch.inference_mode():
            X = self.net_.draw(torch.tensor(Z, dtype=torch.float32, device=self.net_.loc.device), rng)
        return draw_discrete(X, self.layout_, rng)

    def _run(self, function, *arrays):
        from ..nets import in_batches

        return in_batches(function, self.net_, *arrays, size=256)


def _split(code):
    mean, log_std = code.chunk(2, 1)
    return mean, log_std.clamp(-10, 10)


def _mean_and_kl(net, x):
    mean, log_std = _split(net.encode(x))
    return mean, 0.5 * (mean * mean + (2 * log_std).exp()) - log_std - 0.5


def _mean_and_std(net, x):
    mean, log_std = _split(net.encode(x))
    return mean, log_std.exp()


def _fixed(n_samples: int, k: int) -> np.ndarray:
    if n_samples < 1:
        raise ValueError(f"n_samples is {n_samples}, expected at least 1.")
    return np.random.RandomState(0).standard_normal((n_samples, 1, k))


def _log_weights(net, x, n_samples, generator):
    import torch

    k = net.decoder[0].in_features
    return _weights_at(net, x, torch.randn((n_samples, len(x), k), generator=generator, device=x.device, dtype=x.dtype))


def _weights_at(net, x, noise):
    """Codes (K, n, k) drawn from q by standard normal ``noise``, and their log importance weights (K, n)."""
    import torch

    mean, log_std = _split(net.encode(x))
    noise = torch.as_tensor(noise, dtype=x.dtype, device=x.device)
    z = mean + log_std.exp() * noise
    log_prior_over_posterior = (0.5 * (noise**2 - z**2) + log_std).sum(-1)
    return z, net.log_prob(net.decoder(z), x, net.seen(x)) + log_prior_over_posterior


def _elbo(net, x, noise):
    import torch

    mean, log_std = _split(net.encode(x))
    z = mean + log_std.exp() * torch.as_tensor(noise, dtype=x.dtype, device=x.device)
    return net.log_prob(net.decoder(z), x, net.seen(x)).mean(0), _mean_and_kl(net, x)[1].sum(1)
