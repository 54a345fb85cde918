"""A model as a codec: bytes kept of a row against what is lost, beside what needs no model."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..progress import OnStep, Reporter
from .residuals import Residuals, sample

BITS = (32, 8, 4, 2)
MOST_ROWS = 2000


@dataclass(frozen=True)
class Level:
    """One way to keep a row: its most important dimensions at some bits each.

    Parameters
    ----------
    dims : int
        How many dimensions are kept, the most important ones.
    bits : int
        Bits of each.
    bytes : float
        Bytes a row, fractional, without the decoder.
    error : float
        What is lost, where 1 is what the mean row loses.
    spread : float
        Standard error of ``error``.
    """

    dims: int
    bits: int
    bytes: float
    error: float
    spread: float


@dataclass(frozen=True)
class BaselineCodec:
    """A codec that knows no model, and loses nothing of what it keeps.

    Parameters
    ----------
    name : str
        What it is called.
    bytes : float
        Bytes a row.
    what : str
        What it keeps.
    """

    name: str
    bytes: float
    what: str


class Quantiser:
    """Codes as whole numbers of few bits each.

    Every dimension is cut at the quantiles of the training codes, so that every number is used
    equally often, and each stands for the mean of its codes.

    Parameters
    ----------
    codes : array-like of shape (n, k)
        Training codes.
    bits : int
        Bits of a number; 32 keep the float.

    Attributes
    ----------
    edges : ndarray of shape (2**bits - 1, k)
        Where dimensions are cut; not there at 32 bits.
    values : ndarray of shape (2**bits, k)
        What each number stands for; not there at 32 bits.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.compression import Quantiser
    >>> Z = np.arange(8.0)[:, None]
    >>> quantiser = Quantiser(Z, bits=2)
    >>> quantiser.numbers(Z).ravel().tolist()
    [0, 0, 1, 1, 2, 2, 3, 3]
    >>> quantiser.back(Z).ravel().tolist()
    [0.5, 0.5, 2.5, 2.5, 4.5, 4.5, 6.5, 6.5]
    """

    def __init__(self, codes, bits: int):
        self.bits, codes = bits, np.asarray(codes, np.float64)
        if bits < 32:
            levels = 2**bits
            self.edges = np.quantile(codes, np.arange(1, levels) / levels, axis=0)
            self.values = np.empty((levels, codes.shape[1]))
            for j, (column, edge) in enumerate(zip(codes.T, self.edges.T)):
                at = np.searchsorted(edge, column, "right")
                count, total = (
                    np.bincount(at, minlength=levels),
                    np.bincount(at, column, minlength=levels),
                )
                middle = np.quantile(column, (np.arange(levels) + 0.5) / levels)
                self.values[:, j] = np.where(count > 0, total / np.maximum(count, 1), middle)

    def numbers(self, Z) -> np.ndarray:
        """What is kept of codes Z (m, k): whole numbers of ``bits`` bits."""
        return np.column_stack(
            [
                np.searchsorted(edge, column, "right")
                for column, edge in zip(np.asarray(Z, np.float64).T, self.edges.T)
            ]
        )

    def back(self, Z) -> np.ndarray:
        """Codes Z (m, k) as they are read back."""
        return (
            np.asarray(Z, np.float64)
            if self.bits >= 32
            else np.take_along_axis(self.values, self.numbers(Z), 0)
        )


class Compression:
    """A fitted model as a codec of rows.

    The quantisers and the order of dimensions come from the rows ``train``, what is lost is
    measured on ``rows``.

    Parameters
    ----------
    model : LatentModel
        Fitted, with ``importance_``, ``schema_`` and ``inverse_transform``.
    X : array or CSR matrix of shape (n, d)
        All rows.
    codes : array of shape (n, k)
        Their codes.
    train : array of int
        Row numbers the model learnt from.
    rows : array of int
        Row numbers to measure on; of more than 2000 a sample.
    random_state : int, default=0
        Seed of the samples.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.compression import Compression
    >>> from lvm_core.models.pca import PCA
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5)) + rng.normal(0, 0.1, size=(200, 5))
    >>> model = PCA(latent_dim=2).fit(X)
    >>> codes, rows = model.transform(X), np.arange(200)
    >>> compression = Compression(model, X, codes, rows[:150], rows[150:])
    >>> compression.dims
    [1, 2]
    >>> level = compression.levels()[1]
    >>> level.dims, level.bits, level.bytes, level.error < 0.05
    (2, 32, 8.0, True)
    >>> [(plain.name, plain.bytes) for plain in compression.plain()][0]
    ('32-bit numbers', 20.0)
    """

    def __init__(self, model, X, codes, train, rows, *, random_state: int = 0):
        self.model, self.X, self.codes = model, X, np.asarray(codes, np.float64)
        self.rows = sample(np.asarray(rows), MOST_ROWS, random_state)
        self.order = np.argsort(
            -np.asarray(model.importance_, float)[: codes.shape[1]], kind="stable"
        )
        self.mean = self.codes[train].mean(0)
        self.residuals = Residuals(X, model.schema_, train, random_state=random_state)
        self.quantisers = {bits: Quantiser(self.codes[train], bits) for bits in BITS}

    @property
    def dims(self) -> list[int]:
        """How many dimensions are tried: 1, 2, 4, ... and all."""
        k = self.codes.shape[1]
        return sorted({min(2**i, k) for i in range(k.bit_length() + 1)})

    def decoded(self, rows, dims: int, bits: int) -> np.ndarray:
        """Rows (m, d) as they come back when their ``dims`` most important dimensions are kept
        at ``bits`` bits and the others are at their mean.
        """
        Z = np.tile(self.mean, (len(rows), 1))
        kept = self.order[:dims]
        Z[:, kept] = self.quantisers[bits].back(self.codes[rows])[:, kept]
        return self.model.inverse_transform(Z.astype(np.float32))

    def levels(self, on_step: OnStep | None = None) -> list[Level]:
        """Every number of dimensions at every number of bits."""
        found, report = [], Reporter(on_step, len(BITS) * len(self.dims), "decoding")
        for bits in BITS:
            for dims in self.dims:
                errors = np.concatenate(
                    [
                        self.residuals.rows(self.X[part], self.decoded(part, dims, bits))
                        for part in np.array_split(self.rows, max(1, len(self.rows) // 500))
                    ]
                )
                found.append(
                    Level(
                        dims,
                        bits,
                        dims * bits / 8,
                        float(errors.mean()),
                        float(errors.std() / np.sqrt(len(errors))),
                    )
                )
                if report(len(found)):
                    return found
        return found

    def plain(self) -> list[BaselineCodec]:
        """What codecs without a model need for the same rows."""
        x, n = self.X[self.rows], len(self.rows)
        if hasattr(x, "indptr"):
            from scipy.sparse import csr_matrix

            x = cast(Any, csr_matrix(x))
            parts = [
                np.diff(x.indptr).astype(np.uint16),
                x.indices.astype(np.uint16 if x.shape[1] < 2**16 else np.uint32),
                x.data.astype(np.uint16),
            ]
            return [
                BaselineCodec(
                    "zlib of the counts",
                    _packed(b"".join(p.tobytes() for p in parts)) / n,
                    "every word count, all rows in one file",
                )
            ]
        if self.model.schema_.image is not None:
            pixels = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
            pictures = pixels.reshape(n, *self.model.schema_.image)
            return [
                BaselineCodec(
                    "pixels", float(pixels.shape[1]), "8 bits a pixel and channel, not packed"
                ),
                BaselineCodec(
                    "PNG",
                    float(np.mean([_png(p) for p in pictures])),
                    "8 bits a pixel, one file a picture",
                ),
                BaselineCodec(
                    "zlib of all",
                    _packed(pixels.tobytes()) / n,
                    "8 bits a pixel, all rows in one file",
                ),
            ]
        x = np.ascontiguousarray(x, np.float32)
        # like bytes together: what packs best
        turned = (
            np.ascontiguousarray(x.T).view(np.uint8).reshape(x.shape[1], n, 4).transpose(0, 2, 1)
        )
        return [
            BaselineCodec(
                "32-bit numbers", x.shape[1] * 4.0, "every value of the encoded row, not packed"
            ),
            BaselineCodec(
                "zlib of all",
                _packed(np.ascontiguousarray(turned).tobytes()) / n,
                "every value, columns apart, all rows in one file",
            ),
        ]


def break_even(level: Level, plain: BaselineCodec, weights: int) -> float:
    """Rows from which a model's level with its decoder takes fewer bytes than a plain codec.

    Parameters
    ----------
    level : Level
        Bytes a row of the model.
    plain : BaselineCodec
        Bytes a row without it.
    weights : int
        Bytes of the decoder.

    Returns
    -------
    float
        Number of rows; infinite where it never does.

    Examples
    --------
    >>> from lvm_core.metrics.compression import BaselineCodec, Level, break_even
    >>> break_even(Level(2, 8, 2.0, 0.1, 0.0), BaselineCodec("PNG", 12.0, "pixels"), 5000)
    500.0
    """
    saved = plain.bytes - level.bytes
    return weights / saved if saved > 0 else float("inf")


def _packed(data: bytes) -> int:
    return len(zlib.compress(data, 9))


def _png(picture) -> int:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(
        out, format="PNG", optimize=True
    )
    return out.tell()
