"""Conditions on the columns of a table that new rows have to fulfil."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.capabilities import SamplesConditionally
from lvm_core.codecs.columns import Date, Integer, Numeric
from lvm_core.codecs.conditions import condition_bounds
from lvm_core.codecs.table import TableCodec
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md

from ..session.run import Run


def choose(run: Run) -> dict[Any, Any]:
    """Column -> value, range or levels, as widgets; nothing where the model cannot."""
    codec = run.dataset.codec
    if not isinstance(codec, TableCodec) or not isinstance(run.fitted.model, SamplesConditionally):
        return {}
    names = [str(column.name) for column in codec.columns]
    chosen = st.multiselect(
        "Conditions",
        range(len(names)),
        format_func=lambda i: names[i],
        placeholder="Columns to fix",
        key=f"conditions-{run.id}",
        help=(
            "Every new row fulfils all of them; the other columns are drawn given these. "
            "Temperature does not count then."
        ),
    )
    found = {}
    for i in chosen:
        column = codec.columns[i]
        wanted = (
            _between(column, f"{run.id}-{i}")
            if isinstance(column, Numeric)
            else st.multiselect(
                md(names[i], 40),
                column.labels,  # pyright: ignore[reportAttributeAccessIssue]  # it has levels
                placeholder="Any level",
                key=f"levels-{run.id}-{i}",
            )
        )
        if wanted:
            found[column.name] = wanted
    return found


def _between(column: Numeric, key: str) -> tuple | None:
    """The ends of a range, one value where both are the same; None where both are open."""
    ends, bounds = [], column.ends() or ("", "")
    for place, word, bound in zip(st.columns(2), ("from", "to"), bounds, strict=True):
        label = f"{md(str(column.name), 30)} {word}"
        if isinstance(column, Date):
            start = np.datetime64(column.start)
            seen = [
                pd.Timestamp(start + np.timedelta64(round(x), column.unit)).date()
                for x in (column.low, column.high)
            ]
            end = place.date_input(label, None, *seen, key=f"{word}-{key}")
            if end is not None and word == "to" and column.unit != "D":
                end = pd.Timestamp(end) + pd.Timedelta(days=1) - pd.Timedelta(1, "us")
        else:
            whole = isinstance(column, Integer)
            end = place.number_input(
                label,
                value=None,
                step=1 if whole else None,
                format=None if whole else f"%.{max(column.decimals, 2)}f",
                placeholder=bound,
                key=f"{word}-{key}",
            )
        ends.append(end)
    return None if ends == [None, None] else tuple(ends)


def tell(run: Run, conditions: dict, n: int) -> None:
    """How many real rows fulfil the conditions that ``n`` new ones do."""
    low, high = condition_bounds(run.dataset.codec, conditions)  # pyright: ignore
    real = int(((run.dataset.X >= low) & (run.dataset.X <= high)).all(1).sum())
    st.caption(
        f":material/rule: All {n:,} fulfil the conditions. So do {real:,} of the data's "
        f"{len(run.dataset):,} rows ({percent(real / max(len(run.dataset), 1))})."
    )


def provenance(conditions: dict) -> dict:
    """What a download says of them; plain JSON."""
    plain = {str(name): _plain(wanted) for name, wanted in conditions.items()}
    return {"conditions": plain} if plain else {}


def _plain(wanted: Any) -> Any:
    if isinstance(wanted, (tuple, list)):
        return [_plain(part) for part in wanted]
    return wanted if wanted is None or isinstance(wanted, (int, float, str)) else str(wanted)


def suffix(conditions: dict) -> str:
    """The same for a file's name, in letters and digits."""
    words = re.sub("[^0-9A-Za-z]+", "_", "_".join(map(str, conditions)))[:30]
    return f"-given-{words}" * bool(words)
