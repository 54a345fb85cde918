"""A click that leads to another page leads there, whatever asks for a run of the old page
meanwhile.
"""

from threading import Event, Thread
from types import SimpleNamespace

import pytest
from journeys import AT_REST, onward
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.scriptrunner_utils.exceptions import StopException
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)

from pages.streamlit_patches import hear_whole, redirect, take_over

PAGES = {"h-home": "", "h-train": "train", "h-map": "map"}


def session(now: str, **state):
    return SimpleNamespace(
        page_script_hash=now,
        _pages_manager=SimpleNamespace(intended_page_script_hash=now),
        session_state=state,
        get_pages=lambda: {hash: {"url_pathname": name} for hash, name in PAGES.items()},
    )


def request(page: str, shown: str, *, back: bool = False, click: str = "") -> ClientState:
    """A run of ``page`` asked for by a browser that shows ``shown``."""
    made = ClientState(
        page_script_hash=page,
        fragment_id="f",
        query_string="embed=true&run=1",
        is_history_navigation=back,
    )
    made.context_info.url = f"http://host:80/base/{shown}?run=1"
    if click:
        made.widget_states.widgets.add(id=click, trigger_value=True)
    return made


class TestRedirect:
    def test_a_late_request_of_a_page_that_was_left_runs_the_new_one(self):
        asked = request("h-train", "train", click="stop")
        redirect(session("h-map"), asked)
        assert (asked.page_script_hash, asked.fragment_id, asked.query_string) == (
            "h-map",
            "",
            "embed=true",
        )
        assert asked.widget_states.widgets[0].id == "stop"

    @pytest.mark.parametrize(
        "now, asked",
        [
            ("h-map", ("h-map", "map")),
            ("h-map", ("h-train", "map")),
            ("h-home", ("h-map", "")),
            ("", ("h-map", "map")),
            ("h-shell", ("h-map", "map")),
            ("h-map", ("", "map")),
        ],
        ids=[
            "same page",
            "a link",
            "a link of the first page",
            "a new session",
            "its first run",
            "no page named",
        ],
    )
    def test_others_pass_as_they_are(self, now, asked):
        made = request(*asked)
        redirect(session(now), made)
        assert made == request(*asked)

    def test_the_browsers_arrows_go_back(self):
        made = request("h-train", "train", back=True)
        redirect(session("h-map"), made)
        assert made.page_script_hash == "h-train"

    def test_a_link_whose_page_has_not_begun(self):
        here = session("h-train")
        redirect(here, request("h-map", "train"))
        late = request("h-train", "train")
        redirect(here, late)
        assert late.page_script_hash == "h-map"
        here._pages_manager.intended_page_script_hash = "h-map"
        # begun, asked for again, and back by a way of the server's: the link is spent
        for _ in range(2):
            redirect(here, request("h-map", "map"))
        here._pages_manager.intended_page_script_hash = "h-train"
        made = request("h-train", "train")
        redirect(here, made)
        assert made == request("h-train", "train")

    def test_a_way_that_is_under_way(self):
        made = request("h-train", "train")
        redirect(session("h-train", way="map"), made)
        assert made.page_script_hash == "h-map"

    def test_a_page_that_has_begun_before_the_session_says_so(self):
        here = session("h-train")
        here._pages_manager.intended_page_script_hash = "h-map"
        made = request("h-train", "train")
        redirect(here, made)
        assert (made.page_script_hash, made.fragment_id) == ("h-map", "")

    def test_the_first_page_has_no_name(self):
        made = request("h-home", "")
        redirect(session("h-train"), made)
        assert made.page_script_hash == "h-train"


def runner_of(asked: ClientState):
    """A session whose runner was asked for a run, and has not begun it."""
    requests = ScriptRequests()
    requests.request_rerun(
        RerunData(widget_states=asked.widget_states, page_script_hash=asked.page_script_hash)
    )
    return SimpleNamespace(_scriptrunner=SimpleNamespace(_requests=requests)), requests


def triggers(asked: ClientState) -> dict[str, bool]:
    return {w.id: w.trigger_value for w in asked.widget_states.widgets}


class TestTakeOver:
    @pytest.mark.parametrize("begun", [False, True])
    def test_a_click_that_was_not_heard_yet(self, begun):
        held, requests = runner_of(request("h-map", "map", click="go"))
        if begun:
            requests.on_scriptrunner_ready()
        made = request("h-map", "map", click="other")
        made.fragment_id = ""
        take_over(held, made)
        assert triggers(made) == {"go": True, "other": True}
        # and is heard there alone
        assert requests.on_scriptrunner_ready().type is ScriptRequestType.STOP

    def test_one_that_was_heard_is_not_heard_twice(self):
        held, requests = runner_of(request("h-map", "map", click="go"))
        requests.heard = requests.on_scriptrunner_ready().rerun_data.widget_states
        made = request("h-map", "map")
        made.fragment_id = ""
        take_over(held, made)
        assert not made.widget_states.widgets

    def test_a_fragment_stops_no_run(self):
        held, requests = runner_of(request("h-map", "map", click="go"))
        made = request("h-map", "map")
        take_over(held, made)
        assert not made.widget_states.widgets
        assert requests.on_scriptrunner_ready().type is ScriptRequestType.RERUN

    def test_nothing_runs(self):
        made = request("h-map", "map")
        made.fragment_id = ""
        take_over(SimpleNamespace(_scriptrunner=None), made)
        assert made.widget_states == request("h-map", "map").widget_states


class Runner:
    """As much of Streamlit's runner as calls callbacks."""

    def __init__(self, requests: ScriptRequests, pages: SimpleNamespace | None = None):
        self._requests, self._execing, self.ended = requests, True, []
        self._pages_manager = pages or SimpleNamespace()

    def look(self):
        if self._execing and self._requests._state is ScriptRequestType.STOP:
            raise StopException

    def click(self, state, clicks):
        """A callback that is asked to stop at once, and looks at the session's state."""
        self._requests.request_stop()
        state._yield_callback()
        self.ended.append(clicks)


class TestHearWhole:
    def test_a_callback_ends_though_its_run_is_stopped(self):
        requests = ScriptRequests()
        runner = Runner(requests)
        state = SimpleNamespace(_yield_callback=runner.look)
        hear_whole(runner.click)(state, "go")
        assert (runner.ended, requests.heard, runner._execing) == (["go"], "go", True)
        with pytest.raises(StopException):
            runner.look()

    def test_a_run_that_was_stopped_before_hears_nothing(self):
        requests = ScriptRequests()
        runner = Runner(requests)
        requests.request_stop()
        state = SimpleNamespace(_yield_callback=runner.look)
        with pytest.raises(StopException):
            hear_whole(runner.click)(state, "go")
        assert not runner.ended and not hasattr(requests, "heard")

    def test_two_runs_one_after_the_other(self):
        seen, shared = [], SimpleNamespace()
        begun, go_on = Event(), Event()

        def slow(state, clicks):
            seen.append(f"{clicks} begins")
            begun.set()
            assert clicks == "second" or go_on.wait(10)
            seen.append(f"{clicks} ends")

        def run(clicks):
            runner = Runner(ScriptRequests(), shared)
            hear_whole(slow)(SimpleNamespace(_yield_callback=runner.look), clicks)

        first, second = (Thread(target=run, args=[name]) for name in ("first", "second"))
        first.start()
        assert begun.wait(10)
        second.start()
        second.join(0.2)
        go_on.set()
        first.join(10)
        second.join(10)
        assert seen == ["first begins", "first ends", "second begins", "second ends"]


TOUCH = """async ([way, where, delay]) => {
    const link = way === "button" ? document.querySelector("[class*='st-key-next-explore-button'] button") : [...document.querySelectorAll("[data-testid=stSidebarNav] a")].find((a) => a.innerText.includes("Explore"));
    link.click();
    if (delay) await new Promise((done) => setTimeout(done, delay));
    if (where === "fragment") document.querySelector(".at")?.atlas.report("picked", 7); else document.querySelector("[class*='st-key-made'] input")?.click();
}"""


@pytest.mark.browser
def test_the_next_page_comes_and_stays(page, server):
    page.goto(f"{server}/data")
    page.get_by_role("tab", name="Built in").click()
    page.locator(".st-key-open button").click()
    onward(page, "Train a model")
    page.get_by_role("radio", name="PCA", exact=True).click()
    page.locator(".st-key-train button").click()
    page.locator("strong", has_text="Trained in").wait_for()
    for way, where, delay in (
        ("button", "fragment", 30),
        ("button", "fragment", 90),
        ("link", "fragment", 5),
        ("button", "page", 20),
    ):
        page.get_by_role("link", name="Map", exact=True).click()
        page.locator(".at[data-drawn]").wait_for()
        page.locator("[class*='st-key-next-explore-button'] button").wait_for()
        page.evaluate(AT_REST)
        page.evaluate(TOUCH, [way, where, delay])
        page.locator(".lx[data-code]").wait_for()
        page.evaluate(AT_REST)
        assert (
            page.get_by_role("heading", name="Explore", exact=True).count() == 1
            and page.locator(".lx[data-code]").count() == 1
            and "/explore" in page.url
        ), (way, where, delay)
    # pictures of the page that was left before they came
    page.errors[:] = [error for error in page.errors if "Image source error" not in error]
