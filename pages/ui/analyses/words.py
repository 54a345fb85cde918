"""Analyse: words as vectors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.analysis.words import WordVectors, examples, word_vectors
from lvm_core.plots import figures
from lvm_core.plots.words import word_map
from lvm_core.settings import DataError
from lvm_core.text import clean, spaced
from lvm_core.text import markdown as md
from pages.session.derived import once
from pages.ui import charts, dataframes, work

TITLE, ORDER = "Words", 25
QUESTION = (
    "Which words keep the same company? Type a word for its neighbours, or three for an analogy."
)
_DRAWN = 200


def why_not(run) -> str:
    """Where words have no vectors."""
    if word_vectors(run.fitted.model) is not None:
        return ""
    return (
        "words have no vectors in this model; train Word Embeddings, LSA or a topic model on "
        "documents."
    )


def draw(run) -> None:
    """Neighbours, an analogy, and a map of the commonest words."""
    words = _words(run)
    common = words.commonest(4)
    if len(common) < 4:
        st.info("Fewer than four words have a vector.", icon=":material/info:")
        return
    if type(run.fitted.model).__name__ != "WordEmbeddings":
        st.caption(
            "A word's vector is here what it weighs in each dimension of "
            f"{spaced(type(run.fitted.model).__name__)}; Word Embeddings is made for this question."
        )
    first, second = _examples(run)
    near, like = st.columns(2, gap="large")
    with near:
        found = _neighbours(run, words, first)
    with like:
        _analogy(run, words, [first, words.neighbours(first, 1)[0][0], second])
    _map(run, words, found)


@once
def _words(run) -> WordVectors:
    frequency = np.asarray(run.dataset.X.sum(0), float).ravel()
    return WordVectors(run.dataset.codec.terms, word_vectors(run.fitted.model), frequency)


@once
def _examples(run) -> list[str]:
    return examples(_words(run), run.dataset.X)


def _neighbours(run, words: WordVectors, start: str) -> list[str]:
    """The words found, the one asked for first; empty where it is not known."""
    asked = st.text_input("Word", start, max_chars=60, key=f"word-{run.id}")
    try:
        found = words.neighbours(asked, 14)
    except DataError as error:
        st.warning(md(str(error), 300), icon=":material/spellcheck:")
        return []
    st.plotly_chart(
        figures.bars(
            [w for w, _ in found],
            np.array([c for _, c in found]),
            low=min(0.0, *(c for _, c in found)),
        ),
        key=f"near-{run.id}",
        config=charts.PLOT,
        alt=f"nearest words: {', '.join(clean(w, 30) for w, _ in found[:6])}",
    )
    st.caption(
        "Cosine of the words' vectors: 1 is the same company, 0 none in common. Neighbours of rare "
        "words are chance finds; "
        f"{md(asked.strip().lower(), 40)} occurs {words.frequency[words.find(asked)]:,.0f} times."
    )
    return [words.terms[words.find(asked)]] + [w for w, _ in found]


def _analogy(run, words: WordVectors, start: list[str]) -> None:
    slots = st.columns(3)
    asked = [
        slot.text_input(label, word, max_chars=60, key=f"analogy-{label}-{run.id}")
        for slot, label, word in zip(slots, ("a", "is to b", "as c"), start)
    ]
    try:
        found = words.analogy(*asked)
    except DataError as error:
        st.warning(md(str(error), 300), icon=":material/spellcheck:")
        return
    a, b, c = (md(word.strip(), 40) for word in asked)
    st.markdown(
        f"{a} is to {b} as {c} is to **{md(found[0][0], 40)}**"
        if found
        else "No other word has a vector."
    )
    st.dataframe(
        pd.DataFrame([{"word": clean(w, 60), "cosine": cosine} for w, cosine in found]),
        hide_index=True,
        height=dataframes.tall(found),
        key=f"analogy-table-{run.id}",
        alt="answers to the analogy",
        column_config={
            "cosine": st.column_config.ProgressColumn(
                "cosine with b - a + c", min_value=0, max_value=1, format="%.2f"
            )
        },
    )
    st.caption(
        "The words nearest to b - a + c, these three left out. Where a and b are near each other "
        "the answer is little more than c's neighbours; small corpora solve few analogies."
    )


def _map(run, words: WordVectors, found: list[str]) -> None:
    columns = list(
        dict.fromkeys([words.terms.index(w) for w in found] + list(words.commonest(_DRAWN)))
    )
    vectors = words.vectors[columns]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def place(on_step):
        if unit.shape[1] <= 2 or len(unit) < 20:
            return (
                PROJECTIONS["PCA"](n_components=2).fit_transform(unit)
                if unit.shape[1] > 1
                else np.column_stack([unit[:, 0], np.zeros(len(unit))])
            )
        return PROJECTIONS["TSNE"](random_state=0).fit_transform(unit, on_step=on_step)

    P = work.result(
        run,
        "Map of words",
        {"columns": [int(j) for j in columns]},
        place,
        seconds=1e-3 * len(columns),
        start="Map the words",
    )
    if P is None:
        return
    st.plotly_chart(
        word_map(
            np.asarray(P),
            [words.terms[j] for j in columns],
            words.frequency[columns],
            {"the word and its neighbours": list(range(len(found)))} if found else None,
        ),
        key=f"word-map-{run.id}",
        config=charts.PLOT | {"scrollZoom": True},
        alt="map of the commonest words",
    )
    st.caption(
        f"The {min(_DRAWN, len(columns)):,} commonest words and the neighbours above, by t-SNE of "
        "their directions (seed 0). Words that are close are alike; distances across the map "
        "mean little. A dot is a word that would cover another; point at it."
    )
