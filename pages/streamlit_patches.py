"""A click is heard, and a page that was left stays left, whatever else asks for a run at that moment."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner_utils.script_requests import (
    ScriptRequestType,
    _coalesce_widget_states,
)


def keep_clicks() -> None:
    """Mend two races of Streamlit 1.67, each between a click and a second request for a run: a job's end, a component's word, another click.

    Every request names the page the browser is on. From a click that leads elsewhere until the browser hears of the new page (a tenth of a
    second, on a busy machine seconds) that is the old one, and Streamlit does as it says: the old page comes back. Sent from a fragment, it
    even empties the new page, because the browser takes the old page's name for a change of page and waits for elements nobody sends.

    A request that comes before the run of an earlier one has begun replaces it, and the earlier one's click with it.
    """
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
    """Let a request from a page that was left run the page that is there now. Its widgets' values stay, so their callbacks are heard."""
    now = session.page_script_hash
    before, wanted = getattr(session, "_way", (now, now))
    if before != now:       # a page has begun since: that is where the session is
        session._way = (now, now)
        wanted = now
    if "way" in session.session_state:      # frame.go is under way
        wanted = _named(session, session.session_state["way"])
    page = asked.page_script_hash
    if not page or page == wanted or wanted not in session.get_pages():      # in a session's first run, before it knows its page, it names none of them
        return
    if page != _shown(session, asked) or asked.is_history_navigation:       # a link of the side bar, or the browser's arrows
        session._way = now, page
        return
    asked.page_script_hash, asked.fragment_id = wanted, ""
    asked.query_string = "&".join(part for part in asked.query_string.split("&") if part.startswith("embed"))      # as st.switch_page leaves it


def take_over(session: AppSession, asked: ClientState) -> None:
    """Add the clicks of a request that waits to begin, and that Streamlit is about to drop for this one."""
    waiting = session._scriptrunner and session._scriptrunner._requests
    if waiting and waiting._state is ScriptRequestType.RERUN and waiting._rerun_data.widget_states is not None:
        asked.widget_states.CopyFrom(_coalesce_widget_states(waiting._rerun_data.widget_states, asked.widget_states))


def _shown(session: AppSession, asked: ClientState) -> str | None:
    """The page in the browser's address, by its hash."""
    return _named(session, PurePosixPath(urlsplit(asked.context_info.url).path).name)


def _named(session: AppSession, name: str) -> str | None:
    pages = {page.get("url_pathname"): found for found, page in session.get_pages().items()}
    return pages.get(name, pages.get(""))
