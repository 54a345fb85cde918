"""Vectors in a column, and in numbered columns."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lvm_core import DataError, read_dataset
from lvm_core.datasets.frames import numbered_columns
from lvm_core.datasets.vectors import find_vectors

E = np.random.default_rng(0).normal(size=(60, 16)).round(5)
LABEL = ["ab"[i % 2] for i in range(60)]


def files() -> dict[str, bytes]:
    records = [{"id": i, "label": LABEL[i], "emb": row.tolist()} for i, row in enumerate(E)]
    frame = pd.DataFrame(records)
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    return {
        "a.csv": csv_of(frame),
        "a.jsonl": "\n".join(map(json.dumps, records)).encode(),
        "a.parquet": parquet.getvalue(),
    }


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_column_of_vectors_is_an_array_with_what_stands_beside_it(name):
    data = read_dataset(files()[name], name)
    assert (data.kind, data.X.shape, data.label) == ("array", (60, 16), "label")
    np.testing.assert_allclose(data.decode(data.X), E, atol=1e-4)
    assert {"id", "label"} <= set(data.rows) and "emb" not in data.rows
    assert data.notes[0] == "60 vectors of 16 values, of column 'emb'."
    again = read_dataset(files()[name], name, **data.source["options"])
    assert again.fingerprint == data.fingerprint


@pytest.mark.parametrize(
    "write",
    [
        str,
        lambda v: str(v.tolist()),
        lambda v: "{" + ",".join(map(str, v)) + "}",
        lambda v: f"array({v.tolist()}, dtype=float32)",
        lambda v: f"tensor({v.tolist()}, device='cuda:0')",
        lambda v: " ".join(map(str, v)),
        lambda v: ";".join(map(str, v)),
        lambda v: str([v.tolist()]),
    ],
)
def test_vectors_as_programs_write_them(write):
    found = find_vectors(pd.Series([write(v) for v in E], dtype="str"), [])
    assert found is not None
    np.testing.assert_allclose(found, E, atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.text("[](){}0123456789., -+eE", max_size=20), st.none()), max_size=9))
def test_any_words_are_vectors_or_not(words):
    found = find_vectors(pd.Series(words, dtype="str"), [])
    assert found is None or found.shape[0] == len(words) and found.shape[1] > 1


def test_numbers_in_parentheses_are_no_vectors():
    assert find_vectors(pd.Series(["(1,234)", "(2,345)"] * 9), []) is None
    assert find_vectors(pd.Series(["12 34", "5 6"] * 9), []) is None


def test_vectors_with_a_text_beside_them_and_the_other_readings():
    animals = ("cat", "dog", "cow") * 20
    text = [f"the {w} sat on mat {i} and looked at the other {w}" for i, w in enumerate(animals)]
    frame = pd.DataFrame({"text": text, "label": LABEL, "emb": [str(v.tolist()) for v in E]})
    data = read_dataset(csv_of(frame), "t.csv")
    assert data.kind == "array" and data.rows["text"][0] == text[0]
    assert any("read the file as text" in n for n in data.notes)
    assert read_dataset(csv_of(frame), "t.csv", kind="text").kind == "text"
    as_text = read_dataset(csv_of(frame), "t.csv", text_column="text")
    assert as_text.kind == "text" and any("emb" in n for n in as_text.notes)


def test_short_lists_are_vectors_when_asked():
    frame = pd.DataFrame(
        {"x": range(9), "y": [i * i % 7 for i in range(9)], "at": [f"[{i}, {i + 2}]" for i in range(9)]}
    )  # fmt: skip
    table = read_dataset(csv_of(frame), "p.csv")
    assert table.kind == "table" and any("choose the type vector" in n for n in table.notes)
    asked = read_dataset(csv_of(frame), "p.csv", types={"at": "vector"})
    assert asked.kind == "array" and asked.X.shape == (9, 2)
    with pytest.raises(DataError, match="said to hold vectors"):
        read_dataset(csv_of(frame), "p.csv", types={"x": "vector"})


def test_vectors_that_are_cut_short_or_uneven_are_never_documents():
    rng = np.random.default_rng(0)
    rest = {"a": rng.normal(size=30), "b": rng.normal(size=30)}
    cut = pd.DataFrame(rest | {"emb": [str(rng.normal(size=2000)) for _ in range(30)]})
    uneven = pd.DataFrame(rest | {"emb": [str(rng.normal(size=9 + i).tolist()) for i in range(30)]})
    for frame, why in ((cut, "cut short"), (uneven, "different lengths")):
        data = read_dataset(csv_of(frame), "e.csv")
        assert data.kind == "table" and any(why in n and "emb" in n for n in data.notes)


def test_rows_without_a_vector_are_counted():
    words = ["" if i % 20 == 3 else str(v.tolist()) for i, v in enumerate(E)]
    data = read_dataset(csv_of(pd.DataFrame({"label": LABEL, "emb": words})), "e.csv")
    assert data.X.shape == (60, 16) and any("3 of 60 rows have no vector" in n for n in data.notes)


@pytest.mark.parametrize(
    "name", ["emb_{}", "embedding.{}", "pixel{}", "dim [{}]", "text vector {}"]
)
def test_numbered_columns_are_one_vector(name):
    frame = pd.DataFrame(E, columns=[name.format(i) for i in range(16)])
    frame = frame.assign(label=LABEL, year=[1990 + i % 30 for i in range(60)])
    data = read_dataset(csv_of(frame), "e.csv")
    assert (data.kind, data.X.shape, data.label) == ("array", (60, 16), "label")
    assert data.rows["year"][1] == 1991
    again = read_dataset(csv_of(frame), "e.csv", **data.source["options"])
    assert again.fingerprint == data.fingerprint
    assert read_dataset(csv_of(frame), "e.csv", kind="table").kind == "table"


def test_numbered_answers_stay_columns():
    for names in ([f"q{i}" for i in range(1, 21)], ["Time", *(f"V{i}" for i in range(1, 29))]):
        assert numbered_columns(names) == []
    many = [f"V{i}" for i in range(1, 101)]
    assert numbered_columns(many) == many and numbered_columns([*many, *"abcdefghijklm"]) == []
    assert numbered_columns([f"emb_{i}" for i in range(0, 32, 2)]) == []


def test_short_lists_are_vectors_where_nothing_else_is_left_to_learn_from():
    V = np.random.default_rng(1).random((40, 3)).round(4)
    records = [{"v": v.tolist(), "label": "ab"[i % 2]} for i, v in enumerate(V)]
    lines = "\n".join(map(json.dumps, records)).encode()
    for content, name in (
        (lines, "v.jsonl"),
        (json.dumps(records).encode(), "v.json"),
        (csv_of(pd.DataFrame(records)), "v.csv"),
    ):
        data = read_dataset(content, name)
        assert (data.kind, data.X.shape, data.label) == ("array", (40, 3), "label"), name
        np.testing.assert_allclose(data.decode(data.X), V, atol=1e-4)
        assert list(data.rows) == ["label"] and not data.source.get("doubts")
        assert not any("choose the type vector" in note for note in data.notes)
    again = read_dataset(lines, "v.jsonl", **data.source["asked"])
    assert again.fingerprint == data.fingerprint
    more = "\n".join(json.dumps(r | {"id": i, "w": [i, 1]}) for i, r in enumerate(records)).encode()
    data = read_dataset(more, "v.jsonl")
    assert (data.kind, data.X.shape) == ("array", (40, 3))
    assert any("Left out, vectors too: w" in note for note in data.notes)
    with pytest.raises(DataError, match="1 usable column"):
        read_dataset(lines, "v.jsonl", kind="table")
    with pytest.raises(DataError, match="1 usable column"):
        read_dataset(lines, "v.jsonl", types={"v": "ignore"})
