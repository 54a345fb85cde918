"""Groups among codes: found, counted, and named by what makes them different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..metrics.base import Score
from ..progress import OnStep, Reporter

# rows clusters are found on, and rows the number of clusters is judged by
MOST_FITTED, MOST_JUDGED = 20_000, 2_000
METHODS = {
    "kmeans": (
        "k-means",
        "Round clusters of like size: every row goes to the nearest of k centres (Lloyd, 1982).",
        "silhouette",
    ),
    "mixture": (
        "Gaussian mixture",
        (
            "Stretched clusters of any size: every row goes to the normal distribution that most "
            "probably made it (EM; Dempster, Laird & Rubin, 1977)."
        ),
        "BIC",
    ),
    "hdbscan": (
        "HDBSCAN",
        (
            "Dense regions of any shape, and rows that belong to none; what is chosen is the least "
            "size of a cluster (Campello, Moulavi & Sander, 2013)."
        ),
        "silhouette × share of rows in a cluster",
    ),
}


@dataclass(frozen=True)
class Clusters:
    """Clusters of codes, and the settings that were tried for them.

    Attributes
    ----------
    method : str
        One of :data:`METHODS`.
    labels : ndarray of int, shape (n,)
        Cluster of every row, the largest first, -1 for none.
    curve : list of (int, float)
        (setting, value) of every setting tried: the number of clusters or the least size.
    chosen : int
        The setting used.
    measure : str
        What the value is.
    higher : bool
        Whether more is better.
    fitted : int
        How many rows they were found on; the others joined the nearest.

    See Also
    --------
    clusters : Finds them.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import Clusters
    >>> labels = np.array([0, 0, 0, 1, 1, -1])
    >>> Clusters("hdbscan", labels, [(2, 0.8)], 2, "silhouette", True, 6).count
    2
    """

    method: str
    labels: np.ndarray
    curve: list[tuple[int, float]]
    chosen: int
    measure: str
    higher: bool
    fitted: int

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.labels.max(initial=-1)) + 1


def letter(c: int) -> str:
    """What a cluster is called: A, B, ... Z, A1, B1, ...

    Parameters
    ----------
    c : int
        Number of the cluster, from 0.

    Returns
    -------
    str
        Its name.

    Examples
    --------
    >>> from lvm_core.analysis.clusters import letter
    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'A1')
    """
    return f"{chr(65 + c % 26)}{c // 26 or ''}"


def clusters(
    Z,
    method: str = "kmeans",
    setting: int | None = None,
    *,
    most: int = 12,
    random_state: int = 0,
    on_step: OnStep | None = None,
) -> Clusters:
    """Cluster codes as they are: their own scale says what is near.

    Without a ``setting`` it is suggested: from 2 to ``most`` clusters by the silhouette [1]_ for
    k-means and by the BIC [2]_ for mixtures; the least size of a cluster of HDBSCAN by the
    silhouette of the rows in a cluster times their share.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    method : {"kmeans", "mixture", "hdbscan"}, default="kmeans"
        How they are clustered, see :data:`METHODS`.
    setting : int, optional
        Number of clusters, or least size of a cluster for HDBSCAN. Suggested by default.
    most : int, default=12
        Most clusters to try.
    random_state : int, default=0
        Starts the methods. Of more than 20 000 rows it draws the sample that is clustered.
    on_step : callable, optional
        Receives progress; where it returns True, no further setting is tried.

    Returns
    -------
    Clusters
        The clusters with the setting chosen.

    Raises
    ------
    ValueError
        For an unknown method, fewer than 4 different codes, or a setting the rows cannot have.

    References
    ----------
    .. [1] Rousseeuw (1987), doi:10.1016/0377-0427(87)90125-7
    .. [2] Schwarz (1978), doi:10.1214/aos/1176344136

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import clusters
    >>> rng = np.random.default_rng(0)
    >>> Z = np.concatenate([rng.normal(0, 0.1, (30, 2)), rng.normal(2, 0.1, (20, 2))])
    >>> found = clusters(Z, most=4)
    >>> found.chosen, np.bincount(found.labels).tolist()
    (2, [30, 20])
    """
    Z = np.asarray(Z, np.float64)
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, expected one of {', '.join(METHODS)}.")
    different = len(np.unique(Z[:MOST_JUDGED], axis=0))
    if different < 4:
        raise ValueError(
            f"the codes hold {different} different rows, expected at least 4 to look for clusters."
        )
    rng = np.random.RandomState(random_state)
    rows = (
        np.arange(len(Z))
        if len(Z) <= MOST_FITTED
        else np.sort(rng.choice(len(Z), MOST_FITTED, replace=False))
    )
    few = (
        Z[rows]
        if len(rows) <= MOST_JUDGED * 2
        else Z[rng.choice(rows, MOST_JUDGED * 2, replace=False)]
    )
    settings = _settings(method, len(few), min(most, different - 1))
    if setting is not None and not 1 <= setting <= (
        different if method != "hdbscan" else len(rows)
    ):
        raise ValueError(
            f"{setting} was asked for, expected 1 to "
            f"{different if method != 'hdbscan' else len(rows)} for these codes."
        )
    curve, report = [], Reporter(on_step, len(settings) + 1, "trying numbers of clusters")
    for step, tried in enumerate(settings, 1):
        curve.append((tried, _judge(method, few, tried, random_state)))
        if report(step):
            break
    higher = method != "mixture"
    best = (max if higher else min)(curve, key=lambda point: point[1])[0]
    if method == "hdbscan":  # a least size grows with the number of rows
        curve = [(max(2, round(size * len(rows) / len(few))), value) for size, value in curve]
        best = max(2, round(best * len(rows) / len(few)))
    chosen = best if setting is None else int(setting)
    labels = _everywhere(method, Z, rows, chosen, random_state)
    return Clusters(method, _by_size(labels), curve, chosen, METHODS[method][2], higher, len(rows))


def _settings(method: str, n: int, most: int) -> list[int]:
    if method != "hdbscan":
        return list(range(2, most + 1))
    return sorted({int(size) for size in np.geomspace(max(3, n // 200), max(4, n // 8), 7)})


def _model(method: str, setting: int, seed: int) -> Any:
    if method == "kmeans":
        from sklearn.cluster import KMeans

        # pyright takes it for a str, from its default
        return KMeans(setting, n_init=cast(Any, 4), random_state=seed)
    if method == "mixture":
        from sklearn.mixture import GaussianMixture

        return GaussianMixture(setting, n_init=1, reg_covar=1e-4, random_state=seed)
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=max(2, setting), copy=cast(Any, True))


def _scaled(Z, method: str):
    """One scale for all dimensions, so that the mixture's least variance is a share of the
    spread.
    """
    return (Z - Z.mean(0)) / (Z.std(0).max() or 1.0) if method == "mixture" else Z


def _judge(method: str, Z, setting: int, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    model = _model(method, setting, seed)
    if method == "mixture":
        Z = _scaled(Z, method)
        return float(model.fit(Z).bic(Z))
    labels = model.fit_predict(Z)
    inside = np.flatnonzero(labels >= 0)
    inside = (
        inside
        if len(inside) <= MOST_JUDGED
        else np.random.RandomState(seed).choice(inside, MOST_JUDGED, replace=False)
    )
    count = len(set(labels[inside]))
    return (
        float(silhouette_score(Z[inside], labels[inside]) * (labels >= 0).mean())
        if 1 < count < len(inside)
        else 0.0
    )


def _everywhere(method: str, Z, rows, setting: int, seed: int) -> np.ndarray:
    model, Z = _model(method, setting, seed), _scaled(Z, method)
    found = model.fit_predict(Z[rows])
    if len(rows) == len(Z):
        return found
    if hasattr(model, "predict"):
        return model.predict(Z)
    from ..latent.neighbours import nearest

    labels = found[nearest(Z, Z[rows], 1)[1][:, 0]]
    labels[rows] = found
    return labels


def _by_size(labels: np.ndarray) -> np.ndarray:
    names, back, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(np.where(names < 0, -1, -sizes - 1) * 1.0, kind="stable")
    order = [i for i in order if names[i] >= 0]
    new = np.full(len(names), -1)
    new[order] = np.arange(len(order))
    return new[back]


def medoids(Z, labels, m: int = 6) -> dict[int, np.ndarray]:
    """The most central rows of each cluster.

    Under squared distance the row nearest to the mean is the one with the least sum of distances to
    all others.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    m : int, default=6
        How many rows of each.

    Returns
    -------
    dict of int to ndarray
        Cluster -> its m most central rows, the medoid first.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import medoids
    >>> Z = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> {c: rows.tolist() for c, rows in medoids(Z, np.array([0, 0, 0, 1]), m=2).items()}
    {0: [1, 0], 1: [3]}
    """
    Z, found = np.asarray(Z, np.float64), {}
    for c in range(int(labels.max(initial=-1)) + 1):
        rows = np.flatnonzero(labels == c)
        away = np.square(Z[rows] - Z[rows].mean(0)).sum(1)
        found[c] = rows[np.argsort(away, kind="stable")[:m]]
    return found


def differences(X, labels, names: list[str], most: int = 4) -> dict[int, list[tuple[str, float]]]:
    """The columns that set each cluster apart.

    The effect is the difference of the mean within and without, in standard deviations of all rows
    (Glass's delta with the pooled rows as reference).

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    names : list of str
        Names of the columns (d,); they may repeat.
    most : int, default=4
        Most columns of a cluster.

    Returns
    -------
    dict of int to list of (str, float)
        Cluster -> (name, effect), the strongest first.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import differences
    >>> X = np.array([[0.0, 1.0], [0.0, 1.0], [4.0, 1.0], [4.0, 1.0]])
    >>> differences(X, np.array([0, 0, 1, 1]), ["size", "weight"])
    {0: [('size', -2.0)], 1: [('size', 2.0)]}
    """
    X = np.asarray(X, np.float64)
    spread, found = X.std(0), {}
    total, n = X.sum(0), len(X)
    for c in range(int(labels.max(initial=-1)) + 1):
        inside = labels == c
        part = X[inside].sum(0)
        away = part / inside.sum() - (total - part) / max(n - inside.sum(), 1)
        effect = np.where(spread > 1e-12, away / np.where(spread > 1e-12, spread, 1), 0.0) * (
            0 < n - inside.sum()
        )
        order, listed = np.argsort(-np.abs(effect), kind="stable"), {}
        for j in order:
            if names[j] not in listed and effect[j]:
                listed[names[j]] = float(effect[j])
            if len(listed) == most:
                break
        found[c] = list(listed.items())
    return found


def class_words(
    X, labels, terms: list[str], most: int = 5, power: float = 1.0
) -> dict[int, list[tuple[str, float]]]:
    """The terms that set each cluster apart, by class-based TF-IDF [1]_.

    A term's weight is its share of the cluster's words times log(1 + A / f), A the mean number of
    words a cluster, f the term's count in all.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
        Counts of terms.
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    terms : list of str
        The terms (d,).
    most : int, default=5
        Most terms of a cluster.
    power : float, default=1.0
        Exponent of the share; 1/2 makes less of what is frequent everywhere, as BERTopic's
        ``reduce_frequent_words`` does.

    Returns
    -------
    dict of int to list of (str, float)
        Cluster -> (term, weight), the weightiest first.

    References
    ----------
    .. [1] Grootendorst (2022), arXiv:2203.05794

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import class_words
    >>> X = np.array([[3, 0, 1], [0, 2, 1]])
    >>> found = class_words(X, np.array([0, 1]), ["wool", "steel", "the"], most=1)
    >>> {c: [term for term, _ in words] for c, words in found.items()}
    {0: ['wool'], 1: ['steel']}
    """
    count = int(labels.max(initial=-1)) + 1
    sums = np.array(
        [
            np.asarray(X[np.flatnonzero(labels == c)].sum(0), np.float64).ravel()
            for c in range(count)
        ]
    ).reshape(count, X.shape[1])
    everywhere = np.maximum(sums.sum(0), 1e-12)
    weights = (sums / np.maximum(sums.sum(1, keepdims=True), 1e-12)) ** power * np.log1p(
        sums.sum() / max(count, 1) / everywhere
    )
    return {
        c: [
            (terms[j], float(weights[c, j]))
            for j in np.argsort(-weights[c], kind="stable")[:most]
            if weights[c, j] > 0
        ]
        for c in range(count)
    }


def labelled(dataset, labels, most: int = 3) -> dict[int, list[str]]:
    """A few phrases for people of what makes each cluster different.

    They are its words, or the columns that are high, low or common in it.

    Parameters
    ----------
    dataset : Dataset
        The rows that were clustered.
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    most : int, default=3
        Most phrases of a cluster.

    Returns
    -------
    dict of int to list of str
        Cluster -> phrases; pictures have none.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.clusters import labelled
    >>> iris = DATASETS["iris"]().load()
    >>> setosa = iris.targets() == "setosa"
    >>> labelled(iris, setosa.astype(int), most=1)
    {0: ['petal length in cm high'], 1: ['petal length in cm low']}
    """
    count = int(labels.max(initial=-1)) + 1
    if dataset.kind == "image":
        return {c: [] for c in range(count)}
    if dataset.kind == "text":
        return {
            c: [term for term, _ in found]
            for c, found in class_words(dataset.X, labels, dataset.codec.terms, most).items()
        }
    names, shares = features(dataset)
    said = {True: ("more often", "less often"), False: ("high", "low")}
    return {
        c: [f"{name} {said[shares[name]][effect < 0]}" for name, effect in found]
        for c, found in differences(dataset.X, labels, names, most).items()
    }


def features(dataset) -> tuple[list[str], dict[str, bool]]:
    """Name every column of X, a level of a category on its own.

    Parameters
    ----------
    dataset : Dataset
        Data of any kind.

    Returns
    -------
    names : list of str
        Names of the columns (d,).
    shares : dict of str to bool
        For each name, whether it is a share (0 or 1 a row).

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.clusters import features
    >>> names, shares = features(DATASETS["iris"]().load())
    >>> names[0], shares[names[0]]
    ('sepal length in cm', False)
    """
    if dataset.kind != "table":
        from .anomalies import value_names

        names = value_names(dataset)
        return names, dict.fromkeys(names, False)
    names, shares = [], {}
    for column, span in dataset.codec.spans():  # noqa: B007
        groups = column.groups()
        of = (
            [f"{column.name} = {level}" for level in column.labels]
            if groups[0].likelihood == "categorical" and column.labels
            else [b.name for b in groups for _ in range(b.size)]
        )
        names += of
        shares |= dict(zip(of, [b.likelihood != "gaussian" for b in groups for _ in range(b.size)]))
    return names, shares


def common(labels, y) -> dict[int, tuple[str, float]]:
    """The commonest class in each cluster.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    y : ndarray of shape (n,)
        Classes, None or NaN where a row has none.

    Returns
    -------
    dict of int to (str, float)
        Cluster -> (the commonest class of its rows, its share among those with a class); left out
        where none has one.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import common
    >>> y = np.array(["cat", "cat", "dog", None], dtype=object)
    >>> common(np.array([0, 0, 1, 1]), y)
    {0: ('cat', 1.0), 1: ('dog', 1.0)}
    """
    found = {}
    for c in range(int(labels.max(initial=-1)) + 1):
        names, counts = np.unique(
            [str(v) for v in y[labels == c] if v is not None and v == v], return_counts=True
        )
        if len(names):
            found[c] = str(names[counts.argmax()]), float(counts.max() / counts.sum())
    return found


def agreement(labels, y) -> list[Score]:
    """How far clusters agree with known classes.

    Adjusted Rand index (Hubert & Arabie, 1985) and normalised mutual information (arithmetic mean;
    Strehl & Ghosh, 2002), over rows that have both.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Cluster of every row, -1 for none.
    y : ndarray of shape (n,)
        Classes, None or NaN where a row has none.

    Returns
    -------
    list of Score
        Empty where fewer than 2 rows or 2 classes have both.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.clusters import agreement
    >>> y = np.array(["a", "a", "b", "b"], dtype=object)
    >>> [(score.name, score.value) for score in agreement(np.array([1, 1, 0, 0]), y)]
    [('Adjusted Rand index', 1.0), ('Normalised mutual information', 1.0)]
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    both = (labels >= 0) & np.array([v is not None and v == v for v in y])
    if both.sum() < 2 or len(set(y[both])) < 2:
        return []
    truth, found = y[both].astype(str), labels[both]
    where = f"over {both.sum():,} rows with a class and a cluster"
    rand, shared = (
        float(adjusted_rand_score(truth, found)),
        float(normalized_mutual_info_score(truth, found)),
    )
    return [
        Score(
            "Adjusted Rand index",
            rand,
            (
                "Whether pairs of rows are together in both: 1 where clusters are the classes, 0 "
                f"what chance gives ({where})."
            ),
            0.0,
            1.0,
        ),
        Score(
            "Normalised mutual information",
            shared,
            (
                "How much knowing the cluster tells of the class and back: 1 all, 0 nothing; many "
                f"small clusters raise it a little ({where})."
            ),
            0.0,
            1.0,
        ),
    ]
