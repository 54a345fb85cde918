"""Explore: move through the latent space and see every step decoded while the hand moves."""

import json

import numpy as np
import streamlit as st

from lvm_core import PROJECTIONS, export
from lvm_core.escape import markdown as md
from pages.ui import directions, frame, maps, state
from pages.ui.explorer import explorer

frame.header("Explore", "Drag the ring over the map, or the sliders: the item is decoded while you move. Click a dot to start from a real item.")
run = frame.need_run()
dataset, codes = run.dataset, run.fitted.codes
frame.run_picker("run-explore")


def from_address() -> tuple[int, list[float] | None]:
    """The row and code a link carries, when they are of this run."""
    row = st.session_state.pop(f"start-{run.id}", None)
    if row is not None:
        return int(row), None
    try:
        row = int(st.query_params.get("row", 0))
        code = [float(v) for v in json.loads(st.query_params["code"])] if "code" in st.query_params else None
    except (ValueError, TypeError):
        return 0, None
    usable = code is not None and len(code) == codes.shape[1] and np.isfinite(code).all() and np.abs(code).max() < 1e6
    return (row if 0 <= row < len(codes) else 0), code if usable else None


def controls():
    """Which map and colouring the explorer shows."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.segmented_control("Map", list(PROJECTIONS), default=maps.default(run), required=True, format_func=lambda n: maps.SHORT.get(n, n), key=f"explore-map-{run.id}",
                                    help="The ring moves by the exact inverse on axes and PCA, by the neighbours' codes on t-SNE and UMAP.")
        colours = dataset.colours()
        colour = st.selectbox("Colour by", [None, *colours], index=1 if colours else 0, format_func=lambda c: "one colour" if c is None else c, key=f"explore-colour-{dataset.name}", width=220)
        dims = st.segmented_control("Dimensions", (2, 3), default=2, required=True, format_func=lambda d: f"{d}-D", key="explore-dims", help="In 2-D drag the ring; in 3-D click a dot to move there.")
    return PROJECTIONS[name](n_components=dims, **maps.suggest(PROJECTIONS[name], codes)), colour


@st.fragment
def live(view, colour):
    """The explorer, and the files of what is in hand."""
    row, code = st.session_state.setdefault(f"from-{run.id}", from_address())
    at = explorer(run, view, colour, row=row, code=code, visit=st.session_state.get(f"visit-{run.id}", 0), key=f"explorer-{run.id}")
    if said := st.session_state.get(f"said-{run.id}"):
        st.caption(said)
    if at:
        st.query_params["row"], st.query_params["code"] = str(int(at["row"])), json.dumps([round(float(v), 4) for v in at["code"]])
        z = np.asarray([at["code"]], np.float32)
        if z.shape == (1, codes.shape[1]) and np.isfinite(z).all():
            with st.container(horizontal=True):
                files(z)
                if hasattr(run.fitted.model, "invert"):
                    place_closer(int(at["row"]))


def files(z) -> None:
    """What is in hand, to take away."""
    st.download_button("Download what is in hand (NPZ)", export.npz_bytes(code=z, decoded=run.fitted.model.inverse_transform(z)),
                       f"code-{run.id}.npz", icon=":material/download:", on_click="ignore")


def place_closer(row: int) -> None:
    """A GAN's encoder only guesses a real item's code; a search from there comes closer."""
    if st.button("Place this item by optimisation", icon=":material/my_location:", help="Searches for the code whose decoded item is nearest to the real one, from the encoder's guess."):
        with st.spinner("Searching for the code…"):
            Z, residual = run.fitted.model.invert(dataset.X[[row]], random_state=0)
        state.visit(run, row, Z[0], f"Row {row} placed by optimisation: what is left differs by {float(np.ravel(residual)[0]):.2g} of the data's standard deviation (root mean square).")
        st.rerun()


projection, colour = controls()
view, job, trouble = maps.view(run, projection)
if trouble:
    st.error(md(trouble, 500), icon=":material/error:")
if job is not None:
    frame.progress(run, job)
live(view, colour)
directions.panel(run)
frame.next_step("generate", "Generate", "**Next:** make new samples and download them.")
