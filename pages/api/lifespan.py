"""What starts and ends with the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from threading import Event, Thread

from ..session.services import Services, use
from . import uploads

_SWEEP = 600  # seconds between two looks at what was left behind


@asynccontextmanager
async def lifespan(app):
    """Make what all sessions share: serve the queue with a spare worker at hand, take over fits
    that went on without a server, start the process that makes maps, and import the slow
    libraries beside the first visitor, not in front of them.
    """
    with use(Services()) as here:
        here.start()
        ended = Event()
        Thread(target=_warm_up, daemon=True, name="warm-up").start()
        Thread(target=_sweep, args=(ended,), daemon=True, name="sweep").start()
        try:
            yield
        finally:
            ended.set()
            here.stop()


def _sweep(ended: Event):
    """What arrived and nobody asked for, also where nobody brings anything more."""
    while not ended.is_set():
        uploads.tidy()
        ended.wait(_SWEEP)


def _warm_up():
    import torch  # noqa: F401 - one second that the first fit need not wait for
