"""Conditions as a person types them."""

from __future__ import annotations

import pandas as pd
import pytest

from lvm_core.codecs.conditions import condition_bounds
from lvm_core.codecs.table import TableCodec
from lvm_core.codecs.where import parse_conditions
from lvm_core.settings import DataError


@pytest.fixture(scope="module")
def codec():
    frame = pd.DataFrame(
        {
            "age": [20, 40, 79],
            "price": [1.25, 3.5, 9.75],
            "ratio": [0.1234567891, 0.2345678912, 0.3456789123],
            "day": pd.to_datetime(["2024-01-01", "2024-03-01", "2024-12-31"]),
            "kind": ["elm", "oak", None],
            "smokes": [True, False, True],
            "city, country": ["Ulm, DE", "Bern, CH", "Ulm, DE"],
            "age group": ["a", "b", "a"],
            "gap": [1.0, None, 2.0],
        }
    )
    return TableCodec.of(frame)


@pytest.mark.parametrize(
    "texts, found",
    [
        (["age >= 30"], {"age": (30.0, None)}),
        (["age>30"], {"age": (31.0, None)}),
        (["age < 30.5"], {"age": (None, 30.0)}),
        (["AGE == 40"], {"age": (40.0, 40.0)}),
        (["age >= 30", "age <= 50", "age>20"], {"age": (30.0, 50.0)}),
        (["price < 3.5"], {"price": (None, pytest.approx(3.49))}),
        (["day > 2024-03-01"], {"day": (pd.Timestamp("2024-03-02"), None)}),
        (["day = 2024-03-01"], {"day": (pd.Timestamp("2024-03-01"),) * 2}),
        (["kind = oak"], {"kind": ["oak"]}),
        (["kind=oak,elm"], {"kind": ["oak", "elm"]}),
        (["kind = "], {"kind": ["(missing)"]}),
        (["kind = oak, elm", "kind = elm"], {"kind": ["elm"]}),
        (["city, country = Ulm, DE"], {"city, country": ["Ulm, DE"]}),
        (["age group = b", "age = 40"], {"age group": ["b"], "age": (40.0, 40.0)}),
        (["smokes = yes"], {"smokes": ["yes"]}),
        (["gap = (missing)"], {"gap": None}),
        (["species = b"], {"species": ["b"]}),
    ],
)
def test_what_is_typed_is_understood_and_can_be_asked(codec, texts, found):
    conditions = parse_conditions(texts, codec, "species", ["a", "b"])
    assert conditions == found
    condition_bounds(codec, {k: v for k, v in conditions.items() if k != "species"})


def test_beyond_a_number_of_any_decimals_is_the_next_one(codec):
    (low, high) = parse_conditions(["ratio > 0.25"], codec)["ratio"]
    assert 0.25 < low < 0.25 + 1e-12 and high is None


@pytest.mark.parametrize(
    "texts, words",
    [
        (["size >= 3"], "There is no column 'size' to put a condition on."),
        (["nonsense"], "'nonsense' is no condition; expected COLUMN = VALUE, or >=, <=, >, <."),
        (["age >= old"], "age: 'old' is no value of this column."),
        (["age >= nan"], "age: 'nan' is no value of this column."),
        (["age >= inf"], "age: 'inf' is no value of this column."),
        (["day = someday"], "day: 'someday' is no value of this column."),
        (["kind = ash"], "kind is never ash in the data; it is one of elm, oak, (missing)."),
        (["kind > elm"], "kind has levels and no order: ask for kind = one of them."),
        (["kind = elm", "kind = oak"], "kind: no level fulfils both conditions."),
        (["gap = ", "gap > 1"], "gap: ask for values or for missing ones, not for both."),
        (["gap > "], "gap: a missing value has no order."),
        (["species = c"], "species is never c in the data; it is one of a, b."),
    ],
)
def test_what_cannot_be_is_one_sentence(codec, texts, words):
    with pytest.raises(DataError) as error:
        parse_conditions(texts, codec, "species", ["a", "b"])
    assert str(error.value) == words
