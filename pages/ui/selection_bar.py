"""What is chosen and how to change it as a whole: invert, grow, undo, clear; on pages without
the map, the way to it.
"""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from lvm_core.analysis.selection import grow
from lvm_core.text import markdown as md

from ..api import selection
from ..session import identity
from ..session.state import Run
from . import navigation, work

MOST_PAIRS = 5e10  # of a chosen row and any row when a selection grows, a minute or two


def bar(run: Run) -> None:
    """How many are chosen, and what can be done with that."""
    n, chosen, mine = len(run.dataset), len(run.selection), identity.owns(run.kind, run.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{chosen:,} of {n:,} chosen** · the same on every page")
        _act(
            "Invert",
            ":material/invert_colors:",
            "invert",
            run,
            mine,
            lambda: selection.inverted(run),
            "Choose what is not chosen.",
        )
        with st.popover("Grow", icon=":material/zoom_out_map:", disabled=not mine or not chosen):
            k = int(
                st.number_input(
                    "Neighbours of each",
                    1,
                    100,
                    5,
                    key=f"grow-k-{run.id}",
                    help="The nearest by code, in all dimensions (not on the map), join the chosen.",  # noqa: E501
                )
            )
            many = chosen * n > MOST_PAIRS
            if st.button(
                "Add them",
                icon=":material/add:",
                key=f"grow-selection-{run.id}",
                disabled=not mine or many,
                help=f"At most {int(MOST_PAIRS / n):,} chosen rows can be grown here."
                if many
                else "Adds the nearest of each chosen row.",
            ):
                st.session_state[f"growing-{run.id}"] = k, run.selection, time.monotonic()
        _act(
            "Undo",
            ":material/undo:",
            "undo",
            run,
            mine and not np.array_equal(run.data.chosen_before, run.selection),
            lambda: run.data.chosen_before,
            "As before the last change; once more brings it back.",
        )
        _act(
            "Clear",
            ":material/close:",
            "clear",
            run,
            mine and chosen > 0,
            list,
            "Choose nothing.",
        )
    if f"growing-{run.id}" in st.session_state:
        _grow(run, *st.session_state[f"growing-{run.id}"])


def _grow(run: Run, k: int, rows: np.ndarray, asked: float) -> None:
    """Add the ``k`` nearest of each of the rows chosen when that was ``asked`` for, however
    long it takes. Each wish is work of its own: one that was stopped can be made again.
    """
    if not np.array_equal(run.selection, rows):
        del st.session_state[f"growing-{run.id}"]
        return
    found = work.result(
        run,
        "Growing the selection",
        {"k": k, "asked": asked},
        lambda on_step: grow(run.fitted.codes, rows, k, most=MOST_PAIRS, on_step=on_step),
    )
    if found is not None:
        run.selection = found
        del st.session_state[f"growing-{run.id}"]
        st.rerun()


def line(run: Run) -> None:
    """On pages that do not draw the selection: that there is one, and the way to it."""
    if len(run.selection):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f":material/lasso_select: {len(run.selection):,} of {len(run.dataset):,} rows are "
                "chosen"
            )
            if st.button(
                "See them on the map",
                type="tertiary",
                icon=":material/arrow_forward:",
                key=f"see-chosen-{run.id}",
            ):
                st.session_state[f"panel-{run.id}"] = "selection"
                navigation.go("map")


def _act(label, icon, name, run, able, rows, help) -> None:
    if not st.button(
        label, icon=icon, key=f"{name}-selection-{run.id}", disabled=not able, help=help
    ):
        return
    try:
        with st.spinner("Choosing…"):
            run.selection = rows()
    except ValueError as error:
        st.warning(md(str(error), 300), icon=":material/info:")
    else:
        st.rerun()
