"""The generative adversarial network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from .base import LatentModel
from .neural import NeuralModel, common

FEW = 8  # columns, of which a critic can see every detail
# of the encoder, after a fit was stopped: a code for real rows is wanted all the same
RESCUE_STEPS = 300


@dataclass(repr=False, eq=False)
class GAN(NeuralModel):
    """Generative adversarial network (Goodfellow et al., 2014) by the R3GAN recipe.

    With generator G, critic D, real rows x, codes z ~ N(0, I) and ``gap = D(x) - D(G(z))``, the
    critic minimises ``softplus(-gap) + gamma/2 * (|dD/dx|^2 at x + |dD/dx|^2 at G(z))`` and the
    generator ``softplus(gap)``, in the scale where the data has unit variance (R3GAN: Huang et al.,
    2024). Adam with betas (0, 0.99); learning rate and gamma fall along a cosine to a twentieth; no
    normalisation layers. What is kept is a running mean of the generator's weights. 0/1 and
    categorical columns are drawn by straight-through Gumbel (Jang et al., 2017), so that the critic
    sees what real rows look like.

    An encoder E for real rows is trained afterwards, G fixed: ``|E(G(z)) - z|^2/k + |G(E(x)) -
    x|^2/d`` for drawn z and real x. :meth:`invert` refines its codes by optimisation.

    Few real columns with sharp clusters want ReLUs, which can leap from one to the next, and a
    critic that sees sines of its columns: with both a ring of 8 narrow Gaussians takes a tenth of
    the steps. ``suggest`` chooses them there.

    There is no early stopping: no loss of a GAN says how good its samples are (that of held-out
    rows neither).

    Not for text: word counts are thousands of mostly zero whole numbers, for which a critic's
    gradient means little.

    Parameters
    ----------
    latent_dim : int, default=16
        Length of the code the generator draws from.
    steps : int, default=3000
        Minibatches the generator learns from; more is slower and better.
    network : {"auto", "mlp", "conv"}, default="auto"
        Convolutions for pictures, a perceptron for everything else; auto decides.
    width : int, default=128
        Units of a hidden layer; a convolution begins with a sixteenth of it.
    depth : int, default=3
        Hidden layers of the perceptron. A convolution's depth follows from the picture's size.
    activation : {"leaky", "relu"}, default="leaky"
        Bend between layers: leaky for pictures and many columns; sharp (ReLU) for few columns with
        separate clusters.
    octaves : int, default=0
        Sines and cosines of each column that the critic sees, at 1, 2, 4, ... radians a standard
        deviation: fine detail of few columns.
    gamma : float, default=0.1
        Weight of the critic's gradient penalties; more is steadier and blurrier.
    batch_size : int, default=128
        Real rows, and drawn ones, in one step.
    learning_rate : float, default=0.001
        Step size of the optimiser (Adam) at the start.
    random_state : int or None, default=0
        Seed of weights, batches and codes.

    Attributes
    ----------
    net_ : CodeNet
        Encoder, generator (its ``decoder``) and likelihoods.
    importance_ : array (k,)
        Mean change of the output per unit step, in the data's standard deviations.
    history_ : list of dict
        The generator's loss (loss), the critic's (critic) and the score gap (gap), by step.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661.
    * Huang et al. (2024), https://arxiv.org/abs/2501.05441.
    * Jang, Gu & Poole (2017), *Categorical Reparameterization with Gumbel-Softmax*,
      https://arxiv.org/abs/1611.01144.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.gan import GAN
    >>> X = np.random.RandomState(0).standard_normal((60, 4)).astype("float32")
    >>> model = GAN(latent_dim=2, steps=10, width=16).fit(X)
    >>> model.sample(5, random_state=0).shape, model.transform(X).shape
    ((5, 4), (60, 2))
    """

    title: ClassVar[str] = "Generative adversarial network"
    list_order: ClassVar[int] = 50
    cost: ClassVar[str] = "slow"
    paper: ClassVar[str] = "Goodfellow et al."
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1406.2661"
    summary: ClassVar[str] = (
        "A generator trained against a critic: the sharpest samples, at the price of a longer "
        "training."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")
    importance_meaning: ClassVar[str] = (
        "mean change of the output per unit step, in the data's standard deviations"
    )
    decoder_trained_on_prior: ClassVar[bool] = True
    duration_param: ClassVar[str] = "steps"
    objective: ClassVar[str] = (
        r"\min_D\; \mathbb E_{x,z}\big[\mathrm{softplus}(-\Delta)\big] + "
        r"\tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(x)\|^2 "
        r"+ \tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(G(z))\|^2, \qquad "
        r"\min_G\; \mathbb E_{x,z}\big[\mathrm{softplus}(\Delta)\big], \qquad \Delta = D(x) - "
        r"D(G(z)),\; z \sim \mathcal N(0, I)"
    )
    when: ClassVar[str] = (
        "When samples should look real: sharp pictures, table rows with clear clusters. Rather not "
        "when you need a likelihood, have few rows "
        "(it then repeats them) or little time; a VAE learns sooner and places real items better."
    )
    reading: ClassVar[str] = (
        "A code is what the generator turns into an item; its numbers mean nothing by themselves, "
        "but nearby codes give similar items. A real item's code is "
        "a guess by an encoder trained afterwards, so the item that comes back is like it, not it; "
        "a search (inversion) comes closer and says what is left. "
        "The losses of generator and critic are a contest: level curves are a good sign, their "
        "height says nothing about quality. Look at samples and their scores."
    )

    latent_dim: int = common("latent_dim", 16, help="Length of the code the generator draws from.")
    steps: int = param(
        3000,
        low=1,
        high=1_000_000,
        log=True,
        help="Minibatches the generator learns from; more is slower and better.",
    )
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common(
        "depth",
        3,
        help=(
            "Hidden layers of the perceptron. A convolution's depth follows from the picture's "
            "size."
        ),
    )
    activation: str = common(
        "activation",
        "leaky",
        choices=("leaky", "relu"),
        help=(
            "Bend between layers: leaky for pictures and many columns; sharp (ReLU) for few "
            "columns with separate clusters."
        ),
    )
    octaves: int = param(
        0,
        low=0,
        high=8,
        help=(
            "Sines and cosines of each column that the critic sees, at 1, 2, 4, ... radians a "
            "standard deviation: fine detail of few columns."
        ),
        advanced=True,
    )
    gamma: float = param(
        0.1,
        low=0.0,
        high=1000.0,
        help="Weight of the critic's gradient penalties; more is steadier and blurrier.",
        advanced=True,
    )
    batch_size: int = common("batch_size", 128, help="Real rows, and drawn ones, in one step.")
    learning_rate: float = common(
        "learning_rate", 1e-3, help="Step size of the optimiser (Adam) at the start."
    )
    random_state: int | None = common("random_state", 0, help="Seed of weights, batches and codes.")

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        from ..nn.nets import is_conv

        conv, few = (
            is_conv("auto", schema),
            schema.d <= FEW and not schema.has("categorical") and not schema.has("bernoulli"),
        )
        if few and n >= 1000:
            return {
                "latent_dim": schema.d,
                "activation": "relu",
                "octaves": 2,
                "gamma": 0.05 * schema.d,
                "steps": 10_000,
                "batch_size": 256,
                "learning_rate": 2e-3,
            }
        return {
            "latent_dim": 32 if conv else 16 if schema.d > 16 else max(2, min(8, schema.d)),
            # a slope's square grows with the number of columns
            "gamma": float(np.clip(0.05 * schema.d, 0.1, 5.0)),
            "steps": 2000 if conv else 4000,
            "batch_size": 64 if conv or n < 1000 else 128,
        }

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.nets import CodeNet

        return CodeNet(self.schema_, self.latent_dim, self.latent_dim, *self._shape())

    def _shape(self) -> tuple:
        from torch import nn

        return (
            self.network,
            self.width,
            self.depth,
            {"leaky": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU}[self.activation],
        )

    def preview(self, X, Z):
        """As of every model; the encoder's part is left out while only the generator is trained."""
        return super().preview(X, Z) if self._encodes else {"made": self._decode(Z)}

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.training import BatchSource, device

        if self.schema_.has("counts"):
            raise ValueError(
                "GAN: word counts are not what a GAN can learn; use VAE or LSA for text."
            )
        self._encodes = False
        net, rows = self._new_network(X, rng), BatchSource(X, device())
        self._train_generator(net, rows, X.shape[0], rng, on_step, checkpoint)
        self._train_encoder(net, rows, X.shape[0], rng, on_step, checkpoint)
        net.requires_grad_(False).eval()
        self.importance_ = self._influence(rng)

    def _train_generator(self, net, rows, n, rng, on_step, checkpoint):
        import copy

        import torch
        from torch.nn import functional as F

        from ..nn.nets import initialise
        from ..nn.training import Adam, seeded, train

        critic = self._critic()
        initialise(critic, seeded(rng))
        where, noise = rows.where, seeded(rng, rows.where)
        critic.to(where)
        generator = copy.deepcopy(net.decoder)  # net.decoder itself is the running mean
        adam = [Adam(part.parameters(), 0.0, 0.99) for part in (critic, generator)]
        averaged, moving = list(net.decoder.parameters()), list(generator.parameters())

        def draw(count, given):
            return net.scaler(
                net.likelihoods.sample_decoder(
                    generator(self._random_codes(count, given, noise)), noise
                )
            )

        def update(index, progress):
            fall = 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))
            real, given = net.scaler(rows[index]), self._given(index)
            fake = draw(len(real), given)
            both = torch.cat([real, fake.detach()]).requires_grad_()
            scores = self._judge(critic(both), given)
            (slope,) = torch.autograd.grad(scores.sum(), both, create_graph=True)
            gap = scores[: len(real)] - scores[len(real) :]
            loss = F.softplus(-gap).mean() + self.gamma * fall / 2 * slope.square().sum() / len(
                real
            )
            adam[0].step(loss, self.learning_rate * fall)
            with torch.no_grad():
                bar = self._judge(critic(real), given)
            against = F.softplus(bar - self._judge(critic(fake), given)).mean()
            adam[1].step(against, self.learning_rate * fall)
            with torch.no_grad():
                torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]  # no public name
                    averaged, moving, 1 - 0.5 ** (1 / max(1.0, 0.03 * progress * self.steps))
                )
            return {"loss": against.detach(), "critic": loss.detach(), "gap": gap.detach().mean()}

        net.decoder.requires_grad_(False)
        parts = {
            "net": net,
            "critic": critic,
            "generator": generator,
            "critic adam": adam[0],
            "generator adam": adam[1],
            "noise": noise,
        }
        self.history_, self.stopped_ = train(
            update,
            n,
            batch_size=self.batch_size,
            steps=self.steps,
            generator=seeded(rng, where),
            on_step=on_step,
            phase="generator and critic",
            checkpoint=checkpoint,
            parts=parts,
        )

    def _train_encoder(self, net, rows, n, rng, on_step, checkpoint):
        import torch

        from ..nn.training import Adam, ramp_down, seeded, train

        where, noise, self._encodes = rows.where, seeded(rng, rows.where), True
        adam = Adam(net.encoder.parameters())

        def update(index, progress):
            real, given = net.scaler(rows[index]), self._given(index)
            with torch.no_grad():
                z = self._random_codes(len(real), given, noise)
                fake = net.scaler(net.likelihoods.sample_decoder(net.decoder(z), noise))
            raw, found = net.encoder(torch.cat([fake, real])).split(len(real))
            code_error = self._code_error(raw, found, z, given)
            row_error = (net.scaler(net.mean(net.activate(found))) - real).square().mean()
            adam.step(code_error + row_error, 1e-3 * ramp_down(progress, 0.5))
            return {
                "loss": (code_error + row_error).detach(),
                "code_error": code_error.detach(),
                "row_error": row_error.detach(),
            }

        steps = min(RESCUE_STEPS, self.steps) if self.stopped_ else max(self.steps // 2, 1)
        _, stopped = train(
            update,
            n,
            batch_size=self.batch_size,
            steps=steps,
            generator=seeded(rng, where),
            on_step=None if self.stopped_ else on_step,
            phase="encoder",
            checkpoint=checkpoint,
            parts={"encoder": net.encoder, "adam": adam, "noise": noise},
        )
        self.stopped_ = self.stopped_ or stopped

    def _influence(self, rng, points: int = 64, delta: float = 0.25):
        """Root mean square change of the columns per unit step along each dimension, at drawn
        codes, (k,).
        """
        z, scale = (
            self._prior(points, 1.0, rng).astype(np.float32),
            self.net_.scaler.scale.cpu().numpy(),
        )
        steps = delta * np.eye(z.shape[1], dtype=np.float32)
        changes = [
            (self._decode(z + step) - self._decode(z - step)) / (2 * delta * scale)
            for step in steps
        ]
        return np.array([np.sqrt((change.astype(np.float64) ** 2).mean()) for change in changes])

    # -- what a form of it that is given more than z says otherwise --------------------------------

    def _critic(self, outputs: int = 1):
        """Scaled rows (n, d) -> (n, outputs)."""
        from torch import nn

        from ..nn.nets import MLP, Fourier, encoder, is_conv

        network, width, depth, activation = self._shape()
        if not self.octaves or is_conv(network, self.schema_):
            return encoder(self.schema_, outputs, network, width, depth, activation)
        return nn.Sequential(
            Fourier(self.octaves),
            MLP(self.schema_.d * (1 + 2 * self.octaves), outputs, width, depth, activation),
        )

    def _given(self, index):
        """What else is known of the rows of a batch, None or (n, .)."""
        return None

    def _judge(self, scores, given):
        """The critic's outputs as one score a row, (n, 1) or (2n, 1) where rows and drawn ones
        follow each other.
        """
        return scores

    def _random_codes(self, count, given, noise):
        """Codes (count, k) to draw from while learning."""
        import torch

        return torch.randn((count, self.latent_dim), generator=noise, device=noise.device)

    def _code_error(self, raw, found, z, given):
        """How far the encoder's outputs for drawn rows (n, k) are from their codes z; ``found``
        are those for real rows.
        """
        return (raw - z).square().mean()

    # -- the public verb beyond the contract -------------------------------------------------------

    def invert(
        self, X, steps: int = 200, on_step=None, random_state=None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes whose decoded rows come closest to X; see :func:`lvm_core.nn.inversion.invert`.

        Parameters
        ----------
        X : array (n, d)
            Rows.
        steps : int
            Of the descent.
        on_step : callable, optional
            Hears the progress; returning True ends the search.
        random_state : int, RandomState or None
            Of the codes among which a start is looked for.

        Returns
        -------
        Z : array (n, k)
            The codes.
        residual : array (n,)
            How far their decoded rows stay, in standard deviations of the data.
        """
        from ..nn.inversion import invert

        return invert(self, X, steps, on_step, random_state)

    # -- the contract ------------------------------------------------------------------------------

    def _prior(self, n, temperature, rng):
        return rng.standard_normal((n, self.latent_dim)) * temperature

    def _draw(self, Z, rng):
        # the generator is all there is: no noise around what it gives
        return LatentModel._draw(self, Z, rng)
