"""All that this app takes from Streamlit beyond its documented interface, for the version it was
written for.

Four things are mended (``answer_at_once``, ``keep_clicks`` with its parts ``redirect``,
``take_over`` and ``hear_whole``), five are read (``index_html``,
``by_history``, ``own_session``, ``session_is_open``, ``held_bytes``), and our style
sheet and JavaScript hold on to names in Streamlit's page (``HOOKS``). Each says what it does, why,
and which upstream issue would make it superfluous. Another version of Streamlit may differ in any
of them: ``check_version`` refuses it, and whoever moves on reads this file, runs its tests and
raises ``VERSION``.
"""

from __future__ import annotations

import socket
from asyncio import base_events
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

# private names are imported where they are used: after the version was checked
if TYPE_CHECKING:
    from streamlit.proto.ClientState_pb2 import ClientState
    from streamlit.proto.WidgetStates_pb2 import WidgetStates
    from streamlit.runtime.app_session import AppSession
    from streamlit.runtime.state.safe_session_state import SafeSessionState

VERSION = "1.67"

HOOKS = (
    "stMainBlockContainer",
    "stElementContainer",
    "stMetricLabel",
    "stMetricValue",
    "stSidebar",
    "stDataFrame",
    "stNumberInput",
    "stMarkdownContainer",
    "stMarkdown",
    "stImage",
    "stButtonGroup",
    "stColumn",
    "stHorizontalBlock",
    "stImageCaption",
    "stMetric",
    "stSelectbox",
    "stWidgetLabel",
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


def by_history() -> bool:
    """Whether the browser's Back or Forward asked for this run of the page.

    Why: only then does the address say more than what the session remembers. Any other request
    carries the address of the moment it was sent, which a quick second click finds not yet brought
    up to date. No upstream issue known to us.
    """
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


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

    Why: races between a click and a second request for a run (a job's end, a component's word,
    another click). ``redirect`` mends the page that comes back, ``take_over`` the click that has
    not been heard, ``hear_whole`` the one that is being heard.
    """
    from streamlit.runtime.app_session import AppSession
    from streamlit.runtime.state.safe_session_state import SafeSessionState

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
    SafeSessionState.on_script_will_rerun = hear_whole(SafeSessionState.on_script_will_rerun)


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
    # of the run that began last. What the session itself says, page_script_hash, is one turn of the
    # event loop behind: a request in between brought the old page back, empty
    now = session._pages_manager.intended_page_script_hash or session.page_script_hash
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
    """Add the clicks of an earlier request that nobody has heard yet, and that Streamlit is about
    to drop for this one.

    Why: a request for a whole page stops the run before it, and replaces a request that waits to
    begin (``runner.fastReruns``, which is the default). Whether that run has called its callbacks
    or has just begun, its click counts as heard.

    No upstream issue known to us. https://github.com/streamlit/streamlit/pull/16765 mends the like
    for requests that one active run answers, and says that it leaves this replacement as it is.
    """
    from streamlit.runtime.scriptrunner_utils.script_requests import (
        ScriptRequestType,
        _coalesce_widget_states,
    )

    if not session._scriptrunner or asked.fragment_id:  # a fragment's request stops nothing
        return
    before = session._scriptrunner._requests
    with before._lock:
        clicks = before._rerun_data.widget_states
        if before._state is ScriptRequestType.STOP or clicks is None:
            return
        if clicks is getattr(before, "heard", None):
            return
        # from here on it does not begin: its click would be heard twice
        before._state = ScriptRequestType.STOP
    asked.widget_states.CopyFrom(_coalesce_widget_states(clicks, asked.widget_states))


def hear_whole(on_script_will_rerun: Callable[..., None]) -> Callable[..., None]:
    """Call the callbacks of a run to their end, one run's after another's.

    Why: a request that comes while callbacks run stops them at the next look at the session's
    state or the next message, and the click is half heard. The run that follows has a thread of its
    own, and would call its callbacks meanwhile.

    No upstream issue known to us.
    """
    from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

    @wraps(on_script_will_rerun)
    def whole(state: SafeSessionState, clicks: WidgetStates | None, **more: object) -> None:
        runner = state._yield_callback.__self__
        with runner._requests._lock:
            stopped = runner._requests._state is ScriptRequestType.STOP
            if not stopped:
                runner._requests.heard = clicks
        if stopped:  # its clicks were taken over
            state._yield_callback()
        # what the runners of one session share
        with vars(runner._pages_manager).setdefault("one_at_a_time", RLock()):
            runner._execing = False  # the runner stops only while this is set
            try:
                on_script_will_rerun(state, clicks, **more)
            finally:
                runner._execing = True

    return whole


def _shown(session: AppSession, asked: ClientState) -> str | None:
    """The page in the browser's address, by its hash."""
    return _named(session, PurePosixPath(urlsplit(asked.context_info.url).path).name)


def _named(session: AppSession, name: str) -> str | None:
    pages = {page.get("url_pathname"): found for found, page in session.get_pages().items()}
    return pages.get(name, pages.get(""))


def own_session() -> str | None:
    """The id of the session whose page is drawn; None where none is.

    Why: a file is read in a process of its own, which ends with the page that asked for it.
    No upstream issue known to us asks for it.
    """
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx(suppress_warning=True)
    return None if context is None else context.session_id


def session_is_open(session: str | None) -> bool:
    """Whether a browser shows this session's page; without one nobody can have left.

    Why: see :func:`own_session`. No upstream issue known to us asks for it.
    """
    from streamlit import runtime

    return (
        session is None or not runtime.exists() or runtime.get_instance().is_active_session(session)
    )


def held_bytes() -> Counter[str]:
    """Session -> bytes of the uploads that are in memory.

    Why: they stay for as long as a session lives, also those that no uploader asked for, and
    nothing bounds their sum. No upstream issue known to us asks for a bound.
    """
    from streamlit import runtime

    found: Counter[str] = Counter()
    if runtime.exists():
        storage = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
        for session, records in list(storage.items()):
            found[session] = sum(len(record.data) for record in list(records.values()))
    return found
