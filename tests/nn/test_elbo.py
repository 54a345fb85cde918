"""Bounds on the likelihood, against the one model family whose likelihood is known: linear
decoders with Gaussian noise.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from textbook import linear_data

from lvm_core import MODELS
from lvm_core.checks.examples import examples
from lvm_core.checks.models import quick
from lvm_core.metrics import likelihood, marginal
from lvm_core.nn.elbo import elbo_loss, importance_loss, kl_by_dimension, log_weights, split
from lvm_core.schema import Schema

DATA = {name: example[1:] for name, example in examples().items()}


def at_the_optimum(X, k=2):
    """A VAE without hidden layers, its weights set to the maximum likelihood of probabilistic
    PCA and its true posterior (Tipping & Bishop, 1999; Lucas et al., 2019, arXiv:1911.02469).
    """
    n, d = X.shape
    model = MODELS["VAE"](latent_dim=k, depth=0, network="mlp", epochs=1, batch_size=n).fit(
        X, schema=Schema.picture(1, d, 1)
    )
    values, vectors = np.linalg.eigh(np.cov(X, rowvar=False, bias=True))
    values, vectors = values[::-1], vectors[:, ::-1]
    variance = values[k:].mean()
    W = vectors[:, :k] * np.sqrt(values[:k] - variance)
    M = W.T @ W + variance * np.eye(k)  # diagonal: the columns of W are orthogonal
    net, spread = model.net_, model.net_.scaler.scale[0].item()
    with torch.no_grad():
        head, encode, decode = net.likelihoods.parts[0], net.encoder[0], net.decoder[0]
        assert not head.bounded
        head.variance.fill_(variance)
        decode.weight.copy_(torch.as_tensor(W / head.scale[0].item()))
        decode.bias.copy_(torch.as_tensor((X.mean(0) - head.bias.numpy()) / head.scale[0].item()))
        encode.weight.zero_()
        encode.weight[:k] = torch.as_tensor(np.linalg.solve(M, W.T) * spread)
        encode.bias[:k] = torch.as_tensor(
            np.linalg.solve(M, W.T) @ (net.scaler.loc.numpy() - X.mean(0))
        )
        encode.bias[k:] = torch.as_tensor(0.5 * np.log(variance / np.diag(M)))
    S = W @ W.T + variance * np.eye(d)
    return model, S


def exactly(X, S):
    from scipy.stats import multivariate_normal

    return multivariate_normal(X.mean(0), S).logpdf(X)


def test_at_the_optimum_every_bound_of_a_linear_vae_is_the_exact_likelihood_of_probabilistic_pca():
    X = linear_data().astype(np.float64)
    model, S = at_the_optimum(X)
    found, exact = marginal(model, X, 50), exactly(X, S).mean()
    assert all(abs(value - exact) < 1e-3 for value in found.bounds.values())
    assert found.effective.min() > 49.9 and found.active == 2
    ours = MODELS["PCA"](2).fit(X)
    assert abs(marginal(ours, X).estimate - exact) < 0.05 and not marginal(ours, X).bounds


@pytest.mark.parametrize("shift, widen", [(0.3, 0.0), (0.0, 0.5), (-0.1, -0.2)])
def test_with_a_wrong_posterior_the_elbo_falls_and_the_estimate_stays_exact(shift, widen):
    X = linear_data().astype(np.float64)
    model, S = at_the_optimum(X)
    with torch.no_grad():
        model.net_.encoder[0].bias[:2] += shift
        model.net_.encoder[0].bias[2:] += widen
    found, exact = marginal(model, X, 5000), exactly(X, S)
    assert abs(found.estimate - exact.mean()) < 0.05
    assert found.bounds[1] < exact.mean() - 0.05
    variance = model.net_.likelihoods.parts[0].variance.item()
    mean, std = model.encode_distribution(X)
    true, _ = at_the_optimum(X)
    m, s = true.encode_distribution(X)
    # KL(q || p(z|x)), the ELBO's known gap
    gap = (np.log(s / std) + (std**2 + (mean - m) ** 2) / (2 * s**2) - 0.5).sum(1).mean()
    assert variance > 0 and found.bounds[1] == pytest.approx(exact.mean() - gap, abs=0.02)


@pytest.mark.parametrize(
    "what", ["grey picture", "black and white picture", "mixed table", "counts", "sparse counts"]
)
@pytest.mark.parametrize("draws", [1, 4])
def test_tighter_bounds_are_higher_on_every_kind_of_data(what, draws):
    _, X, schema = DATA[what]
    model = quick(MODELS["VAE"], importance_samples=draws).fit(X, schema=schema)
    found = marginal(model, X[:30], 500, random_state=1)
    L = found.bounds
    assert list(L) == [1, 5, 50, 500] and L[1] < L[5] < L[50] < L[500] == found.estimate
    assert L[1] == pytest.approx(
        model.score_samples(X[:30], n_samples=200).mean(),
        abs=0.1 * abs(L[500] - L[1]) + 3 * abs(L[1]) ** 0.5 / 30,
    )
    assert (found.effective >= 1 - 1e-6).all() and (found.effective <= 500 + 1e-6).all()
    np.testing.assert_allclose(found.kl, _kl(model, X[:30]), rtol=1e-4)
    assert all(np.isfinite(score.value) and score.sentence for score in found.scores)


def test_bounds_of_rows_with_holes_are_ordered_and_end_at_the_models_own():
    X, schema = narrow("table")
    model = MODELS["MIWAE"](latent_dim=2, epochs=20).fit(X, schema=schema)
    found = marginal(model, X[:50], 500)
    L = found.bounds
    assert (
        L[1] < L[5] < L[50] < L[500] == found.estimate
        and found.active >= 1
        and "Student" in found.noise
    )
    drawn = np.logaddexp.reduce(model.log_weights(X[:50], 5000, 1), axis=1) - np.log(5000)
    assert drawn.mean() == pytest.approx(
        model.score_samples(X[:50], n_samples=5000).mean(), abs=0.1
    )
    np.testing.assert_allclose(found.kl, _kl(model, X[:50]), rtol=1e-4)
    own = found.scores[0].baseline
    assert np.isfinite(own) and own == pytest.approx(likelihood(model, X[:50])[0].baseline)


def _kl(model, X):
    mean, std = (torch.as_tensor(a) for a in model.encode_distribution(X))
    return kl_by_dimension(mean, std.log()).mean(0).numpy()


def test_log_weights_are_seeded_and_independent_between_rows():
    _, X, schema = DATA["array"]
    model = quick(MODELS["VAE"]).fit(X, schema=schema)
    weights = model.log_weights(np.repeat(X[:1], 3, 0), 6, random_state=3)
    assert weights.shape == (3, 6) and not np.allclose(weights[0], weights[1])
    assert np.array_equal(weights, model.log_weights(np.repeat(X[:1], 3, 0), 6, random_state=3))


def test_the_weighted_bound_s_gradient_is_the_mean_of_its_draws_gradients():
    """With one draw it is the ELBO's own, and with many it is what log-mean-exp over single
    draws gives.
    """
    X, schema = DATA["black and white picture"][1:]
    net = quick(MODELS["VAE"], depth=1).fit(X, schema=schema).net_.train()
    x, noise = (
        torch.as_tensor(X[:8]),
        torch.randn((5, 8, 2), generator=torch.Generator().manual_seed(0)),
    )
    weights = list(net.parameters())

    def gradient(loss):
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, weights)])

    mean, log_std = split(net.encode(x))
    one_by_one = torch.stack(
        [
            net.likelihoods.log_prob(net.decoder(mean + log_std.exp() * eps), x)
            + torch.distributions.Normal(0, 1).log_prob(mean + log_std.exp() * eps).sum(1)
            - torch.distributions.Normal(mean, log_std.exp())
            .log_prob(mean + log_std.exp() * eps)
            .sum(1)
            for eps in noise
        ]
    )
    wanted = gradient(-(one_by_one.logsumexp(0) - np.log(5)).mean())
    torch.testing.assert_close(
        gradient(importance_loss(net, x, noise, 1.0, torch.Generator().manual_seed(0))[0]),
        wanted,
        rtol=1e-3,
        atol=1e-4,
    )
    torch.testing.assert_close(
        log_weights(net, x, noise), one_by_one.detach().requires_grad_() + 0, rtol=1e-4, atol=1e-3
    )


def test_free_bits_charge_a_dimension_only_beyond_them():
    X, schema = DATA["array"][1:]
    net = quick(MODELS["VAE"]).fit(X, schema=schema).net_.train()
    x, noise = torch.as_tensor(X), torch.zeros((len(X), 2))
    kls = kl_by_dimension(*split(net.encode(x))).mean(0).detach()
    for free in (0.0, float(kls.min()) + 1e-3, float(kls.max()) + 1.0):
        loss, reconstruction, kl = elbo_loss(net, x, noise, 2.0, free)
        assert loss.item() == pytest.approx(
            (2 * kls.clamp(min=free).sum() - reconstruction).item(), rel=1e-4
        )
        assert kl.item() == pytest.approx(kls.sum().item(), rel=1e-4)


def test_free_bits_keep_dimensions_alive_that_die_without():
    X = linear_data()[:150]
    noisy = X[:, :1] + 2 * np.random.RandomState(0).standard_normal(X.shape)
    options = dict(
        latent_dim=3,
        epochs=60,
        batch_size=50,
        width=16,
        depth=1,
        warm_up=0.0,
        learning_rate=5e-3,
        noise="unit",
    )
    least = [
        MODELS["VAE"](**options, free_bits=free).fit(noisy * 0.3).importance_.min()
        for free in (0.0, 0.5)
    ]
    assert least[0] < 0.2 < 0.4 < least[1]


def test_the_two_are_refused_together():
    with pytest.raises(ValueError, match="free_bits is 0.5 with importance_samples 5"):
        quick(MODELS["VAE"], free_bits=0.5, importance_samples=5).fit(DATA["array"][1])


def test_the_noise_of_real_columns_follows_the_weighted_error():
    """Of the draws the likely ones count, so that the IWAE's noise is below the mean error over
    all draws.
    """
    X = linear_data()
    net = (
        MODELS["VAE"](latent_dim=2, depth=0, epochs=1, batch_size=50)
        .fit(X, schema=Schema.picture(1, X.shape[1], 1))
        .net_.train()
    )
    x, noise = (
        torch.as_tensor(X, dtype=torch.float32),
        torch.randn((20, len(X), 2), generator=torch.Generator().manual_seed(0)),
    )
    head = net.likelihoods.parts[0]
    before = float(head.variance)
    with torch.no_grad():
        mean, log_std = split(net.encode(x))
        errors = torch.stack(
            [(net.mean(mean + log_std.exp() * eps) - x).square().mean() for eps in noise]
        ).mean()
        importance_loss(net, x, noise, 1.0, torch.Generator().manual_seed(0))
    followed = (float(head.variance) - before) / 0.02 + before
    assert 0 < followed < float(errors)


def test_more_draws_give_a_higher_likelihood_where_the_posterior_is_not_gaussian():
    """A ring: its posterior wraps around, which one Gaussian cannot."""
    angle = np.random.RandomState(0).uniform(0, 2 * np.pi, 600)
    X = (
        np.column_stack([np.cos(angle), np.sin(angle)])
        + 0.05 * np.random.RandomState(1).standard_normal((600, 2))
    ).astype(np.float32)
    options = dict(latent_dim=1, epochs=60, batch_size=60, width=32, depth=2, learning_rate=3e-3)
    vae, iwae = (
        marginal(MODELS["VAE"](**options, importance_samples=k).fit(X), X, 500).estimate
        for k in (1, 20)
    )
    assert iwae > vae + 0.05


def test_what_has_no_likelihood_says_so_and_a_measurement_can_be_stopped():
    _, X, schema = DATA["array"]
    with pytest.raises(ValueError, match="has no likelihood"):
        marginal(quick(MODELS["Autoencoder"]).fit(X, schema=schema), X)
    heard = []
    found = marginal(
        quick(MODELS["VAE"], latent_dim=2).fit(X, schema=schema),
        np.repeat(X, 20, 0),
        5000,
        on_step=lambda record: heard.append(record) or True,
    )
    assert len(heard) == 1 and len(found.effective) == heard[0].step < 20 * len(X)


def test_a_model_with_a_bound_of_its_own_is_not_called_exact():
    _, X, schema = DATA["mixed table"]

    class Bounded:
        sparse, accepts_missing, noise_words, schema_ = False, False, {}, schema

        def elbo_parts(self, X):
            raise NotImplementedError

        def score_samples(self, X):
            return -np.arange(float(len(X)))

    found = marginal(Bounded(), X)
    assert (
        found.scores[0].name == "Log-likelihood, at least"
        and "lower bound" in found.scores[0].sentence + found.scores[0].detail
        and "a die per category" in found.noise
    )
    assert found.estimate == pytest.approx(-(len(X) - 1) / 2)


@pytest.mark.parametrize(
    "what, words",
    [
        ("black and white picture", "fixed binarisation"),
        ("grey picture", "Gaussian noise of one learned spread for all pixels"),
        ("mixed table", "a learned spread for each column"),
        ("counts", "multinomial"),
    ],
)
def test_the_noise_model_is_always_named(what, words):
    _, X, schema = DATA[what]
    found = marginal(quick(MODELS["VAE"]).fit(X, schema=schema), X[:5], 5)
    assert words in found.noise and words in found.scores[0].sentence + found.scores[0].detail


def test_grey_pixels_under_a_coin_are_called_no_likelihood():
    X = DATA["black and white picture"][1] * 0.5
    found = marginal(
        quick(MODELS["VAE"]).fit(X, schema=Schema.picture(8, 8, 1, "bernoulli")), X[:5], 5
    )
    assert "no likelihood of binary pictures" in found.noise


@pytest.mark.parametrize(
    "name, params, kind",
    [
        ("VAE", {"depth": 1}, "numbers"),
        ("VAE", {"depth": 0, "importance_samples": 5}, "numbers"),
        ("VAE", {}, "pictures"),
        ("MIWAE", {}, "table"),
        ("ConditionalVAE", {}, "numbers"),
    ],
)
def test_codes_end_with_the_width_of_the_prior_and_the_same_reconstructions(
    name, params, kind, monkeypatch
):
    """A training too short to spread the codes: the bound gains, and what is decoded does not
    change.
    """
    X, schema = narrow(kind)
    y = np.arange(len(X)) % 2
    fit = lambda: MODELS[name](latent_dim=2, epochs=3, **params).fit(
        X, y.astype(str) if name == "ConditionalVAE" else None, schema=schema
    )
    model = fit()
    monkeypatch.setattr("lvm_core.models.neural.standardize_codes", lambda *_: None)
    before = fit()
    assert np.allclose(
        model.inverse_transform(model.transform(X)),
        before.inverse_transform(before.transform(X)),
        atol=1e-4,
    )
    bound = lambda m: (
        marginal(m, X, 500).bounds[5]
        if "importance_samples" in params
        else m.score_samples(X).mean()
    )
    assert bound(model) > bound(before)
    if name == "VAE" and not params.get("importance_samples"):
        mean, std = model.encode_distribution(X)
        assert np.allclose(mean.mean(0), 0, atol=1e-3) and np.allclose(
            (mean**2 + std**2).mean(0), 1, atol=1e-3
        )


@pytest.mark.parametrize(
    "name, draws", [("VAE", {"importance_samples": 100}), ("MIWAE", {"samples": 100})]
)
def test_the_width_of_the_codes_is_found_without_decoding_all_draws_of_all_rows_at_once(
    name, draws, monkeypatch
):
    monkeypatch.setattr("lvm_core.models.neural.DECODED", 2000)
    passed, X = [], np.random.RandomState(0).randn(100, 5).astype(np.float32)
    watch = torch.nn.modules.module.register_module_forward_hook(
        lambda module, given, out: passed.append(len(out.flatten(0, -2)))
    )
    try:
        MODELS[name](latent_dim=2, epochs=1, batch_size=4, **draws).fit(
            X, schema=Schema.gaussian(5)
        )
    finally:
        watch.remove()
    assert max(passed) == 4 * 100


def narrow(kind):
    """Rows and their layout: three numbers that follow one, small pictures of a bright spot, or
    a table with a gap in ten.
    """
    rng = np.random.RandomState(0)
    if kind == "pictures":
        y, x = np.mgrid[:12, :12]
        at = rng.uniform(3, 9, (200, 2, 1, 1))
        return np.exp(-((y - at[:, 0]) ** 2 + (x - at[:, 1]) ** 2) / 8).reshape(200, -1).astype(
            np.float32
        ), Schema.picture(12, 12, 1)
    X = (rng.randn(200, 1) * [1.0, -2.0, 3.0] + 0.1 * rng.randn(200, 3)).astype(np.float32)
    if kind == "table":
        X[rng.uniform(size=X.shape) < 0.1] = np.nan
    return X, Schema.gaussian(3)
