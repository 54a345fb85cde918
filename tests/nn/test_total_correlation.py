"""The total correlation against what is known of it, and the VAEs that weigh it."""

import numpy as np
import pytest
import torch

from lvm_core import MODELS
from lvm_core.checks.examples import examples
from lvm_core.checks.models import ModelCase, check_an_interrupted_fit_goes_on, quick
from lvm_core.io.serialize import load
from lvm_core.nn.total_correlation import Discriminator, stratified
from lvm_core.nn.training import Adam

VAE = MODELS["VAE"]
EXAMPLES = examples()
EITHER = pytest.mark.parametrize("penalty", ["beta-tcvae", "factorvae"])
CORRELATION = torch.tensor([[1.0, 0.7, 0.0], [0.7, 1.0, 0.3], [0.0, 0.3, 1.0]])
EXACT = -0.5 * torch.logdet(CORRELATION).item()


def posteriors(n, std=0.4, seed=0):
    """Means and draws of Gaussians of this spread whose mixture is N(0, CORRELATION)."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.linalg.cholesky(CORRELATION - std**2 * torch.eye(3))
    mean = torch.randn((n, 3), generator=generator) @ root.T
    return mean, mean + std * torch.randn((n, 3), generator=generator)


@pytest.mark.parametrize("rows", [1000, 10**7])
def test_the_estimate_of_a_large_minibatch_is_the_closed_form_of_a_gaussian(rows):
    mean, z = posteriors(1000)
    log_std = torch.full_like(mean, float(np.log(0.4)))
    assert stratified(z, mean, log_std, rows).item() == pytest.approx(EXACT, abs=0.08)
    generator = torch.Generator().manual_seed(2)
    apart = torch.stack([column[torch.randperm(1000, generator=generator)] for column in mean.T], 1)
    z = apart + (z - mean)
    assert abs(stratified(z, apart, log_std, rows).item()) < 0.08


def test_it_is_the_sum_written_out_pair_by_pair():
    b, k, rows = 5, 2, 40
    generator = np.random.default_rng(0)
    mean, z, log_std = (generator.normal(size=(b, k)) for _ in range(3))

    def density(i, j, dims):
        at = ((z[i] - mean[j]) / np.exp(log_std[j]))[dims]
        return np.exp(-0.5 * (at**2).sum() - (log_std[j][dims] + 0.5 * np.log(2 * np.pi)).sum())

    def mixture(i, dims):
        others = np.mean([density(i, j, dims) for j in range(b) if j != i])
        return density(i, i, dims) / rows + (1 - 1 / rows) * others

    wanted = np.mean(
        [
            np.log(mixture(i, [0, 1])) - sum(np.log(mixture(i, [j])) for j in range(k))
            for i in range(b)
        ]
    )
    found = stratified(*(torch.as_tensor(a) for a in (z, mean, log_std)), rows)
    assert found.item() == pytest.approx(wanted, abs=1e-6)


def test_a_single_row_has_none_and_too_many_are_cut(monkeypatch):
    one = torch.zeros(1, 2)
    assert stratified(one, one, one, 10).item() == 0
    mean, z = posteriors(400)
    wanted = stratified(z[:100], mean[:100], 0 * mean[:100] - 1, 400)
    monkeypatch.setattr("lvm_core.nn.total_correlation.PAIRS", 3 * 100**2)
    assert stratified(z, mean, 0 * mean - 1, 400) == wanted


def test_a_trained_discriminator_gives_the_closed_form():
    estimate = Discriminator(3, np.random.RandomState(0), torch.device("cpu"), width=64, depth=2)
    for step in range(300):
        estimate.learn(posteriors(500, seed=step)[1], 3e-3 * (1 - step / 300))
    assert estimate(posteriors(5000, seed=1000)[1]).item() == pytest.approx(EXACT, abs=0.08)


def test_its_gradient_takes_the_correlation_away():
    mean, z = posteriors(300)
    noise, turn = z - mean, torch.eye(3).requires_grad_()
    adam, log_std = Adam([turn]), torch.full_like(mean, np.log(0.4))
    before = stratified(z, mean, log_std, 300).item()
    for _ in range(60):
        moved = mean @ turn
        loss = stratified(moved + noise, moved, log_std, 300)
        adam.step(loss + (moved.square().mean(0) - 0.84).square().sum(), 0.02)
    assert loss.item() < 0.3 * before


def test_with_a_weight_of_one_it_is_the_vae_bit_by_bit():
    example = EXAMPLES["grey picture"]
    plain, other = (
        quick(VAE, penalty=penalty).fit(example.X, schema=example.schema)
        for penalty in ("kl", "beta-tcvae")
    )
    assert np.array_equal(plain.transform(example.X), other.transform(example.X))
    assert "total_correlation" not in plain.history_[-1]
    for old, new in zip(plain.history_, other.history_, strict=True):
        assert {name: new[name] for name in old} == pytest.approx(old, rel=1e-6)


@EITHER
def test_the_loss_is_made_of_its_parts_and_the_score_stays_the_elbo(penalty, tmp_path):
    example = EXAMPLES["mixed table"]
    model = quick(VAE, penalty=penalty, beta=7.0).fit(example.X, schema=example.schema)
    for point in model.history_:
        assert point["loss"] == pytest.approx(
            point["kl"] + 6 * point["total_correlation"] - point["reconstruction"], rel=1e-4
        )
    parts = model.elbo_parts(example.X)
    np.testing.assert_allclose(
        model.score_samples(example.X), parts["reconstruction"] - parts["kl"]
    )
    model.save(tmp_path / "model")
    assert not any("discriminator" in str(path) for path in tmp_path.rglob("*"))
    again = load(tmp_path / "model", MODELS)
    np.testing.assert_array_equal(again.transform(example.X), model.transform(example.X))


@EITHER
@pytest.mark.parametrize("patience", [0, 50])
def test_an_interrupted_fit_goes_on_bit_by_bit(penalty, patience):
    example = EXAMPLES["grey picture"]
    model = quick(VAE, penalty=penalty, beta=5.0, patience=patience)
    check_an_interrupted_fit_goes_on(ModelCase(model, example))


@EITHER
def test_rows_held_out_are_judged_by_their_elbo(penalty):
    example = EXAMPLES["grey picture"]
    model = quick(VAE, penalty=penalty, beta=5.0, patience=1, epochs=2, warm_up=0.0)
    model.fit(example.X, schema=example.schema)
    assert np.isfinite(model.history_[-1]["held_out"])
    plain = quick(VAE, beta=1.0, patience=1, epochs=1, learning_rate=1e-6, warm_up=0.0)
    first = [
        m.fit(example.X, schema=example.schema).history_[-1]["held_out"]
        for m in (plain, plain.__class__(**plain.get_params() | {"penalty": penalty, "beta": 9.0}))
    ]
    assert first[0] == pytest.approx(first[1], rel=1e-3)


@EITHER
@pytest.mark.parametrize("others", [{"importance_samples": 4}, {"free_bits": 0.5}])
def test_other_bounds_are_refused_with_it(penalty, others):
    with pytest.raises(ValueError, match=f"penalty is '{penalty}' with .*expected 1 and 0.*'kl'"):
        quick(VAE, penalty=penalty, **others).fit(EXAMPLES["array"].X)
