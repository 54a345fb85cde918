"""Does each dimension of the code stand for one of the factors that made the data? Three
published answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..labels import is_measured
from ..models.capabilities import HasPosterior
from ..progress import OnStep, Reporter
from .base import Score, percent

MOST_ROWS = 5000
LEAST_ROWS = 100
BINS = 20  # of a factor that is a number, and of a dimension (Locatello et al., 2019)
# nats of information: a dimension of a noisy code below this holds nothing (its mean only trembles)
DEAD = 0.01
_FEW = 50  # values a factor may have that is not a number
_VOTES, _ROWS = 800, 64


@dataclass(frozen=True)
class Disentanglement:
    """What :func:`disentanglement` found.

    Attributes
    ----------
    scores : list of Score
        MIG, DCI and FactorVAE, as far as they were reached.
    information : DataFrame (factor x dimension)
        The share of a factor's information that one dimension has, 0 to 1, chance taken off.
    importance : DataFrame (factor x dimension)
        How much of a factor's prediction hangs on a dimension; rows sum to 1.
    factors : DataFrame
        A row each with ``name``, ``levels``, ``gap`` (its part of MIG), ``completeness`` and
        ``informativeness`` of DCI, ``found`` (share of its votes that were right).
    dimensions : ndarray of int
        The ones in use, by number.
    rows : int
        How many rows were measured.
    """

    scores: list[Score]
    information: pd.DataFrame
    importance: pd.DataFrame
    factors: pd.DataFrame
    dimensions: np.ndarray
    rows: int


def factor_columns(rows: pd.DataFrame) -> list[str]:
    """Columns that can have made the rows, or describe them.

    Numbers that vary, and categories of at most 50 values, twice each or more on average; row
    numbers, names and texts are not.

    Parameters
    ----------
    rows : DataFrame of n rows
        The rows as people see them.

    Returns
    -------
    list of str
        Names of columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.disentanglement import factor_columns
    >>> rows = pd.DataFrame({"id": range(4), "kind": list("aabb"), "size": [0.5, 2.0, 1.5, 1.0]})
    >>> factor_columns(rows)
    ['kind', 'size']
    """
    kept = []
    for name, column in rows.items():
        values = column.nunique()
        counting = (
            pd.api.types.is_integer_dtype(column)
            and values == len(column)
            and bool((column.diff().dropna() == 1).all())
        )
        number = is_measured(column) and not pd.api.types.is_datetime64_any_dtype(column)
        if values > 1 and not counting and (number or values <= min(_FEW, len(column) // 2)):
            kept.append(name)
    return kept


def in_use(model) -> np.ndarray:
    """Which dimensions of the code hold something.

    Where codes are noisy those with ``DEAD`` nats or more; else all, as a direction of little
    variance can hold a factor all the same.

    Parameters
    ----------
    model : LatentModel
        Fitted, with ``importance_``.

    Returns
    -------
    ndarray of bool of shape (k,)

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.disentanglement import in_use
    >>> from lvm_core.models.pca import PCA
    >>> in_use(PCA(latent_dim=2).fit(np.random.default_rng(0).normal(size=(50, 5))))
    array([ True,  True])
    """
    importance = np.asarray(model.importance_, np.float64)
    return importance >= DEAD if isinstance(model, HasPosterior) else np.ones(len(importance), bool)


def disentanglement(
    Z, factors: pd.DataFrame, *, alive=None, random_state: int = 0, on_step: OnStep | None = None
) -> Disentanglement:
    """MIG, DCI and the FactorVAE score of codes against known factors.

    Each has for baseline what the same codes get when their rows are shuffled, so that they know
    nothing. See :func:`mig`, :func:`dci` and :func:`factor_votes`.

    Parameters
    ----------
    Z : array-like of shape (n, k)
        Codes.
    factors : DataFrame of shape (n, f)
        Numbers or categories. Rows with a missing factor are left out; of more than ``MOST_ROWS`` a
        sample is measured.
    alive : array-like of bool of shape (k,), default=None
        Dimensions in use (see :func:`in_use`); None: all that move.
    random_state : int, default=0
        Seed of the sample, the shuffling, the forests and the votes.
    on_step : callable, default=None
        Called with a :class:`~lvm_core.progress.Progress`; returning True ends it early, keeping
        the scores reached.

    Returns
    -------
    Disentanglement

    Raises
    ------
    ValueError
        Without a factor that varies, below ``LEAST_ROWS`` rows, where Z does not move, or where Z
        and the factors differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.disentanglement import disentanglement
    >>> Z = np.random.default_rng(0).uniform(size=(200, 2))
    >>> found = disentanglement(Z, pd.DataFrame(Z, columns=["a", "b"]))
    >>> [score.name for score in found.scores]
    ['MIG', 'DCI disentanglement', 'DCI completeness', 'DCI informativeness', 'FactorVAE score']
    >>> found.scores[0].value > 0.9
    True
    """
    rng, Z = np.random.RandomState(random_state), np.asarray(Z, np.float64)
    if Z.ndim != 2 or len(Z) != len(factors):
        raise ValueError(
            f"Z has shape {Z.shape} and the factors have {len(factors)} rows, expected a code for "
            "each."
        )
    keep = np.flatnonzero(factors.notna().all(axis=1))
    keep = np.sort(rng.permutation(keep)[:MOST_ROWS])
    if len(keep) < LEAST_ROWS:
        raise ValueError(
            f"{len(keep)} rows have a value for every factor, expected at least {LEAST_ROWS}."
        )
    factors, Z = factors.iloc[keep], Z[keep]
    names = [name for name in factors.columns if factors[name].nunique() > 1]
    spread = Z.var(0)
    alive = np.flatnonzero(
        (spread > 1e-12 * spread.max()) & (True if alive is None else np.asarray(alive, bool))
    )
    if not names or not len(alive):
        raise ValueError(
            f"there are {len(names)} factors that vary and {len(alive)} dimensions in use, "
            "expected at least 1 of each."
        )
    Z, V = Z[:, alive], np.column_stack([levels(factors[name]) for name in names])
    W = Z[rng.permutation(len(Z))]
    report, phases = Reporter(on_step, 3), iter(("importance of each dimension", "votes", ""))
    report.phase = next(phases)
    told = information(Z, V)
    gaps = _gaps(told)
    table = pd.DataFrame({"name": [str(n) for n in names], "levels": V.max(0) + 1, "gap": gaps})
    scores = [_mig(gaps, names, float(_gaps(information(W, V)).mean()))]
    labels: dict[str, Any] = dict(index=table["name"].to_list(), columns=alive + 1)
    empty = pd.DataFrame(np.zeros_like(told), **labels)
    if report(1):
        return Disentanglement(scores, pd.DataFrame(told, **labels), empty, table, alive, len(Z))
    R, skills = importances(Z, factors[names], rng)
    shuffled_R, _ = importances(W, factors[names], rng)
    scores += _dci(R, skills, shuffled_R)
    table["completeness"], table["informativeness"] = completeness(R), skills
    report.phase = next(phases)
    if not report(2) and V.shape[1] > 1:
        table["found"], right = factor_votes(Z, V, rng)
        scores.append(_factorvae(right, float(factor_votes(W, V, rng)[1])))
    report(3)
    return Disentanglement(
        scores, pd.DataFrame(told, **labels), pd.DataFrame(R, **labels), table, alive, len(Z)
    )


def levels(values: pd.Series, bins: int = BINS) -> np.ndarray:
    """A factor as class numbers.

    Parameters
    ----------
    values : Series of shape (n,)
        The factor.
    bins : int, default=20
        Numbers of more values than that are cut at their quantiles; categories stay as they are.

    Returns
    -------
    ndarray of int of shape (n,)
        0, 1, ...

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.metrics.disentanglement import levels
    >>> levels(pd.Series(["b", "a", "b"])).tolist()
    [0, 1, 0]
    >>> levels(pd.Series([0.0, 1.0, 2.0, 3.0]), bins=2).tolist()
    [0, 0, 1, 1]
    """
    if not is_measured(values) or values.nunique() <= bins:
        return pd.factorize(values, sort=False)[0]
    return quantile_bins(
        values.to_numpy(np.float64)
        if pd.api.types.is_numeric_dtype(values)
        else values.astype("int64").to_numpy(np.float64),
        bins,
    )


def quantile_bins(values: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Numbers as class numbers of about equally many rows.

    Equal numbers stay together, up to ``bins`` different ones apart.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers.
    bins : int, default=20
        Classes, at most.

    Returns
    -------
    ndarray of int of shape (n,)
        0, 1, ...

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.disentanglement import quantile_bins
    >>> quantile_bins(np.arange(6.0), bins=3).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) <= bins:
        return place
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.unique(np.searchsorted(edges, values, "right"), return_inverse=True)[1]


# -- MIG -------------------------------------------------------------------------------------------


def mig(Z, V, *, adjusted: bool = True) -> float:
    """Mutual information gap [1]_ of codes and factors.

    Over the factors, the mean of ``(I(z_a; v) - I(z_b; v)) / H(v)`` for the two dimensions a, b
    that know most of v. Dimensions are cut into 20 bins, as by Locatello et al. [2]_, of equally
    many rows.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Codes.
    V : ndarray of int of shape (n, f)
        Factors as class numbers, see :func:`levels`.
    adjusted : bool, default=True
        Few rows make any two things share information: take what is expected by chance off (see
        :func:`information`), so that codes that are the factors get 1.

    Returns
    -------
    float
        0 to 1.

    References
    ----------
    .. [1] Chen et al. (2018), arXiv:1802.04942.
    .. [2] Locatello et al. (2019), arXiv:1811.12359.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.disentanglement import mig
    >>> V = np.random.default_rng(0).integers(4, size=(400, 2))
    >>> round(mig(V.astype(float), V), 1)
    1.0
    >>> mig(V.sum(1, keepdims=True).astype(float), V) < 0.5
    True
    """
    return float(_gaps(information(Z, V, adjusted=adjusted)).mean())


def information(Z, V, *, adjusted: bool = True) -> np.ndarray:
    """The share ``I(z_j; v_i) / H(v_i)`` of each factor's information that each dimension has.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Codes; every dimension is cut into 20 bins.
    V : ndarray of int of shape (n, f)
        Factors as class numbers, see :func:`levels`.
    adjusted : bool, default=True
        (I - E) / (H - E), with E the expected information of a random pairing of the same bins
        [1]_.

    Returns
    -------
    ndarray of shape (f, k)
        0 to 1.

    References
    ----------
    .. [1] Vinh, Epps & Bailey (2010), jmlr.org/papers/v11/vinh10a.html.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.disentanglement import information
    >>> V = np.random.default_rng(0).integers(4, size=(400, 2))
    >>> information(V.astype(float), V).round(1)
    array([[1., 0.],
           [0., 1.]])
    """
    from sklearn.metrics.cluster import expected_mutual_information

    cut, told = (
        [quantile_bins(z) for z in np.asarray(Z, np.float64).T],
        np.zeros((V.shape[1], Z.shape[1])),
    )
    for i, v in enumerate(np.asarray(V).T):
        for j, z in enumerate(cut):
            table = np.zeros((v.max() + 1, z.max() + 1), np.int64)
            np.add.at(table, (v, z), 1)
            joint, p, q = table / len(v), table.sum(1) / len(v), table.sum(0) / len(v)
            some = joint > 0
            shared = float((joint[some] * np.log(joint[some] / np.outer(p, q)[some])).sum())
            entropy, chance = (
                float(-(p[p > 0] * np.log(p[p > 0])).sum()),
                float(expected_mutual_information(table, len(v))) if adjusted else 0.0,
            )
            told[i, j] = np.clip((shared - chance) / max(entropy - chance, 1e-12), 0, 1)
    return told


def _gaps(told: np.ndarray) -> np.ndarray:
    # a single dimension has no rival
    best = np.sort(np.column_stack([told, np.zeros(len(told))]), axis=1)[:, ::-1]
    return best[:, 0] - best[:, 1]


def _mig(gaps, names, chance) -> Score:
    best, worst = (str(names[int(f(gaps))])[:40] for f in (np.argmax, np.argmin))
    return Score(
        "MIG",
        float(gaps.mean()),
        f"A factor's best dimension knows {percent(gaps.mean())} of it more than the second best "
        f"does, on average ({best} {percent(gaps.max())}, {worst} "
        f"{percent(gaps.min())}). It is low when nothing is known of a factor and when two "
        f"dimensions share it. Codes that know nothing get {percent(chance)}.",
        chance,
        1.0,
        "share",
    )


# -- DCI -------------------------------------------------------------------------------------------


def importances(Z, factors: pd.DataFrame, rng) -> tuple[np.ndarray, np.ndarray]:
    """How much a random forest uses each dimension to predict each factor, and how well it does.

    Numbers are predicted as numbers.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Codes.
    factors : DataFrame of shape (n, f)
        Numbers or categories.
    rng : RandomState
        Splits the rows and seeds the forests.

    Returns
    -------
    R : ndarray of shape (f, k)
        Importance of each dimension; rows sum to 1.
    skills : ndarray of shape (f,)
        The share of the error of guessing the factor that the forest removes on held-out rows
        (squared error, or misses), 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from lvm_core.metrics.disentanglement import importances
    >>> Z = np.random.default_rng(0).normal(size=(200, 2))
    >>> R, skills = importances(Z, pd.DataFrame({"a": Z[:, 0]}), np.random.RandomState(0))
    >>> bool(R[0, 0] > 0.8), bool(skills[0] > 0.8)
    (True, True)
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    order = rng.permutation(len(Z))
    ask, fit = order[: len(Z) // 4], order[len(Z) // 4 :]
    # every split chooses among all dimensions: among a random few it would have to use those that
    # say nothing
    options = {
        "n_estimators": 20,
        "max_features": None,
        "min_samples_leaf": 5,
        "max_samples": min(len(fit), 1500),
        "random_state": rng.randint(2**31 - 1),
    }
    R, skills = [], []
    for name in factors.columns:
        column = factors[name]
        if (
            pd.api.types.is_numeric_dtype(column)
            and not pd.api.types.is_bool_dtype(column)
            and column.nunique() > BINS
        ):
            y = column.to_numpy(np.float64)
            y = (y - y.mean()) / y.std()
            forest = RandomForestRegressor(**options).fit(Z[fit], y[fit])
            left = np.square(forest.predict(Z[ask]) - y[ask]).mean() / max(y[ask].var(), 1e-12)
        else:
            y = levels(column)
            forest = RandomForestClassifier(**options).fit(Z[fit], y[fit])
            left = (forest.predict(Z[ask]) != y[ask]).mean() / max(
                (y[ask] != np.bincount(y[fit]).argmax()).mean(), 1e-12
            )
        R.append(
            forest.feature_importances_
            if forest.feature_importances_.sum()
            else np.full(Z.shape[1], 1 / Z.shape[1])
        )
        skills.append(np.clip(1 - left, 0, 1))
    return np.array(R), np.array(skills)


def dci(R) -> tuple[float, float]:
    """Disentanglement and completeness [1]_ of importances.

    Parameters
    ----------
    R : array-like of shape (f, k)
        Importances, see :func:`importances`.

    Returns
    -------
    disentanglement : float
        1 - the entropy over factors (base f) of a dimension's importances, dimensions weighing by
        their importance.
    completeness : float
        1 - the entropy over dimensions (base k) of a factor's, factors weighing alike (their
        importances sum to 1 each).

    References
    ----------
    .. [1] Eastwood & Williams (2018), openreview.net/forum?id=By-7dz-AZ.

    Examples
    --------
    >>> from lvm_core.metrics.disentanglement import dci
    >>> dci([[1, 0], [0, 1]]), dci([[0.5, 0.5], [0.5, 0.5]])
    ((1.0, 1.0), (0.0, 0.0))
    """
    R = np.asarray(R, np.float64)
    weights = R.sum(0) / max(R.sum(), 1e-12)
    return float((weights * _purity(R.T)).sum()), float(completeness(R).mean())


def completeness(R) -> np.ndarray:
    """How far each factor is told by one dimension.

    Parameters
    ----------
    R : array-like of shape (f, k)
        Importances, see :func:`importances`.

    Returns
    -------
    ndarray of shape (f,)
        0 to 1; 1 where there is one dimension only.

    Examples
    --------
    >>> from lvm_core.metrics.disentanglement import completeness
    >>> completeness([[1, 0], [0.5, 0.5]])
    array([1., 0.])
    """
    return _purity(np.asarray(R, np.float64))


def _purity(R) -> np.ndarray:
    """1 - the entropy of each row's shares, to the base of their number; 1 where there is only
    one.
    """
    if R.shape[1] < 2:
        return np.ones(len(R))
    p = R / np.maximum(R.sum(1, keepdims=True), 1e-12)
    return 1 + (p * np.log(np.where(p > 0, p, 1))).sum(1) / np.log(R.shape[1])


def _dci(R, skills, shuffled) -> list[Score]:
    (d, c), (d0, c0) = dci(R), dci(shuffled)
    scores = []
    if R.shape[0] > 1:
        scores.append(
            Score(
                "DCI disentanglement",
                d,
                f"Does a dimension serve one factor only? {percent(d)} of the way from serving all "
                f"alike. Codes that know nothing get {percent(d0)}. "
                "A factor the code does not hold lowers it too, as its importance falls anywhere.",
                d0,
                1.0,
                "share",
            )
        )
    scores.append(
        Score(
            "DCI completeness",
            c,
            (
                f"Is a factor told by one dimension only? {percent(c)} of the way from being "
                f"spread over all. Codes that know nothing get {percent(c0)}."
            ),
            c0,
            1.0,
            "share",
        )
    )
    scores.append(
        Score(
            "DCI informativeness",
            float(skills.mean()),
            "How much of the factors is in the code at all: a random forest on held-out codes is "
            f"rid of {percent(skills.mean())} of the error of "
            "guessing them. This says nothing of how they are laid out.",
            0.0,
            1.0,
            "share",
        )
    )
    return scores


# -- FactorVAE -------------------------------------------------------------------------------------


def factor_votes(Z, V, rng, votes: int = _VOTES) -> tuple[np.ndarray, float]:
    """FactorVAE score [1]_.

    A vote takes 64 rows that share one factor's level; the dimension that varies least among them,
    in units of its spread, votes for that factor. Which factor a dimension stands for is learnt on
    ``votes`` votes a factor; as many others are judged. Rows of a level are drawn from the data
    (with replacement where there are few), as nothing makes new ones; a number's level is one of
    its 20 bins.

    Parameters
    ----------
    Z : ndarray of shape (n, k)
        Codes; every dimension varies.
    V : ndarray of int of shape (n, f)
        Factors as class numbers, see :func:`levels`.
    rng : RandomState
        Draws the rows.
    votes : int, default=800
        Votes a factor.

    Returns
    -------
    found : ndarray of shape (f,)
        Share of each factor's votes that are right.
    right : float
        The same of all.

    References
    ----------
    .. [1] Kim & Mnih (2018), arXiv:1802.05983.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.disentanglement import factor_votes
    >>> V = np.random.default_rng(0).integers(4, size=(400, 2))
    >>> found, right = factor_votes(V.astype(float), V, np.random.RandomState(0))
    >>> found, right
    (array([1., 1.]), 1.0)
    """
    Z = Z / Z.std(0)
    f, k = V.shape[1], Z.shape[1]
    cast = np.zeros((2, f, k), int)
    for i in range(f):
        order = np.argsort(V[:, i], kind="stable")
        counts = np.bincount(V[:, i])
        first = np.cumsum(counts) - counts
        usable = np.flatnonzero(counts > 1)
        for half in cast:
            level = usable[rng.randint(len(usable), size=votes)]
            rows = order[
                first[level][:, None]
                + (rng.uniform(size=(votes, _ROWS)) * counts[level][:, None]).astype(int)
            ]
            half[i] += np.bincount(Z[rows].var(1).argmin(1), minlength=k)
    meaning = cast[0].argmax(0)
    right = np.array([cast[1, i, meaning == i].sum() for i in range(f)]) / votes
    return right, float(right.mean())


def _factorvae(right: float, chance: float) -> Score:
    return Score(
        "FactorVAE score",
        right,
        "Among rows that share one factor's value, the dimension that varies least names the "
        f"right factor in {percent(right)} of the cases; codes that know nothing get "
        f"{percent(chance)}. It does not mind a factor that is spread over many dimensions.",
        chance,
        1.0,
        "share",
    )
