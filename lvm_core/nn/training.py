"""One minibatch loop that knows no model, and the seeded randomness it runs on."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from ..io.checkpoint import Checkpoint
from ..progress import OnStep, Reporter
from .precision import matmul_precision

REPORT_SECONDS = 0.1  # a listener hears at most ten times a second
HISTORY_LENGTH = 200  # points kept of a loss curve
EXPLODED = 1e4  # times the first loss: no training comes back from there


def device() -> torch.device:
    """The GPU when there is one, the CPU otherwise.

    Returns
    -------
    torch.device
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seeded(rng: np.random.RandomState, where: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator drawn from ``rng``.

    torch's global seed is never read or set, so that fits in parallel threads are each
    reproducible.

    Parameters
    ----------
    rng : RandomState
        Takes one step.
    where : torch.device or str
        Where the generator draws.

    Returns
    -------
    torch.Generator

    Examples
    --------
    >>> import numpy as np
    >>> first, again = (seeded(np.random.RandomState(0)).initial_seed() for _ in range(2))
    >>> first == again
    True
    """
    return torch.Generator(device=where).manual_seed(int(rng.randint(2**31 - 1)))


def ramp_up(progress: float, share: float) -> float:
    """From 0 to 1 in the first part of the training, then 1: the weight of a term that warms up.

    Parameters
    ----------
    progress : float
        Share of the training done, 0 to 1.
    share : float
        Of the training, in which it rises; 0 for none.

    Returns
    -------
    float

    Examples
    --------
    >>> [ramp_up(progress, 0.2) for progress in (0.0, 0.1, 0.5)], ramp_up(0.0, 0.0)
    ([0.0, 0.5, 1.0], 1.0)
    """
    return min(progress / share, 1.0) if share else 1.0


def ramp_down(progress: float, share: float) -> float:
    """1, then to 0 in the last part of the training: the factor of a learning rate that cools down.

    Parameters
    ----------
    progress : float
        Share of the training done, 0 to 1.
    share : float
        Of the training, in which it falls; 0 for none.

    Returns
    -------
    float

    Examples
    --------
    >>> [ramp_down(progress, 0.5) for progress in (0.0, 0.5, 0.75)], ramp_down(0.9, 0.0)
    ([1.0, 1.0, 0.5], 1.0)
    """
    return min((1 - progress) / share, 1.0) if share else 1.0


class BatchSource:
    """X as float32 minibatches on a device.

    CSR is made dense one batch at a time; a dense float32 X is read where it lies, which may be a
    file mapped into memory, and only a GPU gets a copy.

    Parameters
    ----------
    X : array or CSR (n, d)
        Rows.
    where : torch.device
        Of the minibatches.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> rows = BatchSource(np.array([[0.0], [1.0], [2.0]]), torch.device("cpu"))
    >>> rows[torch.tensor([2, 0])].tolist()
    [[2.0], [0.0]]
    """

    def __init__(self, X, where: torch.device):
        self.where, self.sparse = where, hasattr(X, "indptr")
        self.X: Any = X if self.sparse else np.asarray(X, dtype=np.float32)
        self.held = (
            torch.tensor(self.X, device=where) if where.type != "cpu" and not self.sparse else None
        )

    def __getitem__(self, index: torch.Tensor) -> torch.Tensor:
        if self.held is not None:
            return self.held.index_select(0, index)
        rows = self.X[index.cpu().numpy()] if self.sparse else self.X.take(index.numpy(), 0)
        return torch.from_numpy(
            rows.toarray().astype(np.float32, copy=False) if self.sparse else rows
        ).to(self.where)


def minibatches(
    n: int, size: int, generator: torch.Generator, skip: int = 0
) -> Iterator[torch.Tensor]:
    """Row numbers, ``size`` at a time, without end.

    A new permutation every epoch, whose last batch may be short.

    Parameters
    ----------
    n, size : int
        Rows in all, and in a batch.
    generator : torch.Generator
        Of the permutations.
    skip : int
        Batches of the same stream that were already used.

    Yields
    ------
    tensor (size,) of int

    Examples
    --------
    >>> import torch
    >>> batches = minibatches(5, 2, torch.Generator().manual_seed(0))
    >>> epoch = [next(batches) for _ in range(3)]
    >>> [len(batch) for batch in epoch], torch.cat(epoch).sort().values.tolist()
    ([2, 2, 1], [0, 1, 2, 3, 4])
    """
    epochs, batches = divmod(skip, math.ceil(n / size))
    for _ in range(epochs):
        torch.randperm(n, generator=generator, device=generator.device)
    while True:
        yield from torch.randperm(n, generator=generator, device=generator.device).split(size)[
            batches:
        ]
        batches = 0


class Adam:
    """Adam as gradient and update in one call.

    It is torch's fused kernel without the bookkeeping around it. ``torch.optim.Adam(fused=True)``
    learns the same bits, but a step of a small network takes longer by it: a VAE of digits by 18 %
    of processor time, a GAN by 6 to 10 % (medians of 30 trainings in turn, torch 2.13, one thread).
    Only the given parameters get a gradient, so that a generator's step computes none for its
    critic.

    Parameters
    ----------
    parameters : iterable of tensors
        What is learnt.
    beta1, beta2 : float
        Decay of the two running moments.
    weight_decay : float
        Share of a weight that a step of size 1 takes away, of tensors of two dimensions and more:
        AdamW.

    References
    ----------
    * Kingma & Ba (2015), *Adam: A Method for Stochastic Optimization*,
      https://arxiv.org/abs/1412.6980.
    * Loshchilov & Hutter (2019), *Decoupled Weight Decay Regularization*,
      https://arxiv.org/abs/1711.05101.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([3.0], requires_grad=True)
    >>> adam = Adam([x])
    >>> adam.step((x**2).sum(), 0.1)
    >>> round(x.item(), 3)
    2.9
    """

    def __init__(
        self,
        parameters: Iterable[torch.Tensor],
        beta1: float = 0.9,
        beta2: float = 0.999,
        weight_decay: float = 0.0,
    ):
        self.parameters, self.betas = list(parameters), {"beta1": beta1, "beta2": beta2}
        self.weight_decay = weight_decay
        self.decayed = [p for p in self.parameters if p.ndim > 1] if weight_decay else []
        self.first, self.second = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))
        self.count = torch.zeros((), device=self.parameters[0].device)

    def step(self, loss: torch.Tensor, rate: float) -> None:
        """One step of size ``rate`` down the gradient of ``loss``."""
        # the kernel walks through memory, whatever the strides: a convolution of pictures whose
        # channels come last gives gradients in that order, of weights that lie in another
        gradients = [
            gradient
            if gradient.stride() == weight.stride()
            else torch.empty_like(weight).copy_(gradient)
            for gradient, weight in zip(
                torch.autograd.grad(loss, self.parameters), self.parameters, strict=True
            )
        ]
        self.count += 1
        with torch.no_grad():
            if self.decayed:
                torch._foreach_mul_(  # pyright: ignore[reportPrivateImportUsage]  # no public name
                    self.decayed, 1 - rate * self.weight_decay
                )
            torch._fused_adam_(  # pyright: ignore[reportPrivateImportUsage]  # no public name
                self.parameters,
                gradients,
                self.first,
                self.second,
                [],
                [self.count] * len(gradients),
                lr=rate,
                beta1=self.betas["beta1"],
                beta2=self.betas["beta2"],
                weight_decay=0.0,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
            )

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Both moments of every parameter and the number of steps."""
        moments = {
            f"{name}.{i}": m
            for name, all in (("first", self.first), ("second", self.second))
            for i, m in enumerate(all)
        }
        return moments | {"count": self.count}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Inverse of :meth:`state_dict`."""
        for name, own in self.state_dict().items():
            own.copy_(state[name])


class WeightAverage:
    """A running mean of a network's weights, which does better than the weights themselves.

    It looks back over a share of the training so far, so that early weights are forgotten. The
    network given is the one kept, and becomes the mean; ``moving`` is the one that learns.

    Parameters
    ----------
    net : torch.nn.Module
        The network, new.
    share : float
        Of the steps made, the half-life of a step's weights in the mean; 0 for no mean: then
        ``moving`` is the network itself.

    Attributes
    ----------
    moving : torch.nn.Module
        The network to train.

    References
    ----------
    Polyak & Juditsky (1992), *Acceleration of Stochastic Approximation by Averaging*,
    https://doi.org/10.1137/0330046.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Linear(1, 1)
    >>> _ = net.weight.data.fill_(0.0)
    >>> average = WeightAverage(net, 0.5)
    >>> for step in range(1, 4):
    ...     _ = average.moving.weight.data.fill_(float(step))
    ...     average.update(step)
    >>> round(net.weight.item(), 2)
    1.98
    """

    def __init__(self, net: torch.nn.Module, share: float):
        self.net, self.share = net, share
        self.moving = copy.deepcopy(net) if share else net
        self.pair: list[list[torch.Tensor]] = [list(p.parameters()) for p in (net, self.moving)]

    def update(self, step: float) -> None:
        """Take in the weights as they are after so many steps; buffers are copied."""
        if not self.share:
            return
        with torch.no_grad():
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]  # no public name
                self.pair[0], self.pair[1], 1 - 0.5 ** (1 / max(0.5, self.share * step))
            )
            for kept, new in zip(self.net.buffers(), self.moving.buffers()):
                kept.copy_(new)

    def parts(self) -> dict[str, torch.nn.Module]:
        """What a checkpoint keeps."""
        return {"net": self.net} | ({"moving": self.moving} if self.share else {})


@contextmanager
def _no_denormals():
    # The moments of a dead unit's weights shrink by a tenth each step and come to rest at the
    # smallest denormal number,
    # which a CPU adds a hundred times slower than others: without this a training slows down by
    # half as it goes on.
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class EarlyStopping:
    """Keeps the network that did best on rows it does not learn from.

    It says when the network has stopped improving. Pass the object itself to :func:`train` as
    ``after_epoch``.

    Parameters
    ----------
    net : torch.nn.Module
        The network that learns.
    measure : callable
        Returns the held-out loss as a 0-d tensor.
    patience : int
        Epochs without improvement after which the training ends.
    first : int
        Epoch from which patience counts, when the objective has come to rest.
    from_start : bool
        Whether the network as it is given may turn out to be the best.

    Attributes
    ----------
    loss : 0-d tensor
        The last loss measured.

    References
    ----------
    Prechelt (1998), *Early Stopping - But When?*, https://doi.org/10.1007/3-540-49430-8_3.

    Examples
    --------
    >>> import torch
    >>> losses = iter([3.0, 2.0, 1.0, 1.5, 1.2])  # the first is that of the new network
    >>> stop = EarlyStopping(torch.nn.Linear(1, 1), lambda: torch.tensor(next(losses)), patience=2)
    >>> [stop() for _ in range(4)]
    [False, False, False, True]
    """

    def __init__(
        self,
        net: torch.nn.Module,
        measure: Callable[[], torch.Tensor],
        patience: int,
        first: int = 0,
        from_start: bool = False,
    ):
        self.net, self.measure, self.patience, self.first = net, measure, patience, first
        self.best = {k: v.detach().clone() for k, v in net.state_dict().items()}
        self.loss, never = measure(), torch.tensor(math.inf)
        self.least = self.loss.clone() if from_start else never
        # what patience looks at: what was reached before ``first`` may be out of reach for long
        self.lowest = never
        self.since, self.epochs = torch.zeros(()), torch.zeros(())

    def __call__(self) -> bool:
        self.loss = self.measure()
        self.since, self.epochs = self.since + 1, self.epochs + 1
        where = self.loss.device
        if self.loss < self.least.to(where):
            self.least = self.loss.clone()
            for name, value in self.net.state_dict().items():
                self.best[name].copy_(value)
        if self.epochs < self.first:
            self.since = torch.zeros(())
        elif self.loss < self.lowest.to(where):
            self.lowest, self.since = self.loss.clone(), torch.zeros(())
        return bool(self.since >= self.patience)

    def restore(self) -> None:
        """Put the best weights back into the network."""
        self.net.load_state_dict(self.best)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The best weights, and how long ago they were found."""
        return {
            "loss": self.loss,
            "least": self.least,
            "lowest": self.lowest,
            "since": self.since,
            "epochs": self.epochs,
        } | {f"best.{k}": v for k, v in self.best.items()}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Inverse of :meth:`state_dict`; patience that was used up begins anew."""
        self.loss, self.least, self.epochs = (
            state["loss"].to(self.loss.device),
            state["least"],
            state["epochs"],
        )
        self.lowest = state.get("lowest", self.least)  # before there was a start, both were one
        self.since = state["since"] * (state["since"] < self.patience)
        best = {k.removeprefix("best."): v for k, v in state.items() if k.startswith("best.")}
        upgraded = getattr(self.net, "upgraded", dict)  # what an earlier version wrote
        best = upgraded(best)
        for name, value in self.best.items():
            value.copy_(best[name])


class TrainState:
    """What a training must keep to go on as if it had never ended.

    Named networks, optimisers and generators of randomness, and the history so far. Equal in all of
    it, and in the batches that follow from the step, two trainings stay equal bit by bit.

    Parameters
    ----------
    checkpoint : Checkpoint or None
        Where it is kept.
    phase : str
        Name of the training.
    steps : int
        Its length.
    parts : dict
        Name -> torch.Generator, or anything with ``state_dict`` and ``load_state_dict``.

    Attributes
    ----------
    step : int
        Steps that were made.
    ended : str
        "stopped" by its listener, "over" by ``after_epoch``, or "" while there are steps left.
    history : list of dict
        Metrics by step.

    Examples
    --------
    >>> state = TrainState(None, "", 10, {})
    >>> state.step, state.done
    (0, False)
    """

    def __init__(
        self, checkpoint: Checkpoint | None, phase: str, steps: int, parts: dict[str, Any]
    ):
        self.checkpoint, self.phase, self.steps, self.parts = checkpoint, phase, steps, parts
        self.step, self.ended, self.history, self.count = 0, "", [], 0
        self.total: torch.Tensor | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.ended) or self.step >= self.steps

    def restore(self) -> None:
        """Take up the last checkpoint of this phase, when there is one."""
        found = self.checkpoint and self.checkpoint.load(self.phase)
        if found:
            head, arrays = found
            tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
            for name, part in self.parts.items():
                if isinstance(part, torch.Generator):
                    part.set_state(tensors[name])
                else:
                    part.load_state_dict(
                        {
                            k.split("/", 1)[1]: v
                            for k, v in tensors.items()
                            if k.startswith(f"{name}/")
                        }
                    )
            self.step, self.ended, self.history, self.count = (
                head["step"],
                head["ended"],
                head["history"],
                head["count"],
            )
            self.total = tensors["total"].to(device()) if self.count else None
        if self.checkpoint and not self.done:
            self.checkpoint.drop_later()

    def due(self, now: float) -> bool:
        """Whether a checkpoint should be written now."""
        return self.checkpoint is not None and self.checkpoint.due(now)

    def save(self, ended: str = "") -> None:
        """Write a checkpoint."""
        if self.checkpoint is None:
            return
        tensors: dict[str, torch.Tensor] = {}
        if self.count:
            assert self.total is not None
            tensors["total"] = self.total
        for name, part in self.parts.items():
            if isinstance(part, torch.Generator):
                tensors[name] = part.get_state()
            else:
                tensors |= {f"{name}/{k}": v for k, v in part.state_dict().items()}
        head = {
            "step": self.step,
            "steps": self.steps,
            "ended": ended,
            "history": self.history,
            "count": self.count,
        }
        self.checkpoint.save(
            self.phase, head, {k: v.detach().cpu().numpy() for k, v in tensors.items()}
        )


@_no_denormals()
def train(
    update: Callable[[torch.Tensor, float], dict[str, torch.Tensor]],
    n: int,
    *,
    batch_size: int,
    steps: int,
    generator: torch.Generator,
    on_step: OnStep | None = None,
    phase: str = "",
    checkpoint: Checkpoint | None = None,
    parts: dict[str, Any] | None = None,
    after_epoch: Callable[[], bool] | None = None,
    reduced_precision: bool = False,
) -> tuple[list[dict], bool]:
    """Train in minibatches: the one loop that all networks share.

    It calls ``update`` step by step, reports, keeps checkpoints, and stops where it is asked to.
    Metrics are summed on the device and read only when they are reported, so that a GPU never waits
    for Python.

    Parameters
    ----------
    update : callable
        ``update(rows, progress)`` gets the batch's row numbers and the share of the training done
        (0 to 1), makes one optimiser step and returns its metrics as detached 0-d tensors, ``loss``
        first.
    n, batch_size, steps : int
        Rows in all and in a minibatch, and how many minibatches.
    generator : torch.Generator
        Of the order of the rows.
    on_step : callable, optional
        Hears the progress; returning True stops the training.
    phase : str
        Its name, where a fit has several trainings.
    checkpoint : Checkpoint, optional
        A training that finds one of its phase goes on from it.
    parts : dict
        What a checkpoint keeps, see :class:`TrainState`.
    after_epoch : callable, optional
        May end the training by returning True.
    reduced_precision : bool
        See :func:`~lvm_core.nn.precision.matmul_precision`.

    Returns
    -------
    history : list of dict
        At most 200, each the mean of the metrics since the one before.
    stopped : bool
        Whether ``on_step`` stopped it.

    Raises
    ------
    ValueError
        The loss is no longer finite, or exploded.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([3.0], requires_grad=True)
    >>> adam = Adam([x])
    >>> def update(rows, progress):
    ...     loss = (x**2).sum()
    ...     adam.step(loss, 0.1 * ramp_down(progress, 0.5))
    ...     return {"loss": loss.detach()}
    >>> generator = torch.Generator().manual_seed(0)
    >>> history, stopped = train(update, 8, batch_size=4, steps=100, generator=generator)
    >>> len(history), abs(x.item()) < 0.2, stopped
    (100, True, False)
    """
    kept, every, an_epoch = (
        TrainState(checkpoint, phase, steps, parts or {}),
        math.ceil(steps / HISTORY_LENGTH),
        math.ceil(n / batch_size),
    )
    kept.restore()
    if kept.done:
        return kept.history, kept.ended == "stopped"
    # of a training that was made longer
    while len(kept.history) + (steps - kept.step) // every > HISTORY_LENGTH:
        kept.history = kept.history[1::2]
    report, batches = (
        Reporter(on_step, steps, phase, kept.step),
        minibatches(n, batch_size, generator, kept.step),
    )
    heard, over = -math.inf, False
    for step in range(kept.step + 1, steps + 1):
        with matmul_precision(reduced_precision):
            metrics = update(next(batches), (step - 1) / steps)
        values = torch.stack(tuple(metrics.values()))
        kept.total, kept.count, kept.step = (
            values if kept.total is None else kept.total + values,
            kept.count + 1,
            step,
        )
        over = after_epoch is not None and step % an_epoch == 0 and after_epoch()
        point, now = step % every == 0 or step == steps or over, time.monotonic()
        if not point and now - heard < REPORT_SECONDS:
            continue
        means = dict(zip(metrics, (kept.total / kept.count).tolist()))
        _check_sane(means, kept.history, step, steps)
        if point:
            kept.history.append({"step": step, **means})
            kept.total, kept.count = None, 0
        if now - heard >= REPORT_SECONDS or step == steps or over:
            heard = now
            if report(step, **means) and step < steps and not over:
                kept.history = kept.history or [{"step": step, **means}]
                kept.save("stopped")
                return kept.history, True
        if over:
            break
        if kept.due(now) and step < steps:
            kept.save()
    kept.save("over" if over else "")
    return kept.history, False


def _check_sane(means: dict[str, float], history: list[dict], step: int, steps: int) -> None:
    where = f"The training diverged at step {step} of {steps}"
    advice = "Try a lower learning rate, or check the data for extreme values."
    if not all(map(math.isfinite, means.values())):
        raise ValueError(f"{where}: its loss is no longer a number. {advice}")
    if history and means["loss"] > EXPLODED * max(1.0, abs(history[0]["loss"])):
        raise ValueError(
            f"{where}: its loss grew from {history[0]['loss']:.3g} to {means['loss']:.3g}. {advice}"
        )
