"""Arrays in, bytes out: what people download. Equal input gives equal bytes."""

from __future__ import annotations

import io
import zipfile
from typing import Any, cast

import numpy as np
import pandas as pd

MOST_PIXELS = 200_000_000
_FORMULA = "=", "+", "-", "@", "\t", "\r", "\n"


def png(image, upscale: int = 1) -> bytes:
    """A picture as PNG.

    Parameters
    ----------
    image : array-like of shape (h, w, c) or (h, w)
        Values in [0, 1], c of 1, 3 or 4.
    upscale : int, default=1
        How many times every pixel is repeated.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For what is no picture, or has more than ``MOST_PIXELS``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.encode import png
    >>> png(np.eye(4), upscale=8)[1:4]
    b'PNG'
    """
    from PIL import Image

    pixels = _pixels(image)
    height, width = (side * upscale for side in pixels.shape[:2])
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"the picture would have {height} x {width} pixels, expected at most {MOST_PIXELS:,}; "
            "choose fewer or a "
            "smaller scale."
        )
    pixels = pixels.repeat(upscale, 0).repeat(upscale, 1)
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(out, format="PNG")
    return out.getvalue()


def png_sheet(
    images, columns: int | None = None, pad: int = 2, upscale: int = 1, background: float = 1.0
) -> bytes:
    """Pictures on one sheet as PNG, row by row.

    Parameters
    ----------
    images : array-like of shape (n, h, w, c) or (n, h, w)
        Values in [0, 1].
    columns : int, optional
        Pictures in a row; nearly square by default.
    pad : int, default=2
        Pixels between pictures.
    upscale : int, default=1
        How many times every pixel is repeated.
    background : float, default=1.0
        What lies between them, 0 black, 1 white.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For what are no pictures, or more than ``MOST_PIXELS``.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from PIL import Image
    >>> from lvm_core.export.encode import png_sheet
    >>> Image.open(io.BytesIO(png_sheet(np.zeros((6, 8, 8)), columns=3))).size
    (32, 22)
    """
    images = _stack(images)
    n, h, w, c = images.shape
    columns = max(1, min(n, columns or int(np.ceil(np.sqrt(n)))))
    rows = -(-n // columns)
    sheet = np.full((pad + rows * (h + pad), pad + columns * (w + pad), c), background, np.float32)
    for i, image in enumerate(images):
        y, x = (pad + place * (side + pad) for place, side in zip(divmod(i, columns), (h, w)))
        sheet[y : y + h, x : x + w] = image
    return png(sheet, upscale)


def zip_of_pngs(images, upscale: int = 1) -> bytes:
    """Pictures as a zip of ``0000.png``, ``0001.png``, ...

    They are named by their place, never by user text.

    Parameters
    ----------
    images : array-like of shape (n, h, w, c) or (n, h, w)
        Values in [0, 1].
    upscale : int, default=1
        How many times every pixel is repeated.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For what are no pictures.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> import numpy as np
    >>> from lvm_core.export.encode import zip_of_pngs
    >>> zipfile.ZipFile(io.BytesIO(zip_of_pngs(np.zeros((2, 8, 8))))).namelist()
    ['0000.png', '0001.png']
    """
    images = _stack(images)
    digits = max(4, len(str(len(images) - 1)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        for i, image in enumerate(images):
            # dated 1980: equal bytes
            archive.writestr(zipfile.ZipInfo(f"{i:0{digits}}.png"), png(image, upscale))
    return out.getvalue()


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV in UTF-8 with a byte order mark, which spreadsheets look for.

    Text that a spreadsheet would run as a formula (beginning with = + - @, a tab or a line break)
    gets a leading apostrophe, in headers too; numbers are untouched. Use Parquet or NPZ for exact
    text.

    Parameters
    ----------
    frame : DataFrame
        The table.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.export.encode import csv_bytes
    >>> frame = pd.DataFrame({"name": ["Ada", "=1+1"], "size": [-1.5, 2.0]})
    >>> csv_bytes(frame).decode("utf-8-sig").splitlines()
    ['name,size', 'Ada,-1.5', "'=1+1,2.0"]
    """
    frame = frame.copy()
    frame.columns = [_escaped(str(name)) for name in frame.columns]
    for i, kind in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            column = frame.iloc[:, i].astype(object).map(_escaped, na_action="ignore")
            frame.isetitem(i, cast(Any, column))  # its types know arrays, not columns
    # RFC 4180's line ends; with them a lone carriage return within a cell is quoted too, so that it
    # cannot begin a new row
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig", errors="replace")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """A table as Parquet; columns of mixed types, and names of columns, as text.

    Parameters
    ----------
    frame : DataFrame
        The table.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> from lvm_core.export.encode import parquet_bytes
    >>> frame = pd.DataFrame({"mixed": [1, "two"], "size": [1.5, 2.0]})
    >>> pd.read_parquet(io.BytesIO(parquet_bytes(frame))).values.tolist()
    [['1', 1.5], ['two', 2.0]]
    """
    frame = frame.rename(columns=str)
    for name in frame.select_dtypes(object).columns:
        frame[name] = frame[name].map(str, na_action="ignore")
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def npz_bytes(**arrays) -> bytes:
    """Arrays by name as a compressed NPZ, readable with ``numpy.load(..., allow_pickle=False)``.

    Parameters
    ----------
    **arrays : array-like
        Numbers, dates or text; text becomes fixed-width text.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For anything else that is not numbers.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from lvm_core.export.encode import npz_bytes
    >>> found = np.load(io.BytesIO(npz_bytes(X=[1.0, 2.0], names=["a", "bc"])), allow_pickle=False)
    >>> found["X"].tolist(), found["names"].tolist()
    ([1.0, 2.0], ['a', 'bc'])
    """
    plain = {name: _plain(name, np.asarray(values)) for name, values in arrays.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in plain.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, values, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def text_bytes(lines) -> bytes:
    """Lines of text as UTF-8, one a line: line breaks within one become spaces.

    Parameters
    ----------
    lines : iterable
        The lines.

    Returns
    -------
    bytes
        The file.

    Examples
    --------
    >>> from lvm_core.export.encode import text_bytes
    >>> text_bytes(["one", "two"]).decode().splitlines()
    ['one', 'two']
    """
    return "".join(" ".join(str(line).splitlines()) + "\n" for line in lines).encode(
        "utf-8", errors="replace"
    )


def _pixels(image) -> np.ndarray:
    image = np.asarray(image, np.float32)
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            f"the picture has shape {image.shape}, expected (height, width, 1, 3 or 4)."
        )
    return np.rint(np.clip(np.nan_to_num(image), 0, 1) * 255).astype(np.uint8)


def _stack(images) -> np.ndarray:
    images = np.asarray(images, np.float32)
    images = images[..., None] if images.ndim == 3 else images
    if images.ndim != 4 or not len(images):
        raise ValueError(
            f"the pictures have shape {images.shape}, expected (n, height, width, channels) and at "
            "least one picture."
        )
    return images


def _escaped(value):
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


def _plain(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype == object:
        values = values.astype(str)
    if values.dtype.kind not in "biufUM":
        raise ValueError(f"{name} holds {values.dtype}, expected numbers, dates or text.")
    return values
