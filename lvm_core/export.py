"""Arrays in, bytes out: the files people take away."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np
import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_DATE = (1980, 1, 1, 0, 0, 0)       # the same pictures give the same zip


def png(image, scale: int = 1) -> bytes:
    """A picture (h, w, c) in [0, 1], c = 1 or 3, as PNG; every pixel ``scale`` times as wide and high."""
    from PIL import Image

    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] not in (1, 3):
        raise ValueError(f"the picture has shape {image.shape}, expected (height, width, 1 or 3).")
    pixels = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8).repeat(scale, 0).repeat(scale, 1)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if image.shape[2] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def png_sheet(images, columns: int | None = None, gap: int = 1) -> bytes:
    """Pictures (n, h, w, c) on one sheet, row by row, as PNG; small ones enlarged to at least 64 pixels. ``gap`` in pixels."""
    images = np.asarray(images)
    n, h, w, c = images.shape
    columns = columns or int(np.ceil(np.sqrt(n)))
    rows = -(-n // columns)
    sheet = np.ones((rows * (h + gap) + gap, columns * (w + gap) + gap, c), np.float32)
    for i, image in enumerate(images):
        top, left = gap + i // columns * (h + gap), gap + i % columns * (w + gap)
        sheet[top:top + h, left:left + w] = image
    return png(sheet, enlarge(h, w))


def zip_of_pngs(images, enlarged: bool = False) -> bytes:
    """Pictures (n, h, w, c) as a zip of PNGs, named by number, in their own size or enlarged to at least 64 pixels."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for i, image in enumerate(images):
            archive.writestr(zipfile.ZipInfo(f"{i:05d}.png", _DATE), png(image, enlarge(*image.shape[:2]) if enlarged else 1))
    return buffer.getvalue()


def enlarge(height: int, width: int, least: int = 64) -> int:
    """The whole factor that makes a picture at least ``least`` pixels on its longer side."""
    return max(1, -(-least // max(height, width)))


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    safe = frame.copy(deep=False)
    for position in range(safe.shape[1]):
        column = safe.iloc[:, position]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
            safe.isetitem(position, column.astype(object).map(_harmless))
    safe.columns = [_harmless(c) for c in safe.columns]
    return safe.to_csv(index=False).encode("utf-8")


def _harmless(value):
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def npz_bytes(**arrays) -> bytes:
    """Numbers and text arrays as ``.npz``; opens with ``numpy.load`` without pickles. Raises ValueError for objects."""
    for name, array in arrays.items():
        if np.asarray(array).dtype == object:
            raise ValueError(f"{name} holds Python objects, expected numbers or text.")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def text_bytes(lines: Sequence[str]) -> bytes:
    """A line each, in UTF-8."""
    return ("\n".join(" ".join(str(line).split()) for line in lines) + "\n").encode("utf-8")
