"""Broken and hostile files, made in memory, and the sentence each is refused with."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from example_files import good_pictures, npy, npz, packed, picture, zipped

HUGE = "limit is"


def png_of(width: int, height: int, **chunks) -> bytes:
    """A PNG that says it is this large, with almost nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    extra = b"".join(chunk(k.encode(), v) for k, v in chunks.items())
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + extra
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def npy_header(text: str, data: bytes = b"") -> bytes:
    header = text.encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


def npy_saying(shape, dtype="<f8", data=b"\0" * 64) -> bytes:
    return npy_header(repr({"descr": dtype, "fortran_order": False, "shape": shape}), data)


def encrypted(files: dict) -> bytes:
    """The zip with its entries marked as encrypted."""
    data = bytearray(zipped(files))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 1)
    return bytes(data)


def lying_zip() -> bytes:
    """An entry of 5 MB that declares 10 bytes."""
    data = bytearray(
        zipped({"a/big.png": b"\0" * 5_000_000} | good_pictures(), zipfile.ZIP_DEFLATED)
    )
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = data.find(signature)
        data[at + offset : at + offset + 4] = struct.pack("<I", 10)
    return bytes(data)


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in good_pictures().items():
            z.writestr(name, data)
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = 0o120777 << 16
        z.writestr(link, "/etc/passwd")
    return out.getvalue()


def twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z, pytest.warns(UserWarning):
        for i in range(4):
            z.writestr("same.png", packed(picture(i)))
    return out.getvalue()


def parquet(frame: pd.DataFrame, **options) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out, **options)
    return out.getvalue()


def xlsx(rows: list) -> bytes:
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


GOOD_ROWS = b"a,b\n1,5\n2,3\n3,9\n"
NUMBERS = np.random.default_rng(0).normal(size=(6, 3))
PICKLE = b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."


def holed() -> np.ndarray:
    array = NUMBERS.copy()
    array[0, 0], array[1, 2] = np.nan, np.inf
    return array


REFUSED = {
    # name of the case: (file name, bytes, words of the sentence)
    "empty": ("a.csv", b"", "a.csv is empty"),
    "only blanks": ("a.csv", b"\n \n\t\r\n", "a.csv is empty"),
    "only a mark": ("a.csv", b"\xef\xbb\xbf", "a.csv is empty"),
    "header only": ("a.csv", b"a,b,c\n", "no rows"),
    "one row": ("a.csv", b"a,b\n1,2\n", "only one row; at least 3"),
    "two rows": ("a.csv", b"a,b\n1,2\n3,4\n", "only 2 rows; at least 3"),
    "one column": ("a.csv", b"v\n1\n2\n5\n", "1 usable column; at least 2"),
    "one column of names": (
        "a.csv",
        b"name\nalice\nbob\ncarl\n",
        "0 usable columns.*different in every row.*name",
    ),
    "constant columns": ("a.csv", b"a,b\n1,5\n1,5\n1,5\n", "0 usable columns.*constant: a, b"),
    "missing columns": (
        "a.csv",
        b"a,b\n,\nNA,\n,NA\n",
        "0 usable columns.*without any value: a, b|no rows",
    ),
    "ragged": (
        "a.csv",
        b"a,b,c\n1\n1,2\n1,2,3,4\n1,2,3,4,5\n1,2,3,4,5,6\n",
        "ragged: its rows have from 1 to 6 values",
    ),
    "open quote": ("a.csv", b'a,b\n1,"2\n3,4\n5,6,7\n8\n', "opened and never closed"),
    "NUL in a table": ("a.csv", b"a,b\n1,\0\n2,3\n4,5\n", "NUL"),
    "binary as a table": ("a.csv", bytes(range(1, 256)) * 20, "not a text file"),
    "binary as text": ("a.txt", bytes(range(1, 256)) * 20, "not a text file"),
    "a web page": (
        "a.csv",
        b"<!DOCTYPE html><html><body>Not found</body></html>",
        "a web page or XML",
    ),
    "a pickle": ("model.pkl", PICKLE, "a Python pickle, which could run a program"),
    "a pickle called npy": ("a.npy", PICKLE, "a Python pickle"),
    "HDF5": ("a.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 50, "an HDF5 file that is damaged"),
    "gzip": ("a.csv.gz", b"\x1f\x8b\x08\0" + b"x" * 20, "is damaged .gzip.*pack it again"),
    "old Excel": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 600, "save it as .xlsx"),
    "a PDF": ("a.pdf", b"%PDF-1.7\n%...", "a PDF"),
    "a single picture": (
        "a.png",
        packed(picture()),
        "single picture.*at least 3 pictures into a zip",
    ),
    "a picture called csv": ("a.csv", packed(picture(), "JPEG"), "single picture"),
    # arrays
    "pickled objects": (
        "a.npy",
        npy(np.array([{}, 1], dtype=object), allow_pickle=True),
        "pickled Python objects",
    ),
    "pickled objects in npz": (
        "a.npz",
        npz(x=np.array([{}], dtype=object)),
        "no array that can be read.*pickled",
    ),
    "claims terabytes": (
        "a.npy",
        npy_saying((10**12,)),
        r"8,000,000,000,000 bytes.*64 bytes follow",
    ),
    "claims 10**40 values": ("a.npy", npy_saying((10**20, 10**20)), "64 bytes follow"),
    "negative shape": ("a.npy", npy_saying((-1, 8)), "damaged"),
    "array cut short": ("a.npy", npy(NUMBERS)[:-8], "144 bytes.*136 bytes follow"),
    "long header": ("a.npy", npy_header("{" + " " * 30_000 + "}"), "damaged .npy"),
    "code in a header": ("a.npy", npy_header("__import__('os').system('true')"), "damaged .npy"),
    "deep header": ("a.npy", npy_header("(" * 3000), "damaged .npy"),
    "header cut": ("a.npy", b"\x93NUMPY\1\0\xff\xff{", "damaged .npy"),
    "one dimension": ("a.npy", npy(np.arange(9)), "1 dimension .*expected 2"),
    "a number": ("a.npy", npy(np.array(3)), "0 dimensions"),
    "five dimensions": ("a.npy", npy(np.zeros((3, 2, 2, 2, 2))), "5 dimensions"),
    "no rows": ("a.npy", npy(np.zeros((0, 5))), "empty"),
    "complex": ("a.npy", npy(NUMBERS + 1j), "complex numbers; expected real"),
    "records": ("a.npy", npy(np.zeros(4, dtype=[("x", "f4")])), "records"),
    "words": ("a.npy", npy(np.array([["a", "b"]] * 4)), "words"),
    "dates": ("a.npy", npy(np.zeros((4, 2), "M8[D]")), "dates"),
    "all the same": ("a.npy", npy(np.ones((5, 3))), "All 5 rows of a.npy are the same"),
    "one array column": ("a.npy", npy(np.ones((5, 1))), "1 column; at least 2"),
    "a column of NaN": (
        "a.npy",
        npy(np.where(np.arange(3) == 1, np.nan, NUMBERS)),
        "without any finite number .the first is column 2",
    ),
    "beyond reckoning": ("a.npy", npy(NUMBERS * 1e300), "largest that can be worked with"),
    "one picture array": (
        "a.npy",
        npy(np.zeros((480, 640, 3), np.uint8)),
        "looks like one colour picture",
    ),
    "same pictures": ("a.npy", npy(np.zeros((5, 8, 8), np.uint8)), "are the same"),
    "five channels": (
        "a.npy",
        npy(np.zeros((5, 8, 8, 5), np.uint8)),
        "expected 1, 3 or 4 channels",
    ),
    # containers
    "no zip": ("a.zip", b"PK\3\4" + b"garbage" * 20, "damaged zip"),
    "zip cut short": ("a.zip", zipped(good_pictures())[:-40], "damaged zip"),
    "empty zip": ("a.zip", zipped({}), "no files that can be used"),
    "only clutter": (
        "a.zip",
        zipped({"__MACOSX/a.png": b"x", ".DS_Store": b"x", "b/Thumbs.db": b"x"}),
        "no files that can be used",
    ),
    "only climbers": (
        "a.zip",
        zipped(
            {"../../etc/x.png": b"x", "/abs.png": b"x", "C:\\x.png": b"x", "a\\..\\..\\b.png": b"x"}
        ),
        "4 of 4 entries have a path that leads out of the zip",
    ),
    "password": ("a.zip", encrypted(good_pictures()), "password-protected"),
    "zip in zip": (
        "a.zip",
        zipped({"b.zip": zipped(good_pictures())}),
        "holds 1 .zip; expected a zip of pictures",
    ),
    "programs": ("a.zip", zipped({"a.exe": b"MZ", "b.dll": b"MZ"}), "holds 1 .exe, 1 .dll"),
    "two tables": (
        "a.zip",
        zipped({"a.csv": GOOD_ROWS, "b.csv": GOOD_ROWS}),
        "holds 2 .csv; expected.* exactly one table",
    ),
    "zip bomb": (
        "a.zip",
        zipped({"a.csv": b"0" * 30_000_000}, zipfile.ZIP_DEFLATED),
        "times its packed size.*limit is 200",
    ),
    "zip bomb of arrays": (
        "a.npz",
        zipped({"x.npy": npy_saying((3, 10**7), "<u1", b"\0" * (3 * 10**7))}, zipfile.ZIP_DEFLATED),
        "times its packed size.*limit is 200",
    ),
    "damaged table in zip": (
        "a.zip",
        zipped({"a.csv": GOOD_ROWS * 50}, zipfile.ZIP_DEFLATED).replace(b"a.csv", b"a.csv", 1)[:60]
        + b"\xff" * 20
        + zipped({"a.csv": GOOD_ROWS * 50}, zipfile.ZIP_DEFLATED)[80:],
        "damaged",
    ),
    # pictures
    "all pictures broken": (
        "a.zip",
        zipped({f"{i}.png": b"<html>" for i in range(4)}),
        "None of the 4 pictures.*not a picture .0.png",
    ),
    "a giant picture": (
        "a.zip",
        zipped({"a.png": png_of(30_000, 30_000)}),
        "None of the 1 pictures.*over the limit of 50,000,000 pixels",
    ),
    "a boundless picture": (
        "a.zip",
        zipped({"a.png": png_of(60_000, 60_000)}),
        "over the limit of 50,000,000 pixels",
    ),
    "two pictures": ("a.zip", zipped(good_pictures(2)), "only 2 rows; at least 3"),
    "equal pictures": (
        "a.zip",
        zipped({f"{i}.png": packed(picture()) for i in range(4)}),
        "are the same",
    ),
    "PostScript called png": (
        "a.zip",
        zipped(
            {f"{i}.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" for i in range(3)}
        ),
        "not a picture",
    ),
    # tables of other formats
    "parquet cut short": (
        "a.parquet",
        parquet(pd.DataFrame({"a": [1, 2, 3]}))[:-9],
        "damaged Parquet",
    ),
    "parquet of noise": ("a.parquet", b"PAR1" + b"\xff" * 60 + b"PAR1", "damaged Parquet"),
    "csv called parquet": ("a.parquet", GOOD_ROWS, "damaged Parquet"),
    "parquet without rows": ("a.parquet", parquet(pd.DataFrame({"a": [], "b": []})), "no rows"),
    "Excel without cells": ("a.xlsx", xlsx([]), "no rows"),
    "Excel with a header": ("a.xlsx", xlsx([["a", "b"]]), "no rows"),
    "Excel damaged": ("a.xlsx", zipped({"xl/workbook.xml": b"<oops"}), "damaged Excel workbook"),
    "JSON without records": ("a.json", b'{"a": 1}', "one JSON value"),
    "JSON of numbers": ("a.json", b"[1, 2, 3, 4]", "no records"),
    "broken JSON": ("a.jsonl", b'{"a": 1\n{"b"\n{{{\n', "is no JSON: 3 of its 3 lines"),
    "deep JSON": ("a.json", b"[" * 100_000, "nested too deeply|is no JSON"),
    "text without words": ("a.txt", b"? !\n. .\n- -\n", "share no terms"),
    "text of one word": ("a.txt", b"word\nword\nword\n", "one term"),
    "same documents": ("a.txt", b"one two\none two\none two\n", "are the same"),
    "empty documents": (
        "a.json",
        json.dumps(["", "", "one two"]).encode(),
        "1 documents with text",
    ),
}
