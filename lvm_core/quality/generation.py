"""Quick honest checks of generated rows: are they copies, do they look real, do their columns have the right shapes?"""

from __future__ import annotations

import numpy as np

from ..layout import Layout
from ..neighbours import nearest, nearest_others
from .base import Score, percent

_MOST_ROWS = 3000


def generation(X, X_train, layout: Layout, *, random_state: int = 0) -> list[Score]:
    """Scores of generated rows X (m, d) against the training rows (n, d).

    Distances are between rows of X as models see them, word counts scaled to length 1; at most 3000 training rows set the
    scale, but a copy is looked for among all of them.
    """
    rng = np.random.RandomState(random_state)
    n, m = X_train.shape[0], X.shape[0]
    made, real = _rows(X[:_MOST_ROWS], layout), _rows(X_train, layout)
    some = real if n <= _MOST_ROWS else real[rng.choice(n, _MOST_ROWS, replace=False)]
    apart = np.sort((nearest_others(real, 1)[0] if n <= _MOST_ROWS else nearest(some, real, 2)[0][:, 1:])[:, 0])
    distance = nearest(made, real, 1)[0][:, 0]
    copies = float(np.mean(distance < np.quantile(apart, 0.01))) if apart[0] < apart[-1] else float(np.mean(distance == 0))
    near = float(np.mean(distance <= np.quantile(apart, 0.95)))
    of = f"{len(made):,} samples" if len(made) == m else f"the first {len(made):,} samples"
    scores = [
        Score("Near-copies", copies, f"{percent(copies)} of {of} lie closer to a training item than 99 % of training items lie to each other; "
              "about 1 % is what honest new items would give, much more means the model repeats what it saw.", None, None, "share"),
        Score("As close as real ones", near, f"{percent(near)} of {of} lie no farther from the nearest training item than 95 % of training items do from theirs; "
              "low means blurred, mixed up or strange.", 0.0, 0.95, "share"),
    ]
    if layout.image is None and not layout.has("counts"):
        shapes = marginals(np.asarray(X), np.asarray(X_train), layout)
        worst = min(shapes, key=shapes.get)
        value = float(np.mean(list(shapes.values())))
        scores.append(Score("Column shapes", value, f"On average a column's values overlap {percent(value)} with the training data's (1 - Kolmogorov-Smirnov distance for numbers, "
                            f"1 - total variation for categories)" + (f"; {worst or 'the worst'} the least, {percent(shapes[worst])}." if len(shapes) > 1 else "."), 0.0, 1.0, "share"))
    return scores


def marginals(X, X_train, layout: Layout) -> dict[str, float]:
    """Overlap (0 to 1) of each column's distribution, by name; nameless columns of one block are numbered."""
    from scipy.stats import ks_2samp

    found = {}
    for block, span in layout.spans():
        if block.likelihood == "categorical":
            found[block.name] = 1 - 0.5 * float(np.abs(X[:, span].mean(0) - X_train[:, span].mean(0)).sum())
            continue
        for j in range(span.start, span.stop, max(1, (span.stop - span.start) // 64)):      # long arrays: some of their columns
            name = block.name if block.size == 1 else f"{block.name} {j - span.start + 1}".strip()
            found[name] = 1 - float(ks_2samp(X[:, j], X_train[:, j]).statistic)
    return found


def _rows(X, layout: Layout) -> np.ndarray:
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X, np.float64)
    if layout.has("counts"):
        X = X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    return X
