"""Groups of codes and search among them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from lvm_core import DATASETS, read_dataset
from lvm_core.analysis import clusters as module
from lvm_core.analysis.clusters import (
    METHODS,
    agreement,
    class_words,
    clusters,
    common,
    differences,
    features,
    labelled,
    medoids,
)
from lvm_core.analysis.search import Space, comparable, precision, shared
from lvm_core.schema import Schema


@pytest.fixture(scope="module")
def blobs():
    """Three round groups of 120, 80 and 40 codes, and which is which."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], [120, 80, 40])
    return np.array([[0, 0, 0], [6, 0, 0], [0, 6, 0]])[y] + 0.5 * rng.randn(240, 3), y


@pytest.mark.parametrize("method", METHODS)
def test_planted_groups_are_found_and_counted(method, blobs):
    Z, y = blobs
    found = clusters(Z, method, most=6)
    assert found.count == 3 and adjusted_rand_score(y, found.labels) > 0.95
    sizes = np.bincount(found.labels[found.labels >= 0])
    assert (np.diff(sizes) <= 0).all()  # the largest comes first
    assert (clusters(Z, method, most=6).labels == found.labels).all()
    assert found.chosen in [setting for setting, _ in found.curve] and found.fitted == 240


def test_a_setting_is_kept_to_and_impossible_ones_are_refused(blobs):
    Z, _ = blobs
    assert clusters(Z, "kmeans", 5, most=3).count == 5
    for wrong, words in (
        (dict(method="spectral"), "expected one of"),
        (dict(setting=0), "expected 1 to"),
        (dict(setting=10**6), "expected 1 to"),
    ):
        with pytest.raises(ValueError, match=words):
            clusters(Z, **wrong)
    with pytest.raises(ValueError, match="at least 4"):
        clusters(np.zeros((50, 2)))


@pytest.mark.parametrize("method", METHODS)
def test_of_many_rows_a_sample_is_clustered_and_the_rest_joins(method, blobs, monkeypatch):
    monkeypatch.setattr(module, "MOST_FITTED", 150)
    found = clusters(blobs[0], method, most=5)
    assert found.fitted == 150 and len(found.labels) == 240
    assert adjusted_rand_score(blobs[1], found.labels) > 0.9


def test_the_medoid_has_the_least_sum_of_squared_distances(blobs):
    Z, y = blobs
    for c, rows in medoids(Z, y, 3).items():
        own = np.flatnonzero(y == c)
        sums = np.square(Z[own][:, None] - Z[own]).sum((1, 2))
        assert rows[0] == own[sums.argmin()] and len(rows) == 3 and (y[rows] == c).all()


def test_what_sets_a_cluster_apart_is_named():
    rng = np.random.RandomState(0)
    labels = np.repeat([0, 1], 100)
    X = rng.randn(200, 4)
    X[labels == 1, 2] -= 4
    found = differences(X, labels, ["a", "b", "c", "d"], 1)
    ((name, effect),) = found[1]
    assert name == "c" and effect == pytest.approx(
        (X[100:, 2].mean() - X[:100, 2].mean()) / X[:, 2].std()
    )
    assert found[0][0][1] == pytest.approx(-effect)
    # one cluster differs from nothing
    assert differences(X, np.zeros(200, int), list("abcd"))[0] == []


def test_words_of_a_cluster_are_those_the_others_lack():
    X, labels = np.array([[9, 5, 0], [8, 4, 0], [9, 0, 5], [9, 0, 3]]), np.array([0, 0, 1, 1])
    found = class_words(X, labels, ["the", "cat", "stock"], 2)
    share, everywhere = 9 / 26, 9
    assert found[0][0] == ("cat", pytest.approx(share * np.log1p(X.sum() / 2 / everywhere)))
    assert found[1][0][0] == "stock"


def test_tables_say_which_level_and_pictures_say_nothing():
    rows = ["height,city"] + [
        f"{(150, 190)[i % 2] + i % 7},{('Ulm', 'Bonn')[i % 2]}" for i in range(60)
    ]
    data = read_dataset("\n".join(rows).encode(), name="people.csv")
    names, shares = features(data)
    assert len(names) == data.X.shape[1] and shares["city = Ulm"] and not shares["height"]
    said = labelled(data, np.arange(60) % 2)
    assert {"city = Ulm more often", "height low"} <= set(said[0])
    assert labelled(DATASETS["digits"]().load(), np.zeros(1797, int)) == {0: []}


def test_agreement_and_the_commonest_class():
    y = np.array(["a", "a", "b", "b", None, "b"], dtype=object)
    same = agreement(np.array([1, 1, 0, 0, 0, 0]), y)
    assert [score.value for score in same] == [1.0, 1.0]
    assert agreement(np.array([0] * 6), np.array(["a"] * 6, dtype=object)) == []
    assert common(np.array([0, 0, 0, 0, 0, 1]), y) == {0: ("a", 0.5), 1: ("b", 1.0)}
    rng = np.random.RandomState(0)
    chance = agreement(
        rng.randint(4, size=2000), rng.randint(4, size=2000).astype(str).astype(object)
    )
    assert abs(chance[0].value) < 0.01


# -- search ----------------------------------------------------------------------------------------


def test_the_nearest_are_those_of_all_distances_and_closeness_is_a_share_of_pairs(blobs):
    Z, _ = blobs
    rows, away, closeness = Space.of(Z).nearest(Z[[7]], 5, without=7)
    every = np.linalg.norm(Z - Z[7], axis=1)
    assert rows.tolist() == [i for i in np.argsort(every, kind="stable") if i != 7][:5]
    assert away == pytest.approx(every[rows])
    pairs = np.linalg.norm(Z[:, None] - Z, axis=2)[~np.eye(240, dtype=bool)]
    assert closeness == pytest.approx([100 * (pairs > d).mean() for d in away], abs=2)
    assert len(Space.of(Z).nearest(Z.mean(0)[None], 3)[0]) == 3
    with pytest.raises(ValueError, match="at least 2"):
        Space.of(Z[:1])


def test_documents_are_compared_by_their_mix_of_words():
    from scipy.sparse import csr_matrix

    X = csr_matrix(np.array([[1, 0, 1], [10, 0, 10], [0, 3, 0], [1, 1, 1]], np.float32))
    space = Space.of(comparable(X, Schema.counts(3)))
    assert space.nearest(space.A[0], 1, without=0)[0][0] == 1
    assert comparable(X, Schema.gaussian(3)) is X


def test_precision_is_one_for_pure_groups_and_chance_for_noise(blobs):
    Z, y = blobs
    known = y.astype(str).astype(object)
    assert precision(Z, known, 5).value == pytest.approx(1, abs=0.01)
    noise = precision(
        np.random.RandomState(0).randn(600, 2), np.repeat(["a", "b"], 300).astype(object), 10
    )
    assert noise.value == pytest.approx(
        noise.baseline, abs=0.03
    ) and noise.baseline == pytest.approx(0.499, abs=0.002)
    assert precision(Z, np.full(240, None, dtype=object), 5) is None
    assert precision(Z[:5], known[:5], 10) is None
    assert shared([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5
