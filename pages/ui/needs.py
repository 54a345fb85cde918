"""What a page needs before it can show anything; without it, what is missing and the ways on."""

from __future__ import annotations

import streamlit as st

from lvm_core.text import markdown as md

from ..session import data_rows, identity, state
from . import navigation, starting
from .components.progress import progress


def empty(what: str, line: str) -> None:
    """A page without what it needs: says so, and offers both ways on."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.markdown(line)
        with st.container(horizontal=True):
            if st.button("Start with handwritten digits", icon=":material/bolt:", type="primary"):
                starting.start_digits()
            navigation.link("data", "Bring your own data", ":material/upload_file:")
    st.stop()


def need_data() -> state.Data:
    """The session's dataset, or the empty state."""
    found = state.data()
    if found is None:
        empty(
            "No data yet.",
            "Pick a built-in dataset or bring your own file first; it takes one click.",
        )
    return found


def need_run() -> state.Run:
    """The session's finished run, or what stands in its way."""
    found = state.run()
    if (
        found is None
        and st.query_params.get("run") is None
        and st.session_state.pop("refused", None)
    ):
        empty(
            "This run is not here, or not yours.",
            (
                "Where several people use a server, everybody sees their own runs; whose run it is "
                "can share it on the Train page."
            ),
        )
    if found is None and state.data() is None:
        empty(
            "No model yet.",
            "This page looks through a trained model. The digits take a few seconds to train.",
        )
    if found is None:
        with st.container(border=True):
            st.markdown(
                f"**No model yet.** The data is loaded: {md(state.data().dataset.name)}. Train a "
                "model on it first."
            )
            navigation.link("train", "Train a model", ":material/model_training:", type="primary")
        st.stop()
    if found.fitted is None and found.job.running:
        _wait(found)
    if found.fitted is None:
        with st.container(border=True):
            st.markdown(f"**{md(found.title)} has no result.** {md(found.job.error, 600)}")
            navigation.link(
                "train", "Go to its training", ":material/model_training:", type="primary"
            )
        st.stop()
    return found


def need_map() -> state.Run:
    """The session's finished run, or the data itself where it has none, or what stands in the way
    of both.
    """
    data, run = state.data(), state.run()
    if (
        data is None
        or run is not None
        and run.data.id == data.id
        or not data.stored
        or not identity.owns("datasets", data.id)
        or "refused" in st.session_state
    ):
        return need_run()
    rows = data_rows.of(data)
    rows.job.wait(1.5)  # most are read before anybody sees that they were not
    if rows.job.running:
        with st.container(border=True):
            st.markdown(f"**Reading {md(data.dataset.name, 60)}.** Its map opens by itself.")
            progress(rows, "fit")
        st.stop()
    if rows.fitted is None:
        with st.container(border=True):
            st.markdown(f"**This data cannot be mapped as it is.** {md(rows.job.error, 600)}")
            navigation.link("train", "Train a model", ":material/model_training:", type="primary")
        st.stop()
    return rows


def still_open(run: state.Run) -> None:
    """For the first line of a fragment, which runs again without its page: where who looks may
    not see the run any more, the page says so.
    """
    if not identity.may_see(run.kind, run.id):
        st.rerun()


def _wait(run: state.Run) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{md(run.title)} is still training.** This page opens by itself when it is done; it "
            "may also be closed."
        )
        progress(run, "fit")
    st.stop()
