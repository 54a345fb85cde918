"""How many bytes of uploads lie in memory: Streamlit keeps what its uploaders are sent for as long
as a session lives, also what no uploader asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import PlainTextResponse

from lvm_core import settings

from ..streamlit_patches import held_bytes

SESSION, ALL = 2, 10  # times the limit of one upload: of a session, of everybody
IDLE = 60.0  # seconds without a byte, after which a sender is let go
_PATH = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+/?$")


class Uploads:
    """ASGI middleware that counts uploads before and while they arrive."""

    def __init__(self, app):
        self.app = app
        self.arriving: Counter[str] = Counter()  # session -> bytes under way

    async def __call__(self, scope, receive, send):
        asked = _PATH.search(scope.get("path", "")) if scope["type"] == "http" else None
        if asked is None or scope["method"] != "PUT":
            return await self.app(scope, receive, send)
        session, arrived, answered = asked[1], 0, False
        declared = HTTPConnection(scope).headers.get("content-length", "")
        counted = int(declared) if declared.isdecimal() else 0
        refusal = self._refusal(session, counted)
        if refusal is not None:
            return await refusal(scope, receive, send)
        self.arriving[session] += counted

        async def received():
            nonlocal arrived, counted, refusal
            try:
                async with asyncio.timeout(IDLE):
                    message = await receive()
            except TimeoutError:
                refusal = PlainTextResponse("Nothing arrived for a minute; send it again.", 408)
                return {"type": "http.disconnect"}
            arrived += len(message.get("body", b""))
            if arrived > counted:  # more than was said, or nothing was
                self.arriving[session] += arrived - counted
                counted = arrived
                if (refusal := self._refusal(session, 0)) is not None:
                    return {"type": "http.disconnect"}
            return message

        async def sent(message):
            nonlocal answered
            if refusal is None:
                answered = True
                await send(message)

        try:
            await self.app(scope, received, sent)
        except ClientDisconnect:
            pass
        finally:
            self.arriving[session] -= counted
            if self.arriving[session] <= 0:
                del self.arriving[session]
        if refusal is not None and not answered:
            await refusal(scope, receive, send)

    def _refusal(self, session: str, more: int) -> PlainTextResponse | None:
        one, held = settings.LIMITS.upload_bytes, held_bytes()
        mine = more + held[session] + self.arriving[session]
        if mine > SESSION * one:
            return PlainTextResponse(
                f"This page holds {mine >> 20:,} MB of uploads; the limit is "
                f"{SESSION * one >> 20:,} MB. Take files out of the uploader, or reload the page.",
                413,
            )
        if more + sum(held.values()) + sum(self.arriving.values()) > ALL * one:
            return PlainTextResponse(
                "Others are sending large files just now; try again in a minute.", 503
            )
        return None
