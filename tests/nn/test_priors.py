"""The VampPrior: a mixture of posteriors, its density, its draws and what it gains."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from lvm_core import load_model
from lvm_core.models.vae import VAE
from lvm_core.nn.elbo import elbo, elbo_loss, split, standardize_codes
from lvm_core.nn.nets import CodeNet
from lvm_core.nn.priors import VampPrior
from lvm_core.nn.training import Adam
from lvm_core.schema import Schema

SHORT = dict(epochs=40, width=16, learning_rate=3e-3)


def seed(number=0):
    return torch.Generator().manual_seed(number)


def groups(n=600):
    """Rows (n, 4) of two groups far from each other."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((n, 4)) * 0.3 + rng.choice([-3, 3], (n, 1)) * [1, -1, 1, 0]
    return X.astype(np.float32)


def network(X, components=8):
    schema = Schema.gaussian(X.shape[1])
    net = CodeNet(schema, 2, 4, "mlp", 32, 1, torch.nn.SiLU)
    if components:
        net.vamp = VampPrior(components, X.shape[1])
    net.init_from_data(X, schema, seed())
    return net


def test_its_density_is_the_mean_of_its_posteriors():
    net = network(groups())
    prior = net.vamp
    mean, log_std = (part.detach().numpy() for part in split(net.encoder(prior.inputs)))
    z = np.random.RandomState(1).standard_normal((5, 2)).astype(np.float32)
    each = norm.pdf(z[:, None], mean, np.exp(log_std)).prod(2)
    found = prior.log_prob(torch.from_numpy(z), *split(net.encoder(prior.inputs))).detach()
    np.testing.assert_allclose(found, np.log(each.mean(1)), rtol=1e-4, atol=1e-4)


def test_its_draws_follow_seed_and_temperature():
    net = network(groups())
    prior = net.vamp
    one, again = (prior.sample(50, *split(net.encoder(prior.inputs)), seed(3)) for _ in range(2))
    assert torch.equal(one, again)
    cold = prior.sample(200, *split(net.encoder(prior.inputs)), seed(3), temperature=0.0)
    centres = split(net.encoder(prior.inputs))[0]
    assert (cold[:, None] - centres).abs().sum(2).min(1).values.max() < 1e-5
    assert one.std() > 0 and not one.requires_grad


def trained(components: int):
    """Mean negative ELBO of the last steps of a short training, and what was trained."""
    X = groups()
    net = network(X, components)
    rows, noise = torch.from_numpy(X), seed(2)
    adam = Adam(net.parameters())
    losses = []
    for _ in range(200):
        x = rows[torch.randint(len(rows), (64,), generator=noise)]
        loss = elbo_loss(net, x, torch.randn((64, 2), generator=noise), 1.0)[0]
        adam.step(loss, 3e-3)
        losses.append(loss.item())
    return np.mean(losses[-40:]), net


def test_it_gains_on_two_groups_and_a_scale_of_the_codes_changes_nothing():
    normal = trained(0)[0]
    vamp, net = trained(8)
    assert vamp < normal - 0.05
    x, draws = torch.from_numpy(groups(200)), torch.randn((4, 2), generator=seed(4))
    with torch.no_grad():
        before = [part.mean().item() for part in elbo(net, x, draws)]
        mean, log_std = (part.numpy() for part in split(net.encode(x)))
        standardize_codes(net.encoder, net.decoder, mean, mean**2 + np.exp(2 * log_std))
        after = [part.mean().item() for part in elbo(net, x, draws)]
    assert after == pytest.approx(before, abs=1e-3)


@pytest.fixture(scope="module")
def fitted():
    return VAE(2, prior="vamp", pseudo_inputs=8, **SHORT).fit(groups(300))


def test_a_model_with_it_scores_by_it(fitted):
    X = groups()[:40]
    net, x = fitted.net_, torch.from_numpy(X)
    weights = fitted.log_weights(X, 2000, random_state=0)
    # log p(x) by the weights, and by its own integral over draws of the prior
    Z = torch.as_tensor(fitted.sample_codes(40_000, random_state=0)).float()
    with torch.no_grad():
        raw = net.decoder(Z)[:, None]
        whole = torch.stack([net.log_prob(raw, row[None])[:, 0] for row in x])
    direct = whole.logsumexp(1).numpy() - np.log(len(Z))
    found = np.logaddexp.reduce(weights, 1) - np.log(weights.shape[1])
    np.testing.assert_allclose(found, direct, atol=0.3)
    np.testing.assert_allclose(weights.mean(1), fitted.score_samples(X, 500), atol=0.2)


def test_a_model_with_it_beats_one_without_and_draws_in_both_groups(fitted):
    X = groups(300)
    plain = VAE(2, **SHORT).fit(X)
    assert fitted.score_samples(X).mean() > plain.score_samples(X).mean()
    drawn = fitted.sample(400, random_state=0)
    assert 0.35 < (drawn[:, 0] > 0).mean() < 0.65
    assert np.array_equal(
        fitted.sample_codes(5, random_state=1), fitted.sample_codes(5, random_state=1)
    )
    cold = fitted.sample_codes(300, temperature=0, random_state=0)
    assert len(np.unique(cold.round(5), axis=0)) <= 8


@pytest.mark.parametrize("options", [{}, {"importance_samples": 3}])
def test_a_saved_model_scores_as_before(tmp_path, options):
    model = VAE(2, epochs=2, width=16, prior="vamp", pseudo_inputs=4, **options).fit(groups(100))
    again = load_model(model.save(tmp_path / "model"))
    np.testing.assert_allclose(
        again.score_samples(groups(100)), model.score_samples(groups(100)), rtol=1e-6
    )


def test_free_bits_are_refused():
    with pytest.raises(ValueError, match="free_bits is 0.5 with the VampPrior"):
        VAE(2, epochs=1, prior="vamp", free_bits=0.5).fit(groups(50))
