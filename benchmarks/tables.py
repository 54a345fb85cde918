"""New rows of tables by our models, by CTGAN, TVAE and adversarial random forests, beside
independent columns and other real rows: how real they are, what can be learnt from them, whether
they copy, and how long it takes.

    python benchmarks/tables.py FILE... [--rows 4000] [--models ProductMixture VAE ...]
    [--peers CTGAN TVAE ARF] [--epochs 300] [--target COLUMN] [--seed 0]

FILE is any table that the app reads (CSV, Parquet, ...). The peers are not among the app's
dependencies; those that cannot be imported are left out, and it is said. Beside the app's install
them with ``pip install --no-deps --target FOLDER ctgan==0.12.1 rdt==2.0.0 arfpy==0.1.1 tqdm faker``
and add FOLDER to PYTHONPATH. ``--epochs`` are CTGAN's and TVAE's (300 by default, as theirs).

``--rows`` rows are learnt from and as many others are held out, drawn by the seed, fewer where
there are not enough. All sides learn from the same rows and make as many; ours hold a tenth of
theirs out, have the settings that the Train page suggests, and draw codes as its Generate page
does. Every number compares with *held-out* rows, so that copies of the training rows gain nothing:

    C2ST      1 - (2 AUC - 1) of gradient boosting that tells made rows from held-out ones: 1 where
              it cannot, 0 where it always can; lvm_core/metrics/samples/detection.py
    shapes    SDMetrics' column shapes, and ``pairs`` its column pair trends (all pairs)
    use       what gradient boosting learns from made rows about one column of the held-out ones:
              2 AUC - 1 or R2 (train on synthetic, test on real)
    nearer    share of made rows nearer to a training row than to a held-out one: 0.5 takes no side
    CPU s     the processor's seconds of fitting and drawing

``way`` stands behind C2ST, pairs and use: how far from independent columns (0) to the training rows
themselves (1), the best that new rows can hope for. Their ``nearer`` is 1: they are copies.

Measured on the gamma telescope's table (magic.csv, --rows 3000, one seed, one thread of two busy
cores); C2ST, pairs, use (each with its way), nearer, CPU s:

    independent columns    0.01          0.85         -0.06          0.52      0.0
    PCA                    0.10  0.09    0.94  0.85    0.72  0.87    0.52      3.6
    GaussianMixture        0.21  0.20    0.94  0.86    0.73  0.89    0.50      0.1
    ProductMixture         0.48  0.47    0.96  0.98    0.72  0.88    0.57      0.4
    VAE                    0.19  0.18    0.94  0.84    0.75  0.91    0.51     12.4
    CTGAN                  0.02  0.01    0.89  0.36    0.25  0.35    0.52    113.2
    TVAE                   0.30  0.29    0.92  0.64    0.75  0.90    0.52     29.1

CTGAN's 300 epochs are 1800 steps of these few rows; it is made for more. The forests (arfpy) were
run on small tables only.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

# as lvm_core.runs.fit_worker does, for all sides
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd
from table_peers import PEERS, here, independent

OURS = ("PCA", "GaussianMixture", "ProductMixture", "VAE")
REAL, PLAIN = "training rows", "independent columns"
NUMBERS = ("C2ST", "shapes", "pairs", "use", "nearer")
WAYS = ("C2ST", "pairs", "use")


def halves(path: Path, rows: int, seed: int, target: str | None):
    """(training rows as a dataset, held-out rows, the column that is predicted)."""
    from lvm_core import read_dataset
    from lvm_core.datasets.frames import TableOptions, table_dataset

    data = read_dataset(path, kind="table")
    label, found = data.label, data.source["options"]["types"]
    data = read_dataset(path, kind="table", label="none")
    names = [str(c.name) for c in data.codec.columns]
    types = {c.name: c.type for c in data.codec.columns} | {
        c: "ignore" for c in found if c not in names
    }
    frame = data.rows[names]
    order = np.random.RandomState(seed).permutation(len(frame))
    n = min(rows, len(frame) // 2)
    learnt = frame.iloc[np.sort(order[:n])].reset_index(drop=True)
    options = TableOptions(kind="table", label="none", types=types)
    train = table_dataset(learnt, path.name, options)
    names = [c for c in names if c in {str(x.name) for x in train.codec.columns}]
    held_out = frame[names].iloc[order[n : 2 * n]].reset_index(drop=True)
    target = target or (label if label in names else None) or _last(train, names)
    if target not in names:
        raise SystemExit(f"{path.name} has no column {target!r}; there are: {', '.join(names)}.")
    return train, held_out, target


def _last(data, names: list[str]) -> str:
    """The last column of words or truth values, or the last at all."""
    kinds = {str(c.name): c.type for c in data.codec.columns}
    named = [c for c in names if kinds[c] in ("categorical", "boolean")]
    return (named or names)[-1]


def ours(name: str, data, n: int, seed: int) -> pd.DataFrame:
    """Rows of one of our models, as the app makes them."""
    from lvm_core import MODELS
    from lvm_core.fitting import Fitted, encode_all, split
    from lvm_core.runs.synthesise import synthesise

    model = MODELS[name](**MODELS[name].suggest(len(data), data.schema) | {"random_state": seed})
    train, held_out = split(len(data), seed)
    model.fit(data.X[train], schema=data.schema)
    codes = encode_all(model, data.X)
    fitted = Fitted(model, codes, train, held_out, 0.0, [], pd.DataFrame())
    return synthesise(data, fitted, n, seed=seed)[0]


def measure(made, train, held_out, target: str, seed: int = 0) -> dict[str, float]:
    """The numbers of made rows, all against held-out ones."""
    from lvm_core.metrics.samples.detection import detection
    from lvm_core.metrics.samples.mixed import mixed_rows
    from lvm_core.metrics.samples.privacy import MOST_COMPARED, closest_record_share
    from lvm_core.metrics.samples.table_checks import like
    from lvm_core.metrics.samples.tables import column_pair_trends, column_shapes, trends_mean
    from lvm_core.metrics.samples.usefulness import gain, train_on_generated

    made = like(train, made[list(train.columns)].reset_index(drop=True))
    test, new, learnt = mixed_rows(held_out, made, train)
    learned = train_on_generated(train, made, held_out, [target], random_state=seed)
    n = min(len(train), len(held_out), MOST_COMPARED)
    near = closest_record_share(
        new.take(slice(MOST_COMPARED)), learnt.take(slice(n)), test.take(slice(n))
    )
    return {
        "C2ST": detection(test, new, random_state=seed).score,
        "shapes": float(column_shapes(held_out, made)["value"].mean()),
        "pairs": trends_mean(column_pair_trends(held_out, made)),
        "use": float(gain(learned["made"], learned["guess"]).iloc[0]) if len(learned) else np.nan,
        "nearer": near[0],
    }


def way(value: float, plain: float, real: float) -> float:
    """How far from the plain baseline to real rows: 0 is no better, 1 as good as real."""
    return (value - plain) / (real - plain) if real > plain else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--models", nargs="*", default=list(OURS))
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--target")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    absent = [name for name in options.peers if not here(name)]
    peers = [name for name in options.peers if name not in absent]
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    if absent:
        print(
            f"Not importable, so left out: {', '.join(absent)}; see the header for how to install."
        )
    for path in options.data:
        data, held_out, target = halves(path, options.rows, options.seed, options.target)
        train = data.rows[list(held_out.columns)]
        n, seed = len(held_out), options.seed
        makers = {
            REAL: lambda train=train: train,
            PLAIN: lambda train=train, n=n: independent(train, n, seed),
            **{m: lambda m=m, data=data, n=n: ours(m, data, n, seed) for m in options.models},
            **{
                p: lambda p=p, train=train, n=n: PEERS[p][0](train, n, seed, options.epochs)
                for p in peers
            },
        }
        print(
            f"\n{path.name}: {len(train):,} rows to learn from, {n:,} held out, "
            f"{len(held_out.columns)} columns, predicted: {target}"
        )
        heads = (f"{number:>8}{'way' if number in WAYS else '':>8}" for number in NUMBERS)
        print(f"{'':20}" + "".join(heads) + f"{'CPU s':>9}")
        found: dict[str, dict[str, float]] = {}
        for name, make in makers.items():
            start = time.process_time()
            try:
                made = make()
            except Exception as error:  # a peer's own; the others go on
                print(f"{name:20} failed: {type(error).__name__}: {str(error)[:120]}", flush=True)
                continue
            seconds = time.process_time() - start
            found[name] = measure(made, train, held_out, target, seed)
            print(line(name, found, seconds), flush=True)


def line(name: str, found: dict[str, dict[str, float]], seconds: float) -> str:
    """One row of what is printed."""
    cells = []
    for number in NUMBERS:
        share = ""
        if number in WAYS and name not in (REAL, PLAIN) and {REAL, PLAIN} <= set(found):
            ends = found[PLAIN][number], found[REAL][number]
            share = f"{way(found[name][number], *ends):.2f}"
        cells.append(f"{found[name][number]:8.3f}{share:>8}")
    return f"{name:20}" + "".join(cells) + f"{seconds:9.1f}"


if __name__ == "__main__":
    main()
