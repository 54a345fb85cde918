"""The autoencoder with discrete codes and a learnt prior over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .neural import NeuralModel, common

PRIOR_STEPS, PATIENCE = 4000, 8  # of the prior: minibatches at most; epochs without gain
RESCUE_STEPS = 200  # minibatches the prior gets where the fit was stopped before it
_MOST_ROWS = 512  # rows on which the dimensions are weighed

if TYPE_CHECKING:
    from ..nn.quantization import FSQNet


@dataclass(repr=False, eq=False)
class FSQ(NeuralModel):
    """Discrete autoencoder by finite scalar quantization (Mentzer et al., 2023).

    Objective: maximise, over the weights of encoder f and decoder, the mean over rows of ``log
    p(x|z)``, where every number of ``z = round(f(x))`` is one of ``levels`` values; the gradient
    passes the rounding as if it were not there. p(x|z) is the natural likelihood of every feature
    group. The encoder's numbers are bounded before they are rounded, so that there is no codebook
    that could collapse.

    Afterwards a prior ``p(z) = prod_j p(z_j | z_1, ..., z_{j-1})`` is learnt on the training codes:
    a masked network (MADE, Germain et al., 2015), stopped early on a tenth of the rows. Learning
    the prior second is as in the VQ-VAE (van den Oord et al., 2017). ``temperature`` divides its
    logits: 1 is the prior, 0 the code whose every number is the most likely one.

    ``log p(x|z) + log p(z)`` at a row's own code is a lower bound of its log-likelihood: the ELBO
    of the posterior that puts all weight on that code, whose KL is ``-log p(z)``.

    Parameters
    ----------
    latent_dim : int, default=16
        Length of the code: how many sliders describe an item.
    levels : int, default=8
        Values that every number of the code can take; 8 are 3 bits.
    epochs : int, default=50
        Passes over the data; more is slower and fits closer.
    network : {"auto", "mlp", "conv"}, default="auto"
        Convolutions for pictures, a perceptron for everything else; auto decides.
    width : int, default=128
        Units of a hidden layer; a convolution begins with a sixteenth of it.
    depth : int, default=2
        Hidden layers of the perceptron; 0 makes encoder and decoder linear. A convolution's depth
        follows from the picture's size.
    activation : {"silu", "relu", "tanh"}, default="silu"
        Bend between layers: smooth (SiLU), sharp (ReLU) or bounded (tanh).
    prior_width : int, default=256
        Units of a hidden layer of the prior.
    cool_down : float, default=0.5
        Share of the training, at its end, in which the learning rate falls to 0.
    batch_size : int, default=64
        Rows in one step of the optimiser.
    learning_rate : float, default=0.001
        Step size of the optimiser (Adam).
    random_state : int or None, default=0
        Seed of weights and batches.

    Attributes
    ----------
    net_ : FSQNet
        Encoder, decoder, likelihoods and prior.
    bounded_ : bool
        Whether decoded pixels are kept in [0, 1], as those of the training rows are.
    importance_ : array (k,)
        Share of the data's variance that is lost without the dimension.
    history_ : list of dict
        loss and reconstruction of the autoencoder in nats per row, by step.
    n_iter_ : int
        Epochs the autoencoder was trained.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Mentzer, Minnen, Agustsson & Tschannen (2023), *Finite Scalar Quantization: VQ-VAE Made
      Simple*, https://arxiv.org/abs/2309.15505.
    * van den Oord, Vinyals & Kavukcuoglu (2017), *Neural Discrete Representation Learning*,
      https://arxiv.org/abs/1711.00937.
    * Germain, Gregor, Murray & Larochelle (2015), *MADE: Masked Autoencoder for Distribution
      Estimation*, https://arxiv.org/abs/1502.03509.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.fsq import FSQ
    >>> X = np.random.RandomState(0).standard_normal((60, 6)).astype("float32")
    >>> model = FSQ(latent_dim=2, levels=4, epochs=2, width=16).fit(X)
    >>> Z = model.transform(X)
    >>> Z.shape, len(np.unique(Z)) <= 4, model.sample(3, random_state=0).shape
    ((60, 2), True, (3, 6))
    >>> {name: part.shape for name, part in model.elbo_parts(X).items()}
    {'reconstruction': (60,), 'kl': (60,)}
    """

    title: ClassVar[str] = "Discrete autoencoder (FSQ)"
    list_order: ClassVar[int] = 44
    paper: ClassVar[str] = "Mentzer et al."
    year: ClassVar[int] = 2023
    link: ClassVar[str] = "https://arxiv.org/abs/2309.15505"
    summary: ClassVar[str] = (
        "Codes of whole steps, a few bits each, and a learnt prior that knows which steps go "
        "together."
    )
    objective: ClassVar[str] = (
        r"\begin{aligned}\max_{f,\theta}\ &\frac1n\sum_{i=1}^n\log p_\theta(x_i\mid z_i),\qquad "
        r"z_i=\operatorname{round}\bigl(f(x_i)\bigr)\in\{1,\dots,L\}^k\\"
        r"\text{then}\ \max_\psi\ &\frac1n\sum_{i=1}^n\sum_{j=1}^k\log p_\psi(z_{ij}\mid "
        r"z_{i1},\dots,z_{i,j-1})\end{aligned}"
    )
    when: ClassVar[str] = (
        "For new items from a code without Gaussian assumptions, for compression to a known number "
        "of bits, and where the walk may go in steps. "
        "Rather not where the data change smoothly and few dimensions matter (take the VAE or "
        "PCA): a step between two levels is a jump."
    )
    reading: ClassVar[str] = (
        "Each number of a code is one of a few evenly spaced levels; between two of them the "
        "nearest one is decoded. A row's KL is minus the log-probability of its code under the "
        "learnt prior: what it costs to store the code. The importance is the share of the data's "
        "variance that is lost when the dimension is held at its mean level; shares overlap and "
        "need not add up to 1."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")
    importance_meaning: ClassVar[str] = "share of the data's variance lost without the dimension"

    latent_dim: int = common("latent_dim", 16)
    levels: int = param(
        8, low=2, high=16, help="Values that every number of the code can take; 8 are 3 bits."
    )
    epochs: int = common("epochs", 50)
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common("depth", 2)
    activation: str = common("activation", "silu")
    prior_width: int = param(
        256,
        low=4,
        high=2048,
        log=True,
        advanced=True,
        help="Units of a hidden layer of the prior.",
    )
    cool_down: float = common("cool_down", 0.5)
    batch_size: int = common("batch_size", 64)
    learning_rate: float = common("learning_rate", 1e-3)
    random_state: int | None = common("random_state", 0, help="Seed of weights and batches.")

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        budget = {} if minutes is None else {"minutes": minutes}
        suggested = super().suggest(n, schema, **budget)
        known = {name: value for name, value in suggested.items() if name in cls.parameters()}
        # a number of a few bits says less than a real one, and pictures have more to say
        twice = 2 if schema.image is not None else 1
        return known | {"latent_dim": min(twice * known["latent_dim"], schema.d)}

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.nets import ACTIVATIONS
        from ..nn.quantization import FSQNet

        return FSQNet(
            self.schema_,
            self.latent_dim,
            self.levels,
            self.prior_width,
            self.network_,
            self.width,
            self.depth,
            ACTIVATIONS[self.activation],
            bounded=self.bounded_,
        )

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.autoregressive import fit_made
        from ..nn.nets import in_unit_range
        from ..nn.training import Adam, BatchSource, device, ramp_down

        self.bounded_ = in_unit_range(X, self.schema_)
        net = cast("FSQNet", self._new_network(X, rng, checkpoint))
        rows = BatchSource(X, device())
        adam = Adam([*net.encoder.parameters(), *net.decoder.parameters()])

        def update(index, progress):
            x = rows[index]
            raw = net.decoder(net.encode(x))
            reconstruction = net.likelihoods.log_prob_and_update(raw, x).mean()
            adam.step(-reconstruction, self.learning_rate * ramp_down(progress, self.cool_down))
            reconstruction = reconstruction.detach()
            return {"loss": -reconstruction, "reconstruction": reconstruction}

        n = X.shape[0]
        self._train(update, n, rng, on_step, checkpoint, {"net": net, "adam": adam})
        Z = self._encode(X)
        stopped = fit_made(
            net.prior,
            self._levels_of(Z),
            rng,
            RESCUE_STEPS if self.stopped_ else PRIOR_STEPS,
            PATIENCE,
            on_step=None if self.stopped_ else on_step,
            checkpoint=checkpoint,
        )
        self.stopped_ = self.stopped_ or stopped
        self.importance_ = self._weighed(Z[np.sort(rng.permutation(n)[:_MOST_ROWS])])
        return Z

    def _levels_of(self, Z) -> np.ndarray:
        """Which level each number of codes Z (n, k) is nearest to, (n, k) of int64."""
        return self._run(lambda net, z: net.index(z).long(), Z)

    def _weighed(self, Z) -> np.ndarray:
        """Share of the decoded rows' variance (k,) that goes when a dimension of the codes Z
        (m, k) is held at its mean level, every column weighing the same.
        """
        rate = self.net_.scaler.rate.cpu().numpy()
        whole = self._decode(Z) * rate
        total, lost = max(float(whole.var(0).sum()), 1e-12), np.empty(Z.shape[1])
        for j, mean in enumerate(Z.mean(0)):
            held = Z.copy()
            held[:, j] = mean
            lost[j] = np.square(self._decode(held) * rate - whole).sum() / len(Z) / total
        return lost

    # -- the public verbs beyond the contract ------------------------------------------------------

    def elbo_parts(self, X) -> dict[str, np.ndarray]:
        """The two parts of each row's ELBO, whose posterior is the row's own code.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats; the ELBO is their difference, the KL
            minus the log-probability of the code under the prior.
        """
        check_is_fitted(self)
        reconstruction, kl = self._run(lambda net, x: net.elbo(x), self._check(X, reset=False))
        return {"reconstruction": reconstruction, "kl": kl}

    def score_samples(self, X) -> np.ndarray:
        """ELBO of each row, a lower bound on its log-likelihood.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        array (n,)
            In nats.
        """
        parts = self.elbo_parts(X)
        return parts["reconstruction"] - parts["kl"]

    # -- the contract ------------------------------------------------------------------------------

    def _prior(self, n, temperature, rng):
        uniform = rng.random_sample((n, self.latent_dim))
        return self._run(
            lambda net, u: net.code(net.prior.sample(u, temperature).to(u.dtype)), uniform
        )
