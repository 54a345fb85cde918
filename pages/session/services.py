"""What all sessions of a server share: the workspace, who starts its fits and makes its maps, and
what is in memory of it.

The server makes it in its lifespan; before that, and in scripts and tests, :func:`services` makes a
plain one when it is first asked for. Importing the pages makes nothing.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from lvm_core.io.files import StoreError
from lvm_core.runs.map_pool import MapPool
from lvm_core.runs.read_pool import ReadPool
from lvm_core.runs.scheduler import Scheduler
from lvm_core.runs.workspace import Workspace

from .annotations import of_json
from .cache import Cache
from .data import Data
from .jobs import Fit
from .run import Run

# threads of analyses at once; more would only slow each other and the page
ANALYSES = max(2, (os.cpu_count() or 1) // 2)
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Services:
    """One of everything that sessions share.

    Parameters
    ----------
    workspace : Workspace, optional
        Where datasets and runs are kept; by default the one the settings name.
    scheduler : Scheduler, optional
        Starts fits; by default one for that workspace, without a spare worker until :meth:`start`.
    map_pool : MapPool, optional
        Makes maps in processes once :meth:`start` was called; until then maps are made in threads.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, use(Services(Workspace(folder))) as here:
    ...     services() is here, services().workspace.runs()
    (True, [])
    """

    workspace: Workspace = field(default_factory=Workspace)
    scheduler: Scheduler | None = None
    map_pool: MapPool = field(default_factory=MapPool)

    def __post_init__(self):
        self.read_pool = ReadPool(self.workspace.folder / "reading")
        self.scheduler = self.scheduler or Scheduler(self.workspace, spare=False)
        self.datasets: Cache[Data] = Cache(self._load_data)
        self.runs: Cache[Run] = Cache(self._load_run)
        self.analyses = threading.BoundedSemaphore(ANALYSES)
        # title of an analysis -> what it took the last time over what its question states
        self.pace: dict[str, float] = {}

    def start(self) -> None:
        """Serve the queue with a spare worker at hand, make maps and read files in processes."""
        try:
            self.workspace.prepare()
        except StoreError as error:  # pages say so where it matters
            log.warning("%s", error)
        self.scheduler.wants_spare = True
        self.scheduler.start()
        self.map_pool.start()
        self.read_pool.start()

    def stop(self) -> None:
        """End them; fits that are at work go on."""
        self.read_pool.stop()
        self.scheduler.stop()
        self.map_pool.stop()

    @cached_property
    def secret(self) -> bytes:
        """What tokens are signed with: the workspace's, so that a page that is open when the
        server restarts goes on; one of this server where it cannot be kept.
        """
        try:
            return self.workspace.secret()
        except StoreError as error:
            log.warning("links end with this server: %s", error)
            return secrets.token_bytes(32)

    def fit(self, id: str) -> Fit:
        """The fit of a run of the workspace."""
        return Fit(id, self.workspace, self.scheduler)

    def _load_data(self, id: str) -> Data:
        return Data(self.workspace.load_dataset(id), id=id, workspace=self.workspace)

    def _load_run(self, id: str) -> Run:
        info = self.workspace.run(id)
        data = self.datasets.get(info.dataset)
        if data is None:
            raise StoreError(f"The dataset of {info.title} is not there any more.")
        return Run(
            data,
            info.model(),
            id=id,
            number=info.number,
            name=info.name,
            job=self.fit(id),
            annotations=of_json(self.workspace.annotations(id)),
        )


_lock = threading.Lock()
_current: Services | None = None


def services() -> Services:
    """Those of this server, or plain ones of this process."""
    global _current
    with _lock:
        if _current is None:
            _current = Services()
        return _current


@contextmanager
def use(made: Services) -> Iterator[Services]:
    """Let these be :func:`services` for the length of a ``with``, for all threads; afterwards
    those that were before.
    """
    global _current
    with _lock:
        before, _current = _current, made
    try:
        yield made
    finally:
        with _lock:
            _current = before
