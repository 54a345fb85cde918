"""What a map of a run can be coloured by: the columns beside its data, and which rows its model has
seen.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lvm_core.analysis.separation import separation

from .derived import once
from .errors import NotFound
from .run import Run

SPLIT = "training / held out"
LEAST = 0.05  # of a separation; below, a column shows nothing


def names(run: Run) -> list[str]:
    """What can be chosen, the label first."""
    found = run.dataset.colours()
    held_out = run.fitted is not None and len(run.fitted.held_out)
    return [*found, SPLIT] if held_out and SPLIT not in run.dataset.rows.columns else found


def values(run: Run, name: str | None) -> pd.Series | None:
    """The values of all rows (n,); None for one colour. Raises NotFound."""
    if name is None:
        return None
    if name in run.dataset.rows.columns:
        return run.dataset.rows[name]
    if name != SPLIT or run.fitted is None:
        raise NotFound("There is no such column to colour by.")
    seen = np.full(len(run.dataset), "training", dtype=object)
    seen[run.fitted.held_out] = "held out"
    return pd.Series(seen, name=SPLIT)


@once
def first(run: Run) -> str | None:
    """What a map opens with: the label, or the column that its codes separate best; None where
    they separate none.
    """
    offered, rows = run.dataset.colours(), run.dataset.rows
    if offered and offered[0] == run.dataset.label and rows[offered[0]].duplicated().any():
        return offered[0]
    used = {str(column.name) for column in getattr(run.dataset.codec, "columns", ())}
    # the order of a file is no answer, even where it was sorted by what the codes separate
    counts = [
        name
        for name in offered
        if name not in used and pd.api.types.is_integer_dtype(rows[name]) and rows[name].is_unique
    ]
    found = separation(run.fitted.codes, rows[[name for name in offered if name not in counts]])
    best = max(found, key=found.__getitem__, default=None)
    return best if best is not None and found[best] >= LEAST else None
