"""What some models can do beyond coding and decoding: ask ``isinstance(model, ...)`` of a model,
``issubclass(cls, ...)`` of a class.

A model has an ability by having its methods; nothing is declared or listed.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class HasLikelihood(Protocol):
    """Gives every row a log-likelihood, or a bound of it: :class:`HasELBO` says which.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["PCA"], HasLikelihood), issubclass(MODELS["NMF"], HasLikelihood)
    (True, False)
    """

    def score_samples(self, X) -> np.ndarray:
        """Log-likelihood of rows X (n, d), or a bound of it.

        Returns
        -------
        array (n,)
            In nats.
        """
        ...


@runtime_checkable
class HasELBO(Protocol):
    """Its ``score_samples`` is a lower bound, of two parts.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["VAE"], HasELBO), issubclass(MODELS["PCA"], HasELBO)
    (True, False)
    """

    def elbo_parts(self, X) -> dict[str, np.ndarray]:
        """The two parts of the bound of rows X (n, d).

        Returns
        -------
        dict
            ``{"reconstruction": (n,), "kl": (n,)}`` in nats.
        """
        ...


@runtime_checkable
class HasImportanceBound(Protocol):
    """Maximises an importance-weighted bound of several draws, which says more of it than its ELBO.

    Examples
    --------
    >>> from lvm_core import MODELS
    >>> from lvm_core.capabilities import HasImportanceBound
    >>> isinstance(MODELS["MIWAE"](), HasImportanceBound)
    True
    """

    samples: int

    def importance_bound(self, X) -> np.ndarray:
        """That bound of each row of X (n, d): (n,) in nats, of ``samples`` draws."""
        ...


@runtime_checkable
class HasImportanceWeights(Protocol):
    """Its log-likelihood can be estimated by draws from its posterior.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> [issubclass(MODELS[name], HasImportanceWeights) for name in ("VAE", "LDA")]
    [True, False]
    """

    def log_weights(self, X, n_samples: int, random_state=None) -> np.ndarray:
        """Log importance weights of rows X (n, d), for ``n_samples`` draws a row.

        Returns
        -------
        array (n, n_samples)
            ``log p(x, z) - log q(z|x)`` in nats.
        """
        ...


@runtime_checkable
class HasPosterior(Protocol):
    """Gives every row a Gaussian around its code.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["VAE"], HasPosterior), issubclass(MODELS["PCA"], HasPosterior)
    (True, False)
    """

    def encode_distribution(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The Gaussian of each of rows X (n, d).

        Returns
        -------
        mean, std : array (n, k)
            Its mean and standard deviation.
        """
        ...


@runtime_checkable
class PredictsLabels(Protocol):
    """Names the label of a row.

    It is one of its ``classes_``, of which there are none where it saw no labels.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["CNNFeatures"], PredictsLabels), issubclass(MODELS["VAE"], PredictsLabels)
    (True, False)
    """

    def predict_label(self, X) -> np.ndarray:
        """The label of each of rows X (n, d).

        Returns
        -------
        array (n,)
            As text.
        """
        ...

    def label_proba(self, X) -> np.ndarray:
        """Probability of each label, for rows X (n, d).

        Returns
        -------
        array (n, classes)
        """
        ...


@runtime_checkable
class Imputes(Protocol):
    """Fills missing values by values with intervals.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["MIWAE"], Imputes), issubclass(MODELS["VAE"], Imputes)
    (True, False)
    """

    def impute(self, X, n_samples: int) -> tuple[np.ndarray, ...]:
        """Rows X (n, d) without their missing values.

        Returns
        -------
        Imputation
            See :class:`~lvm_core.models.miwae.Imputation`.
        """
        ...


@runtime_checkable
class Inverts(Protocol):
    """Its encoder only guesses: it has a search for the code that a row comes back from best.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["GAN"], Inverts), issubclass(MODELS["VAE"], Inverts)
    (True, False)
    """

    def invert(
        self, X, steps: int, on_step=None, random_state=None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes of rows X (n, d), by a search of so many steps.

        Returns
        -------
        Z : array (n, k)
            The codes.
        residual : array (n,)
            How far what they decode to stays from the rows.
        """
        ...


@runtime_checkable
class HasStates(Protocol):
    """Tells in which hidden state a series is at each moment.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["HMM"], HasStates), issubclass(MODELS["VAE"], HasStates)
    (True, False)
    """

    def states(self, X) -> tuple[np.ndarray, np.ndarray]:
        """The hidden states of series X (n, T).

        Returns
        -------
        path : array (n, T) of int
            The state at each moment.
        proba : array (n, T, states)
            The probability of each.
        """
        ...


@runtime_checkable
class ExplainsVariance(Protocol):
    """A linear model, fitted: it knows what each dimension keeps. Of a model, not of a class.

    Attributes
    ----------
    explained_variance_ratio_ : array (k,)
        Share of the data's variance that each dimension keeps.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> model = MODELS["PCA"](latent_dim=1)
    >>> isinstance(model, ExplainsVariance)
    False
    >>> isinstance(model.fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]]), ExplainsVariance)
    True
    """

    explained_variance_ratio_: np.ndarray


@runtime_checkable
class SamplesConditionally(Protocol):
    """Draws rows given bounds on some of their columns.

    Examples
    --------
    >>> from lvm_core.models import MODELS
    >>> issubclass(MODELS["ProductMixture"], SamplesConditionally)
    True
    >>> issubclass(MODELS["GAN"], SamplesConditionally)
    False
    """

    def sample_conditional(self, low, high, n: int, *, random_state=None) -> np.ndarray:
        """Rows within bounds, drawn from the model's distribution given them.

        Parameters
        ----------
        low, high : array (d,)
            Bounds of every column of X, infinite where there is none. A level is excluded by an
            upper bound of 0.
        n : int
            How many.
        random_state : int, RandomState or None
            Of the draws.

        Returns
        -------
        array (n, d)

        Raises
        ------
        ValueError
            No row of the model lies within the bounds.
        """
        ...
