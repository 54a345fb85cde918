"""The discrete autoencoder: whole levels in its codes, and a prior that knows which go together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from lvm_core import MODELS, load_model
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.metrics import likelihood
from lvm_core.metrics.marginal import marginal
from lvm_core.nn.autoregressive import MADE, cosines, fit_made
from lvm_core.nn.quantization import FSQNet
from lvm_core.schema import Schema


@pytest.fixture(scope="module")
def rows():
    """Noisy points of a plane in seven columns."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((600, 2)) @ rng.standard_normal((2, 7))
    return (X + 0.1 * rng.standard_normal(X.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def model(rows):
    return MODELS["FSQ"](latent_dim=3, levels=5, epochs=40, width=32, batch_size=32).fit(rows)


def values(levels: int) -> np.ndarray:
    return (np.arange(levels) - (levels - 1) / 2) / np.sqrt((levels**2 - 1) / 12)


# -- codes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", (2, 3, 8))
def test_levels_are_evenly_spaced_and_have_unit_variance(levels):
    net = FSQNet(Schema.gaussian(3), 1, levels, 8, "mlp", 8, 1, torch.nn.ReLU)
    every = torch.arange(levels)[:, None]
    codes = net.code(every)
    assert codes.square().mean() == pytest.approx(1) and codes.mean() == pytest.approx(0, abs=1e-6)
    assert torch.equal(net.index(codes).long(), every)
    assert torch.equal(net.project_code(codes), codes)
    assert net.project_code(torch.tensor([[99.0], [-99.0]])).tolist() == [
        codes[-1].tolist(),
        codes[0].tolist(),
    ]


def test_the_gradient_passes_the_rounding_as_if_it_were_not_there():
    net = FSQNet(Schema.gaussian(3), 2, 4, 8, "mlp", 8, 1, torch.nn.ReLU)
    z = torch.tensor([[0.2, -0.7]], requires_grad=True)
    snapped = net.project_code(z)
    assert torch.equal(snapped, net.project_code(z.detach()))
    snapped.sum().backward()
    assert z.grad is not None and z.grad.tolist() == [[1.0, 1.0]]


def test_equally_likely_normal_numbers_fall_on_every_level_alike():
    net = FSQNet(Schema.gaussian(3), 1, 8, 8, "mlp", 8, 1, torch.nn.ReLU)
    normal = torch.special.ndtri((torch.arange(8000) + 0.5) / 8000)[:, None]
    count = net.index(net.activate(normal)).long().flatten().bincount(minlength=8)
    assert (count / 1000 - 1).abs().max() < 0.1


def test_codes_are_levels_and_sliders_snap_to_them(rows, model):
    Z = model.transform(rows)
    assert np.unique(Z) == pytest.approx(values(5), abs=1e-6)
    step = values(5)[1] - values(5)[0]
    near = Z + np.float32(0.45 * step) * np.sign(np.random.RandomState(0).randn(*Z.shape))
    assert np.array_equal(
        model.inverse_transform(near.astype(np.float32)), model.inverse_transform(Z)
    )
    beyond = model.inverse_transform(np.full((1, 3), 50, np.float32))
    assert np.array_equal(
        beyond, model.inverse_transform(np.full((1, 3), values(5)[-1], np.float32))
    )


def test_it_gives_rows_back_better_than_one_direction_fewer(rows, model):
    error = lambda m: np.square(m.inverse_transform(m.transform(rows)) - rows).mean() / rows.var()
    # 125 codes for a plane: far better than a line, and no better than the plane itself
    assert (
        error(MODELS["PCA"](2).fit(rows)) < error(model) < 0.3 * error(MODELS["PCA"](1).fit(rows))
    )


# -- prior -----------------------------------------------------------------------------------------


def test_probabilities_of_all_codes_sum_to_one(model):
    every = torch.tensor(list(product(range(5), repeat=3)))
    with torch.no_grad():
        total = model.net_.prior.log_prob(every).sum(1).exp().sum()
    assert total == pytest.approx(1, abs=1e-4)


def test_a_number_depends_on_those_before_it_alone():
    prior = MADE(4, 3, 16)
    generator = torch.Generator().manual_seed(0)
    prior.init_from_data(torch.randint(3, (50, 4), generator=generator), generator)
    for layer in (prior.gives, prior.direct):  # which begin at 0
        torch.nn.init.normal_(layer.weight, generator=generator)
    row = torch.tensor([[0, 1, 2, 0]])
    before = prior.log_prob(row)
    for j in range(4):
        other = row.clone()
        other[0, j] = (row[0, j] + 1) % 3
        changed = (prior.log_prob(other) != before)[0]
        assert not changed[:j].any() and changed[j:].all()


def test_draws_have_the_probabilities_that_the_density_says():
    generator = torch.Generator().manual_seed(0)
    first = torch.randint(3, (2000, 1), generator=generator)
    rows = torch.cat([first, (first + (torch.rand(2000, 1, generator=generator) < 0.2)) % 3], 1)
    prior = MADE(2, 3, 32)
    fit_made(prior, rows.numpy(), np.random.RandomState(0), 600, 5)
    every = torch.tensor(list(product(range(3), repeat=2)))
    with torch.no_grad():
        says = prior.log_prob(every).sum(1).exp()
        drawn = prior.sample(torch.rand((20_000, 2), generator=generator))
    share = (drawn @ torch.tensor([3, 1])).bincount(minlength=9) / len(drawn)
    real = (rows @ torch.tensor([3, 1])).bincount(minlength=9) / len(rows)
    assert (share - says).abs().max() < 0.01 and (share - real).abs().max() < 0.03


def test_temperature_sharpens_until_every_number_is_the_most_likely_one(model):
    nats = lambda t: (
        -model._run(
            lambda net, z: net.prior.log_prob(net.index(z).long()).sum(1),
            model.sample_codes(400, temperature=t, random_state=0),
        ).mean()
    )
    assert nats(0.5) < nats(1.0) < nats(3.0)
    greedy = model.sample_codes(2, temperature=0.0)
    assert np.array_equal(greedy, model.sample_codes(2, temperature=1e-6, random_state=1))


def test_waves_tell_all_levels_apart():
    for levels in (2, 3, 8):
        waves = cosines(levels)
        assert waves.mean(0).abs().max() < 1e-6
        assert torch.linalg.matrix_rank(waves) == levels - 1


def test_the_prior_keeps_what_did_best_on_rows_held_out():
    noise = np.random.RandomState(0).randint(
        0, 4, (60, 6)
    )  # nothing to learn, all to learn by heart
    prior = MADE(6, 4, 64)
    fit_made(prior, noise[:50], np.random.RandomState(0), 4000, 8)
    other = torch.as_tensor(np.random.RandomState(1).randint(0, 4, (500, 6)))
    with torch.no_grad():
        nats = -prior.log_prob(other).sum(1).mean()
    assert nats < 6 * np.log(4) + 1


# -- likelihood ------------------------------------------------------------------------------------


def test_the_elbo_is_below_the_likelihood_summed_over_all_codes(rows, model):
    every = torch.as_tensor(list(product(range(5), repeat=3)))
    net = model.net_
    x = torch.as_tensor(rows[:50])
    with torch.no_grad():
        raw = net.decoder(net.code(every.float()))[:, None].expand(-1, len(x), -1)
        exact = (net.log_prob(raw, x) + net.prior.log_prob(every).sum(1)[:, None]).logsumexp(0)
    bound = model.score_samples(rows[:50])
    assert (bound <= exact.numpy() + 1e-3).all() and bound.mean() > exact.mean() - 3


def test_its_score_cards_call_it_a_bound(rows, model):
    scores = {score.name: score for score in likelihood(model, rows)}
    assert set(scores) == {"ELBO", "Information in a code"}
    assert scores["ELBO"].value > scores["ELBO"].baseline
    # no code costs more than one of equally likely levels by much
    assert 0 < scores["Information in a code"].value < 3 * np.log2(5) + 0.2
    assert marginal(model, rows).scores[0].name == "Log-likelihood, at least"


# -- fits that stop and go on ----------------------------------------------------------------------


class Killed(Exception):
    pass


def test_a_fit_killed_while_the_prior_is_learnt_goes_on_bit_by_bit(rows, tmp_path):
    fresh = lambda: MODELS["FSQ"](latent_dim=3, epochs=2, width=16, batch_size=64)
    checkpoint = Checkpoint(tmp_path)

    def interrupt(progress):
        if progress.phase == "prior":
            checkpoint.interrupt(Killed())

    with pytest.raises(Killed):
        fresh().fit(rows, on_step=interrupt, checkpoint=checkpoint)
    whole, resumed = fresh().fit(rows), fresh().fit(rows, checkpoint=Checkpoint(tmp_path))
    assert np.array_equal(whole.score_samples(rows), resumed.score_samples(rows))
    assert np.array_equal(whole.sample(5, random_state=0), resumed.sample(5, random_state=0))


def test_stopped_in_its_prior_it_keeps_the_prior_so_far(rows):
    model = MODELS["FSQ"](latent_dim=3, epochs=2, width=16, batch_size=64)
    model.fit(rows, on_step=lambda progress: progress.phase == "prior")
    assert model.stopped_ and model.n_iter_ == 2
    assert np.isfinite(model.score_samples(rows)).all()


def test_the_saved_model_scores_and_draws_as_before(rows, model, tmp_path):
    again = load_model(model.save(tmp_path / "model"))
    assert np.array_equal(again.score_samples(rows), model.score_samples(rows))
    assert np.array_equal(
        again.sample_codes(9, random_state=1), model.sample_codes(9, random_state=1)
    )


def test_inversion_finds_codes_no_worse_than_the_encoders(rows, model):
    from lvm_core.nn.inversion import invert

    assert model.can_invert()
    Z, residual = invert(model, rows[:40], steps=60)
    assert np.array_equal(Z, model.net_.project_code(torch.as_tensor(Z)).numpy())
    scale = model.net_.scaler.scale.numpy()
    own = np.sqrt(
        np.square((model.inverse_transform(model.transform(rows[:40])) - rows[:40]) / scale).mean(1)
    )
    assert (residual <= own + 1e-5).all() and residual.mean() < 0.97 * own.mean()
