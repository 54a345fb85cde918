"""Features of a small convolutional network trained on the labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..params import param
from .neural import NeuralModel, common

# of the labels: without it codes of rows that are told apart for certain move outwards without end
SMOOTHING = 0.1


@dataclass(repr=False, eq=False)
class CNNFeatures(NeuralModel):
    """The last hidden layer of a convolutional classifier (LeCun et al., 1998) as a latent space.

    Encoder E, whose output z is that layer, and a linear layer minimise the cross-entropy of
    ``softmax(W E(x) + b)`` with the labels, which are smoothed by a tenth (Szegedy et al., 2016);
    rows without a label are passed over. Pictures enter at random offsets of up to a twelfth of
    their size. Afterwards E is fixed and a decoder D minimises the squared error ``|D(E(x)) -
    x|^2``: it shows what the features still know of the picture and takes no part in learning them.
    New codes come from a Gaussian a class, fitted to the codes (as Ghosh et al., 2020, do for
    autoencoders).

    Without labels the encoder keeps its random weights: random convolutional features (Saxe et al.,
    2011), a baseline.

    Parameters
    ----------
    latent_dim : int, default=16
        Length of the code: units of the last hidden layer.
    epochs : int, default=30
        Passes over the pictures; as many again at half the number for the decoder.
    shift : bool, default=True
        Learn from pictures moved by up to a twelfth of their size, as they are recognised wherever
        they stand.
    width : int, default=256
        Units of the hidden layer; the first map has an eighth of it as channels.
    batch_size : int, default=64
        Rows in one step of the optimiser.
    learning_rate : float, default=0.002
        Step size of the optimiser (Adam) at the start.
    random_state : int or None, default=0
        Seed of weights, batches and offsets.

    Attributes
    ----------
    net_ : CodeNet
        Encoder, decoder and likelihoods.
    bounded_ : bool
        Whether decoded pixels are kept in [0, 1], as those of the training rows are.
    classes_ : list of str
        The labels; empty without labels.
    class_weights_ : array (k, classes)
        W.
    class_bias_ : array (classes,)
        b.
    group_share_ : array (g,)
        Share of the rows in each Gaussian: one a class, or one for all rows without labels.
    group_means_ : array (g, k)
        Their means.
    group_factors_ : array (g k, k)
        Their Cholesky factors on top of each other.
    importance_ : array (k,)
        Mean change of the decoded picture per standard deviation of the dimension, in the data's
        standard deviations.
    history_ : list of dict
        loss and accuracy of the classifier, by step; without labels the loss of the decoder.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    * LeCun et al. (1998), https://doi.org/10.1109/5.726791.
    * Szegedy et al. (2016), https://arxiv.org/abs/1512.00567.
    * Ghosh et al. (2020), https://arxiv.org/abs/1903.12436.
    * Saxe et al. (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.cnn_features import CNNFeatures
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> X = np.random.RandomState(0).uniform(size=(40, 64)).astype("float32")
    >>> y = np.repeat(["a", "b"], 20)
    >>> pictures = Schema((FeatureGroup("gaussian", 64),), image=(8, 8, 1))
    >>> model = CNNFeatures(latent_dim=4, epochs=2, width=32).fit(X, y, schema=pictures)
    >>> model.transform(X).shape, model.classes_, model.label_proba(X).shape
    ((40, 4), ['a', 'b'], (40, 2))
    """

    title: ClassVar[str] = "Features of a small CNN"
    list_order: ClassVar[int] = 60
    paper: ClassVar[str] = "LeCun et al."
    year: ClassVar[int] = 1998
    link: ClassVar[str] = "https://doi.org/10.1109/5.726791"
    summary: ClassVar[str] = (
        "What a classifier sees: a network learns to tell your labels apart, and its last layer is "
        "the map."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("image",)
    importance_meaning: ClassVar[str] = (
        "mean change of the decoded picture per standard deviation of the dimension, in the data's "
        "standard deviations"
    )
    labels: ClassVar[bool] = True
    objective: ClassVar[str] = (
        r"\min_{E, W, b}\; -\mathbb E_{x, y}\sum_c \tilde y_c \log \mathrm{softmax}_c\big(W E(x) + "
        r"b\big), \quad \tilde y = 0.9\,y + 0.1/C; "
        r"\qquad\text{then, } E \text{ fixed,}\quad \min_D\; \mathbb E_x \|D(E(x)) - x\|^2"
    )
    when: ClassVar[str] = (
        "When pictures have labels and you want those labels far apart: to see which classes "
        "resemble each other, find mislabelled pictures, or search by kind. "
        "Needs a label column. Rather not to generate or to restore pictures, for which a VAE "
        "keeps what does not tell classes apart."
    )
    reading: ClassVar[str] = (
        "Pictures of one class lie together, and those between two groups are what the classifier "
        "takes for either. Everything that does not help to tell the classes apart "
        "is thrown away, so the decoded picture is a typical one of its kind, drawn by a decoder "
        "that was trained afterwards on the finished features. "
        "Held-out accuracy says how far the groups can be trusted. Without labels nothing is "
        "learnt: the features are then random ones."
    )

    latent_dim: int = common(
        "latent_dim", 16, help="Length of the code: units of the last hidden layer."
    )
    epochs: int = common(
        "epochs",
        30,
        help="Passes over the pictures; as many again at half the number for the decoder.",
    )
    shift: bool = param(
        True,
        help=(
            "Learn from pictures moved by up to a twelfth of their size, as they are recognised "
            "wherever they stand."
        ),
        advanced=True,
    )
    width: int = common(
        "width",
        256,
        help="Units of the hidden layer; the first map has an eighth of it as channels.",
    )
    batch_size: int = common("batch_size", 64)
    learning_rate: float = common(
        "learning_rate", 2e-3, help="Step size of the optimiser (Adam) at the start."
    )
    random_state: int | None = common(
        "random_state", 0, help="Seed of weights, batches and offsets."
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        found = super().suggest(n, schema, minutes)
        # as many steps again at half the number, for the decoder, which takes half a step's time
        epochs = int(np.clip(round(0.8 * found["epochs"]), 3, 200))
        return {
            "latent_dim": max(1, min(16, schema.d)),
            "batch_size": found["batch_size"],
            "epochs": epochs,
            "width": found["width"],
        }

    # -- learning ----------------------------------------------------------------------------------

    def _network(self):
        from torch import nn

        from ..nn.nets import CodeNet

        return CodeNet(
            self.schema_,
            self.latent_dim,
            self.latent_dim,
            self.network_,
            self.width,
            1 if self.network_ == "resnet" else 2,
            nn.ReLU,
            bounded=self.bounded_,
        )

    def _auto_before(self):
        return "mlp" if self.schema_.image is None else "conv"

    def _network_kind(self):
        found = super()._network_kind()
        return found if found == "resnet" else self._auto_before()

    def preview(self, X, Z):
        """As of every model; what comes back is left out while only the features are trained."""
        seen = super().preview(X, Z)
        return (
            seen
            if getattr(self, "_decodes", True)
            else {name: seen[name] for name in ("codes", "made")}
        )

    def _fit(self, X, rng, on_step, checkpoint=None, y=None):
        from ..labels import encode_labels
        from ..nn.nets import in_unit_range
        from ..nn.training import BatchSource, device

        where, self._decodes = device(), False
        self.bounded_ = in_unit_range(X, self.schema_)
        net = self._new_network(X, rng, checkpoint)
        self.classes_, number = encode_labels([None] * X.shape[0] if y is None else y)
        self._train_encoder(net, X, number, rng, on_step, checkpoint)
        Z = self._encode(X)
        self._train_decoder(
            net, BatchSource(X, where), BatchSource(Z, where), len(X), rng, on_step, checkpoint
        )
        net.requires_grad_(False).eval()
        self._fit_groups(Z, number)
        self.importance_ = self._influence(Z, rng)
        return Z

    def _train_encoder(self, net, X, number, rng, on_step, checkpoint):
        import torch
        from torch.nn import functional as F

        from ..nn.nets import Linear, initialise
        from ..nn.training import Adam, BatchSource, ramp_down, seeded, train

        where, known = next(net.parameters()).device, number >= 0
        head = Linear(self.latent_dim, max(len(self.classes_), 1))
        initialise(head, seeded(rng))
        head.to(where)
        moves, order = seeded(rng), seeded(rng, where)
        if known.any():
            rows, truth = BatchSource(X[known], where), torch.as_tensor(number[known], device=where)
            learnt = [*net.encoder.parameters(), *head.parameters()]
            adam = Adam(learnt, weight_decay=0.02)

            def update(index, progress):
                x, target = self._shifted(net.scaler(rows[index]), moves), truth[index]
                scores = head(net.encoder(x))
                loss = F.cross_entropy(scores, target, label_smoothing=SMOOTHING)
                adam.step(loss, self.learning_rate * ramp_down(progress, 0.5))
                return {
                    "loss": loss.detach(),
                    "accuracy": (scores.detach().argmax(1) == target).float().mean(),
                }

            steps = self.epochs * -(-int(known.sum()) // self.batch_size)
            self.history_, self.stopped_ = train(
                update,
                int(known.sum()),
                batch_size=self.batch_size,
                steps=steps,
                generator=order,
                on_step=on_step,
                phase="features",
                checkpoint=checkpoint,
                parts={"net": net, "head": head, "adam": adam, "moves": moves},
                reduced_precision=True,
            )
        self.class_weights_ = head.weight.detach().cpu().numpy().T[:, : len(self.classes_)].copy()
        self.class_bias_ = head.bias.detach().cpu().numpy()[: len(self.classes_)].copy()

    def _shifted(self, x, moves):
        """Pictures (n, d) moved together by a random offset, what lies beyond the edge repeated
        from it.
        """
        import torch
        from torch.nn import functional as F

        if not self.shift or self.schema_.image is None:
            return x
        h, w, c = self.schema_.image
        dy, dx = h // 12, w // 12
        down, right = (int(torch.randint(2 * most + 1, (), generator=moves)) for most in (dy, dx))
        wide = F.pad(x.view(-1, h, w, c).permute(0, 3, 1, 2), (dx, dx, dy, dy), mode="replicate")
        return (
            wide[:, :, down : down + h, right : right + w].permute(0, 2, 3, 1).reshape(len(x), -1)
        )

    def _train_decoder(self, net, rows, codes, n, rng, on_step, checkpoint):
        from ..nn.training import Adam, ramp_down, seeded, train

        self._decodes, adam = True, Adam(net.decoder.parameters())

        def update(index, progress):
            error = (net.scaler(net.mean(codes[index])) - net.scaler(rows[index])).square().mean()
            adam.step(error, 1e-3 * ramp_down(progress, 0.5))
            return {"loss": error.detach()}

        each = -(-n // self.batch_size)
        steps = each if self.stopped_ else each * -(-self.epochs // 2)
        history, stopped = train(
            update,
            n,
            batch_size=self.batch_size,
            steps=steps,
            generator=seeded(rng, rows.where),
            phase="decoder",
            on_step=None if self.stopped_ else on_step,
            checkpoint=checkpoint,
            parts={"decoder": net.decoder, "adam": adam},
            reduced_precision=True,
        )
        self.history_, self.stopped_ = self.history_ or history, self.stopped_ or stopped

    def _fit_groups(self, Z, number):
        """One Gaussian a class, or one for all rows where none has a label."""
        present = np.unique(number[number >= 0]) if (number >= 0).any() else np.array([-1])
        groups = [Z[number == g].astype(np.float64) for g in present]
        pooled = np.vstack([g - g.mean(0) for g in groups])
        spread, total = pooled.T @ pooled / len(pooled), len(pooled)
        self.group_share_ = np.array([len(g) / total for g in groups])
        self.group_means_ = np.array([g.mean(0) for g in groups])
        factors = []
        for g in groups:  # a class of few rows borrows the spread of all
            own, weight = g - g.mean(0), len(g) / (len(g) + 2.0 * Z.shape[1])
            mixed = weight * own.T @ own / len(g) + (1 - weight) * spread
            factors.append(
                np.linalg.cholesky(
                    mixed + (1e-6 * np.trace(mixed) / len(mixed) + 1e-12) * np.eye(len(mixed))
                )
            )
        self.group_factors_ = np.vstack(factors)

    def _influence(self, Z, rng, points: int = 64):
        at, step, scale = (
            Z[rng.randint(len(Z), size=points)],
            0.5 * Z.std(0),
            self.net_.scaler.scale.cpu().numpy(),
        )
        changes = [
            (self._decode(at + move) - self._decode(at - move)) / scale
            for move in np.diag(step).astype(Z.dtype)
        ]
        return np.array([np.sqrt((change.astype(np.float64) ** 2).mean()) for change in changes])

    # -- the public verbs beyond the contract ------------------------------------------------------

    def label_proba(self, X) -> np.ndarray:
        """Chance of each label by the classifier whose features the codes are.

        Parameters
        ----------
        X : array (n, d)
            Pictures.

        Returns
        -------
        array (n, classes)
            In the order of ``classes_``; rows sum to 1.

        Raises
        ------
        ValueError
            It has learnt no classes.
        """
        check_is_fitted(self)
        if not self.classes_:
            raise ValueError(
                "CNNFeatures has seen no labels, so it predicts none; fit it with y of at least "
                "two labels."
            )
        scores = self._encode(self._check(X, reset=False)) @ self.class_weights_ + self.class_bias_
        share = np.exp(scores - scores.max(1, keepdims=True))
        return share / share.sum(1, keepdims=True)

    def predict_label(self, X) -> np.ndarray:
        """The likeliest label of each row.

        Parameters
        ----------
        X : array (n, d)
            Pictures.

        Returns
        -------
        array (n,)
            Of ``classes_``, as text.

        Raises
        ------
        ValueError
            It has learnt no classes.
        """
        return np.array(self.classes_, dtype=object)[self.label_proba(X).argmax(1)]

    # -- the contract ------------------------------------------------------------------------------

    def _prior(self, n, temperature, rng):
        k = self.group_means_.shape[1]
        group, noise = (
            rng.choice(len(self.group_share_), n, p=self.group_share_),
            rng.standard_normal((n, k)),
        )
        factors = self.group_factors_.reshape(-1, k, k)
        return self.group_means_[group] + temperature * np.einsum(
            "nij,nj->ni", factors[group], noise
        )
