"""GAN, its conditional form, and features learnt from labels: what only they promise."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import numpy as np
import pytest

from lvm_core import DATASETS, MODELS, load_model
from lvm_core.labels import encode_labels
from lvm_core.schema import Schema

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from gan_toys import measured, rows, toy


def test_the_measure_of_the_toys_knows_a_perfect_sampler_and_a_collapsed_one():
    modes, sigma = toy("ring")
    found, good, kl = measured(rows(modes, sigma, 20_000, 0), modes, sigma)
    assert found == 8 and good == pytest.approx(1 - np.exp(-4.5), abs=0.005) and kl < 0.001
    assert measured(np.tile(modes[:1], (10, 1)), modes, sigma) == (1, 1.0, pytest.approx(np.log(8)))
    assert measured(np.zeros((10, 2)), modes, sigma)[:2] == (0, 0.0)


def test_the_suggested_gan_finds_all_modes_of_a_ring():
    modes, sigma = toy("ring")
    settings = MODELS["GAN"].suggest(100_000, Schema.gaussian(2)) | {
        "steps": 1500,
        "batch_size": 128,
    }
    model = MODELS["GAN"](**settings).fit(rows(modes, sigma, 20_000, 0))
    found, good, kl = measured(model.sample(2500, random_state=0), modes, sigma)
    assert found == 8 and good > 0.5 and kl < 0.1


@pytest.fixture(scope="module")
def clusters():
    """Three clusters in the plane, labelled; a tenth without a label."""
    rng = np.random.RandomState(0)
    centres, number = np.array([[-3.0, 0.0], [3.0, 0.0], [0.0, 4.0]]), rng.randint(3, size=1500)
    X = (centres[number] + 0.3 * rng.standard_normal((1500, 2))).astype(np.float32)
    y = np.array(["left", "right", "top"], dtype=object)[number]
    return X, np.where(rng.uniform(size=1500) < 0.1, None, y), y, centres


@pytest.fixture(scope="module")
def conditional(clusters):
    X, y, _, _ = clusters
    return MODELS["ConditionalGAN"](latent_dim=2, steps=600, width=64, activation="relu").fit(X, y)


def test_a_class_is_drawn_when_it_is_asked_for(clusters, conditional):
    _, y, _, centres = clusters
    assert conditional.classes_ == ["left", "right", "top"]
    for j, name in enumerate(conditional.classes_):
        Z = conditional.sample_codes(200, random_state=0, label=name)
        made = conditional.inverse_transform(Z)
        assert np.array_equal(Z[:, 2:], np.tile(np.eye(3)[j], (200, 1)))
        assert (np.linalg.norm(made[:, None] - centres, axis=2).argmin(1) == j).mean() > 0.97
    drawn = conditional.sample_codes(3000, random_state=1)[:, 2:]
    assert set(np.unique(drawn)) == {0.0, 1.0} and np.allclose(
        drawn.mean(0),
        [(y == c).sum() / np.not_equal(y, None).sum() for c in conditional.classes_],
        atol=0.03,
    )


def test_the_encoder_tells_the_class_and_gives_shares(clusters, conditional):
    X, _, truth, _ = clusters
    Z = conditional.transform(X)
    assert np.allclose(Z[:, 2:].sum(1), 1, atol=1e-5) and Z[:, 2:].min() >= 0
    assert (np.array(conditional.classes_)[Z[:, 2:].argmax(1)] == truth).mean() > 0.97


def test_any_class_part_is_decoded_as_shares(conditional):
    Z = np.array(
        [[0.5, -0.5, 0, 1, 0], [0.5, -0.5, -2, 3, -1], [0.5, -0.5, 0, 0, 0], [0.5, -0.5, 1, 1, 1]],
        np.float32,
    )
    R = conditional.inverse_transform(Z)
    np.testing.assert_allclose(R[0], R[1], atol=1e-4)
    np.testing.assert_allclose(R[2], R[3], atol=1e-4)
    codes, _ = conditional.invert(R, steps=5)
    assert np.allclose(codes[:, 2:].sum(1), 1, atol=1e-5) and codes[:, 2:].min() >= 0


def test_an_unknown_class_is_refused_with_those_there_are(conditional):
    with pytest.raises(ValueError, match="label is 'below', expected one of left, right, top"):
        conditional.sample_codes(3, label="below")


def test_without_labels_the_conditional_gan_is_the_gan(clusters):
    X, params = clusters[0][:200], dict(latent_dim=2, steps=8, width=16, batch_size=32)
    plain, without = (MODELS[name](**params).fit(X) for name in ("GAN", "ConditionalGAN"))
    assert np.array_equal(plain.transform(X), without.transform(X)) and without.classes_ == []


def test_a_conditional_gan_comes_back_equal(conditional, tmp_path, clusters):
    again = load_model(conditional.save(tmp_path / "model"))
    assert np.array_equal(again.transform(clusters[0]), conditional.transform(clusters[0]))
    assert np.array_equal(again.sample(5, random_state=0), conditional.sample(5, random_state=0))


def test_samples_of_a_class_can_be_asked_for(conditional, clusters):
    _, _, _, centres = clusters
    made = conditional.sample(100, label="top", random_state=0)
    assert (np.linalg.norm(made[:, None] - centres, axis=2).argmin(1) == 2).mean() > 0.95
    with pytest.raises(ValueError, match="expected one of left, right, top"):
        conditional.sample(3, label="below")


@pytest.mark.parametrize("name", ["GAN", "ConditionalGAN"])
def test_a_loaded_gan_can_be_previewed(name, tmp_path, clusters):
    X, y, _, _ = clusters
    model = MODELS[name](latent_dim=2, steps=4, width=8).fit(X[:60], y[:60])
    again = load_model(model.save(tmp_path / "model"))
    Z = np.zeros((3, 2), np.float32)
    wanted, found = model.preview(X[:9], Z), again.preview(X[:9], Z)
    assert set(found) == {"codes", "back", "made"}
    assert all(np.array_equal(found[part], wanted[part]) for part in wanted)


@pytest.fixture(scope="module")
def digits():
    data = DATASETS["digits"]().load()
    return data.X, data.targets(), data.schema


@pytest.fixture(scope="module")
def of_digits(digits):
    """A GAN of 8x8 pictures after a few seconds, and what it was suggested."""
    X, _, schema = digits
    settings = MODELS["GAN"].suggest(len(X), schema)
    settings |= {"width": 64, "steps": 800, "rejection": 0.9}
    return MODELS["GAN"](**settings).fit(X, schema=schema)


def test_a_gan_of_pictures_draws_pictures_like_the_real_ones(digits, of_digits):
    from lvm_core.metrics.samples.distances import frechet
    from lvm_core.metrics.samples.features import own_features

    X, y, schema = digits
    features = own_features(X, schema, y, random_state=0)
    real = features.transform(X)
    made = features.transform(of_digits.sample(1000, random_state=0))
    # beside the plainest sampler: each pixel drawn from real ones on its own
    rng = np.random.RandomState(0)
    alone = features.transform(np.stack([rng.permutation(column) for column in X.T], 1))
    assert frechet(real, made) < 0.6 * frechet(real, alone)


def test_drawn_pixels_stay_where_those_of_the_data_lie(digits, of_digits):
    X, _, schema = digits
    made = of_digits.sample(500, temperature=3.0, random_state=0)
    assert of_digits.bounded_ and made.min() >= 0 and made.max() <= 1
    wide = MODELS["GAN"](latent_dim=2, steps=2, width=16).fit(4 * X[:100] - 2, schema=schema)
    assert not wide.bounded_


def test_a_training_on_pictures_is_watched(of_digits):
    assert {"critic_accuracy", "spread"} <= set(of_digits.history_[-1])
    assert 0.5 < of_digits.history_[-1]["critic_accuracy"] < 0.98
    assert of_digits.history_[-1]["spread"] > 0.6
    assert of_digits.training_warning(of_digits.history_) == ""
    going = [dict(point) for point in of_digits.history_]
    for point in going[-len(going) // 2 :]:
        point["critic_accuracy"] = 0.999
    assert "learns little" in of_digits.training_warning(going)
    assert of_digits.training_warning(going[:40]) == ""  # too early to say
    for point in going[-len(going) // 2 :]:
        point["spread"] = 0.1
    assert "nearly all alike" in of_digits.training_warning(going)
    assert MODELS["VAE"]().training_warning(going) == ""


def test_what_a_loaded_gan_of_pictures_draws_depends_on_the_code_alone(of_digits, tmp_path):
    again = load_model(of_digits.save(tmp_path / "model"))
    Z = of_digits.sample_codes(20, random_state=0).astype(np.float32)
    whole, one = again.inverse_transform(Z), again.inverse_transform(Z[3:4])
    assert np.array_equal(whole, of_digits.inverse_transform(Z))
    np.testing.assert_allclose(whole[3:4], one, atol=1e-5)


def test_codes_are_drawn_by_rejection(digits, of_digits, tmp_path):
    plain = copy.copy(of_digits)
    del plain.threshold_, plain.acceptance_
    kept, all_ = (
        model._scores(model.sample_codes(4000, random_state=0)) for model in (of_digits, plain)
    )
    # of the scores s of draws, those kept have a density as exp(s) up to the threshold
    chance = np.exp(np.minimum(all_ - of_digits.threshold_, 0))
    assert abs(chance.mean() - of_digits.acceptance_) < 0.05
    wanted, spread = np.average(all_, weights=chance), all_.std()
    assert wanted > all_.mean() + 0.1 * spread
    assert abs(kept.mean() - wanted) < 4 * spread / 4000**0.5 * 1.5
    again = load_model(of_digits.save(tmp_path / "model"))
    drawn = of_digits.sample_codes(30, random_state=3)
    assert np.array_equal(again.sample_codes(30, random_state=3), drawn)
    cold = of_digits.sample_codes(20, temperature=0.0, random_state=0)
    assert cold.shape == (20, 32) and not cold.any()
    # where nearly nothing is good enough the best of it is taken
    hard = copy.copy(of_digits)
    hard.threshold_ = 1e6
    best = hard._scores(hard.sample_codes(50, random_state=0))
    assert len(best) == 50 and best.min() > np.quantile(all_, 0.8)
    with pytest.raises(ValueError, match="n is 0, expected a whole number"):
        of_digits.sample_codes(0)


def test_a_generator_begins_as_a_decoder(digits):
    X, y, schema = digits
    params = dict(latent_dim=8, width=64, steps=400, pretraining=400)
    heard = []

    def stop(record):
        heard.append(record.phase)
        return record.step >= 350  # of the phase "decoder"

    for name in ("GAN", "ConditionalGAN"):
        model = MODELS[name](**params, rejection=0.9).fit(X, y, schema=schema, on_step=stop)
        assert model.stopped_ and heard[-1] == "decoder" and not hasattr(model, "threshold_")
        assert model.history_[-1]["row_error"] < 0.8 * model.history_[0]["row_error"]
        made = model.sample(300, random_state=0)
        # as of a VAE, pictures that differ
        assert made.var(0).sum() > 0.3 * X.var(0).sum()


def test_a_real_picture_is_found_again(digits, of_digits):
    X = digits[0][:20]
    loc = digits[0].mean(0)
    back = of_digits.inverse_transform(of_digits.transform(X))
    assert ((back - X) ** 2).sum() < 0.9 * ((loc - X) ** 2).sum()
    Z, residual = of_digits.invert(X, steps=60, random_state=0)
    assert ((of_digits.inverse_transform(Z) - X) ** 2).sum() < ((back - X) ** 2).sum()
    assert residual.shape == (20,)


def test_a_gan_of_pictures_saved_before_there_was_a_dcgan_opens(digits, tmp_path):
    import json

    X, _, schema = digits
    for network, image in (("mlp", schema), ("conv", Schema.picture(16, 16, 1))):
        rows = X[:60] if image is schema else np.repeat(X[:60], 4, axis=1)
        model = MODELS["GAN"](latent_dim=2, steps=3, width=16, network=network)
        model.fit(rows * 3, schema=image)
        folder = model.save(tmp_path / network)
        head = json.loads((folder / "recipe.json").read_text())
        head["format"] = 2
        head["params"]["network"] = "auto"
        del head["params"]["augment"], head["state"]["bounded_"]
        (folder / "recipe.json").write_text(json.dumps(head))
        again = load_model(folder)
        assert again.network_ == network
        assert np.array_equal(again.sample(5, random_state=0), model.sample(5, random_state=0))
        assert np.array_equal(again.transform(rows), model.transform(rows))


@pytest.mark.parametrize("name", ["GAN", "ConditionalGAN"])
@pytest.mark.parametrize("image", [(8, 8, 1), (28, 28, 1), (64, 64, 4), (256, 256, 3)])
def test_more_minutes_are_spent_on_more(name, image, monkeypatch):
    from lvm_core.nn.adversarial import critic_flops

    monkeypatch.delenv("LATENT_EXPLORER_MINUTES")

    schema, spent = Schema.picture(*image), []
    for minutes in (1, 5, 15):
        found = MODELS[name].suggest(300, schema, minutes)
        MODELS[name](**found).validate()
        spent.append(found["steps"] * found["batch_size"] * critic_flops(image, found["width"]))
    assert spent[0] < spent[1] < spent[2]
    assert MODELS[name].suggest(300, schema) == MODELS[name].suggest(300, schema, 5)
    assert MODELS[name].suggest(300, schema)["augment"] == 1.0
    assert MODELS[name].suggest(50_000, schema)["augment"] == 0.0
    assert [MODELS[name].suggest(n, schema)["rejection"] for n in (300, 50_000)] == [0.0, 0.9]


def test_a_dcgan_of_what_are_no_pictures_is_refused(clusters):
    with pytest.raises(ValueError, match="no pictures of at least 8x8; use 'mlp' or 'auto'"):
        MODELS["GAN"](latent_dim=2, steps=2, network="dcgan").fit(clusters[0])


def test_a_class_of_pictures_is_drawn_when_it_is_asked_for(digits):
    from sklearn.linear_model import LogisticRegression

    X, y, schema = digits
    settings = MODELS["ConditionalGAN"].suggest(len(X), schema)
    settings |= {"width": 64, "steps": 500, "rejection": 0.9}
    model = MODELS["ConditionalGAN"](**settings).fit(X, y, schema=schema)
    judge = LogisticRegression(max_iter=300).fit(X, y.astype(str))
    right = [
        (judge.predict(model.sample(50, label=label, random_state=0)) == label).mean()
        for label in model.classes_
    ]
    assert np.mean(right) > 0.6
    asked = model.sample_codes(40, label="7", random_state=0)  # by rejection, of that class
    assert model.threshold_ and (asked[:, model.latent_dim :].argmax(1) == 7).all()


def test_classes_are_numbered_in_the_order_people_expect():
    classes, number = encode_labels(["10", "9", None, float("nan"), "b", "9"])
    assert classes == ["9", "10", "b"] and number.tolist() == [1, 0, -1, -1, 2, 0]


@pytest.fixture(scope="module")
def features():
    data = DATASETS["digits"]().load()
    y = data.targets()
    model = MODELS["CNNFeatures"](latent_dim=16, epochs=8, width=128).fit(
        data.X[:1400], y[:1400], schema=data.schema
    )
    return model, data.X, y


def test_features_of_the_digits_tell_unseen_digits_apart(features):
    model, X, y = features
    assert model.classes_ == list("0123456789")
    assert (model.predict_label(X[1400:]) == y[1400:]).mean() > 0.9
    assert model.label_proba(X[:3]).shape == (3, 10) and np.allclose(
        model.label_proba(X[:3]).sum(1), 1
    )


def test_new_codes_of_features_are_of_the_classes(features):
    model, X, _ = features
    Z = model.sample_codes(400, random_state=0)
    share = (
        np.bincount((Z @ model.class_weights_ + model.class_bias_).argmax(1), minlength=10) / 400
    )
    assert share.min() > 0.04
    spread = np.linalg.norm(
        model.sample_codes(300, temperature=0.5, random_state=1)
        - model.sample_codes(300, temperature=0, random_state=1)
    )
    assert (
        0
        < spread
        < np.linalg.norm(
            model.sample_codes(300, random_state=1)
            - model.sample_codes(300, temperature=0, random_state=1)
        )
    )


def test_without_labels_features_are_random_and_nothing_is_predicted(features):
    _, X, _ = features
    model = MODELS["CNNFeatures"](latent_dim=4, epochs=1, width=16).fit(
        X[:100], schema=DATASETS["digits"]().load().schema
    )
    assert model.classes_ == [] and model.transform(X[:5]).shape == (5, 4)
    with pytest.raises(ValueError, match="has seen no labels"):
        model.predict_label(X[:5])


@pytest.mark.parametrize(
    "name, params",
    [
        ("ConditionalGAN", dict(latent_dim=2, steps=40, width=16)),
        (
            "GAN",
            dict(
                latent_dim=2,
                steps=40,
                width=16,
                augment=0.5,
                critic_units=8,
                pretraining=10,
                rejection=0.5,
            ),
        ),
        ("CNNFeatures", dict(latent_dim=3, epochs=3, width=16)),
    ],
)
def test_a_fit_that_was_interrupted_learns_the_same(name, params, tmp_path):
    from lvm_core.io.checkpoint import Checkpoint

    data = DATASETS["digits"]().load()
    X, y = data.X[:300], data.targets()[:300]
    whole = MODELS[name](**params).fit(X, y, schema=data.schema)

    class Killed(Exception):
        pass

    def die(record):
        heard.append(record)
        if len(heard) == limit:
            raise Killed

    for limit in (1, 2):  # noqa: B007 - the closure reads it
        heard = []
        with pytest.raises(Killed):
            MODELS[name](**params).fit(
                X, y, schema=data.schema, on_step=die, checkpoint=Checkpoint(tmp_path / "c", 0.0)
            )
    resumed = MODELS[name](**params).fit(
        X, y, schema=data.schema, checkpoint=Checkpoint(tmp_path / "c", 0.0)
    )
    assert np.array_equal(whole.transform(X), resumed.transform(X)) and np.array_equal(
        whole.sample(5, random_state=0), resumed.sample(5, random_state=0)
    )


@pytest.mark.parametrize(
    "name, params",
    [
        ("ConditionalGAN", dict(latent_dim=2, steps=30, width=16)),
        ("CNNFeatures", dict(latent_dim=3, epochs=2, width=16)),
    ],
)
def test_a_training_with_labels_can_be_watched(name, params, tmp_path):
    from lvm_core.runs.snapshots import Snapshots, newest

    data = DATASETS["digits"]().load()
    model = MODELS[name](**params)
    watched = Snapshots(tmp_path, data, model)
    model.fit(data.X[:200], data.targets()[:200], schema=data.schema, on_step=watched)
    seen = newest(tmp_path)
    assert seen.generated.shape == (10, 64) and np.isfinite(seen.codes).all()
