"""A network whose codes hold a label beside the numbers: what the conditional VAE learns."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..schema import Schema
from .elbo import kl_by_dimension, split
from .likelihoods import Likelihoods
from .nets import MLP, InputScaler, Linear, Net, decoder, encoder, last


class LabelledNet(Net):
    """A network whose codes are [z, label probabilities], (n, k + K).

    A trunk looks at the row, ``classify`` gives the label's log-odds from what it saw, ``code`` the
    mean and log spread of z from that and the label, and the decoder takes both.

    Parameters
    ----------
    schema : Schema
        The columns of X.
    k : int
        Length of z.
    shares : array (K,)
        How often each label is seen; empty without labels.
    network, width, depth
        See :func:`~lvm_core.nn.nets.encoder`.
    bounded : bool
        Whether real columns have their mean in [0, 1].

    References
    ----------
    Kingma, Rezende, Mohamed & Welling (2014), *Semi-supervised Learning with Deep Generative
    Models*, https://arxiv.org/abs/1406.5298.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from lvm_core.schema import Schema
    >>> schema, x = Schema.gaussian(3), torch.zeros(5, 3)
    >>> net = LabelledNet(schema, 2, np.array([0.5, 0.5]), "mlp", 8, 1, bounded=False)
    >>> net.init_from_data(x.numpy(), schema, torch.Generator().manual_seed(0))
    >>> z = net.encode(x)
    >>> z.shape, net.mean(z).shape
    (torch.Size([5, 4]), torch.Size([5, 3]))
    """

    def __init__(
        self,
        schema: Schema,
        k: int,
        shares: np.ndarray,
        network: str,
        width: int,
        depth: int,
        bounded: bool,
    ):
        super().__init__()
        self.k, self.classes = k, len(shares)
        self.scaler = InputScaler(schema)
        self.trunk = nn.Sequential(
            encoder(schema, width, network, width, depth, nn.SiLU), nn.SiLU()
        )
        # no output layer here
        self.trunk[0].apply(
            lambda layer: setattr(layer, "gain", 1.0) if isinstance(layer, Linear) else None
        )
        self.classify = last(Linear(width, self.classes)) if self.classes else nn.Identity()
        self.code = MLP(width + self.classes, 2 * k, width, 1, nn.SiLU)
        self.decoder = decoder(schema, k + self.classes, network, width, depth, nn.SiLU)
        self.likelihoods = Likelihoods(schema, bounded=bounded)
        self.log_shares: torch.Tensor
        self.register_buffer("log_shares", torch.log(torch.as_tensor(shares, dtype=torch.float32)))

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) -> what the trunk saw (n, width)."""
        return self.trunk(self.scaler(x))

    def label_proba(self, seen: torch.Tensor) -> torch.Tensor:
        """Probabilities of the labels (n, K)."""
        return self.classify(seen).softmax(1) if self.classes else seen[:, :0]

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """X (n, d) -> codes (n, k + K)."""
        seen = self.features(x)
        y = self.label_proba(seen)
        return torch.cat([self.code(torch.cat([seen, y], 1))[:, : self.k], y], 1)

    def mean(self, z: torch.Tensor) -> torch.Tensor:
        """Codes (n, k + K) -> expected X (n, d).

        The label part is cut off at 0 and scaled to sum 1, equal where nothing is left.
        """
        y = z[:, self.k :].clamp(min=0)
        total = y.sum(1, keepdim=True)
        y = torch.where(
            total > 0, y / total.clamp(min=1e-12), torch.full_like(y, 1 / max(self.classes, 1))
        )
        return self.likelihoods.mean(self.decoder(torch.cat([z[:, : self.k], y], 1)))

    def kl(self, x: torch.Tensor) -> torch.Tensor:
        """Nats each dimension of the code tells about a row, (n, k + K).

        Of a label, against how often it is seen.
        """
        seen = self.features(x)
        y = self.label_proba(seen)
        told = kl_by_dimension(*split(self.code(torch.cat([seen, y], 1))))
        p = self.log_shares.to(y.dtype).exp()
        y = y.clamp(1e-7, 1 - 1e-7)
        return torch.cat([told, y * (y / p).log() + (1 - y) * ((1 - y) / (1 - p)).log()], 1)

    def log_weights(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Log importance weights ``log p(x, z, y) - log q(z, y|x)`` at the draws that noise makes.

        Parameters
        ----------
        x : tensor (n, d)
            Rows.
        noise : tensor (s, n, k + 1)
            Standard normal: the last number of each draw chooses the label, the others place z.

        Returns
        -------
        tensor (s, n)
            In nats.
        """
        seen, (s, n) = self.features(x), noise.shape[:2]
        chances = self.label_proba(seen)
        y, told = (
            chances[None, :, :].expand(s, -1, -1),
            torch.zeros((s, n), dtype=x.dtype, device=x.device),
        )
        if self.classes:
            label = (
                (torch.special.ndtr(noise[..., -1:]) > chances.cumsum(1))
                .sum(2)
                .clamp(max=self.classes - 1)
            )
            y = nn.functional.one_hot(label, self.classes).to(x.dtype)
            told = (
                self.log_shares.to(x.dtype)[label]
                - chances.clamp(min=1e-30)
                .log()
                .expand(s, -1, -1)
                .gather(2, label[..., None])[..., 0]
            )
        mean, log_std = split(self.code(torch.cat([seen.expand(s, -1, -1), y], 2).flatten(0, 1)))
        mean, log_std, noise = mean.view(s, n, -1), log_std.view(s, n, -1), noise[..., :-1]
        z = mean + log_std.exp() * noise
        log_p = self.log_prob(
            self.decoder(torch.cat([z, y], 2).flatten(0, 1)), x.repeat(s, 1)
        ).view(s, n)
        return log_p + told + (0.5 * (noise**2 - z**2) + log_std).sum(2)

    def bound(self, x: torch.Tensor, draws: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """The two parts of each row's ELBO, labels summed out by q(y|x).

        Parameters
        ----------
        x : tensor (n, d)
            Rows.
        draws : array (m, k)
            Fixed draws, the same for every row.

        Returns
        -------
        reconstruction, kl : tensor (n,)
            In nats; the KL is that of code and label.
        """
        seen = self.features(x)
        weights, classes, noise = (
            self.label_proba(seen),
            range(max(self.classes, 1)),
            torch.as_tensor(draws, dtype=x.dtype, device=x.device),
        )
        reconstruction, kl = torch.zeros_like(seen[:, 0]), torch.zeros_like(seen[:, 0])
        for c in classes:
            y = torch.zeros_like(weights)
            y[:, c : c + 1] = 1.0
            weight = weights[:, c] if self.classes else 1.0
            mean, log_std = split(self.code(torch.cat([seen, y], 1)))
            drawn = sum(
                self.log_prob(self.decoder(torch.cat([mean + log_std.exp() * eps, y], 1)), x)
                for eps in noise
            ) / len(noise)
            told = kl_by_dimension(mean, log_std).sum(1)
            if isinstance(weight, torch.Tensor):
                told = told + weight.clamp(min=1e-30).log() - self.log_shares[c].to(x.dtype)
            reconstruction, kl = reconstruction + weight * drawn, kl + weight * told
        return reconstruction, kl
