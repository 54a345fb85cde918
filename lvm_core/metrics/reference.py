"""What a plain linear model with a code of the same length gets: the number that any other model
must beat to be worth its trouble.
"""

from __future__ import annotations

import numpy as np

from ..capabilities import HasELBO
from ..models.base import LatentModel
from ..models.lsa import LSA
from ..models.pca import PCA
from ..schema import Schema
from .base import Score

# values of the training rows it learns from at most, where all of them are copied, and products of
# its covariance otherwise: seconds, beside a fit of minutes
CELLS, PRODUCTS = 2**27, 10**11
_MEASURED_ALIKE = (
    "Reconstruction R²",
    "Category cells recovered",
    "Word use recovered",
    "Word choice explained",
    "Label from the code",
)
_BOUNDS, _EXACT = ("ELBO", "IWAE bound"), "Log-likelihood"


def fit_reference(X, schema: Schema, length: int) -> tuple[LatentModel, str] | None:
    """PCA of the coded columns, or latent semantic analysis of word counts.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, d)
        The rows that the model to compare with learnt from. Of very many or very wide ones evenly
        spaced rows are taken, and the name says how many.
    schema : Schema
        Of its columns.
    length : int
        Length of that model's code; shorter where rows or columns do not allow for it.

    Returns
    -------
    model : LatentModel
        Fitted.
    name : str
        What it is called.

    None where it cannot be fitted: without variance, or with missing values.

    References
    ----------
    * Pearson (1901), https://doi.org/10.1080/14786440109462720.
    * Deerwester et al. (1990),
      https://doi.org/10.1002/%28SICI%291097-4571%28199009%2941:6%3C391::AID-ASI1%3E3.0.CO;2-9.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.reference import fit_reference
    >>> from lvm_core.schema import Schema
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> model, name = fit_reference(X, Schema.gaussian(5), length=2)
    >>> name, model.components_.shape
    ('PCA', (2, 5))
    >>> fit_reference(np.ones((100, 5)), Schema.gaussian(5), length=2) is None
    True
    """
    n, d = X.shape
    length = max(1, min(length, d, n - 1, 512))
    if schema.has("counts"):
        cls, rows = LSA, n
    else:
        tall = n >= 10 * d and d <= 1000
        most = PRODUCTS // d**2 if tall else CELLS // d
        cls, rows = PCA, min(n, max(most, 10 * length))
    step = -(-n // rows)
    try:
        model = cls(latent_dim=length, random_state=0).fit(
            X if step == 1 else X[::step], schema=schema
        )
    except ValueError:
        return None
    return model, cls.__name__ + ("" if step == 1 else f" of {-(-n // step):,} rows")


def beside_reference(
    model: LatentModel, scores: list[Score], reference: LatentModel, name: str, theirs: list[Score]
) -> list[Score]:
    """The scores of a model, each with what the linear model gets for the same number.

    Numbers that mean something else for the two stay without: bits of discrete values, which a
    density does not have, and what is counted of the training rows alone. A bound is held against
    the exact log-likelihood where both are densities of the same numbers.

    Parameters
    ----------
    model : LatentModel
        Fitted.
    scores : list of Score
        Its scores.
    reference : LatentModel
        Of :func:`fit_reference`.
    name : str
        What it is called.
    theirs : list of Score
        Its scores on the same rows.

    Returns
    -------
    list of Score
        The same as they came where ``model`` is of the reference's own class.

    Examples
    --------
    >>> from lvm_core.metrics import Score
    >>> from lvm_core.metrics.reference import beside_reference
    >>> from lvm_core.models import MODELS
    >>> ours, theirs = ([Score("Reconstruction R²", v, "", error=0.01)] for v in (0.4, 0.6))
    >>> beside_reference(MODELS["VAE"](), ours, MODELS["PCA"](), "PCA", theirs)[0].reference.advice
    'train longer, or take PCA'
    """
    if type(model) is type(reference):
        return scores
    found = {score.name: score for score in theirs}
    short = name.split()[0]
    advice = f"train longer, or take {short}" if model.duration_param else f"take {short}"

    def beside(score: Score) -> Score:
        if score.name in _MEASURED_ALIKE and score.name in found:
            return score.beside(found[score.name], name, advice)
        if score.name in (*_BOUNDS, _EXACT) and _EXACT in found and _is_density(reference):
            bound = f"the {score.name} is only a bound; " if isinstance(model, HasELBO) else ""
            return score.beside(found[_EXACT], name, bound + advice)
        return score

    return [beside(score) for score in scores]


def _is_density(reference) -> bool:
    """Whether its log-likelihood is one of real numbers alone, with noise that is left."""
    return (
        isinstance(reference, PCA)
        and all(group.likelihood == "gaussian" for group in reference.schema_.groups)
        and reference.noise_variance_
        > max(1e-9 * float(np.max(reference.explained_variance_)), reference.noise_floor)
    )
