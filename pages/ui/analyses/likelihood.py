"""Analyse: how likely the model finds rows it has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.capabilities import HasImportanceWeights, HasLikelihood, PredictsLabels
from lvm_core.metrics import Marginal, marginal, subsample
from lvm_core.plots import figures
from lvm_core.runs.archive import IMPORTED
from lvm_core.text import markdown as md
from pages.session import dimension_names, pace
from pages.ui import charts, dataframes, scores, work

TITLE, ORDER = "Likelihood", 20
QUESTION = (
    "How likely does the model find data it has not seen? The one number that compares models of "
    "the same data and noise."
)
ROWS, DRAWS = (100, 500, 2000, 5000), (50, 500, 5000)
MOST_BARS = 40


def why_not(run) -> str:
    """It takes a model with a likelihood, and rows."""
    model = run.fitted.model
    if not isinstance(model, HasLikelihood):
        return f"{model.title} gives no likelihood."
    return (
        "The rows it was fitted on did not come along with the run."
        if IMPORTED in run.dataset.notes
        else ""
    )


def draw(run) -> None:
    """The estimate, its bounds, and what each dimension carries."""
    model, rows = run.fitted.model, run.fitted.scored_rows
    counts = [n for n in ROWS if n < len(rows)] + [len(rows)] * (len(rows) <= ROWS[-1])
    sampled = isinstance(model, HasImportanceWeights)
    with st.container(horizontal=True):
        n = st.selectbox(
            "Rows",
            counts,
            min(1, len(counts) - 1),
            format_func="{:,}".format,
            key=f"rows-likelihood-{run.id}",
            width=160,
            help=(
                "Rows held out of the training where there are any; more make the standard error "
                "smaller."
            ),
        )
        draws = (
            st.selectbox(
                "Draws a row",
                DRAWS,
                1,
                format_func="{:,}".format,
                key=f"draws-likelihood-{run.id}",
                width=160,
                help=(
                    "Codes drawn for each row. The estimate rises towards the truth with their "
                    "number; time grows with it too."
                ),
            )
            if sampled
            else 0
        )
    chosen = np.sort(np.random.RandomState(0).permutation(rows)[:n])
    found = work.result(
        run,
        "Measuring the likelihood",
        {"rows": int(n), "draws": int(draws)},
        lambda on_step: marginal(
            model,
            run.dataset.X[chosen],
            int(draws),
            on_step=on_step,
            learnt=subsample(run.dataset.X, run.fitted.train) if len(run.fitted.held_out) else None,
        ),
        seconds=n * max(draws, 1) * pace.decoding(run),
    )
    if found is None:
        return
    scores.show(found.scores)
    seen = "has not seen"
    if not len(run.fitted.held_out):
        seen = "learnt from (the data is too small to hold any out)"
    st.caption(
        f"Of {n:,} rows the model {seen}.",
        help=f"Under {md(found.noise, 400)}. Seed 0 chooses rows and draws.",
    )
    if sampled:
        _bounds_and_kl(run, found)


def _bounds_and_kl(run, found: Marginal) -> None:
    left, right = st.columns([4, 5], gap="large")
    with left:
        st.markdown("**The bound rises with the draws**")
        table = pd.DataFrame(
            {"draws": list(found.bounds), "nats a row": list(found.bounds.values())}
        )
        table["above the ELBO"] = table["nats a row"] - table["nats a row"].iloc[0]
        st.dataframe(
            table,
            hide_index=True,
            height=dataframes.tall(table),
            key=f"bounds-{run.id}",
            alt="bound by number of draws",
            column_config={
                "draws": st.column_config.NumberColumn(format="localized"),
                "nats a row": st.column_config.NumberColumn(format="%.2f"),
                "above the ELBO": st.column_config.NumberColumn(format="%.2f"),
            },
        )
        st.caption(
            "One draw is the ELBO, k draws the bound that an IWAE with k maximises. Where the last "
            "step is still large, the truth lies higher: take more draws."
        )
    with right:
        st.markdown("**What each dimension carries**")
        order = np.argsort(-found.kl, kind="stable")[:MOST_BARS]
        named = dimension_names.of(run)
        names = [named[j] for j in order]
        st.plotly_chart(
            figures.bars(names, found.kl[order]),
            key=f"kl-{run.id}",
            config=charts.PLOT,
            alt="KL by dimension, nats: "
            + ", ".join(f"{a} {v:.2g}" for a, v in zip(names[:8], found.kl[order])),
        )
        more = (
            f" The first {MOST_BARS} of {len(found.kl)} are drawn."
            if len(found.kl) > MOST_BARS
            else ""
        )
        labels = (
            "; of a label, against how often it is seen"
            if isinstance(run.fitted.model, PredictsLabels) and run.fitted.model.classes_
            else ""
        )
        st.caption(
            f"KL(q(z|x) || N(0, 1)) in nats a row{labels}, {found.kl.sum():.3g} in all. A "
            f"dimension near 0 says nothing of the row, and the decoder ignores it.{more}"
        )
