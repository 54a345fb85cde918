"""What every reader of files promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np

from ..datasets.base import Dataset
from ..datasets.readers import READERS
from ..datasets.readers.base import Reader
from ..datasets.upload import Upload
from ..settings import DataError
from .base import Check, require, require_equal, require_parameters, require_words, run
from .datasets import require_whole


class ReaderCase:
    """A reader and one good file of its format, read once."""

    def __init__(self, reader: Reader, content: bytes, name: str):
        self.reader, self.upload = reader, Upload.open(content, name)
        self.cls: type[Reader] = type(reader)

    @cached_property
    def dataset(self) -> Dataset:
        """What is in the file. Do not change it."""
        return self.reader.read(self.upload)


def check_describes_itself(case: ReaderCase) -> None:
    """What the pages say about it is there."""
    cls = case.cls
    require_words(cls, "name", "title")
    require(cls.suffixes, "states no suffixes; the file picker would not offer its files")
    dotted = [s for s in cls.suffixes if not s.startswith(".") or s != s.lower()]
    require(not dotted, f"suffixes are lower case and begin with a dot: {dotted}")
    require_parameters(cls)


def check_matches_its_own_files(case: ReaderCase) -> None:
    """It says that the file is its own and, unless it is asked last, that others are not."""
    require(case.cls.matches(case.upload), f"does not match {case.upload.name}")
    noise = np.random.RandomState(0).bytes(500)
    stranger = Upload("data.bin", b"\x89PNG\r\n\x1a\n" + noise)
    last = list(READERS.values())[-1] is case.cls
    require(last or not case.cls.matches(stranger), "matches a file that is not its own")


def check_reads_whole_datasets(case: ReaderCase) -> None:
    """X, rows, label, codec and schema belong together."""
    require_whole(case.dataset)


def check_reading_again_gives_the_same(case: ReaderCase) -> None:
    """Nothing is left to chance, and the file is not changed."""
    before = bytes(case.upload.data)
    again = case.reader.read(case.upload)
    require_equal(again.fingerprint, case.dataset.fingerprint, "fingerprints of two readings")
    require(again.rows.equals(case.dataset.rows), "the rows differ when they are read again")
    require(bytes(case.upload.data) == before, "the bytes of the upload were changed")


def check_broken_files_are_refused_in_a_sentence(case: ReaderCase) -> None:
    """Of a file cut short or overwritten comes a DataError in a sentence, or what is good of it."""
    data = bytes(case.upload.data)
    rng = np.random.RandomState(0)
    half = len(data) // 2
    broken = {
        "cut in half": data[:half],
        "without its last bytes": data[:-3],
        "begun": data[:4],
        "with noise in the middle": data[:half] + rng.bytes(64) + data[half + 64 :],
        "with noise at its end": data + rng.bytes(64),
        "of blanks": b" \n \n \n",
        "of zeros": b"\0" * 64,
    }
    for what, content in broken.items():
        try:
            found = case.reader.read(replace(case.upload, data=content))
        except DataError as error:
            said = str(error).strip()
            require(said and "\n" not in said, f"a file {what}: no single sentence: {said!r}")
        except Exception as error:
            raise AssertionError(f"a file {what} raised {error!r}, expected a DataError") from error
        else:
            require_whole(found)


CHECKS = (
    check_describes_itself,
    check_matches_its_own_files,
    check_reads_whole_datasets,
    check_reading_again_gives_the_same,
    check_broken_files_are_refused_in_a_sentence,
)


def reader_checks(reader: Reader | type[Reader], content: bytes, name: str) -> Iterator[Check]:
    """The checks of a reader one by one.

    Parameters
    ----------
    reader : Reader or type
        An instance is checked with its options, a class with its defaults.
    content : bytes
        A good file of its format.
    name : str
        What that file is called; only its suffix matters.

    Yields
    ------
    Check
    """
    case = ReaderCase(reader() if isinstance(reader, type) else reader, content, name)
    for test in CHECKS:
        yield Check(f"{case.cls.name or case.cls.__name__} on {name}", test, case)


def check_reader(reader: Reader | type[Reader], content: bytes, name: str) -> None:
    """Check everything that a reader of files promises.

    Parameters
    ----------
    reader : Reader or type
        An instance is checked with its options, a class with its defaults.
    content : bytes
        A good file of its format.
    name : str
        What that file is called; only its suffix matters.

    Raises
    ------
    AssertionError
        For the first property that does not hold, and what was found.

    Examples
    --------
    >>> from lvm_core.checks import check_reader
    >>> from lvm_core.datasets import READERS
    >>> lines = [b"%d.5,%d" % (150 + 7 * i % 40, 40 + 11 * i % 50) for i in range(30)]
    >>> table = b"height,weight\\n" + b"\\n".join(lines)
    >>> check_reader(READERS["csv"], table, "people.csv")
    """
    run(reader_checks(reader, content, name))
