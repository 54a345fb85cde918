"""Who may ask our own routes, and what a request may hold.

A page hands out a token for one run; a route answers only to that token, only from the page's own origin, and only to
bodies of the right length.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
import threading
from urllib.parse import urlsplit

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from . import state

_SECRET = secrets.token_bytes(32)      # tokens end with the server
_MAX_BODY = 4 * 2**20
_MAX_ROWS = 400
_SLOTS = threading.BoundedSemaphore(8)


class Refused(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, sentence: str):
        self.status, self.sentence = status, sentence


def sign(run_id: str) -> str:
    """The token a page hands out for a run: its id and a signature only this server can make."""
    return f"{run_id}.{_signature(run_id)}"


def _signature(run_id: str) -> str:
    return hmac.new(_SECRET, run_id.encode(), hashlib.sha256).hexdigest()[:32]


def run_of(request: Request) -> state.Run:
    """The run a request's token was signed for. Raises Refused."""
    run_id, _, signature = request.query_params.get("t", "").rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(run_id).encode()):
        raise Refused(403, "This link was not handed out by this server; reload the page.")
    run = state.RUNS.get(run_id)
    if run is None:
        raise Refused(404, "This run is not here any more; train it again.")
    return run


def same_origin(request: Request) -> None:
    """Raise Refused for a request that another site's page sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refused(403, "Requests from other sites are refused.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "Requests from other sites are refused.")


async def floats(request: Request, width: int) -> np.ndarray:
    """The body as float32 (m, width). The length is checked while it arrives, not after."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise Refused(413, f"The request is over {_MAX_BODY >> 20} MiB.")
    if not body or len(body) % (4 * width):
        raise Refused(400, f"The request has {len(body)} bytes, expected a multiple of {4 * width}.")
    values = np.frombuffer(bytes(body), "<f4").reshape(-1, width)
    if len(values) > _MAX_ROWS:
        raise Refused(413, f"The request has {len(values)} rows, the most is {_MAX_ROWS}.")
    if not np.isfinite(values).all() or np.abs(values).max() > 1e6:
        raise Refused(400, "The request holds values that are not finite, or far too large.")
    return values


def framed(head: dict, payload: bytes = b"") -> Response:
    """uint32 length, JSON, bytes: what the component reads."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)      # the payload starts where a Float32Array may
    return Response(struct.pack("<I", len(text)) + text + payload, media_type="application/octet-stream",
                    headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def guarded(handler, finished: bool = True):
    """An endpoint that lets ``handler(request, run)`` see only requests that may ask; ``finished`` also wants a run that has ended."""
    async def endpoint(request: Request) -> Response:
        try:
            same_origin(request)
            run = run_of(request)
            if finished and run.fitted is None:
                raise Refused(409, "This run has not ended yet.")
            return await handler(request, run)
        except Refused as refused:
            return PlainTextResponse(refused.sentence, refused.status, headers={"X-Content-Type-Options": "nosniff"})
    return endpoint


async def compute(function, *args):
    """Run ``function`` in a thread, at most a few at once: decoding never takes all of the server's."""
    def work():
        with _SLOTS:
            return function(*args)
    return await run_in_threadpool(work)


def number(request: Request, name: str, low: float, high: float, default: float) -> float:
    """An option of the address as a number from ``low`` to ``high``. Raises Refused."""
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise Refused(400, f"{name} must be a number from {low:g} to {high:g}.")
    return value
