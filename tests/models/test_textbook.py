"""Textbook examples give textbook answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA as ReferencePCA
from sklearn.decomposition import FactorAnalysis, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from textbook import linear_data

from lvm_core import MODELS, load_model
from lvm_core.schema import FeatureGroup, Schema

CATS = ["The cat sat on the mat", "The dog barked at the cat", "The cat chased the mouse"]


def up_to_sign(Z, reference):
    return Z * np.sign((Z * reference).sum(0))


def test_pca_of_five_points():
    X = np.array([[2.5, 2.4], [0.5, 0.7], [2.2, 2.9], [1.9, 2.2], [3.1, 3.0]])
    reference = ReferencePCA(1).fit(X)
    model = MODELS["PCA"](latent_dim=1).fit(X)
    np.testing.assert_allclose(
        up_to_sign(model.transform(X), reference.transform(X)), reference.transform(X), atol=1e-6
    )
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(X)),
        reference.inverse_transform(reference.transform(X)),
        atol=1e-6,
    )
    np.testing.assert_allclose(model.score_samples(X), reference.score_samples(X), atol=1e-6)


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pca_likelihood_is_exact(whiten, dtype):
    X = linear_data().astype(dtype)
    np.testing.assert_allclose(
        MODELS["PCA"](2, whiten=whiten).fit(X).score_samples(X),
        ReferencePCA(2).fit(X).score_samples(X),
        rtol=1e-4,
    )


def test_lsa_of_three_sentences():
    T = TfidfVectorizer().fit_transform(CATS)
    reference = TruncatedSVD(2).fit_transform(T)
    model = MODELS["LSA"](2).fit(CATS)
    np.testing.assert_allclose(up_to_sign(model.transform(CATS), reference), reference, atol=1e-6)
    assert list(model.vocabulary_) == [
        "at",
        "barked",
        "cat",
        "chased",
        "dog",
        "mat",
        "mouse",
        "on",
        "sat",
        "the",
    ]


def test_lsa_takes_documents_and_their_counts_alike(tmp_path):
    counts = CountVectorizer().fit_transform(CATS)
    documents = MODELS["LSA"](2).fit(np.array(CATS))
    for X in (counts, counts.toarray()):
        model = MODELS["LSA"](2).fit(X)
        np.testing.assert_allclose(model.transform(X), documents.transform(CATS), atol=1e-6)
        with pytest.raises(ValueError, match="fitted on counts"):
            model.transform(CATS)
    again = load_model(documents.save(tmp_path / "lsa"))
    np.testing.assert_allclose(
        again.transform(["a mouse and a dog"]),
        documents.transform(["a mouse and a dog"]),
        atol=1e-12,
    )


def test_lsa_of_full_rank_gives_the_counts_back():
    counts = CountVectorizer().fit_transform(["cat cat dog", "mouse dog dog", "cat mouse mouse"])
    model = MODELS["LSA"](3).fit(counts)
    np.testing.assert_allclose(
        model.inverse_transform(model.transform(counts)), counts.toarray(), atol=1e-6
    )


def test_a_standard_normal_latent_of_length_100_drives_the_generator():
    X = np.random.RandomState(0).uniform(size=(64, 36)).astype(np.float32)
    gan = MODELS["GAN"](latent_dim=100, steps=5).fit(X, schema=Schema.picture(6, 6, 1))
    row = gan.inverse_transform(np.random.default_rng(0).standard_normal((1, 100)))
    assert row.shape == (1, 36) and np.isfinite(row).all()
    assert gan.transform(X).shape == (64, 100)


@pytest.fixture(scope="module")
def linear_vae():
    """A VAE without hidden layers and with one noise for all columns: probabilistic PCA,
    learned by the ELBO.
    """
    X = linear_data()
    model = MODELS["VAE"](
        latent_dim=2,
        depth=0,
        network="mlp",
        epochs=150,
        batch_size=50,
        learning_rate=0.01,
        warm_up=0.0,
    )
    return X, model.fit(X, schema=Schema.picture(1, X.shape[1], 1))


def test_the_elbo_of_a_linear_vae_reaches_but_never_passes_probabilistic_pca(linear_vae):
    X, model = linear_vae
    exact = MODELS["PCA"](2).fit(X).score_samples(X).mean()
    elbo = model.score_samples(X).mean()
    assert exact - 0.15 < elbo <= exact + 0.01


def test_the_elbo_bounds_the_exact_likelihood_of_its_own_decoder_row_by_row(linear_vae):
    from scipy.stats import multivariate_normal

    X, model = linear_vae
    centre = model.inverse_transform(np.zeros((1, 2)))[0]
    W = model.inverse_transform(np.eye(2)) - centre
    exact = multivariate_normal(
        centre, W.T @ W + np.diag(model.net_.likelihoods.sigma() ** 2)
    ).logpdf(X)
    elbo = model.score_samples(X, n_samples=64)
    assert (elbo <= exact + 0.1).all()
    weighted = model.score_samples(X, n_samples=256, importance_weighted=True)
    assert (
        abs(weighted - exact).max() < 0.3
        and abs(weighted - exact).mean() < abs(elbo - exact).mean() + 0.05
    )


def test_a_linear_vae_with_one_noise_per_column_is_factor_analysis():
    X = linear_data() * np.linspace(1, 3, 8)
    model = MODELS["VAE"](
        latent_dim=2, depth=0, epochs=150, batch_size=50, learning_rate=0.01, warm_up=0.0
    )
    elbo = model.fit(X, schema=Schema((FeatureGroup("gaussian", 8),))).score_samples(X).mean()
    exact = FactorAnalysis(2).fit(X).score(X)
    assert exact - 0.2 < elbo <= exact + 0.01


def test_elbo_parts_add_up_and_the_kl_sums_to_the_importance(linear_vae):
    X, model = linear_vae
    parts = model.elbo_parts(X)
    np.testing.assert_allclose(parts["reconstruction"] - parts["kl"], model.score_samples(X))
    assert parts["kl"].mean() == pytest.approx(model.importance_.sum(), rel=1e-4)
    mean, std = model.encode_distribution(X)
    np.testing.assert_allclose(mean, model.transform(X))
    np.testing.assert_allclose(
        parts["kl"], (0.5 * (mean**2 + std**2 - 1) - np.log(std)).sum(1), rtol=1e-6
    )


def test_counts_are_scored_as_a_multinomial():
    X = np.array([[4, 0, 0], [0, 3, 1], [2, 2, 0], [0, 0, 4]] * 10, dtype=np.float32)
    model = MODELS["VAE"](latent_dim=2, epochs=300, batch_size=20).fit(X, schema=Schema.counts(3))
    R = model.inverse_transform(model.transform(X))
    np.testing.assert_allclose(R.sum(1), X.sum() / len(X), rtol=1e-4)
    unigram = X @ np.log(X.sum(0) / X.sum())
    assert model.score_samples(X).mean() > unigram.mean() + 0.5


@pytest.mark.parametrize("n", [60, 500])  # fewer and more than ten times the columns
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pca_does_not_blow_up_directions_without_variance(n, dtype):
    rng = np.random.RandomState(0)
    levels = [np.eye(k)[rng.randint(0, k, n)] for k in (3, 4)]  # each adds up to 1
    X = np.concatenate([rng.randn(n, 3), *levels], 1).astype(dtype)
    white = MODELS["PCA"](10, whiten=True).fit(X)
    assert np.abs(white.transform(X)).max() < 10
    assert np.abs(white.inverse_transform(white.transform(X)) - X).max() < 1e-5
    held_out = MODELS["PCA"](10).fit(X[:-20]).score_samples(X[-20:]).mean()
    assert 0 < held_out < 40  # it grows with the precision of a type, and stays a number of nats
