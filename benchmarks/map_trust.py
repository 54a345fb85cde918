"""Trust scores of maps: agreement with scikit-learn's ``trustworthiness``, and the time for 100 000
rows.

Agreement: trustworthiness and continuity (scikit-learn's with the sides exchanged) of
two-dimensional pictures of digits (64 integer pixels: many ties), of rows that occur twenty times
each, and of normal codes in float32, by cosine and far from the origin, at k = 10, 30, 100; the
largest difference must be at most 1e-6. Beyond 20 000 rows ties share their mean rank and distances
are found in another way; normal codes of 12 000 rows, measured so, show that agrees too. Time: 16
codes of 50 groups, their first two as the map, 784 values a row as the original space, labels:
every row measured, all scores together; at most 60 s on two cores. scikit-learn holds three n x n
tables for one k of one score (240 GB at 100 000 rows), so its time is given at 10 000 rows.
``--million`` adds 1 000 000 rows, of which 10 000 are measured against all. Measured on two quiet
cores: 52.6 s (86.8 s of processors) for 100 000 rows; the largest difference is 4.9e-9. Run:
OMP_NUM_THREADS=1 python benchmarks/map_trust.py [--quick] [--million]
"""

import argparse
import os
import platform
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from lvm_core.latent.distances import QueryDistances
from lvm_core.metrics.maps import ranks
from lvm_core.metrics.maps.neighbourhoods import cores
from lvm_core.metrics.maps.ranks import EXACT_ROWS
from lvm_core.metrics.maps.trust import KS, map_trust


def cases(quick):
    rng = np.random.RandomState(0)
    digits = load_digits().data
    axes = np.linalg.svd(digits - digits.mean(0), full_matrices=False)[2][:2].T
    twenty = np.repeat(rng.normal(size=(100, 6)), 20, 0)
    codes = rng.normal(size=(2000, 16)).astype(np.float32)
    yield "digits, by PCA", digits, digits @ axes, "euclidean"
    yield "digits, on a grid", digits, np.round(digits @ axes), "euclidean"
    yield "rows twenty times each", twenty, twenty[:, :2], "euclidean"
    yield "codes, float32", codes, codes[:, :2], "euclidean"
    yield "codes, cosine", codes, codes[:, :2], "cosine"
    yield "codes, 1000 away", codes + 1000, codes[:, :2] - 300, "euclidean"
    if not quick:
        many = rng.normal(size=(12_000, 16))
        yield "12 000 codes", many, many[:, :2], "euclidean"


def agreement(quick):
    worst = 0.0
    print(
        f"{'case':26}{'n':>7}{'k':>5}{'trustworthiness':>17}{'scikit-learn':>14}{'difference':>12}{'continuity, difference':>24}"
    )
    for name, Z, P, metric in cases(quick):
        ranks.EXACT_ROWS = EXACT_ROWS if len(Z) < 10_000 else 0
        ours = map_trust(Z, P, metric=metric).numbers["map"]
        ranks.EXACT_ROWS = EXACT_ROWS
        for k in KS if len(Z) < 10_000 else KS[:1]:
            theirs = trustworthiness(Z, P, n_neighbors=k, metric=metric)
            gap = ours[f"trust@{k}"][0] - theirs
            back = (
                ours[f"continuity@{k}"][0] - trustworthiness(P, Z, n_neighbors=k)
                if metric == "euclidean"
                else None
            )
            worst = max(worst, abs(gap))
            print(
                f"{name:26}{len(Z):7}{k:5}{ours[f'trust@{k}'][0]:17.8f}{theirs:14.8f}{gap:12.1e}"
                + (f"{back:24.1e}" if back is not None else "")
            )
    print(f"largest difference of trustworthiness: {worst:.1e}, to be at most 1e-6")
    return worst <= 1e-6


def grouped(n):
    rng = np.random.RandomState(0)
    group = rng.randint(50, size=n)
    Z = (3 * rng.normal(size=(50, 16))[group] + rng.normal(size=(n, 16))).astype(np.float32)
    return (
        Z,
        Z[:, :2].copy(),
        group.astype(object),
        (Z @ rng.normal(size=(16, 784))).astype(np.float32) if n <= 100_000 else None,
    )


def timed(n):
    Z, P, y, X = grouped(n)
    start, used = time.perf_counter(), time.process_time()
    found = map_trust(Z, P, X, y)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    print(
        f"{n:>9,} rows: {len(found.rows):,} measured, {seconds:.1f} s ({used:.1f} s of "
        "processors), most memory so far "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB; "
        + ", ".join(
            f"{name} {v:.4f}"
            for name, (v, _) in found.numbers["map"].items()
            if name in ("trust@10", "continuity@10", "kept@10", "area")
        )
    )
    return seconds


def nearness(n):
    truth = QueryDistances(np.random.RandomState(0).normal(size=(n, 16)))
    for m in sorted({truth.quick_rows, n}):
        times = []
        for i in range(20):
            start = time.perf_counter()
            truth.nearness(i, m)
            times.append(1e3 * (time.perf_counter() - start))
        print(
            f"nearness of {m:,} of {n:,} points x 16 codes to one: median {np.median(times):.1f} "
            f"ms, worst of 20 {max(times):.1f} ms"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="no case above 10 000 rows")
    parser.add_argument("--million", action="store_true", help="1 000 000 rows too")
    options = parser.parse_args()
    print(
        f"{cores()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"NumPy {np.__version__}"
    )
    good = agreement(options.quick)
    Z, P, _, _ = grouped(10_000)
    start = time.perf_counter()
    trustworthiness(Z, P, n_neighbors=10)
    print(
        f"scikit-learn's trustworthiness, 10,000 rows, one k: {time.perf_counter() - start:.1f} s"
    )
    timed(10_000)
    if not options.quick:
        good &= timed(100_000) <= 60
    if options.million:
        timed(1_000_000)
    nearness(100_000)
    if options.million:
        nearness(1_000_000)
    return not good


if __name__ == "__main__":
    sys.exit(main())
