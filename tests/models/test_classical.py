"""The linear and probabilistic models against textbooks: exact likelihoods, planted sources,
parts, groups and states.
"""

from itertools import permutations, product

import numpy as np
import pytest
from app_pages import finished, open_page, words
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from sklearn import decomposition, mixture

from lvm_core import DATASETS, MODELS
from lvm_core.schema import Schema

FA, PCA, ICA, KernelPCA, NMF, Mixture, HMM = (
    MODELS[name]
    for name in ("FactorAnalysis", "PCA", "ICA", "KernelPCA", "NMF", "GaussianMixture", "HMM")
)


@pytest.fixture(scope="module")
def factors():
    """Two causes behind six columns of very unequal noise."""
    rng = np.random.RandomState(0)
    W, noise = rng.standard_normal((6, 2)), np.array([0.1, 0.3, 1.0, 3.0, 0.2, 0.5])
    return (
        rng.standard_normal((3000, 2)) @ W.T + noise * rng.standard_normal((3000, 6)) + 5,
        W,
        noise,
    )


@pytest.mark.parametrize("noise", ("per column", "shared"))
def test_factor_analysis_has_the_exact_likelihood(factors, noise):
    X = factors[0]
    model = FA(latent_dim=2, noise=noise).fit(X)
    exact = multivariate_normal(
        model.mean_, model.components_.T @ model.components_ + np.diag(model.noise_variance_)
    )
    np.testing.assert_allclose(model.score_samples(X[:50]), exact.logpdf(X[:50]), rtol=1e-8)
    W, S = model.components_.T, np.diag(1 / model.noise_variance_)
    posterior = np.linalg.inv(np.eye(2) + W.T @ S @ W)
    np.testing.assert_allclose(
        model.transform(X[:50]), (X[:50] - model.mean_) @ S @ W @ posterior, rtol=1e-8
    )
    mean, std = model.encode_distribution(X[:5])
    np.testing.assert_allclose(std, np.tile(np.sqrt(np.diag(posterior)), (5, 1)), rtol=1e-8)
    # the axes are the posterior's own
    assert np.abs(posterior - np.diag(np.diag(posterior))).max() < 1e-10


def test_factor_analysis_finds_the_noise_of_each_column_and_ppca_is_pcas_density(factors):
    X, _, noise = factors
    np.testing.assert_allclose(np.sqrt(FA(latent_dim=2).fit(X).noise_variance_), noise, atol=0.12)
    assert (
        FA(latent_dim=2).fit(X).score_samples(X).mean()
        > FA(latent_dim=2, noise="shared").fit(X).score_samples(X).mean() + 1
    )
    theirs = decomposition.PCA(2).fit(X)
    # n against n - 1
    np.testing.assert_allclose(
        FA(latent_dim=2, noise="shared").fit(X).score_samples(X).mean(), theirs.score(X), atol=2e-3
    )
    np.testing.assert_allclose(
        FA(latent_dim=2).fit(X).score_samples(X).mean(),
        decomposition.FactorAnalysis(2).fit(X).score(X),
        atol=5e-3,
    )


def test_samples_of_factor_analysis_have_the_datas_covariance(factors):
    X = factors[0]
    made = FA(latent_dim=2).fit(X).sample(20_000, random_state=0)
    np.testing.assert_allclose(np.corrcoef(made.T), np.corrcoef(X.T), atol=0.06)


def test_ica_unmixes_planted_sources_where_pca_does_not():
    rng = np.random.RandomState(0)
    S = np.column_stack(
        [np.sign(np.sin(np.arange(2000) / 9)), rng.laplace(size=2000), rng.uniform(-1, 1, 2000)]
    )
    X = S @ rng.standard_normal((3, 5)) + 2
    match = lambda Z: np.abs(np.corrcoef(Z.T, S.T)[:3, 3:])
    assert (
        max(
            min(match(ICA(latent_dim=3).fit_transform(X))[i, p[i]] for i in range(3))
            for p in permutations(range(3))
        )
        > 0.98
    )
    assert (
        max(
            min(match(PCA(latent_dim=3).fit_transform(X))[i, p[i]] for i in range(3))
            for p in permutations(range(3))
        )
        < 0.98
    )
    model = ICA(latent_dim=3).fit(X)
    np.testing.assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-6)
    Z = model.sample_codes(20_000, random_state=0)
    assert np.abs(np.corrcoef(Z.T) - np.eye(3)).max() < 0.03
    # a median between two modes is anywhere
    np.testing.assert_allclose(
        np.quantile(Z, [0.1, 0.9], axis=0),
        np.quantile(model.transform(X), [0.1, 0.9], axis=0),
        atol=0.15,
    )


def test_kernel_pca_is_scikit_learns_and_its_way_back_returns():
    rng = np.random.RandomState(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    X = np.where(np.arange(400) % 2, 1.0, 3.0)[:, None] * np.column_stack(
        [np.cos(angle), np.sin(angle)]
    ) + 0.05 * rng.standard_normal((400, 2))
    model = KernelPCA(latent_dim=4, width=0.5).fit(X)
    theirs = decomposition.KernelPCA(4, kernel="rbf", gamma=model.gamma_).fit(X)
    np.testing.assert_allclose(
        np.abs(model.transform(X[:50])), np.abs(theirs.transform(X[:50])), atol=1e-6
    )
    back = model.inverse_transform(model.transform(X))
    assert np.square(back - X).mean() < 0.05 * X.var()
    far = model.inverse_transform(np.full((1, 4), 1e6))
    np.testing.assert_allclose(far[0], X.mean(0), atol=1e-6)


def test_kernel_pca_of_many_rows_learns_from_a_sample(monkeypatch):
    from lvm_core.models import kernel_pca

    monkeypatch.setattr(kernel_pca, "LANDMARKS", 200)
    X = DATASETS["digits"]().load().X
    model = KernelPCA(latent_dim=5).fit(X)
    assert model.landmarks_.shape == (200, 64) and model.transform(X).shape == (1797, 5)


def test_nmf_is_as_good_as_scikit_learns_and_never_negative():
    X = DATASETS["digits"]().load().X
    model = NMF(latent_dim=8).fit(X, schema=Schema.picture(8, 8, 1))
    Z = model.transform(X)
    theirs = decomposition.NMF(8, init="nndsvda", max_iter=400, random_state=0).fit(X)
    ours = np.square(X - Z @ model.components_).sum()
    assert (
        Z.min() >= 0
        and model.components_.min() >= 0
        and ours <= 1.005 * theirs.reconstruction_err_**2
    )
    from scipy.optimize import nnls

    np.testing.assert_allclose(
        Z[:20], [nnls(model.components_.T, x)[0] for x in X[:20].astype(float)], atol=2e-3
    )
    assert (model.inverse_transform(-np.ones((1, 8))) == 0).all() and model.sample_codes(
        50, random_state=0
    ).min() >= 0
    with pytest.raises(ValueError, match="Negative values.*expected none below 0"):
        NMF().fit(X - 1)


def test_nmf_finds_planted_parts():
    rng = np.random.RandomState(0)
    parts = np.kron(np.eye(4), np.ones(5))
    X = rng.gamma(0.5, size=(300, 4)) @ parts
    H = NMF(latent_dim=4).fit(X).components_
    likeness = (H / np.linalg.norm(H, axis=1, keepdims=True)) @ (
        parts / np.linalg.norm(parts, axis=1, keepdims=True)
    ).T
    assert max(min(likeness[i, p[i]] for i in range(4)) for p in permutations(range(4))) > 0.99


@pytest.mark.parametrize("covariance", ("full", "tied", "diag", "spherical"))
def test_the_mixture_is_a_density_and_its_samples_are_of_it(covariance):
    rng = np.random.RandomState(0)
    X = np.vstack([rng.standard_normal((300, 2)) * [1, 0.3] + c for c in ((0, 0), (5, 5), (-5, 5))])
    model = Mixture(latent_dim=3, covariance=covariance).fit(X)
    theirs = mixture.GaussianMixture(
        3, covariance_type=covariance, reg_covar=model.floor_, random_state=0
    ).fit(X)
    np.testing.assert_allclose(model.score_samples(X).mean(), theirs.score(X), atol=1e-3)
    np.testing.assert_allclose(model.transform(X).sum(1), 1, atol=1e-9)
    made = model.sample(6000, random_state=0)
    np.testing.assert_allclose(
        model.score_samples(made).mean(), model.score_samples(X).mean(), atol=0.15
    )
    np.testing.assert_allclose(model.inverse_transform([[0, 0, 7.0]])[0], model.means_[2])
    assert (
        Mixture(latent_dim=3, covariance=covariance).fit(X).bic_
        < Mixture(latent_dim=1, covariance=covariance).fit(X).bic_
    )


# -- hidden Markov models --------------------------------------------------------------------------


def series(n=40, length=120, seed=0, stay=0.95, means=(-2.0, 0.0, 3.0), noise=0.6):
    """Series with planted states."""
    rng, k = np.random.RandomState(seed), len(means)
    path = np.empty((n, length), int)
    path[:, 0] = rng.randint(k, size=n)
    for t in range(1, length):
        path[:, t] = np.where(
            rng.uniform(size=n) < stay, path[:, t - 1], (path[:, t - 1] + rng.randint(1, k, n)) % k
        )
    return np.array(means)[path] + noise * rng.standard_normal((n, length)), path


def test_the_likelihood_is_the_sum_over_all_paths():
    X, _ = series(n=4, length=5)
    model = HMM(latent_dim=2, max_iter=5).fit(X)
    for x, value in zip(X, model.score_samples(X)):
        every = [
            np.log(model.start_[p[0]])
            + sum(np.log(model.transitions_[a, b]) for a, b in zip(p, p[1:]))
            + norm(model.means_[list(p)], np.sqrt(model.variances_[list(p)])).logpdf(x).sum()
            for p in product(range(2), repeat=5)
        ]
        assert value == pytest.approx(logsumexp(every), rel=1e-9)
    path, posterior = model.states(X)
    best = max(
        product(range(2), repeat=5),
        key=lambda p: (
            np.log(model.start_[p[0]])
            + sum(np.log(model.transitions_[a, b]) for a, b in zip(p, p[1:]))
            + norm(model.means_[list(p)], np.sqrt(model.variances_[list(p)])).logpdf(X[0]).sum()
        ),
    )
    assert tuple(path[0]) == best and np.allclose(posterior.sum(2), 1)


@pytest.mark.parametrize("seed", range(3))
def test_planted_states_are_found(seed):
    X, path = series(seed=seed)
    model = HMM(latent_dim=3, random_state=seed).fit(X)
    found, _ = model.states(X)
    assert (found == path).mean() >= 0.95
    np.testing.assert_allclose(model.means_, (-2, 0, 3), atol=0.15)
    np.testing.assert_allclose(np.diag(model.transitions_), 0.95, atol=0.02)
    new, truth = series(seed=seed + 10)
    assert (model.states(new)[0] == truth).mean() >= 0.95


def test_em_never_loses_and_one_long_series_can_be_cut():
    X, path = series(n=1, length=4000)
    model = HMM(latent_dim=3, window=100).fit(np.vstack([X, X]))
    losses = [point["loss"] for point in model.history_]
    assert np.diff(losses).max() < 1e-6
    assert (model.states(X)[0] == path).mean() >= 0.95
    made = model.sample(200, random_state=0)
    assert made.shape == (200, 4000)
    np.testing.assert_allclose([made.mean(), made.std()], [X.mean(), X.std()], atol=0.25)


def test_a_code_is_where_the_time_goes():
    X, path = series()
    model = HMM(latent_dim=3, segments=6).fit(X)
    Z = model.transform(X)
    assert Z.shape == (40, 18) and np.allclose(Z.reshape(40, 6, 3).sum(2), 1)
    shares = (
        np.stack([[(part == s).mean(1) for s in range(3)] for part in np.array_split(path, 6, 1)])
        .transpose(2, 0, 1)
        .reshape(40, -1)
    )
    assert np.abs(Z - shares).mean() < 0.03
    back = model.inverse_transform(Z)
    assert 1 - np.square(back - X).sum() / np.square(X - X.mean(0)).sum() > 0.3
    drawn = model.sample_decoder(Z, random_state=0)
    assert np.abs(model.transform(drawn) - Z).mean() < 0.15


def test_the_states_of_a_run_are_on_its_page():
    import io

    from lvm_core import read_dataset

    file = io.BytesIO()
    np.save(file, series()[0].astype(np.float32))
    run = finished(read_dataset(file.getvalue(), name="series.npy"), HMM(latent_dim=3))
    app = open_page("analyse", run=run.id, part="states")
    assert not app.exception and not app.error
    assert "How they follow each other" in words(app)
    table = next(d.value for d in app.dataframe if "state" in d.value)
    assert len(table) == 3 and table["mean"].is_monotonic_increasing
    # in the units of the file, as if each moment had been given to its likeliest state
    X, path = series()[0], run.fitted.model.states(run.dataset.X)[0]
    for state, row in table.iterrows():
        values, away = X[path == state], (X - X.mean(0))[path == state]
        assert row["mean"] == pytest.approx(values.mean(), abs=0.05)
        assert row["above average"] == pytest.approx(away.mean(), abs=0.05)
        assert row["spread"] == pytest.approx(away.std(), abs=0.05)
    assert app.selectbox(key=f"states-row-{run.id}").options[3].startswith("row 3")
