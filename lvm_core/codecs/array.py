"""Vectors of real numbers: spectra, embeddings, measurements, points."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..schema import Schema
from ..settings import DataError
from .base import Codec, as_rows

UNEVEN = 30  # spreads that differ by more than this get a scale each


@dataclass(eq=False)
class ArrayCodec(Codec):
    """Vectors (n, d) in their own units <-> rows X (n, d): every column centred, all divided by one
    scale.

    One scale keeps the shape of the data (a spectrum's strong lines stay strong); columns whose
    spreads differ by more than 30 times are in different units, and get a scale each.

    ``axis``: where each column lies, e.g. wavelengths (d,), or None; ``axis_label`` and
    ``value_label`` name the axes of a plot of one row; ``names``: what each column is called, or
    None.
    """

    kind: ClassVar[str] = "array"

    mean: np.ndarray
    scale: np.ndarray
    axis: np.ndarray | None = None
    axis_label: str = ""
    value_label: str = ""
    names: list[str] | None = field(default=None)

    @classmethod
    def of(
        cls, vectors: np.ndarray, axis=None, axis_label: str = "", value_label: str = "", names=None
    ) -> ArrayCodec:
        """Learn centre and scale of finite vectors (n, d)."""
        return cls.of_moments(
            vectors.mean(0, dtype=np.float64),
            vectors.std(0, dtype=np.float64),
            axis,
            axis_label,
            value_label,
            names,
        )

    @classmethod
    def of_moments(
        cls,
        mean: np.ndarray,
        spread: np.ndarray,
        axis=None,
        axis_label: str = "",
        value_label: str = "",
        names=None,
        one_scale: bool = False,
    ) -> ArrayCodec:
        """The codec of vectors with these means and standard deviations (d,); ``one_scale``
        where all columns are of one unit.
        """
        moving = spread[spread > 0]
        if not one_scale and len(moving) and moving.max() > UNEVEN * moving.min():
            scale = np.where(spread > 0, spread, 1.0)
        else:
            scale = np.full(len(mean), np.sqrt((moving**2).mean()) if len(moving) else 1.0)
        return cls(
            mean,
            scale,
            None if axis is None else np.asarray(axis, float),
            axis_label,
            value_label,
            names,
        )

    @cached_property
    def schema(self) -> Schema:
        return Schema.gaussian(len(self.mean))

    def encode(self, items) -> np.ndarray:
        """Vectors (n, d) -> X (n, d) float32. Raises DataError for another shape or values that
        are not finite.
        """
        vectors = np.asarray(items, dtype=np.float64)
        if vectors.ndim != 2 or vectors.shape[1] != len(self.mean):
            raise DataError(f"the array has shape {vectors.shape}, expected (n, {len(self.mean)}).")
        if not np.isfinite(vectors).all():
            raise DataError("the array holds NaN or infinity, expected finite numbers.")
        return ((vectors - self.mean) / self.scale).astype(np.float32)

    def decode(self, X) -> np.ndarray:
        """Rows X (n, d) -> float32 vectors in their own units."""
        limit = np.finfo(np.float32).max
        return np.clip(as_rows(X, len(self.mean)) * self.scale + self.mean, -limit, limit).astype(
            np.float32
        )

    def to_json(self) -> dict:
        return {
            "kind": self.kind,
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "names": self.names,
            "axis": None if self.axis is None else self.axis.tolist(),
            "axis_label": self.axis_label,
            "value_label": self.value_label,
        }

    @classmethod
    def from_json(cls, data: dict) -> ArrayCodec:
        axis, names = data.get("axis"), data.get("names")
        return cls(
            np.asarray(data["mean"], float),
            np.asarray(data["scale"], float),
            None if axis is None else np.asarray(axis, float),
            str(data.get("axis_label", "")),
            str(data.get("value_label", "")),
            None if names is None else [str(n) for n in names],
        )
