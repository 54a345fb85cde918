"""The runs of the workspace: in a list and in a chooser."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from lvm_core.metrics.base import shown
from lvm_core.runs.states import UNDER_WAY, RunState
from lvm_core.runs.workspace import RunInfo
from lvm_core.text import clean, spaced

from ..session import state
from ..session.jobs import duration
from ..session.services import services
from . import dataframes

STATE_WORDS = {
    RunState.WAITING: "waiting for its turn",
    RunState.RUNNING: "training…",
    RunState.PAUSED: "paused",
    RunState.DONE: "trained",
    RunState.STOPPED: "stopped early",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "cancelled",
}
OPEN_STATES = (*UNDER_WAY, RunState.PAUSED)
_MOST = 500  # rows of the list; older ones are found by their address


def settings_of(run: state.Run, data_id: str) -> None:
    """Put a run's model and settings into the form of the Train page; a callback, as widgets
    cannot be changed once drawn.
    """
    recipe = run.model.to_config()
    st.session_state[f"model-{data_id}"] = recipe["name"]
    for name, value in recipe["params"].items():
        st.session_state[
            "seed" if name == "random_state" else f"form-{data_id}-{recipe['name']}.{name}"
        ] = value


def listed(current: state.Run | None) -> None:
    """The list; a click on a row opens it. It is read anew when the page is."""
    found = state.runs()
    if not found:
        return
    st.space("small")
    st.markdown(f"**All runs** · {len(found):,}" if len(found) > 1 else "**All runs**")
    names = {head["id"]: head for head in state.datasets()}
    shown = found[:_MOST]
    table = pd.DataFrame(
        [
            {
                "": f"#{r.number}",
                "model": model_of(r),
                "data": clean(names.get(r.dataset, {}).get("name", "?"), 60),
                "state": _state(r),
                "score": _score(r),
                "seed": r.config.get("params", {}).get("random_state"),
                "when": _when(r.created),
            }
            for r in shown
        ]
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"runs-{current.id if current else ''}",
        height=dataframes.tall(shown, 320),
        alt="all runs",
        column_config=dataframes.whole(table)
        | {"when": st.column_config.DatetimeColumn("when", format="distance", width=125)},
    )
    rows = event.selection.rows if event else []
    if rows and rows[0] < len(shown) and (current is None or shown[rows[0]].id != current.id):
        chosen = services().runs.get(shown[rows[0]].id)
        if chosen is None:
            st.warning(
                "This run, or its dataset, cannot be read any more.", icon=":material/error:"
            )
        else:
            state.use_run(chosen)
            st.rerun()
    if len(found) > _MOST:
        st.caption(f"The newest {_MOST} are shown.")


def picker(key: str, width: int | str = "stretch") -> None:
    """Choose the run to look at, where there are several: this dataset's first, the newest
    first, those that are training among them.
    """
    current = state.run()
    names = choices(current)
    if current is None or len(names) < 2:
        return
    ids = list(names)
    chosen = st.selectbox(
        "Model",
        ids,
        index=ids.index(current.id),
        format_func=names.get,
        key=f"{key}-{current.id if current else ''}",
        width=width,
    )
    if (
        chosen is not None
        and chosen != (current and current.id)
        and (found := services().runs.get(chosen)) is not None
    ):
        state.use_run(found)
        st.rerun()


def choices(current: state.Run | None) -> dict[str, str]:
    """id -> what the chooser calls it, of the runs that can be looked at or are on their way;
    the one that is open is always among them.
    """
    found = [
        r
        for r in state.runs()
        if r.has_result or r.state in OPEN_STATES or current is not None and r.id == current.id
    ]
    if current is not None:
        found.sort(key=lambda r: r.dataset != current.data.id)
    names = {r.id: r.title + ("" if r.has_result else f" · {STATE_WORDS[r.state]}") for r in found}
    if current is not None and current.id not in names:  # somebody else's, shared
        names = {current.id: current.title} | names
    return names


def model_of(run: RunInfo) -> str:
    """What a person called it, and its model; plain text."""
    model = spaced(str(run.config.get("name", "")))
    return f"{clean(run.name, 60)} ({model})" if run.name else model


def state_words(run: RunInfo) -> str:
    """What a run is doing, or that it came from elsewhere."""
    if run.facts.get("imported") and run.state == RunState.DONE:
        return "imported"
    return STATE_WORDS[run.state]


def _state(run: RunInfo) -> str:
    took = f" in {duration(run.seconds)}" if run.state == RunState.DONE and run.seconds >= 1 else ""
    return state_words(run) + took + (f": {clean(run.sentence, 80)}" if run.sentence else "")


def _score(run) -> str:
    if not run.score or run.score.get("value") is None:
        return ""
    number = shown(float(run.score["value"]), None, clean(run.score.get("unit", ""), 20))
    name = clean(run.score.get("name", ""), 40)
    return f"{number} {name[:1].lower() + name[1:] if name[1:2].islower() else name}"


def _when(created: str):
    try:
        return datetime.fromisoformat(created)
    except ValueError:
        return None
