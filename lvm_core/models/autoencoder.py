"""The autoencoder, without noise in its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from .neural import NeuralModel, common

_MOST_ROWS = 512  # rows on which the dimensions are weighed


@dataclass(repr=False, eq=False)
class Autoencoder(NeuralModel):
    """Autoencoder (Hinton & Salakhutdinov, 2006, doi:10.1126/science.1127647), optionally
    regularised (RAE-L2; Ghosh et al., 2020, arXiv:1903.12436).

    Objective: minimise, over the weights f of the encoder and g of the decoder, the mean over rows
    of ``-log p(x | g(f(x))) + penalty / 2
    |f(x)|^2``, plus ``decay |g|^2`` over the decoder's weights. p is the natural likelihood of
    every block of columns; the noise of real columns
    follows the mean squared error, so that theirs is ``d / 2 log(squared error)``. With penalty and
    decay 0 it is the plain autoencoder.

    Nothing says how codes are spread, so a Gaussian is fitted to the training codes afterwards;
    :meth:`sample` draws from it. A mixture fitted to the codes (``lvm_core.latent.samplers``) is
    nearer to them, and better.

    Learnt: ``net_``, ``code_root_`` (k, k): root of the training codes' covariance, ``importance_``
    (k,), ``history_`` (loss, reconstruction in nats per row, by step), ``n_iter_``: epochs it was
    trained.
    """

    title: ClassVar[str] = "Autoencoder"
    list_order: ClassVar[int] = 40
    paper: ClassVar[str] = "Hinton & Salakhutdinov"
    year: ClassVar[int] = 2006
    link: ClassVar[str] = "https://doi.org/10.1126/science.1127647"
    summary: ClassVar[str] = (
        "A short code from which every item comes back as well as possible. No likelihood; new "
        "items by a density fitted to the codes."
    )
    objective: ClassVar[str] = (
        r"\begin{aligned}\min_{f,g}\ &\frac1n\sum_{i=1}^n\Bigl[-\log p\bigl(x_i\mid "
        r"g(z_i)\bigr)+\frac{\beta}{2}\lVert z_i\rVert^2\Bigr]+\lambda\lVert g\rVert_2^2\\"
        r"z_i={}&f(x_i);\qquad\text{afterwards}\ z\sim\mathcal N\bigl(\bar "
        r"z,\operatorname{Cov}(z)\bigr)\end{aligned}"
    )
    when: ClassVar[str] = (
        "To compress, to find items that come back badly, or as the plain baseline of the VAE: it "
        "gives items back more closely at the same length of code. "
        "Rather not for a likelihood or a smooth walk: between the codes it has seen nothing holds "
        "it, unless it is regularised."
    )
    reading: ClassVar[str] = (
        "A dimension has no unit and no fixed place of zero; only differences between codes of one "
        "model mean something. "
        "The importance is the share of the data's variance that is lost when the dimension is "
        "held at its mean; shares overlap and need not add up to 1."
    )
    importance_meaning: ClassVar[str] = "share of the data's variance lost without the dimension"
    sparse: ClassVar[bool] = True

    latent_dim: int = common("latent_dim", 8)
    penalty: float = param(
        0.0,
        low=0.0,
        high=100.0,
        help=(
            "Weight of half the code's squared length (RAE): keeps codes together, so that what "
            "lies between them decodes better; 0 is the plain autoencoder."
        ),
    )
    epochs: int = common("epochs", 50)
    decay: float = param(
        0.0,
        low=0.0,
        high=1.0,
        help="Weight of the decoder's squared weights (RAE-L2): a smoother decoder.",
        advanced=True,
    )
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common("depth", 2)
    activation: str = common("activation", "silu")
    cool_down: float = common("cool_down", 0.5)
    batch_size: int = common("batch_size", 64)
    learning_rate: float = common("learning_rate", 1e-3)
    random_state: int | None = common("random_state", 0, help="Seed of weights and batches.")

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.nets import ACTIVATIONS, CodeNet

        return CodeNet(
            self.schema_,
            self.latent_dim,
            self.latent_dim,
            self.network,
            self.width,
            self.depth,
            ACTIVATIONS[self.activation],
            bounded=self.bounded_,
        )

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.nets import in_unit_range
        from ..nn.training import Adam, BatchSource, device, ramp_down

        self.bounded_ = in_unit_range(X, self.schema_)
        net = self._new_network(X, rng)
        rows, adam = BatchSource(X, device()), Adam(net.parameters())
        weights = [p for p in net.decoder.parameters() if p.ndim > 1]

        def update(index, progress):
            x = rows[index]
            z = net.encode(x)
            reconstruction = net.likelihoods.log_prob_and_update(net.decoder(z), x).mean()
            loss = -reconstruction
            if self.penalty:
                loss = loss + 0.5 * self.penalty * z.square().sum(1).mean()
            if self.decay:
                loss = loss + self.decay * sum(w.square().sum() for w in weights)
            adam.step(loss, self.learning_rate * ramp_down(progress, self.cool_down))
            return {"loss": loss.detach(), "reconstruction": reconstruction.detach()}

        n = X.shape[0]
        self._train(update, n, rng, on_step, checkpoint, {"net": net, "adam": adam})
        Z = self._encode(X)
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(Z.astype(np.float64), rowvar=False)))
        self.code_root_ = vectors * np.sqrt(np.maximum(values, 0))
        self.importance_ = self._weighed(Z[np.sort(rng.permutation(n)[:_MOST_ROWS])])
        return Z

    def _weighed(self, Z) -> np.ndarray:
        """Share of the decoded rows' variance (k,) that goes when a dimension of the codes Z
        (m, k) is held at its mean, every column weighing the same.
        """
        rate = self.net_.scaler.rate.cpu().numpy()
        whole = self._decode(Z) * rate
        total = max(float(whole.var(0).sum()), 1e-12)
        lost = np.empty(Z.shape[1])
        for j in range(Z.shape[1]):
            held = Z.copy()
            held[:, j] = Z[:, j].mean()
            lost[j] = np.square(self._decode(held) * rate - whole).sum() / len(Z) / total
        return lost

    def _prior(self, n, temperature, rng):
        return (
            self.code_mean_
            + rng.standard_normal((n, len(self.code_root_))) @ self.code_root_.T * temperature
        )
