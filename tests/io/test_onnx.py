"""Encoder and decoder as ONNX, run by onnxruntime, say what the model says."""

import numpy as np
import onnxruntime
import pytest

from lvm_core import MODELS
from lvm_core.checks.examples import examples
from lvm_core.checks.models import cases, quick
from lvm_core.io.onnx import to_onnx

# their codes are no function of a fixed length
ITERATED = {"GaussianMixture", "HMM", "KernelPCA", "LDA", "NMF", "PLSA", "ProductMixture"}

DATA = {name: example[1:] for name, example in examples().items()}
CASES = [
    pytest.param(cls, case.X, case.schema, id=f"{name}-{case.example.name}")
    for name, cls in MODELS.items()
    for case in cases(cls)
]


def run(data: bytes, given) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: np.asarray(given, np.float32)})[0]


def dense(X):
    return X.toarray() if hasattr(X, "toarray") else X


@pytest.mark.parametrize("cls, X, schema", CASES)
def test_the_graphs_say_what_the_model_says(cls, X, schema):
    model = quick(cls).fit(X, schema=schema)
    if model.as_torch() is None:
        assert cls.__name__ in ITERATED
        with pytest.raises(ValueError, match=f"^{cls.__name__} cannot be written as ONNX: .*[.]$"):
            to_onnx(model)
        return
    graphs = to_onnx(model)
    Z = model.transform(X)
    strange = 3 * np.random.RandomState(0).standard_normal((7, Z.shape[1])).astype(np.float32)
    for given, found in ((X, Z), (X[:1], Z[:1])):
        np.testing.assert_allclose(
            run(graphs["encoder.onnx"], dense(given)), found, atol=1e-4, rtol=1e-4
        )
    for codes in (Z, Z[:1], strange):
        np.testing.assert_allclose(
            run(graphs["decoder.onnx"], codes), model.inverse_transform(codes), atol=1e-4, rtol=1e-4
        )


@pytest.mark.parametrize(
    "name, what, options",
    [
        ("PCA", "array", {"whiten": True}),
        ("VAE", "colour picture", {"network": "mlp"}),
        ("VAE", "colour picture", {"network": "conv"}),
        ("VAE", "array", {"activation": "relu", "depth": 0}),
    ],
)
def test_other_settings(name, what, options):
    _, X, schema = DATA[what]
    model = quick(MODELS[name], **options).fit(X, schema=schema)
    graphs, Z = to_onnx(model), model.transform(X)
    np.testing.assert_allclose(run(graphs["encoder.onnx"], X), Z, atol=1e-4)
    np.testing.assert_allclose(
        run(graphs["decoder.onnx"], Z), model.inverse_transform(Z), atol=1e-4
    )


def test_words_that_no_document_has():
    _, X, schema = DATA["counts"]
    model = quick(MODELS["LSA"]).fit(X, schema=schema)
    nothing = np.zeros((2, X.shape[1]), np.float32)
    assert np.array_equal(run(to_onnx(model)["encoder.onnx"], nothing), model.transform(nothing))


def test_the_model_itself_is_left_alone():
    _, X, schema = DATA["array"]
    model = quick(MODELS["VAE"]).fit(X, schema=schema)
    before = {k: v.clone() for k, v in model.net_.state_dict().items()}
    to_onnx(model)
    assert not model.net_.training and all(
        (before[k] == v).all() for k, v in model.net_.state_dict().items()
    )


def test_a_model_that_cannot_says_so_in_a_sentence():
    class Riddle(MODELS["PCA"]):
        def as_torch(self):
            return None

    _, X, schema = DATA["array"]
    with pytest.raises(ValueError, match="^Riddle cannot be written as ONNX: .*[.]$"):
        to_onnx(Riddle(latent_dim=2).fit(X, schema=schema))
