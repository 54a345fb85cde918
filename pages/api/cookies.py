"""The cookie by which a browser is known on a server for many, and the way to bring it to
another browser.
"""

from __future__ import annotations

import re
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..session import identity
from .auth import HttpError, body_of, same_origin

_YEAR = 365 * 24 * 3600


class Cookies:
    """ASGI middleware: a browser that opens a page of a server for many gets its cookie."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "GET" or identity.single_user():
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)
        wants = "text/html" in connection.headers.get("accept", "") and not identity.is_code(
            connection.cookies.get(identity.COOKIE, "")
        )

        async def with_cookie(message):
            if wants and message["type"] == "http.response.start":
                MutableHeaders(scope=message).append(
                    "set-cookie", _cookie(secrets.token_hex(16), connection)
                )
            await send(message)

        await self.app(scope, receive, with_cookie)


def _cookie(value: str, connection: HTTPConnection) -> str:
    answer = Response()
    secure = (
        connection.url.scheme == "https" or connection.headers.get("x-forwarded-proto") == "https"
    )
    answer.set_cookie(
        identity.COOKIE, value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure
    )
    return answer.headers["set-cookie"]


async def recover(request: Request) -> Response:
    """A recovery code as JSON text -> the cookie of the browser it came from. The page's own
    origin only.
    """
    try:
        same_origin(request)
        wanted = re.sub(r"[\s-]", "", (await body_of(request)).decode("utf-8", "replace")).lower()
        if identity.single_user() or not identity.is_code(wanted):
            raise HttpError(
                400,
                "A code has 32 characters from 0 to 9 and a to f, as the other browser shows it.",
            )
    except HttpError as error:
        return PlainTextResponse(error.sentence, error.status)
    return JSONResponse({}, headers={"set-cookie": _cookie(wanted, request)})


routes = [Route("/live/enter", recover, methods=["POST"])]
