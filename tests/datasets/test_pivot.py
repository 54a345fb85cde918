"""One long table, cut into series by a column."""

import json

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DataError, read_dataset
from lvm_core.models.hmm import HMM


def long(lengths=(6, 6, 6, 6), seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    number = np.repeat(np.arange(len(lengths)), lengths)
    return pd.DataFrame(
        {
            "who": [f"s{i}" for i in number],
            "time": np.concatenate([np.arange(t) for t in lengths]) * 0.5,
            "pulse": rng.normal(60, 9, len(number)).round(3),
            "site": np.array(["north", "south"])[number % 2],
            "mood": rng.choice(["a", "b"], len(number)),
        }
    )


def said(dataset, words: str) -> bool:
    return any(words in note for note in dataset.notes)


def test_one_row_a_series_in_the_order_of_time():
    frame = long()
    expected = frame["pulse"].to_numpy().reshape(4, 6)
    shuffled = frame.sample(frac=1, random_state=3)
    dataset = read_dataset(csv_of(shuffled), "l.csv", series="who", label="site")
    assert (
        dataset.kind == "array"
        and dataset.X.dtype == np.float32
        and dataset.label == "site"
        and list(dataset.rows) == ["who", "site"]
    )
    by_name = dict(zip(dataset.rows["who"], dataset.items(range(4))))
    assert np.allclose([by_name[f"s{i}"] for i in range(4)], expected, atol=1e-3)
    assert dict(zip(dataset.rows["who"], dataset.rows["site"])) == {
        "s0": "north",
        "s1": "south",
        "s2": "north",
        "s3": "south",
    }
    assert dataset.codec.axis.tolist() == [0, 0.5, 1, 1.5, 2, 2.5] and (
        dataset.codec.axis_label,
        dataset.codec.value_label,
    ) == ("time", "pulse")
    assert said(dataset, "4 series of 6 points of pulse") and said(dataset, "mood")


def test_it_is_never_guessed_and_the_options_give_it_again():
    data = csv_of(long())
    assert read_dataset(data, "l.csv").kind == "table"
    first = read_dataset(data, "l.csv", series="who")
    assert {k: first.source["options"][k] for k in ("series", "value", "order")} == {
        "series": "who",
        "value": "pulse",
        "order": "time",
    }
    assert (
        read_dataset(data, "l.csv", **first.source["options"] | {"types": None}).fingerprint
        == first.fingerprint
    )
    json.dumps(first.source)


def test_lengths_that_differ_are_cut_to_the_shortest_and_counted():
    dataset = read_dataset(csv_of(long((9, 5, 7))), "l.csv", series="who")
    assert (
        dataset.X.shape == (3, 5)
        and said(dataset, "5 to 9 points")
        and said(dataset, "leaves out 6 of 21 points")
    )


@pytest.mark.parametrize(
    "lengths, words",
    [((6, 6), "2 series, at least 3"), ((6, 6, 6, 2), "shortest (s3) has 2 points")],
)
def test_too_few_or_too_short_is_refused(lengths, words):
    with pytest.raises(DataError) as error:
        read_dataset(csv_of(long(lengths)), "l.csv", series="who")
    assert words in str(error.value) and "choose" in str(error.value)


@pytest.mark.parametrize(
    "change, options, words",
    [
        (lambda f: f, {"series": "nobody"}, "no column 'nobody'"),
        (lambda f: f, {"series": "who", "kind": "table"}, "choose array"),
        (lambda f: f, {"series": "who", "value": "site"}, "cannot be followed"),
        (lambda f: f, {"series": "who", "value": "mood"}, "there are: pulse"),
        (lambda f: f, {"series": "who", "label": "mood"}, "changes within a series"),
        (lambda f: f, {"series": "who", "order": "mood"}, "neither numbers nor dates"),
        (
            lambda f: f.assign(time=f["time"] // 1),
            {"series": "who", "order": "time"},
            "occur again",
        ),
        (lambda f: f.drop(columns="pulse"), {"series": "who"}, "no column of numbers"),
    ],
)
def test_wishes_that_cannot_be_met_say_what_to_do(change, options, words):
    with pytest.raises(DataError, match=words):
        read_dataset(csv_of(change(long())), "l.csv", **options)


def test_one_of_several_values_is_followed_and_gaps_are_counted():
    frame = long().assign(breath=lambda f: f["pulse"] * 2)
    frame.loc[7, "breath"] = np.nan
    frame.loc[0, "who"] = None
    dataset = read_dataset(csv_of(frame), "l.csv", series="who", value="breath")
    assert dataset.codec.value_label == "breath" and dataset.X.shape == (4, 5)
    assert (
        said(dataset, "1 rows without a value of who")
        and said(dataset, "1 NaN")
        and np.isfinite(dataset.X).all()
    )


def test_dates_order_and_become_days_where_all_agree_and_places_where_not():
    frame = long().drop(columns="time").assign(when=[f"2024-01-{1 + i % 6:02d}" for i in range(24)])
    dataset = read_dataset(csv_of(frame.iloc[::-1]), "l.csv", series="who")
    assert (
        dataset.codec.axis.tolist() == [0, 1, 2, 3, 4, 5]
        and dataset.codec.axis_label == "Days since 2024-01-01"
    )
    frame["when"] = [f"2024-{1 + i // 6:02d}-{1 + i % 6:02d}" for i in range(24)]
    moved = read_dataset(csv_of(frame), "l.csv", series="who")
    assert moved.codec.axis.tolist() == [0, 1, 2, 3, 4, 5] and moved.codec.axis_label.startswith(
        "Point of the series"
    )


def test_all_points_share_one_scale():
    frame = long((5,) * 30).assign(
        pulse=lambda f: np.where(f["time"] == 0, 1e-3, 1.0) * (f["pulse"] - 60)
    )
    assert np.ptp(read_dataset(csv_of(frame), "l.csv", series="who").codec.scale) == 0


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(3, 12), min_size=3, max_size=7),
    seed=st.integers(0, 99),
    numbered=st.booleans(),
)
def test_every_series_comes_back_whatever_the_order_of_the_file(lengths, seed, numbered):
    frame = long(lengths, seed)
    if numbered:
        frame["who"] = frame["who"].str[1:].astype(int)
    dataset = read_dataset(
        csv_of(frame.sample(frac=1, random_state=seed)), "l.csv", series="who", order="time"
    )
    shortest = min(lengths)
    assert dataset.X.shape == (len(lengths), shortest)
    for name, found in zip(dataset.rows["who"], dataset.items(range(len(lengths)))):
        assert np.allclose(
            found,
            frame.loc[frame["who"].astype(str) == str(name), "pulse"].to_numpy()[:shortest],
            atol=1e-3,
        )


def test_a_hidden_markov_model_finds_the_states_planted_in_a_long_table():
    rng = np.random.default_rng(0)
    n, T = 40, 60
    states = np.zeros((n, T), int)
    states[:, 0] = rng.integers(0, 2, n)
    for t in range(1, T):
        states[:, t] = np.where(rng.random(n) < 0.9, states[:, t - 1], 1 - states[:, t - 1])
    values = np.array([-2.0, 2.0])[states] + 0.4 * rng.standard_normal((n, T))
    frame = pd.DataFrame(
        {
            "machine": np.repeat(np.arange(n), T),
            "t": np.tile(np.arange(T), n),
            "load": values.ravel(),
        }
    ).sample(frac=1, random_state=1)
    dataset = read_dataset(csv_of(frame), "l.csv", series="machine")
    model = HMM(latent_dim=2, segments=4, restarts=1).fit(dataset.X, schema=dataset.schema)
    found = model.states(dataset.X)[0]
    planted = states[dataset.rows["machine"].astype(int)]
    assert (found == planted).mean() > 0.98
    assert np.abs(model.transitions_ - [[0.9, 0.1], [0.1, 0.9]]).max() < 0.04
