"""Test likelihood of VAE and IWAE on binarised MNIST, beside Table 1 of Burda, Grosse &
Salakhutdinov (2016, arXiv:1509.00519).

    python benchmarks/iwae_mnist.py MNIST.npz [--stages 4] [--batch 20] [--rows 60000] [--samples 1
    5 50] [--test 10000] [--seed 0] [--quick]

MNIST.npz holds ``x_train`` (n, 28, 28) and ``x_test`` uint8. One stochastic layer:
784-200-200-50-200-200-784, tanh. Every pass binarises the training pictures anew, a pixel's grey
being its probability (dynamic binarisation); the test pictures are binarised once, by the seed. The
paper's schedule: stage i = 0..7 is 3^i passes at a rate of 1e-3 * 10^(-i/7), batches of 20;
``--stages 8`` is all 3280 passes and wants a GPU. NLL = -L_5000, the importance-weighted estimate
with 5000 draws a picture (``VAE.log_weights``), with its standard error over pictures; active:
dimensions whose posterior mean varies over the test pictures by more than 0.01.

As in the paper: layers, binarisation, objective, rates, batches. Different: weights begin He-normal
(Glorot there), Adam's epsilon is 1e-8 (1e-4 there), and how many stages are run is printed.
``--quick`` is one that two cores finish: 12,000 pictures, batches of 50, 4 stages, 1000 test
pictures with 1000 draws; its numbers are only comparable with each other.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PAPER = {1: (86.76, 19), 5: (85.54, 22), 50: (84.78, 25)}
K = 50


def blank(X, seed: int):
    """A VAE of the paper's shape with new weights."""
    from lvm_core import MODELS
    from lvm_core.schema import Schema

    model = MODELS["VAE"](
        latent_dim=K,
        network="mlp",
        width=200,
        depth=2,
        activation="tanh",
        epochs=1,
        batch_size=8192,
        learning_rate=1e-6,
        random_state=seed,
    )
    # a few tiny steps; the bias is the training mean
    return model.fit((X > 0.5).astype(np.float32), schema=Schema.picture(28, 28, 1, "bernoulli"))


def train(model, X, draws: int, stages: int, batch: int, seed: int) -> None:
    """The paper's schedule, on the model's own bounds."""
    import torch

    from lvm_core.nn.elbo import elbo_loss, importance_loss
    from lvm_core.nn.training import Adam, device, minibatches

    net, where = model.net_.train(), device()
    X = torch.as_tensor(X, device=where)
    noise, order = (torch.Generator(device=where).manual_seed(seed + i) for i in (1, 2))
    adam, batches, start = (
        Adam(net.parameters()),
        minibatches(len(X), batch, order),
        time.monotonic(),
    )
    for stage in range(stages):
        rate, total, steps = 1e-3 * 10 ** (-stage / 7), 0.0, 3**stage * -(-len(X) // batch)
        for _ in range(steps):
            grey = X[next(batches)]
            x = (torch.rand(grey.shape, generator=noise, device=where) < grey).float()
            if draws > 1:
                loss, *_ = importance_loss(
                    net,
                    x,
                    torch.randn((draws, len(x), K), generator=noise, device=where),
                    1.0,
                    noise,
                )
            else:
                loss, *_ = elbo_loss(
                    net, x, torch.randn((len(x), K), generator=noise, device=where), 1.0
                )
            adam.step(loss, rate)
            total = total + loss.detach()
        print(
            (
                f"    k={draws}: stage {stage}, {3**stage} passes, bound "
                f"{-float(total) / steps:.2f}, {time.monotonic() - start:.0f} s"
            ),
            flush=True,
        )
    net.eval()


def measured(model, X, draws: int, seed: int) -> tuple[float, float, int]:
    """(NLL in nats, its standard error, active units)."""
    from lvm_core.metrics import marginal

    found = marginal(model, X, n_samples=draws, random_state=seed)
    return -found.estimate, found.error, found.active


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("mnist")
    ask.add_argument("--samples", type=int, nargs="+", default=[1, 5, 50])
    for name, default in dict(
        stages=4, batch=20, rows=60_000, test=10_000, draws=5000, seed=0
    ).items():
        ask.add_argument(f"--{name}", type=int, default=default)
    ask.add_argument("--quick", action="store_true")
    given = ask.parse_args()
    if given.quick:
        given.stages, given.batch, given.rows, given.test, given.draws = 4, 50, 12_000, 1000, 1000
    with np.load(given.mnist, allow_pickle=False) as data:
        train_X, test_X = (
            data[k].reshape(-1, 784).astype(np.float32) / 255 for k in ("x_train", "x_test")
        )
    rng = np.random.RandomState(given.seed)
    train_X, test_X = (
        train_X[rng.permutation(len(train_X))[: given.rows]],
        test_X[rng.permutation(len(test_X))[: given.test]],
    )
    test_X = (rng.uniform(size=test_X.shape) < test_X).astype(np.float32)
    passes = (3**given.stages - 1) // 2
    print(
        f"MNIST, dynamic binarisation, {len(train_X):,} pictures, {given.stages} of 8 stages = "
        f"{passes} of 3280 passes, batches of {given.batch}, seed {given.seed}; "
        f"NLL of {len(test_X):,} test pictures, binarised once, {given.draws} draws"
    )
    print(
        f"{'k':>4} {'NLL':>8} {'error':>6} {'active':>6} {'paper':>8} {'active':>6} {'seconds':>8}"
    )
    for k in given.samples:
        start = time.monotonic()
        model = blank(train_X, given.seed)
        train(model, train_X, k, given.stages, given.batch, given.seed)
        nll, error, active = measured(model, test_X, given.draws, given.seed)
        paper = PAPER.get(k, (float("nan"), 0))
        print(
            (
                f"{k:>4} {nll:>8.2f} {error:>6.2f} {active:>6} {paper[0]:>8.2f} {paper[1]:>6} "
                f"{time.monotonic() - start:>8.0f}"
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
