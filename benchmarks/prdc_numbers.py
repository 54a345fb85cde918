"""Our precision, recall, density and coverage against the example of their authors' package.

clovaai/generative-evaluation-prdc (Naeem et al., 2020, arXiv:2002.09797), README: 10 000 real and
10 000 fake rows, both from N(0, I) in 1000 dimensions, k = 5. Its one unseeded draw is compared
with ours over several seeds: in so many dimensions a few rows near the origin lie in thousands of
balls, so the numbers differ from draw to draw, density by 0.1. What must come out on average is
known for density and coverage, since real and fake rows are exchangeable: 1, and 1 - 2^-5 = 0.969.
On the same rows ours must equal the definitions computed from all distances at once. Also printed:
the peak of memory, where all distances would take 800 MB a matrix. Run: python
benchmarks/prdc_numbers.py [--quick: 2000 rows, for which nothing was published]
"""

import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from scipy.spatial.distance import cdist

from lvm_core.metrics import prdc

PUBLISHED = {"precision": 0.4772, "recall": 0.4705, "density": 1.0555, "coverage": 0.9735}
EXPECTED = {"density": 1.0, "coverage": 1 - 2**-5}
K, D, SEEDS = 5, 1000, 6


def memory() -> float:
    """Peak so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def draw(n: int, seed: int):
    rng = np.random.RandomState(seed)
    return rng.standard_normal((n, D)), rng.standard_normal((n, D))


def by_definition(real, fake):
    """The four numbers from whole matrices of distances."""
    balls, own = (np.sort(cdist(A, A), axis=1)[:, K] for A in (real, fake))
    apart = cdist(real, fake)
    inside = apart < balls[:, None]
    return {
        "precision": inside.any(0).mean(),
        "recall": (apart < own).any(1).mean(),
        "density": inside.sum() / K / len(fake),
        "coverage": inside.any(1).mean(),
    }


def main(n: int):
    small = draw(1500, 0)
    want, got = by_definition(*small), prdc(*small, K)
    assert all(abs(want[name] - got[name]) < 1e-12 for name in want), "ours is not the definition"
    print("1500 rows: equal to the definitions computed at once")
    found, before = [], memory()
    for seed in range(SEEDS):
        start = time.perf_counter()
        found.append(prdc(*draw(n, seed), K))
        print(
            f"seed {seed}: {time.perf_counter() - start:.1f} s  "
            + "  ".join(f"{name} {value:.4f}" for name, value in found[-1].items()),
            flush=True,
        )
    print(
        f"{n:,} x {D} rows of N(0, I) a side, k = {K}; peak {memory() - before:.0f} MB, "
        f"{2 * 8 * n * D / 2**20:.0f} of them the rows"
    )
    print(f"{'':12}{'mean':>9}{'sd':>9}{'expected':>10}{'published':>11}{'gap in sd':>11}")
    for name, published in PUBLISHED.items():
        values = np.array([f[name] for f in found])
        gap = (published - values.mean()) / values.std(ddof=1)
        print(
            f"{name:12}{values.mean():9.4f}{values.std(ddof=1):9.4f}{EXPECTED.get(name, np.nan):10.4f}{published:11.4f}{gap:11.1f}"
        )
        if n == 10_000:
            assert abs(gap) < 3, f"the published {name} is not one of ours"


if __name__ == "__main__":
    main(2000 if "--quick" in sys.argv else 10_000)
