"""One number for a set of samples: how far it lies from real rows, between the distance of real
rows from each other and that of rows without any structure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...datasets.base import Dataset
from ...progress import OnStep
from ...schema import Schema
from ..base import Score, columns_word, number
from .distances import frechet, frechet_by_chance, frechet_error
from .features import Features, own_features
from .quality import CELLS, documents, shuffled

MOST_ROWS = 1000  # a side
LEAST_ROWS = 20
_POOL = 6000  # rows that features are learnt on


@dataclass(frozen=True)
class OwnFeatures:
    """Features of a dataset, see :func:`features_of`.

    Attributes
    ----------
    features : Features
        Learnt on ``rows``.
    rows : ndarray of int
        Row numbers of the dataset.
    """

    features: Features
    rows: np.ndarray

    @property
    def free(self) -> np.ndarray:
        """Row numbers of the dataset that may be compared."""
        return self.rows[self.features.free]


@dataclass(frozen=True)
class FrechetScale:
    """What the Fréchet distance of samples is read on, see :func:`frechet_scale`.

    Attributes
    ----------
    own : OwnFeatures
        What rows are compared by.
    schema : Schema
        Of the rows.
    real : ndarray of shape (size, f)
        Features of real rows.
    rows : ndarray or CSR matrix of shape (size, d)
        The same rows.
    floor : float
        What real rows stay below from as many other real rows, in 19 of 20 splits.
    worst : float
        What they get from rows whose columns were shuffled, each on its own.
    """

    own: OwnFeatures
    schema: Schema
    real: np.ndarray
    rows: np.ndarray
    floor: float
    worst: float

    @property
    def size(self) -> int:
        """Samples that are needed, as many as there are real rows."""
        return len(self.real)

    def score(self, new) -> Score:
        """The distance of samples, and what it means.

        Parameters
        ----------
        new : array-like of shape (m, d)
            Samples; the first ``size`` are taken.

        Returns
        -------
        Score
            Its ceiling is the floor of the distance, its baseline what shuffled columns get.

        Raises
        ------
        ValueError
            With fewer than ``size`` samples: the distance grows as rows get fewer.
        """
        if len(new) < self.size:
            raise ValueError(f"there are {len(new)} samples, expected at least {self.size}.")
        new = np.asarray(new)[: self.size]
        if self.schema.has("counts"):
            new = documents(new, self.rows, np.random.RandomState(0))
        made = self.own.features.transform(new)
        value = frechet(self.real, made)
        times = (
            "no difference is seen"
            if value <= self.floor
            else f"this is {number(value / self.floor, 2)} times that"
        )
        return Score(
            "Fréchet distance",
            value,
            f"{self.size:,} samples against as many real rows. Real rows stay below "
            f"{number(self.floor, 2)} from other real rows, the floor: {times}. Shuffled "
            f"{columns_word(self.schema)} get {number(self.worst, 3)}"
            + ("." if self.worst > self.floor else ", so here this number tells little."),
            self.worst if self.worst > self.floor else None,
            self.floor,
            error=frechet_error(self.real, made),
        )


def features_of(dataset: Dataset, *, on_step: OnStep | None = None) -> OwnFeatures:
    """Features of a dataset, learnt on its rows and on nothing else: the same for every model.

    Parameters
    ----------
    dataset : Dataset
        At most 6000 of its rows are used, drawn with a fixed seed.
    on_step : callable, optional
        Given a :class:`~lvm_core.progress.Progress` where a small network learns the labels.

    Returns
    -------
    OwnFeatures

    See Also
    --------
    lvm_core.metrics.samples.features.own_features : What they are.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.metrics.samples.scale import features_of
    >>> features_of(DATASETS["iris"]().load()).features.words
    'the 4 columns, each scaled to variance 1'
    """
    n, y = len(dataset), dataset.targets()
    most = min(n, _POOL, max(2 * LEAST_ROWS, CELLS // dataset.X.shape[1]))
    rows = np.sort(np.random.RandomState(0).permutation(n)[:most])
    found = own_features(
        dataset.X[rows], dataset.schema, None if y is None else y[rows], on_step=on_step
    )
    return OwnFeatures(found, rows)


def frechet_scale(dataset: Dataset, own: OwnFeatures, among=None) -> FrechetScale:
    """What the Fréchet distance of samples of a dataset is read on.

    Parameters
    ----------
    dataset : Dataset
        The real rows.
    own : OwnFeatures
        Of :func:`features_of`.
    among : array-like of int, optional
        The real rows to compare with, as those of one label; by default all.

    Returns
    -------
    FrechetScale

    Raises
    ------
    ValueError
        Where fewer than twice ``LEAST_ROWS`` rows can be compared.

    References
    ----------
    Heusel et al. (2017), https://arxiv.org/abs/1706.08500: the distance, on other features.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.metrics.samples.scale import features_of, frechet_scale
    >>> iris = DATASETS["iris"]().load()
    >>> scale = frechet_scale(iris, features_of(iris))
    >>> scale.size, scale.floor < scale.worst
    (75, True)
    >>> scale.score(iris.X[::2]).value < scale.worst
    True
    """
    rng = np.random.RandomState(0)
    free = own.free if among is None else np.intersect1d(own.free, among)
    size = min(len(free) // 2, MOST_ROWS)
    if size < LEAST_ROWS:
        raise ValueError(
            f"{len(free)} real rows are left to compare with, expected at least {2 * LEAST_ROWS}."
        )
    chosen = rng.permutation(free)[: 2 * size]
    rows = dataset.X[chosen[:size]]
    R = own.features.transform(dataset.X[chosen])
    mixed = own.features.transform(shuffled(rows, dataset.schema, rng))
    floor = float(np.quantile(frechet_by_chance(R, size), 0.95))
    return FrechetScale(own, dataset.schema, R[:size], rows, floor, frechet(R[:size], mixed))
