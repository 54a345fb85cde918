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
from ..models.base import LatentModel

LOWER_IS_BETTER = ("Bits per value", "Bits per word")
# of the training rows; neither good nor bad
NOT_RANKED = ("Explained variance", "Bits in the code")


def sensible(
    models: dict[str, type[LatentModel]], dataset: Dataset, latent_dim: int, seed: int = 0
) -> dict[str, LatentModel]:
    """One model of each class for this kind of data, with its own suggestions and, so that
    codes of equal length are compared, one ``latent_dim`` (clipped to what the class, the
    columns and the rows allow).
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
    """One trained model in the comparison: its recipe's parts and its scores, as the workspace
    has them.
    """

    id: str
    number: int
    model: str
    latent_dim: int
    seed: int | None
    seconds: float
    scores: list[Score]


def measures(entries: Iterable[Entry]) -> list[str]:
    """Names of the scores that can rank these models: those at least two of them have, the most
    shared first.
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
    """A row a model, the best of ``by`` first: rank, id, number, model, latent_dim, seed,
    seconds, and a column for every measure; models without that number come last, without a
    rank. Equal numbers share a rank. What lies within one standard error of the best is
    ``level`` with it: which of them is better these rows do not say.
    """
    names, sign = measures(entries), 1 if by in LOWER_IS_BETTER else -1
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
