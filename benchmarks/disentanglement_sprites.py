"""How disentangled are the codes of PCA and of VAEs with several weights of the KL term? A table
over seeds, on sprites.

The data is our own (lvm_core/datasets/builtin/sprites.py, after dSprites): 32 x 32 grey pixels,
factors shape, scale, rotation, x and y, drawn at random. Codes of 10 dimensions of all rows,
measured by lvm_core/metrics/disentanglement.py: MIG (chance taken off), DCI, the FactorVAE score;
mean and standard deviation over seeds of data order, weights and noise. Published on dSprites,
which has 737 280 pictures and was trained for hours, so only the order of the models can be
compared: InfoGAN-CR (Lin et al., 2020, arXiv:1906.06034, Table 1) has for the VAE MIG .10, DCI .30,
FactorVAE score .63, and for beta-VAE .21, .41, .63. Seeds matter as much as models do (Locatello et
al., 2019, arXiv:1811.12359). The published ones have noise of unit spread (or Bernoulli pixels),
for which a weight of 4 is much; our default learns the spread of the noise, and a small one makes
the same weight weak against the reconstruction. ``--noise unit`` is the published setting. Run:
python benchmarks/disentanglement_sprites.py [--noise learned|unit] [--seeds 3] [--epochs 40]
[--quick: one seed, a tenth of the training]
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from lvm_core import DATASETS, MODELS
from lvm_core.metrics.disentanglement import disentanglement, in_use

K = 10
NAMES = "MIG", "DCI disentanglement", "DCI completeness", "DCI informativeness", "FactorVAE score"


def models(epochs: int, noise: str):
    yield "PCA", lambda seed: MODELS["PCA"](K, random_state=seed)
    for beta in (1, 4, 16):
        yield (
            f"VAE, beta {beta}",
            lambda seed, beta=beta: MODELS["VAE"](
                K, beta=beta, epochs=epochs, noise=noise, random_state=seed
            ),
        )


def main(epochs: int, seeds: int, noise: str):
    data = DATASETS["sprites"]().load()
    print(f"sprites {data.X.shape}, {K} dimensions, {seeds} seeds, {epochs} epochs, noise {noise}")
    print(
        f"{'model':14}"
        + "".join(f"{name.replace('DCI ', '')[:16]:>17}" for name in NAMES)
        + f"{'in use':>8}{'s a fit':>9}"
    )
    chance = {}
    for name, make in models(epochs, noise):
        found, used, took = [], [], 0.0
        for seed in range(seeds):
            start = time.perf_counter()
            model = make(seed).fit(data.X, schema=data.schema)
            took += time.perf_counter() - start
            alive = in_use(model)
            used.append(alive.sum())
            if not alive.any():  # every dimension was given up
                continue
            result = disentanglement(
                model.transform(data.X), data.rows, alive=alive, random_state=seed
            )
            found.append([s.value for s in result.scores])
            chance = {s.name: s.baseline for s in result.scores}
        if not found:
            print(f"{name:14}  no dimension in use at any seed")
            continue
        mean, sd = np.mean(found, 0), np.std(found, 0)
        print(
            f"{name:14}"
            + "".join(f"{m:10.3f} ± {s:.2f}" for m, s in zip(mean, sd))
            + f"{np.mean(used):8.1f}{took / seeds:9.0f}",
            flush=True,
        )
    print(f"{'knows nothing':14}" + "".join(f"{chance[n]:10.3f}       " for n in NAMES))


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--noise", choices=("learned", "unit"), default="learned")
    ask.add_argument("--seeds", type=int, default=3)
    ask.add_argument("--epochs", type=int, default=40)
    ask.add_argument("--quick", action="store_true")
    given = ask.parse_args()
    main(
        given.epochs // 10 if given.quick else given.epochs,
        1 if given.quick else given.seeds,
        given.noise,
    )
