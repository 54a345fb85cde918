"""Map: the latent space as a picture; choose points, see the items."""

import streamlit as st

from lvm_core.text import markdown as md
from pages.api import originals, payloads
from pages.session import maps, state, url
from pages.ui import frame, items, map_form, navigation, needs, panels, runs
from pages.ui.components.atlas import atlas
from pages.ui.components.progress import progress

frame.header(
    "Map",
    (
        "Every dot is one of your items, near those like it. Click a dot to see it; use box or "
        "lasso (top right of the map) to choose many."
    ),
)
run = needs.need_map()
modelled = run.kind == "runs"
dataset, codes = run.dataset, run.fitted.codes
url.opened(run)


def controls():
    """What is drawn: projection with its settings, colour, new samples."""
    with map_form.row():
        shown = map_form.controls(run)
        generated = False
        if modelled:
            generated = shown.of == "codes" and st.toggle(
                "Generated",
                value=False,
                key="made",
                help="Show 200 new samples (seed 0) as rings, placed on the map like any new item.",
            )
            runs.picker("run-map", width=250)
    if not modelled:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**The data itself, no model yet.** Dots lie by their values.")
            navigation.link("train", "Train one", ":material/model_training:", key="train-map")
    map_form.hint(run)
    return shown, generated


@st.fragment
def picture(view, colour, generated, job):
    """The map beside its inspector."""
    needs.still_open(run)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        clicked = atlas(
            run,
            view,
            colour,
            generated=generated,
            job=job,
            key=f"atlas-{run.id}",
            on_asked=lambda what: st.session_state.update({f"panel-{run.id}": what}),
        )
        take(clicked)
    with right:
        inspector()
    with st.container(key="below-map"):
        below(view)


def take(clicked):
    """A new click takes its item into hand; the component goes on saying the last one."""
    last = f"clicked-{run.id}"
    if clicked is not None and clicked != st.session_state.get(last):
        url.show_item(run, clicked)
    st.session_state[last] = clicked
    url.show_view(run, url.view(run))  # with the rows that were chosen meanwhile


def inspector():
    """The item in hand, its reconstruction, and its nearest neighbours by code."""
    item = url.item(run)
    i = item or 0
    st.markdown(
        f"**{md(payloads.short(dataset, i), 90)}**"
        + ("" if item is not None else "  \n:gray[Click a dot to see another]")
    )
    real, link = dataset.items([i]), (originals.links(run, [i]) or [None])[0]
    if modelled:
        back = dataset.decode(run.fitted.model.inverse_transform(codes[[i]]))
        items.one(
            dataset,
            back,
            "reconstructed",
            key=f"inspect-{i}",
            beside=real,
            beside_title="real",
            link=link,
        )
    else:
        items.one(dataset, real, "real", key=f"inspect-{i}", link=link)
    nearest = maps.nearest_rows(run, i, 6)
    st.caption(f"Nearest by {'code' if modelled else 'value'}, in all dimensions (not on the map)")
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
    if modelled and st.button("Explore from here", icon=":material/tune:", key="explore-here"):
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


shown, generated = controls()
view, job, trouble = maps.view(run, shown.made(run), shown.of)
if trouble:
    st.error(md(trouble, 500), icon=":material/error:")
picture(view, shown.colour, generated, job)
# over the page, not in it: nothing moves when the map is ready
with st.container(key="making"):
    if job is not None:
        progress(run, job)
if modelled:
    navigation.next_step(
        "explore", "Explore", "**Next:** move through the latent space and see it decoded."
    )
else:
    navigation.next_step(
        "train", "Train a model", "**Next:** train a model on it, and map what it learns."
    )
