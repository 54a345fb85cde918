"""Our maps of 10 000 digits of MNIST beside umap-learn, openTSNE and the pacmap package's LocalMAP,
in one process.

Every map is made warm: each class has made a small map before, so that nothing is compiled and
nothing imported while it is timed. All run on one thread of the same machine but for ``umap
unseeded``, umap-learn as people call it, which takes all there are. The data are 10 000 training
images, 784 values from 0 to 1; ours take the route of the app (``lvm_core.mapping.reduced``: 50
principal components, in the time) and the libraries do as they please. kNN-10 is the 10-fold
accuracy (stratified, shuffled) of a classifier on the two positions, and trustworthiness (15
neighbours) compares with all 784 values. The default map must be within 0.01 of the best library in
both, in half of umap-learn's time. Processor time decides, of one thread for both, which other work
on the machine does not change; time on the clock stands beside it. Run: python
benchmarks/maps_mnist.py mnist.npz [--quick]
"""

import os
import platform
import sys
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from sklearn.manifold import trustworthiness
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from lvm_core import PROJECTIONS
from lvm_core.mapping import reduced

DEFAULT = "TSNE"
OURS = "TSNE", "UMAP", "PaCMAP", "LocalMAP"


def read(path, n):
    with np.load(path) as found:
        X, y = found["x_train"], found["y_train"]
    rows = np.sort(np.random.RandomState(0).choice(len(X), n, replace=False))
    return (X[rows].reshape(n, -1) / 255).astype(np.float32), y[rows]


def ours(name):
    return lambda X: PROJECTIONS[name](**PROJECTIONS[name].suggest(len(X))).fit_transform(
        reduced(X)[0]
    )


def libraries():
    """name -> function from X to positions, of the libraries that are installed."""
    from openTSNE import TSNE
    from umap import UMAP

    found = {
        "umap-learn": lambda X: UMAP(random_state=0, n_jobs=1).fit_transform(X),
        "umap unseeded": lambda X: UMAP().fit_transform(X),
    }
    try:
        from pacmap import LocalMAP, PaCMAP

        found |= {
            "pacmap LocalMAP": lambda X: LocalMAP(random_state=0).fit_transform(X),
            "pacmap PaCMAP": lambda X: PaCMAP(random_state=0).fit_transform(X),
        }
    except ImportError:
        print("pacmap is not installed: its lines are left out")
    return found | {"openTSNE": lambda X: np.asarray(TSNE(random_state=0, n_jobs=1).fit(X))}


def main():
    warnings.simplefilter("ignore")
    quick = "--quick" in sys.argv
    X, y = read(sys.argv[1], 2000 if quick else 10_000)
    print(
        f"MNIST {X.shape}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python "
        f"{platform.python_version()}"
    )
    print(f"{'map':18}{'clock s':>8}{'cpu s':>8}{'kNN10':>8}{'trust15':>9}")
    rows = {}
    for name, make in ({f"ours {name}": ours(name) for name in OURS} | libraries()).items():
        make(X[:500])
        start, work = time.perf_counter(), time.process_time()
        P = make(X)
        clock, cpu = time.perf_counter() - start, time.process_time() - work
        folds = StratifiedKFold(10, shuffle=True, random_state=0)
        rows[name] = (
            cpu,
            cross_val_score(KNeighborsClassifier(10), P, y, cv=folds).mean(),
            trustworthiness(X, P, n_neighbors=15),
        )
        print(
            f"{name:18}{clock:8.2f}{cpu:8.2f}{rows[name][1]:8.4f}{rows[name][2]:9.4f}", flush=True
        )
    theirs = [row for name, row in rows.items() if not name.startswith("ours")]
    time_, accuracy, trust = rows[f"ours {DEFAULT}"]
    umap = rows["umap-learn"][0]
    print(
        f"ours {DEFAULT} against the best: kNN10 {accuracy - max(r[1] for r in theirs):+.4f}, "
        f"trust15 {trust - max(r[2] for r in theirs):+.4f}, processor time / umap-learn's "
        f"{time_ / umap:.2f}"
    )
    good = (
        accuracy >= max(r[1] for r in theirs) - 0.01
        and trust >= max(r[2] for r in theirs) - 0.01
        and time_ <= umap / 2
    )
    print("reached" if good else "not reached")
    return not good


if __name__ == "__main__":
    sys.exit(main())
