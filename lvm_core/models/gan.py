"""The generative adversarial network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state

from ..params import param
from ..settings import setting
from .base import LatentModel, check_count
from .neural import NeuralModel, common

FEW = 8  # columns, of which a critic can see every detail
# of the encoder, after a fit was stopped: a code for real rows is wanted all the same
RESCUE_STEPS = 300
MINUTES = 5.0  # a training on pictures takes by default
FEW_ROWS = 10_000  # pictures, below which a critic would learn them by heart
PRETRAINED = 400  # steps of a training on pictures, in which the generator learns to decode first
DECODED = 1200.0  # of the mean squared error of a decoded picture, in nats, while it does
HIDDEN = 512  # units with which the critic of pictures judges the whole
ALWAYS = 0.9  # of drawn pictures, the score from which all are kept
ROUNDS = 10  # of draws, after which the best of what was refused is taken
LAZY = 16  # steps from one penalty of the critic of pictures to the next
# of the critic, on real and drawn pictures together: from there on a generator learns little
TOO_SURE = 0.98
SETTLED = 400  # steps, before which nothing is said of a training: at first anything is drawn
ALIKE = 0.35  # times the spread of real pictures, below which drawn ones are nearly all the same


@dataclass(repr=False, eq=False)
class GAN(NeuralModel):
    """Generative adversarial network (Goodfellow et al., 2014).

    Rows of a table are learnt by the R3GAN recipe, pictures by DCGAN's networks.

    *Rows of a table.* With generator G, critic D, real rows x, codes z ~ N(0, I) and
    ``gap = D(x) - D(G(z))``, the critic minimises
    ``softplus(-gap) + gamma/2 * (|dD/dx|^2 at x + |dD/dx|^2 at G(z))`` and the generator
    ``softplus(gap)``, in the scale where the data has unit variance (R3GAN: Huang et al., 2024).
    Adam with betas (0, 0.99); learning rate and gamma fall along a cosine to a twentieth; no
    normalisation layers. What is kept is a running mean of the generator's weights. 0/1 and
    categorical columns are drawn by straight-through Gumbel (Jang et al., 2017), so that the critic
    sees what real rows look like.

    *Pictures* (``network`` "dcgan", the usual choice from 8x8 on): the networks of DCGAN (Radford
    et al., 2016). The critic minimises ``softplus(-D(x)) + softplus(D(G(z)))`` and, at every 16th
    step, 16 times ``gamma/2 * |dD/dx|^2`` at real pictures (Mescheder et al., 2018; Karras et al.,
    2020); the generator minimises ``softplus(-D(G(z)))``. Adam with betas (0.5, 0.99). With few
    pictures the critic sees real and drawn ones shifted, partly cut out and in other colours (Zhao
    et al., 2020). Pixels of drawn pictures stay in [0, 1] where those of the data do. The generator
    may first learn as the decoder of a variational autoencoder (``pretraining``), so that it begins
    with all kinds of pictures, as in VAE/GAN (Larsen et al., 2016), and codes may be drawn by
    rejection (``rejection``): the critic, brought up to date with the final generator, tells
    log(p(x)/p_G(x)), and a code is kept with a chance that falls with it (Azadi et al., 2019).

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
    network : {"auto", "mlp", "conv", "dcgan"}, default="auto"
        DCGAN's networks for pictures of at least 8x8, a perceptron for everything else; auto
        decides. "conv" is the older, smaller network of pictures.
    width : int, default=128
        Units of a hidden layer; a DCGAN begins with half as many channels, "conv" with a sixteenth.
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
    augment : float, default=0.0
        Share of pictures, real and drawn, that the critic sees changed: shifted, a part cut out,
        other colours. For few pictures; only of a DCGAN.
    critic_units : int, default=0
        Units with which the critic judges a picture as a whole; 0 is DCGAN's critic, which has no
        hidden layer. Only of a DCGAN.
    pretraining : int, default=0
        Minibatches in which the generator first learns as the decoder of a VAE. Only of a DCGAN.
    rejection : float, default=0.0
        Share of drawn pictures that the critic may refuse: of the scores s of draws, t is the one
        that this share stays below, and a draw is kept with a chance of ``min(1, exp(s - t))``. 0
        keeps every draw. Only of a DCGAN.
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
    bounded_ : bool
        Whether drawn pixels stay in [0, 1], as those of the data do.
    threshold_ : float
        The critic's score from which every draw is kept; of a DCGAN with ``rejection``, as the
        next.
    acceptance_ : float
        Share of the draws that are kept.
    importance_ : array (k,)
        Mean change of the output per unit step, in the data's standard deviations.
    history_ : list of dict
        The generator's loss (loss), the critic's (critic) and the score gap (gap), by step; of
        pictures also how often the critic is right (critic_accuracy) and the spread of drawn
        pictures as a share of that of real ones (spread).

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Goodfellow et al. (2014), https://arxiv.org/abs/1406.2661.
    * Huang et al. (2024), https://arxiv.org/abs/2501.05441.
    * Radford, Metz & Chintala (2016), *Unsupervised Representation Learning with Deep Convolutional
      Generative Adversarial Networks*, https://arxiv.org/abs/1511.06434.
    * Mescheder, Geiger & Nowozin (2018), *Which Training Methods for GANs do actually Converge?*,
      https://arxiv.org/abs/1801.04406.
    * Karras et al. (2020), *Analyzing and Improving the Image Quality of StyleGAN*,
      https://arxiv.org/abs/1912.04958.
    * Zhao et al. (2020), *Differentiable Augmentation for Data-Efficient GAN Training*,
      https://arxiv.org/abs/2006.10738.
    * Larsen et al. (2016), *Autoencoding beyond pixels using a learned similarity metric*,
      https://arxiv.org/abs/1512.09300.
    * Azadi et al. (2019), *Discriminator Rejection Sampling*, https://arxiv.org/abs/1810.06758.
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
        "A generator trained against a critic: it learns to draw, not to reconstruct, and takes "
        "longer to train."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")
    importance_meaning: ClassVar[str] = (
        "mean change of the output per unit step, in the data's standard deviations"
    )
    decoder_trained_on_prior: ClassVar[bool] = True
    duration_param: ClassVar[str] = "steps"
    minutes: ClassVar[float] = MINUTES
    objective: ClassVar[str] = (
        r"\min_D\; \mathbb E_{x,z}\big[\mathrm{softplus}(-\Delta)\big] + "
        r"\tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(x)\|^2 "
        r"+ \tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(G(z))\|^2, \qquad "
        r"\min_G\; \mathbb E_{x,z}\big[\mathrm{softplus}(\Delta)\big], \qquad \Delta = D(x) - "
        r"D(G(z)),\; z \sim \mathcal N(0, I); \qquad \text{pictures: } "
        r"\min_D\; \mathbb E\big[\mathrm{softplus}(-D(x)) + \mathrm{softplus}(D(G(z)))\big] + "
        r"\tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(x)\|^2, \qquad "
        r"\min_G\; \mathbb E\big[\mathrm{softplus}(-D(G(z)))\big]"
    )
    when: ClassVar[str] = (
        "When what is drawn matters more than what comes back: pictures without blur, table rows "
        "with clear clusters. Rather not when you need a likelihood, have a few hundred rows or "
        "little time; a VAE learns sooner and places real items better. Whether its samples are "
        "the better ones on your data, the scores of both say."
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
    network: str = common(
        "network",
        "auto",
        choices=("auto", "mlp", "conv", "dcgan"),
        help=(
            "DCGAN's networks for pictures, a perceptron for everything else; auto decides. "
            "'conv' is the older, smaller network of pictures."
        ),
    )
    width: int = common(
        "width",
        128,
        help=(
            "Units of a hidden layer; a DCGAN begins with half as many channels, 'conv' with a "
            "sixteenth."
        ),
    )
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
    augment: float = param(
        0.0,
        low=0.0,
        high=1.0,
        help=(
            "Share of pictures, real and drawn, that the critic sees changed: shifted, a part cut "
            "out, other colours. For few pictures."
        ),
        advanced=True,
    )
    critic_units: int = param(
        0,
        low=0,
        high=4096,
        help=(
            "Pictures: units with which the critic judges the whole; 0 is DCGAN's critic, which "
            "sees little but parts."
        ),
        advanced=True,
    )
    pretraining: int = param(
        0,
        low=0,
        high=100_000,
        help=(
            "Pictures: minibatches in which the generator first learns as the decoder of a VAE, to "
            "begin with all kinds of pictures."
        ),
        advanced=True,
    )
    rejection: float = param(
        0.0,
        low=0.0,
        high=0.99,
        help=(
            "Pictures: share of samples the critic may refuse, the least real the most often; 0 "
            "shows every one."
        ),
        advanced=True,
    )
    batch_size: int = common("batch_size", 128, help="Real rows, and drawn ones, in one step.")
    learning_rate: float = common(
        "learning_rate", 1e-3, help="Step size of the optimiser (Adam) at the start."
    )
    random_state: int | None = common("random_state", 0, help="Seed of weights, batches and codes.")

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        """See the base; ``minutes`` sizes a training on pictures and none other."""
        if _is_dcgan("auto", schema):
            return _sized(n, schema, minutes or setting("minutes") or cls.minutes)
        few = schema.d <= FEW and not schema.has("categorical") and not schema.has("bernoulli")
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
            "latent_dim": 16 if schema.d > 16 else max(2, min(8, schema.d)),
            # a slope's square grows with the number of columns
            "gamma": float(np.clip(0.05 * schema.d, 0.1, 5.0)),
            "steps": 4000,
            "batch_size": 64 if n < 1000 else 128,
        }

    def training_warning(self, history) -> str:
        """What the last tenth of a training on pictures says has gone wrong.

        Parameters
        ----------
        history : list of dict
            As ``history_``, of a training that may still be under way.

        Returns
        -------
        str
            A sentence for people, and what to do; empty where nothing is wrong.

        Examples
        --------
        >>> from lvm_core.models.gan import GAN
        >>> history = [{"step": s, "critic_accuracy": 1.0, "spread": 1.0} for s in range(0, 900, 9)]
        >>> GAN().training_warning(history)[:44]
        'The critic tells nearly all drawn pictures f'
        """
        seen = [point for point in history if "critic_accuracy" in point]
        step = seen[-1]["step"] if seen else 0
        if step < SETTLED:
            return ""
        last = [point for point in seen if point["step"] > step - max(SETTLED // 2, step // 10)]
        sure, spread = (
            float(np.mean([point[name] for point in last]))
            for name in ("critic_accuracy", "spread")
        )
        if spread < ALIKE:
            return (
                f"The drawn pictures are nearly all alike ({100 * spread:.0f} % of the spread of "
                "real ones): the generator has collapsed. Stop, and train with a higher gamma or "
                "a lower learning rate."
            )
        if sure > TOO_SURE:
            return (
                f"The critic tells nearly all drawn pictures from real ones ({100 * sure:.1f} % "
                "right), so the generator learns little from it. Stop, and train with "
                + ("augment at 1" if self.augment < 0.5 else "a higher gamma")
                + ", or take a VAE."
            )
        return ""

    # -- learning ----------------------------------------------------------------------------------

    _encodes = True  # whether the encoder's turn has come

    def _network_kind(self):
        return "dcgan" if _is_dcgan(self.network, self.schema_) else super()._network_kind()

    def _network(self):
        from ..nn.nets import CodeNet

        k = self.latent_dim
        return self._with_pictures(
            CodeNet(self.schema_, k, k, *self._shape(), **self._likelihoods()), k
        )

    def _rejects(self) -> bool:
        return self.rejection > 0 and self.network_ == "dcgan"

    def _likelihoods(self) -> dict:
        # what was saved before there was a bound has none
        return {"bounded": getattr(self, "bounded_", False)}

    def _shape(self) -> tuple:
        from torch import nn

        activation = {"leaky": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU}[self.activation]
        if self.network_ == "dcgan":
            return "mlp", 1, 0, activation  # what _with_pictures replaces
        return self.network_, self.width, self.depth, activation

    def _with_pictures(self, net, k: int):
        """``net`` with DCGAN's encoder and generator of codes of length k where it is one."""
        if self.network_ == "dcgan":
            from ..nn.adversarial import Critic, Generator

            assert self.schema_.image is not None  # see _is_dcgan
            net.encoder = Critic(self.schema_.image, k, self.width)
            net.decoder = Generator(self.schema_.image, k, self.width)
            if self._rejects():
                net.critic = self._critic()
        return net

    def preview(self, X, Z):
        """As of every model; the encoder's part is left out while only the generator is trained."""
        return super().preview(X, Z) if self._encodes else {"made": self._decode(Z)}

    def _fit(self, X, rng, on_step, checkpoint=None):
        from ..nn.nets import in_unit_range
        from ..nn.training import BatchSource, device

        if self.schema_.has("counts"):
            raise ValueError(
                "GAN: word counts are not what a GAN can learn; use VAE or LSA for text."
            )
        self._encodes = False
        self.bounded_ = in_unit_range(X, self.schema_)
        net, rows = self._new_network(X, rng, checkpoint), BatchSource(X, device())
        self.stopped_ = False
        for name in ("threshold_", "acceptance_"):  # of an earlier fit
            vars(self).pop(name, None)
        if self.network_ == "dcgan":
            self._start_grey(net)
            if self.pretraining:
                self._pretrain(net, rows, X.shape[0], rng, on_step, checkpoint)
        if not self.stopped_:
            self._train_generator(net, rows, X.shape[0], rng, on_step, checkpoint)
            if self._rejects():
                self._train_judge(net, rows, X.shape[0], rng, on_step, checkpoint)
        self._encodes = True
        self._train_encoder(net, rows, X.shape[0], rng, on_step, checkpoint)
        net.requires_grad_(False).eval()
        self.importance_ = self._influence(rng)

    def _pretrain(self, net, rows, n, rng, on_step, checkpoint):
        """Let the generator learn as the decoder of a VAE, whose encoder is then forgotten."""
        import torch

        from ..nn.adversarial import Critic
        from ..nn.elbo import kl_by_dimension, split
        from ..nn.nets import initialise
        from ..nn.training import Adam, ramp_down, seeded, train

        assert self.schema_.image is not None  # see _is_dcgan
        where, noise = rows.where, seeded(rng, rows.where)
        encoder = Critic(self.schema_.image, 2 * self.latent_dim, self.width)
        initialise(encoder, seeded(rng))
        encoder.to(where)
        adam = Adam([*encoder.parameters(), *net.decoder.parameters()], 0.9, 0.99)

        def update(index, progress):
            net.decoder.train()
            x, given = net.scaler(rows[index]), self._given(index)
            mean, log_std = split(encoder(x))
            z = mean + log_std.exp() * torch.randn(mean.shape, generator=noise, device=where)
            decoded = net.scaler(net.mean(self._with_given(z, given, noise)))
            error, kl = (decoded - x).square().mean(), kl_by_dimension(mean, log_std).sum(1).mean()
            loss = DECODED * error + kl
            adam.step(loss, 1e-3 * ramp_down(progress, 0.5))
            net.decoder.eval()  # as a preview wants it
            return {"loss": loss.detach(), "row_error": error.detach(), "kl": kl.detach()}

        self.history_, self.stopped_ = train(
            update,
            n,
            batch_size=self.batch_size,
            steps=self.pretraining,
            generator=seeded(rng, where),
            on_step=on_step,
            phase="decoder",
            checkpoint=checkpoint,
            parts={"encoder": encoder, "decoder": net.decoder, "adam": adam, "noise": noise},
        )

    def _train_judge(self, net, rows, n, rng, on_step, checkpoint):
        """Bring the critic up to date with the averaged generator, which is now fixed, and set
        ``threshold_``.
        """
        import torch

        from ..nn.training import Adam, ramp_down, seeded, train

        where, noise = rows.where, seeded(rng, rows.where)
        critic, decoder = net.critic.train(), net.decoder.eval()
        adam = Adam(critic.parameters(), 0.5, 0.99)
        judge = self._critic_step(net, rows, critic, adam, noise, min(self.augment, 0.5))

        def update(index, progress):
            given = self._given(index)
            with torch.no_grad():
                fake = self._drawn(net, decoder, len(index), given, noise)
            rate = self.learning_rate * ramp_down(progress, 1.0) / 2
            # no penalty of the slope: nobody learns from this critic any more
            loss, _, right, _ = judge(index, fake, given, rate, False)
            return {"loss": loss.detach(), "critic_accuracy": right}

        if not self.stopped_:
            _, self.stopped_ = train(
                update,
                n,
                batch_size=self.batch_size,
                steps=max(self.steps // 10, 1),
                generator=seeded(rng, where),
                on_step=on_step,
                phase="critic",
                checkpoint=checkpoint,
                parts={"critic": critic, "adam": adam, "noise": noise},
            )
        critic.requires_grad_(False).eval()
        draws = self._scores(self._prior(2000, 1.0, rng))
        self.threshold_ = float(np.quantile(draws, self.rejection))
        self.acceptance_ = float(np.exp(np.minimum(draws - self.threshold_, 0)).mean())

    def _train_generator(self, net, rows, n, rng, on_step, checkpoint):
        import copy

        import torch

        from ..nn.nets import initialise
        from ..nn.training import Adam, ramp_down, seeded, train

        pictures = self.network_ == "dcgan"
        critic = net.critic if self._rejects() else self._critic()
        initialise(critic, seeded(rng))
        where, noise = rows.where, seeded(rng, rows.where)
        critic.to(where)
        generator = copy.deepcopy(net.decoder).train()  # net.decoder itself is the running mean
        net.decoder.eval()
        adam = [Adam(p.parameters(), 0.5 if pictures else 0.0, 0.99) for p in (critic, generator)]
        averaged, moving = (
            [value for value in part.state_dict().values() if value.is_floating_point()]
            for part in (net.decoder, generator)
        )
        learn = (self._learn_pictures if pictures else self._learn_rows)(
            net, rows, critic, generator, adam, noise
        )

        def update(index, progress):
            fall = (
                max(ramp_down(progress, 0.5), 0.02)
                if pictures
                else 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))
            )
            metrics = learn(index, progress, fall)
            with torch.no_grad():
                torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]  # no public name
                    averaged, moving, 1 - 0.5 ** (1 / max(1.0, 0.03 * progress * self.steps))
                )
            return metrics

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

    def _learn_rows(self, net, rows, critic, generator, adam, noise):
        """A step of R3GAN as a function of the rows' numbers, the progress, and what share of the
        learning rate is left.
        """
        import torch
        from torch.nn import functional as F

        def step(index, progress, fall):
            real, given = net.scaler(rows[index]), self._given(index)
            fake = net.scaler(self._drawn(net, generator, len(real), given, noise))
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
            return {"loss": against.detach(), "critic": loss.detach(), "gap": gap.detach().mean()}

        return step

    def _start_grey(self, net) -> None:
        """Let drawn pixels between two bounds start in their middle, of all: near one of them a
        sigmoid has next to no slope, and the critic has won before the generator has moved.
        """
        from ..nn.likelihoods import Gaussian

        for likelihood in net.likelihoods.parts:
            if not isinstance(likelihood, Gaussian) or likelihood.bounded:
                likelihood.bias.zero_()

    def _critic_step(self, net, rows, critic, adam, noise, share):
        """A step of the critic of pictures, which sees ``share`` of them augmented, as a function
        of the real rows' numbers, drawn ones, what is given, the rate, and whether the slope is
        looked at; it gives the loss, the score gap, how often the critic was right, and how it
        sees pictures.
        """
        import torch
        from torch.nn import functional as F

        from ..nn.adversarial import augment

        image, fill = self.schema_.image, float(net.scaler.loc.mean())
        assert image is not None  # see _is_dcgan

        def seen(pictures):
            if share:
                pictures = augment(pictures, image, share, fill, noise)
            return net.scaler(pictures)

        def step(index, fake, given, rate, slopes):
            both = seen(torch.cat([rows[index], fake.detach()]))
            scores = self._judge(critic(both), given)
            of_real, of_fake = scores.chunk(2)
            loss = F.softplus(-of_real).mean() + F.softplus(of_fake).mean()
            right = ((of_real > 0).float().mean() + (of_fake < 0).float().mean()) / 2
            if self.gamma and slopes:
                at = both[: len(of_real)].detach().requires_grad_()
                total = self._judge(critic(at, exact=True), given).sum()
                (slope,) = torch.autograd.grad(total, at, create_graph=True)
                penalty = slope.square().sum() / len(of_real)
                adam.step(loss + LAZY * self.gamma / 2 * penalty, rate)
            else:
                adam.step(loss, rate)
            return loss, (of_real.detach() - of_fake.detach()).mean(), right, seen

        return step

    def _learn_pictures(self, net, rows, critic, generator, adam, noise):
        """A step of DCGAN, as :meth:`_learn_rows`."""
        import torch
        from torch.nn import functional as F

        judge = self._critic_step(net, rows, critic, adam[0], noise, self.augment)

        def step(index, progress, fall):
            real, given, rate = rows[index], self._given(index), self.learning_rate * fall
            fake = self._drawn(net, generator, len(real), given, noise)
            slopes = round(progress * self.steps) % LAZY == 0
            loss, gap, right, seen = judge(index, fake, given, rate, slopes)
            against = F.softplus(-self._judge(critic(seen(fake)), given)).mean()
            adam[1].step(against, rate)
            with torch.no_grad():
                spread, usual = (part.var(0, correction=0).mean().sqrt() for part in (fake, real))
            return {
                "loss": against.detach(),
                "critic": loss.detach(),
                "gap": gap,
                "critic_accuracy": right,
                "spread": spread / usual.clamp(min=1e-12),
            }

        return step

    def _drawn(self, net, generator, count, given, noise):
        """``count`` rows drawn by a generator, through which its gradient goes."""
        return net.likelihoods.sample_decoder(
            generator(self._random_codes(count, given, noise)), noise
        )

    def _train_encoder(self, net, rows, n, rng, on_step, checkpoint):
        import torch

        from ..nn.training import Adam, ramp_down, seeded, train

        where, noise = rows.where, seeded(rng, rows.where)
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

        share = 6 if self.network_ == "dcgan" else 2
        steps = min(RESCUE_STEPS, self.steps) if self.stopped_ else max(self.steps // share, 1)
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

        if self.network_ == "dcgan":
            from ..nn.adversarial import Critic

            assert self.schema_.image is not None  # see _is_dcgan
            return Critic(self.schema_.image, outputs, self.width, self.critic_units)
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

    def _with_given(self, z, given, noise):
        """Codes z (n, latent_dim) with what else is given beside them."""
        return z

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

    def sample_codes(self, n: int, *, temperature: float = 1.0, random_state=None) -> np.ndarray:
        """Codes from the prior, by rejection where the model has it.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Multiplies the codes, which are drawn from N(0, I); at least 0.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, k)

        Raises
        ------
        ValueError
            n is no whole number of at least 1, or the temperature none of at least 0.
        """
        rng = check_random_state(random_state)
        draw = super().sample_codes
        return self._accepted(
            n, lambda many: draw(many, temperature=temperature, random_state=rng), rng
        )

    def _accepted(self, n: int, draw, rng) -> np.ndarray:
        """n of the codes that ``draw(many)`` gives, each kept with the chance ``exp(score -
        threshold_)`` at most 1; after some rounds the best of those refused.
        """
        if not hasattr(self, "threshold_"):
            return draw(n)
        n = check_count(n)
        kept, refused, scores = [], [], []
        for _ in range(ROUNDS):
            missing = n - sum(map(len, kept))
            if missing <= 0:
                break
            Z = draw(2 * missing + 16)
            score = self._scores(Z)
            keep = np.log(rng.uniform(size=len(Z))) < score - self.threshold_
            kept.append(Z[keep])
            refused.append(Z[~keep])
            scores.append(score[~keep])
        best = np.argsort(-np.concatenate(scores), kind="stable")
        return np.concatenate([*kept, np.concatenate(refused)[best]])[:n]

    def _scores(self, Z) -> np.ndarray:
        """The critic's score (n,) of what each code (n, -) is decoded to, in nats."""
        k = self.latent_dim

        def score(net, z):
            given = z[:, k:] if z.shape[1] > k else None
            return self._judge(net.critic(net.scaler(net.mean(z))), given)[:, 0]

        return self._run(score, np.asarray(Z, np.float32))

    # -- the contract ------------------------------------------------------------------------------

    def _prior(self, n, temperature, rng):
        return rng.standard_normal((n, self.latent_dim)) * temperature

    def _draw(self, Z, rng):
        # the generator is all there is: no noise around what it gives
        return LatentModel._draw(self, Z, rng)


def _is_dcgan(network: str, schema) -> bool:
    """Whether ``network`` means DCGAN's networks here."""
    from ..nn.adversarial import SMALLEST

    large = schema.image is not None and min(schema.image[:2]) >= SMALLEST
    if network == "dcgan" and not large:
        raise ValueError(
            f"network is 'dcgan', but the rows are no pictures of at least {SMALLEST}x{SMALLEST}; "
            "use 'mlp' or 'auto'."
        )
    return network == "dcgan" or network == "auto" and large


def _sized(n: int, schema, minutes: float) -> dict:
    """Width and steps of a training on n pictures that takes about so many minutes."""
    from ..nn.adversarial import critic_flops, flops_per_second

    side = max(schema.image[:2])
    batch = 64 if side <= 64 else 32
    # a step: the critic on twice a batch forwards and back, and on one more for the generator,
    # which costs about as much; what goes by value, not by weight; a sixth of it for the encoder,
    # half a step each for the decoder before and seven twelfths each for the critic after
    passes, overhead = 12 * batch * (7 / 6 + 7 / 120), 0.005 + 7e-8 * batch * schema.d
    # many narrow steps beat few wide ones; narrower than this, a generator has too few shapes
    wanted = (10_000 if side <= 32 else 1500) * (minutes / MINUTES) ** 0.5
    least = 32 if side <= 32 else 16

    def seconds(width):
        return overhead + passes * critic_flops(schema.image, width, HIDDEN) / flops_per_second()

    widths = [w for w in range(least, 257, 16) if wanted * seconds(w) <= 60 * minutes]
    width = max(widths, default=least)
    return {
        "latent_dim": 32,
        "width": width,
        "steps": int(np.clip(round(60 * minutes / seconds(width), -2), 200, 4 * wanted)),
        "gamma": float(np.clip(schema.d / 300, 2.0, 10.0)),
        "augment": 1.0 if n < FEW_ROWS else 0.0,
        "critic_units": HIDDEN,
        "pretraining": PRETRAINED,
        # a critic of few pictures knows them too well to tell which others could be real
        "rejection": 0.0 if n < FEW_ROWS else ALWAYS,
        "batch_size": batch,
        "learning_rate": 1e-3,
    }
