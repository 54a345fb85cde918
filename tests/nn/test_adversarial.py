"""The networks and the changed pictures of adversarial training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvm_core.nn.adversarial import Critic, Generator, augment, critic_flops, levels
from lvm_core.nn.nets import initialise


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("image", [(8, 8, 1), (9, 23, 3), (28, 28, 1), (64, 64, 4), (256, 256, 3)])
def test_pictures_of_any_size_enter_and_leave(image):
    critic, generator = Critic(image, 5, 8), Generator(image, 3, 8)
    for net in (critic, generator):
        initialise(net, seeded())
    rows = generator(torch.randn(4, 3, generator=seeded()))
    assert rows.shape == (4, np.prod(image)) and rows.dtype == torch.float32
    assert critic(rows).shape == (4, 5) and torch.isfinite(critic(rows)).all()
    (h, w, c), *_ = levels(*image[:2], 4)[::-1]
    assert max(h, w) <= 7 and c <= 32


def test_a_new_generator_passes_on_what_enters_it():
    generator = Generator((28, 28, 1), 16, 64)
    initialise(generator, seeded())
    with torch.no_grad():
        rows = generator(torch.randn(64, 16, generator=seeded()))
    # with a wrong count of what enters a sum it would be far off
    assert 0.5 < rows.std() < 3
    assert rows.std(0).mean() > 0.5 * rows.std()


def test_in_evaluation_mode_a_picture_does_not_depend_on_the_others():
    generator = Generator((8, 8, 1), 3, 16)
    initialise(generator, seeded())
    z = torch.randn(10, 3, generator=seeded())
    generator.train()(z)
    generator.eval()
    torch.testing.assert_close(generator(z)[:1], generator(z[:1]))
    assert generator.double()(z.double()).dtype == torch.float64


def test_exact_scores_are_those_of_evaluation():
    critic = Critic((8, 8, 1), 1, 16).train()
    initialise(critic, seeded())
    x = torch.randn(6, 64, generator=seeded())
    assert torch.equal(critic(x, exact=True), critic.eval()(x))


def test_operations_grow_with_the_width_and_the_picture():
    assert critic_flops((28, 28, 1), 64) < critic_flops((28, 28, 1), 128)
    assert critic_flops((28, 28, 1), 64) < critic_flops((64, 64, 1), 64)


def test_changed_pictures_are_shifted_or_cut():
    image = (16, 16, 1)
    rows = torch.zeros(400, 256)
    rows[:, 8 * 16 + 8] = 1.0  # one white pixel
    seen = augment(rows, image, 1.0, 0.0, seeded()).view(400, 16, 16)
    places = seen.nonzero()[:, 1:]
    assert places.min() == 6 and places.max() == 10  # an eighth of 16 to each side
    cut = (seen.flatten(1).sum(1) == 0).float().mean()
    assert 0.1 < cut < 0.5 and set(seen.unique().tolist()) == {0.0, 1.0}
    some = augment(rows, image, 0.25, 0.0, seeded())
    assert 0.5 < (some == rows).all(1).float().mean() < 0.8


def test_what_is_cut_out_is_filled():
    seen = augment(torch.zeros(50, 64), (8, 8, 1), 1.0, 7.0, seeded())
    assert set(seen.unique().tolist()) == {0.0, 7.0}


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_change_and_transparency_does_not(channels):
    rows = torch.rand(30, 16 * 16 * channels, generator=seeded())
    rows.view(30, 16, 16, channels)[..., 3:] = 1.0
    seen = augment(rows, (16, 16, channels), 1.0, 1.0, seeded()).view(30, 16, 16, channels)
    assert (seen[..., 3:] == 1).all()
    before = rows.view(30, 16, 16, channels)[..., :3].mean((1, 2, 3))
    assert (seen[..., :3].mean((1, 2, 3)) - before).std() > 0.05


def test_a_gradient_goes_through_what_is_left():
    rows = torch.rand(8, 8 * 8 * 3, generator=seeded()).requires_grad_()
    seen = augment(rows, (8, 8, 3), 1.0, 0.0, seeded())
    (slope,) = torch.autograd.grad(seen.sum(), rows)
    assert torch.isfinite(slope).all() and (slope != 0).float().mean() > 0.4
