"""Zips: read entry by entry into memory, and made of several files; names for people."""

from __future__ import annotations

import io
import mmap
import re
import warnings
import zipfile
from pathlib import Path, PurePosixPath

from .. import settings
from ..settings import DataError

CLUTTER = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")


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
    >>> from lvm_core.datasets.zips import Archive
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

    def begin(self, info: zipfile.ZipInfo, size: int = 16) -> bytes:
        """How an entry begins; empty where it cannot be read."""
        try:
            with self._zip.open(info) as file:
                return file.read(size)
        except Exception:  # as for read; what is wrong is said when it is read
            return b""

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
    >>> from lvm_core.datasets.zips import shown
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
    >>> from lvm_core.datasets.zips import name_list
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
    >>> from lvm_core.datasets.zips import folders
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
    >>> from lvm_core.datasets.zips import class_folders
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


def bundle(files) -> bytes:
    """Several files as one zip, in which they are read together.

    Parameters
    ----------
    files : iterable of (str, bytes)
        Name and content of each.

    Returns
    -------
    bytes
        The zip, nothing in it packed; the same for the same files.

    Raises
    ------
    DataError
        Over the limit of an upload, or of the entries of a zip.

    Examples
    --------
    >>> from lvm_core.datasets.zips import Archive, bundle
    >>> together = Archive("two files", bundle([("a.txt", b"one"), ("b.txt", b"two")]))
    >>> [together.read(entry) for entry in together.entries]
    [b'one', b'two']
    """
    out, size = io.BytesIO(), 0
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for count, (name, data) in enumerate(files, 1):
            size += len(data)
            settings.check("zip_entries", count, "what was chosen")
            settings.check("upload_bytes", size, "what was chosen")
            archive.writestr(zipfile.ZipInfo(name[:200]), data)
    return out.getvalue()
