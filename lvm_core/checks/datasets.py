"""What every built-in dataset promises."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from ..datasets.base import Dataset, Source
from .base import (
    Check,
    require,
    require_equal,
    require_finite,
    require_parameters,
    require_words,
    run,
)
from .codecs import same_items


class DatasetCase:
    """A source and the dataset it makes, loaded once."""

    def __init__(self, source: Source):
        self.source = source
        self.cls: type[Source] = type(source)

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset. Do not change it."""
        return self.source.load()


def require_whole(dataset: Dataset) -> None:
    """The parts of a dataset belong together."""
    n, d = dataset.X.shape
    require(n >= 3, f"{n} rows, expected at least 3")
    require(dataset.X.dtype == np.float32, f"X is {dataset.X.dtype}, expected float32")
    require_finite(dataset.X, "rows of X")
    require_equal(dataset.schema.d, d, "columns of the schema")
    require_equal(len(dataset.rows), n, "number of rows")
    known = dataset.label is None or dataset.label in dataset.rows
    require(known, f"the label {dataset.label!r} is no column of the rows")
    require(dataset.name.strip(), "has no name")
    require(all(note.strip() for note in dataset.notes), "one of the notes is empty")


def check_describes_itself(case: DatasetCase) -> None:
    """What the pages say about it is there."""
    require_words(case.cls, "name", "title", "summary", "origin", "kind")
    kinds = ("image", "table", "text", "array")
    require(case.cls.kind in kinds, f"kind is {case.cls.kind!r}, expected one of {kinds}")
    require_parameters(case.cls)
    case.cls().validate()


def check_the_parts_fit(case: DatasetCase) -> None:
    """X, rows, label, codec and schema belong together and to the stated kind."""
    require_equal(case.dataset.kind, case.cls.kind, "kind of the dataset")
    require_whole(case.dataset)


def check_items_come_back(case: DatasetCase) -> None:
    """What the codec makes of X are the items, and they encode to X again."""
    dataset = case.dataset
    back = dataset.decode(dataset.X[:5])
    require_equal(len(back), 5, "items of five rows")
    if dataset.kind == "text":
        for terms, document in zip(back, dataset.items(range(5))):
            known = all(term in document.lower() for term, _ in terms)
            require(known, "a document has terms that are not in it")
    elif dataset.kind == "table":
        same_items(back, dataset.rows[list(back)].head(), "rows there and back")
    else:
        same_items(dataset.codec.encode(back), dataset.X[:5], "rows there and back")


def check_seeds_reproduce(case: DatasetCase) -> None:
    """The same parameters give the same rows; another seed, where there is one, gives others."""
    parameters = {name: getattr(case.source, name) for name in case.cls.parameters()}
    again = case.cls(**parameters).load()
    require_equal(again.fingerprint, case.dataset.fingerprint, "fingerprints")
    require(again.rows.equals(case.dataset.rows), "the rows differ when they are made again")
    if "seed" in parameters:
        other = case.cls(**parameters | {"seed": parameters["seed"] + 1}).load()
        differs = other.fingerprint != case.dataset.fingerprint
        require(differs, "another seed gives the same rows: the seed is not used")


CHECKS = (
    check_describes_itself,
    check_the_parts_fit,
    check_items_come_back,
    check_seeds_reproduce,
)


def dataset_checks(source: Source | type[Source]) -> Iterator[Check]:
    """The checks of a built-in dataset one by one.

    Parameters
    ----------
    source : Source or type
        An instance is checked with its parameters, a class with its defaults.

    Yields
    ------
    Check
    """
    case = DatasetCase(source() if isinstance(source, type) else source)
    for test in CHECKS:
        yield Check(case.cls.name or case.cls.__name__, test, case)


def check_dataset(source: Source | type[Source]) -> None:
    """Check everything that a built-in dataset promises.

    Parameters
    ----------
    source : Source or type
        An instance is checked with its parameters, a class with its defaults.

    Raises
    ------
    AssertionError
        For the first property that does not hold, and what was found.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.checks import check_dataset
    >>> check_dataset(DATASETS["spiral"](n=50))
    """
    run(dataset_checks(source))
