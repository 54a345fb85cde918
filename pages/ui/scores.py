"""Scores on a page: the number where a person looks first, its place between chance and
perfection, and its one sentence.
"""

from __future__ import annotations

import streamlit as st

from lvm_core.metrics import Score
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md


def text(score: Score) -> str:
    """The number as it is shown."""
    if score.unit == "share":
        return percent(score.value)
    if score.unit == "percentile":
        return f"{score.value:.0f} %"
    return f"{score.value:,.4g}" + (f" {score.unit}" if score.unit else "")


def _error(score: Score) -> str:
    if not score.error:
        return ""
    return f" ± {percent(score.error)}" if score.unit == "share" else f" ± {score.error:.2g}"


def show(scores: list[Score]) -> None:
    """One card a score: number, a bar from baseline to ceiling where both are known, sentence."""
    columns = 2 if len(scores) in (2, 4) else 3
    for row in range(0, len(scores), columns):
        slots = st.columns(columns)
        for slot, score in zip(slots, scores[row : row + columns]):
            with slot.container(border=True, height="stretch"):
                st.metric(md(score.name, 40), text(score) + _error(score))
                if score.standing is not None:
                    st.progress(score.standing)
                st.caption(md(score.sentence, 500))
