"""What is made of a run's result and lives as long as that: its maps, the jobs that make more,
and small things looked up once.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

import numpy as np

from lvm_core.analysis.alignment import Alignment, Change
from lvm_core.fitting import Fitted
from lvm_core.io import files
from lvm_core.io.files import StoreError
from lvm_core.mapping import Mapped
from lvm_core.runs.store import load_map, save_map, save_map_scores

from .jobs import Job, MapJob, TrustJob
from .locks import KeyedLock

if TYPE_CHECKING:
    import pandas as pd

    from lvm_core.metrics.maps.trust import MapTrust
    from lvm_core.plots.tiling import PointSheet

_MOST_MAPS = 6  # of one run for which more than the map itself is held
_NOTHING = object()
log = logging.getLogger(__name__)


class HasResult(Protocol):
    """A run, as far as what is made of its result needs it."""

    derived: Derived

    @property
    def fitted(self) -> Fitted | None: ...

    @property
    def folder(self) -> Path | None: ...


class Maps(dict[str, Mapped]):
    """The maps of a run by their projection's key, kept in its folder and loaded when they are
    asked for.
    """

    def __init__(self, run: HasResult):
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
            if folder is not None:
                if folder.is_dir():
                    files.remove_folder(folder)
                save_map(folder, mapped)
        except (StoreError, OSError) as error:  # it is made again the next time
            log.warning("a map could not be kept: %s", error)

    def hold(self, key: str, mapped: Mapped) -> None:
        """Have a map while the server runs, on no disk."""
        super().__setitem__(key, mapped)

    def scored(self, key: str) -> None:
        """Keep the scores of a map that were measured after it was kept."""
        folder = self._folder(key)
        try:
            if folder is not None and folder.is_dir():
                save_map_scores(folder, self[key])
        except (StoreError, OSError) as error:
            log.warning("the scores of a map could not be kept: %s", error)

    def _folder(self, key) -> Path | None:
        usable = (
            self._run.folder is not None
            and isinstance(key, str)
            and re.fullmatch("[A-Za-z0-9]{1,80}", key)
        )
        return self._run.folder / "maps" / key if usable else None


@dataclass
class Jobs:
    """Work on a run, by name: its maps by their key, measurements of a map's trust, analyses. A
    name is of one of them only.
    """

    maps: dict[str, MapJob] = field(default_factory=dict)
    trust: dict[str, TrustJob] = field(default_factory=dict)
    work: dict[str, Job] = field(default_factory=dict)

    def find(self, name: str) -> Job | None:
        """The job of that name, whatever it is for."""
        return self.maps.get(name) or self.trust.get(name) or self.work.get(name)


@dataclass
class OfMap:
    """What is made of one map: how it is drawn, what was measured of it, the search for its
    regions.
    """

    mapped: Mapped
    sheet: PointSheet | None = None
    trust: MapTrust | None = None
    # of which measurement; index (n,)
    nearest_measured: tuple[MapTrust, np.ndarray] | None = None
    regions: Job | None = None


@dataclass(frozen=True)
class Coloured:
    """The rows coloured by a column on a scale: the legend, the palette (256, 4), an index (n,)
    in drawn order.
    """

    column: str | None
    scale: str | None
    rows: pd.DataFrame
    legend: dict
    palette: np.ndarray
    index: np.ndarray


class Derived:
    """Everything made of one result of a run; a run that is continued begins another."""

    def __init__(self, run: HasResult):
        self.maps, self.jobs = Maps(run), Jobs()
        # see pages.session.selection
        self.point_values: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        # neighbours between two maps, by the name panes ask by
        self.changes: dict[str, Change] = {}
        # of maps laid onto this run's, by what is on them
        self.alignments: dict[str, list[Alignment | None]] = {}
        # ids of the runs that share this one's selection
        self.beside: list[str] = []
        self.coloured: Coloured | None = None  # the newest colouring
        self.locks = KeyedLock()
        self._of_maps: OrderedDict[str, OfMap] = OrderedDict()
        self._once: dict[Hashable, Any] = {}
        self._guard = threading.Lock()

    def of_map(self, key: str) -> OfMap:
        """What is made of the map ``key``, of no earlier one of that key. Raises KeyError."""
        mapped = self.maps[key]
        with self._guard:
            held = self._of_maps.get(key)
            if held is None or held.mapped is not mapped:
                self._of_maps[key] = OfMap(mapped)
                left = [held]
                while len(self._of_maps) > _MOST_MAPS:
                    left.append(self._of_maps.popitem(last=False)[1])
                for old in left:
                    if old is not None and old.regions is not None:
                        old.regions.stop()
            self._of_maps.move_to_end(key)
            return self._of_maps[key]

    def forget_regions(self) -> None:
        """Let regions be named anew: what they are told apart by has changed."""
        with self._guard:
            for held in self._of_maps.values():
                held.regions = None

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What ``make()`` gave the first time under this key; who asks meanwhile waits, who
        asks for another does not.
        """
        found = self._once.get(key, _NOTHING)
        if found is _NOTHING:
            with self.locks(key):
                found = self._once.get(key, _NOTHING)
                if found is _NOTHING:
                    found = self._once[key] = make()
        return found

    def forget(self, key: Hashable) -> None:
        """Let it be made again."""
        self._once.pop(key, None)


R = TypeVar("R", bound=HasResult)
T = TypeVar("T")


class once(Generic[R, T]):
    """Decorates a function of a run: it is computed once for each result of the run, whoever asks.

    Where it stands in a class it is a property.

    Examples
    --------
    >>> @once
    ... def spread(run):
    ...     return float(run.fitted.codes.std())
    """

    def __init__(self, make: Callable[[R], T]):
        self.make = make
        functools.update_wrapper(self, make)

    def __call__(self, run: R) -> T:
        return run.derived.once(self.make, lambda: self.make(run))

    def forget(self, run: R) -> None:
        """Compute it again when it is next asked for."""
        run.derived.forget(self.make)

    @overload
    def __get__(self, run: None, owner: type | None = None) -> once[R, T]: ...

    @overload
    def __get__(self, run: R, owner: type | None = None) -> T: ...

    def __get__(self, run, owner=None):
        return self if run is None else self(run)
