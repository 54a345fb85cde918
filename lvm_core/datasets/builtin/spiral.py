"""A spiral in space whose one true latent is known."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ...params import param
from ..base import Dataset, Source
from ..vectors import array_dataset


@dataclass
class Spiral(Source):
    """Points on a spiral in space, made by one number.

    x = phi sin 25 phi, y = exp(phi) cos 25 phi, z = sqrt(phi), with phi uniform in (0, 1] and
    colour = x + y.

    Parameters
    ----------
    n : int
        How many points.
    noise : float
        Standard deviation of normal noise added to x, y and z.
    seed : int
        Seed of phi and of the noise.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["spiral"](n=100).load()
    >>> data.X.shape, data.rows.columns.tolist()
    ((100, 3), ['phi', 'colour'])
    """

    name: ClassVar[str] = "spiral"
    title: ClassVar[str] = "Spiral with a known latent"
    summary: ClassVar[str] = (
        "Points on a curve in space. One number, phi, made each of them: does a model find it "
        "again?"
    )
    kind: ClassVar[str] = "array"
    list_order: ClassVar[int] = 45
    origin: ClassVar[str] = "Generated here"

    n: int = param(2000, low=10, high=100_000, log=True, help="How many points.", label="Points")
    noise: float = param(
        0.0, low=0.0, high=1.0, help="Standard deviation of normal noise added to x, y and z."
    )
    seed: int = param(0, low=0, high=2**31 - 1, help="Seed of phi and of the noise.", advanced=True)

    def load(self) -> Dataset:
        rng = np.random.default_rng(self.seed)
        phi = 1 - rng.random(self.n)  # (0, 1]
        points = np.column_stack(
            [phi * np.sin(25 * phi), np.exp(phi) * np.cos(25 * phi), np.sqrt(phi)]
        )
        rows = pd.DataFrame({"phi": phi, "colour": points[:, 0] + points[:, 1]})
        points = points + self.noise * rng.standard_normal(points.shape)
        return array_dataset(
            points,
            self.name,
            rows,
            "phi",
            [
                f"{self.n:,} points in space; phi, which made them, and colour = "
                "x + y are kept beside them."
            ],
            names=["x", "y", "z"],
        )
