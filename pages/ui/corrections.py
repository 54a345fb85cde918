"""Correct what was understood of an upload: the reader's own options as a form, and the type of
every column.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from lvm_core.datasets import READERS, read_dataset, reader_for
from lvm_core.datasets.base import DataError
from lvm_core.datasets.infer import COLUMN_TYPES
from lvm_core.text import markdown as md

from ..session import state
from . import dataframes, forms

# options that name a column, and what else they take
COLUMNS = {
    "label": ("auto", "none"),
    "text_column": ("auto",),
    "series": ("none",),
    "value": ("auto",),
    "order": ("auto", "none"),
}


def panel(data: state.Data) -> None:
    """The form under a dataset that was read from a file; reading again replaces it."""
    source = data.dataset.source
    if source.get("reader") not in READERS:
        return
    with st.expander("Something wrong? Correct it and read again", icon=":material/edit:"):
        _form(
            READERS[source["reader"]],
            source,
            data.upload,
            data.upload_name,
            columns=_columns(data),
            key=data.id,
        )


def remember_failed(raw: bytes, name: str) -> None:
    """Keep a file that could not be read, so that its options can be corrected without bringing
    it again.
    """
    st.session_state["failed"] = (raw, name)


def after_failure() -> None:
    """The same form for a file that could not be read."""
    raw, name = st.session_state.get("failed", (None, ""))
    if raw is None:
        return
    try:
        reader = reader_for(raw, name)
    except DataError:
        return  # of no type known here: there is nothing to correct
    if reader.parameters():
        with st.expander("Read it another way", icon=":material/edit:"):
            _form(reader, {"name": name}, raw, name, columns=None, key=f"failed-{name}")


def _columns(data: state.Data) -> pd.DataFrame | None:
    """What each column was taken for, with an example, for files that have columns."""
    types = data.dataset.source.get("options", {}).get("types")
    if not types:
        return None
    rows = data.dataset.rows
    example = {
        c: rows[c].dropna().astype(str).head(3).str.slice(0, 40).str.cat(sep=", ")
        if c in rows
        else ""
        for c in types
    }
    empty = {c: float(rows[c].isna().mean()) if c in rows else 1.0 for c in types}
    return pd.DataFrame(
        {
            "column": list(types),
            "read as": list(types.values()),
            "for example": [example[c] for c in types],
            "empty": [empty[c] for c in types],
        }
    )


def _form(
    reader, source: dict, raw: bytes, name: str, *, columns: pd.DataFrame | None, key: str
) -> None:
    asked = {k: v for k, v in source.get("asked", {}).items() if k != "types"}
    found = source.get("options", {})
    text_only = ("max_terms", "min_df", "stop_words") if found.get("kind") == "table" else ()
    hidden = tuple(
        n for n in COLUMNS if n in reader.parameters() and reader.parameters()[n].choices is None
    )
    with st.form(f"correct-{key}", border=False):
        values = forms.form(reader, asked, key=f"correct-{key}", hide=hidden + text_only)
        names = list(columns["column"]) if columns is not None else []
        for group in (("label", "text_column"), ("series", "value", "order")):
            for slot, option in zip(st.columns(len(group)), group):
                if option in hidden and names:
                    values[option] = _column(
                        slot, option, reader.parameters()[option], names, asked, found, key
                    )
        types = _types(columns, key) if columns is not None else {}
        if st.form_submit_button("Read again", icon=":material/refresh:", type="primary"):
            _read_again(
                raw,
                name,
                reader,
                values,
                types
                | {
                    k: v
                    for k, v in source.get("asked", {}).get("types", {}).items()
                    if k not in types
                },
            )


def _column(
    slot, option: str, parameter, names: list[str], asked: dict, found: dict, key: str
) -> str:
    choices = [*COLUMNS[option], *(n for n in names if n not in COLUMNS[option])]
    at = asked.get(option, choices[0])
    return slot.selectbox(
        parameter.label,
        choices,
        index=choices.index(at) if at in choices else 0,
        key=f"correct-{key}-{option}",
        help=f"Now: {found.get(option, 'none')}. {parameter.help}",
    )


def _types(columns: pd.DataFrame, key: str) -> dict[str, str]:
    """The columns' types as an editable table; returns those that were changed."""
    st.caption(
        "What each column holds. Choose another type where it was taken wrongly, or ignore to "
        "leave it out."
    )
    edited = st.data_editor(
        columns,
        hide_index=True,
        disabled=["column", "for example", "empty"],
        key=f"types-{key}",
        height=dataframes.tall(columns, 400),
        column_config={
            "read as": st.column_config.SelectboxColumn(
                "read as", options=list(COLUMN_TYPES), required=True
            ),
            "empty": st.column_config.NumberColumn("empty", format="percent"),
        },
    )
    changed = edited["read as"] != columns["read as"]
    return dict(zip(edited["column"][changed], edited["read as"][changed]))


def _read_again(
    raw: bytes, name: str, reader, values: dict[str, Any], types: dict[str, str]
) -> None:
    if read(raw, name, reader, values, types) is not None:
        st.rerun()


def read(
    raw: bytes, name: str, reader, values: dict[str, Any], types: dict[str, str]
) -> state.Data | None:
    """Read an upload with other options: what comes of it is the session's dataset. Where it
    cannot be read the page says why, and nothing is returned.
    """
    default = {n: p.default for n, p in reader.parameters().items()}
    options = {k: v for k, v in values.items() if v != default[k]}
    try:
        dataset = read_dataset(raw, name=name, reader=reader.name, types=types or None, **options)
    except DataError as error:
        st.error(md(str(error), 800), icon=":material/error:")
        return None
    st.session_state.pop("trouble", None)
    return state.use_data(state.Data(dataset, upload=raw, upload_name=name))
