"""The output end of a network: raw numbers into one natural distribution per block of columns of X."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .layout import Layout

SIGMA_FLOOR = 0.01      # least noise, as a share of a column's own spread: without it an exact fit has infinite likelihood
SIGMA_RATE = 0.02       # the noise follows the mean squared error of about the last 50 minibatches


class Head(nn.Module):
    """``size`` columns of X that share a likelihood. ``raw`` (n, size) are the network's outputs for them; at raw = 0
    the distribution is the columns' marginal in the training rows, set by :meth:`start`."""

    separate: ClassVar[bool] = False        # whether every block needs a head of its own

    def __init__(self, size: int, **options):
        super().__init__()
        self.size = size
        self.register_buffer("bias", torch.zeros(size))

    def start(self, X, loc: np.ndarray, scale: np.ndarray) -> None:
        """Take the marginal of the training columns X (n, size), their means and spreads (size,)."""
        raise NotImplementedError

    def log_prob(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """log p(x | raw) in nats, (n,)."""
        raise NotImplementedError

    def mean(self, raw: torch.Tensor) -> torch.Tensor:
        """E[x | raw], (n, size)."""
        raise NotImplementedError

    def emit(self, raw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A differentiable draw (n, size): the mean for real columns; for discrete ones a hard Gumbel draw forwards and
        its softened gradient backwards (Jang et al., 2017, arXiv:1611.01144)."""
        return self.mean(raw)

    def _set_bias(self, values: np.ndarray) -> None:
        self.bias.copy_(torch.as_tensor(values))


class Gaussian(Head):
    """Real columns, x ~ N(mean, sigma^2). The noise is not a weight: it follows the training's mean squared error, which
    is its optimum (Rybkin et al., 2021, arXiv:2006.13202), one sigma for a picture (``shared``), one per column of a table.
    ``unit`` keeps sigma = 1 in the units of X. ``bounded`` pictures have their mean in [0, 1] by a sigmoid."""

    def __init__(self, size: int, noise: str = "learned", shared: bool = False, bounded: bool = False):
        super().__init__(size)
        self.learned, self.shared, self.bounded = noise == "learned", shared, bounded
        groups = 1 if shared else size
        self.register_buffer("scale", torch.ones(groups))
        self.register_buffer("variance", torch.ones(groups))

    def start(self, X, loc, scale):
        self._set_bias(_logit(loc) if self.bounded else loc)
        self.scale.copy_(torch.as_tensor(scale[:len(self.scale)]))
        if self.learned:
            self.variance.copy_(self.scale**2)

    def mean(self, raw):
        return torch.sigmoid(raw + self.bias) if self.bounded else torch.addcmul(self.bias, raw, self.scale)

    def log_prob(self, raw, x):
        square = F.mse_loss(self.mean(raw), x, reduction="none")
        square = square.sum(1, keepdim=True) if self.shared else square
        if self.training and self.learned:
            now = square.detach().mean(0) / (self.size if self.shared else 1)
            self.variance.copy_(torch.maximum(self.variance.lerp(now, SIGMA_RATE), (SIGMA_FLOOR * self.scale) ** 2))
        constant = torch.log(2 * math.pi * self.variance).sum() * (self.size / len(self.variance))
        return -0.5 * ((square / self.variance).sum(1) + constant)

    def sigma(self) -> torch.Tensor:
        """Noise of each column (size,), in the units of X."""
        return self.variance.sqrt().expand(self.size)


class Bernoulli(Head):
    """Columns of 0 and 1, each on its own; raw is added to the log-odds."""

    def start(self, X, loc, scale):
        _within(X, 0, 1, "0/1 columns")
        self._set_bias(_logit(loc))

    def mean(self, raw):
        return torch.sigmoid(raw + self.bias)

    def log_prob(self, raw, x):
        return -F.binary_cross_entropy_with_logits(raw + self.bias, x, reduction="none").sum(1)

    def emit(self, raw, generator):
        u = torch.rand(raw.shape, generator=generator, device=raw.device).clamp(1e-6, 1 - 1e-6)
        soft = torch.sigmoid((raw + self.bias + torch.log(u) - torch.log1p(-u)) / 0.5)
        return (soft > 0.5).float() + soft - soft.detach()


class Categorical(Head):
    """One one-hot group; raw is added to the log-frequencies."""

    separate = True

    def start(self, X, loc, scale):
        _within(X, 0, 1, "one-hot columns")
        self._set_bias(_log_share(loc))

    def mean(self, raw):
        return torch.softmax(raw + self.bias, 1)

    def log_prob(self, raw, x):
        return (x * torch.log_softmax(raw + self.bias, 1)).sum(1)

    def emit(self, raw, generator):
        gumbel = -torch.log(-torch.log(torch.rand(raw.shape, generator=generator, device=raw.device).clamp(1e-6, 1 - 1e-6)))
        soft = torch.softmax((raw + self.bias + gumbel) / 0.5, 1)
        return F.one_hot(soft.argmax(1), self.size).float() + soft - soft.detach()


class Counts(Head):
    """Counts over one vocabulary, multinomial given their sum. ``log_prob`` is that of the words in their order: the
    multinomial coefficient, which no model can change, is left out. ``mean`` is given for a row of average length."""

    separate = True

    def __init__(self, size: int, **options):
        super().__init__(size)
        self.register_buffer("length", torch.ones(1))

    def start(self, X, loc, scale):
        _within(X, 0, np.inf, "counts")
        self._set_bias(_log_share(loc))
        self.length.fill_(float(loc.sum()))

    def mean(self, raw):
        return torch.softmax(raw + self.bias, 1) * self.length

    def log_prob(self, raw, x):
        return (x * torch.log_softmax(raw + self.bias, 1)).sum(1)


HEADS = {"gaussian": Gaussian, "bernoulli": Bernoulli, "categorical": Categorical, "counts": Counts}


class Heads(nn.Module):
    """All blocks of a layout at once: raw outputs (n, d) <-> distributions over rows X (n, d)."""

    def __init__(self, layout: Layout, noise: str = "learned", bounded: bool = False):
        super().__init__()
        options = dict(noise=noise, shared=layout.image is not None, bounded=bounded)
        groups: list[tuple[type[Head], list[int]]] = []
        for block, span in layout.spans():
            columns, kind = list(range(span.start, span.stop)), HEADS[block.likelihood]
            same = next((g for g in groups if g[0] is kind and not kind.separate), None)
            same[1].extend(columns) if same else groups.append((kind, columns))
        self.heads = nn.ModuleList(kind(len(columns), **options) for kind, columns in groups)
        self.columns = [columns for _, columns in groups]
        order = np.concatenate(self.columns)
        self.sorted = bool((np.diff(order) > 0).all())
        self.register_buffer("order", torch.as_tensor(np.argsort(order)), persistent=False)
        self._index = [slice(c[0], c[-1] + 1) if c[-1] - c[0] == len(c) - 1 else c for c in self.columns]

    def start(self, X, loc: np.ndarray, scale: np.ndarray) -> None:
        """See :meth:`Head.start`. Raises ValueError naming the columns whose values cannot have their likelihood."""
        for head, columns in zip(self.heads, self._index):
            head.start(X[:, columns], loc[columns], scale[columns])

    def log_prob(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """log p(x | raw) in nats, (n,): the sum over all blocks."""
        if len(self.heads) == 1:
            return self.heads[0].log_prob(raw, x)
        return sum(head.log_prob(raw[:, c], x[:, c]) for head, c in zip(self.heads, self._index))

    def mean(self, raw: torch.Tensor) -> torch.Tensor:
        """E[x | raw], (n, d)."""
        return self._join([head.mean(raw[:, c]) for head, c in zip(self.heads, self._index)])

    def emit(self, raw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A differentiable draw (n, d), see :meth:`Head.emit`."""
        return self._join([head.emit(raw[:, c], generator) for head, c in zip(self.heads, self._index)])

    def sigma(self) -> np.ndarray:
        """Noise (d,) of the real columns in the units of X, 0 for the others."""
        sigma = np.zeros(sum(map(len, self.columns)))
        for head, c in zip(self.heads, self._index):
            sigma[c] = head.sigma().cpu().numpy() if isinstance(head, Gaussian) else 0.0
        return sigma

    def _join(self, parts: list[torch.Tensor]) -> torch.Tensor:
        joined = torch.cat(parts, 1) if len(parts) > 1 else parts[0]
        return joined if self.sorted else joined[:, self.order]


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 0.01, 0.99)
    return np.log(p / (1 - p))


def _log_share(means: np.ndarray) -> np.ndarray:
    floor = max(float(means.sum()), 1e-12) * 0.01 / len(means)
    return np.log((means + floor) / (means + floor).sum())


def _within(X, low: float, high: float, what: str) -> None:
    values = X.data if hasattr(X, "indptr") else X
    if values.size and (values.min() < low or values.max() > high):
        raise ValueError(f"The {what} hold values from {values.min():g} to {values.max():g}, "
                         f"expected {f'{low:g} to {high:g}' if np.isfinite(high) else f'at least {low:g}'}.")
