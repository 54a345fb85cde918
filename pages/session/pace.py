"""How long an analysis will take here, told before it begins.

Each question states what it would take on an ordinary machine; what it took, whenever it went to
its end, corrects what is told the next time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lvm_core.progress import OnStep, Progress

from .derived import once
from .run import Run
from .services import services

_PROBED = 64  # codes that are decoded to see how long one takes
# Seconds of any work that do not grow with the rows: a first import, a busy moment. Without them,
# one picture stated as a hundredth of a second that took two would have ten seconds of others told
# as half an hour.
_FIXED = 0.5


@once
def decoding(run: Run) -> float:
    """Seconds that decoding one code takes, among many; measured once for each result."""
    codes = run.fitted.codes[:_PROBED]
    seconds = []
    for _ in range(2):  # the first also sets up
        begun = time.perf_counter()
        run.fitted.model.inverse_transform(codes)
        seconds.append(time.perf_counter() - begun)
    return min(seconds) / max(len(codes), 1)


def estimate(title: str, stated: float) -> float:
    """Seconds that work of this title will take, where its question states so many."""
    ratio = services().pace.get(title, 1.0)
    return stated * ratio + _FIXED * max(ratio - 1, 0)


def learn(title: str, stated: float, seconds: float) -> None:
    """Remember what it took: :func:`estimate` tells it of the same work again, and of longer work
    no more than the rows explain.
    """
    if stated > 0:
        ratio = (seconds + _FIXED) / (stated + _FIXED) if seconds > stated else seconds / stated
        services().pace[title] = float(np.clip(ratio, 1e-3, 1e3))


def timed(title: str, work: Callable[[OnStep], Any], stated: float) -> Callable[[OnStep], Any]:
    """The work, of which :func:`learn` is told what it took where nobody stopped it."""

    def of_known_length(on_step: OnStep) -> Any:
        stopped = False

        def step(progress: Progress) -> bool:
            nonlocal stopped
            stopped = bool(on_step(progress))
            return stopped

        begun = time.monotonic()
        result = work(step)
        if not stopped:
            learn(title, stated, time.monotonic() - begun)
        return result

    return of_known_length
