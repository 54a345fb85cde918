"""Names on a map: dense regions of the picture from coarse to fine, and what the items in each
have in common.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, cast

import numpy as np
import pandas as pd

from ..progress import OnStep, Reporter
from .clusters import class_words, differences, features

# positions the regions are found on; the others go with the nearest of these
MOST_FITTED = 8_000
LEVELS = (0.04, 0.012, 0.004)  # least size of a region as a share of the points, coarse to fine
LEAST = 8  # points in a region, at least
PURE = 0.6  # share of a region from which it is "mostly" one class
# difference from the rest, in standard deviations, from which it is named
NOTABLE = 0.6
_STEPS = len(LEVELS) + 1


@dataclass(frozen=True)
class Region:
    """A dense region of a map.

    Attributes
    ----------
    level : int
        0 is the coarsest.
    rows : ndarray of int
        Its rows.
    at : tuple of float
        Its densest middle, the position of row ``medoid``.
    radius : float
        Median distance of its points from there.
    medoid : int
        The row in the middle.
    parent : int
        The region of the level before that most of it lies in, by number, or -1.
    words : tuple of str
        The name in parts, without what the regions around it are named already.
    edge : tuple of tuple of float
        Positions of its outermost points along every axis and diagonal, both ways.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.regions import Region
    >>> region = Region(0, np.arange(40), (0.1, 2.0), 0.7, 12, -1, ("mostly cats", "weight high"))
    >>> region.name, region.key
    ('mostly cats, weight high', '0-12-40')
    """

    level: int
    rows: np.ndarray = field(repr=False)
    at: tuple[float, ...]
    radius: float
    medoid: int
    parent: int
    words: tuple[str, ...]
    edge: tuple[tuple[float, ...], ...] = ()

    @property
    def key(self) -> str:
        """Stays the same for the same map, so that a person's name for it can be kept."""
        return f"{self.level}-{self.medoid}-{len(self.rows)}"

    @property
    def name(self) -> str:
        """The words as one line; empty where nothing sets the region apart."""
        return ", ".join(self.words)


@dataclass(frozen=True)
class NamedRegions:
    """The dense regions of a map.

    Attributes
    ----------
    regions : list of Region
        Coarse to fine, and the largest first within a level.
    none : list of int
        How many points lie in no region of each level.
    fitted : int
        How many points were looked at; the others joined the nearest of them.
    n : int
        Number of points.

    See Also
    --------
    named_regions : Finds them.

    Examples
    --------
    >>> from lvm_core.analysis.regions import NamedRegions
    >>> NamedRegions([], none=[500], fitted=500, n=500).none
    [500]
    """

    regions: list[Region]
    none: list[int]
    fitted: int
    n: int


def named_regions(
    P, dataset=None, *, random_state: int = 0, on_step: OnStep | None = None
) -> NamedRegions:
    """Find the dense regions of a map, and name each by what its items have in common.

    Regions are HDBSCAN's leaves [1]_ for one least size a level; one that a coarser level has
    already, row for row in nine of ten, is left out. They are regions of the picture: what a map
    tears apart or pushes together, they do too. No two have one name: those that would are told
    apart by what sets them off from each other, or by the range of their values; where nothing
    does, the largest alone has it.

    Parameters
    ----------
    P : array-like of shape (n, 2) or (n, 3)
        Positions.
    dataset : Dataset, optional
        The items; without them regions have no names.
    random_state : int, default=0
        Of more than 8000 positions it draws the sample that regions are found on.
    on_step : callable, optional
        Receives progress; where it returns True, no finer level is looked at.

    Returns
    -------
    NamedRegions
        Regions from coarse to fine.

    Raises
    ------
    ValueError
        For positions that are not (n, 2) or (n, 3), or not finite.

    References
    ----------
    .. [1] Campello, Moulavi & Sander (2013), doi:10.1007/978-3-642-37456-2_14

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.regions import named_regions
    >>> iris = DATASETS["iris"]().load()
    >>> found = named_regions(iris.X[:, [2, 3]], iris)
    >>> [(region.name, len(region.rows)) for region in found.regions if region.level == 0][:1]
    [('setosa, petal length in cm low', 50)]
    """
    P = np.asarray(P, np.float64)
    if P.ndim != 2 or P.shape[1] not in (2, 3) or not np.isfinite(P).all():
        raise ValueError(
            f"the positions have shape {P.shape}, expected finite numbers (n, 2) or (n, 3)."
        )
    n, report = len(P), Reporter(on_step, _STEPS, "finding dense regions")
    rows = (
        np.arange(n)
        if n <= MOST_FITTED
        else np.sort(np.random.RandomState(random_state).choice(n, MOST_FITTED, replace=False))
    )
    owner = None if len(rows) == n else _nearest(P, P[rows])
    describer = _describer(dataset)
    regions, none, sizes = (
        [],
        [],
        sorted({max(LEAST, round(share * len(rows))) for share in LEVELS}, reverse=True),
    )
    for step, size in enumerate(sizes, 1):
        labels = _dense(P[rows], size)
        labels = labels if owner is None else labels[owner]
        none.append(int((labels < 0).sum()))
        regions += _level(P, labels, len(none) - 1, regions, describer)
        if report(step):
            break
    return NamedRegions(_told_apart(regions, describer, n), none, len(rows), n)


def _nearest(P, Q) -> np.ndarray:
    """Of each row of P the nearest of Q: in a plane a tree finds a million of them in a second,
    comparing all takes a minute.
    """
    from scipy.spatial import cKDTree  # pyright: ignore[reportAttributeAccessIssue]  # compiled

    return cKDTree(Q).query(P)[1]


def _dense(P, size: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    if len(P) < 2 * size or not np.ptp(P, 0).any():
        return np.full(len(P), -1)
    return HDBSCAN(
        min_cluster_size=size,
        min_samples=min(10, size),
        cluster_selection_method="leaf",
        copy=cast(Any, True),  # pyright takes it for a str, from its default
    ).fit_predict(P)


def _level(P, labels, level: int, before: list[Region], describer) -> list[Region]:
    """The regions of one level, the largest first, without those that are one of the level
    before.
    """
    order, starts = (
        np.argsort(labels, kind="stable"),
        np.searchsorted(np.sort(labels), np.arange(labels.max(initial=-1) + 2)),
    )
    inside = [order[a:b] for a, b in zip(starts[:-1], starts[1:])]
    inside = sorted((rows for rows in inside if len(rows)), key=len, reverse=True)
    above = np.full(len(P), -1)
    for number, region in enumerate(before):  # finer ones last: the nearest level above wins
        above[region.rows] = number
    kept, parents = [], []
    for rows in inside:
        found, counts = np.unique(above[rows], return_counts=True)
        parent = int(found[counts.argmax()])
        if (
            parent < 0
            or min(counts.max() / len(rows), counts.max() / len(before[parent].rows)) < 0.9
        ):
            kept.append(rows)
            parents.append(parent)
    grouped = np.full(len(P), -1)
    for c, rows in enumerate(kept):
        grouped[rows] = c
    words = describer.words(grouped) if kept and describer else {}
    return [
        _region(P, level, rows, parent, _new(tuple(words.get(c, ())), parent, before))
        for c, (rows, parent) in enumerate(zip(kept, parents))
    ]


def _new(words: tuple[str, ...], parent: int, before: list[Region]) -> tuple[str, ...]:
    """Words that a region around it has not said already."""
    said = set()
    while parent >= 0:
        said |= {w.removeprefix("mostly ") for w in before[parent].words}
        parent = before[parent].parent
    return tuple(w for w in words if w.removeprefix("mostly ") not in said)


def _region(P, level, rows, parent, words) -> Region:
    middle = np.median(P[rows], 0)
    medoid = int(rows[np.square(P[rows] - middle).sum(1).argmin()])
    c = P.shape[1]
    ways = np.concatenate([np.eye(c), -np.eye(c), list(product((-1, 1), repeat=c))])
    outermost = rows[(P[rows] @ ways.T).argmax(0)]
    return Region(
        level,
        rows,
        tuple(P[medoid].tolist()),
        float(np.median(np.linalg.norm(P[rows] - P[medoid], axis=1))),
        medoid,
        parent,
        words,
        tuple(map(tuple, P[outermost].tolist())),
    )


def _told_apart(regions: list[Region], describer, n: int) -> list[Region]:
    """The same regions, no two of which have one name."""
    for words, numbers in _repeated(regions):
        labels = np.full(n, -1)
        for c, number in enumerate(numbers):
            labels[regions[number].rows] = c
        found = describer.words(labels, labels >= 0)
        known = {describer.subject(word) for word in words}
        for c, number in enumerate(numbers):
            new = [w for w in found.get(c, []) if describer.subject(w) not in known][:1]
            regions[number] = replace(regions[number], words=words + tuple(new))
    for _, numbers in _repeated(regions):
        for number in numbers:
            words = describer.ranges(regions[number].words, regions[number].rows)
            regions[number] = replace(regions[number], words=words)
    for _, numbers in _repeated(regions):
        for number in sorted(numbers, key=lambda i: -len(regions[i].rows))[1:]:
            regions[number] = replace(regions[number], words=())
    return regions


def _repeated(regions: list[Region]) -> list[tuple[tuple[str, ...], list[int]]]:
    """Names of more than one region, as words, with the numbers of these."""
    found = defaultdict(list)
    for number, region in enumerate(regions):
        found[region.words].append(number)
    return [(words, numbers) for words, numbers in found.items() if words and len(numbers) > 1]


# -- what a region's items have in common ----------------------------------------------------------


class _Terms:
    """Words of three letters or more that the regions' documents share: each in at least a tenth
    of them, and in two.
    """

    def __init__(self, dataset):
        self.X, self.terms = dataset.X, dataset.codec.terms

    def words(self, labels, among=slice(None), most: int = 3) -> dict[int, list[str]]:
        X, labels, found = self.X[among], labels[among], {}
        for c, words in class_words(X, labels, self.terms, 60, power=0.5).items():
            inside = X[np.flatnonzero(labels == c)]
            documents = dict(zip(self.terms, inside.getnnz(0)))
            found[c] = [
                word
                for word, _ in words
                if sum(map(str.isalpha, word)) >= 3
                and documents[word] >= max(2, 0.1 * inside.shape[0])
            ][:most]
        return found

    def subject(self, word: str) -> str:
        return word

    def ranges(self, words: tuple[str, ...], rows) -> tuple[str, ...]:
        return words


class _Traits:
    """The class that most of a region has, and how its columns differ from the rest."""

    def __init__(self, dataset):
        self.dataset, self.y, self.traits = dataset, dataset.targets(), _traits(dataset)
        if self.y is not None:
            self.y = pd.Series(self.y, dtype=object).reset_index(drop=True)

    def words(self, labels, among=slice(None)) -> dict[int, list[str]]:
        """Groups (n,), -1 for none -> words for each; of the rows ``among`` alone."""
        X, *rest = self.traits
        traits, labels = (X[among], *rest), labels[among]
        of = _majority(labels, None if self.y is None else self.y[among])
        return {
            c: of.get(c, []) + _phrases(traits, labels, c, said, 2 - len(of.get(c, [])))
            for c, said in _apart(traits, labels).items()
        }

    def subject(self, word: str) -> str:
        """What a phrase speaks of."""
        return word.removesuffix(" high").removesuffix(" low")

    def ranges(self, words: tuple[str, ...], rows) -> tuple[str, ...]:
        """Numbers in place of "high" and "low": where the middle half of the rows lies."""
        X, names, _ = self.traits
        found = []
        for word in words:
            j = next((j for j, n in enumerate(names) if word in _ends(n)), None)
            if j is not None:
                own = self.dataset.rows.get(names[j])
                values = X[rows, j] if own is None else own.to_numpy(float, na_value=np.nan)[rows]
                low, high = np.nanquantile(values, (0.25, 0.75))
                word = f"{self.subject(word)} {_short(low)} to {_short(high)}"
            found.append(word)
        return tuple(found)


def _describer(dataset):
    """What names the regions of a dataset."""
    return dataset and (_Terms if dataset.kind == "text" else _Traits)(dataset)


def _short(v: float) -> str:
    return f"{float(f'{v:.3g}'):,g}"


def _ends(name: str) -> tuple[str, str]:
    """A column as words, where it is high and where it is low."""
    plain = name.replace("_", " ")
    return f"{plain} high", f"{plain} low"


def _majority(labels, y) -> dict[int, list[str]]:
    """Regions that are mostly of one class, beyond what all rows are."""
    if y is None:
        return {}
    number, names = pd.factorize(pd.Series(y, dtype=object))
    everywhere, found = (
        np.bincount(number[number >= 0], minlength=len(names)) / max((number >= 0).sum(), 1),
        {},
    )
    for c in range(int(labels.max(initial=-1)) + 1):
        counts = np.bincount(number[(labels == c) & (number >= 0)], minlength=len(names))
        top = int(counts.argmax()) if len(counts) else 0
        share = counts[top] / max((labels == c).sum(), 1) if len(counts) else 0.0
        if share >= PURE and share > everywhere[top] + 0.1:
            found[c] = [f"mostly {names[top]}" if share < 0.95 else str(names[top])]
    return found


def _traits(dataset) -> tuple[np.ndarray, list[str], dict[str, bool]]:
    """What rows can be told apart by in words: values (n, m), names (m,), and which names are
    shares (0 or 1 a row).
    """
    if dataset.kind == "table":
        names, shares = features(dataset)
        return dataset.X, names, shares
    columns = {
        str(name): dataset.rows[name].to_numpy(np.float64, na_value=np.nan)
        for name in dataset.rows.columns
        if name != dataset.label
        and pd.api.types.is_numeric_dtype(dataset.rows[name])
        and dataset.rows[name].nunique() > 1
    }
    label = dataset.rows.get(dataset.label)
    if label is not None and dataset.targets() is None and pd.api.types.is_numeric_dtype(label):
        columns[str(dataset.label)] = label.to_numpy(np.float64, na_value=np.nan)
    if dataset.kind == "array" and dataset.codec.names:
        columns = dict(zip(map(str, dataset.codec.names), np.asarray(dataset.X).T)) | columns
    if not columns:
        return np.empty((len(dataset), 0)), [], {}
    values = np.column_stack(list(columns.values())).astype(np.float64)
    middle = np.array([np.nanmean(v) if np.isfinite(v).any() else 0.0 for v in values.T])
    return (
        np.where(np.isfinite(values), values, middle),
        list(columns),
        dict.fromkeys(columns, False),
    )


def _apart(traits, labels) -> dict[int, list[tuple[str, float]]]:
    X, names, _ = traits
    count = int(labels.max(initial=-1)) + 1
    return differences(X, labels, names, 8) if X.shape[1] else {c: [] for c in range(count)}


def _phrases(traits, labels, c: int, said, most: int) -> list[str]:
    """The strongest differences as words: "body mass high"; of categories the one that most of
    the region has.
    """
    X, names, shares = traits
    found = []
    for name, effect in said:
        if abs(effect) < NOTABLE or len(found) >= most:
            break
        if not shares[name]:
            found.append(_ends(name)[effect < 0])
        elif effect > 0 and X[labels == c, names.index(name)].mean() >= PURE:
            found.append(name.replace(" = ", " ").replace("_", " "))
    return found
