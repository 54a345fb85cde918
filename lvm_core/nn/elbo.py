"""Bounds on the log-likelihood of a row that a network with an encoder gives: the ELBO's parts,
importance weights, and codes that fit the prior.

Every function takes a ``net`` with ``encode`` (rows -> means and log spreads of q(z|x), (n, 2k)),
``decoder`` (codes -> raw outputs), ``log_prob(raw, x)`` and ``likelihoods``:
:class:`~lvm_core.nn.nets.CodeNet`, or :class:`~lvm_core.nn.masked.ObservedNet`, whose ``log_prob``
counts only what was observed. :func:`elbo_loss` is for rows without holes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import torch

DECODED = 2**22  # values decoded in one pass, where a row is decoded many times


def split(code):
    """Encoder outputs (n, 2k) -> mean (n, k) and log standard deviation (n, k), kept where exp
    is safe.
    """
    mean, log_std = code.chunk(2, 1)
    return mean, log_std.clamp(-10, 10)


def kl_by_dimension(mean, log_std):
    """KL(N(mean, std^2) || N(0, 1)) in nats, (n, k).

    Examples
    --------
    >>> import torch
    >>> kl_by_dimension(torch.tensor([[0.0, 1.0]]), torch.zeros(1, 2)).tolist()
    [[0.0, 0.5]]
    """
    std = log_std.exp()
    return 0.5 * (mean * mean).addcmul(std, std) - log_std - 0.5


def mean_and_std(net, x):
    """Mean and standard deviation (n, k) each of q(z|x)."""
    mean, log_std = split(net.encode(x))
    return mean, log_std.exp()


def mean_and_kl(net, x):
    """Mean (n, k) of q(z|x), and the nats (n, k) that each dimension tells of the row."""
    mean, log_std = split(net.encode(x))
    return mean, kl_by_dimension(mean, log_std)


class Draws(NamedTuple):
    """Draws from the posteriors of rows, and what they weigh; ``log_p + log_ratio`` are the log
    importance weights.
    """

    z: torch.Tensor  # (s, n, k)
    log_p: torch.Tensor  # log p(x|z), (s, n)
    log_ratio: torch.Tensor  # log p(z) / q(z|x), (s, n)
    raw: torch.Tensor  # the decoder's outputs, (s, n, -)


def draw_posterior(net, x, mean, log_std, noise) -> Draws:
    """The draws that standard normal noise makes of N(mean, exp(log_std)^2), all decoded in one
    pass.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    mean, log_std : tensor (n, k)
        Their posteriors.
    noise : tensor (s, n, k), or (s, 1, k) for the same in every row
    """
    z = mean + log_std.exp() * noise
    raw = net.decoder(z.flatten(0, 1)).view(*z.shape[:2], -1)
    return Draws(z, net.log_prob(raw, x), (0.5 * (noise**2 - z**2) + log_std).sum(2), raw)


def elbo_loss(net, x, noise, weight: float, free_bits: float = 0.0):
    """The negative ELBO of one minibatch by one draw a row; the learned noise of real columns takes
    a step first.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    noise : tensor (n, k)
        Standard normal.
    weight : float
        Of the KL: loss = ``weight * kl - reconstruction``.
    free_bits : float
        Nats that every dimension pays at least, so that it gains nothing by carrying less: the KL
        is then ``sum_j max(free_bits, kl_j)`` with kl_j the mean over the rows.

    Returns
    -------
    loss, reconstruction, kl : 0-d tensors
        Means over the rows in nats.

    References
    ----------
    Kingma & Welling (2014), *Auto-Encoding Variational Bayes*, https://arxiv.org/abs/1312.6114.
    Kingma et al. (2016), *Improved Variational Inference with Inverse Autoregressive Flow*,
    https://arxiv.org/abs/1606.04934.
    """
    mean, log_std = split(net.encode(x))
    raw = net.decoder(mean.addcmul(log_std.exp(), noise))
    kls = kl_by_dimension(mean, log_std)
    reconstruction, kl = net.likelihoods.log_prob_and_update(raw, x).mean(), kls.sum() / len(x)
    paid = kls.mean(0).clamp(min=free_bits).sum() if free_bits else kl
    return weight * paid - reconstruction, reconstruction, kl


def importance_loss(net, x, noise, weight: float, generator=None):
    """The negative importance-weighted bound of one minibatch: minus the mean over rows of
    ``log 1/s sum_i p(x|z_i) (p(z_i) / q(z_i|x))^weight``.

    Afterwards the learned noise of real columns follows the error of a draw chosen by its weight,
    which has the weighted mean squared error as its mean: the bound's own optimum.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    noise : tensor (s, n, k)
        Standard normal, for s draws a row.
    weight : float
        Power of p(z)/q(z|x).
    generator : torch.Generator, optional
        For the choice of that draw; without one no noise is learned.

    Returns
    -------
    loss, reconstruction, kl : 0-d tensors
        Means over the rows in nats.

    References
    ----------
    Burda, Grosse & Salakhutdinov (2016), *Importance Weighted Autoencoders*,
    https://arxiv.org/abs/1509.00519.
    """
    mean, log_std = split(net.encode(x))
    draws = draw_posterior(net, x, mean, log_std, noise)
    weights = draws.log_p + weight * draws.log_ratio
    if generator is not None:
        chosen = weights.detach().softmax(0).T.multinomial(1, generator=generator).T
        net.likelihoods.update_noise(draws.raw.detach().take_along_dim(chosen[:, :, None], 0)[0], x)
    bound = (weights.logsumexp(0) - math.log(len(weights))).mean()
    return -bound, draws.log_p.mean(), kl_by_dimension(mean, log_std).sum() / len(x)


def elbo(net, x, draws):
    """Reconstruction and KL (n,) each, in nats; the ELBO is their difference. The
    reconstruction is the mean over the draws (s, k), the same for every row; the KL is exact.
    """
    mean, log_std = split(net.encode(x))
    std = log_std.exp()
    reconstruction = sum(net.log_prob(net.decoder(mean + std * eps), x) for eps in draws) / len(
        draws
    )
    return reconstruction, kl_by_dimension(mean, log_std).sum(1)


def importance_bound(net, x, draws):
    """The importance-weighted bound (n,) in nats over the draws (s, k), the same for every row."""
    import torch

    # draw by draw: many of them at once would leave the processor's cache
    weights = torch.cat([log_weights(net, x, eps[None, None]) for eps in draws])
    return weights.logsumexp(0) - np.log(len(draws))


def log_weights(net, x, noise):
    """Log importance weights ``log p(x, z) - log q(z|x)`` (s, n) in nats at the draws z that
    standard normal noise (s, n, k), or (s, 1, k) for the same in every row, makes of x (n, d).
    Their mean over s is an estimate of the ELBO, the log of the mean of their exponentials one
    of the log-likelihood.
    """
    draws = draw_posterior(net, x, *split(net.encode(x)), noise)
    return draws.log_p + draws.log_ratio


def fixed_draws(n_samples: int, k: int, matched: bool = True) -> np.ndarray:
    """Standard normal draws in pairs of opposite sign, the same every time.

    Parameters
    ----------
    n_samples, k : int
        Number of draws, and their length.
    matched : bool
        Whether every dimension has mean square 1; then the error of a nearly linear decoder's
        reconstruction is nearly 0.

    Returns
    -------
    array (n_samples, k)

    Raises
    ------
    ValueError
        For fewer than one draw.

    Examples
    --------
    >>> draws = fixed_draws(4, 2)
    >>> bool(abs(draws.mean(0)).max() < 1e-12), bool(abs((draws**2).mean(0) - 1).max() < 1e-12)
    (True, True)
    """
    if n_samples < 1:
        raise ValueError(f"n_samples is {n_samples}, expected at least 1.")
    half = np.random.RandomState(0).standard_normal((-(-n_samples // 2), k))
    if matched:
        half /= np.sqrt((half**2).mean(0))
    return np.concatenate([half, -half])[:n_samples]


def draw_weights(
    net, X, k: int, n_samples: int, weights=log_weights, random_state=None
) -> np.ndarray:
    """Log importance weights of many rows, a few at a time.

    Parameters
    ----------
    net
        See the module.
    X : array or CSR (n, d)
        Rows.
    k : int
        Numbers of noise a draw takes.
    n_samples : int
        Draws a row.
    weights : callable
        ``weights(net, x, noise)`` -> (n_samples, rows), as :func:`log_weights`.
    random_state : int, RandomState or None
        The noise is drawn anew for each row.

    Returns
    -------
    array (n, n_samples)
        In nats.
    """
    import torch

    from .nets import in_batches
    from .training import seeded

    noise, where = seeded(check_random_state(random_state)), next(net.parameters()).device
    of = lambda net, x: (
        weights(net, x, torch.randn((n_samples, len(x), k), generator=noise).to(where, x.dtype)).T
    )
    return in_batches(of, net, X, size=max(1, DECODED // (n_samples * X.shape[1])))


def code_moments(net, x, noise, weight: float = 1.0):
    """Means (n, k) of z and of z^2 over the posterior of each row x (n, d): exact for one draw,
    noise (1, n, k); over more the mean over the draws, each weighted as :func:`importance_loss`
    weighs it.
    """
    mean, log_std = split(net.encode(x))
    if len(noise) == 1:
        return mean, mean**2 + (2 * log_std).exp()
    draws = draw_posterior(net, x, mean, log_std, noise)
    share = (draws.log_p + weight * draws.log_ratio).softmax(0).unsqueeze(2)
    return (share * draws.z).sum(0), (share * draws.z**2).sum(0)


def standardize_codes(encoder, decoder, first, second) -> None:
    """Shift and scale the codes so that over the rows every dimension has mean 0 and mean square 1:
    one step of expectation-maximisation for the prior's place and width, so the bound only gains.

    It is folded into the encoder's last layer (k means, then k log spreads) and the decoder's
    first, whose first k inputs are the code: whatever is decoded stays as it was.

    Parameters
    ----------
    encoder, decoder : torch.nn.Module
        Changed in place.
    first, second : array (n, k)
        Means of z and of z^2 of some rows, see :func:`code_moments`.

    References
    ----------
    Hoffman & Johnson (2016), *ELBO surgery*,
    http://approximateinference.org/accepted/HoffmanJohnson2016.pdf.
    """
    import torch

    k, like = first.shape[1], next(decoder.parameters())
    loc = first.mean(0, dtype="float64")
    scale = (second.mean(0, dtype="float64") - loc**2).clip(1e-12) ** 0.5
    loc, scale = (torch.as_tensor(a, dtype=like.dtype, device=like.device) for a in (loc, scale))
    gives, reads = (
        [m for m in encoder.modules() if isinstance(m, torch.nn.Linear)][-1],
        next(m for m in decoder.modules() if isinstance(m, torch.nn.Linear)),
    )
    with torch.no_grad():
        gives.weight[:k] /= scale[:, None]
        gives.bias[:k] = (gives.bias[:k] - loc) / scale
        gives.bias[k:] -= scale.log()
        reads.bias.add_(reads.weight[:, :k] @ loc)
        reads.weight[:, :k] *= scale
