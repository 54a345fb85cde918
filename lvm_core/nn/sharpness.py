"""A critic of patches, from which a decoder of pictures learns to be sharp."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from .adversarial import Down
from .layers import Conv, initialise
from .nets import Net
from .precision import reduced_precision_convs
from .training import Adam

WIDTH = 64  # channels of the critic's last map of features
SHARE = 0.5  # as many epochs with the critic as this share of those before
STRIDES = 8  # pixels from one sum of the last of three maps to the next
DETAIL = 48  # pixels of the longer side from which patches are larger


class PatchCritic(nn.Module):
    """Pictures (n, h*w*c) -> maps at each of its layers, the last a score of each patch.

    The discriminator of PatchGAN without its normalisation: it never sees more than a patch of 18
    pixels a side, 38 of pictures from 48 pixels on.

    Parameters
    ----------
    image : (int, int, int)
        Height, width and channels.
    width : int
        Channels of the last map of features; every earlier one has half as many.

    References
    ----------
    Isola et al. (2017), *Image-to-Image Translation with Conditional Adversarial Networks*,
    https://arxiv.org/abs/1611.07004.

    Examples
    --------
    >>> import torch
    >>> [tuple(found.shape) for found in PatchCritic((28, 28, 1), 16)(torch.zeros(5, 784))]
    [(5, 8, 14, 14), (5, 16, 7, 7), (5, 1, 7, 7)]
    """

    def __init__(self, image: tuple[int, int, int], width: int = WIDTH):
        super().__init__()
        self.image, channels = image, image[2]
        self.body = nn.ModuleList()
        for later in reversed(range(2 if max(image[:2]) < DETAIL else 3)):
            self.body.append(nn.Sequential(Down(channels, width >> later), nn.LeakyReLU(0.2)))
            channels = width >> later
        self.top = Conv(channels, 1)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        h, w, c = self.image
        seen, maps = x.view(-1, h, w, c).permute(0, 3, 1, 2), []
        with reduced_precision_convs():
            for layer in [*self.body, self.top]:
                seen = layer(seen)
                maps.append(seen)
        return [found.float() for found in maps]


class Sharpener:
    """What a decoder of pictures pays for patches that do not look like those of real pictures.

    A critic learns to tell patches of real pictures from patches of decoded ones (hinge loss), and
    the network learns to give decoded pictures the maps of features that the critic has of the
    real ones: their mean absolute difference, the feature matching of VAE/GAN. Its weight is set
    anew at each step, as in VQGAN: at the decoder's outputs its gradient is ``weight`` times as
    long as that of the reconstruction. The critic's score itself, as a term, left a grid in strokes
    of digits, and lowered the likelihood more for less.

    Parameters
    ----------
    net : Net
        Of its scaler and likelihoods, which have no weights, it makes pictures of the outputs.
    image : (int, int, int)
        Height, width and channels of a picture.
    weight : float
        Of the term.
    generator : torch.Generator
        Of the critic's weights, and of the shifts under which it sees pictures.

    References
    ----------
    * Larsen et al. (2016), *Autoencoding beyond pixels using a learned similarity metric*,
      https://arxiv.org/abs/1512.09300.
    * Esser, Rombach & Ommer (2021), *Taming Transformers for High-Resolution Image Synthesis*,
      https://arxiv.org/abs/2012.09841.

    Examples
    --------
    >>> import torch
    >>> from lvm_core.nn.nets import CodeNet
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.picture(8, 8, 1), torch.rand(5, 64)
    >>> generator = torch.Generator().manual_seed(0)
    >>> net = CodeNet(schema, 2, 4, "mlp", 8, 1, torch.nn.ReLU)
    >>> net.init_from_data(x.numpy(), schema, generator)
    >>> sharpener = Sharpener(net, (8, 8, 1), 1.0, generator)
    >>> raw = net.decoder(torch.randn(5, 2, generator=generator))
    >>> sharpener(raw, net.log_prob(raw, x).mean(), x, rate=1e-3).ndim
    0
    """

    def __init__(
        self, net: Net, image: tuple[int, int, int], weight: float, generator: torch.Generator
    ):
        self.net, self.weight, self.critic = net, weight, PatchCritic(image)
        initialise(self.critic, generator)
        self.critic.to(net.scaler.loc.device)
        self.adam, self.generator = Adam(self.critic.parameters(), 0.5, 0.99), generator

    def __call__(
        self, raw: torch.Tensor, reconstruction: torch.Tensor, x: torch.Tensor, rate: float
    ) -> torch.Tensor:
        """The term to add to the loss of a minibatch, whose gradient is all that it is for; the
        critic takes a step.

        Parameters
        ----------
        raw : tensor (n, -)
            The decoder's outputs.
        reconstruction : 0-d tensor
            Their mean log-likelihood.
        x : tensor (n, d)
            Rows.
        rate : float
            Step size of the critic.

        Returns
        -------
        0-d tensor
        """
        # the critic is gone through once, forwards, for both that learn
        outputs = raw.detach().requires_grad_()
        both = torch.cat([x, self.net.likelihoods.mean(outputs)])
        scaler = self.net.scaler
        both = (both - scaler.loc.mean()) * scaler.rate.mean()
        # strides of 2 see every other pixel alike: always from the same ones, they leave a grid
        shift = torch.randint(STRIDES, (2,), generator=self.generator).tolist()
        both = both.view(-1, *self.critic.image).roll(shift, (1, 2)).flatten(1)
        *maps, scores = self.critic(both)
        pairs = [found.chunk(2) for found in maps]
        apart = torch.stack([(b - a.detach()).abs().mean() for a, b in pairs]).mean()
        (slope,) = torch.autograd.grad(apart, outputs, retain_graph=True)
        of_real, of_decoded = scores.chunk(2)
        self.adam.step(F.relu(1 - of_real).mean() + F.relu(1 + of_decoded).mean(), rate)
        (other,) = torch.autograd.grad(reconstruction, raw, retain_graph=True)
        ratio = other.norm() / slope.norm().clamp(min=torch.finfo(slope.dtype).tiny)
        return self.weight * ratio * (raw * slope).sum()

    def parts(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "critic": self.critic,
            "critic adam": self.adam,
            "critic generator": self.generator,
        }
