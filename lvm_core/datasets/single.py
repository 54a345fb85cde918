"""One item from a small file, as a row of a dataset that is already there. A file of its own
must hold enough rows to learn from; this one need not.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePath

import numpy as np
import pandas as pd

from .. import settings
from .base import DataError, Dataset
from .infer import infer_column
from .plain import is_words

FILES = {
    "image": ("png", "jpg", "jpeg", "webp", "bmp", "gif"),
    "table": ("csv", "tsv"),
    "array": ("npy", "csv", "tsv"),
}
MOST_ROWS = 1000


def rows_like(dataset: Dataset, data: bytes, name: str) -> np.ndarray:
    r"""The items of an uploaded file as rows of a dataset.

    A picture, brought to the dataset's size and colours; a CSV with the columns of its table; an
    .npy or CSV with as many numbers a row.

    Parameters
    ----------
    dataset : Dataset
        Of kind ``image``, ``table`` or ``array``.
    data : bytes
        The content of the file.
    name : str
        Its file name.

    Returns
    -------
    array of float32 (m, d)
        Rows of X, at most 1000.

    Raises
    ------
    DataError
        When the file cannot be read, or holds something else.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.datasets.single import rows_like
    >>> spiral = DATASETS["spiral"](n=100).load()
    >>> rows_like(spiral, b"0.1,0.2,0.3\n0.4,0.5,0.6\n", "points.csv").shape
    (2, 3)
    """
    if dataset.kind not in _ROWS:
        raise DataError(
            f"an item of kind {dataset.kind} cannot be brought as a file, expected "
            f"{', '.join(_ROWS)}."
        )
    settings.check("upload_bytes", len(data), name)
    return _ROWS[dataset.kind](dataset, data, name)


def _picture(dataset, data, name):
    from .readers.images import SUFFIXES, PictureLoader, stack
    from .upload import Upload

    suffix, packed, codec, seen = (
        PurePath(name).suffix.lower(),
        io.BytesIO(),
        dataset.codec,
        PictureLoader(),
    )
    # what is careful with pictures reads them from zips
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"picture{suffix if suffix in SUFFIXES else '.png'}", data)
    archive = Upload.open(packed.getvalue(), f"{PurePath(name).stem[:80]}.zip").archive
    picture = seen.load(
        archive, archive.having(*SUFFIXES)[0], (codec.height, codec.width), "crop", "white"
    )
    if picture is None:
        raise DataError(
            f"{name[:80]} cannot be read as a picture ({', '.join(seen.failed.values())})."
        )
    X = codec.encode(stack([picture], "grey" if codec.channels == 1 else "colour", name, []))
    return (X > 0.5).astype(np.float32) if codec.likelihood == "bernoulli" else X


def _records(dataset, data, name):
    frame = _csv(data, name, header=0)
    for column in dataset.codec.columns:
        values = frame.get(column.name)
        if values is None or column.type == "categorical":
            continue
        if column.type == "date" or is_words(values):
            found = infer_column(values, wanted=column.type).values
            frame[column.name] = pd.to_datetime(found) if column.type == "date" else found
    try:
        return dataset.codec.encode(frame)
    except DataError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(
            f"{name}: the columns do not hold what those of {dataset.name} hold "
            f"({str(error).splitlines()[0][:120]})."
        ) from error


def _vectors(dataset, data, name):
    from .readers.numpy_arrays import NpyHeader

    if name.lower().endswith(".npy"):
        NpyHeader.of(data, name)
        values = np.load(io.BytesIO(data), allow_pickle=False)
        values = values[None] if values.ndim == 1 else values[:MOST_ROWS]
    else:
        values = (
            _csv(data, name, header=None)
            .apply(pd.to_numeric, errors="coerce")
            .dropna(how="all")
            .to_numpy(float)
        )
    if values.dtype.kind not in "biuf":
        raise DataError(f"{name} holds {values.dtype}, expected numbers.")
    return dataset.codec.encode(values)


def _csv(data: bytes, name: str, header) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            sep="\t" if name.lower().endswith(".tsv") else ",",
            header=header,
            nrows=MOST_ROWS + 1,
            low_memory=False,
        )
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser errors are ValueErrors
        raise DataError(
            f"{name} could not be read as a table ({str(error).splitlines()[0][:120]})."
        ) from error
    settings.check("columns", frame.shape[1], name) if header == 0 else settings.check(
        "features", frame.shape[1], name
    )
    if frame.empty:
        raise DataError(f"{name} has no rows; expected at least one.")
    return frame.head(MOST_ROWS)


_ROWS = {"image": _picture, "table": _records, "array": _vectors}
