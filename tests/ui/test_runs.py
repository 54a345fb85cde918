"""Runs on the pages: found again after a restart, waiting, paused, continued, tried again,
deleted; and how they looked while learning.
"""

import json
import struct
import threading

import numpy as np
import pytest
from app_pages import held, open_page, words
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lvm_core import DATASETS, MODELS, PROJECTIONS
from lvm_core.mapping import map_codes
from pages.api import auth, routes, training
from pages.session import cache, state
from pages.session import runs as starting
from pages.session.services import Services, services, use


@pytest.fixture(scope="module")
def data():
    made = state.Data(DATASETS["digits"]().load())
    made.store(services().workspace)
    services().datasets.put(made)
    return made


@pytest.fixture(scope="module")
def run(data):
    """A finished VAE, that other tests only read."""
    return fitted(data, epochs=12)


def fitted(data, model="VAE", **params):
    made = state.Run(data, MODELS[model](**{"latent_dim": 3} | params))
    made.job = starting.fit_job(made)
    assert made.job.wait(120) and made.fitted is not None, made.job.error
    services().runs.put(made)
    return made


def waiting(data, **params):
    """A run nobody has started."""
    info = services().workspace.add_run(
        data.id, MODELS["VAE"](latent_dim=3, **params), queued=False
    )
    return services().runs.get(info.id)


def forget() -> None:
    """As a restarted server begins: with empty shelves."""
    for shelf in (services().runs, services().datasets):
        shelf._items.clear()


# -- found again -----------------------------------------------------------------------------------


def test_a_restarted_server_finds_everything_again(run):
    run.maps["PCA"] = map_codes(run.fitted.codes, PROJECTIONS["PCA"]())
    run.annotations["bookmarks"] = [{"name": "<b>here</b>", "row": 3, "code": [0.0, 1.0, 2.0]}]
    state.save_annotations(run)
    forget()
    again = services().runs.get(run.id)
    assert (
        again is not run
        and np.array_equal(again.fitted.codes, run.fitted.codes)
        and again.title == run.title
    )
    assert (
        again.annotations == run.annotations
        and np.array_equal(again.maps["PCA"].positions, run.maps["PCA"].positions)
        and "nothing" not in again.maps
        and "../x" not in again.maps
    )
    assert (
        again.dataset.fingerprint == run.dataset.fingerprint
        and again.job.history
        and again.job.progress.step == again.job.progress.total
    )
    app = open_page("train", run=run.id)
    assert not app.exception and "Trained in" in words(app)


def test_links_stay_valid_when_the_server_restarts(run):
    token = auth.sign(run.id)
    with use(Services()):
        assert auth.sign(run.id) == token


def test_a_damaged_result_says_so_and_hides_nothing_else(data):
    made = fitted(data, "PCA")
    (services().workspace.run_folder(made.id) / "codes.npy").write_bytes(b"cut")
    forget()
    app = open_page("train", run=made.id)
    assert not app.exception and "cannot be read" in words(app)
    app = open_page("map", run=made.id)
    assert not app.exception and "has no result" in words(app)
    services().workspace.delete_run(made.id)


def test_the_same_dataset_is_kept_once(data):
    before = len(services().workspace.datasets())
    app = open_page("home")
    app.button(key="go-digits").click().run()
    assert (
        not app.exception
        and held(app, "data") in [head["id"] for head in services().workspace.datasets()]
        and len(services().workspace.datasets()) == before
    )


def test_shelves_drop_the_oldest_and_read_it_again(data, monkeypatch):
    monkeypatch.setattr(cache, "MAX_ITEMS", 2)
    ids = [
        services().workspace.add_run(data.id, MODELS["PCA"](latent_dim=2), queued=False).id
        for _ in range(4)
    ]
    first = services().runs.get(ids[0])
    [services().runs.get(id) for id in ids[1:]]
    assert ids[0] not in services().runs._items and services().runs.get(ids[0]).id == first.id
    found = []
    forget()
    threads = [
        threading.Thread(target=lambda: found.append(services().runs.get(ids[3]))) for _ in range(8)
    ]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len({id(f) for f in found}) == 1  # never two of the same
    [services().workspace.delete_run(id) for id in ids]


# -- control on the page ---------------------------------------------------------------------------


def test_a_paused_run_is_resumed_from_the_page(data):
    made = waiting(data, epochs=3)
    services().workspace.ask(made.id, "pause")
    app = open_page("train", run=made.id)
    assert "is paused" in " ".join(e.value for e in app.info)
    app.button(key=f"resume-{made.id}").click().run()
    assert not app.exception and made.job.wait(60) and made.job.state == "done"


def test_a_finished_run_is_continued_from_the_page(data):
    made = fitted(data, epochs=4)
    before, maps = made.fitted, made.maps
    made.maps["PCA"] = map_codes(before.codes, PROJECTIONS["PCA"]())
    app = open_page("train", run=made.id)
    app.number_input(key=f"more-{made.id}").set_value(3)
    app.button(key=f"continue-{made.id}").click().run()
    assert not app.exception and made.job.wait(60)
    assert made.fitted is not before and made.fitted.model.epochs == 7 and made.model.epochs == 7
    assert made.maps is not maps and "PCA" not in made.maps  # the map was of other codes


def test_settings_are_taken_up_again(run):
    app = open_page("train", run=run.id)
    app.pills(key=f"model-{run.data.id}").set_value("PCA").run()
    app.button(key=f"retry-{run.id}").click().run()
    assert (
        not app.exception
        and app.number_input(key=f"form-{run.data.id}-VAE.epochs").value == 12
        and app.number_input(key=f"form-{run.data.id}-VAE.latent_dim").value == 3
    )


def test_a_failed_run_says_why_and_can_be_tried_again(data):
    made = waiting(data, epochs=3)
    services().workspace.set_state(made.id, state="failed", sentence="The disk was full.")
    app = open_page("train", run=made.id)
    assert "The disk was full" in words(app).replace("\\", "")
    app.button(key=f"resume-{made.id}").click().run()
    assert made.job.wait(60) and made.job.state == "done"


def test_a_run_is_deleted_from_the_page(data):
    made = fitted(data, "PCA")
    app = open_page("train", run=made.id)
    app.button(key=f"delete-{made.id}").click().run()
    assert (
        not app.exception
        and not services().workspace.run_folder(made.id).exists()
        and held(app, "run") != made.id  # another of this data is open
    )
    assert services().runs.get(made.id) is None and "digits" in words(app)


def test_the_list_names_every_run(run):
    app = open_page("train", run=run.id)
    table = next(d.value for d in app.dataframe if "state" in d.value.columns)
    assert (
        len(table) == len(services().workspace.runs())
        and f"#{run.number}" in table[""].tolist()
        and "trained" in table["state"].tolist()
    )


def test_two_clicks_are_one_wish(data):
    app = open_page("train", data=data.id)
    app.pills(key=f"model-{data.id}").set_value("PCA").run()
    app.button(key="train").click().run()
    first = held(app, "run")
    app.button(key="train").click().run()
    assert held(app, "run") == first


def test_a_workspace_that_cannot_be_written_says_so_and_the_data_can_be_seen(monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise OSError(30, "Read-only file system", str(tmp_path / "x"))

    # another test's wine would be opened instead of being written
    monkeypatch.setattr(state, "datasets", list)
    monkeypatch.setattr("lvm_core.io.files.os.replace", refuse)
    app = open_page("home")
    app.button(key="go-wine").click().run()
    assert (
        not app.exception
        and "wine" in words(app)
        and any("it may only be read" in w.value for w in app.warning)
    )
    app.switch_page("train.py").run()
    app.button(key="train").click().run()
    assert not app.exception and any("it may only be read" in e.value for e in app.error)


def test_words_of_a_run_that_waits(data):
    made = waiting(data, epochs=3)
    assert (
        made.job.words() == "Training VAE starts in a moment"
        and made.job.running
        and made.fitted is None
        and services().scheduler.place(made.id) == 0
    )
    made.job.cancel()
    assert made.job.state == "cancelled" and "cancelled" in made.job.error
    services().workspace.delete_run(made.id)
    assert (
        made.job.state == "cancelled"
        and made.job.error == "This run was deleted."
        and services().fit(made.id).result is None
    )


# -- how it looked while it learnt -----------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    with TestClient(
        Starlette(routes=[*routes.routes, *training.routes]), base_url="http://127.0.0.1:8501"
    ) as client:
        yield client


def parse(response):
    assert response.status_code == 200, response.text
    length = struct.unpack("<I", response.content[:4])[0]
    return json.loads(response.content[4 : 4 + length]), response.content[4 + length :]


def test_the_film_ends_with_the_final_model(client, run):
    head, payload = parse(client.get("/live/training-history", params={"t": auth.sign(run.id)}))
    frames, n = head["frames"], head["n"]
    assert (
        frames > 1
        and n == 600
        and head["when"][-1] == "epoch 12"
        and len(head["legend"]["groups"]) == 10
    )
    places = np.frombuffer(payload[: 8 * frames * n], "<f4").reshape(frames, n, 2)
    assert (
        np.isfinite(places).all() and np.abs(places).max() <= 1.5 and np.abs(places[-1]).max() > 0.9
    )
    if frames > 2:  # a fast fit is over after two
        assert np.abs(places[-1] - places[-2]).max() < np.abs(places[-1] - places[0]).max()
    pixels = np.frombuffer(payload[8 * frames * n + 4 * n :], np.uint8).reshape(head["shape"])
    assert len(pixels) == head["real"] + sum(head["back"]) + sum(head["made"])
    points = np.random.RandomState(0).permutation(len(run.dataset))[: head["real"]]
    last = run.dataset.decode(run.fitted.model.inverse_transform(run.fitted.codes[points]))
    assert np.abs(pixels[-20:-10] / 255 - last).max() < 0.01
    newest, _ = parse(
        client.get("/live/training-history", params={"t": auth.sign(run.id), "last": 1})
    )
    assert newest["frames"] == 1 and newest["when"] == head["when"][-1:]


@pytest.mark.parametrize(
    "source, model, params",
    [
        ("iris", "VAE", dict(epochs=30)),
        ("docstrings", "VAE", dict(epochs=1, width=16)),
        ("spiral", "GAN", dict(steps=60)),
    ],
)
def test_every_kind_has_a_film(source, model, params, client):
    data = state.Data(DATASETS[source]().load())
    made = fitted(data, model, **params)
    head, payload = parse(client.get("/live/training-history", params={"t": auth.sign(made.id)}))
    assert (
        head["frames"] >= 1 and head["made"] == [10] * head["frames"] and (head["back"][-1] == 10)
    )
    if model == "GAN":
        assert head["back"][0] in (0, 10)
    client.get("/live/training-history", params={"t": auth.sign(made.id), "last": 1})


def test_asking_is_for_the_page_that_has_the_token(client, data):
    made = waiting(data, epochs=3)
    token = auth.sign(made.id)
    for params, headers in (
        ({"t": ""}, {}),
        ({"t": token + "0"}, {}),
        ({"t": token}, {"origin": "http://evil.example"}),
        ({"t": token}, {"sec-fetch-site": "cross-site"}),
    ):
        assert (
            client.post(
                "/live/ask", params=params | {"word": "cancel"}, headers=headers
            ).status_code
            == 403
        )
        assert (
            client.get("/live/training-history", params=params, headers=headers).status_code == 403
        )
    assert client.post("/live/ask", params={"t": token, "word": "rm -rf"}).status_code == 400
    assert made.job.state == "waiting"
    assert parse(client.get("/live/training-history", params={"t": token}))[0] == {"frames": 0}
    job = client.get("/live/job", params={"t": token, "job": "fit"}).json()
    assert job["state"] == "waiting" and "starts in a moment" in job["words"]
    assert (
        client.post("/live/ask", params={"t": token, "word": "cancel"}).status_code == 200
        and made.job.state == "cancelled"
    )
