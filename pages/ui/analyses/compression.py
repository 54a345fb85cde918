"""Analyse: the model as a codec, bytes kept against what is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.metrics import Score
from lvm_core.metrics.base import average_item, percent
from lvm_core.metrics.compression import BITS, MOST_ROWS, Compression, break_even
from lvm_core.plots import analysis
from lvm_core.text import markdown as md
from pages.session import pace
from pages.ui import charts, dataframes, items, scores, work

from . import _rows

TITLE, ORDER = "Compression", 60
QUESTION = (
    "How few bytes of an item are enough? Keep fewer dimensions of the code, or coarser ones, and "
    "see what is lost."
)


def why_not(run) -> str:
    """Needs real rows to compare with."""
    return _rows.needs_real_rows(run)


def draw(run) -> None:
    """The curve, the level looked at with its bytes, and one item at every level."""
    done = work.result(
        run,
        "Decoding at every level",
        {"question": "compression"},
        lambda on_step: _measured(run, on_step),
        seconds=len(BITS)
        * run.fitted.codes.shape[1]
        * min(len(run.fitted.scored_rows), MOST_ROWS)
        * pace.decoding(run),
    )
    if done is None:
        return
    codec, levels, plain = done
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        bits = st.segmented_control(
            "Bits a dimension",
            sorted({l.bits for l in levels}, reverse=True),
            default=8 if any(l.bits == 8 for l in levels) else levels[0].bits,
            required=True,
            key=f"zip-bits-{run.id}",
            help=(
                "32 keeps the number; fewer keep which of 256, 16 or 4 equally filled bins it is "
                "in."
            ),
        )
        tried = sorted({l.dims for l in levels if l.bits == bits})
        dims = (
            tried[0]
            if len(tried) == 1
            else st.select_slider(
                "Dimensions kept",
                tried,
                tried[-1],
                key=f"zip-dims-{run.id}-{bits}",
                help="The most important first; the others are set to their mean.",
                width=320,
            )
        )
    level = next(l for l in levels if (l.dims, l.bits) == (dims, bits))
    lines = {
        f"{b} bits": [
            (l.bytes, l.error, f"{l.dims} dimensions at {b} bits") for l in levels if l.bits == b
        ]
        for b in BITS
        if any(l.bits == b for l in levels)
    }
    st.plotly_chart(
        analysis.rate_curve(
            lines,
            {p.name: p.bytes for p in plain},
            (level.bytes, level.error),
            average=average_item(run.dataset.schema),
        ),
        key=f"zip-curve-{run.id}",
        config=charts.PLOT,
        alt="what is lost against bytes a row",
    )
    st.caption(
        "Dotted lines need no model and lose nothing: "
        + "; ".join(f"{p.name}, {_bytes(p.bytes)} a row ({p.what})" for p in plain)
        + ". They keep every value, the model only what it found worth a code: "
        "compare bytes at a loss you can live with."
    )
    _numbers(run, codec, level, plain)
    _side_by_side(run, codec, levels, bits)


def _measured(run, on_step):
    fitted = run.fitted
    codec = Compression(fitted.model, run.dataset.X, fitted.codes, fitted.train, fitted.scored_rows)
    return codec, codec.levels(on_step), codec.plain()


def _numbers(run, codec, level, plain):
    weights, what = run.fitted.model.decoder_size()
    best = min(plain, key=lambda p: p.bytes)
    n, rows = len(run.dataset), break_even(level, best, weights)
    where = (
        f"{len(codec.rows):,} "
        f"{'held-out rows' if len(run.fitted.held_out) else 'rows it learnt from'}"
    )
    total = level.bytes + weights / n
    pays = (
        f"from {rows:,.0f} rows on it takes less than {best.name}"
        if np.isfinite(rows)
        else f"at this level the code alone takes more than {best.name}"
    )
    scores.show(
        [
            Score(
                "Bytes a row",
                level.bytes,
                (
                    f"{level.dims} dimensions at {level.bits} bits, without the decoder; "
                    f"{best.name} takes {_bytes(best.bytes)} and loses nothing."
                ),
            ),
            Score(
                "Lost",
                level.error,
                (
                    f"{percent(level.error)} of what makes rows differ does not come back; always "
                    f"{average_item(run.dataset.schema)} would lose 100 % (measured on {where})."
                ),
                1.0,
                0.0,
                "share",
                level.spread,
            ),
            Score(
                "Bytes a row with the decoder",
                total,
                (
                    f"The receiver also needs {weights:,} bytes, once ({what}): shared by the "
                    f"{n:,} rows here that makes {_bytes(total)} a row; {pays}."
                ),
            ),
        ]
    )


def _bytes(size: float) -> str:
    return f"{size:,.0f} bytes" if size >= 100 else f"{size:.3g} bytes"


def _side_by_side(run, codec, levels, bits):
    dataset = run.dataset
    st.markdown("**One item at every level**")
    i = int(
        st.number_input(
            "Row", 0, len(dataset) - 1, int(codec.rows[0]), key=f"zip-row-{run.id}", width=160
        )
    )
    shown = [l for l in levels if l.bits == bits]
    back = np.concatenate([codec.decoded(np.array([i]), l.dims, bits) for l in shown])
    captions = [f"{l.dims} dim · {l.bytes:,.3g} B" for l in shown]
    made = dataset.decode(back)
    if dataset.kind == "table":
        columns = [c.name for c in dataset.codec.columns]
        table = pd.concat(
            [dataset.rows[columns].iloc[[i]].astype(object), pd.DataFrame(made).astype(object)]
        )
        table = pd.DataFrame(
            {
                name: [dataset.codec.columns[j].show(v) for v in table[name]]
                for j, name in enumerate(columns)
            }
        )
        st.dataframe(
            _rows.add(table, kept=["the item", *captions]),
            hide_index=True,
            height=dataframes.tall(table),
            key=f"zip-table-{run.id}",
            alt="the record at every level",
        )
    elif dataset.kind == "image":
        items.gallery(
            dataset,
            np.concatenate([dataset.items([i]), made]),
            ["the item", *captions],
            key=f"zip-{run.id}",
            width=96,
        )
    elif dataset.kind == "array":
        items.gallery(
            dataset,
            np.concatenate([dataset.items([i]), made]),
            ["the item", *captions],
            key=f"zip-{run.id}",
        )
    else:
        st.markdown(md(" ".join(dataset.items([i])[0].split()), 400))
        items.gallery(dataset, made, captions, key=f"zip-{run.id}")
