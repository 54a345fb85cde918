"""How much one person may keep, and have under way."""

from __future__ import annotations

from lvm_core.runs import ownership
from lvm_core.runs.workspace import UNDER_WAY
from lvm_core.settings import check

from .identity import owned
from .services import services


def check_storage_quota(more: int = 0) -> None:
    """Raise DataError where this person keeps more than the limit, ``more`` bytes added; asked
    before something is kept.
    """
    here = services().workspace
    folders = [
        here.dataset_folder(head["id"])
        for head in owned("datasets", here.datasets(), lambda head: head["id"])
    ]
    folders += [here.run_folder(run.id) for run in owned("runs", here.runs())]
    check(
        "kept_bytes", more + sum(ownership.size(folder) for folder in folders), "What you keep here"
    )


def check_run_quota() -> None:
    """Raise DataError where this person has as many runs under way as one may."""
    check(
        "runs_under_way",
        1 + sum(run.state in UNDER_WAY for run in owned("runs", services().workspace.runs())),
        "Your queue",
    )
