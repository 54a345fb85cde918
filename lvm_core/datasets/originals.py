"""The pictures of an upload as they came, at full size.

An upload is never handed out itself: a picture is decoded under the limits of reading, and encoded
again without its metadata.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ..settings import DataError
from .upload import Archive

_LOSSLESS = 8_000_000  # pixels up to which what is no JPEG stays exact
_CHECKER = 16  # pixels of a field that shows through transparent pixels


def has_originals(source: dict) -> bool:
    """Whether the upload of a dataset holds its pictures as they came.

    Parameters
    ----------
    source : dict
        ``Dataset.source``.

    Returns
    -------
    bool
        True for a zip of pictures.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.originals import has_originals
    >>> has_originals(DATASETS["digits"]().load().source)
    False
    """
    known = source.get("pictures")
    return source.get("reader") == "images" and isinstance(known, dict) and "left_out" in known


def original(upload: bytes | Path, source: dict, row: int) -> tuple[bytes, str]:
    """A picture of an upload at full size.

    Parameters
    ----------
    upload : bytes or Path
        The zip, or where it lies.
    source : dict
        ``Dataset.source`` of what was read from it.
    row : int
        Number of its row.

    Returns
    -------
    data : bytes
        The picture, turned as its EXIF says, in 8 bits. Transparent pixels show a chequered ground.
    media_type : {"image/png", "image/jpeg"}
        JPEG for what came as one, or is very large.

    Raises
    ------
    DataError
        Where there is no such picture, or it cannot be read.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> from PIL import Image
    >>> from lvm_core import read_dataset
    >>> from lvm_core.datasets.originals import original
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     for i in range(4):
    ...         with archive.open(f"{i}.png", "w") as entry:
    ...             Image.new("L", (300, 200), 60 * i).save(entry, "PNG")
    >>> data = read_dataset(file.getvalue(), "greys.zip")
    >>> whole, media_type = original(file.getvalue(), data.source, 2)
    >>> data.schema.image, media_type, Image.open(io.BytesIO(whole)).size
    ((64, 64, 1), 'image/png', (300, 200))
    """
    from .readers.images import open_picture, picture_entries

    if not has_originals(source):
        raise DataError("This dataset has no pictures beside those that are shown.")
    archive = Archive("the upload", upload)
    left_out = set(source["pictures"]["left_out"])
    entries = [e for i, e in enumerate(picture_entries(archive)) if i not in left_out]
    if not 0 <= row < len(entries):
        raise DataError(f"There is no picture {row}; there are {len(entries):,}.")
    try:
        picture = open_picture(archive.read(entries[row]))
        came_as = picture.format
        return _encoded(_shown(picture), came_as)
    except DataError:
        raise
    except Exception as error:  # whatever a broken picture makes Pillow raise
        raise DataError(f"Picture {row} of the upload cannot be read any more.") from error


def _shown(picture):
    """A picture in 8 bits, turned, without transparency."""
    from PIL import Image, ImageOps

    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, np.float32)
        seen = values[np.isfinite(values)]
        low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
        values = np.nan_to_num((values - low) / ((high - low) or 1.0), posinf=1, neginf=0)
        return Image.fromarray((np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8))
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if np.asarray(picture.getchannel("A")).min() < 255:
            return Image.alpha_composite(_chequered(picture.size), picture).convert("RGB")
    return picture if picture.mode in ("L", "RGB") else picture.convert("RGB")


def _chequered(size: tuple[int, int]):
    from PIL import Image

    w, h = size
    fields = (np.arange(h)[:, None] // _CHECKER + np.arange(w)[None] // _CHECKER) % 2
    return Image.fromarray(np.where(fields, 235, 205).astype(np.uint8)).convert("RGBA")


def _encoded(picture, came_as: str | None) -> tuple[bytes, str]:
    file = io.BytesIO()
    if came_as == "JPEG" or picture.width * picture.height > _LOSSLESS:
        picture.save(file, "JPEG", quality=92, subsampling=0)
        return file.getvalue(), "image/jpeg"
    picture.info.clear()  # no comments, no colour profile that was never checked
    picture.save(file, "PNG", compress_level=3)
    return file.getvalue(), "image/png"
