"""Analyse: what the documents are about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.analysis.topics import Topics, coherence, why_no_topics
from lvm_core.analysis.topics import scores as topic_scores
from lvm_core.export import encode
from lvm_core.text import clean
from lvm_core.text import markdown as md
from pages.session import dimension_names, identity, state
from pages.ui import dataframes, scores, selection_actions, work
from pages.ui.components import topicview

TITLE, ORDER = "Topics", 20
QUESTION = (
    "What are the documents about? Click a topic to see its words and its documents; point at a "
    "word to see which topics write it."
)
_COLUMNS = 10  # words of a topic in the table


def why_not(run) -> str:
    """Where the model has no topics."""
    return why_no_topics(run.fitted.model)


def draw(run) -> None:
    """The view, the numbers, and every topic's words as a table to take along."""
    dataset = run.dataset
    k, d = run.fitted.codes.shape[1], dataset.X.shape[1]
    left_out = dimension_names.left_out(run)

    def find(_):
        found = dimension_names.shown_topics(run)
        return (
            found,
            coherence(dataset.X, found.top(min(_COLUMNS, found.words.shape[1]))),
            topic_scores(found, dataset.X),
        )

    result = work.result(
        run,
        "Topics",
        {"without": sorted(left_out)} if left_out else {},
        find,
        seconds=1e-7 * (dataset.X.nnz + k * d),
    )
    if result is None:
        return
    found, npmi, numbers = result
    order = np.argsort(-found.prevalence, kind="stable")
    if len(order) > topicview.MOST:
        st.caption(
            f"The {topicview.MOST} most written of {len(order):,} topics are drawn; the table has "
            "all."
        )
    names = dimension_names.of_topics(run, found)
    topicview.show(found, order[: topicview.MOST], npmi, dataset, names, key=f"topics-{run.id}")
    scores.show(numbers)
    table = _table(run, found, order, npmi, names)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _leave_out(run, found, left_out)
        if identity.owns("runs", run.id) and st.button(
            "Save topics as a column",
            icon=":material/palette:",
            key=f"topics-column-{run.id}",
            help="Every document's main topic, by its name here: the map then colours by it.",
        ):
            values = [names[t] for t in found.shares.argmax(1)]
            try:
                selection_actions.save_column(run, "topic", pd.Series(values, dataset.rows.index))
            except ValueError as error:
                st.error(md(str(error), 300), icon=":material/error:")
        st.download_button(
            "Download topics (CSV)",
            encode.csv_bytes(table),
            f"{run.stem}-topics.csv",
            "text/csv",
            icon=":material/download:",
            key=f"topics-csv-{run.id}",
            on_click="ignore",
        )


def _table(run, found: Topics, order, npmi, names) -> pd.DataFrame:
    """The topics as rows; their names can be changed there by whose run it is."""
    top, terms = found.top(_COLUMNS, dimension_names.RANKED_BY), run.dataset.codec.terms
    table = pd.DataFrame(
        [
            {
                "topic": i + 1,
                "name": names[t],
                "dimension": f"z{t + 1}",
                "share of words": found.prevalence[t],
                "NPMI": npmi[t],
                "words": ", ".join(clean(terms[j], 40) for j in top[t] if found.words[t, j] > 0),
            }
            for i, t in enumerate(order)
        ]
    )
    mine = identity.owns("runs", run.id)
    edited = st.data_editor(
        table,
        hide_index=True,
        disabled=[name for name in table if name != "name" or not mine],
        key=f"topics-table-{run.id}-{len(table)}",
        height=dataframes.tall(table, 440),
        alt="words of every topic",
        column_config={
            "name": st.column_config.TextColumn(
                "name",
                max_chars=40,
                help="Double-click to change it; empty brings its first words back.",
            ),
            "share of words": st.column_config.ProgressColumn(
                "share of words",
                min_value=0,
                max_value=float(table["share of words"].max()),
                format="percent",
            ),
            "NPMI": st.column_config.NumberColumn(
                "NPMI",
                format="%.2f",
                help=(
                    "Coherence of its ten likeliest words over this corpus's documents: 0 is "
                    "chance, 1 always together."
                ),
            ),
            "words": st.column_config.TextColumn(
                "words", width="large", help=f"By relevance, λ = {dimension_names.RANKED_BY}."
            ),
        },
    )
    changed = {
        str(t): clean(new or "", 40).strip()
        for t, old, new in zip(order, table["name"], edited["name"])
        if (new or "") != old
    }
    if changed and mine:
        kept = run.annotations.get("topic names", {}) | changed
        run.annotations["topic names"] = {t: name for t, name in kept.items() if name}
        state.save_annotations(run)
        st.rerun()
    return table


def _leave_out(run, found: Topics, left_out: list[str]) -> None:
    """Words that are not shown: of the leading ones of any topic."""
    terms = run.dataset.codec.terms
    offered = sorted({terms[j] for j in np.unique(found.top(_COLUMNS, 1.0))} | set(left_out))
    chosen = st.multiselect(
        "Leave out words",
        offered,
        left_out,
        key=f"topics-without-{run.id}",
        disabled=not identity.owns("runs", run.id),
        placeholder="none",
        width=420,
        help="They are no longer shown or counted here. The model keeps them.",
    )
    if sorted(chosen) != sorted(left_out):
        run.annotations["words left out"] = chosen
        state.save_annotations(run)
        st.rerun()
