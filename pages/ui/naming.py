"""Runs and datasets are called what a person calls them."""

from __future__ import annotations

import streamlit as st

from lvm_core.runs.workspace import LONGEST_NAME
from lvm_core.text import markdown as md

from ..session import identity, state

_RENAME = {"runs": state.rename_run, "datasets": state.rename_data}


def rename(kind: str, id: str, now: str, *, place: str = "") -> None:
    """A button that asks for another name of a run or dataset (``runs``, ``datasets``); only
    whose it is sees it. An empty name brings the first one back. ``place`` tells two buttons of
    one page apart.
    """
    if not identity.owns(kind, id):
        return
    with (
        st.popover("Rename", icon=":material/edit:", type="tertiary", key=f"rename-{id}{place}"),
        st.form(f"name-form-{id}{place}", border=False),
    ):
        name = st.text_input(
            "Name",
            now,
            max_chars=LONGEST_NAME,
            key=f"name-{id}{place}-{now}",
            help="Empty: as it was called at first.",
        )
        if st.form_submit_button("Save", icon=":material/check:", type="primary"):
            try:
                _RENAME[kind](id, name)
            except ValueError as error:
                st.error(md(str(error), 300), icon=":material/error:")
            else:
                st.rerun()
