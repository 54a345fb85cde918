"""Long work beside the page: a thread with a progress record. The next shape is a process that writes the same record."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from lvm_core.progress import OnStep, Progress

log = logging.getLogger(__name__)
_KEEP = 2000   # points of a loss curve


class Job:
    """Runs ``work(on_step)`` at once in a thread. ``state``: running, done, stopped or failed."""

    def __init__(self, title: str, work: Callable[[OnStep], Any], then: Callable[[Any], None] | None = None):
        self.title, self.state, self.error = title, "running", ""
        self.progress: Progress | None = None
        self.history: list[dict] = []
        self.result: Any = None
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
        return self.state == "running"

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
        return f"{self.title}{phase} · step {p.step:,} of {p.total:,} · {duration(p.seconds_left)} left"

    def wait(self, seconds: float) -> bool:
        """Wait for the end at most ``seconds``; returns whether it came."""
        self._thread.join(seconds)
        return not self.running

    def _on_step(self, progress: Progress) -> bool:
        self.progress = progress
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
            self.result, self.state = result, "stopped" if self._stop.is_set() else "done"
        except ValueError as error:
            self.error, self.state = str(error), "failed"
        except MemoryError:
            self.error, self.state = f"{self.title} ran out of memory; try fewer rows, smaller pictures or a smaller network.", "failed"
        except Exception as error:  # the page must say something, and the log everything
            log.exception("%s failed", self.title)
            self.error, self.state = f"{self.title} failed unexpectedly ({type(error).__name__}); the details are in the server's log.", "failed"
        finally:
            self.seconds = time.monotonic() - self.started


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
