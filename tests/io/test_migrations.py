"""What earlier versions wrote is read: each step alone. That a whole workspace of theirs opens
is tested on a kept one.
"""

import copy

import pytest

from lvm_core.io import checkpoint, migrations, serialize
from lvm_core.models import MODELS


def test_the_first_format_of_a_model():
    old = {
        "format": 1,
        "name": "PCA",
        "params": {},
        "modules": [],
        "state": {"layout_": {"$layout": {"blocks": [["gaussian", 2, "x"]]}}, "n_": 3},
    }
    before = copy.deepcopy(old)
    new = migrations.upgrade("model", old)
    assert new == {
        "format": migrations.MODEL,
        "name": "PCA",
        "params": {},
        "modules": [],
        "state": {"schema_": {"$schema": {"blocks": [["gaussian", 2, "x"]]}}, "n_": 3},
    }
    assert old == before and migrations.upgrade("model", new) == new


@pytest.mark.parametrize(
    "old, new",
    [
        ("net_/heads.heads.0.bias", "net_/likelihoods.parts.0.bias"),
        ("net/heads.heads.1.scale", "net/likelihoods.parts.1.scale"),
        ("net_/inputs.loc", "net_/scaler.loc"),
        ("early/best.inputs.rate", "early/best.scaler.rate"),
        ("net_/likelihoods.parts.0.bias", "net_/likelihoods.parts.0.bias"),
        ("components_", "components_"),
    ],
)
def test_names_of_arrays(old, new):
    assert migrations.weight_name(old) == new and migrations.weight_name(new) == new


def test_the_newest_formats_are_the_ones_written():
    assert serialize.FORMAT == migrations.MODEL == len(migrations._STEPS["model"]) + 1
    assert checkpoint.FORMAT == migrations.CHECKPOINT == len(migrations._STEPS["checkpoint"]) + 1


@pytest.mark.parametrize("name", ["VAE", "GAN", "ConditionalVAE", "Autoencoder"])
def test_no_network_has_a_name_that_a_migration_would_change(name, tmp_path, digits_rows):
    X, schema = digits_rows
    length = {MODELS[name].duration_param: 1}
    model = MODELS[name](latent_dim=2, **length).fit(X, schema=schema)
    names = list(model.net_.state_dict())
    assert names == list(map(migrations.weight_name, names))
    assert serialize.load(model.save(tmp_path), MODELS).schema_ == schema


@pytest.fixture(scope="module")
def digits_rows():
    from lvm_core import DATASETS

    dataset = DATASETS["digits"]().load()
    return dataset.X[:64], dataset.schema


@pytest.mark.parametrize(
    "name, asked, image, network",
    [
        ("VAE", "auto", [28, 28, 1], "conv"),
        ("VAE", "auto", [8, 8, 1], "mlp"),
        ("GAN", "auto", None, "mlp"),
        ("VAE", "mlp", [28, 28, 1], "mlp"),
        ("CNNFeatures", None, [8, 8, 1], "conv"),
    ],
)
def test_the_network_that_auto_was(name, asked, image, network):
    params = {} if asked is None else {"network": asked}
    state = {"schema_": {"$schema": {"blocks": [], "image": image}}}
    head = {"format": 2, "name": name, "params": params, "modules": ["net_"], "state": state}
    assert migrations.upgrade("model", head)["state"]["network_"] == network
