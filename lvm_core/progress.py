"""The one record every long job reports, and the one callable it reports to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One step of a long job. ``metrics`` are plain floats by name (losses in nats per row unless named otherwise)."""

    step: int
    total: int
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    phase: str = ""
    first: int = 0          # steps that were done before, by a job that was interrupted

    @property
    def fraction(self) -> float:
        """Share done, 0 to 1."""
        return min(self.step / self.total, 1.0) if self.total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time left at the average pace so far; None before the first step."""
        done = self.step - self.first
        return self.seconds / done * (self.total - self.step) if done else None


OnStep = Callable[[Progress], "bool | None"]  # returning True stops the job, keeping what was reached


class Reporter:
    """Times a job and hands its steps to ``on_step``; calling it returns True when the job was asked to stop."""

    def __init__(self, on_step: OnStep | None, total: int, phase: str = "", first: int = 0):
        self.on_step, self.total, self.phase, self.first, self.start = on_step, total, phase, first, time.monotonic()

    def __call__(self, step: int, **metrics: float) -> bool:
        if self.on_step is None:
            return False
        record = Progress(step, self.total, {k: float(v) for k, v in metrics.items()}, time.monotonic() - self.start, self.phase, self.first)
        return bool(self.on_step(record))
