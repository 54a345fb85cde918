"""Whose data this is, said on the page: the log-in before anything else, the card in the
sidebar.
"""

from __future__ import annotations

import re
from functools import cache

import streamlit as st

from ...api import scripts
from ...session import identity


@cache
def _component():
    return scripts.component("identity", "identity/identity.js")


def require_login() -> None:
    """Where people log in here: nothing else is drawn before they have."""
    if identity.uses_login() and not st.user.is_logged_in:
        st.title("Latent Explorer", anchor=False)
        st.markdown("Your datasets and models are kept for you alone. Log in to see them.")
        st.button("Log in", icon=":material/login:", type="primary", on_click=st.login)
        st.stop()


def card() -> None:
    """In the sidebar of a server for many: whose data this is, and how to get at it from
    elsewhere.
    """
    if identity.single_user():
        return
    if identity.uses_login():
        st.caption(":material/person: What you bring and train is yours alone.")
        st.button("Log out", icon=":material/logout:", type="tertiary", on_click=st.logout)
        return
    with st.popover("This browser's own", icon=":material/lock:", width="stretch"):
        if not identity.recovery_code():
            st.markdown(
                "This browser keeps no cookies: what you bring and train here cannot be found "
                "again once the page is closed."
            )
            return
        st.markdown(
            "What you bring and train belongs to this browser; others on this server do not see "
            "it. With this code another browser of yours gets at it. Keep it like a password."
        )
        st.code(
            "-".join(re.findall("....", identity.recovery_code())), language=None, wrap_lines=True
        )
        _component()(data={}, key="people")
