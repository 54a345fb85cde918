"""What a model can do follows from its methods alone."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from lvm_core import MODELS
from lvm_core import capabilities as can
from lvm_core.io.onnx import to_onnx
from lvm_core.metrics import likelihood
from lvm_core.models.base import LatentModel

HAVE = {
    can.HasLikelihood: {
        "PCA",
        "FactorAnalysis",
        "GaussianMixture",
        "ProductMixture",
        "HMM",
        "LDA",
        "VAE",
        "ConditionalVAE",
        "MIWAE",
        "FSQ",
    },
    can.HasELBO: {"LDA", "VAE", "ConditionalVAE", "MIWAE", "FSQ"},
    can.HasImportanceWeights: {"VAE", "ConditionalVAE", "MIWAE"},
    can.HasPosterior: {"FactorAnalysis", "VAE", "MIWAE"},
    can.PredictsLabels: {"ConditionalVAE", "CNNFeatures"},
    can.Imputes: {"MIWAE"},
    can.Inverts: {"GAN", "ConditionalGAN"},
    can.HasStates: {"HMM"},
    can.SamplesConditionally: {"PCA", "FactorAnalysis", "GaussianMixture", "ProductMixture"},
}


@pytest.mark.parametrize("ability", HAVE, ids=lambda ability: ability.__name__)
def test_which_models_have_it(ability):
    assert {name for name, cls in MODELS.items() if issubclass(cls, ability)} == HAVE[ability]


def test_which_are_linear_and_which_take_a_label():
    X = np.random.RandomState(0).standard_normal((30, 4))
    assert isinstance(MODELS["PCA"](2).fit(X), can.ExplainsVariance) and not isinstance(
        MODELS["ICA"](2).fit(X), can.ExplainsVariance
    )
    assert {name for name, cls in MODELS.items() if cls.conditional} == {
        "ConditionalVAE",
        "ConditionalGAN",
    }


class Mean(LatentModel):
    """A model of nobody's list: the code is a row's mean."""

    def _fit(self, X, rng, on_step):
        self.importance_ = np.ones(1)

    def _encode(self, X):
        return X.mean(1, keepdims=True)

    def _decode(self, Z):
        return np.repeat(Z, self.n_features_in_, 1)

    def __init__(self, random_state=0):
        self.random_state = random_state

    @classmethod
    def parameters(cls):
        return {}

    def score_samples(self, X):
        return -np.square(X - X.mean(1, keepdims=True)).sum(1)

    def as_torch(self):
        from lvm_core.nn.nets import Function

        return Function(lambda x: x.mean(1, keepdim=True)), Function(lambda z: z.repeat(1, 3))


def test_a_model_of_one_file_is_scored_and_exported_by_what_it_has():
    X = np.random.RandomState(0).standard_normal((20, 3)).astype(np.float32)
    model = Mean().fit(X)
    assert isinstance(model, can.HasLikelihood) and not isinstance(model, can.HasELBO)
    assert likelihood(model, X)[0].name == "Log-likelihood"
    session = onnxruntime.InferenceSession(
        to_onnx(model)["encoder.onnx"], providers=["CPUExecutionProvider"]
    )
    np.testing.assert_allclose(
        session.run(None, {"rows": X})[0], X.mean(1, keepdims=True), atol=1e-6
    )
    # importance_, code_mean_, code_std_
    assert model.word_vectors() is None and model.decoder_size()[0] == 4 * 3
