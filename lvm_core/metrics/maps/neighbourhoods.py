"""Neighbourhoods in a space and in a picture of it, compared a block of rows at a time on all
cores.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ...progress import Reporter
from .ranks import Space

MEASURES = "kept", "trust", "continuity"
_door, _within = threading.Lock(), []


@dataclass(frozen=True)
class Comparison:
    """What a pass over rows found, see :func:`compare`.

    Attributes
    ----------
    rows : ndarray of int of shape (m,)
        The rows measured.
    points : ndarray of shape (3, len(ks), m)
        MEASURES of each row.
    right : ndarray of shape (2, len(ks), m)
        Whether most of its neighbours in the space, and on the picture, have its label; NaN
        without.
    sizes, curve, area : ndarray, ndarray, float
        See :meth:`Sizes.agreement`.
    area_error : float or None
        Standard error of ``area``; None where all rows were ranked in full.
    stopped : bool
        Whether the reporter ended it early.
    """

    rows: np.ndarray
    points: np.ndarray
    right: np.ndarray
    sizes: np.ndarray
    curve: np.ndarray
    area: float
    area_error: float | None
    stopped: bool


@dataclass(frozen=True)
class Labels:
    """Labels of points as classes.

    Parameters
    ----------
    classes : ndarray of int of shape (n,)
        Classes as numbers, -1 where a row has none.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.neighbourhoods import Labels
    >>> labels = Labels(np.array([0, 0, 0, 1, -1]))
    >>> labels.chance
    0.75
    >>> labels.right(np.array([0, 3, 4]), np.array([[1, 2], [0, 1], [0, 1]]))
    array([ 1.,  0., nan])
    """

    classes: np.ndarray

    @property
    def chance(self) -> float:
        """What always saying the commonest gets."""
        known = self.classes[self.classes >= 0]
        return float(np.bincount(known).max() / len(known))

    def right(self, rows, J) -> np.ndarray:
        """Whether most labelled ones of each row's neighbours have its label.

        Parameters
        ----------
        rows : ndarray of int of shape (b,)
            Row numbers.
        J : ndarray of int of shape (b, k)
            Their neighbours.

        Returns
        -------
        ndarray of shape (b,)
            1 or 0, the lower class counting where classes are level; NaN for a row without a label.
        """
        slots = self.classes.max() + 2
        votes = self.classes[J] + 1 + np.arange(len(J))[:, None] * slots
        counts = np.bincount(votes.ravel(), minlength=len(J) * slots).reshape(len(J), slots)[:, 1:]
        return np.where(self.classes[rows] >= 0, counts.argmax(1) == self.classes[rows], np.nan)


def compare(
    true: Space,
    pictures: tuple[Space, ...],
    rows,
    ks,
    labels: Labels | None = None,
    reporter: Reporter | None = None,
    *,
    full_rows: int,
) -> list[Comparison]:
    """Compare the neighbourhoods of rows in a space with those in pictures of it.

    Parameters
    ----------
    true : Space
        The space.
    pictures : tuple of Space
        Its pictures, of the same n rows.
    rows : ndarray of int of shape (m,)
        The rows to compare.
    ks : tuple of int
        Numbers of neighbours, ascending.
    labels : Labels, default=None
        With them it is scored whether neighbours have a row's label.
    reporter : Reporter, default=None
        A stop by it keeps the blocks that are done.
    full_rows : int
        The first so many rows are ranked against all others in full.

    Returns
    -------
    list of Comparison
        One for each picture.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.neighbourhoods import compare
    >>> from lvm_core.metrics.maps.ranks import Space
    >>> A = np.random.default_rng(0).normal(size=(60, 3))
    >>> (found,) = compare(Space(A), (Space(2 * A),), np.arange(60), (5, 10), full_rows=60)
    >>> found.points.mean(2), round(found.area, 6)
    (array([[1., 1.],
           [1., 1.],
           [1., 1.]]), 1.0)
    """
    n, step = true.n, true.block
    blocks, sizes = [rows[s : s + step] for s in range(0, len(rows), step)], Sizes(n, ks[-1])

    def work(place):
        block, full = blocks[place], min(max(full_rows - place * step, 0), len(blocks[place]))
        a = true.ranked(block)
        far = a.all_ranks(full)
        return [
            (*_by_neighbours(a, b, block, ks, sizes, labels), *sizes.far(far, b.all_ranks(full)))
            for b in (picture.ranked(block) for picture in pictures)
        ]

    done, stopped = [], False
    with ThreadPoolExecutor(cores()) as pool, _one_thread_each():
        for result in pool.map(work, range(len(blocks))):
            done.append(result)
            if reporter and reporter(min(len(done) * step, len(rows))):
                stopped = len(done) < len(blocks)
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return [_together(parts, rows, sizes, stopped) for parts in zip(*done)]


def nearest_blocks(A, k: int, rows=None) -> Iterator[np.ndarray]:
    """The k nearest other rows, for some rows at a time.

    Parameters
    ----------
    A : ndarray or CSR matrix of shape (n, d)
        Rows.
    k : int
        Neighbours.
    rows : array-like of int, default=None
        Row numbers; None: all.

    Yields
    ------
    ndarray of int of shape (b, k)
        Neighbours of the next b rows, in their order, nearest first. Whoever has enough may leave.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.neighbourhoods import nearest_blocks
    >>> A = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> np.concatenate(list(nearest_blocks(A, 1))).ravel().tolist()
    [1, 0, 1, 2]
    """
    # ties may fall as they like; a compiler is not worth loading
    space = Space(A, exact=A.shape[1] <= 3)
    rows = np.arange(space.n) if rows is None else np.asarray(rows)
    blocks = [rows[s : s + space.block] for s in range(0, len(rows), space.block)]
    with ThreadPoolExecutor(cores()) as pool, _one_thread_each():
        try:
            yield from pool.map(lambda block: space.ranked(block).nearest(k), blocks)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _together(parts, rows, sizes, stopped) -> Comparison:
    points, right, near, near_areas, far, far_areas = zip(*parts)
    points, right, near_areas, far_areas = (
        np.concatenate(points, 2),
        np.concatenate(right, 2),
        np.concatenate(near_areas),
        np.concatenate(far_areas),
    )
    m, full = points.shape[2], len(far_areas)
    errors = [
        values.std() * np.sqrt((1 - len(values) / sizes.n) / len(values))
        for values in (near_areas, far_areas)
    ]
    shown, curve, area = sizes.agreement(sum(near) / m, sum(far) / full)
    return Comparison(
        rows[:m],
        points,
        right,
        shown,
        curve,
        area,
        float(sum(errors)) if full < sizes.n else None,
        stopped,
    )


def _by_neighbours(a, b, block, ks, sizes, labels):
    """MEASURES (3, len(ks), b), labels named (2, len(ks), b), and what :meth:`Sizes.near` says."""
    points, right = (
        np.empty((3, len(ks), len(block))),
        np.full((2, len(ks), len(block)), np.nan, np.float32),
    )
    # the longest holds the others
    lists = [(b.nearest(k), a.nearest(k)) for k in reversed(ks)][::-1]
    ends = np.cumsum(ks)[:-1]
    truths, seen = (
        np.split(look.ranks(np.hstack(J)), ends, 1) for look, J in zip((a, b), zip(*lists))
    )
    for at, (k, (on_map, alike), truth, drawn) in enumerate(zip(ks, lists, truths, seen)):
        worst = 2 / (k * (2 * sizes.n - 3 * k - 1))
        points[:, at] = (
            a.as_near(on_map, k).mean(1),
            1 - worst * np.maximum(truth - k, 0).sum(1),
            1 - worst * np.maximum(drawn - k, 0).sum(1),
        )
        if labels is not None:
            right[:, at] = labels.right(block, alike), labels.right(block, on_map)
    return (
        points,
        right,
        *sizes.near(np.ceil(np.maximum(truth, np.arange(1, k + 1))).astype(np.int64)),
    )


class Sizes:
    """How many of the neighbours a neighbourhood of each size keeps.

    ``Q_NX`` is that of Lee & Verleysen [1]_: by size, the pairs whose larger rank is no larger. Its
    rescaling ``R_NX``, 0 by chance and 1 where all are kept, and the area of that over log size are
    those of Lee et al. [2]_.

    Parameters
    ----------
    n : int
        Points.
    top : int
        Sizes up to it are known of more rows than those beyond.

    References
    ----------
    .. [1] Lee & Verleysen (2009), doi:10.1016/j.neucom.2008.12.017.
    .. [2] Lee et al. (2013), doi:10.1016/j.neucom.2012.12.036.
    """

    def __init__(self, n: int, top: int):
        self.n, self.top, sizes = n, min(top, n - 2), np.arange(1, n - 1)
        # of a pair to the area, at a size
        worth = (n - 1) / (n - 1 - sizes) / sizes**2 / (1 / sizes).sum()
        # at that size and all beyond, in either part
        at, self._worth = self.top, np.zeros((2, n))
        self._worth[0, 1 : at + 1], self._worth[1, 1 : n - 1] = (
            np.cumsum(part[::-1])[::-1] for part in (worth[:at], np.where(sizes > at, worth, 0))
        )

    def near(self, larger) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of near points by their larger rank.

        Parameters
        ----------
        larger : ndarray of int of shape (b, k)
            Larger ranks, from 1 on.

        Returns
        -------
        counts : ndarray of int of shape (top + 1,)
            Pairs by their larger rank.
        areas : ndarray of shape (b,)
            What each row adds to the area.
        """
        larger = np.minimum(larger, self.top + 1)
        return np.bincount(larger.ravel(), minlength=self.top + 2)[: self.top + 1], self._worth[0][
            larger
        ].sum(1)

    def far(self, truth, drawn) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of all points by their larger rank.

        Parameters
        ----------
        truth, drawn : ndarray of int of shape (b, n)
            Ranks of all points in both, 0 for the row itself.

        Returns
        -------
        counts : ndarray of int of shape (n,)
            Pairs by their larger rank.
        areas : ndarray of shape (b,)
            What each row adds to the area.
        """
        larger = np.maximum(truth, drawn)
        counts = np.bincount(larger.ravel(), minlength=self.n)
        counts[0] = 0  # the rows themselves
        return counts, self._worth[1][larger].sum(1)

    def agreement(self, near, far) -> tuple[np.ndarray, np.ndarray, float]:
        """The curve and its area, from pairs a row by their larger rank.

        Parameters
        ----------
        near : ndarray of shape (top + 1,)
            As :meth:`near` counts, divided by the number of rows.
        far : ndarray of shape (n,)
            As :meth:`far` counts, divided by the number of rows.

        Returns
        -------
        sizes : ndarray of int
            Every one up to ``top``, then ever wider apart.
        R : ndarray of float32
            R_NX at these sizes.
        area : float
            Over log size.
        """
        n, top, sizes = self.n, self.top, np.arange(1, self.n - 1)
        Q = np.cumsum(far)[1 : n - 1] / sizes
        Q[:top] = np.cumsum(near)[1:] / sizes[:top]
        R = ((n - 1) * Q - sizes) / (n - 1 - sizes)
        shown = np.unique(
            np.concatenate([np.arange(top), np.geomspace(1, n - 2, 200).astype(int) - 1])
        )
        return (
            sizes[shown],
            R[shown].astype(np.float32),
            float((R / sizes).sum() / (1 / sizes).sum()),
        )


def cores() -> int:
    """Cores this process may use.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from lvm_core.metrics.maps.neighbourhoods import cores
    >>> cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_thread_each():
    """Products of matrices stay on the core that asks for them. The limit is the process's: the
    first of those at work sets it, the last lifts it.
    """
    from threadpoolctl import threadpool_limits

    with _door:
        _within.append(_within[0] if _within else threadpool_limits(1, "blas"))
    try:
        yield
    finally:
        with _door:
            limit = _within.pop()
            if not _within:
                limit.restore_original_limits()
