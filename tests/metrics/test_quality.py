"""The honest numbers, against naive definitions and known answers."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris
from sklearn.manifold import trustworthiness

from lvm_core import MODELS
from lvm_core.metrics import Score, generation, likelihood, marginal, projection, reconstruction
from lvm_core.metrics.base import average_item, percent
from lvm_core.runs import archive_checks, store
from lvm_core.schema import FeatureGroup, Schema

rng = np.random.RandomState(0)
IRIS = load_iris().data


def named(scores, name) -> Score:
    return next(s for s in scores if s.name == name)


class Told:
    """A model whose decoded rows are given: the code of a row is its row number."""

    sparse = True

    def __init__(self, X, decoded, schema):
        self.X, self.decoded, self.schema_ = (
            (X.toarray() if sparse.issparse(X) else np.asarray(X)),
            np.asarray(decoded, float),
            schema,
        )

    def transform(self, X):
        X = X.toarray() if sparse.issparse(X) else X
        return np.array([[np.flatnonzero((self.X == row).all(1))[0]] for row in X])

    def inverse_transform(self, Z):
        return self.decoded[Z[:, 0].astype(int)]


# -- maps ------------------------------------------------------------------------------------------


def naive_continuity(Z, P, k):
    """Venna & Kaski (2001), equation by equation."""
    n = len(Z)
    ranks = cdist(P, P).argsort(1).argsort(1)
    lost = 0
    for i in range(n):
        near_in_data = set(np.argsort(cdist(Z[i : i + 1], Z)[0])[1 : k + 1])
        near_on_map = set(np.flatnonzero((ranks[i] >= 1) & (ranks[i] <= k)))
        lost += sum(ranks[i, j] - k for j in near_in_data - near_on_map)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * lost


@pytest.mark.parametrize("n, k", [(60, 5), (150, 12), (9, 3)])
def test_trustworthiness_and_continuity_are_the_definitions(n, k):
    Z, P = rng.normal(size=(n, 6)), rng.normal(size=(n, 2))
    scores = projection(Z, P, k)
    assert_allclose(
        named(scores, "Trustworthiness").value, trustworthiness(Z, P, n_neighbors=k), rtol=1e-12
    )
    assert_allclose(named(scores, "Continuity").value, naive_continuity(Z, P, k), rtol=1e-12)
    near = (
        [set(np.argsort(row)[1 : k + 1]) for row in cdist(Z, Z)],
        [set(np.argsort(row)[1 : k + 1]) for row in cdist(P, P)],
    )
    assert_allclose(
        named(scores, "Neighbours kept").value, np.mean([len(a & b) / k for a, b in zip(*near)])
    )


@pytest.mark.parametrize("n, k", [(30, 4), (100, 12)])
def test_the_baseline_is_what_random_positions_get(n, k):
    found = [
        [s.value for s in projection(rng.normal(size=(n, 5)), rng.normal(size=(n, 2)), k)]
        for _ in range(150)
    ]
    assert_allclose(
        np.mean(found, axis=0),
        [s.baseline for s in projection(rng.normal(size=(n, 5)), rng.normal(size=(n, 2)), k)],
        atol=0.015,
    )


def test_a_faithful_map_scores_one():
    Z = rng.normal(size=(100, 2))
    turned = Z @ np.array([[0, 1], [-1, 0]]) * 7 + 3
    assert [s.value for s in projection(Z, turned)] == [1, 1, 1] and all(
        s.standing == 1 for s in projection(Z, turned)
    )


def test_a_fold_hurts_trust_and_a_cut_hurts_continuity():
    line = np.linspace(-1, 1, 300)[:, None]
    folded, cut = np.abs(line) + 1e-9 * line, np.where(line < 0, line, line + 50)
    trust, continuity, _ = projection(line, folded)
    assert trust.value < 0.9 < continuity.value
    circle = np.hstack([np.cos(np.pi * line), np.sin(np.pi * line)])
    trust, continuity, _ = projection(circle, line)
    assert trust.value > 0.99 > continuity.value
    assert projection(line, cut)[0].value > 0.99


def test_many_rows_are_sampled_and_it_is_said():
    Z = rng.normal(size=(4000, 3))
    first, again = projection(Z, Z[:, :2]), projection(Z, Z[:, :2])
    assert first == again and "3000 of 4000 points" in first[0].sentence
    assert projection(Z, Z[:, :2], random_state=1) != first


def test_cosine_maps_are_judged_by_direction():
    Z = rng.normal(size=(80, 3))
    P = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    assert projection(Z, P, metric="cosine")[0].value == 1 > projection(Z, P)[0].value


@pytest.mark.parametrize("n", (3, 4, 5, 8))
def test_few_points_give_numbers(n):
    assert all(
        0 <= s.value <= 1 for s in projection(rng.normal(size=(n, 4)), rng.normal(size=(n, 2)))
    )


def test_too_few_or_unequal_points_are_refused():
    for Z, P in ((np.zeros((2, 2)), np.zeros((2, 2))), (np.zeros((5, 2)), np.zeros((4, 2)))):
        with pytest.raises(ValueError, match="expected the same number, at least 3"):
            projection(Z, P)


# -- reconstruction --------------------------------------------------------------------------------


def test_variance_explained_is_r2_of_each_column_and_of_all():
    model = MODELS["PCA"](latent_dim=2).fit(IRIS)
    result = reconstruction(model, IRIS)
    decoded = model.inverse_transform(model.transform(IRIS))
    share = 1 - np.square(IRIS - decoded).sum() / np.square(IRIS - IRIS.mean(0)).sum()
    score = named(result.scores, "Reconstruction R²")
    assert_allclose(score.value, share)
    assert_allclose(score.value, model.explained_variance_ratio_.sum(), rtol=1e-6)
    assert score.baseline == 0 and "98 %" in score.sentence
    assert_allclose(result.errors.mean(), 1 - share)
    assert len(result.errors) == 150 and len(result.columns) == 1


def test_every_column_of_a_table_is_listed():
    schema = Schema(tuple(FeatureGroup("gaussian", 1, name) for name in "abcd"))
    model = MODELS["PCA"](latent_dim=2).fit(IRIS, schema=schema)
    columns = reconstruction(model, IRIS).columns
    decoded = model.inverse_transform(model.transform(IRIS))
    assert columns.name.tolist() == list("abcd")
    assert_allclose(columns.value, 1 - np.square(IRIS - decoded).mean(0) / IRIS.var(0))


def test_the_baseline_is_the_mean_of_the_training_rows():
    train, held_out = IRIS[:50], IRIS[50:]
    model = MODELS["PCA"](latent_dim=1).fit(train)
    decoded = model.inverse_transform(model.transform(held_out))
    score = reconstruction(model, held_out, train).scores[0]
    assert_allclose(
        score.value,
        1 - np.square(held_out - decoded).sum() / np.square(held_out - train.mean(0)).sum(),
    )
    assert "has not seen" in score.sentence


def test_categories_are_counted_right_or_wrong():
    schema = Schema(
        (
            FeatureGroup("categorical", 3, "kind"),
            FeatureGroup("bernoulli", 1, "flag"),
            FeatureGroup("gaussian", 1, "row"),
        )
    )
    kinds, flags, ids = (
        np.eye(3)[[0, 0, 1, 2]],
        np.array([[1], [1], [1], [0]]),
        np.arange(4.0)[:, None],
    )
    decoded = np.hstack([np.eye(3)[[0, 1, 1, 2]] * 0.6 + 0.1, [[0.9], [0.8], [0.2], [0.1]], ids])
    X = np.hstack([kinds, flags, ids])
    result = reconstruction(Told(X, decoded, schema), X)
    assert result.columns.value.tolist() == [
        0.75,
        0.75,
        1.0,
    ] and result.columns.baseline.tolist() == [0.5, 0.75, 0.0]
    score = named(result.scores, "Category cells recovered")
    assert (score.value, score.baseline) == (0.75, 0.625)


def test_words_are_judged_by_cosine_and_deviance():
    X = sparse.csr_array(np.array([[4.0, 0, 0], [0, 2, 2], [1, 0, 1], [0, 0, 0]]))
    decoded = np.array([[0.8, 0.1, 0.1], [0.2, 0.4, 0.4], [0.5, 0.1, 0.4], [0.3, 0.3, 0.4]])
    dense, p = X.toarray()[:3], np.array([0.5, 0.2, 0.3])
    scores = reconstruction(Told(X, decoded, Schema.counts(3)), X).scores
    cosine = lambda a, b: (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert_allclose(named(scores, "Word use recovered").value, cosine(dense, decoded[:3]).mean())
    assert_allclose(
        named(scores, "Word use recovered").baseline,
        cosine(dense, X.toarray().mean(0)[None].repeat(3, 0)).mean(),
    )
    best = sum((row[row > 0] * np.log(row[row > 0] / row.sum())).sum() for row in dense)
    fit, null = (dense * np.log(decoded[:3])).sum(), (dense * np.log(p)).sum()
    assert_allclose(named(scores, "Word choice explained").value, 1 - (best - fit) / (best - null))


def test_a_word_without_a_chance_has_no_deviance():
    X = np.array([[1.0, 1], [2, 0]])
    scores = reconstruction(Told(X, [[1, 0], [1, 0]], Schema.counts(2)), X).scores
    assert [s.name for s in scores] == ["Word use recovered"]


def test_a_picture_of_zeros_and_ones_is_judged_as_a_picture():
    X = (rng.uniform(size=(30, 9)) < 0.3).astype(float)
    result = reconstruction(Told(X, X * 0.5, Schema.picture(3, 3, 1, "bernoulli")), X)
    assert result.scores[0].name == "Reconstruction R²" and len(result.scores) == 1


def test_constant_columns_do_not_count():
    X = np.hstack([IRIS[:, :1], np.full((150, 1), 3.0)])
    result = reconstruction(
        Told(
            X,
            X + [0, 5.0],
            Schema((FeatureGroup("gaussian", 1, "a"), FeatureGroup("gaussian", 1, "b"))),
        ),
        X,
    )
    assert result.scores[0].value == 1 and result.columns.value.isna().tolist() == [False, True]
    assert_array_equal(result.errors, 0)


def test_a_model_worse_than_the_mean_is_called_so():
    score = reconstruction(Told(IRIS, IRIS[::-1] * 3, Schema.gaussian(4)), IRIS).scores[0]
    assert score.value < 0 and "no better than the mean" in score.sentence and score.standing == 0


def test_many_rows_are_sampled_by_seed():
    X = rng.normal(size=(6000, 3))
    model = MODELS["PCA"](latent_dim=2).fit(X)
    result = reconstruction(model, X)
    assert (
        len(result.rows) == len(result.errors) == 5000 and "5,000 rows" in result.scores[0].sentence
    )
    assert_array_equal(result.rows, reconstruction(model, X).rows)


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_can_be_judged(name):
    cls = MODELS[name]
    text = "text" in cls.supported_kinds and "image" not in cls.supported_kinds
    X = (
        np.random.RandomState(0).poisson(1.0, size=(40, 6)).astype(np.float32)
        if text
        else IRIS[::4].astype(np.float32)
    )
    schema = Schema.counts(6) if text else Schema.gaussian(4)
    params = {"latent_dim": 2} | {
        k: v
        for k, v in {"epochs": 2, "steps": 4, "batch_size": 16}.items()
        if k in cls.parameters()
    }
    model = cls(**params).fit(X, schema=schema)
    scores = (
        reconstruction(model, X).scores
        + likelihood(model, X)
        + generation(X, model.sample(10, random_state=0), schema)
    )
    assert all(
        np.isfinite(s.value) and s.sentence.endswith(".") and "nan" not in s.sentence
        for s in scores
    )


# -- likelihood ------------------------------------------------------------------------------------


def test_pca_likelihood_is_the_gaussians():
    X = IRIS - IRIS.mean(0)
    model = MODELS["PCA"](latent_dim=3).fit(X)
    score = named(likelihood(model, X), "Log-likelihood")
    W, spread = model.components_, model.explained_variance_ - model.noise_variance_
    covariance = W.T @ np.diag(spread) @ W + model.noise_variance_ * np.eye(4)
    values = stats.multivariate_normal(np.zeros(4), covariance).logpdf(X)
    assert_allclose(
        [score.value, score.error], [values.mean(), values.std(ddof=1) / np.sqrt(150)], rtol=1e-6
    )
    assert_allclose(score.baseline, stats.norm(0, X.std(0)).logpdf(X).sum(1).mean())
    explained = named(likelihood(model, X), "R² on training rows")
    assert_allclose(
        [explained.value, explained.baseline], [model.explained_variance_ratio_.sum(), 0.75]
    )


def elbo_model(schema, reconstruction, kl):
    return SimpleNamespace(
        schema_=schema,
        sparse=True,
        n_features_in_=schema.d,
        accepts_missing=False,
        noise_words={},
        score_samples=lambda X: np.asarray(reconstruction) - np.asarray(kl),
        elbo_parts=lambda X: {"reconstruction": np.asarray(reconstruction), "kl": np.asarray(kl)},
    )


def test_discrete_rows_are_told_in_bits():
    schema = Schema((FeatureGroup("bernoulli", 2), FeatureGroup("categorical", 2)))
    X = np.array([[0, 1, 1, 0], [1, 1, 0, 1.0]])
    scores = likelihood(elbo_model(schema, np.log([0.25, 0.25]), np.log([2, 2])), X)
    assert_allclose(named(scores, "ELBO").value, np.log(0.125))
    assert_allclose(named(scores, "ELBO").baseline, 2 * np.log(0.5))
    assert_allclose(
        [named(scores, "Bits per value").value, named(scores, "Bits per value").baseline],
        [1, 2 / 3],
    )
    assert_allclose(named(scores, "Information in a code").value, 1)


def test_words_are_told_in_bits_a_word():
    X = sparse.csr_array(np.array([[2.0, 0], [0, 2]]))
    scores = likelihood(elbo_model(Schema.counts(2), np.log([0.5, 0.5]), [0, 0]), X)
    assert_allclose(
        [named(scores, "Bits per word").value, named(scores, "Bits per word").baseline], [0.5, 1]
    )
    assert "ignores the code" in named(scores, "Information in a code").sentence


def test_a_constant_column_leaves_no_baseline():
    X = np.hstack([IRIS, np.ones((150, 1))])
    score = named(likelihood(MODELS["PCA"](latent_dim=2).fit(X), X), "Log-likelihood")
    assert score.baseline is None and "against" not in score.sentence


def test_on_unseen_rows_the_baseline_too_is_learnt_from_others():
    learnt, X = np.array([[3.0, 1, 0], [3, 1, 0]]), np.array([[1.0, 0, 1]])
    score = named(
        likelihood(
            elbo_model(Schema.counts(3), [-1.0], [0.0]),
            sparse.csr_array(X),
            sparse.csr_array(learnt),
        ),
        "ELBO",
    )
    # half a count for every word
    assert_allclose(score.baseline, np.log(6.5 / 9.5) + np.log(0.5 / 9.5))
    rng = np.random.RandomState(0)
    A, B = rng.normal(2, 3, (500, 2)), rng.normal(1, 1, (80, 2))
    schema = Schema.gaussian(2)
    score = named(likelihood(elbo_model(schema, np.zeros(80), np.zeros(80)), B, A), "ELBO")
    assert_allclose(score.baseline, stats.norm(A.mean(0), A.std(0)).logpdf(B).sum(1).mean())
    coins = Schema((FeatureGroup("bernoulli", 1), FeatureGroup("categorical", 2)))
    X, learnt = np.array([[1.0, 1, 0]]), np.array([[0.0, 1, 0]] * 3)
    assert_allclose(
        named(likelihood(elbo_model(coins, [0.0], [0.0]), X, learnt), "ELBO").baseline,
        np.log(0.5 / 4) + np.log(3.5 / 4),
    )


def test_a_model_without_likelihood_has_no_scores():
    assert likelihood(SimpleNamespace(), IRIS) == []


# -- generation ------------------------------------------------------------------------------------


def test_copies_are_found():
    X = rng.normal(size=(300, 4))
    assert generation(X, X[:50], Schema.gaussian(4))[0].value == 1
    assert generation(X, rng.normal(size=(400, 4)), Schema.gaussian(4))[0].value < 0.05


def test_values_out_of_range_are_counted():
    X, new = np.array([[0.0, 0], [1, 1], [0.5, 0.5], [0, 1]]), np.array([[0.5, 2.0], [1.0, 1.0]])
    assert generation(X, new, Schema.gaussian(2))[1].value == 0.25
    corner = np.zeros((4, 4)) + [0, 0, 0, 1.0]
    assert generation(corner, np.full((1, 4), 0.5), Schema.picture(2, 2, 1))[1].value == 0


def test_gap_between_columns_is_kolmogorovs_or_the_shares():
    schema = Schema((FeatureGroup("gaussian", 1), FeatureGroup("categorical", 2)))
    X, new = rng.normal(size=(200, 3)), rng.normal(0.7, size=(150, 3))
    X[:, 1:], new[:, 1:] = np.eye(2)[rng.randint(2, size=200)], np.eye(2)[np.zeros(150, int)]
    expected = np.mean([stats.ks_2samp(X[:, 0], new[:, 0]).statistic, 1 - X[:, 1].mean()])
    assert_allclose(generation(X, new, schema)[2].value, expected)


def test_data_against_itself_is_as_good_as_its_halves():
    X = rng.normal(size=(1000, 3))
    score = generation(X[:500], X[500:], Schema.gaussian(3))[2]
    assert score.value < 2 * score.baseline


def test_distributions_are_for_tables_only():
    X = rng.uniform(size=(50, 4))
    assert (
        len(generation(X, X, Schema.picture(2, 2, 1)))
        == len(generation(X, X, Schema.counts(4)))
        == 2
    )


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="at least 4 and 1"):
        generation(IRIS[:3], IRIS, Schema.gaussian(4))


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "share, words",
    [
        (0, "0 %"),
        (0.5, "50 %"),
        (0.93, "93 %"),
        (0.9961, "99.6 %"),
        (0.9999, "99.99 %"),
        (0.999999, "over 99.99 %"),
        (1, "100 %"),
        (0.004, "0.4 %"),
        (0.00001, "under 0.01 %"),
        (-0.2, "-20 %"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(share, words):
    assert percent(share) == words


def test_standing_lies_between_baseline_and_ceiling():
    assert (
        Score("", 0.75, "", 0.5, 1.0).standing == 0.5 and Score("", 0.2, "", 0.5, 1.0).standing == 0
    )
    assert Score("", 0.3, "", 0.4, 0.0).standing == pytest.approx(0.25)  # where less is better
    assert Score("", 0.75, "").standing is None


def test_the_average_is_called_what_it_is():
    assert average_item(Schema.counts(3)) == "the average document"
    assert average_item(Schema.picture(2, 2, 1)) == "the mean picture"
    X = rng.poisson(0.5, (60, 9)).astype(np.float32)
    found = reconstruction(MODELS["PCA"](latent_dim=2).fit(X, schema=Schema.picture(3, 3, 1)), X)
    assert "always predicting the mean picture explains 0 %" in found.scores[0].sentence


def test_a_likelihood_is_one_sentence_and_the_rest_is_its_detail():
    model = MODELS["VAE"](latent_dim=2, epochs=1, width=8).fit(IRIS)
    for found in (likelihood(model, IRIS)[0], marginal(model, IRIS, 5).scores[0]):
        assert found.sentence.endswith("of each column by itself. Higher is better.")
        assert "standard error over 150 rows" in found.detail and "Gaussian noise" in found.detail
        again = store._to_scores(store._from_scores([found]))
        assert again[0].detail == found.detail == archive_checks.inert_scores(again)[0].detail


def test_the_column_that_is_cut_most_is_named():
    schema = Schema((FeatureGroup("gaussian", 1, "age"), FeatureGroup("gaussian", 1, "income")))
    X, new = np.array([[0.0, 0], [1, 1], [0.5, 0.5], [0, 1]]), np.array([[0.5, 2.0], [1.0, 1.0]])
    sentence = generation(X, new, schema)[1].sentence
    assert sentence.endswith("have to be cut to their column's range; worst: income (50 %).")
    assert "worst" not in generation(X, X, schema)[1].sentence
