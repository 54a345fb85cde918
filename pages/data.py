"""Data: pick or bring a dataset, see what was understood, correct it."""

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import DATASETS, read_dataset
from lvm_core.datasets.base import DataError
from lvm_core.datasets.upload import bundle, shown
from lvm_core.io.files import StoreError
from lvm_core.settings import LIMITS
from lvm_core.text import markdown as md
from pages.api import originals, payloads
from pages.session import identity, state
from pages.session.services import services
from pages.ui import (
    archives,
    corrections,
    dataframes,
    forms,
    frame,
    items,
    navigation,
    picture_sizes,
)
from pages.ui.components import bigfile

frame.header(
    "Data",
    (
        "Bring a file or pick a built-in dataset. Check what was understood before anything is "
        "trained; correct it where it is wrong."
    ),
)


def upload() -> None:
    """A file becomes the session's dataset; what is wrong with it is said in one sentence and
    nothing is lost.
    """
    # of any name: what is not read is told so in a sentence, which a list of suffixes would not do
    files = st.file_uploader(
        "Your file",
        accept_multiple_files=True,
        key="file",
        max_upload_size=LIMITS.upload_bytes // 2**20,
    )
    st.caption(
        "Tables: CSV, Parquet, XLSX, JSON, ARFF, SPSS, Stata, SAS · Pictures: several at once or a "
        "zip, in class folders or flat · Text: .txt (a document a line), JSONL, a column of a "
        "table, a zip of .txt · Arrays: NumPy, MATLAB, HDF5, word vectors · packed or not · "
        f"up to {LIMITS.upload_bytes // 2**20} MB. Files stay on the machine that runs this app."
    )
    with st.expander(
        f"A larger array (.npy, up to {LIMITS.array_bytes / 2**30:.3g} GB)",
        on_change="rerun",
        key="larger",
    ) as more:
        if more.open:
            st.caption(
                "It is streamed to the disk and mapped from there: memory never holds it whole."
            )
            large()
    read = st.session_state.setdefault("read", set())
    fresh = [file for file in files if file.file_id not in read]
    if not fresh:
        return
    read.update(file.file_id for file in fresh)
    name, raw = shown(fresh[0].name), None
    if len(fresh) > 1:  # what came at once belongs together
        name = f"{name} and {len(fresh) - 1} more"
    try:
        with st.spinner(f"Reading {md(name, 40)}…"):
            raw = (
                fresh[0].getvalue()
                if len(fresh) == 1
                else bundle((file.name, file.getvalue()) for file in fresh)
            )
            dataset = read_dataset(raw, name=name)
    except DataError as error:
        st.session_state["trouble"] = (name, str(error))
        if raw is not None:
            corrections.remember_failed(raw, name)
    else:
        st.session_state.pop("trouble", None)
        state.use_data(state.Data(dataset, upload=raw, upload_name=name))
    st.rerun()


def large() -> None:
    """The same for an array beyond the uploader's limit."""
    try:
        bigfile.uploader()
    except DataError as error:
        st.error(md(str(error), 600), icon=":material/error:")


def built_in() -> None:
    """The sources as a list with their own settings."""
    name = st.selectbox(
        "Dataset", list(DATASETS), format_func=lambda n: f"{DATASETS[n].title}", key="source"
    )
    source = DATASETS[name]
    st.caption(
        f"{items.icon(source.kind)} {md(source.summary, 300)}"
        + (f" · {md(source.origin, 120)}" if source.origin else "")
    )
    values = forms.form(source, key=f"source-{name}", columns=2)
    if st.button("Open", type="primary", icon=":material/arrow_forward:", key="open"):
        try:
            state.use_data(state.Data(source(**values).load()))
        except ValueError as error:
            st.error(md(str(error), 600))
        else:
            st.session_state.pop("trouble", None)
            st.rerun()


def kept() -> None:
    """The datasets of the workspace; a click opens one."""
    with st.popover("A run from another machine", icon=":material/deployed_code:"):
        archives.bring()
    heads = state.datasets()[:200]
    if not heads:
        st.caption("Every dataset you open is kept here, on the machine that runs this app.")
        return
    table = pd.DataFrame(
        [
            {
                "name": str(h.get("name", ""))[:60],
                "rows": h.get("n"),
                "when": pd.to_datetime(h.get("created"), errors="coerce"),
            }
            for h in heads
        ]
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="kept-data",
        height=dataframes.tall(heads, 360),
        alt="kept datasets",
        column_config={"when": st.column_config.DatetimeColumn("when", format="distance")},
    )
    rows = [r for r in event.selection.rows if r < len(heads)]
    if not rows:
        return
    chosen = heads[rows[0]]
    with st.container(horizontal=True):
        if st.button("Open", type="primary", icon=":material/arrow_forward:", key="open-kept"):
            found = services().datasets.get(chosen["id"])
            if found is None:
                st.error("This dataset cannot be read any more.", icon=":material/error:")
            else:
                state.use_data(found)
                st.rerun()
        if st.button(
            "Delete",
            icon=":material/delete:",
            key="delete-kept",
            help="Only a dataset no run was made from can be deleted.",
        ):
            try:
                services().workspace.delete_dataset(chosen["id"])
            except StoreError as error:
                st.error(md(str(error), 400), icon=":material/error:")
            else:
                state.leave_data(chosen["id"])
                st.rerun()


def preview(data: state.Data) -> None:
    """The items themselves; a picture that was uploaded opens at full size."""
    dataset = data.dataset
    rng = np.random.RandomState(0)
    n = {"image": 36, "table": 100, "text": 6, "array": 6}[dataset.kind]
    rows = np.sort(rng.choice(len(dataset), min(n, len(dataset)), replace=False))
    labels = (
        [payloads.brief(v) for v in dataset.rows[dataset.label].iloc[rows]]
        if dataset.label in dataset.rows.columns
        else None
    )
    if dataset.kind == "table":
        st.dataframe(
            dataset.rows.head(200),
            height=360,
            alt="first rows of the table",
            column_config=dataframes.days(dataset.rows.head(200)),
        )
        return
    items.gallery(
        dataset,
        dataset.items(rows),
        labels
        if dataset.kind != "array" or labels is None
        else [f"{v} (row {i})" for v, i in zip(labels, rows)],
        key="preview",
        links=links_of(data, rows),
    )


def links_of(data: state.Data, rows) -> list[str] | None:
    """Links to pictures at full size: of one's own dataset, or through the run that was shared."""
    if identity.owns("datasets", data.id):
        return originals.links(data, rows)
    run = state.run()
    return originals.links(run, rows) if run is not None and run.data.id == data.id else None


def understood(data: state.Data) -> None:
    """What was understood: size, columns, missing values, label, every note."""
    dataset = data.dataset
    missing = dataset.rows.isna().to_numpy().mean() if dataset.kind == "table" else 0.0
    slots = st.columns(4)
    slots[0].metric(
        "Kind",
        {"image": "Pictures", "table": "Table", "text": "Text", "array": "Arrays"}[dataset.kind],
        border=True,
    )
    slots[1].metric("Rows", f"{len(dataset):,}", border=True, help="Items the models learn from.")
    shape = dataset.schema.image
    slots[2].metric(
        "Size of one",
        " × ".join(map(str, shape[:2])) if shape else f"{dataset.X.shape[1]:,}",
        border=True,
        help=("Pixels, grey. " if shape and shape[2] == 1 else "Pixels, colour. " if shape else "")
        + "Values a model sees of each item; a category takes one value a level.",
    )
    if dataset.kind == "table":
        slots[3].metric(
            "Missing",
            f"{missing:.1%}",
            border=True,
            help=(
                "Share of empty cells. They are kept: models see them as missing, and generated "
                "rows may have them too."
            ),
        )
    else:
        slots[3].metric(
            "Label",
            str(dataset.label or "none")[:24],
            border=True,
            help="The column that colours the map first. Models never see it.",
        )
    st.markdown("\n".join(f"- {md(note, 500)}" for note in dataset.notes))


trouble = st.session_state.get("trouble")
data = state.data()
choose, look = st.columns([4, 8], gap="large")
with choose:
    bring, pick, keep = st.tabs(["Bring your own", "Built in", "Kept"])
    with bring:
        upload()
    with pick:
        built_in()
    with keep:
        kept()
with look:
    if trouble:
        st.error(
            f"**{md(trouble[0], 60)}** could not be read. {md(trouble[1], 800)}",
            icon=":material/error:",
        )
        corrections.after_failure()
    if data is None:
        if not trouble:
            with st.container(border=True):
                st.markdown("**Nothing loaded yet.**")
                st.markdown(
                    "Drop a file on the left, or open a built-in dataset. What was understood "
                    "appears here."
                )
    else:
        st.markdown(f"##### {md(data.dataset.name, 60)}")
        understood(data)
        if data.upload is not None:
            corrections.doubts(data)
            picture_sizes.choice(data)
            corrections.panel(data)
        corrections.private(data)
        preview(data)
if data is not None:
    if data.stored:
        navigation.link("map", "See its map", ":material/scatter_plot:")
    navigation.next_step("train", "Train a model", "**Next:** train a model on it.")
