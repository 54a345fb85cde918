"""The maximum mean discrepancy, and the autoencoder that asks for N(0, I)."""

import numpy as np
import pytest
import torch
from textbook import linear_data

from lvm_core import MODELS
from lvm_core.checks.examples import examples
from lvm_core.checks.models import ModelCase, check_an_interrupted_fit_goes_on, quick
from lvm_core.nn.mmd import SCALES, mmd

Autoencoder = MODELS["Autoencoder"]


def normal(n, k, seed):
    return torch.randn((n, k), generator=torch.Generator().manual_seed(seed))


def test_it_is_the_mean_over_pairs_written_out_pair_by_pair():
    a, b = normal(6, 3, 0), normal(4, 3, 1) + 0.5

    def kernel(x, y):
        return sum(6 * s / (6 * s + float((x - y).square().sum())) for s in SCALES)

    def mean(one, other):
        return np.mean(
            [kernel(x, y) for i, x in enumerate(one) for j, y in enumerate(other)
             if one is not other or i != j]
        )  # fmt: skip

    assert mmd(a, b).item() == pytest.approx(mean(a, a) + mean(b, b) - 2 * mean(a, b), abs=1e-5)


def test_it_is_zero_in_the_mean_for_the_same_distribution_and_positive_for_a_shifted_one():
    same = [mmd(normal(50, 4, seed), normal(50, 4, 100 + seed)).item() for seed in range(100)]
    assert abs(np.mean(same)) < 4 * np.std(same) / 10
    assert min(same) < 0  # unbiased
    assert mmd(normal(500, 4, 0) + 0.5, normal(500, 4, 1)).item() > 0.1
    assert mmd(normal(500, 4, 0) * 0.5, normal(500, 4, 1)).item() > 0.1
    assert mmd(normal(1, 4, 0), normal(1, 4, 1)).item() == 0


def test_its_gradient_is_finite_where_rows_are_equal():
    z = torch.zeros(4, 2, requires_grad=True)
    mmd(z, normal(4, 2, 0)).backward()
    assert torch.isfinite(z.grad).all()


def test_codes_match_the_standard_normal():
    X = linear_data(300).astype(np.float32)
    X[::2] += 8  # two clusters, as far apart in the codes of a plain autoencoder
    options = dict(latent_dim=2, epochs=25, width=32, depth=1, learning_rate=5e-3)
    distance = []
    for weight in (0.0, 300.0):
        model = Autoencoder(mmd=weight, **options).fit(X)
        Z = model.transform(X)
        distance.append(mmd(torch.as_tensor(Z), normal(1000, 2, 0)).item())
    assert distance[1] < 0.03 < 0.3 < distance[0]
    assert abs(Z.mean(0)).max() < 0.2 and abs(np.cov(Z.T) - np.eye(2)).max() < 0.35
    assert abs(model.history_[-1]["mmd"]) < 0.1


@pytest.mark.parametrize("patience", [0, 50])
def test_an_interrupted_fit_goes_on_bit_by_bit(patience):
    model = quick(Autoencoder, mmd=10.0, patience=patience)
    check_an_interrupted_fit_goes_on(ModelCase(model, examples()["grey picture"]))


def test_held_out_rows_pay_for_it_too():
    example = examples()["grey picture"]
    fit = lambda weight: quick(
        Autoencoder, mmd=weight, patience=1, epochs=1, learning_rate=1e-6
    ).fit(example.X, schema=example.schema)
    assert fit(10.0).history_[-1]["held_out"] != fit(1e-9).history_[-1]["held_out"]
    assert "mmd" not in fit(0.0).history_[-1]
