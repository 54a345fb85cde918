"""What the benchmark of pictures stands on: its sets, its bounds and its judges."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from lvm_core.fitting import split

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import picture_peers
import picture_sets
import pictures


@pytest.mark.parametrize(
    ("make", "image", "kinds"),
    [
        (lambda: picture_sets.shapes(36), (64, 64, 4), 12),
        (lambda: picture_sets.shapes(24, 32, background="white"), (32, 32, 3), 12),
        (lambda: picture_sets.microscopy(20), (64, 64, 1), 4),
        (lambda: picture_sets.patches(60), (32, 32, 3), 2),
        (lambda: picture_sets.sprites(30), (32, 32, 1), 3),
    ],
    ids=["shapes", "shapes on white", "microscopy", "patches", "sprites"],
)
def test_a_set_is_pictures_in_the_unit_range_with_labels_and_the_same_every_time(
    make, image, kinds
):
    (X, schema, labels), (again, _, _) = make(), make()
    assert schema.image == image and X.shape == (len(labels), np.prod(image))
    assert X.dtype == np.float32 and 0 <= X.min() < X.max() <= 1
    assert len(np.unique(labels)) == kinds and np.array_equal(X, again)
    assert len(np.unique(X, axis=0)) == len(X)


def test_shapes_are_empty_where_they_are_transparent_and_soft_at_their_edges():
    X, _, _ = picture_sets.shapes(36)
    opacity, colours = X.reshape(36, -1, 4)[..., 3], X.reshape(36, -1, 4)[..., :3]
    assert not colours[opacity == 0].any()
    assert ((opacity == 0).mean(1) > 0.2).all() and (opacity.max(1) > 0.4).all()
    assert ((opacity > 0.02) & (opacity < 0.4)).any(1).all()


def test_no_held_out_patch_touches_one_that_is_learnt_from(monkeypatch):
    """On a photograph whose colours say where they are."""
    x = np.broadcast_to(np.arange(640) % 250, (427, 640))
    photograph = np.stack([x, np.broadcast_to(np.arange(640) // 250, (427, 640)), x], 2)
    pair = SimpleNamespace(images=[photograph.astype(np.uint8)] * 2)
    monkeypatch.setattr("sklearn.datasets.load_sample_images", lambda: pair)

    def columns(rows):
        found = np.rint(255 * rows.reshape(-1, 3)).astype(int)
        return set((found[:, 0] + 250 * found[:, 1]).tolist())

    train, held_out = split(400, 0)
    X, _, _ = picture_sets.patches(400)
    assert not columns(X[train]) & columns(X[held_out])
    X, _, _ = picture_sets.patches(400, apart=False)
    assert columns(X[train]) & columns(X[held_out])


def test_bounds_of_a_model_that_ignores_its_code_are_its_likelihood():
    """With q(z|x) = p(z) every weight is log p(x), so all bounds are exact."""
    p = torch.tensor([0.9, 0.2, 0.5, 0.7]).view(1, 1, 2, 2)
    model = SimpleNamespace(
        encoder=lambda x: SimpleNamespace(
            embedding=torch.zeros(len(x), 3), log_covariance=torch.zeros(len(x), 3)
        ),
        decoder=lambda z: {"reconstruction": p.expand(len(z), 1, 2, 2)},
    )
    X = np.array([[1, 0, 1, 1], [0, 0, 1, 0]], np.float32)
    true = np.log([0.9 * 0.8 * 0.5 * 0.7, 0.1 * 0.8 * 0.5 * 0.3])
    ELBO, bound, error = picture_peers.pythae_bounds(model, X, (2, 2, 1), 7)
    assert ELBO == pytest.approx(true.mean(), abs=1e-5)
    assert bound == pytest.approx(true.mean(), abs=1e-5)
    assert error == pytest.approx(true.std(ddof=1) / 2**0.5, abs=1e-5)


def test_more_draws_tighten_the_bound_of_a_model_whose_code_matters():
    """p(x|z) of one pixel by z's sign, q = p(z): log p(x) = log(1/2)."""
    model = SimpleNamespace(
        encoder=lambda x: SimpleNamespace(
            embedding=torch.zeros(len(x), 1), log_covariance=torch.zeros(len(x), 1)
        ),
        decoder=lambda z: {"reconstruction": (0.1 + 0.8 * (z > 0)).view(-1, 1, 1, 1)},
    )
    X = np.ones((50, 1), np.float32)
    ELBO, bound, _ = picture_peers.pythae_bounds(model, X, (1, 1, 1), 500)
    assert ELBO == pytest.approx(np.log([0.1, 0.9]).mean(), abs=0.05)
    assert bound == pytest.approx(np.log(0.5), abs=0.01)


def test_pictures_of_a_torch_network_and_rows_of_x_are_each_others_inverse():
    X = np.random.RandomState(0).uniform(size=(3, 5 * 4 * 3)).astype(np.float32)
    pictures = picture_peers.channels_first(X, (5, 4, 3))
    assert pictures.shape == (3, 3, 5, 4) and float(pictures[1, 2, 4, 3]) == X[1, -1]
    assert np.array_equal(picture_peers.channels_last(pictures), X)


def test_the_classifier_that_judges_samples_learns_what_is_plain_and_doubts_what_is_not():
    rng = np.random.RandomState(0)
    y = rng.randint(3, size=300)
    X = np.zeros((300, 28, 28), np.float32)
    for picture, label in zip(X, y):
        picture[9 * label : 9 * label + 9] = rng.uniform(0.5, 1, (9, 28))
    chances = picture_peers.recogniser(X.reshape(300, -1)[:200], y[:200])
    p = chances(X.reshape(300, -1)[200:])
    assert p.shape == (100, 10) and np.allclose(p.sum(1), 1, atol=1e-5)
    assert (p.argmax(1) == y[200:]).all() and p.max(1).min() > 0.9
    both = np.maximum(X[y == 0][:1], X[y == 2][:1]).reshape(1, -1)
    assert chances(both).max() < p.max(1).mean()


def test_the_dcgan_ends_with_its_seconds():
    X = np.random.RandomState(0).uniform(size=(80, 784)).astype(np.float32)
    made, seconds, steps = picture_peers.dcgan(X, 0.2, 5, batch=16)
    assert made.shape == (5, 784) and 0 <= made.min() and made.max() <= 1
    assert steps > 0 and 0.2 <= seconds


def test_a_budget_reaches_the_models_that_know_of_budgets(monkeypatch):
    from lvm_core import MODELS
    from lvm_core.schema import Schema

    class Timed(MODELS["PCA"]):
        @classmethod
        def suggest(cls, n, schema, minutes=None):
            return {"latent_dim": 2 if minutes is None else int(minutes)}

    monkeypatch.setitem(MODELS, "Timed", Timed)
    schema = Schema.gaussian(4)
    assert pictures.settings_of("Timed", 9, schema, 5, False) == {"latent_dim": 5}
    assert pictures.settings_of("Timed", 9, schema, None, False) == {"latent_dim": 2}
    assert pictures.settings_of("VAE", 99, schema, None, True, latent_dim=3)["epochs"] == 1


@pytest.mark.parametrize(
    ("value", "target", "more", "words"),
    [(-101, -102, True, "met"), (-103, -102, True, "MISSED"), (2.5, 2, False, "MISSED")],
)
def test_a_target_says_whether_it_is_met(value, target, more, words):
    assert pictures.against(value, target, more).endswith(words)
    assert pictures.against(value, None, more) == ""
