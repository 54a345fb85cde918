"""Samples under conditions: they hold in the original columns, and the others are calibrated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lvm_core import MODELS
from lvm_core.analysis.conditional_samples import sample_conditional
from lvm_core.codecs.conditions import condition_bounds
from lvm_core.codecs.table import TableCodec
from lvm_core.settings import DataError


@pytest.fixture(scope="module")
def table():
    """Customers whose spending and churn follow their segment, with known chances."""
    rng, n = np.random.RandomState(0), 6000
    segment = rng.choice(list("ABC"), n, p=[0.6, 0.37, 0.03])
    churned = rng.uniform(size=n) < pd.Series(segment).map({"A": 0.1, "B": 0.6, "C": 0.9})
    spent = np.round(np.exp(rng.normal(pd.Series(segment).map({"A": 1, "B": 2, "C": 3}), 0.4)), 2)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.randint(0, 300, n), unit="D")
    ratio = rng.standard_normal(n) + (segment == "B")
    return pd.DataFrame(
        {
            "segment": segment,
            "churned": churned,
            "spent": np.where(rng.uniform(size=n) < 0.1, np.nan, spent),
            "age": rng.randint(18, 80, n),
            "day": day,
            "ratio": ratio,
        }
    )


@pytest.fixture(scope="module")
def codec(table):
    return TableCodec.of(table)


@pytest.fixture(scope="module")
def model(table, codec):
    X = codec.encode(table)
    params = dict(components=60, batch_size=128, smoothing=0.1)
    return MODELS["ProductMixture"](**params).fit(X, schema=codec.schema)


def test_every_row_fulfils_them_and_the_others_have_the_known_shares(table, codec, model):
    given = {"segment": ["B"], "age": (30, 40), "churned": True}
    X, rows = sample_conditional(model, codec, given, 4000, random_state=0)
    assert X.shape == (4000, codec.schema.d) and list(rows.columns) == list(table.columns)
    assert rows["segment"].eq("B").all() and rows["churned"].all()
    assert rows["age"].between(30, 40).all() and set(rows["age"]) == set(range(30, 41))
    # spending does not depend on age or churn given the segment
    assert np.log(rows["spent"]).mean() == pytest.approx(2.0, abs=0.1)
    assert rows["spent"].isna().mean() == pytest.approx(0.1, abs=0.03)


def test_a_rare_level_is_as_different_as_it_is_in_the_data(table, codec, model):
    _, rows = sample_conditional(model, codec, {"segment": "C"}, 4000, random_state=0)
    real = table[table["segment"] == "C"]
    assert rows["churned"].mean() == pytest.approx(real["churned"].mean(), abs=0.06)
    assert rows["spent"].median() == pytest.approx(real["spent"].median(), rel=0.15)


def test_bayes_backwards(table, codec, model):
    # spending over 20 is hardly ever of segment A
    _, rows = sample_conditional(model, codec, {"spent": (20, None)}, 4000, random_state=0)
    real = table[table["spent"] >= 20]
    assert rows["spent"].min() >= 20
    for level in "ABC":
        share = (real["segment"] == level).mean()
        assert (rows["segment"] == level).mean() == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize(
    "given, holds",
    [
        ({"ratio": (0.12345, 0.5)}, lambda r: r["ratio"].between(0.12345, 0.5)),
        ({"ratio": 0.123}, lambda r: r["ratio"] == 0.123),
        ({"spent": (None, 3.21)}, lambda r: r["spent"] <= 3.21),
        ({"spent": None}, lambda r: r["spent"].isna()),
        ({"day": ("2024-03-01", "2024-03-05")}, lambda r: r["day"].dt.month == 3),
        ({"age": 44, "segment": {"A", "C"}}, lambda r: (r["age"] == 44) & (r["segment"] != "B")),
        ({"churned": "no"}, lambda r: ~r["churned"].astype(bool)),
    ],
)
def test_each_kind_of_condition_holds(codec, model, given, holds):
    _, rows = sample_conditional(model, codec, given, 200, random_state=0)
    assert len(rows) == 200 and holds(rows).all()


@pytest.mark.parametrize(
    "given, words",
    [
        ({"colour": 1}, "There is no column 'colour'"),
        ({"segment": "D"}, "segment is never D in the data; it is one of A, B, C"),
        ({"age": (90, 99)}, "age lies from 18 to 79 in the data"),
        ({"age": (40, 30)}, "age: the range begins after it ends"),
        ({"age": (30.2, 30.8)}, "age has no value in that range"),
        ({"age": None}, "age is never missing in the data"),
        ({"day": "tomorrow"}, "day: 'tomorrow' is no value of this column"),
        ({"age": [30, 40]}, "age is a number: ask for one value or for a range"),
    ],
)
def test_what_cannot_be_is_one_sentence(codec, given, words):
    with pytest.raises(DataError) as error:
        condition_bounds(codec, given)
    assert str(error.value).startswith(words) and str(error.value).count(". ") == 0
