"""Downloads, opened again."""

import csv
import io
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from lvm_core.export.encode import (
    csv_bytes,
    npz_bytes,
    parquet_bytes,
    png,
    png_sheet,
    text_bytes,
    zip_of_pngs,
)

rng = np.random.RandomState(0)


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.mark.parametrize("c", (1, 3, 4))
def test_png_keeps_every_pixel(c):
    image = rng.uniform(size=(5, 7, c))
    pixels = opened(png(image))
    assert pixels.shape == ((5, 7) if c == 1 else (5, 7, c))
    assert_allclose(pixels.reshape(5, 7, c) / 255, image, atol=0.5 / 255 + 1e-7)


def test_png_clips_and_shows_nan_as_black():
    assert_array_equal(opened(png([[-1.0, 2.0, np.nan]])), [[0, 255, 0]])


def test_upscale_repeats_pixels():
    image = rng.uniform(size=(3, 4, 3))
    assert_array_equal(opened(png(image, upscale=5)), opened(png(image)).repeat(5, 0).repeat(5, 1))


@pytest.mark.parametrize(
    "n, columns, shape",
    [(5, 3, (12, 17)), (5, None, (12, 17)), (1, None, (7, 7)), (4, 99, (7, 22)), (3, 1, (17, 7))],
)
def test_sheet_places_pictures_row_by_row(n, columns, shape):
    images = rng.uniform(0, 0.9, size=(n, 3, 3, 1))
    sheet = opened(png_sheet(images, columns))
    assert sheet.shape == shape and (sheet[:2] == 255).all() and (sheet[:, :2] == 255).all()
    across = (shape[1] - 2) // 5
    for i, image in enumerate(images):
        y, x = 2 + i // across * 5, 2 + i % across * 5
        assert_array_equal(sheet[y : y + 3, x : x + 3], opened(png(image)))


def test_zip_holds_every_picture_by_number(monkeypatch):
    images = rng.uniform(size=(12, 4, 4, 3))
    data = zip_of_pngs(images)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert (
            archive.namelist() == [f"{i:04}.png" for i in range(12)] and archive.testzip() is None
        )
        for name, image in zip(archive.namelist(), images):
            assert_array_equal(opened(archive.read(name)), opened(png(image)))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1e6)
    assert zip_of_pngs(images) == data


@pytest.mark.parametrize("bad", (np.zeros((3, 3, 2)), np.zeros(4), np.zeros((0, 3, 3))))
def test_what_is_no_picture_is_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        png(bad)


def test_a_picture_too_large_is_refused_before_it_is_made():
    with pytest.raises(ValueError, match="300000 x 300000"):
        png(np.zeros((300, 300, 3)), upscale=1000)


def test_no_pictures_are_refused():
    for make in (png_sheet, zip_of_pngs):
        with pytest.raises(ValueError, match="at least one picture"):
            make(np.zeros((0, 3, 3, 1)))


def test_csv_comes_back_typed():
    frame = pd.DataFrame(
        {
            "n": [1, -2],
            "x": [0.5, np.nan],
            "day": pd.to_datetime(["2024-02-29", "1999-12-31"]),
            "name": ['Ä, "b"', "雪"],
            "yes": [True, False],
            "level": pd.Categorical(["a", "b"]),
        }
    )
    back = pd.read_csv(io.BytesIO(csv_bytes(frame)), parse_dates=["day"], encoding="utf-8-sig")
    pd.testing.assert_frame_equal(back, frame.astype({"level": str}), check_dtype=False)


@pytest.mark.parametrize("start", "=+-@\t\r\n")
def test_formulas_are_disarmed_in_cells_and_headers(start):
    frame = pd.DataFrame(
        {start + "head": [start + "1+1", "safe"], "level": pd.Categorical([start + "x", None])}
    )
    before = frame.copy(deep=True)
    rows = list(csv.reader(io.StringIO(csv_bytes(frame).decode("utf-8-sig"), newline="")))
    assert rows == [[f"'{start}head", "level"], [f"'{start}1+1", f"'{start}x"], ["safe", ""]]
    pd.testing.assert_frame_equal(frame, before)


def test_negative_numbers_are_no_formulas():
    assert csv_bytes(pd.DataFrame({"x": [-1.5, 2], "mixed": [-3, "=a"]})).decode(
        "utf-8-sig"
    ).splitlines() == ["x,mixed", "-1.5,-3", "2.0,'=a"]


def test_duplicate_column_names_survive():
    frame = pd.DataFrame([["=a", "=b"]], columns=["x", "x"])
    assert csv_bytes(frame).decode("utf-8-sig").splitlines() == ["x,x", "'=a,'=b"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_no_csv_cell_starts_a_formula(cells):
    text = csv_bytes(pd.DataFrame({"c": cells})).decode("utf-8-sig")
    assert not any(
        cell.startswith(tuple("=+-@\t\r\n"))
        for row in csv.reader(io.StringIO(text, newline=""))
        for cell in row
    )


def test_npz_comes_back_without_pickle():
    arrays = {
        "Z": rng.normal(size=(3, 2)).astype(np.float32),
        "ids": np.arange(3),
        "name": np.array(["a", "雪", None], dtype=object),
        "day": np.array(["2024-02-29"], dtype="M8[D]"),
    }
    data = npz_bytes(**arrays)
    with np.load(io.BytesIO(data), allow_pickle=False) as back:
        assert set(back) == set(arrays)
        assert back["Z"].dtype == np.float32
        assert_array_equal(back["Z"], arrays["Z"])
        assert back["name"].tolist() == ["a", "雪", "None"]
    assert npz_bytes(**arrays) == data


def test_npz_refuses_what_is_no_array():
    with pytest.raises(ValueError, match="expected numbers, dates or text"):
        npz_bytes(x=np.zeros(2, dtype=[("a", int)]))


def test_text_is_one_line_each():
    assert text_bytes(["a\nb", "ü \ud800", 3]).decode() == "a b\nü ?\n3\n"


def test_columns_without_text_for_a_name_are_named_by_their_text():
    frame = pd.DataFrame({1: [1, "two"], "size": [1.5, 2.0]})
    found = pd.read_parquet(io.BytesIO(parquet_bytes(frame)))
    assert found.columns.tolist() == ["1", "size"] and found["1"].tolist() == ["1", "two"]
    assert frame[1].tolist() == [1, "two"]
