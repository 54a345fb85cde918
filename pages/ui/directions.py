"""Learn, keep and remove directions of a run: a group against the rest, chosen points against
the rest, or the codes' own axes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.labels import kind_of
from lvm_core.latent.directions import analogy, attribute, principal, split_by
from lvm_core.text import markdown as md

from ..session import saved_directions, selection, state
from . import items

SOURCES = {
    "column": "a column",
    "chosen": "the chosen points",
    "groups": "two kept groups",
    "principal": "the codes' own axes",
}


def panel(run: state.Run) -> None:
    """The form to learn one, and the list of those there are. Reruns the page when they change."""
    with st.expander(
        "Directions: move an item towards a group",
        icon=":material/moving:",
        expanded=bool(saved_directions.saved(run))
        or f"analogy-solved-{run.id}" in st.session_state,
    ):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            source = st.segmented_control(
                "From",
                list(SOURCES),
                default="column",
                required=True,
                wrap=True,
                format_func=SOURCES.get,
                key=f"direction-from-{run.id}",
            )
            inside = _group(run, source)
            method = "means"
            if source != "principal":
                method = st.segmented_control(
                    "By",
                    ("means", "classifier"),
                    default="means",
                    required=True,
                    key=f"direction-by-{run.id}",
                    help=(
                        "Means: from the average of the rest to the average of the group. "
                        "Classifier: the normal of a logistic regression, which ignores what "
                        "merely comes along."
                    ),
                )
                name = st.text_input(
                    "Name",
                    inside[0] if inside else "",
                    max_chars=40,
                    key=f"direction-name-{run.id}-{inside[0] if inside else ''}",
                    width=180,
                )
                if inside is not None:
                    inside = (name.strip() or inside[0], *inside[1:])
            learn = st.button(
                "Learn",
                icon=":material/add:",
                type="primary",
                disabled=source != "principal" and inside is None,
                key=f"direction-learn-{run.id}",
            )
        if learn:
            _learn(run, source, inside, method)
        for name, direction in saved_directions.saved(run).items():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{md(name, 40)}** · {md(direction.sentence(), 400)}")
                if st.button(
                    "Remove",
                    key=f"direction-drop-{run.id}-{name}",
                    type="tertiary",
                    icon=":material/close:",
                ):
                    saved_directions.save(
                        run, {n: d for n, d in saved_directions.saved(run).items() if n != name}
                    )
                    st.rerun()
        if saved_directions.saved(run):
            st.caption("Their sliders stand above, under those of the dimensions.")
        st.divider()
        _analogy(run)


def _group(run: state.Run, source: str):
    """(name, inside, outside) of the group asked for; None while there is none."""
    rows = run.dataset.rows
    if source == "principal":
        return None
    if source == "chosen":
        if not len(run.selection):
            st.caption("Choose points first: box, lasso or search above.")
            return None
        inside = np.zeros(len(rows), bool)
        inside[run.selection] = True
        return f"{len(run.selection):,} chosen", inside, ~inside
    if source == "groups":
        return _two_groups(run)
    columns = run.dataset.colours()
    if not columns:
        st.caption("This dataset has no column to split by.")
        return None
    column = st.selectbox("Column", columns, key=f"direction-column-{run.id}", width=180)
    values = rows[column]
    if kind_of(values) in ("number", "date"):
        share = st.slider(
            "Above its",
            5,
            95,
            50,
            5,
            format="%d %%",
            key=f"direction-share-{run.id}",
            width=180,
            help="Rows above this percentile of the column against those below.",
        )
        return (f"high {column}", *split_by(values, quantile=share / 100))
    options = list(pd.Series(values.dropna().unique()).sort_values())
    value = st.selectbox("Value", options, key=f"direction-value-{run.id}-{column}", width=160)
    return (f"{column} {value}", *split_by(values, value))


def _two_groups(run: state.Run):
    groups = selection.groups(run)
    if not groups:
        st.caption(
            "Choose points above and keep them as a group; then choose others and keep those."
        )
        return None
    n, rest = len(run.dataset), "all other rows"
    to = st.selectbox("Towards", list(groups), key=f"direction-to-{run.id}", width=160)
    away = st.selectbox(
        "Away from",
        [rest, *(g for g in groups if g != to)],
        key=f"direction-away-{run.id}",
        width=160,
    )
    inside, outside = np.zeros(n, bool), np.zeros(n, bool)
    inside[groups[to]] = True
    outside[groups[away] if away != rest else np.flatnonzero(~inside)] = True
    return to if away == rest else f"{away} to {to}", inside, outside & ~inside


def _learn(run: state.Run, source: str, group, method: str) -> None:
    codes = run.fitted.codes
    try:
        if source == "principal":
            found = principal(codes, 3)
        else:
            name, inside, outside = group
            found = [
                attribute(
                    codes,
                    inside,
                    outside,
                    method,
                    name=name if method == "means" else f"{name} (classifier)",
                )
            ]
    except ValueError as error:
        st.error(md(str(error), 400), icon=":material/error:")
        return
    saved_directions.save(run, saved_directions.saved(run) | {d.name: d for d in found})
    st.rerun()


def _analogy(run: state.Run) -> None:
    """A is to B as C is to what? The answer stands beside them, and opens in the explorer."""
    dataset, codes = run.dataset, run.fitted.codes
    n, solved = len(dataset), f"analogy-solved-{run.id}"
    st.markdown(
        "**Analogy**: A is to B as C is to …", help="The code of C plus the step from A to B."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        a, b, c = rows = [
            int(
                st.number_input(
                    f"Row {name}",
                    0,
                    n - 1,
                    min(i, n - 1),
                    key=f"analogy-{name}-{run.id}",
                    width=130,
                )
            )
            for i, name in enumerate("ABC")
        ]
        if st.button("Solve", icon=":material/function:", key=f"analogy-{run.id}"):
            st.session_state[solved] = rows
            state.open_at(
                run,
                c,
                analogy(codes[a], codes[b], codes[c]),
                f"Row {a} is to row {b} as row {c} is to what is decoded here.",
            )
            st.rerun()
    found, names = dataset.items(rows), [f"{name}: row {i}" for name, i in zip("ABC", rows)]
    if dataset.kind == "table":
        found = found[[column.name for column in dataset.codec.columns]]
    if st.session_state.get(solved) == rows:
        answer = analogy(codes[a], codes[b], codes[c])[None]
        made = dataset.decode(run.fitted.model.inverse_transform(answer))
        found, names = _joined(found, made), [*names, "the answer"]
    items.gallery(dataset, found, names, key=f"analogy-{run.id}", width=96)
    if len(names) > 3:
        st.caption("The answer is open in the explorer above, too.")


def _joined(found, made):
    """Real items, then decoded ones, as one lot."""
    if isinstance(made, pd.DataFrame):
        return pd.concat([found, made], ignore_index=True)
    return [*found, *made] if isinstance(made, list) else np.concatenate([found, made])
