"""One minibatch loop that knows no model, and the seeded randomness it runs on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from .progress import OnStep, Reporter

REPORT_SECONDS = 0.1    # a listener hears at most ten times a second
HISTORY_LENGTH = 200    # points kept of a loss curve


def device() -> torch.device:
    """The GPU when there is one, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def seeded(rng: np.random.RandomState, where: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator drawn from ``rng``. torch's global seed is never read or set, so that fits in parallel threads
    are each reproducible."""
    return torch.Generator(device=where).manual_seed(int(rng.randint(2**31 - 1)))


class Rows:
    """X (n, d), dense or CSR, as float32 minibatches on a device. CSR is made dense one batch at a time."""

    def __init__(self, X, where: torch.device):
        self.where, self.sparse = where, hasattr(X, "indptr")
        self.X = X if self.sparse else torch.from_numpy(np.array(X, dtype=np.float32)).to(where)

    def __getitem__(self, index: torch.Tensor) -> torch.Tensor:
        if not self.sparse:
            return self.X.index_select(0, index)
        return torch.from_numpy(self.X[index.cpu().numpy()].toarray().astype(np.float32, copy=False)).to(self.where)


def minibatches(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Row numbers, ``size`` at a time, without end: a new permutation every epoch, whose last batch may be short."""
    while True:
        yield from torch.randperm(n, generator=generator, device=generator.device).split(size)


class Adam:
    """Adam (Kingma & Ba, 2015, arXiv:1412.6980) as gradient and update in one call: torch's fused kernel without the
    bookkeeping around it, which is a tenth of a small network's step. Only the given parameters get a gradient."""

    def __init__(self, parameters: Iterable[torch.Tensor], beta1: float = 0.9, beta2: float = 0.999):
        self.parameters, self.betas = list(parameters), {"beta1": beta1, "beta2": beta2}
        self.first, self.second = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))
        self.count = torch.zeros((), device=self.parameters[0].device)

    def step(self, loss: torch.Tensor, rate: float) -> None:
        """One step of size ``rate`` down the gradient of ``loss``."""
        gradients = torch.autograd.grad(loss, self.parameters)
        self.count += 1
        with torch.no_grad():
            torch._fused_adam_(self.parameters, gradients, self.first, self.second, [], [self.count] * len(gradients), lr=rate,
                               **self.betas, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False)


@contextmanager
def _no_denormals():
    # The moments of a dead unit's weights shrink by a tenth each step and come to rest at the smallest denormal number,
    # which a CPU adds a hundred times slower than others: without this a training slows down by half as it goes on.
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@_no_denormals()
def train(update: Callable[[torch.Tensor, float], dict[str, torch.Tensor]], n: int, *, batch_size: int, steps: int,
          generator: torch.Generator, on_step: OnStep | None = None, phase: str = "") -> tuple[list[dict], bool]:
    """Call ``update(rows, progress)`` for ``steps`` minibatches of n rows; returns (history, whether it was stopped).

    ``update`` gets the batch's row numbers and the share of the training done (0 to 1), makes one optimiser step and
    returns its metrics as detached 0-d tensors, ``loss`` first. They are summed on the device and read only when they
    are reported, so that a GPU never waits for Python. ``history``: at most 200 dicts, each the mean since the one before.
    Raises ValueError when the loss is no longer finite.
    """
    report, batches = Reporter(on_step, steps, phase), minibatches(n, batch_size, generator)
    every, history, heard = math.ceil(steps / HISTORY_LENGTH), [], -math.inf
    names, total, count = [], None, 0
    for step in range(1, steps + 1):
        metrics = update(next(batches), (step - 1) / steps)
        values = torch.stack(tuple(metrics.values()))
        names, total, count = list(metrics), values if total is None else total + values, count + 1
        point, now = step % every == 0 or step == steps, time.monotonic()
        if not point and now - heard < REPORT_SECONDS:
            continue
        means = dict(zip(names, (total / count).tolist()))
        if not all(map(math.isfinite, means.values())):
            raise ValueError(f"The training diverged at step {step} of {steps}: its loss is no longer a number. "
                             "Try a lower learning rate, or check the data for extreme values.")
        if point:
            history.append({"step": step, **means})
            total, count = None, 0
        if now - heard >= REPORT_SECONDS or step == steps:
            heard = now
            if report(step, **means) and step < steps:
                return history or [{"step": step, **means}], True
    return history, False
