"""Which names this server answers to, and whose pages may ask it.

A page of another site can make a browser send anything here: under a name of its own that it lets
point at this machine (DNS rebinding), or with its own origin. Both end here, before Streamlit, the
routes and the web sockets see them. Streamlit would otherwise ask an outside address for this
machine's own, to compare a strange origin with.
"""

from __future__ import annotations

import logging
import socket
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse

from lvm_core.settings import setting

log = logging.getLogger(__name__)


@cache
def own_names() -> frozenset[str]:
    """This machine's names and those that Streamlit's settings and ours give it, in lower case."""
    names = {
        "localhost",
        socket.gethostname(),
        st.get_option("server.address") or "",
        st.get_option("browser.serverAddress") or "",
        *(setting("hosts") or ()),
    }
    return frozenset(name.lower().rstrip(".") for name in names if name)


def host_of(netloc: str) -> str:
    """The name in ``name``, ``name:port`` or ``[address]:port``, in lower case; empty for what is
    none.

    Examples
    --------
    >>> host_of("Example.org:8501"), host_of("[::1]:8501"), host_of("a b")
    ('example.org', '::1', '')
    """
    try:
        found = urlsplit(f"//{netloc}")
        found.port  # a number, or an error  # noqa: B018
    except ValueError:
        return ""
    strange = found.path or found.query or found.fragment or found.username is not None
    name = found.hostname or ""
    return "" if strange or " " in netloc else name.rstrip(".")


def is_own(name: str) -> bool:
    """Whether a server that may be asked for has this name: one that is known, a number, which no
    other site can let point here, or any name where the settings say so.
    """
    if not name:
        return False
    if name in own_names() or name.endswith(".localhost") or "*" in own_names():
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def refusal(connection: HTTPConnection) -> str:
    """Why a request is not answered, in one sentence; empty where it is."""
    hosts, origins = (connection.headers.getlist(name) for name in ("host", "origin"))
    name = host_of(hosts[0]) if len(hosts) == 1 else ""
    if not is_own(name):
        return (
            f"This server is not known as {name[:80] or 'that'!r}; open it by its own address, or "
            f"start it with LATENT_EXPLORER_HOSTS={name[:80] or 'its name'}."
        )
    if len(origins) > 1 or origins and not _same(origins[0], hosts[0]):
        return "Requests from other sites are refused."
    return ""


def _same(origin: str, host: str) -> bool:
    try:
        found = urlsplit(origin)
    except ValueError:
        return False
    if found.netloc.lower() == host.lower():
        return True
    # behind a proxy the browser's name for us is another than the proxy's: it must be a known one
    return bool(found.hostname) and found.hostname in (setting("hosts") or ())


class Hosts:
    """ASGI middleware that refuses strange hosts and origins, of requests and web sockets."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        why = refusal(HTTPConnection(scope))
        if not why:
            return await self.app(scope, receive, send)
        log.info("refused: %s", why)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            await PlainTextResponse(why, 403)(scope, receive, send)
