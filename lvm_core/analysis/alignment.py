"""Two maps of the same rows: one laid onto the other, and what changed between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..latent.neighbours import EXACT_PAIRS, nearest_others
from ..metrics.base import percent
from ..metrics.maps.neighbourhoods import nearest_blocks
from ..progress import OnStep, Reporter

NEIGHBOURS = 15
_FEW = 2000  # rows up to which any search is quick
_TREE = 8  # dimensions up to which a tree is the quickest
_AT_ONCE = 2000  # rows at a time


@dataclass(frozen=True)
class Alignment:
    """Where a map goes when it is laid onto another: ``P -> scale * P @ turn + shift``.

    Attributes
    ----------
    scale : float
        Factor of the map's size.
    turn : ndarray of shape (2, 2)
        A rotation, with a reflection where its determinant is -1.
    shift : ndarray of shape (2,)
        What is added after turning and scaling.
    residual : float
        The share of both maps' variance that no turning, mirroring, scaling and shifting brings
        together, 0 (the same shape) to 1 (nothing in common).

    See Also
    --------
    procrustes : Finds the alignment of two maps.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.alignment import procrustes
    >>> P = np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 2.0]])
    >>> found = procrustes(P, P[:, ::-1])
    >>> found.mirrored, found.apply(P).round(6).tolist()
    (True, [[1.0, 1.0], [1.0, 3.0], [2.0, 1.0]])
    >>> found.sentence("UMAP", "t-SNE")
    'UMAP has the same shape as t-SNE.'
    """

    scale: float
    turn: np.ndarray
    shift: np.ndarray
    residual: float

    def apply(self, P) -> np.ndarray:
        """Positions P (n, 2) where they lie on the other map, float64."""
        return self.scale * (np.asarray(P, np.float64) @ self.turn) + self.shift

    @property
    def mirrored(self) -> bool:
        """Whether the map was flipped over."""
        return bool(np.linalg.det(self.turn) < 0)

    @property
    def degrees(self) -> float:
        """By how much it was turned, counter-clockwise from -180 to 180; of a mirrored map,
        after its x was mirrored.
        """
        across = self.turn[0] * (-1 if self.mirrored else 1)
        return float(np.degrees(np.arctan2(across[1], across[0])))

    def sentence(self, name: str, onto: str) -> str:
        """What was done and what is left, in words."""
        if self.residual < 1e-6:
            return f"{name} has the same shape as {onto}."
        how = ("mirrored and " if self.mirrored else "") + f"turned by {abs(self.degrees):.0f}°"
        return (
            f"{name} was {how}, scaled and shifted onto {onto}; {percent(self.residual)} of the "
            "variance still differs."
        )


def procrustes(P, onto) -> Alignment:
    """Lay positions onto positions of the same rows.

    Turn and reflection are those of least squares [1]_. The scale gives both maps the same spread:
    that of least squares would shrink a map the more, the less it agrees. The residual is the
    disparity of Gower [2]_, which does not depend on that choice.

    Parameters
    ----------
    P : array-like of shape (n, 2)
        Positions to lay onto others.
    onto : array-like of shape (n, 2)
        Positions of the same rows on the other map.

    Returns
    -------
    Alignment
        Turn, scale and shift, and what differs still.

    Raises
    ------
    ValueError
        Where shapes differ, values are not finite, or all points of a map lie at one place.

    References
    ----------
    .. [1] Schönemann (1966), doi:10.1007/BF02289451
    .. [2] Gower (1975), doi:10.1007/BF02291478

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.alignment import procrustes
    >>> P = np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 2.0]])
    >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> found = procrustes(P, 3 * P @ quarter_turn + 5)
    >>> f"{found.scale:.3f}", f"{found.degrees:.1f}", f"{found.residual:.3f}"
    ('3.000', '90.0', '0.000')
    """
    P, Q = np.asarray(P, np.float64), np.asarray(onto, np.float64)
    if P.shape != Q.shape or P.ndim != 2 or P.shape[1] != 2 or len(P) < 2:
        raise ValueError(
            f"Maps of shapes {P.shape} and {Q.shape} cannot be aligned, expected two of the same "
            "(n, 2), n at least 2."
        )
    if not (np.isfinite(P).all() and np.isfinite(Q).all()):
        raise ValueError("A map holds NaN or infinity and cannot be aligned; make it again.")
    middle, target = P.mean(0), Q.mean(0)
    spread, wanted = np.linalg.norm(P - middle), np.linalg.norm(Q - target)
    if min(spread, wanted) <= 1e-12 * max(np.abs(P).max(), np.abs(Q).max()):
        raise ValueError("All points of a map lie at one place, there is nothing to align.")
    left, common, right = np.linalg.svd(((P - middle) / spread).T @ ((Q - target) / wanted))
    turn, scale = left @ right, float(wanted / spread)
    return Alignment(
        scale,
        turn,
        target - scale * middle @ turn,
        float(np.clip(1 - common.sum() ** 2, 0, 1)),
    )


def neighbours(
    Z, k: int = NEIGHBOURS, *, stop: Callable[[int], bool] = lambda done: False
) -> np.ndarray:
    """Find the k nearest other rows of each row.

    On maps and short codes by a k-d tree, in more dimensions by all distances on all cores, of very
    many rows by :func:`lvm_core.latent.neighbours.nearest_others`.

    Parameters
    ----------
    Z : array-like of shape (n, d)
        Positions or codes.
    k : int, default=15
        Number of neighbours, cut to n - 1.
    stop : callable, optional
        Is told how many rows are done, and returns whether to stop.

    Returns
    -------
    ndarray of int, shape (n, k)
        Row numbers, nearest first.

    Raises
    ------
    ValueError
        Where ``stop`` says so.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.alignment import neighbours
    >>> neighbours(np.array([[0.0], [1.0], [3.0]]), k=2).tolist()
    [[1, 2], [0, 2], [1, 0]]
    """
    Z = np.asarray(Z)
    n, k = len(Z), min(k, len(Z) - 1)
    if n <= _FEW or Z.shape[1] > _TREE and n**2 > EXACT_PAIRS:
        blocks = [nearest_others(Z, k)[1]]
    else:
        blocks = nearest_blocks(Z, k) if Z.shape[1] > _TREE else _by_tree(Z, k)
    parts, done = [], 0
    for part in blocks:
        parts.append(part)
        done += len(part)
        if stop(done):
            raise ValueError("It was stopped before the neighbours were compared; nothing is kept.")
    return np.concatenate(parts)


def _by_tree(Z, k):
    from scipy.spatial import KDTree

    tree = KDTree(Z)
    for s in range(0, len(Z), _AT_ONCE):
        rows = np.arange(s, min(s + _AT_ONCE, len(Z)))
        found = np.asarray(tree.query(Z[rows], k + 1, workers=-1)[1])
        own = found == rows[:, None]
        own[~own.any(1), -1] = True  # among many duplicates the row itself may not be listed
        yield found[~own].reshape(len(rows), k)


@dataclass(frozen=True)
class Change:
    """How many of its k nearest neighbours each row lost from one map, or set of codes, to another.

    Attributes
    ----------
    lost : ndarray of uint8, shape (n,)
        Neighbours lost.
    k : int
        Number of neighbours.

    See Also
    --------
    changed : Compares two maps.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.alignment import Change
    >>> change = Change(np.array([0, 1, 2, 2], np.uint8), k=2)
    >>> change.mean, change.above(0.5)
    (0.625, 2)
    >>> change.sentence()
    '2 of 4 points changed more than half of their 2 nearest neighbours.'
    """

    lost: np.ndarray
    k: int

    @property
    def mean(self) -> float:
        """The share of neighbours lost, over all rows."""
        return float(self.lost.mean() / self.k)

    @property
    def chance(self) -> float:
        """That share between two maps that have nothing to do with each other."""
        return 1 - self.k / (len(self.lost) - 1)

    def above(self, share: float) -> int:
        """How many rows lost more than this share of their neighbours."""
        return int((self.lost > share * self.k + 1e-9).sum())

    def sentence(self, share: float = 0.5) -> str:
        """The count in words."""
        return (
            f"{self.above(share):,} of {len(self.lost):,} points changed more than {_part(share)} "
            f"of their {self.k} nearest neighbours."
        )


def _part(share: float) -> str:
    return {0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}.get(share, percent(share))


def changed(A, B, k: int = NEIGHBOURS, *, on_step: OnStep | None = None) -> Change:
    """Count the neighbours that each row loses from one set of positions or codes to another.

    The share of each row's k nearest neighbours in ``A`` that are not among those in ``B`` is the
    same the other way round, since both lists have k.

    Parameters
    ----------
    A : array-like of shape (n, a)
        Positions or codes.
    B : array-like of shape (n, b)
        Positions or codes of the same rows.
    k : int, default=15
        Number of neighbours, 1 to 255.
    on_step : callable, optional
        Receives progress; where it returns True, the comparison stops.

    Returns
    -------
    Change
        Neighbours lost by each row.

    Raises
    ------
    ValueError
        Where the rows differ in number, there are fewer than 3, ``k`` is over 255, or ``on_step``
        stopped it.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.alignment import changed
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> changed(Z, 2 * Z, k=5).mean
    0.0
    >>> changed(Z, Z[:, :1], k=5).mean > 0.5
    True
    """
    if len(A) != len(B) or len(A) < 3:
        raise ValueError(
            f"Neighbours of {len(A)} and {len(B)} rows cannot be compared, expected the same rows, "
            "at least 3."
        )
    if not 1 <= k <= 255:
        raise ValueError(f"k is {k}, expected a number from 1 to 255.")
    report = Reporter(on_step, 2 * len(A), phase="finding neighbours")
    here = neighbours(A, k, stop=report)
    there = neighbours(B, k, stop=lambda done: report(len(A) + done))
    k = here.shape[1]
    lost = np.empty(len(here), np.uint8)
    for s in range(0, len(here), _AT_ONCE):
        part = slice(s, s + _AT_ONCE)
        lost[part] = k - (here[part, :, None] == there[part, None, :]).any(2).sum(1)
    return Change(lost, k)
