"""Files that are known and not read, each with the way out."""

from __future__ import annotations

from ..base import DataError
from ..upload import Upload

PICTURE, PICKLE = "put at least 3 pictures into a zip", "save it as .npy, .parquet or .csv"
UNPACK, EXPORT, TABLE = (
    "unpack it first",
    "export its array as .npy",
    "save it as .csv, .xlsx or .parquet",
)
KNOWN = {  # how the file begins: what it is, what to do
    b"\x80\x02": ("a Python pickle, which could run a program", PICKLE),
    b"\x80\x03": ("a Python pickle, which could run a program", PICKLE),
    b"\x80\x04": ("a Python pickle, which could run a program", PICKLE),
    b"\x80\x05": ("a Python pickle, which could run a program", PICKLE),
    b"\x89HDF": ("an HDF5 file", EXPORT),
    b"MATLAB": ("a MATLAB file", EXPORT),
    b"SIMPLE  =": ("a FITS file", EXPORT),
    b"\x1f\x8b": ("packed with gzip", UNPACK),
    b"BZh": ("packed with bzip2", UNPACK),
    b"\xfd7zXZ": ("packed with xz", UNPACK),
    b"7z\xbc\xaf": ("a 7z archive", "pack it as .zip"),
    b"Rar!": ("a RAR archive", "pack it as .zip"),
    b"\xd0\xcf\x11\xe0": ("an old Office file (.xls, .doc)", "save it as .xlsx or .csv"),
    b"SQLite format": ("an SQLite database", TABLE),
    b"ARROW1": ("an Arrow file", TABLE),
    b"Obj\x01": ("an Avro file", TABLE),
    b"%PDF-": ("a PDF", "bring its text as .txt"),
    b"\x7fELF": ("a program", "bring data"),
    b"MZ\x90\x00": ("a program", "bring data"),
    b"\x89PNG": ("a single picture", PICTURE),
    b"\xff\xd8\xff": ("a single picture", PICTURE),
    b"GIF8": ("a single picture", PICTURE),
    b"II*\x00": ("a single picture", PICTURE),
    b"MM\x00*": ("a single picture", PICTURE),
    b"RIFF": ("a sound, a video or a single picture", PICTURE),
}
MARKUP = (b"<!doctype html", b"<html", b"<?xml", b"<svg")


def refuse_foreign(upload: Upload) -> None:
    """Refuse a file of a well-known type that is not read, saying what to do with it.

    Parameters
    ----------
    upload : Upload
        The file; its beginning is looked at.

    Raises
    ------
    DataError
        What it is, and the way out.

    Examples
    --------
    >>> from lvm_core.datasets.readers.foreign import refuse_foreign
    >>> from lvm_core.datasets.upload import Upload
    >>> refuse_foreign(Upload("a.pdf", b"%PDF-1.7"))
    Traceback (most recent call last):
        ...
    lvm_core.settings.DataError: a.pdf is a PDF, which is not read here; bring its text as .txt.
    """
    found = next((said for start, said in KNOWN.items() if upload.head.startswith(start)), None)
    if upload.head[257:262] == b"ustar":
        found = ("a tar archive", "pack it as .zip")
    if upload.head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        found = ("a web page or XML", TABLE)
    if found:
        raise DataError(f"{upload.name} is {found[0]}, which is not read here; {found[1]}.")
