"""What a session works on. Datasets and runs live in the server under random ids; the page's address holds the ids,
so that a reload or a second tab finds them again. The next shape keeps them on disk behind the same functions."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from lvm_core.datasets.base import Dataset
from lvm_core.models.base import LatentModel
from lvm_core.worker import Fitted, fit_run

from .jobs import Job

MAX_ITEMS, MAX_BYTES = 200, 4 * 2**30


def fresh_id() -> str:
    """A random id nobody can guess. Hexadecimal: Streamlit refuses ``__`` in a component's key."""
    return secrets.token_hex(8)


@dataclass
class Data:
    """A dataset a session holds, with the upload it came from while that can still be corrected."""

    dataset: Dataset
    id: str = field(default_factory=fresh_id)
    upload: bytes | None = None
    upload_name: str = ""

    @property
    def nbytes(self) -> int:
        """Rough size in memory."""
        X = self.dataset.X
        return (X.data.nbytes if hasattr(X, "indptr") else X.nbytes) + len(self.upload or b"")


@dataclass
class Run:
    """One fit: its job while it runs, what it learnt when it ends, and the maps made of it."""

    data: Data
    model: LatentModel
    id: str = field(default_factory=fresh_id)
    number: int = 0
    job: Job | None = None
    maps: dict[str, Any] = field(default_factory=dict)       # recipe key -> fitted projection
    map_jobs: dict[str, Job] = field(default_factory=dict)
    selection: list[int] = field(default_factory=list)       # rows chosen on the map, shared by every page
    kept: dict[str, Any] = field(default_factory=dict)       # bookmarks, groups, directions: plain JSON
    cache: dict[str, Any] = field(default_factory=dict)      # small derived things, by name

    @property
    def dataset(self) -> Dataset:
        """The data it was fitted on."""
        return self.data.dataset

    @property
    def fitted(self) -> Fitted | None:
        """The result, once there is one."""
        return self.job.result if self.job else None

    @property
    def title(self) -> str:
        """Name for lists: number, model, data."""
        return f"#{self.number} {type(self.model).__name__} on {self.dataset.name}"

    @property
    def nbytes(self) -> int:
        """Rough size in memory, without the dataset's."""
        return self.fitted.codes.nbytes * 8 if self.fitted else 0


class Shelf:
    """Items by id, the least recently used dropped when there are too many or they weigh too much."""

    def __init__(self):
        self._items: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, item) -> None:
        """Keep an item under its id."""
        with self._lock:
            self._items[item.id] = item
            while len(self._items) > MAX_ITEMS or (len(self._items) > 1 and sum(i.nbytes for i in self._items.values()) > MAX_BYTES):
                self._items.popitem(last=False)

    def get(self, id: str | None):
        """The item, or None."""
        with self._lock:
            if id in self._items:
                self._items.move_to_end(id)
            return self._items.get(id)


DATA, RUNS = Shelf(), Shelf()


def _current(kind: str, shelf: Shelf):
    item = shelf.get(st.query_params.get(kind)) or shelf.get(st.session_state.get(kind))
    if item is not None:
        st.session_state[kind] = item.id
        st.query_params[kind] = item.id
    elif kind in st.query_params:
        del st.query_params[kind]
    return item


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


def use_data(item: Data) -> None:
    """Make this the session's dataset."""
    DATA.put(item)
    st.session_state["data"] = st.query_params["data"] = item.id


def use_run(item: Run) -> None:
    """Make this the session's run, and its data the session's data."""
    RUNS.put(item)
    st.session_state["run"] = st.query_params["run"] = item.id
    use_data(item.data)


def runs() -> list[Run]:
    """This session's runs, newest first."""
    known = [RUNS.get(i) for i in st.session_state.get("runs", [])]
    current = run()
    if current is not None and current not in known:
        known.append(current)
    return sorted((r for r in known if r is not None), key=lambda r: -r.number)


def fit_job(run: Run) -> Job:
    """Start the fit of a run."""
    return Job(f"Training {type(run.model).__name__}", lambda on_step: fit_run(run.dataset, run.model, on_step))


def start_run(item: Data, model: LatentModel) -> Run:
    """Fit ``model`` on the dataset in the background and make it the session's run."""
    mine = st.session_state.setdefault("runs", [])
    new = Run(item, model, number=len(mine) + 1)
    mine.append(new.id)

    new.job = fit_job(new)
    new.job.wait(0.4)       # quick ones are there when the page is drawn
    use_run(new)
    return new


def support(run: Run):
    """How usual a code is, from the training codes; made once a run."""
    if "support" not in run.cache:
        from lvm_core.support import Support

        run.cache["support"] = Support(run.fitted.codes[run.fitted.train])
    return run.cache["support"]


def dense_paths(run: Run):
    """The graph of the training codes that walks through populated regions follow; made once a run."""
    if "dense" not in run.cache:
        from lvm_core.paths import DensePaths

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
    """Call after a change of ``run.kept``: it lives as long as the run."""


def visit(run: Run, row: int, code=None, said: str = "") -> None:
    """Open the explorer anew at this code of this row, or at the row's own, with a sentence beneath."""
    st.session_state[f"visit-to-{run.id}"] = int(row), None if code is None else [float(v) for v in code]
    st.session_state[f"visit-{run.id}"] = st.session_state.get(f"visit-{run.id}", 0) + 1
    st.session_state[f"said-{run.id}"] = said
