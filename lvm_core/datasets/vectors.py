"""Arrays of numbers -> Dataset."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .. import limits
from ..codecs.array import ArrayCodec
from .base import DataError, Dataset


def array_dataset(vectors: np.ndarray, name: str, rows: pd.DataFrame | None = None, label: str | None = None,
                  notes: list[str] | None = None, **codec_options) -> Dataset:
    """The Dataset of vectors (n, d) in their own units; NaN and infinity are filled with their column's mean, counted.

    ``codec_options``: axis, axis_label, value_label, names of :class:`ArrayCodec`. Raises DataError.
    """
    from .frames import require_rows, require_variety

    notes = [] if notes is None else notes
    require_rows(len(vectors), name)
    limits.check("features", vectors.shape[1], name)
    limits.check("cells", vectors.size, name)
    if vectors.shape[1] < 2:
        raise DataError(f"{name} has {vectors.shape[1]} column{'s' * (vectors.shape[1] != 1)}; at least 2 are needed.")
    vectors = _filled(np.asarray(vectors, dtype=np.float64), name, notes)
    require_variety(vectors, name)
    codec = ArrayCodec.of(vectors, **codec_options)
    steady = int((vectors == vectors[:1]).all(0).sum())
    if steady:
        notes.append(f"{steady:,} of {vectors.shape[1]:,} columns never change.")
    if np.ptp(codec.scale) > 0:
        notes.append("The columns' spreads differ more than 30 times, so each was scaled on its own.")
    rows = pd.DataFrame({"row": range(len(vectors))}) if rows is None or not rows.shape[1] else rows.reset_index(drop=True)
    return Dataset(name, codec.encode(vectors), rows, codec, label, notes)


def _filled(vectors: np.ndarray, name: str, notes: list[str]) -> np.ndarray:
    bad = ~np.isfinite(vectors)
    if not bad.any():
        if np.abs(vectors).max() > 1e100:
            raise DataError(f"{name} holds a value of {np.abs(vectors).max():.3g}; the largest that can be worked with is 1e100.")
        return vectors
    if bad.all(0).any():
        empty = np.flatnonzero(bad.all(0))
        raise DataError(f"{name} has {len(empty)} columns without any finite number (the first is column {empty[0] + 1}); leave "
                        "them out.")
    notes.append(f"{int(np.isnan(vectors).sum()):,} NaN and {int(np.isinf(vectors).sum()):,} infinite values were filled with "
                 "their column's mean.")
    vectors = np.where(bad, np.nan, vectors)
    return _filled(np.where(bad, np.nanmean(vectors, axis=0), vectors), name, notes)
