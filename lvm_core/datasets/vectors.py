"""Arrays of numbers -> Dataset, and the vectors in a column of a table."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from .. import settings
from ..codecs.array import ArrayCodec
from .base import DataError, Dataset, require_rows, require_variety

# [0.1, 0.2] and what NumPy, PyTorch and PostgreSQL write
WRITTEN = re.compile(
    r"\s*(?:(?:\w+\.)?(?:array|tensor|Vector|vector|list)\()?\s*"
    r"[\[({<](?P<numbers>[^a-zA-Z\"']*(?:(?:[eE]|nan|NaN|None|null)[^a-zA-Z\"']*)*)[\])}>]"
    r"\s*(?:,\s*(?:dtype|device|requires_grad|grad_fn)=[^)]*)*\)?\s*",
    re.S,
)
BARE = re.compile(r"\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?(?:\s*[,;|]\s*|\s+)[-+]?[\d.]")  # two numbers
PARTED = str.maketrans(dict.fromkeys(",;|[](){}<>\t\n\r", " "))
NO_NUMBER = {"none": float("nan"), "null": float("nan")}


def array_dataset(
    vectors: np.ndarray,
    name: str,
    rows: pd.DataFrame | None = None,
    label: str | None = None,
    notes: list[str] | None = None,
    **codec_options,
) -> Dataset:
    """The Dataset of vectors in their own units.

    NaN and infinity are filled with their column's mean, counted in a note.

    Parameters
    ----------
    vectors : array (n, d)
        Numbers, read a slice at a time, such as those of a mapped file.
    name : str
        Name of the dataset.
    rows : DataFrame (n, ...), optional
        What is known of each vector; the row's number by default.
    label : str, optional
        The column of ``rows`` to colour by first.
    notes : list of str, optional
        Added to, with what is understood.
    **codec_options
        ``axis``, ``axis_label``, ``value_label``, ``names`` and ``one_scale`` of
        :meth:`~lvm_core.codecs.array.ArrayCodec.of_moments`.

    Returns
    -------
    Dataset
        Of kind ``array``.

    Raises
    ------
    DataError
        Below 3 rows or 2 columns, when all rows are the same, for a column without any finite
        number or a value beyond 1e100, and over the limits.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.datasets.vectors import array_dataset
    >>> data = array_dataset(np.array([[0.0, 1.0], [1.0, np.nan], [2.0, 3.0]]), "points")
    >>> print(*data.notes)
    1 NaN and 0 infinite values were filled with their column's mean.
    >>> data.decode(data.X)[1].tolist()
    [1.0, 2.0]
    """
    notes = [] if notes is None else notes
    require_rows(len(vectors), name)
    settings.check("features", vectors.shape[1], name)
    settings.check("array_cells", vectors.size, name)
    if vectors.shape[1] < 2:
        raise DataError(
            f"{name} has {vectors.shape[1]} column{'s' * (vectors.shape[1] != 1)}; at least 2 are "
            "needed."
        )
    mean, spread = _moments(vectors, name, notes)
    codec = ArrayCodec.of_moments(mean, spread, **codec_options)
    X = np.empty(vectors.shape, np.float32)
    for rows_ in _slices(vectors):
        X[rows_] = codec.encode(_filled(vectors[rows_], mean))
    require_variety(X, name)
    steady = int((spread == 0).sum())
    if steady:
        notes.append(f"{steady:,} of {vectors.shape[1]:,} columns never change.")
    if np.ptp(codec.scale) > 0 and not codec.channels:
        notes.append(
            "The columns' spreads differ more than 30 times, so each was scaled on its own."
        )
    rows = (
        pd.DataFrame({"row": range(len(vectors))})
        if rows is None or not rows.shape[1]
        else rows.reset_index(drop=True)
    )
    return Dataset(name, X, rows, codec, label, notes)


def _moments(vectors: np.ndarray, name: str, notes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and standard deviation (d,) of the finite values of each column, exactly 0 for
    a column that never changes. A slice at a time, since the vectors may be larger than what
    memory is left. Raises DataError.
    """
    d = vectors.shape[1]
    count, total, nan, infinite = np.zeros(d, int), np.zeros(d), 0, 0
    low, high = np.full(d, np.inf), np.full(d, -np.inf)
    for rows in _slices(vectors):
        part = vectors[rows].astype(np.float64)
        good = np.isfinite(part)
        nan, infinite, count = (
            nan + int(np.isnan(part).sum()),
            infinite + int(np.isinf(part).sum()),
            count + good.sum(0),
        )
        low, high = (
            np.minimum(low, np.where(good, part, np.inf).min(0)),
            np.maximum(high, np.where(good, part, -np.inf).max(0)),
        )
        total += np.where(good, part, 0).sum(0) if max(-low.min(), high.max()) <= 1e100 else 0
    if not count.all():
        empty = np.flatnonzero(count == 0)
        raise DataError(
            f"{name} has {len(empty)} columns without any finite number (the first is column "
            f"{empty[0] + 1}); leave "
            "them out."
        )
    if (largest := max(-low.min(), high.max())) > 1e100:
        raise DataError(
            f"{name} holds a value of {largest:.3g}; the largest that can be worked with is 1e100."
        )
    if nan or infinite:
        notes.append(
            f"{nan:,} NaN and {infinite:,} infinite values were filled with their column's mean."
        )
    mean = np.where(low == high, low, total / count)
    square = sum(
        (((_filled(vectors[rows], mean) - mean) ** 2).sum(0) for rows in _slices(vectors)),
        np.zeros(d),
    )
    return mean, np.sqrt(square / len(vectors))


def _filled(part: np.ndarray, mean: np.ndarray) -> np.ndarray:
    part = part.astype(np.float64)
    return np.where(np.isfinite(part), part, mean)


def _slices(vectors: np.ndarray, cells: int = 2**20):
    step = max(1, cells // vectors.shape[1])
    return [slice(start, start + step) for start in range(0, len(vectors), step)]


class NoVectors(ValueError):
    """Lists of numbers that are no vectors; its text says why.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.vectors import NoVectors, find_vectors
    >>> try:
    ...     find_vectors(pd.Series(["[0.1 0.2 ... 0.9]"]), [])
    ... except NoVectors as error:
    ...     print(error)
    vectors cut short by '...' when they were written
    """


def find_vectors(series: pd.Series, notes: list[str]) -> np.ndarray | None:
    """The vectors of a column that holds one a row.

    Parameters
    ----------
    series : Series (n,)
        Lists or arrays of numbers; or words such as ``[0.1, 0.2]``, or of eight numbers and more
        without brackets; or anything else.
    notes : list of str
        Added to, where rows have no vector of the others' length.

    Returns
    -------
    array of float32 (n, k) or None
        NaN in rows without a vector; None when fewer than nine in ten have a vector of one length.

    Raises
    ------
    NoVectors
        When they were written in part only, or long lists differ in length.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.datasets.vectors import find_vectors
    >>> find_vectors(pd.Series(["[0.5, 1]", "[2, 3]"]), []).tolist()
    [[0.5, 1.0], [2.0, 3.0]]
    >>> find_vectors(pd.Series(["red", "blue"]), []) is None
    True
    """
    if series.dtype != object and not pd.api.types.is_string_dtype(series.dtype):
        return None
    seen = series.dropna()
    if isinstance(series.dtype, pd.CategoricalDtype) or not len(seen):
        return None
    sample = seen.iloc[:: max(1, len(seen) // 50)].tolist()
    tries = [_vector(value) for value in sample]
    if sum(v is not None for v in tries) < 0.9 * len(sample):
        return None
    found = [_vector(value) for value in seen.tolist()]
    lengths = Counter(len(v) for v in found if v is not None)
    length, times = lengths.most_common(1)[0]
    if times < 0.9 * len(seen) and np.average(list(lengths), weights=list(lengths.values())) >= 8:
        raise NoVectors("lists of numbers of different lengths")
    if times < 0.9 * len(seen) or length < 2:
        return None
    settings.check("features", length, str(series.name))
    settings.check("array_cells", length * len(series), str(series.name))
    vectors = np.full((len(series), length), np.nan, np.float32)
    rows = np.flatnonzero(series.notna().to_numpy())
    right = [v is not None and len(v) == length for v in found]
    with np.errstate(over="ignore"):
        vectors[rows[right]] = [v for v, fits in zip(found, right) if fits]
    if times < len(series):
        notes.append(
            f"{series.name}: {len(series) - times:,} of {len(series):,} rows have no vector of "
            f"{length:,} numbers and lie at the mean."
        )
    return vectors


def _vector(value) -> list | np.ndarray | None:
    """One value as numbers; lists in lists become one. Raises NoVectors."""
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        return value.ravel()
    if not isinstance(value, (list, tuple, np.ndarray)):
        return None
    try:
        numbers = np.array(value, dtype=float)
    except (TypeError, ValueError):
        try:  # arrays of arrays, as Parquet's lists of lists become
            numbers = np.array([np.array(v, dtype=float) for v in value])
        except (TypeError, ValueError):
            return None
    return numbers.ravel()


def _written(word: str) -> list[float] | None:
    found = WRITTEN.fullmatch(word)
    if found is None and not BARE.match(word):
        return None
    text = found["numbers"] if found else word
    if "..." in text or "\u2026" in text:
        raise NoVectors("vectors cut short by '...' when they were written")
    parts = text.translate(PARTED).split()
    try:
        numbers = [NO_NUMBER.get(p.lower()) or float(p) for p in parts]
    except ValueError:
        return None
    # (1,234) is a number below zero, and 1 2 two words
    square = found is not None and not word.lstrip().startswith(("(", "{", "<"))
    return numbers if square or len(numbers) >= 8 else None
