"""Starts the runs of a workspace as worker processes, a set number at a time: people take turns,
and each one's runs go first come first served.

Its truth is the workspace's ``queue`` folder and the locks that workers hold; a scheduler that dies
loses nothing, and the next one takes over the workers that went on without it. One scheduler at a
time serves a workspace; others wait until it is gone.

LATENT_EXPLORER_SLOTS: how many fits run at once.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from ..io import files
from ..io.files import StoreError
from ..settings import setting
from .fit_worker import PAUSED
from .ownership import ownership
from .states import UNDER_WAY, RunState
from .workspace import RunInfo, Workspace, is_id

_LOOK = 0.1  # seconds between two looks at the queue, while there is one
_IDLE = 1.0  # and while there is none: another process may add to it
_ATTEMPTS = 4  # of a run whose process keeps dying
_GRACE = 60.0  # seconds a worker may take to begin
log = logging.getLogger(__name__)


def slots() -> int:
    """How many fits run at once: LATENT_EXPLORER_SLOTS, or one for four processors.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ValueError
        For what is no number.

    Examples
    --------
    >>> from lvm_core.runs.scheduler import slots
    >>> slots() >= 1
    True
    """
    return setting("slots") or max(1, (os.cpu_count() or 1) // 4)


class Scheduler:
    """Starts the runs of a workspace as worker processes.

    Call :meth:`start` once; :meth:`wake` after adding a run makes it look at once.

    Parameters
    ----------
    workspace : Workspace
        Whose runs are served.
    count : int, optional
        Most runs at once; :func:`slots` by default.
    spare : bool, default=True
        Keeps one worker waiting with everything imported, so that a small fit need not wait for
        torch.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.scheduler import Scheduler
    >>> from lvm_core.runs.workspace import Workspace
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     dataset = workspace.add_dataset(DATASETS["iris"]().load())
    ...     runs = [workspace.add_run(dataset, MODELS["PCA"](latent_dim=k)) for k in (1, 2)]
    ...     scheduler = Scheduler(workspace, count=1, spare=False)
    ...     print([scheduler.place(run.id) for run in runs])
    [0, 1]
    """

    def __init__(self, workspace: Workspace, count: int | None = None, spare: bool = True):
        self.workspace, self.count, self.wants_spare = workspace, count or slots(), spare
        self._processes: dict[str, tuple[subprocess.Popen, float]] = {}
        self._spare: subprocess.Popen | None = None
        self._woken, self._ended, self._thread = threading.Event(), threading.Event(), None
        self._lock = files.Lock(workspace.folder / "queue.lock")

    def start(self) -> None:
        """Begin to serve, in a thread."""
        if self._thread is None or not self._thread.is_alive():
            self._ended.clear()
            self._thread = threading.Thread(target=self._serve, daemon=True, name="scheduler")
            self._thread.start()

    def wake(self) -> None:
        """There is something new in the queue."""
        self._woken.set()

    def stop(self) -> None:
        """End serving; workers at work go on."""
        self._ended.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(5)
        if self._spare is not None:
            # it waits and has nothing to lose; still importing, it would hear no word
            self._spare.kill()
            self._spare.wait()
            self._spare = None
        self._lock.release()

    def place(self, id: str) -> int:
        """How many waiting runs are served before this one."""
        return len(self._before(id, self._queue()))

    def ahead(self, id: str) -> list[RunInfo]:
        """The runs that a waiting one waits for: those under way, then those that are served
        before it; none where a slot is free.
        """
        queue = self._queue()
        running = [run for run in queue if run.state == RunState.RUNNING]
        found = [*running, *self._before(id, queue)]
        return found if len(found) >= self.count else []

    def _before(self, id: str, queue: list[RunInfo]) -> list[RunInfo]:
        waiting = self._waiting(queue)
        ids = [run.id for run in waiting]
        return waiting[: ids.index(id)] if id in ids else []

    # -- the loop ----------------------------------------------------------------------------------

    def _serve(self) -> None:
        mine = told = False
        while not self._ended.is_set():
            busy = False
            try:
                if not (self.workspace.folder / "queue").is_dir():  # nothing was ever kept here
                    self._woken.wait(_IDLE)
                    continue
                if not mine and (mine := self._lock.take()):
                    self._adopt()
                busy = mine and self._look()
                if (
                    mine
                    and self.wants_spare
                    and not busy
                    and (self._spare is None or self._spare.poll() is not None)
                ):
                    self._spare = self._start(["--wait"], subprocess.PIPE)
                told = False
            except (StoreError, OSError):
                # a full disk, a workspace that is away: it may come back
                if not told:
                    log.warning("the queue cannot be served", exc_info=True)
                told = True
            self._woken.wait(_LOOK if busy else _IDLE)
            self._woken.clear()

    def _adopt(self) -> None:
        """Take over what an earlier server began and did not end, also where it died before it
        was in the queue.
        """
        for run in self.workspace.runs():
            if run.state in UNDER_WAY:
                (self.workspace.folder / "queue" / run.id).touch()

    def _look(self) -> bool:
        """Sort out what ended and start what may start; returns whether anything is under way."""
        queue = self._queue()
        running = [run for run in queue if self._at_work(run)]
        for run in queue:
            if run.state not in UNDER_WAY and run not in running:
                (self.workspace.folder / "queue" / run.id).unlink(missing_ok=True)
                self._processes.pop(run.id, None)
            elif run not in running and (run.state == RunState.RUNNING or self._died(run.id)):
                self._revive(run)
        waiting = [
            run for run in self._waiting(queue) if run not in running and not self._died(run.id)
        ]
        for run in waiting[: max(0, self.count - len(running))]:
            self._give(run.id)
        return bool(queue)

    def _queue(self) -> list:
        found = []
        for name in os.listdir(self.workspace.folder / "queue"):
            try:
                found += [self.workspace.run(name)] if is_id(name) else []
            except StoreError:
                (self.workspace.folder / "queue" / name).unlink(missing_ok=True)
        return found

    def _waiting(self, queue: list) -> list:
        """Those that wait, in turn: each person's first, then each one's second, ..., the
        training ones counted; the earlier first.
        """
        found, turn = (
            [],
            Counter(self._owner(run) for run in queue if run.state == RunState.RUNNING),
        )
        for run in sorted(
            (run for run in queue if run.state == RunState.WAITING),
            key=lambda run: (run.facts.get("asked") or 0, run.number),
        ):
            found.append((turn[self._owner(run)], run))
            turn[self._owner(run)] += 1
        return [run for _, run in sorted(found, key=lambda pair: pair[0])]

    def _owner(self, run) -> str:
        return ownership(self.workspace.run_folder(run.id)).owner

    def _at_work(self, run) -> bool:
        process, since = self._processes.get(run.id, (None, 0.0))
        begins = (
            process is not None
            and process.poll() is None
            and run.state == RunState.WAITING
            and time.monotonic() - since < _GRACE
        )
        return begins or files.Lock(self.workspace.run_folder(run.id) / "lock").held()

    def _died(self, id: str) -> bool:
        return id in self._processes and self._processes[id][0].poll() is not None

    def _revive(self, run) -> None:
        """A run whose process is gone goes on from its last checkpoint, unless it keeps dying."""
        process, _ = self._processes.pop(run.id, (None, 0.0))
        code = process.poll() if process else None
        # it died before it began
        attempts = int(run.facts.get("attempts") or 0) + (
            run.state == RunState.WAITING and code != PAUSED
        )
        if attempts < _ATTEMPTS:
            self.workspace.set_state(run.id, state=RunState.WAITING, exit=code, attempts=attempts)
        else:
            self.workspace.set_state(
                run.id,
                state=RunState.FAILED,
                exit=code,
                sentence=f"The training's process ended {attempts} times before its next "
                "checkpoint, "
                "most likely because the machine ran out of memory. Try fewer rows or a smaller "
                "network, or resume it.",
            )

    # -- processes ---------------------------------------------------------------------------------

    def _give(self, id: str) -> None:
        folder = self.workspace.run_folder(id)
        process, self._spare = self._spare, None
        if process is None or process.poll() is not None:
            process = self._start([str(folder)], subprocess.DEVNULL, folder / "log.txt")
        else:
            assert process.stdin is not None
            process.stdin.write(f"{folder}\n".encode())
            process.stdin.close()
        self._processes[id] = process, time.monotonic()

    def _start(
        self, arguments: list[str], stdin: int, says: Path | None = None
    ) -> subprocess.Popen:
        """A worker in a session of its own, so that it outlives this process."""
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        }
        file = says.open("ab") if says else None
        output = subprocess.DEVNULL if file is None else file
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "lvm_core.runs.fit_worker", *arguments],
                stdin=stdin,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        finally:
            if file is not None:
                file.close()
