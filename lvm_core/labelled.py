"""The network of a model whose code is a vector and a class: q(y|x), q(z|x, y) and p(x|z, y)."""

from __future__ import annotations

import torch
from torch import nn

from .heads import Heads
from .layout import Layout
from .nets import MLP, Inputs, decoder, encoder, initialise, moments


class LabelledNet(nn.Module):
    """Codes [z (n, k), chances of the classes (n, c)] <-> X (n, d). Without classes (c = 0) it is a plain encoder and decoder."""

    def __init__(self, layout: Layout, k: int, classes: int, network: str, width: int, depth: int, **heads):
        super().__init__()
        self.k, self.classes = k, classes
        self.inputs = Inputs(layout)
        self.features = encoder(layout, width, network, width, depth, nn.SiLU)
        self.posterior = MLP(width + classes, 2 * k, width, 1, nn.SiLU)
        self.classifier = encoder(layout, classes, network, width, depth, nn.SiLU) if classes else None
        self.decoder = decoder(layout, k + classes, network, width, depth, nn.SiLU)
        self.heads = Heads(layout, **heads)

    def start(self, X, layout: Layout, generator: torch.Generator) -> None:
        """New weights, and the scales of X. Raises ValueError where X cannot have this layout."""
        initialise(self, generator)
        loc, scale = moments(X, layout)
        self.inputs.start(loc, scale)
        self.heads.start(X, loc, scale)

    def log_chances(self, x: torch.Tensor) -> torch.Tensor:
        """log q(y|x) (n, c)."""
        return torch.log_softmax(self.classifier(self.inputs(x)), 1) if self.classes else x.new_zeros((len(x), 0))

    def posterior_of(self, features: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log standard deviation (n, k) of q(z|x, y) from the features of x and chances y (n, c)."""
        mean, log_std = self.posterior(torch.cat([features, y], 1)).chunk(2, 1)
        return mean, log_std.clamp(-10, 10)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) -> [mean of q(z|x, y) at the expected y, q(y|x)] (n, k + c)."""
        y = self.log_chances(x).exp()
        return torch.cat([self.posterior_of(self.features(self.inputs(x)), y)[0], y], 1)

    def mean(self, code: torch.Tensor) -> torch.Tensor:
        """Codes (n, k + c) -> expected X (n, d); what stands for the class is made a distribution first."""
        return self.heads.mean(self.decoder(self.tidy(code)))

    def tidy(self, code: torch.Tensor) -> torch.Tensor:
        """The class part clipped at 0 and made to sum to 1; all classes alike where none is left."""
        if not self.classes:
            return code
        y = code[:, self.k:].clamp(min=0) + 1e-6
        return torch.cat([code[:, :self.k], y / y.sum(1, keepdim=True)], 1)
