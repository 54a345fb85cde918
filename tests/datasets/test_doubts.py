"""What a reading could not decide: said, with the other reading, until it is answered."""

import json

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of

from lvm_core import DataError, read_dataset
from lvm_core.datasets import readers_for
from lvm_core.datasets.doubts import open_doubts

WORDS = [
    "good",
    "bad",
    "film",
    "plot",
    "actor",
    "scene",
    "long",
    "dull",
    "bright",
    "music",
    "end",
    "slow",
]
rng = np.random.default_rng(0)


def prose(n: int, words: int) -> list[str]:
    return [" ".join(rng.choice(WORDS, words)) for _ in range(n)]


def sensors(count: int = 20, points: int = 30, **more) -> pd.DataFrame:
    n = count * points
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(count), points),
            "time": np.tile(np.arange(points), count),
            "value": rng.normal(size=n).round(3),
            **{name: rng.normal(9, 200, n).round(2) for name in more},
        }
    )


def ratings(names=("userId", "movieId", "rating", "timestamp"), n: int = 3000) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "u": rng.integers(1, 300, n),
            "i": rng.integers(1000, 1200, n),
            "r": rng.integers(1, 6, n),
            "t": 1_100_000_000 + rng.integers(0, 10**7, n),
        }
    ).drop_duplicates(["u", "i"])
    return frame.set_axis(list(names), axis=1)


REVIEWS = pd.DataFrame(
    {"review": prose(50, 12), "stars": rng.integers(1, 6, 50), "price": rng.normal(9, 2, 50)}
)
VECTORS = pd.DataFrame(rng.normal(size=(40, 16)).round(3), columns=[f"emb_{i}" for i in range(16)])
TICKETS = pd.DataFrame(
    {"ticket": rng.permutation(9000)[:40] + 1000, "a": rng.normal(size=40), "b": rng.random(40)}
)
LINES = "\n".join(f"{word}\tsome words of {word}\t{i}" for i, word in enumerate(WORDS * 4)).encode()
CASES = {
    "documents": (csv_of(REVIEWS), "r.csv", "text", "table"),
    "short documents": (csv_of(REVIEWS.assign(review=prose(50, 5))), "r.csv", "table", "text"),
    "series": (csv_of(sensors()), "s.csv", "array", "table"),
    "several values a moment": (csv_of(sensors(power=1)), "s.csv", "array", "table"),
    "ratings": (csv_of(ratings()), "m.csv", "table", "table"),
    "vectors": (csv_of(VECTORS), "v.csv", "array", "table"),
    "numbered": (csv_of(VECTORS.set_axis([f"q{i}" for i in range(16)], axis=1)), "q.csv")
    + ("table", "array"),
    "short vectors": (
        csv_of(TICKETS[["a", "b"]].assign(place=["[1.5, 2]", "[2, 3]"] * 20)),
        "p.csv",
        "table",
        "array",
    ),
    "identifiers": (csv_of(TICKETS), "t.csv", "table", "table"),
    "header": (
        "\n".join(["Ulm,red", *(["Bonn,blue", "Hof,pink", "Celle,grey"] * 9)]).encode(),
        "c.csv",
        "table",
        "table",
    ),
    "a table in a text file": (LINES, "l.txt", "table", "text"),
    "text that may be a table": (
        "\n".join(f"{word}|{word[::-1]}" for word in WORDS * 4).encode(),
        "l.md",
        "text",
        "table",
    ),
}


def again(content: bytes, name: str, options: dict):
    """As the page and the command line read again."""
    return read_dataset(content, name, **options)


@pytest.mark.parametrize("case", CASES)
def test_the_other_reading_is_one_step_away_and_either_answer_ends_the_doubt(case):
    content, name, kind, other = CASES[case]
    dataset = read_dataset(content, name)
    assert dataset.kind == kind
    doubt, *more = open_doubts(dataset.source)
    assert doubt.sentence.endswith(".") and doubt.other and doubt.options != doubt.keep
    json.dumps(dataset.source)
    turned = again(content, name, doubt.options)
    assert turned.kind == other and turned.fingerprint != dataset.fingerprint
    assert doubt not in open_doubts(turned.source)
    kept = again(content, name, doubt.keep)
    assert kept.fingerprint == dataset.fingerprint
    left = [d.sentence for d in open_doubts(kept.source)]
    assert doubt.sentence not in left and len(left) <= len(more)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"height": rng.normal(size=60), "kind": rng.choice(list("ab"), 60)}),
        sensors()[["id", "value"]].assign(other=rng.normal(size=600)),
        pd.DataFrame({"name": prose(30, 1), "label": ["low", "high"] * 15, "size": range(30)}),
        pd.DataFrame({"user": range(30), "age": range(30, 60), "score": rng.random(30)}),
        pd.DataFrame({"year": range(1950, 1990), "level": rng.random(40), "flow": rng.random(40)}),
        pd.DataFrame(rng.random((30, 8)), columns=[f"X{i}" for i in range(1, 9)]),
    ],
)
def test_what_is_certain_is_not_asked(frame):
    assert open_doubts(read_dataset(csv_of(frame), "t.csv").source) == []


def test_ratings_become_a_row_a_person_and_a_column_an_item():
    frame = pd.DataFrame(
        [
            (user, book, (user * 7 + place * 3) % 5 + 1, user % 2)
            for user in range(12)
            for place, book in enumerate(["Emma", "Ulysses", "Dracula", "Walden"])
            if (user + place) % 3
        ],
        columns=["user_id", "book_title", "rating", "member"],
    )
    again_rated = pd.concat([frame, frame.head(1).assign(rating=99)])
    dataset = read_dataset(csv_of(again_rated), "b.csv")
    assert dataset.kind == "table" and len(dataset) == 12
    assert {"Emma", "Ulysses", "Dracula", "Walden", "member"} <= set(dataset.rows)
    first = (
        dataset.rows.astype({"user_id": str})
        .set_index("user_id")
        .loc[str(frame["user_id"].iloc[0])]
    )
    assert first[frame["book_title"].iloc[0]] == (99 + frame["rating"].iloc[0]) / 2
    assert any("1 were rated again" in note for note in dataset.notes)
    absent = set(dataset.rows["Emma"].isna().to_numpy().nonzero()[0])
    assert absent == {user for user in range(12) if user % 3 == 0}
    options = dataset.source["options"]
    assert read_dataset(csv_of(again_rated), "b.csv", **options | {"types": None}).fingerprint == (
        dataset.fingerprint
    )


def test_ratings_without_names_are_only_asked_about():
    content = csv_of(ratings(("a", "b", "c", "d")))
    dataset = read_dataset(content, "u.csv")
    assert dataset.rows.columns.tolist() == list("abcd")
    doubt = next(d for d in open_doubts(dataset.source) if "ratings" in d.sentence)
    assert read_dataset(content, "u.csv", **doubt.options).rows.columns[0] == "a"
    with pytest.raises(DataError, match="were not found; say who rates"):
        read_dataset(csv_of(TICKETS), "t.csv", kind="ratings")


def test_series_of_several_values_keep_each_its_scale_and_come_back():
    frame = sensors(12, 12, power=1)
    dataset = read_dataset(csv_of(frame), "s.csv")
    assert dataset.codec.channels == ["value", "power"] and dataset.X.shape == (12, 24)
    assert [group.name for group in dataset.schema.groups] == ["value", "power"]
    assert np.allclose(dataset.codec.scale[:12], dataset.codec.scale[0])
    assert dataset.codec.scale[12] > 50 * dataset.codec.scale[0]
    back = dataset.items([2])[0].reshape(2, 12)
    expected = frame[frame["id"] == 2][["value", "power"]].to_numpy().T
    assert np.allclose(back, expected, atol=1e-2)
    saved = type(dataset.codec).from_json(json.loads(json.dumps(dataset.codec.to_json())))
    assert saved.schema == dataset.schema and saved.channels == dataset.codec.channels


def test_series_that_are_uneven_or_hold_words_are_asked_about_not_assumed():
    uneven = pd.concat([sensors(), sensors(1, 9).assign(id=99)])
    worded = sensors().assign(mood=rng.choice(list("ab"), 600))
    few = sensors(11, 30)  # such as the days of five months: hardly rows enough to learn from
    for frame in (uneven, worded, few):
        dataset = read_dataset(csv_of(frame), "s.csv")
        assert dataset.kind == "table"
        doubt = next(d for d in open_doubts(dataset.source) if "series" in d.options)
        assert read_dataset(csv_of(frame), "s.csv", **doubt.options).kind == "array"


def test_short_texts_are_documents_where_nothing_else_is_there():
    titles = [f"{a} {b} of the {c}" for a in ("Old", "New") for b in "ABCD" for c in ("sea", "sky")]
    frame = pd.DataFrame({"title": titles, "shelf": ["low", "high"] * 8})
    found = read_dataset(csv_of(frame), "t.csv")
    assert (
        found.kind == "text" and found.label == "shelf" and found.rows["text"].iloc[0] == titles[0]
    )
    measured = frame.assign(pages=range(100, 116), price=rng.random(16))
    assert read_dataset(csv_of(measured), "t.csv").kind == "table"
    assert read_dataset(csv_of(measured), "t.csv", kind="text").rows["text"].tolist() == titles


def test_a_moment_without_values_and_a_count_of_moments_are_no_values_of_a_series():
    frame = sensors(12, 10, power=1)
    frame["nth"] = frame.groupby("id").cumcount()
    first = frame["nth"] == 0
    frame.loc[first, "power"] = np.nan  # as what grew since the moment before
    dataset = read_dataset(csv_of(frame), "s.csv")
    assert dataset.codec.channels == ["value", "power"] and dataset.X.shape == (12, 18)
    assert any("1 of 10 moments were left out" in note for note in dataset.notes)
    assert any("the same in every series: nth" in note for note in dataset.notes)
    expected = frame[(frame["id"] == 2) & ~first][["value", "power"]].to_numpy().T
    assert np.allclose(dataset.items([2])[0].reshape(2, 9), expected, atol=1e-2)


def test_every_reader_that_reads_text_is_offered_for_text():
    names = [reader.name for reader in readers_for(LINES, "l.txt")]
    assert names[0] == "csv" and "txt" in names and "jsonl" not in names[:1]
    assert [r.name for r in readers_for(b"\x93NUMPY\1\0", "a.npy")][0] == "numpy"
    assert "csv" not in [r.name for r in readers_for(b"\x89HDF\r\n\x1a\n" + bytes(99), "a.h5")]


def test_a_category_that_may_be_free_text_is_left_out_by_a_click():
    notes = [f"called {'twice' if i % 2 else 'once'}, said {i}" for i in range(70)]
    frame = pd.DataFrame({"comment": notes * 4, "price": rng.normal(9, 2, 280), "n": range(280)})
    dataset = read_dataset(csv_of(frame), "calls.csv")
    (doubt,) = [d for d in open_doubts(dataset.source) if "comment" in d.sentence]
    assert "has 70 values: kept as a category with 50 of them" in doubt.sentence
    assert "free text" in doubt.sentence and doubt.other == "Leave it out"
    without = read_dataset(csv_of(frame), "calls.csv", **doubt.options)
    assert [c.name for c in without.codec.columns] == ["price", "n"]
    assert not [d for d in open_doubts(without.source) if "comment" in d.sentence]
