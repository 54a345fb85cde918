"""Files that are known and not read, each with the way out."""

from __future__ import annotations

from ..base import DataError
from ..upload import Upload

MAGIC = {
    b"\x80\x02": "a Python pickle, which could run a program", b"\x80\x03": "a Python pickle, which could run a program", b"\x80\x04": "a Python pickle, which could run a program",
    b"\x80\x05": "a Python pickle, which could run a program", b"\x89HDF": "an HDF5 file", b"%PDF": "a PDF", b"\x1f\x8b": "packed with gzip", b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"\xd0\xcf\x11\xe0": "an old Office file (.xls, .doc)", b"SQLite": "an SQLite database",
    b"MATLAB": "a MATLAB file", b"ARROW1": "an Arrow file", b"Obj\x01": "an Avro file", b"ORC": "an ORC file", b"\x7fELF": "a program", b"MZ": "a program", b"SIMPLE  =": "a FITS file",
    b"\x89PNG": "a single picture", b"\xff\xd8\xff": "a single picture", b"GIF8": "a single picture", b"RIFF": "a sound, video or single picture", b"II*\0": "a single picture", b"MM\0*": "a single picture",
}
WAY_OUT = {"a single picture": "put at least 3 pictures into a zip", "a sound, video or single picture": "put at least 3 pictures into a zip",
           "packed with gzip": "unpack it first", "packed with bzip2": "unpack it first", "packed with xz": "unpack it first", "a 7z archive": "pack it as .zip",
           "a RAR archive": "pack it as .zip", "an old Office file (.xls, .doc)": "save it as .xlsx or .csv", "an HDF5 file": "export its array as .npy",
           "a Python pickle, which could run a program": "save it as .npy, .parquet or .csv", "a MATLAB file": "export its array as .npy", "a FITS file": "export its array as .npy"}
MARKUP = ("<!doctype html", "<html", "<?xml", "<svg")


def refuse_foreign(upload: Upload) -> None:
    """Raise DataError for a file of a well-known type that is not read, saying what to do with it."""
    what = next((said for magic, said in MAGIC.items() if upload.data.startswith(magic) and not (magic == b"MZ" and upload.data[:64].isascii())), None)
    if upload.data[257:262] == b"ustar":
        what = "a tar archive"
    if upload.data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(tuple(m.encode() for m in MARKUP)):
        what = "a web page or XML"
    if what:
        raise DataError(f"{upload.name} is {what}, which is not read here; {WAY_OUT.get(what, 'save it as .csv, .xlsx, .parquet, .npy or a zip of pictures')}.")
