"""Which map of what: the widgets of the Map page that choose a projection."""

from __future__ import annotations

import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.projections.base import Projection
from lvm_core.text import markdown as md

from ..session import maps
from ..session.state import Run
from . import forms


def controls(run: Run) -> tuple[Projection, str]:
    """The projection chosen for a run, and what it is of (codes or data, see ``maps.OF``)."""
    _open(run)
    names = maps.names(run)
    name = st.segmented_control(
        "Projection",
        names,
        default=maps.default(run),
        required=True,
        wrap=True,
        format_func=lambda n: maps.SHORT.get(n, n),
        key=_key(run, "projection"),
        help="How many dimensions are laid out in two or three."
        + (
            ""
            if len(names) == len(PROJECTIONS)
            else " Fisher's discriminants need a label column, and this data has none."
        ),
    )
    dims = st.segmented_control(
        "Dimensions", (2, 3), default=2, required=True, format_func=lambda d: f"{d}-D", key="dims"
    )
    cls = PROJECTIONS[name]
    with st.popover("Settings", icon=":material/tune:"):
        st.markdown(f"**{cls.title}** · {cls.summary}")
        if cls.link:
            st.markdown(f"[{md(cls.paper)}, {cls.year}]({cls.link})")
        values = forms.form(
            cls,
            maps.suggest(cls, run.fitted.codes),
            key=_form(run, name),
            hide=("n_components", "random_state"),
            columns=1,
        )
        seed = 0
        if cls.random:
            seed = st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"mapseed-{name}",
                help=(
                    "The same seed, data and settings give the same map; what another seed changes "
                    "stands under Seeds, below the map."
                ),
            )
        else:
            st.caption("Nothing here is random: it has no seed.")
    of = st.segmented_control(
        "Map of",
        list(maps.OF),
        default="codes",
        required=True,
        format_func=maps.OF.get,
        key=_key(run, "of"),
        help=(
            "The codes the model learnt, or the rows it learnt from: what does the model add? More "
            "than 100 columns go to their first 50 principal components."
        ),
    )
    return cls(n_components=dims, random_state=int(seed), **values), of


def show(run: Run, kept: maps.StoredMap) -> None:
    """Open a kept map the next time the page is drawn."""
    st.session_state[f"open-map-{run.id}"] = kept.name, kept.of, kept.params


def _open(run: Run) -> None:
    """Set the widgets to a map that was asked for, before they are drawn."""
    name, of, params = st.session_state.pop(f"open-map-{run.id}", (None, None, None))
    if name in PROJECTIONS:
        st.session_state[_key(run, "projection")], st.session_state[_key(run, "of")] = name, of
        for parameter, value in params.items():
            if parameter == "n_components":
                st.session_state["dims"] = value if value in (2, 3) else 2
            elif parameter == "random_state":
                st.session_state[f"mapseed-{name}"] = int(value or 0)
            else:
                st.session_state[f"{_form(run, name)}.{parameter}"] = value


def _key(run: Run, what: str) -> str:
    return f"{what}-{run.id}"


def _form(run: Run, name: str) -> str:
    return f"map-{run.id}-{name}"
