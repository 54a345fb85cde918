"""What every page wears: its style, its one line, and the card that says what is loaded."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lvm_core.text import counted, spaced
from lvm_core.text import markdown as md

from ..session import state
from . import items, runs

ASSETS = Path(__file__).parents[2] / "assets"


def style() -> None:
    """Our few CSS rules. The file is ours; no text of users ever enters it."""
    st.html(f"<style>{(ASSETS / 'app.css').read_text(encoding='utf-8')}</style>")


def header(title: str, line: str) -> None:
    """The page's name and the one line that says what it is for and what to do."""
    st.title(title, anchor=False)
    st.caption(line)
    if said := st.session_state.pop("said", None):
        st.success(said, icon=":material/check_circle:")


def say(sentence: str) -> None:
    """Let the page that is drawn next begin with a sentence (Markdown): what was done."""
    st.session_state["said"] = sentence


def status_card() -> None:
    """The sidebar's card: the dataset, the model and its seed, and the training that is under
    way.
    """
    data, run = state.data(), state.run()
    if data is None:
        return
    with st.container(border=True):
        kind = data.dataset.kind
        st.caption("DATA")
        st.markdown(
            f"{items.icon(kind)} **{md(data.dataset.name, 40)}**  \n{len(data.dataset):,} "
            f"{items.unit(kind)} · {data.dataset.X.shape[1]:,} values each"
        )
        if run is not None and run.data.id == data.id:
            st.caption("MODEL")
            st.markdown(
                f"**{md(run.name, 40) or spaced(type(run.model).__name__)}** · "
                f"{counted(run.model.latent_dim, 'dimension')} · seed "
                f"{run.model.random_state}  \n{runs.STATE_WORDS[run.job.state]}"
            )
    if unkept := st.session_state.get("unkept") or (run and run.unkept):
        st.warning(md(unkept, 400), icon=":material/save:")
