"""Correct what was understood of an upload: what could not be decided, with the other reading one
click away; the reader's own options as a form, the reader itself, and the type of every column.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import streamlit as st

from lvm_core.datasets import READERS, reader_for, readers_for
from lvm_core.datasets.base import DataError
from lvm_core.datasets.doubts import Doubt, open_doubts
from lvm_core.datasets.infer import COLUMN_TYPES
from lvm_core.datasets.titles import SHOWN, title_columns
from lvm_core.datasets.upload import name_list
from lvm_core.io.files import StoreError
from lvm_core.text import markdown as md

from ..session import identity, reading, state
from ..session.services import services
from . import dataframes, forms

# options that name a column, and what else they take
COLUMNS = {
    "label": ("auto", "none"),
    "text_column": ("auto",),
    "series": ("auto", "none"),
    "value": ("auto",),
    "order": ("auto", "none"),
}


def doubts(data: state.Data) -> None:
    """What could not be decided, each a sentence with both answers; what was answered is gone."""
    if not identity.owns("datasets", data.id):
        return
    found = open_doubts(data.dataset.source)
    if not found:
        return
    with st.container(border=True, key="doubts"):
        st.markdown("**Is this right?**")
        for i, doubt in enumerate(found):
            st.markdown(md(doubt.sentence, 300))
            with st.container(horizontal=True):
                if st.button(
                    md(doubt.other, 60), icon=":material/refresh:", key=f"doubt-other-{i}"
                ):
                    _read_otherwise(data, doubt)
                if st.button("Yes", icon=":material/check:", key=f"doubt-keep-{i}"):
                    _confirm(data, doubt)


def _read_otherwise(data: state.Data, doubt: Doubt) -> None:
    source = data.dataset.source
    asked = source.get("asked", {})
    types = asked.get("types", {}) | doubt.options.get("types", {})
    reader = doubt.options.get("reader", source["reader"])
    options = {k: v for k, v in asked.items() if k != "types" and reader == source["reader"]}
    options |= {k: v for k, v in doubt.options.items() if k not in ("types", "reader")}
    with st.spinner("Reading it again…"):
        found = read(data.upload, data.upload_name, READERS[reader], options, types, given=options)
    if found is not None:
        replaced(data, found)
        st.rerun()


def _confirm(data: state.Data, doubt: Doubt) -> None:
    """Keep the answer with the dataset's options."""
    source = data.dataset.source
    asked = source.get("asked", {})
    types = asked.get("types", {}) | doubt.keep.get("types", {})
    said = asked | doubt.keep | ({"types": types} if types else {})
    _keep_source(data, source | {"asked": said})


def _keep_source(data: state.Data, source: dict) -> None:
    try:
        identity.require("datasets", data.id)
        if data.stored:
            services().workspace.confirm_dataset(data.id, source)
    except ValueError as error:
        st.error(md(str(error), 400), icon=":material/error:")
        return
    data.dataset.source = source
    st.rerun()


def private(data: state.Data) -> None:
    """Whether columns about persons may stand in titles and exports; off until it is asked for."""
    found = title_columns(data.dataset).private
    if not found or not identity.owns("datasets", data.id):
        return
    source = data.dataset.source
    shown = st.toggle(
        "Show names and e-mails",
        bool(source.get(SHOWN)),
        key=f"private-{data.id}",
        help=f"{md(name_list(found, 10), 300)}: left out of titles and exports until they are "
        "asked for.",
    )
    if shown != bool(source.get(SHOWN)):
        _keep_source(
            data, {k: v for k, v in source.items() if k != SHOWN} | ({SHOWN: True} if shown else {})
        )


def replaced(before: state.Data, now: state.Data) -> None:
    """Take the earlier reading of an upload away, unless a run was made from it, or a person put
    columns beside it.
    """
    id = before.id
    if before.dataset.added or not before.stored or id == now.id:
        return
    if not identity.owns("datasets", id):
        return
    try:
        services().workspace.delete_dataset(id)
    except StoreError:
        return
    services().datasets.drop(id)


def panel(data: state.Data) -> None:
    """The form under a dataset that was read from a file; reading again replaces it."""
    source = data.dataset.source
    if source.get("reader") not in READERS:
        return
    with st.expander(
        "Change how it was read", icon=":material/edit:", key=f"change-{data.id}", on_change="rerun"
    ) as more:
        if not more.open:
            return
        reader = _reader(data.upload, data.upload_name, source["reader"], data.id)
        same = reader.name == source["reader"]
        _form(
            reader,
            source if same else {},
            data.upload,
            data.upload_name,
            columns=_columns(data) if same else None,
            key=data.id if same else f"{data.id}-{reader.name}",
        )


def _reader(raw: bytes, name: str, now: str, key: str):
    """The reader, of those that may read the file."""
    try:
        readers = {r.name: r for r in readers_for(raw, name)}
    except DataError:
        readers = {}
    readers = {now: READERS[now]} | readers
    if len(readers) == 1:
        return READERS[now]
    chosen = st.selectbox(
        "File type",
        list(readers),
        format_func=lambda r: readers[r].title,
        key=f"reader-{key}",
        help="What the file is. Each type has settings of its own.",
    )
    return readers[chosen]


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
    with st.expander("Read it another way", icon=":material/edit:"):
        reader = _reader(raw, name, reader.name, "failed")
        _form(reader, {}, raw, name, columns=None, key=f"failed-{name}-{reader.name}")


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
    text_only = (
        ("max_terms", "min_df", "stop_words", "numbers") if found.get("kind") == "table" else ()
    )
    arrays = source.get("arrays", {})
    hidden = tuple(
        n
        for n in (*COLUMNS, *(("array",) if arrays else ()))
        if n in reader.parameters() and reader.parameters()[n].choices is None
    )
    with st.form(f"correct-{key}", border=False):
        values = forms.form(reader, asked, key=f"correct-{key}", hide=hidden + text_only)
        if arrays:
            values |= _arrays(reader, arrays, asked, found, key)
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


def _arrays(reader, arrays: dict, asked: dict, found: dict, key: str) -> dict[str, str]:
    """Which array is read and which is the label, of those in the file."""
    n = arrays.get(found.get("array"), [0])[0]
    fit = {
        "array": {"auto": "", **{a: s for a, s in arrays.items() if 2 <= len(s) <= 4}},
        "label": {"auto": "", "none": "", **{a: s for a, s in arrays.items() if s == [n]}},
    }
    values = {}
    for slot, (option, choices) in zip(st.columns(2), fit.items()):
        parameter, at = reader.parameters()[option], asked.get(option, "auto")
        values[option] = slot.selectbox(
            parameter.label,
            list(choices),
            index=list(choices).index(at) if at in choices else 0,
            format_func=lambda a, of=choices: (
                f"{a} ({' × '.join(f'{v:,}' for v in of[a])})" if of[a] else a
            ),
            key=f"correct-{key}-{option}",
            help=f"Now: {md(str(found.get(option, 'none')), 60)}. {parameter.help}",
        )
    return values


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
    raw: bytes,
    name: str,
    reader,
    values: dict[str, Any],
    types: dict[str, str],
    given: Collection[str] = (),
) -> state.Data | None:
    """Read an upload with other options: what comes of it is the session's dataset. Options are
    passed on where they differ from the default, or are among those ``given`` on purpose. Where it
    cannot be read the page says why, and nothing is returned.
    """
    default = {n: p.default for n, p in reader.parameters().items()}
    options = {k: v for k, v in values.items() if k in given or v != default[k]}
    try:
        unasked = reader_for(raw, name) is reader
    except DataError:
        unasked = False
    try:
        with st.spinner("Reading it…", show_time=True):
            dataset = reading.read(
                raw, name, None if unasked else reader.name, types or None, **options
            )
    except DataError as error:
        st.error(md(str(error), 800), icon=":material/error:")
        return None
    st.session_state.pop("trouble", None)
    return state.use_data(state.Data(dataset, upload=raw, upload_name=name))
