"""Vectors of real numbers: spectra, embeddings, measurements, points."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..schema import FeatureGroup, Schema
from ..settings import DataError
from .base import Codec, as_rows

UNEVEN = 30  # spreads that differ by more than this get a scale each


@dataclass(eq=False)
class ArrayCodec(Codec):
    """Vectors in their own units <-> rows of X: every column centred, all divided by one scale.

    One scale keeps the shape of the data (a spectrum's strong lines stay strong); columns whose
    spreads differ by more than 30 times are in different units, and get a scale each.

    Parameters
    ----------
    mean : array (d,)
        Centre of each column.
    scale : array (d,)
        What each column is divided by.
    axis : array (d,), optional
        Where each column lies, e.g. wavelengths; (T,) for series of several values a moment.
    axis_label, value_label : str
        Names of the axes of a plot of one row.
    names : list of str, optional
        What each column is called.
    channels : list of str, optional
        For series of several values a moment, what these are: X holds all T moments of the first,
        then all of the second, each a feature group.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.codecs.array import ArrayCodec
    >>> vectors = np.array([[1.0, 10.0], [3.0, 14.0]])
    >>> codec = ArrayCodec.of(vectors)
    >>> X = codec.encode(vectors)
    >>> print(X.round(3))
    [[-0.632 -1.265]
     [ 0.632  1.265]]
    >>> codec.decode(X).round(3).tolist()
    [[1.0, 10.0], [3.0, 14.0]]
    """

    kind: ClassVar[str] = "array"

    mean: np.ndarray
    scale: np.ndarray
    axis: np.ndarray | None = None
    axis_label: str = ""
    value_label: str = ""
    names: list[str] | None = field(default=None)
    channels: list[str] | None = field(default=None)

    @classmethod
    def of(
        cls, vectors: np.ndarray, axis=None, axis_label: str = "", value_label: str = "", names=None
    ) -> ArrayCodec:
        """Learn centre and scale of finite vectors.

        Parameters
        ----------
        vectors : array (n, d)
            In their own units.
        axis, axis_label, value_label, names
            As for the class.
        """
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
        channels: list[str] | None = None,
    ) -> ArrayCodec:
        """The codec of vectors with these moments.

        Parameters
        ----------
        mean, spread : array (d,)
            Means and standard deviations.
        axis, axis_label, value_label, names, channels
            As for the class.
        one_scale : bool
            Whether all columns are of one unit, and get one scale however their spreads differ;
            all columns of a channel, where there are some.
        """
        moving = spread[spread > 0]
        if not one_scale and len(moving) and moving.max() > UNEVEN * moving.min():
            scale = np.where(spread > 0, spread, 1.0)
        else:
            scale = np.concatenate(
                [_common(part) for part in np.split(spread, len(channels or [""]))]
            )
        return cls(
            mean,
            scale,
            None if axis is None else np.asarray(axis, float),
            axis_label,
            value_label,
            names,
            channels,
        )

    @cached_property
    def schema(self) -> Schema:
        if not self.channels:
            return Schema.gaussian(len(self.mean))
        size = len(self.mean) // len(self.channels)
        return Schema(tuple(FeatureGroup("gaussian", size, name) for name in self.channels))

    def encode(self, items) -> np.ndarray:
        """Vectors (n, d) -> X (n, d) float32.

        Raises
        ------
        DataError
            For another shape or values that are not finite.
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

    def on_one_scale(self, items) -> np.ndarray:
        """Vectors as one drawing can show them: of several values a moment, each in standard
        deviations from its mean.

        Parameters
        ----------
        items : array (n, d)
            In their own units.

        Returns
        -------
        array (n, d)
            The items themselves where a moment has one value.
        """
        if not self.channels:
            return np.asarray(items)
        mean = [np.full(len(p), p.mean()) for p in np.split(self.mean, len(self.channels))]
        return (np.asarray(items) - np.concatenate(mean)) / self.scale

    def to_json(self) -> dict:
        return {
            "kind": self.kind,
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "names": self.names,
            "axis": None if self.axis is None else self.axis.tolist(),
            "axis_label": self.axis_label,
            "value_label": self.value_label,
            **({"channels": self.channels} if self.channels else {}),
        }

    @classmethod
    def from_json(cls, data: dict) -> ArrayCodec:
        axis, names, channels = data.get("axis"), data.get("names"), data.get("channels")
        return cls(
            np.asarray(data["mean"], float),
            np.asarray(data["scale"], float),
            None if axis is None else np.asarray(axis, float),
            str(data.get("axis_label", "")),
            str(data.get("value_label", "")),
            None if names is None else [str(n) for n in names],
            None if channels is None else [str(c) for c in channels],
        )


def _common(spread: np.ndarray) -> np.ndarray:
    """One scale for all these columns."""
    moving = spread[spread > 0]
    return np.full(len(spread), np.sqrt((moving**2).mean()) if len(moving) else 1.0)
