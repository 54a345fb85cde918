"""Free text beside other columns: documents with what is known of them, or records with a text."""

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of

from lvm_core import read_dataset
from lvm_core.datasets.doubts import open_doubts

N = 120
rng = np.random.default_rng(0)
WORDS = [
    "good",
    "bad",
    "dress",
    "fabric",
    "size",
    "waist",
    "long",
    "dull",
    "bright",
    "music",
    "end",
    "slow",
    "plot",
    "scene",
]


def prose(words: int) -> list[str]:
    return [" ".join(rng.choice(WORDS, words)) for _ in range(N)]


def any_of(*values) -> np.ndarray:
    return rng.choice(values, N)


REVIEWS = pd.DataFrame(
    {
        "id": range(N),
        "age": rng.integers(18, 80, N),
        "department": any_of("Tops", "Dresses", "Trend"),
        "rating": rng.integers(1, 6, N),
        "review text": prose(20),
    }
)
RECORDS = {
    "reviews": (REVIEWS, ["age", "department", "rating"]),
    "clothing": (
        pd.DataFrame(
            {
                "": range(N),
                "Clothing ID": rng.integers(700, 1200, N),
                "Age": rng.integers(18, 80, N),
                "Title": prose(4),
                "Review Text": prose(40),
                "Rating": rng.integers(1, 6, N),
                "Recommended IND": any_of(0, 1),
                "Positive Feedback Count": rng.poisson(2, N),
                "Department Name": any_of("Tops", "Dresses"),
            }
        ),
        ["Age", "Rating", "Recommended IND", "Positive Feedback Count", "Department Name"],
    ),
    "rooms to let": (
        pd.DataFrame(
            {
                "listing_url": [f"https://rooms.example/{i}" for i in range(N)],
                "name": prose(6),
                "description": prose(60),
                "latitude": rng.random(N).round(3),
                "longitude": rng.random(N).round(3),
                "room_type": any_of("Entire home", "Shared room"),
                "price": rng.integers(20, 300, N),
            }
        ),
        ["latitude", "longitude", "room_type", "price"],
    ),
    "a survey": (
        pd.DataFrame(
            {
                "team": any_of("north", "south"),
                "satisfied": any_of("yes", "no"),
                "shift": any_of("early", "late"),
                "comment": prose(12),
            }
        ),
        ["team", "satisfied", "shift"],
    ),
}
DOCUMENTS = {
    "films": (pd.DataFrame({"review": prose(60), "sentiment": any_of("pos", "neg")}), "review"),
    "news": (
        pd.DataFrame(
            {
                "title": prose(9),
                "text": prose(60),
                "subject": any_of("world", "sport"),
                "date": pd.date_range("2020-01-01", periods=N),
                "url": [f"https://news.example/{i % 7}" for i in range(N)],
            }
        ),
        "text",
    ),
    "tickets": (
        pd.DataFrame(
            {
                "subject": prose(9),
                "body": prose(60),
                "priority": any_of("low", "high"),
                "type": any_of("bug", "question"),
                "language": any_of("de", "en"),
                "tag_1": any_of("a", "b"),
                "tag_2": any_of("a", "b"),
            }
        ),
        "body",
    ),
    "pairs of questions": (
        pd.DataFrame(
            {
                "qid1": rng.integers(1, 500_000, N),
                "qid2": rng.integers(1, 500_000, N),
                "question": prose(11),
                "answer": prose(11),
                "show number": rng.integers(1, 60, N),
                "page": rng.integers(1, 300, N),
                "same": any_of(0, 1),
            }
        ),
        "question",
    ),
    "abstracts": (
        pd.DataFrame(
            {
                "paper": rng.permutation(N) + 2000,
                "abstract": prose(60),
                "year": rng.integers(1990, 2020, N),
                "category": any_of("cs", "math"),
                "n_words": rng.integers(50, 70, N),
                "mostly empty": np.where(np.arange(N) < 20, 1.5, np.nan) * np.arange(N),
            }
        ),
        "abstract",
    ),
}


@pytest.mark.parametrize("case", RECORDS)
def test_text_beside_three_columns_that_describe_the_rows_is_kept_beside_a_table(case):
    frame, describing = RECORDS[case]
    dataset = read_dataset(csv_of(frame), "r.csv", label="none")
    assert dataset.kind == "table" and [c.name for c in dataset.codec.columns] == describing
    (text,) = [c for c in frame if c.casefold() in ("review text", "description", "comment")]
    assert list(dataset.rows[text]) == list(frame[text])
    assert any("Free text, kept beside the rows" in n and text in n for n in dataset.notes)
    (doubt,) = [d for d in open_doubts(dataset.source) if "text" in d.sentence]
    assert f"{text!r} holds free text and {len(describing)} others hold values" in doubt.sentence
    assert doubt.other == "Read the text as documents"
    turned = read_dataset(csv_of(frame), "r.csv", label="none", **doubt.options)
    assert turned.kind == "text" and list(turned.rows["text"]) == list(frame[text])
    assert not [d for d in open_doubts(turned.source) if "documents" in d.sentence]
    kept = read_dataset(csv_of(frame), "r.csv", label="none", **doubt.keep)
    assert kept.fingerprint == dataset.fingerprint
    assert not [d for d in open_doubts(kept.source) if "text" in d.sentence]


@pytest.mark.parametrize("case", DOCUMENTS)
def test_text_with_what_is_known_of_any_document_stays_documents(case):
    frame, text = DOCUMENTS[case]
    dataset = read_dataset(csv_of(frame), "d.csv")
    assert dataset.kind == "text" and list(dataset.rows["text"]) == list(frame[text])
    assert set(frame) - {text} <= set(dataset.rows)
    for doubt in open_doubts(dataset.source):
        turned = read_dataset(csv_of(frame), "d.csv", **doubt.options)
        assert doubt not in open_doubts(turned.source)
        if doubt.other == "Read as a table":
            assert turned.kind == "table"


def test_from_documents_a_table_is_one_click_away_after_another_column_was_chosen():
    frame = REVIEWS.drop(columns="age")
    dataset = read_dataset(csv_of(frame), "r.csv")
    (doubt,) = [d for d in open_doubts(dataset.source) if d.other == "Read as a table"]
    assert dataset.kind == "text"
    asked = {"text_column": "review text"} | doubt.options
    assert read_dataset(csv_of(frame), "r.csv", **asked).kind == "table"


def test_a_subject_beside_a_body_can_be_read_instead():
    frame, _ = DOCUMENTS["tickets"]
    dataset = read_dataset(csv_of(frame), "t.csv")
    (doubt,) = [d for d in open_doubts(dataset.source) if d.other == "Read subject"]
    turned = read_dataset(csv_of(frame), "t.csv", **doubt.options)
    assert list(turned.rows["text"]) == list(frame["subject"])


def test_spectra_with_remarks_are_spectra_and_the_remarks_one_click_away():
    waves = {str(400 + i): rng.random(N).round(3) for i in range(30)}
    frame = pd.DataFrame({"remark": prose(12), **waves})
    dataset = read_dataset(csv_of(frame), "s.csv", header="yes")
    assert dataset.kind == "array" and dataset.X.shape == (N, 30)
    (doubt,) = [d for d in open_doubts(dataset.source) if "'remark'" in d.sentence]
    assert read_dataset(csv_of(frame), "s.csv", header="yes", **doubt.options).kind == "text"
    kept = read_dataset(csv_of(frame), "s.csv", header="yes", **doubt.keep)
    assert kept.fingerprint == dataset.fingerprint
