"""The runs of the workspace: in a list, in a picker, and what can be done with one that is not
under way.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from lvm_core.metrics.base import shown
from lvm_core.runs.states import RunState
from lvm_core.text import clean

from ..session import state
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
                "model": r.config.get("name", ""),
                "data": clean(names.get(r.dataset, {}).get("name", "?"), 60),
                "state": _state(r),
                "score": _score(r),
                "seed": r.config.get("params", {}).get("random_state"),
                "took": f"{r.seconds:,.0f} s" if r.seconds >= 1 else "",
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
        column_config={"when": st.column_config.DatetimeColumn("when", format="distance")},
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
    """Switch between the finished runs, where there are several."""
    runs = [r for r in state.runs() if r.has_result]
    if len(runs) < 2:
        return
    current = state.run()
    ids = [r.id for r in runs]
    names = {r.id: r.title for r in runs}
    chosen = st.selectbox(
        "Model",
        ids,
        index=ids.index(current.id) if current and current.id in ids else None,
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


def _state(run) -> str:
    return STATE_WORDS[run.state] + (f": {clean(run.sentence, 80)}" if run.sentence else "")


def _score(run) -> str:
    if not run.score or run.score.get("value") is None:
        return ""
    number = shown(float(run.score["value"]), None, clean(run.score.get("unit", ""), 20))
    return f"{number} {clean(run.score.get('name', ''), 40).lower()}"


def _when(created: str):
    try:
        return datetime.fromisoformat(created)
    except ValueError:
        return None
