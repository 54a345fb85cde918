"""What travels to the browser of each kind of item: pixels, curve points, or records and words
in the head.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lvm_core.datasets.base import Dataset

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
    """One line that names row i: its label, its text or its first values. Not escaped."""
    row = dataset.rows.iloc[i]
    label = f"{brief(row[dataset.label])} · " if dataset.label in dataset.rows.columns else ""
    if dataset.kind == "text":
        return label + " ".join(str(row["text"]).split())[:n]
    if dataset.kind == "table":
        return label + ", ".join(
            f"{k} {brief(v)}" for k, v in list(row.items())[:6] if k != dataset.label
        )
    extra = [f"{k} {brief(v)}" for k, v in row.items() if k != dataset.label][:3]
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
