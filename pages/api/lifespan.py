"""What starts and ends with the server."""

from __future__ import annotations

import socket
from asyncio import base_events
from contextlib import asynccontextmanager
from threading import Thread

from ..session.services import Services, use


def answer_at_once() -> None:
    """Let every connection send small packets at once.

    asyncio does so for sockets that name their protocol; Streamlit's listening socket does not (protocol 0), so each answer on a
    kept-alive connection waits for the browser's delayed acknowledgement: 44 ms on Linux, measured, where decoding takes 4.
    """
    def set_nodelay(sock):
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    base_events._set_nodelay = set_nodelay


@asynccontextmanager
async def lifespan(app):
    """Make what all sessions share: serve the queue with a spare worker at hand, take over fits that went on without a server,
    start the process that makes maps, and import the slow libraries beside the first visitor, not in front of them."""
    with use(Services()) as here:
        here.start()
        Thread(target=_warm_up, daemon=True, name="warm-up").start()
        try:
            yield
        finally:
            here.stop()


def _warm_up():
    import torch  # noqa: F401 - one second that the first fit need not wait for
