"""Readers: what is in a file is found, said, and can be corrected."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from example_files import csv_of, good_pictures, npy, npz, packed, picture, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lvm_core import DataError, read_dataset
from lvm_core.datasets import READERS, SUFFIXES, reader_for
from lvm_core.datasets.pictures import size_choices
from lvm_core.io import rows


def said(dataset, words: str) -> bool:
    return any(words in note for note in dataset.notes)


def shop(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "when": pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d"),
            "size": rng.normal(170, 9, n).round(1),
            "items": rng.integers(1, 9, n),
            "town": rng.choice(["Köln", "Ulm"], n),
            "member": rng.choice(["true", "false"], n),
            "price": rng.normal(2000, 500, n).round(2),
        }
    )


def types_of(dataset) -> dict:
    return {c.name: c.type for c in dataset.codec.columns}


# -- where it comes from ---------------------------------------------------------------------------


def test_a_path_bytes_and_an_open_file_are_the_same(tmp_path):
    data = csv_of(shop())
    path = tmp_path / "shop.csv"
    path.write_bytes(data)
    with open(path, "rb") as file:
        prints = {
            read_dataset(source, name="shop.csv").fingerprint
            for source in (path, str(path), data, file, io.BytesIO(data))
        }
    assert len(prints) == 1
    assert read_dataset(path).name == "shop.csv" and read_dataset(path).source["reader"] == "csv"


def test_every_reader_states_its_options():
    for reader in READERS.values():
        reader().validate()
        assert (
            reader.title and reader.suffixes and all(p.help for p in reader.parameters().values())
        )
    assert {".csv", ".tsv", ".parquet", ".xlsx", ".npy", ".npz", ".zip", ".txt", ".jsonl"} <= set(
        SUFFIXES
    )
    assert reader_for(csv_of(shop()), "a.csv") is READERS["csv"]


def test_options_in_effect_give_the_same_dataset_again():
    data = csv_of(shop(), sep=";", decimal=",")
    first = read_dataset(data, "shop.csv", label="town")
    assert first.source["asked"] == {"label": "town"}
    flags = b"a,b\n1,0\n2,1\n3,1\n"
    again = read_dataset(flags, "f.csv", **read_dataset(flags, "f.csv").source["options"])
    assert again.fingerprint == read_dataset(flags, "f.csv").fingerprint
    assert {k: first.source["options"][k] for k in ("delimiter", "decimal", "header", "label")} == {
        "delimiter": ";",
        "decimal": ",",
        "header": "yes",
        "label": "town",
    }
    assert (
        read_dataset(data, "shop.csv", **first.source["options"]).fingerprint == first.fingerprint
    )
    json.dumps(first.source)


# -- tables ----------------------------------------------------------------------------------------

SHOP = {
    "when": "date",
    "size": "numeric",
    "items": "integer",
    "town": "categorical",
    "member": "boolean",
    "price": "numeric",
}


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.data", "a"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_delimiters(name, sep):
    assert types_of(read_dataset(csv_of(shop(), sep=sep), name)) == SHOP


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1"]
)
def test_encodings(encoding):
    dataset = read_dataset(shop().to_csv(index=False).encode(encoding), "a.csv")
    assert types_of(dataset) == SHOP and set(dataset.rows["town"]) == {"Köln", "Ulm"}


def test_encodings_of_other_scripts_are_guessed_or_chosen():
    rows = "город,число,слово\n" + "\n".join(
        f"{'Москва' if i % 2 else 'Казань'},{i % 7},{'привет' if i % 3 else 'спасибо'}"
        for i in range(40)
    )
    assert set(read_dataset(rows.encode("cp1251"), "a.csv").rows.iloc[:, 0]) == {"Москва", "Казань"}
    assert set(read_dataset(rows.encode("koi8-r"), "a.csv", encoding="koi8-r").rows.iloc[:, 0]) == {
        "Москва",
        "Казань",
    }


def test_german_numbers_and_dates():
    lines = "Datum;Größe;Preis;Rabatt\n" + "\n".join(
        f"{1 + i % 28:02d}.{1 + i % 12:02d}.2024;{170 + i % 9},5;{1 + i % 7}.{i:03d},50 "
        f"€;{i % 5 * 5} %"
        for i in range(50)
    )
    dataset = read_dataset(lines.encode("cp1252"), "a.csv")
    assert types_of(dataset) == {
        "Datum": "date",
        "Größe": "numeric",
        "Preis": "numeric",
        "Rabatt": "integer",
    }
    assert dataset.rows.iloc[3].tolist() == [pd.Timestamp("2024-04-04"), 173.5, 4003.5, 15]
    assert said(dataset, "comma as decimal sign") and said(dataset, "thousands separators")


def test_american_numbers_and_dates():
    lines = "when,zip,amount\n" + "\n".join(
        f'{1 + i % 12}/{1 + i % 28}/2023,0{1000 + i % 20},"${1000 + i * 37:,}.50"'
        for i in range(60)
    )
    dataset = read_dataset(lines.encode(), "a.csv")
    assert types_of(dataset) == {"when": "date", "amount": "numeric", "zip": "categorical"}
    assert (
        dataset.rows["amount"][1] == 1037.5
        and dataset.rows["zip"][1] == "01001"
        and dataset.rows["when"][20] == pd.Timestamp("2023-09-21")
    )


def test_ambiguous_dates_are_said():
    lines = "when,x\n" + "\n".join(
        f"{1 + i % 12:02d}/{1 + i % 11:02d}/2023,{i * 1.5}" for i in range(30)
    )
    dataset = read_dataset(lines.encode(), "a.csv")
    assert said(dataset, "month first") and dataset.rows["when"][1] == pd.Timestamp("2023-02-02")


def test_values_that_do_not_fit_are_counted():
    lines = "price,q\n" + "\n".join(
        f"{'oops' if i in (3, 7, 8) else i * 1.5},{i % 11}" for i in range(500)
    )
    dataset = read_dataset(lines.encode(), "a.csv")
    assert said(dataset, "price: 3 of 500 values are not numbers ('oops') and were set to missing")
    assert dataset.codec.decode(dataset.X)["price"].isna().sum() == 3


def test_missing_values_of_every_type_come_back():
    frame = shop()
    for i, name in enumerate(frame):
        frame.loc[i::7, name] = None
    dataset = read_dataset(csv_of(frame), "a.csv")
    back = dataset.decode(dataset.X)
    assert types_of(dataset) == SHOP
    pd.testing.assert_frame_equal(back.isna(), frame.isna())
    pd.testing.assert_frame_equal(back, dataset.rows[list(back)], rtol=1e-5)


def test_label_ids_and_constants_are_left_out_of_x_but_kept_in_rows():
    frame = shop().assign(
        id=range(60),
        name=[f"n{i}" for i in range(60)],
        same=1,
        nothing=None,
        Species=["x", "y", "z"] * 20,
    )
    dataset = read_dataset(csv_of(frame), "a.csv")
    assert types_of(dataset) == SHOP and dataset.label == "Species"
    assert {"id", "name", "same", "Species"} <= set(dataset.rows)
    for words in (
        "a row number or identifier: id",
        "different in every row, like a name or identifier: name",
        "constant: same",
        "without any value: nothing",
        "Label: Species",
    ):
        assert said(dataset, words)
    assert "Species" in types_of(read_dataset(csv_of(frame), "a.csv", label="none"))
    assert read_dataset(csv_of(frame), "a.csv", label="town").label == "town"


def test_numbered_classes_are_classes():
    frame = shop()[["size", "items", "price"]].assign(target=[0, 1, 2] * 20)
    assert set(read_dataset(csv_of(frame), "a.csv").rows["target"]) == {"0", "1", "2"}
    assert (
        read_dataset(csv_of(frame.assign(target=frame["price"] * 2)), "a.csv").rows["target"].dtype
        == float
    )


def test_types_can_be_corrected():
    data = csv_of(shop())
    changed = read_dataset(
        data,
        "a.csv",
        types={
            "items": "categorical",
            "size": "ignore",
            "member": "categorical",
            "price": "integer",
        },
    )
    assert types_of(changed) == {
        "when": "date",
        "items": "categorical",
        "town": "categorical",
        "member": "categorical",
        "price": "integer",
    }
    assert (
        said(changed, "as asked: size")
        and changed.source["options"]["types"]["items"] == "categorical"
    )
    words = csv_of(shop().assign(member=["yes", "no", "maybe"] * 20))
    yes = read_dataset(words, "a.csv", types={"member": "boolean"})
    assert types_of(yes)["member"] == "boolean" and said(
        yes, "20 of 60 values are not yes or no ('maybe')"
    )


def test_headers_are_found_or_missed():
    iris = b"5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n7,3,1,virginica\n6.1,2,4,virginica\n6.3,2.2,4,virginica\n"
    dataset = read_dataset(iris, "iris.data")
    assert (
        len(dataset) == 5
        and dataset.label == "column 4"
        and said(dataset, "first row was read as data")
    )
    assert len(read_dataset(iris, "iris.data", header="yes")) == 4
    years = b"country,2001,2002,2003\nA,5,9,7\nB,6,1,3\nC,2,2,2\nD,9,8,7\n"
    assert len(read_dataset(years, "a.csv")) == 4


def test_row_names_trailing_delimiters_and_duplicates():
    assert list(types_of(read_dataset(b"a,b,c\nx,1,2,3\ny,4,5,6\nz,7,8,1\n", "r.csv"))) == [
        "a",
        "b",
        "c",
    ]
    assert read_dataset(b"a;b;c\n1;2;3;\n4;5;6;\n7;8;1;\n", "t.csv").rows.iloc[0].tolist()[:3] == [
        1,
        2,
        3,
    ]
    twice = read_dataset(b"a,a,b,a\n1,2,3,4\n2,3,4,9\n3,4,6,6\n", "d.csv")
    assert list(types_of(twice)) == ["a", "a (2)", "b", "a (3)"] and said(
        twice, "shared a name were renamed: a (2), a (3)"
    )


def test_many_levels_are_capped_and_said():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"w": [f"w{v}" for v in rng.integers(0, 80, 400)], "x": rng.normal(size=400)}
    )
    dataset = read_dataset(csv_of(frame), "a.csv", max_levels=10)
    assert len(dataset.codec.columns[0].labels) == 11
    assert said(dataset, "(other): w has 80 values, 10 of them kept")


def test_columns_named_after_an_axis_are_one_vector():
    waves = np.linspace(400, 700, 31)
    frame = pd.DataFrame(
        np.random.default_rng(0).random((9, 31)), columns=[f"{w:g}" for w in waves]
    ).assign(star=list("abc") * 3)
    dataset = read_dataset(csv_of(frame), "a.csv", label="star")
    assert (
        dataset.kind == "array"
        and dataset.codec.axis.tolist() == waves.tolist()
        and dataset.label == "star"
    )
    np.testing.assert_allclose(dataset.decode(dataset.X), frame.iloc[:, :-1].to_numpy(), atol=1e-5)
    assert read_dataset(csv_of(frame), "a.csv", kind="table").kind == "table"
    assert read_dataset(csv_of(shop()), "a.csv", kind="array").X.shape == (60, 3)


def test_parquet_keeps_types():
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2020", periods=30),
            "c": pd.Categorical(list("abc") * 10),
            "x": np.linspace(0, 1, 30),
            "list": [[1]] * 30,
            "raw": [b"x"] * 30,
            "n": pd.array([1, None, 3] * 10, dtype="Int64"),
            "zone": pd.date_range("2020", periods=30, tz="Europe/Berlin", freq="h"),
            "w": ["u", "v", None] * 10,
        }
    )
    out = io.BytesIO()
    frame.to_parquet(out)
    dataset = read_dataset(out.getvalue(), "a.parquet")
    assert types_of(dataset) == {
        "day": "date",
        "c": "categorical",
        "x": "numeric",
        "n": "integer",
        "zone": "date",
        "w": "categorical",
    }
    assert said(dataset, "nested or binary: list, raw") and said(dataset, "UTC")
    assert read_dataset(out.getvalue(), "a.csv").fingerprint == dataset.fingerprint
    assert said(
        read_dataset(out.getvalue(), "a.csv"),
        "The name ends in .csv, but the content is: Parquet table",
    )


def test_excel_with_a_title_an_empty_column_and_two_sheets():
    frame = shop().assign(when=pd.to_datetime(shop()["when"]), member=shop()["member"] == "true")
    out = io.BytesIO()
    with pd.ExcelWriter(out) as book:
        pd.DataFrame().to_excel(book, sheet_name="empty")
        frame.to_excel(book, sheet_name="shop", index=False, startrow=2, startcol=1)
        book.sheets["shop"].cell(1, 2, "Sales of the year")
    dataset = read_dataset(out.getvalue(), "a.xlsx")
    assert (
        types_of(dataset) == SHOP
        and dataset.source["options"]["sheet"] == "shop"
        and said(dataset, "there is also: empty")
    )
    pd.testing.assert_frame_equal(dataset.decode(dataset.X), dataset.rows[list(SHOP)], rtol=1e-5)
    with pytest.raises(DataError, match="no sheet 'x'; there are: empty, shop"):
        read_dataset(out.getvalue(), "a.xlsx", sheet="x")


def test_a_zip_with_one_table_is_unpacked():
    dataset = read_dataset(
        zipped({"data/shop.csv": csv_of(shop()), "README.txt": b"hello"}), "shop.zip", label="town"
    )
    assert types_of(dataset) == {k: v for k, v in SHOP.items() if k != "town"} and said(
        dataset, "shop.csv was read from the zip shop.zip"
    )


# -- text ------------------------------------------------------------------------------------------


def stories(n: int = 80) -> list[dict]:
    return [
        {
            "headline": f"Story {i} about the {w} and more {w}s in the big city",
            "category": w,
            "meta": {"n": i % 9},
            "tags": ["a"],
        }
        for i, w in enumerate(["cat", "dog", "tree", "car"] * (n // 4))
    ]


def test_text_columns_are_found_in_csv_and_json():
    frame = pd.DataFrame(stories())[["headline", "category"]]
    lines = "\n".join(map(json.dumps, stories())).encode()
    for data, name in (
        (csv_of(frame), "n.csv"),
        (lines, "n.jsonl"),
        (json.dumps(stories()).encode(), "n.json"),
        (json.dumps({"data": stories()}).encode(), "n.json"),
        (lines, "n.csv"),
    ):
        dataset = read_dataset(data, name)
        assert (dataset.kind, dataset.label, len(dataset)) == ("text", "category", 80), name
        assert dataset.rows["text"][0] == stories()[0]["headline"] and "category" in dataset.rows
    as_table = read_dataset(lines, "n.jsonl", kind="table", label="none")
    assert as_table.kind == "table" and types_of(as_table) == {
        "category": "categorical",
        "meta.n": "integer",
    }
    assert read_dataset(lines, "n.jsonl", text_column="category", label="none").X.shape == (80, 4)


def test_text_files_by_line_paragraph_and_zip():
    lsa = b"The cat sat on the mat\nThe dog barked at the cat\nThe cat chased the mouse\n"
    assert read_dataset(lsa, "cats.txt").X.shape == (3, 10)
    prose = "\n\n".join(
        f"First line about topic{i % 3}\nand the second line of it" for i in range(6)
    ).encode()
    assert (
        len(read_dataset(prose, "prose.txt")) == 6
        and len(read_dataset(prose, "prose.txt", split="lines")) == 12
    )
    spam = read_dataset(
        b"ham\tGo until jurong point crazy available only in bugis\nspam\tFree entry in a weekly competition to win final tickets\n"
        b"ham\tYou do not say so early already then say it now\nspam\tWinner as a valued customer you have been selected today\n",
        "SMSSpam.txt",
    )
    assert spam.kind == "text" and len(spam) == 4
    texts = {
        f"{c}/{i}.txt": f"Document {i} about {c} and more {c}".encode()
        for i in range(4)
        for c in ("sport", "tech")
    }
    zipped_texts = read_dataset(zipped(texts | {"sport/bad.txt": b"\0\1\2"}), "t.zip")
    assert (len(zipped_texts), zipped_texts.label, set(zipped_texts.rows["label"])) == (
        8,
        "label",
        {"sport", "tech"},
    ) and said(zipped_texts, "bad.txt")


def test_chinese_and_japanese_become_pairs_of_characters():
    dataset = read_dataset(
        "猫は犬が好きです\n犬は猫が好きです\n鳥は空が好きです\n".encode(), "j.txt"
    )
    assert "好き" in dataset.codec.terms and ("好き", 1.0) in dataset.decode(dataset.X)[2]
    np.testing.assert_array_equal(
        dataset.codec.encode(dataset.rows["text"]).toarray(), dataset.X.toarray()
    )


def test_empty_documents_and_hidden_marks_are_handled():
    dataset = read_dataset(
        json.dumps(["one two", "two three", "", "three \u202eone\u0007"]).encode(), "d.json"
    )
    assert (
        said(dataset, "1 documents hold none of the terms (1 are empty)") and dataset.X[2].nnz == 0
    )
    assert dataset.rows["text"][3] == "three  one "


def test_text_options():
    data = "\n".join(s["headline"] for s in stories()).encode()
    assert read_dataset(data, "t.txt", max_terms=10, stop_words="none").X.shape[1] == 10
    with pytest.raises(DataError, match="max_terms is 1, expected a whole number from 2 to 20000"):
        read_dataset(data, "t.txt", max_terms=1)
    with pytest.raises(DataError, match="no option 'side'"):
        read_dataset(data, "t.txt", side=3)


# -- pictures --------------------------------------------------------------------------------------


def test_pictures_in_folders():
    dataset = read_dataset(zipped({f"set/{k}": v for k, v in good_pictures(8).items()}), "p.zip")
    assert (
        dataset.schema.image == (12, 10, 3)
        and dataset.rows["label"].tolist() == list("abababab")
        and dataset.label == "label"
    )
    np.testing.assert_allclose(
        dataset.decode(dataset.X)[3] * 255, np.asarray(picture(3)), atol=1e-3
    )
    assert read_dataset(zipped(good_pictures()), "p.zip", label="none").label is None
    split = {f"{s}/{k}": v for s in ("test", "train") for k, v in good_pictures(4).items()}
    assert set(read_dataset(zipped(split), "p.zip").rows["folder"]) == {
        "test/a",
        "test/b",
        "train/a",
        "train/b",
    }
    outer = read_dataset(
        zipped(
            {f"{'cd'[i % 2]}/images/{i}.png": v for i, v in enumerate(good_pictures(6).values())}
        ),
        "p.zip",
    )
    assert set(outer.rows["label"]) == {"c", "d"}
    flat = read_dataset(
        zipped({k.replace("/", ""): v for k, v in good_pictures().items()}), "p.zip"
    )
    assert flat.label is None and flat.rows["file"][0] == "a0.png"


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_formats(fmt):
    grey = [np.full((16, 16), v, np.uint8) for v in (0, 60, 120, 240)]
    dataset = read_dataset(
        zipped({f"{i}.{fmt.lower()}": packed(Image.fromarray(g), fmt) for i, g in enumerate(grey)}),
        "p.zip",
    )
    assert dataset.schema.image == (16, 16, 1)
    np.testing.assert_allclose(dataset.X.mean(1) * 255, [0, 60, 120, 240], atol=3)


def test_16_bit_and_float_pictures_keep_their_tones():
    ramp = np.linspace(200, 4000, 64).reshape(8, 8)
    deep = {
        f"{i}.png": packed(Image.fromarray((ramp * (i + 1) / 4).astype(np.uint16)))
        for i in range(4)
    }
    floats = {
        f"{i}.tif": packed(Image.fromarray((ramp * (i + 1) / 4).astype(np.float32)), "TIFF")
        for i in range(4)
    }
    for files in (deep, floats):
        dataset = read_dataset(zipped(files), "p.zip")
        assert said(dataset, "more than 8 bits") and len(np.unique(dataset.X[3])) == 64
        assert np.corrcoef(dataset.X[3], ramp.ravel())[0, 1] > 0.9999
        # one scale for all: dark pictures stay dark
        assert dataset.X[0].mean() < 0.5 * dataset.X[3].mean()


def test_transparency_palettes_cmyk_and_rotation():
    clear = Image.fromarray(
        np.dstack(
            [np.full((8, 8, 3), 200, np.uint8), np.where(np.eye(8) > 0, 255, 0).astype(np.uint8)]
        )
    )
    files = {f"{i}.png": packed(clear.rotate(90 * i)) for i in range(3)}
    on_white, on_black = (
        read_dataset(zipped(files), "p.zip", background=b) for b in ("white", "black")
    )
    assert (
        on_white.X[0].max() == 1
        and on_black.X[0].min() == 0
        and said(on_white, "3 of 3 pictures have transparency, shown on white")
    )
    palette = picture(1, (8, 8)).quantize(4)
    tall = Image.fromarray(
        np.vstack([np.zeros((8, 8, 3), np.uint8), np.full((4, 8, 3), 255, np.uint8)])
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    mixed = {
        "p.gif": packed(palette, "GIF"),
        "c.jpg": packed(picture(2, (8, 8), "CMYK"), "JPEG"),
        "r.jpg": packed(tall, "JPEG", exif=exif, quality=95),
        "m.gif": packed(
            palette, "GIF", save_all=True, append_images=[picture(3, (8, 8)).quantize(4)]
        ),
    }
    dataset = read_dataset(zipped(mixed), "p.zip", side=8, fit="stretch")
    assert (
        said(dataset, "CMYK")
        and said(dataset, "several frames")
        and dataset.schema.image == (8, 8, 3)
    )
    turned = dataset.decode(dataset.X[2:3])[0]
    # the white foot is on the left once turned
    assert turned[:, 0].mean() > 0.9 > 0.1 > turned[:, -1].mean()


def test_sizes_are_chosen_said_and_changed():
    sizes = {f"{i}.png": packed(picture(i, (100 + 10 * i, 90))) for i in range(5)}
    dataset = read_dataset(zipped(sizes), "p.zip")
    assert dataset.schema.image == (64, 64, 3) and said(
        dataset,
        "5 of 5 pictures were resized to 64 x 64 pixels; 5 of another shape were cropped to their "
        "centre",
    )
    square = {f"{i}.png": packed(picture(i, (90, 90))) for i in range(5)}
    assert said(read_dataset(zipped(square), "p.zip"), "5 pictures were resized to 64 x 64 pixels.")
    long = read_dataset(
        zipped({f"{i}.png": packed(Image.new("L", (120, 30), 100 + i)) for i in range(3)}),
        "p.zip",
        side=32,
    )
    assert said(long, "given borders in white") and long.decode(long.X)[0, 0, 16, 0] == 1
    assert read_dataset(zipped(sizes), "p.zip", side=20, colour="grey").schema.image == (20, 20, 1)


def test_arrays_as_vectors_and_pictures():
    rng = np.random.default_rng(0)
    vectors = rng.normal(5, 2, (20, 6))
    for array in (
        vectors,
        np.asfortranarray(vectors),
        vectors.astype(">f4"),
        vectors.astype(np.float16),
        (vectors * 100).astype(np.int32),
    ):
        dataset = read_dataset(npy(array), "a.npy")
        np.testing.assert_allclose(dataset.decode(dataset.X), array, rtol=1e-3)
    images = rng.integers(0, 256, (10, 9, 8), dtype=np.uint8)
    for array, shape in (
        (images, (9, 8, 1)),
        (np.stack([images] * 3, 3), (9, 8, 3)),
        (np.stack([images] * 3, 1), (9, 8, 3)),
        (np.stack([images] * 4, 3), (9, 8, 3)),
        (images > 99, (9, 8, 1)),
    ):
        assert read_dataset(npy(array), "a.npy").schema.image == shape
    assert read_dataset(npy(images > 99), "a.npy").schema.has("bernoulli")
    assert (
        read_dataset(npy(np.stack([images] * 2, 3)[:, :4, :4, :1] / 255 * 2 - 1), "a.npy").X.min()
        >= 0
    )
    assert read_dataset(
        npy(rng.random((5, 100, 80, 3), dtype=np.float32)), "a.npy"
    ).schema.image == (64, 64, 3)


def test_npz_pairs_and_choices():
    rng = np.random.default_rng(0)
    data = npz(
        x_train=rng.integers(0, 256, (30, 5, 5), dtype=np.uint8),
        y_train=rng.integers(0, 3, 30),
        x_test=rng.integers(0, 256, (9, 5, 5), dtype=np.uint8),
        y_test=rng.integers(0, 3, 9),
        weight=rng.random(30),
        names=np.array([f"n{i}" for i in range(30)]),
    )
    train = read_dataset(data, "mnist.npz")
    assert (len(train), train.label, set(train.rows)) == (
        30,
        "y_train",
        {"y_train", "weight", "names"},
    )
    assert said(train, "Array 'x_train' (30, 5, 5) was read")
    test = read_dataset(data, "mnist.npz", array="x_test")
    assert (len(test), test.label) == (9, "y_test")
    with pytest.raises(DataError, match="no array 'z'; there are: x_train"):
        read_dataset(data, "mnist.npz", array="z")
    with pytest.raises(DataError, match="label 'y_test' is no array of one value a row"):
        read_dataset(data, "mnist.npz", label="y_test")


# -- anything at all -------------------------------------------------------------------------------

STARTS = [
    b"",
    b"PK\3\4",
    b"PAR1",
    b"\x93NUMPY\1\0",
    b'{"a":',
    b"[{",
    b"a,b\n1,2\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "é;ü\n".encode("cp1252"),
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(STARTS),
    st.binary(max_size=400),
    st.sampled_from(
        [
            "",
            ".csv",
            ".tsv",
            ".json",
            ".jsonl",
            ".parquet",
            ".xlsx",
            ".npy",
            ".npz",
            ".zip",
            ".txt",
            ".png",
        ]
    ),
)
def test_random_bytes_are_a_sentence_or_a_dataset(start, data, suffix):
    try:
        dataset = read_dataset(start + data, "file" + suffix)
    except DataError as error:
        assert "could not be read (" not in str(error), "an error that no reader foresaw"
    else:
        assert len(dataset) >= 3


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    st.sampled_from([".csv", ".txt", ".jsonl"]),
)
def test_random_text_is_a_sentence_or_a_dataset(text, suffix):
    try:
        assert len(read_dataset(text.encode(), "file" + suffix)) >= 3
    except DataError as error:
        assert "could not be read (" not in str(error), "an error that no reader foresaw"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.integers(-99, 99),
                st.floats(-1e6, 1e6).map(lambda v: round(v, 3)),
                st.sampled_from(["x", "y", "", "NA", "1,5", "2024-01-02", "true", "inf"]),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=3,
        max_size=12,
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_random_tables_are_a_sentence_or_a_dataset_that_comes_back(rows, sep):
    data = csv_of(pd.DataFrame(rows, columns=["p", "q", "r"], dtype=object), sep=sep)
    try:
        dataset = read_dataset(data, "t.csv", header="yes", kind="table")
    except DataError as error:
        assert "usable column" in str(error) or "same" in str(error)
    else:
        back = dataset.decode(dataset.X)
        pd.testing.assert_frame_equal(
            back, dataset.rows[list(back)], rtol=1e-4, atol=1, check_dtype=True
        )


def test_many_large_pictures_are_the_same_in_a_mapped_file(monkeypatch):
    """Mixed with those of more than 8 bits and with some that cannot be read."""
    files = {f"{i}.png": packed(picture(i, (50, 40))) for i in range(4)}
    ramp = np.linspace(300, 4000, 1200).reshape(30, 40)
    files |= {"5.png": packed(Image.fromarray(ramp.astype(np.uint16))), "6.png": b"no picture"}
    upload = zipped(files)
    whole = read_dataset(upload, "p.zip", side=32)
    monkeypatch.setattr(rows, "MOST_IN_MEMORY", 1000)
    parts = read_dataset(upload, "p.zip", side=32)
    assert np.array_equal(whole.X, parts.X) and whole.notes == parts.notes
    assert whole.source["pictures"] == {"largest": 50, "chosen": [32, 32], "left_out": [5]}


def test_pictures_of_256_pixels_a_side_are_read_and_larger_ones_refused():
    upload = zipped({f"{i}.png": packed(picture(i, (300, 260))) for i in range(4)})
    assert read_dataset(upload, "p.zip", side=256).schema.image == (256, 256, 3)
    with pytest.raises(DataError, match="256"):
        read_dataset(upload, "p.zip", side=257)


def test_the_sizes_to_choose_from_say_why_not(small_limits):
    small_limits(array_cells=5 * 128 * 128 * 3)
    assert [bool(c.reason) for c in size_choices(5, 3, 100)] == [False, False, True, True]
    assert [bool(c.reason) for c in size_choices(5, 3)] == [False, False, False, True]
    assert "limit is 245,760" in size_choices(5, 3)[-1].reason
    upload = zipped({f"{i}.png": packed(picture(i, (300, 260))) for i in range(5)})
    for choice in size_choices(5, 3):
        if choice.reason:
            with pytest.raises(DataError, match="limit is 245,760"):
                read_dataset(upload, "p.zip", side=choice.side)
        else:
            data = read_dataset(upload, "p.zip", side=choice.side)
            assert (data.X.size, data.X.nbytes) == (choice.values, choice.nbytes)
