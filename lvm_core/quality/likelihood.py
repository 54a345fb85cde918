"""What a model says of its own fit: variance kept, and log-likelihoods with the noise they are measured under."""

from __future__ import annotations

import numpy as np

from ..layout import Layout
from .base import Score, percent

ACTIVE = 0.01       # nats; Burda et al. (2016) call a dimension active above this


def likelihood(model, X, layout: Layout, *, held_out: bool = True) -> list[Score]:
    """Variance kept by a linear model; ELBO with its two parts and active dimensions of a VAE; exact log-likelihood where there is one."""
    scores = []
    if hasattr(model, "explained_variance_ratio_"):
        kept = float(np.sum(model.explained_variance_ratio_))
        scores.append(Score("Variance kept", kept, f"The {len(model.explained_variance_ratio_)} components keep {percent(kept)} of the training data's variance.", 0.0, 1.0, "share"))
    if hasattr(model, "elbo_parts"):
        parts = model.elbo_parts(X)
        elbo = parts["reconstruction"] - parts["kl"]
        active = int((np.asarray(model.importance_) > ACTIVE).sum())
        scores.append(_nats("ELBO", elbo, f"A lower bound on the log-likelihood of {_rows(X, held_out)}, under {noise(layout)}: {parts['reconstruction'].mean():.4g} nats for the "
                            f"reconstruction less {parts['kl'].mean():.3g} nats of information in the code. Higher is better; compare only on the same data."))
        scores.append(Score("Active dimensions", active, f"{active} of {len(model.importance_)} dimensions of the code carry more than {ACTIVE:g} nats; the others are noise the decoder ignores.",
                            0.0, float(len(model.importance_))))
    elif hasattr(model, "score_samples") and not layout.has("counts"):
        scores.append(_nats("Log-likelihood", model.score_samples(X), f"Mean log-likelihood of {_rows(X, held_out)} under the model read as a Gaussian (Tipping & Bishop, 1999), exact. "
                            "Higher is better; compare only on the same data."))
    return scores


def noise(layout: Layout) -> str:
    """The noise model of each sort of column, in words."""
    words = {"gaussian": "Gaussian noise of learned spread" + (" shared by all pixels" if layout.image else ""), "bernoulli": "a coin toss a pixel" if layout.image else "a coin toss a yes/no column",
             "categorical": "a draw from the categories", "counts": "a multinomial over the vocabulary"}
    return " and ".join(words[k] for k in dict.fromkeys(block.likelihood for block in layout.blocks))


def _rows(X, held_out: bool) -> str:
    return f"{X.shape[0]:,} rows the model has {'not seen' if held_out else 'learnt from'}"


def _nats(name: str, values: np.ndarray, sentence: str) -> Score:
    values = np.asarray(values, np.float64)
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return Score(name, float(values.mean()), sentence, unit="nats", error=error)
