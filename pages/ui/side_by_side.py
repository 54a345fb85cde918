"""Two to four maps of the same rows side by side: chosen here, aligned, their differences
counted, drawn by one component.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import pandas as pd
import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.analysis.alignment import NEIGHBOURS, Alignment, Change, changed
from lvm_core.metrics.base import percent
from lvm_core.text import clean, spaced
from lvm_core.text import markdown as md

from ..api import alignment, auth
from ..session import colours, identity, maps, state, url
from ..session.services import services
from . import dataframes, forms, scores, work
from .components import atlas, side_by_side
from .components.progress import progress

MOST = 4
FIRST_MAPS = "PCA", "TSNE", "UMAP", "Identity"


@dataclass(frozen=True)
class Pane:
    """One map: whose codes, the map in view, and what it is called."""

    run: state.Run
    view: maps.View
    name: str  # of the map
    wanted: str  # what comes in its place when it is ready; empty where it is there

    @property
    def model(self) -> str:
        """The model's number and class."""
        return f"#{self.run.number} {self.run.name or spaced(type(self.run.model).__name__)}"

    @property
    def title(self) -> str:
        """Map and model."""
        return (
            f"{self.name} of the data" if self.shows == "data" else f"{self.name} of {self.model}"
        ) + (f" ({self.wanted} is on its way)" if self.wanted else "")

    @property
    def shows(self) -> str:
        """What its distances are distances of: codes or data."""
        return self.view.of


def draw(data: state.Data, infos: list) -> None:
    """Everything below the switch of the Compare page; ``infos``: this person's runs of the
    dataset, newest first.
    """
    done = [info for info in infos if info.has_result]
    if not done:
        st.info(
            "Nothing to lay side by side yet: train a model first.", icon=":material/view_column_2:"
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        count = st.segmented_control(
            "Maps",
            range(2, MOST + 1),
            default=3 if len({info.config["name"] for info in done}) == 1 else 2,
            required=True,
            key=f"panes-{data.id}",
            help="How many, side by side.",
        )
        shown = _Shown(data, done)
        offered = [None, *colours.names(shown.run)]
        shown.put(f"pane-colour-{data.id}", shown.view.colour)
        colour = st.selectbox(
            "Colour by",
            offered,
            format_func=lambda c: "one colour" if c is None else c,
            key=f"pane-colour-{data.id}",
            width=200,
        )
        request = st.container(horizontal=True, vertical_alignment="bottom")
    slots = st.columns(count, gap="small")
    panes = [
        _pane(slots[place], place, done, info, first, shown)
        for place, (info, first) in enumerate(_first(done, count, shown.view.projection))
    ]
    shown.show(colour)
    panes = [pane for pane in panes if pane is not None]
    if len(panes) < 2:
        return
    keys, moves = alignment.align([(pane.run, pane.view.key) for pane in panes])
    alignment.link(
        [
            run
            for run in {pane.run.id: pane.run for pane in panes}.values()
            if identity.owns("runs", run.id)
        ]
    )
    pair, name, change = _difference(request, panes)
    side_by_side.component()(
        data=payload(panes, keys, moves, colour, pair, name, change),
        key=f"beside-{data.id}",
        on_chosen_change=lambda: None,
    )
    st.caption(conclusion(panes, pair, change))
    numbers(panes, data.id)


class _Shown:
    """The map in view on every page: the first pane's, and the colours of all."""

    def __init__(self, data: state.Data, done: list):
        self.run = next(run for info in _ranked(done) if (run := services().runs.get(info.id)))
        url.opened(self.run)
        self.view = url.view(self.run)
        drawn = f"drawn-{data.id}", ("compare", self.run.id, url.version(self.run))
        self.stale = st.session_state.get(drawn[0], drawn[1]) != drawn[1]
        st.session_state[drawn[0]] = drawn[1]

    def put(self, key: str, value) -> None:
        """A widget's value, where another page changed what is in view."""
        if self.stale or key not in st.session_state:
            st.session_state[key] = value

    def of_first_pane(self, name: str, of: str, values: dict) -> None:
        """What the first pane shows from now on."""
        self.view = url.MapState.of_settings(
            self.run, name, of, self.view.colour, {**values, "n_components": self.view.dims}
        )

    def show(self, colour: str | None) -> None:
        url.show_view(self.run, replace(self.view, colour=colour))


def _ranked(done: list) -> list:
    """The run this session looks at, then the newest."""
    current = state.run()
    # stable: the newest first
    return sorted(done, key=lambda info: current is None or info.id != current.id)


def _first(done: list, count: int, shown: str) -> list[tuple]:
    """What panes open with, (run, map): the run this session looks at, then the newest of other
    models, each by the map in view, then by others.
    """
    ranked = _ranked(done)
    different = [
        info
        for i, info in enumerate(ranked)
        if info.config["name"] not in {other.config["name"] for other in ranked[:i]}
    ]
    names = [shown, *(name for name in FIRST_MAPS if name != shown)]
    return [
        (different[i % len(different)], names[min(i // len(different), len(names) - 1)])
        for i in range(count)
    ]


def _pane(slot, place: int, done: list, info, first: str, shown: _Shown) -> Pane | None:
    """The choice of one map, above it."""
    ids = [i.id for i in done]
    titles = {i.id: f"#{i.number} {i.name or spaced(i.config['name'])}" for i in done}
    with slot, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = (
            ids[0]
            if len(done) == 1
            else st.selectbox(
                f"Model {place + 1}",
                ids,
                index=ids.index(info.id),
                format_func=titles.get,
                key=f"pane-run-{info.dataset}-{place}",
                label_visibility="collapsed",
            )
        )
        run = services().runs.get(chosen)
        if run is None or run.fitted is None:
            st.error("What this run learnt cannot be read.", icon=":material/error:")
            return None
        fitting = maps.names(run)
        leads = place == 0 and run.id == shown.run.id
        if leads:
            shown.put(f"pane-map-{place}-{run.id}", shown.view.projection)
        name = st.selectbox(
            f"Map {place + 1}",
            fitting,
            index=fitting.index(first if first in fitting else maps.default(run)),
            format_func=lambda n: maps.SHORT.get(n, n),
            key=f"pane-map-{place}-{run.id}",
            label_visibility="collapsed",
        )
        projection, of = _settings(run, name, place, shown if leads else None)
    with slot:
        view, job, trouble = maps.view(run, projection, of)
        if trouble:
            st.error(md(trouble, 300), icon=":material/error:")
        if job is not None:
            progress(run, job)
    there = PROJECTIONS["PCA"] if job is not None or trouble else type(projection)
    shown = maps.SHORT.get(there.__name__, there.__name__)
    return Pane(run, view, shown, maps.SHORT.get(name, name) if job is not None else "")


def _settings(run: state.Run, name: str, place: int, shown: _Shown | None):
    cls = PROJECTIONS[name]
    if shown is not None and name == shown.view.projection:
        shown.put(f"pane-of-{place}-{run.id}", shown.view.of)
        for parameter, value in shown.view.settings(run).items():
            if parameter == "random_state":
                shown.put(f"pane-seed-{place}-{run.id}-{name}", int(value or 0))
            elif parameter != "n_components":
                shown.put(f"pane-{place}-{run.id}-{name}.{parameter}", value)
    with st.popover("", icon=":material/tune:", help="Settings of this map"):
        of = st.segmented_control(
            "Of",
            list(maps.OF),
            default="codes",
            required=True,
            format_func=maps.OF.get,
            key=f"pane-of-{place}-{run.id}",
            help=(
                "The model's codes, or what it was trained on: where the two differ is what the "
                "model did."
            ),
        )
        values = forms.form(
            cls,
            maps.suggest(cls, run),
            key=f"pane-{place}-{run.id}-{name}",
            hide=("n_components", "random_state"),
            columns=1,
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key=f"pane-seed-{place}-{run.id}-{name}",
            help="The same map with two seeds side by side shows what the seed alone changes.",
        )
    if shown is not None:
        shown.of_first_pane(name, of, {**values, "random_state": int(seed)})
    return cls(n_components=2, random_state=int(seed), **values), of


_ON = {"maps": "on the maps", "sources": "in all dimensions"}


# -- what changed ----------------------------------------------------------------------------------


def _difference(slot, panes: list[Pane]) -> tuple[tuple[int, int], str, Change | None]:
    """Which two are compared, and the neighbours that changed between them: (pair, name, change
    or None while it is counted).
    """
    pairs = list(combinations(range(len(panes)), 2))
    with slot:
        pair = (
            pairs[0]
            if len(pairs) == 1
            else st.selectbox(
                "Compare",
                pairs,
                format_func=lambda p: f"{p[0] + 1} and {p[1] + 1}",
                key=f"pair-{panes[0].run.data.id}-{len(panes)}",
                width=130,
                help=(
                    "The two maps whose neighbours are compared and which the slider turns into "
                    "one another."
                ),
            )
        )
        a, b = (panes[i] for i in pair)
        k = int(
            st.number_input(
                "Neighbours",
                1,
                min(100, len(a.run.dataset) - 1),
                min(NEIGHBOURS, len(a.run.dataset) - 1),
                key=f"pair-k-{a.run.data.id}",
                width=130,
                help="How many nearest neighbours of each point are compared.",
            )
        )
        on = (
            "maps"
            if (a.run.id, a.shows) == (b.run.id, b.shows)
            else st.segmented_control(
                "Nearest",
                list(_ON),
                default="maps",
                required=True,
                format_func=_ON.get,
                key=f"pair-on-{a.run.data.id}",
                help=(
                    "Nearest on the two maps, or in the codes or data that the maps show, before "
                    "any map was made."
                ),
            )
        )
    A, B = (
        maps.source(pane.run, pane.view) if on == "sources" else pane.view.positions
        for pane in (a, b)
    )
    settings = {
        "with": b.run.id,
        "of": [a.shows, b.shows] if on == "sources" else [a.view.key, b.view.key],
        "k": k,
        "rows": len(A),
        "made": _made(b.run),
    }
    change = work.result(
        a.run, "Neighbours compared", settings, lambda on_step: changed(A, B, k, on_step=on_step)
    )
    name = "-".join(str(v) for v in (b.run.id, *pair, k, on, a.view.key, b.view.key))
    if change is not None:
        alignment.hold(a.run, name, change)
    return pair, name, change


def _made(run: state.Run) -> str:
    """Changes when a run was trained further."""
    return str(run.job.info.facts.get("result", "")) if run.job is not None else ""


def conclusion(panes: list[Pane], pair: tuple[int, int], change: Change | None) -> str:
    """What follows from what is seen, and what does not. Markdown."""
    if len({(pane.run.id, pane.shows) for pane in panes}) == 1:
        words = (
            f"**What follows:** these are pictures of the same {panes[0].shows}, so points that "
            "stay neighbours in all of them are alike, and where two disagree at least one is "
            "wrong about it; "
            "**what does not:** sizes of groups, gaps and places say little after t-SNE or UMAP, "
            "and a point that moved is no worse than one that stayed."
        )
    else:
        words = (
            "**What follows:** points that stay neighbours whichever way they are looked at are "
            "alike for more reasons than one model's taste; **what does not:** that the model "
            "with the tidier picture is better, or that a "
            "change is due to the model: the map and the seed change neighbours too. The same "
            "model with another seed shows how much."
        )
    if change is not None:
        words += (
            f" Between {pair[0] + 1} and {pair[1] + 1} a point lost {percent(change.mean)} of its "
            f"{change.k} neighbours on average; two unrelated maps would lose "
            f"{percent(change.chance)}."
        )
    return words


def numbers(panes: list[Pane], data_id: str) -> None:
    """Every score of the maps and of their models, a row each, a column a pane."""
    st.markdown("**The numbers of each**")
    records: dict[str, dict] = {}
    for what, of in (
        ("map", lambda pane: maps.scores(pane.run, pane.view.key)),
        ("model", lambda pane: pane.run.fitted.scores),
    ):
        for place, pane in enumerate(panes):
            for score in of(pane):
                record = records.setdefault(f"{what}{score.name}", {"": what, "score": score.name})
                record[f"{place + 1} · {pane.title}"] = scores.text(score)
                record.setdefault("in words, of the first that has it", score.sentence)
    table = pd.DataFrame(list(records.values())).fillna("–")
    table.insert(
        len(table.columns) - 1, "in words", table.pop("in words, of the first that has it")
    )
    st.dataframe(
        table,
        hide_index=True,
        key=f"beside-numbers-{data_id}",
        height=dataframes.tall(table, 600),
        alt="scores of each map and model",
    )
    st.caption(
        "A map's scores say how well it shows what it is a map of; a model's scores are of rows it "
        "has not seen where there are any. *In words* is about the leftmost map that has the "
        "number."
    )


# -- the component ---------------------------------------------------------------------------------


def payload(
    panes: list[Pane],
    keys: list[str],
    moves: list[Alignment | None],
    colour: str | None,
    pair: tuple[int, int],
    name: str,
    change: Change | None,
) -> dict:
    """What the component is passed; each pane asks with the token of its own run."""
    dataset, runs = panes[0].run.dataset, list(dict.fromkeys(pane.run.id for pane in panes))
    return {
        "kind": dataset.kind,
        "n": len(dataset),
        "pair": list(pair),
        "change": None if change is None else {"pane": pair[0], "name": name},
        "panes": [
            {
                "token": auth.sign(pane.run.id),
                "map": laid,
                "colour": colour,
                "kind": dataset.kind,
                "n": len(dataset),
                "run": runs.index(pane.run.id),
                "model": clean(pane.model),
                "title": clean(pane.title),
                "chosen": atlas.stamp(pane.run),
                "said": said(panes[0], move, place),
            }
            for place, (pane, laid, move) in enumerate(zip(panes, keys, moves))
        ],
    }


def said(first: Pane, move: Alignment | None, place: int) -> str:
    """How a map was laid onto the first, in a sentence."""
    if place == 0:
        return "The others are laid onto this one."
    return (
        clean(move.sentence("It", f"{first.name}"), 200)
        if move
        else "It could not be aligned: all its points lie at one place."
    )
