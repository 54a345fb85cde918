"""The chosen rows: choose them, look at them, keep them."""

import streamlit as st

from lvm_core.datasets.titles import without_private
from pages.api import originals
from pages.api import trust as truth
from pages.session import selection
from pages.ui import dataframes, items, row_filters, selection_actions, selection_bar

TITLE, ORDER = "Selection", 10
SHOWN = {"image": 48, "table": 1000, "text": 100, "array": 12}


def why_not(run, view) -> str:
    return ""


def draw(run, view) -> None:
    rows, dataset = run.selection, run.dataset
    known, trust = selection.point_values(run), truth.measured(run, view.key)
    if trust is None:  # what is known is of another map
        for name in [name for name in known if name.startswith("trust:")]:
            del known[name]
    else:
        known[f"trust: share of {trust.ks[0]} true neighbours kept on this map"] = (
            trust.rows,
            trust.point("kept", trust.ks[0]),
        )
    selection_bar.bar(run)
    with st.expander(
        "Choose by words, columns or clusters",
        icon=":material/filter_list:",
        expanded=not len(rows) or bool(st.session_state.get(f"choosing-{run.id}")),
    ):
        row_filters.forms(run)
    if not len(rows):
        st.caption(
            "Nothing is chosen. Draw a box or a lasso on the map, or find rows here; then see what "
            "makes them different, make more like them, or train on them alone."
        )
        return
    few = rows[: SHOWN[dataset.kind]]
    if dataset.kind in ("image", "array"):
        items.gallery(
            dataset,
            dataset.items(few),
            key="chosen",
            width=56 if dataset.kind == "image" else None,
            links=originals.links(run, few),
        )
    shown = without_private(dataset).rows.iloc[rows[:1000]]
    st.dataframe(
        shown,
        height=dataframes.tall(shown, 260),
        key=f"chosen-rows-{run.id}",
        alt="the chosen rows",
        column_config=dataframes.days(shown),
    )
    if len(few) < len(rows):
        st.caption(f"The first {len(few):,} of {len(rows):,} are shown; downloads have all.")
    selection_actions.actions(run)
