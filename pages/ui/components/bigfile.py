"""An array too large for Streamlit's uploader, which holds a file in memory twice: streamed
into the workspace, then mapped.
"""

from __future__ import annotations

from functools import cache

import streamlit as st

from lvm_core import read_dataset
from lvm_core.runs.workspace import is_id
from lvm_core.settings import LIMITS

from ...api import auth, scripts, uploads
from ...session import state
from ...session.services import services


@cache
def _component():
    return scripts.component("upload", "upload/upload.js")


def uploader() -> None:
    """On the page: a file chooser with progress; what comes in becomes the session's dataset.
    Raises DataError.
    """
    result = _component()(
        data={"token": auth.sign("bring"), "most": LIMITS.array_bytes},
        key="bigfile",
        on_brought_change=lambda: None,
    )
    brought = result.get("brought") if hasattr(result, "get") else None
    if not isinstance(brought, dict) or not is_id(brought.get("id")):
        return
    path = uploads.folder() / brought["id"]
    if not path.is_file():
        return
    try:
        with st.spinner("Reading it…"):
            item = state.use_data(
                state.Data(read_dataset(path, name=str(brought.get("name"))[:200]))
            )
            if item.stored:  # from now on the workspace's own copy is mapped
                services().datasets.drop(item.id)
    finally:
        path.unlink(missing_ok=True)
    st.session_state.pop("trouble", None)
    st.rerun()
