"""Long work beside the page: an answer in a thread, a map and a fit in processes of their own, all read alike."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

from lvm_core.fitting import Fitted
from lvm_core.io.files import StoreError
from lvm_core.progress import OnStep, Progress, ProgressReader
from lvm_core.runs import fit_worker
from lvm_core.runs.map_pool import Projector
from lvm_core.runs.scheduler import Scheduler
from lvm_core.runs.states import UNDER_WAY, Request, RunState
from lvm_core.runs.workspace import RunInfo, Workspace

log = logging.getLogger(__name__)
_KEEP = 2000   # points of a loss curve
_HERE_BYTES = 2 * 2**20, 64 * 2**20      # so little data is not worth a process; the second for models that are solved at once
WORKSPACE = Workspace()
SCHEDULER = Scheduler(WORKSPACE, spare=False)      # the server's start gives it a spare
PROJECTOR = Projector()                            # and starts this; until then maps are made in threads


class Job:
    """Runs ``work(on_step)`` at once in a thread. ``state``: running, done, stopped or failed. ``shape``: how the result looks so
    far, where the work says so, its ``version``, which grows,
    and what it is ``about``."""

    def __init__(self, title: str, work: Callable[[OnStep], Any], then: Callable[[Any], None] | None = None):
        self.title, self.state, self.error = title, RunState.RUNNING, ""
        self.progress: Progress | None = None
        self.history: list[dict] = []
        self.result: Any = None
        self.shape, self.version, self.about = None, 0, None
        self._stop = threading.Event()
        self._work, self._then = work, then
        self.started = time.monotonic()
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name=title[:40])
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
        if not self.running or p is None:
            return f"{self.title}: {'getting ready…' if self.running else self.state}"
        phase = f" · {p.phase}" if p.phase else ""
        if not p.total:
            return f"{self.title}{phase}"
        return f"{self.title}{phase} · step {p.step:,} of {p.total:,} · {duration(p.seconds_left)} left"

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most ``seconds``; returns whether it came."""
        self._thread.join(seconds)
        return not self.running

    def _on_step(self, progress: Progress) -> bool:
        self.progress = replace(progress, shape=None)
        if progress.shape is not None:
            self.shape, self.version = progress.shape, self.version + 1
        if progress.metrics:
            if len(self.history) >= _KEEP:
                self.history = self.history[::2]
            self.history.append({"step": progress.step, **progress.metrics})
        return self._stop.is_set()

    def _run(self) -> None:
        try:
            result = self._work(self._on_step)
            if self._then:
                self._then(result)
            self.result, self.state = result, RunState.STOPPED if self._stop.is_set() else RunState.DONE
        except ValueError as error:
            self.error, self.state = str(error), RunState.FAILED
        except MemoryError:
            self.error, self.state = f"{self.title} ran out of memory; try fewer rows, smaller pictures or a smaller network.", RunState.FAILED
        except Exception as error:  # the page must say something, and the log everything
            log.exception("%s failed", self.title)
            self.error, self.state = f"{self.title} failed unexpectedly ({type(error).__name__}); the details are in the server's log.", RunState.FAILED
        finally:
            self.seconds = time.monotonic() - self.started


class Fit:
    """The fit of a stored run, as its folder tells it; whoever works on it, and whether this server started it, does not matter.
    Read like a :class:`Job`; ``state`` is any :class:`RunState`."""

    def __init__(self, id: str):
        self.id, self._lock = id, threading.RLock()
        self._reader = ProgressReader(WORKSPACE.run_folder(id) / "progress.jsonl")
        self._loaded: tuple[Any, Fitted | None] = (None, None)
        self._trouble, self.title = "", "Training"
        try:
            self.title = f"Training {self.info.recipe['name']}"
        except StoreError:
            pass

    @property
    def info(self) -> RunInfo:
        """What the workspace says of it now."""
        return WORKSPACE.run(self.id)

    @property
    def state(self) -> RunState:
        try:
            return self.info.state
        except StoreError:
            return RunState.CANCELLED      # it was deleted

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
        return info.sentence or self._trouble or {RunState.CANCELLED: "It was cancelled.", RunState.PAUSED: "It is paused."}.get(info.state, "")

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
        """What was learnt: loaded when it is first asked for, and again when the run was continued."""
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
            return WORKSPACE.fitted(self.id)
        except StoreError as error:
            self._trouble = f"What this run learnt cannot be read: {error}"
            return None

    def words(self) -> str:
        """Where it stands, in one line: phase, step, pace, time left, or its place in the queue."""
        state, p = self.state, self.progress
        if state == RunState.WAITING:
            ahead = SCHEDULER.place(self.id)
            return f"{self.title}: waiting, " + (f"{ahead} before it" if ahead else "next when a slot is free")
        if state != RunState.RUNNING or p is None or not WORKSPACE.at_work(self.id):
            return f"{self.title}: {'getting ready…' if state == RunState.RUNNING else state}"
        done = p.step - p.first
        pace = f" · {done / p.seconds:,.0f} steps a second" if p.seconds > 1 and done / p.seconds > 1.5 else ""
        return f"{self.title}{f' · {p.phase}' if p.phase else ''} · step {p.step:,} of {p.total:,}{pace} · {duration(p.seconds_left)} left"

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most ``seconds``; returns whether it came."""
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end:
            time.sleep(0.02)
        return not self.running

    def stop(self) -> None:
        """Ask it to end and keep what it reached."""
        WORKSPACE.ask(self.id, Request.STOP)

    def cancel(self) -> None:
        """Ask it to end and throw away what it reached."""
        WORKSPACE.ask(self.id, Request.CANCEL)

    def begin(self) -> None:
        """Start it, here where it is solved at once, by the scheduler otherwise. Raises StoreError."""
        info = self.info
        data = WORKSPACE.dataset_head(info.dataset)
        model = info.model()
        if model.iterative or 4 * data["n"] * data["d"] > _HERE_BYTES[model.pace == "instant"]:
            WORKSPACE.queue(self.id)
            SCHEDULER.start()
            SCHEDULER.wake()
        else:
            Thread(target=fit_worker.execute, args=(WORKSPACE.run_folder(self.id),), daemon=True, name="fit").start()


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
