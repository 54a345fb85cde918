"""A large array on its way in: streamed into the workspace's folder of arrivals, from where a
page takes it.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lvm_core.datasets.upload import ARRAY
from lvm_core.runs.workspace import fresh_id
from lvm_core.settings import LIMITS

from ..session.services import services
from .auth import HttpError, permitted, same_origin
from .upload_quota import IDLE

_AT_ONCE = 2  # uploads under way
_PIECE = 4 * 2**20
_SPARE = 2**30  # bytes of the disk that an upload leaves free
_LEFT = 6 * 3600  # seconds after which what nobody asked for is taken away
_under_way = 0


def folder() -> Path:
    """Where they arrive."""
    return services().workspace.folder / "incoming"


def tidy() -> None:
    """Take away uploads that nobody asked for, as after a server that was killed."""
    for path in folder().glob("*"):
        try:
            if time.time() - path.stat().st_mtime > _LEFT:
                path.unlink()
        except OSError:
            pass


async def _bring(request: Request) -> Response:
    """The body, an .npy, into a file under a random id."""
    global _under_way
    try:
        same_origin(request)
        permitted(request, "bring")
        if _under_way >= _AT_ONCE:
            raise HttpError(503, "Others are sending large files just now; try again in a minute.")
        _under_way += 1
        try:
            return JSONResponse({"id": await _received(request)})
        finally:
            _under_way -= 1
    except HttpError as error:
        return PlainTextResponse(error.sentence, error.status, headers={"connection": "close"})
    except ClientDisconnect:
        return PlainTextResponse("", 400)


async def _received(request: Request) -> str:
    id, arrived, piece = fresh_id(), 0, bytearray()
    path = folder() / id
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        await run_in_threadpool(tidy)
        length = (
            int(request.headers.get("content-length") or 0)
            if (request.headers.get("content-length") or "0").isdecimal()
            else 0
        )
        _fits(length)
        with path.open("xb") as file:
            async for chunk in _hurried(request.stream()):
                piece += chunk
                arrived += len(chunk)
                if arrived >= len(ARRAY) and file.tell() == 0 and not piece.startswith(ARRAY):
                    raise HttpError(
                        415, "This is no .npy file; bring other files with the uploader above."
                    )
                if len(piece) >= _PIECE:
                    _fits(0, arrived)
                    await run_in_threadpool(file.write, bytes(piece))
                    piece.clear()
            _fits(0, arrived)
            file.write(piece)
        if arrived < len(ARRAY):
            raise HttpError(415, "The file is empty, or cut short.")
        return id
    except OSError as error:
        path.unlink(missing_ok=True)
        raise HttpError(507, f"The file could not be kept ({error.strerror}).") from error
    except BaseException:  # also a visitor who left, a server that ends
        path.unlink(missing_ok=True)
        raise


async def _hurried(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, while they come: a sender who stalls keeps others out."""
    while True:
        try:
            async with asyncio.timeout(IDLE):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HttpError(408, "Nothing arrived for a minute; send the file again.") from None
        yield chunk


def _fits(more: int, arrived: int = 0) -> None:
    if max(more, arrived) > LIMITS.array_bytes:
        raise HttpError(
            413,
            (
                f"The file is over {LIMITS.array_bytes >> 20:,} MB, the most for an array; "
                "LATENT_EXPLORER_ARRAY_BYTES sets it."
            ),
        )
    # it is there twice while it is read
    if shutil.disk_usage(folder()).free < 2 * more + _SPARE:
        raise HttpError(507, "The disk of this server has no room for the file.")


routes = [Route("/live/bring", _bring, methods=["POST"])]
