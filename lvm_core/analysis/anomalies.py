"""How odd each row is, by scores that are named for what they are.

"PCA anomaly score" alone has three meanings in the literature: the error of reconstruction, the
negative log-likelihood, and (in PyOD and the tables made with it) a weighted distance to the
eigenvectors that ranks like the norm of the standardised row. None is best everywhere: over 57
datasets no unsupervised score was statistically better than the rest (Han et al., ADBench, 2022,
arXiv:2206.09426).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from ..capabilities import HasELBO, HasLikelihood
from ..latent.neighbours import nearest
from ..metrics.base import Score, average_item, columns_word, percent
from ..metrics.residuals import Residuals, sample
from ..progress import OnStep, Reporter

NEIGHBOURS = 5  # the k of ADBench and PyOD
MOST_REFERENCE = 20_000  # rows that stand for the training data in a search for neighbours
_BATCH = 4000, 4_000_000  # rows at once, and values of X


@dataclass(frozen=True)
class Method:
    """One anomaly score: higher is odder.

    Attributes
    ----------
    title : str
        Name of the score.
    meaning : str
        One line on what it measures; ``{row}``, ``{column}`` and ``{average}`` stand in those of
        :data:`METHODS` for what they are called in the data at hand.
    rows : callable
        ``rows(scene, index)`` gives the scores of some rows of an :class:`Anomalies`.
    parts : callable
        ``parts(scene, i)`` gives the values (m,) that add up to the score of row i, or say most of
        why it is high.
    of : str, default="columns"
        What those values belong to: "columns" or "dimensions".

    Examples
    --------
    >>> from lvm_core.analysis.anomalies import METHODS
    >>> METHODS["codes"].title, METHODS["codes"].of
    ('Distance in code space', 'dimensions')
    """

    title: str
    meaning: str
    rows: Callable[[Anomalies, np.ndarray], np.ndarray]
    parts: Callable[[Anomalies, int], np.ndarray]
    of: str = "columns"


class Anomalies:
    """Anomaly scores of all rows under a fitted model.

    Distances to training rows and codes leave the row itself out; of more than 20 000 training rows
    a sample is compared with.

    Parameters
    ----------
    model : LatentModel
        A fitted model.
    X : array or CSR matrix of shape (n, d)
        All rows.
    train : array-like of int, shape (m,)
        The rows that the model learnt from.
    codes : array-like of shape (n, k)
        Codes of all rows.
    k : int, default=5
        Number of neighbours, cut to m - 1.
    random_state : int, default=0
        Draws the sample of training rows.

    Attributes
    ----------
    methods : dict of str to Method
        The scores that this model has: -log p needs ``score_samples``.

    Raises
    ------
    ValueError
        Where there are fewer than 2 training rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.anomalies import Anomalies
    >>> dataset = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(dataset.X, schema=dataset.schema)
    >>> codes = model.transform(dataset.X)
    >>> anomalies = Anomalies(model, dataset.X, np.arange(len(dataset)), codes)
    >>> list(anomalies.methods)
    ['reconstruction', 'likelihood', 'codes', 'mahalanobis', 'norm', 'data']
    >>> anomalies.scores("mahalanobis").shape
    (150,)
    """

    _unit_rows: Any  # made where it is needed

    def __init__(
        self,
        model,
        X,
        train: np.ndarray,
        codes: np.ndarray,
        *,
        k: int = NEIGHBOURS,
        random_state: int = 0,
    ):
        self.model, self.X, self.codes, self.train = (
            model,
            X,
            np.asarray(codes, np.float64),
            np.asarray(train),
        )
        self.k = min(k, len(self.train) - 1)
        if self.k < 1:
            raise ValueError(
                f"{len(self.train)} training row, expected at least 2 to compare with."
            )
        self.residuals = Residuals(X, model.schema_, self.train, random_state=random_state)
        self.reference, known = (
            sample(self.train, MOST_REFERENCE, random_state),
            self.codes[self.train],
        )
        self.centre, spread = known.mean(0), known.std(0)
        self.unit = np.where(spread > 1e-12 * np.abs(known).max(initial=0), spread, 1.0)
        self.scaled = self.codes / self.unit
        self._inverse = np.linalg.pinv(np.atleast_2d(np.cov(known.T)), rcond=1e-9, hermitian=True)

    @property
    def methods(self) -> dict[str, Method]:
        """name -> score, those with the model first, plain baselines last."""
        found, schema = dict(METHODS), cast(Any, self.model).schema_
        if not isinstance(self.model, HasLikelihood):
            del found["likelihood"]
        elif isinstance(self.model, HasELBO):
            found["likelihood"] = _BOUND
        words = {
            "average": average_item(schema),
            "row": average_item(schema).rpartition(" ")[2],
            "column": columns_word(schema)[:-1],
        }
        return {
            name: replace(method, meaning=method.meaning.format(**words))
            for name, method in found.items()
        }

    def scores(self, name: str, on_step: OnStep | None = None) -> np.ndarray:
        """Score every row.

        Parameters
        ----------
        name : str
            One of :attr:`methods`.
        on_step : callable, optional
            Receives progress; where it returns True, the scoring stops.

        Returns
        -------
        ndarray of shape (n,)
            Scores, NaN for rows that were not reached when ``on_step`` stopped it.

        Raises
        ------
        KeyError
            For a score that is not there.
        """
        method, n = self.methods[name], len(self.codes)
        size = max(50, min(_BATCH[0], _BATCH[1] // self.X.shape[1]))
        found, report = np.full(n, np.nan), Reporter(on_step, -(-n // size), "scoring")
        for step, start in enumerate(range(0, n, size), 1):
            index = np.arange(start, min(start + size, n))
            found[index] = method.rows(self, index)
            if report(step):
                break
        return found

    def parts(self, name: str, i: int) -> np.ndarray:
        """Why row i has its score: values that name the columns (d,) or dimensions of the code
        (k,), the largest saying most.
        """
        return self.methods[name].parts(self, int(i))

    # -- what the scores need ----------------------------------------------------------------------

    def rows(self, index) -> tuple[np.ndarray, np.ndarray]:
        """Real rows (m, d) and what the model makes of their codes."""
        x = self.X[index]
        return x, self.model.inverse_transform(self.codes[index].astype(np.float32))

    def own_rows(self, index):
        """Rows as the model takes them."""
        x = self.X[index]
        return x.toarray() if hasattr(x, "indptr") and not self.model.sparse else x

    def beyond(self, A, index) -> np.ndarray:
        """Distance (m,) from rows ``index`` of A to their k-th nearest among the reference,
        themselves left out.
        """
        D, I = _neighbours(A[index], A[self.reference], self.k + 1)
        own = self.reference[I] == index[:, None]
        own[~own.any(1), -1] = True
        return D[~own].reshape(len(index), -1)[:, -1]

    def mahalanobis(self, index) -> np.ndarray:
        """Squared Mahalanobis distance (m,) of the codes from the centre of the training codes."""
        away = self.codes[index] - self.centre
        return np.einsum("ij,jk,ik->i", away, self._inverse, away)

    def from_centre(self, i: int) -> np.ndarray:
        """Squared distance (k,) of a code from the centre, by dimension, in units of its spread."""
        return np.square((self.codes[i] - self.centre) / self.unit)


def kth_distance(Q, R, k: int = NEIGHBOURS) -> np.ndarray:
    """Distance from each row of one set to the k-th nearest of another, none left out.

    This is the method ``largest`` of PyOD's KNN [1]_.

    Parameters
    ----------
    Q : array or CSR matrix of shape (m, d)
        Rows asked about.
    R : array or CSR matrix of shape (n, d)
        Rows that are compared with.
    k : int, default=5
        Which of the nearest.

    Returns
    -------
    ndarray of shape (m,)
        Distances.

    References
    ----------
    .. [1] Ramaswamy, Rastogi & Shim (2000), doi:10.1145/342009.335437

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.analysis.anomalies import kth_distance
    >>> R = np.array([[0.0], [1.0], [2.0]])
    >>> kth_distance(np.array([[0.0], [5.0]]), R, k=2).tolist()
    [1.0, 4.0]
    """
    return _neighbours(Q, R, k)[0][:, -1]


def _neighbours(Q, R, k):
    if not hasattr(R, "indptr"):
        return nearest(Q, R, k)
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=min(k, R.shape[0]), algorithm="brute").fit(R).kneighbors(Q)


def _comparable(scene: Anomalies):
    """X for distances: counts at unit length, so that the length of a document is no oddity."""
    if not scene.model.schema_.has("counts"):
        return scene.X
    if not hasattr(scene, "_unit_rows"):
        from sklearn.preprocessing import normalize

        scene._unit_rows = normalize(scene.X)
    return scene._unit_rows


def _back(scene: Anomalies, i: int) -> np.ndarray:
    return scene.residuals.values(*scene.rows(np.array([i])))[0]


METHODS = {
    "reconstruction": Method(
        "Reconstruction error",
        "How much of the {row} is lost when it goes through the code and back; every {column} "
        "weighs the same, and always predicting {average} gets 1 on average. High: the model has "
        "no code for such a {row}.",
        lambda s, index: s.residuals.rows(*s.rows(index)),
        _back,
    ),
    "likelihood": Method(
        "−log p (exact)",
        (
            "The negative log-likelihood of the {row} in nats, exact under this model and its "
            "noise. High: the model finds such a {row} improbable."
        ),
        lambda s, index: -np.asarray(s.model.score_samples(s.own_rows(index)), np.float64),
        _back,
    ),
    "codes": Method(
        "Distance in code space",
        f"Distance from the code to its {NEIGHBOURS}th nearest training code, each dimension in "
        "units of its spread. High: few rows have a "
        "code like it, even if it decodes well.",
        lambda s, index: s.beyond(s.scaled, index),
        lambda s, i: s.from_centre(i),
        "dimensions",
    ),
    "mahalanobis": Method(
        "Mahalanobis distance of the code",
        "Squared distance of the code from the centre of all codes, measured by their covariance. "
        "High: an extreme code; right "
        "when codes form one cloud, blind between several.",
        lambda s, index: s.mahalanobis(index),
        lambda s, i: s.from_centre(i),
        "dimensions",
    ),
    "norm": Method(
        "Norm of the standardised row (no model)",
        "Squared distance from {average}, every {column} by its own spread: a baseline that knows "
        "no model. What PyOD and ADBench call PCA ranks almost like this.",
        lambda s, index: np.square(s.residuals.standardised(s.X[index])).sum(1),
        lambda s, i: np.square(s.residuals.standardised(s.X[[i]]))[0],
    ),
    "data": Method(
        "Distance in the data (no model)",
        f"Distance from the row to its {NEIGHBOURS}th nearest training row (documents by their mix "
        "of words): a baseline that knows no model. "
        "If a score of the model is no better than this, the model is not needed for the task.",
        lambda s, index: s.beyond(_comparable(s), index),
        lambda s, i: np.square(s.residuals.standardised(s.X[[i]]))[0],
    ),
}
_BOUND = Method(
    "−log p (at most)",
    (
        "The negative ELBO of the {row} in nats: an upper bound of −log p under this model and its "
        "noise. High: the model finds such a {row} improbable."
    ),
    METHODS["likelihood"].rows,
    METHODS["likelihood"].parts,
)


def auroc(scores, positive, name: str = "the chosen class") -> Score | None:
    """Area under the ROC curve, with the standard error of Hanley & McNeil [1]_.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Anomaly scores, higher is odder.
    positive : array-like of bool, shape (n,)
        Rows of the class that should get high scores.
    name : str, default="the chosen class"
        What the sentence calls that class.

    Returns
    -------
    Score or None
        None where one of the two classes has no row.

    References
    ----------
    .. [1] Hanley & McNeil (1982), doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> from lvm_core.analysis.anomalies import auroc
    >>> found = auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    >>> found.value, round(found.error, 3)
    (0.75, 0.276)
    """
    from sklearn.metrics import roc_auc_score

    scores, positive = np.asarray(scores, np.float64), np.asarray(positive, bool)
    a, b = int(positive.sum()), int((~positive).sum())
    if not a or not b:
        return None
    value = float(roc_auc_score(positive, scores))
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    error = float(
        np.sqrt(
            max(value * (1 - value) + (a - 1) * (q1 - value**2) + (b - 1) * (q2 - value**2), 0)
            / (a * b)
        )
    )
    return Score(
        "AUROC",
        value,
        f"A row of {name} ({a:,}) gets a higher score than another row ({b:,}) in {percent(value)} "
        "of all pairs; chance gets 50 %, and "
        "below 50 % the others are the odd ones.",
        0.5,
        1.0,
        "share",
        error,
    )


def value_names(dataset) -> list[str]:
    """Name every column of X.

    A name is a column of the table (with its category), a term, a place on the axis, or a pixel.

    Parameters
    ----------
    dataset : Dataset
        Data of any kind.

    Returns
    -------
    list of str
        Names, one a column of X (d,).

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> from lvm_core.analysis.anomalies import value_names
    >>> value_names(DATASETS["digits"]().load())[:3]
    ['0, 0', '0, 1', '0, 2']
    """
    codec = dataset.codec
    if dataset.kind == "text":
        return list(codec.terms)
    if dataset.kind == "array":
        places = codec.names or (None if codec.axis is None else [f"{v:.4g}" for v in codec.axis])
        if codec.channels and places:
            return [f"{channel} at {place}" for channel in codec.channels for place in places]
        return list(places) if places else [f"value {j + 1}" for j in range(dataset.X.shape[1])]
    if dataset.kind == "image":
        return [
            f"{r}, {c}"
            for r in range(codec.height)
            for c in range(codec.width)
            for _ in range(codec.channels)
        ]
    return [
        block.name or f"value {span.start + 1}"
        for block, span in dataset.schema.spans()
        for _ in range(block.size)
    ]


def worst(parts: np.ndarray, names: list[str], most: int = 10) -> pd.Series:
    """The names with the largest parts, those of equal names added up.

    A table's category is several columns of X, which have one name.

    Parameters
    ----------
    parts : array-like of shape (m,)
        What each column or dimension adds to a score.
    names : list of str
        Names (m,), which may repeat.
    most : int, default=10
        Most names to give.

    Returns
    -------
    Series
        Sums above 0 by name, the largest first.

    Examples
    --------
    >>> from lvm_core.analysis.anomalies import worst
    >>> worst([0.5, 2.0, 1.0, 0.0], ["age", "colour", "colour", "size"]).to_dict()
    {'colour': 3.0, 'age': 0.5}
    """
    total = pd.Series(parts, index=pd.Index(names, dtype=object)).groupby(level=0, sort=False).sum()
    return total[total > 0].sort_values(ascending=False, kind="stable").head(most)
