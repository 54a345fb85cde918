"""The conditional VAE: labels from a few, items of one label, the label's place in the code."""

import numpy as np
import pytest
from app_pages import finished, open_page, words
from sklearn.linear_model import LogisticRegression

from lvm_core import DATASETS, MODELS, load_model
from lvm_core.fitting import fit_run
from lvm_core.metrics import marginal
from lvm_core.metrics.labels import labels_predicted

Model = MODELS["ConditionalVAE"]


@pytest.fixture(scope="module")
def digits():
    return DATASETS["digits"]().load()


@pytest.fixture(scope="module")
def fitted(digits):
    """Learnt from all labels but a fifth, in a few seconds."""
    y = digits.targets()
    y[::5] = None
    return Model(latent_dim=5, epochs=25, depth=1).fit(digits.X, y, schema=digits.schema), y


def test_labels_it_was_not_told_are_inferred(digits, fitted):
    model, y = fitted
    unknown = np.array([v is None for v in y])
    assert model.classes_ == list("0123456789") and model.dimension_names_ == [
        "z1",
        "z2",
        "z3",
        "z4",
        "z5",
        *"0123456789",
    ]
    assert (model.predict_label(digits.X[unknown]) == digits.targets()[unknown]).mean() > 0.9
    Z = model.transform(digits.X)
    assert Z.shape == (1797, 15) and np.allclose(Z[:, 5:].sum(1), 1, atol=1e-5)
    (score,) = labels_predicted(
        model, digits.X, digits.targets(), np.flatnonzero(~unknown), np.flatnonzero(unknown)
    )
    assert score.value > 0.9 and score.baseline < 0.2


@pytest.mark.parametrize("known", [True, False])
def test_weighted_bounds_over_code_and_label(digits, fitted, known):
    model = (
        fitted[0]
        if known
        else Model(latent_dim=3, epochs=5, depth=1).fit(digits.X, schema=digits.schema)
    )
    found = marginal(model, digits.X[:200], 500)
    L = found.bounds
    assert (
        L[1] < L[5] < L[50] < L[500] == found.estimate
        and len(found.kl) == model.latent_dim + 10 * known
    )
    parts = model.elbo_parts(digits.X[:200], 1000)
    # the ELBO, its labels summed out
    assert L[1] == pytest.approx((parts["reconstruction"] - parts["kl"]).mean(), abs=0.4)
    assert model.score_samples(digits.X[:200]).mean() == pytest.approx(L[1], abs=1)
    # of these rows; there each label has its own posterior
    np.testing.assert_allclose(found.kl.sum(), parts["kl"].mean(), rtol=0.2)
    weights = model.log_weights(np.repeat(digits.X[:1], 3, 0), 6, random_state=3)
    assert weights.shape == (3, 6) and not np.allclose(weights[0], weights[1])
    assert np.array_equal(
        weights, model.log_weights(np.repeat(digits.X[:1], 3, 0), 6, random_state=3)
    )


def test_the_label_of_the_code_decides_what_is_drawn(digits, fitted):
    model, _ = fitted
    judge = LogisticRegression(max_iter=2000).fit(digits.X, digits.targets().astype(str))
    drawn = {
        label: judge.predict(model.sample(40, random_state=0, label=label))
        for label in model.classes_
    }
    assert np.mean([(drawn[label] == label).mean() for label in drawn]) > 0.8
    Z = model.transform(digits.X[:100])
    Z[:, 5:] = np.eye(10)[3]  # the same manners, all as a three
    assert (judge.predict(model.inverse_transform(Z)) == "3").mean() > 0.6
    shares = model.sample_codes(5000, random_state=0)[:, 5:].mean(0)
    np.testing.assert_allclose(shares, model.class_shares_, atol=0.03)


def test_any_numbers_can_stand_in_the_labels_place(fitted):
    model, _ = fitted
    Z = model.sample_codes(4, random_state=0, label="7")
    twice, negative = Z.copy(), Z.copy()
    twice[:, 5:] *= 2
    negative[:, 5:] -= 1e-3 * (1 - Z[:, 5:])
    np.testing.assert_allclose(
        model.inverse_transform(twice), model.inverse_transform(Z), atol=1e-6
    )
    np.testing.assert_allclose(
        model.inverse_transform(negative), model.inverse_transform(Z), atol=1e-6
    )
    Z[:, 5:] = 0
    assert np.isfinite(model.inverse_transform(Z)).all()
    with pytest.raises(ValueError, match="label is 'x', expected one of 0, 1"):
        model.sample(3, label="x")


def test_the_bound_sums_over_labels(digits, fitted):
    """By hand: E_q(y|x)[ELBO given y] + H(q(y|x)) + E_q[log p(y)]."""
    import torch

    model, _ = fitted
    X = digits.X[:20]
    parts = model.elbo_parts(X, 64)
    with torch.no_grad():
        net, x = model.net_, torch.from_numpy(X)
        seen = net.features(x)
        q = net.label_proba(seen).numpy().astype(np.float64)
        assert np.allclose(q, model.transform(X)[:, 5:], atol=1e-6)
    assert (parts["kl"] > 0).all()
    to_label = (q * (np.log(np.maximum(q, 1e-30)) - np.log(model.class_shares_))).sum(1)
    # what is left is the style's KL, never negative
    assert (parts["kl"] >= to_label - 1e-4).all()
    np.testing.assert_allclose(
        model.score_samples(X), model.elbo_parts(X)["reconstruction"] - model.elbo_parts(X)["kl"]
    )


def test_without_labels_it_is_a_vae_and_one_label_is_none(digits):
    X = digits.X[:200]
    for y in (None, np.full(200, "one"), np.full(200, None)):
        model = Model(latent_dim=3, epochs=2, width=16).fit(X, y, schema=digits.schema)
        assert model.classes_ == [] and model.transform(X).shape == (200, 3)
        with pytest.raises(ValueError, match="seen no labels"):
            model.predict_label(X)
    with pytest.raises(ValueError, match="200 different labels|201 different labels"):
        Model(epochs=1).fit(np.random.RandomState(0).standard_normal((201, 3)), np.arange(201))


def test_labels_and_names_survive_saving_and_a_run_says_how_many_are_right(digits, tmp_path):
    fitted = fit_run(digits, Model(latent_dim=4, epochs=3, width=32))
    again = load_model(fitted.model.save(tmp_path / "m"))
    assert again.classes_ == fitted.model.classes_ and np.array_equal(
        again.transform(digits.X[:50]), fitted.model.transform(digits.X[:50])
    )
    names = [s.name for s in fitted.scores]
    assert "Labels right" in names and "Label from the code" in names


def test_a_label_is_chosen_on_the_page_and_named_by_the_download(digits):
    run = finished(digits, Model(latent_dim=3, epochs=2, width=16))
    app = open_page("generate", run=run.id)
    app.selectbox(key=f"label-{run.id}").select("7").run()
    assert not app.exception and not app.error
    assert "label 7" in words(app)


def test_the_page_shows_a_row_of_each_label_of_one_style_a_column(digits):
    from pages.session import code_sources
    from pages.ui import code_source_form

    run = finished(digits, Model(latent_dim=3, epochs=2, width=16))
    app = open_page("generate", run=run.id)
    assert not app.exception and not app.error and "labels each" in words(app)
    assert sum(m.value == f"**{label}**" for m in app.markdown for label in "0123456789") == 10
    source = code_sources.Source(code_sources.PRIOR, each=True)
    Z = code_source_form.codes(run, source, 36, 1.0, 0)
    drawn = run.fitted.model.classes_
    sizes = code_sources.shares(36, drawn)
    assert list(sizes.values()) == [4] * 6 + [3] * 4 and len(Z) == 36
    assert [drawn[i] for i in Z[:, 3:].argmax(1)] == [c for c in drawn for _ in range(sizes[c])]
    np.testing.assert_array_equal(Z[:3, :3], Z[4:7, :3])
    np.testing.assert_array_equal(Z[:3, :3], Z[-3:, :3])
    app.selectbox(key=f"label-{run.id}").set_value(code_source_form.ALL).run()
    assert not app.exception and "labels each" not in words(app)
