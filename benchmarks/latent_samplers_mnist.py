"""Where codes are drawn from decides how good samples are: prior, mixtures or flow, VAE or
autoencoder, on MNIST, beside RAE's table.

    python benchmarks/latent_samplers_mnist.py MNIST.npz [--rows 20000] [--epochs 15] [--components
    10] [--seed 0]

MNIST.npz holds ``x_train`` (n, 28, 28) uint8 and ``y_train``. Ghosh et al. (2020, arXiv:1903.12436)
print the FID on Inception features at latent size 16, after 100 epochs, of 10,000 samples: VAE with
its prior 19.21, VAE with a mixture of 10 Gaussians 17.66, autoencoder with the mixture 10.66
(configuration files of the authors' repository). Ours: the same models and samplers with our small
convolutions, fewer epochs, and the Fréchet distance and KID on features of a small network that
learnt the digits' labels from rows of its own (``lvm_core.metrics.samples.features``), so only the
order can be compared. The floor is what as many real rows get against other real rows. The
autoencoder has no prior: its own codes are those of one Gaussian fitted to the training codes. No
source of codes can do better than the decoder: the row of reconstructions is what codes of real
rows get. Beside each source stands the log density in nats a row of codes of rows that were not
learnt from, by which the app chooses, and the CPU seconds of its fit.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

K = 16
PAPER = {
    ("VAE", "own"): 19.21,
    ("VAE", "mixture"): 17.66,
    ("AE", "mixture"): 10.66,
    ("RAE-L2", "mixture"): 8.69,
}


def main() -> None:
    from lvm_core import MODELS
    from lvm_core.latent.samplers import SAMPLERS
    from lvm_core.metrics.samples.distances import frechet, kid
    from lvm_core.metrics.samples.features import own_features
    from lvm_core.schema import Schema

    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("mnist")
    for name, default in dict(rows=20_000, epochs=15, components=10, samples=5000, seed=0).items():
        ask.add_argument(f"--{name}", type=int, default=default)
    given = ask.parse_args()
    with np.load(given.mnist, allow_pickle=False) as data:
        X, y = data["x_train"].reshape(-1, 784).astype(np.float32) / 255, data["y_train"]
    order = np.random.RandomState(given.seed).permutation(len(X))
    learn, real, other = np.split(
        order[: given.rows + 2 * given.samples + 12_000],
        np.cumsum([given.rows, given.samples, given.samples]),
    )[:3]
    judges = order[given.rows + 2 * given.samples :][:12_000]
    schema = Schema.picture(28, 28, 1)
    features = own_features(X[judges], schema, y[judges].astype(str), random_state=given.seed)
    F = features.transform(X[real])

    def distances(made):
        G = features.transform(made)
        value, error = kid(F, G)
        return f"{frechet(F, G):>9.3f} {1000 * value:>9.2f} ± {1000 * error:.2f}"

    print(
        f"MNIST, {given.rows:,} pictures, {given.epochs} epochs, latent size {K}, "
        f"{given.samples:,} samples, {given.components} Gaussians, seed {given.seed}; "
        f"features: {features.words}"
    )
    print(
        f"{'model':<8} {'codes':<15} {'Fréchet':>9} {'1000 KID':>16} {'FID, paper':>11} "
        f"{'nats':>16} {'CPU s':>6}"
    )
    print(f"{'real':<8} {'':<15} {distances(X[other])}")
    options = dict(
        latent_dim=K, epochs=given.epochs, batch_size=100, width=128, random_state=given.seed
    )
    for name, cls, more in (
        ("VAE", "VAE", {}),
        ("AE", "Autoencoder", {}),
        ("RAE-L2", "Autoencoder", {"penalty": 1.0, "decay": 1e-3}),
    ):
        start = time.process_time()
        model = MODELS[cls](**options, **more).fit(X[learn], schema=schema)
        Z, unseen = model.transform(X[learn]), model.transform(X[other])

        def line(source, made, nats=None, name=name):
            told = (
                "" if nats is None else f"{nats.mean():.2f} ± {nats.std() / len(nats) ** 0.5:.2f}"
            )
            print(
                f"{name:<8} {source:<15} {distances(made)} "
                f"{PAPER.get((name, source), float('nan')):>11.2f} {told:>16} "
                f"{time.process_time() - start:>6.0f}",
                flush=True,
            )

        line("reconstructed", model.inverse_transform(unseen))
        line(
            "own",
            model.inverse_transform(model.sample_codes(given.samples, random_state=given.seed)),
        )
        for source, sampler, labels in (
            ("one Gaussian", SAMPLERS["ShrinkageGaussian"](), None),
            ("one a label", SAMPLERS["Classes"](), y[learn].astype(str)),
            ("mixture", SAMPLERS["Mixture"](components=given.components), None),
            ("mixture, BIC", SAMPLERS["Mixture"](), None),
            ("flow", SAMPLERS["Flow"](), None),
            ("flow, labels", SAMPLERS["Flow"](), y[learn].astype(str)),
        ):
            start = time.process_time()
            sampler.fit(Z, labels)
            codes = sampler.sample(given.samples, random_state=given.seed).astype(np.float32)
            line(source, model.inverse_transform(codes), sampler.log_prob(unseen))


if __name__ == "__main__":
    main()
