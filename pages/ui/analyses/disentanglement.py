"""Analyse: do single dimensions stand for single factors?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lvm_core.metrics.disentanglement import (
    LEAST_ROWS,
    MOST_ROWS,
    Disentanglement,
    disentanglement,
    factor_columns,
    in_use,
)
from lvm_core.plots.quality import heat
from lvm_core.text import clean
from pages.ui import charts, dataframes, scores, work

TITLE, ORDER = "Disentanglement", 70
QUESTION = (
    "Does each dimension of the code stand for one thing? Choose the columns that made the items, "
    "or describe them."
)
_MOST = 8
_SHOWN = {"information": "Information", "importance": "Importance"}


def why_not(run) -> str:
    """Where no factor is known, or rows are few."""
    names = factor_columns(run.dataset.rows)
    if len(names) < 2:
        return (
            f"{'no column describes' if not names else 'one column alone describes'} the items; at "
            "least two numbers or categories are needed."
        )
    return (
        ""
        if len(run.dataset) >= LEAST_ROWS
        else f"there are {len(run.dataset)} rows; at least {LEAST_ROWS} are needed."
    )


def draw(run) -> None:
    """The factors, three scores, the matrix."""
    dataset, fitted = run.dataset, run.fitted
    names = factor_columns(dataset.rows)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.multiselect(
            "Factors",
            names,
            default=names[:_MOST],
            key=f"factors-{run.id}",
            format_func=lambda c: clean(str(c), 40),
            placeholder="Choose at least two",
            help=(
                "Columns that are known of every item. Numbers are cut into 20 equal parts where a "
                "measure needs classes."
            ),
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key=f"factors-seed-{run.id}",
            width=140,
            help="Of the forests, the votes, and the rows that are drawn where there are many.",
        )
    if len(chosen) < 2:
        st.info(
            "Choose at least two columns: with one there is nothing it could be confused with.",
            icon=":material/info:",
        )
        return
    if dataset.kind == "table" and set(chosen) & {c.name for c in dataset.codec.columns}:
        st.caption(
            "Columns of this table are what the model saw, not hidden causes: a high score means "
            "that dimensions repeat columns. Columns that hang together cannot be told apart "
            "fully."
        )
    alive = in_use(fitted.model)
    found = work.result(
        run,
        "Disentanglement",
        {"factors": [str(c) for c in chosen], "seed": int(seed)},
        lambda on_step: disentanglement(
            fitted.codes, dataset.rows[chosen], alive=alive, random_state=int(seed), on_step=on_step
        ),
        seconds=len(chosen) * (0.3 + 2e-4 * min(len(dataset), MOST_ROWS)),
    )
    if found is not None:
        _show(run, found)


def _show(run, found: Disentanglement) -> None:
    order, dead = run.dimensions[0], run.fitted.codes.shape[1] - len(found.dimensions)
    scores.show(found.scores)
    st.caption(
        f"Measured on {found.rows:,} rows. Bars run from the same codes with their rows shuffled, "
        "which know nothing (empty), to one dimension for each factor (full). None of these "
        "says that the items look good, or that "
        "factors nobody wrote down are apart; factors that depend on each other cannot score full. "
        "A model of another seed can differ as much as another model does, so compare several."
    )
    which = st.segmented_control(
        "Shown",
        list(_SHOWN),
        default="information",
        required=True,
        format_func=_SHOWN.get,
        key=f"factors-shown-{run.id}",
        label_visibility="collapsed",
    )
    table = getattr(found, which)
    table = table[[j + 1 for j in order if j + 1 in table.columns]]
    st.plotly_chart(
        heat(table, "dimension, the one that does most first"),
        key=f"factors-heat-{run.id}-{which}",
        config=charts.PLOT,
        alt=f"{_SHOWN[which]} of each dimension for each factor",
    )
    st.caption(
        {
            "information": (
                "The share of a factor's information that one dimension has by itself, chance "
                "taken off: a row with one bright cell is a factor in one dimension; a dark row is "
                "not in the code, or only in several dimensions together."
            ),
            "importance": (
                "How much of the prediction of a factor by a random forest hangs on each "
                "dimension; every row sums to 1, also that of a factor that cannot be predicted."
            ),
        }[which]
        + (
            f" {dead} dimension{'s' * (dead > 1)} that hold{'s' * (dead == 1)} nothing "
            f"{'are' if dead > 1 else 'is'} left out."
            if dead
            else ""
        )
    )
    share = lambda label, words: st.column_config.NumberColumn(label, format="percent", help=words)
    st.dataframe(
        pd.DataFrame(found.factors),
        hide_index=True,
        height=dataframes.tall(found.factors),
        key=f"factors-table-{run.id}",
        alt="the factors and their part of the scores",
        column_config={
            "name": "factor",
            "levels": st.column_config.NumberColumn(
                "classes", help="Values, or the parts a number was cut into."
            ),
            "gap": share("gap (MIG)", "What its best dimension knows more than its second best."),
            "completeness": share(
                "completeness", "100 %: one dimension tells it; 0 %: all do alike."
            ),
            "informativeness": share(
                "informativeness",
                "Share of the error of guessing it that is gone when the code is known.",
            ),
            "found": share(
                "votes right (FactorVAE)",
                (
                    "How often the dimension that varies least among rows of one value names this "
                    "factor."
                ),
            ),
        },
    )
