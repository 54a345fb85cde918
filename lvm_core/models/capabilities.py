"""What some models can do beyond coding and decoding: ask ``isinstance(model, ...)`` of a model,
``issubclass(cls, ...)`` of a class.

A model has an ability by having its methods; nothing is declared or listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from .miwae import Imputation


@runtime_checkable
class HasLikelihood(Protocol):
    """Gives every row a log-likelihood, or a bound of it: :class:`HasELBO` says which."""

    def score_samples(self, X) -> np.ndarray:
        """Nats (n,) of rows X (n, d)."""
        ...


@runtime_checkable
class HasELBO(Protocol):
    """Its ``score_samples`` is a lower bound, of two parts."""

    def elbo_parts(self, X) -> dict[str, np.ndarray]:
        """``{"reconstruction": (n,), "kl": (n,)}`` in nats of rows X (n, d)."""
        ...


@runtime_checkable
class HasImportanceWeights(Protocol):
    """Its log-likelihood can be estimated by draws from its posterior."""

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """``log p(x, z) - log q(z|x)`` (n, n_samples) in nats of rows X (n, d)."""
        ...


@runtime_checkable
class HasPosterior(Protocol):
    """Gives every row a Gaussian around its code."""

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """Means and standard deviations (n, k) of rows X (n, d)."""
        ...


@runtime_checkable
class PredictsLabels(Protocol):
    """Names the label of a row: one of its ``classes_``, of which there are none where it saw
    no labels.
    """

    def predict_label(self, X) -> np.ndarray:
        """Labels (n,) of rows X (n, d), as text."""
        ...

    def label_proba(self, X) -> np.ndarray:
        """Probability (n, classes) of each label."""
        ...


@runtime_checkable
class Imputes(Protocol):
    """Fills missing values by values with intervals."""

    def impute(self, X, n_samples: int) -> Imputation:
        """Rows X (n, d) without their missing values, see
        :class:`~lvm_core.models.miwae.Imputation`.
        """
        ...


@runtime_checkable
class Inverts(Protocol):
    """Its encoder only guesses: it has a search for the code that a row comes back from best."""

    def invert(
        self, X, steps: int, on_step=None, random_state=None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, k) of rows X (n, d), and how far what they decode to stays from them, (n,)."""
        ...


@runtime_checkable
class HasStates(Protocol):
    """Tells in which hidden state a series is at each moment."""

    def states(self, X) -> tuple[np.ndarray, np.ndarray]:
        """States (n, T) of series X (n, T), and the probability (n, T, states) of each."""
        ...


@runtime_checkable
class ExplainsVariance(Protocol):
    """A linear model, fitted: ``explained_variance_ratio_`` (k,) is what each dimension keeps.
    Of a model, not of a class.
    """

    explained_variance_ratio_: np.ndarray
