"""Map: the latent space as a picture; choose points, see the items."""

import streamlit as st

from lvm_core.text import markdown as md
from pages.api import originals, payloads
from pages.session import maps, state
from pages.ui import frame, items, map_form, navigation, needs, panels, runs
from pages.ui.components.atlas import atlas
from pages.ui.components.progress import progress

frame.header(
    "Map",
    (
        "Every dot is one of your items, placed by its code. Click a dot to see it; use box or "
        "lasso (top right of the map) to choose many."
    ),
)
run = needs.need_run()
dataset, codes = run.dataset, run.fitted.codes


def controls():
    """What is drawn: projection with its settings, colour, new samples."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        projection, of = map_form.controls(run)
        colours = dataset.colours()
        colour = st.selectbox(
            "Colour by",
            [None, *colours],
            index=1 if colours else 0,
            format_func=lambda c: "one colour" if c is None else c,
            key=f"colour-{dataset.name}",
            width=220,
        )
        generated = of == "codes" and st.toggle(
            "Generated",
            value=False,
            key="made",
            help="Show 200 new samples (seed 0) as rings, placed on the map like any new item.",
        )
        runs.picker("run-map", width=240)
    return projection, of, colour, generated


@st.fragment
def picture(view, colour, generated, job):
    """The map beside its inspector."""
    needs.still_open(run)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        clicked = atlas(run, view, colour, generated=generated, job=job, key=f"atlas-{run.id}")
    with right:
        inspector(clicked)
    below(view)


def inspector(clicked):
    """The item under the last click, its reconstruction, and its nearest neighbours by code."""
    i = clicked if clicked is not None else int(st.session_state.get(f"last-{run.id}", 0))
    st.session_state[f"last-{run.id}"] = i
    st.markdown(
        f"**{md(payloads.short(dataset, i), 90)}**"
        + ("" if clicked is not None else "  \n:gray[the first item; click another]")
    )
    back = dataset.decode(run.fitted.model.inverse_transform(codes[[i]]))
    items.one(
        dataset,
        back,
        "reconstructed",
        key=f"inspect-{i}",
        beside=dataset.items([i]),
        beside_title="real",
        link=(originals.links(run, [i]) or [None])[0],
    )
    nearest = maps.nearest_rows(run, i, 6)
    st.caption("Nearest by code, in all dimensions (not on the map)")
    if dataset.kind == "image":
        items.gallery(
            dataset,
            dataset.items(nearest),
            key="near",
            width=52,
            links=originals.links(run, nearest),
        )
    else:
        for j in nearest[:4]:
            st.markdown("- " + md(payloads.short(dataset, j), 90))
    if st.button("Explore from here", icon=":material/tune:", key="explore-here"):
        state.open_at(run, i)
        navigation.go("explore")


def below(view):
    """What stands under the map, one panel at a time."""
    parts = panels.discover()
    reasons = {name: part.why_not(run, view) for name, part in parts.items()}
    fitting = [name for name in parts if not reasons[name]]
    key = f"panel-{run.id}"
    if st.session_state.get(key) not in fitting:
        st.session_state[key] = fitting[0]
    name = st.segmented_control(
        "Panel",
        fitting,
        required=True,
        wrap=True,
        format_func=lambda n: parts[n].TITLE,
        key=key,
        label_visibility="collapsed",
    )
    parts[name].draw(run, view)


projection, of, colour, generated = controls()
view, job, trouble = maps.view(run, projection, of)
if trouble:
    st.error(md(trouble, 500), icon=":material/error:")
picture(view, colour, generated, job)
# over the page, not in it: nothing moves when the map is ready
with st.container(key="making"):
    if job is not None:
        progress(run, job)
        st.caption(f"Showing {view.title} meanwhile.")
navigation.next_step(
    "explore", "Explore", "**Next:** move through the latent space and see it decoded."
)
