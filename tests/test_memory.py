"""A mapped file is read where it lies: fits and codes equal those of the array in memory, and
no copy of it is made.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition

from lvm_core import MODELS, fitting
from lvm_core.codecs.array import ArrayCodec
from lvm_core.datasets.base import Dataset
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.models import pca

SMALL = {
    "PCA": {},
    "VAE": {"epochs": 1, "batch_size": 512, "width": 4, "depth": 1},
    "Autoencoder": {"epochs": 1, "batch_size": 512, "width": 4, "depth": 1},
}


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    path = tmp_path_factory.mktemp("mapped") / "X.npy"
    rng = np.random.RandomState(0)
    np.save(
        path,
        (
            rng.standard_normal((40_000, 3)) @ rng.standard_normal((3, 200))
            + 0.1 * rng.standard_normal((40_000, 200))
        ).astype(np.float32),
    )
    return np.load(path, mmap_mode="r")


def peak(work) -> int:
    """Most bytes that Python and NumPy held at once during ``work()``, beyond those before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SMALL)
def test_a_mapped_file_is_learnt_from_and_encoded_without_a_copy(mapped, name):
    model = MODELS[name](latent_dim=2, **SMALL[name])
    model.fit(np.array(mapped[:50]))  # imports take memory too
    assert peak(lambda: model.fit(mapped).transform(mapped)) < mapped.nbytes / 3
    again = MODELS[name](latent_dim=2, **SMALL[name]).fit(np.array(mapped))
    assert np.array_equal(model.transform(mapped[:100]), again.transform(mapped[:100]))


def test_a_run_keeps_its_training_rows_in_a_file_where_they_are_many(mapped, tmp_path, monkeypatch):
    data = Dataset(
        "mapped",
        mapped,
        pd.DataFrame({"row": range(len(mapped))}),
        ArrayCodec(np.zeros(200), np.ones(200)),
    )
    run = lambda: fitting.fit_run(
        data, MODELS["PCA"](latent_dim=2), checkpoint=Checkpoint(tmp_path / "run" / "checkpoint")
    )
    (tmp_path / "run").mkdir()
    whole = run()
    monkeypatch.setattr(fitting, "MOST_IN_MEMORY", 1000)
    assert peak(run) < 0.8 * mapped.nbytes  # the copy alone would take 0.9
    part = run()
    assert np.array_equal(part.codes, whole.codes) and [s.value for s in part.scores] == [
        s.value for s in whole.scores
    ]
    assert not list((tmp_path / "run").iterdir())


def test_pca_is_exact_far_from_the_origin():
    """Where the mean is a thousand spreads away, float32 products of rows that are not centred
    have nothing left.
    """
    X = (
        np.random.RandomState(0).standard_normal((5000, 50)) @ np.diag(np.linspace(1, 5, 50)) + 1e4
    ).astype(np.float32)
    exact = decomposition.PCA(7, svd_solver="full").fit(X.astype(np.float64))
    model = MODELS["PCA"](latent_dim=7).fit(X)
    np.testing.assert_allclose(model.components_, exact.components_, atol=1e-4)
    np.testing.assert_allclose(model.explained_variance_, exact.explained_variance_, rtol=1e-4)
    assert model.noise_variance_ == pytest.approx(exact.noise_variance_, rel=1e-4)


@pytest.mark.parametrize("solver", ["_by_gram", "_by_blocks"])
def test_the_solvers_of_pca_for_large_pictures_find_what_scikit_learns_finds(solver):
    """Few, long rows with a spectrum that falls, a thousand spreads from the origin."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((120, 30)) * 0.8 ** np.arange(30) @ rng.standard_normal((30, 900))
    X = (X + 0.01 * rng.standard_normal(X.shape) + 1e3).astype(np.float32)
    exact = decomposition.PCA(6, svd_solver="full").fit(X.astype(np.float64))
    found = getattr(pca, solver)(X, 6, *([rng] if solver == "_by_blocks" else []))
    wanted = exact.mean_, exact.components_, exact.explained_variance_
    wanted = (*wanted, exact.explained_variance_ratio_, exact.noise_variance_)
    for ours, theirs in zip(found, wanted):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(found[1] @ found[1].T, np.eye(6), atol=1e-5)


@pytest.mark.parametrize(("rows", "solver"), [(300, "_by_gram"), (1200, "_by_blocks")])
def test_pca_of_large_pictures_makes_no_copy_of_them(tmp_path, monkeypatch, rows, solver):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).random((rows, 20_000), np.float32))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    monkeypatch.setattr(pca, "MOST_COPIED", X.size - 1)
    monkeypatch.setattr(pca, "MOST_GRAM", 1000)
    asked = []
    given = getattr(pca, solver)
    monkeypatch.setattr(pca, solver, lambda *args: asked.append(solver) or given(*args))
    assert peak(lambda: MODELS["PCA"](latent_dim=2).fit(X)) < max(X.nbytes, 2**26) / 2
    assert asked == [solver]
