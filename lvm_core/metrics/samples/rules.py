"""What always holds in the real rows of a table, and how many generated rows break it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...codecs.constraints import find_constraints
from ...codecs.constraints.base import as_numbers
from ...labels import is_measured


@dataclass(frozen=True)
class Rules:
    """What :func:`rules` found.

    Parameters
    ----------
    table : DataFrame
        ``rule`` in words, ``made`` and ``real``: the shares of generated and of other real rows
        that break it (NaN without any). Most broken first, measured by what goes beyond ``real``.
    made, real : float
        The shares of rows that break any.
    """

    table: pd.DataFrame
    made: float
    real: float


def rules(real: pd.DataFrame, generated: pd.DataFrame, other: pd.DataFrame) -> Rules:
    """What holds in every real row, and how many others break it.

    Ranges of numbers and dates, whole numbers, categories that there are; one number or date that
    is never greater than another, sums, and columns that another determines, see
    :func:`~lvm_core.codecs.constraints.find_constraints`. A rule is read off the rows, so some hold
    by chance: the share of other real rows that break it says so.

    Parameters
    ----------
    real : DataFrame of n rows
        Real rows the rules are taken from.
    generated : DataFrame of m rows
        Generated rows, with the same columns.
    other : DataFrame
        Other real rows, with the same columns; may be empty.

    Returns
    -------
    Rules

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.samples.rules import rules
    >>> real = pd.DataFrame({"start": [i % 29 for i in range(90)]})
    >>> real["end"] = real["start"] + [i % 7 for i in range(90)]
    >>> found = rules(real, pd.DataFrame({"start": [3, 9], "end": [5, 8]}), real[:0])
    >>> found.table["rule"][0], found.made
    ('start is at most end', 0.5)
    """
    tables = generated, other
    numbers = {c: as_numbers(real[c]) for c in real.columns if is_measured(real[c])}
    found = []
    for name in real.columns:
        if name not in numbers:
            known = real[name].dropna().unique()
            words = f"{name} is one of the {len(known):,} values it has"
            found.append((words, [t[name].notna() & ~t[name].isin(known) for t in tables]))
            continue
        x = numbers[name][~np.isnan(numbers[name])]
        if not len(x):
            continue
        sides = [as_numbers(t[name]) for t in tables]
        slack = 1e-9 * max(abs(x.min()), abs(x.max()))
        date = pd.api.types.is_datetime64_any_dtype(real[name])
        say = (lambda v: f"{pd.Timestamp(v, unit='us'):%Y-%m-%d}") if date else (lambda v: f"{v:g}")
        found.append(
            (
                f"{name} lies from {say(x.min())} to {say(x.max())}",
                [(y < x.min() - slack) | (y > x.max() + slack) for y in sides],
            )
        )
        if not date and (x == np.round(x)).all():
            found.append((f"{name} is whole", [y != np.round(y) for y in _filled(sides)]))
    found += [
        (rule.words, [rule.broken(t) for t in tables])
        for rule in find_constraints(real, support=1.0)
    ]
    share = lambda broken: float(np.mean(broken)) if len(broken) else float("nan")
    shares = [(words, *map(share, sides)) for words, sides in found]
    anyhow = [
        share(np.any([np.asarray(sides[i]) for _, sides in found], axis=0)) if found else 0.0
        for i in (0, 1)
    ]
    table = pd.DataFrame(shares, columns=["rule", "made", "real"])
    beyond = table["made"] - table["real"].fillna(0.0)
    order = np.argsort(-beyond.to_numpy(), kind="stable")
    return Rules(table.iloc[order].reset_index(drop=True), *anyhow)


def _filled(sides) -> list[np.ndarray]:
    return [np.where(np.isnan(y), 0.0, y) for y in sides]
