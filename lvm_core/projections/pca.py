"""Principal component analysis of the codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ..params import param
from .base import Projection
from .identity import pad


@dataclass(repr=False, eq=False)
class PCA(Projection):
    """Principal components: the plane, or space, in which the codes spread most [1]_.

    Solved exactly; the solver is scikit-learn's. The way back is the point of that plane itself,
    the other directions at their mean. Axes beyond the number of dimensions of the code are zero.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    random_state : int or None, default=0
        Seed of the randomised solver, used for very wide codes only.

    Attributes
    ----------
    components_ : ndarray of shape (c', k)
        The axes, c' of at most k.
    mean_ : ndarray of shape (k,)
        Mean of the codes.
    explained_variance_ratio_ : ndarray of shape (c',)
        Share of the variance along each axis.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.

    References
    ----------
    .. [1] Pearson (1901), doi:10.1080/14786440109462720.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.pca import PCA
    >>> Z = np.array([[0.0, 0.0, 1.0], [4.0, 0.0, 1.0], [0.0, 2.0, 1.0], [4.0, 2.0, 1.0]])
    >>> pca = PCA().fit(Z)
    >>> pca.explained_variance_ratio_.round(4)
    array([0.8, 0.2])
    >>> bool(np.allclose(pca.inverse_transform(pca.transform(Z)), Z))
    True
    """

    title: ClassVar[str] = "Principal components"
    paper: ClassVar[str] = "Pearson"
    year: ClassVar[int] = 1901
    link: ClassVar[str] = "https://doi.org/10.1080/14786440109462720"
    summary: ClassVar[str] = (
        "The flat view with the widest spread. Instant; distances are true up to what the flat "
        "view hides."
    )
    exact: ClassVar[bool] = True

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the randomised solver, used for very wide codes only.",
    )

    def _fit(self, Z, rng, on_step):
        from sklearn.decomposition import PCA as Solver

        # pyright takes what scikit-learn learns for None, from before the fit
        solver = cast(Any, Solver(min(self.n_components, *Z.shape), random_state=rng).fit(Z))
        self.mean_, self.components_ = solver.mean_, solver.components_
        self.explained_variance_ratio_ = solver.explained_variance_ratio_
        return self._place(Z)

    def _place(self, Z):
        return pad((Z - self.mean_) @ self.components_.T, self.n_components)

    def _unplace(self, P):
        return P[:, : len(self.components_)] @ self.components_ + self.mean_


def principal_start(Z, c: int, rng: np.random.RandomState) -> np.ndarray:
    """Where iterative maps start: positions on the principal components.

    The first axis has unit spread; all are shaken by 1 % so that no two points and no flat axis
    coincide.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    c : int
        Dimensions of the map.
    rng : RandomState
        Source of the shaking.

    Returns
    -------
    ndarray of shape (n, c)
        Positions.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.pca import principal_start
    >>> Z = np.random.default_rng(0).normal(size=(60, 5))
    >>> P = principal_start(Z, 2, np.random.RandomState(0))
    >>> P.shape, round(float(P[:, 0].std()), 1)
    ((60, 2), 1.0)
    """
    P = PCA(n_components=c, random_state=rng.randint(2**31)).fit_transform(
        np.asarray(Z, np.float64)
    )
    return P / P[:, 0].std() + rng.normal(scale=0.01, size=P.shape)
