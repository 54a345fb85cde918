"""Networks for pictures that begin as PCA: the start is probabilistic PCA, and stays with scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from lvm_core import load_model
from lvm_core.models.autoencoder import Autoencoder
from lvm_core.models.vae import VAE
from lvm_core.nn.elbo import elbo, fixed_draws, split, standardize_codes
from lvm_core.nn.nets import ACTIVATIONS, CodeNet, in_unit_range
from lvm_core.schema import Schema

SIDE, K = 12, 3
SCHEMA = Schema.picture(SIDE, SIDE, 1)


def blobs(n=120, seed=0):
    """Pictures (n, 144) within [0.1, 0.9]: a bright spot somewhere on a ramp."""
    rng = np.random.RandomState(seed)
    at = rng.uniform(3, 9, (n, 2))
    y, x = np.mgrid[:SIDE, :SIDE]
    square = (y - at[:, :1, None]) ** 2 + (x - at[:, 1:, None]) ** 2
    X = 0.2 + 0.02 * x + 0.4 * np.exp(-square / 6)
    return np.clip(X + 0.01 * rng.standard_normal(X.shape), 0.1, 0.9).reshape(n, -1)


def begun(X, bounded, d_code=2 * K):
    """A network that has not learnt yet."""
    act = ACTIVATIONS["silu"]
    net = CodeNet(SCHEMA, K, d_code, "resnet", 16, 1, act, linear_path=True, bounded=bounded)
    net.init_from_data(X.astype(np.float32), SCHEMA, torch.Generator().manual_seed(0))
    return net.eval()


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("d_code", [K, 2 * K])
def test_a_new_network_says_what_pca_says(bounded, d_code):
    X = blobs()
    pca = PCA(K).fit(X)
    net, x = begun(X, bounded, d_code), torch.from_numpy(X).float()
    with torch.no_grad():
        back = net.mean(net.encode(x)[:, :K]).numpy()
    exact = pca.inverse_transform(pca.transform(X))
    error, least = np.square(back - X).sum(), np.square(exact - X).sum()
    assert error < 1.01 * least + 1e-4 * np.square(X - X.mean(0)).sum()


def test_its_elbo_is_the_likelihood_of_probabilistic_pca():
    X = blobs(400)
    net, x = begun(X, bounded=False), torch.from_numpy(X).float()
    draws = torch.as_tensor(fixed_draws(64, K)).float()
    with torch.no_grad():
        reconstruction, kl = elbo(net, x, draws)
    found, exact = (reconstruction - kl).mean().item(), PCA(K).fit(X).score(X)
    assert found == pytest.approx(exact, abs=0.5)  # the posterior is the true one, so is the bound


@pytest.mark.parametrize("bounded", [True, False])
def test_a_scale_of_the_codes_goes_through_both_paths(bounded):
    X = blobs()
    net, x = begun(X, bounded), torch.from_numpy(X).float()
    with torch.no_grad():
        for part in (net.encoder.main, net.decoder.main):
            for weight in part.parameters():
                weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator()))
        mean, log_std = split(net.encode(x))
        before = net.mean(mean)
        first, second = 2 * mean + 1, (2 * mean + 1) ** 2  # any moments will do
        standardize_codes(net.encoder, net.decoder, first.numpy(), second.numpy())
        after, spread = split(net.encode(x))
        torch.testing.assert_close(net.mean(after), before, atol=1e-4, rtol=1e-4)
        loc, scale = first.mean(0), first.std(0, unbiased=False)
        torch.testing.assert_close(after, (mean - loc) / scale, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(spread, log_std - scale.log(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("cls", [VAE, Autoencoder])
def test_with_few_pictures_and_little_time_it_does_better_than_pca_and_than_without(cls):
    X, new = blobs().astype(np.float32), blobs(200, seed=1).astype(np.float32)
    options = dict(epochs=8, width=32, depth=1, learning_rate=2e-3, batch_size=32)

    def error(model):
        back = model.fit(X, schema=SCHEMA).inverse_transform(model.transform(new))
        return float(np.square(back - new).mean())

    linear = error(cls(K, linear_path=True, **options))
    pca = PCA(K).fit(X)
    exact = float(np.square(pca.inverse_transform(pca.transform(new)) - new).mean())
    assert linear < exact
    assert linear < error(cls(K, **options))


@pytest.mark.parametrize("cls", [VAE, Autoencoder])
def test_a_saved_model_is_the_same(tmp_path, cls):
    X = blobs().astype(np.float32)
    model = cls(K, epochs=2, width=16, depth=1, linear_path=True).fit(X, schema=SCHEMA)
    again = load_model(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    Z = model.transform(X)
    np.testing.assert_array_equal(again.inverse_transform(Z), model.inverse_transform(Z))


@pytest.mark.parametrize("n, k", [(5, 8), (40, 30)])
def test_few_or_equal_pictures_are_no_trouble(n, k):
    X = np.repeat(blobs(2), n, 0)[: n - 1].astype(np.float32)
    model = VAE(k, epochs=1, width=16, depth=1, linear_path=True).fit(X, schema=SCHEMA)
    assert (
        in_unit_range(X, SCHEMA) and np.isfinite(model.inverse_transform(model.transform(X))).all()
    )


def test_rows_of_a_table_are_learnt_as_without_it():
    X = np.random.RandomState(0).standard_normal((60, 5)).astype(np.float32)
    one, other = (VAE(2, epochs=2, width=8, linear_path=on).fit(X) for on in (False, True))
    np.testing.assert_array_equal(one.transform(X), other.transform(X))
