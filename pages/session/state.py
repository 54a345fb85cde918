"""What a session works on. Datasets and runs live in the workspace; the page's address holds
their ids, so that a reload, a second tab, another browser or a restarted server finds them
again.
"""

from __future__ import annotations

import streamlit as st

from lvm_core.io.files import StoreError
from lvm_core.runs.workspace import RunInfo, is_id

from . import identity, quotas
from .cache import Cache
from .data import Data
from .run import Run
from .services import services


def _current(kind: str, cache: Cache):
    if "run" not in st.query_params and "data" not in st.query_params:
        # another page emptied it; both at once, as each by itself is one to go back over
        held = {k: st.session_state[k] for k in ("run", "data") if k in st.session_state}
        if held:
            st.query_params.update(held)
    item = _seen(kind, cache, st.query_params.get(kind)) or _seen(
        kind, cache, st.session_state.get(kind)
    )
    if item is not None:
        st.session_state[kind] = item.id
        st.query_params[kind] = item.id
    elif kind in st.query_params:
        del st.query_params[kind]
    return item


def _seen(kind: str, cache: Cache, id: str | None):
    """An item that this person may look at, or None; a dataset also through the shared run that
    was made from it.
    """
    if not is_id(id):
        return None
    if kind == "run" and not identity.may_see("runs", id):
        st.session_state["refused"] = id
        return None
    if kind == "data" and not identity.owns("datasets", id):
        through = st.session_state.get("run")
        shared = (
            services().runs.get(through)
            if through is not None and identity.may_see("runs", through)
            else None
        )
        if shared is None or shared.data.id != id:
            return None
    return cache.get(id)


def run() -> Run | None:
    """The run this session looks at."""
    return _current("run", services().runs)


def data() -> Data | None:
    """The dataset this session works on: that of the address, or of the current run."""
    found = _current("data", services().datasets)
    if found is None and (current := run()) is not None:
        use_data(current.data)
        found = current.data
    return found


def use_data(item: Data) -> Data:
    """Make this the session's dataset, and keep it; the same dataset that is kept already takes
    its place.
    """
    item = _kept_already(item) or item
    try:
        if not item.stored:
            quotas.check_storage_quota(item.nbytes)
            item.store(services().workspace)
            identity.claim("datasets", item.id)
        st.session_state.pop("unkept", None)
    except ValueError as error:  # no room, a full disk: it can be looked at all the same
        st.session_state["unkept"] = str(error)
    services().datasets.put(item)
    st.session_state["data"] = st.query_params["data"] = item.id
    return item


def _kept_already(item: Data) -> Data | None:
    if item.stored:
        return None
    dataset = item.dataset
    wanted = {
        "name": dataset.name,
        "n": len(dataset),
        "label": dataset.label,
        "source": dataset.source,
        "notes": dataset.notes,
    }
    same = [head for head in datasets() if all(head.get(k) == v for k, v in wanted.items())]
    same = [head["id"] for head in same if head.get("fingerprint") == dataset.fingerprint]
    return services().datasets.get(same[0]) if same else None


def use_run(item: Run) -> None:
    """Make this the session's run, and its data the session's data."""
    services().runs.put(item)
    st.session_state["run"] = st.query_params["run"] = item.id
    use_data(item.data)


def leave_run(id: str) -> None:
    """Forget a run that was deleted."""
    _leave("run", services().runs, id)


def leave_data(id: str) -> None:
    """Forget a dataset that was deleted."""
    _leave("data", services().datasets, id)


def _leave(kind: str, cache: Cache, id: str) -> None:
    cache.drop(id)
    for held in (st.session_state, st.query_params):
        if held.get(kind) == id:
            del held[kind]


def runs() -> list[RunInfo]:
    """This person's runs, newest first."""
    return identity.owned("runs", services().workspace.runs())


def datasets() -> list[dict]:
    """The heads of this person's datasets, newest first."""
    return identity.owned("datasets", services().workspace.datasets(), lambda head: head["id"])


def save_annotations(run: Run) -> None:
    """Call after a change of ``run.kept``: it is kept as long as the run. Where that fails the
    sidebar says so.
    """
    try:
        if run.stored:
            services().workspace.save_annotations(run.id, run.annotations, run.kind)
        run.unkept = ""
    except StoreError as error:
        run.unkept = str(error)


def open_at(run: Run, row: int, code=None, said: str = "") -> None:
    """Open the explorer anew at this code of this row, or at the row's own, with a sentence
    beneath.
    """
    st.session_state[f"visit-to-{run.id}"] = (
        int(row),
        None if code is None else [float(v) for v in code],
    )
    st.session_state[f"visit-{run.id}"] = st.session_state.get(f"visit-{run.id}", 0) + 1
    st.session_state[f"said-{run.id}"] = said
