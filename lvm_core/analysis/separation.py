"""Which columns a map separates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..labels import is_measured
from ..latent.neighbours import nearest

NEIGHBOURS = 10
MOST_ROWS = 2000  # that are looked at


def separation(codes: np.ndarray, columns: pd.DataFrame) -> dict[str, float]:
    """How well the neighbours of a row tell its value in each column.

    Of classes: the share of the 10 nearest rows of the same class, of numbers and dates: the part
    of their ranks' variance that the mean of the 10 nearest explains; both 1 at best and 0 (or
    below) for values that have nothing to do with the codes. Measured on at most 2 000 rows, seed
    0.

    Parameters
    ----------
    codes : array (n, k)
        Codes, or positions on a map.
    columns : DataFrame of n rows
        What is told. Rows without a value count for nothing.

    Returns
    -------
    dict of str to float
        By column; without those that have one value, or too few to say.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.analysis.separation import separation
    >>> Z = np.random.default_rng(0).normal(size=(200, 2))
    >>> frame = pd.DataFrame({"side": Z[:, 0] > 0, "id": [f"row {i}" for i in range(200)]})
    >>> found = separation(Z, frame)
    >>> found["side"] > 0.8, found["id"] < 0.01
    (True, True)
    """
    n = len(codes)
    rows = np.arange(n)
    if n > MOST_ROWS:
        rows = np.sort(np.random.RandomState(0).choice(n, MOST_ROWS, replace=False))
    k = min(NEIGHBOURS, len(rows) - 1)
    if k < 1:
        return {}
    Z = np.asarray(codes)[rows]
    near = nearest(Z, Z, k + 1)[1]
    # itself is among them, first but where rows are equal
    others = near != np.arange(len(rows))[:, None]
    others[others.all(1), -1] = False
    near = near[others].reshape(len(rows), k)
    found = {str(name): _told(columns[name].iloc[rows], near) for name in columns}
    return {name: value for name, value in found.items() if value is not None}


def _told(column: pd.Series, near: np.ndarray) -> float | None:
    known = column.notna().to_numpy()
    if is_measured(column):
        values = column.rank().to_numpy(float)
        spread = np.nanvar(values) if known.any() else 0.0
        guess = np.where(known[near], values[near], 0.0).sum(1)
    else:
        number = pd.factorize(column)[0]
        share = np.bincount(number[known]) / max(1, known.sum())
        spread = 1.0 - np.square(share).sum()
        guess = ((number[near] == number[:, None]) & known[near]).sum(1).astype(float)
    count = known[near].sum(1)
    told = known & (count > 0)
    if told.sum() < 3 or spread <= 0:
        return None
    guess = guess[told] / count[told]
    if is_measured(column):
        return 1.0 - float(np.square(values[told] - guess).mean() / spread)
    return 1.0 - float((1.0 - guess).mean() / spread)
