"""What a person worked on last."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from lvm_core.export.encode import png_sheet
from lvm_core.io.files import StoreError
from lvm_core.runs.workspace import RunInfo, Workspace
from lvm_core.text import counted

from . import state
from .services import services

_SHOWN, _SIDE = 8, 64  # pictures of a thumbnail, and the pixels of the smallest


@dataclass(frozen=True)
class Recent:
    """A dataset with the run of it that was looked at last.

    Attributes
    ----------
    head : dict
        What a list says of the dataset.
    runs : list of RunInfo
        Its runs, that which was opened or changed last first.
    when : float
        When it or one of its runs was last opened or changed, seconds since the epoch.
    """

    head: dict
    runs: list[RunInfo]
    when: float


def recent() -> list[Recent]:
    """This person's datasets, that which was touched last first."""
    workspace, runs = services().workspace, defaultdict(list)
    for info in state.runs():
        runs[info.dataset].append((workspace.touched("runs", info.id), info.number, info))
    found = []
    for head in state.datasets():
        of_it = sorted(runs[head["id"]], key=lambda entry: entry[:2], reverse=True)
        when = max([workspace.touched("datasets", head["id"]), *(entry[0] for entry in of_it)])
        found.append(Recent(head, [info for _, _, info in of_it], when))
    return sorted(found, key=lambda item: item.when, reverse=True)


def ago(when: float, now: float | None = None) -> str:
    """A time in words: ``just now``, ``24 minutes ago``, ``3 days ago``."""
    seconds = max(0.0, (time.time() if now is None else now) - when)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(int(seconds // length), unit)} ago"
    return "just now"


def thumbnail(id: str) -> tuple[bytes, tuple[int, ...]] | None:
    """A strip of a dataset's pictures as PNG, and the shape of one; None where it has none."""
    return _thumbnail(services().workspace.folder, id)


@lru_cache(maxsize=500)
def _thumbnail(folder: Path, id: str):
    try:
        pictures = Workspace(folder).pictures(id, _SHOWN)
    except StoreError:
        return None
    if pictures is None or not len(pictures):
        return None
    shape = pictures.shape[1:]
    step = max(1, max(shape[:2]) // (2 * _SIDE))  # large ones are thinned out
    small = np.asarray(pictures[:, ::step, ::step])
    return png_sheet(small, columns=_SHOWN, upscale=max(1, _SIDE // small.shape[1])), shape
