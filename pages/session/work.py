"""Work that takes more than a moment, done once in a thread and kept with the run while that is in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from lvm_core.progress import OnStep

from .jobs import Job
from .state import Run

MOST_KEPT = 20      # results of a run; the oldest are made again when they are asked for


def begin(run: Run, title: str, settings: dict, work: Callable[[OnStep], Any], *, wait: float = 0.5) -> tuple[str, Job]:
    """The job of :func:`pages.ui.work.result` and its name, begun if there is none; it is waited for only then."""
    key = "work" + hashlib.sha256(json.dumps([title, settings], sort_keys=True).encode()).hexdigest()[:24]
    job = run.map_jobs.get(key)
    if job is None:
        done = [name for name, other in run.map_jobs.items() if name.startswith("work") and not other.running]
        for name in done[:-MOST_KEPT]:
            run.map_jobs.pop(name, None)
        job = run.map_jobs[key] = Job(title, work)
        job.wait(wait)
    return key, job
