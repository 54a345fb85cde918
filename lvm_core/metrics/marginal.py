"""How likely a model finds rows: the importance-weighted estimate beside the ELBO, and what the
code carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..capabilities import HasELBO, HasImportanceWeights, HasLikelihood, HasPosterior
from ..progress import OnStep, Reporter
from ..schema import FeatureGroup, Schema
from .base import Score, number, with_error
from .likelihood import _standard_error, column_by_column, noises

# variance of the posterior's mean over rows from which a dimension is active
ACTIVE = 0.01
BOUNDS = (1, 5, 50, 500, 5000)
_VALUES = 2**22  # log weights held at once, in decoded values


@dataclass(frozen=True)
class Marginal:
    """What :func:`marginal` found.

    ``bounds``, ``effective``, ``kl`` and ``active`` are empty (0) for a model that is exact.

    Attributes
    ----------
    estimate : float
        Mean log-likelihood of a row in nats, exact or the importance-weighted estimate with all
        draws.
    error : float
        Its standard error over rows.
    bounds : dict of int to float
        L_k for every k up to the draws, the ELBO being L_1.
    effective : ndarray of shape (n,)
        Effective sample size of each row's weights.
    kl : ndarray of shape (k,)
        Nats a dimension carries.
    active : int
        Dimensions that vary.
    scores : list of Score
        The same with a sentence each.
    noise : str
        The noise model in words.
    """

    estimate: float
    error: float
    bounds: dict[int, float]
    effective: np.ndarray
    kl: np.ndarray
    active: int
    scores: list[Score]
    noise: str


def marginal(
    model: Any,
    X,
    n_samples: int = 500,
    *,
    learnt=None,
    random_state: int = 0,
    on_step: OnStep | None = None,
) -> Marginal:
    """The log-likelihood log p(x) of rows, in nats.

    A model with ``log_weights`` is measured by ``L_K = E[log 1/K sum_i p(x, z_i) / q(z_i|x)]`` with
    K = ``n_samples`` draws [1]_: a lower bound of log p(x) in expectation, no lower than the ELBO.
    L_k for smaller k is the mean over the same draws in groups of k, so that L_1 <= L_5 <= ... up
    to rounding. Active units: variance of the posterior's mean over rows above ``ACTIVE``, as
    there. A model with ``score_samples`` alone is taken to be exact, with Gaussian noise on every
    column; with ``elbo_parts`` too, to give a bound of its own.

    Parameters
    ----------
    model : LatentModel
        Fitted.
    X : ndarray or CSR matrix of shape (n, d)
        Rows.
    n_samples : int, default=500
        Draws a row.
    learnt : ndarray or CSR matrix of shape (m, d), default=None
        The rows the model has seen, where X are others, for the baseline of each column by itself.
    random_state : int, default=0
        Seed of the draws.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress`; returning True ends the work early, and
        the rows that were measured by then count.

    Returns
    -------
    Marginal

    Raises
    ------
    ValueError
        For a model with neither ``log_weights`` nor ``score_samples``.

    References
    ----------
    .. [1] Burda et al. (2016), arXiv:1509.00519.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import marginal
    >>> from lvm_core.models.pca import PCA
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5)) + rng.normal(0, 0.1, size=(200, 5))
    >>> model = PCA(latent_dim=2).fit(X)
    >>> found = marginal(model, X)
    >>> [score.name for score in found.scores]
    ['Log-likelihood, exact']
    >>> found.noise
    'Gaussian noise, a density in the units the model sees'
    """
    if isinstance(model, HasImportanceWeights):
        return _estimated(model, X, n_samples, learnt, random_state, on_step)
    if not isinstance(model, HasLikelihood):
        raise ValueError(f"{type(model).__name__} has no likelihood: there is nothing to measure.")
    X = X if cast(Any, model).sparse or not hasattr(X, "indptr") else X.toarray()
    values = np.asarray(model.score_samples(X), np.float64)
    bound = isinstance(model, HasELBO)
    whole: Schema = cast(Any, model).schema_
    schema = whole if bound else Schema((FeatureGroup("gaussian", X.shape[1]),), whole.image)
    mean, error, noise = (
        float(values.mean()),
        _standard_error(values),
        noise_model(model, schema, X),
    )
    alone = column_by_column(model, _dense(X), learnt, schema)
    what = "a lower bound, by the model's own reckoning" if bound else "exact, no sampling"
    score = Score(
        "Log-likelihood, at least" if bound else "Log-likelihood, exact",
        mean,
        f"{with_error(mean, error)} nats a row{_against(alone)}. Higher is better.",
        alone,
        unit="nats",
        error=error,
        detail=f"{what[0].upper()}{what[1:]}, under {noise}; ± is the standard error over "
        f"{len(values):,} rows. Compare only models of the same data and noise.",
    )
    return Marginal(mean, error, {}, np.zeros(0), np.zeros(0), 0, [score], noise)


def _estimated(model: Any, X, n_samples, learnt, random_state, on_step) -> Marginal:
    n, size = X.shape[0], max(1, _VALUES // (n_samples * X.shape[1]))
    report, rng, parts = Reporter(on_step, n), np.random.RandomState(random_state), []
    weigh = cast(HasImportanceWeights, model).log_weights
    for start in range(0, n, size):
        parts.append(
            _summed(np.asarray(weigh(X[start : start + size], n_samples, rng), np.float64))
        )
        if report(min(start + size, n)):
            break
    bounds = {k: np.concatenate([part[0][k] for part in parts]) for k in parts[0][0]}
    effective = np.concatenate([part[1] for part in parts])
    seen = X[: len(effective)]
    if isinstance(model, HasPosterior):
        mean, std = (np.asarray(a, np.float64) for a in model.encode_distribution(seen))
        kl = (0.5 * (mean**2 + std**2 - 1) - np.log(std)).mean(0)
    else:  # whose codes are more than a mean
        mean, kl = model.transform(seen), cast(Any, model).code_kl(seen).mean(0)
    active = int((mean.var(0) > ACTIVE).sum())
    schema: Schema = cast(Any, model).schema_
    noise, best = noise_model(model, schema, seen, _spread(model)), bounds[n_samples]
    found = Marginal(
        float(best.mean()),
        _standard_error(best),
        {k: float(v.mean()) for k, v in bounds.items()},
        effective,
        kl,
        active,
        [],
        noise,
    )
    found.scores.extend(
        _sentences(
            found,
            column_by_column(model, _dense(seen), learnt, schema),
            _standard_error(bounds[1]),
            n_samples,
        )
    )
    return found


def _summed(weights) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """({k: L_k of each row (n,)}, effective sample size of each row (n,)) of log weights (n, K)."""
    n, draws = weights.shape
    top = weights.max(1, keepdims=True)
    scaled = np.exp(weights - top)
    effective = scaled.sum(1) ** 2 / np.square(scaled).sum(1)
    bounds = {}
    for k in sorted({k for k in BOUNDS if k < draws} | {draws}):
        groups = weights[:, : draws // k * k].reshape(n, -1, k)
        high = groups.max(2)
        bounds[k] = (high + np.log(np.exp(groups - high[:, :, None]).mean(2))).mean(1)
    return bounds, effective


def _sentences(found: Marginal, alone: float | None, error_elbo: float, draws: int) -> list[Score]:
    rows, k = len(found.effective), len(found.kl)
    # delta method, row by row
    drawing = float(np.sqrt(np.maximum(1 / found.effective - 1 / draws, 0).sum()) / rows)
    gap, effective = found.estimate - found.bounds[1], float(np.median(found.effective))
    few = (
        " So few hold the estimate up that it may still lie well below the truth; take more draws."
        if effective < 10
        else ""
    )
    return [
        Score(
            "Log-likelihood, estimated",
            found.estimate,
            f"{with_error(found.estimate, found.error)} nats a row{_against(alone)}. Higher is "
            "better.",
            alone,
            unit="nats",
            error=found.error,
            detail=f"Importance-weighted with {draws:,} draws, under {found.noise}; ± is the "
            f"standard error over {rows:,} rows (that of the draws: {number(drawing, 1)}). It lies "
            "below the truth on average. Compare only models of the same data and noise.",
        ),
        Score(
            "ELBO",
            found.bounds[1],
            (
                f"The bound of a single draw lies {number(gap, 3)} nats below the estimate: so "
                "much the encoder's posterior q(z|x) misses of the true one."
            ),
            alone,
            unit="nats",
            error=error_elbo,
        ),
        Score(
            "Effective draws",
            effective,
            f"So many of {draws:,} draws count for the middle row (effective sample size).{few}",
            1.0,
            float(draws),
        ),
        Score(
            "Active dimensions",
            found.active,
            f"{found.active} of {k} dimensions of the code vary with the row (variance of the "
            f"posterior's mean over {ACTIVE})"
            + ("." if found.active == k else "; the decoder ignores the others."),
            0.0,
            float(k),
        ),
    ]


def _spread(model) -> str:
    """Whose the spread of a network's Gaussian noise is: it is not that of every linear model,
    and they are not comparable.
    """
    if getattr(model, "noise", "learned") == "unit":
        return " of spread 1"
    return (
        " of one learned spread for all pixels"
        if model.schema_.image is not None
        else " of a learned spread for each column"
    )


def noise_model(model, schema: Schema, X, spread: str = "") -> str:
    """In words: what p(x|z) is, without which a likelihood says nothing.

    Of 0/1 values also whether they are 0 or 1.

    Parameters
    ----------
    model : LatentModel
        With ``noise_words`` of its own.
    schema : Schema
        Likelihoods of the columns.
    X : ndarray or CSR matrix of shape (n, d)
        Rows.
    spread : str, default=""
        What more is known of the Gaussian noise.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.marginal import noise_model
    >>> from lvm_core.models.pca import PCA
    >>> from lvm_core.schema import Schema
    >>> noise_model(PCA(), Schema.gaussian(2), np.zeros((3, 2)))
    'Gaussian noise, a density in the units the model sees'
    """
    kinds = list(dict.fromkeys(group.likelihood for group in schema.groups))
    words = " and ".join(noises(model)[kind] + spread * (kind == "gaussian") for kind in kinds)
    if "gaussian" in kinds:
        words += ", a density in the units the model sees"
    for group, span in schema.spans():
        if group.likelihood == "bernoulli" and schema.image is not None:
            x = _dense(X)[:, span]
            binary = bool(np.isin(x, (0, 1)).all())
            words += (
                ", the pixels being 0 or 1 as they came (a fixed binarisation)"
                if binary
                else (
                    ", on grey pixels: then this is no likelihood of binary pictures, and "
                    "comparable to none"
                )
            )
    return words


def _against(alone: float | None) -> str:
    return "" if alone is None else f", against {number(alone)} of each column by itself"


def _dense(X) -> np.ndarray:
    return np.asarray(X.toarray() if hasattr(X, "indptr") else X, np.float64)
