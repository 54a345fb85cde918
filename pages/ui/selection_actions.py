"""What is done with the chosen rows: named, saved as a column, trained on, downloaded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.datasets.base import DataError
from lvm_core.datasets.subset import free_name, groups_column, labelled, membership, subset
from lvm_core.datasets.titles import without_private
from lvm_core.export import encode
from lvm_core.runs.store import save_rows
from lvm_core.text import clean
from lvm_core.text import markdown as md

from ..session import code_sources, identity, selection, state
from ..session.services import services
from . import navigation

COLUMNS = {"selection": "this selection, yes or no", "groups": "all kept groups, by name"}
MOST_PICTURES = 20_000


def actions(run: state.Run) -> None:
    """One row of buttons; what needs a name asks for it."""
    mine, owner = identity.owns(run.kind, run.id), identity.owns("datasets", run.data.id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name",
            key=f"name-selection-{run.id}",
            max_chars=40,
            width=180,
            placeholder="of the group",
        )
        if st.button(
            "Keep as a group",
            icon=":material/bookmark_add:",
            key=f"keep-selection-{run.id}",
            disabled=not mine,
            help=(
                "It can be chosen again, compared with, and used for directions, here and on "
                "Explore."
            ),
        ):
            _keep(run, name)
        with st.popover(
            "Save as a column", icon=":material/view_column:", disabled=not owner or not run.stored
        ):
            _column(run, name)
        if st.button(
            "Train on it only",
            icon=":material/model_training:",
            key=f"train-selection-{run.id}",
            disabled=not owner,
            help="A new dataset of these rows, which opens on the Train page.",
        ):
            _train(run, name)
        with st.popover("Download", icon=":material/download:"):
            downloads(run)


def _keep(run, name: str) -> None:
    try:
        made = selection.save_group(run, name, run.selection)
    except ValueError as error:
        st.warning(md(str(error), 200), icon=":material/info:")
    else:
        st.toast(f"Kept as {md(made)}.")
        st.rerun()


def _column(run, name: str) -> None:
    """Beside the rows of this dataset, for colour and for every run of it; or as the label of a
    new one.
    """
    groups = selection.groups(run)
    what = st.radio(
        "What it holds",
        list(COLUMNS) if groups else ["selection"],
        format_func=COLUMNS.get,
        key=f"column-of-{run.id}",
    )
    use = st.radio(
        "Where",
        ("colour", "label"),
        format_func={
            "colour": "in this dataset: to colour by, to search, to compare",
            "label": "in a new dataset, as its label: for models that learn from labels",
        }.get,
        key=f"column-where-{run.id}",
    )
    wanted = clean(name, 40).strip() or ("chosen" if what == "selection" else "group")
    saved = st.button("Save", icon=":material/save:", type="primary", key=f"column-save-{run.id}")
    gone = [
        old
        for i, old in enumerate(run.dataset.added)
        if st.button(
            f"Remove {md(old, 40)}",
            icon=":material/delete:",
            key=f"column-remove-{run.id}-{i}",
            help="Takes this column, saved here before, away from the rows.",
        )
    ]
    try:
        if saved:
            save_column(
                run,
                wanted,
                membership(run.dataset, run.selection)
                if what == "selection"
                else groups_column(run.dataset, groups),
                as_label=use == "label",
            )
        elif gone:
            remove_column(run, gone[0])
        else:
            return
    except ValueError as error:
        st.error(md(str(error), 400), icon=":material/error:")
    else:
        navigation.go("train") if saved and use == "label" else st.rerun()


def save_column(run: state.Run, wanted: str, values: pd.Series, *, as_label: bool = False) -> str:
    """Put a column beside the rows of the run's dataset, on disk too, and return its name; or
    make a new dataset with it as the label. Raises ValueError.
    """
    identity.require("datasets", run.data.id)
    dataset = run.dataset
    name = free_name(dataset, wanted)
    rows = dataset.rows.assign(**{name: values})
    if as_label:
        from dataclasses import replace

        state.use_data(
            state.Data(labelled(replace(dataset, rows=rows), name, f"{dataset.name} by {name}"))
        )
        return name
    _keep_rows(run, rows, [*dataset.added, name])
    st.toast(f"Saved as the column {md(name, 40)}: colour by it, search it, compare by it.")
    return name


def remove_column(run: state.Run, name: str) -> None:
    """Take away a column that :func:`save_column` put there, on disk too. Raises ValueError."""
    if name in run.dataset.added:  # not by another hand since
        _keep_rows(
            run,
            run.dataset.rows.drop(columns=name),
            [old for old in run.dataset.added if old != name],
        )
        st.toast(f"The column {md(name, 40)} is gone.")


def _keep_rows(run, rows: pd.DataFrame, added: list[str]) -> None:
    identity.require("datasets", run.data.id)
    save_rows(services().workspace.dataset_folder(run.data.id), rows, added)
    run.dataset.rows, run.dataset.added = rows, added
    code_sources.targets.forget(run)
    run.derived.forget_regions()


def _train(run, name: str) -> None:
    chosen, dataset = run.selection, run.dataset
    called = clean(name, 40).strip() or "selection"
    try:
        identity.require("datasets", run.data.id)
        state.use_data(
            state.Data(
                subset(dataset, chosen, f"{called} ({len(chosen):,} rows of {dataset.name})")
            )
        )
    except (DataError, ValueError) as error:
        st.error(md(str(error), 400), icon=":material/error:")
    else:
        navigation.go("train")


def downloads(run: state.Run) -> None:
    """The rows in the forms people use; each is made when it is asked for."""
    chosen, dataset = run.selection, run.dataset
    stem, rows = (
        f"{run.stem}-chosen-{len(chosen)}",
        lambda: _with_row(without_private(dataset).rows.iloc[chosen], chosen),
    )
    st.download_button(
        "Rows (CSV)",
        lambda: encode.csv_bytes(rows()),
        f"{stem}.csv",
        "text/csv",
        icon=":material/table:",
        key=f"csv-{stem}",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        "Rows (Parquet)",
        lambda: encode.parquet_bytes(rows()),
        f"{stem}.parquet",
        "application/vnd.apache.parquet",
        icon=":material/table:",
        key=f"parquet-{stem}",
        on_click="ignore",
        width="stretch",
    )
    st.download_button(
        "Codes (NPZ)",
        lambda: encode.npz_bytes(codes=run.fitted.codes[chosen], rows=chosen),
        f"{stem}-codes.npz",
        "application/octet-stream",
        icon=":material/data_array:",
        key=f"codes-{stem}",
        on_click="ignore",
        width="stretch",
    )
    if dataset.kind == "image":
        few = chosen[:MOST_PICTURES]
        st.download_button(
            "Pictures (ZIP)" + (f", the first {MOST_PICTURES:,}" if len(few) < len(chosen) else ""),
            lambda: encode.zip_of_pngs(dataset.items(few)),
            f"{stem}.zip",
            "application/zip",
            icon=":material/folder_zip:",
            key=f"zip-{stem}",
            on_click="ignore",
            width="stretch",
        )
    if dataset.kind == "array":
        st.download_button(
            "Arrays (NPZ)",
            lambda: encode.npz_bytes(items=np.asarray(dataset.items(chosen)), rows=chosen),
            f"{stem}-arrays.npz",
            "application/octet-stream",
            icon=":material/show_chart:",
            key=f"arrays-{stem}",
            on_click="ignore",
            width="stretch",
        )


def _with_row(frame: pd.DataFrame, rows) -> pd.DataFrame:
    name = next(
        n
        for n in ("row", *(f"row {i}" for i in range(2, len(frame.columns) + 3)))
        if n not in frame.columns
    )
    return frame.assign(**{name: rows})
