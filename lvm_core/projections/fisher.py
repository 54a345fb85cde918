"""Linear discriminant analysis as a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..params import param
from .base import Projection
from .identity import pad


@dataclass(repr=False, eq=False)
class Fisher(Projection):
    """The plane, or space, in which labelled classes lie farthest apart [1]_.

    Linear discriminant analysis; for several classes Rao (1948). Axes a maximise ``a^T B a / a^T W
    a``, B the covariance of the classes' means weighted by their sizes, W the mean covariance
    within classes, shrunk as Ledoit & Wolf (2004) do so that it can be inverted. C classes have C -
    1 such axes; where the map has more, the others are the principal components of what those
    leave.

    It is a view chosen *by* the labels: with many dimensions and few points a class, classes come
    apart even where the labels mean nothing. The unit of every axis is the spread within classes.

    Parameters
    ----------
    n_components : {2, 3, 1}, default=2
        Dimensions of the map; 1 is an order along a line.
    random_state : int or None, default=0
        Not used: nothing here is random.

    Attributes
    ----------
    components_ : ndarray of shape (c', k)
        The axes, c' of at most k.
    back_ : ndarray of shape (c', k)
        Their pseudo-inverse.
    mean_ : ndarray of shape (k,)
        Mean of the codes.
    discriminants_ : int
        How many axes tell classes apart.
    embedding_ : ndarray of shape (n, n_components)
        Positions of the training points.

    References
    ----------
    .. [1] Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections.fisher import Fisher
    >>> y = np.arange(60) % 2
    >>> Z = np.random.default_rng(0).normal(size=(60, 3)) + 8 * y[:, None]
    >>> fisher = Fisher().fit(Z, y)
    >>> fisher.discriminants_, fisher.embedding_.shape
    (1, (60, 2))
    """

    title: ClassVar[str] = "Fisher discriminants"
    paper: ClassVar[str] = "Fisher"
    year: ClassVar[int] = 1936
    list_order: ClassVar[int] = 60
    link: ClassVar[str] = "https://doi.org/10.1111/j.1469-1809.1936.tb02137.x"
    summary: ClassVar[str] = (
        "The flat view that tells your labels apart best. It looks for them: some separation "
        "appears even by chance."
    )
    exact: ClassVar[bool] = True
    labels: ClassVar[bool] = True

    n_components: int = param(
        2,
        choices=(2, 3, 1),
        help="Dimensions of the map; 1 is an order along a line.",
        label="Dimensions",
    )
    random_state: int | None = param(
        0, low=0, high=2**31 - 1, advanced=True, help="Not used: nothing here is random."
    )

    def _fit(self, Z, rng, on_step, y):
        from scipy.linalg import eigh

        self.mean_ = Z.mean(0)
        centred = np.asarray(Z - self.mean_, np.float64)
        unit = centred.std(0).max()
        means = np.stack([centred[y == c].mean(0) for c in range(y.max() + 1)])
        W = _shrunk((centred - means[y]) / unit)
        B = np.cov(means.T / unit, aweights=None, fweights=np.bincount(y), ddof=0).reshape(W.shape)
        wanted = min(self.n_components, len(W))
        self.discriminants_ = int(min(len(means) - 1, wanted))
        axes = eigh(B, W, subset_by_index=(len(W) - self.discriminants_, len(W) - 1))[1][:, ::-1]
        if self.discriminants_ < wanted:
            basis = np.linalg.qr(axes)[0]
            left = (centred - centred @ basis @ basis.T) / unit
            more = np.linalg.svd(left.T @ left)[0][:, : wanted - self.discriminants_]
            axes = np.hstack([axes, more / np.sqrt((more * (W @ more)).sum(0))])
        axes = (
            axes / unit * np.where(axes[np.abs(axes).argmax(0), np.arange(wanted)] < 0, -1.0, 1.0)
        )
        self.components_, self.back_ = (
            np.ascontiguousarray(axes.T, Z.dtype),
            np.ascontiguousarray(np.linalg.pinv(axes), Z.dtype),
        )
        return self._place(Z)

    def _place(self, Z):
        return pad((Z - self.mean_) @ self.components_.T, self.n_components)

    def _unplace(self, P):
        return P[:, : len(self.components_)] @ self.back_ + self.mean_


def _shrunk(R) -> np.ndarray:
    """The covariance (k, k) of residuals R (n, k), with a little more on the diagonal so that
    it can be inverted.
    """
    from sklearn.covariance import ledoit_wolf

    C = np.atleast_2d(ledoit_wolf(R, assume_centered=True)[0])
    return C + np.eye(len(C)) * max(1e-9 * np.trace(C) / len(C), 1e-12)
