"""A density on rows of whole numbers: each given those before it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .nets import Linear, initialise


class MaskedLinear(Linear):
    """A linear layer of which some weights are held at 0.

    Parameters
    ----------
    mask : tensor (d_out, d_in) of bool
        Where a weight may differ from 0.

    Examples
    --------
    >>> import torch
    >>> layer = MaskedLinear(torch.tensor([[True, False]]))
    >>> initialise(layer, torch.Generator().manual_seed(0))
    >>> layer(torch.tensor([[0.0, 5.0]])).tolist()
    [[0.0]]
    """

    mask: torch.Tensor

    def __init__(self, mask: torch.Tensor):
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.to(self.weight.dtype), persistent=False)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return F.linear(input, self.weight * self.mask, self.bias)


def cosines(levels: int) -> torch.Tensor:
    """Waves over ordered levels, the slowest first and highest.

    Parameters
    ----------
    levels : int
        How many levels, at least 2.

    Returns
    -------
    tensor (levels, levels - 1)
        Orthogonal columns of mean 0, the f-th of root mean square 1 / f.

    Examples
    --------
    >>> waves = cosines(4)
    >>> [round(size, 3) for size in waves.square().mean(0).sqrt().tolist()]
    [1.0, 0.5, 0.333]
    """
    place, wave = torch.arange(levels) + 0.5, torch.arange(1, levels)
    return 2**0.5 * torch.cos(math.pi / levels * place[:, None] * wave) / wave


class MADE(nn.Module):
    """p(i) = prod_j p(i_j | i_1, ..., i_{j-1}) of rows i (n, k) of ordered levels.

    One masked perceptron with one hidden layer and a residual one gives all conditionals at once.
    Levels enter, and their logits leave, as sums of waves of which the slow ones learn fastest:
    neighbouring levels are alike until the data say otherwise. :meth:`init_from_data` begins with
    the levels' own frequencies.

    Parameters
    ----------
    k : int
        Numbers in a row.
    levels : int
        Values of each, from 0.
    width : int
        Units of a hidden layer.

    References
    ----------
    Germain et al. (2015), *MADE: Masked Autoencoder for Distribution Estimation*,
    https://arxiv.org/abs/1502.03509.

    Examples
    --------
    >>> import torch
    >>> rows = torch.tensor([[0, 0], [0, 0], [2, 2], [2, 2]])
    >>> prior = MADE(2, 3, width=8)
    >>> prior.init_from_data(rows, torch.Generator().manual_seed(0))
    >>> [round(p, 2) for p in prior.log_prob(rows).exp()[:, 0].tolist()]
    [0.45, 0.45, 0.45, 0.45]
    >>> prior.sample(torch.zeros(5, 2)).shape
    torch.Size([5, 2])
    """

    waves: torch.Tensor

    def __init__(self, k: int, levels: int, width: int):
        super().__init__()
        self.k, self.levels = k, levels
        self.register_buffer("waves", cosines(levels), persistent=False)
        place = torch.arange(k).repeat_interleave(levels - 1)
        # a hidden unit of this degree reads the numbers up to it, and serves those after it
        degree = torch.arange(width) * max(k - 1, 1) // width
        self.reads = MaskedLinear(degree[:, None] >= place)
        self.hidden = MaskedLinear(degree[:, None] >= degree)
        self.gives = MaskedLinear(place[:, None] > degree)
        self.direct = MaskedLinear(place[:, None] > place)
        self.bias = nn.Parameter(torch.zeros(k, levels))

    def init_from_data(self, rows: torch.Tensor, generator: torch.Generator) -> None:
        """New weights: at first every number has its frequency in rows (n, k) by itself."""
        initialise(self, generator)
        nn.init.zeros_(self.gives.weight)
        nn.init.zeros_(self.direct.weight)
        count = F.one_hot(rows, self.levels).sum(0).to(self.bias) + 0.5
        with torch.no_grad():
            self.bias.copy_((count / count.sum(1, keepdim=True)).log())

    def log_prob(self, rows: torch.Tensor) -> torch.Tensor:
        """Log-probability in nats of each number given those before it.

        Parameters
        ----------
        rows : tensor (n, k) of int64
            Rows.

        Returns
        -------
        tensor (n, k)
            Its sum over k is that of the row.
        """
        x = self.waves[rows].flatten(1)
        given = self.gives(self._hidden(self.reads(x))) + self.direct(x)
        logits = given.unflatten(1, (self.k, -1)) @ self.waves.T + self.bias
        return logits.log_softmax(2).gather(2, rows[:, :, None])[:, :, 0]

    def _hidden(self, first: torch.Tensor) -> torch.Tensor:
        h = F.silu(first)
        return h + F.silu(self.hidden(h))

    def sample(self, uniform: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
        """Rows drawn number by number.

        Parameters
        ----------
        uniform : tensor (n, k)
            Uniform on [0, 1): what decides the draws.
        temperature : float
            Divides the logits; at 0 every number is the most likely one given those before it.

        Returns
        -------
        tensor (n, k) of int64
        """
        n, size = len(uniform), self.levels - 1
        reads, gives, direct = (
            layer.weight * layer.mask for layer in (self.reads, self.gives, self.direct)
        )
        bias = self.gives.bias
        # what a layer gives grows with every number drawn
        first, linear = (
            layer(torch.zeros((n, self.k * size)).to(layer.weight))
            for layer in (self.reads, self.direct)
        )
        rows = torch.zeros((n, self.k), dtype=torch.int64, device=uniform.device)
        for j in range(self.k):
            own = slice(j * size, (j + 1) * size)
            given = self._hidden(first) @ gives[own].T + bias[own] + linear[:, own]
            logits = given @ self.waves.T + self.bias[j]
            if temperature:
                # the largest first, so that a small temperature overflows nowhere
                chance = ((logits - logits.amax(1, keepdim=True)) / temperature).softmax(1)
                above = (uniform[:, j : j + 1] >= chance.cumsum(1)).sum(1)
                rows[:, j] = above.clamp(max=size)
            else:
                rows[:, j] = logits.argmax(1)
            x = self.waves[rows[:, j]]
            first = first + x @ reads[:, own].T
            linear = linear + x @ direct[:, own].T
        return rows


def fit_made(
    prior: MADE,
    rows: np.ndarray,
    rng: np.random.RandomState,
    steps: int,
    patience: int,
    *,
    on_step: Callable | None = None,
    checkpoint=None,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
) -> bool:
    """Learn the density of rows, and keep the weights that did best on a tenth held out.

    Parameters
    ----------
    prior : MADE
        Changed in place.
    rows : array (n, k) of int
        Rows, at least 2.
    rng : RandomState
        Of weights, batches and the rows held out.
    steps : int
        Minibatches at most.
    patience : int
        Epochs without a better loss on the rows held out after which it ends.
    on_step, checkpoint
        See :func:`~lvm_core.nn.training.train`; the phase is called "prior".
    batch_size : int
        Rows in a minibatch.
    learning_rate : float
        Of Adam at the start.

    Returns
    -------
    bool
        Whether ``on_step`` stopped it.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.RandomState(0)
    >>> rows = np.repeat(rng.randint(0, 3, (300, 1)), 2, axis=1)
    >>> prior = MADE(2, 3, width=16)
    >>> fit_made(prior, rows, rng, steps=600, patience=20)
    False
    >>> drawn = prior.sample(torch.as_tensor(rng.random_sample((1000, 2))))
    >>> bool((drawn[:, 0] == drawn[:, 1]).double().mean() > 0.9)
    True
    """
    from .training import Adam, EarlyStopping, ramp_down, seeded, train

    where, order = next(prior.parameters()).device, rng.permutation(len(rows))
    held = max(1, len(rows) // 10)
    aside, learnt = (
        torch.as_tensor(rows[part], dtype=torch.int64, device=where)
        for part in (order[:held], order[held:])
    )
    prior.init_from_data(learnt.cpu(), seeded(rng))
    adam = Adam(prior.parameters())

    def measure():
        with torch.no_grad():
            return -torch.stack([prior.log_prob(part).sum() for part in aside.split(4096)]).sum()

    early = EarlyStopping(prior, measure, patience)

    def update(index, progress):
        loss = -prior.log_prob(learnt[index]).sum(1).mean()
        adam.step(loss, learning_rate * ramp_down(progress, 1.0))
        return {"loss": loss.detach(), "held_out": early.loss / held}

    _, stopped = train(
        update,
        len(learnt),
        batch_size=batch_size,
        steps=steps,
        generator=seeded(rng, where),
        on_step=on_step,
        phase="prior",
        checkpoint=checkpoint,
        parts={"prior": prior, "adam": adam, "early": early},
        after_epoch=early,
    )
    early.restore()
    return stopped
