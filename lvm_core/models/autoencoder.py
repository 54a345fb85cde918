"""The autoencoder, without noise in its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from ..params import param
from .neural import NeuralModel, common

if TYPE_CHECKING:
    from ..nn.nets import CodeNet

_MOST_ROWS = 512  # rows on which the dimensions are weighed


@dataclass(repr=False, eq=False)
class Autoencoder(NeuralModel):
    """Autoencoder (Hinton & Salakhutdinov, 2006), optionally regularised.

    The regularised forms are RAE-L2 (Ghosh et al., 2020) and WAE-MMD (Tolstikhin et al., 2018).

    Objective: minimise, over the weights f of the encoder and g of the decoder, the mean over rows
    of ``-log p(x | g(f(x))) + penalty / 2 |f(x)|^2``, plus ``decay |g|^2`` over the decoder's
    weights, plus ``mmd`` times the squared maximum mean discrepancy between the codes and N(0, I),
    estimated from a minibatch and as many draws (:func:`lvm_core.nn.mmd.mmd`). p is the natural
    likelihood of every feature group; the noise of real columns follows the mean squared error, so
    that theirs is ``d / 2 log(squared error)``. With penalty, decay and mmd 0 it is the plain
    autoencoder.

    Nothing but ``mmd`` says how codes are spread, so a Gaussian is fitted to the training codes
    afterwards; :meth:`sample` draws from it. With ``mmd`` it is close to N(0, I). A mixture fitted
    to the codes (``lvm_core.latent.samplers``) is nearer to them, and better.

    Parameters
    ----------
    latent_dim : int, default=8
        Length of the code: how many sliders describe an item.
    penalty : float, default=0.0
        Weight of half the code's squared length (RAE): keeps codes together, so that what lies
        between them decodes better; 0 is the plain autoencoder.
    epochs : int, default=50
        Passes over the data; more is slower and fits closer.
    decay : float, default=0.0
        Weight of the decoder's squared weights (RAE-L2): a smoother decoder.
    mmd : float, default=0.0
        Weight of the distance (MMD) between the codes of a batch and N(0, I), which the codes then
        match (WAE-MMD); 0 does not ask for it.
    network : {"auto", "mlp", "conv", "resnet"}, default="auto"
        Residual blocks of convolutions (resnet) for pictures, a perceptron (mlp) for everything
        else; auto decides. Plain convolutions (conv) are what earlier versions took.
    width : int, default=128
        Units of a hidden layer; the first map of a resnet has an eighth of it as channels, that of
        plain convolutions a sixteenth.
    depth : int, default=2
        Hidden layers of the perceptron, 0 makes encoder and decoder linear; residual blocks at each
        size of map of a resnet.
    activation : {"silu", "relu", "tanh"}, default="silu"
        Bend between layers: smooth (SiLU), sharp (ReLU) or bounded (tanh).
    linear_path : bool, default=False
        Networks for pictures (resnet) begin as PCA of the same length and learn what it misses:
        better with few pictures or little time.
    cool_down : float, default=0.5
        Share of the training, at its end, in which the learning rate falls to 0.
    patience : int, default=0
        Ends the training when the loss of rows held out of it, a tenth, has not improved for so
        many epochs, and keeps the best; 0 trains to the end, on all rows.
    average : float, default=0.0
        The weights kept are a mean over this share of the training so far, which does better than
        the last ones; 0 keeps the last.
    weight_decay : float, default=0.0
        Pulls weights to 0, by this share times the step size (AdamW); 0 does not.
    augmentation : {"none", "auto", "shift", "mirror", "colour", "shift and mirror", "all"}, \
default="none"
        Learns from pictures moved, mirrored or changed in colour, against learning few by heart;
        auto takes, for up to 10,000 pictures, what leaves them looking like the others.
    batch_size : int, default=64
        Rows in one step of the optimiser.
    learning_rate : float, default=0.001
        Step size of the optimiser (Adam).
    random_state : int or None, default=0
        Seed of weights and batches.

    Attributes
    ----------
    net_ : CodeNet
        Encoder, decoder and likelihoods.
    bounded_ : bool
        Whether decoded pixels are kept in [0, 1], as those of the training rows are.
    augmentations_ : list of str
        What was done to the pictures it learnt from.
    code_root_ : array (k, k)
        Root of the training codes' covariance.
    importance_ : array (k,)
        Share of the data's variance that is lost without the dimension.
    history_ : list of dict
        loss and reconstruction in nats per row, by step; with ``mmd`` also its estimate mmd, with
        ``patience`` also the loss held_out.
    n_iter_ : int
        Epochs it was trained.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Hinton & Salakhutdinov (2006), https://doi.org/10.1126/science.1127647.
    * Ghosh et al. (2020), https://arxiv.org/abs/1903.12436.
    * Tolstikhin et al. (2018), *Wasserstein Auto-Encoders*, https://arxiv.org/abs/1711.01558.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.autoencoder import Autoencoder
    >>> X = np.random.RandomState(0).standard_normal((60, 6)).astype("float32")
    >>> model = Autoencoder(latent_dim=2, epochs=2, width=16).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, model.inverse_transform(Z).shape
    ((60, 2), (60, 6))
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
        r"g(z_i)\bigr)+\frac{\beta}{2}\lVert z_i\rVert^2\Bigr]+\lambda\lVert g\rVert_2^2"
        r"+\mu\,\mathrm{MMD}^2\bigl(z,\mathcal N(0,I)\bigr)\\"
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
    mmd: float = param(
        0.0,
        low=0.0,
        high=10_000.0,
        help=(
            "Weight of the distance (MMD) between the codes of a batch and N(0, I), which the "
            "codes then match (WAE-MMD); 0 does not ask for it."
        ),
        advanced=True,
    )
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common("depth", 2)
    activation: str = common("activation", "silu")
    linear_path: bool = common("linear_path", False)
    cool_down: float = common("cool_down", 0.5)
    patience: int = common(
        "patience",
        0,
        help=(
            "Ends the training when the loss of rows held out of it, a tenth, has not improved for "
            "so many epochs, and keeps the best; 0 trains to the end, on all rows."
        ),
    )
    average: float = common("average", 0.0)
    weight_decay: float = common("weight_decay", 0.0)
    augmentation: str = common("augmentation", "none")
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
            self.network_,
            self.width,
            self.depth,
            ACTIVATIONS[self.activation],
            bounded=self.bounded_,
            linear_path=self.linear_path,
        )

    def _fit(self, X, rng, on_step, checkpoint=None):
        import torch

        from ..nn.mmd import mmd
        from ..nn.nets import in_unit_range
        from ..nn.training import Adam, BatchSource, WeightAverage, device, ramp_down, seeded

        learnt, aside = (X[part] if self.patience else X for part in self._held_out(X, rng))
        self.bounded_ = in_unit_range(X, self.schema_)
        average = WeightAverage(self._new_network(learnt, rng, checkpoint), self.average)
        net = cast("CodeNet", average.moving)
        rows, adam = (
            BatchSource(learnt, device()),
            Adam(net.parameters(), weight_decay=self.weight_decay),
        )
        parts: dict[str, Any] = average.parts() | {"adam": adam}
        augmented = lambda x: x
        if self.augmentation != "none":
            parts["moves"] = seeded(rng, device())
            augmented = self._augmenter(learnt, parts["moves"])
        if self.mmd:
            parts["prior"] = seeded(rng, device())
        early = self._early_stopping(self.net_, aside) if self.patience else None
        if early:
            parts["early"] = early
        weights = [p for p in net.decoder.parameters() if p.ndim > 1]
        steps = self.epochs * -(-learnt.shape[0] // self.batch_size)

        def update(index, progress):
            x = augmented(rows[index])
            z = net.encode(x)
            reconstruction = net.likelihoods.log_prob_and_update(net.decoder(z), x).mean()
            loss = -reconstruction
            if self.penalty:
                loss = loss + 0.5 * self.penalty * z.square().sum(1).mean()
            if self.decay:
                loss = loss + self.decay * sum(w.square().sum() for w in weights)
            extra = {}
            if self.mmd:
                distance = mmd(z, torch.randn(z.shape, generator=parts["prior"], device=z.device))
                loss = loss + self.mmd * distance
                extra["mmd"] = distance.detach()
            adam.step(loss, self.learning_rate * ramp_down(progress, self.cool_down))
            average.update(progress * steps)
            metrics = {"loss": loss.detach(), "reconstruction": reconstruction.detach()} | extra
            return metrics | ({"held_out": early.loss} if early else {})

        self._train(
            update,
            learnt.shape[0],
            rng,
            on_step,
            checkpoint,
            parts,
            after_epoch=early,
            reduced_precision=True,
        )
        if early:
            early.restore()
        Z = self._encode(X)
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(Z.astype(np.float64), rowvar=False)))
        self.code_root_ = vectors * np.sqrt(np.maximum(values, 0))
        self.importance_ = self._weighed(Z[np.sort(rng.permutation(len(Z))[:_MOST_ROWS])])
        return Z

    def _early_stopping(self, net, aside):
        import torch

        from ..nn.mmd import mmd
        from ..nn.nets import in_batches
        from ..nn.training import EarlyStopping, seeded

        aside = aside.astype(np.float32)
        where = next(net.parameters()).device
        # the same draws every time, so that epochs can be compared
        draws = torch.randn(
            (len(aside), self.latent_dim), generator=seeded(np.random.RandomState(0))
        ).to(where)

        def loss(net, x):
            z = net.encode(x)
            each = 0.5 * self.penalty * z.square().sum(1) - net.log_prob(net.decoder(z), x)
            return each + self.mmd * mmd(z, draws) if self.mmd else each

        return EarlyStopping(
            net,
            lambda: torch.tensor(float(in_batches(loss, net, aside).mean()), device=where),
            self.patience,
            from_start=self.linear_path,
        )

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
