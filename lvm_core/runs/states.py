"""What a run can be doing, and what its process can be asked for: the words of ``state.json``
and ``control``.
"""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """What a run, or another long job, is doing. The values are stored and sent; they never change.

    A job in a thread of the server knows RUNNING, DONE, STOPPED and FAILED only.

    Examples
    --------
    >>> RunState.DONE == "done", f"{RunState.DONE}"
    (True, 'done')
    """

    WAITING = "waiting"  # in the queue
    RUNNING = "running"
    PAUSED = "paused"  # goes on from its checkpoint when it is resumed
    DONE = "done"
    STOPPED = "stopped"  # ended early; what it reached is kept
    FAILED = "failed"
    CANCELLED = "cancelled"  # ended early; what it reached is gone


UNDER_WAY = (RunState.WAITING, RunState.RUNNING)


class Request(StrEnum):
    """What the process of a run can be asked for.

    Examples
    --------
    >>> from lvm_core.runs.states import Request
    >>> [request.value for request in Request]
    ['stop', 'pause', 'cancel']
    """

    STOP = "stop"  # end and keep what was reached
    PAUSE = "pause"  # end after a checkpoint
    CANCEL = "cancel"  # end and throw away what was reached
