"""Analyse: the hidden states of series."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.capabilities import HasStates
from lvm_core.export import encode
from lvm_core.plots import series
from lvm_core.text import clean
from lvm_core.text import markdown as md
from pages.session.derived import once
from pages.ui import charts, dataframes

from ...api import payloads

TITLE, ORDER = "States", 15
_MOST = 1000  # series that are listed, measured and downloaded
_MOST_NUMBERS = 20_000_000  # probabilities held at once
_HELP = {
    "mean": "Average value in this state, in the units of the data.",
    "above average": "How far the values in this state lie above the average series, in the units "
    "of the data: what states are found by.",
    "spread": "Standard deviation around that, in the units of the data.",
}
QUESTION = (
    "When is a series in which state? Choose a series; every moment is coloured by its most likely "
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
    row = _row(run)
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
        alt=f"{_name(run, row)} coloured by its states",
    )
    sure = posterior[0].max(1)
    st.caption(
        f"The states are sure of themselves at {np.mean(sure > 0.9):.0%} of the moments "
        "(probability over 90 %). Log-likelihood of this series: "
        f"{model.score_samples(X)[0]:,.1f} nats."
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("**The states**")
        stay = np.diag(model.transitions_)
        states, c = np.arange(len(stay)), max(1, len(names))
        table = pd.DataFrame(
            {
                "state": [f"{i + 1}" for i in np.repeat(states, c)],
                **({"value": names * len(states)} if names else {}),
                **{what: numbers.ravel() for what, numbers in _units(run).items()},
                "begins": np.repeat(model.start_, c),
                "lasts (moments)": np.repeat(1 / np.maximum(1 - stay, 1e-6), c),
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
                    what: st.column_config.NumberColumn(format="%.3g", help=said)
                    for what, said in _HELP.items()
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
        help=f"A row a series (the first {len(_states(run)[0]):,}), a column a moment.",
    )


def _row(run) -> int:
    """A series, by its name where they can be listed."""
    dataset = run.dataset
    if len(dataset) > _MOST:
        row = int(st.number_input("Row", 0, len(dataset) - 1, 0, key=f"states-row-{run.id}"))
        st.caption(md(_name(run, row), 120))
        return row
    return st.selectbox(
        "Series",
        range(len(dataset)),
        format_func=lambda i: clean(_name(run, i), 80),
        key=f"states-row-{run.id}",
        width=480,
    )


def _name(run, i: int) -> str:
    """What is known of a series; its number where that is nothing."""
    return payloads.short(run.dataset, i).replace(f"row {i} · ", "", 1)


@once
def _states(run) -> tuple[np.ndarray, np.ndarray]:
    """(states (m, T), their probabilities (m, T, S)) of the first series."""
    model, X = run.fitted.model, run.dataset.X
    m = int(np.clip(_MOST_NUMBERS // (X.shape[1] * model.latent_dim), 1, _MOST))
    return model.states(np.asarray(X[:m], np.float64))


@once
def _units(run) -> dict[str, np.ndarray]:
    """What the values are in each state (S, c), in the units of the data: every moment counts as
    much as the state is likely then.
    """
    codec, posterior = run.dataset.codec, _states(run)[1]
    channels, (m, moments, _) = max(1, len(getattr(codec, "channels", None) or [])), posterior.shape
    values = np.asarray(run.dataset.items(np.arange(m)), np.float64)
    # the model sees deviations from the average series, in which states are what they are
    away = values - getattr(codec, "mean", 0.0)
    values, away = (v.reshape(m, channels, moments) for v in (values, away))
    total = np.maximum(posterior.sum((0, 1)), 1e-12)[:, None]
    average = lambda v: np.einsum("nts,nct->sc", posterior, v, optimize=True) / total
    above = average(away)
    return {
        "mean": average(values),
        "above average": above,
        "spread": np.sqrt(np.maximum(average(away**2) - above**2, 0)),
    }


@once
def _csv(run) -> bytes:
    found = _states(run)[0]
    table = pd.DataFrame(found + 1, columns=[f"t{t}" for t in range(found.shape[1])])
    names = [_name(run, i) for i in range(len(found))]
    table.insert(0, "series", names)
    return encode.csv_bytes(table)
