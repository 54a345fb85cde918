"""What all sessions share: made when it is wanted, one lock a thing, analyses that wait for
their turn.
"""

import ast
import asyncio
import json
import os
import pkgutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from journeys import ROOT

import pages
from lvm_core import DATASETS, MODELS
from lvm_core.io.files import StoreError
from lvm_core.runs.workspace import Workspace
from lvm_core.settings import DataError
from pages.api.auth import HttpError
from pages.session import annotations, errors, state, work
from pages.session import runs as starting
from pages.session.cache import Cache
from pages.session.derived import Derived, once
from pages.session.locks import KeyedLock
from pages.session.services import Services, services, use

PATIENCE = 30  # seconds; nothing here takes them


@pytest.fixture
def here(tmp_path):
    with use(Services(Workspace(tmp_path))) as made:
        yield made


@pytest.fixture
def run(here):
    made = state.Run(state.Data(DATASETS["iris"]().load()), MODELS["PCA"](latent_dim=2))
    made.job = starting.fit_job(made)
    assert made.job.wait(60) and made.fitted
    here.runs.put(made)
    return made


# -- importing, beginning and ending ---------------------------------------------------------------

IMPORT_ALL = """
import importlib, json, sys, threading
happened = []
sys.addaudithook(lambda event, args: happened.append(f"{event} {args!r}") if event in ("os.mkdir", "subprocess.Popen") else None)
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
from pages.session import services
assert services._current is None
assert not {"scheduler", "fit", "warm-up"} & {thread.name for thread in threading.enumerate()}
ours = [what for what in happened if "lvm_core" in what or "atent" in what]
assert not ours, ours
"""


def test_importing_the_pages_makes_nothing(tmp_path):
    """No folder, no process, no thread. The scripts right below pages are left out: Streamlit
    runs them, nobody imports them.
    """
    names = [
        module.name
        for module in pkgutil.walk_packages(pages.__path__, "pages.")
        if module.name.count(".") > 1
    ]
    assert len(names) > 60
    (tmp_path / "file").write_text("")
    # nobody can make it
    environment = os.environ | {
        "LATENT_EXPLORER_HOME": str(tmp_path / "file" / "latent"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps(names)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == ["file"]


def test_plain_services_start_nothing_and_others_take_their_place(tmp_path):
    before = services()
    with use(Services(Workspace(tmp_path / "there"))) as made:
        assert services() is made and not made.map_pool.serves and not made.scheduler.wants_spare
        assert (
            state.Run(state.Data(None), None).folder is None and not (tmp_path / "there").exists()
        )
    assert services() is before


def test_what_is_made_with_other_services_lies_there(run, here, tmp_path):
    assert run.folder == tmp_path / "runs" / run.id and [
        info.id for info in here.workspace.runs()
    ] == [run.id]
    assert services().runs.get(run.id) is run
    with use(Services(Workspace(tmp_path))) as again:  # as after a restart
        assert again.runs.get(run.id) is not run and again.secret == here.secret
        assert np.array_equal(again.runs.get(run.id).fitted.codes, run.fitted.codes)


def test_the_lifespan_makes_them_and_ends_them(tmp_path, monkeypatch):
    from pages.api.lifespan import lifespan

    told = []
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Services, "start", lambda self: told.append(("start", self)))
    monkeypatch.setattr(Services, "stop", lambda self: told.append(("stop", self)))
    before = services()

    async def serve():
        async with lifespan(None):
            return services()

    made = asyncio.run(serve())
    assert made is not before and made.workspace.folder == tmp_path / "home"
    assert told == [("start", made), ("stop", made)] and services() is before


# -- one lock a thing ------------------------------------------------------------------------------


class Slow:
    """Loads "slow" only when it may; everything else at once."""

    def __init__(self):
        self.began, self.may, self.loaded = threading.Event(), threading.Event(), []

    def __call__(self, id: str):
        self.loaded.append(id)
        if id == "slow":
            self.began.set()
            assert self.may.wait(PATIENCE)
        if id == "gone":
            raise StoreError("There is no such thing.")
        return SimpleNamespace(id=id, nbytes=1)


def test_who_waits_for_one_does_not_wait_for_another():
    load = Slow()
    shelf = Cache(load)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(shelf.get, "slow")
        assert load.began.wait(PATIENCE)
        assert shelf.get("quick").id == "quick" and shelf.get("gone") is None and not slow.done()
        load.may.set()
        assert slow.result(PATIENCE).id == "slow"


def test_each_is_loaded_once_by_however_many():
    load = Slow()
    shelf, gate = Cache(load), threading.Barrier(9)

    def get():
        gate.wait(PATIENCE)
        return shelf.get("slow")

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(get) for _ in range(8)]
        gate.wait(PATIENCE)
        assert load.began.wait(PATIENCE)
        load.may.set()
        assert len({id(future.result(PATIENCE)) for future in found}) == 1
    assert load.loaded == ["slow"]


def test_a_lock_is_of_one_key_and_forgotten_when_nobody_wants_it():
    lock, holds, may = KeyedLock(), threading.Event(), threading.Event()

    def hold():
        with lock("a"), lock("a"):  # the same thread may
            holds.set()
            assert may.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(hold)
        assert holds.wait(PATIENCE)
        with lock("b"):
            assert not held.done()

        def want():
            with lock("a"):
                return held.running(), may.is_set()

        wants = pool.submit(want)
        may.set()
        assert wants.result(PATIENCE)[1]
        held.result(PATIENCE)
    with pytest.raises(ZeroDivisionError), lock("c"):
        1 / 0
    assert lock._held == {}


def test_what_is_derived_is_made_once_and_goes_with_the_result(run):
    made, began, may = [], threading.Event(), threading.Event()

    @once
    def slow(run):
        made.append(run)
        began.set()
        assert may.wait(PATIENCE)
        return len(run.fitted.codes)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(slow, run)
        assert began.wait(PATIENCE)
        others = [pool.submit(slow, run) for _ in range(3)]
        # nothing else waits for it
        assert run.typicality is run.typicality and run.dimensions[0].tolist() == [0, 1]
        may.set()
        assert [future.result(PATIENCE) for future in (first, *others)] == [150] * 4
    assert made == [run]
    slow.forget(run)
    assert slow(run) == 150 and len(made) == 2
    typicality, run.derived = run.typicality, Derived(run)
    assert slow(run) == 150 and len(made) == 3 and run.typicality is not typicality


def test_only_the_newest_maps_hold_more_than_their_points(run):
    def of(name):
        run.maps[name] = SimpleNamespace(positions=np.zeros((150, 2)))
        return run.derived.of_map(name)

    run.job = SimpleNamespace(id="elsewhere", result=run.fitted)  # nothing is written
    first, stopped = of("first"), []
    first.regions = SimpleNamespace(stop=lambda: stopped.append("first"))
    assert run.derived.of_map("first") is first
    for i in range(6):
        of(f"more{i}")
    assert stopped == ["first"] and run.derived.of_map("first") is not first
    again = of("first")
    assert again.mapped is run.maps["first"] and again is not first
    with pytest.raises(KeyError):
        run.derived.of_map("never made")


# -- analyses take turns ---------------------------------------------------------------------------


def test_analyses_beyond_the_cap_wait_and_say_so(run, here):
    here.analyses = threading.BoundedSemaphore(1)
    may, began = threading.Event(), threading.Event()

    def busy(on_step):
        began.set()
        assert may.wait(PATIENCE)
        return "first"

    _, first = work.begin(run, "A long one", {}, busy, wait=0)
    assert began.wait(PATIENCE)
    name, second = work.begin(run, "Another", {}, lambda on_step: "second", wait=0)
    _, third = work.begin(run, "A third", {}, lambda on_step: "third", wait=0)
    assert second.waiting.wait(PATIENCE) and third.waiting.wait(PATIENCE)
    assert (
        second.running
        and second.words() == "Another: waiting for another analysis to end"
        and run.jobs.find(name) is second
    )
    third.stop()
    assert third.wait(PATIENCE) and third.state == "failed" and "before it began" in third.error
    may.set()
    assert (
        second.wait(PATIENCE)
        and (first.result, second.result) == ("first", "second")
        and "waiting" not in second.words()
    )
    assert here.analyses.acquire(blocking=False)  # all places were given back


def test_a_failed_analysis_gives_its_place_back(run, here):
    here.analyses = threading.BoundedSemaphore(1)
    for title, error in (
        ("one", ValueError("No.")),
        ("two", RuntimeError("Oh.")),
        ("three", MemoryError()),
    ):

        def fail(on_step, error=error):
            raise error

        job = work.begin(run, title, {}, fail, wait=0)[1]
        assert job.wait(PATIENCE) and job.state == "failed"
    assert here.analyses.acquire(blocking=False)


# -- errors and what is kept -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, status",
    [
        (errors.NotFound("x"), 404),
        (errors.NotReady("x"), 409),
        (errors.SessionError("x"), 400),
        (DataError("x"), 400),
        (StoreError("x"), 500),
    ],
)
def test_errors_have_one_status_and_keep_their_sentence(error, status):
    refused = HttpError.of(error)
    assert isinstance(error, ValueError) and (refused.status, refused.sentence) == (status, "x")


def test_a_fault_is_answered_without_its_words(caplog):
    refused = HttpError.of(ValueError("operands could not be broadcast"))
    assert (
        refused.status == 500 and "broadcast" not in refused.sentence and "broadcast" in caplog.text
    )


def test_only_the_api_knows_http():
    """No status and no refusal is named outside pages/api."""
    for path in [
        *(ROOT / "lvm_core").rglob("*.py"),
        *(ROOT / "pages" / "session").rglob("*.py"),
        *(ROOT / "pages" / "ui").rglob("*.py"),
    ]:
        names = {
            node.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Name)
        }
        assert "Refused" not in names and "status_code" not in names, path


def test_what_is_kept_of_another_type_is_left_out():
    kept = {
        "groups": [1],
        "bookmarks": {"a": 1},
        "directions": [],
        "region names": {"m": {"k": "n"}},
        "of a later version": 1,
    }
    assert annotations.of_json(kept) == {
        "directions": [],
        "region names": {"m": {"k": "n"}},
        "of a later version": 1,
    }
