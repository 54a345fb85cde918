"""Neighbourhoods in a space and in a picture of it, compared a block of rows at a time on all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..progress import Reporter
from .ranks import Space

MEASURES = "kept", "trust", "continuity"
_BLOCK = 8e5              # distances of a block: what a core's cache holds, about


@dataclass(frozen=True)
class Compared:
    """What a pass over ``rows`` (m,) found. ``points`` (3, len(ks), m): MEASURES of each row. ``right`` (2, len(ks), m): whether most of its
    neighbours in the space, and on the picture, have its label; NaN without. ``sizes``, ``curve``, ``area``: see :func:`agreement`."""

    rows: np.ndarray
    points: np.ndarray
    right: np.ndarray
    sizes: np.ndarray
    curve: np.ndarray
    area: float
    stopped: bool


@dataclass(frozen=True)
class Labels:
    """Classes (n,) as numbers, -1 where a row has none."""

    classes: np.ndarray

    @property
    def chance(self) -> float:
        """What always saying the commonest gets."""
        known = self.classes[self.classes >= 0]
        return float(np.bincount(known).max() / len(known))

    def right(self, rows, J) -> np.ndarray:
        """Whether most labelled ones of J (b, k) have their row's label (b,), the lower class where they are level; NaN for a row without one."""
        slots = self.classes.max() + 2
        votes = self.classes[J] + 1 + np.arange(len(J))[:, None] * slots
        counts = np.bincount(votes.ravel(), minlength=len(J) * slots).reshape(len(J), slots)[:, 1:]
        return np.where(self.classes[rows] >= 0, counts.argmax(1) == self.classes[rows], np.nan)


def compare(true: Space, drawn: Space, rows, ks, labels: Labels | None = None, reporter: Reporter | None = None, *, full_rows: int) -> Compared:
    """Compare the neighbourhoods of ``rows`` (m,) by each of ``ks`` (ascending) neighbours; the first ``full_rows`` are ranked against
    all others in full. A stop by the reporter keeps the blocks that are done."""
    n, step = true.n, int(np.clip(_BLOCK // true.n, 1, 256))
    blocks = [rows[s:s + step] for s in range(0, len(rows), step)]

    def work(place):
        block = blocks[place]
        a, b = true.look(block), drawn.look(block)
        points, right, near = _by_neighbours(a, b, block, ks, n, labels)
        return points, right, near, _in_full(a, b, min(max(full_rows - place * step, 0), len(block)), n)

    done, stopped = [], False
    with ThreadPoolExecutor(cores()) as pool, _one_thread_each():
        for result in pool.map(work, range(len(blocks))):
            done.append(result)
            if reporter and reporter(min(len(done) * step, len(rows))):
                stopped = len(done) < len(blocks)
                pool.shutdown(wait=False, cancel_futures=True)
                break
    points, right, near, far = zip(*done)
    points, right = np.concatenate(points, 2), np.concatenate(right, 2)
    m = points.shape[2]
    return Compared(rows[:m], points, right, *agreement(sum(near) / m, sum(far) / min(full_rows, m)), stopped)


def _by_neighbours(a, b, block, ks, n, labels):
    """MEASURES (3, len(ks), b), labels named (2, len(ks), b), and pairs by the larger of their ranks up to the largest k."""
    points, right = np.empty((3, len(ks), len(block)), np.float32), np.full((2, len(ks), len(block)), np.nan, np.float32)
    lists = [(b.nearest(k), a.nearest(k)) for k in reversed(ks)][::-1]      # the longest holds the others
    ends = np.cumsum(ks)[:-1]
    truths, seen = (np.split(look.ranks(np.hstack(J)), ends, 1) for look, J in zip((a, b), zip(*lists)))
    for at, (k, (on_map, alike), truth, drawn) in enumerate(zip(ks, lists, truths, seen)):
        worst = 2 / (k * (2 * n - 3 * k - 1))
        points[:, at] = a.as_near(on_map, k).mean(1), 1 - worst * np.maximum(truth - k, 0).sum(1), 1 - worst * np.maximum(drawn - k, 0).sum(1)
        if labels is not None:
            right[:, at] = labels.right(block, alike), labels.right(block, on_map)
    larger = np.ceil(np.maximum(truth, np.arange(1, k + 1))).astype(np.int64)
    return points, right, np.bincount(larger[larger <= k], minlength=k + 1)


def _in_full(a, b, count, n):
    """Pairs of the first ``count`` rows of a block by the larger of their two ranks (n,); 0 where there are none."""
    if not count:
        return 0
    counts = np.bincount(np.maximum(a.all_ranks()[:count], b.all_ranks()[:count]).ravel(), minlength=n)
    counts[0] = 0       # the rows themselves
    return counts


def agreement(near, far) -> tuple[np.ndarray, np.ndarray, float]:
    """(sizes, R_NX, area): how many of the neighbours a neighbourhood of each size keeps, rescaled so that 0 is chance and 1 is all.

    ``near`` (k + 1,) and ``far`` (n,): pairs a row by the larger of their two ranks, the first up to k and from more rows. ``Q_NX`` is that of
    Lee & Verleysen (2009, doi:10.1016/j.neucom.2008.12.017); its rescaling and its area over log size are those of Lee et al.
    (2013, doi:10.1016/j.neucom.2012.12.036). Sizes are every one up to k, then ever wider apart.
    """
    n, top = len(far), len(near) - 1
    sizes = np.arange(1, n - 1)
    Q = np.cumsum(far)[1:n - 1] / sizes
    Q[:top] = (np.cumsum(near)[1:] / np.arange(1, top + 1))[:len(Q)]
    R = ((n - 1) * Q - sizes) / (n - 1 - sizes)
    shown = np.unique(np.concatenate([np.arange(min(top, n - 2)), np.geomspace(1, n - 2, 200).astype(int) - 1]))
    return sizes[shown], R[shown].astype(np.float32), float((R / sizes).sum() / (1 / sizes).sum())


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_thread_each():
    """Products of matrices stay on the core that asks for them."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
