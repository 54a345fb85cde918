"""The autoencoder, without noise in its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..recipe import param
from .base import LatentModel, draw_discrete

_MOST_ROWS = 512        # rows on which the dimensions are weighed


@dataclass(repr=False, eq=False)
class Autoencoder(LatentModel):
    """Autoencoder (Hinton & Salakhutdinov, 2006, doi:10.1126/science.1127647), optionally regularised (RAE-L2; Ghosh et al., 2020,
    arXiv:1903.12436).

    Objective: minimise, over the weights f of the encoder and g of the decoder, the mean over rows of ``-log p(x | g(f(x))) + penalty / 2
    |f(x)|^2``, plus ``decay |g|^2`` over the decoder's weights. p is the natural likelihood of every block of columns; the noise of real columns
    follows the mean squared error, so that theirs is ``d / 2 log(squared error)``. With penalty and decay 0 it is the plain autoencoder.

    Nothing says how codes are spread, so a Gaussian is fitted to the training codes afterwards; :meth:`sample` draws from it. A mixture
    fitted to the codes (``lvm_core.samplers``) is nearer to them, and better.

    Learnt: ``net_``, ``code_root_`` (k, k): root of the training codes' covariance, ``importance_`` (k,), ``history_`` (loss, reconstruction in
    nats per row, by step), ``n_iter_``: epochs it was trained.
    """

    title: ClassVar[str] = "Autoencoder"
    rank: ClassVar[int] = 40
    paper: ClassVar[str] = "Hinton & Salakhutdinov"
    year: ClassVar[int] = 2006
    link: ClassVar[str] = "https://doi.org/10.1126/science.1127647"
    summary: ClassVar[str] = "A short code from which every item comes back as well as possible. No likelihood; new items by a density fitted to the codes."
    objective: ClassVar[str] = (
        r"\begin{aligned}\min_{f,g}\ &\frac1n\sum_{i=1}^n\Bigl[-\log p\bigl(x_i\mid g(z_i)\bigr)+\frac{\beta}{2}\lVert z_i\rVert^2\Bigr]+\lambda\lVert g\rVert_2^2\\"
        r"z_i={}&f(x_i);\qquad\text{afterwards}\ z\sim\mathcal N\bigl(\bar z,\operatorname{Cov}(z)\bigr)\end{aligned}")
    when: ClassVar[str] = ("To compress, to find items that come back badly, or as the plain baseline of the VAE: it gives items back more closely at the same length of code. "
                           "Rather not for a likelihood or a smooth walk: between the codes it has seen nothing holds it, unless it is regularised.")
    reading: ClassVar[str] = ("A dimension has no unit and no fixed place of zero; only differences between codes of one model mean something. "
                              "The importance is the share of the data's variance that is lost when the dimension is held at its mean; shares overlap and need not add up to 1.")
    importance_meaning: ClassVar[str] = "share of the data's variance lost without the dimension"
    sparse: ClassVar[bool] = True
    iterative: ClassVar[bool] = True
    length: ClassVar[str] = "epochs"

    latent_dim: int = param(8, low=1, high=512, help="Length of the code: how many sliders describe an item.")
    penalty: float = param(0.0, low=0.0, high=100.0, help="Weight of half the code's squared length (RAE): keeps codes together, so that what lies between them decodes better; 0 is the plain autoencoder.")
    epochs: int = param(50, low=1, high=5000, log=True, help="Passes over the data; more is slower and fits closer.")
    decay: float = param(0.0, low=0.0, high=1.0, help="Weight of the decoder's squared weights (RAE-L2): a smoother decoder.", advanced=True)
    network: str = param("auto", choices=("auto", "mlp", "conv"), help="Convolutions for pictures, a perceptron for everything else; auto decides.", advanced=True)
    width: int = param(128, low=4, high=2048, log=True, help="Units of a hidden layer; a convolution begins with a sixteenth of it.", advanced=True)
    depth: int = param(2, low=0, high=6, help="Hidden layers of the perceptron; 0 makes encoder and decoder linear. A convolution's depth follows from the picture's size.", advanced=True)
    activation: str = param("silu", choices=("silu", "relu", "tanh"), help="Bend between layers: smooth (SiLU), sharp (ReLU) or bounded (tanh).", advanced=True)
    cool_down: float = param(0.5, low=0.0, high=1.0, help="Share of the training, at its end, in which the learning rate falls to 0.", advanced=True)
    batch_size: int = param(64, low=1, high=8192, log=True, help="Rows in one step of the optimiser.", advanced=True)
    learning_rate: float = param(1e-3, low=1e-6, high=1.0, log=True, help="Step size of the optimiser (Adam).", advanced=True)
    random_state: int | None = param(0, low=0, high=2**31 - 1, advanced=True, help="Seed of weights and batches.")

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

        return CodeNet(self.layout_, self.latent_dim, self.latent_dim, self.network, self.width, self.depth, ACTIVATIONS[self.activation], bounded=self.bounded_)

    def _rebuild(self):
        from ..training import device

        self.net_ = self._network().to(device()).eval()

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..training import Adam, Rows, device, seeded, train

        where, n = device(), X.shape[0]
        self.bounded_ = self.layout_.image is not None and bool(X.min() >= 0 and X.max() <= 1)
        self.net_ = net = self._network()
        net.start(X, self.layout_, seeded(rng))
        net.to(where).train()
        rows, adam = Rows(X, where), Adam(net.parameters())
        weights = [p for p in net.decoder.parameters() if p.ndim > 1]

        def update(index, progress):
            x = rows[index]
            z = net.encode(x)
            reconstruction = net.heads.log_prob(net.decoder(z), x).mean()
            loss = -reconstruction
            if self.penalty:
                loss = loss + 0.5 * self.penalty * z.square().sum(1).mean()
            if self.decay:
                loss = loss + self.decay * sum(w.square().sum() for w in weights)
            cool = min((1 - progress) / self.cool_down, 1.0) if self.cool_down else 1.0
            adam.step(loss, self.learning_rate * cool)
            return {"loss": loss.detach(), "reconstruction": reconstruction.detach()}

        an_epoch = -(-n // self.batch_size)
        self.history_, self.stopped_ = train(update, n, batch_size=self.batch_size, steps=self.epochs * an_epoch, generator=seeded(rng, where), on_step=on_step,
                                             checkpoint=checkpoint, parts={"net": net, "adam": adam})
        self.n_iter_ = -(-self.history_[-1]["step"] // an_epoch)
        net.eval()
        Z = self._encode(X)
        spread = np.atleast_2d(np.cov(Z.astype(np.float64), rowvar=False))
        values, vectors = np.linalg.eigh(spread)
        self.code_root_ = vectors * np.sqrt(np.maximum(values, 0))
        self.importance_ = self._weighed(Z[np.sort(rng.permutation(n)[:_MOST_ROWS])])
        return Z

    def _weighed(self, Z) -> np.ndarray:
        """Share of the decoded rows' variance (k,) that goes when a dimension of the codes Z (m, k) is held at its mean, every column weighing the same."""
        rate = self.net_.inputs.rate.cpu().numpy()
        whole = self._decode(Z) * rate
        total = max(float(whole.var(0).sum()), 1e-12)
        lost = np.empty(Z.shape[1])
        for j in range(Z.shape[1]):
            held = Z.copy()
            held[:, j] = Z[:, j].mean()
            lost[j] = np.square(self._decode(held) * rate - whole).sum() / len(Z) / total
        return lost

    # -- the contract -------------------------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: net.encode(x), X)

    def _decode(self, Z):
        return self._run(lambda net, z: net.mean(z), Z)

    def _prior(self, n, temperature, rng):
        return self.code_mean_ + rng.standard_normal((n, len(self.code_root_))) @ self.code_root_.T * temperature

    def _draw(self, Z, rng):
        X = self._decode(Z)
        if self.layout_.image is None:
            X = X + rng.standard_normal(X.shape) * self.net_.heads.sigma()
        return draw_discrete(X, self.layout_, rng)

    def _run(self, function, *arrays):
        from ..nets import in_batches

        return in_batches(function, self.net_, *arrays)
