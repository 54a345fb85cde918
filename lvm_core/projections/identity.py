"""The code itself as the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..latent.neighbours import interpolate
from ..params import param
from .base import Projection


@dataclass(repr=False, eq=False)
class Identity(Projection):
    """The first two or three dimensions of the code, as they are; zeros where the code has fewer.

    On the way back, the dimensions that are not on the map are carried over from the nearest points
    of the map, so that they belong together as they do in the data.
    """

    title: ClassVar[str] = "First dimensions"
    paper: ClassVar[str] = "the code itself"
    summary: ClassVar[str] = (
        "The first dimensions of the code, untouched. The whole truth for a code of two or three "
        "dimensions."
    )
    exact: ClassVar[bool] = True

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Not used: nothing here is random."
    )

    def _fit(self, Z, rng, on_step):
        self.rest_ = np.ascontiguousarray(Z[:, self.n_components :])
        return pad(Z[:, : self.n_components], self.n_components)

    def _place(self, Z):
        return pad(Z[:, : self.n_components], self.n_components)

    def _unplace(self, P):
        if not self.rest_.shape[1]:
            return P[:, : self.n_features_in_]
        return np.hstack([P, interpolate(P, self.embedding_, self.rest_)])


def pad(P: np.ndarray, c: int) -> np.ndarray:
    """P (n, c') with zero columns added up to c."""
    return np.pad(P, ((0, 0), (0, c - P.shape[1])))
