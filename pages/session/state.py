"""What a session works on. Datasets and runs live in the workspace; the page's address holds their ids, so that a reload, a second
tab, another browser or a restarted server finds them again."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from lvm_core.datasets.base import DataError
from lvm_core.io.files import StoreError
from lvm_core.models.base import LatentModel
from lvm_core.runs.workspace import RunInfo, is_id

from . import identity
from .cache import DATA, RUNS, Data, Run, Shelf
from .jobs import WORKSPACE, Fit


def _current(kind: str, shelf: Shelf):
    item = _seen(kind, shelf, st.query_params.get(kind)) or _seen(kind, shelf, st.session_state.get(kind))
    if item is not None:
        st.session_state[kind] = item.id
        st.query_params[kind] = item.id
    elif kind in st.query_params:
        del st.query_params[kind]
    return item


def _seen(kind: str, shelf: Shelf, id: str | None):
    """An item that this person may look at, or None; a dataset also through the shared run that was made from it."""
    if not is_id(id):
        return None
    if kind == "run" and not identity.may_see("runs", id):
        st.session_state["refused"] = id
        return None
    if kind == "data" and not identity.mine("datasets", id):
        through = st.session_state.get("run")
        if through is None or not identity.may_see("runs", through) or getattr(RUNS.get(through), "data", None) is None or RUNS.get(through).data.id != id:
            return None
    return shelf.get(id)


def run() -> Run | None:
    """The run this session looks at."""
    return _current("run", RUNS)


def data() -> Data | None:
    """The dataset this session works on: that of the address, or of the current run."""
    found = _current("data", DATA)
    if found is None and (current := run()) is not None:
        use_data(current.data)
        found = current.data
    return found


def use_data(item: Data) -> Data:
    """Make this the session's dataset, and keep it; the same dataset that is kept already takes its place."""
    item = _kept_already(item) or item
    try:
        if not item.stored:
            identity.check_room(item.nbytes)
            item.store()
            identity.claim("datasets", item.id)
        st.session_state.pop("unkept", None)
    except ValueError as error:     # no room, a full disk: it can be looked at all the same
        st.session_state["unkept"] = str(error)
    DATA.put(item)
    st.session_state["data"] = st.query_params["data"] = item.id
    return item


def _kept_already(item: Data) -> Data | None:
    if item.stored:
        return None
    dataset = item.dataset
    wanted = {"name": dataset.name, "n": len(dataset), "label": dataset.label, "source": dataset.source, "notes": dataset.notes}
    same = [head for head in datasets() if all(head.get(k) == v for k, v in wanted.items())]
    same = [head["id"] for head in same if head.get("fingerprint") == dataset.fingerprint]
    return DATA.get(same[0]) if same else None


def use_run(item: Run) -> None:
    """Make this the session's run, and its data the session's data."""
    RUNS.put(item)
    st.session_state["run"] = st.query_params["run"] = item.id
    use_data(item.data)


def leave_run(id: str) -> None:
    """Forget a run that was deleted."""
    _leave("run", RUNS, id)


def leave_data(id: str) -> None:
    """Forget a dataset that was deleted."""
    _leave("data", DATA, id)


def _leave(kind: str, shelf: Shelf, id: str) -> None:
    shelf.drop(id)
    for held in (st.session_state, st.query_params):
        if held.get(kind) == id:
            del held[kind]


def runs() -> list[RunInfo]:
    """This person's runs, newest first."""
    return identity.only_mine("runs", WORKSPACE.runs())


def datasets() -> list[dict]:
    """The heads of this person's datasets, newest first."""
    return identity.only_mine("datasets", WORKSPACE.datasets(), lambda head: head["id"])


def fit_job(run: Run) -> Fit:
    """Keep a run in the workspace and start its fit. Raises ValueError in one sentence."""
    identity.check_turn()
    identity.check_room()
    if not run.data.stored:
        run.data.store()
        identity.claim("datasets", run.data.id)
    run.number = WORKSPACE.add_run(run.data.id, run.model, id=run.id, queued=False).number
    identity.claim("runs", run.id)
    job = Fit(run.id)
    job.begin()
    return job


_TWICE = 2.0        # seconds within which the same wish is the same click


def start_run(item: Data, model: LatentModel) -> Run:
    """Fit ``model`` on the dataset in the background and make it the session's run. Raises ValueError in one sentence."""
    item = use_data(item)
    if item.stored and not identity.mine("datasets", item.id):
        raise DataError("This data was shared with you to look at; bring your own copy of it to train on it.")
    last, asked = st.session_state.get("asked", (None, None)), (item.id, model.key())
    if last[0] == asked and time.monotonic() - last[1][0] < _TWICE and (found := RUNS.get(last[1][1])) is not None:
        return found
    new = Run(item, model)
    new.job = fit_job(new)
    st.session_state["asked"] = asked, (time.monotonic(), new.id)
    new.job.wait(0.6)       # quick ones are there when the page is drawn
    use_run(new)
    return new


def start_all(item: Data, models: list[LatentModel]) -> list[Run]:
    """Queue a fit of each model on the dataset, in this order. Raises ValueError in one sentence; those before it are queued then."""
    item = use_data(item)
    if item.stored and not identity.mine("datasets", item.id):
        raise DataError("This data was shared with you to look at; bring your own copy of it to train on it.")
    last, asked = st.session_state.get("asked_all", (None, None)), (item.id, [model.key() for model in models])
    if last[0] == asked and time.monotonic() - last[1][0] < _TWICE:
        return [run for run in map(RUNS.get, last[1][1]) if run is not None]
    made = []
    for model in models:
        run = Run(item, model)
        run.job = fit_job(run)
        RUNS.put(run)
        made.append(run)
    st.session_state["asked_all"] = asked, (time.monotonic(), [run.id for run in made])
    return made


def support(run: Run):
    """How usual a code is, from the training codes; made once a run."""
    if "support" not in run.cache:
        from lvm_core.latent.typicality import Support

        run.cache["support"] = Support(run.fitted.codes[run.fitted.train])
    return run.cache["support"]


def dense_paths(run: Run):
    """The graph of the training codes that walks through populated regions follow; made once a run."""
    if "dense" not in run.cache:
        from lvm_core.latent.paths import DensePaths

        run.cache["dense"] = DensePaths(run.fitted.codes[run.fitted.train])
    return run.cache["dense"]


def ranges(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """(low, high) (k,): 99 % of the real codes and a little more, for sliders."""
    if "ranges" not in run.cache:
        low, high = np.quantile(run.fitted.codes, [0.005, 0.995], axis=0)
        margin = np.maximum(0.15 * (high - low), 1e-3)
        run.cache["ranges"] = low - margin, high + margin
    return run.cache["ranges"]


DEAD = 0.003    # of the strongest dimension's importance


def dimensions(run: Run) -> tuple[np.ndarray, int]:
    """Dimensions of the code, the one that does most first, and how many at the end do next to nothing."""
    importance = np.asarray(run.fitted.model.importance_, float)
    return np.argsort(-importance, kind="stable"), int((importance < DEAD * importance.max()).sum())


def keep(run: Run) -> None:
    """Call after a change of ``run.kept``: it is kept as long as the run. Where that fails the sidebar says so."""
    try:
        if run.stored:
            WORKSPACE.keep(run.id, run.kept)
        run.cache.pop("unkept", None)
    except StoreError as error:
        run.cache["unkept"] = str(error)


def visit(run: Run, row: int, code=None, said: str = "") -> None:
    """Open the explorer anew at this code of this row, or at the row's own, with a sentence beneath."""
    st.session_state[f"visit-to-{run.id}"] = int(row), None if code is None else [float(v) for v in code]
    st.session_state[f"visit-{run.id}"] = st.session_state.get(f"visit-{run.id}", 0) + 1
    st.session_state[f"said-{run.id}"] = said
