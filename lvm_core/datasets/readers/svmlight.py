"""LIBSVM and svmlight: a label and the values that are not 0, a row a line."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from ... import settings
from ..base import DataError
from ..vectors import array_dataset
from .base import TableReader

WIDE = 256  # features from which on rows are vectors, not records
LABEL = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
LINE = re.compile(
    rb"\s*(?:%s(?:,%s)*)?(?:[ \t]+qid:\d+)?(?:[ \t]+\d+:[-+]?[\d.eE+-]+)*[ \t]*(?:#[^\n]*)?"
    % (LABEL, LABEL)
)
PAIR = re.compile(rb"[ \t]\d+:[-+]?[\d.]")


@dataclass
class Svmlight(TableReader):
    r"""LIBSVM and svmlight: ``label index:value index:value ...`` a line; what is not written is 0.

    Indices may begin at 0 or 1. Up to 255 features are columns of a table, more are vectors. Labels
    that are whole numbers are classes, others a column of numbers beside the rows.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order,
    max_levels
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> lines = b"+1 1:0.5 3:1.25\n-1 2:2.5\n+1 1:0.25 2:1.5 3:0.75\n-1 1:1.5\n"
    >>> data = read_dataset(lines, "heart.libsvm")
    >>> data.X.shape, data.label, data.rows["label"].tolist()
    ((4, 3), 'label', ['1', '-1', '1', '-1'])
    """

    name: ClassVar[str] = "svmlight"
    title: ClassVar[str] = "LIBSVM, svmlight"
    suffixes: ClassVar[tuple[str, ...]] = (".libsvm", ".svmlight", ".svm")
    list_order: ClassVar[int] = 46

    @classmethod
    def matches(cls, upload):
        if upload.is_zip or b"\0" in upload.head:
            return False
        whole = len(upload.head) == len(upload.data)
        lines = upload.head.lstrip(b"\xef\xbb\xbf").replace(b"\r", b"").split(b"\n")
        lines = [s for s in (lines if whole or len(lines) == 1 else lines[:-1]) if s.strip()]
        lines = [s for s in lines if not s.lstrip().startswith(b"#")]
        if not whole and len(lines) == 1:  # one line longer than what is looked at
            lines = [lines[0].rpartition(b" ")[0]]
        pairs = sum(len(PAIR.findall(line)) for line in lines)
        # one pair a line may be a time of day
        enough = len(lines) // 2 if upload.suffix in cls.suffixes else len(lines)
        return bool(lines) and pairs > enough and all(map(LINE.fullmatch, lines))

    def read(self, upload):
        from sklearn.datasets import load_svmlight_file

        data = bytes(upload.data).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        settings.check("rows", data.count(b"\n"), upload.name)
        several = re.search(rb"(?m)^[^\s:#]*,", data) is not None
        try:
            X, y = load_svmlight_file(io.BytesIO(data), dtype=np.float64, multilabel=several)
        except Exception as error:  # value, index, overflow and memory errors
            raise DataError(
                f"{upload.name} is no LIBSVM file as a whole ({str(error).splitlines()[0][:80]}); "
                "expected a label and index:value pairs a line."
            ) from error
        settings.check("features", X.shape[1], upload.name)
        settings.check("array_cells", X.shape[0] * X.shape[1], upload.name)
        first = 0 if _begins_at_zero(data) else 1
        notes = [
            f"{X.nnz:,} of {X.shape[0] * X.shape[1]:,} values are written in the file; the others "
            "are 0."
        ]
        label = _labels(y, several)
        names = [f"feature {i + first}" for i in range(X.shape[1])]
        wide = X.shape[1] >= WIDE if self.kind == "auto" else self.kind == "array"
        if wide:
            rows = pd.DataFrame({"label": label})
            shown = None if self.label == "none" or label.nunique() < 2 else "label"
            dataset = array_dataset(X.toarray(), upload.name, rows, shown, notes)
            dataset.notes.insert(0, f"{X.shape[0]:,} vectors of {X.shape[1]:,} values.")
            dataset.source = {"options": {"kind": "array", "label": shown or "none"}}
            return dataset
        frame = pd.DataFrame(X.toarray(), columns=names)
        whole = [c for c in frame if (frame[c] == np.rint(frame[c])).all()]
        frame = frame.astype({c: "int64" for c in whole if frame[c].abs().max() < 2**53})
        frame.insert(0, "label", label)
        return self._dataset(frame, upload.name, notes)


def _begins_at_zero(data: bytes) -> bool:
    return re.search(rb"[ \t]0+:", data) is not None


def _labels(y, several: bool) -> pd.Series:
    """Whole numbers are the names of classes."""
    if several:
        return pd.Series([", ".join(f"{v:g}" for v in row) for row in y], dtype="str")
    y = np.asarray(y)
    if np.isfinite(y).all() and (y == np.rint(y)).all() and np.abs(y).max(initial=0) < 2**53:
        return pd.Series(y.astype(np.int64)).astype("str")
    return pd.Series(y)
