"""New items like the chosen rows: their density, what is drawn from it, and whether that is new."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from lvm_core.latent.density import LEAST, density
from lvm_core.latent.typicality import TypicalityLevel
from lvm_core.metrics import Score
from lvm_core.metrics.samples.copying import copying
from lvm_core.metrics.samples.features import hellinger

from ..session import state
from . import work


@dataclass(frozen=True)
class Group:
    """The rows a density was fitted to: those the model learnt from (``train``), where there
    are enough, and the others of the chosen (``unseen``).
    """

    sampler: object
    train: np.ndarray
    unseen: np.ndarray


def digest(rows) -> str:
    """Names a set of rows."""
    return hashlib.sha256(np.asarray(rows, "<i8").tobytes()).hexdigest()[:16]


def group(run: state.Run, rows, digest: str) -> Group | None:
    """The density of these rows' codes, kept with the run; None while it is being fitted."""
    fitted = run.fitted

    def fit(on_step):
        train = np.intersect1d(rows, fitted.train)
        unseen = np.setdiff1d(rows, train)
        if len(train) < LEAST:
            train, unseen = rows, rows[:0]
        return Group(density(fitted.codes[train], on_step=on_step), train, unseen)

    return work.result(run, "Fitting a density to the chosen codes", {"chosen": digest}, fit)


def typical(run: state.Run, codes) -> str:
    """How many of new codes lie where the data is, in words."""
    words = run.typicality.labels(codes)
    return " · ".join(f"{words.count(word):,} {word}" for word in TypicalityLevel if word in words)


def novelty(run: state.Run, made: Group, X) -> list[Score]:
    """Whether new rows X (m, d) are copies of those the density was fitted to; none where these
    are too few to tell.
    """
    if len(made.train) < 5:
        return []
    as_rows = hellinger if run.dataset.schema.has("counts") else np.asarray
    unseen = (
        as_rows(run.dataset.X[made.unseen])
        if len(made.unseen) >= 5
        else np.zeros((0, run.dataset.X.shape[1]))
    )
    return copying(as_rows(X), as_rows(run.dataset.X[made.train]), unseen).scores
