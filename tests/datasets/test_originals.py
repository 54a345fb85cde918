"""The pictures of an upload at full size: the right one, encoded anew, or a sentence."""

import io

import numpy as np
import pytest
from example_files import packed, picture, zipped
from PIL import Image

from lvm_core import read_dataset
from lvm_core.datasets.base import DataError
from lvm_core.datasets.originals import has_originals, original


def opened(upload, data, row):
    content, media_type = original(upload, data.source, row)
    shown = Image.open(io.BytesIO(content))
    assert shown.format == {"image/png": "PNG", "image/jpeg": "JPEG"}[media_type]
    return shown


def test_each_row_has_the_picture_it_was_made_from_past_those_left_out(tmp_path):
    """Also where names are shared, and where the zip is read from the disk."""
    files = {
        "a/1.png": b"no picture",
        "notes.txt": b"x",
        "b/1.png": packed(picture(1, (90, 70))),
        "c/1.png": packed(picture(2, (120, 80))),
        "d/1.png": packed(picture(4))[:60],
        "e/1.png": packed(picture(3, (200, 300))),
    }
    upload = zipped(files)
    data = read_dataset(upload, "p.zip", side=8)
    (tmp_path / "upload").write_bytes(upload)
    assert data.rows["label"].tolist() == ["b", "c", "e"] and has_originals(data.source)
    for row, name in enumerate(("b/1.png", "c/1.png", "e/1.png")):
        wanted = np.asarray(Image.open(io.BytesIO(files[name])).convert("RGB"))
        for source in (upload, tmp_path / "upload"):
            assert np.array_equal(np.asarray(opened(source, data, row).convert("RGB")), wanted)
    for row in (-1, 3):
        with pytest.raises(DataError, match="There is no picture"):
            original(upload, data.source, row)


def test_it_is_encoded_anew_without_what_else_the_file_held():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "where I live"
    files = {f"{i}.png": packed(picture(i, (30, 20))) for i in range(3)}
    files["r.jpg"] = packed(picture(5, (30, 20)), "JPEG", exif=exif) + b"<script>alert(1)</script>"
    upload = zipped(files)
    data = read_dataset(upload, "p.zip", side=8)
    content, media_type = original(upload, data.source, 3)
    assert media_type == "image/jpeg" and b"where I live" not in content
    assert b"<script>" not in content and Image.open(io.BytesIO(content)).size == (30, 20)


def test_transparent_pixels_show_a_chequered_ground_that_is_neither_black_nor_white():
    clear = np.zeros((40, 40, 4), np.uint8)
    clear[:20] = [255, 0, 0, 255]
    files = {f"{i}.png": packed(Image.fromarray(np.roll(clear, i, 0))) for i in range(3)}
    upload = zipped(files)
    shown = np.asarray(opened(upload, read_dataset(upload, "p.zip"), 0))
    assert shown.shape == (40, 40, 3) and (shown[:20] == [255, 0, 0]).all()
    ground = np.unique(shown[20:])
    assert len(ground) == 2 and ground.min() > 150 and ground.max() < 250


def test_pictures_of_more_than_8_bits_are_shown_over_their_own_range():
    ramp = np.linspace(300, 4000, 64 * 64).reshape(64, 64)
    files = {f"{i}.png": packed(Image.fromarray((ramp + i).astype(np.uint16))) for i in range(3)}
    upload = zipped(files)
    shown = np.asarray(opened(upload, read_dataset(upload, "p.zip", side=8), 0))
    assert shown.shape == (64, 64) and (shown.min(), shown.max()) == (0, 255)


def test_the_limit_of_pixels_holds_there_too(small_limits):
    upload = zipped({f"{i}.png": packed(picture(i, (40, 30))) for i in range(3)})
    data = read_dataset(upload, "p.zip", side=8)
    small_limits(picture_pixels=40 * 30 - 1)
    with pytest.raises(DataError, match="1,200 pixels in one picture"):
        original(upload, data.source, 0)


def test_other_data_have_none():
    table = read_dataset(b"a,b\n1,2\n3,4\n5,7\n", "t.csv")
    assert not has_originals(table.source)
    with pytest.raises(DataError, match="has no pictures"):
        original(b"", table.source, 0)
