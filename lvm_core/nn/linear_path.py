"""Encoders and decoders that say what PCA says, plus what a network learns beside it.

A network for pictures that learns from few of them does worse than PCA of the same length, or needs
long to get as far. With a linear path it begins there: at the best linear VAE, which is
probabilistic PCA (Tipping & Bishop, 1999; Lucas et al., 2019). The path itself is not trained: each
of its weights meets a thousand pixels at once, so that a step of usual size would throw it far off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

MOST_ROWS = 2000  # from which the principal components are found
MOST_COMPONENTS = 64
EDGE = 0.01  # of [0, 1], kept free by what goes through a sigmoid, whose gradient would vanish


class LinearEncoder(nn.Module):
    """A network's outputs (n, d_out), plus a linear function of the rows (n, d) on the first k.

    Parameters
    ----------
    main : torch.nn.Module
        The network, from rows (n, d) to (n, d_out).
    d, k : int
        Length of a row, and numbers the linear function gives.

    Examples
    --------
    >>> import torch
    >>> LinearEncoder(torch.nn.Linear(6, 4), 6, 2)(torch.zeros(5, 6)).shape
    torch.Size([5, 4])
    """

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, main: nn.Module, d: int, k: int):
        super().__init__()
        self.main = main
        self.register_buffer("weight", torch.zeros(k, d))
        self.register_buffer("bias", torch.zeros(k))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out, linear = self.main(x), nn.functional.linear(x, self.weight, self.bias)
        return out + nn.functional.pad(linear, (0, out.shape[1] - linear.shape[1]))

    def standardize(self, loc: torch.Tensor, scale: torch.Tensor) -> None:
        """Let its part of the code z become that of ``(z - loc) / scale``; loc is left to the
        network's own last layer.
        """
        self.weight /= scale[:, None]
        self.bias /= scale


class LinearDecoder(nn.Module):
    """A network's outputs (n, d) for codes (n, k), plus a linear function of them.

    Parameters
    ----------
    main : torch.nn.Module
        The network, from codes (n, k) to (n, d).
    d, k : int
        Length of a row and of a code.
    bounded : bool
        Whether a sigmoid of the outputs is the row: the linear function is then of the row itself,
        not of what enters the sigmoid.

    Examples
    --------
    >>> import torch
    >>> LinearDecoder(torch.nn.Linear(2, 6), 6, 2, bounded=True)(torch.zeros(5, 2)).shape
    torch.Size([5, 6])
    """

    weight: torch.Tensor
    bias: torch.Tensor
    offset: torch.Tensor

    def __init__(self, main: nn.Module, d: int, k: int, bounded: bool):
        super().__init__()
        self.main, self.bounded = main, bounded
        self.register_buffer("weight", torch.zeros(d, k))
        self.register_buffer("bias", torch.zeros(d))
        self.register_buffer("offset", torch.zeros(d))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        linear = nn.functional.linear(z, self.weight, self.bias)
        if self.bounded:
            linear = torch.logit(linear.clamp(EDGE, 1 - EDGE)) - self.offset
        return self.main(z) + linear

    def standardize(self, loc: torch.Tensor, scale: torch.Tensor) -> None:
        """Decode ``(z - loc) / scale`` as z was."""
        self.bias += self.weight @ loc
        self.weight *= scale


def begin_as_pca(
    encoder: LinearEncoder,
    decoder: LinearDecoder,
    X,
    loc: np.ndarray,
    scale: np.ndarray,
    likelihood: Any,
    variational: bool,
) -> None:
    """Set the linear paths by probabilistic PCA of rows, and the noise by what it leaves.

    The networks beside them begin by adding nothing.

    Parameters
    ----------
    encoder, decoder : LinearEncoder, LinearDecoder
        Changed in place.
    X : array (n, d)
        Rows, of which ``MOST_ROWS`` are looked at.
    loc, scale : array (d,)
        Shift and scale with which a row enters the encoder.
    likelihood : Likelihood
        Of the decoder's outputs, with its first bias set.
    variational : bool
        Whether the encoder's second half are log standard deviations, which begin at those of the
        posterior; its mean is then drawn towards 0 as a posterior's is. The codes of an
        autoencoder begin with unit variance.

    References
    ----------
    * Tipping & Bishop (1999), *Probabilistic Principal Component Analysis*,
      https://doi.org/10.1111/1467-9868.00196.
    * Lucas, Tucker, Grosse & Norouzi (2019), *Don't Blame the ELBO! A Linear VAE Perspective on
      Posterior Collapse*, https://arxiv.org/abs/1911.02469.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from lvm_core.nn.layers import Linear
    >>> from lvm_core.nn.likelihoods import Gaussian
    >>> X = np.random.RandomState(0).normal(size=(200, 3)) * [0.1, 2.0, 0.1]
    >>> encoder = LinearEncoder(Linear(3, 1), 3, 1)
    >>> decoder = LinearDecoder(Linear(1, 3), 3, 1, bounded=False)
    >>> begin_as_pca(encoder, decoder, X, np.zeros(3), np.ones(3), Gaussian(3), variational=False)
    >>> encoder.weight.shape, decoder.weight.abs().argmax().item()  # the column that varies most
    (torch.Size([1, 3]), 1)
    """
    from sklearn.decomposition import PCA

    rows = np.asarray(X[:: -(-X.shape[0] // MOST_ROWS)], np.float32)
    k = min(decoder.weight.shape[1], MOST_COMPONENTS, len(rows) - 1, rows.shape[1])
    if k < 1:
        return
    total = max(float(rows.var(0, dtype=np.float64, ddof=1).sum()), 1e-12)
    with np.errstate(invalid="ignore"):  # rows that are all the same have no shares of variance
        pca: Any = PCA(k, svd_solver="randomized", random_state=0).fit(rows)
    left = max(total - float(pca.explained_variance_.sum()), 1e-6 * total)
    noise = left / max(rows.shape[1] - k, 1)
    variance = np.maximum(pca.explained_variance_.astype(np.float64), 1e-6 * total)
    shrunk = np.maximum(variance - noise, 0.01 * variance) if variational else variance
    loadings = pca.components_.T * np.sqrt(shrunk)  # (d, k)
    reads = pca.components_.T * (np.sqrt(shrunk) / variance)
    mean = pca.mean_.astype(np.float64)
    like = encoder.weight
    put = lambda a: torch.as_tensor(np.ascontiguousarray(a), dtype=like.dtype, device=like.device)
    with torch.no_grad():
        encoder.weight[:k] = put((reads * scale[:, None]).T)
        encoder.bias[:k] = put((loc - mean) @ reads)
        bias = likelihood.bias.detach()
        if decoder.bounded:
            decoder.weight[:, :k] = put(loadings)
            decoder.bias.copy_(put(mean))
            decoder.offset.copy_(bias)
        else:
            spread = likelihood.scale.detach().cpu().numpy()
            decoder.weight[:, :k] = put(loadings / spread.reshape(-1, 1))
            decoder.bias.copy_((put(mean) - bias) / likelihood.scale)
        _last(decoder.main).weight.zero_()
        last = _last(encoder.main)
        last.weight.zero_()
        if variational:
            width = decoder.weight.shape[1]
            assert last.bias is not None
            last.bias[width : width + k] = put(0.5 * np.log(np.minimum(noise / variance, 1.0)))
        if getattr(likelihood, "learned", False):
            likelihood.variance.fill_(noise)


def _last(net: nn.Module) -> nn.Linear | nn.Conv2d:
    """The layer that gives a network's outputs."""
    return [m for m in net.modules() if isinstance(m, (nn.Linear, nn.Conv2d))][-1]
