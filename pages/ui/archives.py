"""A run goes to another machine as one zip, and comes in from one."""

from __future__ import annotations

import io

import streamlit as st

from lvm_core.runs import archive
from lvm_core.settings import LIMITS
from lvm_core.text import markdown as md

from ..session import identity, quotas, state
from ..session.services import services
from . import navigation

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
    data = st.selectbox("With it goes", choices, format_func=CHOICES.get, key=f"portable-{run.id}")

    def packed() -> bytes:
        out = io.BytesIO()
        archive.pack(run.fitted, run.dataset, out, title=run.title, data=data)
        return out.getvalue()

    # made when it is asked for; the name is part of what Streamlit tells two downloads apart by
    st.download_button(
        "This run as a zip",
        packed,
        f"run-{run.id}-{run.fitted.seconds:.3f}-{data}.zip",
        "application/zip",
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
        "Import a run",
        type=["zip"],
        key="import-run",
        max_upload_size=min(LIMITS.archive_bytes, LIMITS.upload_bytes) // 2**20,
        help="A zip that was downloaded here or on another machine. Nothing in it is run.",
    )
    if file is None or st.session_state.get("imported") == file.file_id:
        return
    try:
        with st.spinner("Reading the run…"):
            quotas.check_storage_quota(file.size)
            info = archive.unpack(
                file.getvalue(),
                services().workspace,
                lambda heads: identity.owned("datasets", heads, lambda head: head["id"]),
            )
            identity.claim("runs", info.id)
            if not identity.owns("datasets", info.dataset):
                identity.claim("datasets", info.dataset)  # its own, made by unpacking
    except ValueError as error:
        st.error(md(str(error), 600), icon=":material/error:")
        return
    st.session_state["imported"] = file.file_id
    state.use_run(services().runs.get(info.id))
    navigation.go("train")
