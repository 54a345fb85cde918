"""Analyse: how good samples are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.metrics.base import columns_word
from lvm_core.metrics.samples.quality import (
    CELLS,
    LEAST_ROWS,
    Heading,
    SampleQuality,
    sample_quality,
)
from lvm_core.plots.quality import frame_of, two_clouds
from lvm_core.schema import Schema
from lvm_core.text import markdown as md
from pages.ui import (
    charts,
    code_source_form,
    dataframes,
    items,
    sample_scores,
    scores,
    table_report,
    work,
)
from pages.ui.items import text

TITLE, ORDER = "Sample quality", 30
QUESTION = (
    "Are new samples as real and as varied as the data, and are they new? Choose how many to draw; "
    "they are compared with real items."
)
_LINES = {
    Heading.REALISM: (
        "Bars run from rows whose {columns} were shuffled, each on its own (empty), to real rows "
        "against other real rows (full)."
    ),
    Heading.NOVELTY: (
        "What the samples' distances to the training rows say, against those of real rows the "
        "model has not seen."
    ),
    Heading.WORDS: "How often words come, not which come together.",
}
_SHOWN, _PAIRS = 12, 6  # items
_ROWS = {"table": 10_000}  # most samples; of other kinds 5,000


def why_not(run) -> str:
    """Where there is too little to compare with."""
    n = len(run.fitted.train)
    return (
        ""
        if n >= LEAST_ROWS
        else f"it was trained on {n} rows; samples are compared with at least {LEAST_ROWS}."
    )


def draw(run) -> None:
    """Settings, scores, pictures."""
    kind, n_train = run.dataset.kind, len(run.fitted.train)
    most = int(np.clip(CELLS // run.dataset.X.shape[1], LEAST_ROWS, _ROWS.get(kind, 5000)))
    # as many as were trained on, as tables are compared in papers
    usual = int(np.clip(n_train, LEAST_ROWS, 5000)) if kind == "table" else 1000
    left, right = st.columns([8, 4], gap="medium")
    with right:
        source = code_source_form.choose(run)
    with left, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        n = st.number_input(
            "Samples",
            LEAST_ROWS,
            most,
            min(usual, most),
            100,
            key=f"quality-n-{run.id}",
            help=(
                "More make the errors smaller. Equally many real rows are needed beside them, so "
                "small data limits what is compared."
            ),
            width=160,
        )
        temperature = st.slider(
            "Temperature",
            0.0,
            2.0,
            1.0,
            0.05,
            key=f"quality-temperature-{run.id}",
            width=200,
            help=(
                "Multiplies the noise around the centres of the source, as on the Generate page; "
                "below 1 samples look more real and vary less."
            ),
        )
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            0,
            key=f"quality-seed-{run.id}",
            width=160,
            help=(
                "The same seed, model and settings give the same samples, here and on the Generate "
                "page."
            ),
        )
    settings = {
        "n": int(n),
        "temperature": float(temperature),
        "seed": int(seed),
        **source.provenance(),
    }
    dataset, fitted = run.dataset, run.fitted
    codes = code_source_form.codes(
        run, source, settings["n"], settings["temperature"], settings["seed"]
    )
    if codes is None:
        return

    def look(on_step):
        new = fitted.model.sample_decoder(codes, random_state=settings["seed"])
        return sample_quality(
            dataset,
            new,
            fitted.train,
            fitted.held_out,
            random_state=settings["seed"],
            on_step=on_step,
        ), new

    found = work.result(
        run,
        "Sample quality",
        settings,
        look,
        seconds=sample_scores.seconds(run, settings["n"]) + _report_seconds(run, settings["n"]),
        start="Measure sample quality",
    )
    if found is None:
        return
    quality, new = found
    if quality.report is not None:
        table_report.show(run, quality.report, new, settings)
    _scores(quality, dataset.schema)
    if "real" in quality.positions:
        _pictures(run, quality, new)
    if quality.words is not None:
        _words(run, quality)


def _report_seconds(run, n: int) -> float:
    """What the report on a table takes: mostly trees, by rows and columns."""
    if run.dataset.kind != "table":
        return 0.0
    columns = len(run.dataset.codec.columns)
    return 2e-4 * columns * min(n, len(run.fitted.train)) * 0.9 + 1.0


def _scores(quality: SampleQuality, schema: Schema) -> None:
    for heading, group in quality.scores.items():
        st.markdown(f"**{heading}**")
        words = _LINES[heading]
        if heading == Heading.REALISM:
            words = (
                f"{len(quality.compared):,} samples and as many real rows, compared by "
                f"{md(quality.features, 300)}. {words.format(columns=columns_word(schema))}"
            )
        st.caption(words)
        scores.show(group)


def _pictures(run, quality: SampleQuality, new) -> None:
    dataset = run.dataset
    left, right = st.columns([6, 6], gap="large")
    with left:
        real, generated = quality.positions["real"], quality.positions["generated"]
        low, high = frame_of(real, generated)
        cut = sum(int(((P < low) | (P > high)).any(1).sum()) for P in (real, generated))
        st.markdown("**Where they lie**")
        st.plotly_chart(
            two_clouds(real, generated),
            key=f"quality-clouds-{run.id}",
            config=charts.PLOT,
            alt="real rows and samples in two common dimensions",
        )
        st.caption(
            "Both in the two directions in which the real ones differ most, in the features named "
            "above; grey is the other side. Empty regions on the right are kinds the model does "
            "not make."
            + (f" {cut} far from all others {'are' if cut > 1 else 'is'} cut off." if cut else "")
        )
    with right:
        if quality.suspects is not None:
            st.markdown("**Samples nearest to a training row**, each with that row")
            shown = quality.suspects.drop_duplicates("row").head(
                3 if dataset.kind == "text" else _PAIRS
            )
            made, real = (
                dataset.decode(new[shown["sample"]]),
                dataset.items(shown["row"].to_numpy()),
            )
            names = [
                [f"sample {s}" for s in shown["sample"]],
                [f"row {r} ({ratio:.2f})" for r, ratio in zip(shown["row"], shown["ratio"])],
            ]
            _pairs(run, made, real, names)
            st.caption(
                "In brackets: the distance between them, over the row's own distance to its "
                "nearest other training row. 0 is an exact copy, 1 as far apart as the data is."
            )
    worst = quality.outliers[: 6 if dataset.kind == "array" else _SHOWN]
    if len(worst):
        st.markdown("**Samples farthest from the data**")
        items.gallery(
            dataset,
            dataset.decode(new[worst]),
            key=f"quality-far-{run.id}",
            captions=[f"sample {i}" for i in worst],
            width=76,
        )


def _pairs(run, made, real, names) -> None:
    """Samples and their nearest rows one beside the other, in the way of their kind."""
    dataset = run.dataset
    if dataset.kind == "image":
        both = np.stack([made, real], axis=1).reshape(-1, *made.shape[1:])
        items.gallery(
            dataset,
            both,
            key=f"quality-pairs-{run.id}",
            captions=[name for pair in zip(*names) for name in pair],
            width=96,
            together=2,
        )
    elif dataset.kind == "text":
        for item, row, a, b in zip(made, real, *names):
            with st.container(border=True):
                st.markdown(
                    f":gray[{a}]  \n{text.words(item, 10)}  \n:gray[{b}]  "
                    f"\n{md(' '.join(row.split()), 200)}"
                )
    elif dataset.kind == "table":
        columns = [c.name for c in dataset.codec.columns]
        both = pd.concat([made, real[columns].reset_index(drop=True)]).sort_index(kind="stable")
        days = dataframes.days(both)
        both = both.astype({name: object for name in both if name not in days})
        items.gallery(
            dataset,
            both,
            key=f"quality-pairs-{run.id}",
            captions=[name for pair in zip(*names) for name in pair],
        )
    else:
        items.one(
            dataset,
            made[:1],
            names[0][0],
            key=f"quality-pairs-{run.id}",
            beside=real[:1],
            beside_title=names[1][0],
        )


def _words(run, quality: SampleQuality) -> None:
    st.markdown("**Words that come too often or too seldom**")
    st.dataframe(
        quality.words.head(20)[["name", "value"]],
        hide_index=True,
        key=f"quality-words-{run.id}",
        height=300,
        alt="words and how much too often they come",
        column_config={
            "name": "word",
            "value": st.column_config.NumberColumn("times as often as in the data", format="%.2f"),
        },
    )
