"""How far to trust the map: its numbers, a sentence each."""

import streamlit as st

from pages.ui import scores

TITLE, RANK = "Trust", 20


def why_not(run, view) -> str:
    return ""


def draw(run, view) -> None:
    scores.show(view.scores)
    st.caption(view.placing)
