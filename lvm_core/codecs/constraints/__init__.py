"""Rules that the rows of a table keep: one file a kind of rule, found by looking in this folder."""

from __future__ import annotations

import pandas as pd

from ...params import Registry, discover
from .base import Constraint

SUPPORT = 0.998  # share of rows a rule holds in at least: a few wrong entries do not hide it
CONSTRAINTS: Registry = discover(__name__, Constraint)


def find_constraints(frame: pd.DataFrame, *, support: float = SUPPORT) -> list[Constraint]:
    """The rules that hold in almost all rows of a table, and would not by chance.

    One column is at most another, one is the sum of others, one is determined by another. Chance is
    what holds when the columns are independent of each other: a rule is found where that breaks at
    least a hundredth of the rows and ten rows, and ten times as many as are broken. Ranges and
    whole numbers are not among them, a codec keeps those; nor is what follows from other rules.

    Parameters
    ----------
    frame : DataFrame (n, ...)
        The rows.
    support : float, default=0.998
        The least share of rows that a rule holds in.

    Returns
    -------
    list of Constraint
        Determined columns first, then sums, then orders, as :func:`~.satisfy.satisfy` takes them.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.codecs.constraints import find_constraints
    >>> real = pd.DataFrame({"start": [i % 29 for i in range(90)]})
    >>> real["end"] = real["start"] + [i % 7 for i in range(90)]
    >>> [rule.words for rule in find_constraints(real)]
    ['start is at most end']
    """
    found: list[Constraint] = []
    for kind in CONSTRAINTS.values():
        new = kind.find(frame, support)
        found += [rule for rule in new if not any(known.implies(rule) for known in found)]
    return found
