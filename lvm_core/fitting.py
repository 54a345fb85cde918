"""The two long jobs, whole: fit a model on a dataset, and lay its codes out as a map. Neither knows a page, a thread or a disk."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .datasets.base import Dataset
from .io.checkpoint import Checkpoint
from .mapping import place_rest
from .metrics import Score, labels, labels_predicted, likelihood, reconstruction
from .metrics import projection as map_scores
from .metrics.reconstruction import MOST_ROWS
from .models.base import LatentModel
from .progress import OnStep
from .projections.base import Projection
from .projections.bycode import _ByCode

HELD_OUT = 0.1
MIN_ROWS_TO_SPLIT = 50
MOST_IN_MEMORY = 2**28  # bytes of training rows that are copied; more are put into a file that is mapped
_WIDE, _REDUCED_TO, _REDUCED_ON = 100, 50, 20_000       # columns a map of the data takes, those it gets beyond, rows they are found on


@dataclass(frozen=True)
class Fitted:
    """A fitted model with the codes Z (n, k) of *all* rows and the rows it did and did not see."""

    model: LatentModel
    codes: np.ndarray
    train: np.ndarray
    held_out: np.ndarray    # empty for small data: scores are then of rows the model has seen
    seconds: float
    scores: list[Score]
    columns: pd.DataFrame   # reconstruction of each column: name, measure, value, baseline

    @property
    def scored_rows(self) -> np.ndarray:
        """The rows quality is measured on: held-out ones when there are any."""
        return self.held_out if len(self.held_out) else self.train


def split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(train, held out) row numbers: a tenth held out from 50 rows on, none below; the same seed gives the same split."""
    if n < MIN_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(0)
    order = np.random.RandomState(seed).permutation(n)
    cut = max(5, int(n * HELD_OUT))
    return np.sort(order[cut:]), np.sort(order[:cut])


def fit_run(dataset: Dataset, model: LatentModel, on_step: OnStep | None = None, checkpoint: Checkpoint | None = None) -> Fitted:
    """Fit ``model`` on the training rows of ``dataset``. ``model.random_state`` seeds the split and the fit; with a
    ``checkpoint`` a fit that was interrupted goes on where it was.

    Raises ValueError with one sentence when the data or the parameters cannot be used.
    """
    start = time.monotonic()
    train, held_out = split(len(dataset), model.random_state or 0)
    y = dataset.targets() if model.labels else None
    X = _taken(dataset.X, train, checkpoint.folder.parent if checkpoint else None)
    model.fit(X, None if y is None else y[train], layout=dataset.layout, on_step=on_step, checkpoint=checkpoint)
    codes = encode_all(model, dataset.X)
    seconds = time.monotonic() - start + (checkpoint.earlier if checkpoint else 0.0)
    return Fitted(model, codes, train, held_out, seconds, *_measured(model, dataset, codes, X, train, held_out))


def _taken(X, rows: np.ndarray, folder: Path | None):
    """X[rows], where that is large in an unnamed file of ``folder``, mapped, which is gone with the last who reads it. Raises OSError."""
    if hasattr(X, "indptr") or len(rows) * X[:1].nbytes <= MOST_IN_MEMORY:
        return X[rows]
    with tempfile.TemporaryFile(dir=folder) as file:
        for part in np.array_split(rows, -(-len(rows) * X[:1].nbytes // 2**24)):
            file.write(X[part].data)
        file.flush()
        return np.memmap(file, X.dtype, "r", shape=(len(rows), X.shape[1]))


def _measured(model: LatentModel, dataset: Dataset, codes: np.ndarray, learnt, train: np.ndarray, held_out: np.ndarray) -> tuple[list[Score], pd.DataFrame]:
    """The scores of a fit, on rows it has not seen where there are any, and the reconstruction of each column."""
    X, y = dataset.X, dataset.targets()
    rows = held_out if len(held_out) else train
    if len(rows) > MOST_ROWS:
        rows = rows[np.sort(np.random.RandomState(0).choice(len(rows), MOST_ROWS, replace=False))]
    back = reconstruction(model, X[rows], learnt if len(held_out) else None)
    kept = labels_predicted(model, X, y, train, held_out) + labels(codes, y, train, held_out, X) if y is not None else []
    return back.scores + likelihood(model, X[rows], learnt if len(held_out) else None) + kept, back.columns


@dataclass(frozen=True)
class Mapped:
    """A fitted map with the positions (n, c) of all rows, its scores, empty until :func:`score` measured them, and a note where only a
    sample was fitted."""

    projection: Projection
    positions: np.ndarray
    scores: list[Score]
    note: str


def map_codes(Z: np.ndarray, projection: Projection, on_step: OnStep | None = None, y: np.ndarray | None = None, *, scored: bool = True) -> Mapped:
    """Lay codes Z (n, k) out as a map and, where it is to be ``scored`` at once, measure how far to trust it; y (n,): classes from 0 on,
    -1 for rows without one, for maps that use them.

    Beyond ``projection.most_rows`` it is found on :func:`sampled` rows and the rest placed among their neighbours. ``on_step``
    may return True at any time: the positions reached are kept. Raises ValueError in one sentence.
    """
    rows, notes = sampled(len(Z), projection), []
    if projection.labels and y is not None:
        rows = np.flatnonzero(np.asarray(y) >= 0)
    fitted = projection.fit_transform(Z[rows], y[rows] if projection.labels and y is not None else None, on_step=on_step)
    if getattr(projection, "stopped_", False):
        notes.append("It was stopped before its end, and is as far as it had come.")
    positions = fitted
    if len(rows) < len(Z):
        positions, how = place_rest(Z, rows, projection, on_step)
        notes.append(f"The map was found on {len(rows):,} of {len(Z):,} items ({'those with a label' if projection.labels else 'chosen by the seed'}); the rest was placed {how}.")
    made = Mapped(projection, positions, [], " ".join(notes))
    if scored:
        score(made, Z)
    return made


def score(mapped: Mapped, Z: np.ndarray) -> list[Score]:
    """Measure how far to trust a map of Z (n, k), about a second's work, and put the scores into it. Raises ValueError below 3 rows."""
    mapped.scores[:] = map_scores(Z, mapped.positions, metric=getattr(mapped.projection, "metric", "euclidean"))
    return mapped.scores


def map_data(X, codes: np.ndarray, projection: Projection, on_step: OnStep | None = None, y: np.ndarray | None = None) -> Mapped:
    """As :func:`map_codes`, of the rows of X (n, d), dense or CSR, themselves. New codes are placed on it by the rows with the
    nearest codes (n, k)."""
    Z, note = reduced(X)
    made = map_codes(Z, projection, on_step, y)
    rows = sampled(len(Z), _ByCode())
    placed = _ByCode.of(projection, codes[rows], made.positions[rows])
    return Mapped(placed, made.positions.astype(np.float32, copy=False), made.scores, " ".join(filter(None, [made.note, note])))


def sampled(n: int, projection: Projection) -> np.ndarray:
    """The rows, ascending, on which a map of n is found: all, or ``most_rows`` of them by the seed where a new row's place is no formula."""
    most = projection.most_rows
    if n <= most or projection.exact:
        return np.arange(n)
    return np.sort(np.random.RandomState(projection.random_state or 0).choice(n, most, replace=False))


def reduced(X) -> tuple[np.ndarray, str]:
    """The rows of X (n, d), dense or CSR, as float32 (n, at most ``_WIDE``), and a sentence where that is not all of them.

    Wider rows go to their first 50 principal components (for CSR: singular vectors, which keeps it sparse), as is usual before
    t-SNE and its kin: it takes noise away and makes distances quick. Found on at most 20 000 rows; the seed is 0."""
    n, d = X.shape
    sparse = hasattr(X, "indptr")
    if d <= _WIDE:
        return np.asarray(X.toarray() if sparse else X, np.float32), ""
    some = X if n <= _REDUCED_ON else X[np.sort(np.random.RandomState(0).choice(n, _REDUCED_ON, replace=False))]
    c = min(_REDUCED_TO, n - 1)
    if sparse:
        from sklearn.decomposition import TruncatedSVD

        solver, name = TruncatedSVD(c, random_state=0).fit(some), "singular vectors"
    else:
        from sklearn.decomposition import PCA

        solver, name = PCA(c, svd_solver="covariance_eigh" if d <= 2000 else "randomized", random_state=0).fit(np.asarray(some, np.float32)), "principal components"
    parts = [solver.transform(X[i:i + 8192]) for i in range(0, n, 8192)]
    kept = float(np.sum(solver.explained_variance_ratio_))
    return np.concatenate(parts).astype(np.float32), f"It is of the data's first {c} {name} ({kept:.0%} of the variance of {d:,} columns), and its scores compare with those."


def encode_all(model: LatentModel, X, batch: int = 4096) -> np.ndarray:
    """Codes Z (n, k) float32 of all rows, a batch at a time."""
    return np.concatenate([np.asarray(model.transform(X[i:i + batch]), np.float32) for i in range(0, X.shape[0], batch)])
