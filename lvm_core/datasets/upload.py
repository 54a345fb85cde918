"""What somebody brought: a name to show and bytes to read, and the safe way into a zip."""

from __future__ import annotations

import io
import mmap
import os
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import cast

from .. import settings
from ..settings import DataError

TABLES = (
    ".csv",
    ".tsv",
    ".tab",
    ".parquet",
    ".xlsx",
    ".jsonl",
    ".ndjson",
    ".json",
    ".npz",
    ".data",
)
ARRAY = b"\x93NUMPY"  # how an .npy begins
CLUTTER = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Upload:
    r"""A file by content.

    Parameters
    ----------
    name : str
        Only ever shown or looked at for its suffix, never used as a path.
    data : bytes or memoryview
        The content; of an .npy opened by its path, a view of the file, not in memory.

    Examples
    --------
    >>> from lvm_core.datasets.upload import Upload
    >>> upload = Upload.open(b"a,b\n1,2\n", "folder/Table.CSV")
    >>> upload.name, upload.suffix, upload.stem, upload.is_zip
    ('Table.CSV', '.csv', 'Table', False)
    """

    name: str
    data: bytes  # of an .npy opened by its path: a view of the file, not in memory

    @classmethod
    def open(cls, source, name: str | None = None) -> Upload:
        """Take a path, bytes, or a binary file.

        Parameters
        ----------
        source : path, bytes or binary file
            What to read.
        name : str, optional
            Its file name; that of the path or the file object by default.

        Raises
        ------
        DataError
            For what is not there, empty or over the limit.
        """
        if isinstance(source, (str, os.PathLike)):
            path = Path(source)
            name = name or path.name
            if path.is_dir():
                raise DataError(f"{shown(name)} is a folder; zip it and bring the zip.")
            if not path.is_file():
                raise DataError(
                    f"There is no file {shown(name)} at the given path; only files on this "
                    "computer are read, never "
                    "addresses."
                )
            data = _of_path(path, shown(name))
        elif isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
        elif hasattr(source, "read"):
            name = name or getattr(source, "name", None)
            data = source.read(max(settings.LIMITS.upload_bytes, settings.LIMITS.array_bytes) + 1)
            if not isinstance(data, bytes):
                raise DataError(
                    f"{shown(name or 'the file')} was opened as text; open it in binary mode."
                )
        else:
            raise DataError(
                f"expected a path, bytes or a binary file, found {type(source).__name__}."
            )
        name = shown(str(name or "data"))
        settings.check(_limit_of(data[: len(ARRAY)]), len(data), name)
        if isinstance(data, bytes) and not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
            raise DataError(f"{name} is empty; choose a file with data in it.")
        return cls(name, cast(bytes, data))

    @cached_property
    def head(self) -> bytes:
        """How it begins."""
        return bytes(self.data[:4096])

    @property
    def suffix(self) -> str:
        """Lower case with its dot: ``.csv``."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem or self.name

    @property
    def is_zip(self) -> bool:
        """Whether it begins as a zip does."""
        return self.head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08")

    def unwrapped(self) -> Upload:
        """The one table in a zip that holds exactly one.

        Beside it there may be files such as a README.

        Returns
        -------
        Upload
            The table; the upload itself where there is none or several.
        """
        if not self.is_zip:
            return self
        entries = self.archive.entries
        tables = self.archive.having(*TABLES) or (
            entries if len(entries) == 1 and self.archive.having(".txt") else []
        )
        if len(tables) != 1 or len(entries) > 10:
            return self
        return Upload(shown(tables[0].filename), self.archive.read(tables[0]))

    @cached_property
    def archive(self) -> Archive:
        """The content as a zip. Raises DataError."""
        return Archive(self.name, self.data)


def _of_path(path: Path, name: str):
    """The bytes of a file, or a view of it where it is an array; a file over its limit is not
    read.
    """
    with path.open("rb") as file:
        start, size = file.read(len(ARRAY)), path.stat().st_size
        settings.check(_limit_of(start), size, name)
        return (
            start + file.read()
            if start != ARRAY
            else memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        )


def _limit_of(start: bytes | memoryview) -> str:
    return "array_bytes" if start == ARRAY else "upload_bytes"


class Archive:
    """A zip read entry by entry into memory: nothing is ever extracted, names are only text.

    Parameters
    ----------
    name : str
        What it is called, for the sentences.
    data : bytes or Path
        Its content, or where it lies: then only what is asked for is read.

    Attributes
    ----------
    entries : list of zipfile.ZipInfo
        What may be read, in the zip's order.
    notes : list of str
        What was left out and why.

    Raises
    ------
    DataError
        For what is no zip, holds too much or is password-protected.

    Examples
    --------
    >>> import io
    >>> import zipfile
    >>> from lvm_core.datasets.upload import Archive
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as packed:
    ...     packed.writestr("a.txt", "one")
    ...     packed.writestr("../b.txt", "two")
    >>> archive = Archive("texts.zip", file.getvalue())
    >>> [archive.read(entry) for entry in archive.having(".txt")]
    [b'one']
    >>> archive.notes
    ['1 of 2 entries have a path that leads out of the zip and were left out: b.txt.']
    """

    def __init__(self, name: str, data: bytes | Path):
        size = data.stat().st_size if isinstance(data, Path) else len(data)
        # before zipfile makes an object of each
        settings.check("zip_entries", _count(data, b"PK\1\2"), name)
        try:
            self._zip = zipfile.ZipFile(data if isinstance(data, Path) else io.BytesIO(data))
            infos = [info for info in self._zip.infolist() if info.filename]
        except Exception as error:
            # zipfile raises whatever its parsing runs into: struct, index, value and unicode errors
            raise DataError(
                f"{name} is a damaged zip ({str(error)[:80]}); pack it again."
            ) from error
        unpacked = sum(info.file_size for info in infos)
        settings.check("zip_bytes", unpacked, name)
        if unpacked > 20 * 2**20:
            settings.check("zip_ratio", unpacked // max(size, 1), name)
        files = [info for info in infos if not info.is_dir() and not _clutter(info.filename)]
        if files and all(info.flag_bits & 1 for info in files):
            raise DataError(f"{name} is password-protected; pack it again without a password.")
        reasons = {
            "are password-protected": lambda i: i.flag_bits & 1,
            "have a path that leads out of the zip": lambda i: _climbs(i.filename),
            "are links": lambda i: (i.external_attr >> 16) & 0o170000 == 0o120000,
        }
        self.name, self.notes, self.entries = name, [], files
        for reason, bad in reasons.items():
            out = [info for info in self.entries if bad(info)]
            self.entries = [info for info in self.entries if not bad(info)]
            if out:
                self.notes.append(
                    f"{len(out)} of {len(files)} entries {reason} and were left out: "
                    f"{name_list(shown(i.filename) for i in out)}."
                )
        if not self.entries:
            raise DataError(
                f"{name} holds no files that can be used. {' '.join(self.notes)}".strip()
            )
        names = [info.filename for info in self.entries]
        if len(set(names)) < len(names):
            self.notes.append(
                f"{len(names) - len(set(names))} entries share their name with another; all were "
                "kept."
            )

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """The bytes of one entry, never more than it declares.

        Parameters
        ----------
        info : zipfile.ZipInfo
            One of ``entries``.

        Raises
        ------
        DataError
            When it is damaged.
        """
        try:
            with self._zip.open(info) as file:
                return file.read(info.file_size + 1)
        except Exception as error:
            # zlib, lzma, bz2, struct and zipfile each have errors of their own
            raise DataError(
                f"{shown(info.filename)} in {self.name} is damaged ({str(error)[:80]})."
            ) from error

    def having(self, *suffixes: str) -> list[zipfile.ZipInfo]:
        """The entries whose name ends so."""
        return [
            info for info in self.entries if PurePosixPath(info.filename.lower()).suffix in suffixes
        ]


def _count(data: bytes | Path, mark: bytes) -> int:
    if not isinstance(data, Path):
        return data.count(mark)
    with data.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        count, at = 0, view.find(mark)
        while at >= 0:
            count, at = count + 1, view.find(mark, at + len(mark))
        return count


def shown(name: str, length: int = 80) -> str:
    """A file name for people: its last part, printable, short.

    Parameters
    ----------
    name : str
        A file name or path.
    length : int
        The most characters; the middle of a longer one is left out.

    Returns
    -------
    str
        Never empty.

    Examples
    --------
    >>> from lvm_core.datasets.upload import shown
    >>> shown("folder/table.csv"), shown("a very long name.csv", 10)
    ('table.csv', 'a ver….csv')
    """
    name = re.split(r"[/\\]", str(name).rstrip("/\\"))[-1]
    name = "".join(c for c in name if c.isprintable()) or "unnamed"
    return name if len(name) <= length else name[: length // 2] + "…" + name[-length // 2 + 1 :]


def name_list(names, most: int = 5) -> str:
    """Names in a sentence, the first few of them.

    Parameters
    ----------
    names : iterable
        Turned into text.
    most : int
        How many are named.

    Returns
    -------
    str
        Such as ``a, b, c and 7 more``.

    Examples
    --------
    >>> from lvm_core.datasets.upload import name_list
    >>> name_list("abcdefg", 3)
    'a, b, c and 4 more'
    """
    names = [str(n) for n in names]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def folders(filename: str) -> list[str]:
    """The folders of an entry of a zip.

    Parameters
    ----------
    filename : str
        The entry's name, with slashes or backslashes.

    Returns
    -------
    list of str
        Outermost first.

    Examples
    --------
    >>> from lvm_core.datasets.upload import folders
    >>> folders("train/cat/1.png")
    ['train', 'cat']
    """
    return [part for part in re.split(r"[/\\]", filename)[:-1] if part not in ("", ".")]


def class_folders(filenames: list[str]) -> list[str] | None:
    """The folder that tells files apart.

    Parameters
    ----------
    filenames : list of str
        Names of the entries of a zip.

    Returns
    -------
    list of str or None
        Of each the innermost one at a depth where there are several; None without one.

    Examples
    --------
    >>> from lvm_core.datasets.upload import class_folders
    >>> class_folders(["all/cat/1.png", "all/dog/1.png"])
    ['cat', 'dog']
    >>> class_folders(["1.png", "2.png"]) is None
    True
    """
    paths = [folders(name)[::-1] for name in filenames]
    for depth in range(max(map(len, paths), default=0)):
        names = [path[depth] if depth < len(path) else "" for path in paths]
        if len(set(names)) > 1:
            return names
    return None


def _clutter(filename: str) -> bool:
    parts = re.split(r"[/\\]", filename.lower())
    return any(part in CLUTTER for part in parts) or parts[-1].startswith("._")


def _climbs(filename: str) -> bool:
    return (
        ".." in re.split(r"[/\\]", filename)
        or filename.startswith(("/", "\\"))
        or re.match(r"[A-Za-z]:", filename) is not None
    )
