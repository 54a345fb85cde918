"""Bad input: every broken or hostile file gets one plain sentence, or a dataset of what is good
with a note of what is not.
"""

import io
import json
import tracemalloc
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of, good_pictures, npy, npz, packed, picture, zipped
from hostile_files import (
    GOOD_ROWS,
    NUMBERS,
    REFUSED,
    holed,
    linked,
    lying_zip,
    parquet,
    png_of,
    twice,
    xlsx,
)
from PIL import Image

from lvm_core import DataError, read_dataset, settings

# -- one sentence ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name, data, words", REFUSED.values(), ids=REFUSED)
def test_one_sentence(name, data, words):
    with pytest.raises(DataError, match=f"(?s){words}") as refusal:
        read_dataset(data, name)
    sentence = str(refusal.value)
    assert (
        "Traceback" not in sentence
        and "could not be read (" not in sentence
        and len(sentence) < 600
        and sentence.strip().endswith((".", ")"))
    )


# -- a dataset with a note -------------------------------------------------------------------------

ACCEPTED = {
    # name of the case: (file name, bytes, rows, words of a note)
    "NaN and infinity in an array": (
        "a.npy",
        npy(holed()),
        6,
        "1 NaN and 1 infinite values were filled",
    ),
    "infinity in a table": (
        "a.csv",
        b"a,b\n1,inf\n2,3\n1e400,4\n5,-inf\n7,8\n",
        5,
        "b: 2 infinite values were set to missing",
    ),
    "huge numbers": ("a.csv", b"a,b\n1e300,1\n-1e300,2\n3,9\n", 3, "2 columns are used"),
    "huge integers": (
        "a.csv",
        f"a,b\n{10**30},1\n{10**31},2\n3,9\n".encode(),
        3,
        "2 columns are used",
    ),
    "duplicate columns": ("a.csv", b"a,a,a.1\n1,2,3\n2,3,4\n3,9,1\n", 3, "renamed: a (2)"),
    "constant and missing beside good columns": (
        "a.csv",
        b"a,b,c,d\n1,5,,2\n1,6,,3\n1,8,,4\n",
        3,
        "constant: a",
    ),
    "short rows": (
        "a.csv",
        b"a,b,c\n1,2,3\n4,5,6\n7,8\n1,1,1\n",
        4,
        "Rows with fewer than 3 values: 1",
    ),
    "long rows": (
        "a.csv",
        b"a,b,c\n1,2,3,4\n4,5,6\n7,8,1\n1,1,1\n",
        3,
        "Rows with more than 3 values: 1; they were left out",
    ),
    "stray quote": (
        "a.tsv",
        b'a\tb\n1\t"5 inch\n2\t3 inch\n3\t5 inch\n4\t3 inch\n',
        4,
        "quotation mark is left open",
    ),
    "words among numbers": (
        "a.csv",
        ("a,b\n" + "\n".join(f"{'x' if i == 5 else i * 1.5},{i % 3}" for i in range(20))).encode(),
        20,
        "a: 1 of 20 values are not numbers ('x')",
    ),
    "half numbers": (
        "a.csv",
        b"a,b\n1,1\nx,2\n3,3\n1,4\nx,1\n",
        5,
        "a: 3 of 5 values are numbers; it was read as categories",
    ),
    "wrong extension: array as csv": (
        "a.csv",
        npy(NUMBERS),
        6,
        "ends in .csv, but the content is: NumPy array",
    ),
    "wrong extension: pictures as xlsx": (
        "a.xlsx",
        zipped(good_pictures()),
        5,
        "ends in .xlsx, but the content is: Zip of pictures",
    ),
    "wrong extension: table as npy": (
        "a.npy",
        b"a,b,c\n1,2,3\n4,5,6\n7,8,1\n",
        3,
        "ends in .npy, but the content is: Table as text",
    ),
    "pickled array beside a good one": (
        "a.npz",
        npz(x=NUMBERS, meta=np.array([{}], dtype=object)),
        6,
        "Array 'meta' was left out: meta holds pickled",
    ),
    "climbers among good pictures": (
        "a.zip",
        zipped({"../../evil.png": b"x"} | good_pictures()),
        5,
        "1 of 6 entries have a path that leads out of the zip and were left out: evil.png",
    ),
    "a link among good pictures": ("a.zip", linked(), 5, "1 of 6 entries are links"),
    "names twice": ("a.zip", twice(), 4, "3 entries share their name"),
    "a lie about size": (
        "a.zip",
        lying_zip(),
        5,
        "1 of 6 pictures could not be read and were left out: damaged or cut short (big.png)",
    ),
    "a giant among good pictures": (
        "a.zip",
        zipped({"big.png": png_of(30_000, 30_000)} | good_pictures()),
        5,
        "over the limit of 50,000,000 pixels (big.png)",
    ),
    "truncated pictures": (
        "a.zip",
        zipped(
            {
                "t.jpg": packed(picture(9, (60, 60)), "JPEG")[:-900],
                "t.png": packed(picture(9, (60, 60)))[:-900],
            }
            | good_pictures()
        ),
        5,
        "2 of 7 pictures could not be read and were left out: damaged or cut short (t.jpg, t.png)",
    ),
    "web pages called png": (
        "a.zip",
        zipped({"w.png": b"<html></html>", "e.png": b""} | good_pictures()),
        5,
        "not a picture (w.png, e.png)",
    ),
    "a text bomb in a picture": (
        "a.zip",
        zipped(
            {"z.png": png_of(9, 9, zTXt=b"k\0\0" + zlib.compress(b"0" * 3_000_000))}
            | good_pictures()
        ),
        5,
        "left out: damaged or cut short (z.png)",
    ),
    "clutter": (
        "a.zip",
        zipped({"__MACOSX/._0.png": b"x", "notes.pdf": b"%PDF"} | good_pictures()),
        5,
        "Files that are no pictures were passed over: 1",
    ),
    "JSON lines with a bad one": (
        "a.jsonl",
        b'{"a": 1, "b": 2}\n{"a": 2, "b": 5}\noops\n{"a": 3, "b": 1}\n',
        3,
        "1 of 4 lines are no JSON",
    ),
    "JSON of several shapes": (
        "a.json",
        b'[{"a": 1, "b": 2}, {"a": 2, "b": 5}, 7, {"a": 3, "b": 1, "c": [1]}]',
        3,
        "1 of 4 entries are no records",
    ),
    "letters in no known encoding": (
        "a.csv",
        b"a,b\n1,\xe4\xf6\n2,\xfc\n3,\xdf\n4,\xfc\n",
        4,
        "encoding was taken to be cp1252",
    ),
}


@pytest.mark.parametrize("name, data, rows, words", ACCEPTED.values(), ids=ACCEPTED)
def test_the_good_rest_with_a_note(name, data, rows, words):
    dataset = read_dataset(data, name)
    values = dataset.X.data if hasattr(dataset.X, "indptr") else dataset.X
    assert len(dataset) == rows and np.isfinite(values).all()
    assert any(words in note for note in dataset.notes), dataset.notes


WHOLE = {
    "a.parquet": parquet(pd.DataFrame({"w": list("uvw") * 4, "x": np.arange(12) / 7})),
    "a.xlsx": xlsx([["a", "b"]] + [[i * 1.5, i % 3] for i in range(8)]),
    "a.npy": npy(NUMBERS),
    "a.npz": npz(x=NUMBERS, y=np.arange(6)),
    "a.csv": csv_of(pd.DataFrame({"w": ["u", "v"] * 4, "x": range(8)})),
    "a.jsonl": b'{"a": 1, "b": 2}\n{"a": 2, "b": 5}\n{"a": 3, "b": 1}\n',
    "a.zip": zipped(good_pictures(), zipfile.ZIP_DEFLATED),
} | {
    f"{fmt}.zip": zipped({f"{i}.{fmt}": packed(picture(i), fmt) for i in range(4)})
    for fmt in ("jpeg", "tiff", "gif", "webp")
}


@pytest.mark.parametrize("name", WHOLE)
def test_flipped_bytes_are_a_sentence_or_a_dataset(name):
    """40 copies of a good file, each with some bytes changed or its end cut off: nothing that
    no reader foresaw.
    """
    rng = np.random.default_rng(0)
    for _ in range(40):
        data = np.frombuffer(WHOLE[name], np.uint8).copy()
        data[rng.integers(len(data), size=rng.choice([1, 4, 16]))] = rng.choice(
            [0, 255, rng.integers(256)]
        )
        try:
            assert (
                len(
                    read_dataset(
                        data[
                            : len(data) if rng.random() < 0.8 else rng.integers(1, len(data))
                        ].tobytes(),
                        name,
                    )
                )
                >= 3
            )
        except DataError as error:
            assert "could not be read (" not in str(error)


# -- wishes that cannot be met ---------------------------------------------------------------------

WISHES = {
    "text where numbers were said to be": (
        {"types": {"w": "numeric"}},
        "Column 'w' was said to hold numbers, but none of its values is one .the first is 'x'",
    ),
    "text where dates were said to be": ({"types": {"w": "date"}}, "said to hold dates"),
    "no such column": ({"types": {"z": "numeric"}}, "no column 'z'; there are: a, b, w"),
    "no such label": ({"label": "z"}, "no column 'z'"),
    "no such type": ({"types": {"a": "colour"}}, "'colour' is no column type; there are: numeric"),
    "no such option": ({"side": 4}, "no option 'side'"),
    "no such choice": ({"delimiter": "x"}, "delimiter is 'x', expected one of"),
    "wrong encoding": ({"encoding": "utf-16"}, "choose another encoding|NUL|no rows|usable"),
    "no text": ({"kind": "text"}, "no column holds text"),
    "all ignored": ({"types": {"a": "ignore", "b": "ignore"}}, "1 usable column"),
}


@pytest.mark.parametrize("options, words", WISHES.values(), ids=WISHES)
def test_wishes_that_cannot_be_met(options, words):
    with pytest.raises(DataError, match=words):
        read_dataset(b"a,b,w\n1,5,x\n2,3,y\n3,9,x\n4,2,y\n", "a.csv", **options)


# -- limits ----------------------------------------------------------------------------------------

TABLE = csv_of(pd.DataFrame(np.random.default_rng(0).normal(size=(8, 5)), columns=list("abcde")))
LIMITED = {
    "upload_bytes": (len(TABLE), "a.csv", TABLE),
    "rows": (8, "a.csv", TABLE),
    "columns": (5, "a.csv", TABLE),
    "cells": (40, "a.csv", TABLE),
    "features": (5, "a.csv", TABLE),
    "cell_chars": (24, "a.txt", b"one two three four five.\none two\nthree\n"),
    "zip_entries": (5, "a.zip", zipped(good_pictures(5))),
    "zip_bytes": (sum(map(len, good_pictures(5).values())), "a.zip", zipped(good_pictures(5))),
    "rows of parquet": (
        8,
        "a.parquet",
        parquet(pd.DataFrame(NUMBERS.repeat(2, 0)[:8], columns=list("abc"))),
    ),
    "rows of Excel": (8, "a.xlsx", xlsx([["a", "b"]] + [[i * 1.5, i % 3] for i in range(8)])),
    "rows of JSON": (
        8,
        "a.json",
        json.dumps([{"a": i * 1.5, "b": i % 3} for i in range(8)]).encode(),
    ),
    "features of an array": (3, "a.npy", npy(NUMBERS)),
    "zip_pixels": (5 * 12 * 10, "a.zip", zipped(good_pictures(5))),
    "array_cells of pictures": (5 * 12 * 10 * 3, "a.zip", zipped(good_pictures(5))),
}


@pytest.mark.parametrize("case", LIMITED)
def test_each_limit_holds_exactly(case, small_limits):
    at, name, data = LIMITED[case]
    limit = case.split(" of ")[0].split(" ")[0]
    small_limits(**{limit: at})
    read_dataset(data, name)
    small_limits(**{limit: at - 1})
    with pytest.raises(DataError, match=f"{settings.LIMITS.__dict__[limit]:,}"):
        read_dataset(data, name)


def test_picture_pixels_hold_exactly(small_limits):
    data = zipped(good_pictures(4, size=(20, 20)) | {"big.png": packed(picture(9, (21, 20)))})
    small_limits(picture_pixels=420)
    assert len(read_dataset(data, "a.zip")) == 5
    small_limits(picture_pixels=419)
    assert len(read_dataset(data, "a.zip")) == 4


def test_a_small_parquet_cannot_stand_for_a_large_table(small_limits):
    words = parquet(pd.DataFrame({"w": ["x" * 900] * 5000, "n": range(5000)}))
    small_limits(zip_bytes=1_000_000)
    assert len(words) < 50_000
    with pytest.raises(DataError, match="limit is 1,000,000"):
        read_dataset(words, "a.parquet")


@pytest.mark.parametrize(
    "case",
    [
        "zip bomb",
        "zip bomb of arrays",
        "claims terabytes",
        "a giant picture",
        "a boundless picture",
        "deep JSON",
    ],
)
def test_no_memory_is_taken_before_the_refusal(case):
    name, data, _ = REFUSED[case]
    with pytest.raises(DataError):
        read_dataset(data, name)  # once before, so that imports do not count
    tracemalloc.start()
    try:
        with pytest.raises(DataError):
            read_dataset(data, name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


# -- names and places ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv",
        "C:\\x\\a.csv",
        'a";\r\nEvil: 1.csv',
        "x" * 300 + ".csv",
        "\u202egnp.csv",
        "🙂.csv",
        "\0.csv",
        ".csv",
        "",
    ],
)
def test_names_are_only_shown(name):
    dataset = read_dataset(GOOD_ROWS, name)
    assert (
        "/" not in dataset.name
        and "\\" not in dataset.name
        and len(dataset.name) <= 80
        and dataset.name.isprintable()
    )


@pytest.mark.parametrize(
    "source",
    ["http://example.invalid/a.csv", "file:///etc/passwd", "s3://bucket/a.csv", "no/such/file.csv"],
)
def test_addresses_are_never_opened(source, monkeypatch):
    import socket

    monkeypatch.setattr(socket, "socket", lambda *a, **k: pytest.fail("the network was asked"))
    with pytest.raises(DataError, match="no file"):
        read_dataset(source)


def test_sources_that_are_no_files(tmp_path):
    with pytest.raises(DataError, match="is a folder without files"):
        read_dataset(tmp_path)
    with pytest.raises(DataError, match="expected paths of files"):
        read_dataset([b"a,b", tmp_path])
    with pytest.raises(DataError, match="binary mode"):
        read_dataset(io.StringIO("a,b\n1,2\n"), "a.csv")
    with pytest.raises(DataError, match="found int"):
        read_dataset(5)


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read_dataset(zipped({"../evil.png": b"x", "/evil2.png": b"x"} | good_pictures()), "../../a.zip")
    assert not list(tmp_path.iterdir())


def test_pillow_opens_only_the_formats_named():
    bmp_as_ico = packed(Image.new("RGB", (16, 16)), "ICO")
    with pytest.raises(DataError, match="not a picture"):
        read_dataset(zipped({f"{i}.png": bmp_as_ico for i in range(3)}), "a.zip")
