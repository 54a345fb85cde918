"""A fit in its own process, and everything that can happen to it: really killed, really out of
disk and memory.
"""

import json
import os
import platform
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from waiting import until

from lvm_core import DATASETS, MODELS
from lvm_core.datasets.vectors import array_dataset
from lvm_core.fitting import fit_run
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.io.files import Lock, StoreError
from lvm_core.progress import ProgressReader
from lvm_core.runs import fit_worker, snapshots
from lvm_core.runs.scheduler import Scheduler
from lvm_core.runs.workspace import Workspace

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits of this kind are POSIX's")


@pytest.fixture(scope="module")
def data():
    return DATASETS["digits"]().load()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "home").prepare()


@pytest.fixture
def add(workspace, data):
    """Adds a run to the workspace, and returns its id and folder."""
    id = workspace.add_dataset(data)

    def adding(model: str = "VAE", **params):
        info = workspace.add_run(id, MODELS[model](**{"latent_dim": 3, "width": 32} | params))
        return info.id, workspace.run_folder(info.id)

    return adding


def command(folder, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "lvm_core.runs.fit_worker", str(folder)],
        env=ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def step(folder) -> int:
    record = ProgressReader(folder / "progress.jsonl").read()
    return record.step if record else 0


def same(a, b) -> None:
    """Two fits learnt the same, bit by bit."""
    assert (
        np.array_equal(a.codes, b.codes)
        and np.array_equal(a.held_out, b.held_out)
        and a.scores == b.scores
    )
    assert a.model.history_ == b.model.history_ and np.array_equal(
        a.model.importance_, b.model.importance_
    )
    for left, right in zip(a.model.net_.state_dict().values(), b.model.net_.state_dict().values()):
        assert np.array_equal(left.numpy(), right.numpy())


# -- the process -----------------------------------------------------------------------------------


def test_a_run_from_the_shell(workspace, add, data):
    id, folder = add(epochs=15)
    process = command(folder)
    assert process.wait(180) == fit_worker.DONE, process.stderr.read()
    info = workspace.run(id)
    assert (
        info.state == "done"
        and info.facts["exit"] == 0
        and info.facts["pid"] is None
        and info.score["name"] == "Reconstruction R²"
        and info.seconds > 0
    )
    fitted = workspace.fitted(id)
    same(fitted, fit_run(data, MODELS["VAE"](latent_dim=3, width=32, epochs=15)))
    lines = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert (
        {"step", "total", "epoch", "metrics", "steps_a_second", "seconds_left"} <= set(lines[0])
        and lines[-1]["step"] == lines[-1]["total"]
        and lines[-1]["epoch"] == 15
    )
    assert len(lines) <= 3 + 5.5 * (lines[-1]["seconds"] + 0.2)
    last = snapshots.newest(folder / "snapshots")
    assert (
        last.step == last.total
        and np.allclose(last.codes, fitted.codes[last.points], atol=1e-5)
        and last.reconstructed.shape == (10, 64)
        and last.generated.shape == (10, 64)
    )
    # asked again, it has nothing to do
    assert command(folder).wait(180) == fit_worker.DONE and workspace.run(id).facts == info.facts
    assert not {p.name for p in folder.iterdir()} - {
        "run.json",
        "state.json",
        "progress.jsonl",
        "snapshots",
        "checkpoint",
        "model",
        "codes.npy",
        "split.npy",
        "scores.json",
        "columns.json",
        "lock",
    }


def test_what_is_no_run_is_refused(tmp_path, workspace):
    for folder in (tmp_path / "nothing", tmp_path, workspace.folder):
        process = command(folder)
        assert process.wait(180) == fit_worker.NO_RUN and "holds no run" in process.stderr.read()
    assert fit_worker.main([]) == fit_worker.NO_RUN


@posix
@pytest.mark.parametrize(
    "model, params, kills",
    [
        ("VAE", dict(epochs=90), 3),
        ("VAE", dict(epochs=110, patience=100), 2),
        ("GAN", dict(steps=350), 2),
    ],
)
def test_killed_at_random_moments_it_reaches_what_it_would_have_reached(
    model, params, kills, workspace, add, data
):
    """Seven kills in all: never a run that cannot be read, and in the end the same bits."""
    id, folder = add(model, **params)
    rng = random.Random(0)
    for _ in range(kills):
        before = step(folder)
        process = command(folder, LATENT_EXPLORER_CHECKPOINT="0.05")
        until(lambda: process.poll() is not None or workspace.run(id).state == "running")
        time.sleep(rng.uniform(0, 0.5) if rng.random() < 0.3 else 0)
        until(lambda: process.poll() is not None or step(folder) != before)
        time.sleep(rng.uniform(0, 0.15))
        process.kill()
        process.wait()
        assert workspace.run(id).state in ("running", "done") and not workspace.at_work(id)
        (
            workspace.load_dataset(workspace.run(id).dataset),
            snapshots.all_of(folder / "snapshots"),
            workspace.runs(),
        )
    process = command(folder)
    assert process.wait(180) == fit_worker.DONE, process.stderr.read()
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


@posix
def test_a_checkpoint_cut_in_half_is_passed_over(workspace, add, data):
    id, folder = add(epochs=60)
    process = command(folder, LATENT_EXPLORER_CHECKPOINT="0.02")
    until(lambda: (folder / "checkpoint" / "fit.before.safetensors").exists() and step(folder) > 50)
    process.kill()
    process.wait()
    path = folder / "checkpoint" / "fit.safetensors"
    content = path.read_bytes() if path.exists() else bytes(1000)
    path.write_bytes(content[: len(content) // 2])
    # that before the last
    assert Checkpoint(folder / "checkpoint").load("")[0]["step"] > 0
    flipped = bytearray(content)
    flipped[-9] ^= 1
    path.write_bytes(flipped)
    assert (
        path.stat().st_size == len(content)
        and Checkpoint(folder / "checkpoint").load("")[0]["step"] > 0
    )
    assert fit_worker.execute(folder) == fit_worker.DONE
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


def test_with_every_checkpoint_damaged_it_begins_anew(workspace, add, data):
    id, folder = add(epochs=3)
    (folder / "checkpoint").mkdir()
    for name in ("fit.safetensors", "fit.before.safetensors"):
        (folder / "checkpoint" / name).write_bytes(b"\0" * 100)
    assert fit_worker.execute(folder) == fit_worker.DONE
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


FULL = """
import resource, sys
from pathlib import Path
from lvm_core.runs import fit_worker as worker
worker._warm_up()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
sys.exit(worker.execute(Path(sys.argv[1])))
"""


@posix
@pytest.mark.parametrize("room", (0, 600, 20_000))
def test_a_full_disk_ends_in_a_sentence_and_resumes(room, workspace, add, data):
    id, folder = add(epochs=30)
    process = subprocess.run(
        [sys.executable, "-c", FULL, str(folder), str(room)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == fit_worker.NO_DISK, process.stderr
    info = workspace.run(id)
    assert (
        info.state == "failed" and "the disk is full" in info.sentence
        if room
        else "the disk is full" in process.stderr
    )
    assert not list(folder.rglob(".new-*")) and not workspace.at_work(id)
    workspace.queue(id)
    assert fit_worker.execute(folder) == fit_worker.DONE
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


@posix
def test_out_of_memory_ends_in_a_sentence(workspace):
    """Really refused by the system: 0.6 GiB for rows and weights that want several."""
    rng = np.random.RandomState(0)
    id = workspace.add_dataset(
        array_dataset(rng.standard_normal((2000, 3000)), "wide", None, None, [])
    )
    run = workspace.add_run(
        id, MODELS["VAE"](latent_dim=8, width=2048, depth=6, batch_size=2000, epochs=5)
    )
    process = command(workspace.run_folder(run.id), LATENT_EXPLORER_MEMORY="0.6")
    assert process.wait(180) == fit_worker.NO_MEMORY, process.stderr.read()
    info = workspace.run(run.id)
    assert (
        info.state == "failed"
        and "ran out of memory; try fewer rows" in info.sentence
        and info.facts["exit"] == fit_worker.NO_MEMORY
    )


def test_a_training_that_diverges_says_what_to_do(workspace):
    id = workspace.add_dataset(
        array_dataset(np.random.RandomState(0).standard_normal((55, 4)), "noise", None, None, [])
    )
    run = workspace.add_run(
        id,
        MODELS["VAE"](
            learning_rate=1.0, epochs=200, depth=6, width=512, noise="unit", beta=20.0, warm_up=0.0
        ),
    )
    assert fit_worker.execute(workspace.run_folder(run.id)) == fit_worker.UNUSABLE
    info = workspace.run(run.id)
    assert (
        info.state == "failed"
        and "diverged" in info.sentence
        and "lower learning rate" in info.sentence
    )


def test_settings_that_cannot_be_used_and_runs_that_cannot_be_read(workspace, add):
    id, folder = add(network="conv", epochs=3)
    head = json.loads((folder / "run.json").read_text())
    head["model"]["params"]["latent_dim"] = 10**9
    (folder / "run.json").write_text(json.dumps(head))
    assert (
        fit_worker.execute(folder) == fit_worker.UNUSABLE
        and "does not know (VAE: latent_dim is 1000000000" in workspace.run(id).sentence
    )
    id, folder = add(epochs=3)
    (workspace.dataset_folder(workspace.run(id).dataset) / "X.npy").write_bytes(b"cut")
    assert fit_worker.execute(folder) == fit_worker.UNUSABLE
    assert workspace.run(id).state == "failed" and "X.npy" in workspace.run(id).sentence


def test_two_processes_never_work_on_one_run(workspace, add):
    id, folder = add(epochs=400)
    first = command(folder)
    until(lambda: workspace.at_work(id))
    second = command(folder)
    assert second.wait(180) == fit_worker.BUSY
    with pytest.raises(StoreError, match="cancel it first"):
        workspace.delete_run(id)
    workspace.ask(id, "cancel")
    assert (
        first.wait(180) == fit_worker.CANCELLED
        and workspace.run(id).state == "cancelled"
        and not (folder / "checkpoint").exists()
    )
    workspace.delete_run(id)


def test_two_runs_write_at_once(workspace, add, data):
    made = [add(epochs=30, random_state=seed) for seed in (1, 2)]
    processes = [command(folder) for _, folder in made]
    assert [p.wait(180) for p in processes] == [0, 0]
    for id, _ in made:
        same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


# -- control ---------------------------------------------------------------------------------------


def test_stop_keeps_what_was_reached_and_continuing_takes_it_up(workspace, add):
    id, folder = add(epochs=5000)
    process = command(folder)
    until(lambda: step(folder) > 100)
    workspace.ask(id, "stop")
    assert process.wait(180) == fit_worker.DONE
    info, fitted = workspace.run(id), workspace.fitted(id)
    assert info.state == "stopped" and fitted.model.stopped_ and not (folder / "control").exists()
    reached = fitted.model.history_[-1]["step"]
    again = workspace.extend(id, 4)
    assert again.state == "waiting" and again.has_result and again.model().epochs < 5000
    assert fit_worker.execute(folder) == fit_worker.DONE
    longer = workspace.fitted(id).model
    assert (
        workspace.run(id).state == "done"
        and longer.history_[-1]["step"] > reached
        and not longer.stopped_
        and len(longer.history_) <= 200
    )


@pytest.mark.parametrize(
    "model, length, params", [("VAE", "epochs", dict(epochs=8)), ("GAN", "steps", dict(steps=60))]
)
def test_a_finished_run_continues_for_longer(model, length, params, workspace, add):
    id, folder = add(model, **params)
    assert fit_worker.execute(folder) == fit_worker.DONE
    before = workspace.fitted(id)
    workspace.extend(id, 7)
    assert fit_worker.execute(folder) == fit_worker.DONE
    after = workspace.fitted(id)
    assert getattr(after.model, length) == params[length] + 7 and not np.array_equal(
        after.codes, before.codes
    )
    assert (
        after.model.history_[:50] == before.model.history_[:50]
        and after.model.history_[-1]["step"] > before.model.history_[-1]["step"]
    )
    assert after.seconds > before.seconds


@pytest.mark.parametrize("at_work", (True, False))
def test_cancelling_a_continuation_leaves_the_run_as_it_was(at_work, workspace, add):
    id, folder = add(epochs=8)
    assert fit_worker.execute(folder) == fit_worker.DONE
    before = {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name in ("run.json", "weights.safetensors", "fit.safetensors", "codes.npy")
    }
    workspace.extend(id, 4000)
    if at_work:
        process = command(folder, LATENT_EXPLORER_CHECKPOINT="0.05")
        until(lambda: step(folder) > 1000)
        assert workspace.run(id).has_result
        workspace.ask(id, "cancel")
        assert process.wait(180) == fit_worker.CANCELLED
    else:
        workspace.ask(id, "cancel")
    assert workspace.run(id).state == "done" and workspace.run(id).model().epochs == 8
    assert (
        all((folder / path).read_bytes() == content for path, content in before.items())
        and not (folder / "before").exists()
    )
    workspace.extend(id, 2)
    assert (
        fit_worker.execute(folder) == fit_worker.DONE
        and workspace.fitted(id).model.epochs == 10
        and not (folder / "before").exists()
    )


def test_a_continuation_that_cannot_be_changes_nothing(workspace, add):
    id, folder = add(epochs=3)
    with pytest.raises(StoreError, match="no checkpoint"):
        workspace.extend(id, 1)
    assert fit_worker.execute(folder) == fit_worker.DONE
    with pytest.raises(ValueError, match="epochs is 1000003, expected a whole number"):
        workspace.extend(id, 10**6)
    assert (
        workspace.run(id).state == "done"
        and workspace.run(id).model().epochs == 3
        and not (folder / "before").exists()
    )
    workspace.extend(id, 1)
    assert fit_worker.execute(folder) == fit_worker.DONE and workspace.fitted(id).model.epochs == 4


def test_what_is_exact_is_fitted_but_not_continued(workspace, data):
    id = workspace.add_run(workspace.add_dataset(data), MODELS["PCA"](latent_dim=3)).id
    assert fit_worker.execute(workspace.run_folder(id)) == fit_worker.DONE
    with pytest.raises(StoreError, match="solved exactly"):
        workspace.extend(id, 3)
    assert workspace.run(id).state == "done"


@posix
@pytest.mark.parametrize("how", ("pause", signal.SIGTERM, signal.SIGINT))
def test_a_pause_goes_on_where_it_was(how, workspace, add, data):
    id, folder = add(epochs=100)
    process = command(folder)
    until(lambda: step(folder) > 100)
    workspace.ask(id, how) if how == "pause" else process.send_signal(how)
    assert process.wait(180) == fit_worker.PAUSED
    assert workspace.run(id).state == ("waiting" if how == signal.SIGTERM else "paused")
    reached = Checkpoint(folder / "checkpoint").load("")[0]["step"]
    assert reached >= step(folder) - 1 > 0
    workspace.queue(id)
    assert fit_worker.execute(folder) == fit_worker.DONE
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


def test_a_waiting_run_is_cancelled_or_paused_at_once(workspace, add):
    (first, _), (second, folder) = add(epochs=3), add(epochs=3)  # noqa: F841
    workspace.ask(first, "cancel")
    workspace.ask(second, "pause")
    assert workspace.run(first).state == "cancelled" and workspace.run(second).state == "paused"
    assert fit_worker.execute(workspace.run_folder(first)) == fit_worker.CANCELLED
    with pytest.raises(StoreError):
        workspace.ask(first, "jump")


def test_early_stopping_keeps_the_best(data):
    X = data.X[:200]
    model = MODELS["VAE"](latent_dim=8, epochs=3000, patience=5, width=256).fit(
        X, schema=data.schema
    )
    epochs = model.history_[-1]["step"] / -(-180 // 64)
    held_out = [point["held_out"] for point in model.history_]
    assert 600 < epochs < 2900 and not model.stopped_ and held_out[-1] > min(held_out[20:])
    with pytest.raises(ValueError, match="patience"):
        MODELS["VAE"](patience=3).fit(X[:10])


# -- the queue -------------------------------------------------------------------------------------


@pytest.fixture
def scheduler(workspace):
    made = Scheduler(workspace, count=1, spare=False)
    yield made
    made.stop()
    for run in workspace.runs():
        if workspace.at_work(run.id):
            workspace.ask(run.id, "cancel")
            until(lambda: not workspace.at_work(run.id))


def test_one_after_the_other_and_each_knows_its_place(workspace, add, scheduler):
    ids = [add(epochs=5)[0] for _ in range(3)]
    assert [scheduler.place(id) for id in ids] == [0, 1, 2]
    scheduler.start()
    most = 0
    while any(workspace.run(id).state in ("waiting", "running") for id in ids):
        most = max(most, sum(workspace.at_work(id) for id in ids))
        time.sleep(0.02)
    assert most == 1 and [workspace.run(id).state for id in ids] == ["done"] * 3
    ended = [workspace.run(id).facts["updated"] for id in ids]
    assert ended == sorted(ended)
    until(lambda: not list((workspace.folder / "queue").iterdir()))


@posix
def test_a_worker_that_is_killed_is_started_again_by_the_next_scheduler_too(
    workspace, add, scheduler, data, monkeypatch
):
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINT", "0.05")
    id, folder = add(epochs=120)
    scheduler.start()
    for _ in range(2):
        before = step(folder)
        pid = until(
            lambda: (
                workspace.at_work(id)
                and step(folder) > before + 20
                and workspace.run(id).facts["pid"]
            )
        )
        os.kill(pid, signal.SIGKILL)
        until(lambda: workspace.run(id).facts.get("pid") not in (None, pid))
    scheduler.stop()
    assert workspace.at_work(id)  # it needs no scheduler
    successor = Scheduler(workspace, count=1, spare=False)
    successor.start()
    until(lambda: workspace.run(id).state == "done")
    successor.stop()
    same(workspace.fitted(id), fit_run(data, workspace.run(id).model()))


@posix
def test_a_run_whose_process_keeps_dying_is_given_up(workspace, add, scheduler, monkeypatch):
    monkeypatch.setenv("LATENT_EXPLORER_CHECKPOINT", "1000")
    id, folder = add(epochs=5000)
    scheduler.start()
    pid = None
    while workspace.run(id).state != "failed":
        found = workspace.run(id).facts.get("pid")
        if found not in (None, pid) and workspace.at_work(id):
            pid = found
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    assert "ended 4 times" in workspace.run(id).sentence and workspace.run(id).facts["exit"] == -9


def test_a_spare_takes_the_next_run_and_ends_with_its_server(workspace, add):
    id, folder = add(epochs=100)
    workspace.ask(id, "pause")
    made = Scheduler(workspace, count=1)
    made.start()
    spare = until(lambda: made._spare)
    workspace.queue(id)
    made.wake()
    assert until(lambda: workspace.run(id).facts.get("pid")) == spare.pid
    until(lambda: workspace.run(id).state == "done")
    assert (folder / "log.txt").read_text() == ""
    second = until(lambda: made._spare)
    made.stop()
    assert second.poll() is not None and not Lock(workspace.folder / "queue.lock").held()


def test_a_spare_ends_when_its_server_was_killed(workspace):
    made = Scheduler(workspace, count=1)
    spare = made._start(["--wait"], subprocess.PIPE)
    spare.stdin.close()  # as the system does for a process that is gone
    assert spare.wait(60) == 0


def test_a_run_that_a_server_left_before_it_was_queued_is_adopted(workspace, data):
    info = workspace.add_run(workspace.add_dataset(data), MODELS["PCA"](latent_dim=2), queued=False)
    # in a thread of a server that is gone
    workspace.set_state(info.id, state="running", pid=1)
    made = Scheduler(workspace, count=1, spare=False)
    made.start()
    until(lambda: workspace.run(info.id).state == "done")
    made.stop()


def test_two_schedulers_serve_a_workspace_in_turn(workspace, add):
    first, second = (Scheduler(workspace, count=1, spare=False) for _ in range(2))
    first.start()
    until(first._lock.held)
    second.start()
    id, _ = add(epochs=2)
    until(lambda: workspace.run(id).state == "done")
    first.stop()
    id, _ = add(epochs=2)
    until(lambda: workspace.run(id).state == "done")
    second.stop()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_buffers_of_a_step_are_used_again_by_the_next():
    code = """
import resource
import numpy as np
from lvm_core.runs.fit_worker import keep_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        step = [np.ones(2**18) for _ in range(5)]
        del step
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

without = faults()
keep_memory()
faults()
print(without, faults())
"""
    without, kept = map(
        int,
        subprocess.run(
            [sys.executable, "-c", code],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split(),
    )
    assert kept < 500 < 0.1 * without  # 5 buffers are 2560 pages
