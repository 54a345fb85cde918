"""What single networks promise beyond the checks of every model."""

from __future__ import annotations

import numpy as np
import pytest

from lvm_core import DATASETS, MODELS
from lvm_core.checks.examples import picture, table
from lvm_core.checks.models import quick
from lvm_core.schema import FeatureGroup, Schema


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "name", [name for name, cls in MODELS.items() if "table" in cls.supported_kinds]
)
def test_expected_categories_are_probabilities(name):
    X, schema = table()
    model = quick(MODELS[name]).fit(X, schema=schema)
    R = model.inverse_transform(model.transform(X))
    spans = [span for block, span in schema.spans() if block.likelihood == "categorical"]
    assert len(spans) == 2
    for span in spans:
        close(R[:, span].sum(1), 1.0)


@pytest.mark.parametrize(
    "likelihood, value, words",
    [("bernoulli", 2, "0/1"), ("categorical", -1, "one-hot"), ("counts", -1, "counts")],
)
def test_the_vae_refuses_values_their_likelihood_cannot_have(likelihood, value, words):
    with pytest.raises(ValueError, match=f"{words}.*expected"):
        quick(MODELS["VAE"]).fit(
            np.full((10, 3), value, np.float32), schema=Schema((FeatureGroup(likelihood, 3),))
        )


def test_convolutions_are_refused_for_rows_that_are_no_pictures():
    with pytest.raises(ValueError, match="no pictures"):
        quick(MODELS["VAE"], network="conv").fit(np.eye(5))


@pytest.mark.parametrize("size", [(8, 8, 1), (28, 28, 1), (13, 9, 3), (64, 40, 3)], ids=str)
@pytest.mark.parametrize("name", ["VAE", "GAN"])
def test_convolutions_take_pictures_of_any_size(name, size):
    X, schema = picture(*size)
    model = quick(MODELS[name], network="conv", epochs=1, steps=2, latent_dim=3).fit(
        X[:8], schema=schema
    )
    assert model.inverse_transform(model.transform(X[:2])).shape == (2, schema.d)


def test_inversion_brings_a_real_row_nearer_than_the_encoder():
    X, schema = table()
    model = quick(MODELS["GAN"], steps=100, latent_dim=4).fit(X, schema=schema)
    Z, residual = model.invert(X, steps=60, random_state=0)
    scale = model.net_.scaler.scale.cpu().numpy()

    def error(codes):
        return np.sqrt((((model.inverse_transform(codes) - X) / scale) ** 2).mean(1))

    close(error(Z), residual, 1e-3)
    assert (residual <= error(model.transform(X)) + 1e-4).all() and residual.mean() < 0.9 * error(
        model.transform(X)
    ).mean()


def test_the_earlier_name_of_the_schema_is_taken_with_a_warning():
    data = DATASETS["iris"]().load()
    with pytest.warns(FutureWarning, match="Dataset.schema"):
        earlier = data.layout
    with pytest.warns(FutureWarning, match=r"fit\(schema=...\)"):
        model = MODELS["PCA"]().fit(data.X, layout=earlier)
    assert model.schema_ is data.schema
