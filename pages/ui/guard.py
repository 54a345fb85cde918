"""Who may ask our own routes, and what a request may hold.

A page hands out a token for one run; a route answers only to that token, only from the page's own origin, and only to
bodies of the right length. What is asked comes by plain requests or, quicker, through one socket a page; a handler
cannot tell which.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from lvm_core.files import StoreError
from lvm_core.fitting import Mapped

from . import people, state
from .jobs import WORKSPACE

log = logging.getLogger(__name__)
_MAX_BODY = 4 * 2**20
_MAX_ROWS = 400
_MAX_HEAD = 2**16
_MAX_WAITING = 16           # questions of one socket under way; a page has one of each kind
_SLOTS = threading.BoundedSemaphore(8)


class Refused(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, sentence: str):
        self.status, self.sentence = status, sentence


def sign(run_id: str) -> str:
    """The token a page hands out for a run: its id, whether who looks may change it, and a signature that only this server can
    make and that holds for this browser only."""
    claim = f"{run_id}.{'w' if people.mine('runs', run_id) else 'r'}"
    return f"{claim}.{_signature(claim, people.binding())}"


@cache
def _secret() -> bytes:
    """The workspace's, so that a page that is open when the server restarts goes on; one of this server where it cannot be kept."""
    try:
        return WORKSPACE.secret()
    except StoreError as error:
        log.warning("links end with this server: %s", error)
        return secrets.token_bytes(32)


def permit(what: str) -> str:
    """A token for something that is about no run, for this browser only."""
    return f"{what}.{_signature(what, people.binding())}"


def permitted(request: HTTPConnection, what: str) -> None:
    """Raise Refused unless the request carries that token."""
    if not hmac.compare_digest(request.query_params.get("t", "").encode(), f"{what}.{_signature(what, people.binding_of(request))}".encode()):
        raise Refused(403, "This page was not handed out to this browser by this server; reload it.")


def _signature(claim: str, binding: str) -> str:
    return hmac.new(_secret(), f"{claim} {binding}".encode(), hashlib.sha256).hexdigest()[:32]


def run_of(request: HTTPConnection, changes: bool = False) -> state.Run:
    """The run a request's token was signed for; ``changes``: it must be the asker's own. Raises Refused."""
    claim, _, signature = request.query_params.get("t", "").rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(claim, people.binding_of(request)).encode()):
        raise Refused(403, "This link was not handed out to this browser by this server; reload the page.")
    run_id, _, may = claim.rpartition(".")
    if changes and may != "w":
        raise Refused(403, "This run was shared with you to look at; only whose it is can change it.")
    run = state.RUNS.get(run_id)
    if run is None:
        raise Refused(404, "This run is not here any more; train it again.")
    return run


def same_origin(request: HTTPConnection) -> None:
    """Raise Refused for a request that another site's page sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refused(403, "Requests from other sites are refused.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "Requests from other sites are refused.")


@dataclass(frozen=True)
class Ask:
    """One question about a run: its options by name, and its body."""

    run: state.Run
    options: Mapping[str, str]
    body: bytes = b""

    def floats(self, width: int) -> np.ndarray:
        """The body as float32 (m, width), every one finite. Raises Refused."""
        body = self.body
        if not body or len(body) % (4 * width):
            raise Refused(400, f"The request has {len(body)} bytes, expected a multiple of {4 * width}.")
        values = np.frombuffer(body, "<f4").reshape(-1, width)
        if len(values) > _MAX_ROWS:
            raise Refused(413, f"The request has {len(values)} rows, the most is {_MAX_ROWS}.")
        if not np.isfinite(values).all() or np.abs(values).max() > 1e6:
            raise Refused(400, "The request holds values that are not finite, or far too large.")
        return values

    def codes(self) -> np.ndarray:
        """The body as codes (m, k) of this run."""
        return self.floats(self.run.fitted.codes.shape[1])

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """An option as a number from ``low`` to ``high``. Raises Refused."""
        try:
            value = float(self.options.get(name, default))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise Refused(400, f"{name} must be a number from {low:g} to {high:g}.")
        return value

    def mapped(self) -> Mapped:
        """The map that was asked about. Raises Refused."""
        mapped = self.run.maps.get(self.options.get("map", ""))
        if mapped is None:
            raise Refused(404, "This map is not here any more; reload the page.")
        return mapped

    def rows(self, most: int) -> list[int]:
        """Row numbers from the option ``i``, the first ``most``. Raises Refused."""
        n = len(self.run.dataset)
        try:
            rows = [int(i) for i in self.options.get("i", "").split(",")][:most]
        except ValueError:
            rows = [-1]
        if not all(0 <= i < n for i in rows):
            raise Refused(400, f"i must hold row numbers from 0 to {n - 1}.")
        return rows


Handler = Callable[[Ask], "tuple[dict, bytes] | Response"]     # runs in a thread


def framed(head: dict, payload: bytes = b"") -> bytes:
    """uint32 length, JSON, bytes: what the component reads."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)      # the payload starts where a Float32Array may
    return struct.pack("<I", len(text)) + text + payload


def guarded(handler: Handler, finished: bool = True, changes: bool = False):
    """An endpoint that lets ``handler`` see only questions that may be asked; ``finished`` also wants a run that has ended,
    ``changes`` that it is the asker's own."""
    async def endpoint(request: Request) -> Response:
        try:
            same_origin(request)
            run = _ready(request, finished, changes)
            answer = await _compute(handler, Ask(run, request.query_params, await body_of(request)))
        except Refused as refused:
            return PlainTextResponse(refused.sentence, refused.status, headers={"X-Content-Type-Options": "nosniff"})
        return answer if isinstance(answer, Response) else Response(
            framed(*answer), media_type="application/octet-stream", headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return endpoint


def socket(handlers: Mapping[str, Handler]):
    """The same questions through one connection: half the way of a request in a browser.

    Either side sends frames like :func:`framed`; the head names ``ask`` (which handler) and ``id``, the answer repeats the
    ``id`` and has ``status`` and ``sentence`` when it is refused. Answers come as they are ready.
    """
    async def endpoint(ws: WebSocket) -> None:
        try:
            same_origin(ws)
            run = _ready(ws, True)
        except Refused:
            await ws.close(1008)        # before it is accepted: an HTTP 403
            return
        await ws.accept()
        under_way: set[asyncio.Task] = set()
        try:
            while True:
                message = await ws.receive_bytes()
                if len(message) > _MAX_BODY or len(under_way) >= _MAX_WAITING:
                    await ws.close(1009)
                    return
                task = asyncio.create_task(_answer(ws, run, handlers, message))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        except (WebSocketDisconnect, KeyError):     # KeyError: a text message
            pass
    return endpoint


async def _answer(ws: WebSocket, run: state.Run, handlers: Mapping[str, Handler], message: bytes) -> None:
    key = None
    try:
        head, body = _parsed(message)
        key = head.get("id")
        if head.get("ask") not in handlers:
            raise Refused(404, "There is no such question.")
        answer, payload = await _compute(handlers[head["ask"]], Ask(run, head, body))
    except Refused as refused:
        answer, payload = {"status": refused.status, "sentence": refused.sentence}, b""
    try:
        await ws.send_bytes(framed(answer | {"id": key}, payload))
    except (WebSocketDisconnect, RuntimeError):     # it left before the answer came
        pass


def _parsed(message: bytes) -> tuple[dict[str, str], bytes]:
    length = int.from_bytes(message[:4], "little")
    if len(message) < 4 or length > min(_MAX_HEAD, len(message) - 4):
        raise Refused(400, "The message has no head.")
    try:
        head = json.loads(message[4:4 + length])
    except (ValueError, RecursionError):
        raise Refused(400, "The message's head is no JSON.") from None
    if not isinstance(head, dict) or not all(isinstance(v, (str, int, float)) for v in head.values()):
        raise Refused(400, "The message's head is no flat object.")
    return {name: str(value) for name, value in head.items()}, message[4 + length:]


def _ready(connection: HTTPConnection, finished: bool, changes: bool = False) -> state.Run:
    run = run_of(connection, changes)
    if finished and run.fitted is None:
        raise Refused(409, "This run has not ended yet.")
    return run


async def body_of(request: Request) -> bytes:
    """The body; its length is checked while it arrives, not after."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise Refused(413, f"The request is over {_MAX_BODY >> 20} MiB.")
    return bytes(body)


async def _compute(handler: Handler, ask: Ask):
    """Run a handler in a thread, at most a few at once: decoding never takes all of the server's."""
    def work():
        with _SLOTS:
            return handler(ask)
    try:
        return await run_in_threadpool(work)
    except Refused:
        raise
    except Exception as error:      # whoever asked must hear something, and the log everything
        log.exception("a live question failed")
        raise Refused(500, f"The server stumbled over this ({type(error).__name__}); the details are in its log.") from error
