"""A normalizing flow on short vectors: affine couplings over a mixture of Gaussians, with an exact
density and one pass each way.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import nn

from .nets import MLP, Linear, initialise

MOST_LOG_SCALE = 2.0  # of a coupling, either way: keeps exp safe and a step of the training small


class Coupling(nn.Module):
    """Shift and scale one half of a rotated vector by what a perceptron makes of the other.

    The rotation is drawn once, not learnt, and taken back after: a new block changes nothing.

    Parameters
    ----------
    k : int
        Length of a vector, at least 2.
    width : int
        Units of the perceptron's two hidden layers.

    References
    ----------
    * Dinh, Sohl-Dickstein & Bengio (2017), *Density Estimation Using Real NVP*,
      https://arxiv.org/abs/1605.08803.
    * Kingma & Dhariwal (2018), *Glow*, https://arxiv.org/abs/1807.03039.

    Examples
    --------
    >>> import torch
    >>> flow = CouplingFlow(3, 1, blocks=1, width=8)
    >>> flow.initialise(torch.Generator().manual_seed(0))
    >>> block, u = flow.couplings[0], torch.ones(5, 3)
    >>> bool(torch.allclose(block.inverse(block(u)[0]), u, atol=1e-5))
    True
    """

    rotation: torch.Tensor

    def __init__(self, k: int, width: int):
        super().__init__()
        self.kept = k // 2
        self.net = MLP(self.kept, 2 * (k - self.kept), width, 2, nn.SiLU)
        output = self.net[-1]
        assert isinstance(output, Linear)
        output.gain = 0.0
        self.register_buffer("rotation", torch.eye(k))

    def _shift_and_log_scale(self, kept):
        shift, raw = self.net(kept).chunk(2, 1)
        return shift, MOST_LOG_SCALE * torch.tanh(raw / MOST_LOG_SCALE)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (n, k) towards the base, and the log determinant (n,) of that."""
        x = x @ self.rotation
        kept, other = x[:, : self.kept], x[:, self.kept :]
        shift, log_scale = self._shift_and_log_scale(kept)
        moved = torch.cat([kept, (other - shift) * (-log_scale).exp()], 1)
        return moved @ self.rotation.T, -log_scale.sum(1)

    def inverse(self, u: torch.Tensor) -> torch.Tensor:
        """The vectors (n, k) that :meth:`forward` turns into these."""
        u = u @ self.rotation
        kept, other = u[:, : self.kept], u[:, self.kept :]
        shift, log_scale = self._shift_and_log_scale(kept)
        return torch.cat([kept, other * log_scale.exp() + shift], 1) @ self.rotation.T


class CouplingFlow(nn.Module):
    """Couplings between vectors and a mixture of Gaussians.

    A flow over one Gaussian must stretch one cloud into all groups of the data, and leaves bridges
    between them; over a mixture [1]_ it starts as that mixture and bends its parts.

    Parameters
    ----------
    k : int
        Length of a vector, at least 2.
    parts : int
        Gaussians in the mixture.
    blocks, width : int
        Couplings, and units of a hidden layer of each.

    References
    ----------
    .. [1] Izmailov, Kirichenko, Finzi & Wilson (2020), *Semi-Supervised Learning with Normalizing
       Flows*, https://arxiv.org/abs/1912.13025.

    Examples
    --------
    >>> import torch
    >>> flow, generator = CouplingFlow(3, 2, blocks=2, width=8), torch.Generator().manual_seed(0)
    >>> flow.initialise(generator)
    >>> flow.log_prob(torch.zeros(5, 3)).shape
    torch.Size([5])
    >>> flow.decode(torch.tensor([0, 1]), torch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """

    loc: torch.Tensor
    whiten: torch.Tensor
    colour: torch.Tensor
    log_det: torch.Tensor
    log_shares: torch.Tensor
    means: torch.Tensor
    roots: torch.Tensor
    precisions: torch.Tensor

    def __init__(self, k: int, parts: int, *, blocks: int, width: int):
        super().__init__()
        self.couplings = nn.ModuleList(Coupling(k, width) for _ in range(blocks))
        self.register_buffer("loc", torch.zeros(k))
        self.register_buffer("whiten", torch.eye(k))
        self.register_buffer("colour", torch.eye(k))  # the inverse of whiten
        self.register_buffer("log_det", torch.zeros(()))
        self.register_buffer("log_shares", torch.full((parts,), -math.log(parts)))
        self.register_buffer("means", torch.zeros(parts, k))
        self.register_buffer("roots", torch.eye(k).repeat(parts, 1, 1))
        self.register_buffer("precisions", torch.eye(k).repeat(parts, 1, 1))  # roots' inverses

    def initialise(self, generator: torch.Generator) -> None:
        """New weights and rotations.

        Parameters
        ----------
        generator : torch.Generator
            Of both.
        """
        initialise(self, generator)
        for block in self._blocks():
            own = block.rotation
            own.copy_(torch.linalg.qr(torch.randn(own.shape, generator=generator))[0])

    def _blocks(self) -> list[Coupling]:
        return cast(list[Coupling], list(self.couplings))

    def forward(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors (n, k) in the mixture's space, and the log determinant (n,) of that."""
        u = (z - self.loc) @ self.whiten
        log_det = self.log_det.expand(len(z))
        for block in self._blocks():
            u, more = block(u)
            log_det = log_det + more
        return u, log_det

    def log_prob_parts(self, z: torch.Tensor) -> torch.Tensor:
        """Log of share times density of each part.

        Parameters
        ----------
        z : tensor (n, k)
            Vectors.

        Returns
        -------
        tensor (n, parts)
            In nats.
        """
        u, log_det = self(z)
        c, k = self.means.shape
        # (u - mean) times each part's inverse root, as one product
        scaled = u @ self.precisions.permute(2, 0, 1).reshape(k, c * k) - torch.einsum(
            "cij,cj->ci", self.precisions, self.means
        ).reshape(-1)
        constant = (
            self.log_shares
            + self.precisions.diagonal(dim1=1, dim2=2).log().sum(1)
            - 0.5 * k * math.log(2 * math.pi)
        )
        return log_det[:, None] + constant - 0.5 * scaled.view(-1, c, k).square().sum(2)

    def log_prob(self, z: torch.Tensor) -> torch.Tensor:
        """Log density of vectors.

        Parameters
        ----------
        z : tensor (n, k)
            Vectors.

        Returns
        -------
        tensor (n,)
            In nats.
        """
        return self.log_prob_parts(z).logsumexp(1)

    def decode(self, part: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The vectors that standard normal noise around the centres of parts becomes.

        Parameters
        ----------
        part : tensor (n,) of int
            Numbers of parts.
        noise : tensor (n, k)
            Standard normal.

        Returns
        -------
        tensor (n, k)
        """
        u = self.means[part] + torch.einsum("nij,nj->ni", self.roots[part], noise)
        for block in reversed(self._blocks()):
            u = block.inverse(u)
        return u @ self.colour + self.loc
