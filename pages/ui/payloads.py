"""What travels to the browser of each kind of item: pixels, curve points, or records and words in the head."""

from __future__ import annotations

import numpy as np

from lvm_core.datasets.base import Dataset

_LINE_POINTS = 400      # of an array's curve: more than a screen shows


def payload(dataset: Dataset, items) -> tuple[dict, bytes]:
    """Items as ``dataset.decode`` gives them -> (head, bytes)."""
    return _PAYLOADS[dataset.kind](dataset, items)


def _pixels(dataset, items):
    n, h, w, c = items.shape
    return {"shape": [n, h, w, c]}, (np.clip(items, 0, 1) * 255 + 0.5).astype(np.uint8).tobytes()


def _curves(dataset, items):
    items = np.asarray(items, np.float32)
    items = items[:, ::max(1, items.shape[1] // _LINE_POINTS)]
    return {"shape": list(items.shape)}, np.ascontiguousarray(items, "<f4").tobytes()


def _records(dataset, items):
    columns = dataset.codec.columns
    rows = [[[column.show(row[column.name]), column.fraction(row[column.name])] for column in columns] for _, row in items.iterrows()]
    return {"columns": [str(c.name)[:60] for c in columns], "records": rows}, b""


def _words(dataset, items):
    return {"words": [[[str(t)[:40], round(float(w), 5)] for t, w in item[:16]] for item in items]}, b""


_PAYLOADS = {"image": _pixels, "array": _curves, "table": _records, "text": _words}
