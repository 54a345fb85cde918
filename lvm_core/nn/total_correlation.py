"""The total correlation of a VAE's codes, ``KL(q(z) || prod_j q(z_j))``: what its dimensions know
of each other. Two estimates from a minibatch, and the loss in which it has a weight of its own.

q(z) is the mean of q(z|x) over the training rows. The mean KL to the prior is the sum of the mutual
information of rows and codes, the total correlation, and the KL of every single dimension of q(z)
(Chen et al., 2018); so ``kl + (beta - 1) * total correlation`` weighs the middle one by beta.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from .elbo import kl_by_dimension, split
from .layers import MLP, initialise
from .training import Adam, seeded

PAIRS = 2**25  # log densities held at once: the estimate leaves out rows of a larger minibatch


def stratified(z, mean, log_std, rows: int):
    """Total correlation by minibatch stratified sampling.

    The density of a code over all training rows is estimated from the minibatch: the posterior that
    it was drawn from counts once, the others stand for all other rows. Chen et al. (2018) give one
    of those a weight of its own; here they share the same sum evenly, as unbiased and less noisy.
    The density is without bias, its logarithm is not: a code that no other posterior of the
    minibatch reaches adds ``(k - 1) log(rows)`` and no gradient, and where few do the estimate is
    too low, even below 0. So it wants minibatches of many rows, and codes of few nats.

    Parameters
    ----------
    z : tensor (b, k)
        A draw from the posterior of each row of the minibatch.
    mean, log_std : tensor (b, k)
        These posteriors.
    rows : int
        Training rows in all.

    Returns
    -------
    0-d tensor
        In nats; 0 of a single row.

    References
    ----------
    Chen, Li, Grosse & Duvenaud (2018), *Isolating Sources of Disentanglement in Variational
    Autoencoders*, https://arxiv.org/abs/1802.04942.

    Examples
    --------
    >>> import torch
    >>> z = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    >>> same = z[:, [0, 0]]  # two dimensions that say the same
    >>> spread = torch.full((200, 2), -2.0)
    >>> bool(stratified(z, z, spread, 200) < stratified(same, same, spread, 200))
    True
    """
    most = max(2, math.isqrt(PAIRS // z.shape[1]))
    z, mean, log_std = z[:most], mean[:most], log_std[:most]
    b = len(z)
    if b < 2:
        return z.new_zeros(())
    # log q(z_ij | x_l) for draws i, rows l and dimensions j
    each = -0.5 * ((z[:, None] - mean) * (-log_std).exp()).square() - log_std
    each = each - 0.5 * math.log(2 * math.pi)
    weight = torch.full((b, b), math.log((rows - 1) / (rows * (b - 1))), device=z.device)
    weight.fill_diagonal_(-math.log(rows))
    together = (each.sum(2) + weight).logsumexp(1)
    apart = (each + weight[:, :, None]).logsumexp(1).sum(1)
    return (together - apart).mean()


class Stratified:
    """The estimate of :func:`stratified`, as :func:`correlation_loss` takes it; it learns nothing.

    Parameters
    ----------
    rows : int
        Training rows.

    Examples
    --------
    >>> import torch
    >>> zeros = torch.zeros(5, 2)
    >>> abs(Stratified(5)(zeros, zeros, zeros).item()) < 1e-6
    True
    """

    def __init__(self, rows: int):
        self.rows = rows

    def __call__(self, z, mean, log_std):
        return stratified(z, mean, log_std, self.rows)

    def learn(self, z, rate: float) -> None:
        """Nothing: the estimate is a formula."""

    def parts(self) -> dict:
        """What a checkpoint keeps: nothing."""
        return {}


class Discriminator:
    """Total correlation by a network that tells codes from codes permuted within each dimension.

    At its best its log odds are ``log q(z) - sum_j log q(z_j)``, whose mean over codes is the total
    correlation. The permuted codes are those of the same minibatch; Kim & Mnih (2018) take another
    one, which costs a second pass through the encoder.

    Parameters
    ----------
    k : int
        Length of the code.
    rng : RandomState
        Seed of its weights and permutations; takes two steps.
    where : torch.device
        Where it is.
    width, depth : int
        Of its hidden layers. Fewer and narrower than the six of 1000 in the paper.

    References
    ----------
    Kim & Mnih (2018), *Disentangling by Factorising*, https://arxiv.org/abs/1802.05983.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> estimate = Discriminator(2, np.random.RandomState(0), torch.device("cpu"))
    >>> z = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    >>> estimate.learn(z, 1e-3)
    >>> estimate(z).shape
    torch.Size([])
    """

    def __init__(self, k: int, rng, where, width: int = 256, depth: int = 3):
        self.net = MLP(k, 1, width, depth, lambda: nn.LeakyReLU(0.2))
        initialise(self.net, seeded(rng))
        self.net.to(where)
        # running moments of the paper
        self.adam = Adam(self.net.parameters(), beta1=0.5, beta2=0.9)
        self.noise = seeded(rng, where)

    def __call__(self, z, mean=None, log_std=None):
        return self.net(z).mean()

    def learn(self, z, rate: float) -> None:
        """One step of size ``rate`` on codes z (n, k)."""
        z = z.detach()
        order = torch.rand(z.shape, generator=self.noise, device=z.device).argsort(0)
        true, permuted = self.net(torch.cat([z, z.gather(0, order)])).chunk(2)
        self.adam.step((F.softplus(-true).mean() + F.softplus(permuted).mean()) / 2, rate)

    def parts(self) -> dict:
        """What a checkpoint keeps."""
        return {
            "discriminator": self.net,
            "discriminator adam": self.adam,
            "permutations": self.noise,
        }


def estimate(penalty: str, rows: int, k: int, rng, where) -> Stratified | Discriminator | None:
    """The estimate that a VAE's ``penalty`` asks for.

    Parameters
    ----------
    penalty : {"kl", "beta-tcvae", "factorvae"}
        See :class:`~lvm_core.models.vae.VAE`.
    rows, k : int
        Training rows, and the length of the code.
    rng : RandomState
        Takes two steps for "factorvae", none for the others.
    where : torch.device
        Where the codes are.

    Returns
    -------
    Stratified, Discriminator or None
        None for "kl".

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> estimate("beta-tcvae", 100, 2, np.random.RandomState(0), torch.device("cpu")).rows
    100
    """
    if penalty == "kl":
        return None
    return Stratified(rows) if penalty == "beta-tcvae" else Discriminator(k, rng, where)


def correlation_loss(net, x, noise, beta: float, warmth: float, correlation):
    """``warmth * (kl + (beta - 1) * total correlation) - reconstruction`` of one minibatch.

    The learned noise of real columns takes a step first.

    Parameters
    ----------
    net
        See :mod:`lvm_core.nn.elbo`.
    x : tensor (n, d)
        Rows.
    noise : tensor (n, k)
        Standard normal.
    beta : float
        Weight of the total correlation; the rest of the KL has weight 1. The gamma of FactorVAE
        is ``beta - 1``.
    warmth : float
        Of both, while they warm up.
    correlation : Stratified or Discriminator
        Estimate of the total correlation.

    Returns
    -------
    loss, reconstruction, kl, total_correlation : 0-d tensors
        Means over the rows in nats.
    z : tensor (n, k)
        The codes drawn.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.randn(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> loss, reconstruction, kl, tc, z = correlation_loss(
    ...     net, x, torch.randn(5, 2), 3.0, 1.0, Stratified(5)
    ... )
    >>> bool(torch.isclose(loss, kl + 2.0 * tc - reconstruction)), z.shape
    (True, torch.Size([5, 2]))
    """
    mean, log_std = split(net.encode(x))
    z = mean.addcmul(log_std.exp(), noise)
    raw = net.decoder(z)
    kl = kl_by_dimension(mean, log_std).sum() / len(x)
    reconstruction = net.likelihoods.log_prob_and_update(raw, x).mean()
    tc = correlation(z, mean, log_std)
    return warmth * (kl + (beta - 1) * tc) - reconstruction, reconstruction, kl, tc, z
