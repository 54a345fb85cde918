"""A map that was made of something else than the codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from .base import Projection


@dataclass(repr=False, eq=False)
class _ByCode(Projection):
    """Positions found on the data itself, with the codes of the same rows: a new code is placed
    by the rows whose codes are nearest. Never chosen, so not in the list of maps. Learnt:
    ``made_by_``: the recipe of the map.
    """

    title: ClassVar[str] = "By the nearest codes"
    most_rows: ClassVar[int] = 20_000

    n_components: int = param(
        2, choices=(2, 3, 1), help="Dimensions of the map.", label="Dimensions"
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Not used: nothing here is random."
    )

    @classmethod
    def of(cls, projection: Projection, codes, positions) -> _ByCode:
        """``projection``'s positions (n, c) with the codes (n, k) of the same rows."""
        made = cls(positions.shape[1], projection.random_state)
        made.n_features_in_, made.stopped_ = codes.shape[1], getattr(projection, "stopped_", False)
        made._name(projection.to_config())
        made.codes_, made.embedding_ = (
            np.ascontiguousarray(codes, np.float32),
            np.ascontiguousarray(positions, np.float32),
        )
        return made

    def _name(self, recipe: dict) -> None:
        self.made_by_ = recipe
