"""New rows of a table from a run, in its original columns, and the report on them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..datasets.base import Dataset
from ..fitting import Fitted
from ..latent.held_out import PRIOR, compare_sources
from ..metrics.samples.table_checks import table_report
from ..metrics.samples.table_report import TableReport
from ..progress import OnStep

PRIOR_DRAWS = 10_000  # by which a prior's density is known


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
        In the original columns that the model has learnt.
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
    (5, 4)
    """
    if dataset.kind != "table":
        raise ValueError(f"{dataset.name} is no table but of kind {dataset.kind}.")
    model, codes = fitted.model, fitted.codes
    source, Z = PRIOR, None
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
        if source != PRIOR:
            Z = np.asarray(found.samplers[source].sample(n, random_state=seed), np.float32)
    if Z is None:
        Z = model.sample_codes(n, random_state=seed)
    return dataset.decode(model.sample_decoder(Z, random_state=seed)), source


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
