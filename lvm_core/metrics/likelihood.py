"""What the model itself says of the data: variance explained, likelihood or its bound, and what
the code carries.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ..capabilities import ExplainsVariance, HasELBO, HasImportanceBound, HasLikelihood
from ..nn.moments import moments
from ..schema import FeatureGroup, Schema
from .base import Score, number, percent, with_error

MOST_ROWS = 5000
NOISE = {
    "gaussian": "Gaussian noise",
    "bernoulli": "a coin per 0/1 value",
    "categorical": "a die per category",
    "counts": "a multinomial over words",
}


def likelihood(model: Any, X, learnt=None, *, random_state: int = 0) -> list[Score]:
    """What a model itself says of the data: variance explained, likelihood or its bound, bits.

    The baseline knows every column by itself and no other: same noise, no code.

    Parameters
    ----------
    model : LatentModel
        Fitted. One without ``elbo_parts`` is taken to be exact, with Gaussian noise on every
        column.
    X : ndarray or CSR matrix of shape (n, d)
        Rows; of more than ``MOST_ROWS`` a sample is measured.
    learnt : ndarray or CSR matrix of shape (m, d), default=None
        Where X holds rows the model has not seen, those it has: the baseline too is then learnt
        from them, its chances with half a count added to each [1]_.
    random_state : int, default=0
        Seed of the sample.

    Returns
    -------
    list of Score
        What there is of: explained variance (``explained_variance_ratio_``); log-likelihood, ELBO
        or IWAE bound per row in nats (``score_samples``) with its standard error, in bits where
        every value is discrete; bits carried by the code (``elbo_parts``). Empty for a model that
        offers nothing
        of it.

    References
    ----------
    .. [1] Krichevsky & Trofimov (1981), doi:10.1109/TIT.1981.1056331.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import likelihood
    >>> from lvm_core.models.pca import PCA
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5)) + rng.normal(0, 0.1, size=(200, 5))
    >>> model = PCA(latent_dim=2).fit(X)
    >>> scores = likelihood(model, X)
    >>> [score.name for score in scores]
    ['R² on training rows', 'Log-likelihood']
    >>> scores[0].value > 0.95, scores[1].value > scores[1].baseline
    (True, True)
    """
    scores, rng = [], np.random.RandomState(random_state)
    X = _some(X, rng)
    learnt = learnt if learnt is None else subsample(learnt)
    if isinstance(model, ExplainsVariance):
        scores.append(_explained(model))
    if isinstance(model, HasLikelihood):
        scores += _likelihood(
            model, X if cast(Any, model).sparse or not hasattr(X, "indptr") else X.toarray(), learnt
        )
    return scores


def subsample(X, rows=None):
    """Rows that are enough to know each column by itself.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        Rows.
    rows : ndarray of int of shape (m,), default=None
        Row numbers to choose from; None: all.

    Returns
    -------
    ndarray or CSR matrix
        All of them where X is sparse, else evenly spaced ones, at most ``MOST_ROWS``.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import subsample
    >>> subsample(np.zeros((12_000, 1))).shape
    (4000, 1)
    """
    step = (
        1 if hasattr(X, "indptr") else -(-(X.shape[0] if rows is None else len(rows)) // MOST_ROWS)
    )
    return X[::step] if rows is None else X[rows[::step]]


def _some(X, rng):
    return (
        X
        if X.shape[0] <= MOST_ROWS
        else X[np.sort(rng.choice(X.shape[0], MOST_ROWS, replace=False))]
    )


def _explained(model) -> Score:
    share, k = float(np.sum(model.explained_variance_ratio_)), len(model.explained_variance_ratio_)
    chance = min(1.0, k / model.n_features_in_)
    what = model.importance_meaning.removeprefix("share of ") or "the variance"
    return Score(
        "R² on training rows",
        share,
        f"The {k} dimensions of the code keep {percent(share)} of {what}; as many "
        f"directions at random would keep {percent(chance)}.",
        chance,
        1.0,
        "share",
    )


def _likelihood(model: Any, X, learnt) -> list[Score]:
    parts = (
        {k: np.asarray(v, np.float64) for k, v in model.elbo_parts(X).items()}
        if isinstance(model, HasELBO)
        else None
    )
    name, what = "Log-likelihood", "the log-likelihood"
    if isinstance(model, HasImportanceBound):
        name = "IWAE bound"
        what = f"a lower bound of the log-likelihood by {model.samples:,} draws, as in training"
        values = np.asarray(model.importance_bound(X), np.float64)
    elif parts:
        name, what = "ELBO", "a lower bound of the log-likelihood (ELBO)"
        values = parts["reconstruction"] - parts["kl"]
    else:
        values = np.asarray(cast(HasLikelihood, model).score_samples(X), np.float64)
    dense = np.asarray(X.toarray() if hasattr(X, "indptr") else X, np.float64)
    schema = (
        cast(Any, model).schema_
        if parts
        else Schema((FeatureGroup("gaussian", dense.shape[1]),), cast(Any, model).schema_.image)
    )
    mean, error = float(values.mean()), _standard_error(values)
    alone = column_by_column(model, dense, learnt, schema)
    kinds = list(dict.fromkeys(group.likelihood for group in schema.groups))
    noise = " and ".join(noises(model)[k] for k in kinds)
    against = "" if alone is None else f", against {number(alone)} of each column by itself"
    scores = [
        Score(
            name,
            mean,
            f"{with_error(mean, error)} nats a row{against}. Higher is better.",
            baseline=alone,
            unit="nats",
            error=error,
            by_row=values,
            detail=f"{what[0].upper()}{what[1:]} under {noise}, with its standard error over "
            f"{len(values):,} rows. Compare only models of the same data and noise.",
        )
    ]
    if "gaussian" not in kinds:  # bits of a real number depend on its unit
        words = kinds == ["counts"]
        size = (
            dense.sum(1).mean()
            if words
            else sum(1 if b.likelihood == "categorical" else b.size for b in schema.groups)
        )
        assert alone is not None  # but where a real column is constant
        per, unit = 1 / (np.log(2) * max(size, 1e-12)), "word" if words else "value"
        takes = (
            f"Storing a row with this model takes {'at most ' if parts else ''}"
            f"{number(-mean * per, 3)} bits a {unit}"
        )
        scores.append(
            Score(
                f"Bits per {unit}",
                -mean * per,
                f"{takes}, against {number(-alone * per, 3)} without it.",
                baseline=-alone * per,
                ceiling=0.0,
                unit="bits",
                error=error * per,
            )
        )
    if parts:
        bits = parts["kl"] / np.log(2)
        warning = "; near zero means that the decoder ignores the code" if bits.mean() < 1 else ""
        scores.append(
            Score(
                "Information in a code",
                float(bits.mean()),
                f"The code tells {number(bits.mean(), 3)} bits about a row on average (as many "
                f"yes-or-no questions){warning}.",
                baseline=0.0,
                unit="bits",
                error=_standard_error(bits),
            )
        )
    return scores


def noises(model) -> dict[str, str]:
    """What each likelihood is called in a model.

    Parameters
    ----------
    model : LatentModel
        With ``noise_words`` of its own.

    Returns
    -------
    dict of str to str
        Words by likelihood.

    Examples
    --------
    >>> from lvm_core.metrics.likelihood import noises
    >>> from lvm_core.models.pca import PCA
    >>> noises(PCA())["gaussian"]
    'Gaussian noise'
    """
    return NOISE | model.noise_words


def column_by_column(model, X, learnt, schema) -> float | None:
    """The baseline of a model's likelihood: every column drawn from its own marginal.

    Cells without a value count where the model says something of them.

    Parameters
    ----------
    model : LatentModel
        Says by ``accepts_missing`` whether cells may be without a value.
    X : ndarray of shape (n, d)
        Rows.
    learnt : ndarray or CSR matrix of shape (m, d) or None
        Rows the marginals are learnt from; None: X itself.
    schema : Schema
        Likelihoods of the columns.

    Returns
    -------
    float or None
        Mean log-likelihood of a row in nats; None where a column is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.likelihood import column_by_column
    >>> from lvm_core.models.pca import PCA
    >>> from lvm_core.schema import Schema
    >>> X = np.array([[-1.0], [1.0]])
    >>> round(column_by_column(PCA(), X, None, Schema.gaussian(1)), 4)
    -1.4189
    """
    return (_alone_where_seen if model.accepts_missing else _alone)(X, learnt, schema)


def _alone(X, learnt, schema) -> float | None:
    """Mean log-likelihood in nats of a row of X when every column is drawn from its own
    marginal, that of ``learnt`` (None: of X itself); None where a column is constant.
    """
    total, half, known = 0.0, 0.0 if learnt is None else 0.5, X if learnt is None else learnt
    for group, span in schema.spans():
        x, seen = X[:, span], known[:, span]
        if group.likelihood == "gaussian":
            mean, variance = moments(seen)
            if schema.image is not None:
                variance = np.full(group.size, variance.mean())
            if variance.min() <= 1e-12 * (variance + mean**2).mean():
                return None
            error = sum(
                np.square(x[s : s + 1000] - mean).sum(0) for s in range(0, len(x), 1000)
            ) / len(x)
            total -= 0.5 * (np.log(2 * np.pi * variance) + error / variance).sum()
        else:
            often = np.asarray(seen.sum(0, dtype=np.float64)).ravel()
            if group.likelihood == "bernoulli":
                x, often = np.hstack([x, 1 - x]), np.concatenate([often, seen.shape[0] - often])
                chances = (often + half) / (seen.shape[0] + 2 * half)
            else:
                chances = (often + half) / max(often.sum() + half * len(often), 1e-12)
            total += float((x.mean(0) * np.log(np.where(chances > 0, chances, 1))).sum())
    return float(total)


def _alone_where_seen(X, learnt, schema) -> float | None:
    """The same for a model that says nothing of missing values: every column's marginal in the
    cells that were seen.
    """
    missing, total, known = schema.missing_mask(X), 0.0, X if learnt is None else learnt
    unknown = missing if learnt is None else schema.missing_mask(known)
    for group, span, _ in schema.values():
        # a category's columns have their missing values together
        step = span.stop - span.start if group.likelihood == "categorical" else 1
        for start in range(span.start, span.stop, step):
            part, seen, there = slice(start, start + step), ~missing[:, start], ~unknown[:, start]
            if seen.any() and there.any():
                alone = _alone(
                    X[seen, part],
                    None if learnt is None else known[there, part],
                    Schema((FeatureGroup(group.likelihood, step),)),
                )
                if alone is None:
                    return None
                total += alone * seen.mean()
    return total


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
