"""PaCMAP with a last phase that looks nearby only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .pacmap import PaCMAP


@dataclass(repr=False, eq=False)
class LocalMAP(PaCMAP):
    """LocalMAP (Wang, Sun, Huang & Rudin, 2025), written here after the paper and its reference
    implementation.

    :class:`~lvm_core.projections.pacmap.PaCMAP` up to the last phase. There the pull of a near pair
    at distance r is multiplied by ``10 / (2 sqrt(1 + r^2))``, so that pairs that are far apart on
    the map, which are often false, let go of each other, and far pairs are drawn anew every ten
    steps among points within 10 of each other, so that groups that touch come apart.
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
