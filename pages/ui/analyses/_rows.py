"""What several questions do with rows they found: choose them for every page, open one in the
explorer.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.runs.archive import IMPORTED
from lvm_core.text import counted
from pages.session import identity, state
from pages.ui import navigation


def needs_real_rows(run) -> str:
    """The reason where the run came without its data: what a model decodes is no test of that
    model.
    """
    return (
        "this run was imported without its data, and what the model decodes is no test of the "
        "model."
        if IMPORTED in run.dataset.notes
        else ""
    )


def choose(run, rows, key: str) -> None:
    """A button that makes rows the run's selection, bright on Map and Explore."""
    mine = identity.owns("runs", run.id)  # a guest's choice is not everybody's
    if st.button(
        f"Select {'this' if len(rows) == 1 else 'these'} {counted(len(rows), 'row')}",
        icon=":material/select_all:",
        key=f"choose-{key}",
        disabled=not mine or not len(rows),
        help="They are then bright on Map and Explore, where they can be kept as a group."
        if mine
        else "Only whose run it is can select rows.",
    ):
        run.selection = rows
        st.toast(f"{counted(len(rows), 'row')} selected; Map and Explore show them.")


def explore(run, row: int, key: str) -> None:
    """A button that opens the explorer at one row."""
    if st.button("Open in Explore", icon=":material/tune:", key=f"explore-{key}"):
        state.open_at(run, int(row))
        navigation.go("explore")


def free_name(frame, wanted: str) -> str:
    """A column name that the frame does not have."""
    return next(
        name
        for name in (wanted, *(f"{wanted} {i}" for i in range(2, len(frame.columns) + 3)))
        if name not in frame.columns
    )


def add(frame, **columns):
    """The frame with more columns in front, none of its own replaced; ``_`` in a name stands
    for a space.
    """
    frame = frame.reset_index(drop=True).copy()
    for name, values in reversed(columns.items()):
        frame.insert(0, free_name(frame, name.replace("_", " ")), np.asarray(values))
    return frame
