"""Explore: move through the latent space and see every step decoded while the hand moves."""

import numpy as np
import streamlit as st

from lvm_core.capabilities import Inverts
from lvm_core.export import encode
from lvm_core.text import markdown as md
from pages.session import identity, maps, state, url
from pages.ui import directions, frame, map_form, navigation, needs, runs, work
from pages.ui.components.explorer import explorer
from pages.ui.components.progress import progress

frame.header(
    "Explore",
    (
        "Drag the ring over the map, or the sliders: the item is decoded while you move. Click a "
        "dot to start from a real item. The address of this page brings others to the same view."
    ),
)
ITEM = {"image": "picture", "table": "row", "text": "its words", "array": "array"}
run = needs.need_run()
dataset, codes = run.dataset, run.fitted.codes


def controls():
    """Which map and colouring the explorer shows: that of every page."""
    with map_form.row():
        shown = map_form.controls(run, "explore")
        runs.picker("run-explore", width=250)
    map_form.hint(run)
    return shown


@st.fragment
def live(view, colour):
    """The explorer, the files of what is in hand, and the directions learnt from what is chosen."""
    needs.still_open(run)
    place = url.current(run)
    at = explorer(
        run,
        view,
        colour,
        place,
        open_at=st.session_state.get(f"visit-{run.id}", 0),
        on_asked=see,
        key=f"explorer-{run.id}",
    )
    if said := st.session_state.get(f"said-{run.id}"):
        st.caption(said)
    if at:
        url.show(run, at)
        with st.container(horizontal=True):
            files(np.asarray([codes[at.row] if at.code is None else at.code], np.float32))
            if isinstance(run.fitted.model, Inverts):
                place_closer(at.row)
    if identity.owns("runs", run.id):
        directions.panel(run)


def see(panel: str) -> None:
    """What a panel of the Map page says of the chosen rows."""
    st.session_state[f"panel-{run.id}"] = panel
    navigation.go("map")


def files(z) -> None:
    """What is in hand, to take away."""
    st.download_button(
        f"Download this code and {ITEM[dataset.kind]} (NPZ)",
        encode.npz_bytes(code=z, decoded=run.fitted.model.inverse_transform(z)),
        f"{run.stem}-code.npz",
        icon=":material/download:",
        on_click="ignore",
    )


def place_closer(row: int) -> None:
    """A GAN's encoder only guesses a real item's code; a search from there comes closer."""
    if st.button(
        "Place this item by optimisation",
        icon=":material/my_location:",
        help=(
            "Searches for the code whose decoded item is nearest to the real one, from the "
            "encoder's guess."
        ),
    ):
        st.session_state[f"closer-{run.id}"] = row
    if st.session_state.get(f"closer-{run.id}") != row:
        return
    found = work.result(
        run,
        "Searching for the code",
        {"row": row},
        lambda on_step: run.fitted.model.invert(dataset.X[[row]], on_step=on_step, random_state=0),
    )
    if found is not None:
        del st.session_state[f"closer-{run.id}"]
        Z, residual = found
        state.open_at(
            run,
            row,
            Z[0],
            (
                f"Row {row} placed by optimisation: what is left differs by "
                f"{float(np.ravel(residual)[0]):.2g} of the data's standard deviation (root mean "
                "square)."
            ),
        )
        st.rerun()


url.opened(run)
shown = controls()
view, job, trouble = maps.view(run, shown.made(run), shown.of)
# always there: what comes and goes above the explorer must not make the browser build it anew
with st.container():
    if trouble:
        st.error(md(trouble, 500), icon=":material/error:")
live(view, shown.colour)
# over the page, not in it: nothing moves when the map is ready
with st.container(key="making"):
    if job is not None:
        progress(run, job)
navigation.next_step("generate", "Generate", "**Next:** make new samples and download them.")
