"""Rows per second of our VAE, of Pythae's and of a plain PyTorch loop over a DataLoader: the same
layers, objective, optimiser and batch size.

    python benchmarks/vae_vs_pythae.py MNIST.npz [--network mlp|conv] [--objective mse|bce] [--rows
    60000] [--epochs 3] [--batch 64] [--repeats 3] [--cool-down 0.5]

MNIST.npz holds ``x_train`` (n, 28, 28) uint8. Pythae is not among the app's dependencies; beside
them install it with ``pip install --no-deps --target FOLDER pythae==0.1.2 cloudpickle imageio
"pydantic==1.10.*"`` and add FOLDER to PYTHONPATH.

All train 784-512-(2 x k) and k-512-784 with ReLU and a sigmoid on [0, 1] pixels (``--network
conv``: three convolutions of stride 2 with 64, 128 and 128 channels under the 512 units, and back
by resizing; Pythae gets them as its own encoder and decoder), minimising ``0.5 |x - x'|^2 + KL``
(Gaussian of unit variance; ``--objective bce``: binary cross-entropy) by Adam at 1e-3. What is
timed is the epochs, from the first to the last step, without set-up and saving; the whole calls
(``fit`` here, ``trainer.train`` there) and the processor's seconds of these are printed too. The
sides alternate, each in a process of its own with the threads a training of the app gets (half the
cores), ours with the memory kept as the app's worker keeps it; each repeat has its own seed. The
loss is then computed for all by one function, on the test rows with the same noise. *Equal loss* is
the time to the better of their two held-out losses: our fewest epochs that reach it.
``--cool-down`` is our VAE's own schedule (the share of the training in which the rate falls to 0);
0 keeps the rate constant, as Pythae does by default. The batch size is Pythae's default.

Measured on two quiet cores of a Xeon with AMX, one thread, torch 2.13, Python 3.11, one repeat;
ours against Pythae / against the plain loop on the clock, in the processor's seconds, and held-out
loss of ours, Pythae's, the plain one's:

    mlp, mse, 60000 x 2, batch 32     3.2 / 3.0 (3.0 / 2.9)    19.98   20.16   20.19
    mlp, mse, 60000 x 2, batch 64     3.0 / 2.9 (2.8 / 2.7)    20.11   20.31   20.23
    conv, bce, 6000 x 4, batch 64     3.1 / 3.1 (3.0 / 3.0)   131.5   139.5   140.8

Equal loss took as many epochs as theirs, so it is the same ratio. What it comes from: bfloat16
products by AMX (nearly all of it in a convolution), denormals flushed, buffers kept from step to
step, a fused Adam. A processor without AMX has the last three only; that was not measured. Short
trainings gain less, we think because denormals come with time: 12000 rows x 1 epoch, batch 100, all
sides in one process (which keeps memory for all) gave 2.0 / 1.85 at a load of 2.5. There the step
is 3.7 ms, of which products take 1.4, Adam's arithmetic 0.5 and the loss with its gradient 0.3.
With unit variance all three convolutional networks stay at the mean picture for hundreds of steps
(KL 0), so their race is by cross-entropy.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

# as lvm_core.runs.fit_worker does, for all sides
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

K, HIDDEN, RATE = 16, 512, 1e-3
NETWORK, OBJECTIVE = "mlp", "mse"


def layers():
    """Encoder (n, 784) -> (n, 2 K) and decoder (n, K) -> log-odds (n, 784) as plain PyTorch
    writes them, the layers of ours.
    """
    from torch.nn import Conv2d, Flatten, Linear, ReLU, Sequential, Unflatten, Upsample

    if NETWORK == "mlp":
        return Sequential(Linear(784, HIDDEN), ReLU(), Linear(HIDDEN, 2 * K)), Sequential(
            Linear(K, HIDDEN), ReLU(), Linear(HIDDEN, 784)
        )
    from lvm_core.nn.nets import pyramid

    levels = pyramid(28, 28, HIDDEN // 16)
    down, channels = [Unflatten(1, (1, 28, 28))], 1
    for _, _, c in levels[1:]:
        down, channels = [*down, Conv2d(channels, c, 3, 2, 1), ReLU()], c
    h, w, _ = levels[-1]
    up = [
        Linear(K, HIDDEN),
        ReLU(),
        Linear(HIDDEN, h * w * channels),
        ReLU(),
        Unflatten(1, (channels, h, w)),
    ]
    flat = h * w * channels
    for h, w, c in levels[-2::-1]:
        up, channels = (
            [*up, Upsample((h, w)), Conv2d(channels, c, 3, 1, 1, padding_mode="replicate"), ReLU()],
            c,
        )
    return (
        Sequential(*down, Flatten(), Linear(flat, HIDDEN), ReLU(), Linear(HIDDEN, 2 * K)),
        Sequential(*up, Conv2d(channels, 1, 3, 1, 1, padding_mode="replicate"), Flatten()),
    )


def train_ours(X: np.ndarray, epochs: int, batch: int, seed: int, cool_down: float):
    from lvm_core import MODELS
    from lvm_core.models.vae import split
    from lvm_core.schema import Schema

    model = MODELS["VAE"](
        latent_dim=K,
        epochs=epochs,
        batch_size=batch,
        learning_rate=RATE,
        network=NETWORK,
        width=HIDDEN,
        depth=1,
        activation="relu",
        noise="unit",
        warm_up=0.0,
        cool_down=cool_down,
        random_state=seed,
    )
    last, start = [], time.perf_counter()
    model.fit(
        X,
        schema=Schema.picture(28, 28, 1, "gaussian" if OBJECTIVE == "mse" else "bernoulli"),
        on_step=lambda record: last.append(record) and None,
    )
    whole = time.perf_counter() - start

    def encode(x):
        mean, log_std = split(model.net_.encode(x))
        return mean, log_std.exp()

    return last[-1].seconds, whole, encode, model.net_.mean, model.net_


def train_pythae(X: np.ndarray, epochs: int, batch: int, seed: int, cool_down: float):
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    class Clock(TrainingCallback):
        def on_epoch_begin(self, config, **_):
            self.start = getattr(self, "start", time.perf_counter())

        def on_epoch_end(self, config, **_):
            self.seconds = time.perf_counter() - self.start

    torch.manual_seed(seed)
    model = VAE(
        VAEConfig(input_dim=(784,), latent_dim=K, reconstruction_loss=OBJECTIVE),
        **({} if NETWORK == "mlp" else as_pythae()),
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            per_device_train_batch_size=batch,
            learning_rate=RATE,
            optimizer_cls="Adam",
            seed=seed,
        )
        data, clock = torch.from_numpy(X), Clock()
        start = time.perf_counter()
        trainer = BaseTrainer(
            model,
            BaseDataset(data, torch.ones(len(data))),
            training_config=config,
            callbacks=[clock],
        )
        trainer.train()
        whole = time.perf_counter() - start
    model = trainer.model.eval()

    def encode(x):
        out = model.encoder(x)
        return out.embedding, (0.5 * out.log_covariance).exp()

    return (
        clock.seconds,
        whole,
        encode,
        lambda z: model.decoder(z)["reconstruction"].flatten(1),
        model,
    )


def as_pythae() -> dict:
    """:func:`layers` as the encoder and decoder that Pythae wants."""
    import torch
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    down, up = layers()

    class Encoder(BaseEncoder):
        def __init__(self):
            BaseEncoder.__init__(self)
            self.latent_dim, self.layers = K, down

        def forward(self, x):
            mean, log_covariance = self.layers(x).chunk(2, 1)
            return ModelOutput(embedding=mean, log_covariance=log_covariance)

    class Decoder(BaseDecoder):
        def __init__(self):
            BaseDecoder.__init__(self)
            self.layers = up

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.layers(z)))

    return {"encoder": Encoder(), "decoder": Decoder()}


def error(y, x):
    """What the objective charges for each pixel, decoded as y."""
    import torch

    return (
        0.5 * (y - x) ** 2
        if OBJECTIVE == "mse"
        else torch.nn.functional.binary_cross_entropy(y, x, reduction="none")
    )


def train_plain(X: np.ndarray, epochs: int, batch: int, seed: int, cool_down: float):
    """The loop of every tutorial: a shuffling DataLoader over a TensorDataset and
    torch.optim.Adam.
    """
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(seed)
    start = time.perf_counter()
    where = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = torch.nn.ModuleList(layers()).to(where)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    loader, began = (
        DataLoader(TensorDataset(torch.from_numpy(X)), batch_size=batch, shuffle=True),
        time.perf_counter(),
    )
    for _ in range(epochs):
        for (x,) in loader:
            x = x.to(where)
            mean, log_variance = net[0](x).chunk(2, 1)
            y = torch.sigmoid(net[1](mean + (0.5 * log_variance).exp() * torch.randn_like(mean)))
            kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1)
            objective = (error(y, x).sum(1) + kl).mean()
            optimiser.zero_grad()
            objective.backward()
            optimiser.step()

    def encode(x):
        mean, log_variance = net[0](x).chunk(2, 1)
        return mean, (0.5 * log_variance).exp()

    return (
        time.perf_counter() - began,
        time.perf_counter() - start,
        encode,
        lambda z: torch.sigmoid(net[1](z)),
        net,
    )


SIDES = {"ours": train_ours, "pythae": train_pythae, "plain": train_plain}


def pixels(path: str, name: str, rows: int | None = None) -> np.ndarray:
    """Pictures as rows (n, 784) in [0, 1]."""
    with np.load(path, allow_pickle=False) as file:
        return file[name][:rows].reshape(-1, 784).astype(np.float32) / 255


def race(
    name: str, args: argparse.Namespace, epochs: int, seed: int
) -> tuple[float, float, float, float]:
    """One side's training, in a process of its own: seconds, the processor's seconds, seconds
    of the whole call, held-out loss.
    """
    global NETWORK, OBJECTIVE
    NETWORK, OBJECTIVE = args.network, args.objective
    logging.disable(logging.WARNING)
    if name == "ours":
        from lvm_core.runs.fit_worker import keep_memory

        keep_memory()  # as every training of the app has it
    X = pixels(args.data, "x_train", args.rows)
    SIDES[name](X[:500], 1, args.batch, 0, 0.5)  # imports and caches are no part of the race
    before = time.process_time()
    seconds, whole, *model = SIDES[name](X, epochs, args.batch, seed, args.cool_down)
    return seconds, time.process_time() - before, whole, loss(pixels(args.data, "x_test"), *model)


def loss(X: np.ndarray, encode, decode, net) -> float:
    """Mean of the objective in nats per row, one draw of z per row from a fixed seed."""
    import torch

    where, generator = next(net.parameters()).device, torch.Generator().manual_seed(0)
    total = 0.0
    with torch.no_grad():
        for x in torch.from_numpy(X).split(2000):
            noise = torch.randn((len(x), K), generator=generator).to(where)
            x = x.to(where)
            mean, std = encode(x)
            kl = 0.5 * (mean**2 + std**2 - 1) - std.log()
            total += float(error(decode(mean + std * noise), x).sum() + kl.sum())
    return total / len(X)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    for name, value in {"rows": 60000, "epochs": 3, "batch": 64, "repeats": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--cool-down", type=float, default=0.5)
    parser.add_argument("--network", choices=("mlp", "conv"), default="mlp")
    parser.add_argument("--objective", choices=("mse", "bce"), default="mse")
    args = parser.parse_args()
    try:
        import pythae  # noqa: F401
    except ImportError:
        sys.exit(
            "Pythae is not importable. Install it into a folder of its own and add that to "
            "PYTHONPATH:\n  pip install --no-deps "
            '--target FOLDER pythae==0.1.2 cloudpickle imageio "pydantic==1.10.*"'
        )
    import torch

    print(
        f"{platform.machine()}; {args.network}, {args.objective}, {args.rows} rows x {args.epochs} "
        f"epochs, batch {args.batch}, our cool-down {args.cool_down:g}; torch "
        f"{torch.__version__}, "
        f"{torch.get_num_threads()} threads of {os.cpu_count()} cores, "
        f"{'CUDA' if torch.cuda.is_available() else 'CPU'}, Python {platform.python_version()}"
    )

    def alone(name, epochs, seed):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            return pool.submit(race, name, args, epochs, seed).result()

    wall, busy, shorter = (
        {"pythae": [], "plain": []},
        {"pythae": [], "plain": []},
        {"pythae": [], "plain": []},
    )
    for repeat in range(args.repeats):
        found = {name: alone(name, args.epochs, repeat) for name in SIDES}
        goal = min(found[name][3] for name in wall)
        equal = next(
            (
                run
                for run in (
                    (epochs, *alone("ours", epochs, repeat)) for epochs in range(1, args.epochs)
                )
                if run[4] <= goal
            ),
            (args.epochs, *found["ours"]),
        )
        print(
            f"repeat {repeat + 1}: "
            + "   ".join(
                f"{name} {args.rows * args.epochs / seconds:6.0f} rows/s ({seconds:.1f} s, "
                f"processor {cpu:.1f} s, whole {whole:.1f} s), held-out loss {value:.3f}"
                for name, (seconds, cpu, whole, value) in found.items()
            )
            + f"   ours at their loss: {equal[0]} epochs, {equal[1]:.1f} s, {equal[4]:.3f}",
            flush=True,
        )
        for name in wall:
            wall[name].append(found[name][0] / found["ours"][0])
            busy[name].append(found[name][1] / found["ours"][1])
            shorter[name].append(found[name][0] / equal[1])
    for what, ratios in {
        "equal epochs": wall,
        "equal epochs, processor": busy,
        "equal loss": shorter,
    }.items():
        print(
            f"{what}: "
            + ", ".join(
                f"{statistics.median(values):.2f} times as fast as {name}"
                for name, values in ratios.items()
            )
        )


if __name__ == "__main__":
    main()
