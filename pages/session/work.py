"""Work that takes more than a moment, done once in a thread and kept with the run while that is
in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from lvm_core.progress import OnStep

from . import pace
from .jobs import Job
from .run import Run
from .services import services

MOST_KEPT = 20  # results of a run; the oldest are made again when they are asked for


def begin(
    run: Run,
    title: str,
    settings: dict,
    work: Callable[[OnStep], Any],
    *,
    wait: float = 0.5,
    seconds: float = 0.0,
) -> tuple[str, Job]:
    """The job of :func:`pages.ui.work.result` and its name, begun if there is none; it is waited
    for only then. ``seconds``: what it is said to take.

    At most :data:`pages.session.services.ANALYSES` are at work at once on a server; others wait for
    one to end.
    """
    key = _key(title, settings)
    jobs = run.jobs.work
    with run.derived.locks(("job", key)):
        job = jobs.get(key)
        if begun := job is None:
            done = [name for name, other in list(jobs.items()) if not other.running]
            for name in done[:-MOST_KEPT]:
                jobs.pop(name, None)
            job = jobs[key] = Job(
                title, pace.timed(title, work, seconds), turns=services().analyses
            )
    if begun:
        job.wait(wait)
    return key, job


def begun(run: Run, title: str, settings: dict) -> bool:
    """Whether there is such a job, under way or ended."""
    return _key(title, settings) in run.jobs.work


def finished(run: Run, title: str, settings: dict) -> Any:
    """The result of such a job; None where there is none, or none yet."""
    job = run.jobs.work.get(_key(title, settings))
    return None if job is None else job.result


def _key(title: str, settings: dict) -> str:
    named = json.dumps([title, settings], sort_keys=True).encode()
    return "work" + hashlib.sha256(named).hexdigest()[:24]
