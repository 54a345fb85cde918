"""Bounds on the log-likelihood of a row that a network with an encoder gives: the ELBO's parts, importance weights, and codes that fit the prior."""

from __future__ import annotations

import math

import numpy as np
from sklearn.utils import check_random_state

DECODED = 2**22     # values decoded in one pass, where a row is decoded many times


def split(code):
    """Encoder outputs (n, 2k) -> mean (n, k) and log standard deviation (n, k), kept where exp is safe."""
    mean, log_std = code.chunk(2, 1)
    return mean, log_std.clamp(-10, 10)


def kl_by_dimension(mean, log_std):
    """KL(N(mean, std^2) || N(0, 1)) in nats, (n, k)."""
    std = log_std.exp()
    return 0.5 * (mean * mean).addcmul(std, std) - log_std - 0.5


def elbo_loss(net, x, noise, weight: float, free_bits: float = 0.0):
    """(loss, reconstruction, kl), means over the rows x (n, d) in nats, by one draw a row from the standard normal noise (n, k).

    loss = ``weight * kl - reconstruction``. With ``free_bits`` every dimension pays at least so much, so that it gains nothing by
    carrying less: ``sum_j max(free_bits, kl_j)`` with kl_j the mean over the rows (Kingma et al., 2016, arXiv:1606.04934).
    """
    mean, log_std = split(net.encode(x))
    z = mean.addcmul(log_std.exp(), noise)
    kls = kl_by_dimension(mean, log_std)
    reconstruction, kl = net.heads.log_prob(net.decoder(z), x).mean(), kls.sum() / len(x)
    paid = kls.mean(0).clamp(min=free_bits).sum() if free_bits else kl
    return weight * paid - reconstruction, reconstruction, kl


def importance_loss(net, x, noise, weight: float, generator):
    """(loss, reconstruction, kl) of the importance-weighted bound over the draws noise (s, n, k) (Burda et al., 2016,
    arXiv:1509.00519): loss = minus the mean over rows of ``log 1/s sum_i p(x|z_i) (p(z_i) / q(z_i|x))^weight``.

    All draws are decoded in one pass. The learned noise of real columns follows the error of a draw chosen by its weight,
    which has the weighted mean squared error as its mean: the bound's own optimum.
    """
    mean, log_std = split(net.encode(x))
    net.heads.eval()        # its noise must not follow the unweighted errors
    log_p, ratio, raw = _decoded(net, x, mean, log_std, noise)
    net.heads.train()
    for part in net.heads.modules():
        for name, kept in part.named_buffers(recurse=False):
            setattr(part, name, kept.clone())       # the gradient needs the noise that the loss was computed with
    weights = log_p + weight * ratio
    chosen = weights.detach().softmax(0).T.multinomial(1, generator=generator).T
    net.heads.log_prob(raw.detach().view(*weights.shape, -1).take_along_dim(chosen[:, :, None], 0)[0], x)
    bound = (weights.logsumexp(0) - math.log(len(weights))).mean()
    return -bound, log_p.mean(), kl_by_dimension(mean, log_std).sum() / len(x)


def log_weights(net, x, noise):
    """``log p(x, z) - log q(z|x)`` (s, n) in nats at the draws z that standard normal noise (s, n, k), or (s, 1, k) for the same
    in every row, makes of x (n, d). Their mean over s is an estimate of the ELBO, the log of the mean of their exponentials
    one of the log-likelihood."""
    log_p, ratio, _ = _decoded(net, x, *split(net.encode(x)), noise)
    return log_p + ratio


def fixed_draws(n_samples: int, k: int, matched: bool = True) -> np.ndarray:
    """Standard normal draws (n_samples, k), the same every time, in pairs of opposite sign. ``matched``: of mean square 1 in every dimension;
    then the error of a nearly linear decoder's reconstruction is nearly 0. Raises ValueError for none."""
    if n_samples < 1:
        raise ValueError(f"n_samples is {n_samples}, expected at least 1.")
    half = np.random.RandomState(0).standard_normal((-(-n_samples // 2), k))
    if matched:
        half /= np.sqrt((half**2).mean(0))
    return np.concatenate([half, -half])[:n_samples]


def draw_weights(net, X, k: int, n_samples: int, weights, random_state=None) -> np.ndarray:
    """Log importance weights (n, n_samples) of the rows X (n, d): ``weights(net, x, noise)``, such as :func:`log_weights`, a few rows at a
    time, of standard normal noise (n_samples, rows, k) drawn anew for each."""
    import torch

    from .nets import in_batches
    from .training import seeded

    noise, where = seeded(check_random_state(random_state)), next(net.parameters()).device
    of = lambda net, x: weights(net, x, torch.randn((n_samples, len(x), k), generator=noise).to(where, x.dtype)).T      # noqa: E731
    return in_batches(of, net, X, size=max(1, DECODED // (n_samples * X.shape[1])))


def code_moments(net, x, noise, weight: float = 1.0):
    """Means (n, k) of z and of z^2 over the posterior of each row x (n, d): exact for one draw, noise (1, n, k); over more the mean over
    the draws, each weighted as :func:`importance_loss` weighs it."""
    mean, log_std = split(net.encode(x))
    if len(noise) == 1:
        return mean, mean**2 + (2 * log_std).exp()
    log_p, ratio, _ = _decoded(net, x, mean, log_std, noise)
    z, share = mean + log_std.exp() * noise, (log_p + weight * ratio).softmax(0).unsqueeze(2)
    return (share * z).sum(0), (share * z**2).sum(0)


def meet_the_prior(encoder, decoder, first, second) -> None:
    """Shift and scale the codes so that over the rows every dimension has mean 0 and mean square 1, given the moments of
    :func:`code_moments` (n, k) each: one step of expectation-maximisation for the prior's place and width, so the bound only gains.

    It is folded into the encoder's last layer (k means, then k log spreads) and the decoder's first, whose first k inputs are the
    code: whatever is decoded stays as it was.
    """
    import torch

    k, like = first.shape[1], next(decoder.parameters())
    loc = first.mean(0, dtype="float64")
    scale = (second.mean(0, dtype="float64") - loc**2).clip(1e-12) ** 0.5
    loc, scale = (torch.as_tensor(a, dtype=like.dtype, device=like.device) for a in (loc, scale))
    gives, reads = [m for m in encoder.modules() if isinstance(m, torch.nn.Linear)][-1], next(m for m in decoder.modules() if isinstance(m, torch.nn.Linear))
    with torch.no_grad():
        gives.weight[:k] /= scale[:, None]
        gives.bias[:k] = (gives.bias[:k] - loc) / scale
        gives.bias[k:] -= scale.log()
        reads.bias += reads.weight[:, :k] @ loc
        reads.weight[:, :k] *= scale


def _decoded(net, x, mean, log_std, noise):
    """log p(x|z) (s, n), log p(z) / q(z|x) (s, n), and the decoder's outputs (s n, d)."""
    z = mean + log_std.exp() * noise
    raw = net.decoder(z.flatten(0, 1))
    log_p = net.heads.log_prob(raw, x.repeat(len(z), 1)).view(z.shape[:2])
    return log_p, (0.5 * (noise**2 - z**2) + log_std).sum(2), raw
