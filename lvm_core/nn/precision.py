"""How matrix products of float32 are computed, how exactly and by how many threads: the same
whatever else the process does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_door, _changed, _own = threading.Lock(), threading.Condition(), threading.local()
_at_work, _default = {True: 0, False: 0}, []


def _hold_threads() -> None:
    # numba's OpenMP layer shares torch's and raises its number of threads for who calls it; sums
    # then come out otherwise
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) and torch.get_num_threads() != int(asked):
        torch.set_num_threads(int(asked))


def has_units() -> bool:
    """Whether the processor has units for coarse products: Intel's AMX, or a GPU.

    Returns
    -------
    bool
    """
    return torch.cuda.is_available() or bool(torch.cpu.get_capabilities().get("amx_bf16"))


@contextmanager
def matmul_precision(reduced_precision: bool = False) -> Iterator[None]:
    """A block whose matrix products of float32 are exact, or of reduced precision.

    torch knows one precision for the whole process. So blocks of one kind wait, in the order they
    came, until those of the other have ended: a training in another thread never changes what this
    one computes. Inside another block of the same thread, its kind stays. ``OMP_NUM_THREADS``,
    where it is set, holds in every block.

    Parameters
    ----------
    reduced_precision : bool
        Products rounded to bfloat16 first, sums in float32, where the processor has units for it
        (on a GPU, TF32): a fifth to a third less time for a perceptron at an equal loss. Otherwise
        exact, whatever other threads are at.

    Examples
    --------
    >>> import torch
    >>> with matmul_precision():
    ...     (torch.ones(2, 3) @ torch.ones(3, 2)).tolist()
    [[3.0, 3.0], [3.0, 3.0]]
    """
    _hold_threads()
    if getattr(_own, "inside", False):
        yield
        return
    _own.inside, _own.reduced = True, reduced_precision
    try:
        with _precision_of_products(reduced_precision):
            yield
    finally:
        _own.inside = _own.reduced = False


def reduced_precision_convs() -> torch.autocast:
    """Convolutions in bfloat16 inside :func:`matmul_precision` of reduced precision.

    Where the processor has instructions for it they take half the time. The weights, and what is
    summed into them, stay float32.

    Returns
    -------
    torch.autocast
        A context.
    """
    return torch.autocast(
        "cpu", torch.bfloat16, enabled=getattr(_own, "reduced", False) and _has_bfloat16()
    )


def _has_bfloat16() -> bool:
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


@contextmanager
def _precision_of_products(reduced_precision: bool) -> Iterator[None]:
    if not has_units():
        yield
        return
    # who waits keeps the door, so that none of the other kind slips in before
    with _door, _changed:
        _changed.wait_for(lambda: not _at_work[not reduced_precision])
        if reduced_precision and not _at_work[True]:
            _default.append(torch.get_float32_matmul_precision())
            torch.set_float32_matmul_precision("high" if torch.cuda.is_available() else "medium")
        _at_work[reduced_precision] += 1
    try:
        yield
    finally:
        with _changed:
            _at_work[reduced_precision] -= 1
            if reduced_precision and not _at_work[True]:
                torch.set_float32_matmul_precision(_default.pop())
            _changed.notify_all()
