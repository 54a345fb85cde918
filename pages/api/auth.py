"""Who may ask our own routes, and what a request may hold.

A page hands out a token that says who looks at which run; a route answers only to that token, only
while that person may see the run, only from the page's own origin, and only to bodies of the right
length. Whether they may is looked up at every request and every message of a socket: a share that
ended, or a run that was deleted, ends for pages that are open too. Tokens end by themselves after a
day or so; answers bring a fresh one to a page that is still in use.

What is asked comes by plain requests or, quicker, through one socket a page; a handler cannot tell
which.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import math
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from lvm_core.io.files import StoreError
from lvm_core.mapping import Mapped
from lvm_core.runs.workspace import is_id
from lvm_core.settings import DataError

from ..session import data_rows, identity
from ..session.errors import NotFound, NotOwned, NotReady, SessionError
from ..session.run import Run
from ..session.services import services
from .turns import TooMany, turns

log = logging.getLogger(__name__)
_MAX_BODY = 4 * 2**20
_MAX_ROWS = 400
_MAX_HEAD = 2**16
_MAX_WAITING = 16  # questions of one socket under way; a page has one of each kind
TOKEN_SECONDS = 24 * 3600  # a token holds for this long, and at most half as long again
RENEWED = "latent-token"  # header, and entry of a socket's answers, that brings a fresh token
# how often an open socket that says nothing is asked whether it may still be there
_LOOK_SECONDS = 1.0


class HttpError(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, sentence: str):
        self.status, self.sentence = status, sentence

    @classmethod
    def of(cls, error: Exception) -> HttpError:
        """How an error is answered: ours with their own sentence, all others, which are faults,
        with one that says so.
        """
        for kind, status in _STATUSES.items():
            if isinstance(error, kind):
                return cls(status, str(error))
        # whoever asked must hear something, and the log everything
        log.error("a live question failed", exc_info=error)
        return cls(
            500,
            f"The server stumbled over this ({type(error).__name__}); the details are in its log.",
        )


# errors of the session and the core, the special before the general
_STATUSES: dict[type[Exception], int] = {
    NotFound: 404,
    NotOwned: 403,
    NotReady: 409,
    SessionError: 400,
    DataError: 400,
    StoreError: 500,
}


@dataclass(frozen=True)
class Claim:
    """What a token says: what it is for (a run's id, or a name), who it was handed to, and when
    it ends (seconds since 1970).
    """

    subject: str
    person: str
    expires: int

    def __str__(self) -> str:
        return f"{self.subject}.{self.person}.{self.expires}"

    @property
    def old(self) -> bool:
        """Whether it is time for a fresh one."""
        return self.expires - time.time() < TOKEN_SECONDS / 2


def sign(subject: str) -> str:
    """The token a page hands out for a run (by its id), or for something that is about no run:
    who looks, until when, and a signature that only this server can make and that holds for
    this browser only.
    """
    return _token(subject, identity.current_owner(), identity.binding())


def _token(subject: str, person: str, binding: str) -> str:
    # the end is rounded up: a page that is drawn again is handed the same token, and keeps what it
    # shows
    claim = Claim(
        subject,
        person,
        math.ceil((time.time() + TOKEN_SECONDS) / (TOKEN_SECONDS / 2)) * TOKEN_SECONDS // 2,
    )
    return f"{claim}.{_signature(claim, binding)}"


def claim_of(connection: HTTPConnection) -> Claim:
    """What a request's token says. Raises HttpError unless it was handed to this browser and
    has not ended.
    """
    text, _, signature = connection.query_params.get("t", "").rpartition(".")
    if not hmac.compare_digest(
        signature.encode(), _signature(text, identity.binding_of(connection)).encode()
    ):
        raise HttpError(
            403, "This link was not handed out to this browser by this server; reload the page."
        )
    subject, person, expires = text.split(".")
    if int(expires) < time.time():
        raise HttpError(403, "This page has been open for too long without a word; reload it.")
    return Claim(subject, person, int(expires))


def renewed(connection: HTTPConnection, claim: Claim) -> dict[str, str]:
    """A fresh token, by the name under which answers bring it; empty while the old one holds
    for long.
    """
    return (
        {RENEWED: _token(claim.subject, claim.person, identity.binding_of(connection))}
        if claim.old
        else {}
    )


def permitted(request: HTTPConnection, what: str) -> None:
    """Raise HttpError unless the request carries the token for that."""
    if claim_of(request).subject != what:
        raise HttpError(
            403, "This page was not handed out to this browser by this server; reload it."
        )


def _signature(claim: Claim | str, binding: str) -> str:
    return hmac.new(services().secret, f"{claim} {binding}".encode(), hashlib.sha256).hexdigest()[
        :32
    ]


def check_allowed(claim: Claim, changes: bool = False) -> None:
    """Raise HttpError where the asker may not see the run (any more), or may not change it;
    ``changes``: it must be their own.
    """
    id = claim.subject
    if not is_id(id) or not (services().workspace.has_run(id) or is_data(id)):
        raise HttpError(404, "This run is not here any more; train it again.")
    kind = "datasets" if is_data(id) else "runs"
    if not identity.may_see(kind, id, claim.person):
        raise HttpError(403, "This run is not shared with you any more; ask whose it is.")
    if changes and not identity.owns(kind, id, claim.person):
        raise HttpError(
            403, "This run was shared with you to look at; only whose it is can change it."
        )


def is_data(id: str) -> bool:
    """Whether an id is that of a dataset: of its map before there is a model."""
    here = services().workspace
    return not here.has_run(id) and here.has_dataset(id)


def run_of(claim: Claim, finished: bool = False, changes: bool = False) -> Run:
    """The run a token is about; ``finished``: it must have a result. Raises HttpError. It may
    have to be read from the disk.
    """
    check_allowed(claim, changes)
    id = claim.subject
    if is_data(id):
        data = services().datasets.get(id)
        run = data_rows.of(data) if data is not None else None
    else:
        run = services().runs.get(id)
    if run is None:
        raise HttpError(404, "This run is not here any more; train it again.")
    if finished and run.fitted is None:
        raise HttpError(409, "This run has not ended yet.")
    return run


def same_origin(request: HTTPConnection) -> None:
    """Raise HttpError for a request that another site's page sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HttpError(403, "Requests from other sites are refused.")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HttpError(403, "Requests from other sites are refused.")


@dataclass(frozen=True)
class ApiRequest:
    """One question about a run: its options by name, and its body."""

    run: Run
    options: Mapping[str, str]
    body: bytes = b""

    def floats(self, width: int) -> np.ndarray:
        """The body as float32 (m, width), every one finite. Raises HttpError."""
        body = self.body
        if not body or len(body) % (4 * width):
            raise HttpError(
                400, f"The request has {len(body)} bytes, expected a multiple of {4 * width}."
            )
        values = np.frombuffer(body, "<f4").reshape(-1, width)
        if len(values) > _MAX_ROWS:
            raise HttpError(413, f"The request has {len(values)} rows, the most is {_MAX_ROWS}.")
        if not np.isfinite(values).all() or np.abs(values).max() > 1e6:
            raise HttpError(400, "The request holds values that are not finite, or far too large.")
        return values

    def codes(self) -> np.ndarray:
        """The body as codes (m, k) of this run."""
        return self.floats(self.run.fitted.codes.shape[1])

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """An option as a number from ``low`` to ``high``. Raises HttpError."""
        try:
            value = float(self.options.get(name, default))
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise HttpError(400, f"{name} must be a number from {low:g} to {high:g}.")
        return value

    def mapped(self) -> Mapped:
        """The map that was asked about. Raises HttpError."""
        mapped = self.run.maps.get(self.options.get("map", ""))
        if mapped is None:
            raise HttpError(404, "This map is not here any more; reload the page.")
        return mapped

    def rows(self, most: int) -> list[int]:
        """Row numbers from the option ``i``, the first ``most``. Raises HttpError."""
        n = len(self.run.dataset)
        try:
            rows = [int(i) for i in self.options.get("i", "").split(",")][:most]
        except ValueError:
            rows = [-1]
        if not all(0 <= i < n for i in rows):
            raise HttpError(400, f"i must hold row numbers from 0 to {n - 1}.")
        return rows


Handler = Callable[[ApiRequest], "tuple[dict, bytes] | Response"]  # runs in a thread


def framed(head: dict, payload: bytes = b"") -> bytes:
    """uint32 length, JSON, bytes: what the component reads."""
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)  # the payload starts where a Float32Array may
    return struct.pack("<I", len(text)) + text + payload


def endpoint_of(handler: Handler, finished: bool = True, changes: bool = False):
    """An endpoint that lets ``handler`` see only questions that may be asked; ``finished`` also
    wants a run that has ended, ``changes`` that it is the asker's own.
    """

    async def endpoint(request: Request) -> Response:
        try:
            same_origin(request)
            claim = claim_of(request)
            check_allowed(claim, changes)
            answer = await compute(
                handler,
                lambda body: ApiRequest(
                    run_of(claim, finished, changes), request.query_params, body
                ),
                await body_of(request),
                asker(claim, request),
                claim.person,
            )
        except HttpError as error:
            return PlainTextResponse(
                error.sentence, error.status, headers={"X-Content-Type-Options": "nosniff"}
            )
        if not isinstance(answer, Response):
            answer = Response(
                framed(*answer),
                media_type="application/octet-stream",
                headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
            )
        answer.headers.update(renewed(request, claim))
        return answer

    return endpoint


def socket(handlers: Mapping[str, Handler]):
    """The same questions through one connection: half the way of a request in a browser.

    Either side sends frames like :func:`framed`; the head names ``ask`` (which handler) and ``id``,
    the answer repeats the ``id`` and has ``status`` and ``sentence`` when it is refused. Answers
    come as they are ready. The socket is closed when its person may not see the run any more, or
    the run is gone, whether or not anything is asked.
    """

    async def endpoint(ws: WebSocket) -> None:
        try:
            same_origin(ws)
            claim = claim_of(ws)
            await run_in_threadpool(run_of, claim, finished=True)
        except HttpError:
            await ws.close(1008)  # before it is accepted: an HTTP 403
            return
        await ws.accept()
        under_way: set[asyncio.Task] = set()
        watch = asyncio.create_task(_watch(ws, claim))
        try:
            while True:
                message = await ws.receive_bytes()
                if len(message) > _MAX_BODY or len(under_way) >= _MAX_WAITING:
                    await ws.close(1009)
                    return
                task = asyncio.create_task(_answer(ws, claim, handlers, message))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        except (WebSocketDisconnect, KeyError, RuntimeError):
            # KeyError: a text message; RuntimeError: closed from here
            pass
        finally:
            watch.cancel()

    return endpoint


async def _watch(ws: WebSocket, claim: Claim) -> None:
    """Close a socket whose person may not see its run any more, or whose run is gone."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            check_allowed(claim)
        except HttpError as error:
            await ws.close(1008, error.sentence)
            return


async def _answer(
    ws: WebSocket, claim: Claim, handlers: Mapping[str, Handler], message: bytes
) -> None:
    key = None
    try:
        head, body = _parsed(message)
        key = head.get("id")
        if head.get("ask") not in handlers:
            raise HttpError(404, "There is no such question.")
        answer, payload = await compute(
            handlers[head["ask"]],
            lambda body: ApiRequest(run_of(claim, finished=True), head, body),
            body,
            asker(claim, ws),
            claim.person,
        )
        answer = answer | renewed(ws, claim)
    except HttpError as error:
        answer, payload = {"status": error.status, "sentence": error.sentence}, b""
    try:
        await ws.send_bytes(framed(answer | {"id": key}, payload))
    except (WebSocketDisconnect, RuntimeError):  # it left before the answer came
        pass


def _parsed(message: bytes) -> tuple[dict[str, str], bytes]:
    length = int.from_bytes(message[:4], "little")
    if len(message) < 4 or length > min(_MAX_HEAD, len(message) - 4):
        raise HttpError(400, "The message has no head.")
    try:
        head = json.loads(message[4 : 4 + length])
    except (ValueError, RecursionError):
        raise HttpError(400, "The message's head is no JSON.") from None
    if not isinstance(head, dict) or not all(
        isinstance(v, (str, int, float)) for v in head.values()
    ):
        raise HttpError(400, "The message's head is no flat object.")
    return {name: str(value) for name, value in head.items()}, message[4 + length :]


async def body_of(request: Request) -> bytes:
    """The body; its length is checked while it arrives, not after."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise HttpError(413, f"The request is over {_MAX_BODY >> 20} MiB.")
    return bytes(body)


def asker(claim: Claim, connection: HTTPConnection) -> str:
    """Whose turn a question takes: the person's; where everybody is one person, the machine's that
    asks.
    """
    return claim.person or (connection.client.host if connection.client else "")


async def compute(
    handler: Handler,
    request: Callable[[bytes], ApiRequest],
    body: bytes,
    asker: str,
    person: str,
):
    """Run a handler in a thread when it is the asker's turn, see :mod:`pages.api.turns`.
    ``request`` finds the run first; what is written is checked against ``person``.
    """

    def work():
        with identity.asked_by(person):
            return handler(request(body))

    try:
        async with turns().turn(asker):
            return await run_in_threadpool(work)
    except TooMany:
        raise HttpError(
            429, "This browser asks more at once than is answered; ask again in a moment."
        ) from None
    except HttpError:
        raise
    except Exception as error:
        raise HttpError.of(error) from error
