"""Who is asking, and what is theirs.

On loopback everybody is the one person at this machine, and everything is theirs. Served to others,
a person is a browser, known by a random cookie no script can read; or, where logins are set up
(``[auth]`` in Streamlit's secrets), who logged in. LATENT_EXPLORER_PEOPLE says ``one`` or ``many``
where the address does not: behind a proxy, loopback serves others.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import ip_address

import streamlit as st
from starlette.requests import HTTPConnection

from lvm_core.io.files import StoreError
from lvm_core.runs import ownership
from lvm_core.runs.ownership import Ownership
from lvm_core.runs.workspace import is_id
from lvm_core.settings import setting

from .errors import NotOwned
from .services import services

COOKIE = "latent_explorer"
_asker: ContextVar[str | None] = ContextVar("asker", default=None)


@cache
def single_user() -> bool:
    """Whether this server serves one person: the one at its machine."""
    if chosen := setting("people"):
        return chosen == "one"
    address = st.get_option("server.address")
    try:
        return address == "localhost" or bool(address) and ip_address(address).is_loopback
    except ValueError:  # a host's name
        return False


def uses_login() -> bool:
    """Whether people log in here."""
    try:
        return not single_user() and "auth" in st.secrets
    except Exception:
        # there is no file of secrets, or it cannot be read: Streamlit has a class for each
        return False


def recovery_code() -> str:
    """This browser's secret: what its cookie holds, and the code that brings another browser to
    the same runs.
    """
    found = st.context.cookies.get(COOKIE, "")
    return found if is_code(found) else ""


def current_owner() -> str:
    """Who looks at the page: the owner of what is made here."""
    if single_user():
        return ""
    if uses_login():
        user = st.user.to_dict()
        return "u-" + _digest(json.dumps([user.get("iss"), user.get("sub") or user.get("email")]))
    # without cookies nothing can be found again; it is still nobody else's
    if not recovery_code():
        return st.session_state.setdefault("nobody-else", "s-" + secrets.token_hex(16))
    return "b-" + _digest(recovery_code())


def binding() -> str:
    """What ties a page's tokens to its browser."""
    return "" if single_user() else _digest(recovery_code())


def binding_of(connection: HTTPConnection) -> str:
    """The same of a request."""
    found = connection.cookies.get(COOKIE, "")
    return "" if single_user() else _digest(found if is_code(found) else "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_code(text: str) -> bool:
    """Whether a text can be what a browser's cookie holds."""
    return re.fullmatch("[0-9a-f]{32}", text) is not None


# -- what is theirs --------------------------------------------------------------------------------


def _of(kind: str, id: str) -> Ownership:
    return (
        ownership.ownership(services().workspace.folder / kind / id)
        if is_id(id)
        else Ownership("nobody")
    )


def asking() -> str | None:
    """Who asks, as :class:`~lvm_core.runs.workspace.Workspace` is told; None where everything is
    one person's.
    """
    return None if single_user() else current_owner()


def owns(kind: str, id: str, person: str | None = None) -> bool:
    """Whether a dataset or run (``datasets``, ``runs``) is this person's, to change and delete.
    Without ``person``: who looks at the page.
    """
    if single_user():
        return True
    person = _asker.get() if person is None else person
    return _of(kind, id).owner == (current_owner() if person is None else person)


@contextmanager
def asked_by(person: str) -> Iterator[None]:
    """Meanwhile this person asks: whoever a route's token names, where no page is drawn."""
    before = _asker.set(person)
    try:
        yield
    finally:
        _asker.reset(before)


def require(kind: str, id: str) -> None:
    """Called first by whatever writes: what is drawn can be drawn wrongly, or be asked for by a
    program. Raises NotOwned unless this is the asker's own, or is on no disk yet.
    """
    folder = services().workspace.folder / kind / id
    if folder.is_dir() and not owns(kind, id):
        raise NotOwned(
            f"This {'run' if kind == 'runs' else 'dataset'} was shared with you to look at; only "
            "whose it is can change it."
        )


def may_see(kind: str, id: str, person: str | None = None) -> bool:
    """Whether this person may look at it."""
    return owns(kind, id, person) or _of(kind, id).shared


def shared(run_id: str) -> bool:
    """Whether a run is open to whoever has its link."""
    return _of("runs", run_id).shared


def share(run_id: str, wanted: bool) -> None:
    """Open a run of this person's to whoever has its link, or close it. Raises StoreError."""
    if not owns("runs", run_id):
        raise StoreError("Only whose run it is can share it.")
    ownership.own(services().workspace.run_folder(run_id), current_owner(), wanted)


def claim(kind: str, id: str) -> None:
    """Make a new dataset or run this person's. Raises StoreError."""
    if not single_user():
        ownership.own(services().workspace.folder / kind / id, current_owner())


def owned(kind: str, listed: list, id=lambda item: item.id) -> list:
    """Those of a list that are this person's."""
    return (
        listed
        if single_user()
        else [item for item in listed if _of(kind, id(item)).owner == current_owner()]
    )
