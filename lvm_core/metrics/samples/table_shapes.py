"""Small pictures of the worst columns and pairs of a generated table, as shares."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import pandas as pd

from ...labels import is_measured
from .mixed import as_numbers

MOST_SHAPES, MOST_GRIDS = 6, 4
_BINS, _LEVELS, _CELLS = 24, 10, 8


def shapes(
    real: pd.DataFrame, generated: pd.DataFrame, names: list[str], hidden: Container[str] = ()
) -> list[dict]:
    """Distributions of columns, as shares.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.
    names : list of str
        The columns, worst first; the first ``MOST_SHAPES`` that can be drawn are.
    hidden : set of str, default=()
        Columns whose values are not shown.

    Returns
    -------
    list of dict
        ``name``, ``labels``, and shares ``real`` and ``made``. Values beyond the middle 98 in a
        hundred of both are in the outermost bins; of categories the ten commonest are shown, then
        all others.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.table_shapes import shapes
    >>> shapes(pd.DataFrame({"kind": list("aab")}), pd.DataFrame({"kind": list("b")}), ["kind"])
    [{'name': 'kind', 'labels': ['a', 'b'], 'real': [0.667, 0.333], 'made': [0.0, 1.0]}]
    """
    found = []
    for name in (n for n in names if n not in hidden):
        both = [_column(table, name) for table in (real, generated)]
        cut = _cut(both[0], both[1], _BINS, _LEVELS, equal=True)
        if cut is not None:
            sides = [cut.shares(side) for side in both]
            found.append({"name": name, "labels": cut.labels, "real": sides[0], "made": sides[1]})
        if len(found) == MOST_SHAPES:
            break
    return found


def grids(
    real: pd.DataFrame, generated: pd.DataFrame, pairs: list[list[str]], hidden: Container[str] = ()
) -> list[dict]:
    """Joint distributions of pairs of columns, as shares.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows.
    generated : DataFrame of m rows
        Generated rows, with the same columns.
    pairs : list of [str, str]
        The pairs, worst first; the first ``MOST_GRIDS`` that can be drawn are.
    hidden : set of str, default=()
        Columns whose values are not shown.

    Returns
    -------
    list of dict
        ``a``, ``b``, ``rows`` and ``columns`` (labels), and shares ``real`` and ``made``, a list a
        value of a. Numbers are cut into equally many real rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.table_shapes import grids
    >>> rows = pd.DataFrame({"x": list("ab"), "y": list("cd")})
    >>> grids(rows, rows, [["x", "y"]])[0]["real"]
    [[0.5, 0.0], [0.0, 0.5]]
    """
    found = []
    for a, b in pairs:
        if a in hidden or b in hidden:
            continue
        down, across = (
            _cut(_column(real, n), _column(generated, n), _CELLS, _CELLS, equal=False)
            for n in (a, b)
        )
        if down is None or across is None or min(len(down.labels), len(across.labels)) < 2:
            continue
        sides = []
        for table in (real, generated):
            joint = np.zeros((len(down.labels), len(across.labels)))
            places = down.place(_column(table, a)), across.place(_column(table, b))
            np.add.at(joint, places, 1 / max(len(table), 1))
            sides.append(joint.round(4).tolist())
        labels = {"rows": down.labels, "columns": across.labels}
        found.append({"a": a, "b": b, **labels, "real": sides[0], "made": sides[1]})
        if len(found) == MOST_GRIDS:
            break
    return found


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    """By the name as text."""
    return table.iloc[:, [str(c) for c in table.columns].index(name)]


class _Cut:
    """How a column is cut: labels of the parts, and the part of each value."""

    def __init__(self, labels: list[str], place):
        self.labels, self.place = labels, place

    def shares(self, column: pd.Series) -> list[float]:
        counts = np.bincount(self.place(column), minlength=len(self.labels))
        return (counts / max(len(column), 1)).round(3).tolist()


def _cut(real: pd.Series, made: pd.Series, bins: int, levels: int, equal: bool) -> _Cut | None:
    gone, column = bool(real.isna().any() or made.isna().any()), real
    if is_measured(column):
        return _cut_numbers(column, gone, bins, equal)
    counts = column.value_counts()
    kept = list(counts.index[:levels])
    rest = len(counts) > levels or not made.dropna().isin(kept).all()
    labels = [_short(v) for v in kept] + (["others"] if rest else [])
    known, other = {value: i for i, value in enumerate(kept)}, len(kept)
    if gone:
        labels.append("missing")

    def place(side: pd.Series) -> np.ndarray:
        found = side.astype(object).map(lambda v: known.get(v, other), na_action="ignore")
        return found.where(side.notna(), len(labels) - 1).to_numpy().astype(int)

    return _Cut(labels, place) if labels else None


def _cut_numbers(column: pd.Series, gone: bool, bins: int, equal: bool) -> _Cut | None:
    x = as_numbers(column)
    x = x[np.isfinite(x)]
    if not len(x):
        return None
    values = np.unique(x)
    if len(values) <= bins:
        edges = (values[1:] + values[:-1]) / 2
        ends = values
    elif equal:
        low, high = np.quantile(x, [0.01, 0.99])
        low, high = (low, high) if low < high else (values[0], values[-1])
        whole = np.linspace(low, high, bins + 1)
        edges, ends = whole[1:-1], whole[:-1]
    else:
        edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1]))
        ends = np.concatenate([values[:1], edges])
    if pd.api.types.is_datetime64_any_dtype(column):
        labels = [f"{pd.Timestamp(v, unit='us'):%Y-%m-%d}" for v in ends]
    else:
        labels = [f"{v:.4g}" for v in ends]
    if gone:
        labels.append("missing")

    def place(side: pd.Series) -> np.ndarray:
        y = as_numbers(side)
        found = np.searchsorted(edges, np.nan_to_num(y), "right")
        return np.where(np.isnan(y), len(labels) - 1, found)

    return _Cut(labels, place)


def _short(value) -> str:
    text = str(value)
    return text if len(text) <= 24 else text[:23] + "…"
