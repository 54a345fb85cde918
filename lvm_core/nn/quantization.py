"""Codes of whole numbers: finite scalar quantization."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from .autoregressive import MADE
from .nets import CodeNet

# the logistic function of so many times a normal number is uniform to 1 %
PROBIT = 1.702


class FSQNet(CodeNet):
    """Codes (n, k) whose every number is one of ``levels`` values, evenly spaced around 0.

    The encoder's numbers are bounded by a logistic function that makes standard normal ones
    uniform, then rounded. Used equally often, the levels have mean square 1. Rounding lets the
    gradient through as if it were not there. ``prior`` is a density on the codes.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    k : int
        Length of the code.
    levels : int
        Values of each of its numbers.
    prior_width : int
        Units of a hidden layer of the prior.
    network, width, depth, activation
        See :func:`~lvm_core.nn.nets.encoder`.
    **likelihoods
        See :class:`~lvm_core.nn.likelihoods.Likelihoods`.

    References
    ----------
    Mentzer et al. (2023), *Finite Scalar Quantization: VQ-VAE Made Simple*,
    https://arxiv.org/abs/2309.15505.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> net = FSQNet(Schema.gaussian(3), 2, 3, 8, "mlp", 8, 1, torch.nn.ReLU)
    >>> codes = net.project_code(torch.tensor([[0.4, 0.8], [-9.0, 9.0]]))
    >>> [[round(number, 2) for number in code] for code in codes.tolist()]
    [[0.0, 1.22], [-1.22, 1.22]]
    """

    def __init__(
        self,
        schema,
        k: int,
        levels: int,
        prior_width: int,
        network: str,
        width: int,
        depth: int,
        activation: Callable[[], nn.Module],
        **likelihoods,
    ):
        super().__init__(schema, k, k, network, width, depth, activation, **likelihoods)
        self.levels, self.steps = levels, ((levels**2 - 1) / 12) ** 0.5  # levels a unit of code
        self.prior = MADE(k, levels, prior_width)

    def activate(self, raw: torch.Tensor) -> torch.Tensor:
        share = torch.sigmoid(PROBIT * raw)
        return self.project_code((share - 0.5) * (self.levels / self.steps))

    def index(self, z: torch.Tensor) -> torch.Tensor:
        """Which level, from 0, each number of codes z (n, k) is nearest to; of z's type."""
        middle = (self.levels - 1) / 2
        return (z * self.steps + middle).round().clamp(0, self.levels - 1)

    def code(self, index: torch.Tensor) -> torch.Tensor:
        """The codes of levels (n, k): inverse of :meth:`index`."""
        return (index - (self.levels - 1) / 2) / self.steps

    def project_code(self, z: torch.Tensor) -> torch.Tensor:
        nearest = self.code(self.index(z))
        # the straight-through gradient (Bengio et al., 2013, https://arxiv.org/abs/1308.3432)
        return nearest + (z - z.detach()) if z.requires_grad else nearest

    def elbo(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """log p(x|z) and -log p(z) of rows x (n, d) at their codes z, (n,) each in nats."""
        z = self.encode(x)
        prior = self.prior.log_prob(self.index(z).long()).sum(1)
        return self.log_prob(self.decoder(z), x), -prior
