"""What a session works on. Datasets and runs live in the workspace; the page's address holds
their ids, so that a reload, a second tab, another browser or a restarted server finds them
again.
"""

from __future__ import annotations

import streamlit as st

from lvm_core.io.files import StoreError
from lvm_core.runs.states import UNDER_WAY
from lvm_core.runs.workspace import RunInfo, is_id

from . import identity, quotas
from .cache import Cache
from .data import Data
from .run import Run
from .services import services

_ROOMS = {"run": "runs", "data": "datasets"}  # where the workspace keeps them


def _current(kind: str, cache: Cache):
    """That of the address. One that is asked for and not here is ``missing``, and nothing else
    takes its place before somebody chooses.
    """
    if "run" not in st.query_params and "data" not in st.query_params:
        # another page emptied it; both at once, as each by itself is one to go back over
        caches = {"run": services().runs, "data": services().datasets}
        held = {
            k: st.session_state[k]
            for k, items in caches.items()
            if _seen(k, items, st.session_state.get(k)) is not None
        }
        if held:
            st.query_params.update(held)
    if (asked := st.query_params.get(kind)) is not None:
        item = _seen(kind, cache, asked)
        if item is None:
            del st.query_params[kind]
            st.session_state.pop(kind, None)
            st.session_state.setdefault("missing", kind)  # of both, the run is what was meant
    else:
        item = _seen(kind, cache, st.session_state.get(kind))
    if item is not None:
        _remember(kind, item.id)
    return item


def _remember(kind: str, id: str) -> None:
    if st.session_state.get(kind) != id and identity.owns(_ROOMS[kind], id):
        services().workspace.touch(_ROOMS[kind], id)
    st.session_state[kind] = st.query_params[kind] = id


def missing() -> str | None:
    """``run`` or ``data`` where the address asked for one that is not here, or not this
    person's, and nothing was chosen since.
    """
    return st.session_state.get("missing")


def _seen(kind: str, cache: Cache, id: str | None):
    """An item that this person may look at, or None; a dataset also through the shared run that
    was made from it.
    """
    if not is_id(id):
        return None
    if kind == "run" and not identity.may_see("runs", id):
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
    """The run this session looks at: that of the address, or the newest of the data that is
    open.
    """
    found = _current("run", services().runs)
    if found is None and missing() is None and (held := _held_data()) is not None:
        found = newest_run(held.id)
        if found is not None:
            services().runs.put(found)
            _remember("run", found.id)
    return found


def data() -> Data | None:
    """The dataset this session works on: that of the current run, or of the address."""
    current = run()
    found = _held_data()  # a guest may look at it through the run
    if current is not None and (found is None or found.id != current.data.id):
        use_data(current.data)
        found = current.data
    return found


def _held_data() -> Data | None:
    return _current("data", services().datasets)


def newest_run(data_id: str) -> Run | None:
    """This person's newest run of a dataset: of those that have learnt something or are at it,
    where there are any.
    """
    for info in sorted(runs_of(data_id), key=lambda r: not (r.has_result or r.state in UNDER_WAY)):
        if (found := services().runs.get(info.id)) is not None:
            return found
    return None


def use_data(item: Data) -> Data:
    """Make this the session's dataset, and keep it; the same dataset that is kept already takes
    its place. A run of other data is left: the newest of this data is open then.
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
    _remember("data", item.id)
    st.session_state.pop("missing", None)
    held = st.session_state.get("run") or st.query_params.get("run")
    if held is not None:
        current = services().runs.get(held)
        if current is None or current.data.id != item.id:
            _forget("run", held)
    return item


def _kept_already(item: Data) -> Data | None:
    if item.stored:
        return None
    same = services().workspace.find_dataset(item.dataset, datasets())
    return services().datasets.get(same) if same else None


def use_run(item: Run) -> None:
    """Make this the session's run, and its data the session's data."""
    services().runs.put(item)
    _remember("run", item.id)
    use_data(item.data)


def leave_run(id: str) -> None:
    """Forget a run that was deleted."""
    _leave("run", services().runs, id)


def leave_data(id: str) -> None:
    """Forget a dataset that was deleted."""
    _leave("data", services().datasets, id)


def _leave(kind: str, cache: Cache, id: str) -> None:
    cache.drop(id)
    _forget(kind, id)


def _forget(kind: str, id: str) -> None:
    for held in (st.session_state, st.query_params):
        if held.get(kind) == id:
            del held[kind]


def runs() -> list[RunInfo]:
    """This person's runs, newest first."""
    return identity.owned("runs", services().workspace.runs())


def runs_of(data_id: str) -> list[RunInfo]:
    """This person's runs of one dataset, newest first."""
    return [info for info in runs() if info.dataset == data_id]


def datasets() -> list[dict]:
    """The heads of this person's datasets, newest first."""
    return identity.owned("datasets", services().workspace.datasets(), lambda head: head["id"])


def rename_run(run_id: str, name: str) -> None:
    """Call a run of this person's something. Raises StoreError."""
    chosen = services().workspace.rename_run(run_id, name, owner=identity.asking())
    if (held := services().runs.get(run_id)) is not None:
        held.name = chosen


def rename_data(data_id: str, name: str) -> None:
    """Call a dataset of this person's something else. Raises StoreError."""
    chosen = services().workspace.rename_dataset(data_id, name, owner=identity.asking())
    if (held := services().datasets.get(data_id)) is not None:
        held.dataset.name = chosen


def delete_data(data_id: str) -> None:
    """Take a dataset of this person's away. Raises ValueError."""
    identity.require("datasets", data_id)
    services().workspace.delete_dataset(data_id)
    leave_data(data_id)


def save_annotations(run: Run) -> None:
    """Call after a change of ``run.annotations``: they are kept as long as the run. Where that
    fails the sidebar says so. Raises NotOwned; the change itself asks first, see
    :func:`identity.require`.
    """
    identity.require(run.kind, run.id)
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
