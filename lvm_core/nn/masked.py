"""A network that is told, entry by entry, what of X was observed: missing values neither enter
it nor count in its likelihood.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..schema import Schema
from .likelihoods import Likelihoods, StudentT
from .nets import MLP, InputScaler, Net, initialise


class ObservedNet(Net):
    """Encoder and decoder of X (n, d) with missing values.

    Real columns leave as Student-t distributions, 0/1 columns and categories by their chances; a
    missing value enters as a number that is learnt (``iota``). Indicators of missing values, and
    levels that mean "missing", are read to find the missing values and never predicted.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    k : int
        Length of the code.
    width, depth : int
        Units of a hidden layer, and hidden layers of the decoder; the encoder has one more.

    Raises
    ------
    ValueError
        The rows hold counts.

    References
    ----------
    Mattei & Frellsen (2019), *MIWAE: Deep Generative Modelling and Imputation of Incomplete Data
    Sets*, https://arxiv.org/abs/1812.02633.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.tensor([[0.0, 1.0, torch.nan], [1.0, torch.nan, 2.0]])
    >>> net = ObservedNet(schema, 2, width=8, depth=1)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> net.observed(x).tolist(), net.encode(x).shape
    ([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], torch.Size([2, 4]))
    """

    def __init__(self, schema: Schema, k: int, width: int, depth: int):
        super().__init__()
        if schema.has("counts"):
            raise ValueError(
                "the rows hold counts, expected numbers, truth values and categories: "
                "words that are not there are no holes."
            )
        values = schema.values()
        self.markers = [(span, marker) for _, span, marker in values if marker is not None]
        named = torch.zeros(schema.d)  # 1 for the columns that hold a value
        for _, span, _ in values:
            named[span] = 1.0
        self.named: torch.Tensor
        self.register_buffer("named", named, persistent=False)
        self.iota = nn.Parameter(torch.zeros(schema.d))
        self.scaler = InputScaler(schema)
        self.likelihoods = Likelihoods(
            schema, [(group.likelihood, span) for group, span, _ in values], StudentT
        )
        self.encoder = MLP(schema.d, 2 * k, width, depth + 1, nn.ReLU)
        self.decoder = MLP(k, self.likelihoods.outputs, width, depth, nn.ReLU)

    def init_from_data(self, X: np.ndarray, schema: Schema, generator: torch.Generator) -> None:
        """New weights, and the scales of the entries of X (n, d) that were observed."""
        initialise(self, generator)
        seen = ~schema.missing_mask(X)
        count = np.maximum(seen.sum(0), 1)
        values = np.where(seen, X, 0).astype(np.float64)
        loc = values.sum(0) / count
        scale = np.sqrt((np.where(seen, values - loc, 0) ** 2).sum(0) / count)
        scale = np.where(scale > 1e-7 * np.abs(loc), scale, 1.0)
        self.scaler.init_from_data(loc, scale)
        self.likelihoods.init_from_data(np.where(seen, X, loc), loc, scale)

    def observed(self, x: torch.Tensor) -> torch.Tensor:
        """Which entries of X (n, d) hold a value, as 0 and 1.

        They are what ``Schema.missing_mask`` leaves.
        """
        seen = (~torch.isnan(x)).to(x.dtype) * self.named
        for span, marker in self.markers:
            there = (torch.nan_to_num(x[:, marker : marker + 1]) <= 0.5).to(x.dtype)
            seen = torch.cat(
                [seen[:, : span.start], seen[:, span] * there, seen[:, span.stop :]], 1
            )
        return seen

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) with missing values -> (n, 2k): means, then log standard deviations."""
        seen = self.observed(x)
        return self.encoder(seen * self.scaler(torch.nan_to_num(x)) + (1 - seen) * self.iota)

    def log_prob(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """log p(the observed entries of x | raw) in nats: raw (..., n, -), x (n, d) -> (..., n)."""
        return self.likelihoods.log_prob(raw, torch.nan_to_num(x), self.observed(x))

    def mean(self, z: torch.Tensor) -> torch.Tensor:
        """Codes (n, k) -> expected X (n, d).

        Complete rows, whose indicators of missing values are 0.
        """
        return self.likelihoods.mean(self.decoder(z))

    def draw(self, z: torch.Tensor, noise: np.random.RandomState) -> np.ndarray:
        """A draw X (n, d) of the real columns at codes z (n, k); the others at their chances."""
        raw = self.decoder(z)
        X = self.likelihoods.mean(raw).cpu().numpy()
        for head, columns, raw_columns in self.likelihoods.each():
            if isinstance(head, StudentT):
                place, scale, df = (part.cpu().numpy() for part in head.parts(raw[:, raw_columns]))
                X[:, columns] = place + scale * noise.standard_t(df)
        return X

    def upgraded(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """See :meth:`Net.upgraded`: once the scales of all columns lay beside each other."""
        if "loc" not in state:
            return super().upgraded(state)
        state = dict(state)
        loc, scale, bias = (state.pop(name) for name in ("loc", "scale", "bias"))
        state |= {"scaler.loc": loc, "scaler.scale": scale, "scaler.rate": 1 / scale}
        for i, (head, columns, _) in enumerate(self.likelihoods.each()):
            real = isinstance(head, StudentT)
            state[f"likelihoods.parts.{i}.bias"] = (loc if real else bias)[columns]
            state |= {f"likelihoods.parts.{i}.scale": scale[columns]} if real else {}
        return super().upgraded(state)
