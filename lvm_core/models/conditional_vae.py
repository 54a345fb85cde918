"""The variational autoencoder that knows labels: conditional where they are known,
semi-supervised where some are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..labels import MOST_CLASSES, encode_labels
from ..nn.elbo import draw_weights, fixed_draws, kl_by_dimension, split
from ..params import param
from .neural import VariationalModel, common


@dataclass(repr=False, eq=False)
class ConditionalVAE(VariationalModel):
    """Conditional, semi-supervised variational autoencoder: model M2 of Kingma et al. (2014).

    With every label known it is the conditional VAE of Sohn et al. (2015), with a classifier beside
    it.

    ``p(x) = sum_y p(y) E_N(z;0,I)[p(x|z,y)]``; q(y|x) a classifier, q(z|x,y) = N(m, diag s^2). With
    ``L(x,y) = E_q(z|x,y)[log p(x|z,y)] + log p(y) - beta KL(q(z|x,y) || N(0,I))``, maximise the
    mean over rows of L(x,y) where the label is known and of ``sum_y q(y|x) L(x,y) + H(q(y|x))``
    where it is not, plus ``label_weight`` times the mean of log q(y|x) over labelled rows.

    The code (n, k + K) is [m, q(y|x)]: ``latent_dim`` numbers for the style, and the probability of
    each of the K labels, inferred from the row alone, also where its label was known.
    ``inverse_transform`` takes any numbers for the labels: they are cut off at 0 and scaled to sum
    1, so that one label can be turned into another. Without labels it is a plain VAE.

    At the end the numbers for the style are shifted and scaled to the prior's mean and width, as
    the codes of :class:`~lvm_core.models.vae.VAE` are.

    Parameters
    ----------
    latent_dim : int, default=8
        Length of the code beside the labels: how many sliders describe the manner.
    beta : float, default=2.0
        Weight of the KL term; 1 is the ELBO, more leaves less of the label in the manner.
    epochs : int, default=50
        Passes over the data; more is slower and fits closer.
    label_weight : float, default=5.0
        Weight of the classifier's own loss, in nats a labelled row.
    network : {"auto", "mlp", "conv", "resnet"}, default="auto"
        Residual blocks of convolutions (resnet) for pictures, a perceptron (mlp) for everything
        else; auto decides. Plain convolutions (conv) are what earlier versions took.
    width : int, default=128
        Units of a hidden layer; the first map of a resnet has an eighth of it as channels, that of
        plain convolutions a sixteenth.
    depth : int, default=2
        Hidden layers of the perceptron, 0 makes encoder and decoder linear; residual blocks at each
        size of map of a resnet.
    warm_up : float, default=0.0
        Share of the training in which the weight of the KL term rises from 0. A manner that is free
        at first learns the label too, and the decoder then ignores the label's own place.
    cool_down : float, default=0.5
        Share of the training, at its end, in which the learning rate falls to 0.
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
        Seed of weights, batches and noise.

    Attributes
    ----------
    classes_ : list of str
        The K labels; empty without labels.
    dimension_names_ : list of str
        Of the code's dimensions: z1, z2, ..., then the labels.
    class_shares_ : array (K,)
        p(y), how often each label is seen.
    net_ : LabelledNet
        Encoder, classifier, decoder and likelihoods.
    bounded_ : bool
        Whether decoded pixels are kept in [0, 1], as those of the training rows are.
    importance_ : array (k + K,)
        Nats about a row that each dimension tells, the mean over the rows.
    history_ : list of dict
        loss (``beta * kl - reconstruction``), reconstruction and kl in nats per row, by step; with
        labels also label, the mean of -log q(y|x) over labelled rows.
    n_iter_ : int
        Epochs it was trained.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Kingma, Rezende, Mohamed & Welling (2014), *Semi-supervised Learning with Deep Generative
      Models*, https://arxiv.org/abs/1406.5298.
    * Sohn et al. (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.conditional_vae import ConditionalVAE
    >>> rng = np.random.RandomState(0)
    >>> y = np.repeat(["a", "b"], 30)
    >>> X = (rng.standard_normal((60, 6)) + (y == "b")[:, None]).astype("float32")
    >>> model = ConditionalVAE(latent_dim=2, epochs=2, width=16).fit(X, y)
    >>> model.transform(X).shape, model.dimension_names_
    ((60, 4), ['z1', 'z2', 'a', 'b'])
    >>> model.sample(3, label="b", random_state=0).shape
    (3, 6)
    """

    title: ClassVar[str] = "Conditional VAE"
    list_order: ClassVar[int] = 42
    paper: ClassVar[str] = "Kingma, Rezende, Mohamed & Welling"
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1406.5298"
    summary: ClassVar[str] = (
        "A VAE that keeps the label apart from the manner: draw any label in any manner, learn "
        "labels from a few."
    )
    objective: ClassVar[str] = (
        r"\max\ \sum_{(x,y)} \mathcal L(x,y) + \sum_{x}\Big[\sum_y q(y|x)\,\mathcal L(x,y) + "
        r"\mathcal H(q(y|x))\Big] + \alpha \sum_{(x,y)} \log q(y|x),\quad "
        r"\mathcal L = \mathbb E_{q(z|x,y)}[\log p(x|z,y)] + \log p(y) - "
        r"\beta\,\mathrm{KL}(q(z|x,y)\,\|\,\mathcal N(0,I))"
    )
    when: ClassVar[str] = (
        "Use it where rows have labels and you want to draw items of one label, to turn one label "
        "into another in the same manner, or to label many rows from a few. "
        "Where there are no labels it is a plain VAE; where only the labels matter, a classifier "
        "alone does better."
    )
    reading: ClassVar[str] = (
        "The first dimensions are the manner: slant, weight, size. The last are the probabilities "
        "of the labels, inferred from the row; move them to turn one label into another. "
        "The ELBO sums over labels. Labels right is measured on held-out rows."
    )
    sparse: ClassVar[bool] = True
    labels: ClassVar[bool] = True
    conditional: ClassVar[bool] = True

    latent_dim: int = common(
        "latent_dim",
        8,
        help="Length of the code beside the labels: how many sliders describe the manner.",
    )
    beta: float = param(
        2.0,
        low=0.0,
        high=20.0,
        help="Weight of the KL term; 1 is the ELBO, more leaves less of the label in the manner.",
    )
    epochs: int = common("epochs", 50)
    label_weight: float = param(
        5.0,
        low=0.0,
        high=1000.0,
        help="Weight of the classifier's own loss, in nats a labelled row.",
        advanced=True,
    )
    network: str = common("network", "auto")
    width: int = common("width", 128)
    depth: int = common(
        "depth",
        2,
        help=(
            "Hidden layers of the perceptron. A convolution's depth follows from the picture's "
            "size."
        ),
    )
    warm_up: float = common(
        "warm_up",
        0.0,
        help=(
            "Share of the training in which the weight of the KL term rises from 0. A manner that "
            "is free at first learns the label too, and the decoder then ignores the label's own "
            "place."
        ),
    )
    cool_down: float = common("cool_down", 0.5)
    average: float = common("average", 0.0)
    weight_decay: float = common("weight_decay", 0.0)
    augmentation: str = common("augmentation", "none")
    batch_size: int = common("batch_size", 64)
    learning_rate: float = common("learning_rate", 1e-3)
    random_state: int | None = common("random_state", 0)

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        found = super().suggest(n, schema, minutes)
        # the label has a place of its own
        return found | {"latent_dim": max(2, found["latent_dim"] // 2)}

    def preview(self, X, Z):
        """As of every model; Z (m, k) may leave out the labels, which then take turns."""
        if self.classes_ and Z.shape[1] == self.latent_dim:
            Z = np.hstack(
                [
                    Z,
                    np.eye(len(self.classes_), dtype=Z.dtype)[
                        np.arange(len(Z)) % len(self.classes_)
                    ],
                ]
            )
        return super().preview(X, Z)

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from ..nn.conditional import LabelledNet

        return LabelledNet(
            self.schema_,
            self.latent_dim,
            self.class_shares_,
            self.network_,
            self.width,
            self.depth,
            self.bounded_,
        )

    def _known(self, y, n: int) -> np.ndarray:
        """Number of each row's label (n,), -1 where it has none; sets ``classes_`` and their
        shares.
        """
        self.classes_, known = encode_labels(y if y is not None else [None] * n)
        if len(self.classes_) < 2:  # one label tells nothing
            self.classes_, known = [], np.full(n, -1)
        if len(self.classes_) > MOST_CLASSES:
            raise ValueError(
                f"ConditionalVAE: there are {len(self.classes_)} different labels, expected at "
                f"most {MOST_CLASSES}; choose a column with fewer as the label."
            )
        counts = np.bincount(known[known >= 0], minlength=len(self.classes_)).astype(np.float64)
        self.class_shares_ = (counts + 1) / (counts + 1).sum() if self.classes_ else np.zeros(0)
        return known

    def _fit(self, X, rng, on_step, checkpoint=None, y=None):
        import torch

        from ..nn.nets import in_unit_range
        from ..nn.training import (
            Adam,
            BatchSource,
            WeightAverage,
            device,
            ramp_down,
            ramp_up,
            seeded,
        )

        where, n = device(), X.shape[0]
        known = self._known(y, n)
        self.bounded_ = in_unit_range(X, self.schema_)
        average = WeightAverage(self._new_network(X, rng, checkpoint), self.average)
        net = average.moving
        self._keep_rows(X, known)
        rows, noise = BatchSource(X, where), seeded(rng, where)
        adam = Adam(net.parameters(), weight_decay=self.weight_decay)
        augmented = self._augmenter(X, noise)
        steps = self.epochs * -(-n // self.batch_size)
        labels = torch.as_tensor(known, device=where)
        # labelled rows are few in a batch where they are few in the data
        often = n / max(int((known >= 0).sum()), 1)

        def update(index, progress):
            x, label = augmented(rows[index]), labels[index]
            reconstruction, kl, wrong = _terms(net, x, label, noise)
            labelled = (label >= 0).float()
            loss = (
                -reconstruction.mean()
                + ramp_up(progress, self.warm_up) * self.beta * kl.mean()
                + self.label_weight * often * (wrong * labelled).mean()
            )
            adam.step(loss, self.learning_rate * ramp_down(progress, self.cool_down))
            average.update(progress * steps)
            reconstruction, kl, wrong = (
                reconstruction.detach().mean(),
                kl.detach().mean(),
                wrong.detach(),
            )
            metrics = {
                "loss": self.beta * kl - reconstruction,
                "reconstruction": reconstruction,
                "kl": kl,
            }
            return metrics | (
                {"label": (wrong * labelled).sum() / labelled.sum().clamp(min=1)}
                if self.classes_
                else {}
            )

        self._train(
            update,
            n,
            rng,
            on_step,
            checkpoint,
            average.parts() | {"adam": adam, "noise": noise},
            reduced_precision=True,
        )
        self._standardize_codes()
        self.dimension_names_ = [f"z{j + 1}" for j in range(self.latent_dim)] + self.classes_
        self.importance_ = self._run(lambda net, x: net.kl(x), X).mean(0, dtype=np.float64)

    def _code_ends(self):
        return self.net_.code, self.net_.decoder

    def _moments(self, net, generator, x, label):
        """Of q(z|x,y), y the row's label, or the likeliest where it is -1."""
        import torch
        from torch.nn import functional as F

        seen = net.features(x)
        y = (
            F.one_hot(
                label.long().where(label >= 0, net.label_proba(seen).argmax(1)), net.classes
            ).to(x.dtype)
            if net.classes
            else seen[:, :0]
        )
        mean, log_std = split(net.code(torch.cat([seen, y], 1)))
        return mean, mean**2 + (2 * log_std).exp()

    # -- the public verbs beyond the contract ------------------------------------------------------

    def label_proba(self, X) -> np.ndarray:
        """Probability (n, K) of each of ``classes_`` for each row X (n, d)."""
        return self.transform(X)[:, self.latent_dim :]

    def predict_label(self, X) -> np.ndarray:
        """The most probable label of each row.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.

        Returns
        -------
        array (n,)
            Of ``classes_``, as text.

        Raises
        ------
        ValueError
            It has learnt no labels.
        """
        check_is_fitted(self)
        if not self.classes_:
            raise ValueError(
                "ConditionalVAE has seen no labels, so it predicts none; fit it with y of at least "
                "two labels."
            )
        return np.array(self.classes_, dtype=object)[self.label_proba(X).argmax(1)]

    def sample_codes(self, n, *, temperature=1.0, random_state=None, label: str | None = None):
        """Codes from the prior, of one label where it is given.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Of the style, which is drawn from N(0, temperature^2 I).
        random_state : int, RandomState or None
            Of the draws.
        label : str, optional
            One of ``classes_``; without it labels come as often as they were seen.

        Returns
        -------
        array (n, k + K)

        Raises
        ------
        ValueError
            ``label`` is none of ``classes_``.
        """
        Z = super().sample_codes(n, temperature=temperature, random_state=random_state)
        if label is not None:
            if str(label) not in self.classes_:
                raise ValueError(
                    f"label is {label!r}, expected one of "
                    f"{', '.join(self.classes_[:20]) or 'none: it has seen no labels'}."
                )
            Z[:, self.latent_dim :] = np.eye(len(self.classes_))[self.classes_.index(str(label))]
        return Z

    def sample(self, n, *, temperature=1.0, random_state=None, label: str | None = None):
        """n new rows X (n, d), of one ``label`` where it is given."""
        rng = check_random_state(random_state)
        return self.sample_decoder(
            self.sample_codes(n, temperature=temperature, random_state=rng, label=label),
            random_state=rng,
        )

    def elbo_parts(self, X, n_samples: int = 16) -> dict[str, np.ndarray]:
        """The two parts of each row's ELBO, summed over the labels by q(y|x).

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.
        n_samples : int
            Draws, which are fixed, the same for every row.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats; the ELBO is their difference. The KL
            is that of code and label.
        """
        check_is_fitted(self)
        draws = fixed_draws(n_samples, self.latent_dim)
        reconstruction, kl = self._run(
            lambda net, x: net.bound(x, draws), self._check(X, reset=False)
        )
        return {"reconstruction": reconstruction, "kl": kl}

    def code_kl(self, X) -> np.ndarray:
        """What each dimension of the code tells of each row.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.

        Returns
        -------
        array (n, k + K)
            In nats; of a label, against how often it is seen.
        """
        check_is_fitted(self)
        return self._run(lambda net, x: net.kl(x), self._check(X, reset=False))

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights of codes and labels drawn from the posterior of each row.

        Parameters
        ----------
        X : array or CSR (n, d)
            Rows.
        n_samples : int
            Pairs of code z and label y a row, drawn anew for every row.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, n_samples)
            ``log p(x, z, y) - log q(z, y|x)`` in nats.
        """
        check_is_fitted(self)
        return draw_weights(
            self.net_,
            self._check(X, reset=False),
            self.latent_dim + 1,
            n_samples,
            lambda net, x, noise: net.log_weights(x, noise),
            random_state,
        )

    # -- the contract ------------------------------------------------------------------------------

    def _prior(self, n, temperature, rng):
        style = rng.standard_normal((n, self.latent_dim)) * temperature
        if not self.classes_:
            return style
        return np.hstack(
            [
                style,
                np.eye(len(self.classes_))[rng.choice(len(self.classes_), n, p=self.class_shares_)],
            ]
        )


def _terms(net, x, label, noise):
    """Of each row: reconstruction (n,), kl (n,) of code and label, and -log q(y|x) (n,) of its
    label; a label of -1 is summed out.
    """
    import torch
    from torch.nn import functional as F

    seen = net.features(x)
    if not net.classes:
        return *_given(net, x, seen, seen.new_zeros((len(x), 0)), noise), torch.zeros(
            len(x), device=x.device
        )
    log_q = net.classify(seen).log_softmax(1)
    likely = torch.where(label >= 0, label, log_q.argmax(1))
    hot = F.one_hot(likely, net.classes).to(x.dtype)
    wrong = -(log_q * hot).sum(1)
    reconstruction, kl = _given(net, x, seen, hot, noise)
    kl = kl - net.log_shares[likely]
    unknown = (label < 0).nonzero()[:, 0]
    if len(unknown):
        every = torch.eye(net.classes, dtype=x.dtype, device=x.device).repeat(len(unknown), 1)
        copies = unknown.repeat_interleave(net.classes)
        terms = _given(net, x[copies], seen[copies], every, noise, of_likely=False)
        by_label, kls = (part.view(len(unknown), net.classes) for part in terms)
        weights = log_q[unknown].exp()
        reconstruction = reconstruction.index_copy(0, unknown, (weights * by_label).sum(1))
        kl = kl.index_copy(0, unknown, (weights * (kls + log_q[unknown] - net.log_shares)).sum(1))
    return reconstruction, kl, wrong


def _given(net, x, seen, y, noise, of_likely: bool = True):
    """log p(x|z,y) (n,) at one draw of z, and the KL (n,) of q(z|x,y). The noise of real
    columns is learnt from likely labels alone: with one that is wrong it would look larger than
    it is.
    """
    import torch

    mean, log_std = split(net.code(torch.cat([seen, y], 1)))
    z = mean + log_std.exp() * torch.randn(mean.shape, generator=noise, device=x.device)
    raw = net.decoder(torch.cat([z, y], 1))
    log_p = net.likelihoods.log_prob_and_update if of_likely else net.log_prob
    return log_p(raw, x), kl_by_dimension(mean, log_std).sum(1)
