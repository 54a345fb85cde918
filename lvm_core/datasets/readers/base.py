"""The contract of a reader: one file format -> Dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...params import Params, param
from ..base import Dataset
from ..frames import TableOptions, table_dataset
from ..upload import Upload


class Reader(Params):
    """What reads one file format.

    A subclass is a dataclass of ``param`` fields: the options a person may correct. The options
    that were found, where they stood on ``auto``, are in ``dataset.source["options"]`` of what it
    reads. Readers are asked in order of ``list_order`` whether a file is theirs; they look at its
    content first, its suffix second.

    Attributes
    ----------
    name, title : str
        Its name in code and on the page, of the class.
    suffixes : tuple of str
        Lower case, each with its dot.
    list_order : int
        The lowest is asked first.

    See Also
    --------
    lvm_core.datasets.read_dataset : Read a file with the reader that fits.

    Examples
    --------
    >>> from lvm_core.datasets import READERS
    >>> READERS["parquet"].suffixes
    ('.parquet', '.pq')
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ()
    list_order: ClassVar[int] = 50

    @classmethod
    def matches(cls, upload: Upload) -> bool:
        """Whether this reader should read the file."""
        raise NotImplementedError

    def read(self, upload: Upload) -> Dataset:
        """Read the file.

        Raises
        ------
        DataError
            When it cannot be read, or the options do not fit it.
        """
        raise NotImplementedError


@dataclass
class TextReader(Reader):
    """What can be chosen wherever documents become counts of terms.

    Parameters
    ----------
    max_terms : int
        How many of the most frequent terms are kept.
    min_df : int
        Documents a term must be in; 0, the default, chooses 1 below 50 documents, else 2.
    stop_words : {"auto", "english", "none"}
        Whether words such as "the" and "of" are left out; auto does so for larger English corpora.
    numbers : bool
        Whether numbers are terms too.

    See Also
    --------
    lvm_core.codecs.text.TextCodec.of : Learns the terms.

    Examples
    --------
    >>> from lvm_core.datasets.readers.base import TextReader
    >>> list(TextReader.parameters())
    ['max_terms', 'min_df', 'stop_words', 'numbers']
    """

    max_terms: int = param(
        5000,
        low=2,
        high=20_000,
        help="How many of the most frequent terms are kept.",
        label="Terms kept",
    )
    min_df: int = param(
        0,
        low=0,
        high=1000,
        help="Documents a term must be in; 0 chooses 1 below 50 documents, else 2.",
        label="Documents a term must be in",
        advanced=True,
    )
    stop_words: str = param(
        "auto",
        choices=("auto", "english", "none"),
        help=(
            "Whether words such as 'the' and 'of' are left out; auto does so for larger English "
            "corpora."
        ),
        label="Function words",
        advanced=True,
    )
    numbers: bool = param(
        False,
        help="Whether numbers, and what digits begin, are terms too.",
        label="Numbers",
        advanced=True,
    )

    def _text_options(self) -> dict:
        return {
            "max_terms": self.max_terms,
            "min_df": self.min_df,
            "stop_words": self.stop_words,
            "numbers": self.numbers,
        }


@dataclass
class TableReader(TextReader):
    """What can be chosen of every table.

    ``types`` (column -> type, or ``ignore``) is given to :func:`read_dataset` beside them.

    Parameters
    ----------
    max_terms, min_df, stop_words, numbers
        As for :class:`TextReader`.
    kind : {"auto", "table", "text", "array", "ratings"}
        Whether to learn from the table's columns one by one, from the documents in one of them,
        from all its numbers as one vector a row, such as a spectrum, or from ratings, of which it
        has a row each: these become a row a person and a column an item.
    label : str
        The column that colours the map and is kept from the model; none for no column.
    text_column : str
        The column that holds the documents.
    series : str
        For one long table with a row a moment: the column that says which series a row belongs to.
        Each series becomes one row to learn from. auto, the default, finds it; none cuts nothing.
        Of ratings: who rates.
    value : str
        The column of numbers a series follows; auto follows all. Of ratings: these.
    order : str
        The column of times that orders the points of a series; none for the order of the file. Of
        ratings: what is rated.
    max_levels : int
        Categories kept for a column; rarer ones become ``(other)``.
    missing : str
        Further words and numbers that mean missing, between commas or semicolons.

    See Also
    --------
    lvm_core.datasets.frames.table_dataset : Makes the dataset.

    Examples
    --------
    >>> from lvm_core.datasets.readers.base import TableReader
    >>> TableReader.parameters()["max_levels"].domain()
    'a whole number from 2 to 1000'
    """

    kind: str = param(
        "auto",
        choices=("auto", "table", "text", "array", "ratings"),
        help="Learn from the table's columns one by one, from the documents in one of them, from "
        "all its numbers as one vector a row, such as a spectrum, or from ratings, a row each.",
        label="Read as",
    )
    label: str = param(
        "auto",
        help="The column that colours the map and is kept from the model; none for no column.",
        label="Label column",
    )
    text_column: str = param(
        "auto", help="The column that holds the documents.", label="Text column"
    )
    series: str = param(
        "auto",
        help="For one long table with a row a moment: the column that says which series a row "
        "belongs to. Each series becomes one row to learn from. Of ratings: who rates.",
        label="Series column",
    )
    value: str = param(
        "auto",
        help="The column of numbers a series follows, all by default. Of ratings: these.",
        label="Value column",
    )
    order: str = param(
        "auto",
        help=(
            "The column of times that orders the points of a series; none for the order of the "
            "file. Of ratings: what is rated."
        ),
        label="Time column",
    )
    max_levels: int = param(
        50,
        low=2,
        high=1000,
        help="Categories kept for a column; rarer ones become (other).",
        label="Categories kept",
        advanced=True,
    )

    missing: str = param(
        "",
        help="Further words and numbers that mean missing, between commas, such as -200, unknown.",
        label="Missing values",
    )

    def __post_init__(self):
        self.types: dict[str, str] = {}

    def _dataset(self, frame, name: str, notes: list[str], **found) -> Dataset:
        options = TableOptions(
            self.kind,
            self.label,
            self.text_column,
            self.max_levels,
            found.get("decimal", "."),
            self.types,
            self._text_options(),
            self.series,
            self.value,
            self.order,
            self.missing,
        )
        dataset = table_dataset(frame, name, options, notes)
        dataset.source["options"].update(found)
        return dataset
