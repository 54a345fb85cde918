"""What the model itself says of the data: variance explained, likelihood or its bound, and what the code carries."""

from __future__ import annotations

import numpy as np

from ..layout import Block, Layout
from .base import Score, percent

MOST_ROWS = 5000
NOISE = {"gaussian": "Gaussian noise", "bernoulli": "a coin per 0/1 value", "categorical": "a die per category",
         "counts": "a multinomial over words"}


def likelihood(model, X, *, random_state: int = 0) -> list[Score]:
    """What there is of: explained variance (``explained_variance_ratio_``); log-likelihood or ELBO per row in nats
    (``score_samples``) with its standard error, in bits where every value is discrete; bits carried by the code
    (``elbo_parts``). The baseline knows every column by itself and no other: same noise, no code.

    X (n, d), dense or CSR; of more than ``MOST_ROWS`` rows a sample is measured. A model without ``elbo_parts`` is taken
    to be exact, with Gaussian noise on every column. Empty for a model that offers nothing of it.
    """
    scores, n = [], X.shape[0]
    if n > MOST_ROWS:
        X = X[np.sort(np.random.RandomState(random_state).choice(n, MOST_ROWS, replace=False))]
    if hasattr(model, "explained_variance_ratio_"):
        scores.append(_explained(model))
    if hasattr(model, "score_samples"):
        scores += _likelihood(model, X if model.sparse or not hasattr(X, "indptr") else X.toarray())
    return scores


def _explained(model) -> Score:
    share, k = float(np.sum(model.explained_variance_ratio_)), len(model.explained_variance_ratio_)
    chance = min(1.0, k / model.n_features_in_)
    what = model.importance_meaning.removeprefix("share of ") or "the variance"
    return Score("Explained variance", share, f"The {k} dimensions of the code keep {percent(share)} of {what}; as many "
                 f"directions at random would keep {percent(chance)}.", chance, 1.0, "share")


def _likelihood(model, X) -> list[Score]:
    parts = {k: np.asarray(v, np.float64) for k, v in model.elbo_parts(X).items()} if hasattr(model, "elbo_parts") else None
    values = parts["reconstruction"] - parts["kl"] if parts else np.asarray(model.score_samples(X), np.float64)
    dense = np.asarray(X.toarray() if hasattr(X, "indptr") else X, np.float64)
    layout = model.layout_ if parts else Layout((Block("gaussian", dense.shape[1]),), model.layout_.image)
    mean, error, alone = float(values.mean()), _standard_error(values), _alone(dense, layout) if not getattr(model, "holes", False) else _alone_where_seen(dense, layout)
    kinds = list(dict.fromkeys(block.likelihood for block in layout.blocks))
    noise = " and ".join((NOISE | getattr(model, "noise_words", {}))[k] for k in kinds)
    what = "a lower bound of the log-likelihood (ELBO)" if parts else "the log-likelihood"
    against = "" if alone is None else f", against {alone:.4g} of each column by itself"
    scores = [Score("ELBO" if parts else "Log-likelihood", mean,
                    f"{mean:.4g} ± {error:.2g} nats a row{against}: {what} "
                    f"under {noise}. Higher is better; compare only models of the same data and noise.", baseline=alone, unit="nats", error=error)]
    if "gaussian" not in kinds:     # bits of a real number depend on its unit
        words = kinds == ["counts"]
        size = dense.sum(1).mean() if words else sum(1 if b.likelihood == "categorical" else b.size for b in layout.blocks)
        per, unit = 1 / (np.log(2) * max(size, 1e-12)), "word" if words else "value"
        takes = f"Storing a row with this model takes {'at most ' if parts else ''}{-mean * per:.3g} bits a {unit}"
        scores.append(Score(f"Bits per {unit}", -mean * per, f"{takes}, against {-alone * per:.3g} without it.",
                            baseline=-alone * per, ceiling=0.0, unit="bits", error=error * per))
    if parts:
        bits = parts["kl"] / np.log(2)
        warning = "; near zero means that the decoder ignores the code" if bits.mean() < 1 else ""
        scores.append(Score("Bits in the code", float(bits.mean()), f"A row's code carries {bits.mean():.3g} bits about it on "
                            f"average{warning}.", baseline=0.0, unit="bits", error=_standard_error(bits)))
    return scores


def _alone(X, layout) -> float | None:
    """Mean log-likelihood in nats of a row when every column is drawn from its own marginal; None where a column is constant."""
    total = 0.0
    for block, span in layout.spans():
        x = X[:, span]
        if block.likelihood == "gaussian":
            variance = x.var(0) if layout.image is None else np.full(block.size, x.var(0).mean())
            if variance.min() <= 1e-12 * np.square(x).mean():
                return None
            total -= 0.5 * (np.log(2 * np.pi * variance) + 1).sum()
        else:
            p = x.mean(0) if block.likelihood != "counts" else x.sum(0) / max(x.sum(), 1e-12)
            chances = np.concatenate([p, 1 - p]) if block.likelihood == "bernoulli" else p
            weights = chances * (x.sum(1).mean() if block.likelihood == "counts" else 1)
            total += float((weights * np.log(np.where(chances > 0, chances, 1))).sum())
    return float(total)


def _alone_where_seen(X, layout) -> float | None:
    """The same for a model that says nothing of holes: every column's marginal in the cells that were seen."""
    holes, total = layout.holes(X), 0.0
    for block, span, _ in layout.values():
        seen = ~holes[:, span.start]
        if seen.any():
            part = _alone(X[seen, span], Layout((Block(block.likelihood, span.stop - span.start),)))
            if part is None:
                return None
            total += part * seen.mean()
    return total


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
