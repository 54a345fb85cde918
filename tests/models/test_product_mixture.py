"""The mixture of product distributions: right values, conditions, marginals, gaps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from lvm_core import MODELS, load_model
from lvm_core.models.mixed_features import BoundedProducts, MixedFeatures
from lvm_core.models.normal_scores import NormalScores
from lvm_core.schema import FeatureGroup, Schema

ProductMixture = MODELS["ProductMixture"]
NONE = -np.inf, np.inf


@pytest.fixture(scope="module")
def mixed():
    """4000 rows of two groups: a number, a category, a flag, an amount with zeros and gaps."""
    rng = np.random.RandomState(0)
    n = 4000
    group = rng.uniform(size=n) < 0.3
    number = np.where(group, 3.0, -1.0) + rng.standard_normal(n)
    level = np.where(rng.uniform(size=n) < np.where(group, 0.8, 0.1), 0, 1)
    level[rng.choice(n, 120, replace=False)] = 2  # a rare level, 3 %
    flag = rng.uniform(size=n) < np.where(group, 0.9, 0.2)
    amount = np.where(rng.uniform(size=n) < 0.4, 0.0, rng.lognormal(group * 1.0, 0.5, n))
    gone = rng.uniform(size=n) < 0.05
    X = np.column_stack([number, np.eye(3)[level], flag, np.where(gone, 0, amount), gone])
    groups = [("gaussian", 1), ("categorical", 3), ("bernoulli", 1), ("gaussian", 1)]
    schema = Schema(
        (*(FeatureGroup(*group) for group in groups), FeatureGroup("bernoulli", 1, "gap", 1))
    )
    return X, schema, group


@pytest.fixture(scope="module")
def fitted(mixed):
    return ProductMixture(components=60, batch_size=128, smoothing=0.1).fit(
        mixed[0], schema=mixed[1]
    )


def bounds(d, **given):
    low, high = (np.full(d, end) for end in NONE)
    for name, ends in given.items():
        low[int(name[1:])], high[int(name[1:])] = ends
    return low, high


def test_the_likelihood_is_that_of_scipy(fitted, mixed):
    X = mixed[0][:50]
    features = MixedFeatures.from_arrays(
        fitted.schema_, fitted.column_sizes_, fitted.column_values_
    )
    (number, amount), rows = features.numbers, []
    for x in X:
        total = np.log(fitted.weights_).copy()
        deviation = np.sqrt(fitted.variances_)
        for at, (column, own) in enumerate(((0, number), (5, amount))):
            if column == 5 and x[6] == 1:
                continue  # missing: left out
            atom, z, log_slope = (float(v[0]) for v in own.transform(x[column : column + 1]))
            to = features.atoms.get(at)
            if to is not None:
                total += np.log(fitted.levels_[:, to])[:, int(atom)]
            if atom < 0:
                total += stats.norm.logpdf(z, fitted.means_[:, at], deviation[:, at])
            total += log_slope
        level = int(x[1:4].argmax())
        total += np.log(fitted.levels_[:, level])
        for (_, to), value in zip(features.flags, (x[4], x[6]), strict=True):
            total += np.log(fitted.levels_[:, to])[:, int(value)]
        rows.append(logsumexp(total))
    assert np.allclose(
        fitted.score_samples(X),
        rows,
        rtol=1e-5,  # scores are float32
    )


def test_the_density_integrates_to_one():
    X = np.random.RandomState(0).gamma(1.0, 2.0, (800, 1))
    model = ProductMixture(latent_dim=1, components=20, epochs=10).fit(X)
    at = np.linspace(-5, 40, 200_001)
    total = np.exp(model.score_samples(at[:, None])).sum() * (at[1] - at[0])
    assert total == pytest.approx(1.0, abs=2e-3)


def test_a_change_of_units_moves_it_by_the_log_of_the_factor(mixed):
    X, schema, _ = mixed
    X = X[:1000].astype(np.float64)
    scaled = X.copy()
    scaled[:, 0] *= 1024.0
    model = ProductMixture(components=20, epochs=5)
    before = model.fit(X, schema=schema).score_samples(X)
    after = model.fit(scaled, schema=schema).score_samples(scaled)
    assert np.allclose(before - after, np.log(1024.0), atol=1e-4)


def test_samples_have_the_shares_of_the_data(fitted, mixed):
    X, made = mixed[0], fitted.sample(20_000, random_state=0)
    for column in (1, 2, 3, 4, 6):
        assert made[:, column].mean() == pytest.approx(X[:, column].mean(), abs=0.012)
    seen, drawn = X[X[:, 6] == 0, 5], made[made[:, 6] == 0, 5]
    assert (drawn == 0).mean() == pytest.approx((seen == 0).mean(), abs=0.015)
    for q in (0.6, 0.75, 0.95):
        assert np.quantile(drawn, q) == pytest.approx(np.quantile(seen, q), rel=0.08)
    assert (made[made[:, 6] == 1, 5] == 0).all()


def test_a_condition_gives_what_the_data_gives(fitted, mixed):
    X = mixed[0]
    # number beyond 2: almost surely of the first group
    low, high = bounds(7, _0=(2.0, np.inf))
    made, real = fitted.sample_conditional(low, high, 8000, random_state=0), X[X[:, 0] >= 2]
    assert made[:, 0].min() >= 2
    assert made[:, 1].mean() == pytest.approx(real[:, 1].mean(), abs=0.04)
    assert made[:, 4].mean() == pytest.approx(real[:, 4].mean(), abs=0.04)
    assert made[:, 0].mean() == pytest.approx(real[:, 0].mean(), abs=0.1)


def test_conditions_on_levels_gaps_and_point_masses_hold_exactly(fitted):
    low, high = bounds(7, _1=(-np.inf, 0.0), _2=(-np.inf, 0.0), _6=(1.0, np.inf))
    made = fitted.sample_conditional(low, high, 300, random_state=0)
    assert (made[:, 3] == 1).all() and (made[:, 6] == 1).all()
    low, high = bounds(7, _5=(0.0, 0.0), _6=(-np.inf, 0.0), _4=(1.0, np.inf))
    made = fitted.sample_conditional(low, high, 300, random_state=0)
    assert (made[:, 5] == 0).all() and (made[:, 4] == 1).all() and (made[:, 6] == 0).all()
    low, high = bounds(7, _0=(1.25, 1.25))
    made = fitted.sample_conditional(low, high, 300, random_state=0)
    assert np.allclose(made[:, 0], 1.25)


def test_the_weights_given_a_value_are_those_of_bayes():
    # one component at -2, one at 2, each of half the rows: p(second | x = 0.5) by hand
    column = NormalScores(*(np.zeros(0),) * 2, *(np.array([-9.0, 9.0]),) * 2, np.zeros(0))
    schema = Schema((FeatureGroup("gaussian", 1), FeatureGroup("bernoulli", 1)))
    features = MixedFeatures(schema, [column])
    levels, means = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[-2.0], [2.0]])
    low, high = bounds(2, _0=(0.5, 0.5))
    given = BoundedProducts(features, levels, means, np.ones((2, 1)), low, high)
    share = np.exp(given.log_proba)
    expected = stats.norm.pdf(0.5, [-2, 2])
    assert np.allclose(share, expected)
    low, high = bounds(2, _0=(0.5, 3.0))
    given = BoundedProducts(features, levels, means, np.ones((2, 1)), low, high)
    expected = stats.norm.cdf(3, [-2, 2]) - stats.norm.cdf(0.5, [-2, 2])
    assert np.allclose(np.exp(given.log_proba), expected)
    drawn = given.draw(np.ones(20_000, int), np.random.RandomState(0))[:, 0]
    truth = stats.truncnorm(-1.5, 1.0, loc=2.0)
    assert stats.kstest(drawn, truth.cdf).pvalue > 0.01


def test_what_cannot_be_is_said(fitted):
    low, high = bounds(7, _1=(-np.inf, 0), _2=(-np.inf, 0), _3=(-np.inf, 0))
    with pytest.raises(ValueError, match="^No row fulfils"):
        fitted.sample_conditional(low, high, 5)


def test_a_saved_model_draws_the_same_rows(fitted, tmp_path):
    low, high = bounds(7, _0=(1.0, 2.0))
    again = load_model(fitted.save(tmp_path / "model"))
    before, after = (m.sample_conditional(low, high, 20, random_state=3) for m in (fitted, again))
    assert np.array_equal(before, after)


def test_a_column_without_information_is_drawn_to_its_marginal():
    # two columns follow two groups, the third is noise: its means stay together
    rng = np.random.RandomState(0)
    group = rng.choice([-3.0, 3.0], (3000, 1))
    X = np.column_stack([group + 0.5 * rng.standard_normal((3000, 2)), rng.standard_normal(3000)])
    model = ProductMixture(latent_dim=2, components=20, batch_size=128).fit(X)
    between = model.weights_ @ (model.means_ - model.weights_ @ model.means_) ** 2
    assert between[:2].min() > 0.5 and between[2] < 0.1


def test_rows_copy_no_training_row(mixed, fitted):
    # as near to a held-out row as to a training row
    X = np.delete(mixed[0], [5, 6], axis=1)
    new = np.delete(fitted.sample(1500, random_state=0), [5, 6], axis=1)
    rng = np.random.RandomState(1)
    other = X[rng.permutation(len(X))]
    half = len(other) // 2
    near = [
        ((new[:, None] - part[None]) ** 2).sum(2).min(1) for part in (other[:half], other[half:])
    ]
    assert (near[0] < near[1]).mean() < 0.55
