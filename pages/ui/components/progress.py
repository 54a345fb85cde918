"""How far a job is: share done, time left, Stop, and the loss curve, drawn by the browser
itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ...api import auth, scripts
from ...session import identity, state

ASSETS = Path(__file__).parents[3] / "assets"


@cache
def _progress_component():
    return scripts.component("progress", "progress/progress.js")


def progress(run: state.Run, job: str, *, curve: bool = False) -> None:
    """Share done, time left, Stop, and the loss curve of a job, drawn by the browser from a
    small route. The page reruns once, when the job ends: reruns on a timer would cost the fit
    its processor, and race with a change of page.
    """
    _progress_component()(
        data={
            "token": auth.sign(run.id),
            "job": job,
            "curve": curve,
            "mine": identity.owns(run.kind, run.id),
        },
        key=f"progress-{run.id}-{job}",
        on_ended_change=lambda: None,
    )
