"""A network that is told, entry by entry, what of X was observed: holes neither enter it nor count in its likelihood."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .layout import Layout
from .nets import MLP, initialise

LEAST_SCALE, LEAST_DF = 1e-3, 3.0       # of the Student-t noise, in standard deviations of the column: as in the authors' notebook


class ObservedNet(nn.Module):
    """Encoder and decoder of X (n, d) with holes. Real columns leave as Student-t distributions of their own place, scale and
    degrees of freedom, 0/1 columns and categories by their chances; a hole enters as a number that is learnt (``iota``).

    Indicators of missing values, and levels that mean "missing", are read to find the holes and never predicted.
    """

    def __init__(self, layout: Layout, k: int, width: int, depth: int):
        super().__init__()
        if layout.has("counts"):
            raise ValueError("the rows hold counts, expected numbers, truth values and categories: words that are not there are no holes.")
        d, values = layout.d, layout.values()
        self.d, self.markers = d, [(span, marker) for _, span, marker in values if marker is not None]
        self.groups = [span for block, span, _ in values if block.likelihood == "categorical"]
        columns = lambda kind: np.concatenate([np.zeros(0, int), *[np.arange(s.start, s.stop) for b, s, _ in values if b.likelihood == kind]])   # noqa: E731
        for name in ("gaussian", "bernoulli", "categorical"):
            self.register_buffer(name, torch.as_tensor(columns(name), dtype=torch.long), persistent=False)
        self.real = torch.cat([self.gaussian, self.bernoulli, self.categorical]).sort().values
        for name, start in (("loc", 0.0), ("scale", 1.0), ("bias", 0.0)):
            self.register_buffer(name, torch.full((d,), start))
        self.iota = nn.Parameter(torch.zeros(d))
        self.encoder = MLP(d, 2 * k, width, depth + 1, nn.ReLU)
        self.decoder = MLP(k, d + 2 * len(self.gaussian), width, depth, nn.ReLU)

    def start(self, X: np.ndarray, seen: np.ndarray, generator: torch.Generator) -> None:
        """New weights, and means and spreads of the entries of X (n, d) that were seen (n, d)."""
        initialise(self, generator)
        count = np.maximum(seen.sum(0), 1)
        values = np.where(seen, X, 0).astype(np.float64)
        loc = values.sum(0) / count
        scale = np.sqrt((np.where(seen, values - loc, 0) ** 2).sum(0) / count)
        p = np.clip(loc, 0.01, 0.99)
        bias = np.zeros(self.d)
        bias[self.bernoulli.numpy()] = np.log(p / (1 - p))[self.bernoulli.numpy()]
        bias[self.categorical.numpy()] = np.log(p)[self.categorical.numpy()]
        for name, array in (("loc", loc), ("scale", np.where(scale > 1e-7 * np.abs(loc), scale, 1.0)), ("bias", bias)):
            getattr(self, name).copy_(torch.as_tensor(array))

    def seen(self, x: torch.Tensor) -> torch.Tensor:
        """Which entries of X (n, d) hold a value, as 0 and 1 (n, d): :meth:`lvm_core.layout.Layout.holes` the other way round."""
        real = torch.zeros_like(self.loc).index_fill(0, self.real.to(x.device), 1.0)
        seen = (~torch.isnan(x)).to(x.dtype) * real.to(x.dtype)
        for span, marker in self.markers:
            there = (torch.nan_to_num(x[:, marker:marker + 1]) <= 0.5).to(x.dtype)
            seen = torch.cat([seen[:, :span.start], seen[:, span] * there, seen[:, span.stop:]], 1)
        return seen

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) with holes -> (n, 2k): means, then log standard deviations."""
        seen = self.seen(x)
        y = (torch.nan_to_num(x) - self.loc) / self.scale
        return self.encoder(seen * y + (1 - seen) * self.iota)

    def mean(self, z: torch.Tensor) -> torch.Tensor:
        """Codes (n, k) -> expected X (n, d): complete rows, whose indicators of missing values are 0."""
        raw, out = self.decoder(z), torch.zeros(len(z), self.d, dtype=z.dtype, device=z.device)
        columns = [out[:, i] for i in range(self.d)]
        location, _, _ = self._student(raw)
        for place, i in enumerate(self.gaussian.tolist()):
            columns[i] = location[:, place]
        logits = raw[:, :self.d] + self.bias
        for i in self.bernoulli.tolist():
            columns[i] = torch.sigmoid(logits[:, i])
        for span in self.groups:
            columns[span] = torch.softmax(logits[:, span], 1).unbind(1)
        return torch.stack(columns, 1)

    def log_prob(self, raw: torch.Tensor, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """log p(the seen entries of x | raw) in nats: raw (..., n, -), x and seen (n, d) -> (..., n)."""
        x = torch.nan_to_num(x)
        total = 0.0
        if len(self.gaussian):
            location, scale, df = self._student(raw)
            each = student_log_prob((x[..., self.gaussian] - location) / scale, df) - scale.log()
            total = total + (each * seen[..., self.gaussian]).sum(-1)
        logits = raw[..., :self.d] + self.bias
        if len(self.bernoulli):
            each = x[..., self.bernoulli] * logits[..., self.bernoulli] - F.softplus(logits[..., self.bernoulli])
            total = total + (each * seen[..., self.bernoulli]).sum(-1)
        for span in self.groups:
            total = total + (x[..., span] * torch.log_softmax(logits[..., span], -1) * seen[..., span]).sum(-1)
        return total

    def draw(self, z: torch.Tensor, noise: np.random.RandomState) -> np.ndarray:
        """A draw X (n, d) of the real columns from their distributions at codes z (n, k); the others at their chances."""
        X = self.mean(z).cpu().numpy()
        if len(self.gaussian):
            location, scale, df = (part.cpu().numpy() for part in self._student(self.decoder(z)))
            X[:, self.gaussian.cpu().numpy()] = location + scale * noise.standard_t(df)
        return X

    def _student(self, raw):
        """Place, scale and degrees of freedom of the real columns, in the units of X."""
        own, spread, df = raw[..., self.gaussian], raw[..., self.d:self.d + len(self.gaussian)], raw[..., self.d + len(self.gaussian):]
        loc, scale = self.loc[self.gaussian], self.scale[self.gaussian]
        return loc + scale * own, scale * (F.softplus(spread) + LEAST_SCALE), LEAST_DF + F.softplus(df)


def student_log_prob(t: torch.Tensor, df: torch.Tensor) -> torch.Tensor:
    """log density of Student's t with ``df`` degrees of freedom at t."""
    return torch.lgamma((df + 1) / 2) - torch.lgamma(df / 2) - 0.5 * torch.log(math.pi * df) - (df + 1) / 2 * torch.log1p(t * t / df)
