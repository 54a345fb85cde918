"""Large arrays come in as a stream: what is no array, too large or a stranger's leaves nothing
behind.
"""

import numpy as np
import pytest
from example_files import npy
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lvm_core.runs.workspace import Workspace
from lvm_core.settings import Limits
from pages.api import auth, uploads
from pages.session.services import Services, use


@pytest.fixture
def client(tmp_path):
    with (
        use(Services(Workspace(tmp_path))),
        TestClient(Starlette(routes=uploads.routes), base_url="http://127.0.0.1:8501") as made,
    ):
        yield made


def left(tmp_path) -> list:
    return list((tmp_path / "incoming").glob("*"))


def test_what_arrives_is_what_was_sent(client, tmp_path):
    # more than a piece
    content = npy(np.random.default_rng(0).random((700, 2000)).astype("f4"))
    answer = client.post(
        "/live/bring",
        params={"t": auth.sign("bring")},
        content=(content[i : i + 70_001] for i in range(0, len(content), 70_001)),
    )
    assert answer.status_code == 200
    assert (tmp_path / "incoming" / answer.json()["id"]).read_bytes() == content


@pytest.mark.parametrize(
    "case, status",
    [
        ("no array", 415),
        ("empty", 415),
        ("cut short", 415),
        ("no token", 403),
        ("a run's token", 403),
        ("foreign origin", 403),
        ("too large", 413),
        ("too large, not saying so", 413),
        ("disk full", 507),
    ],
)
def test_anything_else_is_refused_and_leaves_nothing(case, status, client, tmp_path, monkeypatch):
    content = {"no array": b"PK\x03\x04" * 100, "empty": b"", "cut short": b"\x93NUM"}.get(
        case, npy(np.zeros((300, 5000), "f4"))
    )
    token = {"no token": "", "a run's token": auth.sign("0" * 16)}.get(case, auth.sign("bring"))
    if case.startswith("too large"):
        monkeypatch.setattr(uploads, "LIMITS", Limits(array_bytes=5 * 2**20))
    if case == "disk full":
        monkeypatch.setattr(
            uploads.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10})()
        )
    if case == "too large, not saying so":
        content = iter([content[: 2**20], content[2**20 :]])
    answer = client.post(
        "/live/bring",
        params={"t": token},
        content=content,
        headers={"origin": "http://evil.example"} if case == "foreign origin" else {},
    )
    assert answer.status_code == status and len(answer.text) < 200
    assert left(tmp_path) == []


def test_what_nobody_asked_for_is_taken_away(client, tmp_path, monkeypatch):
    first = client.post(
        "/live/bring", params={"t": auth.sign("bring")}, content=npy(np.zeros(9))
    ).json()["id"]
    uploads.tidy()
    assert [p.name for p in left(tmp_path)] == [first]
    monkeypatch.setattr(uploads, "_LEFT", -1)
    uploads.tidy()
    assert left(tmp_path) == []


@pytest.mark.browser
def test_an_array_becomes_the_dataset(page, server):
    page.goto(f"{server}/data")
    page.get_by_text("A larger array").click()
    page.locator(".lxf input").set_input_files(
        {
            "name": "not.npy",
            "mimeType": "application/octet-stream",
            "buffer": b"nothing of the kind",
        }
    )
    page.get_by_text("This is no .npy file").wait_for()
    page.locator(".lxf input").set_input_files(
        {
            "name": "bad.npy",
            "mimeType": "application/octet-stream",
            "buffer": npy(np.array([[{}]], dtype=object), allow_pickle=True),
        }
    )
    page.locator("[data-testid=stAlert]").first.wait_for()
    page.locator(".lxf input").set_input_files(
        {
            "name": "waves.npy",
            "mimeType": "application/octet-stream",
            "buffer": npy(np.random.default_rng(0).random((300, 64)).astype("f4")),
        }
    )
    page.get_by_text("Values per item").wait_for()
    page.get_by_text("waves.npy").first.wait_for()
