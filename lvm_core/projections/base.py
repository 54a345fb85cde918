"""The contract of every map: codes Z (n, k) -> positions P (n, c), new points too, and the way
back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ..io.serialize import Persistent
from ..progress import OnStep


class Projection(Persistent, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A map of codes: the base of all.

    A subclass is a dataclass of ``param`` fields with ``n_components`` first and ``random_state``
    last; it writes ``_fit`` (returns P) and, where it is exact, ``_place`` and ``_unplace``; one
    that needs ``labels`` gets them there as y (n,).

    New points are placed, and positions brought back to codes, exactly where the map is a formula
    (``exact``), by the nearest training points otherwise: see :mod:`lvm_core.latent.neighbours`.

    Attributes
    ----------
    embedding_ : ndarray of shape (n, c)
        Positions of the training points.
    codes_ : ndarray of shape (n, k)
        The training points; only where the map is not ``exact``.
    stopped_ : bool
        Whether ``on_step`` ended the fit early.
    n_features_in_ : int
        Dimensions k of the codes.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.projections import PROJECTIONS
    >>> Z = np.random.default_rng(0).normal(size=(20, 5))
    >>> projection = PROJECTIONS["PCA"](n_components=2).fit(Z)
    >>> projection.transform(Z).shape
    (20, 2)
    >>> projection.inverse_transform([[0.0, 0.0]]).shape
    (1, 5)
    """

    title: ClassVar[str] = ""
    paper: ClassVar[str] = ""
    year: ClassVar[int] = 0
    link: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    exact: ClassVar[bool] = False  # whether placing is a formula
    iterative: ClassVar[bool] = False  # whether the fit reports steps
    random: ClassVar[bool] = False  # whether another seed gives another map
    labels: ClassVar[bool] = False  # whether it needs to know which class a point is of
    most_rows: ClassVar[int] = 20_000  # beyond, the app fits it on a sample and places the rest
    embedded_how: ClassVar[str] = "each at the median of the places of its ten nearest"
    embedding_neighbours: ClassVar[int] = 10  # neighbours that embed_new() wants to know
    min_rows: ClassVar[int] = 2

    # declared for type checkers alone: here they would be parameters, or be there before a fit
    if TYPE_CHECKING:
        n_components: int
        random_state: int | None
        n_features_in_: int
        embedding_: np.ndarray
        codes_: np.ndarray
        stopped_: bool

    @classmethod
    def suggest(cls, n: int) -> dict[str, Any]:
        """Parameter values that suit n points, where they differ from the defaults.

        Parameters
        ----------
        n : int
            Number of points.

        Returns
        -------
        dict of str to object
            Values by parameter name.
        """
        return {}

    def fit(self, Z, y=None, *, on_step: OnStep | None = None):
        """Learn the map of codes.

        Parameters
        ----------
        Z : array-like of shape (n, k)
            Codes.
        y : array-like of shape (n,), default=None
            Labels; used by maps that need them (``labels``).
        on_step : callable, default=None
            Called with a :class:`~lvm_core.progress.Progress`; it may return True to stop, and the
            map then keeps the positions reached.

        Returns
        -------
        Projection
            Itself.

        Raises
        ------
        ValueError
            For degenerate Z, before any library sees it; for missing or unsuitable labels where the
            map needs them; for parameters outside their domain; where the positions found are not
            finite.
        """
        Z = self._check(Z, reset=True)
        self.validate()
        self.stopped_ = False
        known = {"y": self._classes(Z, y)} if self.labels else {}
        P = self._fit(Z, check_random_state(self.random_state), on_step, **known)
        if not np.isfinite(P).all():
            raise ValueError(
                f"{type(self).__name__} returned positions that are not finite; try other "
                "parameters."
            )
        self.embedding_ = np.ascontiguousarray(P, dtype=Z.dtype)
        if not self.exact:
            self.codes_ = np.ascontiguousarray(Z)
        return self

    def fit_transform(self, Z, y=None, *, on_step: OnStep | None = None) -> np.ndarray:
        """Learn the map and return the positions of its own points.

        Parameters
        ----------
        Z, y, on_step
            As of :meth:`fit`.

        Returns
        -------
        ndarray of shape (n, c)
            Positions.
        """
        return self.fit(Z, y, on_step=on_step).embedding_

    def transform(self, Z) -> np.ndarray:
        """Positions of codes; a training code returns to its own place.

        Parameters
        ----------
        Z : array-like of shape (n, k)
            Codes.

        Returns
        -------
        ndarray of shape (n, c)
            Positions, in the dtype of Z.
        """
        check_is_fitted(self)
        Z = self._check(Z, reset=False)
        return self._place(Z).astype(Z.dtype, copy=False)

    def inverse_transform(self, P) -> np.ndarray:
        """Codes that belong at positions.

        Placed on an ``exact`` map they return to P; on the others they are a mean of the nearest
        points' codes.

        Parameters
        ----------
        P : array-like of shape (n, c)
            Positions.

        Returns
        -------
        ndarray of shape (n, k)
            Codes.

        Raises
        ------
        ValueError
            For positions of another width, or that are not finite.
        """
        check_is_fitted(self)
        P = np.asarray(P, dtype=self.embedding_.dtype)
        if P.ndim != 2 or P.shape[1] != self.embedding_.shape[1]:
            raise ValueError(f"P has shape {P.shape}, expected (n, {self.embedding_.shape[1]}).")
        if not np.isfinite(P).all():
            raise ValueError("P holds NaN or infinity, expected finite positions.")
        return self._unplace(P).astype(P.dtype, copy=False)

    def embed_new(self, D, I) -> np.ndarray:
        """Positions of many new points at once, by their nearest training points.

        :meth:`transform` moves continuously with the code, for which it takes a mean; of neighbours
        in several groups the mean lies between these, where nothing is. A median does not: 2 000
        digits of MNIST on a t-SNE map of 6 000 others have trustworthiness .968 by medians and .943
        by means. A map whose own optimiser can place points around fixed ones does better still.

        Parameters
        ----------
        D : ndarray of shape (m, k)
            Distances to the nearest training points, ``embedding_neighbours`` of them.
        I : ndarray of shape (m, k)
            Their row numbers.

        Returns
        -------
        ndarray of shape (m, c)
            Positions.
        """
        return np.median(self.embedding_[I], axis=1)

    def _fit(self, Z, rng: np.random.RandomState, on_step: OnStep | None) -> np.ndarray:
        raise NotImplementedError

    def _place(self, Z) -> np.ndarray:
        from ..latent.neighbours import interpolate

        return interpolate(self._compared(Z), self._compared(self.codes_), self.embedding_)

    def _unplace(self, P) -> np.ndarray:
        from ..latent.neighbours import interpolate

        return interpolate(P, self.embedding_, self.codes_)

    def _compared(self, Z) -> np.ndarray:
        """Z (n, k) as distances are measured on it: under the cosine metric every row scaled to
        length 1, which orders neighbours exactly as the cosine does.
        """
        if getattr(self, "metric", "euclidean") == "euclidean":
            return Z
        lengths = np.linalg.norm(Z, axis=1, keepdims=True)
        return Z / np.where(lengths > 0, lengths, 1)

    def _restore(self, head, folder):
        super()._restore(head, folder)
        if not 0 < self.n_features_in_ < 10**6:
            raise ValueError(f"{self.n_features_in_} dimensions")
        # one point there and back
        P = self.transform(np.zeros((1, self.n_features_in_), self.embedding_.dtype))
        if P.shape != (1, self.n_components) or self.inverse_transform(P).shape != (
            1,
            self.n_features_in_,
        ):
            raise ValueError(f"positions have {P.shape[1]} dimensions")

    def _check(self, Z, reset: bool) -> np.ndarray:
        name = type(self).__name__
        checked = validate_data(
            self,
            Z,
            reset=reset,
            dtype=(np.float64, np.float32),
            ensure_min_samples=self.min_rows if reset else 1,
        )
        Z = cast(np.ndarray, checked)  # declared as anything it returns for X and y
        largest = max(Z.max(), -Z.min())  # without a copy: there may be millions of rows
        if largest > 1e15:
            raise ValueError(
                f"{name}: the largest value is {largest:.3g}, expected at most 1e15; scale the "
                "data first."
            )
        if reset:
            rows = self._compared(Z)
            low, high = rows.min(0), rows.max(0)
            if (high - low).max() <= 8 * np.finfo(Z.dtype).eps * max(high.max(), -low.min()):
                what = "points are the same" if rows is Z else "points lie in the same direction"
                raise ValueError(f"{name}: all {len(Z)} {what}, there is nothing to map.")
        return Z

    def _classes(self, Z, y) -> np.ndarray:
        """y (n,) as numbers of classes from 0 on. Raises ValueError where there is nothing to
        tell apart.
        """
        from sklearn.utils import check_array, column_or_1d
        from sklearn.utils.multiclass import check_classification_targets

        name = type(self).__name__
        if y is None:
            raise ValueError(
                f"{name} requires y to be passed, but the target y is None: it shows how labels "
                "differ. Choose a label column, or another map."
            )
        # pyright takes dtype for a str, from its default
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")  # pyright: ignore[reportArgumentType]
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if len(y) != len(Z):
            raise ValueError(
                f"{name}: found {len(y)} labels for {len(Z)} points, expected as many."
            )
        classes, y = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(
                f"{name}: all points are of one class, expected at least 2 classes to tell apart."
            )
        return y

    @property
    def _n_features_out(self) -> int:
        return self.embedding_.shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.labels
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
