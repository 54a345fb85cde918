"""What somebody brought: a name to show and bytes to read."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import cast

from .. import settings
from ..settings import DataError
from .tars import is_tar, zip_of_tar
from .unpack import SUFFIXES as PACKED
from .unpack import packer_of, unpack
from .zips import Archive as Archive
from .zips import bundle as bundle
from .zips import class_folders as class_folders
from .zips import folders as folders
from .zips import name_list as name_list
from .zips import shown as shown

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
    ".arff",
    ".libsvm",
    ".svmlight",
    ".sav",
    ".zsav",
    ".por",
    ".dta",
    ".sas7bdat",
    ".xpt",
    ".mat",
    ".h5",
    ".hdf5",
    ".h5ad",
    *PACKED,
)
ARRAY = b"\x93NUMPY"  # how an .npy begins


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
        """Take a path, bytes, or a binary file; of a folder or a list of paths, all files.

        Parameters
        ----------
        source : path, bytes, binary file or list of paths
            What to read.
        name : str, optional
            Its file name; that of the path or the file object by default.

        Raises
        ------
        DataError
            For what is not there, empty or over the limit.
        """
        if isinstance(source, (list, tuple)):
            name, data = name or shown(str(source[0]) if source else ""), _of_files(source)
        elif isinstance(source, (str, os.PathLike)) and Path(source).is_dir():
            name, data = name or Path(source).absolute().name, _of_folder(Path(source))
        elif isinstance(source, (str, os.PathLike)):
            path = Path(source)
            name = name or path.name
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
        """What is in a packed file, a tar as a zip, or the one table in a zip that holds one.

        Beside the table there may be files such as a README.

        Returns
        -------
        Upload
            The table; the upload itself where there is none or several.

        Raises
        ------
        DataError
            When it is damaged, or holds more than a zip may hold.
        """
        found = self
        for _ in range(4):  # such as a packed table in a packed tar
            inner = found._unwrapped_once()
            if inner is None:
                break
            found = inner
        return found

    def only_file(self) -> Upload | None:
        """The one file in a zip that holds exactly one; None of any other."""
        if not self.is_zip or len(self.archive.entries) != 1 or self.archive.having(".zip"):
            return None
        entry = self.archive.entries[0]
        return self._inner(shown(entry.filename), self.archive.read(entry)).unwrapped()

    def _unwrapped_once(self) -> Upload | None:
        if packer_of(self.head):
            name = self.stem if self.suffix in PACKED else self.name
            name = f"{self.stem}.tar" if self.suffix in (".tgz", ".tbz", ".tbz2", ".txz") else name
            return self._inner(name, unpack(bytes(self.data), self.name))
        if is_tar(self.head):
            return Upload(self.name, zip_of_tar(bytes(self.data), self.name))
        if not self.is_zip:
            return None
        entries = self.archive.entries
        tables = self.archive.having(*TABLES) or (
            entries if len(entries) == 1 and self.archive.having(".txt") else []
        )
        if len(tables) != 1 or len(entries) > 10:
            return None
        return self._inner(shown(tables[0].filename), self.archive.read(tables[0]))

    def _inner(self, name: str, data: bytes) -> Upload:
        if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
            raise DataError(f"{name} in {self.name} is empty; choose a file with data in it.")
        return Upload(name, data)

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


def _of_files(paths) -> bytes:
    strange = [p for p in paths if not isinstance(p, (str, os.PathLike)) or not Path(p).is_file()]
    if strange or not paths:
        raise DataError(
            f"expected paths of files on this computer, found {shown(str(strange or 'none'))}."
        )
    return bundle((shown(str(path), 200), _of_path(Path(path), shown(str(path)))) for path in paths)


def _of_folder(folder: Path) -> bytes:
    """Every file in it and in the folders in it; no link is followed."""
    paths = []
    for place, _, names in os.walk(folder):
        paths += [Path(place, n) for n in names if not n.startswith(".")]
        settings.check("zip_entries", len(paths), shown(folder.name))
    paths = sorted(p for p in paths if p.is_file() and not p.is_symlink())
    if not paths:
        raise DataError(f"{shown(str(folder.absolute()))} is a folder without files.")
    settings.check("upload_bytes", sum(p.stat().st_size for p in paths), shown(folder.name))
    return bundle((p.relative_to(folder).as_posix(), p.read_bytes()) for p in paths)


def _limit_of(start: bytes | memoryview) -> str:
    return "array_bytes" if start == ARRAY else "upload_bytes"
