"""Which map of what, and its colours: the widgets of the pages that show one."""

from __future__ import annotations

import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.text import markdown as md

from ..session import colours, maps, url
from ..session.state import Run
from ..session.url import MapState
from . import forms

SEEN = (
    "It may tell rows apart whose labels it has learnt by heart. Whether it tells new ones apart, "
    "the held-out rows show: press training in the legend to see them alone."
)


def row():
    """Where the widgets stand: their labels before them, to leave the map its height."""
    return st.container(horizontal=True, vertical_alignment="center", gap="small", key="map-tools")


def controls(run: Run, page: str = "") -> MapState:
    """The map in view and its colours, as the widgets of a page say; the same on every page, and in
    the address.
    """
    keys = _Keys(run, page)
    keys.fill(url.view(run))
    names = maps.names(run)
    name = st.segmented_control(
        "Projection",
        names,
        required=True,
        wrap=True,
        format_func=lambda n: maps.SHORT.get(n, n),
        key=keys.projection,
        label_visibility="collapsed",
    )
    dims = st.segmented_control(
        "Dimensions",
        (2, 3),
        required=True,
        format_func=lambda d: f"{d}-D",
        key=keys.dims,
        label_visibility="collapsed",
    )
    # a page that is left before the browser knew what is chosen comes back with nothing chosen
    before = url.view(run)
    name, dims = name or before.projection, dims or before.dims
    cls = PROJECTIONS[name]
    keys.fill_form(name, before if before.projection == name else None)
    with st.popover("Settings", icon=":material/tune:"):
        st.markdown(f"**{cls.title}** · {cls.summary}")
        if cls.link:
            st.markdown(f"[{md(cls.paper)}, {cls.year}]({cls.link})")
        values = forms.form(
            cls,
            maps.suggest(cls, run),
            key=keys.form(name),
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
                key=keys.seed(name),
                help=(
                    "The same seed, data and settings give the same map; what another seed changes "
                    "stands under Seeds, below the map."
                ),
            )
        else:
            st.caption("Nothing here is random: it has no seed.")
        if len(names) < len(PROJECTIONS):
            st.caption("Fisher's discriminants need a label column, and this data has none.")
    of = "codes"
    if run.kind == "runs":
        of = st.segmented_control(
            "Map of",
            list(maps.OF),
            required=True,
            format_func=maps.OF.get,
            key=keys.of,
            help=(
                "The codes the model learnt, or the rows it learnt from: what does the model add? "
                "More than 100 columns go to their first 50 principal components."
            ),
        )
    offered = [None, *colours.names(run)]
    if st.session_state.get(keys.colour) not in offered:
        st.session_state[keys.colour] = before.colour if before.colour in offered else None
    colour = st.selectbox(
        "Colour by",
        offered,
        format_func=lambda c: "one colour" if c is None else c,
        key=keys.colour,
        placeholder="one colour",
        width=230,
    )
    shown = url.MapState.of_settings(
        run,
        name,
        of or before.of,
        colour,
        {**values, "random_state": int(seed or 0), "n_components": dims},
    )
    url.show_view(run, shown)
    return shown


def hint(run: Run) -> None:
    """Of a model that saw labels: how to tell the rows apart that it has not seen."""
    if run.kind == "runs" and run.model.labels and colours.SPLIT in colours.names(run):
        st.caption(
            ":material/info: This model saw the labels of the rows it was trained on. Colour by "
            f"*{colours.SPLIT}* to see the others.",
            help=SEEN,
        )


def show(run: Run, kept: maps.StoredMap) -> None:
    """Open a kept map the next time the page is drawn."""
    if kept.name in PROJECTIONS:
        before = url.view(run)
        url.show_view(
            run, url.MapState.of_settings(run, kept.name, kept.of, before.colour, kept.params)
        )
        url.redraw(run)


class _Keys:
    """The names of a page's widgets, and their values before they are drawn: what is in view, where
    another page, a kept map or the address changed it since this page was drawn.
    """

    def __init__(self, run: Run, page: str):
        start = f"{page}-" if page else ""
        self._run, self._page, self._start = run, page, start
        self.projection, self.of = f"{start}projection-{run.id}", f"{start}of-{run.id}"
        self.dims, self.colour = f"{start}dims", f"{start}colour-{run.dataset.name}"
        drawn = f"drawn-{run.data.id}", (page, run.id, url.version(run))
        # what is there although nothing was drawn was put there to be drawn
        self.stale = st.session_state.get(drawn[0], drawn[1]) != drawn[1]
        st.session_state[drawn[0]] = drawn[1]

    def form(self, name: str) -> str:
        return f"{self._start}map-{self._run.id}-{name}"

    def seed(self, name: str) -> str:
        return f"{self._start}mapseed-{name}"

    def _put(self, key: str, value) -> None:
        if self.stale or key not in st.session_state:
            st.session_state[key] = value

    def fill(self, view: MapState) -> None:
        for key, value in (
            (self.projection, view.projection),
            (self.dims, view.dims),
            (self.of, view.of),
            (self.colour, view.colour),
        ):
            self._put(key, value)

    def fill_form(self, name: str, view: MapState | None) -> None:
        """The settings of a projection; its own where it was not in view."""
        if view is None:
            return
        usual = MapState(name).settings(self._run)
        for parameter, value in view.settings(self._run).items():
            key = f"{self.form(name)}.{parameter}"
            if parameter == "random_state":
                key, value = self.seed(name), int(value or 0)
            # a widget that is new has what is usual by itself
            if parameter != "n_components" and (
                key in st.session_state or value != usual[parameter]
            ):
                self._put(key, value)
