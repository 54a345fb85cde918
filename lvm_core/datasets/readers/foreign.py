"""Files that are known and not read, each with the way out."""

from __future__ import annotations

from pathlib import PurePosixPath

from ..base import DataError
from ..upload import Upload

PICTURE = "put at least 3 pictures into a zip, or choose them all at once"
ARRAYS, ARCHIVE = "save it as .npy, .parquet or .csv", "pack it as .zip"
TABLE, DATA = "save it as .csv, .xlsx or .parquet", "bring data"
PICKLE = ("a Python pickle, which could run a program", ARRAYS)
R_DATA = (
    "an R data file",
    "save it from R with write.csv(x, 'x.csv') or arrow::write_parquet(x, 'x.parquet')",
)
TORCH = (
    "a PyTorch file, whose pickle could run a program",
    "save its arrays with numpy.save as .npy",
)
HEIC = ("a HEIC picture", "save it as JPEG or PNG")
KNOWN = {  # how the file begins: what it is, what to do
    b"\x80\x02": PICKLE,
    b"\x80\x03": PICKLE,
    b"\x80\x04": PICKLE,
    b"\x80\x05": PICKLE,
    b"RDX2\n": R_DATA,
    b"RDX3\n": R_DATA,
    b"RDA2\n": R_DATA,
    b"RDA3\n": R_DATA,
    b"X\n\0\0\0": R_DATA,
    b"A\n2\n": R_DATA,
    b"A\n3\n": R_DATA,
    b"SIMPLE  =": ("a FITS file", "export its array as .npy"),
    b"CDF\x01": ("a NetCDF file of version 3", "save it as NetCDF-4 (.nc) or .npy"),
    b"CDF\x02": ("a NetCDF file of version 3", "save it as NetCDF-4 (.nc) or .npy"),
    b"7z\xbc\xaf": ("a 7z archive", ARCHIVE),
    b"Rar!": ("a RAR archive", ARCHIVE),
    b"\x1f\x9d": ("packed with compress (.Z)", "unpack it first"),
    b"\x04\x22\x4d\x18": ("packed with LZ4", "unpack it first"),
    b"LZIP": ("packed with lzip", "unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an old Office file (.xls, .doc)", "save it as .xlsx or .csv"),
    b"SQLite format": ("an SQLite database", TABLE),
    b"ARROW1": ("an Arrow file", TABLE),
    b"FEA1": ("a Feather file of version 1", TABLE),
    b"ORC\n": ("an ORC file", TABLE),
    b"ORC": ("an ORC file", TABLE),
    b"Obj\x01": ("an Avro file", TABLE),
    b"%PDF-": ("a PDF", "bring its text as .txt"),
    b"{\\rtf": ("a rich text file", "bring its text as .txt"),
    b"\x7fELF": ("a program", DATA),
    b"MZ\x90\x00": ("a program", DATA),
    b"\xca\xfe\xba\xbe": ("a program", DATA),
    b"\x89PNG": ("a single picture", PICTURE),
    b"\xff\xd8\xff": ("a single picture", PICTURE),
    b"GIF8": ("a single picture", PICTURE),
    b"II*\x00": ("a single picture", PICTURE),
    b"MM\x00*": ("a single picture", PICTURE),
    b"RIFF": ("a sound, a video or a single picture", PICTURE),
    b"OggS": ("a sound or a video", "bring numbers of it, such as a spectrogram as .npy"),
    b"ID3": ("a sound", "bring numbers of it, such as a spectrogram as .npy"),
    b"fLaC": ("a sound", "bring numbers of it, such as a spectrogram as .npy"),
}
BRANDS = {  # of an ISO media file, from its 8th byte on
    b"heic": HEIC,
    b"heix": HEIC,
    b"mif1": HEIC,
    b"msf1": HEIC,
    b"avif": ("a single picture", PICTURE),
}
INSIDE = {  # a file in a zip that says what the zip is
    "data.pkl": TORCH,
    "content.xml": ("an OpenDocument file", "save it as .xlsx or .csv"),
    "word/document.xml": ("a Word document", "bring its text as .txt"),
    "ppt/presentation.xml": ("a PowerPoint file", "bring its text as .txt"),
    "AndroidManifest.xml": ("a program", DATA),
    "META-INF/MANIFEST.MF": ("a program", DATA),
    "keras_metadata.pb": ("a Keras model", ARRAYS),
    "model.weights.h5": ("a Keras model", ARRAYS),
}
NAMED = {  # where the content alone says nothing: by the end of its name
    ".pkl": PICKLE,
    ".pickle": PICKLE,
    ".joblib": PICKLE,
    ".pt": TORCH,
    ".pth": TORCH,
    ".ckpt": TORCH,
    ".rdata": R_DATA,
    ".rda": R_DATA,
    ".rds": R_DATA,
    ".tfrecord": ("a TFRecord file", ARRAYS),
    ".msgpack": ("a MessagePack file", TABLE),
    ".safetensors": ("a safetensors file", "save one array of it as .npy"),
    ".onnx": ("an ONNX model", DATA),
    ".feather": ("a Feather file", TABLE),
    ".sas7bcat": ("a SAS catalogue without data", "bring the .sas7bdat"),
    ".nii": ("a NIfTI image", "export its array as .npy"),
    ".dcm": ("a DICOM image", "export its array as .npy"),
}
MARKUP = (b"<!doctype html", b"<html", b"<?xml", b"<svg")
PRINTED = bytes([9, 10, 11, 12, 13, 27, *range(32, 256)])  # bytes that text may hold
# how a pickle of version 0 or 1 begins: it is text
OLD_PICKLES = (b"(dp0\n", b"(lp0\n", b"(ip0\n", b"ccopy_reg\n", b"cnumpy", b"(dp1\n", b"(lp1\n")


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
    head = upload.head
    found = next((said for start, said in KNOWN.items() if head.startswith(start)), None)
    if head[4:8] == b"ftyp":
        found = BRANDS.get(head[8:12], ("a video", "bring its frames as a zip of pictures"))
    elif head.startswith(OLD_PICKLES) or head[:2] in (b"]q", b"}q"):
        found = PICKLE
    elif head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        found = ("a web page or XML", TABLE)
    elif found is None and upload.is_zip:
        found = _in_zip(upload)
    elif found is None and b"\0" in head:
        found = NAMED.get(upload.suffix)
    if found:
        raise DataError(f"{upload.name} is {found[0]}, which is not read here; {found[1]}.")


def refuse_unknown(upload: Upload) -> None:
    """Refuse what no reader but those of text would take, and what is no text.

    Parameters
    ----------
    upload : Upload
        The file; its beginning is looked at.

    Raises
    ------
    DataError
        For bytes of no kind known here.

    Examples
    --------
    >>> from lvm_core.datasets.readers.foreign import refuse_unknown
    >>> from lvm_core.datasets.upload import Upload
    >>> refuse_unknown(Upload("a.txt", b"one two"))
    >>> refuse_unknown(Upload("a.xyz", bytes(range(32)) * 9))
    Traceback (most recent call last):
        ...
    lvm_core.settings.DataError: a.xyz is a binary file of no kind known here; export its numbers \
as .csv, .parquet or .npy.
    """
    if upload.is_zip:
        return
    head = upload.head
    # text in UTF-16 or UTF-32 holds zeros too: it has a mark, or a zero in every other byte
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or any(
        head[k::2].count(0) > 0.4 * len(head) / 2 > head[1 - k :: 2].count(0) for k in (0, 1)
    ):
        return
    control = len(head.translate(None, PRINTED))
    if head.count(0) > 1 and control > 0.05 * len(head):
        raise DataError(
            f"{upload.name} is a binary file of no kind known here; export its numbers as .csv, "
            ".parquet or .npy."
        )


def _in_zip(upload: Upload) -> tuple[str, str] | None:
    names = [info.filename for info in upload.archive.entries]
    for inside, said in INSIDE.items():
        at_root = "/" in inside or inside == "content.xml"
        if any(n == inside or not at_root and PurePosixPath(n).name == inside for n in names):
            return said
    return None
