"""The critic of patches from which a VAE's decoder learns to be sharp."""

import numpy as np
import pytest
import torch

from lvm_core import MODELS
from lvm_core.io.checkpoint import Checkpoint
from lvm_core.nn.sharpness import PatchCritic, Sharpener
from lvm_core.schema import Schema

IMAGE = (16, 16, 1)
SCHEMA = Schema.picture(*IMAGE)


@pytest.fixture(scope="module")
def boxes():
    """White boxes of some size and place, whose edges are sharp."""
    rng, X = np.random.RandomState(0), np.zeros((160, *IMAGE), np.float32)
    for picture in X:
        (top, left), (height, width) = rng.randint(0, 10, 2), rng.randint(3, 7, 2)
        picture[top : top + height, left : left + width] = 1
    return X.reshape(len(X), -1)


def vae(sharpness, **changes):
    common = dict(latent_dim=4, epochs=12, width=16, depth=1, batch_size=32, learning_rate=5e-3)
    return MODELS["VAE"](**common | {"sharpness": sharpness} | changes)


@pytest.fixture(scope="module")
def plain(boxes):
    return vae(0.0).fit(boxes, schema=SCHEMA)


@pytest.fixture(scope="module")
def sharp(boxes):
    return vae(1.0).fit(boxes, schema=SCHEMA)


def steepness(rows):
    """Mean square of the difference between neighbouring pixels, in the pictures decoded."""
    pictures = rows.reshape(-1, *IMAGE)
    return np.square(np.diff(pictures, axis=1)).mean() + np.square(np.diff(pictures, axis=2)).mean()


def test_pictures_are_sharper(boxes, plain, sharp):
    real = steepness(boxes)
    found = [steepness(model.inverse_transform(model.transform(boxes))) for model in (plain, sharp)]
    assert found[0] < found[1] < 1.2 * real
    drawn = [steepness(model.sample(200, random_state=0)) for model in (plain, sharp)]
    assert drawn[0] < drawn[1] < 1.2 * real


def test_the_training_before_it_is_the_plain_one(plain, sharp):
    assert sharp.history_ == plain.history_ and sharp.n_iter_ == plain.n_iter_ == 12


def test_scores_stay_the_elbo_and_the_critic_is_not_kept(boxes, sharp, tmp_path):
    parts = sharp.elbo_parts(boxes)
    assert np.allclose(sharp.score_samples(boxes), parts["reconstruction"] - parts["kl"])
    assert not [name for name in sharp.net_.state_dict() if "critic" in name]


def test_rows_held_out_do_not_undo_it(boxes):
    few = dict(epochs=4, patience=2, average=0.1)
    without, with_it = (vae(s, **few).fit(boxes, schema=SCHEMA) for s in (0.0, 1.0))
    assert without.history_ == with_it.history_
    assert not np.array_equal(without.transform(boxes), with_it.transform(boxes))


def test_a_fit_interrupted_while_it_sharpens_learns_the_same(boxes, tmp_path):
    class Killed(Exception):
        pass

    def die(record):
        if record.phase == "sharpening":
            checkpoint.interrupt(Killed())

    few, checkpoint = dict(epochs=2, average=0.1), Checkpoint(tmp_path, 0.0)
    whole = vae(1.0, **few).fit(boxes, schema=SCHEMA)
    with pytest.raises(Killed):
        vae(1.0, **few).fit(boxes, schema=SCHEMA, on_step=die, checkpoint=checkpoint)
    head, arrays = Checkpoint(tmp_path).load("sharpening")
    assert 0 < head["step"] < head["steps"] and "critic/top.weight" in arrays
    resumed = vae(1.0, **few).fit(boxes, schema=SCHEMA, checkpoint=Checkpoint(tmp_path))
    assert np.array_equal(resumed.transform(boxes), whole.transform(boxes))


def test_who_stops_before_it_begins_gets_the_plain_model(boxes):
    stopped, plain = (
        vae(s, epochs=4).fit(boxes, schema=SCHEMA, on_step=lambda _: True) for s in (1.0, 0.0)
    )
    assert stopped.stopped_ and np.array_equal(stopped.transform(boxes), plain.transform(boxes))


def test_the_term_pulls_as_hard_as_the_reconstruction(sharp, boxes):
    net, x = sharp.net_, torch.from_numpy(boxes[:32])
    term = Sharpener(net, IMAGE, 0.5, torch.Generator().manual_seed(0))
    raw = net.decoder(net.encode(x)[:, :4])
    reconstruction = net.likelihoods.log_prob(raw, x).mean()
    before = [p.clone() for p in term.critic.parameters()]
    added = term(raw, reconstruction, x, 1e-3)
    own, other = (
        torch.autograd.grad(loss, raw, retain_graph=True)[0].norm()
        for loss in (added, reconstruction)
    )
    assert own.item() == pytest.approx(0.5 * other.item(), rel=1e-4)
    assert not all(torch.equal(a, b) for a, b in zip(before, term.critic.parameters()))


@pytest.mark.parametrize("image", [(8, 9, 3), (28, 28, 1), (64, 64, 4)])
def test_a_critic_sees_one_patch_only(image):
    critic, x = PatchCritic(image, 4), torch.zeros(1, int(np.prod(image)), requires_grad=True)
    critic.requires_grad_(True)
    for p in critic.parameters():
        torch.nn.init.normal_(p, generator=torch.Generator().manual_seed(0))
    scores = critic(x)[-1][0, 0]
    (slope,) = torch.autograd.grad(scores[0, 0], x)
    rows = slope.view(image).abs().sum((1, 2)).nonzero()
    assert rows.max() < (38 if max(image) >= 48 else 18)


def test_what_it_cannot_do_is_said(boxes):
    with pytest.raises(ValueError, match="sharpness is 0.5, but the rows are no pictures"):
        vae(0.5).fit(boxes[:30, :4])
    with pytest.raises(ValueError, match="sharpness is 0.5 with importance_samples 3"):
        vae(0.5, importance_samples=3).fit(boxes[:30], schema=SCHEMA)
