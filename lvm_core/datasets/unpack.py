"""What was packed with gzip, bzip2, xz or Zstandard, unpacked into memory and never beyond the
limits of a zip.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from .. import settings
from ..settings import DataError

PACKERS = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
SUFFIXES = (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd")
_PIECE = 2**20
_FED = 2**16  # bytes at a time: what follows a stream is copied
_WINDOW = 2**28  # bytes that unpacking itself may take


def packer_of(head: bytes) -> str:
    r"""What a file was packed with.

    Parameters
    ----------
    head : bytes
        How it begins.

    Returns
    -------
    str
        Empty where it is not packed.

    Examples
    --------
    >>> from lvm_core.datasets.unpack import packer_of
    >>> packer_of(b"\x1f\x8b\x08\x00"), packer_of(b"a,b\n")
    ('gzip', '')
    """
    return next((packer for start, packer in PACKERS.items() if head.startswith(start)), "")


def unpack(data: bytes, name: str) -> bytes:
    """The content of a packed file.

    Parameters
    ----------
    data : bytes
        The packed file.
    name : str
        What it is called, for the sentences.

    Returns
    -------
    bytes
        At most as many as the content of a zip may have.

    Raises
    ------
    DataError
        When it is damaged or cut short, or over the limits; unpacking stops there.

    Examples
    --------
    >>> import gzip
    >>> from lvm_core.datasets.unpack import unpack
    >>> unpack(gzip.compress(b"a,b"), "table.csv.gz")
    b'a,b'
    """
    packer, out, size = packer_of(data[:8]), io.BytesIO(), 0
    try:
        for piece in _pieces(data, packer, name):
            size += len(piece)
            settings.check("zip_bytes", size, name)
            if size > 20 * 2**20:
                settings.check("zip_ratio", size // len(data), name)
            out.write(piece)
    except DataError:
        raise
    except Exception as error:
        # zlib, bz2, lzma and Arrow each have errors of their own
        raise DataError(
            f"{name} is damaged ({packer}: {str(error).splitlines()[0][:80] if str(error) else ''})"
            "; pack it again."
        ) from error
    return out.getvalue()


def _pieces(data: bytes, packer: str, name: str) -> Iterator[bytes]:
    """The content piece by piece; several packed streams may follow each other."""
    if packer == "Zstandard":
        yield from _zstandard(data)
        return
    start: Callable[[], Any] = {
        "gzip": _Gzip,
        "bzip2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW),
    }[packer]
    source, streams = io.BytesIO(data), 0
    rest = source.read(_FED)
    while packer_of(rest) == packer:  # what follows the last stream is padding
        streams += 1
        settings.check("zip_entries", streams, name, unit="packed streams")
        job = start()
        yield job.decompress(rest, _PIECE)
        while not job.eof:
            more = source.read(_FED) if job.needs_input else b""
            piece = job.decompress(more, _PIECE)
            if not (more or piece or job.eof):
                raise EOFError("it is cut short")
            yield piece
        rest = job.unused_data
        rest += source.read(_FED) if len(rest) < 16 else b""


class _Gzip:
    """zlib's decompressor with the interface of the other two."""

    def __init__(self):
        self._job, self._left = zlib.decompressobj(wbits=31), b""

    def decompress(self, data: bytes, most: int) -> bytes:
        piece = self._job.decompress(data or self._left, most)
        self._left = self._job.unconsumed_tail
        return piece

    @property
    def needs_input(self) -> bool:
        return not self._left

    @property
    def eof(self) -> bool:
        return self._job.eof

    @property
    def unused_data(self) -> bytes:
        return self._job.unused_data


def _zstandard(data: bytes) -> Iterator[bytes]:
    """By Arrow, which is there for Parquet; Python has its own from 3.14 on."""
    import pyarrow as pa

    with pa.input_stream(pa.BufferReader(data), compression="zstd") as stream:
        while piece := stream.read(_PIECE):
            yield piece
