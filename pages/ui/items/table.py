"""Rows of a table, typed; one row as a record that says where each value lies in its range."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ..dataframes import days, tall

ICON, UNIT = ":material/table:", "rows"


def gallery(dataset, items, captions, key, width, together):
    frame = pd.DataFrame(items).reset_index(drop=True)
    if captions:
        frame.insert(0, " ", captions)
    st.dataframe(
        frame,
        hide_index=True,
        height=tall(frame, 430),
        key=f"frame-{key}",
        alt="rows of the table",
        column_config=days(frame),
    )


def one(dataset, item, title, key, beside, beside_title):
    row = pd.DataFrame(item).iloc[0]
    other = pd.DataFrame(beside).iloc[0] if beside is not None else None
    records = []
    for column in dataset.codec.columns:
        record = {"column": str(column.name), title: column.show(row.get(column.name))}
        if other is not None:
            record[beside_title] = column.show(other.get(column.name))
        record["in its range"] = column.fraction(row.get(column.name))
        records.append(record)
    st.dataframe(
        pd.DataFrame(records),
        hide_index=True,
        key=f"record-{key}",
        height=tall(records, 520),
        column_config={
            "in its range": st.column_config.ProgressColumn(
                "in its range",
                min_value=0,
                max_value=1,
                format=" ",
                help=(
                    "Where the value lies between the smallest and the largest seen; for "
                    "categories, empty."
                ),
            )
        },
    )
