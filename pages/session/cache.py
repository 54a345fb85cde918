"""Datasets and runs as pages hold them: whole in the workspace, in memory as long as they are used and fit."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lvm_core.analysis.selection import as_rows
from lvm_core.datasets.base import Dataset
from lvm_core.fitting import Fitted
from lvm_core.io import files
from lvm_core.io.files import StoreError
from lvm_core.mapping import Mapped
from lvm_core.models.base import LatentModel
from lvm_core.runs.store import load_map, save_map, save_map_scores
from lvm_core.runs.workspace import fresh_id

from .jobs import WORKSPACE, Fit, Job

MAX_ITEMS, MAX_BYTES = 200, 4 * 2**30
log = logging.getLogger(__name__)


class Data:
    """A dataset, with the upload it came from while that can still be corrected. ``stored``: whether the workspace has it."""

    def __init__(self, dataset: Dataset, id: str | None = None, upload: bytes | None = None, upload_name: str = "", stored: bool = False):
        self.dataset, self.id, self.stored, self._upload, self._upload_name = dataset, id or fresh_id(), stored, upload, upload_name
        self._looked = not stored
        self.chosen = self.chosen_before = np.zeros(0, np.int64)     # rows; see Run.selection

    @property
    def upload(self) -> bytes | None:
        """The bytes it was read from."""
        self._look()
        return self._upload

    @property
    def upload_name(self) -> str:
        """What they were called."""
        self._look()
        return self._upload_name

    def _look(self) -> None:
        if not self._looked:
            self._looked = True
            self._upload, self._upload_name = WORKSPACE.upload(self.id) or (None, "")

    def store(self) -> None:
        """Put it into the workspace, if it is not there. Raises StoreError."""
        if not self.stored:
            WORKSPACE.add_dataset(self.dataset, id=self.id, upload=self._upload, upload_name=self._upload_name)
            self.stored = True

    @property
    def nbytes(self) -> int:
        """Rough size in memory."""
        X = self.dataset.X
        return (X.data.nbytes if hasattr(X, "indptr") else X.nbytes) + len(self._upload or b"")


class Maps(dict):
    """The maps of a run by their recipe's key, kept in its folder and loaded when they are asked for."""

    def __init__(self, run: Run):
        super().__init__()
        self._run = run

    def __missing__(self, key: str) -> Mapped:
        folder = self._folder(key)
        if folder is None or not folder.is_dir():
            raise KeyError(key)
        try:
            mapped = load_map(folder, len(self._run.fitted.codes))
        except StoreError as error:
            log.warning("a map is made anew: %s", error)
            raise KeyError(key) from error
        super().__setitem__(key, mapped)
        return mapped

    def __contains__(self, key) -> bool:
        return self.get(key) is not None

    def get(self, key, default=None):
        try:
            return self[key]
        except KeyError:
            return default

    def __setitem__(self, key: str, mapped: Mapped) -> None:
        super().__setitem__(key, mapped)
        folder = self._folder(key)
        try:
            if folder is not None and self._run.stored:
                if folder.is_dir():
                    files.remove_folder(folder)
                save_map(folder, mapped)
        except (StoreError, OSError) as error:      # it is made again the next time
            log.warning("a map could not be kept: %s", error)

    def scored(self, key: str) -> None:
        """Keep the scores of a map that were measured after it was kept."""
        folder = self._folder(key)
        try:
            if folder is not None and folder.is_dir():
                save_map_scores(folder, self[key])
        except (StoreError, OSError) as error:
            log.warning("the scores of a map could not be kept: %s", error)

    def _folder(self, key):
        return WORKSPACE.run_folder(self._run.id) / "maps" / key if isinstance(key, str) and re.fullmatch("[A-Za-z0-9]{1,80}", key) else None


@dataclass
class Run:
    """One fit: its job, what it learnt when that has ended, and the maps made of it."""

    data: Data
    model: LatentModel
    id: str = field(default_factory=fresh_id)
    number: int = 0
    job: Fit | None = None
    maps: dict[str, Any] = None                              # recipe key -> fitted projection
    map_jobs: dict[str, Job] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)       # bookmarks, groups, directions: plain JSON
    cache: dict[str, Any] = field(default_factory=dict)      # small derived things, by name
    _seen: Fitted | None = None

    def __post_init__(self):
        self.maps = Maps(self)

    @property
    def selection(self) -> np.ndarray:
        """The rows chosen, the same on every page and for every run of this data: int64 (m,), ascending, each once. Set it to row numbers in any
        order or to truth values (n,); ValueError for other rows."""
        return self.data.chosen

    @selection.setter
    def selection(self, rows) -> None:
        rows = as_rows(rows, len(self.dataset))
        if not np.array_equal(rows, self.data.chosen):
            self.data.chosen_before, self.data.chosen = self.data.chosen, rows

    @property
    def dataset(self) -> Dataset:
        """The data it was fitted on."""
        return self.data.dataset

    @property
    def stored(self) -> bool:
        """Whether the workspace has it."""
        return self.job is not None and self.job.id == self.id

    @property
    def fitted(self) -> Fitted | None:
        """The result, once there is one; a run that is continued gets another."""
        found = self.job.result if self.job else None
        if found is not self._seen:
            if self._seen is not None:      # what was made of the earlier result does not fit this one
                self.maps, self.map_jobs, self.cache = Maps(self), {}, {}
            self._seen = found
        return found

    @property
    def title(self) -> str:
        """Name for lists: number, model, data."""
        return f"#{self.number} {type(self.model).__name__} on {self.dataset.name}"

    @property
    def nbytes(self) -> int:
        """Rough size in memory, without the dataset's."""
        return self._seen.codes.nbytes * 8 if self._seen else 0


class Shelf:
    """Items by id: the least recently used dropped when there are too many or they weigh too much, and read again when wanted."""

    def __init__(self, load: Callable[[str], Any]):
        self._items: OrderedDict[str, Any] = OrderedDict()
        self._lock, self._loading, self._load = threading.Lock(), threading.Lock(), load

    def put(self, item) -> None:
        """Keep an item under its id."""
        with self._lock:
            self._items[item.id] = item
            while len(self._items) > MAX_ITEMS or (len(self._items) > 1 and sum(i.nbytes for i in self._items.values()) > MAX_BYTES):
                self._items.popitem(last=False)

    def drop(self, id: str) -> None:
        """Forget an item."""
        with self._lock:
            self._items.pop(id, None)

    def get(self, id: str | None):
        """The item, or None."""
        found = self._held(id)
        if found is not None or not isinstance(id, str):
            return found
        with self._loading:     # once, whoever asks meanwhile
            found = self._held(id)
            if found is None:
                try:
                    found = self._load(id)
                    self.put(found)
                except StoreError as error:
                    log.info("nothing to show for %.40r: %s", id, error)
                    return None
            return found

    def _held(self, id):
        with self._lock:
            if id in self._items:
                self._items.move_to_end(id)
            return self._items.get(id)


def _load_data(id: str) -> Data:
    return Data(WORKSPACE.load_dataset(id), id=id, stored=True)


def _load_run(id: str) -> Run:
    info = WORKSPACE.run(id)
    data = DATA.get(info.dataset)
    if data is None:
        raise StoreError(f"The dataset of {info.title} is not there any more.")
    found = Run(data, info.model(), id=id, number=info.number, kept=WORKSPACE.kept(id))
    found.job = Fit(id)
    return found


DATA, RUNS = Shelf(_load_data), Shelf(_load_run)
