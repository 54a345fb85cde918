"""Long work beside the page: an answer in a thread, a map and a fit in processes of their own,
all read alike.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from lvm_core.fitting import Fitted
from lvm_core.io.files import StoreError
from lvm_core.progress import OnStep, Progress, ProgressReader
from lvm_core.projections.base import Projection
from lvm_core.runs import fit_worker
from lvm_core.runs.ownership import ownership
from lvm_core.runs.scheduler import Scheduler
from lvm_core.runs.states import UNDER_WAY, Request, RunState
from lvm_core.runs.workspace import RunInfo, Workspace
from lvm_core.text import spaced

log = logging.getLogger(__name__)
_KEEP = 2000  # points of a loss curve
_EXIT_SECONDS = 5  # a job has at the end of the process
_jobs: weakref.WeakSet[Job] = weakref.WeakSet()

_LOOK = 0.1  # seconds between two looks of who waits for a turn
# so little data is not worth a process; the second for models that are solved at once
_HERE_BYTES = 2 * 2**20, 64 * 2**20


@atexit.register
def _stop_all() -> None:
    # torch aborts the process where a thread is in the middle of its work when Python ends
    running = [job for job in list(_jobs) if job.running]
    for job in running:
        job.stop()
    for job in running:
        job.wait(_EXIT_SECONDS)


@dataclass(frozen=True)
class Preview:
    """How a result looks so far: positions (m, c) of the rows it is made of; ``version`` grows."""

    version: int
    positions: np.ndarray


class Job:
    """Runs ``work(on_step)`` in a thread. ``state``: running, done, stopped or failed.

    Parameters
    ----------
    title : str
        What it is called on the page.
    work : callable
        Takes ``on_step`` and returns the result; ValueError is a sentence for the page.
    then : callable, optional
        Is given the result, in the same thread, before the job has ended.
    turns : threading.Semaphore, optional
        What it needs a place of to begin: it waits for one, and says so.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[OnStep], Any],
        then: Callable[[Any], None] | None = None,
        turns: threading.Semaphore | None = None,
    ):
        self.title, self.state, self.error = title, RunState.RUNNING, ""
        self.progress: Progress | None = None
        self.history: list[dict] = []
        self.result: Any = None
        self.preview: Preview | None = None
        self.waiting = threading.Event()  # set while it waits for its turn
        self._stop = threading.Event()
        self._work, self._then, self._turns = work, then, turns
        self.started = time.monotonic()
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name=title[:40])
        _jobs.add(self)
        self._thread.start()

    def stop(self) -> None:
        """Ask the work to end; it keeps what it reached."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether the thread is still at work."""
        return self.state == RunState.RUNNING

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for and not yet answered."""
        return self.running and self._stop.is_set()

    def words(self) -> str:
        """Where it stands, in one line: phase, step, time left."""
        p = self.progress
        if self.running and self.waiting.is_set():
            return f"{self.title}: waiting for another analysis to end"
        if not self.running or p is None:
            return f"{self.title}: {'getting ready…' if self.running else self.state}"
        phase = f" · {p.phase}" if p.phase else ""
        if not p.total:
            return f"{self.title}{phase}"
        return (
            f"{self.title}{phase} · step {p.step:,} of {p.total:,} · {duration(p.seconds_left)} "
            "left"
        )

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most ``seconds``; returns whether it came."""
        self._thread.join(seconds)
        return not self.running

    def _on_step(self, progress: Progress) -> bool:
        self.progress = replace(progress, shape=None)
        if progress.shape is not None:
            self.preview = Preview(self.preview.version + 1 if self.preview else 1, progress.shape)
        if progress.metrics:
            if len(self.history) >= _KEEP:
                self.history = self.history[::2]
            self.history.append({"step": progress.step, **progress.metrics})
        return self._stop.is_set()

    def _run(self) -> None:
        try:
            self._take_turn()
            try:
                result = self._work(self._on_step)
                if self._then:
                    self._then(result)
            finally:
                if self._turns is not None:
                    self._turns.release()
            self.result, self.state = (
                result,
                RunState.STOPPED if self._stop.is_set() else RunState.DONE,
            )
        except ValueError as error:
            self.error, self.state = str(error), RunState.FAILED
        except MemoryError:
            self.error, self.state = (
                (
                    f"{self.title} ran out of memory; try fewer rows, smaller pictures or a "
                    "smaller network."
                ),
                RunState.FAILED,
            )
        except Exception as error:  # the page must say something, and the log everything
            log.exception("%s failed", self.title)
            self.error, self.state = (
                (
                    f"{self.title} failed unexpectedly ({type(error).__name__}); the details are "
                    "in the server's log."
                ),
                RunState.FAILED,
            )
        finally:
            self.seconds = time.monotonic() - self.started

    def _take_turn(self) -> None:
        """Wait for a place. Raises ValueError where it is stopped before."""
        if self._turns is None or self._turns.acquire(blocking=False):
            return
        self.waiting.set()
        while not self._turns.acquire(timeout=_LOOK):
            if self._stop.is_set():
                raise ValueError("It was stopped before it began.")
        self.waiting.clear()


class MapJob(Job):
    """A map that is being made by ``projection``."""

    def __init__(
        self,
        title: str,
        work: Callable[[OnStep], Any],
        projection: Projection,
        then: Callable[[Any], None] | None = None,
    ):
        self.projection = projection
        super().__init__(title, work, then)


class TrustJob(Job):
    """How far the map ``mapped`` can be trusted, being measured."""

    def __init__(
        self,
        title: str,
        work: Callable[[OnStep], Any],
        mapped: Any,
        then: Callable[[Any], None] | None = None,
    ):
        self.mapped = mapped
        super().__init__(title, work, then)


class Fit:
    """The fit of a stored run, as its folder tells it; whoever works on it, and whether this server
    started it, does not matter. Read like a :class:`Job`; ``state`` is any :class:`RunState`.

    Parameters
    ----------
    id : str
        The run.
    workspace : Workspace
        Where it lies.
    scheduler : Scheduler
        Who starts it, and knows its place in the queue.
    """

    def __init__(self, id: str, workspace: Workspace, scheduler: Scheduler):
        self.id, self._workspace, self._scheduler, self._lock = (
            id,
            workspace,
            scheduler,
            threading.RLock(),
        )
        self._reader = ProgressReader(self.folder / "progress.jsonl")
        self._others: dict[str, ProgressReader] = {}  # of runs it waits for
        self._loaded: tuple[Any, Fitted | None] = (None, None)
        self._trouble, self.title = "", "Training"
        try:
            self.title = f"Training {spaced(self.info.config['name'])}"
        except StoreError:
            pass

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return self._workspace.run_folder(self.id)

    @property
    def info(self) -> RunInfo:
        """What the workspace says of it now."""
        return self._workspace.run(self.id)

    @property
    def state(self) -> RunState:
        try:
            return self.info.state
        except StoreError:
            return RunState.CANCELLED  # it was deleted

    @property
    def running(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in UNDER_WAY

    @property
    def error(self) -> str:
        """Why there is no result."""
        try:
            info = self.info
        except StoreError:
            return "This run was deleted."
        return (
            info.sentence
            or self._trouble
            or {RunState.CANCELLED: "It was cancelled.", RunState.PAUSED: "It is paused."}.get(
                info.state, ""
            )
        )

    @property
    def progress(self) -> Progress | None:
        """The newest record, None before the first."""
        with self._lock:
            return self._reader.read()

    @property
    def history(self) -> list[dict]:
        """Metrics by step, of the phase under way or last."""
        with self._lock:
            self._reader.read()
            return list(self._reader.history)

    @property
    def seconds(self) -> float:
        return self.info.seconds

    @property
    def result(self) -> Fitted | None:
        """What was learnt: loaded when it is first asked for, and again when the run was
        continued.
        """
        try:
            info = self.info
        except StoreError:
            return None
        made = info.facts.get("result") if info.has_result else None
        with self._lock:
            if made != self._loaded[0]:
                self._loaded = made, self._load()
            return self._loaded[1]

    def _load(self) -> Fitted | None:
        try:
            self._trouble = ""
            return self._workspace.fitted(self.id)
        except StoreError as error:
            self._trouble = f"What this run learnt cannot be read: {error}"
            return None

    def words(self) -> str:
        """Where it stands, in one line: phase, step, pace, time left, or its place in the queue."""
        state, p = self.state, self.progress
        if state == RunState.WAITING:
            return f"{self.title} {self._starts()}"
        if state != RunState.RUNNING or p is None or not self._workspace.at_work(self.id):
            return f"{self.title}: {'getting ready…' if state == RunState.RUNNING else state}"
        done = p.step - p.first
        pace = (
            f" · {done / p.seconds:,.0f} steps a second"
            if p.seconds > 1 and done / p.seconds > 1.5
            else ""
        )
        return (
            f"{self.title}{f' · {p.phase}' if p.phase else ''} · step {p.step:,} of "
            f"{p.total:,}{pace} · {duration(p.seconds_left)} left"
        )

    def _starts(self) -> str:
        """When a run that waits begins: after which other, and in about how long where that is the
        one under way. Of somebody else's run only that there is one.
        """
        try:
            ahead = self._scheduler.ahead(self.id)
        except OSError:  # the workspace is away
            ahead = []
        if not ahead:
            return "starts in a moment"
        running = [run for run in ahead if run.state == RunState.RUNNING]
        left = {run.id: self._left(run.id) for run in running}
        if len(running) == len(ahead):  # it has the next slot: that of the first to end
            last = min(ahead, key=lambda run: float("inf") if (s := left[run.id]) is None else s)
        else:
            last = ahead[-1]
        owner = ownership(self.folder).owner
        foreign = ownership(self._workspace.run_folder(last.id)).owner != owner
        name = "somebody else's run" if foreign else f"#{last.number}"
        seconds = left.get(last.id)
        about = f" (about {rounded(seconds)})" if seconds is not None else ""
        waiting = len(ahead) - len(running)
        return f"starts after {name}{about}" + (f", {waiting} wait before it" * (waiting > 1))

    def _left(self, id: str) -> float | None:
        """Seconds that another run still takes."""
        reader = self._others.setdefault(
            id, ProgressReader(self._workspace.run_folder(id) / "progress.jsonl")
        )
        with self._lock:
            record = reader.read()
        return record.seconds_left if record else None

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most ``seconds``; returns whether it came."""
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end:
            time.sleep(0.02)
        return not self.running

    def stop(self) -> None:
        """Ask it to end and keep what it reached."""
        self._workspace.ask(self.id, Request.STOP)

    def cancel(self) -> None:
        """Ask it to end and throw away what it reached."""
        self._workspace.ask(self.id, Request.CANCEL)

    def begin(self) -> None:
        """Start it, here where it is solved at once, by the scheduler otherwise. Raises
        StoreError.
        """
        info = self.info
        data = self._workspace.dataset_head(info.dataset)
        model = info.model()
        if model.iterative or 4 * data["n"] * data["d"] > _HERE_BYTES[model.cost == "instant"]:
            self._workspace.queue(self.id)
            self._scheduler.start()
            self._scheduler.wake()
        else:
            Thread(target=fit_worker.execute, args=(self.folder,), daemon=True, name="fit").start()


def rounded(seconds: float) -> str:
    """A length of time no more exact than an estimate is: ``7 s``, ``40 s``, ``3 min``."""
    if seconds < 10:
        return f"{max(2, round(seconds))} s"
    if seconds < 60:
        return f"{10 * round(seconds / 10)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    return duration(seconds)


def duration(seconds: float | None) -> str:
    """Seconds in words a person reads: ``8 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if seconds is None:
        return "…"
    if seconds < 1:
        return "under a second"
    seconds = int(round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
