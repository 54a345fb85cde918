"""What names a row, and what is about persons."""

import pandas as pd
import pytest
from example_files import csv_of

from lvm_core import read_dataset
from lvm_core.datasets.titles import SHOWN, private_columns, title_columns, without_private

N = 60
PEOPLE = pd.DataFrame(
    {
        "customer_id": [f"C{100_000 + i}" for i in range(N)],
        "Name": [f"{a}, Mr. {b}" for a in ("Braund", "Allen", "Moran") for b in ("Owen", "Will")]
        * (N // 6),
        "email": [f"user{i}@example.com" for i in range(N)],
        "mobile": [f"+49 170 {1000 + i}456" for i in range(N)],
        "signup_date": pd.date_range("2023-01-01", periods=N).strftime("%Y-%m-%d"),
        "orders": [i % 7 for i in range(N)],
        "plan": ["free", "pro", "team"] * (N // 3),
    }
)
PEOPLE["Name"] = [f"{name} {chr(65 + i % 26)}." for i, name in enumerate(PEOPLE["Name"])]


def test_columns_about_persons_are_found_by_what_they_hold_and_are_called():
    assert private_columns(PEOPLE) == {
        "Name": "names",
        "email": "e-mail addresses",
        "mobile": "telephone numbers",
    }


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["Apple", "Pear", "Plum"] * 9, name="name"),
        pd.Series(["a great red car", "some small thing"] * 9, name="name"),
        pd.Series(["12 @ 3", "at @home", "x@y"] * 9, name="note"),
        pd.Series(["1234567", "2345678", "3456789"] * 9, name="serial"),
        pd.Series(range(10**6, 10**6 + 30), name="population"),
        pd.Series(["2023-01-01", "2023-05-01"] * 9, name="phone_release"),
        pd.Series(["Windows", "Linux"] * 9, name="operating_system_name"),
    ],
)
def test_what_only_looks_a_little_like_it_is_left_alone(column):
    assert private_columns(column.to_frame()) == {}


def test_the_id_names_a_row_then_what_a_model_sees_and_no_date_first():
    dataset = read_dataset(csv_of(PEOPLE), "customers.csv")
    found = title_columns(dataset)
    assert (
        found.id == "customer_id" and found.shown == ("orders", "signup_date")[: len(found.shown)]
    )
    assert found.hidden == set(found.private) == {"Name", "email", "mobile"}
    dataset.source[SHOWN] = True
    assert title_columns(dataset).hidden == set() and title_columns(dataset).private


def test_what_leaves_has_no_columns_about_persons():
    dataset = read_dataset(csv_of(PEOPLE), "customers.csv", label="email")
    assert dataset.label == "email"
    out = without_private(dataset)
    assert out.label is None and out.X is dataset.X and "@" not in out.rows.to_csv()
    assert "email" in dataset.rows
    dataset.source[SHOWN] = True
    assert without_private(dataset) is dataset
    assert "email" not in without_private(dataset, all=True).rows


MAKES, LETTERS = ["ford", "audi", "fiat", "saab"], "abcdefghijklmno"
CARS = pd.DataFrame(
    {
        "code": [f"C{1000 + i}" for i in range(240)],
        "model": [f"{a} {b}{c}" for a in MAKES for b in LETTERS for c in "qrst"],
        "doors": [4] * 160 + [2] * 80,
        "power": [50 + i % 23 for i in range(240)],
    }
)
MOSTLY = {"model": ["ford pinto"] * 80 + list(CARS.model[80:])}


@pytest.mark.parametrize(
    "change, named",
    [
        ({}, "model"),
        (MOSTLY, "code"),
        (MOSTLY | {"code": 1.5}, "model"),
        ({"model": ["ford pinto"] * 160 + list(CARS.model[160:]), "code": 1.5}, None),
        ({"model": [f"https://cars.org/{m}" for m in CARS.model]}, "code"),
    ],
)
def test_words_name_a_row_before_a_code_and_where_most_rows_have_words_of_their_own(change, named):
    assert title_columns(read_dataset(csv_of(CARS.assign(**change)), "cars.csv")).id == named


def test_columns_that_are_the_same_in_most_rows_are_shown_last():
    assert title_columns(read_dataset(csv_of(CARS), "cars.csv")).shown == ("power", "doors")
