"""Whose a dataset or a run is, on a server that several people use: ``owner.json`` in its folder.

    {"format": 1, "owner": "b-5f...", "shared": false}

A folder without one belongs to whoever sits at the machine. Owners are digests; who they are is not
written down.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..io import files

FORMAT = 1


@dataclass(frozen=True)
class Ownership:
    """Whose a dataset or a run is.

    Attributes
    ----------
    owner : str, default=""
        A person's digest, "" for the machine's own.
    shared : bool, default=False
        Whether others may look; change they may not.

    Examples
    --------
    >>> from lvm_core.runs.ownership import Ownership
    >>> Ownership("b-5f", shared=True)
    Ownership(owner='b-5f', shared=True)
    """

    owner: str = ""
    shared: bool = False


def ownership(folder: Path) -> Ownership:
    """Whose a folder is.

    Parameters
    ----------
    folder : Path
        Folder of a dataset or a run.

    Returns
    -------
    Ownership
        One that cannot be read is nobody's: better lost to its owner than open to others.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.ownership import own, ownership
    >>> with TemporaryDirectory() as folder:
    ...     before = ownership(folder)
    ...     own(folder, "b-5f")
    ...     print(before, ownership(folder))
    Ownership(owner='', shared=False) Ownership(owner='b-5f', shared=False)
    """
    path = Path(folder) / "owner.json"
    try:
        return _read(path, os.stat(path).st_mtime_ns)
    except FileNotFoundError:
        return Ownership()
    except (OSError, files.StoreError, KeyError, TypeError):
        return Ownership("nobody")


@lru_cache(maxsize=20_000)
def _read(path: Path, written: int) -> Ownership:
    found = files.check_format(files.read_json(path, 4096), path, FORMAT)
    return Ownership(str(found["owner"]), found["shared"] is True)


def own(folder: Path, owner: str, shared: bool = False) -> None:
    """Say whose a folder is.

    Parameters
    ----------
    folder : Path
        Folder of a dataset or a run.
    owner : str
        A person's digest, "" for the machine's own.
    shared : bool, default=False
        Whether others may look.

    Raises
    ------
    StoreError
        Where it cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.ownership import own, ownership
    >>> with TemporaryDirectory() as folder:
    ...     own(folder, "b-5f", shared=True)
    ...     print(ownership(folder).shared)
    True
    """
    with files.plainly("Writing down whose this is"):
        files.write_json(
            Path(folder) / "owner.json",
            {"format": FORMAT, "owner": owner, "shared": bool(shared)},
            durable=True,
        )


def size(folder: Path) -> int:
    """Bytes of all files in a folder; what goes away meanwhile does not count.

    Parameters
    ----------
    folder : Path
        Any folder.

    Returns
    -------
    int
        Bytes, those of folders in it included.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.ownership import size
    >>> with TemporaryDirectory() as folder:
    ...     written = (Path(folder) / "a.txt").write_text("four")
    ...     print(size(Path(folder)))
    4
    """
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += size(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass
    return total
