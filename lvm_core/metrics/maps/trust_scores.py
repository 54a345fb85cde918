"""The numbers of a map in words: what each says and cannot say, what chance gets, and the same
of the original rows beside it.
"""

from __future__ import annotations

from ..base import Score, percent
from .projection import CONTINUITY_WORDS, TRUST_WORDS, chance_trustworthiness, graded
from .trust import MapTrust

# name in MapTrust.numbers (@ stands for @k) -> what people call it
TITLES = {
    "trust@": "Trustworthiness",
    "continuity@": "Continuity",
    "kept@": "Neighbours kept",
    "label on@": "Label from the neighbours",
    "area": "Neighbourhoods of all sizes",
    "triplets": "Random triplets",
    "ranks": "Distances, by order",
    "distances": "Distances, by size",
}
PAIRS = {"map": "map of the codes", "codes": "codes of the rows", "whole": "map of the rows"}
_CANNOT = {
    "trust@": "It counts who is near only by accident; true neighbours far away cost nothing.",
    "continuity@": "It counts true neighbours far away; being near by accident costs nothing.",
    "kept@": "It is strict: a neighbour that moved one place too far counts as lost.",
    "label on@": "A map can part the labels and still misplace the points within each.",
    "area": "It is one number for all sizes; the curve tells at which sizes the map is good.",
    "triplets": "It sees the large-scale layout, and is blind to who is next to whom.",
    "ranks": "Far pairs decide it, since most pairs are far.",
    "distances": "A map may stretch distances and keep every neighbourhood, as t-SNE and UMAP do.",
}


def trust_scores(trust: MapTrust, k: int) -> list[Score]:
    """A score of every measure, of the map as a picture of the codes.

    Parameters
    ----------
    trust : MapTrust
        What was measured.
    k : int
        Neighbours, of ``trust.ks``.

    Returns
    -------
    list of Score

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> from lvm_core.metrics.maps.trust_scores import trust_scores
    >>> Z = np.random.default_rng(0).normal(size=(100, 3))
    >>> [score.name for score in trust_scores(map_trust(Z, Z[:, :2]), 10)][:3]
    ['Trustworthiness', 'Continuity', 'Neighbours kept']
    """
    return [_score(name, trust, k) for name in TITLES if _at(name, k) in trust.numbers["map"]]


def comparison_table(trust: MapTrust, k: int) -> list[dict]:
    """The measures of a map beside the same of the rows it was made of, and by chance.

    Parameters
    ----------
    trust : MapTrust
        What was measured.
    k : int
        Neighbours, of ``trust.ks``.

    Returns
    -------
    list of dict
        For each of :func:`trust_scores`: its name, its value as a map of the codes, and the same of
        the codes as a picture of the rows they were made of, of the map as a picture of those rows
        (None where not measured), and by chance; for labels, of the map, the codes and the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> from lvm_core.metrics.maps.trust_scores import comparison_table
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> list(comparison_table(map_trust(X[:, :3], X[:, :2], X), 10)[0])
    ['score', 'map of the codes', 'codes of the rows', 'map of the rows', 'by chance']
    """

    def value(pair, name):
        return trust.numbers.get(pair, {}).get(_at(name, k), (None, None))[0]

    generated = []
    for name in TITLES:
        if _at(name, k) in trust.numbers["map"]:
            values = {title: value(pair, name) for pair, title in PAIRS.items()}
            # spaces, not pairs: on the map, in code space, among the rows themselves
            if name == "label on@":
                values = dict(
                    zip(
                        PAIRS.values(),
                        (
                            value("map", name),
                            value("map", "label of@"),
                            value("codes", "label of@"),
                        ),
                    )
                )
            generated.append(
                {"score": TITLES[name], **values, "by chance": _chance(name, trust, k)}
            )
    return generated


def reach(trust: MapTrust) -> str:
    """Which rows the numbers are of, in one sentence.

    Parameters
    ----------
    trust : MapTrust
        What was measured.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.metrics.maps.trust import map_trust
    >>> from lvm_core.metrics.maps.trust_scores import reach
    >>> Z = np.random.default_rng(0).normal(size=(100, 3))
    >>> reach(map_trust(Z, Z[:, :2]))
    'Measured on all 100 points.'
    """
    if len(trust.rows) == trust.n:
        return f"Measured on all {trust.n:,} points."
    return (
        f"Measured on {len(trust.rows):,} of {trust.n:,} points, chosen at random (seed 0), each "
        "against all; ± is the error of that."
    )


def _score(name, trust, k) -> Score:
    value, error = trust.numbers["map"][_at(name, k)]
    chance = _chance(name, trust, k)
    told = _SAYS[name](value, trust, k, percent(chance))
    return Score(
        TITLES[name],
        value,
        f"{told} {_CANNOT[name]}",
        chance,
        1.0,
        "share" if name not in ("area", "ranks", "distances") else "",
        error,
    )


def _at(name, k):
    return name + str(k) if name.endswith("@") else name


def _chance(name, trust, k) -> float:
    if name in ("trust@", "continuity@"):
        return chance_trustworthiness(trust.n, k)
    return {
        "kept@": k / (trust.n - 1),
        "label on@": trust.chance_label or 0.0,
        "triplets": 0.5,
    }.get(name, 0.0)


_SAYS = {
    "trust@": lambda v, t, k, chance: (
        f"{graded(v, TRUST_WORDS)}, by {k} neighbours; random positions get {chance}."
    ),
    "continuity@": lambda v, t, k, chance: (
        f"{graded(v, CONTINUITY_WORDS)}, by {k} neighbours; random positions get {chance}."
    ),
    "kept@": lambda v, t, k, chance: (
        f"Of a point's {k} true nearest neighbours, {percent(v)} are also among its {k} nearest on "
        f"the map; by chance {chance} would be."
    ),
    "label on@": lambda v, t, k, chance: (
        f"{percent(v)} of the points have the label of most of their {k} nearest on the map, and "
        f"{percent(t.numbers['map'][_at('label of@', k)][0])} that of their {k} true nearest; "
        f"always the commonest gets {chance}."
    ),
    "area": lambda v, t, k, chance: (
        "How many neighbours are kept, over neighbourhoods of every size, the small ones weighing "
        "most: 0 is chance, 1 is all."
    ),
    "triplets": lambda v, t, k, chance: (
        "Of three random points, the map is right about which of two is nearer to the third in "
        f"{percent(v)} of cases; chance gets {chance}."
    ),
    "ranks": lambda v, t, k, chance: (
        "Whether the farther of two pairs is the farther on the map too (Spearman's correlation): "
        "0 is chance, 1 is always."
    ),
    "distances": lambda v, t, k, chance: (
        "Whether distances on the map grow in proportion to the true ones (Pearson's correlation): "
        "0 is chance, 1 is exactly."
    ),
}
