"""What travels to the browser of each kind of item: pixels, curve points, or records and words
in the head.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lvm_core.datasets.base import Dataset
from lvm_core.datasets.titles import title_columns

_LINE_POINTS = 400  # of an array's curve: more than a screen shows


def payload(dataset: Dataset, items) -> tuple[dict, bytes]:
    """Items as ``dataset.decode`` gives them -> (head, bytes)."""
    return _PAYLOADS[dataset.kind](dataset, items)


def _pixels(dataset, items):
    n, h, w, c = items.shape
    return {"shape": [n, h, w, c]}, (np.clip(items, 0, 1) * 255 + 0.5).astype(np.uint8).tobytes()


def _curves(dataset, items):
    items = np.asarray(dataset.codec.on_one_scale(items), np.float32)
    items = items[:, :: max(1, items.shape[1] // _LINE_POINTS)]
    return {"shape": list(items.shape)}, np.ascontiguousarray(items, "<f4").tobytes()


def _records(dataset, items):
    columns = dataset.codec.columns
    rows = [
        [[column.show(row[column.name]), column.fraction(row[column.name])] for column in columns]
        for _, row in items.iterrows()
    ]
    return {"columns": [str(c.name)[:60] for c in columns], "records": rows}, b""


def _words(dataset, items):
    return {
        "words": [[[str(t)[:40], round(float(w), 5)] for t, w in item[:16]] for item in items]
    }, b""


_PAYLOADS = {"image": _pixels, "array": _curves, "table": _records, "text": _words}


def short(dataset: Dataset, i: int, n: int = 110) -> str:
    """One line that names row i: its label, its text, or its id and the first values a model sees;
    nothing about persons unless it was asked for. Not escaped.
    """
    row, named = dataset.rows.iloc[i], title_columns(dataset)
    label = (
        f"{brief(row[dataset.label])} · "
        if dataset.label in dataset.rows.columns and dataset.label not in named.hidden
        else ""
    )
    if dataset.kind == "text":
        return label + " ".join(str(row["text"]).split())[:n]
    if dataset.kind == "table":
        id = brief(row[named.id]) if named.id else ""
        values = ", ".join(f"{k} {brief(row[k])}" for k in named.shown)
        return (
            label + " · ".join(filter(None, [id, values])) if id or values else label + f"row {i}"
        )
    extra = [
        f"{k} {brief(v)}" for k, v in row.items() if k != dataset.label and k not in named.hidden
    ][:3]
    return label + f"row {i}" + (" · " + ", ".join(extra) if extra else "")


def brief(v) -> str:
    """A value in a few characters. Not escaped."""
    if pd.api.types.is_scalar(v) and pd.isna(v):
        return "missing"
    if isinstance(v, (float, np.floating)):
        return f"{v:.4g}"
    if isinstance(v, pd.Timestamp):
        return f"{v:%Y-%m-%d}" if v == v.normalize() else f"{v:%Y-%m-%d %H:%M}"
    return str(v)[:40]
