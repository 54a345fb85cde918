"""Every map: scikit-learn's own conformance suite, then what a map promises here."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks

from lvm_core import PROJECTIONS, load_projection
from lvm_core.latent.neighbours import carry, nearest, nearest_others

SHORT = {"iterations": 30, "epochs": 30}


def make(name, **params):
    """A map with few steps: what is tested here does not depend on their number."""
    cls = PROJECTIONS[name]
    return cls(**{k: v for k, v in SHORT.items() if k in cls.parameters()} | params)


def labels(name, Z):
    """Three classes for a map that asks for labels, None for the others."""
    return np.arange(len(Z)) % 3 if PROJECTIONS[name].labels else None


every = pytest.mark.parametrize("name", list(PROJECTIONS))
every_exact = pytest.mark.parametrize("name", [n for n, c in PROJECTIONS.items() if c.exact])
every_iterative = pytest.mark.parametrize("name", [n for n, c in PROJECTIONS.items() if c.iterative])
both_metrics = pytest.mark.parametrize("name", [n for n, c in PROJECTIONS.items() if "metric" in c.parameters()])


@pytest.fixture(scope="module")
def codes():
    rng = np.random.RandomState(0)
    return rng.normal(size=(80, 6)) + 4 * np.eye(6)[rng.randint(3, size=80)]


@parametrize_with_checks([make(name) for name in PROJECTIONS])
def test_scikit_learn_conformance(estimator, check):
    check(estimator)


# -- promises of every map ----------------------------------------------------------------------------------------------

@every
@pytest.mark.parametrize("c", (1, 2, 3))
@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_shape_and_dtype(name, c, dtype, codes):
    P = make(name, n_components=c).fit_transform(codes.astype(dtype), labels(name, codes))
    assert P.shape == (80, c) and P.dtype == dtype and np.isfinite(P).all()
    assert np.ptp(P, axis=0).min() > 1e-3


@every
def test_same_seed_same_map(name, codes):
    first, second = (make(name, random_state=3).fit_transform(codes, labels(name, codes)) for _ in range(2))
    assert_array_equal(first, second)


@every
def test_other_seed_other_map_only_where_there_is_chance(name, codes):
    same = np.array_equal(*(make(name, random_state=seed).fit_transform(codes, labels(name, codes)) for seed in (3, 4)))
    assert same == (not PROJECTIONS[name].random)


@every
def test_training_codes_return_to_their_places(name, codes):
    projection = make(name).fit(codes, labels(name, codes))
    assert_allclose(projection.transform(codes), projection.embedding_, atol=1e-9)


@every
def test_one_row_is_the_same_in_a_batch(name, codes):
    projection = make(name).fit(codes, labels(name, codes))
    new = codes[:20] + 0.3
    alone = np.vstack([projection.transform(row[None]) for row in new])
    assert_allclose(alone, projection.transform(new), rtol=1e-12, atol=1e-12)


@every
def test_new_points_land_among_their_own(name):
    X, y = load_iris(return_X_y=True)
    Z = PROJECTIONS["PCA"](n_components=3).fit_transform(X)
    projection = PROJECTIONS[name]().fit(Z[::2], y[::2])
    found = y[::2][nearest(projection.transform(Z[1::2]), projection.embedding_, 1)[1][:, 0]]
    assert (found == y[1::2]).mean() > 0.85


@every
def test_placing_is_continuous(name, codes):
    projection = make(name).fit(codes, labels(name, codes))
    t = np.linspace(0, 1, 2001)[:, None]
    P = projection.transform(codes[0] * (1 - t) + codes[40] * t)
    steps = np.linalg.norm(np.diff(P, axis=0), axis=1)
    assert steps.max() < 0.03 * np.ptp(projection.embedding_, axis=0).max()


@every
@pytest.mark.parametrize("c", (2, 3))
def test_saved_and_loaded_is_equal_and_holds_no_pickle(name, c, codes, tmp_path):
    projection = make(name, n_components=c).fit(codes, labels(name, codes))
    loaded = load_projection(projection.save(tmp_path / "map"))
    new = codes[:7] * 1.1
    assert loaded.get_params() == projection.get_params()
    assert_array_equal(loaded.embedding_, projection.embedding_)
    assert_array_equal(loaded.transform(new), projection.transform(new))
    assert_array_equal(loaded.inverse_transform(projection.embedding_[:7] + 0.1), projection.inverse_transform(projection.embedding_[:7] + 0.1))
    assert sorted(p.name for p in (tmp_path / "map").iterdir()) == ["recipe.json", "weights.safetensors"]


@every
def test_inverse_is_finite_and_near(name, codes):
    projection = make(name).fit(codes, labels(name, codes))
    P = projection.embedding_
    assert np.isfinite(projection.inverse_transform(np.array([[1e6, -1e6], [0, 0]]))).all()
    middle = projection.inverse_transform((P[:-1] + P[1:]) / 2)
    assert middle.shape == (79, 6) and middle.min() >= codes.min() - 3 and middle.max() <= codes.max() + 3


@every_exact
@pytest.mark.parametrize("c", (1, 2, 3))
@pytest.mark.parametrize("k", (1, 2, 3, 6))
def test_exact_maps_return_to_the_position(name, c, k, codes):
    projection = make(name, n_components=c).fit(codes[:, :k], labels(name, codes))
    there = projection.embedding_[:10].copy()
    there[:, :min(c, k)] += 0.25
    assert_allclose(projection.transform(projection.inverse_transform(there)), there, atol=1e-9)
    if k <= c:
        assert_allclose(projection.inverse_transform(projection.embedding_), codes[:, :k], atol=1e-9)


@every
def test_wrong_width_of_positions_is_said(name, codes):
    projection = make(name).fit(codes, labels(name, codes))
    with pytest.raises(ValueError, match=r"P has shape \(3, 5\), expected \(n, 2\)"):
        projection.inverse_transform(np.zeros((3, 5)))
    with pytest.raises(ValueError, match="NaN or infinity"):
        projection.inverse_transform(np.full((3, 2), np.nan))


# -- odd input ----------------------------------------------------------------------------------------------------------

@every
@pytest.mark.parametrize("n", range(3, 11))
@pytest.mark.parametrize("c", (2, 3))
def test_few_rows(name, n, c):
    Z = np.random.RandomState(n).normal(size=(n, 4))
    projection = make(name, n_components=c, **PROJECTIONS[name].suggest(n)).fit(Z, labels(name, Z))
    assert np.isfinite(projection.embedding_).all() and np.isfinite(projection.transform(Z + 0.1)).all()


@every
@pytest.mark.parametrize("shape", ((40, 1), (40, 2), (30, 300)))
def test_narrow_and_wide_codes(name, shape):
    Z = np.random.RandomState(0).normal(size=shape)
    P = make(name, n_components=3).fit_transform(Z, labels(name, Z))
    assert P.shape == (shape[0], 3) and np.isfinite(P).all()


@every
def test_duplicates(name):
    Z = np.repeat(np.random.RandomState(0).normal(size=(6, 3)), 30, axis=0)
    projection = make(name).fit(Z, labels(name, Z))
    assert np.isfinite(projection.embedding_).all() and np.isfinite(projection.transform(Z)).all()
    assert np.isfinite(projection.inverse_transform(projection.embedding_)).all()


@every
@pytest.mark.parametrize("scale", (1e-30, 1e14))
def test_the_unit_does_not_matter(name, scale, codes):
    near = nearest_others(codes, 5)[1]
    kept = [np.mean([np.isin(a, b).mean() for a, b in zip(near, nearest_others(P / np.ptp(P), 5)[1])])
            for P in (make(name).fit_transform(codes, labels(name, codes)), make(name).fit_transform(codes * scale, labels(name, codes)))]
    assert abs(kept[0] - kept[1]) < 0.15


@every
@pytest.mark.parametrize("Z, words", [
    (np.ones((30, 4)), "all 30 points are the same"),
    (np.full((30, 4), 0.1) + 3e-18 * np.arange(30)[:, None], "all 30 points are the same"),
    (np.vstack([np.full((29, 4), 1.0), np.full((1, 4), np.nan)]), "NaN"),
    (np.vstack([np.full((29, 4), 1.0), np.full((1, 4), np.inf)]), "infinity"),
    (1e16 * np.arange(120.0).reshape(30, 4), "scale the data first"),
    (np.arange(4.0)[None], "minimum"),
])
def test_degenerate_input_is_refused(name, Z, words):
    with pytest.raises(ValueError, match=words):
        make(name).fit(Z, labels(name, Z))


@both_metrics
def test_cosine_refuses_a_single_direction(name):
    with pytest.raises(ValueError, match="same direction"):
        make(name, metric="cosine").fit(np.outer(np.arange(1.0, 31), [1, 2, 3]))


@both_metrics
def test_cosine_ignores_length(name, codes):
    lengths = 2.0 ** np.random.RandomState(1).randint(-9, 9, size=(80, 1))      # powers of two, so that nothing is rounded
    projection = make(name, metric="cosine").fit(codes)
    assert_array_equal(make(name, metric="cosine").fit_transform(codes * lengths), projection.embedding_)
    assert_array_equal(projection.transform(codes * lengths), projection.embedding_)
    assert np.abs(make(name).fit_transform(codes) - projection.embedding_).max() > 0.1


@every
def test_parameters_outside_their_domain_are_refused(name, codes):
    with pytest.raises(ValueError, match="n_components is 4"):
        make(name, n_components=4).fit(codes, labels(name, codes))


# -- progress and stopping ----------------------------------------------------------------------------------------------

@every_iterative
def test_progress_is_reported(name, codes):
    seen = []
    projection = make(name).fit(codes, on_step=lambda progress: seen.append(progress))
    steps = [p.step for p in seen]
    assert steps and steps == sorted(set(steps)) and steps[-1] <= seen[-1].total and not projection.stopped_


@every_iterative
def test_stopping_keeps_what_was_reached(name, codes):
    calls = []
    projection = make(name, **{k: 5000 for k in SHORT if k in PROJECTIONS[name].parameters()})
    projection.fit(codes, on_step=lambda progress: calls.append(progress.step) or len(calls) == 2)
    assert projection.stopped_ and len(calls) == 2 and calls[-1] < 5000
    assert projection.embedding_.shape == (80, 2) and np.isfinite(projection.embedding_).all()
    assert_allclose(projection.transform(codes), projection.embedding_)


@every_iterative
def test_an_error_in_on_step_is_not_swallowed(name, codes):
    def broken(progress):
        raise RuntimeError("the page is gone")

    with pytest.raises(RuntimeError, match="the page is gone"):
        make(name).fit(codes, on_step=broken)


@every
def test_a_map_says_where_it_comes_from(name):
    cls = PROJECTIONS[name]
    assert cls.title and cls.paper and cls.summary.endswith(".")
    assert (cls.year > 1900 and cls.link.startswith("https://")) or name == "Identity"
    fields = list(cls.parameters())
    assert fields[0] == "n_components" and fields[-1] == "random_state"
    for n in (3, 50, 5000):
        cls(**cls.suggest(n)).check_params()


# -- against the libraries and on real data -------------------------------------------------------------------------------

def test_pca_is_scikit_learns(codes):
    from sklearn.decomposition import PCA

    ours, theirs = PROJECTIONS["PCA"](n_components=3).fit(codes), PCA(3).fit(codes)
    assert_allclose(ours.embedding_, theirs.transform(codes), atol=1e-10)
    assert_allclose(ours.inverse_transform(ours.embedding_), theirs.inverse_transform(theirs.transform(codes)), atol=1e-10)


def test_umap_is_umap_learns():
    import umap

    Z = load_iris().data[::3].astype(np.float32)
    distances, indices = nearest(Z, Z, 15)
    distances = (distances / distances.mean()).astype(np.float32)
    with pytest.warns(UserWarning):
        theirs = umap.UMAP(n_neighbors=15, random_state=7, n_jobs=1, precomputed_knn=(indices.astype(np.int32), distances), n_epochs=40).fit_transform(Z)
    assert_allclose(PROJECTIONS["UMAP"](n_neighbors=15, random_state=7, epochs=40).fit_transform(Z), theirs, atol=1e-4)


def test_tsne_keeps_neighbours_as_well_as_scikit_learns():
    from sklearn.manifold import TSNE, trustworthiness

    Z = load_iris().data + 1e-3 * np.random.RandomState(0).normal(size=(150, 4))
    ours = PROJECTIONS["TSNE"](perplexity=20).fit(Z)
    theirs = TSNE(perplexity=20, random_state=0, max_iter=750).fit(Z)
    assert trustworthiness(Z, ours.embedding_) > trustworthiness(Z, theirs.embedding_) - 0.01
    assert ours.kl_divergence_ < theirs.kl_divergence_ + 0.05


@pytest.mark.parametrize("name, accuracy", (("UMAP", 0.96), ("TSNE", 0.96), ("PaCMAP", 0.96), ("LocalMAP", 0.96), ("PCA", 0.5)))
def test_digits_fall_into_groups(name, accuracy):
    X, y = load_digits(return_X_y=True)
    P = PROJECTIONS[name]().fit_transform(X[:900].astype(np.float32))
    votes = y[:900][nearest_others(P, 5)[1]]
    assert np.mean([np.bincount(v).argmax() == t for v, t in zip(votes, y)]) > accuracy


def agreement(P, Q):
    """How far the axes of two maps correlate, signs left open; the worst axis."""
    return min(abs(np.corrcoef(P[:, j], Q[:, j])[0, 1]) for j in range(P.shape[1]))


def sheet(n=400):
    """A bent sheet in three dimensions (n, 3), and the place (n, 2) of every point on it."""
    rng = np.random.RandomState(0)
    t, h = 1.5 * np.pi * (1 + 2 * rng.rand(n)), 21 * rng.rand(n)
    return np.c_[t * np.cos(t), h, t * np.sin(t)], np.c_[t, h]


def test_isomap_is_scikit_learns():
    from sklearn.manifold import Isomap

    Z, _ = sheet()
    assert agreement(PROJECTIONS["Isomap"](n_neighbors=8).fit_transform(Z), Isomap(n_neighbors=8, n_components=2).fit_transform(Z)) > 0.9999


def test_lle_is_scikit_learns():
    from sklearn.manifold import LocallyLinearEmbedding

    Z, _ = sheet()
    theirs = LocallyLinearEmbedding(n_neighbors=12, n_components=2, eigen_solver="dense").fit_transform(Z)
    ours = PROJECTIONS["LLE"](n_neighbors=12).fit_transform(Z)
    assert agreement(ours, theirs) > 0.999
    assert_allclose(ours.std(0), 1, rtol=1e-6)


def test_lle_of_many_points_is_that_of_few(monkeypatch):
    Z, _ = sheet()
    dense = PROJECTIONS["LLE"]().fit_transform(Z)
    monkeypatch.setattr("lvm_core.projections.lle._DENSE_ROWS", 100)
    assert agreement(dense, PROJECTIONS["LLE"]().fit_transform(Z)) > 0.999


def test_mds_has_no_more_stress_than_scikit_learns():
    from scipy.spatial.distance import pdist
    from sklearn.manifold import MDS

    Z = load_iris().data[::2] + 1e-3 * np.random.RandomState(0).normal(size=(75, 4))
    ours = PROJECTIONS["MDS"]().fit(Z)
    theirs = MDS(2, n_init=4, max_iter=300, random_state=0, init="random").fit_transform(Z)
    assert np.square(pdist(Z) - pdist(ours.embedding_)).sum() <= 1.01 * np.square(pdist(Z) - pdist(theirs)).sum()
    assert ours.stress_ == pytest.approx(np.sqrt(np.square(pdist(Z) - pdist(ours.embedding_)).sum() / np.square(pdist(Z)).sum()), abs=2e-3)


def test_fisher_is_scikit_learns():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    X, y = load_iris(return_X_y=True)
    theirs = LinearDiscriminantAnalysis(solver="eigen").fit_transform(X, y)
    ours = PROJECTIONS["Fisher"](n_components=3).fit(X, np.array(["b", "a", "c"])[y])
    assert agreement(ours.embedding_[:, :2], theirs[:, :2]) > 0.995      # ours shrinks the covariance
    assert ours.discriminants_ == 2 and np.ptp(ours.embedding_[:, 2]) > 0.1


@pytest.mark.parametrize("y, words", ((None, "needs|requires y"), (np.zeros(80), "one class"), (np.arange(79) % 2, "79 labels for 80 points")))
def test_fisher_says_which_labels_it_needs(y, words, codes):
    with pytest.raises(ValueError, match=words):
        PROJECTIONS["Fisher"]().fit(codes, y)


def objective(P, near, mid, far, pull, hold):
    """PaCMAP's, from its paper."""
    def d(pairs):
        return 1 + np.square(P[:, None] - P[pairs]).sum(-1)

    return pull * (d(near) / (10 + d(near))).sum() + hold * (d(mid) / (10000 + d(mid))).sum() + (1 / (1 + d(far))).sum()


def test_pacmaps_forces_are_the_slope_of_its_objective():
    from lvm_core.projections.kernels import pairs

    rng = np.random.RandomState(0)
    P, (near, mid, far) = rng.normal(size=(12, 2)) * 3, (rng.randint(12, size=(12, k)).astype(np.int32) for k in (3, 2, 5))
    gradient = np.zeros_like(P)
    assert pairs.forces(P, near, mid, far, 2.0, 700.0, 0.0, gradient) == pytest.approx(objective(P, near, mid, far, 2.0, 700.0))
    for i, d in ((0, 0), (5, 1), (11, 0)):
        up, down = P.copy(), P.copy()
        up[i, d] += 1e-5
        down[i, d] -= 1e-5
        slope = (objective(up, near, mid, far, 2.0, 700.0) - objective(down, near, mid, far, 2.0, 700.0)) / 2e-5
        assert gradient[i, d] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_localmap_pulls_distant_pairs_less_and_looks_for_far_ones_nearby():
    from lvm_core.projections.kernels import pairs

    P, none = np.array([[0.0, 0], [30, 0]]), np.zeros((2, 0), np.int32)
    near, whole, local = np.array([[1], [0]], np.int32), np.zeros((2, 2)), np.zeros((2, 2))
    pairs.forces(P, near, none, none, 1.0, 0.0, 0.0, whole)
    pairs.forces(P, near, none, none, 1.0, 0.0, 10.0, local)
    assert_allclose(local, whole * 10 / (2 * np.sqrt(1 + 30**2)))
    P = np.random.RandomState(0).uniform(0, 100, (2000, 2))
    old = pairs.far(np.zeros((2000, 1), np.int32), 4, 0)
    new = pairs.far_nearby(np.zeros((2000, 1), np.int32), old, P, 10.0, 0)
    gap = np.linalg.norm(P[:, None] - P[new], axis=2)
    assert (gap[new != old] <= 10).all() and (new != old).mean() > 0.8 and (new != np.arange(2000)[:, None]).all()


def test_t_sne_uses_a_perplexity_that_fits(codes):
    assert make("TSNE", perplexity=500.0).fit(codes).perplexity_ == pytest.approx(79 / 3)


def test_maps_can_be_made_in_threads(codes):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        maps = list(pool.map(lambda _: make("UMAP").fit_transform(codes), range(4)))
    assert all(np.array_equal(maps[0], P) for P in maps)


# -- neighbours -----------------------------------------------------------------------------------------------------------

AWKWARD = {
    "plain": np.random.RandomState(0).normal(size=(300, 6)),
    "far from the origin": np.random.RandomState(0).normal(size=(200, 3)) + 1e7,
    "many ties": np.random.RandomState(0).randint(0, 2, size=(300, 4)).astype(float),
    "all the same": np.zeros((40, 2)),
    "all equally far": np.eye(40),
    "few": np.random.RandomState(0).normal(size=(3, 3)),
    "one": np.ones((1, 3)),
}
awkward = pytest.mark.parametrize("X", AWKWARD.values(), ids=AWKWARD.keys())


@awkward
@pytest.mark.parametrize("k", (1, 5, 12))
def test_nearest_is_the_naive_answer(X, k):
    D = cdist(X, X)
    order = np.argsort(D, axis=1, kind="stable")[:, :k]
    distances, indices = nearest(X, X, k)
    assert_array_equal(indices, order)
    assert_allclose(distances, np.take_along_axis(D, order, 1), atol=1e-12)


@awkward
def test_nearest_does_not_depend_on_the_batch(X):
    _, together = nearest(X[::3], X, 7)
    assert_array_equal(np.vstack([nearest(row[None], X, 7)[1] for row in X[::3]]), together)


@awkward
def test_nearest_others_leaves_the_row_out(X):
    if len(X) > 1:
        distances, indices = nearest_others(X, 5)
        assert distances.shape == indices.shape == (len(X), min(5, len(X) - 1))
        assert (indices != np.arange(len(X))[:, None]).all()


@awkward
def test_carry_is_finite_within_range_and_batch_free(X):
    values = np.random.RandomState(1).normal(size=(len(X), 2))
    Q = np.vstack([X, X + 0.1, -X])
    P = carry(Q, X, values)
    assert np.isfinite(P).all() and (P >= values.min(0) - 1e-12).all() and (P <= values.max(0) + 1e-12).all()
    assert_array_equal(np.vstack([carry(q[None], X, values) for q in Q[::9]]), P[::9])


def test_carry_returns_a_rows_own_value_and_the_mean_of_duplicates():
    X, values = np.array([[0.0], [0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0], [7.0]])
    assert_array_equal(carry(X, X, values, k=3), [[2.0], [2.0], [5.0], [7.0]])


def test_carry_does_not_depend_on_the_unit():
    rng = np.random.RandomState(0)
    X, Q, values = rng.normal(size=(50, 3)), rng.normal(size=(20, 3)), rng.normal(size=(50, 2))
    assert_allclose(carry(Q * 1e-6, X * 1e-6, values), carry(Q, X, values), rtol=1e-6)
    assert_allclose(carry(Q * 1e12, X * 1e12, values), carry(Q, X, values), rtol=1e-6)


def test_beyond_the_exact_limit_neighbours_are_almost_all_found(monkeypatch):
    X = np.random.RandomState(0).normal(size=(2000, 5))
    exact = nearest(X, X, 10)[1]
    monkeypatch.setattr("lvm_core.latent.neighbours.EXACT_PAIRS", 1000)
    distances, found = nearest(X, X, 10)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(exact, found)]) > 0.95
    assert (np.diff(distances, axis=1) >= 0).all()
    assert_array_equal(nearest(X[:30], X, 10)[1], exact[:30])       # queries stay exact
