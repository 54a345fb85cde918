"""The live routes: right answers to the page that asked, refusals to everybody else."""

import io
import json
import struct
import threading

import numpy as np
import pytest
from app_pages import finished
from live import ask, parse
from PIL import Image
from starlette.websockets import WebSocketDisconnect
from waiting import until

from lvm_core import DATASETS, MODELS, PROJECTIONS, read_dataset
from lvm_core.latent.held_out import Comparison, HeldOutScore
from lvm_core.latent.samplers import SAMPLERS
from lvm_core.mapping import map_codes
from pages.api import auth, routes
from pages.session import code_sources, state
from pages.session.services import services


@pytest.fixture(scope="module")
def run(digits_run):
    return digits_run


@pytest.fixture(scope="module")
def runs_of_every_kind(run):
    text = "\n".join(
        f"{a} {b} {c}"
        for a in ("red", "blue", "green")
        for b in ("cat", "dog", "fox")
        for c in ("runs", "sits")
    )
    made = [run]
    for dataset, model in (
        (DATASETS["iris"]().load(), "PCA"),
        (DATASETS["spiral"]().load(), "PCA"),
        (read_dataset(text.encode(), name="t.txt"), "LSA"),
    ):
        other = finished(dataset, MODELS[model](latent_dim=2), 1)
        other.maps["PCA"] = map_codes(other.fitted.codes, PROJECTIONS["PCA"]())
        made.append(other)
    return made


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
    assert head["percentile"] <= 100 and head["typicality"] == {
        "code": "typical",
        "words": "Usual: real items have codes like this",
    }


def test_no_answer_uses_a_name_twice(client, runs_of_every_kind):
    """What is decoded and where it lies travel in one head."""
    for made in runs_of_every_kind:
        Z = made.fitted.codes[:1]
        payload, _ = routes._decoded(made, Z)
        assert not set(payload) & set(routes._at(made, made.maps["PCA"], Z))


def test_a_place_on_an_exact_map_is_decoded_there(client, run):
    head, _ = parse(ask(client, run, "place", [[1.5, -0.5]]))
    assert np.allclose(head["place"], [1.5, -0.5], atol=1e-3)


def test_film_path_item_and_random(client, run):
    head, payload = parse(ask(client, run, "traversals", run.fitted.codes[[0]], count=3, stops=5))
    assert head["shape"][0] == 15 and len(head["order"]) == 3
    for kind in ("line", "arc", "dense"):
        head, _ = parse(ask(client, run, "path", run.fitted.codes[:2], kind=kind, steps=7))
        assert len(head["typicality"]) == 7 and {step["code"] for step in head["typicality"]} <= {
            "typical",
            "unusual",
            "far",
        }
        t = np.array(head["t"])
        at = np.array(head["codes"])
        assert np.allclose(at[np.argmin(abs(t))], run.fitted.codes[0], atol=1e-3) and np.allclose(
            at[np.argmin(abs(t - 1))], run.fitted.codes[1], atol=1e-3
        )
    head, _ = parse(ask(client, run, "item", i="4,5"))
    assert head["rows"] == [4, 5] and np.allclose(head["codes"], run.fitted.codes[4:6], atol=1e-6)
    first, again = (parse(ask(client, run, "random", seed=3))[0]["code"] for _ in range(2))
    assert first == again


def test_new_samples_are_placed_on_the_map(client, run, monkeypatch):
    monkeypatch.setattr(code_sources, "chosen_by_score", lambda run: False)
    head, payload = parse(ask(client, run, "generated", seed=3))
    Z = np.frombuffer(payload[: head["n"] * 24], "<f4").reshape(-1, 6)
    P = np.frombuffer(payload[head["n"] * 24 :], "<f4").reshape(-1, 2)
    assert np.array_equal(Z, run.fitted.model.sample_codes(len(Z), random_state=3).astype("<f4"))
    assert np.allclose(P, run.maps["PCA"].projection.transform(Z), atol=1e-5)


def test_new_samples_come_from_what_suits_held_out_codes(client, run, monkeypatch):
    """From the best source on held-out codes, the prior until they are compared; each says so."""
    prior = run.fitted.model.sample_codes(200, random_state=3).astype("<f4")
    for key in list(run.jobs.work):  # fitted for another test
        del run.jobs.work[key]
    go, mixture = threading.Event(), SAMPLERS["Mixture"]().fit(run.fitted.codes[run.fitted.train])

    def compare(*_, **__):
        go.wait(30)
        score = HeldOutScore(-1.0, 0.1)
        return Comparison({"Prior": score, "Mixture": score}, {"Mixture": mixture}, "Mixture")

    monkeypatch.setattr(code_sources, "compare_sources", compare)
    head, payload = parse(ask(client, run, "generated", seed=3))
    assert (
        head["later"]
        and "until others have been compared" in head["source"]
        and payload[: prior.nbytes] == prior.tobytes()
    )
    assert "prior" in parse(ask(client, run, "random", seed=3))[0]["source"]
    go.set()
    until(lambda: not parse(ask(client, run, "generated", seed=3))[0]["later"])
    head, payload = parse(ask(client, run, "generated", seed=3))
    Z = np.frombuffer(payload[: prior.nbytes], "<f4").reshape(prior.shape)
    assert "(mixture of gaussians)" in head["source"].lower()
    assert np.allclose(Z, mixture.sample(200, random_state=3), atol=1e-5)
    one = parse(ask(client, run, "random", seed=5))[0]
    assert one["code"] == parse(ask(client, run, "random", seed=5))[0]["code"]
    for key in list(run.jobs.work):  # another test shall not find this one's
        del run.jobs.work[key]


# -- the socket: the same questions, the same answers ----------------------------------------------


def packed(head, body=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text + body


def unpacked(message):
    length = struct.unpack("<I", message[:4])[0]
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def test_the_socket_answers_as_the_routes_do(client, run):
    Z = run.fitted.codes[:1] * 1.2
    with client.websocket_connect(f"/live/socket?t={auth.sign(run.id)}") as socket:
        socket.send_bytes(
            packed({"ask": "decode", "id": 7, "map": "PCA"}, Z.astype("<f4").tobytes())
        )
        head, payload = unpacked(socket.receive_bytes())
        assert head.pop("id") == "7"
        assert (head, payload) == parse(ask(client, run, "decode", Z))
        socket.send_bytes(packed({"ask": "item", "id": 8, "map": "PCA", "i": 4}))
        assert unpacked(socket.receive_bytes())[0]["rows"] == [4]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\1",
        struct.pack("<I", 2**31) + b"{}",
        packed(b"\xff\xfe"),
        packed(b"[1]"),
        packed(b"[" * 20000),
        packed({"ask": "__class__"}),
        packed({"ask": ["decode"]}),
        packed({"ask": "decode", "map": "PCA"}, b"12345"),
        packed({"ask": "decode", "map": "PCA"}, np.full(6, np.nan, "<f4").tobytes()),
        packed({"ask": "decode", "map": "../x"}, bytes(24)),
        packed({"ask": "animation", "id": 1}, bytes(48)),
    ],
)
def test_a_bad_message_gets_a_sentence_and_the_next_an_answer(message, client, run):
    with client.websocket_connect(f"/live/socket?t={auth.sign(run.id)}") as socket:
        socket.send_bytes(message)
        head, _ = unpacked(socket.receive_bytes())
        assert 400 <= head["status"] < 500 and head["sentence"]
        socket.send_bytes(packed({"ask": "random", "id": 1, "seed": 2}))
        assert unpacked(socket.receive_bytes())[0]["seed"] == 2


@pytest.mark.parametrize(
    "token, headers",
    [
        ("", {}),
        ("abc.def", {}),
        (None, {"origin": "http://evil.example"}),
        (None, {"origin": "null"}),
        (None, {"sec-fetch-site": "cross-site"}),
    ],
)
def test_a_stranger_gets_no_socket(token, headers, client, run):
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(
            f"/live/socket?t={auth.sign(run.id) if token is None else token}", headers=headers
        ),
    ):
        pass


def test_a_socket_that_sends_too_much_is_closed(client, run):
    with client.websocket_connect(f"/live/socket?t={auth.sign(run.id)}") as socket:
        socket.send_bytes(bytes(5 * 2**20))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
    assert closed.value.code == 1009
    assert parse(ask(client, run, "decode", np.zeros((1, 6))))


# -- choosing and keeping --------------------------------------------------------------------------


def test_what_is_chosen_is_one_set_whatever_way_it_was_chosen(client, run):
    P = run.maps["PCA"].positions
    low, high = np.quantile(P, [0.3, 0.7], axis=0)
    box = [low[0], low[1], high[0], low[1], high[0], high[1], low[0], high[1]]
    within = set(np.flatnonzero(((P > low) & (P < high)).all(1)).tolist())
    threes = set(np.flatnonzero((run.dataset.rows["digit"].astype(str) == "3").to_numpy()).tolist())

    def chosen(*args, **query):
        head, payload = parse(ask(client, run, "choose", *args, **query))
        rows = np.frombuffer(payload, "<i4").tolist()
        assert rows == run.selection.tolist() and head["chosen"] == len(rows)
        return set(rows)

    assert chosen(box, by="region") == within
    assert chosen(np.zeros(0), by="query", q="digit=3", how="add") == within | threes
    assert chosen(box, by="region", how="remove") == threes - within
    head, _ = parse(ask(client, run, "keep", np.zeros(0), op="group", name="<b>outer</b> threes"))
    assert head["groups"] == {"<b>outer</b> threes": len(threes - within)}
    assert chosen(np.zeros(0), by="none") == set()
    assert chosen(np.zeros(0), by="group", group="<b>outer</b> threes") == threes - within
    assert (
        parse(ask(client, run, "keep", np.zeros(0), op="drop-group", group="<b>outer</b> threes"))[
            0
        ]["groups"]
        == {}
    )


def test_places_are_kept_named_and_forgotten(client, run):
    code = run.fitted.codes[3] * 1.5
    head, _ = parse(
        ask(client, run, "keep", code, op="bookmark", name="between\x00 worlds " + "x" * 100, row=3)
    )
    assert (
        len(head["bookmarks"]) == 1
        and np.allclose(head["bookmarks"][0]["code"], code, atol=1e-6)
        and len(head["bookmarks"][0]["name"]) <= 60
    )
    assert (
        parse(ask(client, run, "keep", np.zeros(0), op="rename", at=0, name="a seven"))[0][
            "bookmarks"
        ][0]["name"]
        == "a seven"
    )
    assert parse(ask(client, run, "kept"))[0]["bookmarks"][0]["row"] == 3
    json.dumps(run.annotations, allow_nan=False)
    assert parse(ask(client, run, "keep", np.zeros(0), op="forget", at=0))[0]["bookmarks"] == []


@pytest.mark.parametrize(
    "route, query",
    [
        ("choose", dict(by="__class__")),
        ("choose", dict(by="none", how="eval")),
        ("choose", dict(by="region")),
        ("choose", dict(by="group", group="nobody")),
        ("choose", dict(by="query", q="digit>three")),
        ("keep", dict(op="exec")),
        ("keep", dict(op="forget", at=0)),
        ("keep", dict(op="rename", at="nan")),
        ("keep", dict(op="bookmark", row=-1)),
    ],
)
def test_choices_that_make_no_sense_are_refused(route, query, client, run):
    assert ask(client, run, route, np.zeros(0), **query).status_code in (400, 404)


def test_search_names_what_it_found(client, run):
    head, _ = parse(ask(client, run, "search", q="digit=7"))
    assert (
        head["count"] == int((run.dataset.rows["digit"].astype(str) == "7").sum())
        and len(head["rows"]) == len(head["names"]) <= 24
    )
    assert parse(ask(client, run, "search", q="   "))[0]["count"] == 0


BAD = {
    "no token": dict(token=""),
    "forged token": dict(token="abc.def"),
    "foreign signature": dict(token="RUN.00000000000000000000000000000000"),
    "unicode token": dict(token="ü.ü"),
    "foreign origin": dict(headers={"origin": "http://evil.example"}),
    "null origin": dict(headers={"origin": "null"}),
    "cross-site fetch": dict(headers={"sec-fetch-site": "cross-site"}),
    "wrong length": dict(content=b"12345"),
    "empty": dict(content=b""),
    "ten megabytes": dict(content=b"\0" * 10 * 2**20),
    "too many rows": dict(values=np.zeros((5000, 6))),
    "NaN": dict(values=np.full((1, 6), np.nan)),
    "infinity": dict(values=np.full((1, 6), np.inf)),
    "huge": dict(values=np.full((1, 6), 1e30)),
    "unknown map": dict(map="../../etc/passwd"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_a_page_s_own_request_is_refused(case, client, run):
    options = {"values": np.zeros((1, 6)), **BAD[case]}
    if options.get("token", "").startswith("RUN"):
        options["token"] = options["token"].replace("RUN", run.id)
    response = ask(client, run, "decode", **options)
    assert 400 <= response.status_code < 500, case
    assert len(response.content) < 300 and "Traceback" not in response.text
    assert parse(ask(client, run, "decode", np.zeros((1, 6))))  # and the server is well


@pytest.mark.parametrize("query", [dict(i="-1"), dict(i="99999999"), dict(i="a"), dict(i="")])
def test_rows_that_do_not_exist_are_refused(query, client, run):
    assert ask(client, run, "item", **query).status_code == 400


@pytest.mark.parametrize(
    "route, query",
    [
        ("traversals", dict(stops="1e9")),
        ("traversals", dict(count="nan")),
        ("path", dict(steps="x")),
        ("path", dict(kind="__class__")),
    ],
)
def test_options_outside_their_range_are_refused(route, query, client, run):
    assert (
        ask(
            client, run, route, run.fitted.codes[: 2 if route == "path" else 1], **query
        ).status_code
        == 400
    )


def test_a_token_is_for_one_run_only(client, run):
    other = state.Run(run.data, run.model, number=2)
    other.job = run.job
    services().runs.put(other)
    token = auth.sign(run.id).split(".")[-1]
    assert (
        ask(client, run, "decode", np.zeros((1, 6)), token=f"{other.id}.{token}").status_code == 403
    )


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

    from pages.streamlit_patches import answer_at_once

    answer_at_once()
    with socket.socket(socket.AF_INET) as sock:  # as Streamlit makes it
        base_events._set_nodelay(sock)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
