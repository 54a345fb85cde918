"""How a model looks while it learns, and how it looked: its map and its items, live and as a
training history with a scrubber.
"""

from __future__ import annotations

from functools import cache

from ...api import auth, scripts
from ...session.run import Run
from ...session.services import services


@cache
def _component():
    return scripts.component("training_history", "training_history/training_history.js")


def show(run: Run, *, live: bool) -> None:
    """The newest snapshot, again and again while the run is under way (``live``); or all of
    them with a scrubber.
    """
    _component()(
        data={"token": auth.sign(run.id), "kind": run.dataset.kind, "live": live},
        key=f"learning-{run.id}-{live}-{run.job.seconds:.0f}",
    )


def has_history(run: Run) -> bool:
    """Whether there is something to replay."""
    return len(list((services().workspace.run_folder(run.id) / "snapshots").glob("*.npz"))) > 1
