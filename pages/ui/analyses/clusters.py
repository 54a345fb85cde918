"""Analyse: which groups the codes fall into, and what makes each different."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.analysis import clusters
from lvm_core.datasets.titles import without_private
from lvm_core.export import encode
from lvm_core.metrics.base import percent
from lvm_core.plots import analysis, figures
from lvm_core.text import counted
from lvm_core.text import markdown as md
from pages.session import identity, maps, selection
from pages.ui import charts, items, scores, work

from ...api import payloads
from . import _rows

TITLE, ORDER = "Clusters", 30
QUESTION = (
    "Which groups do the codes fall into, and what makes each different? Every method finds groups "
    "even where there are none: see the curve and the map before you believe them."
)
MOST_CARDS = 24


def why_not(run) -> str:
    """Needs a handful of different codes."""
    different = len(np.unique(run.fitted.codes[:1000], axis=0))
    return f"its codes hold only {different} different values." if different < 4 else ""


def draw(run) -> None:
    """Method and number, curve and map, a card a cluster."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = st.segmented_control(
            "Method",
            list(clusters.METHODS),
            default="kmeans",
            required=True,
            format_func=lambda m: clusters.METHODS[m][0],
            key=f"cl-method-{run.id}",
        )
        what = "Least size" if method == "hdbscan" else "How many"
        setting = st.number_input(
            what,
            2,
            max(2, min(len(run.dataset) - 1, 10_000 if method == "hdbscan" else 50)),
            None,
            placeholder="suggested",
            key=f"cl-setting-{run.id}-{method}",
            width=170,
        )
        seed = int(
            st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"cl-seed-{run.id}",
                width=130,
                help="The same seed, codes and settings give the same clusters.",
            )
        )
    title, line, _ = clusters.METHODS[method]
    codes = run.fitted.codes
    st.caption(md(line, 300))
    found = work.result(
        run,
        f"Clusters by {title}",
        {"question": "clusters", "method": method, "setting": setting, "seed": seed},
        lambda on_step: clusters.clusters(
            codes, method, setting, random_state=seed, on_step=on_step
        ),
        seconds=0.5 + 5e-5 * min(len(run.dataset), clusters.MOST_FITTED) * codes.shape[1],
    )
    if found is None:
        return
    if not found.count:
        st.warning(
            "No region is dense enough for a cluster of this size. Try a smaller one.",
            icon=":material/info:",
        )
        return
    names = [clusters.letter(c) for c in range(found.count)]
    _numbers(found, method)
    _picture(run, found, names, method)
    if (y := run.dataset.targets()) is not None and (agreed := clusters.agreement(found.labels, y)):
        st.markdown(f"**Agreement with {md(run.dataset.label)}**, which was not used")
        scores.show(agreed)
    _cards(run, found, names, y)
    _take(run, found, names, method, seed)


def _numbers(found, method):
    none = int((found.labels < 0).sum())
    tried = [setting for setting, _ in found.curve]
    best = (max if found.higher else min)(found.curve, key=lambda point: point[1])[0]
    why = (
        f"suggested by the {found.measure}, {'higher' if found.higher else 'lower'} is better"
        if best == found.chosen
        else f"your choice; the {found.measure} would suggest {best}"
    )
    edge = (
        " It is the last one tried: more may fit better still."
        if best == found.chosen == tried[-1] and method != "hdbscan"
        else ""
    )
    st.markdown(
        f"**{counted(found.count, 'cluster')}**"
        + (
            f" and {counted(none, 'row')} ({percent(none / len(found.labels))}) in none"
            if none
            else ""
        )
        + f" · {why}.{edge}"
        + (
            f" Found on {found.fitted:,} rows chosen at random; the others joined the nearest."
            if found.fitted < len(found.labels)
            else ""
        )
    )


def _picture(run, found, names, method):
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.plotly_chart(
            analysis.settings_curve(
                found.curve,
                found.chosen,
                "least size of a cluster" if method == "hdbscan" else "number of clusters",
                found.measure,
                height=360,
            ),
            key=f"cl-curve-{run.id}-{method}",
            config=charts.PLOT,
            alt=f"{found.measure} against the setting",
        )
    with right:
        view, rows = _map(run), maps.drawn_rows(len(found.labels))
        colour = pd.Series(
            [names[c] if c >= 0 else "in none" for c in found.labels[rows]], name="cluster"
        )
        hover = (
            [payloads.short(run.dataset, i) for i in rows]
            if len(rows) <= maps.HOVER_LIMIT
            else None
        )
        st.plotly_chart(
            figures.scatter_map(view.positions[rows], colour, hover, ids=rows, height=360),
            key=f"cl-map-{run.id}-{method}",
            config=charts.PLOT,
            alt=f"{view.title} map coloured by cluster",
        )
        st.caption(
            f"{view.title}. Clusters were found among the codes in all their dimensions, not on "
            "this map."
        )


def _map(run):
    """The finer map where it was made already, principal components otherwise."""
    cls = PROJECTIONS[maps.default(run)]
    wanted = cls(n_components=2, random_state=0, **maps.suggest(cls, run))
    made = cls.exact or wanted.to_config()["name"] + wanted.cache_key() in run.maps
    return maps.view(run, wanted if made else PROJECTIONS["PCA"](n_components=2))[0]


def _cards(run, found, names, y):
    dataset = run.dataset
    said, centre = (
        clusters.labelled(dataset, found.labels),
        clusters.medoids(run.fitted.codes, found.labels, 8 if dataset.kind == "image" else 3),
    )
    classes = clusters.common(found.labels, y) if y is not None else {}
    if dataset.kind == "array":
        st.markdown("**The medoid of each cluster**, its most central item")
        items.gallery(
            dataset,
            dataset.items([centre[c][0] for c in range(min(found.count, 8))]),
            names[:8],
            key=f"cl-lines-{run.id}-{found.method}",
        )
    for start in range(0, min(found.count, MOST_CARDS), 3):
        for slot, c in zip(st.columns(3), range(start, min(start + 3, found.count, MOST_CARDS))):
            with slot.container(border=True, height="stretch"):
                size = int((found.labels == c).sum())
                st.markdown(
                    f"**{names[c]}** · {counted(size, 'item')} "
                    f"({percent(size / len(found.labels))})"
                )
                if said[c]:
                    st.markdown(" · ".join(md(phrase, 60) for phrase in said[c]))
                if c in classes:
                    st.caption(
                        f"mostly {md(dataset.label)} {md(classes[c][0], 40)} "
                        f"({percent(classes[c][1])})"
                    )
                if dataset.kind == "image":
                    items.gallery(
                        dataset, dataset.items(centre[c]), key=f"cl-{run.id}-{c}", width=48
                    )
                elif dataset.kind != "array":
                    st.markdown(
                        "\n".join(
                            "- " + md(payloads.short(dataset, int(i), 90), 100) for i in centre[c]
                        )
                    )
                _rows.choose(
                    run, np.flatnonzero(found.labels == c), f"cl-{run.id}-{found.method}-{c}"
                )
    if found.count > MOST_CARDS:
        st.caption(f"The largest {MOST_CARDS} of {found.count} are shown; the download has all.")
    st.caption(
        {
            "image": "Pictures: the most central items.",
            "text": (
                "Words: frequent here and rare elsewhere (class-based TF-IDF). Lines: the most "
                "central documents."
            ),
            "table": (
                "Phrases: the columns whose mean differs most from the other rows', in standard "
                "deviations. Lines: the most central rows."
            ),
        }.get(
            dataset.kind,
            (
                "Phrases: the places whose mean differs most from the other rows', in standard "
                "deviations."
            ),
        )
    )


def _take(run, found, names, method, seed):
    column = np.array([names[c] if c >= 0 else "" for c in found.labels], dtype=object)
    with st.container(horizontal=True, vertical_alignment="center"):
        mine = identity.owns("runs", run.id)
        if st.button(
            "Keep as groups",
            icon=":material/bookmark_add:",
            key=f"cl-keep-{run.id}",
            disabled=not mine,
            help="Map and Explore then offer each cluster as a group."
            if mine
            else "Only whose run it is can keep groups.",
        ):
            try:
                for c in range(min(found.count, MOST_CARDS)):
                    selection.save_group(
                        run, f"cluster {names[c]}", np.flatnonzero(found.labels == c)
                    )
                st.toast(f"Kept {min(found.count, MOST_CARDS)} groups; Explore lists them.")
            except ValueError as error:
                st.warning(md(str(error), 200), icon=":material/info:")
        st.download_button(
            "Download rows with their cluster (CSV)",
            lambda: encode.csv_bytes(
                _rows.add(
                    without_private(run.dataset).rows, row=np.arange(len(column)), cluster=column
                )
            ),
            f"{run.stem}-clusters-{method}-{found.chosen}-seed{seed}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"cl-csv-{run.id}",
            on_click="ignore",
        )
