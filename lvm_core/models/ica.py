"""Independent component analysis."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from ..params import param
from .base import LatentModel, draw_discrete

QUANTILES = 201  # points of each source's distribution that are kept to draw from


@dataclass(repr=False, eq=False)
class ICA(LatentModel):
    """Independent component analysis by FastICA (Hyvarinen & Oja, 2000).

    ``x = m + A z`` with the sources z as independent and as far from Gaussian as can be: on the
    whitened first k principal components, maximise ``sum_j (E[G(w_j'x)] - E[G(nu)])^2`` over
    orthonormal w_j, G(u) = log cosh u, nu ~ N(0, 1); scikit-learn's solver. Sources have unit
    variance; the one that explains most comes first, its sign such that its longer tail is
    positive.

    Samples draw every source on its own from its distribution in the training rows, which is what
    independence means.

    Parameters
    ----------
    latent_dim : int, default=8
        Number of sources: the length of the code.
    random_state : int or None, default=0
        Seed of the directions the search begins with.

    Attributes
    ----------
    mixing_ : array (d, k)
        A, from sources to centred rows.
    unmixing_ : array (k, d)
        From centred rows to sources.
    mean_ : array (d,)
        m, the mean row.
    quantiles_ : array (k, 201)
        Of each source in the training rows, evenly spaced from the least to the largest.
    importance_ : array (k,)
        Share of the data's variance that each source explains.

    See Also
    --------
    lvm_core.models.base.LatentModel : Methods and attributes of every model.

    References
    ----------
    Hyvarinen & Oja (2000), https://doi.org/10.1016/S0893-6080(00)00026-5.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.models.ica import ICA
    >>> sources = np.random.RandomState(0).uniform(-1, 1, (200, 2))
    >>> X = sources @ np.array([[1.0, 0.5, 0.0], [0.3, 1.0, 1.0]])
    >>> model = ICA(latent_dim=2).fit(X)
    >>> model.transform(X).shape, model.mixing_.shape
    ((200, 2), (3, 2))
    """

    title: ClassVar[str] = "Independent component analysis"
    list_order: ClassVar[int] = 13
    paper: ClassVar[str] = "Hyvarinen & Oja"
    year: ClassVar[int] = 2000
    link: ClassVar[str] = "https://doi.org/10.1016/S0893-6080(00)00026-5"
    summary: ClassVar[str] = (
        "Unmixes signals that were added up: sources that are independent, not merely uncorrelated."
    )
    objective: ClassVar[str] = (
        r"\max_{W W^\top = I}\ \sum_j \big(\mathbb E[\log\cosh(w_j^\top \tilde x)] - \mathbb "
        r"E[\log\cosh(\nu)]\big)^2,\qquad \nu\sim\mathcal N(0,1),\ \tilde x \text{ whitened}"
    )
    when: ClassVar[str] = (
        "Use it where every row is a sum of sources that know nothing of each other: microphones, "
        "sensors, spectra, parts of pictures. "
        "It needs sources that are not Gaussian; where all are, its directions are arbitrary and "
        "PCA says as much."
    )
    reading: ClassVar[str] = (
        "A dimension is the strength of one source, in its own standard deviations. Order and sign "
        "are conventions of ours: ICA itself fixes neither. "
        "Reconstruction equals PCA's with as many components; what differs is the axes."
    )
    supported_kinds: ClassVar[tuple[str, ...]] = ("array", "image", "table")
    importance_meaning: ClassVar[str] = "share of the data's variance"

    latent_dim: int = param(8, low=1, high=512, help="Number of sources: the length of the code.")
    random_state: int | None = param(
        0,
        low=0,
        high=2**31 - 1,
        advanced=True,
        help="Seed of the directions the search begins with.",
    )

    @classmethod
    def suggest(cls, n, schema, minutes=None):
        return {"latent_dim": min(16 if schema.d > 32 else 4, max(1, schema.d - 1), n - 1)}

    def _fit(self, X, rng, on_step):
        from sklearn.decomposition import PCA, FastICA

        k = min(self.latent_dim, X.shape[1])
        if len(X) <= k < X.shape[1] or len(X) < k:
            raise ValueError(f"ICA: latent_dim is {k}, expected fewer than n_samples = {len(X)}.")
        if not (X != X[:1]).any():
            raise ValueError("ICA: all rows are the same, there are no sources to find.")
        # pyright takes what scikit-learn learns for None, from before the fit
        white = cast(Any, PCA(k, whiten=True, random_state=rng).fit(X.astype(np.float64)))
        self.mean_, spread = white.mean_, np.sqrt(white.explained_variance_)
        # what has no variance cannot be told apart from noise by whitening
        some = spread > 1e-7 * spread[0]
        Y = (X - self.mean_) @ white.components_[some].T / spread[some]
        with warnings.catch_warnings():
            # it keeps the best directions reached; Gaussian data never converges
            warnings.simplefilter("ignore")
            turn = (
                FastICA(whiten=cast(Any, False), max_iter=400, tol=1e-4, random_state=rng)
                .fit(Y)
                .components_
                if some.sum() > 1
                else np.eye(1)
            )
        S = Y @ turn.T
        sign = np.where((S**3).mean(0) < 0, -1.0, 1.0)
        unmixing = (turn * sign[:, None]) @ (white.components_[some] / spread[some, None])
        mixing = (white.components_[some].T * spread[some]) @ np.linalg.pinv(turn * sign[:, None])
        power = np.square(mixing).sum(0)
        order = np.argsort(-power, kind="stable")
        pad = k - len(order)
        self.mixing_, self.unmixing_ = (
            np.pad(mixing[:, order], ((0, 0), (0, pad))),
            np.pad(unmixing[order], ((0, pad), (0, 0))),
        )
        self.importance_ = np.pad(power[order], (0, pad)) / max(X.var(0).sum(), 1e-300)
        self.quantiles_ = np.quantile(self._encode(X), np.linspace(0, 1, QUANTILES), axis=0).T

    def _encode(self, X):
        return (X - self.mean_) @ self.unmixing_.T

    def _decode(self, Z):
        return Z @ self.mixing_.T + self.mean_

    def _prior(self, n, temperature, rng):
        u = rng.uniform(size=(n, len(self.quantiles_))) * (QUANTILES - 1)
        low = np.minimum(u.astype(int), QUANTILES - 2)
        dims = np.arange(len(self.quantiles_))
        below, above = self.quantiles_[dims, low], self.quantiles_[dims, low + 1]
        drawn = below + (u - low) * (above - below)
        return self.code_mean_ + temperature * (drawn - self.code_mean_)

    def _draw(self, Z, rng):
        return draw_discrete(self._decode(Z), self.schema_, rng)

    def as_torch(self):
        from ..nn.nets import Function, tensors

        mean, mixing, unmixing = tensors(self.mean_, self.mixing_, self.unmixing_)
        return Function(lambda x: (x - mean) @ unmixing.T), Function(lambda z: z @ mixing.T + mean)
