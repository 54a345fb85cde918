"""Bounds on the log-likelihood of a row that a network with an encoder gives: the ELBO's parts,
importance weights, and codes that fit the prior.

Every function takes a ``net`` with ``encode`` (rows -> means and log spreads of q(z|x), (n, 2k)),
``decoder`` (codes -> raw outputs), ``log_prob(raw, x)`` and ``likelihoods``:
:class:`~lvm_core.nn.nets.CodeNet`, or :class:`~lvm_core.nn.masked.ObservedNet`, whose ``log_prob``
counts only what was observed. :func:`elbo_loss` is for rows without holes.

Where the net has a ``vamp`` (a :class:`~lvm_core.nn.priors.VampPrior`), that is p(z); otherwise
p(z) is N(0, I). A learnt prior has no closed form of its KL, which is then estimated at the draws.
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
    """The two halves of an encoder's outputs.

    Parameters
    ----------
    code : tensor (n, 2k)
        Means, then log standard deviations.

    Returns
    -------
    mean, log_std : tensor (n, k)
        The log standard deviation is kept where exp is safe.

    Examples
    --------
    >>> import torch
    >>> mean, log_std = split(torch.tensor([[0.5, 99.0]]))
    >>> mean.tolist(), log_std.tolist()
    ([[0.5]], [[10.0]])
    """
    mean, log_std = code.chunk(2, 1)
    return mean, log_std.clamp(-10, 10)


def kl_by_dimension(mean, log_std):
    """KL(N(mean, std^2) || N(0, 1)) of each dimension.

    Parameters
    ----------
    mean, log_std : tensor (n, k)
        Of a Gaussian a row.

    Returns
    -------
    tensor (n, k)
        In nats.

    Examples
    --------
    >>> import torch
    >>> kl_by_dimension(torch.tensor([[0.0, 1.0]]), torch.zeros(1, 2)).tolist()
    [[0.0, 0.5]]
    """
    std = log_std.exp()
    return 0.5 * (mean * mean).addcmul(std, std) - log_std - 0.5


def mean_and_std(net, x):
    """Mean and standard deviation of q(z|x).

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.

    Returns
    -------
    mean, std : tensor (n, k)

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> mean, std = mean_and_std(net, x)
    >>> mean.shape, bool((std > 0).all())
    (torch.Size([5, 2]), True)
    """
    mean, log_std = split(net.encode(x))
    return mean, log_std.exp()


def mean_and_kl(net, x):
    """Mean of q(z|x), and what each dimension tells of the row.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.

    Returns
    -------
    mean : tensor (n, k)
    kl : tensor (n, k)
        In nats, to N(0, 1) whatever the net's prior: the mean over rows bounds the information
        about a row in a dimension from above.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> mean, kl = mean_and_kl(net, x)
    >>> mean.shape, kl.shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    """
    mean, log_std = split(net.encode(x))
    return mean, kl_by_dimension(mean, log_std)


def log_ratio(net, z, log_std, noise):
    """Log of the prior over the posterior, at draws from the posterior.

    Parameters
    ----------
    net
        See the module.
    z : tensor (..., k)
        The draws.
    log_std : tensor (..., k)
        Log spreads of the posterior they come from.
    noise : tensor (..., k)
        Standard normal, from which they were made.

    Returns
    -------
    tensor (...)
        log p(z) - log q(z|x) in nats.

    Examples
    --------
    >>> import torch
    >>> log_ratio(None, torch.tensor([[2.0]]), torch.zeros(1, 1), torch.zeros(1, 1)).tolist()
    [-2.0]
    """
    prior = getattr(net, "vamp", None)
    if prior is None:
        return (0.5 * (noise**2 - z**2) + log_std).sum(-1)
    own = (0.5 * (noise**2 + math.log(2 * math.pi)) + log_std).sum(-1)  # -log q(z|x)
    return own + prior.log_prob(z, *split(net.encoder(prior.inputs)))


class Draws(NamedTuple):
    """Draws from the posteriors of rows, and what they weigh.

    ``log_p + log_ratio`` are the log importance weights.

    Attributes
    ----------
    z : tensor (s, n, k)
        The codes.
    log_p : tensor (s, n)
        log p(x|z) in nats.
    log_ratio : tensor (s, n)
        log p(z) / q(z|x).
    raw : tensor (s, n, -)
        The decoder's outputs.
    """

    z: torch.Tensor  # (s, n, k)
    log_p: torch.Tensor  # log p(x|z), (s, n)
    log_ratio: torch.Tensor  # log p(z) / q(z|x), (s, n)
    raw: torch.Tensor  # the decoder's outputs, (s, n, -)


def draw_posterior(net, x, mean, log_std, noise) -> Draws:
    """The draws that standard normal noise makes of N(mean, exp(log_std)^2), decoded in one pass.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    mean, log_std : tensor (n, k)
        Their posteriors.
    noise : tensor (s, n, k), or (s, 1, k) for the same in every row
        Standard normal.

    Returns
    -------
    Draws

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> draws = draw_posterior(net, x, *split(net.encode(x)), torch.zeros(4, 1, 2))
    >>> draws.z.shape, draws.log_p.shape
    (torch.Size([4, 5, 2]), torch.Size([4, 5]))
    """
    z = mean + log_std.exp() * noise
    raw = net.decoder(z.flatten(0, 1)).view(*z.shape[:2], -1)
    return Draws(z, net.log_prob(raw, x), log_ratio(net, z, log_std, noise), raw)


def elbo_loss(net, x, noise, weight: float, free_bits: float = 0.0, penalty=None):
    """The negative ELBO of one minibatch by one draw a row.

    The learned noise of real columns takes a step first.

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
        is then ``sum_j max(free_bits, kl_j)`` with kl_j the mean over the rows. Not for a net with
        a prior of its own, whose KL has no parts by dimension.
    penalty : callable, optional
        Given the decoder's outputs (n, -) and the reconstruction, what is added to the loss.

    Returns
    -------
    loss, reconstruction, kl : 0-d tensors
        Means over the rows in nats.

    References
    ----------
    * Kingma & Welling (2014), *Auto-Encoding Variational Bayes*, https://arxiv.org/abs/1312.6114.
    * Kingma et al. (2016), *Improved Variational Inference with Inverse Autoregressive Flow*,
      https://arxiv.org/abs/1606.04934.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> loss, reconstruction, kl = elbo_loss(net, x, torch.zeros(5, 2), weight=2.0)
    >>> loss.ndim, bool(torch.isclose(loss, 2.0 * kl - reconstruction))
    (0, True)
    """
    mean, log_std = split(net.encode(x))
    z = mean.addcmul(log_std.exp(), noise)
    raw = net.decoder(z)
    reconstruction = net.likelihoods.log_prob_and_update(raw, x).mean()
    if getattr(net, "vamp", None) is not None:
        paid = kl = -log_ratio(net, z, log_std, noise).mean()
    else:
        kls = kl_by_dimension(mean, log_std)
        kl = kls.sum() / len(x)
        paid = kls.mean(0).clamp(min=free_bits).sum() if free_bits else kl
    loss = weight * paid - reconstruction
    return loss if penalty is None else loss + penalty(raw, reconstruction), reconstruction, kl


def importance_loss(net, x, noise, weight: float, generator=None):
    """The negative importance-weighted bound of one minibatch.

    That is minus the mean over rows of ``log 1/s sum_i p(x|z_i) (p(z_i) / q(z_i|x))^weight``.

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

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> loss, reconstruction, kl = importance_loss(net, x, torch.zeros(3, 5, 2), weight=1.0)
    >>> loss.ndim, reconstruction.ndim, kl.ndim
    (0, 0, 0)
    """
    mean, log_std = split(net.encode(x))
    draws = draw_posterior(net, x, mean, log_std, noise)
    weights = draws.log_p + weight * draws.log_ratio
    if generator is not None:
        chosen = weights.detach().softmax(0).T.multinomial(1, generator=generator).T
        net.likelihoods.update_noise(draws.raw.detach().take_along_dim(chosen[:, :, None], 0)[0], x)
    bound = (weights.logsumexp(0) - math.log(len(weights))).mean()
    if getattr(net, "vamp", None) is None:
        kl = kl_by_dimension(mean, log_std).sum() / len(x)
    else:
        kl = -draws.log_ratio.mean()
    return -bound, draws.log_p.mean(), kl


def elbo(net, x, draws):
    """The two parts of each row's ELBO, which is their difference.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    draws : tensor (s, k)
        Standard normal, the same for every row; the reconstruction is the mean over them.

    Returns
    -------
    reconstruction, kl : tensor (n,)
        In nats; the KL is exact, under a prior of the net's own the mean over the draws.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> reconstruction, kl = elbo(net, x, torch.as_tensor(fixed_draws(4, 2)).float())
    >>> reconstruction.shape, kl.shape
    (torch.Size([5]), torch.Size([5]))
    """
    mean, log_std = split(net.encode(x))
    std = log_std.exp()
    reconstruction = sum(net.log_prob(net.decoder(mean + std * eps), x) for eps in draws) / len(
        draws
    )
    if getattr(net, "vamp", None) is None:
        return reconstruction, kl_by_dimension(mean, log_std).sum(1)
    noise = draws[:, None]
    return reconstruction, -log_ratio(net, mean + std * noise, log_std, noise).mean(0)


def importance_bound(net, x, draws):
    """The importance-weighted bound of each row.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    draws : tensor (s, k)
        Standard normal, the same for every row.

    Returns
    -------
    tensor (n,)
        In nats.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> importance_bound(net, x, torch.as_tensor(fixed_draws(4, 2)).float()).shape
    torch.Size([5])
    """
    import torch

    # draw by draw: many of them at once would leave the processor's cache
    weights = torch.cat([log_weights(net, x, eps[None, None]) for eps in draws])
    return weights.logsumexp(0) - np.log(len(draws))


def log_weights(net, x, noise):
    """Log importance weights ``log p(x, z) - log q(z|x)`` at the draws z that noise makes.

    Their mean over s is an estimate of the ELBO, the log of the mean of their exponentials one of
    the log-likelihood.

    Parameters
    ----------
    net
        See the module.
    x : tensor (n, d)
        Rows.
    noise : tensor (s, n, k), or (s, 1, k) for the same in every row
        Standard normal.

    Returns
    -------
    tensor (s, n)
        In nats.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> log_weights(net, x, torch.zeros(4, 1, 2)).shape
    torch.Size([4, 5])
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

    Raises
    ------
    ValueError
        Where there is not one draw.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> draw_weights(net, x.numpy(), k=2, n_samples=10, random_state=0).shape
    (5, 10)
    """
    import torch

    from .nets import in_batches
    from .training import seeded

    if n_samples < 1:
        raise ValueError(f"n_samples is {n_samples}, expected at least 1.")
    noise, where = seeded(check_random_state(random_state)), next(net.parameters()).device
    of = lambda net, x: (
        weights(net, x, torch.randn((n_samples, len(x), k), generator=noise).to(where, x.dtype)).T
    )
    return in_batches(of, net, X, size=max(1, DECODED // (n_samples * X.shape[1])))


def code_moments(net, x, noise, weight: float = 1.0):
    """Means of z and of z^2 over the posterior of each row.

    Exact for one draw; over more the mean over the draws, each weighted as :func:`importance_loss`
    weighs it.

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

    Returns
    -------
    first, second : tensor (n, k)
        The means of z and of z^2.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> first, second = code_moments(net, x, torch.zeros(1, 5, 2))
    >>> first.shape, bool((second >= first**2).all())
    (torch.Size([5, 2]), True)
    """
    mean, log_std = split(net.encode(x))
    if len(noise) == 1:
        return mean, mean**2 + (2 * log_std).exp()
    draws = draw_posterior(net, x, mean, log_std, noise)
    share = (draws.log_p + weight * draws.log_ratio).softmax(0).unsqueeze(2)
    return (share * draws.z).sum(0), (share * draws.z**2).sum(0)


def standardize_codes(encoder, decoder, first, second) -> None:
    """Shift and scale the codes so that over the rows every dimension has mean 0 and mean square 1.

    It is one step of expectation-maximisation for the prior's place and width, so the bound only
    gains. It is folded into the encoder's last layer (k means, then k log spreads) and the
    decoder's first, whose first k inputs are the code: whatever is decoded stays as it was.

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

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> encoder, decoder = torch.nn.Linear(1, 2), torch.nn.Linear(1, 1)
    >>> _ = encoder.weight.data.fill_(0.0), encoder.bias.data.fill_(3.0)
    >>> standardize_codes(encoder, decoder, np.array([[3.0]]), np.array([[13.0]]))
    >>> encoder.bias[0].item()
    0.0
    """
    import torch

    from .linear_path import LinearDecoder, LinearEncoder

    k, like = first.shape[1], next(decoder.parameters())
    loc = first.mean(0, dtype="float64")
    scale = (second.mean(0, dtype="float64") - loc**2).clip(1e-12) ** 0.5
    loc, scale = (torch.as_tensor(a, dtype=like.dtype, device=like.device) for a in (loc, scale))
    for part in (encoder, decoder):
        if isinstance(part, (LinearEncoder, LinearDecoder)):
            part.standardize(loc, scale)
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
