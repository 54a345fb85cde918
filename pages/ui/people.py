"""Who is asking, and what is theirs.

On loopback everybody is the one person at this machine, and everything is theirs. Served to others, a person is a browser, known
by a random cookie no script can read; or, where logins are set up (``[auth]`` in Streamlit's secrets), who logged in.
LATENT_EXPLORER_PEOPLE says ``one`` or ``many`` where the address does not: behind a proxy, loopback serves others.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from functools import cache
from ipaddress import ip_address

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lvm_core import owners
from lvm_core.files import StoreError
from lvm_core.limits import check, setting
from lvm_core.owners import Ownership
from lvm_core.workspace import UNDER_WAY, is_id

from . import scripts
from .jobs import WORKSPACE

COOKIE = "latent_explorer"
_YEAR = 365 * 24 * 3600


@cache
def alone() -> bool:
    """Whether this server serves one person: the one at its machine."""
    if chosen := setting("people"):
        return chosen == "one"
    address = st.config.get_option("server.address")
    try:
        return address == "localhost" or bool(address) and ip_address(address).is_loopback
    except ValueError:      # a host's name
        return False


def logins() -> bool:
    """Whether people log in here."""
    try:
        return not alone() and "auth" in st.secrets
    except Exception:       # there is no file of secrets, or it cannot be read: Streamlit has a class for each
        return False


def code() -> str:
    """This browser's secret: what its cookie holds, and the code that brings another browser to the same runs."""
    found = st.context.cookies.get(COOKIE, "")
    return found if _is_code(found) else ""


def me() -> str:
    """Who looks at the page: the owner of what is made here."""
    if alone():
        return ""
    if logins():
        user = st.user.to_dict()
        return "u-" + _digest(json.dumps([user.get("iss"), user.get("sub") or user.get("email")]))
    if not code():          # without cookies nothing can be found again; it is still nobody else's
        return st.session_state.setdefault("nobody-else", "s-" + secrets.token_hex(16))
    return "b-" + _digest(code())


def binding() -> str:
    """What ties a page's tokens to its browser."""
    return "" if alone() else _digest(code())


def binding_of(connection: HTTPConnection) -> str:
    """The same of a request."""
    found = connection.cookies.get(COOKIE, "")
    return "" if alone() else _digest(found if _is_code(found) else "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_code(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", text) is not None


# -- what is theirs ----------------------------------------------------------------------------------------------------

def _of(kind: str, id: str) -> Ownership:
    return owners.ownership(WORKSPACE.folder / kind / id) if is_id(id) else Ownership("nobody")


def mine(kind: str, id: str, person: str | None = None) -> bool:
    """Whether a dataset or run (``datasets``, ``runs``) is this person's, to change and delete. Without ``person``: who looks at the page."""
    return alone() or _of(kind, id).owner == (me() if person is None else person)


def may_see(kind: str, id: str, person: str | None = None) -> bool:
    """Whether this person may look at it."""
    return mine(kind, id, person) or _of(kind, id).shared


def shared(run_id: str) -> bool:
    """Whether a run is open to whoever has its link."""
    return _of("runs", run_id).shared


def share(run_id: str, wanted: bool) -> None:
    """Open a run of this person's to whoever has its link, or close it. Raises StoreError."""
    if not mine("runs", run_id):
        raise StoreError("Only whose run it is can share it.")
    owners.own(WORKSPACE.run_folder(run_id), me(), wanted)


def claim(kind: str, id: str) -> None:
    """Make a new dataset or run this person's. Raises StoreError."""
    if not alone():
        owners.own(WORKSPACE.folder / kind / id, me())


def only_mine(kind: str, listed: list, id=lambda item: item.id) -> list:
    """Those of a list that are this person's."""
    return listed if alone() else [item for item in listed if _of(kind, id(item)).owner == me()]


def check_room(more: int = 0) -> None:
    """Raise DataError where this person keeps more than the limit, ``more`` bytes added; asked before something is kept."""
    folders = [WORKSPACE.folder / "datasets" / head["id"] for head in only_mine("datasets", WORKSPACE.datasets(), lambda head: head["id"])]
    folders += [WORKSPACE.folder / "runs" / run.id for run in only_mine("runs", WORKSPACE.runs())]
    check("kept_bytes", more + sum(owners.size(folder) for folder in folders), "What you keep here")


def check_turn() -> None:
    """Raise DataError where this person has as many runs under way as one may."""
    check("runs_under_way", 1 + sum(run.state in UNDER_WAY for run in only_mine("runs", WORKSPACE.runs())), "Your queue")


# -- the cookie --------------------------------------------------------------------------------------------------------

class Cookies:
    """ASGI middleware: a browser that opens a page of a server for many gets its cookie."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "GET" or alone():
            return await self.app(scope, receive, send)
        connection = HTTPConnection(scope)
        wants = "text/html" in connection.headers.get("accept", "") and not _is_code(connection.cookies.get(COOKIE, ""))

        async def with_cookie(message):
            if wants and message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", _cookie(secrets.token_hex(16), connection))
            await send(message)

        await self.app(scope, receive, with_cookie)


def _cookie(value: str, connection: HTTPConnection) -> str:
    answer = Response()
    secure = connection.url.scheme == "https" or connection.headers.get("x-forwarded-proto") == "https"
    answer.set_cookie(COOKIE, value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
    return answer.headers["set-cookie"]


async def enter(request: Request) -> Response:
    """A recovery code as JSON text -> the cookie of the browser it came from. The page's own origin only."""
    from .guard import Refused, body_of, same_origin

    try:
        same_origin(request)
        wanted = re.sub(r"[\s-]", "", (await body_of(request)).decode("utf-8", "replace")).lower()
        if alone() or not _is_code(wanted):
            raise Refused(400, "A code has 32 characters from 0 to 9 and a to f, as the other browser shows it.")
    except Refused as refused:
        return PlainTextResponse(refused.sentence, refused.status)
    return JSONResponse({}, headers={"set-cookie": _cookie(wanted, request)})


routes = [Route("/live/enter", enter, methods=["POST"])]


# -- on the page -------------------------------------------------------------------------------------------------------

@cache
def _component():
    return scripts.component("identity", "identity/identity.js")


def let_in() -> None:
    """Where people log in here: nothing else is drawn before they have."""
    if logins() and not st.user.is_logged_in:
        st.title("Latent Explorer", anchor=False)
        st.markdown("Your datasets and models are kept for you alone. Log in to see them.")
        st.button("Log in", icon=":material/login:", type="primary", on_click=st.login)
        st.stop()


def card() -> None:
    """In the sidebar of a server for many: whose data this is, and how to get at it from elsewhere."""
    if alone():
        return
    if logins():
        st.caption(":material/person: What you bring and train is yours alone.")
        st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
        return
    with st.popover("This browser's own", icon=":material/lock:", width="stretch"):
        if not code():
            st.markdown("This browser keeps no cookies: what you bring and train here cannot be found again once the page is closed.")
            return
        st.markdown("What you bring and train belongs to this browser; others on this server do not see it. With this code another browser of yours gets at it. Keep it like a password.")
        st.code("-".join(re.findall("....", code())), language=None, wrap_lines=True)
        _component()(data={}, key="people")
