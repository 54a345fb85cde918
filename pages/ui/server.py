"""What starts and ends with the server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from threading import Thread


@asynccontextmanager
async def lifespan(app):
    """Import the slow libraries and compile numba's kernels beside the first visitor, not in front of them."""
    Thread(target=_warm_up, daemon=True, name="warm-up").start()
    yield


def _warm_up():
    import torch  # noqa: F401 - one second that the first fit need not wait for

    from lvm_core.projections.umap import warm_up

    warm_up()
