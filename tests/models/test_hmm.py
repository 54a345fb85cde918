"""Hidden Markov models of series with several values a moment."""

import numpy as np

from lvm_core import MODELS, read_dataset
from lvm_core.models.hmm import HMM
from lvm_core.schema import FeatureGroup, Schema


def test_states_of_several_values_a_moment_are_found_and_drawn_back():
    rng = np.random.default_rng(0)
    path = np.repeat(rng.integers(0, 3, (40, 6)), 10, axis=1)  # (n, T)
    means = np.array([[-1.0, 1.0], [-1.0, -1.0], [1.5, 0.0]])  # no one value tells all three apart
    values = means[path] + rng.normal(0, 0.2, (*path.shape, 2))
    X = values.transpose(0, 2, 1).reshape(40, -1)
    schema = Schema((FeatureGroup("gaussian", 60, "a"), FeatureGroup("gaussian", 60, "b")))
    model = HMM(latent_dim=3, segments=6).fit(X, schema=schema)
    assert model.means_.shape == model.variances_.shape == (3, 2)
    order = np.argsort(means.sum(1))
    assert np.allclose(model.means_, means[order], atol=0.1)
    found, proba = model.states(X)
    assert found.shape == (40, 60) and proba.shape == (40, 60, 3)
    assert (order[found] == path).mean() > 0.98
    Z = model.transform(X)
    assert Z.shape == (40, 18)
    assert (
        np.abs(model.inverse_transform(Z) - means[path].transpose(0, 2, 1).reshape(40, -1)).mean()
        < 0.1
    )
    drawn = model.sample(200, random_state=0).reshape(200, 2, 60)
    assert np.allclose(drawn.mean((0, 2)), values.mean((0, 1)), atol=0.25)
    assert model.sample_decoder(Z, random_state=0).shape == X.shape
    # as much as two models of one value each could not tell: the groups matter
    flat = HMM(latent_dim=3, segments=6).fit(X)
    assert model.score_samples(X).mean() > flat.score_samples(X).mean() + 20


def test_a_long_table_of_two_values_goes_through_every_model_of_series():
    rng = np.random.default_rng(1)
    lines = [
        f"{i},{t},{np.sin(t / 3 + i):.3f},{200 + 50 * np.cos(t / 5 + i) + rng.normal():.2f}"
        for i in range(30)
        for t in range(24)
    ]
    data = read_dataset("\n".join(["id,time,level,power", *lines]).encode(), "s.csv")
    for name, given in (("HMM", {}), ("VAE", {"epochs": 5}), ("PCA", {})):
        cls = MODELS[name]
        model = cls(**cls.suggest(len(data), data.schema) | given).fit(data.X, schema=data.schema)
        made = data.decode(model.sample(5, random_state=0))
        level, power = np.split(made, 2, axis=1)
        assert made.shape == (5, 48) and np.isfinite(made).all(), name
        assert np.abs(level).max() < 5 and 0 < power.mean() < 400, name
