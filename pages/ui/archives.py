"""A run goes to another machine as one zip, and comes in from one."""

from __future__ import annotations

import io

import streamlit as st

from lvm_core.runs import archive
from lvm_core.settings import LIMITS
from lvm_core.text import markdown as md

from ..session import identity, quotas, state
from ..session.services import services
from . import frame, navigation

CHOICES = {"none": "no data", "labels": "the label column", "all": "all of the data"}


def download(run: state.Run) -> None:
    """A button for the run as a zip; what of the data goes along is the person's choice,
    nothing by default.
    """
    choices = [
        data
        for data in CHOICES
        if data != "labels" or run.dataset.label in run.dataset.rows.columns
    ]
    data = st.selectbox("Include", choices, format_func=CHOICES.get, key=f"portable-{run.id}")

    def packed() -> bytes:
        out = io.BytesIO()
        archive.pack(run.fitted, run.dataset, out, title=run.title, data=data)
        return out.getvalue()

    # made when it is asked for; the name is part of what Streamlit tells two downloads apart by
    st.download_button(
        "Download the model (zip)",
        packed,
        f"{run.stem}{'' if data == 'none' else f'-with-{data}'}.zip",
        "application/zip",
        # the name alone does not tell this run from another of that name, or what it was before
        key=f"take-{run.id}-{run.fitted.seconds:.3f}-{data}",
        icon=":material/deployed_code:",
        width="stretch",
        on_click="ignore",
    )
    st.caption(
        "Weights, codes, scores, the codec, ONNX where the model can, and a Python script that "
        "makes the samples again."
        + {
            "none": (
                " It holds no rows of your data, but the names, categories and ranges of its "
                "columns, or its terms."
            ),
            "labels": "",
            "all": "",
        }[data]
    )


def bring() -> None:
    """An uploader for such a zip; the run in it becomes the session's, and opens."""
    file = st.file_uploader(
        "Import a model",
        type=["zip"],
        key="import-run",
        max_upload_size=min(LIMITS.archive_bytes, LIMITS.upload_bytes) // 2**20,
        help="A zip that was downloaded here or on another machine. Nothing in it is run.",
    )
    if file is None or st.session_state.get("imported") == file.file_id:
        return
    workspace = services().workspace
    try:
        with st.spinner("Reading the run…"):
            found = archive.read(file.getvalue())
            info = archive.already_here(found, workspace, state.runs())
            said = "This run is already here as"
            if info is None:
                quotas.check_storage_quota(file.size)
                info = archive.unpack(
                    found,
                    workspace,
                    lambda heads: identity.owned("datasets", heads, lambda head: head["id"]),
                )
                identity.claim("runs", info.id)
                if not identity.owns("datasets", info.dataset):
                    identity.claim("datasets", info.dataset)  # its own, made by unpacking
                said = "Imported as"
    except ValueError as error:
        st.error(md(str(error), 600), icon=":material/error:")
        return
    st.session_state["imported"] = file.file_id
    state.use_run(services().runs.get(info.id))
    frame.say(f"{said} **{md(info.title)}**; it is open now.")
    navigation.go("train")
