"""The generative adversarial network that is told what to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state

from .gan import GAN


@dataclass(repr=False, eq=False)
class ConditionalGAN(GAN):
    """Conditional generative adversarial network (Mirza & Osindero, 2014, arXiv:1411.1784) by the
    recipe of :class:`GAN`.

    A code is ``[z, c]``: z (``latent_dim`` numbers) from N(0, I), and c, the share of each of
    ``classes_``, which sum to 1; training draws c as the class of the real row beside it. The
    critic scores a row by projection (Miyato & Koyama, 2018, arXiv:1802.05637): ``D(x, c) = a(x) +
    c . b(x)``. A row without a label is paired with a draw of a random class, and both are scored
    by ``a`` alone. The encoder gives both parts, the class by cross-entropy on drawn and on
    labelled real rows.

    ``inverse_transform`` takes any code: shares below 0 count as 0, and are scaled to sum to 1;
    none at all is every class alike. Without labels it is the GAN.

    Learnt beside what GAN learns: ``classes_`` (list of str), ``class_share_`` (classes,): their
    frequencies among the training rows.
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
        """n codes (n, k): z from N(0, I) times ``temperature``; classes as often as in the
        training rows, or all ``label``. Raises ValueError naming the classes where ``label`` is
        none of them.
        """
        rng = check_random_state(random_state)
        Z = super().sample_codes(n, temperature=temperature, random_state=rng)
        if label is not None:
            if str(label) not in self.classes_:
                raise ValueError(
                    f"label is {str(label)[:40]!r}, expected one of "
                    f"{', '.join(self.classes_[:20]) or 'none: this model was trained without labels'}."  # noqa: E501
                )
            Z[:, self.latent_dim :] = np.arange(len(self.classes_)) == self.classes_.index(
                str(label)
            )
        return Z

    # -- the contract ------------------------------------------------------------------------------

    def preview(self, X, Z):
        """As of the GAN; codes Z (m, latent_dim) without a class part are shown as one class
        after the other.
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

        return (
            ClassCodeNet(self.schema_, self.latent_dim, len(self.classes_), *self._shape())
            if self.classes_
            else super()._network()
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
