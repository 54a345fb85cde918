"""The variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..nn.elbo import (
    code_moments,
    draw_weights,
    elbo,
    elbo_loss,
    importance_bound,
    importance_loss,
    mean_and_kl,
    mean_and_std,
    split,
)
from ..params import param
from .neural import VariationalModel, common

if TYPE_CHECKING:
    from ..nn.nets import CodeNet


@dataclass(repr=False, eq=False)
class VAE(VariationalModel):
    """Variational autoencoder (Kingma & Welling, 2014).

    Objective: maximise, over the weights of encoder and decoder, the mean over rows of
    ``E_q(z|x)[log p(x|z)] - beta * KL(q(z|x) || N(0, I))``, q(z|x) = N(m(x), diag s(x)^2), by the
    reparametrised gradient. With beta = 1 this is the ELBO; other values are the beta-VAE (Higgins
    et al., 2017). p(x|z) is the natural likelihood of every feature group; the noise of real
    columns is learned (Rybkin et al., 2021). Counts are a multinomial over the vocabulary (Miao et
    al., 2016).

    With ``penalty`` beta weighs only the total correlation of the codes, ``KL(q(z) || prod_j
    q(z_j))`` with q(z) the mean of q(z|x) over the rows: what the dimensions know of each other.
    The rest of the KL has weight 1, so the penalty is ``KL + (beta - 1) TC``. The beta-TCVAE (Chen
    et al., 2018) estimates it by minibatch stratified sampling, FactorVAE (Kim & Mnih, 2018; its
    gamma is ``beta - 1``) by a discriminator, which is not kept.

    ``free_bits`` lets every dimension carry so many nats for nothing (Kingma et al., 2016).
    ``importance_samples`` k > 1 maximises the tighter bound ``E[log 1/k sum_i p(x, z_i) /
    q(z_i|x)]`` over k draws instead (the IWAE of Burda et al., 2016); beta is then the power of
    ``p(z_i) / q(z_i|x)`` in each weight.

    At the end the codes are shifted and scaled, and encoder and decoder with them, so that over the
    rows each dimension of the posterior has mean 0 and mean square 1: of all such scales the one
    with the least KL, for exactly the same reconstructions. What is drawn from N(0, I) then lies
    where the rows lie; a short training leaves the codes much narrower than the prior (the gap
    between aggregated posterior and prior of Hoffman & Johnson, 2016).

    With ``prior`` "vamp" codes come from a weighted mean of the posteriors of a few pseudo-inputs,
    learnt too, in place of N(0, I) (Tomczak & Welling, 2018). Its KL is the mean of
    ``log q(z|x) - log p(z)`` over the draws, which has no parts by dimension.

    With ``patience`` a tenth of the rows is not learnt from; their ELBO after each epoch (its KL
    times beta, where beta weighs the KL) says when to end (Prechelt, 1998), and the weights that
    did best are kept.

    With ``sharpness`` pictures get a second training, from the weights so found and half as many
    epochs long: a critic learns to tell patches of real pictures from patches of reconstructions
    (Isola et al., 2017), and encoder and decoder maximise the objective less the mean absolute
    difference of the critic's features of the two (Larsen et al., 2016), weighted by the ratio of
    gradients (Esser et al., 2021). Its length is fixed: held-out rows, whose ELBO it lowers, end
    the first training only. What it ends with is kept, without the critic; the ELBO that is
    reported stays the ELBO. Where the first training is far from done, sharp edges of pictures of
    48 pixels and more come out as dots, one for each patch of the decoder: train longer first.

    Parameters
    ----------
    latent_dim : int, default=8
        Length of the code: how many sliders describe an item.
    beta : float, default=1.0
        Weight of the KL term; 1 is the ELBO, more gives fewer and smoother dimensions.
    penalty : {"kl", "beta-tcvae", "factorvae"}, default="kl"
        What beta weighs: the KL term, or of it only the total correlation of the dimensions,
        estimated from the minibatch (beta-TCVAE, large batches) or by a discriminator (FactorVAE).
    epochs : int, default=50
        Passes over the data; more is slower and fits closer.
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
    noise : {"learned", "unit"}, default="learned"
        Spread of real columns around the decoded mean: learned from the data, or fixed at 1.
    warm_up : float, default=0.2
        Share of the training in which the weight of the KL term rises from 0, so that no dimension
        dies early.
    free_bits : float, default=0.0
        Nats a dimension may carry for nothing: against dimensions that die; 0 charges every nat.
    importance_samples : int, default=1
        Draws of the code in each row's bound: 1 is the VAE; more is the IWAE, a tighter bound and a
        richer code, and so many times slower to decode.
    prior : {"normal", "vamp"}, default="normal"
        Where codes come from: N(0, I), or the mean of the posteriors of learnt pseudo-inputs
        (VampPrior), which can follow the data, for a slower training.
    pseudo_inputs : int, default=64
        Pseudo-inputs of the VampPrior; every step encodes them too.
    cool_down : float, default=0.5
        Share of the training, at its end, in which the learning rate falls to 0.
    patience : int, default=0
        Ends the training when the loss of rows held out of it, a tenth, has not improved for so
        many epochs after the warm-up, and keeps the best; 0 trains to the end, on all rows.
    average : float, default=0.0
        The weights kept are a mean over this share of the training so far, which does better than
        the last ones; 0 keeps the last.
    weight_decay : float, default=0.0
        Pulls weights to 0, by this share times the step size (AdamW); 0 does not.
    augmentation : {"none", "auto", "shift", "mirror", "colour", "shift and mirror", "all"}, \
default="none"
        Learns from pictures moved, mirrored or changed in colour, against learning few by heart;
        auto takes, for up to 10,000 pictures, what leaves them looking like the others.
    sharpness : float, default=0.0
        Pictures only: sharper ones, from a critic of patches at the end, at some cost to the ELBO;
        1 is a good value and takes 2 to 2.5 times as long, 0 is the plain VAE.
    batch_size : int, default=64
        Rows in one step of the optimiser.
    learning_rate : float, default=0.001
        Step size of the optimiser (Adam).
    random_state : int or None, default=0
        Seed of weights, batches and noise.

    Attributes
    ----------
    net_ : CodeNet
        Encoder, decoder and likelihoods.
    bounded_ : bool
        Whether decoded pixels are kept in [0, 1], as those of the training rows are.
    augmentations_ : list of str
        What was done to the pictures it learnt from.
    importance_ : array (k,)
        Mean KL of each dimension over the rows to N(0, 1), in nats.
    history_ : list of dict
        loss, reconstruction and kl in nats per row, by step; loss is ``beta * kl -
        reconstruction``, or minus the tighter bound, or ``kl + (beta - 1) * total_correlation -
        reconstruction``, then with the estimate total_correlation; with ``patience`` also the loss
        held_out. Without the epochs of ``sharpness``.
    n_iter_ : int
        Epochs it was trained, without those of ``sharpness``.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Kingma & Welling (2014), *Auto-Encoding Variational Bayes*, https://arxiv.org/abs/1312.6114.
    * Higgins et al. (2017), https://openreview.net/forum?id=Sy2fzU9gl.
    * Rybkin, Daniilidis & Levine (2021), *Simple and Effective VAE Training with Calibrated
      Decoders*, https://arxiv.org/abs/2006.13202.
    * Miao, Yu & Blunsom (2016), *Neural Variational Inference for Text Processing*,
      https://arxiv.org/abs/1511.06038.
    * Kingma et al. (2016), *Improved Variational Inference with Inverse Autoregressive Flow*,
      https://arxiv.org/abs/1606.04934.
    * Burda, Grosse & Salakhutdinov (2016), *Importance Weighted Autoencoders*,
      https://arxiv.org/abs/1509.00519.
    * Chen, Li, Grosse & Duvenaud (2018), *Isolating Sources of Disentanglement in Variational
      Autoencoders*, https://arxiv.org/abs/1802.04942.
    * Kim & Mnih (2018), *Disentangling by Factorising*, https://arxiv.org/abs/1802.05983.
    * Hoffman & Johnson (2016), *ELBO surgery*,
      http://approximateinference.org/accepted/HoffmanJohnson2016.pdf.
    * Tomczak & Welling (2018), *VAE with a VampPrior*, https://arxiv.org/abs/1705.07120.
    * Larsen et al. (2016), *Autoencoding beyond pixels using a learned similarity metric*,
      https://arxiv.org/abs/1512.09300.
    * Isola et al. (2017), *Image-to-Image Translation with Conditional Adversarial Networks*,
      https://arxiv.org/abs/1611.07004.
    * Esser, Rombach & Ommer (2021), *Taming Transformers for High-Resolution Image Synthesis*,
      https://arxiv.org/abs/2012.09841.
    * Prechelt (1998), *Early Stopping - But When?*, https://doi.org/10.1007/3-540-49430-8_3.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.vae import VAE
    >>> X = np.random.RandomState(0).standard_normal((60, 6)).astype("float32")
    >>> model = VAE(latent_dim=2, epochs=2, width=16).fit(X)
    >>> model.transform(X).shape, model.sample(3, random_state=0).shape
    ((60, 2), (3, 6))
    >>> {name: part.shape for name, part in model.elbo_parts(X).items()}
    {'reconstruction': (60,), 'kl': (60,)}
    """

    title: ClassVar[str] = "Variational autoencoder"
    list_order: ClassVar[int] = 41
    paper: ClassVar[str] = "Kingma & Welling"
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1312.6114"
    summary: ClassVar[str] = (
        "A curved map of the data with a smooth space of codes to walk through and draw from. The "
        "best first choice."
    )
    objective: ClassVar[str] = (
        r"\begin{aligned}\max_{\theta,\phi}\ \frac1n\sum_{i=1}^n\ &\mathbb E_{q_\phi(z\mid "
        r"x_i)}\bigl[\log p_\theta(x_i\mid z)\bigr]\\"
        r"&-\beta\sum_j\max\Bigl(\lambda,\ \mathrm{KL}\bigl(q_\phi(z_j\mid x_i)\,\|\,\mathcal "
        r"N(0,1)\bigr)\Bigr)\\[2pt]"
        r"q_\phi(z\mid x)={}&\mathcal N\bigl(m_\phi(x),\operatorname{diag}s_\phi(x)^2\bigr)\\[6pt]"
        r"\text{penalty not kl}:\ &\mathrm{KL}\bigl(q_\phi(z\mid x_i)\,\|\,\mathcal N(0,I)\bigr)+"
        r"(\beta-1)\,\mathrm{KL}\Bigl(q_\phi(z)\,\|\,\prod_j q_\phi(z_j)\Bigr),\quad "
        r"q_\phi(z)=\frac1n\sum_{i=1}^n q_\phi(z\mid x_i)\\[6pt]"
        r"k>1:\ \max_{\theta,\phi}\ \frac1n\sum_{i=1}^n\ &\mathbb E_{z_1,\dots,z_k\sim "
        r"q_\phi(z\mid x_i)}\\"
        r"&\Bigl[\log\frac1k\sum_{l=1}^k p_\theta(x_i\mid z_l)\Bigl(\frac{p(z_l)}{q_\phi(z_l\mid "
        r"x_i)}\Bigr)^{\beta}\Bigr]\end{aligned}"
    )
    when: ClassVar[str] = (
        "The best first choice for a smooth map to walk through, for new items and for a "
        "likelihood, on any kind of data from about a hundred rows. "
        "Rather not where samples must be sharp (raise sharpness, or take a GAN), or where a "
        "straight line through the data is enough (take PCA, which is exact)."
    )
    reading: ClassVar[str] = (
        "A code is the most likely place of a row among N(0, 1) in every dimension: 0 is average, "
        "beyond 3 is rare. The KL of a dimension says how many nats "
        "about a row it carries; near 0 the decoder ignores it. The ELBO is a lower bound of the "
        "log-likelihood: compare it only between models of the same data and noise."
    )
    sparse: ClassVar[bool] = True

    latent_dim: int = common("latent_dim", 8)
    beta: float = param(
        1.0,
        low=0.0,
        high=100.0,
        help="Weight of the KL term; 1 is the ELBO, more gives fewer and smoother dimensions.",
    )
    penalty: str = param(
        "kl",
        choices=("kl", "beta-tcvae", "factorvae"),
        help=(
            "What beta weighs: the KL term, or of it only the total correlation of the dimensions, "
            "estimated from the minibatch (beta-TCVAE, large batches) or by a discriminator "
            "(FactorVAE)."
        ),
        advanced=True,
    )
    epochs: int = common("epochs", 50)
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common("depth", 2)
    activation: str = common("activation", "silu")
    linear_path: bool = common("linear_path", False)
    noise: str = param(
        "learned",
        choices=("learned", "unit"),
        help="Spread of real columns around the decoded mean: learned from the data, or fixed at 1.",  # noqa: E501
        advanced=True,
    )
    warm_up: float = common("warm_up", 0.2)
    free_bits: float = param(
        0.0,
        low=0.0,
        high=10.0,
        help=(
            "Nats a dimension may carry for nothing: against dimensions that die; 0 charges every "
            "nat."
        ),
        advanced=True,
    )
    importance_samples: int = param(
        1,
        low=1,
        high=1000,
        log=True,
        help=(
            "Draws of the code in each row's bound: 1 is the VAE; more is the IWAE, a tighter "
            "bound and a richer code, and so many times slower to decode."
        ),
        advanced=True,
    )
    prior: str = param(
        "normal",
        choices=("normal", "vamp"),
        help=(
            "Where codes come from: N(0, I), or the mean of the posteriors of learnt pseudo-inputs "
            "(VampPrior), which can follow the data, for a slower training."
        ),
        advanced=True,
    )
    pseudo_inputs: int = param(
        64,
        low=1,
        high=1000,
        log=True,
        help="Pseudo-inputs of the VampPrior; every step encodes them too.",
        advanced=True,
    )
    cool_down: float = common("cool_down", 0.5)
    patience: int = common("patience", 0)
    average: float = common("average", 0.0)
    weight_decay: float = common("weight_decay", 0.0)
    augmentation: str = common("augmentation", "none")
    sharpness: float = param(
        0.0,
        low=0.0,
        high=5.0,
        help=(
            "Pictures only: sharper ones, from a critic of patches at the end, at some cost to "
            "the ELBO; 1 is a good value and takes 2 to 2.5 times as long, 0 is the plain VAE."
        ),
        advanced=True,
    )
    batch_size: int = common("batch_size", 64)
    learning_rate: float = common("learning_rate", 1e-3)
    random_state: int | None = common("random_state", 0)

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.nets import ACTIVATIONS, CodeNet

        net = CodeNet(
            self.schema_,
            self.latent_dim,
            2 * self.latent_dim,
            self.network_,
            self.width,
            self.depth,
            ACTIVATIONS[self.activation],
            noise=self.noise,
            bounded=self.bounded_,
            linear_path=self.linear_path,
        )
        if self.prior == "vamp":
            from ..nn.priors import VampPrior

            net.vamp = VampPrior(self.pseudo_inputs, self.schema_.d)
        return net

    def _fit(self, X, rng, on_step, checkpoint=None):
        import torch

        from ..nn.nets import in_unit_range
        from ..nn.total_correlation import correlation_loss, estimate
        from ..nn.training import (
            Adam,
            BatchSource,
            WeightAverage,
            device,
            ramp_down,
            ramp_up,
            seeded,
            train,
        )

        where, k, draws = device(), self.latent_dim, self.importance_samples
        self._check_options()
        learnt, aside = (X[part] if self.patience else X for part in self._held_out(X, rng))
        self.bounded_ = in_unit_range(X, self.schema_)
        average = WeightAverage(self._new_network(learnt, rng, checkpoint), self.average)
        net = average.moving
        self._keep_rows(learnt, draws=draws)
        rows, noise = BatchSource(learnt, where), seeded(rng, where)
        adam = Adam(net.parameters(), weight_decay=self.weight_decay)
        augmented = self._augmenter(learnt, noise)
        parts = average.parts() | {"adam": adam, "noise": noise}
        correlation = estimate(self.penalty, learnt.shape[0], k, rng, where)
        if correlation:
            parts |= correlation.parts()
        early = self._early_stopping(self.net_, aside) if self.patience else None
        steps = self.epochs * -(-learnt.shape[0] // self.batch_size)

        def update(index, progress, total=steps, sharpener=None):
            x, tc, z = augmented(rows[index]), None, None
            rate = self.learning_rate * ramp_down(progress, self.cool_down)
            warm = 1.0 if sharpener else ramp_up(progress, self.warm_up)
            beta = self.beta * warm
            if correlation:
                loss, reconstruction, kl, tc, z = correlation_loss(
                    net,
                    x,
                    torch.randn((len(x), k), generator=noise, device=where),
                    self.beta,
                    warm,
                    correlation,
                )
            elif draws > 1:
                loss, reconstruction, kl = importance_loss(
                    net,
                    x,
                    torch.randn((draws, len(x), k), generator=noise, device=where),
                    beta,
                    noise,
                )
            else:
                loss, reconstruction, kl = elbo_loss(
                    net,
                    x,
                    torch.randn((len(x), k), generator=noise, device=where),
                    beta,
                    self.free_bits,
                    sharpener and (lambda *decoded: sharpener(*decoded, x, rate)),
                )
            adam.step(loss, rate)
            if correlation:
                correlation.learn(z, rate)
            average.update(progress * total)
            loss, reconstruction, kl = loss.detach(), reconstruction.detach(), kl.detach()
            metrics = {
                "loss": loss if draws > 1 else self.beta * kl - reconstruction,
                "reconstruction": reconstruction,
                "kl": kl,
            }
            if tc is not None:
                metrics["total_correlation"] = tc = tc.detach()
                metrics["loss"] = kl + (self.beta - 1) * tc - reconstruction
            return metrics | {"held_out": early.loss} if early and not sharpener else metrics

        self._train(
            update,
            learnt.shape[0],
            rng,
            on_step,
            checkpoint,
            parts | ({"early": early} if early else {}),
            after_epoch=early,
            reduced_precision=True,
        )
        if early:
            early.restore()
        if self.sharpness and self.schema_.image and not self.stopped_:
            # a training of its own: the rows held out ended the one before, and what they say of
            # the ELBO would undo this one
            from ..nn.sharpness import SHARE, Sharpener

            net.load_state_dict(self.net_.state_dict())
            sharpener = Sharpener(self.net_, self.schema_.image, self.sharpness, seeded(rng))
            more = -(-learnt.shape[0] // self.batch_size) * ceil(SHARE * self.n_iter_)
            _, self.stopped_ = train(
                lambda index, progress: update(index, progress, more, sharpener),
                learnt.shape[0],
                batch_size=self.batch_size,
                steps=more,
                generator=seeded(rng, where),
                on_step=on_step,
                phase="sharpening",
                checkpoint=checkpoint,
                parts=parts | sharpener.parts(),
                reduced_precision=True,
            )
        self._standardize_codes()
        mean, kl = self._run(mean_and_kl, X)
        self.importance_ = kl.mean(0, dtype=np.float64)
        return mean

    def _check_options(self) -> None:
        """Raise ValueError for options that exclude each other."""
        draws, pictures = self.importance_samples, self.schema_.image is not None
        vamp, correlation = self.prior == "vamp", self.penalty != "kl"
        faults = {
            f"free_bits is {self.free_bits:g} with importance_samples {draws}; the "
            "importance-weighted bound has no KL term to leave free, set one of them to 0 or 1.": (
                self.free_bits and draws > 1
            ),
            f"free_bits is {self.free_bits:g} with the VampPrior, whose KL has no parts by "
            "dimension to leave free; set free_bits to 0 or prior to normal.": (
                self.free_bits and vamp
            ),
            f"penalty is {self.penalty!r} with importance_samples {draws} and free_bits "
            f"{self.free_bits:g}; expected 1 and 0, as it weighs a part of the ELBO's own KL "
            "term. Set them to these, or penalty to 'kl'.": (
                correlation and (draws > 1 or self.free_bits)
            ),
            f"penalty is {self.penalty!r} with the VampPrior; it is a part of the KL to N(0, I), "
            "set prior to normal or penalty to 'kl'.": correlation and vamp,
            f"penalty is {self.penalty!r} with sharpness {self.sharpness:g}; expected one of "
            "them, set sharpness to 0 or penalty to 'kl'.": correlation and self.sharpness,
            f"sharpness is {self.sharpness:g}, but the rows are no pictures; expected pictures, "
            "or sharpness 0.": self.sharpness and not pictures,
            f"sharpness is {self.sharpness:g} with importance_samples {draws}; the critic sees "
            "one draw of each row, set one of them to 0 or 1.": self.sharpness and draws > 1,
        }
        for fault, found in faults.items():
            if found:
                raise ValueError(f"VAE: {fault}")

    def _moments(self, net, generator, x):
        import torch

        return code_moments(
            net,
            x,
            torch.randn(
                (self.importance_samples, len(x), self.latent_dim),
                generator=generator,
                device=x.device,
            ),
            self.beta,
        )

    def _early_stopping(self, net, aside):
        import torch

        from ..nn.nets import in_batches
        from ..nn.training import EarlyStopping

        like = torch.zeros((), device=next(net.parameters()).device)
        draws = self._draws(max(4, self.importance_samples), like, self.importance_samples == 1)

        def measure():
            if self.importance_samples > 1:
                bound = in_batches(
                    lambda net, x: importance_bound(net, x, draws), net, aside.astype(np.float32)
                )
                return torch.tensor(float(-bound.mean(dtype=np.float64)), device=draws.device)
            reconstruction, kl = in_batches(
                lambda net, x: elbo(net, x, draws), net, aside.astype(np.float32)
            )
            # the total correlation's estimate is too noisy to compare epochs by
            beta = self.beta if self.penalty == "kl" else 1.0
            return torch.tensor(
                float((beta * kl - reconstruction).mean(dtype=np.float64)), device=draws.device
            )

        return EarlyStopping(
            net,
            measure,
            self.patience,
            first=int(self.warm_up * self.epochs),
            from_start=self.linear_path,  # PCA, which few rows may leave nothing to add to
        )

    # -- the public verbs beyond the contract ------------------------------------------------------

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The posterior q(z|x) of each row.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.

        Returns
        -------
        mean, std : array (n, k)
            Its mean and standard deviation.
        """
        check_is_fitted(self)
        return self._run(mean_and_std, self._check(X, reset=False))

    def elbo_parts(self, X, n_samples: int = 16) -> dict[str, np.ndarray]:
        """The two parts of each row's ELBO.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.
        n_samples : int
            Antithetic draws of unit variance, the same for every row, whose mean is the
            reconstruction; the KL is exact, under a VampPrior their mean too.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats; the ELBO is their difference.
        """
        check_is_fitted(self)
        reconstruction, kl = self._run(
            lambda net, x: elbo(net, x, self._draws(n_samples, x, True)),
            self._check(X, reset=False),
        )
        return {"reconstruction": reconstruction, "kl": kl}

    def score_samples(
        self, X, n_samples: int = 16, importance_weighted: bool = False
    ) -> np.ndarray:
        """A lower bound on each row's log-likelihood, whatever ``beta`` was trained with.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.
        n_samples : int
            Draws a row; they are fixed, so that the same row always has the same score.
        importance_weighted : bool
            Give the tighter bound of Burda et al. (2016) in place of the ELBO.

        Returns
        -------
        array (n,)
            In nats.

        References
        ----------
        Burda, Grosse & Salakhutdinov (2016), *Importance Weighted Autoencoders*,
        https://arxiv.org/abs/1509.00519.
        """
        if importance_weighted:
            check_is_fitted(self)
            return self._run(
                lambda net, x: importance_bound(net, x, self._draws(n_samples, x, False)),
                self._check(X, reset=False),
            )
        parts = self.elbo_parts(X, n_samples)
        return parts["reconstruction"] - parts["kl"]

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights of codes drawn from the posterior of each row.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.
        n_samples : int
            Codes z a row, drawn from q(z|x) anew for every row.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, n_samples)
            ``log p(x, z) - log q(z|x)`` in nats.
        """
        check_is_fitted(self)
        return draw_weights(
            self.net_,
            self._check(X, reset=False),
            self.latent_dim,
            n_samples,
            random_state=random_state,
        )

    # -- the contract ------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: split(net.encode(x))[0], X)

    def _prior(self, n, temperature, rng):
        net = cast("CodeNet", self.net_)
        prior = net.vamp
        if prior is None:
            return super()._prior(n, temperature, rng)
        import torch

        from ..nn.training import seeded

        generator = seeded(rng, prior.inputs.device)
        with torch.no_grad():
            posteriors = split(net.encoder(prior.inputs))
            return prior.sample(n, *posteriors, generator, temperature).cpu().double().numpy()
