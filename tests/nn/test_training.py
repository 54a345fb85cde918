"""The minibatch loop by itself: what it visits, what it reports, how it stops and how it fails."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy.sparse import random as random_sparse

from lvm_core import MODELS
from lvm_core.nn import precision
from lvm_core.nn.training import (
    HISTORY_LENGTH,
    Adam,
    BatchSource,
    EarlyStopping,
    minibatches,
    seeded,
    train,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def run(update, n=10, **options):
    return train(update, n, **({"batch_size": 4, "steps": 30, "generator": generator()} | options))


def loss(value):
    return {"loss": torch.tensor(float(value))}


def test_every_epoch_visits_every_row_once_in_a_new_order():
    epochs = [
        torch.cat(list(itertools.islice(stream, 3))).tolist()
        for stream in [minibatches(10, 4, generator())]
        for _ in range(3)
    ]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_sparse_rows_equal_dense_rows():
    X = random_sparse(20, 7, 0.3, format="csr", random_state=0)
    index = torch.tensor([3, 0, 19])
    batch = BatchSource(X, torch.device("cpu"))[index]
    assert batch.dtype == torch.float32 and torch.equal(
        batch, BatchSource(X.toarray(), torch.device("cpu"))[index]
    )


def test_history_holds_the_means_of_all_steps():
    values = iter(range(1, 10_000))
    history, stopped = run(lambda index, progress: loss(next(values)), steps=1000)
    assert len(history) <= HISTORY_LENGTH and history[-1]["step"] == 1000 and not stopped
    assert np.mean([point["loss"] for point in history]) == pytest.approx(500.5)


def test_progress_runs_from_zero_to_almost_one():
    seen = []
    run(lambda index, progress: seen.append(progress) or loss(0), steps=4)
    assert seen == [0, 0.25, 0.5, 0.75]


def test_a_listener_hears_at_most_ten_times_a_second_and_always_the_last_step():
    heard = []
    run(
        lambda index, progress: time.sleep(0.002) or loss(0),
        steps=200,
        on_step=lambda record: heard.append(record) and None,
    )
    assert heard[-1].step == heard[-1].total == 200 and heard[-1].metrics == {"loss": 0.0}
    assert 3 <= len(heard) <= 2 + heard[-1].seconds / 0.1


def test_a_slow_step_is_reported_each_time_with_the_time_left():
    heard = []
    run(
        lambda index, progress: time.sleep(0.12) or loss(1),
        steps=3,
        on_step=lambda record: heard.append(record) and None,
    )
    assert [record.step for record in heard] == [1, 2, 3]
    assert heard[0].seconds_left == pytest.approx(0.24, abs=0.15) and heard[2].seconds_left == 0


def test_returning_true_stops_and_keeps_the_last_metrics():
    steps = itertools.count(1)
    history, stopped = run(
        lambda index, progress: loss(next(steps)), steps=10_000, on_step=lambda record: True
    )
    assert stopped and history == [{"step": 1, "loss": 1.0}]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_divergence_is_a_clear_error(value):
    with pytest.raises(ValueError, match="diverged.*lower learning rate"):
        run(lambda index, progress: loss(value if progress > 0.5 else 1.0))


def test_a_model_that_diverges_says_so():
    X = np.random.RandomState(0).standard_normal((50, 4))
    with pytest.raises(ValueError, match="lower learning rate"):
        MODELS["VAE"](
            learning_rate=1.0, epochs=200, depth=6, width=512, noise="unit", beta=20.0, warm_up=0.0
        ).fit(X)


def test_equal_seeds_give_equal_streams_and_different_ones_do_not():
    draws = [torch.randn(5, generator=seeded(np.random.RandomState(seed))) for seed in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


def test_fits_in_parallel_threads_are_each_reproducible():
    X = np.random.RandomState(0).standard_normal((200, 64)).astype(np.float32)
    jobs = [(name, seed) for seed in (0, 1) for name in ("VAE", "GAN")]

    def codes(job):
        params = {
            k: v
            for k, v in dict(latent_dim=2, epochs=30, steps=60, width=64, batch_size=64).items()
            if k in MODELS[job[0]].parameters()
        }
        return MODELS[job[0]](**params, random_state=job[1]).fit(X).transform(X)

    alone = list(map(codes, jobs))
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(codes, jobs))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together))


def test_exact_products_wait_for_coarse_ones_to_end_and_the_reverse(monkeypatch):
    monkeypatch.setattr(precision, "has_units", lambda: True)
    usual, inside, go, seen = (
        torch.get_float32_matmul_precision(),
        threading.Event(),
        threading.Event(),
        [],
    )

    def hold(reduced_precision):
        with precision.matmul_precision(reduced_precision):
            inside.set()
            go.wait(60)
            seen.append((reduced_precision, torch.get_float32_matmul_precision() == usual))

    for first in (True, False):
        inside.clear(), go.clear(), seen.clear()
        threads = [
            threading.Thread(target=hold, args=(reduced_precision,))
            for reduced_precision in (first, not first, first)
        ]
        threads[0].start()
        assert inside.wait(60)
        inside.clear()
        threads[1].start(), threads[2].start()
        # the second waits for the first, and the third does not overtake it
        assert not inside.wait(0.2) and not seen
        go.set()
        [thread.join(60) for thread in threads]
        assert sorted(seen) == sorted(
            (reduced_precision, not reduced_precision)
            for reduced_precision in (first, not first, first)
        )
        assert torch.get_float32_matmul_precision() == usual


def test_a_block_inside_another_keeps_its_precision(monkeypatch):
    monkeypatch.setattr(precision, "has_units", lambda: True)
    usual = torch.get_float32_matmul_precision()
    with precision.matmul_precision(reduced_precision=True):
        kept = torch.get_float32_matmul_precision()
        with precision.matmul_precision():
            assert torch.get_float32_matmul_precision() == kept != usual
        assert torch.get_float32_matmul_precision() == kept
    assert torch.get_float32_matmul_precision() == usual


def test_a_compiled_loop_of_numbas_does_not_change_how_many_threads_torch_has(monkeypatch):
    import numba

    @numba.njit(parallel=True)
    def count(n):
        total = 0
        for i in numba.prange(n):
            total += i
        return total

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    try:
        count(1000)
        # whatever layer it has here, as numba's OpenMP layer leaves it
        torch.set_num_threads(2)
        with precision.matmul_precision():
            assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("channels_last", [False, True])
def test_adam_makes_the_steps_of_torchs_whatever_order_a_gradient_lies_in(channels_last):
    x = torch.randn(5, 6, 6, 3, generator=generator()).permute(0, 3, 1, 2)  # channels last
    start = torch.randn(4, 3, 3, 3, generator=generator(1))
    if channels_last:
        start = start.contiguous(memory_format=torch.channels_last)
    own, theirs = (start.clone().requires_grad_() for _ in range(2))
    adam, reference = Adam([own]), torch.optim.Adam([theirs], lr=0.1)

    def cost(weight):
        return torch.nn.functional.conv2d(x, weight).square().mean()

    for _ in range(5):
        adam.step(cost(own), 0.1)
        reference.zero_grad()
        cost(theirs).backward()
        reference.step()
    torch.testing.assert_close(own, theirs)


@pytest.mark.parametrize(
    "losses, from_start, epochs, kept",
    [
        ([1, 5, 4, 3, 2, 2.5, 2.6], False, 6, 4),  # the start is none of the candidates
        ([1, 5, 4, 3, 2, 2.5, 2.6], True, 6, 0),  # or it is, and the training goes on all the same
        ([9, 1, 5, 4, 3, 3.5, 3.6], False, 6, 1),  # the best came before patience counts
        ([9, 5, 4, 6, 7, 8, 8.5], False, 5, 2),  # which it does from the third epoch on
    ],
)
def test_the_best_of_all_epochs_is_kept(losses, from_start, epochs, kept):
    net, heard = torch.nn.Linear(1, 1), iter(losses)
    early = EarlyStopping(net, lambda: torch.tensor(float(next(heard))), 2, 3, from_start)
    torch.nn.init.zeros_(net.weight)
    early.best = {name: value.detach().clone() for name, value in net.state_dict().items()}
    for epoch in range(1, len(losses)):
        torch.nn.init.constant_(net.weight, epoch)
        if early():
            break
    early.restore()
    assert (epoch, int(net.weight)) == (epochs, kept)
