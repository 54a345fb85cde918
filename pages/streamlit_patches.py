"""All that this app takes from Streamlit beyond its documented interface, for the version it was
written for.

Three things are mended (``answer_at_once``, ``keep_clicks`` with its two halves ``redirect`` and
``take_over``), one is read (``index_html``), and our style sheet and JavaScript hold on to names in
Streamlit's page (``HOOKS``). Each says what it does, why, and which upstream issue would make it
superfluous. Another version of Streamlit may differ in any of them: ``check_version`` refuses it,
and whoever moves on reads this file, runs its tests and raises ``VERSION``.
"""

from __future__ import annotations

import socket
from asyncio import base_events
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

# private names are imported where they are used: after the version was checked
if TYPE_CHECKING:
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.runtime.app_session import AppSession

VERSION = "1.67"

HOOKS = (
    "stMainBlockContainer",
    "stElementContainer",
    "stMetricValue",
    "stDataFrame",
    "stNumberInput",
    "stMarkdownContainer",
    "stMarkdown",
    "stImage",
    "data-variant",
    "data-selected",
    "data-test-script-state",
)
"""Names in Streamlit's page that it does not promise to keep. ``assets/app.css`` styles by all but
the last: a page that is dense, figures that line up, pictures that stay sharp, the chosen button
of a group. ``assets/js/progress/progress.js`` reads the last: a job's end asks for a run of the
page only when none is under way. (``st-key-...`` classes and ``--st-...`` colours are
documented.) No upstream issue known to us asks for promised names.
"""


def check_version() -> None:
    """Refuse a Streamlit that this file was not written for.

    Raises
    ------
    ValueError
        One sentence: which version is here, which is needed, and the command that installs it.
    """
    if st.__version__ != VERSION and not st.__version__.startswith(f"{VERSION}."):
        raise ValueError(
            f"Latent Explorer was written for Streamlit {VERSION} and finds "
            f"{st.__version__}; install what it needs by `pip install -r requirements.txt`."
        )


def index_html() -> str:
    """The page that Streamlit's server sends, for what our content security policy must allow in
    it.

    Why: its one inline script can only be allowed by its hash, and Streamlit does not state that
    hash. No upstream issue known to us.
    """
    return (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def answer_at_once() -> None:
    """Let every connection send small packets at once.

    Why: asyncio does so for sockets that name their protocol. Streamlit binds the listening socket
    itself and leaves the protocol at 0, so each answer on a kept-alive connection waits for the
    browser's delayed acknowledgement: 44 ms on Linux, measured, where decoding takes 4.

    No issue of Streamlit's known to us. The same fault in uvicorn, wherever it is handed a bound
    socket: https://github.com/Kludex/uvicorn/issues/3149
    """

    def set_nodelay(sock):
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    base_events._set_nodelay = set_nodelay


def keep_clicks() -> None:
    """Let a click be heard, and a page that was left stay left, whatever else asks for a run at
    that moment.

    Why: two races, each between a click and a second request for a run (a job's end, a component's
    word, another click). ``redirect`` mends the first, ``take_over`` the second.
    """
    from streamlit.runtime.app_session import AppSession

    request_rerun = AppSession.request_rerun
    if getattr(request_rerun, "keeps_clicks", False):
        return

    def kept(session: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None:
            redirect(session, client_state)
            take_over(session, client_state)
        request_rerun(session, client_state)

    kept.keeps_clicks = True
    AppSession.request_rerun = kept


def redirect(session: AppSession, asked: ClientState) -> None:
    """Let a request from a page that was left run the page that is there now. Its widgets' values
    stay, so their callbacks are heard.

    Why: every request names the page the browser is on. From a click that leads elsewhere until the
    browser hears of the new page (a tenth of a second, on a busy machine seconds) that is the old
    one, and Streamlit does as it says: the old page comes back. Sent from a fragment, it even
    empties the new page, because the browser takes the old page's name for a change of page and
    waits for elements nobody sends.

    No upstream issue known to us. Of the same race, for a fragment's timer only:
    https://github.com/streamlit/streamlit/pull/9617
    """
    now = session.page_script_hash
    before, wanted = getattr(session, "_way", (now, now))
    if before != now:  # a page has begun since: that is where the session is
        session._way = (now, now)
        wanted = now
    if "way" in session.session_state:  # navigation.go is under way
        wanted = _named(session, session.session_state["way"])
    page = asked.page_script_hash
    # in a session's first run, before it knows its page, it names none of them
    if not page or page == wanted or wanted not in session.get_pages():
        return
    # a link of the side bar, or the browser's arrows
    if page != _shown(session, asked) or asked.is_history_navigation:
        session._way = now, page
        return
    asked.page_script_hash, asked.fragment_id = wanted, ""
    # as st.switch_page leaves it
    asked.query_string = "&".join(
        part for part in asked.query_string.split("&") if part.startswith("embed")
    )


def take_over(session: AppSession, asked: ClientState) -> None:
    """Add the clicks of a request that waits to begin, and that Streamlit is about to drop for this
    one.

    Why: a request that comes before the run of an earlier one has begun replaces it, and the
    earlier one's click with it (``runner.fastReruns``, which is the default).

    No upstream issue known to us. https://github.com/streamlit/streamlit/pull/16765 mends the like
    for requests that one active run answers, and says that it leaves this replacement as it is.
    """
    from streamlit.runtime.scriptrunner_utils.script_requests import (
        ScriptRequestType,
        _coalesce_widget_states,
    )

    waiting = session._scriptrunner and session._scriptrunner._requests
    if (
        waiting
        and waiting._state is ScriptRequestType.RERUN
        and waiting._rerun_data.widget_states is not None
    ):
        asked.widget_states.CopyFrom(
            _coalesce_widget_states(waiting._rerun_data.widget_states, asked.widget_states)
        )


def _shown(session: AppSession, asked: ClientState) -> str | None:
    """The page in the browser's address, by its hash."""
    return _named(session, PurePosixPath(urlsplit(asked.context_info.url).path).name)


def _named(session: AppSession, name: str) -> str | None:
    pages = {page.get("url_pathname"): found for found, page in session.get_pages().items()}
    return pages.get(name, pages.get(""))
