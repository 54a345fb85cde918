"""Several people on one server: what is whose, who may look, and two real browsers that cannot
get at each other's.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from journeys import PATIENCE, ROOT
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from lvm_core import DATASETS, MODELS
from lvm_core.mapping import map_codes
from lvm_core.projections import PROJECTIONS
from lvm_core.runs import ownership
from lvm_core.settings import LIMITS, DataError, Limits
from pages.api import auth, cookies, routes, training
from pages.session import (
    data_rows,
    identity,
    maps,
    quotas,
    saved_directions,
    selection,
    state,
)
from pages.session import runs as starting
from pages.session.jobs import Fit
from pages.session.services import services
from pages.ui import selection_actions

A, B = "a" * 32, "b" * 32


@pytest.fixture
def many(monkeypatch):
    """A server for many, looked at by the browser whose code is set here."""
    monkeypatch.setattr(identity, "single_user", lambda: False)
    monkeypatch.setattr(identity, "uses_login", lambda: False)
    looking = {"code": A}
    monkeypatch.setattr(identity, "recovery_code", lambda: looking["code"])
    return looking


@pytest.fixture
def client():
    home = Route("/", lambda request: PlainTextResponse("page"))
    with TestClient(
        Starlette(
            routes=[home, *routes.routes, *training.routes, *cookies.routes],
            middleware=[Middleware(cookies.Cookies)],
        ),
        base_url="http://127.0.0.1:8501",
    ) as made:
        yield made


@pytest.fixture
def run(many):
    made = state.Run(state.Data(DATASETS["iris"]().load()), MODELS["PCA"](latent_dim=2), number=1)
    made.job = starting.fit_job(made)
    assert made.job.wait(60) and made.fitted
    made.maps["PCA"] = map_codes(made.fitted.codes, PROJECTIONS["PCA"]())
    services().runs.put(made)
    return made


def test_what_is_made_here_is_its_makers(run, many):
    assert identity.owns("runs", run.id) and identity.owns("datasets", run.data.id)
    assert [r.id for r in state.runs()] == [run.id] and [d["id"] for d in state.datasets()] == [
        run.data.id
    ]
    many["code"] = B
    assert not identity.may_see("runs", run.id) and not identity.may_see("datasets", run.data.id)
    assert state.runs() == [] and state.datasets() == []
    with pytest.raises(ValueError, match="Only whose run"):
        identity.share(run.id, True)


def test_whose_it_is_survives_on_disk_and_a_damaged_note_opens_nothing(run, many):
    folder = services().workspace.run_folder(run.id)
    assert A not in (folder / "owner.json").read_text()  # a digest, not the cookie
    (folder / "owner.json").write_text('{"format": 1, "owner": ')
    for looks in (A, B):
        many["code"] = looks
        assert not identity.may_see("runs", run.id)
    assert ownership.ownership(folder) == ownership.Ownership("nobody")


def ask(client, token, cookie, route="decode", method="POST", **query):
    client.cookies.clear()
    if cookie:
        client.cookies.set(identity.COOKIE, cookie)
    return client.request(
        method,
        f"/live/{route}",
        params={"t": token, "map": "PCA", **query},
        content=np.zeros(2, "<f4").tobytes() if method == "POST" else None,
    )


def test_a_token_holds_for_one_browser(run, many, client):
    token = auth.sign(run.id)
    assert ask(client, token, A).status_code == 200
    for cookie in (B, "", "not a code", A.upper()):
        assert ask(client, token, cookie).status_code == 403
    assert (
        identity.current_owner() in token
        and ask(client, token.replace(identity.current_owner(), identity._digest(B)), A).status_code
        == 403
    )


def test_a_guest_may_look_and_not_change(run, many, client):
    identity.share(run.id, True)
    many["code"] = B
    assert identity.may_see("runs", run.id) and not identity.owns("runs", run.id)
    token = auth.sign(run.id)
    assert ask(client, token, B).status_code == 200
    for route, query in (
        ("choose", {"by": "none"}),
        ("keep", {"op": "bookmark", "name": "x", "row": 0}),
        ("stop", {"job": "fit"}),
        ("ask", {"word": "cancel"}),
    ):
        answer = ask(client, token, B, route, **query)
        assert answer.status_code == 403 and "look at" in answer.text
    many["code"] = A
    identity.share(run.id, False)
    many["code"] = B
    assert not identity.may_see("runs", run.id)


@pytest.fixture
def shared(run, many):
    """Her run, shared; he holds a token and looks from now on."""
    identity.share(run.id, True)
    many["code"] = B
    return auth.sign(run.id)


def end_share(run, many):
    many["code"] = A
    identity.share(run.id, False)
    many["code"] = B


def delete(run, many):
    services().workspace.delete_run(run.id)


ENDS = {"unshared": (end_share, 403), "deleted": (delete, 404)}


@pytest.mark.parametrize("end", ENDS)
def test_a_share_that_ended_answers_no_old_token(end, run, many, shared, client):
    kinds = [
        ("decode", "POST", {}),
        ("item", "GET", {"i": "0"}),
        ("scene", "GET", {}),
        ("search", "GET", {"q": "setosa"}),
        ("job", "GET", {"job": "fit"}),
        ("training-history", "GET", {}),
    ]
    assert all(
        ask(client, shared, B, route, method, **query).status_code == 200
        for route, method, query in kinds
    )
    act, status = ENDS[end]
    act(run, many)
    for route, method, query in kinds:
        answer = ask(client, shared, B, route, method, **query)
        assert answer.status_code == status and "versicolor" not in answer.text, route
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"/live/socket?t={shared}"):
        pass


def question(**head):
    text = json.dumps({"id": 1, "map": "PCA", **head}).encode()
    return struct.pack("<I", len(text)) + text


def answered(message):
    return json.loads(message[4 : 4 + struct.unpack("<I", message[:4])[0]])


@pytest.mark.parametrize("end", ENDS)
def test_an_open_socket_of_a_share_that_ended_answers_nothing_and_is_closed(
    end, run, many, shared, client, monkeypatch
):
    client.cookies.set(identity.COOKIE, B)
    monkeypatch.setattr(auth, "_LOOK_SECONDS", 0.05)
    with client.websocket_connect(f"/live/socket?t={shared}") as ws:
        ws.send_bytes(question(ask="item", i="0"))
        assert answered(ws.receive_bytes())["rows"] == [0]
        ENDS[end][0](run, many)
        ws.send_bytes(question(ask="item", i="0"))
        with pytest.raises(WebSocketDisconnect) as closed:
            while True:  # the refusal of what was asked, then the end
                assert answered(ws.receive_bytes())["status"] == ENDS[end][1]
    assert closed.value.code == 1008 and closed.value.reason


def test_the_owner_s_own_socket_outlives_the_end_of_a_share_but_not_the_run(
    run, many, client, monkeypatch
):
    client.cookies.set(identity.COOKIE, A)
    monkeypatch.setattr(auth, "_LOOK_SECONDS", 0.05)
    identity.share(run.id, True)
    with client.websocket_connect(f"/live/socket?t={auth.sign(run.id)}") as ws:
        identity.share(run.id, False)
        ws.send_bytes(question(ask="item", i="1"))
        assert answered(ws.receive_bytes())["rows"] == [1]
        services().workspace.delete_run(run.id)
        with pytest.raises(WebSocketDisconnect) as closed:
            ws.receive_bytes()
    assert closed.value.code == 1008


def test_who_sits_at_the_machine_loses_a_deleted_run_too(run, many, client, monkeypatch):
    monkeypatch.setattr(identity, "single_user", lambda: True)
    token = auth.sign(run.id)
    assert ask(client, token, "").status_code == 200
    services().workspace.delete_run(run.id)
    answer = ask(client, token, "")
    assert answer.status_code == 404 and "not here any more" in answer.text


def test_tokens_end_and_are_renewed_while_a_page_is_used(run, many, client, monkeypatch):
    clock = {"now": auth.time.time()}
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: clock["now"]))
    token, began = auth.sign(run.id), clock["now"]
    # a page that is drawn again is handed the same
    assert auth.sign(run.id) == token
    fresh = ask(client, token, A)
    assert fresh.status_code == 200 and auth.RENEWED not in fresh.headers
    clock["now"] = int(token.split(".")[2]) - auth.TOKEN_SECONDS / 4
    later = ask(client, token, A).headers[auth.RENEWED]
    client.cookies.set(identity.COOKIE, A)
    with client.websocket_connect(f"/live/socket?t={token}") as ws:
        ws.send_bytes(question(ask="item", i="0"))
        assert answered(ws.receive_bytes())[auth.RENEWED] == later
    clock["now"] = began + 1.6 * auth.TOKEN_SECONDS
    assert ask(client, later, A).status_code == 200
    old = ask(client, token, A)
    assert old.status_code == 403 and "reload" in old.text
    assert ask(client, later, B).status_code == 403
    forged = token.split(".")
    forged[2] = later.split(".")[2]
    assert ask(client, ".".join(forged), A).status_code == 403


def test_the_cookie_is_given_once_and_no_script_reads_it(client, many):
    first = client.get("/", headers={"accept": "text/html"})
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie
    assert "set-cookie" not in client.get("/", headers={"accept": "text/html"}).headers
    client.cookies.clear()
    assert "set-cookie" not in client.get("/", headers={"accept": "image/png"}).headers
    assert (
        "secure"
        in client.get("/", headers={"accept": "text/html", "x-forwarded-proto": "https"})
        .headers["set-cookie"]
        .lower()
    )


def test_a_recovery_code_brings_its_cookie_to_its_own_page_only(client, many):
    spelled = "-".join(A[i : i + 4] for i in range(0, 32, 4)).upper()
    assert A in client.post("/live/enter", content=spelled).headers["set-cookie"]
    for content, headers in (
        (b"abc", {}),
        (b"\xff" * 32, {}),
        (A.encode() + b"a", {}),
        (A.encode(), {"origin": "http://evil.example"}),
        (b"x" * 5 * 2**20, {}),
    ):
        answer = client.post("/live/enter", content=content, headers=headers)
        assert 400 <= answer.status_code < 500 and "set-cookie" not in answer.headers


def test_alone_there_is_no_cookie_and_everything_is_ones_own(client, monkeypatch):
    monkeypatch.setattr(identity, "single_user", lambda: True)
    assert "set-cookie" not in client.get("/", headers={"accept": "text/html"}).headers
    assert identity.current_owner() == "" and identity.owns("runs", "0" * 16)
    assert client.post("/live/enter", content=A).status_code == 400


@pytest.mark.parametrize(
    "address, chosen, expected",
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("::1", "", True),
        ("0.0.0.0", "", False),
        (None, "", False),
        ("my.host", "", False),
        ("127.0.0.1", "many", False),
        ("0.0.0.0", "one", True),
    ],
)
def test_who_is_served_follows_the_address_unless_it_is_said(
    address, chosen, expected, monkeypatch
):
    monkeypatch.setenv("LATENT_EXPLORER_PEOPLE", chosen)
    monkeypatch.setattr(identity.st, "get_option", lambda name: address)
    assert identity.single_user.__wrapped__() is expected


def test_who_logged_in_is_who_it_is(monkeypatch):
    class User:
        def __init__(self, **claims):
            self.to_dict = lambda: claims

    monkeypatch.setattr(identity, "single_user", lambda: False)
    monkeypatch.setattr(identity, "uses_login", lambda: True)
    seen = []
    for claims in (
        {"iss": "a", "sub": "1"},
        {"iss": "a", "sub": "2"},
        {"iss": "b", "sub": "1"},
        {"iss": "a", "sub": "1", "email": "new@example.org"},
    ):
        monkeypatch.setattr(identity.st, "user", User(**claims))
        seen.append(identity.current_owner())
    assert (
        len(set(seen[:3])) == 3
        and seen[3] == seen[0]
        and all(me.startswith("u-") and len(me) == 34 for me in seen)
    )


def test_limits_of_one_person_are_said(run, many, monkeypatch):
    monkeypatch.setattr("lvm_core.settings.LIMITS", Limits(kept_bytes=100, runs_under_way=1))
    with pytest.raises(DataError, match="Delete runs"):
        quotas.check_storage_quota()
    quotas.check_run_quota()
    monkeypatch.setattr("lvm_core.settings.LIMITS", Limits(runs_under_way=1))
    services().workspace.set_state(run.id, state="waiting")
    with pytest.raises(DataError, match="limit is 1"):
        quotas.check_run_quota()
    services().workspace.set_state(run.id, state="done")
    many["code"] = B
    quotas.check_storage_quota(LIMITS.kept_bytes // 2)


def test_people_take_turns_in_the_queue(tmp_path, monkeypatch):
    from lvm_core.runs.scheduler import Scheduler
    from lvm_core.runs.workspace import Workspace

    workspace = Workspace(tmp_path).prepare()
    data = workspace.add_dataset(DATASETS["iris"]().load())
    ids = [workspace.add_run(data, MODELS["VAE"](latent_dim=2)).id for _ in range(6)]
    for id, owner in zip(ids, "aaaabb"):
        ownership.own(workspace.run_folder(id), owner)
    scheduler = Scheduler(workspace, count=1, spare=False)
    assert [scheduler.place(id) for id in ids] == [0, 2, 4, 5, 1, 3]
    workspace.set_state(ids[0], state="running")
    assert [scheduler.place(id) for id in ids[1:]] == [1, 3, 4, 0, 2]
    assert [run.id for run in scheduler.ahead(ids[1])] == [ids[0], ids[4]]
    assert Scheduler(workspace, count=3, spare=False).ahead(ids[1]) == []
    log = workspace.run_folder(ids[0]) / "progress.jsonl"
    log.write_text(
        json.dumps(
            {"step": 25, "total": 100, "metrics": {}, "seconds": 120.0, "phase": "", "first": 0}
        )
        + "\n"
    )
    said = [Fit(id, workspace, scheduler).words() for id in (ids[4], ids[1], ids[2])]
    assert said == [
        "Training VAE starts after somebody else's run (about 6 min)",
        "Training VAE starts after somebody else's run",
        "Training VAE starts after somebody else's run, 3 wait before it",
    ]
    for id in ids[4:]:
        workspace.set_state(id, state="cancelled")
    assert Fit(ids[1], workspace, scheduler).words() == "Training VAE starts after #1 (about 6 min)"


@pytest.mark.parametrize(
    "chosen, count",
    [("3", 3), ("0", 1), ("", None), ("many", ValueError), ("-1", ValueError), ("1.5", ValueError)],
)
def test_slots_are_a_whole_number(chosen, count, monkeypatch):
    from lvm_core.runs.scheduler import slots

    monkeypatch.setenv("LATENT_EXPLORER_SLOTS", chosen)
    if count is ValueError:
        with pytest.raises(ValueError, match="LATENT_EXPLORER_SLOTS"):
            slots()
    else:
        assert slots() == (count or slots()) >= 1


# -- two real browsers -----------------------------------------------------------------------------


@pytest.fixture
def open_server(tmp_path):
    """The app served to everybody on this network, as far as it knows."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            "--server.headless",
            "true",
            "--server.address",
            "0.0.0.0",
            "--server.port",
            str(port),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "LATENT_EXPLORER_HOME": str(tmp_path / "home")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.5)
    yield address
    process.terminate()
    process.wait()
    shutil.rmtree(tmp_path / "home", ignore_errors=True)


@pytest.mark.browser
def test_two_browsers_share_nothing_unless_they_mean_to(browser, open_server):
    hers, his = (browser.new_context(viewport={"width": 1280, "height": 1000}) for _ in range(2))
    for context in (hers, his):
        context.set_default_timeout(PATIENCE)
    page = hers.new_page()
    page.goto(open_server)
    page.get_by_role("button", name="Start with handwritten digits").first.click()
    page.locator("strong", has_text="Trained in").wait_for()
    page.wait_for_function("() => location.search.includes('run=')")
    link = page.url
    assert "run=" in link
    page.get_by_role("link", name="Explore").click()
    page.locator(".lx[data-code]").wait_for()
    token, map_key = page.evaluate(
        "() => { const { data } = document.querySelector('.lx').lx; return [data.token, data.map]; "
        "}"
    )
    [cookie] = [c for c in hers.cookies() if c["name"] == identity.COOKIE]
    assert cookie["httpOnly"] and identity.COOKIE not in page.evaluate("document.cookie")

    other = his.new_page()
    other.goto(link.replace("/train", "/explore"))  # he has her link
    other.get_by_text("not here, or not yours").wait_for()
    assert "run=" not in other.url
    asked = f"live/item?t={token}&map={map_key}&i=0"  # and even her token
    assert (
        page.evaluate("async (url) => (await fetch(url)).status", f"{open_server}/{asked}") == 200
    )
    assert (
        other.evaluate("async (url) => (await fetch(url)).status", f"{open_server}/{asked}") == 403
    )
    other.goto(open_server)
    other.get_by_role("link", name="Train").click()
    other.get_by_text("No data yet").wait_for()
    assert other.get_by_text("All runs").count() == 0

    page.goto(link)
    page.get_by_role("button", name="Share").locator("visible=true").first.click()
    page.get_by_text("Whoever has its link may look").click()
    page.get_by_text("The link is the address").wait_for()
    other.goto(link.replace("/train", "/explore"))
    other.locator(".lx[data-code]").wait_for()
    other.locator(".lx-keep").click()
    other.get_by_text("only whose it is can change it").wait_for()
    old = other.evaluate("() => document.querySelector('.lx').lx.wire.token")
    assert (
        other.evaluate(
            "async (url) => (await fetch(url)).status",
            f"{open_server}/live/item?t={old}&map={map_key}&i=0",
        )
        == 200
    )
    # she takes it back while he looks
    page.get_by_text("Whoever has its link may look").click()
    other.wait_for_function("() => document.querySelector('.lx').lx.wire.closed")
    other.get_by_text("not shared with you any more").first.wait_for()
    assert (
        other.evaluate(
            "async (url) => (await fetch(url)).status",
            f"{open_server}/live/item?t={old}&map={map_key}&i=0",
        )
        == 403
    )
    other.goto(link.replace("/train", "/explore"))
    other.get_by_text("not here, or not yours").wait_for()
    page.get_by_text("Whoever has its link may look").click()
    page.get_by_text("The link is the address").wait_for()
    other.goto(link)
    other.get_by_text("Somebody shared this run with you").wait_for()
    assert other.get_by_role("button", name="Delete").count() == 0

    page.locator("[data-testid=stSidebar]").get_by_role("button", name="This browser's own").click()
    code = (
        page.locator(
            "[data-testid=stSidebar] [data-testid=stCode], [data-testid=stPopoverBody] "
            "[data-testid=stCode]"
        )
        .first.inner_text()
        .strip()
    )
    other.locator("[data-testid=stSidebar]").get_by_role(
        "button", name="This browser's own"
    ).click()
    other.locator(".lxw-code").fill(code)
    with other.expect_navigation():
        other.get_by_role("button", name="Use it here").click()
    other.goto(link)
    # now it is his as well
    other.get_by_role("button", name="Delete").locator("visible=true").first.wait_for()
    for context in (hers, his):
        context.close()


def test_the_map_of_data_without_a_model_is_its_owner_s(many, client):
    many["code"] = A
    data = state.use_data(state.Data(DATASETS["iris"]().load()))
    rows = data_rows.of(data)
    assert rows.job.wait(60)
    view, _, _ = maps.view(rows, PROJECTIONS["PCA"](n_components=2))
    token = auth.sign(rows.id)
    scene = dict(route="scene", method="GET", map=view.key)
    nothing = dict(route="choose", by="none", map=view.key)
    rows.selection = [1, 2]
    assert ask(client, token, A, **scene).status_code == 200
    assert ask(client, token, B, **scene).status_code == 403
    many["code"] = B
    assert ask(client, auth.sign(rows.id), B, **scene).status_code == 403
    assert ask(client, auth.sign(rows.id), B, **nothing).status_code == 403
    assert data.chosen.tolist() == [1, 2]
    assert ask(client, token, A, **nothing).status_code == 200 and not len(data.chosen)


WRITES = {
    "keep a group": lambda run: selection.save_group(run, "mine", [1, 2]),
    "keep a place": lambda run: selection.bookmark(run, "here", 0, run.fitted.codes[0]),
    "keep directions": lambda run: saved_directions.save(run, {}),
    "keep annotations": lambda run: state.save_annotations(run),
    "rename the run": lambda run: state.rename_run(run.id, "theirs"),
    "rename the data": lambda run: state.rename_data(run.data.id, "theirs"),
    "delete the run": lambda run: starting.delete(run.id),
    "delete the data": lambda run: state.delete_data(run.data.id),
    "train on": lambda run: starting.extend(run, 1),
    "resume": lambda run: starting.resume(run),
    "cancel": lambda run: starting.cancel(run),
    "share": lambda run: identity.share(run.id, True),
    "delete a map": lambda run: maps.delete(run, "PCA"),
    "save a column": lambda run: selection_actions.save_column(
        run, "chosen", pd.Series(True, run.dataset.rows.index)
    ),
    "save a label": lambda run: selection_actions.save_column(
        run, "chosen", pd.Series("a", run.dataset.rows.index), as_label=True
    ),
    "remove a column": lambda run: selection_actions.remove_column(run, "noted"),
}


def on_disk():
    """Every file below the workspace, by its content."""
    folder = services().workspace.folder
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whatever_writes_asks_whose_it_is(write, run, many):
    """What a guest's page draws as disabled is asked for all the same, as an attacker did."""
    identity.share(run.id, True)
    selection_actions.save_column(run, "noted", pd.Series(1, run.dataset.rows.index))
    before, noted = on_disk(), json.dumps(run.annotations)
    many["code"] = B
    with pytest.raises(ValueError, match="[Oo]nly whose|shared with you|not yours|whose it is"):
        write(run)
    assert on_disk() == before and json.dumps(run.annotations) == noted
    assert run.dataset.added == ["noted"] and "noted" in run.dataset.rows


def test_a_guest_s_map_is_on_no_disk_and_its_owner_s_is(run, many):
    identity.share(run.id, True)
    before = on_disk()
    many["code"] = B
    assert maps.begin(run, PROJECTIONS["MDS"](n_components=2)).wait(PATIENCE)
    assert maps.begin(run, PROJECTIONS["MDS"](n_components=2)).result is not None
    assert on_disk() == before
    many["code"] = A
    assert maps.begin(run, PROJECTIONS["PCA"](n_components=2)).wait(PATIENCE)
    assert {name for name in on_disk() if "/maps/" in name}


def test_a_route_s_asker_is_who_its_token_names(run, many):
    many["code"] = B
    with identity.asked_by(ownership.ownership(services().workspace.run_folder(run.id)).owner):
        identity.require("runs", run.id)
    with pytest.raises(ValueError, match="only whose it is"):
        identity.require("runs", run.id)
