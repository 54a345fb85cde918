"""What starts and ends with the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from threading import Thread

from ..session.services import Services, use


@asynccontextmanager
async def lifespan(app):
    """Make what all sessions share: serve the queue with a spare worker at hand, take over fits
    that went on without a server, start the process that makes maps, and import the slow
    libraries beside the first visitor, not in front of them.
    """
    with use(Services()) as here:
        here.start()
        Thread(target=_warm_up, daemon=True, name="warm-up").start()
        try:
            yield
        finally:
            here.stop()


def _warm_up():
    import torch  # noqa: F401 - one second that the first fit need not wait for
