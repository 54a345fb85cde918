"""Labels in a variational autoencoder: the class as a part of the code, few labels for many rows, and what is said of it."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from lvm_core import DATASETS, MODELS, load_model
from lvm_core.fitting import fit_run
from lvm_core.layout import Layout
from lvm_core.quality import prediction

MODEL = MODELS["ConditionalVAE"]


@pytest.fixture(scope="module")
def trained():
    """Digits of which every tenth has its label."""
    X, y = load_digits(return_X_y=True)
    X, y = (X / 16).astype(np.float32)[:900], y.astype(str).astype(object)[:900]
    some = np.where(np.arange(len(y)) % 5 == 0, y, None)
    return MODEL(latent_dim=4, epochs=25, width=64, depth=1, network="mlp").fit(X, some, layout=Layout.picture(8, 8, 1)), X, y, some


def test_a_fifth_of_the_labels_teaches_the_rest(trained):
    model, X, y, some = trained
    unknown = np.array([v is None for v in some])
    assert (model.predict(X[unknown]) == y[unknown]).mean() > 0.8
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1, rtol=1e-4)
    assert model.classes_ == list("0123456789") and model.dimension_names_ == ["z1", "z2", "z3", "z4", *"0123456789"]


def test_the_class_of_a_sample_can_be_chosen(trained):
    model, *_ = trained
    made = model.sample(60, random_state=0, label="3")
    assert (model.predict(made.astype(np.float32)) == "3").mean() > 0.7
    codes = model.sample_codes(2000, random_state=0)
    np.testing.assert_allclose(codes[:, 4:].mean(0), model.class_share_, atol=0.04)
    assert set(np.unique(codes[:, 4:])) == {0.0, 1.0} and np.ptp(model.sample_codes(9, temperature=0)[:, :4]) == 0
    with pytest.raises(ValueError, match="label is '12', expected one of 0, 1"):
        model.sample(2, label="12")


def test_what_stands_for_the_class_is_made_a_distribution(trained):
    model, X, *_ = trained
    Z = model.transform(X[:3])
    assert Z.shape == (3, 14)
    strange = Z.copy()
    strange[:, 4:] = 5 * Z[:, 4:] - 1e-6
    np.testing.assert_allclose(model.inverse_transform(strange), model.inverse_transform(Z), atol=1e-2)
    strange[:, 4:] = -3
    alike = Z.copy()
    alike[:, 4:] = 0.1
    np.testing.assert_allclose(model.inverse_transform(strange), model.inverse_transform(alike), atol=1e-4)


def test_it_comes_back_equal_with_its_classes(trained, tmp_path):
    model, X, *_ = trained
    again = load_model(model.save(tmp_path / "m"))
    assert np.array_equal(again.predict(X[:20]), model.predict(X[:20])) and again.classes_ == model.classes_
    assert np.array_equal(again.sample(3, random_state=1, label="7"), model.sample(3, random_state=1, label="7"))


@pytest.mark.parametrize("y", [None, [None] * 40, ["a"] * 40])
def test_without_classes_it_is_a_plain_autoencoder(y):
    X = np.random.RandomState(0).standard_normal((40, 5)).astype(np.float32)
    model = MODEL(latent_dim=2, epochs=2, width=8).fit(X, y)
    assert model.transform(X).shape == (40, 2) and model.classes_ == [] and model.sample(3).shape == (3, 5)
    with pytest.raises(ValueError, match="no labels"):
        model.predict(X)
    assert prediction(model, X, np.array(["a"] * 40)) == []


def test_missing_labels_are_not_a_class():
    X = np.random.RandomState(0).standard_normal((40, 5)).astype(np.float32)
    y = np.array(["a", "b", None, np.nan] * 10, dtype=object)
    model = MODEL(latent_dim=2, epochs=2, width=8).fit(X, y)
    assert model.classes_ == ["a", "b"] and model.class_share_.tolist() == [0.5, 0.5]
    assert np.isfinite(model.history_[-1]["loss"])


def test_too_many_classes_are_refused_with_their_number():
    with pytest.raises(ValueError, match="201 classes, expected at most 200"):
        MODEL(latent_dim=2).fit(np.random.RandomState(0).standard_normal((201, 3)), [str(i) for i in range(201)])


def test_the_score_of_labels_is_counted_by_hand():
    class Guess:
        classes_ = ["a", "b"]

        def predict(self, X):
            return np.array(["a", "b", "b"], dtype=object)[:len(X)]

    score, = prediction(Guess(), np.zeros((4, 1)), np.array(["a", "b", None, "a"], dtype=object), np.array(["b", "b", "a"], dtype=object))
    assert score.value == pytest.approx(2 / 3) and score.baseline == pytest.approx(1 / 3) and "not seen" in score.sentence


def test_a_fit_in_the_app_has_the_score_of_its_labels():
    fitted = fit_run(DATASETS["iris"]().load(), MODEL(latent_dim=2, epochs=40, width=32))
    score = next(s for s in fitted.scores if s.name == "Labels right")
    assert score.value > score.baseline and fitted.codes.shape == (150, 5)
