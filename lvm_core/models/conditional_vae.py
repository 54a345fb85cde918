"""A variational autoencoder whose code holds the class: conditional where labels are known, semi-supervised where some are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..recipe import param
from .base import LatentModel, draw_discrete

MOST_CLASSES = 200


@dataclass(repr=False, eq=False)
class ConditionalVAE(LatentModel):
    """Conditional and semi-supervised variational autoencoder: M2 of Kingma et al. (2014, arXiv:1406.5298), which is the
    conditional VAE of Sohn et al. (2015) where every label is known.

    Objective, with ``L(x, y) = E_q(z|x,y)[log p(x|z, y)] + log p(y) - KL(q(z|x, y) || N(0, I))``: maximise the mean over rows of
    ``L(x, y)`` where y is known and of ``sum_y q(y|x) L(x, y) + H(q(y|x))`` where it is not, plus ``label_weight`` times the mean
    of ``log q(y|x)`` over known labels, which are drawn anew in every step. p(y) are the shares of the known labels.

    The code is [z, chances of the classes]. Without labels, or with one class, there is no class part: it is then a plain VAE.
    Learnt: ``net_``, ``classes_`` (list of str), ``class_share_`` (c,), ``dimension_names_`` (k + c,), ``importance_`` (k + c,).
    """

    title: ClassVar[str] = "Conditional autoencoder (labels)"
    paper: ClassVar[str] = "Kingma et al."
    year: ClassVar[int] = 2014
    link: ClassVar[str] = "https://arxiv.org/abs/1406.5298"
    summary: ClassVar[str] = "Keeps the class apart from the rest of the code: make items of a class you choose, and let few labels teach many rows."
    objective: ClassVar[str] = (r"\max\ \sum_{y_i\text{ known}}\mathcal L(x_i,y_i)+\sum_{y_i\text{ unknown}}\Big[\sum_y q(y|x_i)\,\mathcal L(x_i,y)+\mathcal H(q(y|x_i))\Big]"
                                r"+\alpha\,n\,\overline{\log q(y|x)},\quad \mathcal L(x,y)=\mathbb E_{q(z|x,y)}[\log p(x|z,y)]+\log p(y)-\mathrm{KL}(q(z|x,y)\,\|\,\mathcal N(0,I))")
    when: ClassVar[str] = ("When rows have labels, or some of them, and you want to choose the class of what is made or see style apart from class. With few "
                           "labels it can use the unlabelled rows too; a plain classifier on the same labels may still guess better. Without labels use the VAE.")
    reading: ClassVar[str] = ("z1, z2, ... say how an item differs from others of its class; the sliders named after classes say how likely each class is, and are made to "
                              "sum to one when decoded. The same z with another class is the same style in that class.")
    importance_meaning: ClassVar[str] = "nats of information about a row (KL)"
    labels: ClassVar[bool] = True
    iterative: ClassVar[bool] = True
    length: ClassVar[str] = "epochs"
    kinds: ClassVar[tuple[str, ...]] = ("image", "table", "array")

    latent_dim: int = param(8, low=1, high=512, help="Length of z, the part of the code that is not the class.")
    epochs: int = param(50, low=1, high=5000, log=True, help="Passes over the data; more is slower and fits closer.")
    label_weight: float = param(50.0, low=0.0, high=1000.0, help="Weight of guessing known labels right, beside explaining the rows.", advanced=True)
    network: str = param("auto", choices=("auto", "mlp", "conv"), help="Convolutions for pictures, a perceptron for everything else; auto decides.", advanced=True)
    width: int = param(128, low=4, high=2048, log=True, help="Units of a hidden layer; a convolution begins with a sixteenth of it.", advanced=True)
    depth: int = param(2, low=0, high=6, help="Hidden layers of the perceptrons.", advanced=True)
    warm_up: float = param(0.0, low=0.0, high=1.0, help="Share of the training in which the weight of the KL term rises from 0; while it is low z takes over what the class should say.", advanced=True)
    batch_size: int = param(64, low=1, high=8192, log=True, help="Rows in one step of the optimiser.", advanced=True)
    learning_rate: float = param(1e-3, low=1e-6, high=1.0, log=True, help="Step size of the optimiser (Adam).", advanced=True)
    random_state: int | None = param(0, low=0, high=2**31 - 1, advanced=True, help="Seed of weights, batches and noise.")

    @classmethod
    def suggest(cls, n, layout):
        from .vae import VAE

        known = VAE.suggest(n, layout)
        return {k: v for k, v in known.items() if k in cls.parameters()} | {"depth": 1 if layout.d > 32 else 2}

    # -- learning -----------------------------------------------------------------------------------------------------

    def _network(self):
        from ..labelled import LabelledNet

        return LabelledNet(self.layout_, self.latent_dim, len(self.classes_), self.network, self.width, self.depth, bounded=self.bounded_)

    def _rebuild(self):
        from ..training import device

        self.net_ = self._network().to(device()).eval()

    def _fit(self, X, rng, on_step, checkpoint=None, y=None):
        import torch

        from ..training import Adam, Rows, device, seeded, train

        where, n = device(), len(X)
        self.classes_, places = _classes(y, n)
        known = np.flatnonzero(places >= 0)
        share = np.bincount(places[known], minlength=len(self.classes_)) / max(len(known), 1)
        self.class_share_ = share.astype(np.float64)
        self.dimension_names_ = [f"z{j + 1}" for j in range(self.latent_dim)] + self.classes_
        self.bounded_ = self.layout_.image is not None and bool(X.min() >= 0 and X.max() <= 1)
        self.net_ = net = self._network()
        net.start(X, self.layout_, seeded(rng))
        net.to(where).train()
        rows, noise, adam = Rows(X, where), seeded(rng, where), Adam(net.parameters())
        labels, labelled = torch.as_tensor(places, device=where), torch.as_tensor(known, device=where)
        log_share = torch.as_tensor(np.log(np.maximum(share, 1e-12)), dtype=torch.float32, device=where)
        eye = torch.eye(len(self.classes_), device=where)

        def update(index, progress):
            warm = min(progress / self.warm_up, 1.0) if self.warm_up else 1.0
            x, y = rows[index], labels[index]
            total = x.new_zeros(())
            _follow_noise(net, x, y, eye, noise)
            told, untold = ((y >= 0), (y < 0)) if self.classes_ else (y < -1, y < 0)
            if told.any():
                total = total + _bound(net, x[told], eye[y[told]], noise, warm).sum() + log_share[y[told]].sum()
            if untold.any():
                total = total + self._unknown(net, x[untold], eye, log_share, noise, warm).sum()
            loss, guess = -total / len(x), x.new_zeros(())
            if self.classes_:
                at = labelled[torch.randint(len(labelled), (min(len(labelled), self.batch_size),), generator=noise, device=where)]
                guess = torch.nn.functional.nll_loss(net.log_chances(rows[at]), labels[at])
            adam.step(loss + self.label_weight * guess, self.learning_rate * min(2 * (1 - progress), 1.0))
            return {"loss": loss.detach() + self.label_weight * guess.detach(), "bound": -loss.detach(), "labels": guess.detach()}

        self.history_, self.stopped_ = train(update, n, batch_size=self.batch_size, steps=self.epochs * -(-n // self.batch_size),
                                             generator=seeded(rng, where), on_step=on_step, checkpoint=checkpoint,
                                             parts={"net": net, "adam": adam, "noise": noise})
        self.n_iter_ = -(-self.history_[-1]["step"] // -(-n // self.batch_size))
        net.eval()
        kl, y = self._run(_z_information, X)
        p = np.clip(self.class_share_, 1e-12, 1 - 1e-12)
        q = np.clip(y.astype(np.float64), 1e-12, 1 - 1e-12)
        classes = (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))).mean(0)
        self.importance_ = np.concatenate([kl.mean(0, dtype=np.float64), classes])

    @staticmethod
    def _unknown(net, x, eye, log_share, noise, warm):
        """The bound (n,) of rows whose class is unknown: over all classes, weighed by q(y|x)."""
        if not len(eye):
            return _bound(net, x, x.new_zeros((len(x), 0)), noise, warm)
        c, log_q = len(eye), net.log_chances(x)
        bounds = _bound(net, x.repeat_interleave(c, 0), eye.repeat(len(x), 1), noise, warm).view(-1, c)
        return (log_q.exp() * (bounds + log_share - log_q)).sum(1)

    # -- the public verbs beyond the contract -------------------------------------------------------------------------

    def predict_proba(self, X) -> np.ndarray:
        """q(y|x) (n, c), classes in the order of ``classes_``."""
        return self.transform(X)[:, self.latent_dim:]

    def predict(self, X) -> np.ndarray:
        """The likeliest class (n,) of each row X (n, d), as text. Raises ValueError where the fit had no labels."""
        chances = self.predict_proba(X)
        if not self.classes_:
            raise ValueError("ConditionalVAE: the fit had no labels of two classes or more, so there is none to predict.")
        return np.array(self.classes_, dtype=object)[chances.argmax(1)]

    def sample_codes(self, n, *, temperature=1.0, random_state=None, label: str | None = None) -> np.ndarray:
        """n codes (n, k + c): z from N(0, temperature^2 I), the class by its share in training, or ``label``.

        Raises ValueError for a label that was not learnt."""
        codes = super().sample_codes(n, temperature=temperature, random_state=random_state)
        if label is not None:
            check_is_fitted(self)
            if str(label) not in self.classes_:
                raise ValueError(f"label is {str(label)[:40]!r}, expected one of {', '.join(self.classes_[:20]) or 'none: the fit had no labels'}.")
            codes[:, self.latent_dim:] = np.eye(len(self.classes_))[self.classes_.index(str(label))]
        return codes

    def sample(self, n, *, temperature=1.0, random_state=None, label: str | None = None) -> np.ndarray:
        """n new rows X (n, d), of one class where ``label`` says so; see :meth:`LatentModel.sample`."""
        rng = check_random_state(random_state)
        return self.emit(self.sample_codes(n, temperature=temperature, random_state=rng, label=label), random_state=rng)

    # -- the contract -------------------------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: net.encode(x), X)

    def _decode(self, Z):
        return self._run(lambda net, z: net.mean(z), Z)

    def _prior(self, n, temperature, rng):
        z = rng.standard_normal((n, self.latent_dim)) * temperature
        if not self.classes_:
            return z
        return np.hstack([z, np.eye(len(self.classes_))[rng.choice(len(self.classes_), n, p=self.class_share_)]])

    def _draw(self, Z, rng):
        X = self._decode(Z)
        if self.layout_.image is None:
            X = X + rng.standard_normal(X.shape) * self.net_.heads.sigma()
        return draw_discrete(X, self.layout_, rng)

    def _run(self, function, *arrays):
        from ..nets import in_batches

        return in_batches(function, self.net_, *arrays)


def _classes(y, n: int) -> tuple[list[str], np.ndarray]:
    """(names, place of each row's (n,) or -1). Fewer than two classes are none."""
    import pandas as pd

    if y is None:
        return [], np.full(n, -1)
    y = np.asarray(y, dtype=object)
    y = pd.Series(y[:, 0] if y.ndim > 1 else y)
    gone = y.isna().to_numpy()
    text = np.array([str(v) for v in y], dtype=object)
    names = sorted(set(text[~gone]))
    if len(names) > MOST_CLASSES:
        raise ValueError(f"ConditionalVAE: the labels are of {len(names)} classes, expected at most {MOST_CLASSES}; choose a coarser label.")
    if len(names) < 2:
        return [], np.full(n, -1)
    place = {name: i for i, name in enumerate(names)}
    return names, np.array([-1 if g else place[t] for g, t in zip(gone, text)])


def _follow_noise(net, x, y, eye, noise):
    """Let the noise of real columns follow the error at the known or likeliest class: not at all the classes that are summed over."""
    import torch

    with torch.no_grad():
        net.heads.train()
        guessed = torch.where(y >= 0, y, net.log_chances(x).argmax(1)) if len(eye) else y
        _bound(net, x, eye[guessed] if len(eye) else x.new_zeros((len(x), 0)), noise, 1.0)
        net.heads.eval()


def _bound(net, x, y, noise, warm):
    """E[log p(x|z, y)] - warm * KL (n,), by one draw."""
    import torch

    from .vae import kl_by_dimension

    mean, log_std = net.posterior_of(net.features(net.inputs(x)), y)
    z = torch.addcmul(mean, log_std.exp(), torch.randn(mean.shape, generator=noise, device=x.device))
    return net.heads.log_prob(net.decoder(torch.cat([z, y], 1)), x) - warm * kl_by_dimension(mean, log_std).sum(1)


def _z_information(net, x):
    from .vae import kl_by_dimension

    y = net.log_chances(x).exp()
    return kl_by_dimension(*net.posterior_of(net.features(net.inputs(x)), y)), y
