"""What ``pictures.py`` measures our models against: Pythae's VAEs and a plain DCGAN, each trained
for so many epochs or so many of the processor's seconds, and a plain classifier of digits that
judges samples.

Pythae is not among the app's dependencies; ``vae_vs_pythae.py`` says how to install it beside them.
All set torch's global seed, as such programs do.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import io
import logging
import tempfile
import time
from collections.abc import Callable

import numpy as np

HAVE_PYTHAE = importlib.util.find_spec("pythae") is not None
NO_PYTHAE = (
    "Pythae is not importable, its rows are left out; the header of vae_vs_pythae.py says how to "
    "install it."
)
DRAWN = 2**22  # decoded values held at once


# -- Pythae ----------------------------------------------------------------------------------------


class _Over(Exception):
    """The seconds of a training are over."""


def pythae_vae(
    X: np.ndarray,
    image: tuple[int, int, int],
    k: int,
    network: str | dict,
    *,
    epochs: int = 1000,
    seconds: float = float("inf"),
    batch: int = 64,
    rate: float = 1e-3,
    seed: int = 0,
):
    """Pythae's VAE of pictures X (n, h * w * c), by cross-entropy.

    ``network``: "mlp", Pythae's default of one hidden layer of 512; "conv", its own convolutions
    for MNIST; or the modules as ``as_pythae`` gives them. Ends after ``epochs``, or with the step
    in which the processor's ``seconds`` are over. Returns (model, processor's seconds, epochs).
    """
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_VAE_MNIST
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    class Clock(TrainingCallback):
        steps = 0

        def on_train_begin(self, config, **_):
            self.start = time.process_time()

        def on_train_step_end(self, training_config, **_):
            self.steps += 1
            if time.process_time() - self.start > seconds:
                raise _Over

    logging.disable(logging.WARNING)  # it reports to the log
    torch.manual_seed(seed)
    h, w, c = image
    config = VAEConfig(input_dim=(c, h, w), latent_dim=k, reconstruction_loss="bce")
    parts = network if isinstance(network, dict) else {}
    if network == "conv":
        parts = {
            "encoder": Encoder_Conv_VAE_MNIST(config),
            "decoder": Decoder_Conv_AE_MNIST(config),
        }
    model, clock = VAE(config, **parts), Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        settings = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=batch,
            learning_rate=rate,
            optimizer_cls="Adam",
            seed=seed,
            no_cuda=True,
        )
        data = BaseDataset(channels_first(X, image), torch.ones(len(X)))
        trainer = BaseTrainer(model, data, training_config=settings, callbacks=[clock])
        with contextlib.suppress(_Over):
            trainer.train()
        took = time.process_time() - clock.start
    return trainer.model.eval(), took, clock.steps / -(-len(X) // batch)


def channels_first(X: np.ndarray, image: tuple[int, int, int]):
    """Rows (n, h * w * c) as a tensor (n, c, h, w)."""
    import torch

    return torch.as_tensor(X).view(-1, *image).permute(0, 3, 1, 2).contiguous()


def channels_last(pictures) -> np.ndarray:
    """A tensor (n, c, h, w) as rows (n, h * w * c)."""
    return pictures.permute(0, 2, 3, 1).flatten(1).numpy()


def as_pythae(net, k: int, image: tuple[int, int, int]) -> dict:
    """A copy of our encoder and decoder as the modules that Pythae wants: the same layers."""
    import torch
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    h, w, c = image
    net = copy.deepcopy(net).train().requires_grad_(True)

    class Encoder(BaseEncoder):
        def __init__(self):
            BaseEncoder.__init__(self)
            self.latent_dim, self.scaler, self.layers = k, net.scaler, net.encoder

        def forward(self, x):
            mean, log_std = self.layers(self.scaler(x.permute(0, 2, 3, 1).flatten(1))).chunk(2, 1)
            return ModelOutput(embedding=mean, log_covariance=2 * log_std)

    class Decoder(BaseDecoder):
        def __init__(self):
            BaseDecoder.__init__(self)
            self.layers = net.decoder

        def forward(self, z):
            made = torch.sigmoid(self.layers(z)).view(-1, h, w, c).permute(0, 3, 1, 2)
            return ModelOutput(reconstruction=made)

    return {"encoder": Encoder(), "decoder": Decoder()}


def pythae_bounds(model, X: np.ndarray, image, draws: int, seed: int = 0) -> tuple[float, ...]:
    """(ELBO, importance-weighted bound of ``draws``, its standard error over rows) of binary
    pictures X (n, d), in nats a row.
    """
    import torch

    generator, found = torch.Generator().manual_seed(seed), []
    rows = max(1, DRAWN // (draws * X.shape[1]))
    with torch.no_grad():
        for x in torch.as_tensor(X).split(rows):
            out = model.encoder(channels_first(x, image))
            mean, log_std = out.embedding, 0.5 * out.log_covariance
            noise = torch.randn((draws, *mean.shape), generator=generator)
            z = mean + log_std.exp() * noise  # (draws, rows, k)
            made = model.decoder(z.flatten(0, 1))["reconstruction"]
            p = made.permute(0, 2, 3, 1).reshape(*z.shape[:2], -1)  # (draws, rows, d)
            likelihood = torch.log(torch.where(x > 0.5, p, 1 - p).clamp(min=1e-7)).sum(2)
            found.append(likelihood + (0.5 * (noise**2 - z**2) + log_std).sum(2))
    weights = torch.cat(found, 1).double()  # (draws, n)
    bound = torch.logsumexp(weights, 0) - np.log(draws)
    return float(weights.mean()), float(bound.mean()), float(bound.std() / len(bound) ** 0.5)


def pythae_samples(model, X: np.ndarray, image, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """n pictures each of Pythae's NormalSampler and of its GaussianMixtureSampler (10 parts)."""
    import torch
    from pythae.samplers import (
        GaussianMixtureSampler,
        GaussianMixtureSamplerConfig,
        NormalSampler,
    )

    torch.manual_seed(seed)
    np.random.seed(seed)  # scikit-learn's mixture within draws from numpy's
    mixture = GaussianMixtureSampler(model, GaussianMixtureSamplerConfig(n_components=10))
    with contextlib.redirect_stdout(io.StringIO()):
        mixture.fit(channels_first(X, image))
        made = {"prior": NormalSampler(model).sample(n), "mixture": mixture.sample(n)}
    return {name: channels_last(pictures.detach().cpu()) for name, pictures in made.items()}


# -- a plain DCGAN ---------------------------------------------------------------------------------


def dcgan(
    X: np.ndarray, seconds: float, samples: int, batch: int = 64, seed: int = 0
) -> tuple[np.ndarray, float, int]:
    """A DCGAN (Radford et al., 2016, arXiv:1511.06434) of 28 x 28 grey pictures X (n, 784): two
    strided convolutions of 64 and 128 channels each way, batch normalisation, Adam at 2e-4 with
    momentum 0.5, the non-saturating loss.

    Trained for the processor's ``seconds``. Returns (samples (m, 784), seconds, steps).
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(seed)
    k = 64
    generator = nn.Sequential(
        nn.Linear(k, 7 * 7 * 128, bias=False),
        nn.Unflatten(1, (128, 7, 7)),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    )
    critic = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(7 * 7 * 128, 1),
    )
    for layer in [*generator, *critic]:
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
    adams = [
        torch.optim.Adam(part.parameters(), 2e-4, betas=(0.5, 0.999))
        for part in (critic, generator)
    ]
    rows = 2 * channels_first(X, (28, 28, 1)) - 1
    steps, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        order = torch.randperm(len(rows))
        for index in order[: len(order) // batch * batch].view(-1, batch):
            made = generator(torch.randn(batch, k))
            against = F.softplus(-critic(rows[index])) + F.softplus(critic(made.detach()))
            adams[0].zero_grad()
            against.mean().backward()
            adams[0].step()
            loss = F.softplus(-critic(made)).mean()
            adams[1].zero_grad()
            loss.backward()
            adams[1].step()
            steps += 1
            if time.process_time() - start >= seconds:
                break
    took = time.process_time() - start
    generator.eval()
    with torch.no_grad():
        made = [generator(torch.randn(m, k)) for m in _parts(samples, 500)]
    return channels_last((torch.cat(made) + 1) / 2), took, steps


def _parts(n: int, size: int) -> list[int]:
    return [min(size, n - start) for start in range(0, n, size)]


# -- the judge -------------------------------------------------------------------------------------


def recogniser(
    X: np.ndarray, y: np.ndarray, epochs: int = 6, seed: int = 0
) -> Callable[[np.ndarray], np.ndarray]:
    """A plain convolutional classifier of 28 x 28 grey digits, by cross-entropy alone, so that its
    chances mean something: rows (n, 784) -> chances (n, 10).
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    adam, rows = torch.optim.Adam(net.parameters(), 1e-3), channels_first(X, (28, 28, 1))
    wanted = torch.as_tensor(np.asarray(y, np.int64))
    for epoch in range(epochs):
        for group in adam.param_groups:
            group["lr"] = 1e-3 * (1 - epoch / epochs)
        for index in torch.randperm(len(rows)).split(64):
            loss = F.cross_entropy(net(rows[index]), wanted[index])
            adam.zero_grad()
            loss.backward()
            adam.step()
    net.eval()

    def chances(A):
        with torch.no_grad():
            parts = channels_first(np.asarray(A, np.float32), (28, 28, 1)).split(1000)
            return torch.cat([net(part).softmax(1) for part in parts]).numpy()

    return chances
