"""Priors of a variational autoencoder beside N(0, I): the VampPrior.

A prior that is learnt has no closed form of its KL; it is estimated as ``log q(z|x) - log p(z)`` at
the draw z that the reconstruction uses anyway.
"""

from __future__ import annotations

import math

import torch
from torch import nn


def gaussian_log_prob(z: torch.Tensor, mean: torch.Tensor, log_std: torch.Tensor) -> torch.Tensor:
    """Log density of a Gaussian with a diagonal covariance.

    Parameters
    ----------
    z, mean, log_std : tensor (..., k)
        Codes, and the Gaussian of each; they broadcast.

    Returns
    -------
    tensor (...)
        In nats.

    Examples
    --------
    >>> import torch
    >>> round(gaussian_log_prob(torch.zeros(1, 2), torch.zeros(2), torch.zeros(2)).item(), 3)
    -1.838
    """
    return (-0.5 * ((z - mean) * (-log_std).exp()) ** 2 - log_std).sum(-1) - 0.5 * z.shape[
        -1
    ] * math.log(2 * math.pi)


class VampPrior(nn.Module):
    """A mean of the posteriors of learnt pseudo-inputs: ``p(z) = sum_j w_j q(z | u_j)``.

    The best prior for the ELBO is the aggregated posterior, the mean of q(z|x) over all rows; this
    is that mean over a few rows, which are learnt with the network's other weights. The u_j are
    held in the scale in which rows enter the encoder, so that one learning rate suits all columns.
    Their weights w_j, all 1/c in the paper, are learnt too: a few pseudo-inputs seldom fall into
    groups of rows in the groups' own shares.

    A shift and scale of the codes that is folded into encoder and decoder moves p(z) with them:
    the bound stays as it was.

    Parameters
    ----------
    components : int
        Pseudo-inputs.
    d : int
        Their length, that of a row as it enters the encoder.

    References
    ----------
    Tomczak & Welling (2018), *VAE with a VampPrior*, https://arxiv.org/abs/1705.07120.

    Examples
    --------
    >>> import torch
    >>> encoder = torch.nn.Linear(3, 4)
    >>> prior = VampPrior(5, 3)
    >>> prior.init_from_data(torch.zeros(20, 3), torch.Generator().manual_seed(0))
    >>> mean, log_std = encoder(prior.inputs).chunk(2, 1)
    >>> prior.log_prob(torch.zeros(7, 2), mean, log_std).shape
    torch.Size([7])
    >>> prior.sample(6, mean, log_std, torch.Generator().manual_seed(0)).shape
    torch.Size([6, 2])
    """

    def __init__(self, components: int, d: int):
        super().__init__()
        self.inputs = nn.Parameter(torch.zeros(components, d))
        self.log_weights = nn.Parameter(torch.zeros(components))  # up to a constant

    def init_from_data(self, rows: torch.Tensor, generator: torch.Generator) -> None:
        """Begin at rows chosen at random, with a little noise between two that are the same.

        Parameters
        ----------
        rows : tensor (n, d)
            As they enter the encoder.
        generator : torch.Generator
            Of the choice and the noise.
        """
        own = self.inputs
        chosen = torch.randint(len(rows), (len(own),), generator=generator, device=rows.device)
        noise = torch.randn(own.shape, generator=generator, device=rows.device)
        with torch.no_grad():
            own.copy_(rows[chosen] + 0.01 * noise)
            self.log_weights.zero_()

    def log_prob(self, z: torch.Tensor, mean: torch.Tensor, log_std: torch.Tensor) -> torch.Tensor:
        """Log density of codes.

        Parameters
        ----------
        z : tensor (..., k)
            Codes.
        mean, log_std : tensor (c, k)
            The posteriors of ``inputs``.

        Returns
        -------
        tensor (...)
            In nats.
        """
        each = gaussian_log_prob(z.unsqueeze(-2), mean, log_std)
        return (each + self.log_weights.log_softmax(0)).logsumexp(-1)

    @torch.no_grad()
    def sample(
        self,
        n: int,
        mean: torch.Tensor,
        log_std: torch.Tensor,
        generator: torch.Generator,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw codes: a pseudo-input, then its posterior.

        Parameters
        ----------
        n : int
            How many.
        mean, log_std : tensor (c, k)
            The posteriors of ``inputs``.
        generator : torch.Generator
            Of the draws.
        temperature : float, default=1.0
            Multiplies the noise around the posterior's mean.

        Returns
        -------
        tensor (n, k)
        """
        part = self.log_weights.softmax(0).multinomial(n, replacement=True, generator=generator)
        noise = torch.randn((n, mean.shape[1]), generator=generator, device=mean.device)
        return mean[part] + temperature * log_std[part].exp() * noise
