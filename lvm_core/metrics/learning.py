"""What the two curves of a training say: of the rows it learns from, and of rows held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MEMORISES, IMPROVING, SETTLED = "memorises", "improving", "settled"
_LEAST = 8  # measurements of the held-out rows
_SINCE = 5  # of them after the best one, and a tenth of all
_NOISES = 3.0  # spreads of a mean that a change must exceed
_SHARE = 0.1  # of what was learnt before, that was learnt since
_GAIN = 0.02  # of what the held-out rows gained in all, that they gained at the end


@dataclass(frozen=True)
class Learning:
    """What :func:`learning` found.

    Attributes
    ----------
    state : {"memorises", "improving", "settled"}
        Whether the held-out rows got no better while the others went on to, were still getting
        better at the end, or neither.
    step : int
        Where the held-out rows were at their best, within the noise: the first such step.
    """

    state: str
    step: int

    def sentence(self, epoch: int | None = None) -> str:
        """What it means.

        Parameters
        ----------
        epoch : int, optional
            The epoch of :attr:`step`, where that is known.

        Returns
        -------
        str

        Examples
        --------
        >>> from lvm_core.metrics.learning import Learning
        >>> Learning("memorises", 800).sentence(epoch=40)[:31]
        'From epoch 40 on it memorises: '
        """
        where = f"step {self.step:,}" if epoch is None else f"epoch {epoch:,}"
        return {
            MEMORISES: (
                f"From {where} on it memorises: rows it does not learn from got no better. The "
                "best state was kept."
            ),
            IMPROVING: (
                "Rows it does not learn from were still getting better at the end: more training "
                "may pay."
            ),
            SETTLED: f"Rows it does not learn from were as good as they got from {where} on.",
        }[self.state]


def learning(history: list[dict]) -> Learning | None:
    """Whether a model memorises: its held-out loss stalls while its training loss goes on falling.

    Noise is taken from second differences, which a straight trend does not raise. The held-out loss
    is at its best from the first mean of neighbours that lies within the noise of the least one. A
    model *memorises* where five measurements or more, and a tenth of all, follow that one, and the
    training loss fell since by more than three times the noise of its means and by a tenth of
    what it fell before. It is *improving* where the last fifth of the held-out losses lies below
    the fifth before by more than the noise and by a fiftieth of all it fell [1]_.

    Parameters
    ----------
    history : list of dict
        Entries with ``step``, ``loss`` and ``held_out``; others do not count.

    Returns
    -------
    Learning or None
        None with fewer than eight different measurements of held-out rows.

    References
    ----------
    .. [1] Prechelt (1998), Early Stopping - But When?, https://doi.org/10.1007/3-540-49430-8_3.

    Examples
    --------
    >>> from lvm_core.metrics.learning import learning
    >>> history = [
    ...     {"step": i, "loss": 100 / i, "held_out": 100 / i + max(0, i - 20)} for i in range(1, 51)
    ... ]
    >>> learning(history).state, learning(history).step
    ('memorises', 19)
    >>> learning(history[:20]).state
    'improving'
    """
    known = [
        h
        for h in history
        if math.isfinite(h.get("loss", math.nan)) and math.isfinite(h.get("held_out", math.nan))
    ]
    # rows held out are measured once an epoch, which may span several entries
    runs = [[known[0]]] if known else []
    for entry in known[1:]:
        if entry["held_out"] == runs[-1][0]["held_out"]:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    if len(runs) < _LEAST:
        return None
    steps = [run[0]["step"] for run in runs]
    loss = np.array([np.mean([h["loss"] for h in run]) for run in runs])
    held = np.array([run[0]["held_out"] for run in runs])
    n = len(runs)
    # the least of many noisy values lies far below their mean: means of neighbours are compared
    width = 2 * (n // 20) + 1
    smooth = np.convolve(np.pad(held, width // 2, "edge"), np.full(width, 1 / width), "valid")
    best = int(np.argmax(smooth <= smooth.min() + _NOISES * _noise(held) / math.sqrt(width)))
    since = n - 1 - best
    if since >= max(_SINCE, n / 10):
        near, last = loss[max(0, best - 2) : best + 1], loss[-max(3, since // 4) :]
        noise = _noise(loss[n // 10 :]) * math.sqrt(1 / len(near) + 1 / len(last))
        fallen = near.mean() - last.mean()
        if fallen > max(_NOISES * noise, _SHARE * abs(loss[n // 10] - near.mean())):
            return Learning(MEMORISES, steps[best])
    fifth = max(2, n // 5)
    gain = held[-2 * fifth : -fifth].mean() - held[-fifth:].mean()
    least = _NOISES * _noise(held[-2 * fifth :]) * math.sqrt(2 / fifth)
    if since < fifth and gain > max(least, _GAIN * abs(held[n // 10] - held.min())):
        return Learning(IMPROVING, steps[best])
    return Learning(SETTLED, steps[best])


def _noise(values: np.ndarray) -> float:
    """Spread of the noise on a curve, from its second differences: a straight trend has none."""
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second)) / math.sqrt(6)) if len(second) else 0.0
