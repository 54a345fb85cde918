"""The store: what goes in comes out, what is damaged or of another time is refused in a
sentence, nothing is left half-written.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lvm_core import DATASETS, MODELS, PROJECTIONS, read_dataset
from lvm_core.fitting import fit_run
from lvm_core.io import files
from lvm_core.mapping import map_codes
from lvm_core.runs import store
from lvm_core.runs.states import RunState
from lvm_core.runs.store import (
    StoreError,
    load_dataset,
    load_fitted,
    load_map,
    save_dataset,
    save_fitted,
    save_map,
)
from lvm_core.runs.workspace import FORMAT, Workspace, fresh_id, home, is_id

ROOT = Path(__file__).parents[2]
TABLE = (
    "n,word,yes,day,gap,real\n"
    + "\n".join(
        f"{i},{'x' if i % 2 else ''},{'yes' if i % 3 else 'no'},2020-01-{1 + i % 28:02d},{i if i % 5 else ''},{i / 3}"
        for i in range(60)
    )
).encode()
CORPUS = "\n".join(
    f"{a} {b} {c} {i}th"
    for i, (a, b, c) in enumerate(
        (a, b, c)
        for a in ("red", "blue")
        for b in ("cat", "dog", "fox")
        for c in ("runs", "sits", "eats")
    )
).encode()


def made(kind: str):
    if kind == "table":
        return read_dataset(TABLE, name="t.csv")
    if kind == "text":
        return read_dataset(CORPUS, name="t.txt")
    return DATASETS["digits"]().load() if kind == "image" else DATASETS["spiral"]().load()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "home").prepare()


@pytest.fixture(scope="module")
def fitted():
    data = DATASETS["iris"]().load()
    return data, fit_run(data, MODELS["VAE"](latent_dim=2, epochs=2, width=8))


@pytest.fixture
def run(workspace, fitted):
    """A finished run in a workspace."""
    info = workspace.add_run(
        workspace.add_dataset(fitted[0]), MODELS["VAE"](latent_dim=2, epochs=2, width=8)
    )
    save_fitted(workspace.run_folder(info.id), fitted[1])
    workspace.set_state(info.id, state="done", result=True)
    return workspace.run(info.id)


# -- what goes in comes out ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ("image", "table", "text", "array"))
def test_a_dataset_comes_back_equal(kind, tmp_path):
    data = made(kind)
    save_dataset(tmp_path / "d", data)
    again = load_dataset(tmp_path / "d")
    assert again.fingerprint == data.fingerprint and again.schema == data.schema
    pd.testing.assert_frame_equal(again.rows, data.rows)
    assert (again.name, again.label, again.notes, again.source, again.kind) == (
        data.name,
        data.label,
        data.notes,
        data.source,
        data.kind,
    )
    assert str(again.items([3, 5])) == str(data.items([3, 5]))


def test_a_large_dataset_stays_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MAPPED_BYTES", 1000)
    data = made("image")
    save_dataset(tmp_path / "d", data)
    again = load_dataset(tmp_path / "d")
    assert (
        isinstance(again.X.base, np.memmap)
        and not again.X.flags.writeable
        and np.array_equal(again.X, data.X)
    )


def test_a_column_of_mixed_types_is_kept_as_text(tmp_path):
    data = made("array")
    data.rows["odd"] = pd.Series([1, "a", None] * len(data), dtype=object)[: len(data)]
    save_dataset(tmp_path / "d", data)
    assert load_dataset(tmp_path / "d").rows["odd"].tolist()[:2] == ["1", "a"]


def test_a_fit_comes_back_exactly(tmp_path, fitted):
    _, fit = fitted
    save_fitted(tmp_path, fit)
    again = load_fitted(tmp_path)
    assert (
        np.array_equal(again.codes, fit.codes)
        and np.array_equal(again.train, fit.train)
        and np.array_equal(again.held_out, fit.held_out)
    )
    assert again.scores == fit.scores and again.seconds == fit.seconds
    pd.testing.assert_frame_equal(again.columns, fit.columns)
    assert np.array_equal(
        again.model.inverse_transform(fit.codes), fit.model.inverse_transform(fit.codes)
    )


def test_a_map_comes_back_exactly(tmp_path, fitted):
    mapped = map_codes(fitted[1].codes, PROJECTIONS["TSNE"](iterations=20))
    save_map(tmp_path / "m", mapped)
    again = load_map(tmp_path / "m", len(mapped.positions))
    assert np.array_equal(again.positions, mapped.positions) and again.scores == mapped.scores
    assert np.array_equal(
        again.projection.transform(fitted[1].codes[:5]),
        mapped.projection.transform(fitted[1].codes[:5]),
    )


def test_an_upload_is_kept_with_its_name(workspace):
    id = workspace.add_dataset(made("table"), upload=TABLE, upload_name="../../t.csv")
    assert workspace.upload(id) == (TABLE, "../../t.csv")
    assert sorted(p.name for p in workspace.dataset_folder(id).iterdir()) == [
        "X.npy",
        "codec.json",
        "dataset.json",
        "rows.parquet",
        "upload",
    ]
    assert workspace.upload(workspace.add_dataset(made("array"))) is None


def test_every_file_can_be_read_without_the_app(run, workspace):
    folder, data = workspace.run_folder(run.id), workspace.dataset_folder(run.dataset)
    for path in (*folder.rglob("*.json"), *data.rglob("*.json")):
        json.loads(
            path.read_text(), parse_constant=lambda name: pytest.fail(f"{path.name} holds {name}")
        )
    assert json.loads((folder / "run.json").read_text())["model"]["params"]["epochs"] == 2
    assert (
        np.load(folder / "codes.npy").shape == (150, 2)
        and len(pd.read_parquet(data / "rows.parquet")) == 150
    )


# -- the workspace ---------------------------------------------------------------------------------


def test_runs_are_numbered_and_listed_newest_first(workspace, run):
    ids = [workspace.add_run(run.dataset, MODELS["PCA"](latent_dim=2)).id for _ in range(3)]
    assert [r.number for r in workspace.runs()] == [4, 3, 2, 1] and [
        r.id for r in workspace.runs()
    ][:3] == ids[::-1]
    assert workspace.runs()[0].title == "#4 PCA on iris" and workspace.runs()[-1].has_result


def test_a_list_of_runs_reads_each_once(workspace, run, monkeypatch):
    """Reading is what a long list costs: two small files of each run and the name of their dataset,
    and none again while they are as they were.
    """
    folder, read = workspace.run_folder(run.id), []
    for _ in range(100):
        copy = workspace.run_folder(fresh_id())
        copy.mkdir()
        for name in ("run.json", "state.json"):
            (copy / name).write_bytes((folder / name).read_bytes())
    reads = files.read_json
    monkeypatch.setattr(
        files, "read_json", lambda path, *more: (read.append(path), reads(path, *more))[1]
    )
    again = Workspace(workspace.folder)
    assert len(again.runs()) == 101 and len(read) == 203
    assert sum(path.is_relative_to(workspace.folder / "runs") for path in read) == 202
    again.set_state(run.id, state="paused")
    read.clear()
    assert len(again.runs()) == 101 and [path.parent.name for path in read] == [run.id] * 2


def test_a_damaged_run_does_not_hide_the_others(workspace, run):
    bad = workspace.add_run(run.dataset, MODELS["PCA"](latent_dim=2)).id
    for content in ("", "{", "[]", '{"format": 1}', '{"format": true}', "[" * 100_000):
        (workspace.run_folder(bad) / "state.json").write_text(content)
        assert [r.id for r in workspace.runs()] == [run.id]
        with pytest.raises(StoreError):
            workspace.run(bad)


@pytest.mark.parametrize(
    "id",
    (
        "",
        "..",
        "../../etc",
        "a" * 15,
        "A" * 16,
        "a" * 16 + "\n",
        "a" * 15 + "/",
        None,
        3,
        "ａ" * 16,
    ),
)
def test_only_ids_become_paths(workspace, id):
    assert not is_id(id)
    for ask in (
        workspace.run,
        workspace.fitted,
        workspace.load_dataset,
        workspace.delete_run,
        workspace.annotations,
    ):
        with pytest.raises(StoreError):
            ask(id)


def test_what_a_person_keeps_with_a_run(workspace, run):
    assert workspace.annotations(run.id) == {}
    workspace.save_annotations(run.id, {"bookmarks": [{"name": "Ü"}]})
    assert workspace.annotations(run.id) == {"bookmarks": [{"name": "Ü"}]}


def test_a_dataset_with_runs_is_not_deleted_and_deleting_leaves_nothing(workspace, run):
    with pytest.raises(StoreError, match="delete them first"):
        workspace.delete_dataset(run.dataset)
    workspace.delete_run(run.id)
    workspace.delete_dataset(run.dataset)
    assert (
        not workspace.runs()
        and not workspace.datasets()
        and not list((workspace.folder / "runs").iterdir())
    )


def test_the_secret_is_the_owner_s_and_stays(workspace):
    secret = workspace.secret()
    assert len(secret) == 32 and Workspace(workspace.folder).secret() == secret
    assert (workspace.folder / "secret").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_a_setting(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "x"))
    assert home() == tmp_path / "x"
    monkeypatch.delenv("LATENT_EXPLORER_HOME")
    assert ROOT not in home().parents and home() != ROOT


def test_two_threads_and_two_processes_number_runs_without_a_clash(workspace, run):
    program = (
        "import sys; from lvm_core import MODELS; from lvm_core.runs.workspace import "
        "Workspace\nfor _ in range(10): Workspace(sys.argv[1]).add_run(sys.argv[2], "
        "MODELS['PCA'](latent_dim=2))"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program, str(workspace.folder), run.dataset], cwd=ROOT
    )
    threads = [
        threading.Thread(
            target=lambda: [
                workspace.add_run(run.dataset, MODELS["PCA"](latent_dim=2)) for _ in range(10)
            ]
        )
        for _ in range(2)
    ]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert other.wait(60) == 0
    assert sorted(r.number for r in workspace.runs()) == list(range(1, 32))


# -- what is damaged, of another time, or cannot be written ----------------------------------------

SPOILT = {
    "codes of another model": lambda f: np.save(f / "codes.npy", np.zeros((150, 3), np.float32)),
    "codes that are not finite": lambda f: np.save(
        f / "codes.npy", np.full((150, 2), np.nan, np.float32)
    ),
    "codes as a pickle": lambda f: np.save(
        f / "codes.npy", np.array([{}], dtype=object), allow_pickle=True
    ),
    "codes cut in half": lambda f: (f / "codes.npy").write_bytes(
        (f / "codes.npy").read_bytes()[:600]
    ),
    "rows beyond the end": lambda f: np.save(f / "split.npy", np.array([10**6])),
    "scores of another form": lambda f: (f / "scores.json").write_text(
        '{"format": 1, "seconds": 1, "scores": [{"x": 1}]}'
    ),
    "scores that are none": lambda f: (f / "scores.json").write_text("[]"),
    "columns that are none": lambda f: (f / "columns.json").write_text('{"format": 1}'),
    "no model": lambda f: (f / "model" / "recipe.json").unlink(),
    "a format of the future": lambda f: (f / "scores.json").write_text('{"format": 99}'),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_damaged_fit_is_refused_in_a_sentence(case, run, workspace):
    SPOILT[case](workspace.run_folder(run.id))
    with pytest.raises(StoreError) as caught:
        workspace.fitted(run.id)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


DATA_SPOILT = {
    "no rows": lambda f: (f / "rows.parquet").unlink(),
    "rows cut in half": lambda f: (f / "rows.parquet").write_bytes(
        (f / "rows.parquet").read_bytes()[:200]
    ),
    "another codec": lambda f: (f / "codec.json").write_text('{"kind": "nothing"}'),
    "a codec without parts": lambda f: (f / "codec.json").write_text('{"kind": "table"}'),
    "X of another width": lambda f: np.save(f / "X.npy", np.zeros((150, 3), np.float32)),
    "X of objects": lambda f: np.save(f / "X.npy", np.array([{}], dtype=object), allow_pickle=True),
    "X not finite": lambda f: np.save(f / "X.npy", np.full((150, 4), np.inf, np.float32)),
    "no X": lambda f: (f / "X.npy").unlink(),
    "a format of the future": lambda f: (f / "dataset.json").write_text('{"format": 2}'),
    "no head": lambda f: (f / "dataset.json").unlink(),
}


@pytest.mark.parametrize("case", DATA_SPOILT)
def test_a_damaged_dataset_is_refused_in_a_sentence(case, run, workspace):
    DATA_SPOILT[case](workspace.dataset_folder(run.dataset))
    with pytest.raises(StoreError) as caught:
        workspace.load_dataset(run.dataset)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_a_workspace_of_the_future_is_refused_and_one_of_the_past_is_read(
    workspace, run, monkeypatch
):
    head = workspace.folder / "workspace.json"
    head.write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(StoreError, match="update the app"):
        Workspace(workspace.folder).prepare()
    head.write_text(json.dumps({"format": FORMAT}))
    # this version is now the older one
    for module in ("lvm_core.runs.workspace", "lvm_core.runs.store", "lvm_core.io.checkpoint"):
        monkeypatch.setattr(f"{module}.FORMAT", FORMAT + 1)
    newer = Workspace(workspace.folder).prepare()
    assert (
        newer.run(run.id).has_result
        and newer.fitted(run.id).codes.shape == (150, 2)
        and len(newer.load_dataset(run.dataset)) == 150
    )


def in_a_process(program: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


ON_A_FULL_DISK = """
import resource, sys
from lvm_core import DATASETS, MODELS
from lvm_core.runs.workspace import Workspace
data, space = DATASETS["digits"]().load(), Workspace(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
try:
    space.add_dataset(data)
except ValueError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of this kind are POSIX's")
@pytest.mark.parametrize("room", (0, 100, 5000, 300_000))
def test_a_full_disk_leaves_nothing_behind(workspace, run, room):
    before = sorted(workspace.folder.rglob("*"))
    done = in_a_process(ON_A_FULL_DISK, workspace.folder, room)
    assert (
        done.returncode == 0 and "the disk is full" in done.stdout and done.stdout.count("\n") == 1
    ), done.stderr
    assert sorted(workspace.folder.rglob("*")) == before


READ_ONLY = """
import os, sys
from lvm_core import DATASETS, MODELS
from lvm_core.runs.workspace import Workspace
data, space = DATASETS["iris"]().load(), Workspace(sys.argv[1])
model = MODELS["PCA"](latent_dim=2).fit(data.X)
space.fitted(sys.argv[2])                   # what is imported late is imported now
if os.geteuid() == 0:
    os.seteuid(65534)
for work in (lambda: space.add_dataset(data), lambda: space.add_run(sys.argv[3], model), lambda: space.save_annotations(sys.argv[2], {}), lambda: space.ask(sys.argv[2], "stop"), lambda: space.delete_run(sys.argv[2])):
    try:
        work()
        print("it worked")
    except ValueError as error:
        print(error)
print(len(space.runs()), space.fitted(sys.argv[2]).codes.shape, len(space.load_dataset(sys.argv[3])))
"""


@pytest.mark.skipif(os.name == "nt", reason="permissions of this kind are POSIX's")
def test_a_workspace_that_may_only_be_read_can_be_read(run, workspace):
    # pytest's own folders are closed to the other user this becomes
    outside = Path(tempfile.mkdtemp())
    outside.chmod(0o755)
    home = outside / "home"
    shutil.copytree(workspace.folder, home)
    inside = [home, *home.rglob("*")]
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = in_a_process(READ_ONLY, home, run.id, run.dataset)
        after = [home, *home.rglob("*")]
    finally:
        for path in inside:
            path.chmod(0o755)
        shutil.rmtree(outside)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 6, done.stderr
    assert all("it may only be read" in line for line in lines[:5]), lines
    assert lines[5] == "1 (150, 2) 150" and sorted(after) == sorted(inside)


def test_a_write_that_fails_keeps_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_json(path, [1])
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError):
        files.write_json(path, [2])
    with pytest.raises(OSError), files.new_folder(tmp_path / "new") as folder:
        (folder / "x").touch()
    assert files.read_json(path) == [1] and [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_lock_is_free_again_when_its_process_is_killed(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from lvm_core.io.files import "
        "Lock\nprint(Lock(Path(sys.argv[1])).take(), flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "lock")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "True\n"
    lock = files.Lock(tmp_path / "lock")
    assert lock.held() and not lock.take()
    holder.kill()
    holder.wait()
    assert not lock.held() and lock.take() and files.Lock(tmp_path / "lock").held()
    lock.release()
    assert not lock.held()


def test_who_waits_for_a_lock_gets_it_and_who_waits_too_long_is_told(tmp_path):
    from lvm_core.io import files

    mine, order = files.Lock(tmp_path / "lock"), []

    def other():
        with files.Lock(tmp_path / "lock").held_by_me():
            order.append("other")

    with mine.held_by_me():
        waiting = threading.Thread(target=other)
        waiting.start()
        with (
            pytest.raises(OSError, match="another process"),
            files.Lock(tmp_path / "lock").held_by_me(0.5),
        ):
            order.append("nobody")
        order.append("mine")  # longer than a single try takes
    waiting.join(10)
    assert order == ["mine", "other"]


def test_states_are_stored_as_plain_words(tmp_path):
    assert [state.value for state in RunState] == [
        "waiting",
        "running",
        "paused",
        "done",
        "stopped",
        "failed",
        "cancelled",
    ]
    workspace = Workspace(tmp_path).prepare()
    data = workspace.add_dataset(DATASETS["iris"]().load())
    run = workspace.add_run(data, MODELS["PCA"](latent_dim=2))
    path = workspace.run_folder(run.id) / "state.json"
    for state in RunState:
        workspace.set_state(run.id, state=state)
        assert json.loads(path.read_text(encoding="utf-8"))["state"] == state.value
        assert Workspace(tmp_path).run(run.id).state is state
    for other in ("done ", "", ["done"], None):
        workspace.set_state(run.id, state=other)
        assert Workspace(tmp_path).run(run.id).state is RunState.FAILED
    with pytest.raises(StoreError, match="nothing a run can be asked for"):
        workspace.ask(run.id, "halt")


def test_mixed_columns_without_text_for_a_name_are_kept(tmp_path):
    rows = pd.DataFrame({0: [1, "two"], "size": [1.5, 2.0]})
    (tmp_path / "rows.parquet").write_bytes(store._to_parquet(rows))
    found = store._from_parquet(tmp_path / "rows.parquet")
    assert found.iloc[:, 0].tolist() == ["1", "two"] and found["size"].tolist() == [1.5, 2.0]


def test_sentences_name_a_file_and_not_where_the_server_keeps_it(tmp_path):
    folder = tmp_path / "datasets" / "1a2b"
    for name, damage in [
        ("codec.json", b"{"),
        ("rows.parquet", b"PAR1"),
        ("X.npy", b"\x93NUMPY"),
        ("dataset.json", b"[]"),
    ]:
        save_dataset(folder, DATASETS["iris"]().load())
        (folder / name).write_bytes(damage)
        with pytest.raises(StoreError) as error:
            load_dataset(folder)
        assert "1a2b" in str(error.value) and str(tmp_path) not in str(error.value)
        shutil.rmtree(folder)
