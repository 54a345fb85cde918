"""The one record every long job reports, the one callable it reports to, and its lines in a
file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One step of a long job.

    Parameters
    ----------
    step : int
        Steps done.
    total : int
        Steps in all.
    metrics : dict of str to float
        By name; losses are in nats per row unless named otherwise.
    seconds : float
        Since the job, or this process of it, began.
    phase : str
        What the job is at; empty where it has one phase only.
    first : int
        Steps that were done before, by a job that was interrupted.
    shape : array (n, c), optional
        Of a map, a few times a second: its positions so far.

    Examples
    --------
    >>> from lvm_core.progress import Progress
    >>> record = Progress(step=25, total=100, metrics={"loss": 1.5}, seconds=10.0)
    >>> record.fraction, record.seconds_left
    (0.25, 30.0)
    """

    step: int
    total: int
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    phase: str = ""
    first: int = 0  # steps that were done before, by a job that was interrupted
    # of a map, a few times a second: its positions (n, c) so far
    shape: Any = field(default=None, compare=False)

    @property
    def fraction(self) -> float:
        """Share done, 0 to 1."""
        return min(self.step / self.total, 1.0) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time left at the average pace so far; None before the first step."""
        done = self.step - self.first
        return self.seconds / done * (self.total - self.step) if done else None


# returning True stops the job, keeping what was reached
OnStep = Callable[[Progress], "bool | None"]


class Reporter:
    """Times a job and hands its steps to ``on_step``.

    Calling it returns True when the job was asked to stop.

    Parameters
    ----------
    on_step : callable or None
        Given a :class:`Progress` for each step; returning True stops the job, which keeps what it
        has reached. None for nobody.
    total : int
        Steps in all.
    phase : str
        What the job is at.
    first : int
        Steps that were done before, by a job that was interrupted.

    Examples
    --------
    >>> from lvm_core.progress import Reporter
    >>> report = Reporter(lambda record: record.step >= 2, total=5)
    >>> for step in range(1, 6):
    ...     if report(step, loss=1 / step):
    ...         break
    >>> step
    2
    """

    def __init__(self, on_step: OnStep | None, total: int, phase: str = "", first: int = 0):
        self.on_step, self.total, self.phase, self.first, self.start = (
            on_step,
            total,
            phase,
            first,
            time.monotonic(),
        )
        self._next_shape = 0.0

    def __call__(self, step: int, shape=None, **metrics: float) -> bool:
        """Report a step.

        Parameters
        ----------
        step : int
            Steps done.
        shape : array, optional
            How the result looks now; a copy of it goes along, at most every ``SHAPE_SECONDS``.
        **metrics : float
            Metrics by name.

        Returns
        -------
        bool
            Whether the job was asked to stop.
        """
        if self.on_step is None:
            return False
        now = time.monotonic()
        due = shape is not None and now >= self._next_shape
        if due:
            self._next_shape = now + SHAPE_SECONDS
        record = Progress(
            step,
            self.total,
            {k: float(v) for k, v in metrics.items()},
            now - self.start,
            self.phase,
            self.first,
            shape.copy() if shape is not None and due else None,
        )
        return bool(self.on_step(record))


SHAPE_SECONDS = 0.3
LINE_SECONDS = 0.2  # five lines a second at first, fewer as a job goes on
_MOST_LINES = 2000  # of a minute, an hour or a day, about
_KEEP = 1000  # points of a curve


class ProgressWriter:
    """Adds a job's records to a file of JSON lines, so few that writing costs nothing.

    It is an ``on_step``: call it with a :class:`Progress`. At most five lines a second are written,
    fewer as the job goes on, and always the last; ``shape`` is left out.

    Parameters
    ----------
    path : Path
        The file; made when it is missing, added to when it is there.

    Raises
    ------
    OSError
        Where it cannot be made or written.

    See Also
    --------
    ProgressReader : Follows such a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from lvm_core.progress import Progress, ProgressReader, ProgressWriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "progress.jsonl"
    ...     write = ProgressWriter(path)
    ...     write(Progress(1, 10, {"loss": 2.0}, seconds=0.5))
    ...     write.close()
    ...     print(ProgressReader(path).read())
    Progress(step=1, total=10, metrics={'loss': 2.0}, seconds=0.5, phase='', first=0, shape=None)
    """

    def __init__(self, path: Path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._start, self._next = time.monotonic(), 0.0

    def __call__(self, record: Progress, **more) -> None:
        now = time.monotonic()
        if now < self._next and record.step < record.total:
            return
        self._next = now + max(LINE_SECONDS, (now - self._start) / _MOST_LINES)
        rate = (record.step - record.first) / record.seconds if record.seconds else 0.0
        line = (
            asdict(replace(record, shape=None))
            | {"steps_a_second": rate, "seconds_left": record.seconds_left}
            | more
        )
        os.write(self._file, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class ProgressReader:
    """Follows a file that a :class:`ProgressWriter` adds to.

    Parameters
    ----------
    path : Path
        The file; it need not be there yet.

    Attributes
    ----------
    last : Progress or None
        The newest record.
    history : list of dict
        The metrics by step of the phase under way, thinned out to at most 1000 points.

    See Also
    --------
    ProgressWriter : Writes such a file, with an example of both.

    Examples
    --------
    >>> from pathlib import Path
    >>> from lvm_core.progress import ProgressReader
    >>> reader = ProgressReader(Path("not there yet") / "progress.jsonl")
    >>> reader.read(), reader.history
    (None, [])
    """

    def __init__(self, path: Path):
        self.path, self.last, self.history, self._at = path, None, [], 0

    def read(self) -> Progress | None:
        """Take in what was added.

        A line that is not whole yet, or damaged, is left out.

        Returns
        -------
        Progress or None
            The newest record; None before the first.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(self._at)
                lines = file.read(16 * 2**20)
        except OSError:
            return self.last
        whole = lines[: lines.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            try:
                found = json.loads(line)
                record = Progress(
                    int(found["step"]),
                    int(found["total"]),
                    {str(k): float(v) for k, v in found["metrics"].items()},
                    float(found["seconds"]),
                    str(found["phase"]),
                    int(found["first"]),
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            self._add(record)
        return self.last

    def _add(self, record: Progress) -> None:
        if self.last is not None and record.phase != self.last.phase:
            self.history = []
        elif self.last is not None and record.step <= self.last.step:
            # it was interrupted, and goes on from its checkpoint
            self.history = [point for point in self.history if point["step"] < record.step]
        if len(self.history) >= _KEEP:
            self.history = self.history[::2]
        self.history.append({"step": record.step, **record.metrics})
        self.last = record
