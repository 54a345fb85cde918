"""Scores on a page: the number where a person looks first, its place between chance and
perfection, what PCA of the same length gets, and its one sentence.
"""

from __future__ import annotations

import streamlit as st

from lvm_core.metrics import Reference, Score
from lvm_core.metrics.base import shown
from lvm_core.text import markdown as md

_COLOURS = {"better": "green", "level": "gray", "worse": "orange"}
HELP = (
    "*Better*, *level* or *worse* than a linear model that is solved at once, with a code of the "
    "same length: learnt from the same rows, measured on the same rows. *Level* is a difference "
    "within two standard errors, taken row by row."
)


def text(score: Score) -> str:
    """The number and the verdict, for a cell of a table."""
    found = score.reference
    return score.text + (f" · {found.words}" if found else "")


def show(scores: list[Score]) -> None:
    """One card a score: number, a bar from baseline to ceiling where both are known, what the
    linear model gets, sentence.
    """
    columns = 2 if len(scores) in (2, 4) else 3
    for row in range(0, len(scores), columns):
        slots = st.columns(columns)
        for slot, score in zip(slots, scores[row : row + columns]):
            with slot.container(border=True, height="stretch"):
                st.metric(md(score.name, 80), score.text, help=HELP if score.reference else None)
                if score.standing is not None:
                    low, high = (
                        shown(end, None, score.unit) for end in (score.baseline, score.ceiling)
                    )
                    st.progress(
                        score.standing, text=f":small[baseline {md(low)} · best {md(high)}]"
                    )
                if score.reference is not None:
                    _verdict(score, score.reference)
                st.caption(md(score.sentence, 500), help=md(score.detail, 800) or None)


def _verdict(score: Score, found: Reference) -> None:
    advice = f" · {md(found.advice, 120)}" if found.advice else ""
    st.markdown(
        f":{_COLOURS[found.verdict]}-badge[{md(found.words, 60)}] "
        f":small[at {md(score.reference_text)}{advice}]"
    )
