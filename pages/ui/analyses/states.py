"""Analyse: the hidden states of series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.capabilities import HasStates
from lvm_core.export import encode
from lvm_core.plots import series
from pages.session.derived import once
from pages.ui import charts, dataframes

TITLE, ORDER = "States", 15
QUESTION = (
    "When is a series in which state? Choose a row; every moment is coloured by its most likely "
    "state."
)


def why_not(run) -> str:
    """Only a hidden Markov model has them."""
    return (
        "" if isinstance(run.fitted.model, HasStates) else "only a hidden Markov model has states."
    )


def draw(run) -> None:
    """One series by its states, then the model itself."""
    model, dataset = run.fitted.model, run.dataset
    row = int(st.number_input("Row", 0, len(dataset) - 1, 0, key=f"states-row-{run.id}"))
    X = np.asarray(dataset.X[[row]], np.float64)
    path, posterior = model.states(X)
    values, axis = dataset.items([row])[0], getattr(dataset.codec, "axis", None)
    names = list(getattr(dataset.codec, "channels", None) or [])
    if names:
        shown = st.segmented_control(
            "Value", names, default=names[0], required=True, key=f"states-value-{run.id}"
        )
        values = np.split(values, len(names))[names.index(shown)]
    axis = np.arange(len(values)) if axis is None else np.asarray(axis)
    st.plotly_chart(
        series.states(
            np.asarray(values, float), path[0], axis, getattr(dataset.codec, "axis_label", "") or ""
        ),
        key=f"states-{run.id}-{row}-{shown if names else ''}",
        config=charts.PLOT,
        alt=f"row {row} coloured by its states",
    )
    sure = posterior[0].max(1)
    st.caption(
        f"The states are sure of themselves at {np.mean(sure > 0.9):.0%} of the moments "
        "(probability over 90 %). Log-likelihood of this series: "
        f"{model.score_samples(X)[0]:,.1f} nats."
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**The states**")
        stay = np.diag(model.transitions_)
        means, spreads = model.means_, np.sqrt(model.variances_)
        parts = {"mean": means, "spread": spreads}
        if names:
            parts = {
                f"{what} {name}": values[:, c]
                for c, name in enumerate(names)
                for what, values in (("mean", means), ("spread", spreads))
            }
        table = pd.DataFrame(
            {
                "state": [f"{i + 1}" for i in range(len(stay))],
                **parts,
                "begins": model.start_,
                "lasts (moments)": 1 / np.maximum(1 - stay, 1e-6),
            }
        )
        st.dataframe(
            table,
            hide_index=True,
            height=dataframes.tall(table),
            key=f"states-table-{run.id}",
            alt="the states",
            column_config={
                **{
                    part: st.column_config.NumberColumn(
                        format="%.3g",
                        help="Average value in this state, in the scale the model sees: columns "
                        "standardised."
                        if part.startswith("mean")
                        else "Standard deviation of the values in this state.",
                    )
                    for part in parts
                },
                "begins": st.column_config.NumberColumn(
                    format="percent", help="How often a series begins in it."
                ),
                "lasts (moments)": st.column_config.NumberColumn(
                    format="%.1f",
                    help="Expected moments until it is left: 1 / (1 - probability of staying).",
                ),
            },
        )
    with right:
        st.markdown("**How they follow each other**")
        st.plotly_chart(
            series.transitions(model.transitions_),
            key=f"states-next-{run.id}",
            config=charts.PLOT,
            alt="probability of the next state by the present one",
        )
    st.download_button(
        "Download the states (CSV)",
        _csv(run),
        f"{run.stem}-states.csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"states-csv-{run.id}",
        help="A row a series (the first 1000), a column a moment.",
    )


@once
def _csv(run) -> bytes:
    X = run.dataset.X
    found = run.fitted.model.states(np.asarray(X[:1000], np.float64))[0]
    return encode.csv_bytes(
        pd.DataFrame(found + 1, columns=[f"t{t}" for t in range(found.shape[1])])
    )
