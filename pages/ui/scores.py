"""Scores on a page: the number, what it is compared with, and its one sentence."""

from __future__ import annotations

import streamlit as st

from lvm_core.escape import markdown as md


def show(scores: list) -> None:
    """A row of numbers with their sentences beneath."""
    if not scores:
        return
    slots = st.columns(min(len(scores), 4))
    for i, score in enumerate(scores):
        with slots[i % len(slots)]:
            st.metric(md(score.name, 40), score.text, help=md(score.sentence, 600), border=True)
    for score in scores:
        st.caption(f"**{md(score.name, 40)}** · {md(score.sentence, 400)}")
