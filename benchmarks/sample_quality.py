"""Do the distances order samples rightly, how small are their floors, and how long does it take?

Samples whose fault is known: real rows that nobody has seen, with noise of growing strength added,
blurred more and more, or with more and more of the classes missing; and 2000 samples of models.
Every number is that of the Sample quality page (lvm_core/metrics/samples/quality.py). On MNIST:
python benchmarks/sample_quality.py mnist.npz (arrays x_train or X, and y_train or y); without a
path, on the digits. [--models: train and compare models too]
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from lvm_core import DATASETS, MODELS
from lvm_core.datasets.pictures import image_dataset
from lvm_core.metrics import sample_quality

NAMES = (
    "KID",
    "Fréchet distance",
    "Precision",
    "Recall",
    "Density",
    "Coverage",
    "Nearer than unseen rows",
    "Nearest is an unseen row",
)


def load(path: str | None):
    if path is None:
        return DATASETS["digits"]().load()
    with np.load(path, allow_pickle=False) as held:
        X, y = (
            next(held[name] for name in names if name in held)
            for names in (("x_train", "X", "x"), ("y_train", "y"))
        )
    rows = np.random.RandomState(0).permutation(len(X))[:12_000]
    return image_dataset(
        X[rows].reshape(len(rows), *X.shape[1:3], 1).astype(np.float32)
        / (255 if X.max() > 1 else 1),
        "mnist",
        pd.DataFrame({"digit": y[rows].astype(str)}),
        "digit",
        [],
    )


def line(name, data, new, train, unseen):
    start = time.perf_counter()
    found = sample_quality(data, new, train, unseen)
    took = time.perf_counter() - start
    scores = {s.name: s for group in found.scores.values() for s in group}
    print(
        f"{name:16}" + "".join(f"{scores[n].value:10.3f}" for n in NAMES) + f"{took:8.1f}",
        flush=True,
    )
    return found, scores


def main(path: str | None, models: bool):
    data = load(path)
    rows = np.random.RandomState(0).permutation(len(data))
    cut = len(rows) * 3 // 4
    train, unseen, apart = (
        rows[:cut],
        rows[cut : cut + len(rows) // 20],
        rows[cut + len(rows) // 20 :][:2000],
    )
    X, rng = data.X[apart], np.random.RandomState(1)
    noise, side = rng.standard_normal(X.shape).astype(np.float32), data.schema.image[:2]
    print(
        f"{data.name} {data.X.shape}: {len(train):,} training rows, {len(unseen):,} unseen, "
        f"{len(apart):,} samples"
    )
    print(f"{'samples':16}" + "".join(f"{n.split()[0]:>10}" for n in NAMES) + f"{'s':>8}")
    found, scores = line("real, unseen", data, X, train, unseen)
    print(
        f"    by {found.features}\n    floors: KID {scores['KID'].ceiling:.4f} (error "
        f"{scores['KID'].error:.4f}), Fréchet {scores['Fréchet distance'].ceiling:.3f}; "
        f"{len(found.compared):,} rows a side; "
        f"shuffled columns: KID {scores['KID'].baseline:.2f}, Fréchet "
        f"{scores['Fréchet distance'].baseline:.1f}"
    )
    faults = {
        "noise": [(level, np.clip(X + level * noise, 0, 1)) for level in (0.05, 0.1, 0.2, 0.4)],
        "blur": [
            (level, gaussian_filter(X.reshape(-1, *side), (0, level, level)).reshape(X.shape))
            for level in (0.4, 0.7, 1.2, 2.0)
        ],
    }
    y = data.targets()[apart]
    names = np.unique(y)
    faults["classes gone"] = [
        (gone, X[rng.choice(np.flatnonzero(np.isin(y, names[gone:])), len(X))])
        for gone in (1, 3, 5, 8)
    ]
    for fault, series in faults.items():
        all_scores = [
            line(f"{fault} {level}", data, new, train, unseen)[1] for level, new in series
        ]
        for name in ("KID", "Fréchet distance"):
            values = [scores[name].value, *(s[name].value for s in all_scores)]
            print(f"    {name} grows with {fault}: {'yes' if values == sorted(values) else 'NO'}")
    line("training rows", data, data.X[train[: len(apart)]], train, unseen)
    if models:
        for name in ("PCA", "VAE"):
            options = MODELS[name].suggest(len(train), data.schema)
            model = MODELS[name](**options).fit(data.X[np.sort(train)], schema=data.schema)
            line(name, data, model.sample(2000, random_state=0), train, unseen)


if __name__ == "__main__":
    paths = [a for a in sys.argv[1:] if not a.startswith("-")]
    main(paths[0] if paths else None, "--models" in sys.argv)
