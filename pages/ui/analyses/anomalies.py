"""Analyse: which items are odd, by which meaning of odd, and why."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.analysis.anomalies import Anomalies, auroc, value_names, worst
from lvm_core.capabilities import HasImportanceWeights
from lvm_core.datasets.titles import without_private
from lvm_core.export import encode
from lvm_core.metrics.base import average_item
from lvm_core.plots import analysis, figures
from lvm_core.text import markdown as md
from pages.session import maps, pace, selection
from pages.session.derived import once
from pages.ui import charts, dataframes, items, scores, work

from ...api import originals, payloads
from . import _rows

TITLE, ORDER = "Anomalies", 20
QUESTION = (
    "Which items are odd? Choose what odd means, set the threshold, see why an item is beyond it, "
    "and take the list along."
)
SHOWN = {"image": 36, "table": 200, "text": 9, "array": 8}


def why_not(run) -> str:
    """Needs real rows, and two to compare with."""
    if len(run.fitted.train) < 2:
        return "the model learnt from fewer than 2 rows, so there is nothing to compare with."
    return _rows.needs_real_rows(run)


def draw(run) -> None:
    """Score, threshold, ranked items, and one of them in full."""
    offered = _methods(run)
    left, right = st.columns(2)
    name = left.selectbox(
        "Score", list(offered), format_func=lambda n: offered[n].title, key=f"odd-score-{run.id}"
    )
    with right:
        chosen = _class(run)
    st.caption(md(offered[name].meaning, 400))
    done = work.result(
        run,
        f"Scoring by {offered[name].title}",
        {"question": "anomalies", "score": name},
        lambda on_step: _score(run, name, on_step),
        seconds=_seconds(run, name),
    )
    if done is None:
        return
    scene, every = done
    known = np.flatnonzero(np.isfinite(every))
    if not len(known):
        st.info("It was stopped before the first row had a score.", icon=":material/stop_circle:")
        return
    beyond, at = _threshold(run, name, offered[name].title, every, known, chosen)
    if chosen is not None:
        score = auroc(every[known], chosen[0][known], chosen[1])
        if score is not None:
            scores.show([score])
    order = known[np.argsort(-every[known], kind="stable")]
    _ranked(run, name, every, order, beyond)
    _why(run, scene, name, every, order)
    _take(run, name, offered[name].title, every, at, beyond)


@once
def _methods(run):
    few = run.fitted.train[:2]
    return Anomalies(
        run.fitted.model, run.dataset.X[few], np.arange(2), run.fitted.codes[few]
    ).methods


@once
def _anomalies(run) -> Anomalies:
    return Anomalies(run.fitted.model, run.dataset.X, run.fitted.train, run.fitted.codes)


def _seconds(run, name: str) -> float:
    """What a score takes: a few passes through the decoder, or every distance between rows."""
    n = len(run.dataset)
    if name in ("codes", "data"):
        return 1e-9 * n**2 * (run.fitted.codes if name == "codes" else run.dataset.X).shape[1]
    if name in ("reconstruction", "likelihood"):
        drawn = name == "likelihood" and isinstance(run.fitted.model, HasImportanceWeights)
        return (10 if drawn else 1) * n * pace.decoding(run)
    return 0.0


def _score(run, name, on_step):
    scene = _anomalies(run)
    return scene, scene.scores(name, on_step)


def _class(run):
    """(whether each row has the chosen class, its name), where there are labels and one is
    chosen.
    """
    y = run.dataset.targets()
    if y is None:
        return None
    names, counts = np.unique([v for v in y if v is not None], return_counts=True)
    picked = st.selectbox(
        "Compare with a class",
        [None, *names[np.argsort(counts, kind="stable")]],
        format_func=lambda v: "none" if v is None else f"{v[:40]}",
        key=f"odd-class-{run.id}",
        help=(
            "If the odd items of your data carry a label, this says how well the score finds them. "
            "The model did not use it to score."
        ),
    )
    return None if picked is None else (y == picked, f"{run.dataset.label} = {picked}")


def _threshold(run, name, title, every, known, chosen):
    """The histogram with its threshold, dragged or typed: rows at or beyond it, and where it
    lies.
    """
    low, high = float(every[known].min()), float(every[known].max())
    high = high if high > low else low + 1.0
    drag, typed = f"odd-drag-{run.id}-{name}", f"odd-typed-{run.id}-{name}"
    if drag not in st.session_state:
        st.session_state[drag] = st.session_state[typed] = float(
            np.clip(np.quantile(every[known], 0.99), low, high)
        )

    def follow(source, target):
        st.session_state[target] = float(np.clip(st.session_state[source], low, high))

    at = float(st.session_state[drag])
    st.plotly_chart(
        analysis.histogram(
            every[known],
            at,
            title,
            None if chosen is None else chosen[0][known],
            "" if chosen is None else chosen[1],
        ),
        key=f"odd-hist-{run.id}-{name}",
        config=charts.PLOT,
        alt=f"histogram of the score with its threshold at {at:.4g}",
    )
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    left.slider(
        "Threshold",
        low,
        high,
        step=(high - low) / 500,
        format="%.4g",
        key=drag,
        on_change=follow,
        args=(drag, typed),
        help=(
            "Rows at or beyond it are called odd. Where to put it is your decision; it starts at "
            "the oddest 1 %."
        ),
    )
    right.number_input(
        "or type it",
        low,
        high,
        step=(high - low) / 100,
        format="%.4g",
        key=typed,
        on_change=follow,
        args=(typed, drag),
    )
    beyond = np.flatnonzero(np.nan_to_num(every, nan=-np.inf) >= at)
    held = np.isin(beyond, run.fitted.held_out).sum()
    aside = f", {held:,} of them held out from training" if len(run.fitted.held_out) else ""
    st.markdown(
        f"**{len(beyond):,} of {len(known):,} rows** ({len(beyond) / len(known):.1%}) are at or "
        f"beyond {at:.4g}{aside}."
    )
    return beyond, at


def _ranked(run, name, every, order, beyond):
    st.markdown(
        "**The oddest first**" + ("" if run.dataset.kind == "table" else ": its row and its score")
    )
    top = order[: SHOWN[run.dataset.kind]]
    captions = [f"{i} · {every[i]:.3g}" for i in top]
    if run.dataset.kind == "table":
        table = _rows.add(
            run.dataset.items(top), rank=np.arange(1, len(top) + 1), row=top, score=every[top]
        )
        st.dataframe(
            table,
            hide_index=True,
            height=320,
            key=f"odd-table-{run.id}-{name}",
            alt="the oddest rows",
            column_config=dataframes.days(table),
        )
    else:
        items.gallery(
            run.dataset,
            run.dataset.items(top),
            captions,
            key=f"odd-{run.id}-{name}",
            width=80 if run.dataset.kind == "image" else None,
            links=originals.links(run, top),
        )
    if len(top) < len(beyond):
        st.caption(f"The first {len(top):,} are shown; {len(beyond):,} are beyond the threshold.")


def _why(run, scene, name, every, order):
    """One item beside what the model makes of it, and what its score is made of."""
    st.markdown("**Why is it odd?**")
    rank = int(
        st.number_input(
            "Rank",
            1,
            len(order),
            1,
            key=f"odd-rank-{run.id}-{name}",
            width=160,
            help="1 is the oddest.",
        )
    )
    i, dataset, method = int(order[rank - 1]), run.dataset, scene.methods[name]
    x, back = scene.rows(np.array([i]))
    st.markdown(
        f"{md(payloads.short(dataset, i), 120)}  \nscore {every[i]:.4g}, rank {rank:,} of "
        f"{len(order):,}" + ("" if i in run.fitted.train else " · not seen in training")
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("The item and what the model makes of its code")
        if dataset.kind == "image":
            away = np.abs(dataset.decode(x) - dataset.decode(back))
            pictures = np.concatenate(
                [dataset.decode(x), dataset.decode(back), away / max(float(away.max()), 1e-9)]
            )
            items.gallery(
                dataset,
                pictures,
                ["the item", "decoded", "difference"],
                key=f"odd-why-{run.id}",
                width=112,
            )
        else:
            items.one(
                dataset,
                dataset.decode(back),
                "decoded",
                key=f"odd-why-{run.id}-{name}-{i}",
                beside=dataset.items([i]),
                beside_title="the item",
            )
    with right:
        dims = method.of == "dimensions"
        names = (
            [f"dimension {j + 1}" for j in range(run.fitted.codes.shape[1])]
            if dims
            else value_names(dataset)
        )
        if dims or dataset.kind != "image":
            found = worst(scene.parts(name, i), names, 8)
            what = (
                "Squared distance from the mean code by dimension, in units of its spread"
                if dims
                else "Squared distance from the mean by column, in units of its spread"
                if name in ("norm", "data")
                else (
                    "Lost on the way through the code, by "
                    f"{'word' if dataset.kind == 'text' else 'column'}: 1 in all is what "
                    f"{average_item(dataset.schema)} loses"
                )
            )
            st.caption(what)
            st.plotly_chart(
                figures.bars(
                    [str(n) for n in found.index],
                    found.to_numpy(),
                    height=40 + 24 * max(len(found), 1),
                ),
                key=f"odd-bars-{run.id}-{name}-{i}",
                config=charts.PLOT,
                alt="largest parts: " + ", ".join(str(n) for n in found.index[:4]),
            )
        st.caption("Nearest by code")
        near = maps.nearest_rows(run, i, 6 if dataset.kind == "image" else 3)
        if dataset.kind == "image":
            items.gallery(dataset, dataset.items(near), key=f"odd-near-{run.id}", width=56)
        else:
            st.markdown("\n".join("- " + md(payloads.short(dataset, int(j)), 90) for j in near))
    _rows.explore(run, i, f"odd-{run.id}")


def _take(run, name, title, every, at, beyond):
    """All rows with their score as CSV; the odd ones as the selection."""
    dataset = run.dataset
    rank = np.empty(len(every), int)
    rank[np.argsort(-np.nan_to_num(every, nan=-np.inf), kind="stable")] = np.arange(
        1, len(every) + 1
    )
    seen = np.ones(len(every), bool)
    seen[run.fitted.held_out] = False
    table = _rows.add(
        without_private(dataset).rows,
        row=np.arange(len(every)),
        score=every,
        rank=rank,
        beyond_threshold=np.nan_to_num(every, nan=-np.inf) >= at,
        seen_in_training=seen,
    )
    there = np.flatnonzero(np.isfinite(every))
    selection.point_values(run)[f"oddness: {title}"] = there, every[there]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download all rows with scores (CSV)",
            lambda: encode.csv_bytes(table),
            f"{run.stem}-anomalies-{name}-from-{at:.5g}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"odd-csv-{run.id}-{name}",
            on_click="ignore",
        )
        _rows.choose(run, beyond, f"odd-{run.id}-{name}")
    st.caption(
        f"The score is {md(title)}; the threshold {at:.4g}. Rows the model has seen in training "
        "look less odd to it than new ones: compare like with like."
    )
