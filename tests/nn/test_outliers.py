"""Rare levels and far outliers: how they enter a network, and that a training stands them."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from lvm_core import MODELS, load_model
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.io.files import read_tensors, write_tensors
from lvm_core.nn.scaler import LEAST_SPREAD, LIMIT, InputScaler
from lvm_core.nn.training import EarlyStopping
from lvm_core.schema import FeatureGroup, Schema

MIXED = Schema((FeatureGroup("gaussian", 1, "amount"), FeatureGroup("categorical", 3, "kind")))


def rows(n: int = 4000, rare: int = 1, far: float = 1e4) -> np.ndarray:
    """An amount with one far outlier, and a category one level of which ``rare`` rows have."""
    rng = np.random.RandomState(0)
    amount = rng.standard_normal(n)
    amount[7] = far
    kind = rng.randint(2, size=n)
    kind[11 : 11 + rare] = 2
    return np.column_stack([(amount - amount.mean()) / amount.std(), np.eye(3)[kind]])


def fitted(name: str = "VAE"):
    X, length = rows().astype(np.float32), {"steps": 20} if name == "GAN" else {"epochs": 2}
    return X, MODELS[name](latent_dim=2, width=16, **length).fit(X, schema=MIXED)


def test_a_rare_level_enters_at_ten_standard_deviations_at_most():
    X, model = fitted()
    entered = model.net_.scaler(torch.from_numpy(X)).numpy()
    rare = X[:, 3].mean()
    assert_allclose(entered[11, 3], (1 - rare) / LEAST_SPREAD, rtol=1e-5)
    assert 1 / np.sqrt(rare * (1 - rare)) > 60, "it would enter here"
    # a level that is not rare is standardised as it was
    assert_allclose(entered[:, 1].std(), 1.0, rtol=1e-4)


def test_a_far_value_enters_by_its_logarithm_with_its_sign():
    scaler = InputScaler(Schema.gaussian(1))
    scaler.init_from_data(np.array([3.0]), np.array([2.0]))
    deviations = np.array([-1e6, -LIMIT, -1.0, 0.0, 1.0, LIMIT, LIMIT * np.e, 1e6], np.float32)
    x = torch.from_numpy(3 + 2 * deviations[:, None]).requires_grad_()
    entered = scaler(x)
    wanted = [-LIMIT, -1, 0, 1, LIMIT, 2 * LIMIT]
    assert_allclose(entered[1:7, 0].detach().numpy(), wanted, rtol=1e-5, atol=1e-5)
    outermost = LIMIT * (1 + np.log(1e6 / LIMIT))
    assert_allclose(entered[[0, 7], 0].detach().numpy(), [-outermost, outermost], rtol=1e-5)
    # the slope is that of standardising up to the limit, LIMIT / |y| of it beyond, 0 nowhere
    (slope,) = torch.autograd.grad(entered.sum(), x)
    assert_allclose(slope[2:5, 0].numpy(), 0.5, rtol=1e-5)
    assert_allclose(
        slope[[0, 6, 7], 0].numpy(), 0.5 / np.array([1e6 / LIMIT, np.e, 1e6 / LIMIT]), rtol=1e-4
    )


def test_near_the_limit_it_is_continuous():
    scaler = InputScaler(Schema.gaussian(1))
    scaler.init_from_data(np.zeros(1), np.ones(1))
    around = scaler(torch.tensor([[LIMIT - 1e-3], [LIMIT], [LIMIT + 1e-3]])).flatten()
    assert_allclose(around.diff().numpy(), 1e-3, rtol=0.01)


def test_distances_between_rows_are_in_standard_deviations_however_far():
    """What inversion says of a strange row is no logarithm."""
    scaler = InputScaler(Schema.gaussian(1))
    scaler.init_from_data(np.array([3.0]), np.array([2.0]))
    assert scaler.standardize(torch.tensor([[2003.0]])).item() == 1000


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_pictures_enter_as_they_did(likelihood):
    schema = Schema.picture(2, 2, 1, likelihood)
    x, loc, scale = torch.tensor([[1.0, 0.0, 0.0, 0.0]]), np.full(4, 0.01), np.full(4, 0.02)
    scaler = InputScaler(schema)
    scaler.init_from_data(loc, scale)
    assert_allclose(scaler(x).numpy(), (x.numpy() - loc) / scale, rtol=1e-6)


@pytest.mark.parametrize("far", [30.0, 200.0, 1e4])
def test_the_training_stands_a_far_outlier_and_a_rare_level(far):
    """At the usual learning rate the loss never leaves the order of the first one."""
    X = rows(far=far).astype(np.float32)
    model = MODELS["VAE"](latent_dim=2, epochs=10, width=128).fit(X, schema=MIXED)
    losses = [step["loss"] for step in model.history_]
    assert np.isfinite(losses).all() and max(losses) < 10 * abs(losses[0])


def old_save(model, folder):
    """The folder as an earlier version wrote it: plain scales, no limit."""
    folder = model.save(folder)
    arrays = read_tensors(folder / "weights.safetensors")
    del arrays["net_/scaler.limit"]
    write_tensors(folder / "weights.safetensors", arrays)
    return folder


@pytest.mark.parametrize("name", ["VAE", "MIWAE", "ConditionalVAE", "GAN"])
def test_a_model_of_an_earlier_version_enters_rows_as_it_did(name, tmp_path):
    X, model = fitted(name)
    again = load_model(old_save(model, tmp_path))
    scaler = again.net_.scaler
    x = torch.from_numpy(X)
    assert_allclose(scaler(x).numpy(), (X - scaler.loc.numpy()) * scaler.rate.numpy(), rtol=1e-6)
    assert float(scaler(x)[7, 0]) > 60, "its network knows the outlier where it was"


def test_a_saved_model_keeps_its_limit(tmp_path):
    X, model = fitted()
    again = load_model(model.save(tmp_path))
    assert np.array_equal(again.transform(X), model.transform(X))
    assert float(again.net_.scaler.limit) == LIMIT


def without_limit(path) -> None:
    """Write a checkpoint again as an earlier version would have."""
    checkpoint = Checkpoint(path)
    for file in path.glob("*.safetensors"):
        phase = file.stem
        head, arrays = checkpoint.load(phase)
        arrays = {k: v for k, v in arrays.items() if not k.endswith("scaler.limit")}
        Checkpoint(path).save(phase, {k: v for k, v in head.items() if k != "format"}, arrays)


@pytest.mark.parametrize("options", [{}, {"average": 0.1}, {"patience": 50}], ids=str)
def test_a_checkpoint_of_an_earlier_version_goes_on_with_its_own_scales(options, tmp_path):
    X = rows().astype(np.float32)
    make = lambda epochs: MODELS["VAE"](latent_dim=2, epochs=epochs, width=16, **options)
    make(2).fit(X, schema=MIXED, checkpoint=Checkpoint(tmp_path))
    Checkpoint(tmp_path).reopen()
    without_limit(tmp_path)
    model = make(4).fit(X, schema=MIXED, checkpoint=Checkpoint(tmp_path))
    assert float(model.net_.scaler.limit) > 1e29


def test_the_best_weights_of_an_earlier_version_are_taken():
    net = fitted()[1].net_
    early = EarlyStopping(net, lambda: torch.tensor(1.0), patience=3)
    state = {k: v.clone() for k, v in early.state_dict().items() if k != "best.scaler.limit"}
    early.load_state_dict(state)
    early.restore()
    assert float(net.scaler.limit) > 1e29
