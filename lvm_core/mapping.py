"""The second long job, whole: lay codes or rows out as a map, with the rows beyond a sample placed
among their neighbours.

It knows no page, no thread and no disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .latent.neighbours import nearest, nearest_by_cells
from .metrics import Score
from .metrics import projection as map_scores
from .progress import OnStep, Reporter
from .projections.base import Projection
from .projections.by_code import _ByCode

if TYPE_CHECKING:
    from .models.base import LatentModel

_BATCH = 20_000  # rows placed between two reports
# comparisons beyond which neighbours are looked for in cells only: about three seconds
_EXACT_PAIRS = 2e9
_FEW = 500  # fitted rows that are enough when somebody is waiting for the end
# columns a map of the data takes, those it gets beyond, rows they are found on
_WIDE, _REDUCED_TO, _REDUCED_ON = 100, 50, 20_000


@dataclass(frozen=True)
class Mapped:
    """A fitted map with the positions of all rows.

    Parameters
    ----------
    projection : Projection
        The fitted map.
    positions : array (n, c)
        Where each row lies.
    scores : list of Score
        How far to trust the map; empty until :func:`score` measured it.
    note : str
        Sentences about how it was found, such as that only a sample was fitted; empty without any.

    See Also
    --------
    map_codes, map_data : Make one.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> Z = np.random.default_rng(0).normal(size=(100, 5))
    >>> mapped = map_codes(Z, PROJECTIONS["PCA"](n_components=2))
    >>> mapped.note, len(mapped.scores) > 0
    ('', True)
    """

    projection: Projection
    positions: np.ndarray
    scores: list[Score]
    note: str


def suggest(cls: type[Projection], n: int, model: LatentModel | None = None) -> dict[str, Any]:
    """Parameter values of a map that suit n codes of a model.

    Parameters
    ----------
    cls : type
        Class of the projection.
    n : int
        Number of codes.
    model : LatentModel, optional
        The model they come from: where its codes are directions (``code_metric``), they are
        compared as directions.

    Returns
    -------
    dict of str to object
        Values by parameter name, where they differ from the defaults.

    Examples
    --------
    >>> from lvm_core import MODELS, PROJECTIONS
    >>> from lvm_core.mapping import suggest
    >>> suggest(PROJECTIONS["UMAP"], 100, MODELS["LSA"]())
    {'n_neighbors': 15, 'metric': 'cosine'}
    """
    found = cls.suggest(n)
    metric = "euclidean" if model is None else model.code_metric
    if metric != "euclidean" and "metric" in cls.parameters():
        found = {**found, "metric": metric}
    return found


def map_codes(
    Z: np.ndarray,
    projection: Projection,
    on_step: OnStep | None = None,
    y: np.ndarray | None = None,
    *,
    scored: bool = True,
) -> Mapped:
    """Lay codes out as a map.

    Beyond ``projection.most_rows`` it is found on :func:`sampled` rows and the rest placed among
    their neighbours.

    Parameters
    ----------
    Z : array (n, k)
        Codes of all rows.
    projection : Projection
        Unfitted; it is fitted in place.
    on_step : callable, optional
        Given a :class:`~lvm_core.progress.Progress` for each step; it may return True at any time,
        and the positions reached are kept.
    y : array of int (n,), optional
        Classes from 0 on, -1 for rows without one; for maps that use them.
    scored : bool
        Whether to measure at once how far to trust the map, see :func:`score`.

    Returns
    -------
    Mapped
        The map with all positions.

    Raises
    ------
    ValueError
        One sentence, when the codes or the parameters cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes
    >>> Z = np.random.default_rng(0).normal(size=(100, 5))
    >>> mapped = map_codes(Z, PROJECTIONS["PCA"](n_components=2), scored=False)
    >>> mapped.positions.shape, mapped.scores
    ((100, 2), [])
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
    """Measure how far to trust a map, about a second's work.

    Parameters
    ----------
    mapped : Mapped
        The map; its ``scores`` are replaced.
    Z : array (n, k)
        The codes it was made of.

    Returns
    -------
    list of Score
        The scores that were put into the map.

    Raises
    ------
    ValueError
        Below 3 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_codes, score
    >>> Z = np.random.default_rng(0).normal(size=(100, 5))
    >>> mapped = map_codes(Z, PROJECTIONS["PCA"](n_components=2), scored=False)
    >>> [made.name for made in score(mapped, Z)][:2]
    ['Trustworthiness', 'Continuity']
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
    """Lay the rows of the data themselves out as a map.

    As :func:`map_codes`, of :func:`reduced` rows. New codes are placed on it by the rows with the
    nearest codes.

    Parameters
    ----------
    X : array or CSR matrix (n, d)
        The rows.
    codes : array (n, k)
        Codes of the same rows.
    projection : Projection
        Unfitted; it is fitted in place.
    on_step : callable, optional
        As for :func:`map_codes`.
    y : array of int (n,), optional
        As for :func:`map_codes`.

    Returns
    -------
    Mapped
        The map; its ``projection`` takes codes.

    Raises
    ------
    ValueError
        One sentence, when the rows or the parameters cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import map_data
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> mapped = map_data(X, X[:, :3], PROJECTIONS["PCA"](n_components=2))
    >>> mapped.projection.transform(X[:5, :3]).shape
    (5, 2)
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
    """The rows on which a map is found.

    Parameters
    ----------
    n : int
        Number of rows in all.
    projection : Projection
        Its ``most_rows`` are chosen by its ``random_state``.

    Returns
    -------
    array of int
        Ascending row numbers: all, or ``most_rows`` of them where a new row's place is no formula.

    Examples
    --------
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import sampled
    >>> sampled(4, PROJECTIONS["PCA"]()).tolist()
    [0, 1, 2, 3]
    """
    most = projection.most_rows
    if n <= most or projection.exact:
        return np.arange(n)
    return np.sort(
        np.random.RandomState(projection.random_state or 0).choice(n, most, replace=False)
    )


def reduced(X) -> tuple[np.ndarray, str]:
    """Rows with few enough columns for a map.

    Wider rows than 100 go to their first 50 principal components (for CSR: singular vectors, which
    keeps it sparse), as is usual before t-SNE and its kin: it takes noise away and makes distances
    quick. Found on at most 20 000 rows; the seed is 0.

    Parameters
    ----------
    X : array or CSR matrix (n, d)
        The rows.

    Returns
    -------
    Z : array of float32 (n, at most 100)
        The rows, or their components.
    note : str
        A sentence where that is not all of them, else empty.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.mapping import reduced
    >>> Z, note = reduced(np.eye(200))
    >>> Z.shape
    (200, 50)
    >>> reduced(np.eye(3))[1]
    ''
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
    """Place all rows on a map that was fitted on some of them.

    By formula where the map is one; otherwise as :meth:`Projection.embed_new` does with their
    nearest fitted rows, found exactly, or nearly always where there are too many to compare all.
    Stopped, the rows still to come go by a few fitted rows only.

    Parameters
    ----------
    Z : array (n, k)
        Codes of all rows.
    rows : array of int
        Numbers of the rows the map was fitted on.
    projection : Projection
        The fitted map.
    on_step : callable, optional
        Given a :class:`~lvm_core.progress.Progress` for each batch; returning True stops it.

    Returns
    -------
    positions : array (n, c)
        Where each row lies.
    how : str
        How the others were placed, in words.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.mapping import embed_rest
    >>> Z, rows = np.random.default_rng(0).normal(size=(100, 5)), np.arange(50)
    >>> projection = PROJECTIONS["PCA"](n_components=2)
    >>> P = projection.fit_transform(Z[rows])
    >>> positions, how = embed_rest(Z, rows, projection)
    >>> positions.shape, how
    ((100, 2), "by the map's formula")
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
