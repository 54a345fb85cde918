"""Whom a picture at full size is shown to, and that it comes as a picture only."""

import io

import pytest
from example_files import packed, picture, zipped
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from lvm_core import DATASETS, MODELS, read_dataset
from pages.api import auth, cookies, originals
from pages.session import identity, state
from pages.session.services import services

HERS, HIS = "a" * 32, "b" * 32
UPLOAD = zipped({f"{i}.png": packed(picture(i, (80 + i, 60))) for i in range(12)})


@pytest.fixture
def looking(monkeypatch):
    """A server for many, looked at by the browser whose code is set here."""
    monkeypatch.setattr(identity, "single_user", lambda: False)
    monkeypatch.setattr(identity, "uses_login", lambda: False)
    who = {"code": HERS}
    monkeypatch.setattr(identity, "recovery_code", lambda: who["code"])
    return who


@pytest.fixture
def data(looking):
    made = state.Data(read_dataset(UPLOAD, "p.zip"), upload=UPLOAD, upload_name="p.zip")
    made.store(services().workspace)
    identity.claim("datasets", made.id)
    return made


@pytest.fixture
def run(data):
    made = state.Run(
        data, MODELS["PCA"](latent_dim=2), services().workspace.add_run(data.id, MODELS["PCA"]()).id
    )
    identity.claim("runs", made.id)
    return made


@pytest.fixture
def get():
    app = Starlette(routes=originals.routes, middleware=[Middleware(cookies.Cookies)])
    with TestClient(app, base_url="http://127.0.0.1:8501") as client:

        def ask(link: str, code: str, **headers):
            client.cookies.clear()
            client.cookies.set(identity.COOKIE, code)
            return client.get("/" + link, headers=headers)

        yield ask


def test_it_comes_as_a_picture_and_nothing_else(data, get):
    links = originals.links(data, [3, 7])
    for row, link in zip((3, 7), links):
        answer = get(link, HERS)
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"] == f'inline; filename="row-{row}.png"'
        assert Image.open(io.BytesIO(answer.content)).size == (60, 80 + row)


def test_a_dataset_s_link_is_its_owner_s_alone(data, get, looking):
    link = originals.links(data, [0])[0]
    assert get(link, HIS).status_code == 403  # handed to another browser
    looking["code"] = HIS
    own = originals.links(data, [0])[0]
    assert own != link and get(own, HIS).status_code == 403
    assert get(own.replace("data-", "run-"), HIS).status_code == 403
    looking["code"] = HERS
    services().workspace.delete_dataset(data.id)
    assert get(link, HERS).status_code == 404


def test_a_run_s_link_goes_as_far_as_its_share(run, get, looking):
    looking["code"] = HIS
    link = originals.links(run, [0])[0]
    assert get(link, HIS).status_code == 403
    looking["code"] = HERS
    identity.share(run.id, True)
    assert get(link, HIS).status_code == 200
    identity.share(run.id, False)
    assert get(link, HIS).status_code == 403


@pytest.mark.parametrize("row", ["", "-1", "x", "²", "1e3", "99999999999", "../upload", "12"])
def test_only_row_numbers_are_asked_for(row, data, get):
    answer = get(f"live/original?t={auth.sign('data-' + data.id)}&i={row}", HERS)
    assert answer.status_code == 400 and answer.headers["x-content-type-options"] == "nosniff"


def test_other_sites_and_made_up_datasets_are_refused(data, get):
    link = originals.links(data, [0])[0]
    assert get(link, HERS, **{"sec-fetch-site": "cross-site"}).status_code == 403
    for id in ("0" * 16, "secret", data.id + "x"):
        assert get(f"live/original?t={auth.sign('data-' + id)}&i=0", HERS).status_code in (403, 404)


def test_without_an_upload_there_are_no_links(data, looking):
    digits = state.Data(DATASETS["digits"]().load())
    digits.store(services().workspace)
    assert originals.links(digits, [0]) is None
    (services().workspace.dataset_folder(data.id) / "upload").unlink()
    assert originals.links(data, [0]) is None
