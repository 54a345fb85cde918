"""The maps a run has: their settings and numbers, to open again or delete."""

import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.text import markdown as md
from pages.session import identity, maps
from pages.ui import map_form

TITLE, ORDER = "Kept maps", 90


def why_not(run, view) -> str:
    return ""


def draw(run, view) -> None:
    st.caption(
        "Every map that was made is kept with the run. Numbers compare with what the map is of: "
        "its codes, or the data itself."
    )
    mine = identity.owns(run.kind, run.id)
    for kept in maps.stored_maps(run):
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(
                f"**{PROJECTIONS[kept.name].title if kept.name in PROJECTIONS else kept.name}** of "
                f"{maps.OF[kept.of]} · {settings(kept)}  "
                f"\n:gray[{numbers(kept.scores or (maps.scores(run, kept.key) if kept.key in run.maps else []))}]"  # noqa: E501
                + ("  \n:gray[" + md(kept.note, 300) + "]" if kept.note else "")
            )
            if kept.key == view.key:
                st.badge("shown", icon=":material/visibility:")
            elif st.button("Open", icon=":material/visibility:", key=f"open-{run.id}-{kept.key}"):
                map_form.show(run, kept)
                st.rerun(scope="app")
            if (
                mine
                and kept.key != view.key
                and st.button("Delete", icon=":material/delete:", key=f"delete-{run.id}-{kept.key}")
            ):
                maps.delete(run, kept.key)
                st.rerun(scope="app")


def settings(kept) -> str:
    """What differs from the defaults, and the seed where there is one."""
    cls = PROJECTIONS.get(kept.name)
    if cls is None:
        return ""
    said = [f"{kept.params.get('n_components', 2)}-D"]
    said += [
        f"{p.label.lower()} {kept.params[name]}"
        for name, p in cls.parameters().items()
        if name not in ("n_components", "random_state")
        and name in kept.params
        and kept.params[name] != p.default
    ]
    return ", ".join(said + ([f"seed {kept.params.get('random_state')}"] if cls.random else []))


def numbers(scores) -> str:
    return " · ".join(f"{score.name} {score.text}" for score in scores[:3])
