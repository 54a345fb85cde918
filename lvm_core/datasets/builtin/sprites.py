"""Simple shapes whose every factor is known."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ...params import param
from ..base import Dataset, Source
from ..pictures import image_dataset

INSIDE = {  # whether points (a, b) of a shape of radius 1 lie in it
    "square": lambda a, b: np.maximum(abs(a), abs(b)) < 0.8,
    "ellipse": lambda a, b: a**2 + (b / 0.55) ** 2 < 1,
    "heart": lambda a, b: _heart(1.44 * a**2, 1.44 * b**2, 1.2 * b),
}
SHAPES = tuple(INSIDE)


@dataclass
class Sprites(Source):
    """One shape a picture, with known shape, scale, rotation and place, after dSprites; drawn here.

    Parameters
    ----------
    n : int
        How many pictures.
    side : {32, 64}
        Pixels a side.
    seed : int
        Seed of the factors.

    References
    ----------
    Matthey et al., dSprites, 2017.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["sprites"](n=30).load()
    >>> data.X.shape, data.rows.columns.tolist()
    ((30, 1024), ['shape', 'scale', 'rotation', 'x', 'y'])
    """

    name: ClassVar[str] = "sprites"
    title: ClassVar[str] = "Sprites with known factors"
    summary: ClassVar[str] = (
        "A square, ellipse or heart of some size, turn and place. Five factors made every picture; "
        "which "
        "of them does a model separate?"
    )
    kind: ClassVar[str] = "image"
    list_order: ClassVar[int] = 20
    origin: ClassVar[str] = "Generated here, after dSprites (Matthey et al., 2017)"

    n: int = param(3000, low=30, high=20_000, log=True, help="How many pictures.", label="Pictures")
    side: int = param(32, choices=(32, 64), help="Pixels a side.", label="Size, pixels a side")
    seed: int = param(0, low=0, high=2**31 - 1, help="Seed of the factors.", advanced=True)

    def load(self) -> Dataset:
        rng = np.random.default_rng(self.seed)
        kind = rng.integers(len(SHAPES), size=self.n)
        # a square looks the same after a quarter turn and an ellipse after half a turn: each angle
        # is drawn once
        turn = rng.uniform(0, 1, self.n) * np.array([90, 180, 360])[kind]
        factors = pd.DataFrame(
            {
                "shape": np.array(SHAPES)[kind],
                "scale": rng.uniform(0.5, 1, self.n),
                "rotation": turn,
                "x": rng.uniform(0.25, 0.75, self.n),
                "y": rng.uniform(0.25, 0.75, self.n),
            }
        )
        pictures = np.stack(
            [draw(self.side, *factor) for factor in factors.itertuples(index=False)]
        )
        notes = [
            "shape, scale, rotation (degrees), x and y (share of the side, from the top left) are "
            "the true factors."
        ]
        return image_dataset(pictures[..., None], self.name, factors, "shape", notes)


def draw(side: int, shape: str, scale: float, rotation: float, x: float, y: float) -> np.ndarray:
    """One picture of a shape.

    Parameters
    ----------
    side : int
        Pixels a side.
    shape : {"square", "ellipse", "heart"}
        What is drawn.
    scale : float
        Size; at 1 the shape's radius is 0.22 of the side.
    rotation : float
        Degrees.
    x, y : float
        Where its centre lies, as a share of the side, from the top left.

    Returns
    -------
    array of float32 (side, side)
        In [0, 1]: the share of each pixel that the shape covers, from 4 x 4 points in it.

    Examples
    --------
    >>> from lvm_core.datasets.builtin.sprites import draw
    >>> picture = draw(32, "square", 1.0, 0.0, 0.5, 0.5)
    >>> picture.shape, float(picture[16, 16]), float(picture[0, 0])
    ((32, 32), 1.0, 0.0)
    """
    radius, turn = 0.22 * scale, np.exp(1j * np.deg2rad(rotation))
    reach = int(np.ceil(1.2 * radius * side)) + 1
    left, top = int(x * side) - reach, int(y * side) - reach
    # in pixels from the window's corner
    fine = (np.arange(8 * reach, dtype=np.float32) + 0.5) / 4
    u, v = (((fine + corner) / side - centre) / radius for corner, centre in ((left, x), (top, y)))
    a = np.float32(turn.real) * u + np.float32(turn.imag) * v[:, None]
    b = np.float32(turn.real) * v[:, None] - np.float32(turn.imag) * u
    window = INSIDE[shape](a, b).reshape(2 * reach, 4, 2 * reach, 4).mean((1, 3), dtype=np.float32)
    canvas = np.zeros((side + 4 * reach, side + 4 * reach), np.float32)
    canvas[top + 2 * reach : top + 4 * reach, left + 2 * reach : left + 4 * reach] = window
    return canvas[2 * reach : 2 * reach + side, 2 * reach : 2 * reach + side]


def _heart(aa, bb, b):
    r = aa + bb - 1
    return r * r * r < -aa * bb * b
