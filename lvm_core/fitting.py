"""The first long job, whole: fit a model on a dataset, encode every row, measure what was held out.

It knows no page and no thread."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from .datasets.base import Dataset
from .io.checkpoint import Checkpoint
from .metrics import Score, labels, labels_predicted, likelihood, reconstruction
from .metrics.reconstruction import MOST_ROWS
from .metrics.reference import beside_reference, fit_reference
from .models.base import LatentModel
from .models.lsa import LSA
from .models.pca import PCA
from .progress import OnStep

HELD_OUT = 0.1
MIN_ROWS_TO_SPLIT = 50
# bytes of training rows that are copied; more are put into a file that is mapped
MOST_IN_MEMORY = 2**28


@dataclass(frozen=True)
class Fitted:
    """A fitted model with the codes of *all* rows and the rows it did and did not see.

    Parameters
    ----------
    model : LatentModel
        The fitted model.
    codes : array of float32 (n, k)
        The codes Z of all rows.
    train : array of int
        Numbers of the rows it learnt from.
    held_out : array of int
        Numbers of the others; empty for small data, whose scores are then of rows the model has
        seen.
    seconds : float
        How long fitting and encoding took, with the time before an interruption.
    scores : list of Score
        Quality, measured on :attr:`scored_rows`, or on some of them where there are very many;
        each with what PCA of the same length gets (of texts: LSA), fitted to the same rows.
    columns : DataFrame
        Reconstruction of each column: name, measure, value, baseline.

    See Also
    --------
    fit_run : Makes one.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> fitted = fit_run(DATASETS["iris"]().load(), MODELS["PCA"](latent_dim=2))
    >>> len(fitted.scored_rows), fitted.scores[0].name
    (15, 'Reconstruction R²')
    """

    model: LatentModel
    codes: np.ndarray
    train: np.ndarray
    held_out: np.ndarray  # empty for small data: scores are then of rows the model has seen
    seconds: float
    scores: list[Score]
    columns: pd.DataFrame  # reconstruction of each column: name, measure, value, baseline

    @property
    def scored_rows(self) -> np.ndarray:
        """The rows quality is measured on: held-out ones when there are any."""
        return self.held_out if len(self.held_out) else self.train


def split(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Part row numbers into training and held-out ones.

    Parameters
    ----------
    n : int
        Number of rows.
    seed : int
        The same seed gives the same split.

    Returns
    -------
    train : array of int
        Ascending.
    held_out : array of int
        Ascending; a tenth of the rows, at least 5, from 50 rows on, none below.

    Examples
    --------
    >>> from lvm_core.fitting import split
    >>> train, held_out = split(100, seed=0)
    >>> len(train), len(held_out)
    (90, 10)
    >>> len(split(49, seed=0)[1])
    0
    """
    if n < MIN_ROWS_TO_SPLIT:
        return np.arange(n), np.arange(0)
    order = np.random.RandomState(seed).permutation(n)
    cut = max(5, int(n * HELD_OUT))
    return np.sort(order[cut:]), np.sort(order[:cut])


def fit_run(
    dataset: Dataset,
    model: LatentModel,
    on_step: OnStep | None = None,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Fit a model on a dataset, encode every row, measure what was held out.

    Parameters
    ----------
    dataset : Dataset
        Its training rows are what the model learns from, see :func:`split`.
    model : LatentModel
        Unfitted; it is fitted in place. Its ``random_state`` seeds the split and the fit.
    on_step : callable, optional
        Given a :class:`~lvm_core.progress.Progress` for each step; returning True ends the fit
        early.
    checkpoint : Checkpoint, optional
        With one, a fit that was interrupted goes on where it was.

    Returns
    -------
    Fitted
        The model with codes, rows and scores.

    Raises
    ------
    ValueError
        One sentence, when the data or the parameters cannot be used.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> fitted = fit_run(DATASETS["iris"]().load(), MODELS["PCA"](latent_dim=2))
    >>> fitted.codes.shape, len(fitted.train), len(fitted.held_out)
    ((150, 2), 135, 15)
    """
    start = time.monotonic()
    train, held_out = split(len(dataset), model.random_state or 0)
    y = dataset.targets() if model.labels else None
    X = _training_rows(dataset.X, train, checkpoint.folder.parent if checkpoint else None)
    model.fit(
        X,
        None if y is None else y[train],
        schema=dataset.schema,
        on_step=on_step,
        checkpoint=checkpoint,
    )
    codes = encode_all(model, dataset.X)
    seconds = time.monotonic() - start + (checkpoint.earlier if checkpoint else 0.0)
    return Fitted(
        model,
        codes,
        train,
        held_out,
        seconds,
        *_measured(model, dataset, codes, X, train, held_out),
    )


def _training_rows(X, rows: np.ndarray, folder: Path | None):
    """X[rows], where that is large in an unnamed file of ``folder``, mapped, which is gone with
    the last who reads it. Raises OSError.
    """
    if hasattr(X, "indptr") or len(rows) * X[:1].nbytes <= MOST_IN_MEMORY:
        return X[rows]
    with tempfile.TemporaryFile(dir=folder) as file:
        for part in np.array_split(rows, -(-len(rows) * X[:1].nbytes // 2**24)):
            file.write(X[part].data)
        file.flush()
        return np.memmap(file, X.dtype, "r", shape=(len(rows), X.shape[1]))


def _measured(
    model: LatentModel,
    dataset: Dataset,
    codes: np.ndarray,
    learnt,
    train: np.ndarray,
    held_out: np.ndarray,
) -> tuple[list[Score], pd.DataFrame]:
    """The scores of a fit, on rows it has not seen where there are any, beside those of a linear
    model of the same length, and the reconstruction of each column.
    """
    X, y = dataset.X, dataset.targets()
    rows = held_out if len(held_out) else train
    if len(rows) > MOST_ROWS:
        rows = rows[np.sort(np.random.RandomState(0).choice(len(rows), MOST_ROWS, replace=False))]
    measured, seen = X[rows], learnt if len(held_out) else None
    back = reconstruction(model, measured, seen)
    scores = back.scores + likelihood(model, measured, seen)
    if y is not None:
        scores += labels_predicted(model, X, y, train, held_out)
        scores += labels(codes, y, train, held_out, X)
    if not isinstance(model, LSA if dataset.schema.has("counts") else PCA) and (
        found := fit_reference(learnt, dataset.schema, codes.shape[1])
    ):
        linear, name = found
        theirs = reconstruction(linear, measured, seen).scores + likelihood(linear, measured, seen)
        if y is not None:
            theirs += labels(encode_all(linear, X), y, train, held_out)
        scores = beside_reference(model, scores, linear, name, theirs)
    return [replace(score, by_row=None) for score in scores], back.columns


def encode_all(model: LatentModel, X, batch: int = 4096) -> np.ndarray:
    """Codes of all rows, a batch at a time.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array or CSR matrix (n, d)
        The rows.
    batch : int
        Rows at a time.

    Returns
    -------
    array of float32 (n, k)
        The codes Z.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import encode_all
    >>> data = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(data.X, schema=data.schema)
    >>> encode_all(model, data.X, batch=64).shape
    (150, 2)
    """
    return np.concatenate(
        [
            np.asarray(model.transform(X[i : i + batch]), np.float32)
            for i in range(0, X.shape[0], batch)
        ]
    )
