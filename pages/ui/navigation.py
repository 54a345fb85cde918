"""From one page to another, so that a run of the page that was left cannot bring it back."""

from __future__ import annotations

import streamlit as st


def go(page: str) -> None:
    """Leave for another page (``map`` for map.py). The way is remembered until that page has
    begun (``arrive``): a run of the page that was left, asked for meanwhile by a job's end,
    would make Streamlit forget it.
    """
    st.session_state["way"] = page
    st.switch_page(f"{page}.py")


def arrive(page: str) -> None:
    """Before a page: is it the one that was asked for?"""
    way = st.session_state.get("way", page)
    if way != page:
        go(way)
    st.session_state.pop("way", None)


def link(
    page: str,
    label: str,
    icon: str = ":material/arrow_forward:",
    *,
    type: str = "secondary",
    key: str | None = None,
) -> None:
    """A button to another page. Its callback is heard before anything else, and ``arrive``
    leads there; in a fragment, which runs alone, the button does.
    """
    if st.button(
        label,
        icon=icon,
        type=type,
        key=key or f"to-{page}-{label}",
        on_click=st.session_state.update,
        kwargs={"way": page},
    ):
        go(page)


def next_step(page: str, label: str, line: str) -> None:
    """The way on, at the foot of a page."""
    st.space("small")
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"next-{page}"
    ):
        st.markdown(line)
        link(page, label, type="primary", key=f"next-{page}-button")
