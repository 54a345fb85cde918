"""Networks for adversarial training on pictures: a generator, a critic, and the pictures the critic
sees changed.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import nn
from torch.nn import functional as F

from .nets import Conv, Linear

SMALLEST = 8  # pixels of a side, from which on these networks are the usual choice
_BOTTOM = 7  # pixels at most of the coarsest level's longer side
_GROWTH = 8  # times the channels of the finest level, at most
# of a layer's weights, times He's: from wider ones a critic starts steep, and wins within 500 steps
_GAIN = 0.4


def has_bfloat16() -> bool:
    """Whether convolutions in bfloat16 are the quicker ones on this processor.

    Returns
    -------
    bool
    """
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def flops_per_second() -> float:
    """Floating point operations of convolutions that one training gets through in a second.

    Returns
    -------
    float
        As measured with these networks on one thread of a server's processor.
    """
    return 1.1e11 if has_bfloat16() else 7e10


def levels(height: int, width: int, base: int) -> list[tuple[int, int, int]]:
    """(height, width, channels) of each level, from half the picture's size down.

    Halved at least twice, and until no side is longer than 7; channels double up to 8 times.

    Parameters
    ----------
    height, width : int
        Of the picture.
    base : int
        Channels of the first level.

    Returns
    -------
    list of (int, int, int)

    Examples
    --------
    >>> levels(28, 28, 64)
    [(14, 14, 64), (7, 7, 128)]
    >>> levels(8, 8, 64)
    [(4, 4, 64), (2, 2, 128)]
    """
    found, h, w = [], height, width
    while len(found) < 2 or max(h, w) > _BOTTOM:
        h, w = -(-h // 2), -(-w // 2)
        found.append((h, w, base * min(2 ** len(found), _GROWTH)))
    return found


def critic_flops(image: tuple[int, int, int], width: int, hidden: int = 0) -> float:
    """Operations with which a :class:`Critic` of this width looks at one picture.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    width, hidden : int
        See :class:`Critic`.

    Returns
    -------
    float

    Examples
    --------
    >>> round(critic_flops((28, 28, 1), 128) / 1e6)
    13
    """
    total, channels, h, w = 0.0, image[2], 0, 0
    for h, w, c in levels(image[0], image[1], _base(width)):
        total += 2 * 16 * h * w * channels * c
        channels = c
    return total + 2 * h * w * channels * hidden


def _base(width: int) -> int:
    return max(width // 2, 4)


class Down(Conv):
    """A 4x4 convolution of stride 2: half the height and width, rounded up.

    Parameters
    ----------
    channels_in, channels_out : int
        Of the pictures that enter and leave.

    Examples
    --------
    >>> import torch
    >>> Down(1, 4)(torch.zeros(5, 1, 7, 8)).shape
    torch.Size([5, 4, 4, 4])
    """

    gain = _GAIN

    def __init__(self, channels_in: int, channels_out: int):
        nn.Conv2d.__init__(self, channels_in, channels_out, 4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        odd = x.shape[3] % 2, x.shape[2] % 2
        return super().forward(F.pad(x, (0, odd[0], 0, odd[1]), "replicate") if any(odd) else x)


class Up(nn.ConvTranspose2d):
    """A 4x4 transposed convolution of stride 2: twice the height and width.

    Every pixel it gives is a sum of 2x2 of those that enter, so that it leaves no checkerboard of
    its own (Odena et al., 2016). Its weights are set by :func:`~lvm_core.nn.nets.initialise`.

    Parameters
    ----------
    channels_in, channels_out : int
        Of the pictures that enter and leave.

    References
    ----------
    Odena et al. (2016), https://doi.org/10.23915/distill.00003.

    Examples
    --------
    >>> import torch
    >>> Up(4, 2)(torch.zeros(5, 4, 7, 7)).shape
    torch.Size([5, 2, 14, 14])
    """

    gain = _GAIN

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 4, 2, 1)
        self.fan_in = 4 * channels_in

    def reset_parameters(self) -> None:
        pass


class Critic(nn.Module):
    """Rows of pictures (n, h*w*c) -> (n, d_out), by strided convolutions.

    The discriminator of DCGAN without its normalisation. With a hidden layer it judges the picture
    as a whole: two strided convolutions and a sum see strokes, not which digit they make.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_out : int
        Numbers it gives for each row.
    width : int
        Twice the channels of the first convolution; they double at each level, up to 8 times.
    hidden : int
        Units of a layer between the convolutions and the outputs; 0 for none, as DCGAN has it.

    References
    ----------
    Radford, Metz & Chintala (2016), *Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks*, https://arxiv.org/abs/1511.06434.

    Examples
    --------
    >>> import torch
    >>> Critic((8, 8, 1), 3, 16)(torch.zeros(5, 64)).shape
    torch.Size([5, 3])
    """

    def __init__(self, image: tuple[int, int, int], d_out: int, width: int, hidden: int = 0):
        super().__init__()
        self.image, layers, channels = image, [], image[2]
        sizes = levels(image[0], image[1], _base(width))
        for _, _, c in sizes:
            layers += [Down(channels, c), nn.LeakyReLU(0.2)]
            channels = c
        self.body = nn.Sequential(*layers)
        seen = sizes[-1][0] * sizes[-1][1] * channels
        ends = [Linear(seen, hidden), Linear(hidden, d_out)] if hidden else [Linear(seen, d_out)]
        for layer in ends:
            layer.gain = _GAIN
        self.top = nn.Sequential(ends[0], nn.LeakyReLU(0.2), ends[1]) if hidden else ends[0]

    def forward(self, x: torch.Tensor, exact: bool = False) -> torch.Tensor:
        """``exact``: in float32 whatever the processor, as a slope's slope wants it."""
        h, w, c = self.image
        pictures = x.view(-1, h, w, c).permute(0, 3, 1, 2)  # channels last, as the rows lie
        with _reduced(x, self.training and not exact):
            seen = self.body(pictures)
        return self.top(seen.to(x.dtype).flatten(1))


class Generator(nn.Module):
    """(n, d_in) -> rows of pictures (n, h*w*c), by transposed convolutions.

    The generator of DCGAN, with batch normalisation before each ReLU. Training mode normalises by
    the minibatch, as always, and evaluation mode by running means.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    d_in : int
        Numbers that enter for each row.
    width : int
        Twice the channels at half the picture's size; they double at each coarser level, up to 8
        times.

    References
    ----------
    Radford, Metz & Chintala (2016), *Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks*, https://arxiv.org/abs/1511.06434.

    Examples
    --------
    >>> import torch
    >>> Generator((8, 9, 1), 3, 16).eval()(torch.zeros(5, 3)).shape
    torch.Size([5, 72])
    """

    def __init__(self, image: tuple[int, int, int], d_in: int, width: int):
        super().__init__()
        self.sizes = levels(image[0], image[1], _base(width))[::-1]
        h, w, channels = self.sizes[0]
        self.bottom = Linear(d_in, h * w * channels)
        self.bottom.gain = _GAIN
        self.first = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
        self.body = nn.ModuleList()
        for _, _, c in self.sizes[1:]:
            self.body.append(nn.Sequential(Up(channels, c), nn.BatchNorm2d(c), nn.ReLU()))
            channels = c
        self.top = Up(channels, image[2])
        self.top.gain = 1.5  # from the start pictures that differ: from grey ones it would collapse
        self.sizes = [*self.sizes[1:], image]

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        channels = cast(nn.BatchNorm2d, self.first[0]).num_features
        h, w = -(-self.sizes[0][0] // 2), -(-self.sizes[0][1] // 2)
        x = self.bottom(z).view(-1, h, w, channels).permute(0, 3, 1, 2)
        with _reduced(z, self.training):
            x = self.first(x)
            for (h, w, _), group in zip(self.sizes, [*self.body, self.top]):
                x = group(x)[:, :, :h, :w]  # an odd size is half of the next even one
        return x.to(z.dtype).permute(0, 2, 3, 1).flatten(1)


def _reduced(x: torch.Tensor, wanted: bool) -> torch.autocast:
    return torch.autocast(
        "cpu",
        torch.bfloat16,
        enabled=wanted and x.device.type == "cpu" and x.dtype == torch.float32 and has_bfloat16(),
    )


def augment(
    rows: torch.Tensor,
    image: tuple[int, int, int],
    share: float,
    fill: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """Pictures as a critic sees them: shifted, with a part cut out, and in other colours.

    Every operation has a gradient, so that a generator learns through it. With real and drawn
    pictures changed alike, a critic cannot learn the few real ones by heart, and the generator
    does not learn the changes as long as ``share`` is below 1 or they can be told apart.

    Parameters
    ----------
    rows : tensor (n, h*w*c)
        Pictures.
    image : (int, int, int)
        Height, width and channels. Of 3 or 4, the first three are taken as red, green and blue.
    share : float
        Of the pictures, each operation on its own draw.
    fill : float
        What comes in at the edges and where a part is cut out.
    generator : torch.Generator
        Of the draws.

    Returns
    -------
    tensor (n, h*w*c)

    References
    ----------
    Zhao et al. (2020), *Differentiable Augmentation for Data-Efficient GAN Training*,
    https://arxiv.org/abs/2006.10738.

    Examples
    --------
    >>> import torch
    >>> rows = torch.rand(5, 48)
    >>> augment(rows, (4, 4, 3), 1.0, 0.0, torch.Generator().manual_seed(0)).shape
    torch.Size([5, 48])
    >>> torch.equal(augment(rows, (4, 4, 3), 0.0, 0.0, torch.Generator().manual_seed(0)), rows)
    True
    """
    n, (h, w, c), where = len(rows), image, rows.device

    def draw(*shape):
        return torch.rand(shape, generator=generator, device=where)

    def chosen():
        return draw(n) < share

    x = rows.view(n, h, w, c)
    if c >= 3:
        x = _recoloured(x, chosen(), draw)
    # a shift by up to an eighth
    reach = [max(1, round(size / 8)) for size in (h, w)]
    moved = chosen()[:, None] * (draw(n, 2) * 2 - 1)
    by = [(moved[:, i] * (reach[i] + 0.5)).trunc().long() for i in (0, 1)]
    padded = F.pad(x, (0, 0, reach[1], reach[1], reach[0], reach[0]), value=fill)
    starts = (torch.stack(by, 1) + torch.tensor(reach, device=where)).tolist()
    # one slice a picture: an index over all would have a slow gradient
    x = torch.stack(
        [one[i : i + h, j : j + w] for one, (i, j) in zip(padded.unbind(0), starts, strict=True)]
    )
    # a hole of half the size, which may reach beyond the edge
    centre, hole = draw(n, 2), chosen()
    inside = [
        (torch.arange(size, device=where) + 0.5 - centre[:, i, None] * size).abs() < size / 4
        for i, size in enumerate((h, w))
    ]
    cut = (inside[0][:, :, None] & inside[1][:, None, :] & hole[:, None, None])[..., None].float()
    return (x * (1 - cut) + fill * cut).flatten(1)


def _recoloured(x: torch.Tensor, chosen: torch.Tensor, draw) -> torch.Tensor:
    """Other brightness, saturation and contrast of the first three channels of (n, h, w, c)."""
    n, h, w, c = x.shape
    brightness, saturation, contrast = (draw(3, n) - 0.5) * chosen
    middle = x[..., :3].mean((1, 2, 3))
    saturation, contrast = 1 + 2 * saturation, 1 + contrast
    # all three in one: of each picture a product with a matrix of its channels, and a sum
    mix = torch.eye(c, device=x.device).repeat(n, 1, 1)
    mix[:, :3, :3] *= (contrast * saturation)[:, None, None]
    mix[:, :3, :3] += (contrast * (1 - saturation) / 3)[:, None, None]
    spread = x.detach()[..., :3].std()
    more = F.pad(
        (2 * spread * brightness + (1 - contrast) * middle)[:, None].expand(n, 3), (0, c - 3)
    )
    return torch.baddbmm(more[:, None], x.reshape(n, h * w, c), mix).view(n, h, w, c)
