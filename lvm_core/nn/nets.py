"""Encoders and decoders for rows of any kind, and how X enters them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..schema import Schema
from .layers import ACTIVATIONS, MLP, Conv, Linear, initialise, last
from .likelihoods import Likelihoods
from .linear_path import LinearDecoder, LinearEncoder, begin_as_pca
from .pictures import ResidualDecoder, ResidualEncoder
from .precision import matmul_precision, reduced_precision_convs
from .priors import VampPrior
from .scaler import InputScaler, plain_scaler, scales

FEW = 2048  # rows among which the first pseudo-inputs of a prior are chosen

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "ClassCodeNet",
    "CodeNet",
    "Conv",
    "ConvDecoder",
    "ConvEncoder",
    "Fourier",
    "Function",
    "InputScaler",
    "Linear",
    "Net",
    "decoder",
    "encoder",
    "in_batches",
    "in_unit_range",
    "initialise",
    "is_conv",
    "last",
    "network_kind",
    "scales",
    "tensors",
]


class Fourier(nn.Module):
    """(n, d) -> (n, d (1 + 2 octaves)): each column beside its sine and cosine.

    They are taken at 1, 2, 4, ... radians a unit; from them a perceptron learns fine detail sooner
    (Tancik et al., 2020).

    Parameters
    ----------
    octaves : int
        How many rates.

    References
    ----------
    Tancik et al. (2020), https://arxiv.org/abs/2006.10739.

    Examples
    --------
    >>> import torch
    >>> Fourier(2)(torch.zeros(5, 3)).shape
    torch.Size([5, 15])
    """

    rates: torch.Tensor

    def __init__(self, octaves: int):
        super().__init__()
        self.register_buffer("rates", 2.0 ** torch.arange(octaves), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        angles = (x.unsqueeze(-1) * self.rates).flatten(1)
        return torch.cat([x, angles.sin(), angles.cos()], 1)


def pyramid(height: int, width: int, base: int) -> list[tuple[int, int, int]]:
    """(height, width, channels) from the picture down to about 4x4.

    Height and width are halved each time, rounding up.

    Parameters
    ----------
    height, width : int
        Of the picture.
    base : int
        Channels at the first level; they double up to four times as many.

    Returns
    -------
    list of (int, int, int)

    Examples
    --------
    >>> pyramid(28, 28, 8)
    [(28, 28, 8), (14, 14, 16), (7, 7, 32), (4, 4, 32)]
    """
    levels = [(height, width, base)]
    while max(levels[-1][:2]) > 4:
        h, w, c = levels[-1]
        levels.append((-(-h // 2), -(-w // 2), min(2 * c, 4 * base)))
    return levels


class ConvEncoder(nn.Module):
    """Rows of pictures (n, h*w*c) -> (n, d_out).

    Strided 3x3 convolutions, then one hidden layer of ``width``.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_out : int
        Numbers it gives for each row.
    width : int
        Units of the hidden layer; the convolutions begin with a sixteenth of it, at least 4.
    activation : callable
        Makes the activation between layers.

    Examples
    --------
    >>> import torch
    >>> ConvEncoder((8, 8, 1), 3, 64, torch.nn.ReLU)(torch.zeros(5, 64)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        d_out: int,
        width: int,
        activation: Callable[[], nn.Module],
    ):
        super().__init__()
        self.image = image
        levels, layers, channels = pyramid(*image[:2], max(width // 16, 4)), [], image[2]
        for h, w, c in levels[1:]:  # noqa: B007
            layers += [Conv(channels, c, stride=2), activation()]
            channels = c
        self.body = nn.Sequential(*layers, nn.Flatten())
        self.top = MLP(levels[-1][0] * levels[-1][1] * channels, d_out, width, 1, activation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, w, c = self.image
        with reduced_precision_convs():
            seen = self.body(x.view(-1, h, w, c).permute(0, 3, 1, 2))
        return self.top(seen.float() if seen.dtype == torch.bfloat16 else seen)


class ConvDecoder(nn.Module):
    """(n, d_in) -> rows of pictures (n, h*w*c).

    Nearest-neighbour resizing and 3x3 convolutions, which leave no checkerboard (Odena et al.,
    2016). Beyond its edge a picture goes on as it is there: zeros would leave a rim on everything
    that fills its frame. What was saved before they did (without ``extends``) keeps its zeros.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_in : int
        Numbers that enter for each row.
    width : int
        Units of the hidden layer; the convolutions end with a sixteenth of it, at least 4.
    activation : callable
        Makes the activation between layers.

    References
    ----------
    Odena et al. (2016), https://doi.org/10.23915/distill.00003.

    Examples
    --------
    >>> import torch
    >>> ConvDecoder((8, 8, 1), 3, 64, torch.nn.ReLU)(torch.zeros(5, 3)).shape
    torch.Size([5, 64])
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        d_in: int,
        width: int,
        activation: Callable[[], nn.Module],
    ):
        super().__init__()
        self.levels = pyramid(*image[:2], max(width // 16, 4))[::-1]
        h, w, channels = self.levels[0]
        self.bottom = nn.Sequential(
            Linear(d_in, width), activation(), Linear(width, h * w * channels), activation()
        )
        self.body = nn.ModuleList()
        for _, _, c in self.levels[1:]:
            self.body.append(nn.Sequential(Conv(channels, c), activation()))
            channels = c
        self.top = last(Conv(channels, image[2]))
        self.register_buffer("extends", torch.tensor([True]))
        self._extend(True)

    def _extend(self, extends: bool) -> None:
        for layer in self.modules():
            if isinstance(layer, Conv):
                layer.padding_mode = "replicate" if extends else "zeros"

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        extends = state_dict.setdefault(f"{prefix}extends", torch.tensor([False]))
        self._extend(bool(extends))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h, w, c = self.levels[0]
        x = self.bottom(z).view(-1, h, w, c).permute(0, 3, 1, 2)
        with reduced_precision_convs():
            for (h, w, _), group in zip(self.levels[1:], self.body):
                x = group(F.interpolate(x, size=(h, w), mode="nearest"))
            x = self.top(x)
        return (x.float() if x.dtype == torch.bfloat16 else x).permute(0, 2, 3, 1).flatten(1)


def network_kind(network: str, schema: Schema) -> str:
    """What ``network`` means here.

    Parameters
    ----------
    network : {"auto", "mlp", "conv", "resnet"}
        ``auto`` takes residual convolutions for pictures of at least 12x12.
    schema : Schema
        The columns of X.

    Returns
    -------
    {"mlp", "conv", "resnet"}

    Raises
    ------
    ValueError
        Convolutions over rows that are no pictures.

    Examples
    --------
    >>> from lvm_core.schema import Schema
    >>> network_kind("auto", Schema.gaussian(4)), network_kind("auto", Schema.picture(28, 28, 1))
    ('mlp', 'resnet')
    """
    if network in ("conv", "resnet") and schema.image is None:
        raise ValueError(
            f"network is {network!r}, but the rows are no pictures; use 'mlp' or 'auto'."
        )
    if network not in ("auto", "mlp", "conv", "resnet"):
        raise ValueError(f"network is {str(network)[:40]!r}, expected auto, mlp, conv or resnet.")
    if network != "auto":
        return network
    return "resnet" if schema.image is not None and min(schema.image[:2]) >= 12 else "mlp"


def is_conv(network: str, schema: Schema) -> bool:
    """Whether ``network`` means convolutions here.

    Parameters
    ----------
    network : {"auto", "mlp", "conv", "resnet"}
        See :func:`network_kind`.
    schema : Schema
        The columns of X.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        Convolutions over rows that are no pictures.

    Examples
    --------
    >>> from lvm_core.schema import Schema
    >>> is_conv("auto", Schema.gaussian(4))
    False
    """
    return network_kind(network, schema) != "mlp"


def encoder(
    schema: Schema, d_out: int, network: str, width: int, depth: int, activation
) -> nn.Module:
    """The network from rows (n, d), as :class:`InputScaler` gives them, to (n, d_out).

    Parameters
    ----------
    schema : Schema
        The columns of X.
    d_out : int
        Numbers it gives for each row.
    network : {"auto", "mlp", "conv", "resnet"}
        See :func:`network_kind`.
    width, depth : int
        Units of a hidden layer; hidden layers of a perceptron, residual blocks at each size of map.
    activation : callable
        Makes the activation between layers.

    Returns
    -------
    nn.Module
        An :class:`~lvm_core.nn.layers.MLP`, a :class:`ConvEncoder` or a
        :class:`~lvm_core.nn.pictures.ResidualEncoder`.

    Raises
    ------
    ValueError
        Convolutions over rows that are no pictures.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> encoder(Schema.gaussian(3), 2, "auto", 8, 1, torch.nn.ReLU)(torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """
    kind = network_kind(network, schema)
    if kind == "mlp":
        return MLP(schema.d, d_out, width, depth, activation)
    assert schema.image is not None  # see network_kind
    if kind == "resnet":
        return ResidualEncoder(schema.image, d_out, width, depth, activation)
    return ConvEncoder(schema.image, d_out, width, activation)


def decoder(
    schema: Schema, d_in: int, network: str, width: int, depth: int, activation
) -> nn.Module:
    """The network from codes (n, d_in) to raw outputs (n, d).

    They are for :class:`~lvm_core.nn.likelihoods.Likelihoods`.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    d_in : int
        Length of a code.
    network, width, depth, activation
        See :func:`encoder`.

    Returns
    -------
    nn.Module
        An :class:`~lvm_core.nn.layers.MLP`, a :class:`ConvDecoder` or a
        :class:`~lvm_core.nn.pictures.ResidualDecoder`.

    Raises
    ------
    ValueError
        Convolutions over rows that are no pictures.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> decoder(Schema.gaussian(3), 2, "auto", 8, 1, torch.nn.ReLU)(torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """
    kind = network_kind(network, schema)
    if kind == "mlp":
        return MLP(d_in, schema.d, width, depth, activation)
    assert schema.image is not None  # see network_kind
    if kind == "resnet":
        return ResidualDecoder(schema.image, d_in, width, depth, activation)
    return ConvDecoder(schema.image, d_in, width, activation)


def in_unit_range(X, schema: Schema) -> bool:
    """Whether rows are pictures whose pixels lie in [0, 1], so that decoded ones must too.

    Parameters
    ----------
    X : array or CSR (n, d)
        Rows.
    schema : Schema
        Their columns.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.schema import FeatureGroup, Schema
    >>> pictures = Schema((FeatureGroup("gaussian", 4),), image=(2, 2, 1))
    >>> in_unit_range(np.ones((3, 4)), pictures), in_unit_range(np.ones((3, 4)), Schema.gaussian(4))
    (True, False)
    """
    return schema.image is not None and bool(X.min() >= 0 and X.max() <= 1)


class Net(nn.Module):
    """A network whose rows enter by ``scaler`` and leave by ``likelihoods``.

    A subclass makes both, an :class:`InputScaler` and a
    :class:`~lvm_core.nn.likelihoods.Likelihoods`, and a ``decoder``.
    """

    scaler: InputScaler
    likelihoods: Likelihoods
    decoder: nn.Module

    if TYPE_CHECKING:  # which every subclass has

        def encode(self, x: torch.Tensor) -> torch.Tensor: ...

        def mean(self, z: torch.Tensor) -> torch.Tensor: ...

    def init_from_data(self, X, schema: Schema, generator: torch.Generator) -> None:
        """New weights, and the scales of X (n, d).

        Raises
        ------
        ValueError
            X cannot have this schema.
        """
        initialise(self, generator)
        loc, spread = scales(X, schema)
        self.scaler.init_from_data(loc, spread)
        self.likelihoods.init_from_data(X, loc, spread)

    def log_prob(self, raw: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """log p(x | raw) in nats.

        The decoder's outputs raw (..., n, -) and rows x (n, d) -> (..., n).
        """
        return self.likelihoods.log_prob(raw, x)

    def upgraded(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A state dict saved by an earlier version, as this one would have written it."""
        return plain_scaler(state, self.scaler)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        own = {
            name.removeprefix(prefix): state_dict.pop(name)
            for name in list(state_dict)
            if name.startswith(prefix)
        }
        state_dict.update({prefix + name: value for name, value in self.upgraded(own).items()})
        super()._load_from_state_dict(state_dict, prefix, *rest)


class CodeNet(Net):
    """Encoder, decoder and likelihoods: what VAE and GAN share.

    X enters by :class:`InputScaler` and an encoder, leaves by a decoder and
    :class:`~lvm_core.nn.likelihoods.Likelihoods`.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    k : int
        Length of the code.
    d_code : int
        Length of the encoder's output: 2k for means and log spreads, k for plain codes.
    network, width, depth, activation
        See :func:`encoder`.
    linear_path : bool, default=False
        Whether networks for pictures begin as PCA, see :mod:`lvm_core.nn.linear_path`.
    **likelihoods
        See :class:`~lvm_core.nn.likelihoods.Likelihoods`.

    Attributes
    ----------
    vamp : VampPrior or None
        The prior of the codes; None is N(0, I).

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> net.encode(x).shape, net.mean(torch.zeros(5, 2)).shape
    (torch.Size([5, 4]), torch.Size([5, 3]))
    """

    def __init__(
        self,
        schema: Schema,
        k: int,
        d_code: int,
        network: str,
        width: int,
        depth: int,
        activation: Callable[[], nn.Module],
        linear_path: bool = False,
        **likelihoods,
    ):
        super().__init__()
        self.scaler = InputScaler(schema)
        self.encoder = encoder(schema, d_code, network, width, depth, activation)
        self.decoder = decoder(schema, k, network, width, depth, activation)
        self.likelihoods = Likelihoods(schema, **likelihoods)
        if linear_path and network == "resnet":
            (part,) = self.likelihoods.parts  # one for all pixels
            self.encoder = LinearEncoder(self.encoder, schema.d, k)
            self.decoder = LinearDecoder(self.decoder, schema.d, k, getattr(part, "bounded", True))
        self.vamp: VampPrior | None = None
        self.variational = d_code == 2 * k

    def init_from_data(self, X, schema, generator):
        super().init_from_data(X, schema, generator)
        if isinstance(self.encoder, LinearEncoder) and isinstance(self.decoder, LinearDecoder):
            begin_as_pca(
                self.encoder,
                self.decoder,
                X,
                self.scaler.loc.numpy(),
                self.scaler.scale.numpy(),
                self.likelihoods.parts[0],
                variational=self.variational,
            )
        if self.vamp is not None:
            few = X[:: -(-X.shape[0] // FEW)].astype(np.float32)
            rows = torch.from_numpy(few.toarray() if hasattr(few, "indptr") else few)
            self.vamp.init_from_data(self.scaler(rows), generator)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) -> (n, d_code)."""
        return self.activate(self.encoder(self.scaler(x)))

    def mean(self, z: torch.Tensor) -> torch.Tensor:
        """Codes (n, k) -> expected X (n, d)."""
        return self.likelihoods.mean(self.decoder(self.project_code(z)))

    def activate(self, raw: torch.Tensor) -> torch.Tensor:
        """The encoder's numbers (n, d_code) as codes."""
        return raw

    def project_code(self, z: torch.Tensor) -> torch.Tensor:
        """The codes (n, k) the decoder may be asked for that are nearest to these."""
        return z


class ClassCodeNet(CodeNet):
    """Codes (n, k + classes): k free numbers, then the share of each class, which sum to 1.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    k : int
        Free numbers of the code.
    classes : int
        Number of classes.
    *network
        network, width, depth and activation, see :func:`encoder`.
    **likelihoods
        See :class:`~lvm_core.nn.likelihoods.Likelihoods`.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> net = ClassCodeNet(Schema.gaussian(3), 1, 2, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.project_code(torch.tensor([[0.5, 3.0, 1.0]])).round(decimals=2).tolist()
    [[0.5, 0.75, 0.25]]
    """

    def __init__(self, schema: Schema, k: int, classes: int, *network, **likelihoods):
        super().__init__(schema, k + classes, k + classes, *network, **likelihoods)
        self.k = k

    def activate(self, raw):
        return torch.cat([raw[:, : self.k], torch.softmax(raw[:, self.k :], 1)], 1)

    def project_code(self, z):
        shares = z[:, self.k :].clamp(min=0) + 1e-6  # no class at all is every class alike
        return torch.cat([z[:, : self.k], shares / shares.sum(1, keepdim=True)], 1)


class Function(nn.Module):
    """A function of one tensor as a module, with the modules it uses.

    Parameters
    ----------
    function : callable
        Tensor -> tensor.
    *parts : nn.Module
        What it uses: their numbers go where the function goes, as into an ONNX graph.

    Examples
    --------
    >>> import torch
    >>> Function(lambda x: 2 * x)(torch.ones(2)).tolist()
    [2.0, 2.0]
    """

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor], *parts: nn.Module):
        super().__init__()
        self.parts, self.forward = nn.ModuleList(parts), function


def tensors(*arrays) -> tuple[torch.Tensor, ...]:
    """Arrays and numbers as float32 tensors on the CPU.

    Parameters
    ----------
    *arrays : array or float
        Of any shape.

    Returns
    -------
    tuple of tensors

    Examples
    --------
    >>> import numpy as np
    >>> [t.dtype for t in tensors(np.ones(2), 1.0)]
    [torch.float32, torch.float32]
    """
    return tuple(torch.as_tensor(array, dtype=torch.float32) for array in arrays)


def in_batches(function: Callable, net: nn.Module, *arrays, size: int = 1024) -> Any:
    """``function(net, *tensors)`` over slices of rows, without gradients.

    Parameters
    ----------
    function : callable
        Returns a tensor or a tuple of them, each with one entry a row.
    net : nn.Module
        Copied to float64 where the first array is of that type.
    *arrays : array (n, ...)
        The first may be CSR; its precision is that of the result.
    size : int
        Rows at a time.

    Returns
    -------
    array or tuple of arrays

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> X = np.zeros((5, 3), np.float32)
    >>> in_batches(lambda net, x: net(x), torch.nn.Linear(3, 2), X, size=2).shape
    (5, 2)
    """
    where, dtype = (
        next(net.parameters()).device,
        torch.float64 if arrays[0].dtype == np.float64 else torch.float32,
    )
    net = net if dtype == torch.float32 else copy.deepcopy(net).double()
    n = arrays[0].shape[0]
    whole: list[np.ndarray] = []
    with torch.inference_mode(), matmul_precision():
        for start in range(0, n, size):
            rows = [a[start : start + size] for a in arrays]
            rows = [
                torch.tensor(r.toarray() if hasattr(r, "indptr") else r, dtype=dtype, device=where)
                for r in rows
            ]
            out = function(net, *rows)
            parts = [t.cpu().numpy() for t in (out if isinstance(out, tuple) else (out,))]
            whole = whole or [np.empty((n, *p.shape[1:]), p.dtype) for p in parts]
            # small arrays that are kept would cut the memory of large ones into pieces
            for array, part in zip(whole, parts):
                array[start : start + size] = part
    return tuple(whole) if len(whole) > 1 else whole[0]
