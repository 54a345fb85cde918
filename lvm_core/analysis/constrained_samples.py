"""New rows of a table that keep its rules and fulfil conditions, of any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from ..capabilities import SamplesConditionally
from ..codecs.columns import MISSING
from ..codecs.conditions import condition_bounds, fulfil
from ..codecs.constraints.base import Constraint
from ..codecs.constraints.satisfy import MOST_DRAWN, satisfy
from ..codecs.table import TableCodec
from ..datasets.base import Dataset
from .conditional_samples import sample_conditional
from .label_column import LabelColumn

NEAR = 1e-5  # that a value of X may be beyond a bound, by float32

Draw = Callable[[int, int], tuple[np.ndarray | None, np.ndarray]]


@dataclass(frozen=True)
class ConstrainedSamples:
    """Rows that keep rules and fulfil conditions.

    Parameters
    ----------
    rows : DataFrame (m, ...)
        In the columns of the table; m is less than what was asked for where too few came.
    codes : array (m, k) or None
        What each was decoded from, before anything was computed or put right.
    X : array (m, d)
        The rows as a model sees them.
    held_before : tuple of float
        The share of all drawn rows that kept each rule by themselves.
    computed, redrawn, broken, drawn : int
        Rows in which values were computed, looked up or put right; those drawn in place of others;
        those that break a rule all the same; and all that were drawn.
    wanted : int
        How many were asked for.

    See Also
    --------
    sample_constrained : Makes them.
    """

    rows: pd.DataFrame
    codes: np.ndarray | None
    X: np.ndarray
    held_before: tuple[float, ...]
    computed: int
    redrawn: int
    broken: int
    drawn: int
    wanted: int

    @property
    def sentence(self) -> str:
        """What was done, for people; empty where nothing was."""
        parts = []
        n = len(self.rows)
        if n < self.wanted:
            parts.append(
                f"Only {n:,} of {self.wanted:,} rows: no more of {self.drawn:,} drawn ones fulfil "
                "the conditions. A product mixture, PCA, factor analysis or a Gaussian mixture "
                "draws given them."
            )
        if self.computed or self.redrawn:
            parts.append(
                f"Of {n:,} rows {self.redrawn:,} were drawn again ({self.drawn:,} draws in all); "
                f"in {self.computed:,} a value was computed or put right."
            )
        if self.broken:
            parts.append(f"{self.broken:,} still break a rule: the rules contradict each other.")
        return " ".join(parts)


def sample_constrained(
    dataset: Dataset,
    draw: Draw,
    n: int,
    *,
    constraints: Sequence[Constraint] = (),
    conditions: Mapping[Any, Any] | None = None,
    label: LabelColumn | None = None,
    chosen_label: str | None = None,
    seed: int = 0,
    most: int = MOST_DRAWN,
) -> ConstrainedSamples:
    """New rows of a table that keep rules and fulfil conditions.

    Parameters
    ----------
    dataset : Dataset
        The table.
    draw : callable
        Takes how many and a seed, and returns codes (n, k), or None, and rows X (n, d).
    n : int
        How many.
    constraints : sequence of Constraint
        What all rows have to keep.
    conditions : dict, optional
        Column -> what it has to be, as for
        :func:`~lvm_core.codecs.conditions.condition_bounds`; of the label a list. What ``draw``
        makes otherwise is drawn again; see :func:`conditional_draw` for models that need not.
    label : LabelColumn, optional
        Adds the label's column.
    chosen_label : str, optional
        The label that all rows are drawn for.
    seed : int, default=0
        Of the draws; the first draw has this seed itself.
    most : int, default=50
        How many rows are drawn for each of the n, at most.

    Returns
    -------
    ConstrainedSamples

    Raises
    ------
    DataError
        For a condition that no row can fulfil.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.constrained_samples import sample_constrained
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["ICA"](latent_dim=3).fit(iris.X, schema=iris.schema)
    >>> def draw(n, seed):
    ...     Z = model.sample_codes(n, random_state=seed)
    ...     return Z, model.sample_decoder(Z, random_state=seed)
    >>> made = sample_constrained(iris, draw, 20, conditions={"petal width in cm": (2.0, None)})
    >>> len(made.rows), bool((made.rows["petal width in cm"] >= 2).all())
    (20, True)
    """
    codec = cast(TableCodec, dataset.codec)
    given = dict(conditions or {})
    of_label = given.pop(label.name, None) if label is not None else None
    if chosen_label is not None:  # which a rule may say otherwise
        of_label = [chosen_label]
    low, high = condition_bounds(codec, given)
    held = np.zeros(len(constraints))
    kept: list[tuple[np.ndarray, np.ndarray | None, np.ndarray]] = []

    def rows_of(count: int, number: int) -> pd.DataFrame:
        own = (
            seed if not number else int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
        )
        codes, X = draw(count, own)
        kept.append((np.arange(count), codes, X))
        rows = codec.decode(X)
        if label is not None:
            rows = label.add(rows, codes, label=chosen_label, random_state=own)
        for i, rule in enumerate(constraints):
            held[i] += count - int(rule.broken(rows).sum())
        return rows

    def taken(places: np.ndarray) -> None:
        _, codes, X = kept[-1]  # of many draws few rows may be taken
        kept[-1] = places, None if codes is None else codes[places], X[places]

    def accept(rows: pd.DataFrame) -> np.ndarray:
        X = codec.encode(rows)
        fit = np.all((X >= low - NEAR) & (X <= high + NEAR), axis=1)
        if of_label is not None and label is not None:
            texts = rows[label.name].astype(object)
            texts = texts.where(texts.notna(), MISSING).map(str)
            fit = fit & texts.isin([*map(str, of_label)]).to_numpy()
        return np.asarray(fit)

    first = rows_of(n, 0)
    accepted = accept if given or of_label is not None else None
    done = satisfy(first, constraints, rows_of, accept=accepted, taken=taken, most=most)
    stay = np.ones(n, bool) if accepted is None else accepted(done.rows)
    rows = done.rows[stay].reset_index(drop=True)
    if given and len(rows):
        rows = fulfil(rows, codec, given)
    codes, X = _gathered(kept, done.origin[stay])
    other = done.changed[stay]
    if other.any():
        X[other] = codec.encode(rows[other])
    return ConstrainedSamples(
        rows,
        codes,
        X,
        tuple((held / max(done.drawn, 1)).tolist()),
        int(other.sum()),
        int(done.redrawn[stay].sum()),
        _count_broken(rows, constraints),
        done.drawn,
        n,
    )


def _count_broken(rows: pd.DataFrame, constraints: Sequence[Constraint]) -> int:
    """How many rows break any of the rules."""
    broken = np.zeros(len(rows), bool)
    for rule in constraints:
        broken |= rule.broken(rows)
    return int(broken.sum())


def conditional_draw(
    model: SamplesConditionally, codec: TableCodec, conditions: Mapping[Any, Any]
) -> Draw:
    """Draws of a model given conditions, as :func:`sample_constrained` takes them.

    Parameters
    ----------
    model : SamplesConditionally
        Fitted to rows of the codec.
    codec : TableCodec
        Of the table.
    conditions : dict
        On columns of the codec.

    Returns
    -------
    callable

    Raises
    ------
    DataError
        For conditions that no row can fulfil, saying which.
    """
    condition_bounds(codec, conditions)  # refuses before anything is drawn

    def draw(n: int, seed: int) -> tuple[None, np.ndarray]:
        _, rows = sample_conditional(model, codec, conditions, n, random_state=seed)
        return None, codec.encode(rows)

    return draw


def _gathered(kept: list, origin: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """The codes and rows of X that rows were taken from."""
    _, first, X = kept[0]
    X = np.empty((len(origin), X.shape[1]), X.dtype)
    codes = None if first is None else np.empty((len(origin), first.shape[1]), first.dtype)
    for number, (places, Z, rows) in enumerate(kept):
        mine = origin[:, 0] == number
        index = np.searchsorted(places, origin[mine, 1])
        X[mine] = rows[index]
        if codes is not None:
            codes[mine] = Z[index]
    return codes, X
