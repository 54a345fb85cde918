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
    """``owner``: a person's digest, "" for the machine's own. ``shared``: others may look, not
    change.
    """

    owner: str = ""
    shared: bool = False


def ownership(folder: Path) -> Ownership:
    """Whose a folder is. One that cannot be read is nobody's: better lost to its owner than
    open to others.
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
    """Say whose a folder is. Raises StoreError."""
    with files.plainly("Writing down whose this is"):
        files.write_json(
            Path(folder) / "owner.json",
            {"format": FORMAT, "owner": owner, "shared": bool(shared)},
            durable=True,
        )


def size(folder: Path) -> int:
    """Bytes of all files in a folder; what goes away meanwhile does not count."""
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
