"""Documents as they are, and what a model makes of them: words with their weights."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.plots import figures
from lvm_core.text import markdown as md

from ..charts import PLOT

ICON, UNIT = ":material/article:", "documents"


def gallery(dataset, items, captions, key, width, together):
    slots = st.columns(3)
    for i, item in enumerate(items):
        with slots[i % 3].container(border=True):
            if captions:
                st.caption(md(captions[i], 60))
            st.markdown(
                words(item) if not isinstance(item, str) else md(" ".join(item.split()), 320)
            )


def words(terms: list[tuple[str, float]], n: int = 12) -> str:
    """Terms as Markdown, the weighty ones bold."""
    top = max((w for _, w in terms[:n]), default=1.0) or 1.0
    return " · ".join(f"**{md(t)}**" if w > 0.5 * top else md(t) for t, w in terms[:n])


def one(dataset, item, title, key, beside, beside_title):
    item = item[0]
    st.caption(md(title))
    if isinstance(item, str):
        st.markdown(md(" ".join(item.split()), 900))
    elif item:
        st.plotly_chart(
            figures.bars([t for t, _ in item[:16]], np.array([w for _, w in item[:16]])),
            key=f"words-{key}",
            config=PLOT,
            alt="most likely words: " + ", ".join(t for t, _ in item[:8]),
        )
    if beside is not None:
        st.caption(md(beside_title))
        with st.container(height=220, border=True):
            st.markdown(
                md(" ".join(beside[0].split()), 1500)
                if isinstance(beside[0], str)
                else words(beside[0])
            )
