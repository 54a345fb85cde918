"""Layers whose weights one function sets, and the perceptron made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "tanh": nn.Tanh}


class Linear(nn.Linear):
    """A linear layer whose weights are set by :func:`initialise` or by a saved file.

    Never by torch's global seed.
    """

    gain = 1.0

    def reset_parameters(self) -> None:
        pass


class Conv(nn.Conv2d):
    """A convolution whose weights are set by :func:`initialise` or by a saved file.

    Parameters
    ----------
    channels_in, channels_out : int
        Of the pictures that enter and leave.
    stride : int
        Of the kernel; 2 halves height and width, rounding up.
    kernel : int
        Its side. An odd one looks beyond the edge by half of it, an even one not at all.

    Examples
    --------
    >>> import torch
    >>> Conv(1, 4, stride=2)(torch.zeros(5, 1, 8, 8)).shape
    torch.Size([5, 4, 4, 4])
    """

    gain = 1.0

    def __init__(self, channels_in: int, channels_out: int, stride: int = 1, kernel: int = 3):
        padding = kernel // 2 if kernel % 2 else 0
        super().__init__(channels_in, channels_out, kernel, stride, padding=padding)

    def reset_parameters(self) -> None:
        pass


_Layer = TypeVar("_Layer", Linear, Conv)


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Set He-normal weights times each layer's ``gain``; biases zero.

    Parameters
    ----------
    net : nn.Module
        Its :class:`Linear`, :class:`Conv` and other layers with a ``gain`` are changed in place;
        the numbers that enter one of their sums are ``fan_in``, or those of a row of the weights.
    generator : torch.Generator
        Of the weights.

    References
    ----------
    He et al. (2015), https://arxiv.org/abs/1502.01852.

    Examples
    --------
    >>> import torch
    >>> layer = Linear(3, 2)
    >>> initialise(layer, torch.Generator().manual_seed(0))
    >>> layer.bias.tolist()
    [0.0, 0.0]
    """
    for layer in net.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)) and hasattr(layer, "gain"):
            fan_in = getattr(layer, "fan_in", layer.weight[0].numel())
            spread = layer.gain * (2 / fan_in) ** 0.5
            nn.init.normal_(layer.weight, 0.0, spread, generator=generator)
            assert layer.bias is not None  # every layer here has one
            nn.init.zeros_(layer.bias)


def last(layer: _Layer) -> _Layer:
    """Mark an output layer: it starts small.

    So a new network says almost the same for every input.

    Parameters
    ----------
    layer : Linear or Conv
        Its ``gain`` becomes 0.1.

    Returns
    -------
    nn.Module
        The layer.

    Examples
    --------
    >>> last(Linear(3, 2)).gain
    0.1
    """
    layer.gain = 0.1
    return layer


class MLP(nn.Sequential):
    """(n, d_in) -> (n, d_out) through ``depth`` hidden layers of ``width``.

    Parameters
    ----------
    d_in, d_out : int
        Numbers a row that enter and leave.
    width, depth : int
        Units of a hidden layer; hidden layers, 0 for a linear map.
    activation : callable
        Makes the activation between layers.

    Examples
    --------
    >>> import torch
    >>> MLP(3, 2, width=8, depth=1, activation=torch.nn.ReLU)
    MLP(
      (0): Linear(in_features=3, out_features=8, bias=True)
      (1): ReLU()
      (2): Linear(in_features=8, out_features=2, bias=True)
    )
    """

    def __init__(
        self, d_in: int, d_out: int, width: int, depth: int, activation: Callable[[], nn.Module]
    ):
        layers, size = [], d_in
        for _ in range(depth):
            layers += [Linear(size, width), activation()]
            size = width
        super().__init__(*layers, last(Linear(size, d_out)))
