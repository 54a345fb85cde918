"""What another seed changes: the same map made several times, compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ..latent.neighbours import nearest_others
from ..metrics.base import Score, percent
from .alignment import procrustes

MOST_ROWS = 3000


def between_seeds(maps: list[np.ndarray], k: int = 12) -> list[Score]:
    """How much maps of the same rows that differ by their seed only agree.

    Two scores, each a mean over all pairs of maps: the share of a point's k nearest neighbours that
    two of them have in common, and, of maps in two dimensions, the share of their layout that
    turning, mirroring, scaling and shifting brings together.

    Parameters
    ----------
    maps : list of array of shape (n, c)
        At least two maps. Of more than 3000 rows a sample drawn by seed 0 is compared.
    k : int, default=12
        Number of neighbours.

    Returns
    -------
    list of Score
        Neighbours kept and layout kept across seeds.

    Raises
    ------
    ValueError
        For fewer than 2 maps or 3 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.stability import between_seeds
    >>> P = np.random.default_rng(0).normal(size=(100, 2))
    >>> [(score.name, round(score.value, 3)) for score in between_seeds([P, P[:, ::-1]])]
    [('Neighbours kept across seeds', 1.0), ('Layout kept across seeds', 1.0)]
    """
    if len(maps) < 2 or len(maps[0]) < 3 or len({P.shape for P in maps}) > 1:
        raise ValueError(
            f"Found maps of shapes {', '.join(str(P.shape) for P in maps)}, expected at least 2 of "
            "one shape with at least 3 rows."
        )
    total = len(maps[0])
    rows = (
        np.sort(np.random.RandomState(0).choice(total, MOST_ROWS, replace=False))
        if total > MOST_ROWS
        else np.arange(total)
    )
    maps, n = [np.asarray(P, np.float64)[rows] for P in maps], len(rows)
    k = max(1, min(k, (n - 1) // 2))
    near = [nearest_others(P, k)[1] for P in maps]
    shared = [
        float(np.mean([np.isin(a, b).mean() for a, b in zip(near[i], near[j])]))
        for i, j in combinations(range(len(maps)), 2)
    ]
    found = [
        Score(
            "Neighbours kept across seeds",
            float(np.mean(shared)),
            (
                f"Of a point's {k} nearest on one map, {percent(float(np.mean(shared)))} are among "
                f"its {k} nearest on a map by another seed ({_range(shared)}); what differs is the "
                "draw, not the data."
            ),
            k / (n - 1),
            1.0,
            "share",
        )
    ]
    if maps[0].shape[1] == 2:
        kept = [
            1 - procrustes(maps[i], maps[j]).residual for i, j in combinations(range(len(maps)), 2)
        ]
        found.append(
            Score(
                "Layout kept across seeds",
                float(np.mean(kept)),
                f"{percent(float(np.mean(kept)))} of where points lie is the same on maps by other "
                "seeds, once they are turned, mirrored and scaled onto each other "
                f"({_range(kept)}); "
                "the less, the less the places of whole groups mean.",
                0.0,
                1.0,
                "share",
            )
        )
    return found


def _range(values: list[float]) -> str:
    return (
        f"{100 * min(values):.1f} to {100 * max(values):.1f} % from pair to pair"
        if len(values) > 1
        else "one pair"
    )
