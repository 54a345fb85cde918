"""Starting, continuing and deleting runs."""

from __future__ import annotations

import time

import streamlit as st

from lvm_core.datasets.base import DataError
from lvm_core.models.base import LatentModel

from . import identity, quotas, state
from .data import Data
from .jobs import Fit
from .run import Run
from .services import services

_TWICE = 2.0  # seconds within which the same wish is the same click


def fit_job(run: Run) -> Fit:
    """Keep a run in the workspace and start its fit. Raises ValueError in one sentence."""
    quotas.check_run_quota()
    quotas.check_storage_quota()
    here = services()
    if not run.data.stored:
        run.data.store(here.workspace)
        identity.claim("datasets", run.data.id)
    run.number = here.workspace.add_run(run.data.id, run.model, id=run.id, queued=False).number
    identity.claim("runs", run.id)
    job = here.fit(run.id)
    job.begin()
    return job


def start_run(item: Data, model: LatentModel) -> Run:
    """Fit ``model`` on the dataset in the background and make it the session's run. Raises
    ValueError in one sentence.
    """
    item = _ones_own(item)
    last, asked = st.session_state.get("asked", (None, None)), (item.id, model.cache_key())
    if (
        last[0] == asked
        and time.monotonic() - last[1][0] < _TWICE
        and (found := services().runs.get(last[1][1])) is not None
    ):
        return found
    new = Run(item, model)
    new.job = fit_job(new)
    st.session_state["asked"] = asked, (time.monotonic(), new.id)
    new.job.wait(0.6)  # quick ones are there when the page is drawn
    state.use_run(new)
    return new


def start_all(item: Data, models: list[LatentModel]) -> list[Run]:
    """Queue a fit of each model on the dataset, in this order. Raises ValueError in one
    sentence; those before it are queued then.
    """
    item = _ones_own(item)
    last, asked = (
        st.session_state.get("asked_all", (None, None)),
        (item.id, [model.cache_key() for model in models]),
    )
    if last[0] == asked and time.monotonic() - last[1][0] < _TWICE:
        return [run for run in map(services().runs.get, last[1][1]) if run is not None]
    made = []
    for model in models:
        run = Run(item, model)
        run.job = fit_job(run)
        services().runs.put(run)
        made.append(run)
    st.session_state["asked_all"] = asked, (time.monotonic(), [run.id for run in made])
    return made


def _ones_own(item: Data) -> Data:
    """The dataset, kept and in use. Raises DataError where it is somebody else's."""
    item = state.use_data(item)
    if item.stored and not identity.owns("datasets", item.id):
        raise DataError(
            "This data was shared with you to look at; bring your own copy of it to train on it."
        )
    return item


def resume(run: Run) -> None:
    """Let it go on from its last checkpoint. Raises ValueError."""
    identity.require("runs", run.id)
    run.job.begin()


def extend(run: Run, more: int) -> None:
    """Train it for longer. Raises ValueError."""
    identity.require("runs", run.id)
    here = services()
    run.model = here.workspace.extend(run.id, more).model()
    here.scheduler.start()
    here.scheduler.wake()


def cancel(run: Run) -> None:
    """End its training and throw away what it reached. Raises ValueError."""
    identity.require("runs", run.id)
    run.job.cancel()


def delete(id: str) -> None:
    """Take it away. Raises ValueError."""
    identity.require("runs", id)
    services().workspace.delete_run(id)
    state.leave_run(id)
