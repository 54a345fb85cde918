"""How far a map can be trusted: are its neighbours true neighbours, and are the true ones still
there?
"""

from __future__ import annotations

import numpy as np

from ..base import Score, percent
from .neighbourhoods import compare
from .ranks import Space, directions, searched

MOST_ROWS = 3000  # all pairs of these are ranked, which takes a fraction of a second
_GRADES = 0.97, 0.9, 0.8
TRUST_WORDS = (
    "Points close together on the map really are alike",
    "Points close together on the map are mostly alike",
    "Some points close together on the map are not alike",
    "Many points close together on the map are not alike, so do not read groups into it",
)
CONTINUITY_WORDS = (
    "Points that are alike stay together on the map",
    "Points that are alike mostly stay together on the map",
    "Some points that are alike lie far apart on the map",
    "Many points that are alike lie far apart on the map, so a gap may mean nothing",
)


def projection(
    Z, P, k: int = 12, *, metric: str = "euclidean", random_state: int = 0
) -> list[Score]:
    """Trustworthiness, continuity and neighbour overlap of a map of codes.

    Trustworthiness and continuity are those of Venna & Kaski [1]_, in scikit-learn's definition;
    continuity is trustworthiness with the roles of Z and P exchanged.

    Parameters
    ----------
    Z : array-like of shape (n, k')
        Codes.
    P : array-like of shape (n, c)
        Positions on the map.
    k : int, default=12
        Neighbours; fewer where n is small, as k < n / 2 is needed.
    metric : {"euclidean", "cosine"}, default="euclidean"
        How codes are compared.
    random_state : int, default=0
        Of more than ``MOST_ROWS`` rows a sample is measured: its seed.

    Returns
    -------
    list of Score
        Trustworthiness, continuity and neighbours kept.

    Raises
    ------
    ValueError
        Below 3 rows, or where Z and P differ in length.

    References
    ----------
    .. [1] Venna & Kaski (2001), doi:10.1007/3-540-44668-0_68.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics import projection
    >>> Z = np.random.default_rng(0).normal(size=(100, 2))
    >>> [(score.name, score.value) for score in projection(Z, 2 * Z)]
    [('Trustworthiness', 1.0), ('Continuity', 1.0), ('Neighbours kept', 1.0)]
    """
    Z, P = np.asarray(Z), np.asarray(P)
    if len(Z) != len(P) or len(Z) < 3:
        raise ValueError(
            f"Z has {len(Z)} rows and P has {len(P)}, expected the same number, at least 3."
        )
    total = len(Z)
    if total > MOST_ROWS:
        chosen = np.sort(
            np.random.RandomState(random_state).choice(total, MOST_ROWS, replace=False)
        )
        Z, P = Z[chosen], P[chosen]
    n = len(Z)
    k = max(1, min(k, (n - 1) // 2))
    Z = directions(Z) if metric == "cosine" else Z
    (found,) = compare(
        Space(Z, nearest=searched(Z, (k,))),
        (Space(P, nearest=searched(P, (k,))),),
        np.arange(n),
        (k,),
        full_rows=1,
    )
    points = found.points[:, 0]
    overlap, trust, continuity = points.mean(1).tolist()
    errors = (points.std(1) / n**0.5).tolist() if n < total else (None,) * 3
    chance = chance_trustworthiness(n, k)
    on = (
        f"{k} nearest neighbours on {n} of {total} points"
        if n < total
        else f"{k} nearest neighbours on all {n} points"
    )
    against = f"by {on}; random positions get {percent(chance)}."
    return [
        Score(
            "Trustworthiness",
            trust,
            f"{graded(trust, TRUST_WORDS)}: {percent(trust)} {against}",
            chance,
            1.0,
            "share",
            errors[1],
        ),
        Score(
            "Continuity",
            continuity,
            f"{graded(continuity, CONTINUITY_WORDS)}: {percent(continuity)} {against}",
            chance,
            1.0,
            "share",
            errors[2],
        ),
        Score(
            "Neighbours kept",
            overlap,
            f"Of a point's {k} true nearest neighbours, {percent(overlap)} are also among its {k} "
            f"nearest on the map; by chance {percent(k / (n - 1))} would be.",
            k / (n - 1),
            1.0,
            "share",
            errors[0],
        ),
    ]


def chance_trustworthiness(n: int, k: int) -> float:
    """Expected trustworthiness of a map that places points at random.

    A listed neighbour is outside the k true ones with chance (n - 1 - k) / (n - 1), and its rank
    then exceeds k by (n - k) / 2 on average.

    Parameters
    ----------
    n : int
        Points.
    k : int
        Neighbours.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> from lvm_core.metrics.maps.projection import chance_trustworthiness
    >>> round(chance_trustworthiness(10_000, 10), 3)
    0.5
    """
    return 1 - (n - 1 - k) * (n - k) / ((n - 1) * (2 * n - 3 * k - 1))


def graded(value: float, words: tuple[str, ...]) -> str:
    """The words for a trustworthiness or continuity.

    Parameters
    ----------
    value : float
        0 to 1.
    words : tuple of str of length 4
        The best first.

    Returns
    -------
    str
        One of ``words``.

    Examples
    --------
    >>> from lvm_core.metrics.maps.projection import graded
    >>> graded(0.95, ("good", "fair", "poor", "bad"))
    'fair'
    """
    return words[sum(value < bound for bound in _GRADES)]
