"""Work of a page that takes more than a moment: done once in a thread, with progress and Stop,
and kept with the run while that is in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lvm_core.progress import OnStep
from lvm_core.runs.states import RunState
from lvm_core.text import markdown as md

from ..session.run import Run
from ..session.work import begin
from .components.progress import progress


def result(
    run: Run, title: str, settings: dict, work: Callable[[OnStep], Any], *, wait: float = 0.5
) -> Any:
    """What ``work(on_step)`` gives, or None while it is under way (its progress is then drawn) or
    after it failed (the sentence is drawn, with a way to try again). ``title`` and ``settings``
    (plain JSON) name the work: equal ones share one result.

    ``work`` reports by ``on_step(Progress)`` (see :class:`lvm_core.progress.Reporter`) and ends
    early, keeping what it reached, where that returns True. It must not touch Streamlit.
    """
    key, job = begin(run, title, settings, work, wait=wait)
    if job.running:
        progress(run, key)
        return None
    if job.error:
        st.error(md(job.error, 600), icon=":material/error:")
        if st.button("Try again", icon=":material/refresh:", key=f"again-{key}"):
            run.jobs.work.pop(key, None)
            st.rerun()
        return None
    if job.state == RunState.STOPPED:
        st.caption(":material/stop_circle: Stopped early; this is what was reached.")
    return job.result
