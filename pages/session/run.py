"""A run as pages hold it: one fit, its maps, and what is made of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from lvm_core.analysis.selection import as_rows
from lvm_core.datasets.base import Dataset
from lvm_core.fitting import Fitted
from lvm_core.latent.typicality import Typicality
from lvm_core.models.base import LatentModel
from lvm_core.runs.workspace import fresh_id, run_title
from lvm_core.text import file_stem

from .annotations import Annotations
from .data import Data
from .derived import Derived, Jobs, Maps, once
from .jobs import Fit

DEAD = 0.003  # of the strongest dimension's importance


@dataclass(eq=False)
class Run:
    """One fit: its job, what it learnt when that has ended, and the maps made of it."""

    # where the workspace keeps it, and by which it is owned
    kind: ClassVar[str] = "runs"

    data: Data
    model: LatentModel
    id: str = field(default_factory=fresh_id)
    number: int = 0
    # what a person called it
    name: str = ""
    job: Fit | None = None
    # bookmarks, groups, directions: plain JSON
    annotations: Annotations = field(default_factory=Annotations)
    # why the newest of them could not be written
    unkept: str = ""

    def __post_init__(self):
        self.derived, self._result, self._lock = Derived(self), None, threading.Lock()

    @property
    def selection(self) -> np.ndarray:
        """The rows chosen, the same on every page and for every run of this data: int64 (m,),
        ascending, each once. Set it to row numbers in any order or to truth values (n,);
        ValueError for other rows.
        """
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
    def folder(self) -> Path | None:
        """Where it lies, None where the workspace does not have it."""
        return self.job.folder if self.stored else None

    @property
    def fitted(self) -> Fitted | None:
        """The result, once there is one; a run that is continued gets another."""
        found = self.job.result if self.job else None
        with self._lock:
            if found is not self._result:
                # what was made of the earlier result does not fit this one
                if self._result is not None:
                    self.derived = Derived(self)
                self._result = found
        return found

    @property
    def maps(self) -> Maps:
        """The maps of its codes, by key."""
        return self.derived.maps

    @property
    def jobs(self) -> Jobs:
        """The work on it besides its fit."""
        return self.derived.jobs

    @property
    def title(self) -> str:
        """Name for lists: number, what it was called, model, data."""
        return run_title(self.number, self.name, type(self.model).__name__, self.dataset.name)

    @property
    def stem(self) -> str:
        """The beginning of the names of its files, in letters and digits: ``12-vae-digits``."""
        return file_stem(self.number, self.name or type(self.model).__name__, self.dataset.name)

    @property
    def nbytes(self) -> int:
        """Rough size in memory, without the dataset's."""
        return self._result.codes.nbytes * 8 if self._result else 0

    # -- looked up once for each result ------------------------------------------------------------

    @once
    def typicality(self) -> Typicality:
        """How typical a code is, from the training codes."""
        return Typicality(self.fitted.codes[self.fitted.train])

    @once
    def dense_paths(self):
        """The graph of the training codes that walks through populated regions follow."""
        from lvm_core.latent.paths import DensePaths

        return DensePaths(self.fitted.codes[self.fitted.train])

    @once
    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) (k,): 99 % of the real codes and a little more, for sliders."""
        low, high = np.quantile(self.fitted.codes, [0.005, 0.995], axis=0)
        margin = np.maximum(0.15 * (high - low), 1e-3)
        return low - margin, high + margin

    @once
    def dimensions(self) -> tuple[np.ndarray, int]:
        """Dimensions of the code, the one that does most first, and how many at the end do next
        to nothing.
        """
        importance = np.asarray(self.fitted.model.importance_, float)
        return np.argsort(-importance, kind="stable"), int(
            (importance < DEAD * importance.max()).sum()
        )
