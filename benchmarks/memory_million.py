"""Memory that a million rows take: PCA and a VAE learn from, encode and decode a mapped file, and
never hold it.

    python benchmarks/memory_million.py [--rows 1000000] [--columns 784] [--folder FOLDER] [--quick]

The file (3.1 GB of float32 at the full size: 32 factors, mixed, with noise) is made first, a block
at a time, and removed at the end. Each model then works in a process of its own on ``np.load(...,
mmap_mode="r")``: ``fit`` (the VAE for one epoch), ``transform`` of all rows, and what comes back
from the first 5000. ``fit_run`` is what the app calls: it also holds out a tenth of the rows and
measures. Printed is the most memory of the process's own (RssAnon of /proc/self/status, so pages of
mapped files, which the system takes back when it needs them, do not count) above what it had when
all was imported, in MB of 10^6 bytes and as a share of the file. Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

WORK = ("PCA", "VAE", "fit_run")


def own_memory() -> int:
    """Bytes of this process that belong to no file."""
    line = next(
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("RssAnon")
    )
    return int(line.split()[1]) * 1024


class Peak:
    """The most own memory while it is open, looked at a hundred times a second."""

    def __enter__(self):
        self.most, self.over = own_memory(), threading.Event()
        self.watch = threading.Thread(target=self.look, daemon=True)
        self.watch.start()
        return self

    def look(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, own_memory())

    def __exit__(self, *_):
        self.over.set()
        self.watch.join()


def make(path: Path, rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((32, columns), dtype=np.float32) / 6
    X = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    for start in range(0, rows, 10_000):
        n = min(10_000, rows - start)
        X[start : start + n] = rng.standard_normal(
            (n, 32), dtype=np.float32
        ) @ mix + 0.3 * rng.standard_normal((n, columns), dtype=np.float32)
    X.flush()


def work(name: str, path: Path) -> None:
    import pandas as pd

    from lvm_core import MODELS, fitting
    from lvm_core.codecs.array import ArrayCodec
    from lvm_core.datasets.base import Dataset

    X = np.load(path, mmap_mode="r")
    small = np.array(X[:500])
    settings = {"epochs": 1, "batch_size": 256, "width": 128} if name != "PCA" else {}
    model = MODELS["PCA" if name == "PCA" else "VAE"](latent_dim=16, **settings)
    # everything is imported
    type(model)(**model.get_params()).fit(small).inverse_transform(np.zeros((1, 16), np.float32))
    base, start = own_memory(), time.perf_counter()
    with Peak() as peak:
        if name == "fit_run":
            rows = pd.DataFrame({"row": np.arange(len(X), dtype=np.int32)})
            data = Dataset(
                "a million", X, rows, ArrayCodec(np.zeros(X.shape[1]), np.ones(X.shape[1]))
            )
            fitted = fitting.fit_run(data, model)
            kept = f"{fitted.scores[0].name} {fitted.scores[0].value:.3f}"
        else:
            model.fit(X)
            Z = model.transform(X)
            error = float(
                np.square(model.inverse_transform(Z[:5000]) - X[:5000]).mean() / np.var(X[:5000])
            )
            kept = f"variance kept {1 - error:.3f}"
    most = (peak.most - base) / 1e6
    print(
        f"{name:8} {most:8.0f} MB above {base / 1e6:.0f} MB = {most * 1e6 / X.nbytes:6.1%} of the "
        f"file's {X.nbytes / 1e6:,.0f} MB   "
        f"{time.perf_counter() - start:6.0f} s   {kept}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=784)
    parser.add_argument(
        "--folder", help="where the file is made; it must not be a file system in memory"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        return work(args.work, Path(args.folder))
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder) / "X.npy"
        make(path, args.rows // 10 if args.quick else args.rows, args.columns)
        for name in WORK:
            subprocess.run(
                [sys.executable, __file__, "--work", name, "--folder", str(path)], check=True
            )


if __name__ == "__main__":
    main()
