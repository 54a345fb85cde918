"""The variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..bounds import code_moments, draw_weights, elbo_loss, fixed_draws, importance_loss, kl_by_dimension, log_weights, split
from ..recipe import param
from .base import LatentModel, draw_discrete
from .unit_codes import UnitCodes


@dataclass(repr=False, eq=False)
class VAE(UnitCodes, LatentModel):
    """Variational autoencoder (Kingma & Welling, 2014, arXiv:1312.6114).

    Objective: maximise, over the weights of encoder and decoder, the mean over rows of
    ``E_q(z|x)[log p(x|z)] - beta * KL(q(z|x) || N(0, I))``, q(z|x) = N(m(x), diag s(x)^2), by the reparametrised
    gradient. With beta = 1 this is the ELBO; other values are the beta-VAE (Higgins et al., 2017). p(x|z) is the natural
    likelihood of every block of columns; the noise of real columns is learned (Rybkin et al., 2021, arXiv:2006.13202).
    Counts are a multinomial over the vocabulary (Miao et al., 2016, arXiv:1511.06038).

    ``free_bits`` lets every dimension carry so many nats for nothing (Kingma et al., 2016, arXiv:1606.04934).
    ``importance_samples`` k > 1 maximises the tighter bound ``E[log 1/k sum_i p(x, z_i) / q(z_i|x)]`` over k draws instead (the
    IWAE of Burda et al., 2016, arXiv:1509.00519); beta is then the power of ``p(z_i) / q(z_i|x)`` in each weight.

    At the end the codes are shifted and scaled, and encoder and decoder with them, so that over the rows each dimension of the posterior
    has mean 0 and mean square 1: of all such scales the one with the least KL, for exactly the same reconstructions. What is drawn from
    N(0, I) then lies where the rows lie; a short training leaves the codes much narrower than the prior (the gap between
    aggregated posterior and prior of Hoffman & Johnson, 2016, http://approximateinference.org/accepted/HoffmanJohnson2016.pdf).

    With ``patience`` a tenth of the rows is not learnt from; their ELBO after each epoch says when to end (Prechelt, 1998,
    doi:10.1007/3-540-49430-8_3), and the weights that did best are kept.

    Learnt: ``net_``, ``importance_`` (k,), ``history_`` (loss, reconstruction and kl in nats per row, by step; loss is ``beta * kl -
    reconstruction``, or minus the tighter bound; with ``patience`` also the loss held_out), ``n_iter_``: epochs it was trained.
    """

    title: ClassVar[str] = "Variational autoencoder"
    rank: ClassVar[int] = 41
    paper: ClassVar[str] = "Kingma & Welling"
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1312.6114"
    summary: ClassVar[str] = "A curved map of the data with a smooth space of codes to walk through and draw from. The best first choice."
    objective: ClassVar[str] = (
        r"\begin{aligned}\max_{\theta,\phi}\ \frac1n\sum_{i=1}^n\ &\mathbb E_{q_\phi(z\mid x_i)}\bigl[\log p_\theta(x_i\mid z)\bigr]\\"
        r"&-\beta\sum_j\max\Bigl(\lambda,\ \mathrm{KL}\bigl(q_\phi(z_j\mid x_i)\,\|\,\mathcal N(0,1)\bigr)\Bigr)\\[2pt]"
        r"q_\phi(z\mid x)={}&\mathcal N\bigl(m_\phi(x),\operatorname{diag}s_\phi(x)^2\bigr)\\[6pt]"
        r"k>1:\ \max_{\theta,\phi}\ \frac1n\sum_{i=1}^n\ &\mathbb E_{z_1,\dots,z_k\sim q_\phi(z\mid x_i)}\\"
        r"&\Bigl[\log\frac1k\sum_{l=1}^k p_\theta(x_i\mid z_l)\Bigl(\frac{p(z_l)}{q_\phi(z_l\mid x_i)}\Bigr)^{\beta}\Bigr]\end{aligned}")
    when: ClassVar[str] = ("The best first choice for a smooth map to walk through, for new items and for a likelihood, on any kind of data from about a hundred rows. "
                           "Rather not where samples must be sharp (take a GAN), or where a straight line through the data is enough (take PCA, which is exact).")
    reading: ClassVar[str] = ("A code is the most likely place of a row among N(0, 1) in every dimension: 0 is average, beyond 3 is rare. The KL of a dimension says how many nats "
                              "about a row it carries; near 0 the decoder ignores it. The ELBO is a lower bound of the log-likelihood: compare it only between models of the same data and noise.")
    importance_meaning: ClassVar[str] = "nats of information about a row (KL)"
    sparse: ClassVar[bool] = True
    iterative: ClassVar[bool] = True
    length: ClassVar[str] = "epochs"

    latent_dim: int = param(8, low=1, high=512, help="Length of the code: how many sliders describe an item.")
    beta: float = param(1.0, low=0.0, high=20.0, help="Weight of the KL term; 1 is the ELBO, more gives fewer and smoother dimensions.")
    epochs: int = param(50, low=1, high=5000, log=True, help="Passes over the data; more is slower and fits closer.")
    network: str = param("auto", choices=("auto", "mlp", "conv"), help="Convolutions for pictures, a perceptron for everything else; auto decides.", advanced=True)
    width: int = param(128, low=4, high=2048, log=True, help="Units of a hidden layer; a convolution begins with a sixteenth of it.", advanced=True)
    depth: int = param(2, low=0, high=6, help="Hidden layers of the perceptron; 0 makes encoder and decoder linear. A convolution's depth follows from the picture's size.", advanced=True)
    activation: str = param("silu", choices=("silu", "relu", "tanh"), help="Bend between layers: smooth (SiLU), sharp (ReLU) or bounded (tanh).", advanced=True)
    noise: str = param("learned", choices=("learned", "unit"), help="Spread of real columns around the decoded mean: learned from the data, or fixed at 1.", advanced=True)
    warm_up: float = param(0.2, low=0.0, high=1.0, help="Share of the training in which the weight of the KL term rises from 0, so that no dimension dies early.", advanced=True)
    free_bits: float = param(0.0, low=0.0, high=10.0, help="Nats a dimension may carry for nothing: against dimensions that die; 0 charges every nat.", advanced=True)
    importance_samples: int = param(1, low=1, high=1000, log=True, help="Draws of the code in each row's bound: 1 is the VAE; more is the IWAE, a tighter bound and a richer code, and so many times slower to decode.", advanced=True)
    cool_down: float = param(0.5, low=0.0, high=1.0, help="Share of the training, at its end, in which the learning rate falls to 0.", advanced=True)
    patience: int = param(0, low=0, high=1000, help="Ends the training when the loss of rows held out of it, a tenth, has not improved for so many epochs after the warm-up, and keeps the best; 0 trains to the end, on all rows.", advanced=True)
    batch_size: int = param(64, low=1, high=8192, log=True, help="Rows in one step of the optimiser.", advanced=True)
    learning_rate: float = param(1e-3, low=1e-6, high=1.0, log=True, help="Step size of the optimiser (Adam).", advanced=True)
    random_state: int | None = param(0, low=0, high=2**31 - 1, advanced=True, help="Seed of weights, batches and noise.")

    @classmethod
    def suggest(cls, n, layout):
        from ..nets import is_conv

        conv, text = is_conv("auto", layout), layout.has("counts")
        batch = 32 if n < 1000 else 64 if n < 10000 else 128
        steps = 600 if text else 1500 if conv or layout.d > 1000 else 3000
        k = 16 if conv or text else min(10 if layout.d > 32 else 4, max(2, layout.d // 2))
        return {"latent_dim": k, "batch_size": batch, "epochs": int(np.clip(round(steps * batch / n), 5, 1000)),
                "depth": 1 if text or layout.d > 32 else 2, "width": 256 if text or n >= 20000 and not conv else 128}

    # -- learning -----------------------------------------------------------------------------------------------------

    def _network(self):
        from ..nets import ACTIVATIONS, CodeNet

        return CodeNet(self.layout_, self.latent_dim, 2 * self.latent_dim, self.network, self.width, self.depth,
                       ACTIVATIONS[self.activation], noise=self.noise, bounded=self.bounded_)

    def _rebuild(self):
        from ..training import device

        self.net_ = self._network().to(device()).eval()

    def _fit(self, X, rng, on_step, checkpoint=None):
        import torch

        from ..training import Adam, Rows, device, seeded, train

        where, k, draws = device(), self.latent_dim, self.importance_samples
        if draws > 1 and self.free_bits:
            raise ValueError(f"VAE: free_bits is {self.free_bits:g} with importance_samples {draws}; the importance-weighted bound has no KL term to leave free, "
                             "set one of them to 0 or 1.")
        self.bounded_ = self.layout_.image is not None and bool(X.min() >= 0 and X.max() <= 1)
        self.net_ = net = self._network()
        learnt, aside = self._held_out(X, rng)
        n = learnt.shape[0]
        self._some_rows(learnt, draws=draws)
        net.start(learnt, self.layout_, seeded(rng))
        net.to(where).train()
        rows, noise = Rows(learnt, where), seeded(rng, where)
        adam = Adam(net.parameters())
        parts = {"net": net, "adam": adam, "noise": noise}
        early = parts["early"] = self._early_stopping(net, aside) if self.patience else None

        def update(index, progress):
            x = rows[index]
            warm = min(progress / self.warm_up, 1.0) if self.warm_up else 1.0
            cool = min((1 - progress) / self.cool_down, 1.0) if self.cool_down else 1.0
            if draws > 1:
                loss, reconstruction, kl = importance_loss(net, x, torch.randn((draws, len(x), k), generator=noise, device=where), warm * self.beta, noise)
            else:
                loss, reconstruction, kl = elbo_loss(net, x, torch.randn((len(x), k), generator=noise, device=where), warm * self.beta, self.free_bits)
            adam.step(loss, self.learning_rate * cool)
            loss, reconstruction, kl = loss.detach(), reconstruction.detach(), kl.detach()
            metrics = {"loss": loss if draws > 1 else self.beta * kl - reconstruction, "reconstruction": reconstruction, "kl": kl}
            return metrics | {"held_out": early.loss} if early else metrics

        steps = self.epochs * -(-n // self.batch_size)
        self.history_, self.stopped_ = train(update, n, batch_size=self.batch_size, steps=steps, generator=seeded(rng, where), on_step=on_step,
                                             checkpoint=checkpoint, parts={k: v for k, v in parts.items() if v}, after_epoch=early, coarse=True)
        self.n_iter_ = -(-self.history_[-1]["step"] // -(-n // self.batch_size))
        if early:
            early.restore()
        net.eval()
        self._unit_codes()
        mean, kl = self._run(lambda net, x: _mean_and_kl(net, x), X)
        self.importance_ = kl.mean(0, dtype=np.float64)
        return mean

    def _moments(self, net, generator, x):
        import torch

        return code_moments(net, x, torch.randn((self.importance_samples, len(x), self.latent_dim), generator=generator, device=x.device), self.beta)

    def _held_out(self, X, rng):
        """(rows to learn from, rows to watch): all and none without patience."""
        n = X.shape[0]
        if not self.patience:
            return X, X[:0]
        if n < 20:
            raise ValueError(f"VAE: patience is {self.patience}, but of {n} rows none can be held out; expected at least 20 rows, or patience 0.")
        order = rng.permutation(n)
        return X[np.sort(order[n // 10:])], X[np.sort(order[:n // 10])]

    def _early_stopping(self, net, aside):
        import torch

        from ..nets import in_batches
        from ..training import EarlyStopping

        like = torch.zeros((), device=next(net.parameters()).device)
        draws = self._draws(max(4, self.importance_samples), like, self.importance_samples == 1)

        def measure():
            if self.importance_samples > 1:
                bound = in_batches(lambda net, x: _importance_bound(net, x, draws), net, aside.astype(np.float32))
                return torch.tensor(float(-bound.mean(dtype=np.float64)), device=draws.device)
            reconstruction, kl = in_batches(lambda net, x: _elbo(net, x, draws), net, aside.astype(np.float32))
            return torch.tensor(float((self.beta * kl - reconstruction).mean(dtype=np.float64)), device=draws.device)

        return EarlyStopping(net, measure, self.patience, first=int(self.warm_up * self.epochs))

    # -- the public verbs beyond the contract -------------------------------------------------------------------------

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n, k) and standard deviation (n, k) of the posterior q(z|x) of each row X (n, d)."""
        check_is_fitted(self)
        return self._run(lambda net, x: _mean_and_std(net, x), self._check(X, reset=False))

    def elbo_parts(self, X, n_samples: int = 16) -> dict[str, np.ndarray]:
        """``{"reconstruction": (n,), "kl": (n,)}`` in nats per row; the ELBO is their difference.

        The KL is exact; the reconstruction is the mean over ``n_samples`` fixed antithetic draws of unit variance, the same
        for every row.
        """
        check_is_fitted(self)
        reconstruction, kl = self._run(lambda net, x: _elbo(net, x, self._draws(n_samples, x, True)), self._check(X, reset=False))
        return {"reconstruction": reconstruction, "kl": kl}

    def score_samples(self, X, n_samples: int = 16, importance_weighted: bool = False) -> np.ndarray:
        """ELBO (n,) of each row in nats: a lower bound on its log-likelihood, whatever ``beta`` was trained with.

        ``importance_weighted`` gives the tighter bound of Burda et al. (2016, arXiv:1509.00519) with ``n_samples`` draws.
        The draws are fixed, so that the same row always has the same score.
        """
        if importance_weighted:
            check_is_fitted(self)
            return self._run(lambda net, x: _importance_bound(net, x, self._draws(n_samples, x, False)), self._check(X, reset=False))
        parts = self.elbo_parts(X, n_samples)
        return parts["reconstruction"] - parts["kl"]

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights ``log p(x, z) - log q(z|x)`` (n, n_samples) in nats, z drawn from q(z|x) anew for every row of X (n, d)."""
        check_is_fitted(self)
        return draw_weights(self.net_, self._check(X, reset=False), self.latent_dim, n_samples, log_weights, random_state)

    # -- the contract -------------------------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: split(net.encode(x))[0], X)

    def _decode(self, Z):
        return self._run(lambda net, z: net.mean(z), Z)

    def _draw(self, Z, rng):
        X = self._decode(Z)
        if self.layout_.image is None:
            X = X + rng.standard_normal(X.shape) * self.net_.heads.sigma()
        return draw_discrete(X, self.layout_, rng)

    def _run(self, function, *arrays):
        from ..nets import in_batches

        return in_batches(function, self.net_, *arrays)

    def _draws(self, n_samples: int, like, matched: bool):
        import torch

        return torch.as_tensor(fixed_draws(n_samples, self.latent_dim, matched), dtype=like.dtype, device=like.device)


def _mean_and_std(net, x):
    mean, log_std = split(net.encode(x))
    return mean, log_std.exp()


def _mean_and_kl(net, x):
    mean, log_std = split(net.encode(x))
    return mean, kl_by_dimension(mean, log_std)


def _elbo(net, x, draws):
    mean, log_std = split(net.encode(x))
    reconstruction = sum(net.heads.log_prob(net.decoder(mean + log_std.exp() * eps), x) for eps in draws) / len(draws)
    return reconstruction, kl_by_dimension(mean, log_std).sum(1)


def _importance_bound(net, x, draws):
    import torch

    # draw by draw: many of them at once would leave the processor's cache
    weights = torch.cat([log_weights(net, x, eps[None, None]) for eps in draws])
    return weights.logsumexp(0) - np.log(len(draws))
