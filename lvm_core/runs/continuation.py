"""Make the training of a run longer than what it reached, and undo that when the continuation
is cancelled.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..io import files
from ..io.checkpoint import Checkpoint
from ..models.base import LatentModel


def extend(folder: Path, model: LatentModel, more: int) -> None:
    """Let the run in ``folder`` go on from its last checkpoint for ``more`` of what its length
    is counted in. Raises StoreError where there is none, ValueError where the total is outside
    the parameter's domain, OSError where it cannot be written.
    """
    back_up(folder)
    try:
        share = Checkpoint(folder / "checkpoint").reopen()
        setattr(
            model, model.duration_param, round(getattr(model, model.duration_param) * share) + more
        )
        model.validate()
    except ValueError:
        if (folder / "before").is_dir():
            roll_back(folder)
        raise
    head = files.read_json(folder / "run.json", 2**20) | {"model": model.to_config()}
    files.write_json(folder / "run.json", head, durable=True)


def back_up(folder: Path) -> None:
    """Keep how far a run is, in case its continuation is cancelled. Raises OSError."""
    aside = folder / "before"
    if aside.is_dir():
        files.remove_folder(aside)
    if not (folder / "checkpoint").is_dir():
        return
    with files.new_folder(aside) as temporary:
        shutil.copy2(folder / "run.json", temporary / "run.json")
        # they are replaced, never changed
        shutil.copytree(
            folder / "checkpoint",
            temporary / "checkpoint",
            copy_function=os.link if os.name != "nt" else shutil.copy2,
        )


def roll_back(folder: Path) -> None:
    """Throw away what a cancelled training reached: the run is as it was before its
    continuation, or has nothing. Raises OSError.
    """
    aside = folder / "before"
    for gone in ("checkpoint", *(() if aside.is_dir() else ("snapshots",))):
        if (folder / gone).is_dir():
            files.remove_folder(folder / gone)
    if aside.is_dir():
        for name in ("checkpoint", "run.json"):
            os.replace(aside / name, folder / name)
        files.remove_folder(aside)
