"""New codes like those of a group of rows: a density fitted to the group alone, as rich as its
number of rows allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state

from ..params import param
from ..progress import OnStep
from .samplers import Mixture, Sampler, ShrinkageGaussian

# rows a density needs; rows for each number of a code from which a mixture is tried
LEAST, MANY = 3, 10


@dataclass(repr=False, eq=False)
class Smote(Sampler):
    """Codes on the line from a row to one of its nearest rows [1]_.

    What is never negative, or sums to 1, stays so. The rows are the centres; the ``temperature`` of
    :meth:`sample` multiplies how far along the line a code lies, at most to its end.

    Parameters
    ----------
    neighbours : int, default=5
        Nearest rows that a code may lead to.

    Attributes
    ----------
    rows_ : ndarray of shape (n, k)
        The codes.
    near_ : ndarray of shape (n, min(neighbours, n - 1))
        Row numbers of the nearest other rows of each.

    References
    ----------
    .. [1] Chawla et al. (2002), doi:10.1613/jair.953.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.density import Smote
    >>> Z = np.random.default_rng(0).dirichlet([1, 1, 1], size=20)
    >>> new = Smote(neighbours=3).fit(Z).sample(4, random_state=0)
    >>> bool((new >= 0).all()), bool(np.allclose(new.sum(1), 1))
    (True, True)
    """

    title: ClassVar[str] = "Between neighbours"
    summary: ClassVar[str] = (
        "Its codes are shares or weights, never negative: new ones lie between a row and one of "
        "its nearest."
    )

    neighbours: int = param(5, low=1, high=100, help="Nearest rows that a code may lead to.")

    def fit(self, Z, y=None, *, on_step: OnStep | None = None) -> Smote:
        """Keep the codes Z (n, k), n of at least 2, and who is near to whom."""
        from .neighbours import nearest_others

        self.validate()
        self.rows_ = np.asarray(Z, np.float64)
        self.near_ = nearest_others(self.rows_, min(self.neighbours, len(self.rows_) - 1))[1]
        return self

    def sample(
        self, n: int, *, temperature: float = 1.0, random_state=None, label: str | None = None
    ) -> np.ndarray:
        """n codes (n, k)."""
        rng = check_random_state(random_state)
        one = rng.randint(len(self.rows_), size=int(n))
        other = self.near_[one, rng.randint(self.near_.shape[1], size=int(n))]
        along = np.minimum(temperature * rng.rand(int(n), 1), 1.0)
        return self.rows_[one] + along * (self.rows_[other] - self.rows_[one])


def density(Z, *, random_state: int = 0, on_step: OnStep | None = None) -> Sampler:
    """The density that suits the codes of a group of rows.

    :class:`Smote` where codes are never negative; a :class:`~lvm_core.latent.samplers.Mixture` with
    its number of parts chosen by BIC from 10 rows a dimension on; one
    :class:`~lvm_core.latent.samplers.ShrinkageGaussian` below.

    Parameters
    ----------
    Z : array-like of shape (m, k)
        Codes of the group.
    random_state : int, default=0
        Seed of the mixture, and of the sample of 20 000 codes that :class:`Smote` keeps of more.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress` while a mixture is fitted.

    Returns
    -------
    Sampler
        Fitted.

    Raises
    ------
    ValueError
        Below 3 rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.density import density
    >>> Z = np.random.default_rng(0).normal(size=(20, 4))
    >>> type(density(Z)).__name__
    'ShrinkageGaussian'
    >>> type(density(np.abs(Z))).__name__
    'Smote'
    """
    Z = np.asarray(Z, np.float64)
    if len(Z) < LEAST:
        raise ValueError(
            f"{len(Z)} row{'s are' if len(Z) != 1 else ' is'} chosen; at least {LEAST} are needed "
            "to draw new items like them."
        )
    if Z.min() >= 0:
        return Smote().fit(
            Z
            if len(Z) <= 20_000
            else Z[check_random_state(random_state).choice(len(Z), 20_000, replace=False)]
        )
    return (
        Mixture(random_state=random_state)
        if len(Z) >= MANY * (Z.shape[1] + 1)
        else ShrinkageGaussian()
    ).fit(Z, on_step=on_step)
