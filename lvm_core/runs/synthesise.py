"""New rows of a table from a run, in its original columns, and the report on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from ..analysis.constrained_samples import Draw, conditional_draw, sample_constrained
from ..analysis.label_column import LabelColumn
from ..capabilities import SamplesConditionally
from ..codecs.constraints import Constraint, find_constraints
from ..codecs.table import TableCodec
from ..codecs.where import parse_conditions
from ..datasets.base import Dataset
from ..fitting import Fitted
from ..latent.held_out import PRIOR, compare_sources
from ..metrics.samples.table_checks import table_report
from ..metrics.samples.table_report import TableReport
from ..progress import OnStep
from .archive import IMPORTED

PRIOR_DRAWS = 10_000  # by which a prior's density is known
MOST_ROWS = 100_000  # real rows in which rules are sought


@dataclass(frozen=True)
class Synthesis:
    """New rows of a table, and how they came about.

    Parameters
    ----------
    rows : DataFrame
        In the original columns that the model has learnt, and the label's.
    source : str
        Where the codes come from.
    rules : list of Constraint
        The rules that all rows keep.
    notes : list of str
        What was done for it, and how the label was drawn, a sentence each.

    See Also
    --------
    synthesise_under : Makes one.
    """

    rows: pd.DataFrame
    source: str
    rules: list[Constraint]
    notes: list[str]


def synthesise(
    dataset: Dataset, fitted: Fitted, n: int, *, seed: int = 0, on_step: OnStep | None = None
) -> tuple[pd.DataFrame, str]:
    """New rows of a table.

    Codes come from where the app's Generate page takes them: the model's prior where the decoder
    learnt on it or on labels, else the source that makes held-out codes the most probable.

    Parameters
    ----------
    dataset : Dataset
        The table.
    fitted : Fitted
        A model fitted to it.
    n : int
        How many rows.
    seed : int, default=0
        Of all draws: the same seed gives the same rows.
    on_step : callable, default=None
        Receives the progress of comparing the sources.

    Returns
    -------
    rows : DataFrame of n rows
        In the original columns that the model has learnt, and the label's, see
        :class:`~lvm_core.analysis.label_column.LabelColumn`.
    source : str
        Where the codes come from.

    Raises
    ------
    ValueError
        Where the data is no table.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.synthesise import synthesise
    >>> iris = DATASETS["iris"]().load()
    >>> rows, source = synthesise(iris, fit_run(iris, MODELS["PCA"](latent_dim=2)), 5)
    >>> rows.shape
    (5, 5)
    """
    made = synthesise_under(dataset, fitted, n, seed=seed, on_step=on_step)
    return made.rows, made.source


def synthesise_under(
    dataset: Dataset,
    fitted: Fitted,
    n: int,
    *,
    rules: bool = False,
    where: Sequence[str] = (),
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Synthesis:
    """New rows of a table that keep its rules and fulfil conditions.

    Parameters
    ----------
    dataset : Dataset
        The table.
    fitted : Fitted
        A model fitted to it.
    n : int
        How many rows; fewer come where too few of those drawn fulfil the conditions.
    rules : bool, default=False
        Whether the rules that almost all training rows keep hold in all rows, see
        :func:`~lvm_core.codecs.constraints.find_constraints`.
    where : sequence of str, optional
        Conditions such as ``age >= 30``, see :func:`~lvm_core.codecs.where.parse_conditions`.
        Models that can draw given them; of others rows are drawn until enough fulfil them.
    seed : int, default=0
        Of all draws.
    on_step : callable, default=None
        Receives the progress of comparing the sources.

    Returns
    -------
    Synthesis

    Raises
    ------
    ValueError
        Where the data is no table, for a condition that cannot be, and where no row fulfils them.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.synthesise import synthesise_under
    >>> iris = DATASETS["iris"]().load()
    >>> fitted = fit_run(iris, MODELS["PCA"](latent_dim=2))
    >>> made = synthesise_under(iris, fitted, 5, where=["petal width in cm >= 2"])
    >>> len(made.rows), bool((made.rows["petal width in cm"] >= 2).all())
    (5, True)
    """
    if dataset.kind != "table":
        raise ValueError(f"{dataset.name} is no table but of kind {dataset.kind}.")
    codec, model = cast(TableCodec, dataset.codec), fitted.model
    label = label_column(dataset, fitted)
    name, labels = (label.name, label.labels) if label else (None, ())
    conditions = parse_conditions(where, codec, name, labels)
    given = {column: wanted for column, wanted in conditions.items() if column != name}
    if given and isinstance(model, SamplesConditionally):
        source, draw = "the model given the conditions", conditional_draw(model, codec, given)
    else:
        source, draw = _from_codes(dataset, fitted, on_step)
    kept = table_rules(dataset, fitted) if rules else []
    made = sample_constrained(
        dataset, draw, n, constraints=kept, conditions=conditions, label=label, seed=seed
    )
    if not len(made.rows):
        raise ValueError(
            f"None of {made.drawn:,} drawn rows fulfils {' and '.join(where)}; ask for less, or "
            "take a model that draws given conditions, such as ProductMixture."
        )
    notes = [*([label.sentence] if label else []), *([made.sentence] if made.sentence else [])]
    return Synthesis(made.rows, source, kept, notes)


def label_column(dataset: Dataset, fitted: Fitted) -> LabelColumn | None:
    """How new rows of a run get the label's column.

    Parameters
    ----------
    dataset : Dataset
        The table.
    fitted : Fitted
        The model.

    Returns
    -------
    LabelColumn or None
        None where they get none: see :meth:`~lvm_core.analysis.label_column.LabelColumn.of`; and
        where the run came without its data, and the model has not drawn the label.
    """
    label = LabelColumn.of(dataset, fitted)
    here = IMPORTED not in dataset.notes
    return label if label is None or here or label.drawn_by_model else None


def table_rules(dataset: Dataset, fitted: Fitted) -> list[Constraint]:
    """The rules that almost all training rows of a run keep.

    Parameters
    ----------
    dataset : Dataset
        The table.
    fitted : Fitted
        The model; it says which rows it has seen.

    Returns
    -------
    list of Constraint
        Of many rows, sought in 100,000 drawn at random. None where the run came without its data.
    """
    if dataset.kind != "table" or IMPORTED in dataset.notes:
        return []
    names = {column.name for column in cast(TableCodec, dataset.codec).columns}
    if (label := label_column(dataset, fitted)) is not None:
        names.add(label.name)
    rows = fitted.train
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    return find_constraints(dataset.rows[[c for c in dataset.rows if c in names]].iloc[rows])


def _from_codes(dataset: Dataset, fitted: Fitted, on_step: OnStep | None) -> tuple[str, Draw]:
    """Draws of codes, decoded, and where the codes come from."""
    model, codes, source, sampler = fitted.model, fitted.codes, PRIOR, None
    if not (model.decoder_trained_on_prior or model.conditional):
        y = dataset.targets()
        found = compare_sources(
            codes[fitted.train],
            codes[fitted.held_out],
            None if y is None else y[fitted.train],
            prior=model.sample_codes(PRIOR_DRAWS, random_state=0),
            on_step=on_step,
        )
        source = found.best
        sampler = None if source == PRIOR else found.samplers[source]

    def draw(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        if sampler is None:
            Z = model.sample_codes(n, random_state=seed)
        else:
            Z = np.asarray(sampler.sample(n, random_state=seed), np.float32)
        return Z, model.sample_decoder(Z, random_state=seed)

    return source, draw


def report_on(
    dataset: Dataset,
    fitted: Fitted,
    generated: pd.DataFrame,
    *,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> TableReport:
    """The report on generated rows of a run.

    Parameters
    ----------
    dataset : Dataset
        The table.
    fitted : Fitted
        The model the rows are from; it says which real rows it has seen.
    generated : DataFrame of m rows
        Generated rows.
    seed : int, default=0
        Of what is drawn for the report.
    on_step : callable, default=None
        Receives progress.

    Returns
    -------
    TableReport

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.fitting import fit_run
    >>> from lvm_core.runs.synthesise import report_on, synthesise
    >>> iris = DATASETS["iris"]().load()
    >>> fitted = fit_run(iris, MODELS["PCA"](latent_dim=2))
    >>> report_on(iris, fitted, synthesise(iris, fitted, 50)[0]).rows["held_out"]
    15
    """
    return table_report(
        dataset.rows.iloc[fitted.train],
        dataset.rows.iloc[fitted.held_out],
        generated,
        label=dataset.label,
        random_state=seed,
        on_step=on_step,
    )
