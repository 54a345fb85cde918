"""Every model keeps the contract: scikit-learn's own suite, then ours, each over all of MODELS."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.utils.estimator_checks import parametrize_with_checks

from lvm_core import MODELS, load_model
from lvm_core.models.capabilities import HasLikelihood
from lvm_core.schema import Block, Layout

QUICK = {"latent_dim": 2, "segments": 1, "max_iter": 20, "epochs": 3, "steps": 6, "width": 16, "batch_size": 16}


def quick(cls, **more):
    """The model with a small budget: QUICK as far as it has such parameters."""
    return cls(**{k: v for k, v in (QUICK | more).items() if k in cls.parameters()})


def _picture(height, width, channels, likelihood="gaussian"):
    rng = np.random.RandomState(0)
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    phase = rng.uniform(0, 6, (40, 1, 1, channels))
    X = (0.5 + 0.5 * np.sin(phase + 5 * (x + y)[None, :, :, None])).reshape(40, -1).astype(np.float32)
    return (X > 0.5).astype(np.float32) if likelihood == "bernoulli" else X, Layout.picture(height, width, channels, likelihood)


def _table():
    rng = np.random.RandomState(0)
    t = rng.standard_normal((60, 1))
    colour = np.eye(3)[(t[:, 0] > 0).astype(int) + (t[:, 0] > 1)]
    columns = [t + 0.1 * rng.standard_normal(t.shape), colour, -t, t < 0.3, np.eye(2)[(t[:, 0] > 0).astype(int)]]
    blocks = [Block("gaussian", 1), Block("categorical", 3), Block("gaussian", 1), Block("bernoulli", 1), Block("categorical", 2)]
    return np.hstack(columns).astype(np.float32), Layout(tuple(blocks))


def _counts():
    rng = np.random.RandomState(0)
    topics = rng.dirichlet(np.full(30, 0.2), 3)
    X = np.vstack([rng.multinomial(20, topics[i % 3]) for i in range(40)]).astype(np.float32)
    return X, Layout.counts(30)


DATA = {
    "grey picture": ("image", *_picture(13, 9, 1)),
    "colour picture": ("image", *_picture(16, 12, 3)),
    "black and white picture": ("image", *_picture(8, 8, 1, "bernoulli")),
    "mixed table": ("table", *_table()),
    "array": ("array", np.random.RandomState(0).standard_normal((40, 5)).astype(np.float32) * 3 + 7, Layout.gaussian(5)),
    "counts": ("text", *_counts()),
    "sparse counts": ("text", csr_matrix(_counts()[0]), Layout.counts(30)),
}
CASES = [pytest.param(cls, X, layout, id=f"{name}-{what}") for name, cls in MODELS.items()
         for what, (kind, X, layout) in DATA.items() if kind in cls.kinds and (cls.sparse or not hasattr(X, "indptr"))]
every_case = pytest.mark.parametrize("cls, X, layout", CASES)
every_model = pytest.mark.parametrize("cls", MODELS.values(), ids=list(MODELS))


def own_data(cls):
    """Rows of the first kind the model is for."""
    return next((X, layout) for kind, X, layout in DATA.values() if kind == cls.kinds[0])


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@parametrize_with_checks([quick(cls) for cls in MODELS.values()])
def test_scikit_learns_own_check(estimator, check):
    check(estimator)


@every_case
def test_round_trip_keeps_shapes_types_and_is_finite(cls, X, layout):
    model = quick(cls).fit(X, layout=layout)
    Z = model.transform(X)
    R, S = model.inverse_transform(Z), model.sample(5, random_state=1)
    assert Z.shape == (X.shape[0], 2) and R.shape == X.shape and S.shape == (5, X.shape[1])
    assert Z.dtype == R.dtype == np.float32
    assert all(np.isfinite(a).all() for a in (Z, R, S))
    assert model.code_mean_.shape == model.code_std_.shape == np.shape(model.importance_) == (2,)
    assert np.isfinite(model.importance_).all() and not model.stopped_


@every_case
def test_decoded_rows_can_exist(cls, X, layout):
    model = quick(cls).fit(X, layout=layout)
    R = model.inverse_transform(model.transform(X))
    S = model.sample(20, random_state=0)
    for block, span in layout.spans():
        if block.likelihood == "categorical" and cls is not MODELS["PCA"]:
            close(R[:, span].sum(1), 1.0)
        if block.likelihood in ("categorical", "bernoulli") and layout.image is None:
            assert set(np.unique(S[:, span])) <= {0.0, 1.0}
        if block.likelihood == "categorical":
            close(S[:, span].sum(1), 1.0)
        if block.likelihood == "counts":
            assert R.min() >= 0
            close(R.sum(1).mean(), X.sum() / X.shape[0], 1e-3)


@every_case
def test_equal_seeds_give_equal_models(cls, X, layout):
    first, again, other = (quick(cls, random_state=seed).fit(X, layout=layout) for seed in (3, 3, 4))
    assert np.array_equal(first.transform(X), again.transform(X))
    assert first.history_ == again.history_
    assert not cls.iterative or not np.array_equal(first.transform(X), other.transform(X))


@every_case
def test_one_row_is_the_same_alone(cls, X, layout):
    model = quick(cls).fit(X, layout=layout)
    Z = model.transform(X)
    close(np.vstack([model.transform(X[i:i + 1]) for i in range(5)]), Z[:5])
    close(np.vstack([model.inverse_transform(Z[i:i + 1]) for i in range(5)]), model.inverse_transform(Z)[:5])
    if isinstance(model, HasLikelihood):
        close(np.hstack([model.score_samples(X[i:i + 1]) for i in range(5)]), model.score_samples(X)[:5], 1e-4)


@every_case
def test_a_saved_model_comes_back_equal_without_pickle(cls, X, layout, tmp_path):
    model = quick(cls).fit(X, layout=layout)
    again = load_model(model.save(tmp_path / "model"))
    assert sorted(p.name for p in (tmp_path / "model").iterdir()) == ["recipe.json", "weights.safetensors"]
    Z = model.transform(X)
    assert np.array_equal(again.transform(X), Z) and np.array_equal(again.inverse_transform(Z), model.inverse_transform(Z))
    assert np.array_equal(again.sample(4, random_state=2), model.sample(4, random_state=2))
    assert again.layout_ == model.layout_ and again.history_ == model.history_ and again.get_params() == model.get_params()


@every_model
def test_on_step_can_stop_a_fit_and_keeps_the_result(cls):
    X, layout = own_data(cls)
    heard = []

    def stop(record):
        heard.append(record)
        return True

    model = quick(cls, epochs=5000, steps=100_000).fit(X, layout=layout, on_step=stop)
    assert model.stopped_ == cls.iterative and len(heard) == cls.iterative
    assert np.isfinite(model.inverse_transform(model.transform(X))).all()
    if cls.iterative:
        assert heard[0].total > heard[0].step and model.history_[-1]["step"] == heard[0].step


@every_model
def test_samples_follow_their_seed_and_temperature(cls):
    X, layout = own_data(cls)
    model = quick(cls).fit(X, layout=layout)
    assert np.array_equal(model.sample(6, random_state=5), model.sample(6, random_state=5))
    assert not np.array_equal(model.sample_codes(6, random_state=5), model.sample_codes(6, random_state=6))
    assert model.sample_codes(50, temperature=0.1, random_state=0).std(0).sum() < model.sample_codes(50, random_state=0).std(0).sum()
    assert np.ptp(model.sample_codes(6, temperature=0.0), axis=0).max() < 1e-12


@every_model
def test_the_global_random_states_are_left_alone(cls):
    import torch

    X, layout = own_data(cls)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    quick(cls).fit(X, layout=layout).sample(3, random_state=0)
    assert torch.equal(before, torch.get_rng_state()) and np.array_equal(numpy_before, np.random.get_state()[1])


@pytest.mark.parametrize("n", [3, 150, 60_000])
@every_case
def test_suggestions_are_allowed_and_leave_the_model_usable(cls, X, layout, n):
    suggested = cls.suggest(n, layout)
    cls(**suggested).check_params()
    assert 1 <= suggested["latent_dim"] <= layout.d


@every_model
@pytest.mark.parametrize("name, value", [("latent_dim", 0), ("latent_dim", 2.5), ("random_state", -1)])
def test_a_bad_parameter_is_named_with_what_was_expected(cls, name, value):
    X, layout = own_data(cls)
    with pytest.raises(ValueError, match=f"{name} is {value}, expected a whole number"):
        quick(cls, **{name: value}).fit(X, layout=layout)


@every_model
def test_a_layout_of_another_width_is_refused_with_both_numbers(cls):
    X, _ = own_data(cls)
    with pytest.raises(ValueError, match=f"X has {X.shape[1]} columns, the layout describes {X.shape[1] + 1}"):
        quick(cls).fit(X, layout=Layout.gaussian(X.shape[1] + 1))


@every_model
@pytest.mark.parametrize("shape", [(2, 3), (2,)])
def test_codes_of_another_shape_are_refused(cls, shape):
    X, layout = own_data(cls)
    with pytest.raises(ValueError, match=r"expected \(n, 2\)"):
        quick(cls).fit(X, layout=layout).inverse_transform(np.zeros(shape))


@pytest.mark.parametrize("likelihood, value, words", [("bernoulli", 2, "0/1"), ("categorical", -1, "one-hot"), ("counts", -1, "counts")])
def test_the_vae_refuses_values_their_likelihood_cannot_have(likelihood, value, words):
    with pytest.raises(ValueError, match=f"{words}.*expected"):
        quick(MODELS["VAE"]).fit(np.full((10, 3), value, np.float32), layout=Layout((Block(likelihood, 3),)))


def test_convolutions_are_refused_for_rows_that_are_no_pictures():
    with pytest.raises(ValueError, match="no pictures"):
        quick(MODELS["VAE"], network="conv").fit(np.eye(5))


@pytest.mark.parametrize("size", [(8, 8, 1), (28, 28, 1), (13, 9, 3), (64, 40, 3)], ids=str)
@pytest.mark.parametrize("name", ["VAE", "GAN"])
def test_convolutions_take_pictures_of_any_size(name, size):
    X, layout = _picture(*size)
    model = quick(MODELS[name], network="conv", epochs=1, steps=2, latent_dim=3).fit(X[:8], layout=layout)
    assert model.inverse_transform(model.transform(X[:2])).shape == (2, layout.d)


def test_inversion_brings_a_real_row_nearer_than_the_encoder():
    X, layout = _table()
    model = quick(MODELS["GAN"], steps=100, latent_dim=4).fit(X, layout=layout)
    Z, residual = model.invert(X, steps=60, random_state=0)
    scale = model.net_.inputs.scale.cpu().numpy()

    def error(codes):
        return np.sqrt((((model.inverse_transform(codes) - X) / scale) ** 2).mean(1))

    close(error(Z), residual, 1e-3)
    assert (residual <= error(model.transform(X)) + 1e-4).all() and residual.mean() < 0.9 * error(model.transform(X)).mean()


@every_model
def test_a_glimpse_while_it_learns(cls):
    """What a run's film is made of: with labels and without."""
    X, layout = own_data(cls)
    for y in (None, np.array(["a", "b", None, "c"] * X.shape[0], dtype=object)[:X.shape[0]]):
        seen = []

        def look(record):
            Z = np.random.RandomState(0).standard_normal((4, model.latent_dim)).astype(np.float32)
            seen.append(model.glimpse(X[:8], Z))

        model = quick(cls)
        model.fit(X, y, layout=layout, on_step=look)
        for shown in seen:
            assert shown["made"].shape == (4, X.shape[1]) and all(np.isfinite(part).all() for part in shown.values())
        assert bool(seen) == cls.iterative
