"""Files read in processes of their own, and what bounds them."""

import io
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lvm_core import read_dataset, settings
from lvm_core.datasets.base import DataError
from lvm_core.runs import read_pool
from lvm_core.runs.read_pool import ReadPool

SHARED = (
    '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sharedStrings+xml"/>'
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    pool = ReadPool(tmp_path_factory.mktemp("reading"))
    pool.start()
    yield pool
    pool.stop()


def csv():
    days = pd.date_range("2024-01-01", periods=60).strftime("%d.%m.%Y")
    return pd.DataFrame(
        {"day": days, "size": np.arange(60) / 7, "kind": list("abc") * 20, "n": range(60)}
    ).to_csv(index=False, sep=";", decimal=",")


def pictures():
    out, noise = io.BytesIO(), np.random.RandomState(0)
    with zipfile.ZipFile(out, "w") as packed:
        for i in range(8):
            one = io.BytesIO()
            Image.fromarray(noise.randint(0, 255, (20, 20, 3), np.uint8)).save(one, "PNG")
            packed.writestr(f"{'ab'[i % 2]}/{i}.png", one.getvalue())
    return out.getvalue()


def texts():
    words = np.random.RandomState(0).choice([a + b for a in LETTERS for b in LETTERS], (50, 30))
    return "\n".join(" ".join(row) for row in words)


def array():
    out = io.BytesIO()
    np.save(out, np.random.RandomState(0).rand(40, 5).astype(np.float32))
    return out.getvalue()


@pytest.mark.parametrize(
    "make, name, asked",
    [
        (csv, "t.csv", {"types": {"n": "categorical"}, "options": {"label": "kind"}}),
        (pictures, "p.zip", {}),
        (texts, "t.txt", {}),
        (array, "a.npy", {"reader": "numpy"}),
    ],
)
def test_a_process_reads_what_is_read_here(pool, make, name, asked):
    data = make()
    data = data.encode() if isinstance(data, str) else data
    seen = []
    found = pool.read(data, name, on_wait=seen.append, **asked)
    here = read_dataset(
        data,
        name=name,
        reader=asked.get("reader"),
        types=asked.get("types"),
        **asked.get("options", {}),
    )
    assert found.fingerprint == here.fingerprint and found.rows.equals(here.rows)
    assert (found.notes, found.source, found.label) == (here.notes, here.source, here.label)
    assert found.codec.to_json() == here.codec.to_json()
    assert seen == sorted(seen) and not list(pool.folder.iterdir())


def test_what_is_refused_says_the_same(pool):
    with pytest.raises(DataError) as there:
        pool.read(b"a,b\n1,2\n", "short.csv")
    with pytest.raises(DataError) as here:
        read_dataset(b"a,b\n1,2\n", "short.csv")
    assert str(there.value) == str(here.value)


def test_the_limits_are_those_of_this_process(pool, monkeypatch):
    monkeypatch.setattr(settings, "LIMITS", settings.Limits(rows=10))
    with pytest.raises(DataError, match="the limit is 40"):
        pool.read(csv().encode(), "t.csv")


def workbook(strings: str, sheet: str) -> bytes:
    """An XLSX of one sheet."""
    out = io.BytesIO()
    pd.DataFrame({"a": ["x", "y", "z"], "b": [1, 2, 3]}).to_excel(out, index=False)
    old, new = zipfile.ZipFile(out), io.BytesIO()
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts = {
        "xl/sharedStrings.xml": f"<sst {main}>{strings}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {main}>{sheet}</worksheet>",
    }
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as packed:
        for info in old.infolist():
            if info.filename not in parts:
                text = old.read(info.filename)
                if info.filename == "[Content_Types].xml" and b"sharedStrings" not in text:
                    text = text.replace(b"</Types>", f"{SHARED}</Types>".encode())
                packed.writestr(info.filename, text)
        for name, text in parts.items():
            packed.writestr(name, f"<?xml version='1.0' encoding='UTF-8'?>{text}")
    return new.getvalue()


def repeated() -> bytes:
    """One long text that is in every cell: small as a file, endless when read."""
    cells = "".join(
        f"<row r='{i}'>" + "".join(f"<c r='{c}{i}' t='s'><v>0</v></c>" for c in "ABCD") + "</row>"
        for i in range(1, 1200)
    )
    text = "x" * 900_000
    return workbook(f"<si><t>{text}</t></si>", f"<sheetData>{cells}</sheetData>")


def far() -> bytes:
    """A few cells in a sheet that says it is as large as a sheet can be."""
    cells = "".join(
        f"<row r='{i}'><c r='A{i}'><v>{i}</v></c><c r='B{i}'><v>{i * i}</v></c></row>"
        for i in (1, 2, 3, 4, 5)
    )
    return workbook("", f"<dimension ref='A1:XFD1048576'/><sheetData>{cells}</sheetData>")


def test_a_text_in_every_cell_of_a_workbook_is_refused_before_it_is_repeated(pool):
    began = time.monotonic()
    with pytest.raises(DataError, match="times as many characters of text"):
        pool.read(repeated(), "book.xlsx")
    assert time.monotonic() - began < 60


def test_a_workbook_is_as_large_as_its_cells(pool):
    found = pool.read(far(), "book.xlsx")
    assert found.rows.shape == (5, 2)


@pytest.mark.parametrize(
    "reader, bound",
    [("while True: pass", "seconds of computing"), ("x = bytearray(3 << 30)", "MB of memory")],
)
def test_bounds_end_the_process_and_nothing_else(tmp_path, monkeypatch, reader, bound):
    """A reader that never ends, or takes all memory."""
    program = tmp_path / "program.py"
    program.write_text(
        f"def read_dataset(*args, **options):\n    {reader}\n"
        "from lvm_core.runs import read_worker\n"
        "read_worker.read_dataset = read_dataset\n"
        "read_worker.main()\n"
    )
    monkeypatch.setattr(read_pool, "SECONDS", 2)
    monkeypatch.setattr(read_pool, "COMMAND", (sys.executable, str(program)))
    pool = ReadPool(tmp_path / "reading")
    pool.start()
    try:
        with pytest.raises(DataError, match=bound):
            pool.read(csv().encode(), "t.csv")
        assert not list(pool.folder.iterdir())
    finally:
        pool.stop()


def test_it_ends_with_whoever_waits(pool):
    class Gone(Exception):
        pass

    def leave(seconds):
        raise Gone

    began = time.monotonic()
    with pytest.raises(Gone):
        pool.read(texts().encode() * 200, "t.txt", on_wait=leave)
    assert time.monotonic() - began < 30 and not list(pool.folder.iterdir())
    assert len(pool.read(csv().encode(), "t.csv")) == 60


def test_what_a_killed_server_left_is_taken_away(tmp_path, monkeypatch):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "input").write_bytes(b"secret")
    monkeypatch.setattr(read_pool, "_LEFT", -1)
    pool = ReadPool(tmp_path)
    pool.start()
    pool.stop()
    assert not list(tmp_path.iterdir())


def test_without_a_server_it_reads_here(tmp_path):
    assert len(ReadPool(tmp_path / "none").read(csv().encode(), "t.csv")) == 60
    assert not (tmp_path / "none").exists()
