"""Pictures of one size."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..schema import Schema
from ..settings import DataError
from .base import Codec, as_rows


@dataclass
class ImageCodec(Codec):
    """Pictures in [0, 1] <-> rows of X, row-major, channels last.

    Parameters
    ----------
    height, width : int
        Pixels.
    channels : int
        1 for grey, 3 for colour.
    likelihood : {"gaussian", "bernoulli"}
        ``bernoulli`` when every training pixel is exactly 0 or 1, else ``gaussian``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.codecs.image import ImageCodec
    >>> pictures = np.linspace(0, 1, 24).reshape(2, 3, 4, 1)
    >>> codec = ImageCodec.of(pictures)
    >>> codec
    ImageCodec(height=3, width=4, channels=1, likelihood='gaussian')
    >>> X = codec.encode(pictures)
    >>> X.shape, codec.decode(X).shape
    ((2, 12), (2, 3, 4, 1))
    """

    kind: ClassVar[str] = "image"

    height: int
    width: int
    channels: int
    likelihood: str = "gaussian"

    @classmethod
    def of(cls, pictures: np.ndarray) -> ImageCodec:
        """The codec of these pictures (n, h, w, c), values in [0, 1]."""
        binary = all(
            ((part == 0) | (part == 1)).all()
            for part in np.array_split(pictures, max(1, min(len(pictures), pictures.size // 2**20)))
        )
        height, width, channels = (int(v) for v in pictures.shape[1:])
        return cls(height, width, channels, "bernoulli" if binary else "gaussian")

    @cached_property
    def schema(self) -> Schema:
        return Schema.picture(self.height, self.width, self.channels, self.likelihood)

    def encode(self, items) -> np.ndarray:
        """Pictures -> X (n, d) float32.

        Parameters
        ----------
        items : array (n, h, w, c)
            Or (n, h, w) for one channel: floats in [0, 1] or whole numbers 0..255.

        Raises
        ------
        DataError
            For another shape or values outside the range.
        """
        pictures = np.asarray(items)
        if pictures.ndim == 3 and self.channels == 1:
            pictures = pictures[..., None]
        wanted = (self.height, self.width, self.channels)
        if pictures.ndim != 4 or pictures.shape[1:] != wanted:
            raise DataError(
                f"the pictures have shape {pictures.shape}, expected (n, "
                f"{', '.join(map(str, wanted))})."
            )
        scale = np.float32(1 if pictures.dtype.kind in "fb" else 1 / 255)
        X = pictures.reshape(len(pictures), -1).astype(np.float32) * scale
        if X.size and not (X.min() >= 0 and X.max() <= 1):
            raise DataError(
                f"the pixels lie between {X.min():g} and {X.max():g}, expected 0 to 1 (or whole "
                "numbers 0 to 255)."
            )
        return X

    def decode(self, X) -> np.ndarray:
        """Rows X (n, d) -> float32 (n, h, w, c), clipped to [0, 1]."""
        X = as_rows(X, self.schema.d)
        return (
            np.clip(X, 0, 1)
            .astype(np.float32, copy=False)
            .reshape(-1, self.height, self.width, self.channels)
        )

    def to_json(self) -> dict:
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, data: dict) -> ImageCodec:
        return cls(
            int(data["height"]), int(data["width"]), int(data["channels"]), str(data["likelihood"])
        )
