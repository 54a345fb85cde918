"""Directions in code space: what two groups differ by, and how far to trust it.

Codes are compared in units of each dimension's spread, as in
:class:`~lvm_core.latent.typicality.Typicality`, so a dimension's scale does not decide. Effect,
chance and accuracy are measured on projections in those units.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

import numpy as np
import pandas as pd

_DRAWS = 200  # random groups that the effect is compared with
# the largest Cohen's d told: groups without any spread would have an infinite one
_MOST = 1000.0


@dataclass(frozen=True, eq=False)
class Direction:
    """A step in code space, and how far to trust it.

    Adding ``vector`` once moves from one group's mean to the other's along it; a principal
    direction moves by one standard deviation of the codes.

    Parameters
    ----------
    vector : ndarray of shape (k,)
        The step.
    name : str
        What it is called in :meth:`sentence`.
    method : str
        ``"means"``, ``"classifier"`` or ``"principal"``.
    effect : float, default=None
        Cohen's d (1988) of the two groups' projections.
    chance : float, default=None
        The 95th percentile of ``effect`` for random groups of the same sizes.
    accuracy : float, default=None
        Share of held-out rows on the right side of a threshold.
    baseline : float, default=None
        Share of the larger group.
    counts : tuple of (int, int), default=None
        Rows measured of the two groups.
    share : float, default=None
        A principal direction's share of variance; None for the others.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.directions import Direction
    >>> step = Direction(np.array([1.0, -2.0]), "this direction", "principal", share=0.5)
    >>> step.apply([0.0, 0.0], [0.5, 1.0])
    array([[ 0.5, -1. ],
           [ 1. , -2. ]])
    >>> Direction.from_json(step.to_json()).share
    0.5
    """

    vector: np.ndarray
    name: str
    method: str
    effect: float | None = None
    chance: float | None = None
    accuracy: float | None = None
    baseline: float | None = None
    counts: tuple[int, int] | None = None
    share: float | None = None

    def apply(self, z, amount) -> np.ndarray:
        """Codes moved along the direction: ``z + amount * vector``.

        Parameters
        ----------
        z : array-like of shape (k,) or (m, k)
            Codes.
        amount : float or array-like of shape (m,)
            How many steps to take.

        Returns
        -------
        ndarray of shape (k,) or (m, k)
            (k,) for one code and one amount, (m, k) otherwise.
        """
        return np.asarray(z, np.float64) + np.multiply.outer(
            np.asarray(amount, np.float64), self.vector
        )

    def sentence(self) -> str:
        """In plain words, what it is and how far to trust it."""
        if self.share is not None:
            return (
                f"{self.name} holds {self.share:.0%} of the variance of the codes; it was found "
                "without labels, "
                "so look at what it changes before naming it."
            )
        assert self.effect is not None and self.chance is not None
        assert self.accuracy is not None and self.baseline is not None and self.counts is not None
        size = (
            f"Cohen's d is {self.effect:.2g}, and random groups of these sizes stay under "
            f"{self.chance:.2g} in 19 of 20 draws"
        )
        if self.effect <= self.chance:
            return f"Do not trust {self.name}: {size}."
        told = (
            f"{self.accuracy:.0%} of rows it was not learnt from fall on the right side (guessing "
            f"the larger group: {self.baseline:.0%})"
        )
        noise = np.sqrt(self.baseline * (1 - self.baseline) / sum(self.counts))
        if self.accuracy <= self.baseline + 2 * noise:
            return f"Trust {self.name} on average, not for single rows: {size}, but only {told}."
        word = "Strong" if self.effect >= 2 else "Clear" if self.effect >= 0.8 else "Weak but real"
        return f"{word}: along {self.name}, {size}, and {told}."

    def to_json(self) -> dict:
        """Plain JSON types only."""
        return asdict(self) | {
            "vector": [float(v) for v in self.vector],
            "counts": list(self.counts) if self.counts else None,
        }

    @classmethod
    def from_json(cls, data: dict) -> Direction:
        """The direction written by :meth:`to_json`. Raises ValueError for anything else."""
        numbers = "effect", "chance", "accuracy", "baseline", "share"
        try:
            vector = np.array(data["vector"], np.float64)
            counts = cast(
                tuple[int, int] | None,
                data["counts"] and tuple(int(c) for c in data["counts"]),
            )
            rest = {key: None if data[key] is None else float(data[key]) for key in numbers}
            sound = (
                vector.ndim == 1
                and vector.size
                and np.isfinite(vector).all()
                and all(v is None or np.isfinite(v) for v in rest.values())
                and (counts is None or len(counts) == 2 and min(counts) > 0)
                and (rest["share"] is not None or None not in (counts, *list(rest.values())[:4]))
            )
            if sound:
                return cls(
                    vector, str(data["name"]), str(data["method"]), counts=counts or None, **rest
                )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"this is no saved direction ({type(error).__name__}: {error}); save it again."
            ) from error
        raise ValueError(
            "this is no saved direction: its vector or scores are missing or not finite; save it "
            "again."
        )


def attribute(
    Z,
    inside,
    outside=None,
    method: str = "means",
    *,
    name: str = "this direction",
    rows: int = 5000,
    random_state: int = 0,
) -> Direction:
    """The direction from the rows outside a group to those inside it.

    Codes are compared in units of each dimension's spread. Accuracy is held out: stratified in five
    folds, direction and threshold learnt anew in each.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    inside : array-like of bool of shape (n,)
        Mask of the group that the direction leads to.
    outside : array-like of bool of shape (n,), default=None
        Mask of the group that it comes from; None: all other rows.
    method : {"means", "classifier"}, default="means"
        ``"means"`` is the difference of the groups' means [1]_ [2]_; ``"classifier"`` the normal of
        a logistic regression [3]_, which ignores what merely comes along with the group.
    name : str, default="this direction"
        What it is called in :meth:`Direction.sentence`.
    rows : int, default=5000
        Of a group with more rows than that a sample is used.
    random_state : int, default=0
        Seed of the sample, of the random groups and of the folds.

    Returns
    -------
    Direction
        With its effect, chance, accuracy, baseline and counts.

    Raises
    ------
    ValueError
        For an unknown method, masks that are not bool of shape (n,), groups that overlap or have
        fewer than 3 rows, and codes that are not finite.

    References
    ----------
    .. [1] Larsen et al. (2016), arXiv:1512.09300.
    .. [2] White (2016), arXiv:1609.04468.
    .. [3] Shen et al. (2020), arXiv:1907.10786.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.latent.directions import attribute
    >>> Z = np.random.default_rng(0).normal(size=(200, 2))
    >>> direction = attribute(Z + [[4.0, 0.0]] * (Z[:, 1:] > 0), Z[:, 1] > 0)
    >>> direction.counts
    (97, 103)
    >>> direction.effect > direction.chance, direction.accuracy > 0.95
    (True, True)
    """
    Z = _codes(Z)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, expected one of {', '.join(METHODS)}.")
    inside, outside = _groups(len(Z), inside, outside)
    rng = np.random.default_rng(random_state)
    inside, outside = (
        g if len(g) <= rows else np.sort(rng.choice(g, rows, replace=False))
        for g in (inside, outside)
    )
    unit = _units(Z)
    X = (Z[np.concatenate([inside, outside])] - Z.mean(0)) / unit
    y = np.repeat([True, False], [len(inside), len(outside)])
    learn = METHODS[method]
    normal = learn(X, y[None])
    shuffled = rng.permuted(np.tile(y, (_DRAWS, 1)), axis=1)
    effect, gap = _effects(X, y[None], normal)
    chance = float(np.quantile(_effects(X, shuffled, learn(X, shuffled))[0], 0.95))
    return Direction(
        gap[0] * normal[0] * unit,
        name,
        method,
        float(effect[0]),
        chance,
        _held_out(X, y, learn, random_state),
        float(max(y.mean(), 1 - y.mean())),
        (len(inside), len(outside)),
    )


def principal(Z, m: int = 5) -> list[Direction]:
    """The directions of greatest variance, each as long as one standard deviation along it [1]_.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    m : int, default=5
        How many directions; fewer are returned where the codes vary in fewer.

    Returns
    -------
    list of Direction
        In the order of their ``share`` of variance. The largest entry of each vector is positive.

    Raises
    ------
    ValueError
        Below 2 rows, or for codes that are not finite.

    References
    ----------
    .. [1] Härkönen et al. (2020), arXiv:2004.02546.

    Examples
    --------
    >>> from lvm_core.latent.directions import principal
    >>> first, second = principal([[0, 0], [4, 0], [0, 2], [4, 2]])
    >>> first.vector.round(6), round(first.share, 6)
    (array([2., 0.]), 0.8)
    """
    Z = _codes(Z)
    X = Z - Z.mean(0)
    _, scale, axes = np.linalg.svd(
        X if len(X) <= X.shape[1] else np.linalg.qr(X, mode="r"), full_matrices=False
    )
    kept = [
        i for i in range(min(m, len(scale))) if scale[i] > 1e-9 * max(scale[0], np.abs(Z).max())
    ]
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    share = scale**2 / max((scale**2).sum(), np.finfo(float).tiny)
    return [
        Direction(
            axes[i] * scale[i] / np.sqrt(len(Z)),
            f"Principal direction {i + 1}",
            "principal",
            share=float(share[i]),
        )
        for i in kept
    ]


def analogy(a, b, c) -> np.ndarray:
    """a is to b as c is to ``c + (b - a)`` [1]_.

    Parameters
    ----------
    a, b, c : array-like of shape (k,) or (m, k)
        Codes.

    Returns
    -------
    ndarray of shape (k,) or (m, k)
        The fourth code.

    References
    ----------
    .. [1] Mikolov, Yih & Zweig (2013), aclanthology.org/N13-1090.

    Examples
    --------
    >>> from lvm_core.latent.directions import analogy
    >>> analogy([0, 0], [1, 0], [5, 5])
    array([6., 5.])
    """
    a, b, c = (np.asarray(v, np.float64) for v in (a, b, c))
    return c + (b - a)


def split_by(
    column: pd.Series, value=None, *, above=None, quantile: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of rows by a column's values: masks for :func:`attribute`.

    Exactly one of ``value``, ``above`` and ``quantile`` is given. Rows without a value are in
    neither group.

    Parameters
    ----------
    column : Series of shape (n,)
        The column.
    value : object, default=None
        Inside are the rows equal to it.
    above : number or date, default=None
        Inside are the rows above it.
    quantile : float, default=None
        Inside are the rows above this quantile of the column, 0 to 1.

    Returns
    -------
    inside, outside : ndarray of bool of shape (n,)
        Masks of the group, and of all other rows that have a value.

    Raises
    ------
    ValueError
        Where not exactly one way to split is given, no row has the value, the quantile is not from
        0 to 1, or the column of a threshold holds neither numbers nor dates.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.latent.directions import split_by
    >>> inside, outside = split_by(pd.Series([1.0, 5.0, None, 9.0]), above=4)
    >>> inside.tolist(), outside.tolist()
    ([False, True, False, True], [True, False, False, False])
    """
    if sum(v is not None for v in (value, above, quantile)) != 1:
        raise ValueError(
            "a split takes exactly one of a value, a threshold (above) and a quantile."
        )
    column = pd.Series(column)
    known = column.notna().to_numpy(bool)
    if value is not None:
        inside = (column == value).fillna(False).to_numpy(bool)
        if not inside.any():
            raise ValueError(
                f"no row of {column.name} is {value!r}; there are "
                f"{', '.join(map(str, column[known].unique()[:8]))}."
            )
        return inside, known & ~inside
    if pd.api.types.is_bool_dtype(column) or not (
        pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    ):
        raise ValueError(
            f"{column.name} holds {column.dtype}, expected numbers or dates for a threshold; "
            "choose one of its values instead."
        )
    if quantile is not None:
        if not 0 <= quantile <= 1:
            raise ValueError(f"quantile is {quantile}, expected a number from 0 to 1.")
        above = column[known].quantile(quantile)
    inside = known & (column > above).fillna(False).to_numpy(bool)
    return inside, known & ~inside


# -- learning: X (n, k), labels Y (draws, n) bool -> unit normals (draws, k) -----------------------


def _means(X, Y):
    return _unit_rows(_mean(X, Y) - _mean(X, ~Y))


def _classifier(X, Y):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced")
    return _unit_rows(np.stack([model.fit(X, y).coef_[0] for y in Y]))


METHODS = {"means": _means, "classifier": _classifier}


# -- measuring -------------------------------------------------------------------------------------


def _effects(X, Y, normals):
    """Cohen's d and gaps (draws,) between the groups' mean projections, each draw on its own
    normal.
    """
    P = normals @ X.T
    first, second = ((P * G).sum(1) / G.sum(1) for G in (Y, ~Y))
    gap = first - second
    within = np.square(P - np.where(Y, first[:, None], second[:, None])).sum(1) / (Y.shape[1] - 2)
    return np.abs(gap) / np.maximum(
        np.sqrt(within), np.abs(gap) / _MOST + np.finfo(float).tiny
    ), gap


def _held_out(X, y, learn, random_state) -> float:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(min(5, y.sum(), (~y).sum()), shuffle=True, random_state=random_state)
    right = 0
    for known, new in folds.split(X, y):
        normal = learn(X[known], y[None, known])[0]
        right += ((X[new] @ normal > _threshold(X[known] @ normal, y[known])) == y[new]).sum()
    return float(right / len(y))


def _threshold(p, y) -> float:
    """The cut of projections p (n,) that puts most rows on the right side, those of y above it."""
    order = np.argsort(p, kind="stable")
    p, y = p[order], y[order]
    # with the first i rows below the cut
    right = y.sum() + np.append(0, np.cumsum(np.where(y, -1, 1)))
    between = np.append(True, np.append(p[1:] > p[:-1], True))
    i = np.where(between, right, -1).argmax()
    return -np.inf if i == 0 else np.inf if i == len(p) else (p[i - 1] + p[i]) / 2


def _mean(X, Y):
    return Y @ X / Y.sum(1, keepdims=True)


def _unit_rows(V):
    size = np.linalg.norm(V, axis=1, keepdims=True)
    return V / np.where(size > 0, size, 1)


def _units(Z):
    spread = Z.std(0)
    return np.where(spread > 1e-12 * np.abs(Z).max(initial=0), spread, 1.0)


def _codes(Z):
    Z = np.asarray(Z, np.float64)
    if Z.ndim != 2 or len(Z) < 2 or not np.isfinite(Z).all():
        raise ValueError(
            f"codes have shape {Z.shape}, expected (n, k) with at least 2 rows of finite numbers."
        )
    return Z


def _groups(n, inside, outside):
    inside = np.asarray(inside)
    outside = ~inside.astype(bool) if outside is None else np.asarray(outside)
    for mask in (inside, outside):
        if mask.shape != (n,) or mask.dtype != bool:
            raise ValueError(
                f"a group's mask has shape {mask.shape} of {mask.dtype}, expected ({n},) of bool."
            )
    if both := int((inside & outside).sum()):
        raise ValueError(
            f"the groups share {both} row{'s' * (both > 1)}, expected none in both; take them out "
            "of one."
        )
    for which, mask in (("first", inside), ("second", outside)):
        if (found := int(mask.sum())) < 3:
            raise ValueError(
                f"the {which} group has {found or 'no'} row{'s' * (found != 1)}, expected at least "
                "3; choose more."
            )
    return np.flatnonzero(inside), np.flatnonzero(outside)
