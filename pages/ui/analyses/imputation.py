"""Analyse: fill the gaps of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.analysis import imputation
from lvm_core.capabilities import Imputes
from lvm_core.codecs.columns import Date
from lvm_core.datasets.base import DataError
from lvm_core.export import encode
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md
from lvm_core.text import spaced
from pages.session import pace, reading
from pages.ui import dataframes, work

TITLE, ORDER = "Fill gaps", 40
QUESTION = (
    "What could stand in the empty cells? See how far the answer can be trusted, fill them, and "
    "take the table with you."
)
_SHOWN = 200
ROUNDS = 20  # that a model without an own way encodes and decodes


def why_not(run) -> str:
    """Tables only, and models that lead back to rows."""
    return "" if run.dataset.kind == "table" else "only tables have cells that can be filled."


def draw(run) -> None:
    """What is missing, the check on hidden cells, and the filled table."""
    rows, own = run.dataset.X, isinstance(run.fitted.model, Imputes)
    gone = imputation.missing(rows, run.dataset.schema)
    name = spaced(type(run.fitted.model).__name__)
    st.caption(
        md(
            f"{name} learnt around the holes and gives an interval with every number."
            if own
            else (
                f"{name} was not made for this: holes are begun at the mean, then encoded and "
                "decoded 20 times, and no interval is given. MIWAE on the Train page learns "
                "around them."
            )
        )
    )
    _where(gone)
    _check(run)
    st.markdown("**Filled**")
    _filled(run, rows, run.dataset.rows, gone)


def _where(gone: pd.DataFrame) -> None:
    total = int(gone["missing"].sum())
    if not total:
        st.info(
            (
                "Nothing is missing in this table. The check below still says how well gaps would "
                "be filled, and a file with the same columns and gaps can be filled further down."
            ),
            icon=":material/check_circle:",
        )
        return
    st.markdown(
        f"**{total:,} cells are missing**, in {int((gone['missing'] > 0).sum())} of {len(gone)} "
        "columns"
    )
    table = gone[gone["missing"] > 0].sort_values("missing", ascending=False)
    st.dataframe(
        table,
        hide_index=True,
        height=dataframes.tall(table),
        alt="missing cells by column",
        column_config={
            "share": st.column_config.ProgressColumn(
                "share of rows", min_value=0, max_value=1, format="percent"
            )
        },
    )


def _check(run) -> None:
    st.markdown("**How well would it do?**")
    share = st.slider(
        "Cells to hide",
        0.05,
        0.5,
        0.2,
        0.05,
        key=f"hide-{run.id}",
        format="percent",
        help="So many of the known cells are hidden, filled, and compared with what stood there.",
    )
    seed = int(
        st.number_input(
            "Seed", 0, 2**31 - 1, 0, key=f"hide-seed-{run.id}", help="Which cells are hidden."
        )
    )
    rows = (
        run.fitted.scored_rows
        if len(run.fitted.scored_rows) >= 100
        else np.arange(len(run.dataset))
    )
    rows = rows[:2000]
    found = work.result(
        run,
        "Compare imputers",
        {"share": share, "seed": seed},
        lambda on_step: imputation.compare(
            run.fitted.model, run.dataset.X[rows], share, seed, on_step
        ),
        seconds=1e-4 * len(rows) * run.dataset.X.shape[1],
        start="Hide, fill and compare",
    )
    if found is None:
        return
    st.dataframe(
        found.drop(
            columns=[
                "columns",
                *(c for c in ("rmse", "right", "coverage") if found[c].isna().all()),
            ],
            errors="ignore",
        ),
        hide_index=True,
        height=dataframes.tall(found),
        alt="imputers compared",
        column_config={
            "imputer": "filled by",
            "rmse": st.column_config.NumberColumn(
                "error of numbers",
                format="%.3f",
                help=(
                    "Root mean squared error in standard deviations of the column; the mean gets "
                    "about 1."
                ),
            ),
            "right": st.column_config.NumberColumn(
                "categories recovered",
                format="percent",
                help=(
                    "Share of hidden categories and yes/no values that were filled with what stood "
                    "there."
                ),
            ),
            "coverage": st.column_config.NumberColumn(
                "held by the interval",
                format="percent",
                help="Share of hidden numbers within the 90 % interval; 90 % is right.",
            ),
        },
    )
    st.markdown(md(imputation.verdict(found), 400))
    unseen = (
        len(rows) < len(run.dataset)
        and len(run.fitted.held_out)
        and set(rows) <= set(run.fitted.held_out)
    )
    st.caption(
        f"{len(rows):,} rows, "
        f"{'held out of the training' if unseen else 'most of which the model was trained on, with these cells in sight: its error is flattered'}; "  # noqa: E501
        f"{percent(share)} of the known cells hidden "
        f"at random, seed {seed}. The linear imputer and the neighbours learn from these rows as "
        "they stand with holes."
    )


def _filled(run, X, frame, gone) -> None:
    file = st.file_uploader(
        "Fill another file with the same columns",
        type=["csv", "tsv", "xlsx", "parquet", "jsonl"],
        key=f"fill-{run.id}",
    )
    if file is not None:
        try:
            frame = reading.read(file.getvalue(), file.name).rows
            X = run.dataset.codec.encode(frame)
        except DataError as error:
            st.error(md(str(error), 400), icon=":material/error:")
            return
    elif not gone["missing"].sum():
        return
    key = {"file": None if file is None else file.file_id}
    found = work.result(
        run,
        "Fill the gaps",
        key,
        lambda on_step: imputation.fill_table(run.fitted.model, run.dataset.codec, X, frame),
        seconds=2 * ROUNDS * len(X) * pace.decoding(run),
        start="Fill the gaps",
    )
    if found is None:
        return
    complete, notes, cells = found
    shown = complete.head(_SHOWN)
    marks = cells.head(_SHOWN)
    numbers = shown.select_dtypes("float").columns
    dates = {c.name: c.show for c in run.dataset.codec.columns if isinstance(c, Date)}
    shaded = shown.style.format("{:.7g}", subset=numbers).format(dates, subset=list(dates))
    shaded = shaded.apply(
        lambda _: marks.map(lambda on: "background-color: rgba(230,159,0,0.35)" if on else ""),
        axis=None,
    )
    st.dataframe(
        shaded,
        hide_index=True,
        height=dataframes.tall(shown),
        alt="the table with its gaps filled",
        column_config=dataframes.days(shown),
    )
    st.caption(
        f"{int(cells.to_numpy().sum()):,} cells were filled; they are "
        f"shaded{f'. The first {_SHOWN} of {len(complete):,} rows are shown' if len(complete) > _SHOWN else ''}."  # noqa: E501
    )
    if len(notes):
        with st.expander(
            f"The {len(notes):,} filled cells, with their 90 % intervals"
            if "low" in notes
            else f"The {len(notes):,} filled cells"
        ):
            st.dataframe(
                notes.head(1000), hide_index=True, height=dataframes.tall(notes), alt="filled cells"
            )
    left, right = st.columns(2)
    left.download_button(
        "CSV in the original columns",
        encode.csv_bytes(complete),
        f"{run.stem}-filled.csv",
        "text/csv",
        icon=":material/table:",
        width="stretch",
        on_click="ignore",
    )
    right.download_button(
        "CSV of the filled cells",
        encode.csv_bytes(notes),
        f"{run.stem}-filled-cells.csv",
        "text/csv",
        icon=":material/list:",
        width="stretch",
        on_click="ignore",
    )
