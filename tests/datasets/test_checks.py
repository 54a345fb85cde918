"""Every built-in dataset and reader keeps its promises, and every check can fail."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of, good_pictures, npy, zipped
from format_files import (
    arff,
    cifar,
    hdf5,
    libsvm,
    matlab,
    mnist,
    projector,
    stata,
    word2vec,
)
from hostile_files import parquet, xlsx

from lvm_core import DATASETS, DataError
from lvm_core.checks import (
    Check,
    check_dataset,
    check_reader,
    dataset_checks,
    datasets,
    reader_checks,
    readers,
)
from lvm_core.datasets import READERS

SMALL = {
    "spectra": {"n": 60, "wavelengths": 500},
    "sprites": {"n": 90},
    "spiral": {"n": 200},
    "docstrings": {"n": 90},
}
SOURCES = [
    check for name, cls in DATASETS.items() for check in dataset_checks(cls(**SMALL.get(name, {})))
]
FRAME = pd.DataFrame({"a": np.arange(20) / 7, "b": np.arange(20) % 3, "w": list("uv") * 10})
STORIES = [f"the cat {i} sat on the mat and the dog barked" for i in range(12)]
FILES = {
    "numpy": ("a.npy", npy(np.random.default_rng(0).normal(size=(20, 5)))),
    "parquet": ("a.parquet", parquet(FRAME)),
    "xlsx": ("a.xlsx", xlsx([list(FRAME), *FRAME.to_numpy().tolist()])),
    "images": ("a.zip", zipped(good_pictures(6))),
    "texts": (
        "a.zip",
        zipped({f"{'ab'[i % 2]}/{i}.txt": s.encode() for i, s in enumerate(STORIES)}),
    ),
    "jsonl": ("a.jsonl", FRAME.to_json(orient="records", lines=True).encode()),
    "word_vectors": ("a.vec", word2vec()),
    "arff": ("a.arff", arff()),
    "svmlight": ("a.libsvm", libsvm()),
    "idx": ("a.zip", mnist()),
    "cifar": ("a.bin", cifar()),
    "hdf5": ("a.h5", hdf5()),
    "matlab": ("a.mat", matlab()),
    "statistical": ("a.dta", stata()),
    "tensorboard": ("a.zip", projector()),
    "csv": ("a.csv", csv_of(FRAME)),
    "txt": ("a.txt", "\n".join(STORIES).encode()),
}
FORMATS = [
    check
    for key, (name, data) in FILES.items()
    for check in reader_checks(READERS[key], data, name)
]


def test_every_reader_is_checked():
    assert set(FILES) == set(READERS)


@pytest.mark.parametrize("check", SOURCES, ids=str)
def test_every_dataset_keeps_its_promises(check):
    check()


@pytest.mark.parametrize("check", FORMATS, ids=str)
def test_every_reader_keeps_its_promises(check):
    check()


# -- a dataset that breaks one promise -------------------------------------------------------------

Spiral = DATASETS["spiral"]


@dataclass
class Untold(Spiral):
    origin = ""


@dataclass
class OfAnotherKind(Spiral):
    kind = "table"


@dataclass
class Torn(Spiral):
    def load(self):
        dataset = super().load()
        dataset.label = "no such column"
        return dataset


@dataclass
class Bent(Spiral):
    def load(self):
        dataset = super().load()
        dataset.codec = replace(dataset.codec, mean=dataset.codec.mean.astype(np.float16))
        dataset.codec.encode = lambda items: np.zeros((len(items), 3), np.float32)
        return dataset


@dataclass
class ByChance(Spiral):
    def load(self):
        dataset = super().load()
        dataset.X = dataset.X + np.random.default_rng().normal(size=dataset.X.shape).astype("f4")
        return dataset


@dataclass
class SameSeed(Spiral):
    def load(self):
        return Spiral(n=self.n).load()


BAD_SOURCES = [
    ("describes itself", Untold),
    ("the parts fit", OfAnotherKind),
    ("the parts fit", Torn),
    ("items come back", Bent),
    ("seeds reproduce", ByChance),
    ("seeds reproduce", SameSeed),
]


@pytest.mark.parametrize("name, cls", BAD_SOURCES)
def test_a_dataset_that_breaks_a_promise_fails_its_check(name, cls):
    test = getattr(datasets, "check_" + name.replace(" ", "_"))
    with pytest.raises(AssertionError, match=f"^{cls.__name__}: {name}: "):
        Check(cls.__name__, test, datasets.DatasetCase(cls(n=50)))()


# -- a reader that breaks one promise --------------------------------------------------------------

Csv = READERS["csv"]


@dataclass
class Undotted(Csv):
    suffixes = ("csv",)


@dataclass
class Greedy(Csv):
    @classmethod
    def matches(cls, upload):
        return True


@dataclass
class Lossy(Csv):
    def read(self, upload):
        dataset = super().read(upload)
        dataset.rows = dataset.rows.iloc[:-1]
        return dataset


@dataclass
class Shuffles(Csv):
    def read(self, upload):
        dataset = super().read(upload)
        dataset.X = np.random.default_rng().permuted(dataset.X, axis=0)
        return dataset


@dataclass
class Trips(Csv):
    def read(self, upload):
        try:
            return super().read(upload)
        except DataError as error:
            raise IndexError from error


BAD_READERS = [
    ("describes itself", Undotted),
    ("matches its own files", Greedy),
    ("reads whole datasets", Lossy),
    ("reading again gives the same", Shuffles),
    ("broken files are refused in a sentence", Trips),
]


@pytest.mark.parametrize("name, cls", BAD_READERS)
def test_a_reader_that_breaks_a_promise_fails_its_check(name, cls):
    test = getattr(readers, "check_" + name.replace(" ", "_"))
    with pytest.raises(AssertionError, match=f"^{cls.__name__}: {name}: "):
        Check(cls.__name__, test, readers.ReaderCase(cls(), csv_of(FRAME), "a.csv"))()


def test_every_check_can_fail():
    for room, bad in ((datasets, BAD_SOURCES), (readers, BAD_READERS)):
        assert {Check("", test, None).name for test in room.CHECKS} == {name for name, _ in bad}


def test_checking_stops_at_the_promise_that_is_broken():
    with pytest.raises(AssertionError, match="^spiral: the parts fit: kind of the dataset"):
        check_dataset(OfAnotherKind)
    with pytest.raises(AssertionError, match="^csv on a.csv: matches its own files"):
        check_reader(Greedy, csv_of(FRAME), "a.csv")
