"""Work of a page that takes more than a moment: begun by a button that says how long it takes,
done once in a thread, with progress and Stop, and kept with the run while that is in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lvm_core.progress import OnStep
from lvm_core.runs.states import RunState
from lvm_core.text import markdown as md

from ..session import pace
from ..session.jobs import rounded
from ..session.run import Run
from ..session.work import begin, begun
from .components.progress import progress

SHORT = 1.0  # seconds; what takes no longer begins by itself


def result(
    run: Run,
    title: str,
    settings: dict,
    work: Callable[[OnStep], Any],
    *,
    wait: float = 0.5,
    seconds: float = 0.0,
    start: str = "Start",
) -> Any:
    """What ``work(on_step)`` gives, or None while it is under way (its progress is then drawn) or
    after it failed (the sentence is drawn, with a way to try again). ``title`` and ``settings``
    (plain JSON) name the work: equal ones share one result.

    ``seconds`` is what it takes on an ordinary machine, see :mod:`pages.session.pace`: work that
    is longer than :data:`SHORT` here begins when the button ``start``, which says how long, is
    pressed.

    ``work`` reports by ``on_step(Progress)`` (see :class:`lvm_core.progress.Reporter`) and ends
    early, keeping what it reached, where that returns True. It must not touch Streamlit.
    """
    if not begun(run, title, settings) and not may_begin(run, title, seconds, start=start):
        return None
    key, job = begin(run, title, settings, work, wait=wait, seconds=seconds)
    if job.running:
        progress(run, key)
        return None
    if job.error:
        st.error(md(job.error, 600), icon=":material/error:")
        if st.button("Try again", icon=":material/refresh:", key=f"again-{key}"):
            run.jobs.work.pop(key, None)
            begin(run, title, settings, work, wait=wait, seconds=seconds)
            st.rerun()
        return None
    if job.state == RunState.STOPPED:
        st.caption(":material/stop_circle: Stopped early; this is what was reached.")
    return job.result


def may_begin(run: Run, title: str, seconds: float, *, start: str = "Start") -> bool:
    """Whether work begins now: where it is short, by itself; where it is longer than
    :data:`SHORT` here, when the button that says how long was pressed.
    """
    about = pace.estimate(title, seconds)
    return about <= SHORT or st.button(
        f"{start} (about {rounded(about)})",
        icon=":material/play_arrow:",
        type="primary",
        key=f"start-{run.id}-{title}",
        help="It goes on beside the page, with its progress and a Stop.",
    )
