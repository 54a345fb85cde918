"""Data: pick or bring a dataset, see what was understood, correct it."""

import numpy as np
import streamlit as st

from lvm_core import DATASETS
from lvm_core.datasets.base import DataError
from lvm_core.datasets.upload import bundle, shown
from lvm_core.settings import LIMITS
from lvm_core.text import clean, counted
from lvm_core.text import markdown as md
from pages.api import originals, payloads
from pages.session import identity, reading, recent, state
from pages.session.services import services
from pages.ui import (
    archives,
    corrections,
    dataframes,
    forms,
    frame,
    items,
    naming,
    navigation,
    needs,
    picture_sizes,
)
from pages.ui import runs as ui_runs
from pages.ui.components import bigfile

KEPT = 200  # datasets of the list
FEW = 50  # rows from which on some are held out

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
    if len(fresh) == 1 and open_with_models(fresh[0].getvalue()):
        st.rerun()
    name, raw = shown(fresh[0].name), None
    if len(fresh) > 1:  # what came at once belongs together
        name = f"{name} and {len(fresh) - 1} more"
    try:
        with st.spinner(f"Reading {md(name, 40)}…", show_time=True):
            raw = (
                fresh[0].getvalue()
                if len(fresh) == 1
                else bundle((file.name, file.getvalue()) for file in fresh)
            )
            dataset = reading.read(raw, name)
    except DataError as error:
        st.session_state["trouble"] = (name, str(error))
        if raw is not None:
            corrections.remember_failed(raw, name)
    else:
        st.session_state.pop("trouble", None)
        state.use_data(state.Data(dataset, upload=raw, upload_name=name))
    st.rerun()


def open_with_models(raw: bytes) -> bool:
    """Whether models were trained on this very file: it opens with the newest of them, as it was
    read then.
    """
    for head in services().workspace.find_upload(raw, state.datasets()):
        of_it = state.runs_of(head["id"])
        if of_it and (found := services().datasets.get(head["id"])) is not None:
            state.use_data(found)
            st.session_state.pop("trouble", None)
            frame.say(
                f"This file is already here as **{md(found.dataset.name, 60)}**, with "
                f"{counted(len(of_it), 'model')}; the newest is open. To read it another way, "
                "correct it below."
            )
            return True
    return False


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


def called(head: dict) -> str:
    """A dataset in the list: the icon of its kind, its name."""
    kind = str(head.get("kind", ""))
    icon = f"{items.icon(kind)} " if kind in items.found() else ""
    return f"{icon}{md(head.get('name', '?'), 80)}"


def about(item: recent.Recent) -> str:
    """How many items of which size, how many models, when it was last touched."""
    head, look = item.head, recent.thumbnail(item.head["id"])
    unit = items.unit(head["kind"]) if head.get("kind") in items.found() else "rows"
    parts = [counted(int(head.get("n") or 0), unit.removesuffix("s"), unit)]
    parts += [f"{look[1][1]} × {look[1][0]} pixels"] if look else []
    parts += [counted(len(item.runs), "model")] if item.runs else ["no model yet"]
    return " · ".join([*parts, recent.ago(item.when)])


def kept_before() -> None:
    """The datasets of the workspace; a click opens one."""
    with st.popover("Import a model", icon=":material/deployed_code:"):
        archives.bring()
    kept = {item.head["id"]: item for item in recent.recent()[:KEPT]}
    if not kept:
        st.caption("Every dataset you open is kept here, on the machine that runs this app.")
        return
    with st.container(height=420 if len(kept) > 6 else "content", border=False):
        chosen = st.radio(
            "Kept datasets",
            list(kept),
            index=None,
            format_func=lambda id: called(kept[id].head),
            captions=[about(item) for item in kept.values()],
            key="kept-data",
            label_visibility="collapsed",
        )
    if chosen is None:
        return
    with st.container(horizontal=True):
        if st.button("Open", type="primary", icon=":material/arrow_forward:", key="open-kept"):
            found = services().datasets.get(chosen)
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
                state.delete_data(chosen)
            except ValueError as error:
                st.error(md(str(error), 400), icon=":material/error:")
            else:
                st.rerun()
        naming.rename("datasets", chosen, str(kept[chosen].head.get("name", "")), place="-kept")


def models(data: state.Data) -> None:
    """What was trained on it, and the way there."""
    of_it, run = state.runs_of(data.id), state.run()
    if not of_it or run is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="its-models"):
        st.markdown(
            f"**{counted(len(of_it), 'model')} trained on this data.** {md(run.title, 100)} is "
            f"open: {ui_runs.STATE_WORDS[run.job.state]}."
        )
        if run.fitted is not None:
            navigation.link("map", "See the map", ":material/scatter_plot:", key="its-map")
        navigation.link("train", "Its training", ":material/model_training:", key="its-training")


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


def label_words(dataset) -> str:
    """The label with its classes: a column may be called "label" itself."""
    if dataset.label is None:
        return "none"
    y = dataset.targets()
    classes = len({v for v in y if v is not None}) if y is not None else 0
    return clean(dataset.label, 60) + (f": {classes} classes" if classes else "")


def understood(data: state.Data) -> None:
    """What was understood: size, columns, missing values, label, every note."""
    dataset = data.dataset
    missing = dataset.rows.isna().to_numpy().mean() if dataset.kind == "table" else 0.0
    slots = st.container(key="tiles").columns(4)
    slots[0].metric(
        "Kind",
        {"image": "Pictures", "table": "Table", "text": "Text", "array": "Arrays"}[dataset.kind],
        border=True,
        height="stretch",
    )
    slots[1].metric(
        "Rows",
        f"{len(dataset):,}",
        border=True,
        height="stretch",
        help="Items the models learn from.",
    )
    shape = dataset.schema.image
    slots[2].metric(
        "Values per item",
        " × ".join(map(str, shape[:2])) if shape else f"{dataset.X.shape[1]:,}",
        border=True,
        height="stretch",
        help=("Pixels, grey. " if shape and shape[2] == 1 else "Pixels, colour. " if shape else "")
        + "Values a model sees of each item; a category takes one value a level.",
    )
    if dataset.kind == "table":
        slots[3].metric(
            "Missing",
            f"{missing:.1%}",
            border=True,
            height="stretch",
            help=(
                "Share of empty cells. They are kept: models see them as missing, and generated "
                "rows may have them too."
            ),
        )
    else:
        slots[3].metric(
            "Label",
            label_words(dataset),
            border=True,
            height="stretch",
            help="The column that colours the map first. Models never see it.",
        )
    st.markdown("\n".join(f"- {md(note, 500)}" for note in dataset.notes))
    if len(dataset) < FEW:
        st.info(
            f"{counted(len(dataset), items.unit(dataset.kind).removesuffix('s'))} are very few: "
            "a network learns them by heart, and none can be held out to test it. Begin with the "
            "simplest model, and bring some hundreds where you can.",
            icon=":material/info:",
        )


trouble = st.session_state.get("trouble")
data = state.data()
if (kind := state.missing()) is not None:
    st.warning(
        f"The {needs.CALLED[kind]} of this address is not here, or not yours. Open one of yours "
        "under Kept, or bring a file.",
        icon=":material/link_off:",
    )
choose, look = st.columns([4, 8], gap="large")
with choose:
    bring, pick, keep = st.tabs(["Bring your own", "Built in", "Kept"])
    with bring:
        upload()
    with pick:
        built_in()
    with keep:
        kept_before()
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
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"##### {md(data.dataset.name, 80)}", width="content")
            naming.rename("datasets", data.id, data.dataset.name)
        models(data)
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
