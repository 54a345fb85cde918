"""What models made of networks share: how they are built, run, trained and saved, and the
parameters they have in common.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..io.checkpoint import Checkpoint
from ..io.migrations import auto_before
from ..nn.elbo import DECODED, fixed_draws, standardize_codes
from ..params import param
from ..settings import setting
from .base import LatentModel, draw_discrete

if TYPE_CHECKING:
    from ..nn.nets import Net

AUGMENTATIONS = ("shift", "mirror", "colour")
FEW_ROWS = 10_000  # pictures up to which more are made of them
MOST_HELD_OUT = 500  # rows that tell when to end
# width of a network for pictures, by how many rows it can learn from within the budget
WIDTHS = ((256, 30_000), (192, 15_000), (128, 0))
MOMENT_ROWS = 1024  # from which the codes' mean and width are taken: tell a spread to 2 %

_COMMON: dict[str, dict[str, Any]] = {
    "latent_dim": dict(
        low=1, high=512, help="Length of the code: how many sliders describe an item."
    ),
    "epochs": dict(
        low=1, high=5000, log=True, help="Passes over the data; more is slower and fits closer."
    ),
    "network": dict(
        choices=("auto", "mlp", "conv", "resnet"),
        advanced=True,
        help=(
            "Residual blocks of convolutions (resnet) for pictures, a perceptron (mlp) for "
            "everything else; auto decides. Plain convolutions (conv) are what earlier versions "
            "took."
        ),
    ),
    "width": dict(
        low=4,
        high=2048,
        log=True,
        advanced=True,
        help=(
            "Units of a hidden layer; the first map of a resnet has an eighth of it as channels, "
            "that of plain convolutions a sixteenth."
        ),
    ),
    "depth": dict(
        low=0,
        high=6,
        advanced=True,
        help=(
            "Hidden layers of the perceptron, 0 makes encoder and decoder linear; residual blocks "
            "at each size of map of a resnet."
        ),
    ),
    "activation": dict(
        choices=("silu", "relu", "tanh"),
        advanced=True,
        help="Bend between layers: smooth (SiLU), sharp (ReLU) or bounded (tanh).",
    ),
    "linear_path": dict(
        advanced=True,
        help=(
            "Networks for pictures (resnet) begin as PCA of the same length and learn what it "
            "misses: better with few pictures or little time."
        ),
    ),
    "warm_up": dict(
        low=0.0,
        high=1.0,
        advanced=True,
        help=(
            "Share of the training in which the weight of the KL term rises from 0, so that no "
            "dimension dies early."
        ),
    ),
    "cool_down": dict(
        low=0.0,
        high=1.0,
        advanced=True,
        help="Share of the training, at its end, in which the learning rate falls to 0.",
    ),
    "patience": dict(
        low=0,
        high=1000,
        advanced=True,
        help=(
            "Ends the training when the loss of rows held out of it, a tenth, has not improved for "
            "so many epochs after the warm-up, and keeps the best; 0 trains to the end, on all "
            "rows."
        ),
    ),
    "average": dict(
        low=0.0,
        high=0.5,
        advanced=True,
        help=(
            "The weights kept are a mean over this share of the training so far, which does better "
            "than the last ones; 0 keeps the last."
        ),
    ),
    "weight_decay": dict(
        low=0.0,
        high=1.0,
        advanced=True,
        help="Pulls weights to 0, by this share times the step size (AdamW); 0 does not.",
    ),
    "augmentation": dict(
        choices=("none", "auto", *AUGMENTATIONS, "shift and mirror", "all"),
        advanced=True,
        help=(
            "Learns from pictures moved, mirrored or changed in colour, against learning few by "
            "heart; auto takes, for up to 10,000 pictures, what leaves them looking like the "
            "others."
        ),
    ),
    "batch_size": dict(
        low=1, high=8192, log=True, advanced=True, help="Rows in one step of the optimiser."
    ),
    "learning_rate": dict(
        low=1e-6, high=1.0, log=True, advanced=True, help="Step size of the optimiser (Adam)."
    ),
    "random_state": dict(
        low=0, high=2**31 - 1, advanced=True, help="Seed of weights, batches and noise."
    ),
}


def common(name: str, default: Any, **changes) -> Any:
    """A parameter that several networks have, as a dataclass field.

    Parameters
    ----------
    name : str
        One of latent_dim, epochs, network, width, depth, activation, linear_path, warm_up,
        cool_down, patience, average, weight_decay, augmentation, batch_size, learning_rate,
        random_state.
    default
        Its value unless another is given.
    **changes
        What differs from the usual, see :func:`~lvm_core.params.param`.

    Returns
    -------
    dataclasses.Field

    Examples
    --------
    >>> common("epochs", 50).default
    50
    """
    return param(default, **(_COMMON[name] | changes))


class NeuralModel(LatentModel, ABC):
    """A model whose rows become codes and codes rows by one network, ``net_``.

    A subclass writes ``_network``, the network without what it learnt, and ``_fit``: the usual way
    is :meth:`_new_network`, a function that makes one step, and :meth:`_train`. What a network
    needs beside parameters, schema and latent_dim to be made (as ``bounded_``) must be learnt
    attributes of plain types, so that a saved model can be made again.

    Attributes
    ----------
    net_ : Net
        The network.
    network_ : {"mlp", "conv", "resnet"}
        What ``network`` meant for these rows.
    n_iter_ : int
        Epochs it was trained, where :meth:`_train` trained it.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.
    """

    iterative: ClassVar[bool] = True
    duration_param: ClassVar[str] = "epochs"
    minutes: ClassVar[float] = 1.0  # a training on pictures takes, where nobody says otherwise

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        from ..nn.nets import network_kind

        if network_kind("auto", schema) == "resnet":
            return cls._suggest_pictures(n, schema, minutes)
        text = schema.has("counts")
        batch = 32 if n < 1000 else 64 if n < 10000 else 128
        steps = 600 if text else 1500 if schema.d > 1000 else 3000
        k = 16 if text else min(10 if schema.d > 32 else 4, max(2, schema.d // 2))
        return {
            "latent_dim": k,
            "batch_size": batch,
            "epochs": int(np.clip(round(steps * batch / n), 5, 1000)),
            "depth": 1 if text or schema.d > 32 else 2,
            "width": 256 if text or n >= 20000 else 128,
        }

    @classmethod
    def _suggest_pictures(cls, n, schema, minutes) -> dict[str, Any]:
        """What a network for pictures can learn within the budget on this machine; without one,
        that of LATENT_EXPLORER_MINUTES, or ``minutes`` of the class.
        """
        from ..nn.speed import seconds_per_row

        seconds = 60 * (minutes or setting("minutes") or cls.minutes)
        rows = {width: seconds / seconds_per_row(schema.image, width) for width, _ in WIDTHS}
        width = next(width for width, enough in WIDTHS if rows[width] >= enough)
        epochs = int(np.clip(round(rows[width] / n), 1, 2000))
        found = {
            "latent_dim": 16 if max(schema.image[:2]) < 32 else 32,
            "batch_size": 32 if n < 1000 else 64,
            "epochs": epochs,
            "depth": 1,
            "width": width,
            "learning_rate": 2e-3,
            "average": 0.02,
            "weight_decay": 0.02,
            "augmentation": "auto",
            "linear_path": True,
            "patience": max(10, epochs // 4) if n >= 100 and epochs >= 10 else 0,
        }
        return {name: value for name, value in found.items() if name in cls.parameters()}

    # -- learning ----------------------------------------------------------------------------------

    if TYPE_CHECKING:  # parameters that every subclass has, and what it learns
        epochs: int
        batch_size: int
        net_: Net
        network_: str

    @abstractmethod
    def _network(self) -> Net:
        """The network, its weights not set."""

    def _new_network(
        self, X, rng: np.random.RandomState, checkpoint: Checkpoint | None = None
    ) -> Net:
        """``net_`` with random weights and the scales of X (n, d), where it is trained; sets
        ``network_``.
        """
        from ..nn.training import device, seeded

        asked = getattr(self, "network", "auto")
        self.network_ = (
            self._auto_before()  # a fit begun by an earlier version
            if asked == "auto" and checkpoint is not None and checkpoint.format() < 3
            else self._network_kind()
        )
        self.net_ = net = self._network()
        net.init_from_data(X, self.schema_, seeded(rng))
        return net.to(device())

    def _train(self, update, n: int, rng, on_step, checkpoint, parts: dict, **options) -> None:
        """``epochs`` passes of :func:`~lvm_core.nn.training.train` over n rows; sets
        ``history_``, ``stopped_`` and ``n_iter_``, the epochs it was trained.
        """
        from ..nn.training import device, seeded, train

        steps = -(-n // self.batch_size)  # of an epoch
        self.history_, self.stopped_ = train(
            update,
            n,
            batch_size=self.batch_size,
            steps=self.epochs * steps,
            generator=seeded(rng, device()),
            on_step=on_step,
            checkpoint=checkpoint,
            parts=parts,
            **options,
        )
        self.n_iter_ = -(-self.history_[-1]["step"] // steps)
        self.net_.eval()

    def _network_kind(self) -> str:
        """What ``network`` means for these rows."""
        from ..nn.nets import network_kind

        return network_kind(getattr(self, "network", "auto"), self.schema_)

    def _auto_before(self) -> str:
        """What the network "auto" was in versions before checkpoints of format 3."""
        return auto_before(self.schema_.image)

    def _held_out(self, X, rng) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the rows to learn from and of those to watch: all and none without
        patience.
        """
        n, patience = X.shape[0], getattr(self, "patience", 0)
        if not patience:
            return np.arange(n), np.arange(0)
        if n < 20:
            raise ValueError(
                f"{type(self).__name__}: patience is {patience}, but of {n} rows none can be held "
                "out; expected at least 20 rows, or patience 0."
            )
        order = rng.permutation(n)
        cut = min(n // 10, MOST_HELD_OUT)
        return np.sort(order[cut:]), np.sort(order[:cut])

    def _augmentations(self, X) -> list[str]:
        """Names of what is done to pictures X (n, d) while learning from them."""
        asked = getattr(self, "augmentation", "none")
        if asked == "none" or self.schema_.image is None:
            return []
        if asked != "auto":
            return [a for a in AUGMENTATIONS if asked == "all" or a in asked]
        if not 20 <= X.shape[0] <= FEW_ROWS:
            return []
        from ..nn.augmentation import FARTHER, farther

        # colours cost more than they gave on every set tried; who knows better says so
        found = farther(X, self.schema_, ("shift", "mirror"))
        return [name for name, ratio in found.items() if ratio <= FARTHER]

    def _augmenter(self, X, noise):
        """A function of a batch of rows (m, d) that gives them augmented; sets
        ``augmentations_``.
        """
        from ..nn.augmentation import augment

        self.augmentations_ = names = self._augmentations(X)
        image = self.schema_.image
        if not names or image is None:
            return lambda rows: rows
        return lambda rows: augment(rows, image, names, noise)

    def _rebuild(self):
        from ..nn.training import device

        self.net_ = self._network().to(device()).eval()

    # -- the contract ------------------------------------------------------------------------------

    def _encode(self, X):
        return self._run(lambda net, x: net.encode(x), X)

    def _decode(self, Z):
        return self._run(lambda net, z: net.mean(z), Z)

    def _draw(self, Z, rng):
        X = self._decode(Z)
        if self.schema_.image is None:
            X = X + rng.standard_normal(X.shape) * self.net_.likelihoods.sigma()
        return draw_discrete(X, self.schema_, rng)

    def _run(self, function, *arrays) -> Any:
        from ..nn.nets import in_batches

        return in_batches(function, self.net_, *arrays)

    # -- what can be done with it ------------------------------------------------------------------

    def as_torch(self):
        from ..nn.nets import Function

        net, k = copy.deepcopy(self.net_).cpu().float(), len(self.code_mean_)
        # a VAE's means come before its spreads
        return Function(lambda x: net.encode(x)[:, :k], net), Function(net.mean, net)

    def can_invert(self):
        from ..nn.nets import CodeNet

        return isinstance(self.net_, CodeNet) and not self.net_.scaler.counts

    def decoder_size(self):
        parts = (self.net_.decoder, self.net_.likelihoods)
        return sum(
            t.numel() * t.element_size() for part in parts for t in part.state_dict().values()
        ), "the decoder's weights"


class VariationalModel(NeuralModel):
    """A network with a posterior q(z|x) and the prior N(0, I).

    Its codes end as wide as their prior: at the end of a fit the codes are shifted and scaled, and
    encoder and decoder with them, so that over the rows they have mean 0 and mean square 1, see
    :func:`lvm_core.nn.elbo.standardize_codes`. A preview is scaled so too: as it would be if the
    fit ended there.

    A subclass says how its posterior's moments are found (``_moments``) and, where they are not
    ``encoder`` and ``decoder``, which of its networks give and read codes (``_code_ends``); its
    ``_fit`` calls :meth:`_keep_rows` before the training and :meth:`_standardize_codes` after.

    Attributes
    ----------
    importance_ : array (k,)
        Nats of information about a row (KL) in each dimension.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.
    """

    importance_meaning: ClassVar[str] = "nats of information about a row (KL)"

    def score_samples(self, X) -> np.ndarray:
        """ELBO of each row, a lower bound on its log-likelihood.

        It is that, whatever the KL's weight was in training.

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

    @abstractmethod
    def elbo_parts(self, X) -> dict[str, np.ndarray]:
        """The two parts of each row's ELBO.

        Parameters
        ----------
        X : array (n, d)
            Rows.

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats; the ELBO is their difference.
        """

    @abstractmethod
    def _moments(self, net, generator, *rows):
        """Means (n, k) of z and of z^2 of some rows; ``generator`` for what has to be drawn."""

    def _draws(self, n_samples: int, like, matched: bool):
        """Fixed draws (n_samples, k) beside the tensor ``like``, see
        :func:`~lvm_core.nn.elbo.fixed_draws`.
        """
        import torch

        return torch.as_tensor(
            fixed_draws(n_samples, self.latent_dim, matched), dtype=like.dtype, device=like.device
        )

    def _code_ends(self):
        return self.net_.encoder, self.net_.decoder

    def _keep_rows(self, *arrays, draws: int = 1) -> None:
        """Keep the rows that the moments are taken from by so many draws, until
        :meth:`_standardize_codes` lets them go.
        """
        step = -(-arrays[0].shape[0] // MOMENT_ROWS)
        self._few, self._draws_each = tuple(array[::step] for array in arrays), draws

    def _standardize_codes(self) -> None:
        from ..nn.nets import in_batches
        from ..nn.training import seeded

        generator = seeded(np.random.RandomState(0), next(self.net_.parameters()).device)
        size = max(1, DECODED // (self._draws_each * self._few[0].shape[1]))
        moments = in_batches(
            lambda net, *rows: self._moments(net, generator, *rows),
            self.net_,
            *self._few,
            size=size,
        )
        standardize_codes(*self._code_ends(), *moments)
        del self._few, self._draws_each

    def preview(self, X, Z):
        if not hasattr(self, "_few"):  # the fit has ended, or was loaded
            return super().preview(X, Z)
        ended = copy.copy(self)
        ended.net_ = copy.deepcopy(self.net_).eval()
        ended._standardize_codes()
        return super(VariationalModel, ended).preview(X, Z)
