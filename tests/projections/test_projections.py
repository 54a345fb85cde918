"""Every map: scikit-learn's own conformance suite, then what a map promises here."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_digits, load_iris

from lvm_core import PROJECTIONS
from lvm_core.latent.neighbours import nearest, nearest_others

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
every_iterative = pytest.mark.parametrize(
    "name", [n for n, c in PROJECTIONS.items() if c.iterative]
)
both_metrics = pytest.mark.parametrize(
    "name", [n for n, c in PROJECTIONS.items() if "metric" in c.parameters()]
)


@pytest.fixture(scope="module")
def codes():
    rng = np.random.RandomState(0)
    return rng.normal(size=(80, 6)) + 4 * np.eye(6)[rng.randint(3, size=80)]


# -- promises of every map -------------------------------------------------------------------------


@every
def test_new_points_land_among_their_own(name):
    X, y = load_iris(return_X_y=True)
    Z = PROJECTIONS["PCA"](n_components=3).fit_transform(X)
    projection = PROJECTIONS[name]().fit(Z[::2], y[::2])
    found = y[::2][nearest(projection.transform(Z[1::2]), projection.embedding_, 1)[1][:, 0]]
    assert (found == y[1::2]).mean() > 0.85


# -- odd input -------------------------------------------------------------------------------------


@both_metrics
def test_cosine_refuses_a_single_direction(name):
    with pytest.raises(ValueError, match="same direction"):
        make(name, metric="cosine").fit(np.outer(np.arange(1.0, 31), [1, 2, 3]))


@both_metrics
def test_cosine_ignores_length(name, codes):
    # powers of two, so that nothing is rounded
    lengths = 2.0 ** np.random.RandomState(1).randint(-9, 9, size=(80, 1))
    projection = make(name, metric="cosine").fit(codes)
    assert_array_equal(
        make(name, metric="cosine").fit_transform(codes * lengths), projection.embedding_
    )
    assert_array_equal(projection.transform(codes * lengths), projection.embedding_)
    assert np.abs(make(name).fit_transform(codes) - projection.embedding_).max() > 0.1


# -- progress and stopping -------------------------------------------------------------------------


@every
def test_a_map_says_where_it_comes_from(name):
    cls = PROJECTIONS[name]
    assert cls.title and cls.paper and cls.summary.endswith(".")
    assert (cls.year > 1900 and cls.link.startswith("https://")) or name == "Identity"
    fields = list(cls.parameters())
    assert fields[0] == "n_components" and fields[-1] == "random_state"
    for n in (3, 50, 5000):
        cls(**cls.suggest(n)).validate()


# -- against the libraries and on real data --------------------------------------------------------


def test_pca_is_scikit_learns(codes):
    from sklearn.decomposition import PCA

    ours, theirs = PROJECTIONS["PCA"](n_components=3).fit(codes), PCA(3).fit(codes)
    assert_allclose(ours.embedding_, theirs.transform(codes), atol=1e-10)
    assert_allclose(
        ours.inverse_transform(ours.embedding_),
        theirs.inverse_transform(theirs.transform(codes)),
        atol=1e-10,
    )


def test_umap_is_umap_learns():
    import umap

    Z = load_iris().data[::3].astype(np.float32)
    distances, indices = nearest(Z, Z, 15)
    distances = (distances / distances.mean()).astype(np.float32)
    with pytest.warns(UserWarning):
        theirs = umap.UMAP(
            n_neighbors=15,
            random_state=7,
            n_jobs=1,
            precomputed_knn=(indices.astype(np.int32), distances),
            n_epochs=40,
        ).fit_transform(Z)
    assert_allclose(
        PROJECTIONS["UMAP"](n_neighbors=15, random_state=7, epochs=40).fit_transform(Z),
        theirs,
        atol=1e-4,
    )


def test_tsne_keeps_neighbours_as_well_as_scikit_learns():
    from sklearn.manifold import TSNE, trustworthiness

    Z = load_iris().data + 1e-3 * np.random.RandomState(0).normal(size=(150, 4))
    ours = PROJECTIONS["TSNE"](perplexity=20).fit(Z)
    theirs = TSNE(perplexity=20, random_state=0, max_iter=750).fit(Z)
    assert trustworthiness(Z, ours.embedding_) > trustworthiness(Z, theirs.embedding_) - 0.01
    assert ours.kl_divergence_ < theirs.kl_divergence_ + 0.05


@pytest.mark.parametrize(
    "name, accuracy",
    (("UMAP", 0.96), ("TSNE", 0.96), ("PaCMAP", 0.96), ("LocalMAP", 0.96), ("PCA", 0.5)),
)
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
    assert (
        agreement(
            PROJECTIONS["Isomap"](n_neighbors=8).fit_transform(Z),
            Isomap(n_neighbors=8, n_components=2).fit_transform(Z),
        )
        > 0.9999
    )


def test_lle_is_scikit_learns():
    from sklearn.manifold import LocallyLinearEmbedding

    Z, _ = sheet()
    theirs = LocallyLinearEmbedding(
        n_neighbors=12, n_components=2, eigen_solver="dense"
    ).fit_transform(Z)
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
    assert (
        np.square(pdist(Z) - pdist(ours.embedding_)).sum()
        <= 1.01 * np.square(pdist(Z) - pdist(theirs)).sum()
    )
    assert ours.stress_ == pytest.approx(
        np.sqrt(np.square(pdist(Z) - pdist(ours.embedding_)).sum() / np.square(pdist(Z)).sum()),
        abs=2e-3,
    )


def test_fisher_is_scikit_learns():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    X, y = load_iris(return_X_y=True)
    theirs = LinearDiscriminantAnalysis(solver="eigen").fit_transform(X, y)
    ours = PROJECTIONS["Fisher"](n_components=3).fit(X, np.array(["b", "a", "c"])[y])
    # ours shrinks the covariance
    assert agreement(ours.embedding_[:, :2], theirs[:, :2]) > 0.995
    assert ours.discriminants_ == 2 and np.ptp(ours.embedding_[:, 2]) > 0.1


@pytest.mark.parametrize(
    "y, words",
    (
        (None, "needs|requires y"),
        (np.zeros(80), "one class"),
        (np.arange(79) % 2, "79 labels for 80 points"),
    ),
)
def test_fisher_says_which_labels_it_needs(y, words, codes):
    with pytest.raises(ValueError, match=words):
        PROJECTIONS["Fisher"]().fit(codes, y)


def objective(P, near, mid, far, pull, hold):
    """PaCMAP's, from its paper."""

    def d(pairs):
        return 1 + np.square(P[:, None] - P[pairs]).sum(-1)

    return (
        pull * (d(near) / (10 + d(near))).sum()
        + hold * (d(mid) / (10000 + d(mid))).sum()
        + (1 / (1 + d(far))).sum()
    )


def test_pacmaps_forces_are_the_slope_of_its_objective():
    from lvm_core.projections.kernels import pairs

    rng = np.random.RandomState(0)
    P, (near, mid, far) = (
        rng.normal(size=(12, 2)) * 3,
        (rng.randint(12, size=(12, k)).astype(np.int32) for k in (3, 2, 5)),
    )
    gradient = np.zeros_like(P)
    assert pairs.forces(P, near, mid, far, 2.0, 700.0, 0.0, gradient) == pytest.approx(
        objective(P, near, mid, far, 2.0, 700.0)
    )
    for i, d in ((0, 0), (5, 1), (11, 0)):
        up, down = P.copy(), P.copy()
        up[i, d] += 1e-5
        down[i, d] -= 1e-5
        slope = (
            objective(up, near, mid, far, 2.0, 700.0) - objective(down, near, mid, far, 2.0, 700.0)
        ) / 2e-5
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
    assert (
        (gap[new != old] <= 10).all()
        and (new != old).mean() > 0.8
        and (new != np.arange(2000)[:, None]).all()
    )


def test_t_sne_uses_a_perplexity_that_fits(codes):
    assert make("TSNE", perplexity=500.0).fit(codes).perplexity_ == pytest.approx(79 / 3)


def test_maps_can_be_made_in_threads(codes):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        maps = list(pool.map(lambda _: make("UMAP").fit_transform(codes), range(4)))
    assert all(np.array_equal(maps[0], P) for P in maps)


def test_codes_that_are_directions_are_mapped_by_their_cosine():
    from lvm_core import MODELS
    from lvm_core.mapping import suggest

    umap = PROJECTIONS["UMAP"]
    assert suggest(umap, 500, MODELS["LSA"]()) == umap.suggest(500) | {"metric": "cosine"}
    assert suggest(umap, 500, MODELS["PCA"]()) == suggest(umap, 500) == umap.suggest(500)
    assert "metric" not in suggest(PROJECTIONS["PCA"], 500, MODELS["LSA"]())


@pytest.mark.parametrize("name", ["TSNE", "UMAP", "PaCMAP", "MDS"])
def test_a_document_without_known_words_has_a_place_on_a_cosine_map(name, codes):
    from lvm_core.mapping import map_codes

    Z = np.array(codes[:60])
    Z[7] = 0
    mapped = map_codes(Z, PROJECTIONS[name](metric="cosine"))
    assert mapped.positions.shape == (60, 2) and np.isfinite(mapped.positions).all()
