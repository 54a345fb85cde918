"""Rows within bounds from models of joint Gaussians: closed forms, and draws that were kept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lvm_core import MODELS
from lvm_core.models.bounded_normals import sample_within
from lvm_core.schema import FeatureGroup, Schema

SCHEMA = Schema(
    (
        FeatureGroup("gaussian", 2),
        FeatureGroup("categorical", 3),
        FeatureGroup("bernoulli", 1),
        FeatureGroup("categorical", 2),
    )
)


@pytest.fixture(scope="module")
def X():
    rng = np.random.RandomState(0)
    t = rng.standard_normal(3000)
    level = (t + 0.7 * rng.standard_normal(3000) > 0).astype(int) + (t > 1)
    side = (t + rng.standard_normal(3000) > 1).astype(int)
    flag = t + rng.standard_normal(3000) < 0.3
    noise = 0.6 * rng.standard_normal((3000, 2))
    return np.column_stack([t[:, None] * [1, -2] + noise, np.eye(3)[level], flag, np.eye(2)[side]])


def ends(**given):
    low, high = np.full(8, -np.inf), np.full(8, np.inf)
    for name, (a, b) in given.items():
        low[int(name[1:])], high[int(name[1:])] = a, b
    return low, high


def test_given_a_value_the_others_are_those_of_the_textbook():
    mean = np.array([[1.0, -1.0, 0.5]])
    cov = np.array([[2.0, 0.9, -0.4], [0.9, 1.0, 0.1], [-0.4, 0.1, 1.5]])
    low, high = np.array([2.0, -np.inf, -np.inf]), np.array([2.0, np.inf, np.inf])
    rng = np.random.RandomState(0)
    drawn = sample_within(
        np.ones(1), mean, lambda _: cov, Schema.gaussian(3), np.zeros(3), low, high, 40_000, rng
    )
    gain = cov[1:, 0] / cov[0, 0]
    expected = cov[1:, 1:] - np.outer(gain, cov[0, 1:])
    assert (drawn[:, 0] == 2).all()
    assert np.allclose(drawn[:, 1:].mean(0), mean[0, 1:] + gain, atol=0.03)
    assert np.allclose(np.cov(drawn[:, 1:].T), expected, atol=0.04)


def test_of_two_components_as_many_as_bayes_says():
    means, low = np.array([[-2.0, 0.0], [2.0, 9.0]]), np.array([0.5, -np.inf])
    rng = np.random.RandomState(0)
    drawn = sample_within(
        np.array([0.7, 0.3]), means, lambda _: np.eye(2), Schema.gaussian(2), np.zeros(2), low,
        np.full(2, np.inf), 20_000, rng,
    )  # fmt: skip
    first, second = 0.7 * stats.norm.sf(2.5), 0.3 * stats.norm.sf(-1.5)
    assert (drawn[:, 1] > 4.5).mean() == pytest.approx(second / (first + second), abs=0.01)


@pytest.mark.parametrize("name", ["PCA", "FactorAnalysis", "GaussianMixture"])
@pytest.mark.parametrize(
    "given",
    [
        {"_0": (0.5, 1.5)},
        {"_2": (-np.inf, 0.0), "_3": (-np.inf, 0.0)},
        {"_3": (-np.inf, 0.0), "_5": (1.0, np.inf), "_1": (-np.inf, 0.0)},
        {"_7": (1.0, np.inf), "_5": (-np.inf, 0.0)},
    ],
    ids=["range", "level", "three", "two"],
)
def test_they_are_distributed_as_the_draws_that_happen_to_fulfil_them(name, given, X):
    model = MODELS[name](latent_dim=2).fit(X, schema=SCHEMA)
    low, high = ends(**given)
    drawn = model.sample_conditional(low, high, 4000, random_state=0)
    inside = lambda rows: ((rows >= low) & (rows <= high)).all(1)
    assert inside(drawn).all()
    free = model.sample(60_000, random_state=1)
    kept = free[inside(free)]
    assert len(kept) > 500
    error = 5 * np.sqrt(kept.var(0) / len(kept) + drawn.var(0) / 1000) + 1e-9
    assert (np.abs(drawn.mean(0) - kept.mean(0)) < error).all()
    assert np.allclose(drawn.std(0), kept.std(0), atol=0.12)


def test_a_category_without_a_level_is_refused(X):
    model = MODELS["PCA"](latent_dim=2).fit(X, schema=SCHEMA)
    with pytest.raises(ValueError, match="^No row fulfils"):
        model.sample_conditional(*ends(_6=(-np.inf, 0.0), _7=(-np.inf, 0.0)), 5)
