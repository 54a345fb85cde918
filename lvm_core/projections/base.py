"""The contract of every map: codes Z (n, k) -> positions P (n, 2|3), new points too, and the way back."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..persist import Persistent
from ..progress import OnStep


class Projection(Persistent, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A map of codes. A subclass is a dataclass of ``param`` fields with ``n_components`` first and ``random_state`` last;
    it writes ``_fit`` (returns P) and, where it is exact, ``_place`` and ``_unplace``.

    New points are placed, and positions brought back to codes, exactly where the map is a formula (``exact``), by the
    nearest training points otherwise: see :mod:`lvm_core.neighbours`. Learnt: ``embedding_`` (n, c).
    """

    title: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    year: ClassVar[int] = 0
    link: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    exact: ClassVar[bool] = False       # whether placing and its inverse are formulas
    min_rows: ClassVar[int] = 2

    def fit(self, Z, y=None, *, on_step: OnStep | None = None):
        """Learn the map of Z (n, k). Raises ValueError for degenerate Z, before any library sees it."""
        self.check_params()
        Z = self._check(Z, reset=True)
        P = self._fit(Z, check_random_state(self.random_state), on_step)
        if not np.isfinite(P).all():
            raise ValueError(f"{type(self).__name__} returned positions that are not finite; try other parameters.")
        self.embedding_ = np.ascontiguousarray(P, dtype=Z.dtype)
        if not self.exact:
            self.codes_ = np.ascontiguousarray(Z)
        return self

    def fit_transform(self, Z, y=None, *, on_step: OnStep | None = None) -> np.ndarray:
        """Learn the map and return the positions (n, c) of its own points."""
        return self.fit(Z, on_step=on_step).embedding_

    def transform(self, Z) -> np.ndarray:
        """Positions (n, c) of codes Z (n, k); a training code returns to its own place."""
        check_is_fitted(self)
        Z = self._check(Z, reset=False)
        return self._place(Z).astype(Z.dtype, copy=False)

    def inverse_transform(self, P) -> np.ndarray:
        """Codes (n, k) at positions P (n, c): exact for ``exact`` maps, a mean of the nearest points' codes otherwise."""
        check_is_fitted(self)
        P = np.asarray(P, dtype=self.embedding_.dtype)
        if P.ndim != 2 or P.shape[1] != self.embedding_.shape[1]:
            raise ValueError(f"P has shape {P.shape}, expected (n, {self.embedding_.shape[1]}).")
        return self._unplace(P)

    def _fit(self, Z, rng: np.random.RandomState, on_step: OnStep | None) -> np.ndarray:
        raise NotImplementedError

    def _place(self, Z) -> np.ndarray:
        from ..neighbours import carry

        return carry(Z, self.codes_, self.embedding_)

    def _unplace(self, P) -> np.ndarray:
        from ..neighbours import carry

        return carry(P, self.embedding_, self.codes_)

    def _check(self, Z, reset: bool):
        Z = validate_data(self, Z, reset=reset, dtype=(np.float64, np.float32), ensure_min_samples=self.min_rows if reset else 1)
        if np.abs(Z).max() > 1e15:
            raise ValueError(f"{type(self).__name__}: the largest value is {np.abs(Z).max():.3g}, expected at most 1e15; scale the data first.")
        if reset and not (Z != Z[:1]).any():
            raise ValueError(f"{type(self).__name__}: all {len(Z)} points are the same, there is nothing to map.")
        return Z

    @property
    def _n_features_out(self) -> int:
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
