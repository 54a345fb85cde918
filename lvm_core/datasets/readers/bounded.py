"""What can be chosen of a table that has lines around it, as text or in a workbook."""

from __future__ import annotations

from dataclasses import dataclass

from ...params import param
from .base import TableReader


@dataclass
class BoundedReader(TableReader):
    """What can be chosen of a table that has lines around it.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers, kind, label, text_column, series, value, order,
    max_levels
        As for :class:`~lvm_core.datasets.readers.base.TableReader`.
    header : {"auto", "yes", "no", "two"}
        Whether the first row of the table holds the columns' names, or the first two do.
    first_line : int
        The line the table begins at, names included, from 1; 0 finds it.
    unit_lines : int
        Lines of units or types under the names, which are left out; -1 finds them.
    footer_lines : int
        Lines at the end that are no items, such as totals and sources; -1 finds them.
    decimal : {"auto", ".", ","}
        What stands before a number's fraction.

    See Also
    --------
    lvm_core.datasets.readers.table_bounds.find_bounds : Finds where a table begins.

    Examples
    --------
    >>> from lvm_core import read_dataset
    >>> lines = b"Sizes\\nname,size,age\\n,[m],[a]\\na,1.5,2\\nb,2.5,7\\nc,3.5,5\\n"
    >>> options = read_dataset(lines, "sizes.csv").source["options"]
    >>> options["first_line"], options["header"], options["unit_lines"], options["footer_lines"]
    (2, 'yes', 1, 0)
    """

    header: str = param(
        "auto",
        choices=("auto", "yes", "no", "two"),
        help="Whether the first row of the table holds the columns' names, or the first two do.",
        label="First row is names",
        advanced=True,
    )
    first_line: int = param(
        0,
        low=0,
        help="The line the table begins at, names included; 0 finds it.",
        label="Table begins at line",
        advanced=True,
    )
    unit_lines: int = param(
        -1,
        low=-1,
        help="Lines of units or types under the names, which are left out; -1 finds them.",
        label="Lines of units",
        advanced=True,
    )
    footer_lines: int = param(
        -1,
        low=-1,
        help="Lines at the end that are no items, such as totals and sources; -1 finds them.",
        label="Lines at the end left out",
        advanced=True,
    )
    decimal: str = param(
        "auto",
        choices=("auto", ".", ","),
        help="What stands before a number's fraction.",
        label="Decimal sign",
    )
