"""A click that leads to another page leads there, whatever asks for a run of the old page
meanwhile.
"""

from types import SimpleNamespace

import pytest
from journeys import AT_REST, onward
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from pages.streamlit_patches import redirect, take_over

PAGES = {"h-home": "", "h-train": "train", "h-map": "map"}


def session(now: str, **state):
    return SimpleNamespace(
        page_script_hash=now,
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
        here.page_script_hash = "h-map"
        # begun, asked for again, and back by a way of the server's: the link is spent
        for _ in range(2):
            redirect(here, request("h-map", "map"))
        here.page_script_hash = "h-train"
        made = request("h-train", "train")
        redirect(here, made)
        assert made == request("h-train", "train")

    def test_a_way_that_is_under_way(self):
        made = request("h-train", "train")
        redirect(session("h-train", way="map"), made)
        assert made.page_script_hash == "h-map"

    def test_the_first_page_has_no_name(self):
        made = request("h-home", "")
        redirect(session("h-train"), made)
        assert made.page_script_hash == "h-train"


class TestTakeOver:
    def waiting(self, asked: ClientState):
        requests = ScriptRequests()
        requests.request_rerun(
            RerunData(widget_states=asked.widget_states, page_script_hash=asked.page_script_hash)
        )
        return SimpleNamespace(_scriptrunner=SimpleNamespace(_requests=requests)), requests

    def test_a_click_that_was_not_heard_yet(self):
        held, _ = self.waiting(request("h-map", "map", click="go"))
        made = request("h-map", "map", click="other")
        take_over(held, made)
        assert {w.id: w.trigger_value for w in made.widget_states.widgets} == {
            "go": True,
            "other": True,
        }

    def test_one_that_is_being_heard_is_not_heard_twice(self):
        held, requests = self.waiting(request("h-map", "map", click="go"))
        requests.on_scriptrunner_ready()
        made = request("h-map", "map")
        take_over(held, made)
        assert not made.widget_states.widgets

    def test_nothing_runs(self):
        made = request("h-map", "map")
        take_over(SimpleNamespace(_scriptrunner=None), made)
        assert made == request("h-map", "map")


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
    page.get_by_text("Trained in").wait_for()
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
