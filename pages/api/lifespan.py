"""What starts and ends with the server."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from threading import Thread

from lvm_core.io.files import StoreError

from ..session.jobs import PROJECTOR, SCHEDULER, WORKSPACE

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app):
    """Serve the queue with a spare worker at hand, take over fits that went on without a server, start the process that
    makes maps, and import the slow libraries beside the first visitor, not in front of them."""
    try:
        WORKSPACE.prepare()
    except StoreError as error:     # pages say so where it matters
        log.warning("%s", error)
    SCHEDULER.wants_spare = True
    SCHEDULER.start()
    PROJECTOR.start()
    Thread(target=_warm_up, daemon=True, name="warm-up").start()
    yield
    SCHEDULER.stop()
    PROJECTOR.stop()


def _warm_up():
    import torch  # noqa: F401 - one second that the first fit need not wait for
