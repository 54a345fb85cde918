"""Which source of codes comes nearest to codes that it has not seen: a model's prior, or one of the
densities fitted to the training codes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..progress import OnStep, Progress
from .samplers import CONSTANT, SAMPLERS, Mixture, Sampler, why_not

PRIOR = "Prior"
LEAST_HELD_OUT = 20  # codes; of fewer a tenth of the training codes is set aside instead


@dataclass(frozen=True)
class HeldOutScore:
    """How probable held-out codes are.

    Parameters
    ----------
    nats : float
        Mean log density of a code; more is better.
    error : float
        Its standard error over the codes.

    Examples
    --------
    >>> HeldOutScore(-12.31, 0.12).words()
    '-12.3 nats ± 0.1'
    """

    nats: float
    error: float

    def words(self) -> str:
        """Both numbers, to as many digits as the error allows."""
        digits = int(np.clip(-np.floor(np.log10(max(self.error, 1e-3))), 0, 2))
        return f"{self.nats:,.{digits}f} nats ± {self.error:,.{digits}f}"


@dataclass(frozen=True)
class Comparison:
    """What came of :func:`compare_sources`.

    Parameters
    ----------
    scores : dict of str to HeldOutScore
        By name of the source, the simplest first.
    samplers : dict of str to Sampler
        Fitted to all training codes.
    best : str
        The name of the best: of those within the error of the highest, the simplest.
    """

    scores: dict[str, HeldOutScore]
    samplers: dict[str, Sampler]
    best: str


def compare_sources(
    Z, held_out, y=None, *, prior=None, random_state: int = 0, on_step: OnStep | None = None
) -> Comparison:
    """Fit every sampler that can be fitted to codes, and score all on the same held-out codes.

    The score is the mean log density of the held-out codes in nats. The best is the simplest of
    those whose scores lie within one standard error of the highest (Breiman et al., 1984), see
    :func:`simplest_of_the_best`. A prior is known by its draws: its density is
    that of a mixture fitted to them. Columns that do not vary are left out of the scores.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Training codes.
    held_out : array-like of shape (m, k)
        Codes of other rows. Of fewer than ``LEAST_HELD_OUT`` a tenth of Z is scored instead, by
        samplers fitted to the rest.
    y : sequence of shape (n,), default=None
        Labels of the training codes, None where a row has none.
    prior : array-like of shape (s, k), default=None
        Draws from the model's prior; None to leave it out.
    random_state : int, default=0
        Seed of what is set aside.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress`, its phase the sampler's title; returning
        True ends the fit of that sampler with what was reached and leaves out those after it.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        Where nothing can be compared.

    References
    ----------
    Breiman, Friedman, Olshen & Stone (1984), *Classification and Regression Trees*, section 3.4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.held_out import compare_sources
    >>> rng = np.random.default_rng(0)
    >>> codes = 0.2 * rng.normal(size=(80, 2)) + rng.choice([-4, 4], size=(80, 1))
    >>> found = compare_sources(codes[:60], codes[60:], prior=rng.normal(size=(500, 2)))
    >>> found.best, list(found.scores)
    ('Mixture', ['Prior', 'ShrinkageGaussian', 'Mixture'])
    """
    Z, held_out = np.asarray(Z, np.float64), np.asarray(held_out, np.float64)
    y = None if y is None else np.asarray(y, object)
    learnt, judged, labels = Z, held_out, y
    if len(held_out) < LEAST_HELD_OUT:
        order = np.random.RandomState(random_state).permutation(len(Z))
        aside, kept = np.sort(order[: -(-len(Z) // 10)]), np.sort(order[-(-len(Z) // 10) :])
        learnt, judged, labels = Z[kept], Z[aside], None if y is None else y[kept]
    spread = learnt.std(0)
    varies = spread > CONSTANT * spread.max()
    whole = learnt is Z and varies.all()
    learnt, judged = learnt[:, varies], judged[:, varies]
    logs: dict[str, np.ndarray] = {}
    samplers: dict[str, Sampler] = {}
    stopped = False

    def hear(phase: str):
        def listen(record: Progress) -> bool:
            nonlocal stopped
            stopped = stopped or bool(
                on_step is not None and on_step(dataclasses.replace(record, phase=phase))
            )
            return stopped

        return listen

    if prior is not None and varies.any():
        drawn = np.asarray(prior, np.float64)[:, varies]
        listen = hear("The model's own distribution")
        logs[PRIOR] = Mixture().fit(drawn, on_step=listen).log_prob(judged)
    for name, cls in SAMPLERS.items():
        if stopped or not varies.any() or why_not(name, learnt, labels):
            continue
        scored = cls().fit(learnt, labels, on_step=hear(cls.title))
        logs[name] = scored.log_prob(judged)
        samplers[name] = scored if whole else cls().fit(Z, y, on_step=hear(cls.title))
    if not logs:
        raise ValueError(
            f"{len(Z)} codes of {Z.shape[1]} dimensions, of which {varies.sum()} vary; expected "
            "more, to fit a density to."
        )
    scores = {
        name: HeldOutScore(float(each.mean()), float(each.std() / np.sqrt(len(each))))
        for name, each in logs.items()
    }
    return Comparison(scores, samplers, simplest_of_the_best(logs))


def simplest_of_the_best(logs: dict[str, np.ndarray]) -> str:
    """The first source whose mean lies within one standard error of the highest.

    The error is that of the differences row by row.

    Parameters
    ----------
    logs : dict of str to array (n,)
        Log densities of the same rows by each source, the simplest first.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=100)
    >>> simplest_of_the_best({"a": noise - 9, "b": noise + 0.1 * noise**2, "c": noise + 0.05})
    'b'
    """
    first = max(logs.values(), key=np.mean)
    behind = {name: first - each for name, each in logs.items()}
    return next(name for name, gap in behind.items() if gap.mean() <= gap.std() / np.sqrt(len(gap)))
