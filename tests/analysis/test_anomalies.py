"""How odd a row is: every score against its definition, and the protocol of the benchmark."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from lvm_core import DATASETS, MODELS, read_dataset
from lvm_core.analysis import anomalies
from lvm_core.analysis.anomalies import Anomalies, auroc, kth_distance, value_names, worst
from lvm_core.metrics.residuals import Residuals
from lvm_core.plots import analysis
from lvm_core.schema import FeatureGroup, Schema

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import anomalies_adbench as adbench


@pytest.fixture(scope="module")
def scene():
    """PCA of a plane in five dimensions with a little noise; row 0 lies off the plane, row 1
    far out on it.
    """
    rng = np.random.RandomState(0)
    X = rng.randn(300, 2) @ rng.randn(2, 5) + 0.05 * rng.randn(300, 5)
    normal = np.linalg.svd(X - X.mean(0))[2][-1]
    X[0], X[1] = X[:20].mean(0) + 3 * normal, X.mean(0) + 6 * (X[5] - X.mean(0))
    train = np.arange(2, 300)
    model = MODELS["PCA"](latent_dim=2).fit(X[train])
    return Anomalies(model, X, train, model.transform(X))


def test_each_score_finds_the_oddity_it_is_named_for(scene):
    first = {name: np.argsort(-scene.scores(name))[0] for name in scene.methods}
    assert first["reconstruction"] == first["likelihood"] == 0
    assert first["codes"] == first["mahalanobis"] == 1


def test_scores_are_their_definitions(scene):
    X, train, Z = scene.X, scene.train, scene.codes
    back = scene.model.inverse_transform(Z)
    assert scene.scores("reconstruction") == pytest.approx(
        np.square(X - back).sum(1) / X[train].var(0).sum(), rel=1e-4
    )
    m = scene.model
    C = m.components_.T @ np.diag(
        m.explained_variance_ - m.noise_variance_
    ) @ m.components_ + m.noise_variance_ * np.eye(5)
    assert scene.scores("likelihood") == pytest.approx(
        -multivariate_normal(m.mean_, C).logpdf(X), rel=1e-6
    )
    away = Z - Z[train].mean(0)
    assert scene.scores("mahalanobis") == pytest.approx(
        (away @ np.linalg.inv(np.cov(Z[train].T)) * away).sum(1), rel=1e-6
    )
    assert scene.scores("norm") == pytest.approx(
        (((X - X[train].mean(0)) / X[train].std(0)) ** 2).sum(1), rel=1e-6
    )
    D = NearestNeighbors(n_neighbors=6).fit(X[train]).kneighbors(X)[0]
    seen = np.isin(np.arange(300), train)
    # a training row is not its own neighbour
    assert scene.scores("data") == pytest.approx(np.where(seen, D[:, 5], D[:, 4]))
    unit = Z / Z[train].std(0)
    assert scene.scores("codes")[0] == pytest.approx(
        np.sort(np.linalg.norm(unit[train] - unit[0], axis=1))[4]
    )


def test_without_a_likelihood_there_is_no_such_score_and_a_bound_is_called_one(scene):
    class Plain:
        schema_, sparse, transform, inverse_transform = (
            scene.model.schema_,
            False,
            scene.model.transform,
            scene.model.inverse_transform,
        )

    bound = type("Bound", (Plain,), {"score_samples": len, "elbo_parts": len})
    assert "likelihood" not in Anomalies(Plain(), scene.X, scene.train, scene.codes).methods
    assert (
        "at most"
        in Anomalies(bound(), scene.X, scene.train, scene.codes).methods["likelihood"].title
    )
    assert "exact" in scene.methods["likelihood"].title
    with pytest.raises(ValueError, match="at least 2"):
        Anomalies(Plain(), scene.X, np.array([0]), scene.codes)


def test_stopping_keeps_what_was_reached(scene, monkeypatch):
    monkeypatch.setattr(anomalies, "_BATCH", (100, 10**6))
    found = scene.scores("norm", lambda progress: progress.step == 2)
    assert np.isfinite(found[:200]).all() and np.isnan(found[200:]).all()


def test_blocks_weigh_the_same_and_the_mean_row_gets_one():
    rng = np.random.RandomState(0)
    X = np.column_stack(
        [
            100 * rng.randn(500),
            np.eye(3)[rng.randint(3, size=500)],
            rng.rand(500) < 0.2,
            np.ones(500),
        ]
    )
    schema = Schema(
        (
            FeatureGroup("gaussian", 1, "a"),
            FeatureGroup("categorical", 3, "b"),
            FeatureGroup("bernoulli", 1, "c"),
            FeatureGroup("gaussian", 1, "d"),
        )
    )
    residuals = Residuals(X, schema)
    values = residuals.values(X, np.tile(X.mean(0), (500, 1)))
    by_block = [values[:, span].sum(1).mean() for _, span in schema.spans()]
    assert by_block == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert residuals.rows(X, X) == pytest.approx(np.zeros(500))


def test_of_counts_the_mix_of_words_is_compared_not_the_length():
    X = np.random.RandomState(0).poisson(1.0, (200, 6)) + 1.0
    residuals = Residuals(X, Schema.counts(6))
    assert residuals.rows(X, 7 * X) == pytest.approx(np.zeros(200), abs=1e-12)
    unit = (X / np.linalg.norm(X, axis=1, keepdims=True)).mean(0)
    assert residuals.rows(X, np.tile(unit, (200, 1))).mean() == pytest.approx(1)


def test_why_a_row_is_odd_names_the_column(scene):
    X = scene.X.copy()
    X[7, 3] += 50
    odd = Anomalies(scene.model, X, scene.train, scene.model.transform(X))
    assert worst(odd.parts("norm", 7), list("abcde")).index[0] == "d"
    assert odd.parts("norm", 7).sum() == pytest.approx(odd.scores("norm")[7])
    assert odd.parts("reconstruction", 7).sum() == pytest.approx(odd.scores("reconstruction")[7])
    assert worst(np.array([1.0, 2.0, 0.0]), ["x", "x", "y"]).to_dict() == {"x": 3.0}


@pytest.mark.parametrize("name", ("digits", "breast_cancer", "spectra"))
def test_every_column_has_a_name(name):
    data = DATASETS[name]().load()
    assert len(value_names(data)) == data.X.shape[1]


def test_documents_are_scored_without_becoming_dense():
    data = read_dataset(
        "\n".join(
            [
                "cat dog cat",
                "dog cat",
                "cat cat dog",
                "dog dog cat mouse",
                "mouse dog",
                "stocks fell today",
            ]
            * 2
        ).encode(),
        name="c.txt",
    )
    model = MODELS["LSA"](latent_dim=2).fit(data.X)
    odd = Anomalies(model, data.X, np.arange(10), model.transform(data.X))
    for name in odd.methods:
        found = odd.scores(name)
        assert np.isfinite(found).all() and len(value_names(data)) == len(
            odd.parts("reconstruction", 0)
        )
    assert np.argsort(-odd.scores("data"))[0] in (5, 11)


@pytest.mark.parametrize(
    "values, kind",
    [
        (np.arange(100.0), "linear"),
        (np.r_[np.linspace(1, 2, 99), 500.0], "log"),
        (np.ones(5), "linear"),
    ],
)
def test_the_histogram_counts_every_row_on_the_side_of_the_threshold_it_is_on(values, kind):
    figure = analysis.histogram(values, float(np.quantile(values, 0.9)), "score")
    below, beyond = (int(sum(trace.y)) for trace in figure.data[:2])
    assert beyond == (values >= np.quantile(values, 0.9)).sum() and below + beyond == len(values)
    assert figure.layout.xaxis.type == kind


def test_auroc_is_scikit_learn_s_with_a_standard_error():
    rng = np.random.RandomState(0)
    y = rng.rand(400) < 0.2
    scores = rng.randn(400) + y
    score = auroc(scores, y, "odd")
    assert score.value == pytest.approx(roc_auc_score(y, scores)) and score.baseline == 0.5
    assert 0.01 < score.error < 0.06
    assert auroc(scores, np.ones(400, bool)) is None
    draws = [roc_auc_score(y, rng.randn(400) + y) for _ in range(200)]
    assert score.error == pytest.approx(np.std(draws), rel=0.35)


def test_the_benchmark_s_protocol():
    rng = np.random.RandomState(3)
    X, y = rng.randn(400, 4) * [1, 10, 100, 0], (np.arange(400) < 40).astype(int)
    X[:40, :3] += 2
    train, test, truth = adbench.split(X, y, 1)
    assert len(train) == 700 and len(test) == 300  # drawn up to 1000
    assert train.min() == 0 and train.max() == 1 and (train[:, 3] == 0).all()
    again = adbench.split(X, y, 1)
    assert (again[0] == train).all() and (adbench.split(X, y, 2)[0] != train).any()
    assert len(adbench.split(np.tile(X, (30, 1)), np.tile(y, 30), 1)[0]) == 7000
    by_hand = np.sort(np.linalg.norm(test[:, None] - train[None], axis=2), axis=1)[:, 4]
    assert adbench.knn(train, test) == pytest.approx(by_hand)
    assert adbench.knn(train, test) == pytest.approx(kth_distance(test, train, 5))
    moves = train[:, :3]
    assert adbench.norm(train, test) == pytest.approx(
        (((test[:, :3] - moves.mean(0)) / moves.std(0)) ** 2).sum(1)
    )
    assert roc_auc_score(truth, adbench.norm(train, test)) > 0.5
    assert adbench.pca_back(train, test).shape == adbench.ppca(train, test).shape == (300,)


def test_the_benchmark_knows_its_tables_by_their_files_names():
    assert adbench.published("6_cardio") == (76.64, 95.55) and adbench.published(
        "18_Ionosphere"
    ) == (88.26, 79.19)
    assert adbench.published("mnist") == (80.58, 85.29) and adbench.published("99_unknown") is None


@pytest.mark.parametrize(
    "schema, words",
    [
        (Schema.counts(6), ("every word weighs the same", "predicting the average document")),
        (Schema.picture(2, 3, 1), ("every pixel weighs the same", "predicting the mean picture")),
        (Schema.gaussian(6), ("every column weighs the same", "predicting the mean row")),
    ],
)
def test_a_score_is_explained_in_the_words_of_its_data(schema, words):
    X = np.random.RandomState(0).poisson(1.0, (40, 6)).astype(np.float32)
    model = MODELS["NMF" if schema.has("counts") else "PCA"](latent_dim=2).fit(X, schema=schema)
    methods = Anomalies(model, X, np.arange(40), model.transform(X)).methods
    assert all(part in methods["reconstruction"].meaning for part in words)
    assert not any("{" in method.meaning for method in methods.values())
