"""Which requests are answered at all."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pages.api import csp, hosts

STREAM = "ws://127.0.0.1:8501/_stcore/stream"


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_HOSTS", "lab.example.org")
    hosts.own_names.cache_clear()

    async def talk(ws):
        await ws.accept()
        await ws.send_text("open")
        await ws.close()

    app = Starlette(
        routes=[
            Route("/", lambda request: PlainTextResponse("page"), methods=["GET", "POST"]),
            WebSocketRoute("/_stcore/stream", talk),
        ],
        middleware=[Middleware(hosts.Hosts)],
    )
    yield TestClient(app, base_url="http://127.0.0.1:8501")
    hosts.own_names.cache_clear()


KNOWN = (
    "127.0.0.1:8501",
    "localhost:8501",
    "LOCALHOST.",
    "app.localhost",
    "[::1]:8501",
    "192.168.1.7",
    "lab.example.org",
    "Lab.Example.org:443",
)
STRANGE = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8501",
    "lab.example.org.evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1/evil",
    "127.0.0.1:port",
    "[::1",
    "",
)


@pytest.mark.parametrize("host", KNOWN)
def test_own_names_and_numbers_are_answered(client, host):
    assert client.get("/", headers={"host": host}).text == "page"


@pytest.mark.parametrize("host", STRANGE)
def test_a_name_that_another_site_lets_point_here_is_refused(client, host):
    """DNS rebinding: the browser sends the other site's name as Host, and as Origin too."""
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        answer = client.get("/", headers=headers)
        assert answer.status_code == 403 and "LATENT_EXPLORER_HOSTS" in answer.text
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect(STREAM, headers=headers),
        ):
            pass


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "http://[", "file://", "https://x@y"],
)
def test_pages_of_other_sites_are_refused_before_streamlit_looks(client, origin):
    headers = {"origin": origin}
    assert client.get("/", headers=headers).status_code == 403
    assert client.post("/", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(STREAM, headers=headers),
    ):
        pass


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8501", "https://lab.example.org"])
def test_our_own_pages_are_answered_also_behind_a_proxy(client, origin):
    with client.websocket_connect(STREAM, headers={"origin": origin}) as ws:
        assert ws.receive_text() == "open"


def test_a_star_answers_to_any_name(client, monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_HOSTS", "*")
    hosts.own_names.cache_clear()
    assert client.get("/", headers={"host": "any.example"}).text == "page"
    assert client.get("/", headers={"host": "a b"}).status_code == 403


def test_the_app_asks_them_before_anything_but_the_headers():
    order = [entry.cls for entry in csp.middleware]
    assert order[:2] == [csp.Policy, hosts.Hosts]
