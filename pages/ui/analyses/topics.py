"""Analyse: what the documents are about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.analysis.topics import coherence, topics, why_no_topics
from lvm_core.analysis.topics import scores as topic_scores
from lvm_core.export import encode
from lvm_core.text import clean
from pages.ui import dataframes, scores, work
from pages.ui.components import topicview

TITLE, ORDER = "Topics", 20
QUESTION = (
    "What are the documents about? Click a topic to see its words and its documents; point at a "
    "word to see which topics write it."
)
_COLUMNS = 10


def why_not(run) -> str:
    """Where the model has no topics."""
    return why_no_topics(run.fitted.model)


def draw(run) -> None:
    """The view, the numbers, and every topic's words as a table to take along."""
    fitted, dataset = run.fitted, run.dataset

    def find(_):
        found = topics(fitted.model, dataset.X, fitted.codes)
        return (
            found,
            coherence(dataset.X, found.top(min(_COLUMNS, found.words.shape[1]))),
            topic_scores(found, dataset.X),
        )

    k, d = fitted.codes.shape[1], dataset.X.shape[1]
    result = work.result(run, "Topics", {}, find, seconds=1e-7 * (dataset.X.nnz + k * d))
    if result is None:
        return
    found, npmi, numbers = result
    order = np.argsort(-found.prevalence, kind="stable")
    if len(order) > topicview.MOST:
        st.caption(
            f"The {topicview.MOST} most written of {len(order):,} topics are drawn; the table has "
            "all."
        )
    topicview.show(found, order[: topicview.MOST], npmi, dataset, key=f"topics-{run.id}")
    scores.show(numbers)
    weight = st.slider(
        "Rank the words below by λ",
        0.0,
        1.0,
        0.6,
        0.05,
        key=f"topics-weight-{run.id}",
        width=360,
        help=(
            "1: the likeliest words of a topic, common ones first. 0: words it has more than "
            "others, rare ones first. Sievert & Shirley (2014) found 0.6 to tell people most."
        ),
    )
    top = found.top(_COLUMNS, weight)
    table = pd.DataFrame(
        [
            {
                "topic": i + 1,
                "dimension": f"z{t + 1}",
                "share of words": found.prevalence[t],
                "NPMI": npmi[t],
                "words": ", ".join(
                    clean(dataset.codec.terms[j], 40) for j in top[t] if found.words[t, j] > 0
                ),
            }
            for i, t in enumerate(order)
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        key=f"topics-table-{run.id}",
        height=dataframes.tall(table, 440),
        alt="words of every topic",
        column_config={
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
            "words": st.column_config.TextColumn("words", width="large"),
        },
    )
    st.download_button(
        "Download topics (CSV)",
        encode.csv_bytes(table),
        f"{run.stem}-topics.csv",
        "text/csv",
        icon=":material/download:",
        key=f"topics-csv-{run.id}",
        on_click="ignore",
    )
