"""Where a map lies, and in which way: for every point how much of its true neighbourhood is
still around it, and the same in all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...progress import OnStep, Reporter
from .large_scale import RandomTriplets, triplets_agree
from .neighbourhoods import MEASURES, Comparison, Labels, compare
from .ranks import Space, searched

KS = 10, 30, 100  # neighbours a person may ask about
# up to here every row is measured; beyond, as many as make the same number of pairs
ALL_ROWS = 100_000
_WIDE = 32  # dimensions beyond which distances, not sorting, take the time
_FULL_PAIRS = 1.5e7  # pairs ranked in full, for the curve beyond the largest k
# spent on the same scores against the original rows
_BESIDE_PRODUCTS, _BESIDE_ROWS = 5e10, (200, 2000)

Numbers = dict[str, tuple[float, "float | None"]]


@dataclass(frozen=True)
class MapTrust:
    """How far to trust a map of points, see :func:`map_trust`.

    Attributes
    ----------
    n : int
        Points of the map.
    ks : tuple of int
        Numbers of neighbours.
    rows : ndarray of int of shape (m,)
        The rows measured against all n, ascending.
    points : ndarray of float32 of shape (3, len(ks), m)
        For each of ``ks`` neighbours the share of a point's true nearest that are among its nearest
        on the map, and its own trustworthiness and continuity: 1 is perfect, and the mean over the
        points is the map's.
    sizes, curve : ndarray
        How many neighbours are kept at every size of neighbourhood, 0 by chance and 1 at best.
    numbers : dict of str to dict
        Name -> (value, standard error, None where it is exact) of each pair: "map" (a picture of
        the codes), "codes" (a picture of the rows they were made of), "whole" (the map as a picture
        of those rows); what depends on k has a name ending in ``@k``.
    n_compared : int
        How many rows the last two were measured on.
    chance_label : float or None
        What always saying the commonest label gets.
    """

    n: int
    ks: tuple[int, ...]
    rows: np.ndarray
    points: np.ndarray
    sizes: np.ndarray
    curve: np.ndarray
    numbers: dict[str, Numbers]
    n_compared: int = 0
    chance_label: float | None = None

    def point(self, measure: str, k: int) -> np.ndarray:
        """One of MEASURES by k neighbours.

        Parameters
        ----------
        measure : {"kept", "trust", "continuity"}
            Which.
        k : int
            One of ``ks``.

        Returns
        -------
        ndarray of float32 of shape (m,)
            Of each row of ``rows``.
        """
        return self.points[MEASURES.index(measure), self.ks.index(k)]


def measured_rows(n: int, dimensions: int = 16) -> int:
    """How many of n rows are measured against all n.

    Parameters
    ----------
    n : int
        Rows.
    dimensions : int, default=16
        Of the codes.

    Returns
    -------
    int
        All up to ``ALL_ROWS``; beyond, as many as make the same number of pairs; fewer of both
        where there are more than 32 dimensions, as distances then take the time.

    Examples
    --------
    >>> from lvm_core.metrics.maps.trust import measured_rows
    >>> measured_rows(100_000), measured_rows(1_000_000), measured_rows(100_000, 64)
    (100000, 10000, 50000)
    """
    return int(min(n, max(ALL_ROWS**2 * _WIDE / max(dimensions, _WIDE) / n, 1)))


def map_trust(
    Z,
    P,
    X=None,
    y=None,
    *,
    ks: tuple[int, ...] = KS,
    metric: str = "euclidean",
    random_state: int = 0,
    on_step: OnStep | None = None,
) -> MapTrust:
    """How far positions can be trusted as a map of codes, point by point and in all.

    Trustworthiness and continuity are those of Venna & Kaski [1]_, as in
    ``sklearn.manifold.trustworthiness``; where that holds n x n tables, here a block of rows at a
    time is ranked, on all cores. Beyond ``ALL_ROWS`` rows (fewer where codes have more than 32
    dimensions) a sample of ``measured_rows(n, k')`` is measured against all.

    Parameters
    ----------
    Z : array-like of shape (n, k')
        Codes.
    P : array-like of shape (n, c)
        Positions on the map.
    X : ndarray or CSR matrix of shape (n, d), default=None
        The rows the codes were made of, compared by their cosine where they are CSR (counts of
        words) and by distance otherwise; gaps are filled by the column's mean.
    y : ndarray of shape (n,), default=None
        Labels, None where a row has none; the label most of k neighbours have is then scored too.
    ks : tuple of int, default=(10, 30, 100)
        Numbers of neighbours, ascending; those beyond (n - 1) / 2 are left out.
    metric : {"euclidean", "cosine"}, default="euclidean"
        How codes are compared.
    random_state : int, default=0
        Seed of the sample.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress`; a stop keeps what was measured, which is
        such a sample too.

    Returns
    -------
    MapTrust

    Raises
    ------
    ValueError
        Below 3 rows, or where Z, P, X and y differ in length.

    References
    ----------
    .. [1] Venna & Kaski (2001), doi:10.1007/3-540-44668-0_68.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> Z = np.random.default_rng(0).normal(size=(100, 3))
    >>> trust = map_trust(Z, Z[:, :2], ks=(10,))
    >>> trust.points.shape
    (3, 1, 100)
    >>> value, error = trust.numbers["map"]["trust@10"]
    >>> 0.5 < value < 1, error is None
    (True, True)
    """
    Z, P = np.asarray(Z), np.asarray(P)
    n = len(Z)
    if n < 3 or {n} != {A.shape[0] for A in (P, X, y) if A is not None} | {n}:
        found = ", ".join(
            f"{name} has {A.shape[0]}"
            for name, A in (("Z", Z), ("P", P), ("X", X), ("y", y))
            if A is not None
        )
        raise ValueError(f"{found} rows, expected the same number of all, at least 3.")
    ks = tuple(k for k in ks if k <= (n - 1) // 2) or ((n - 1) // 2,)
    order = np.random.RandomState(random_state).permutation(n)
    m = measured_rows(n, Z.shape[1])
    codes, drawn, labels = (
        Space(Z, metric, searched(Z, ks, metric)),
        Space(P, nearest=searched(P, ks)),
        _labels(y),
    )
    full = int(max(_FULL_PAIRS // n, 50))
    (found,) = compare(
        codes,
        (drawn,),
        order[:m],
        ks,
        labels,
        Reporter(on_step, m, "comparing neighbourhoods"),
        full_rows=min(full, m),
    )
    layouts = RandomTriplets(Z, metric, random_state), RandomTriplets(P, random_state=random_state)
    numbers = {"map": _numbers(found, ks, n) | triplets_agree(*layouts)}
    beside = 0
    if X is not None and not found.stopped:
        X, way = filled(X), "cosine" if hasattr(X, "indptr") else "euclidean"
        beside = int(min(n, np.clip(_BESIDE_PRODUCTS / (n * min(X.shape[1], 2000)), *_BESIDE_ROWS)))
        parts = compare(
            Space(X, way),
            (codes, drawn),
            order[:beside],
            ks,
            labels,
            Reporter(on_step, beside, "comparing with the rows themselves"),
            full_rows=min(full, beside),
        )
        beside, rows = len(parts[0].rows), RandomTriplets(X, way, random_state)
        numbers |= {
            pair: _numbers(part, ks, n) | triplets_agree(rows, schema)
            for pair, part, schema in zip(("codes", "whole"), parts, layouts)
        }
    ascending = np.argsort(found.rows)
    return MapTrust(
        n,
        ks,
        found.rows[ascending],
        found.points[:, :, ascending].astype(np.float32),
        found.sizes,
        found.curve,
        numbers,
        beside,
        labels and labels.chance,
    )


def _labels(y) -> Labels | None:
    """Labels as numbered classes; None where there are none, or only one."""
    if y is None:
        return None
    known = np.array([v is not None and v == v for v in y])
    classes = np.full(len(known), -1)
    names, classes[known] = np.unique(np.asarray(y, object)[known].astype(str), return_inverse=True)
    return Labels(classes) if len(names) > 1 else None


def _numbers(found: Comparison, ks, n) -> Numbers:
    """The map's numbers from its points': exact where every row was measured."""
    measured = {
        f"{name}@{k}": found.points[i, j]
        for i, name in enumerate(MEASURES)
        for j, k in enumerate(ks)
    }
    measured |= {
        f"{name}@{k}": values[np.isfinite(values)]
        for i, name in enumerate(("label of", "label on"))
        for j, k in enumerate(ks)
        for values in (found.right[i, j],)
    }
    share = 1 - len(found.rows) / n
    numbers = {
        name: (
            float(np.mean(v, dtype=np.float64)),
            float(v.std() * np.sqrt(share / len(v))) if share else None,
        )
        for name, v in measured.items()
        if len(v)
    }
    return numbers | {"area": (found.area, found.area_error)}


def filled(X):
    """Rows with gaps filled by the mean of their column.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Rows.

    Returns
    -------
    ndarray or CSR matrix of shape (n, d)
        0 where a column has no value at all; CSR and whole X as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.trust import filled
    >>> filled(np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, 7.0]])).tolist()
    [[1.0, 6.0], [3.0, 5.0], [2.0, 7.0]]
    """
    if hasattr(X, "indptr") or not np.isnan(X.min()):  # without a table as large as X
        return X
    known = ~np.isnan(X)
    means = np.nansum(X, 0) / np.maximum(known.sum(0), 1)
    return np.where(known, X, means.astype(X.dtype))
