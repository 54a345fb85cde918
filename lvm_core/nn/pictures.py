"""Residual networks of convolutions for pictures from 8 to 256 pixels: encoder and decoder.

Both work on maps of at most 32 pixels: the picture enters as patches and leaves as patches, so that
a large one costs little more than a small one. What is between is residual blocks, two 3x3
convolutions each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .layers import MLP, Conv, Linear, last
from .precision import reduced_precision_convs

Activation = Callable[[], nn.Module]

SMALLEST = 8  # pixels of the last map's longer side
STEMS = {16: 1, 48: 2, 96: 4}  # pixels of the longer side below which patches have this side
LARGE_STEM = 8


class Level(NamedTuple):
    """A size of map in the network: height, width and channels."""

    height: int
    width: int
    channels: int


def levels(image: tuple[int, int, int], channels: int) -> tuple[int, list[Level]]:
    """How a picture is taken apart: side of the patches, then the maps, the largest first.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels of the picture.
    channels : int
        Of the first map; every later one has twice as many, up to four times.

    Returns
    -------
    stem : int
        Pixels of a patch's side.
    maps : list of Level
        Each half as high and wide as the one before. The picture is extended at its edge where it
        cannot be divided so.

    Examples
    --------
    >>> levels((28, 28, 1), 16)
    (2, [Level(height=14, width=14, channels=16), Level(height=7, width=7, channels=32)])
    """
    longer = max(image[:2])
    stem = next((side for below, side in STEMS.items() if longer < below), LARGE_STEM)
    halvings = max(1, math.ceil(math.log2(longer / stem / SMALLEST)))
    whole = stem * 2**halvings
    h, w = (-(-size // whole) * whole // stem for size in image[:2])
    return stem, [Level(h >> i, w >> i, channels * min(2**i, 4)) for i in range(halvings + 1)]


class ResidualBlock(nn.Module):
    """Maps (n, c, h, w) plus what two 3x3 convolutions say about them.

    Parameters
    ----------
    channels : int
        c.
    activation : callable
        Makes the activation before each convolution.

    References
    ----------
    He et al. (2016), *Identity Mappings in Deep Residual Networks*,
    https://arxiv.org/abs/1603.05027.

    Examples
    --------
    >>> import torch
    >>> ResidualBlock(4, torch.nn.SiLU)(torch.zeros(2, 4, 8, 8)).shape
    torch.Size([2, 4, 8, 8])
    """

    def __init__(self, channels: int, activation: Activation):
        super().__init__()
        self.body = nn.Sequential(
            activation(), Conv(channels, channels), activation(), last(Conv(channels, channels))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


class ResidualEncoder(nn.Module):
    """Rows of pictures (n, h*w*c) -> (n, d_out).

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_out : int
        Numbers it gives for each row.
    width : int
        Units of the hidden layer; the convolutions begin with an eighth of it, at least 8.
    blocks : int
        Residual blocks at each size of map.
    activation : callable
        Makes the activation between layers.

    Examples
    --------
    >>> import torch
    >>> ResidualEncoder((9, 12, 3), 3, 64, 1, torch.nn.SiLU)(torch.zeros(5, 324)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        d_out: int,
        width: int,
        blocks: int,
        activation: Activation,
    ):
        super().__init__()
        self.image, (self.stem, self.levels) = image, levels(image, max(width // 8, 8))
        layers, channels, side = [], image[2], self.stem
        for level in self.levels:
            layers.append(Conv(channels, level.channels, side, kernel=side))
            layers += [ResidualBlock(level.channels, activation) for _ in range(blocks)]
            channels, side = level.channels, 2
        self.body = nn.Sequential(*layers, activation(), nn.Flatten())
        self.top = MLP(math.prod(self.levels[-1]), d_out, width, 1, activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, w, c = self.image
        x = x.view(-1, h, w, c).permute(0, 3, 1, 2)
        extra = (self.levels[0].width * self.stem - w, self.levels[0].height * self.stem - h)
        if any(extra):
            x = F.pad(x, (0, extra[0], 0, extra[1]), mode="replicate")
        with reduced_precision_convs():
            seen = self.body(x)
        return self.top(seen.float() if seen.dtype == torch.bfloat16 else seen)


class ResidualDecoder(nn.Module):
    """Codes (n, d_in) -> rows of pictures (n, h*w*c).

    A map is doubled by giving four numbers for one (Shi et al., 2016), all from the same weights'
    neighbourhood, which leaves no checkerboard as overlapping transposed convolutions do.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_in : int
        Numbers that enter for each row.
    width : int
        Units of the hidden layer; the convolutions end with an eighth of it, at least 8.
    blocks : int
        Residual blocks at each size of map.
    activation : callable
        Makes the activation between layers.

    References
    ----------
    Shi et al. (2016), *Real-Time Single Image and Video Super-Resolution Using an Efficient
    Sub-Pixel Convolutional Neural Network*, https://arxiv.org/abs/1609.05158.

    Examples
    --------
    >>> import torch
    >>> ResidualDecoder((9, 12, 3), 3, 64, 1, torch.nn.SiLU)(torch.zeros(5, 3)).shape
    torch.Size([5, 324])
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        d_in: int,
        width: int,
        blocks: int,
        activation: Activation,
    ):
        super().__init__()
        self.image, (self.stem, self.levels) = image, levels(image, max(width // 8, 8))
        first = self.levels[-1]
        self.bottom = nn.Sequential(
            Linear(d_in, width), activation(), Linear(width, math.prod(first))
        )
        layers, channels = [], first.channels
        for level in self.levels[::-1]:
            if level is not first:
                layers += [Conv(channels, 4 * level.channels, kernel=1), nn.PixelShuffle(2)]
            channels = level.channels
            layers += [ResidualBlock(channels, activation) for _ in range(blocks)]
        self.body = nn.Sequential(
            *layers,
            activation(),
            last(Conv(channels, image[2] * self.stem**2)),
            nn.PixelShuffle(self.stem),
        )

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h, w, _ = self.image
        first = self.levels[-1]
        x = self.bottom(z).view(-1, first.channels, first.height, first.width)
        with reduced_precision_convs():
            x = self.body(x)[:, :, :h, :w]
        return (x.float() if x.dtype == torch.bfloat16 else x).permute(0, 2, 3, 1).flatten(1)
