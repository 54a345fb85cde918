"""The second long job, whole: lay codes or rows out as a map, with the rows beyond a sample placed
among their neighbours.

It knows no page, no thread and no disk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .latent.neighbours import nearest, nearest_by_cells
from .metrics import Score
from .metrics import projection as map_scores
from .progress import OnStep, Reporter
from .projections.base import Projection
from .projections.by_code import _ByCode

_BATCH = 20_000  # rows placed between two reports
# comparisons beyond which neighbours are looked for in cells only: about three seconds
_EXACT_PAIRS = 2e9
_FEW = 500  # fitted rows that are enough when somebody is waiting for the end
# columns a map of the data takes, those it gets beyond, rows they are found on
_WIDE, _REDUCED_TO, _REDUCED_ON = 100, 50, 20_000


@dataclass(frozen=True)
class Mapped:
    """A fitted map with the positions (n, c) of all rows, its scores, empty until :func:`score`
    measured them, and a note where only a sample was fitted.
    """

    projection: Projection
    positions: np.ndarray
    scores: list[Score]
    note: str


def map_codes(
    Z: np.ndarray,
    projection: Projection,
    on_step: OnStep | None = None,
    y: np.ndarray | None = None,
    *,
    scored: bool = True,
) -> Mapped:
    """Lay codes Z (n, k) out as a map and, where it is to be ``scored`` at once, measure how far to
    trust it; y (n,): classes from 0 on, -1 for rows without one, for maps that use them.

    Beyond ``projection.most_rows`` it is found on :func:`sampled` rows and the rest placed among
    their neighbours. ``on_step`` may return True at any time: the positions reached are kept.
    Raises ValueError in one sentence.
    """
    rows, notes = sampled(len(Z), projection), []
    if projection.labels and y is not None:
        rows = np.flatnonzero(np.asarray(y) >= 0)
    fitted = projection.fit_transform(
        Z[rows], y[rows] if projection.labels and y is not None else None, on_step=on_step
    )
    if getattr(projection, "stopped_", False):
        notes.append("It was stopped before its end, and is as far as it had come.")
    positions = fitted
    if len(rows) < len(Z):
        positions, how = embed_rest(Z, rows, projection, on_step)
        notes.append(
            f"The map was found on {len(rows):,} of {len(Z):,} items "
            f"({'those with a label' if projection.labels else 'chosen by the seed'}); the rest "
            f"was placed {how}."
        )
    made = Mapped(projection, positions, [], " ".join(notes))
    if scored:
        score(made, Z)
    return made


def score(mapped: Mapped, Z: np.ndarray) -> list[Score]:
    """Measure how far to trust a map of Z (n, k), about a second's work, and put the scores
    into it. Raises ValueError below 3 rows.
    """
    mapped.scores[:] = map_scores(
        Z, mapped.positions, metric=getattr(mapped.projection, "metric", "euclidean")
    )
    return mapped.scores


def map_data(
    X,
    codes: np.ndarray,
    projection: Projection,
    on_step: OnStep | None = None,
    y: np.ndarray | None = None,
) -> Mapped:
    """As :func:`map_codes`, of the rows of X (n, d), dense or CSR, themselves. New codes are
    placed on it by the rows with the nearest codes (n, k).
    """
    Z, note = reduced(X)
    made = map_codes(Z, projection, on_step, y)
    rows = sampled(len(Z), _ByCode())
    placed = _ByCode.of(projection, codes[rows], made.positions[rows])
    return Mapped(
        placed,
        made.positions.astype(np.float32, copy=False),
        made.scores,
        " ".join(filter(None, [made.note, note])),
    )


def sampled(n: int, projection: Projection) -> np.ndarray:
    """The rows, ascending, on which a map of n is found: all, or ``most_rows`` of them by the
    seed where a new row's place is no formula.
    """
    most = projection.most_rows
    if n <= most or projection.exact:
        return np.arange(n)
    return np.sort(
        np.random.RandomState(projection.random_state or 0).choice(n, most, replace=False)
    )


def reduced(X) -> tuple[np.ndarray, str]:
    """The rows of X (n, d), dense or CSR, as float32 (n, at most ``_WIDE``), and a sentence where
    that is not all of them.

    Wider rows go to their first 50 principal components (for CSR: singular vectors, which keeps it
    sparse), as is usual before t-SNE and its kin: it takes noise away and makes distances quick.
    Found on at most 20 000 rows; the seed is 0.
    """
    n, d = X.shape
    sparse = hasattr(X, "indptr")
    if d <= _WIDE:
        return np.asarray(X.toarray() if sparse else X, np.float32), ""
    some = (
        X
        if n <= _REDUCED_ON
        else X[np.sort(np.random.RandomState(0).choice(n, _REDUCED_ON, replace=False))]
    )
    c = min(_REDUCED_TO, n - 1)
    if sparse:
        from sklearn.decomposition import TruncatedSVD

        solver, name = TruncatedSVD(c, random_state=0).fit(some), "singular vectors"
    else:
        from sklearn.decomposition import PCA

        solver, name = (
            PCA(c, svd_solver="covariance_eigh" if d <= 2000 else "randomized", random_state=0).fit(
                np.asarray(some, np.float32)
            ),
            "principal components",
        )
    parts = [solver.transform(X[i : i + 8192]) for i in range(0, n, 8192)]
    kept = float(np.sum(solver.explained_variance_ratio_))
    return (
        np.concatenate(parts).astype(np.float32),
        (
            f"It is of the data's first {c} {name} ({kept:.0%} of the variance of {d:,} columns), "
            "and its scores compare with those."
        ),
    )


def embed_rest(
    Z: np.ndarray, rows: np.ndarray, projection: Projection, on_step: OnStep | None = None
) -> tuple[np.ndarray, str]:
    """Positions (n, c) of all rows of Z (n, k) on a map fitted on ``rows``, and how the others were
    placed, in words.

    By formula where the map is one; otherwise as :meth:`Projection.embed_new` does with their
    nearest fitted rows, found exactly, or nearly always where there are too many to compare all.
    Stopped, the rows still to come go by a few fitted rows only.
    """
    if projection.exact:
        return projection.transform(Z), "by the map's formula"
    positions = np.empty((len(Z), projection.embedding_.shape[1]), projection.embedding_.dtype)
    positions[rows] = projection.embedding_
    rest = np.setdiff1d(np.arange(len(Z)), rows, assume_unique=True)
    known = projection._compared(projection.codes_)
    exact = len(rest) * len(rows) <= _EXACT_PAIRS
    search = nearest if exact else nearest_by_cells(known)
    how = projection.embedded_how + ("" if exact else " (neighbours looked for nearby only)")
    report = Reporter(on_step, len(rest), "placing the rest")
    for s in range(0, len(rest), _BATCH):
        batch = rest[s : s + _BATCH]
        positions[batch] = projection.embed_new(
            *search(
                projection._compared(Z[batch].astype(known.dtype, copy=False)),
                known,
                projection.embedding_neighbours,
            )
        )
        if report(min(s + _BATCH, len(rest))) and s + _BATCH < len(rest):
            few = np.sort(
                np.random.RandomState(0).choice(len(rows), min(_FEW, len(rows)), replace=False)
            )
            left = rest[s + _BATCH :]
            for t in range(0, len(left), _BATCH):
                batch = left[t : t + _BATCH]
                positions[batch] = projection.embedding_[
                    few[
                        nearest(
                            projection._compared(Z[batch].astype(known.dtype, copy=False)),
                            known[few],
                            1,
                        )[1][:, 0]
                    ]
                ]
            return (
                positions,
                (
                    f"{how}; the last {len(left):,}, when it was stopped, at the nearest of "
                    f"{len(few)} items"
                ),
            )
    return positions, how
