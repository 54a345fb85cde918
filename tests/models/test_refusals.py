"""What models are asked too early, or for what cannot be, is refused in a sentence."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from lvm_core import MODELS

X = np.random.RandomState(0).standard_normal((40, 4)).astype(np.float32)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: MODELS["WordEmbeddings"]().neighbours(0),
        lambda: MODELS["WordEmbeddings"]().analogy(0, 1, 2),
        lambda: MODELS["WordEmbeddings"]().word_vectors(),
        lambda: MODELS["ConditionalVAE"]().code_kl(X),
        lambda: MODELS["HMM"]().sample(3),
    ],
)
def test_before_it_is_fitted(ask):
    with pytest.raises(NotFittedError):
        ask()


@pytest.fixture(scope="module")
def vae():
    return MODELS["VAE"](latent_dim=2, epochs=1, width=8, network="mlp").fit(X)


@pytest.mark.parametrize("draws", (0, -1))
def test_weights_of_no_draw(vae, draws):
    with pytest.raises(ValueError, match=f"n_samples is {draws}, expected at least 1"):
        vae.log_weights(X, draws)


@pytest.mark.parametrize("asked", ({"n_samples": 2.5}, {"draws": 3.5}, {"n_samples": 0}))
def test_half_an_imputation(asked):
    model = MODELS["MIWAE"](latent_dim=1, epochs=1, width=4, samples=2).fit(X)
    gap = X.copy()
    gap[0, 0] = np.nan
    with pytest.raises(ValueError, match="expected whole numbers"):
        model.impute(gap, **asked)
    found = model.impute(gap, n_samples=np.int64(3), draws=2)
    assert np.isfinite(found.X).all()


@pytest.mark.parametrize(
    "asked", [{"n": 0}, {"n": 2.5}, {"n": 3, "temperature": -1.0}, {"n": 3, "temperature": np.nan}]
)
def test_samples_of_a_chain_are_checked_as_those_of_every_model(asked):
    model = MODELS["HMM"](latent_dim=2, segments=2, restarts=1).fit(X)
    with pytest.raises((ValueError, TypeError)) as ours:
        model.sample(**asked)
    with pytest.raises((ValueError, TypeError)) as others:
        model.sample_codes(**asked)
    assert (type(ours.value), str(ours.value)) == (type(others.value), str(others.value))
