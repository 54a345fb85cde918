"""PaCMAP with a last phase that looks nearby only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .pacmap import PaCMAP


@dataclass(repr=False, eq=False)
class LocalMAP(PaCMAP):
    """LocalMAP [1]_: PaCMAP with a last phase that looks nearby only.

    Written here after the paper and its reference implementation. It is
    :class:`~lvm_core.projections.pacmap.PaCMAP` up to the last phase. There the pull of a near pair
    at distance r is multiplied by ``10 / (2 sqrt(1 + r^2))``, so that pairs that are far apart on
    the map, which are often false, let go of each other, and far pairs are drawn anew every ten
    steps among points within 10 of each other, so that groups that touch come apart.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    n_neighbors : int, default=10
        Neighbours each point listens to: small for fine detail, large for the overall shape.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Compare codes by distance, or by direction only (cosine).
    iterations : int, default=450
        Steps of the optimiser, in three phases.
    random_state : int or None, default=0
        Seed: the same seed gives the same map.

    Attributes
    ----------
    loss_ : float
        PaCMAP's objective, of the last step.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.

    References
    ----------
    .. [1] Wang, Sun, Huang & Rudin (2025), arXiv:2412.15426.
    """

    title: ClassVar[str] = "LocalMAP"
    paper: ClassVar[str] = "Wang, Sun, Huang & Rudin"
    year: ClassVar[int] = 2025
    link: ClassVar[str] = "https://arxiv.org/abs/2412.15426"
    summary: ClassVar[str] = (
        "PaCMAP with groups told apart more sharply: pairs that ended up far apart let go of each "
        "other."
    )
    reach: ClassVar[float] = 10.0
