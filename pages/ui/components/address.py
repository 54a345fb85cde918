"""The browser's history: one entry for one change of what is in view."""

from __future__ import annotations

from functools import cache

import streamlit as st

from ...api import scripts


@cache
def _component():
    return scripts.component("address", "address/address.js")


def steps() -> None:
    """Mount it; it draws nothing."""
    with st.container(key="address", height=1, border=False):
        _component()(data={}, key="address-steps")
