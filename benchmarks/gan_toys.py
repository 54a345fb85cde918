"""Two toys every GAN paper shows: does the generator find all modes, and are its samples on them?

    python benchmarks/gan_toys.py [--seeds 3] [--quick]

Ours, with what ``GAN.suggest`` gives for 100,000 rows of two columns, beside the tables of VEEGAN
(Srivastava et al., 2017, arXiv:1705.07761, Table 1) and PacGAN (Lin et al., 2018, arXiv:1712.04086,
Table 1).

Set-up, as PacGAN's: a ring of 8 Gaussians (radius 1, sigma 0.01) and a grid of 25 ({-4, -2, 0, 2,
4}^2, sigma 0.05), 100,000 rows; 2500 samples, ours the mean of ten draws of as many; high quality:
within 3 sigma of a mode; a mode is found when it has a high-quality sample; reverse KL: of the
shares of high-quality samples over the modes from uniform, in nats. A perfect sampler gets 98.9 %
high quality and, of 2500 samples, a reverse KL near 0.0014 on the ring and 0.0049 on the grid. The
papers' plain GANs differ (1 mode on the ring in one, 6.3 in the other): compare within a column of
one paper, not across.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

PUBLISHED = {  # modes, high-quality share in %, reverse KL
    "ring": {
        "GAN (VEEGAN's)": (1, 99.3, None),
        "VEEGAN": (8, 52.9, None),
        "GAN (PacGAN's)": (6.3, 98.2, 0.45),
        "PacGAN4, 400,000 steps": (7.8, 95.9, 0.07),
    },
    "grid": {
        "GAN (VEEGAN's)": (3.3, 0.5, None),
        "VEEGAN": (24.6, 40, None),
        "GAN (PacGAN's)": (17.3, 94.8, 0.70),
        "PacGAN4, 400,000 steps": (24.8, 93.6, 0.04),
    },
}


def toy(name: str) -> tuple[np.ndarray, float]:
    """Modes (m, 2) and sigma of a toy by its name."""
    if name == "ring":
        angle = 2 * np.pi * np.arange(8) / 8
        return np.stack([np.cos(angle), np.sin(angle)], 1), 0.01
    ticks = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    return np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2), 0.05


def rows(modes: np.ndarray, sigma: float, n: int, seed: int) -> np.ndarray:
    """n rows (n, 2) of the mixture."""
    rng = np.random.RandomState(seed)
    return (modes[rng.randint(len(modes), size=n)] + sigma * rng.standard_normal((n, 2))).astype(
        np.float32
    )


def measured(samples: np.ndarray, modes: np.ndarray, sigma: float) -> tuple[int, float, float]:
    """(modes found, share of high quality, reverse KL in nats) of samples (n, 2)."""
    distance = np.linalg.norm(samples[:, None] - modes, axis=2)
    good = distance.min(1) < 3 * sigma
    share = np.bincount(distance.argmin(1)[good], minlength=len(modes)) / max(good.sum(), 1)
    some = share[share > 0]
    return len(some), float(good.mean()), float((some * np.log(some * len(modes))).sum())


def main() -> None:
    """Print both tables."""
    from lvm_core import MODELS
    from lvm_core.schema import Schema

    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="a quarter of the steps, one seed")
    chosen = options.parse_args()
    settings = MODELS["GAN"].suggest(100_000, Schema.gaussian(2))
    settings |= {"steps": settings["steps"] // 4} if chosen.quick else {}
    print(
        "GAN:",
        ", ".join(
            f"{k} {v:g}" if isinstance(v, (int, float)) else f"{k} {v}" for k, v in settings.items()
        ),
    )
    for name, published in PUBLISHED.items():
        modes, sigma = toy(name)
        print(f"\n{name}, {len(modes)} modes      modes  high quality  reverse KL")
        for title, (found, good, kl) in published.items():
            print(f"  {title:24}{found:6}  {good:10.1f} %  {'' if kl is None else f'{kl:10.3f}'}")
        for seed in range(1 if chosen.quick else chosen.seeds):
            start = time.perf_counter()
            model = MODELS["GAN"](**settings, random_state=seed).fit(
                rows(modes, sigma, 100_000, seed)
            )
            seconds = time.perf_counter() - start
            draws = np.array(
                [
                    measured(model.sample(2500, random_state=draw), modes, sigma)
                    for draw in range(10)
                ]
            )
            found, good, kl = draws.mean(0)
            print(
                (
                    f"  {f'ours, seed {seed}':24}{found:6.4g}  {100 * good:10.1f} %  {kl:10.4f}   "
                    f"{seconds:.0f} s"
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
