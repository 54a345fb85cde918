"""Tables of statistical packages: SPSS, Stata and SAS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd

from ... import settings
from ..apart import run_apart
from ..base import DataError
from .base import TableReader

SAS = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
STARTS = {
    b"$FL2": "sav",
    b"$FL3": "sav",
    b"<stata_dta>": "dta",
    SAS: "sas7bdat",
    b"HEADER RECORD*******LIBRARY HEADER RECORD": "xport",
    b"HEADER RECORD*******LIBV8": "xport",
}
FORMS = {
    ".sav": "sav",
    ".zsav": "sav",
    ".por": "por",
    ".dta": "dta",
    ".sas7bdat": "sas7bdat",
    ".xpt": "xport",
}


@dataclass
class Statistical(TableReader):
    """SPSS (.sav, .zsav, .por), Stata (.dta) and SAS (.sas7bdat, .xpt).

    Values that have labels are read as these, values that were declared missing as missing.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order,
    max_levels
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.

    Examples
    --------
    >>> import io
    >>> import pandas as pd
    >>> from lvm_core import read_dataset
    >>> file = io.BytesIO()
    >>> frame = pd.DataFrame({"a": [1.5, 2.5, 3.5, 4.0], "b": [0.1, 0.4, 0.2, 0.3]})
    >>> frame.to_stata(file, write_index=False)
    >>> read_dataset(file.getvalue(), "numbers.dta").rows["a"].tolist()
    [1.5, 2.5, 3.5, 4.0]
    """

    name: ClassVar[str] = "statistical"
    title: ClassVar[str] = "SPSS, Stata, SAS"
    suffixes: ClassVar[tuple[str, ...]] = tuple(FORMS)
    list_order: ClassVar[int] = 14

    @classmethod
    def matches(cls, upload):
        return bool(_form(upload))

    def read(self, upload):
        limits = settings.LIMITS
        asked = {
            "form": _form(upload),
            "rows": limits.rows,
            "columns": limits.columns,
            "cells": limits.cells,
        }
        if not asked["form"]:
            raise DataError(f"{upload.name} is no file of SPSS, Stata or SAS.")
        frame, said = run_apart("statistical", bytes(upload.data), upload.name, asked, _taken)
        notes = []
        titled = [f"{n}: {t}" for n, t in zip(said["names"], said["titles"]) if t and t != n]
        if titled:
            notes.append(f"Columns have titles in the file: {'; '.join(titled[:10])}.")
        frame.columns = said["names"]
        return self._dataset(frame, upload.name, notes)


def _form(upload) -> str:
    """Which format it is; empty for none."""
    found = next((form for start, form in STARTS.items() if upload.head.startswith(start)), "")
    if not found and b"SPSS PORT FILE" in upload.head[:500]:
        return "por"
    # Stata's before version 13 begin with their version, order of bytes and a 1
    if not found and 104 <= upload.head[0] <= 115 and upload.head[1:3] in (b"\1\1", b"\2\1"):
        return "dta"
    if not found and upload.suffix in FORMS and b"\0" in upload.head:
        return FORMS[upload.suffix]
    return found


def _taken(said: dict, folder: Path) -> tuple[pd.DataFrame, dict]:
    frame = pd.read_parquet(folder / "table.parquet")
    for i in range(frame.shape[1]):
        column = frame.iloc[:, i]
        if column.dtype.kind == "f":  # they know no whole numbers
            there = column.dropna().to_numpy()
            if (there == np.rint(there)).all() and np.abs(there).max(initial=0) < 2**53:
                frame.isetitem(i, cast(Any, column.astype("Int64")))
    return frame, said
