"""How much one person may keep, and have under way."""

from __future__ import annotations

from lvm_core.runs import ownership
from lvm_core.runs.workspace import UNDER_WAY
from lvm_core.settings import check

from .identity import only_mine
from .services import services


def check_room(more: int = 0) -> None:
    """Raise DataError where this person keeps more than the limit, ``more`` bytes added; asked before something is kept."""
    here = services().workspace
    folders = [here.dataset_folder(head["id"]) for head in only_mine("datasets", here.datasets(), lambda head: head["id"])]
    folders += [here.run_folder(run.id) for run in only_mine("runs", here.runs())]
    check("kept_bytes", more + sum(ownership.size(folder) for folder in folders), "What you keep here")


def check_turn() -> None:
    """Raise DataError where this person has as many runs under way as one may."""
    check("runs_under_way", 1 + sum(run.state in UNDER_WAY for run in only_mine("runs", services().workspace.runs())), "Your queue")
