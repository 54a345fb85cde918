"""The chosen rows: a look and a download."""

import streamlit as st

from lvm_core import export
from pages.ui import items

TITLE, RANK = "Selection", 10


def why_not(run, view) -> str:
    return ""


def draw(run, view) -> None:
    chosen, dataset = run.selection, run.dataset
    if not len(chosen):
        st.caption("Nothing is chosen. Use box or lasso (top right of the map) to choose many points.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(chosen):,} chosen** · bright here and on Explore")
        if st.button("Clear", icon=":material/close:", key="clear-selection"):
            run.selection = []
            st.rerun()
    rows = dataset.rows.iloc[chosen]
    if dataset.kind == "image":
        items.gallery(dataset, dataset.items(chosen[:48]), key="chosen", width=56)
        if len(chosen) > 48:
            st.caption(f"The first 48 of {len(chosen):,} are shown; the download has all.")
    st.dataframe(rows, height=260, alt="the chosen rows", column_config=items.days(rows))
    with st.container(horizontal=True):
        st.download_button("Download rows (CSV)", export.csv_bytes(rows.assign(row=chosen)), f"chosen-{run.id}-{len(chosen)}.csv", "text/csv", icon=":material/download:", on_click="ignore")
        st.download_button("Download codes (NPZ)", export.npz_bytes(codes=run.fitted.codes[chosen], rows=chosen), f"codes-{run.id}-{len(chosen)}.npz", icon=":material/download:", on_click="ignore")
