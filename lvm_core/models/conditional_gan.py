"""The generative adversarial network that is told what to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .base import LatentModel
from .gan import GAN


@dataclass(repr=False, eq=False)
class ConditionalGAN(GAN):
    """Conditional generative adversarial network (Mirza & Osindero, 2014).

    Trained by the recipe of :class:`~lvm_core.models.gan.GAN`.

    A code is ``[z, c]``: z (``latent_dim`` numbers) from N(0, I), and c, the share of each of
    ``classes_``, which sum to 1; training draws c as the class of the real row beside it. The
    critic scores a row by projection (Miyato & Koyama, 2018): ``D(x, c) = a(x) + c . b(x)``. A row
    without a label is paired with a draw of a random class, and both are scored by ``a`` alone. The
    encoder gives both parts, the class by cross-entropy on drawn and on labelled real rows.

    ``inverse_transform`` takes any code: shares below 0 count as 0, and are scaled to sum to 1;
    none at all is every class alike. Without labels it is the GAN.

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
    batch_size : int, default=128
        Real rows, and drawn ones, in one step.
    learning_rate : float, default=0.001
        Step size of the optimiser (Adam) at the start.
    random_state : int or None, default=0
        Seed of weights, batches and codes.

    Attributes
    ----------
    classes_ : list of str
        The labels; empty without labels.
    dimension_names_ : list of str
        Of the code's dimensions: z1, z2, ..., then the labels.
    class_share_ : array (classes,)
        Frequencies of the labels among the training rows.
    net_ : ClassCodeNet
        Encoder, generator (its ``decoder``) and likelihoods; a CodeNet without labels.
    bounded_ : bool
        Whether drawn pixels stay in [0, 1], as those of the data do.
    importance_ : array (latent_dim + classes,)
        Mean change of the output per unit step (of a class: when the item becomes of that class),
        in the data's standard deviations.
    history_ : list of dict
        As the GAN's.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * Mirza & Osindero (2014), https://arxiv.org/abs/1411.1784.
    * Miyato & Koyama (2018), https://arxiv.org/abs/1802.05637.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.conditional_gan import ConditionalGAN
    >>> rng = np.random.RandomState(0)
    >>> y = np.repeat(["a", "b"], 30)
    >>> X = (rng.standard_normal((60, 4)) + (y == "b")[:, None]).astype("float32")
    >>> model = ConditionalGAN(latent_dim=2, steps=10, width=16).fit(X, y)
    >>> model.transform(X).shape, model.dimension_names_
    ((60, 4), ['z1', 'z2', 'a', 'b'])
    >>> model.sample_codes(2, label="b", random_state=0)[:, 2:].tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """

    title: ClassVar[str] = "Conditional GAN"
    list_order: ClassVar[int] = 51
    paper: ClassVar[str] = "Mirza & Osindero"
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1411.1784"
    summary: ClassVar[str] = (
        "A GAN that is told the label: it draws the class you ask for, and the code holds only "
        "what else varies."
    )
    importance_meaning: ClassVar[str] = (
        "mean change of the output per unit step (of a class: when the item becomes of that "
        "class), in the data's standard deviations"
    )
    labels: ClassVar[bool] = True
    conditional: ClassVar[bool] = True
    objective: ClassVar[str] = (
        r"\min_D\; \mathbb E\big[\mathrm{softplus}(-\Delta)\big] + \tfrac{\gamma}{2}\,\mathbb "
        r"E\,\|\nabla_x D(x, c)\|^2 "
        r"+ \tfrac{\gamma}{2}\,\mathbb E\,\|\nabla_x D(G(z, c), c)\|^2, \qquad \min_G\; \mathbb "
        r"E\big[\mathrm{softplus}(\Delta)\big], "
        r"\qquad \Delta = D(x, c) - D(G(z, c), c),\quad D(x, c) = a(x) + c^\top b(x)"
    )
    when: ClassVar[str] = (
        "When rows have labels and you want samples of a class you name, or want to see one style "
        "across all classes. Rather not without labels "
        "(it is then the plain GAN), with dozens of rarely seen classes, or when you need a "
        "likelihood."
    )
    reading: ClassVar[str] = (
        "The code has two parts. The last numbers, one a class, say how much of each class the "
        "item is: 1 for one and 0 for the others is that class, shares in between "
        "are a mixture no real row need resemble. The first numbers are what else varies: keep "
        "them and change the class to see the same style in another class. "
        "A real item's code is the encoder's guess, its class part the encoder's belief; a search "
        "(inversion) comes closer. Losses are a contest, as of every GAN."
    )

    # -- the public verb beyond the contract -------------------------------------------------------

    def sample_codes(
        self, n: int, *, temperature: float = 1.0, random_state=None, label: str | None = None
    ) -> np.ndarray:
        """Codes from the prior, of one class where it is given.

        Parameters
        ----------
        n : int
            How many.
        temperature : float
            Multiplies z, which is drawn from N(0, I).
        random_state : int, RandomState or None
            Of the draws.
        label : str, optional
            One of ``classes_``; without it classes come as often as in the training rows.

        Returns
        -------
        array (n, latent_dim + classes)

        Raises
        ------
        ValueError
            ``label`` is none of ``classes_``, which are then named.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        if label is not None and str(label) not in self.classes_:
            raise ValueError(
                f"label is {str(label)[:40]!r}, expected one of "
                f"{', '.join(self.classes_[:20]) or 'none: this model was trained without labels'}."
            )

        def draw(count):
            Z = LatentModel.sample_codes(self, count, temperature=temperature, random_state=rng)
            if label is not None:
                asked = self.classes_.index(str(label))
                Z[:, self.latent_dim :] = np.arange(len(self.classes_)) == asked
            return Z

        return self._accepted(n, draw, rng)

    def sample(
        self, n: int, *, temperature: float = 1.0, random_state=None, label: str | None = None
    ) -> np.ndarray:
        """New rows, of one class where it is given.

        Parameters
        ----------
        n : int
            How many.
        temperature, random_state, label
            See :meth:`sample_codes`.

        Returns
        -------
        array (n, d)

        Raises
        ------
        ValueError
            ``label`` is none of ``classes_``.
        """
        rng = check_random_state(random_state)
        Z = self.sample_codes(n, temperature=temperature, random_state=rng, label=label)
        return self.sample_decoder(Z, random_state=rng)

    # -- the contract ------------------------------------------------------------------------------

    def preview(self, X, Z):
        """As of the GAN, also of codes without a class part.

        Such codes Z (m, latent_dim) are shown as one class after the other.
        """
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

    def _fit(self, X, rng, on_step, checkpoint=None, y=None):
        import torch

        from ..labels import encode_labels
        from ..nn.training import device

        self.classes_, number = encode_labels([None] * X.shape[0] if y is None else y)
        self.dimension_names_ = [f"z{j + 1}" for j in range(self.latent_dim)] + self.classes_
        seen = number[number >= 0]
        self.class_share_ = np.bincount(seen, minlength=len(self.classes_)) / max(len(seen), 1)
        # nothing but zeros without a label
        onehot = (number[:, None] == np.arange(len(self.classes_))).astype(np.float32)
        self._known, self._share = (
            torch.as_tensor(a, dtype=torch.float32, device=device())
            for a in (onehot, self.class_share_)
        )
        try:
            return super()._fit(X, rng, on_step, checkpoint)
        finally:
            del self._known, self._share

    def _network(self):
        from ..nn.nets import ClassCodeNet

        if not self.classes_:
            return super()._network()
        k, classes = self.latent_dim, len(self.classes_)
        return self._with_pictures(
            ClassCodeNet(self.schema_, k, classes, *self._shape(), **self._likelihoods()),
            k + classes,
        )

    def _critic(self, outputs=1):
        return super()._critic(outputs + len(self.classes_))

    def _given(self, index):
        return self._known[index] if self.classes_ else None

    def _judge(self, scores, given):
        if given is None:
            return scores
        given = given.repeat(len(scores) // len(given), 1)
        return scores[:, :1] + (scores[:, 1:] * given).sum(1, keepdim=True)

    def _random_codes(self, count, given, noise):
        import torch

        z = super()._random_codes(count, given, noise)
        if given is None:
            return z
        drawn = torch.multinomial(self._share, count, replacement=True, generator=noise)
        drawn = torch.where(given.any(1), given.argmax(1), drawn)
        return torch.cat([z, torch.nn.functional.one_hot(drawn, len(self.classes_)).to(z.dtype)], 1)

    def _with_given(self, z, given, noise):
        import torch

        if given is None:
            return z
        drawn = self._random_codes(len(z), given, noise)[:, self.latent_dim :]
        return torch.cat([z, drawn], 1)

    def _code_error(self, raw, found, z, given):
        if given is None:
            return super()._code_error(raw, found, z, given)
        k, log_share = self.latent_dim, lambda outputs: outputs[:, self.latent_dim :].log_softmax(1)
        of_drawn = -(z[:, k:] * log_share(raw)).sum(1).mean()
        of_real = -(given * log_share(found)).sum(1).mean()
        return (raw[:, :k] - z[:, :k]).square().mean() + of_drawn + of_real

    def _influence(self, rng):
        influence = super()._influence(rng)
        Z, scale = (
            self._prior(64, 1.0, rng).astype(np.float32),
            self.net_.scaler.scale.cpu().numpy(),
        )
        was = self._decode(Z)
        for j in range(self.latent_dim, len(influence)):
            Z[:, self.latent_dim :] = np.arange(self.latent_dim, len(influence)) == j
            influence[j] = np.sqrt(
                (((self._decode(Z) - was) / scale).astype(np.float64) ** 2).mean()
            )
        return influence

    def _prior(self, n, temperature, rng):
        z = super()._prior(n, temperature, rng)
        if not self.classes_:
            return z
        return np.hstack(
            [z, np.eye(len(self.classes_))[rng.choice(len(self.classes_), n, p=self.class_share_)]]
        )
