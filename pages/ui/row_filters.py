"""Choose rows without drawing: by words, by columns, by a cluster, by a kept group, by a number
of each row.
"""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.analysis import clusters
from lvm_core.analysis.selection import find, within
from lvm_core.labels import is_measured, kind_of
from lvm_core.text import markdown as md

from ..session import identity, selection
from ..session.run import Run
from . import work

TAKES = {
    "replace": ("Choose", ":material/select_all:"),
    "add": ("Add", ":material/add:"),
    "remove": ("Remove", ":material/remove:"),
    "within": ("Keep only these", ":material/filter_alt:"),
}


def forms(run: Run) -> None:
    """One way to find rows at a time, and what to do with those found."""
    ways = {name: way for name, way in WAYS.items() if way[2](run)}
    way = st.segmented_control(
        "Choose by",
        list(ways),
        default="search",
        required=True,
        format_func=lambda name: ways[name][0],
        key=f"choose-by-{run.id}",
    )
    rows = ways[way][1](run)
    if rows is None:
        return
    mine = identity.owns(run.kind, run.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows):,} row{'s' * (len(rows) != 1)}** fit{'s' * (len(rows) == 1)}")
        for how, (label, icon) in TAKES.items():
            if st.button(
                label,
                icon=icon,
                key=f"take-{how}-{run.id}",
                disabled=not mine
                or not len(rows)
                or how in ("remove", "within")
                and not len(run.selection),
            ):
                selection.combine(run, rows, how)
                # whoever chooses here may want to add to it
                st.session_state[f"choosing-{run.id}"] = True
                st.rerun()


def _search(run: Run):
    query = st.text_input(
        "Find rows",
        key=f"choose-find-{run.id}",
        max_chars=200,
        placeholder="words, or column=value, column>number",
        help=(
            'Every part must fit: a word, "words in quotes", column=value, column>number, or the '
            "number of a row."
        ),
    )
    if not query.strip():
        return None
    try:
        return find(run.dataset.rows, query)
    except ValueError as error:
        st.warning(md(str(error), 300), icon=":material/info:")
        return None


# -- columns ---------------------------------------------------------------------------------------


def _columns(run: Run):
    """Several columns, joined by and."""
    frame, names = run.dataset.rows, _filterable(run)
    chosen = st.multiselect(
        "Columns",
        names,
        format_func=lambda name: md(name, 40),
        key=f"choose-columns-{run.id}",
        placeholder="which columns must fit; all of them do",
    )
    if not chosen:
        return None
    fits, slots = np.ones(len(frame), bool), st.columns(min(len(chosen), 3))
    for i, name in enumerate(chosen):
        with slots[i % len(slots)]:
            fits &= _fits(frame[name], f"filter-{run.id}-{names.index(name)}")
    return np.flatnonzero(fits)


def _filterable(run: Run) -> list[str]:
    """Columns with a range or at most 200 values; looked up once while the columns stay the
    same.
    """
    rows = run.dataset.rows
    return run.derived.once(
        (_filterable, *rows.columns), lambda: [c for c in rows.columns if _kind(rows[c])]
    )


def _kind(values: pd.Series) -> str:
    if is_measured(values):
        return "range" if values.nunique() > 1 else ""
    return "levels" if kind_of(values) == "classes" and values.count() else ""


def _fits(values: pd.Series, key: str) -> np.ndarray:
    gone = bool(values.isna().any())
    request = _range(values, key) if _kind(values) == "range" else _levels(values, key)
    missing = gone and st.checkbox("or missing", key=f"{key}-missing")
    # nothing was asked of it yet
    return (
        np.ones(len(values), bool)
        if request.get("levels") == [] and not missing
        else within(values, **request, missing=missing)
    )


def _range(values: pd.Series, key: str) -> dict:
    """The ends that were moved; one that was not stays open, so that rounding leaves nothing
    out.
    """
    low, high = values.min(), values.max()
    if pd.api.types.is_datetime64_any_dtype(values):
        zone = values.dt.tz
        low, high = (v.to_pydatetime(warn=False).replace(tzinfo=None) for v in (low, high))
        step = (
            datetime.timedelta(days=1)
            if high - low > datetime.timedelta(days=3)
            else (high - low) / 100
        )
        ends = st.slider(
            md(values.name, 40),
            low,
            high,
            (low, high),
            step=step,
            key=key,
            format="YYYY-MM-DD" if step.days else "YYYY-MM-DD HH:mm:ss",
        )
        ends = [pd.Timestamp(v).tz_localize(zone) for v in ends]
        return {
            "low": ends[0] if ends[0] > values.min() else None,
            "high": ends[1] if ends[1] < values.max() else None,
        }
    whole = (
        pd.api.types.is_integer_dtype(values) and abs(int(low)) < 2**52 and abs(int(high)) < 2**52
    )
    low, high = (int(low), int(high)) if whole else (float(low), float(high))
    if not np.isfinite(high - low):
        st.caption(f"{md(values.name, 40)} holds infinite values; search by words instead.")
        return {}
    ends = st.slider(
        md(values.name, 40),
        low,
        high,
        (low, high),
        step=max(1, (high - low) // 500) if whole else (high - low) / 500,
        key=key,
        format="%d" if whole else "%.4g",
    )
    return {"low": ends[0] if ends[0] > low else None, "high": ends[1] if ends[1] < high else None}


def _levels(values: pd.Series, key: str) -> dict:
    counts = values.astype(str).where(values.notna()).value_counts()
    return {
        "levels": st.multiselect(
            md(values.name, 40),
            list(counts.index),
            format_func=lambda level: f"{md(level, 40)} ({counts[level]:,})",
            key=key,
            placeholder="any of these values",
        )
    }


# -- clusters, groups, numbers of each row ---------------------------------------------------------


def _clusters(run: Run):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            list(clusters.METHODS),
            default="kmeans",
            required=True,
            format_func=lambda m: clusters.METHODS[m][0],
            key=f"choose-method-{run.id}",
        )
        setting = st.number_input(
            "Least size" if method == "hdbscan" else "How many",
            2,
            max(2, min(len(run.dataset) - 1, 10_000 if method == "hdbscan" else 50)),
            None,
            placeholder="suggested",
            key=f"choose-setting-{run.id}-{method}",
            width=170,
        )
    found = work.result(
        run,
        f"Clusters by {clusters.METHODS[method][0]}",
        {"question": "clusters", "method": method, "setting": setting, "seed": 0},
        lambda on_step: clusters.clusters(
            run.fitted.codes, method, setting, random_state=0, on_step=on_step
        ),
    )
    if found is None:
        return None
    said, sizes = (
        clusters.labelled(run.dataset, found.labels),
        np.bincount(found.labels + 1, minlength=found.count + 1),
    )
    names = {
        c: f"{clusters.letter(c)} ({sizes[c + 1]:,})"
        + (f" {', '.join(said[c][:2])}" if said[c] else "")
        for c in range(found.count)
    } | ({-1: f"in none ({sizes[0]:,})"} if sizes[0] else {})
    chosen = st.pills(
        "Clusters",
        list(names),
        selection_mode="multi",
        format_func=lambda c: md(names[c], 60),
        key=f"choose-cluster-{run.id}-{method}-{setting}",
        help=(
            "Found among the codes, in all their dimensions; the Analyse page shows them with what "
            "they rest on."
        ),
    )
    return np.flatnonzero(np.isin(found.labels, chosen)) if chosen else None


def _groups(run: Run):
    groups = selection.groups(run)
    name = st.selectbox(
        "Kept group",
        list(groups),
        format_func=lambda g: f"{md(g, 40)} ({len(groups[g]):,})",
        key=f"choose-group-{run.id}",
    )
    return np.asarray(groups[name], np.int64)


def _values(run: Run):
    known = selection.point_values(run)
    if not known:
        st.caption(
            "Open Trust under this map, or Anomalies on the Analyse page: what they measure of "
            "each row can then be chosen by."
        )
        return None
    left, middle, right = st.columns([2, 1, 3], vertical_alignment="bottom")
    name = left.selectbox(
        "Number of each row",
        list(known),
        format_func=lambda v: md(v, 60),
        key=f"choose-value-{run.id}",
    )
    side = middle.segmented_control(
        "Side",
        ("below", "above"),
        default="below",
        required=True,
        key=f"choose-side-{run.id}",
        label_visibility="collapsed",
    )
    rows, values = known[name]
    there = np.isfinite(values)
    low, high = float(values[there].min()), float(values[there].max())
    if not high > low:
        st.caption("It is the same for every row.")
        return None
    at = right.slider(
        "Threshold",
        low,
        high,
        float(np.quantile(values[there], 0.1)),
        step=(high - low) / 500,
        format="%.4g",
        key=f"choose-at-{run.id}-{list(known).index(name)}",
    )
    if len(rows) < len(run.dataset):
        st.caption(
            f"It is known for {len(rows):,} of {len(run.dataset):,} rows; the others are not "
            "chosen by it."
        )
    return np.sort(rows[there & (values < at if side == "below" else values > at)])


WAYS = {
    "search": ("Words", _search, lambda run: True),
    "columns": ("Columns", _columns, lambda run: bool(_filterable(run))),
    "cluster": ("Clusters", _clusters, lambda run: len(run.dataset) > 3),
    "group": ("Kept groups", _groups, lambda run: bool(selection.groups(run))),
    "value": ("Trust or oddness", _values, lambda run: True),
}
