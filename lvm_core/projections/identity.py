"""The code itself as the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..latent.neighbours import interpolate
from ..params import param
from .base import Projection


@dataclass(repr=False, eq=False)
class Identity(Projection):
    """The first two or three dimensions of the code, as they are; zeros where the code has fewer.

    On the way back, the dimensions that are not on the map are carried over from the nearest points
    of the map, so that they belong together as they do in the data.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    random_state : int or None, default=0
        Not used: nothing here is random.

    Attributes
    ----------
    rest_ : ndarray of shape (n, max(k - n_components, 0))
        The other dimensions of the training codes.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.identity import Identity
    >>> Z = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> identity = Identity().fit(Z)
    >>> identity.embedding_.tolist()
    [[1.0, 2.0], [4.0, 5.0]]
    >>> identity.inverse_transform([[4.0, 5.0]]).tolist()
    [[4.0, 5.0, 6.0]]
    """

    title: ClassVar[str] = "First dimensions"
    paper: ClassVar[str] = "the code itself"
    summary: ClassVar[str] = (
        "The first dimensions of the code, untouched. The whole truth for a code of two or three "
        "dimensions."
    )
    exact: ClassVar[bool] = True

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Not used: nothing here is random."
    )

    def _fit(self, Z, rng, on_step):
        self.rest_ = np.ascontiguousarray(Z[:, self.n_components :])
        return pad(Z[:, : self.n_components], self.n_components)

    def _place(self, Z):
        return pad(Z[:, : self.n_components], self.n_components)

    def _unplace(self, P):
        if not self.rest_.shape[1]:
            return P[:, : self.n_features_in_]
        return np.hstack([P, interpolate(P, self.embedding_, self.rest_)])


def pad(P: np.ndarray, c: int) -> np.ndarray:
    """Positions with zero columns added up to c.

    Parameters
    ----------
    P : ndarray of shape (n, c')
        Positions.
    c : int
        Columns wanted, at least c'.

    Returns
    -------
    ndarray of shape (n, c)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.identity import pad
    >>> pad(np.ones((2, 1)), 3).tolist()
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    return np.pad(P, ((0, 0), (0, c - P.shape[1])))
