"""Uploads that no uploader asked for, and senders who stall."""

import asyncio
from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from lvm_core import settings
from pages.api import csp, upload_quota, uploads
from pages.api.auth import HttpError

MB = 2**20
PUT = "/_stcore/upload_file/{}/{}"


@pytest.fixture
def held(monkeypatch):
    """What Streamlit would hold: what was taken in, by session."""
    held = Counter()
    monkeypatch.setattr(upload_quota, "held_bytes", lambda: held)
    monkeypatch.setattr(settings, "LIMITS", settings.Limits(upload_bytes=MB))
    return held


@pytest.fixture
def client(held):
    async def take(request):
        held[request.path_params["session"]] += len(await request.body())
        return PlainTextResponse("taken", 204)

    route = Route(PUT.format("{session}", "{file}"), take, methods=["PUT", "DELETE"])
    return TestClient(Starlette(routes=[route], middleware=[Middleware(upload_quota.Uploads)]))


def pieces(n):
    for _ in range(n):
        yield b"x" * (MB // 4)


def test_one_session_holds_two_uploads_and_no_more(client, held):
    for i in range(8):
        client.put(PUT.format("s1", i), content=b"x" * (MB // 2))
    assert held["s1"] == 2 * MB
    answer = client.put(PUT.format("s1", 9), content=b"x" * MB)
    assert answer.status_code == 413 and "the limit is 2 MB" in answer.text
    assert client.put(PUT.format("s2", 0), content=b"x" * MB).status_code == 204
    held.clear()  # the person took them out
    assert client.put(PUT.format("s1", 0), content=b"x" * MB).status_code == 204


def test_what_is_sent_without_a_length_is_counted_as_it_comes(client, held):
    answer = client.put(PUT.format("s1", 0), content=pieces(40))
    assert answer.status_code == 413 and not held["s1"]
    assert client.put(PUT.format("s1", 0), content=pieces(4)).status_code == 204
    assert held["s1"] == MB


def test_all_sessions_together_have_a_limit(client, held):
    codes = [
        client.put(PUT.format(f"s{i}", 0), content=b"x" * MB).status_code
        for i in range(upload_quota.ALL + 2)
    ]
    assert codes == [204] * upload_quota.ALL + [503] * 2


def test_other_requests_pass(client):
    assert client.delete(PUT.format("s1", 0)).status_code == 204


def stalled(first):
    """An ASGI receive that brings one piece and then nothing."""
    sent = []

    async def receive():
        if not sent:
            sent.append(first)
            return {"type": "http.request", "body": first, "more_body": True}
        await asyncio.sleep(60)

    return receive


def test_a_sender_who_stalls_is_let_go(held, monkeypatch):
    monkeypatch.setattr(upload_quota, "IDLE", 0.05)
    answers, ended = [], []

    async def app(scope, receive, send):
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            ended.append(True)

    async def send(message):
        answers.append(message)

    quota = upload_quota.Uploads(app)
    scope = {"type": "http", "method": "PUT", "path": PUT.format("s", 1), "headers": []}
    asyncio.run(quota(scope, stalled(b"x"), send))
    assert ended and answers[0]["status"] == 408 and not quota.arriving


def test_so_is_one_of_a_large_array(monkeypatch):
    monkeypatch.setattr(uploads, "IDLE", 0.05)

    async def chunks():
        yield b"first"
        await asyncio.sleep(60)

    async def read():
        return [chunk async for chunk in uploads._hurried(chunks())]

    with pytest.raises(HttpError) as error:
        asyncio.run(read())
    assert error.value.status == 408


def test_it_is_asked_after_strange_hosts_and_before_streamlit():
    assert upload_quota.Uploads in [entry.cls for entry in csp.middleware]
