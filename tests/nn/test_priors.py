"""The VampPrior: a mixture of posteriors, its density, its draws and what it gains."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from lvm_core.nn.elbo import elbo_loss, split, standardize_codes
from lvm_core.nn.nets import CodeNet
from lvm_core.nn.priors import VampPrior, gaussian_log_prob, vamp_loss
from lvm_core.nn.training import Adam
from lvm_core.schema import Schema


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
    net.init_from_data(X, schema, seed())
    prior = VampPrior(components, X.shape[1])
    prior.init_from_data(net.scaler(torch.from_numpy(X)), seed(1))
    return net, prior


def test_its_density_is_the_mean_of_its_posteriors():
    net, prior = network(groups())
    mean, log_std = (part.detach().numpy() for part in prior.parts(net.encoder))
    z = np.random.RandomState(1).standard_normal((5, 2)).astype(np.float32)
    each = norm.pdf(z[:, None], mean, np.exp(log_std)).prod(2)
    found = prior.log_prob(torch.from_numpy(z), net.encoder).detach()
    np.testing.assert_allclose(found, np.log(each.mean(1)), rtol=1e-4, atol=1e-4)


def test_its_draws_follow_seed_and_temperature():
    net, prior = network(groups())
    one, again = (prior.sample(50, net.encoder, seed(3)) for _ in range(2))
    assert torch.equal(one, again)
    cold = prior.sample(200, net.encoder, seed(3), temperature=0.0)
    centres = prior.parts(net.encoder)[0]
    assert (cold[:, None] - centres).abs().sum(2).min(1).values.max() < 1e-5
    assert one.std() > 0 and not one.requires_grad


def trained(vamp: bool):
    """Mean negative ELBO of the last steps of a short training, and what was trained."""
    X = groups()
    net, prior = network(X)
    rows, noise = torch.from_numpy(X), seed(2)
    adam = Adam([*net.parameters(), *(prior.parameters() if vamp else ())])
    losses = []
    for _ in range(300):
        x = rows[torch.randint(len(rows), (64,), generator=noise)]
        eps = torch.randn((64, 2), generator=noise)
        loss = (vamp_loss(net, prior, x, eps) if vamp else elbo_loss(net, x, eps, 1.0))[0]
        adam.step(loss, 3e-3)
        losses.append(loss.item())
    return np.mean(losses[-50:]), net, prior


def test_it_gains_on_two_groups_and_a_scale_of_the_codes_changes_nothing():
    normal = trained(False)[0]
    vamp, net, prior = trained(True)
    assert vamp < normal - 0.05
    x, eps = torch.from_numpy(groups(200)), torch.randn((200, 2), generator=seed(4))

    def kl():
        mean, log_std = split(net.encode(x))
        z = mean + log_std.exp() * eps
        return (gaussian_log_prob(z, mean, log_std) - prior.log_prob(z, net.encoder)).mean().item()

    before = kl()
    mean, log_std = (part.detach().numpy() for part in split(net.encode(x)))
    standardize_codes(net.encoder, net.decoder, mean, mean**2 + np.exp(2 * log_std))
    assert kl() == pytest.approx(before, abs=1e-3)
