"""Text labels of rows as numbered classes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def numbered(y: Iterable) -> tuple[list[str], np.ndarray]:
    """(classes, number (n,)) of labels y (n,): the classes as text, numbers in the order of their size and then words in the
    alphabet's; a row without a label (None or NaN) has number -1."""
    texts = [None if v is None or v != v else str(v) for v in y]
    classes = sorted({t for t in texts if t is not None}, key=_order)
    number = {name: i for i, name in enumerate(classes)}
    return classes, np.array([number.get(t, -1) for t in texts], dtype=np.int64)


def _order(text: str) -> tuple:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text
