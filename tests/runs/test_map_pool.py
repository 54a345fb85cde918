"""Maps made in a process of its own, and what can happen to it; maps of samples and of the data
itself.
"""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from lvm_core import DATASETS, PROJECTIONS, mapping
from lvm_core.latent.neighbours import nearest
from lvm_core.mapping import map_codes, map_data
from lvm_core.runs.map_pool import MapPool
from lvm_core.runs.store import load_map, save_dataset, save_map

posix = pytest.mark.skipif(os.name == "nt", reason="signals of this kind are POSIX's")


@pytest.fixture(scope="module")
def codes():
    rng = np.random.RandomState(0)
    return (rng.normal(size=(300, 5)) + 5 * np.eye(5)[rng.randint(3, size=300)]).astype(np.float32)


@pytest.fixture(scope="module")
def pool():
    made = MapPool(1)
    made.start()
    yield made
    made.stop()


def never(progress):
    return False


def test_a_process_makes_the_map_that_is_made_here(pool, codes):
    seen = []
    made = pool.make(codes, PROJECTIONS["TSNE"](iterations=50), lambda p: seen.append(p))
    here = map_codes(codes, PROJECTIONS["TSNE"](iterations=50))
    assert_array_equal(made.positions, here.positions)
    assert_array_equal(made.projection.transform(codes[:5]), here.projection.transform(codes[:5]))
    assert made.scores == here.scores and made.note == ""
    assert [p.shape.shape for p in seen if p.shape is not None][:1] == [(300, 2)] and seen[
        -1
    ].total == 150


def test_labels_and_datasets_reach_it(pool, codes, tmp_path):
    y = np.arange(300) % 3
    assert_array_equal(
        pool.make(codes, PROJECTIONS["Fisher"](), never, y=y).positions,
        map_codes(codes, PROJECTIONS["Fisher"](), y=y).positions,
    )
    dataset = DATASETS["iris"]().load()
    save_dataset(tmp_path / "iris", dataset)
    made = pool.make(codes[:150], PROJECTIONS["LocalMAP"](), never, data=tmp_path / "iris")
    assert_array_equal(
        made.positions, map_data(dataset.X, codes[:150], PROJECTIONS["LocalMAP"]()).positions
    )


def test_what_cannot_be_mapped_is_said(pool):
    with pytest.raises(ValueError, match="all 30 points are the same"):
        pool.make(np.ones((30, 3), np.float32), PROJECTIONS["TSNE"](), never)
    with pytest.raises(ValueError, match="Choose a label column"):
        pool.make(np.eye(30, dtype=np.float32), PROJECTIONS["Fisher"](), never)


def test_the_servers_end_ends_a_map_under_way(codes):
    made, began = MapPool(1), threading.Event()
    made.start()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(
            made.make,
            codes,
            PROJECTIONS["TSNE"](iterations=5000),
            lambda p: p.step > 0 and began.set(),
        )
        assert began.wait(60)
        (process,) = made._busy
        made.stop()
        with pytest.raises(ValueError, match="The server ended"):
            asked.result(30)
    assert process.wait(30) < 0 and not made._busy


def test_stop_keeps_what_was_reached(pool, codes):
    made = pool.make(codes, PROJECTIONS["TSNE"](iterations=5000), lambda p: p.step >= 20)
    assert (
        "stopped before its end" in made.note
        and np.isfinite(made.positions).all()
        and made.positions.shape == (300, 2)
    )


@posix
def test_a_killed_process_is_started_again_and_it_is_said(pool, codes):
    killed, phases = [], []

    def kill_once(progress):
        phases.append(progress.phase)
        if progress.step and not killed:
            killed.append([p for p in _children() if p not in before])
            for pid in killed[0]:
                os.kill(pid, signal.SIGKILL)

    before = []
    made = pool.make(codes, PROJECTIONS["TSNE"](iterations=400), kill_once)
    assert (
        killed[0]
        and "ended, and was started again" in made.note
        and any("started again" in phase for phase in phases)
    )
    assert_array_equal(
        made.positions, map_codes(codes, PROJECTIONS["TSNE"](iterations=400)).positions
    )


def _children():
    """Processes that are projectors of this one."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if (
                name.isdecimal()
                and f"PPid:\t{os.getpid()}\n" in open(f"/proc/{name}/status").read()  # noqa: SIM115
                and "lvm_core.runs.map_worker" in open(f"/proc/{name}/cmdline").read()  # noqa: SIM115
            ):
                found.append(int(name))
        except OSError:
            pass
    return found


@posix
def test_a_process_that_always_ends_is_given_up_with_a_sentence(pool, codes):
    def kill(progress):
        for pid in _children():
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(ValueError, match="ended 2 times"):
        pool.make(codes, PROJECTIONS["TSNE"](iterations=5000), kill)


# -- samples, and the data itself ------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(PROJECTIONS["LocalMAP"], "most_rows", 200)
    return PROJECTIONS["LocalMAP"](iterations=60)


def test_a_large_set_is_fitted_on_a_sample_and_says_so(few, codes):
    made = map_codes(codes, few)
    rows = mapping.sampled(300, few)
    assert len(rows) == 200 and "200 of 300 items" in made.note
    assert_array_equal(made.positions[rows], few.embedding_)
    near = nearest(codes, few.codes_, 10)[1]
    rest = np.setdiff1d(np.arange(300), rows)
    assert_allclose(made.positions[rest], np.median(few.embedding_[near[rest]], axis=1))


@pytest.mark.parametrize("c", (1, 2, 3))
def test_t_sne_settles_new_points_better_than_a_mean(c):
    X = load_digits().data.astype(np.float32)[:1500]
    projection = PROJECTIONS["TSNE"](n_components=c).fit(X[::2])
    fixed, there = projection.embedding_.copy(), projection.embed_new(*nearest(X[1::2], X[::2], 30))
    assert_array_equal(projection.embedding_, fixed)
    true = nearest(X[1::2], X[::2], 10)[1]
    kept = [
        np.mean([np.isin(a, b).mean() for a, b in zip(true, nearest(P, fixed, 10)[1])])
        for P in (there, projection.transform(X[1::2]))
    ]
    assert kept[0] > kept[1] + (0.01 if c < 3 else 0)
    assert_array_equal(there, projection.embed_new(*nearest(X[1::2], X[::2], 30)))


@pytest.mark.parametrize("c", (1, 2, 3))
def test_umap_settles_new_points_better_than_a_mean(c):
    X = load_digits().data.astype(np.float32)[:1500]
    new, projection = X[1::2], PROJECTIONS["UMAP"](n_components=c).fit(X[::2])
    near, fixed = nearest(new, X[::2], 15), projection.embedding_.copy()
    there = projection.embed_new(*near)
    assert_array_equal(projection.embedding_, fixed)
    ways = [
        trustworthiness(new, P, n_neighbors=10)
        for P in (there, projection.transform(new), np.median(fixed[near[1][:, :10]], axis=1))
    ]
    assert ways[0] > ways[1] + 0.005 and ways[0] >= ways[2]
    assert_array_equal(there, projection.embed_new(*near))


def test_many_rows_are_placed_by_cells_nearly_as_exactly(few, codes, monkeypatch):
    exact = map_codes(codes, few).positions
    monkeypatch.setattr("lvm_core.mapping._EXACT_PAIRS", 0)
    made = map_codes(codes, few)
    assert (
        "looked for nearby only" in made.note
        and (np.linalg.norm(made.positions - exact, axis=1) < 1e-4).mean() > 0.9
    )


def test_placing_the_rest_can_be_stopped(few, codes, monkeypatch):
    monkeypatch.setattr("lvm_core.mapping._BATCH", 30)
    made = map_codes(codes, few, lambda p: p.phase == "placing the rest")
    assert "the last 70, when it was stopped" in made.note and np.isfinite(made.positions).all()


@pytest.mark.parametrize("form", (np.asarray, csr_matrix))
def test_a_map_of_the_data_itself(form, codes, tmp_path):
    rng = np.random.RandomState(0)
    X = (codes @ rng.normal(size=(5, 130)) + 0.01 * rng.normal(size=(300, 130))).astype(np.float32)
    made = map_data(form(X), codes, PROJECTIONS["LocalMAP"](iterations=60))
    assert made.positions.shape == (300, 2) and "of 130 columns" in made.note
    assert_allclose(made.projection.transform(codes), made.positions, atol=1e-5)
    save_map(tmp_path / "map", made)
    again = load_map(tmp_path / "map", 300)
    assert_array_equal(
        again.projection.transform(codes[:9] + 0.1), made.projection.transform(codes[:9] + 0.1)
    )
    assert again.projection.made_by_["name"] == "LocalMAP"


def test_narrow_data_is_mapped_as_it_is(codes):
    Z, note = mapping.reduced(codes)
    assert_array_equal(Z, codes)
    assert note == ""
