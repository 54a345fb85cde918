"""Which model suits a dataset: a sensible set to train, and one table of what each reached on
the same held-out rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..datasets.base import Dataset
from ..metrics import Score
from ..metrics.base import LOWER_IS_BETTER, number, shown
from ..models.base import LatentModel

# of the training rows; neither good nor bad
NOT_RANKED = ("R² on training rows", "Information in a code")


def sensible(
    models: dict[str, type[LatentModel]], dataset: Dataset, latent_dim: int, seed: int = 0
) -> dict[str, LatentModel]:
    """One model of each class that takes this kind of data.

    Each has its own suggestions and, so that codes of equal length are compared, one ``latent_dim``
    (clipped to what the class, the columns and the rows allow).

    Parameters
    ----------
    models : dict of str to type
        Classes of models by name.
    dataset : Dataset
        What they are to learn from.
    latent_dim : int
        Length of the code.
    seed : int, default=0
        Becomes each model's ``random_state``.

    Returns
    -------
    dict of str to LatentModel
        Models that were not fitted yet.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.comparison import sensible
    >>> two = {name: MODELS[name] for name in ("PCA", "VAE")}
    >>> found = sensible(two, DATASETS["iris"]().load(), latent_dim=2)
    >>> {name: model.latent_dim for name, model in found.items()}
    {'PCA': 2, 'VAE': 2}
    """
    most = max(1, min(latent_dim, dataset.X.shape[1] - 1, len(dataset) - 2))
    found = {}
    for name, cls in models.items():
        if dataset.kind in cls.supported_kinds:
            length = cls.parameters()["latent_dim"]
            found[name] = cls(
                **cls.suggest(len(dataset), dataset.schema)
                | {"latent_dim": int(np.clip(most, length.low, length.high)), "random_state": seed}
            )
    return found


@dataclass(frozen=True)
class Entry:
    """One trained model in the comparison: its parameters and scores, as the workspace has them.

    Attributes
    ----------
    id : str
        Id of the run.
    number : int
        Number of the run.
    model : str
        Name of the model's class.
    latent_dim : int
        Length of the code.
    seed : int or None
        The model's ``random_state``.
    seconds : float
        How long the fit took.
    scores : list of Score
        What it reached.

    Examples
    --------
    >>> from lvm_core.analysis.comparison import Entry
    >>> from lvm_core.metrics import Score
    >>> entry = Entry("a1", 1, "PCA", 2, 0, 0.1, [Score("Reconstruction R²", 0.9, "Most.")])
    >>> entry.scores[0].value
    0.9
    """

    id: str
    number: int
    model: str
    latent_dim: int
    seed: int | None
    seconds: float
    scores: list[Score]


def measures(entries: Iterable[Entry]) -> list[str]:
    """Names of the scores that can rank models: those at least two of them have.

    Parameters
    ----------
    entries : iterable of Entry
        Trained models.

    Returns
    -------
    list of str
        Names, the most shared first.

    Examples
    --------
    >>> from lvm_core.analysis.comparison import Entry, measures
    >>> from lvm_core.metrics import Score
    >>> score = Score("Reconstruction R²", 0.9, "Most.")
    >>> entries = [Entry(str(i), i, "PCA", 2, i, 0.1, [score]) for i in range(2)]
    >>> measures(entries)
    ['Reconstruction R²']
    """
    counts: dict[str, int] = {}
    for entry in entries:
        for score in entry.scores:
            if score.name not in NOT_RANKED and np.isfinite(score.value):
                counts[score.name] = counts.get(score.name, 0) + 1
    return sorted(
        (name for name, count in counts.items() if count > 1), key=lambda name: -counts[name]
    )


def ranking(entries: list[Entry], by: str) -> pd.DataFrame:
    """Rank models by one score.

    Models without that score come last, without a rank. Equal numbers share a rank. What lies
    within one standard error of the best is ``level`` with it: which of them is better these rows
    do not say.

    Parameters
    ----------
    entries : list of Entry
        Trained models.
    by : str
        One of their :func:`measures`.

    Returns
    -------
    DataFrame
        A row a model, the best first: rank, level, id, number, model, latent_dim, seed, seconds,
        a column for every measure, and ``reference``: how the score does beside that of a linear
        model of the same length, in words; empty where that is not known.

    Raises
    ------
    ValueError
        Where fewer than two models have the score.

    Examples
    --------
    >>> from lvm_core.analysis.comparison import Entry, ranking
    >>> from lvm_core.metrics import Score
    >>> values = {"PCA": 0.8, "AE": 0.9}
    >>> entries = [
    ...     Entry(name, i, name, 2, 0, 1.0, [Score("Reconstruction R²", value, "")])
    ...     for i, (name, value) in enumerate(values.items())
    ... ]
    >>> ranking(entries, "Reconstruction R²")[["rank", "model"]].values.tolist()
    [[1, 'AE'], [2, 'PCA']]
    """
    names, sign = measures(entries), 1 if by in LOWER_IS_BETTER else -1
    if by not in names:
        raise ValueError(
            f"{by!r} is no score of two models or more; there are: {', '.join(names) or 'none'}."
        )
    table = pd.DataFrame(
        [
            {
                "id": e.id,
                "number": e.number,
                "model": e.model,
                "latent_dim": e.latent_dim,
                "seed": e.seed,
                "seconds": e.seconds,
            }
            | {name: next((s.value for s in e.scores if s.name == name), np.nan) for name in names}
            | {"_error": next((s.error or 0.0 for s in e.scores if s.name == by), 0.0)}
            | {
                "reference": next(
                    (s.reference.words for s in e.scores if s.name == by and s.reference), ""
                )
            }
            for e in entries
        ]
    )
    table = table.sort_values(
        by, ascending=sign > 0, na_position="last", kind="stable"
    ).reset_index(drop=True)
    rank = (sign * table[by]).rank(method="min").astype("Int64")
    level = sign * table[by] <= sign * table[by].iloc[0] + np.hypot(
        table["_error"], table["_error"].iloc[0]
    )
    table.insert(0, "rank", rank)
    table.insert(1, "level", level)
    return table.drop(columns="_error")


def lead(table: pd.DataFrame, by: str, unit: str = "") -> str:
    """Say who leads, by how much, and who is level.

    Parameters
    ----------
    table : DataFrame
        What :func:`ranking` gave.
    by : str
        The score it was ranked by.
    unit : str, default=""
        Unit of that score.

    Returns
    -------
    str
        Plain text.

    Examples
    --------
    >>> from lvm_core.analysis.comparison import Entry, lead, ranking
    >>> from lvm_core.metrics import Score
    >>> values = {"PCA": 0.8, "AE": 0.9, "VAE": 0.899}
    >>> scores = {m: Score("R²", v, "", unit="share", error=0.01) for m, v in values.items()}
    >>> entries = [Entry(m, i, m, 2, 0, 1.0, [scores[m]]) for i, m in enumerate(values)]
    >>> lead(ranking(entries, "R²"), "R²", "share")
    '2 models are level on R²: #1 AE, #2 VAE. #1 AE leads by 0.1 %, within the error.'
    """
    known = table[table[by].notna()]
    names = [f"#{row.number} {row.model}" for row in known.itertuples()]
    apart = abs(float(known[by].iloc[0] - known[by].iloc[1]))
    ahead = shown(apart, None, unit) if unit == "share" else number(apart, 2) + f" {unit}".rstrip()
    level = [name for name, same in zip(names, known["level"]) if same]
    if len(level) < 2:
        return f"{names[0]} leads on {by}, by {ahead} before {names[1]}."
    begin = f"{len(level)} models are level on {by}: {', '.join(level)}."
    return begin + (f" {names[0]} leads by {ahead}, within the error." if apart else "")
