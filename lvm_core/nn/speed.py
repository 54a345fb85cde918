"""How fast this machine trains the networks for pictures: what a time budget is turned into."""

from __future__ import annotations

import functools
import math
import time

import torch
from torch import nn

from .precision import matmul_precision
from .training import device

WIDTH = 256  # of the network that is timed
GROWTH = 1.7  # seconds a row go with this power of the width: between 128 and 384, on one thread
ROWS, STEPS = 32, 4  # of a timed minibatch; how many, of which the fastest counts
PIXELS = ROWS * 64**2  # most of a timed minibatch: 256 x 256 took 9 s, in which a page stood still


@functools.lru_cache(maxsize=64)
def _measured(image: tuple[int, int, int]) -> float:
    from .layers import initialise
    from .pictures import ResidualDecoder, ResidualEncoder

    encoder = ResidualEncoder(image, 32, WIDTH, 1, nn.SiLU)
    decoder = ResidualDecoder(image, 16, WIDTH, 1, nn.SiLU)
    net = nn.ModuleList([encoder, decoder])
    initialise(net, torch.Generator().manual_seed(0))
    net.to(device())
    rows = min(ROWS, max(2, PIXELS // (image[0] * image[1])))
    x = torch.zeros((rows, math.prod(image)), device=device())
    fastest = math.inf
    for _ in range(STEPS):
        start = time.perf_counter()
        with matmul_precision(True):
            loss = (decoder(encoder(x)[:, :16]) - x).square().mean()
            torch.autograd.grad(loss, list(net.parameters()))
        if x.is_cuda:
            torch.cuda.synchronize()
        fastest = min(fastest, time.perf_counter() - start)
    # in steps of a fifth, so that what is suggested does not change with every look
    return 2 ** (round(4 * math.log2(fastest / rows)) / 4)


def seconds_per_row(image: tuple[int, int, int], width: int) -> float:
    """Time that a row of pictures takes in one epoch of an autoencoder of residual blocks.

    It is measured once in a process, in a few steps of a network, and rounded.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    width : int
        Units of the hidden layer, see :class:`~lvm_core.nn.pictures.ResidualEncoder`.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> seconds_per_row((8, 8, 1), 128) < seconds_per_row((8, 8, 1), 256)
    True
    """
    return _measured(tuple(image)) * (width / WIDTH) ** GROWTH
