"""What a page needs before it can show anything; without it, what is missing and the ways on."""

from __future__ import annotations

import streamlit as st

from lvm_core.text import markdown as md

from ..session import data_rows, identity, state
from . import navigation, runs, starting
from .components.progress import progress

CALLED = {"run": "run", "data": "dataset"}


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


def not_here() -> None:
    """Where the address asks for what is not here, the page says so and what there is instead."""
    kind = state.missing()
    if kind is None:
        return
    with st.container(border=True):
        st.markdown(
            f"**This {CALLED[kind]} is not here, or not yours.** It was deleted, or is kept on "
            "another machine, or whose it is has not shared it (Train page). Open another instead."
        )
        data = state.data()
        newest = state.newest_run(data.id) if data is not None else None
        with st.container(horizontal=True):
            if newest is not None and st.button(
                f"Open {md(newest.title, 60)}",
                icon=":material/folder_open:",
                type="primary",
                key="open-instead",
            ):
                state.use_run(newest)
                st.rerun()
            navigation.link("home", "What I have worked on", ":material/history:")
            navigation.link("data", "Bring your own data", ":material/upload_file:")
    st.stop()


def need_data() -> state.Data:
    """The session's dataset, or the empty state."""
    found = state.data()
    not_here()
    if found is None:
        empty(
            "No data yet.",
            "Pick a built-in dataset or bring your own file first; it takes one click.",
        )
    return found


def need_run() -> state.Run:
    """The session's finished run, or what stands in its way."""
    found = state.run()
    not_here()
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
            runs.picker("run-none")
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
    not_here()
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
        runs.picker("run-wait")
        st.markdown(
            f"**{md(run.title)} is still training.** This page opens by itself when it is done; it "
            "may also be closed."
        )
        progress(run, "fit")
    st.stop()
