"""The live routes: right answers to the page that asked, refusals to everybody else."""

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lvm_core import DATASETS, MODELS, PROJECTIONS, read_dataset
from lvm_core.worker import map_codes
from pages.ui import guard, live, state


@pytest.fixture(scope="module")
def run():
    made = state.Run(state.Data(DATASETS["digits"]().load()), MODELS["PCA"](latent_dim=6), number=1)
    made.job = state.fit_job(made)
    assert made.job.wait(60) and made.fitted
    made.maps["PCA"] = map_codes(made.fitted.codes, PROJECTIONS["PCA"]())
    state.RUNS.put(made)
    return made


@pytest.fixture(scope="module")
def runs_of_every_kind(run):
    text = "\n".join(f"{a} {b} {c}" for a in ("red", "blue", "green") for b in ("cat", "dog", "fox") for c in ("runs", "sits"))
    made = [run]
    for dataset, model in ((DATASETS["iris"]().load(), "PCA"), (DATASETS["spiral"]().load(), "PCA"), (read_dataset(text.encode(), name="t.txt"), "LSA")):
        other = state.Run(state.Data(dataset), MODELS[model](latent_dim=2), number=1)
        other.job = state.fit_job(other)
        assert other.job.wait(60) and other.fitted, other.job.error
        other.maps["PCA"] = map_codes(other.fitted.codes, PROJECTIONS["PCA"]())
        made.append(other)
    return made


@pytest.fixture(scope="module")
def client():
    with TestClient(Starlette(routes=live.routes), base_url="http://127.0.0.1:8501") as client:
        yield client


def ask(client, run, route, values=None, token=None, headers=None, content=None, **query):
    query = {"t": guard.sign(run.id) if token is None else token, "map": "PCA", **query}
    if values is None and content is None:
        return client.get(f"/live/{route}", params=query, headers=headers)
    return client.post(f"/live/{route}", params=query, headers=headers, content=content if content is not None else np.asarray(values, "<f4").tobytes())


def parse(response):
    assert response.status_code == 200, response.text
    length = struct.unpack("<I", response.content[:4])[0]
    return json.loads(response.content[4:4 + length]), response.content[4 + length:]


def test_a_decoded_frame_is_the_inverse_transform_to_rounding(client, run):
    Z = run.fitted.codes[:5] * 1.1
    head, payload = parse(ask(client, run, "decode", Z))
    want = run.dataset.decode(run.fitted.model.inverse_transform(Z))
    assert head["shape"] == list(want.shape)
    assert np.abs(np.frombuffer(payload, np.uint8) / 255.0 - want.ravel()).max() <= 0.5 / 255 + 1e-6


def test_one_code_learns_its_place_and_its_neighbours(client, run):
    row = int(run.fitted.train[3])
    head, _ = parse(ask(client, run, "decode", run.fitted.codes[[row]]))
    assert head["near"][0] == row
    assert np.allclose(head["place"], run.maps["PCA"].positions[row], atol=1e-3)
    assert head["percentile"] <= 100 and head["support"] == "usual"


def test_no_answer_uses_a_name_twice(client, runs_of_every_kind):
    """What is decoded and where it lies travel in one head."""
    for made in runs_of_every_kind:
        Z = made.fitted.codes[:1]
        payload, _ = live._payload(made, live._decoded(made, Z))
        assert not set(payload) & set(live._at(made, made.maps["PCA"], Z))


def test_a_place_on_an_exact_map_is_decoded_there(client, run):
    head, _ = parse(ask(client, run, "place", [[1.5, -0.5]]))
    assert np.allclose(head["place"], [1.5, -0.5], atol=1e-3)


def test_scene_film_path_item_and_random(client, run):
    head, payload = parse(ask(client, run, "scene", colour="digit"))
    assert head["n"] == len(run.dataset) and len(payload) == head["n"] * 4 * 4 and len(head["groups"]) == 10
    head, payload = parse(ask(client, run, "film", run.fitted.codes[[0]], count=3, stops=5))
    assert head["shape"][0] == 15 and len(head["order"]) == 3
    for kind in ("line", "arc", "dense"):
        head, _ = parse(ask(client, run, "path", run.fitted.codes[:2], kind=kind, steps=7))
        t = np.array(head["t"])
        at = np.array(head["codes"])
        assert np.allclose(at[np.argmin(abs(t))], run.fitted.codes[0], atol=1e-3) and np.allclose(at[np.argmin(abs(t - 1))], run.fitted.codes[1], atol=1e-3)
    head, _ = parse(ask(client, run, "item", i="4,5"))
    assert head["rows"] == [4, 5] and np.allclose(head["codes"], run.fitted.codes[4:6], atol=1e-6)
    first, again = (parse(ask(client, run, "random", seed=3))[0]["code"] for _ in range(2))
    assert first == again


BAD = {
    "no token": dict(token=""), "forged token": dict(token="abc.def"), "foreign signature": dict(token="RUN.00000000000000000000000000000000"),
    "unicode token": dict(token="ü.ü"), "foreign origin": dict(headers={"origin": "http://evil.example"}), "null origin": dict(headers={"origin": "null"}),
    "cross-site fetch": dict(headers={"sec-fetch-site": "cross-site"}), "wrong length": dict(content=b"12345"), "empty": dict(content=b""),
    "ten megabytes": dict(content=b"\0" * 10 * 2**20), "too many rows": dict(values=np.zeros((5000, 6))), "NaN": dict(values=np.full((1, 6), np.nan)),
    "infinity": dict(values=np.full((1, 6), np.inf)), "huge": dict(values=np.full((1, 6), 1e30)), "unknown map": dict(map="../../etc/passwd"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_a_page_s_own_request_is_refused(case, client, run):
    options = {"values": np.zeros((1, 6)), **BAD[case]}
    if options.get("token", "").startswith("RUN"):
        options["token"] = options["token"].replace("RUN", run.id)
    response = ask(client, run, "decode", **options)
    assert 400 <= response.status_code < 500, case
    assert len(response.content) < 300 and "Traceback" not in response.text
    assert parse(ask(client, run, "decode", np.zeros((1, 6))))      # and the server is well


@pytest.mark.parametrize("query", [dict(i="-1"), dict(i="99999999"), dict(i="a"), dict(i="")])
def test_rows_that_do_not_exist_are_refused(query, client, run):
    assert ask(client, run, "item", **query).status_code == 400


@pytest.mark.parametrize("route, query", [("film", dict(stops="1e9")), ("film", dict(count="nan")), ("path", dict(steps="x")), ("path", dict(kind="__class__"))])
def test_options_outside_their_range_are_refused(route, query, client, run):
    assert ask(client, run, route, run.fitted.codes[:2 if route == "path" else 1], **query).status_code == 400


def test_a_token_is_for_one_run_only(client, run):
    other = state.Run(run.data, run.model, number=2)
    other.job = run.job
    state.RUNS.put(other)
    token = guard.sign(run.id).split(".")[-1]
    assert ask(client, run, "decode", np.zeros((1, 6)), token=f"{other.id}.{token}").status_code == 403


def test_plotly_is_served_from_the_installed_package(client):
    response = client.get("/live/plotly.js")
    assert response.status_code == 200 and "plotly.js v" in response.text[:300]
    assert response.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("format", ("gif", "webp"))
def test_a_walk_becomes_a_film(format, client, run):
    response = ask(client, run, "animation", run.fitted.codes[:2], kind="arc", format=format)
    assert response.status_code == 200 and response.headers["content-type"] == f"image/{format}"
    with Image.open(io.BytesIO(response.content)) as film:
        assert film.n_frames == 58 and film.size == (192, 192)
    assert ask(client, run, "animation", run.fitted.codes[:3], format=format).status_code == 400


def test_connections_of_a_socket_without_a_protocol_send_at_once():
    import socket
    from asyncio import base_events

    from pages.ui.server import answer_at_once

    answer_at_once()
    with socket.socket(socket.AF_INET) as sock:        # as Streamlit makes it
        base_events._set_nodelay(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
