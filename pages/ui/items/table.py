"""Rows of a table, typed; one row as a record that says where each value lies in its range."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from ..dataframes import days, tall

ICON, UNIT = ":material/table:", "rows"
SHORT = 12  # letters of a value that stays on one line
PLACE = "Where the value lies between the smallest and the largest seen; for categories, empty."


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
    heads = ["column", title, *([] if other is None else [beside_title])]
    lines = []
    for column in dataset.codec.columns:
        value = row.get(column.name)
        shown = [
            column.show(value),
            *([] if other is None else [column.show(other.get(column.name))]),
        ]
        cells = "".join(
            f"<td{' class=n' * (len(text) <= SHORT)}>{escape(text)}</td>" for text in shown
        )
        name = escape(str(column.name)).replace("_", "_<wbr>")  # a long name breaks at its words
        lines.append(
            f"<tr><th scope='row'>{name}</th>{cells}<td>{_place(column.fraction(value))}</td></tr>"
        )
    named = "".join(f"<th scope='col'>{escape(head)}</th>" for head in heads)
    with st.container(key=f"record-{key}"):
        # no data frame: in a narrow place that hides the columns on its right
        st.html(
            f"<div tabindex='0'><table><thead><tr>{named}<th scope='col' title='{PLACE}'>in its "
            f"range</th></tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        )


def _place(fraction) -> str:
    """A bar for where a value lies in its range; nothing for a category."""
    if fraction is None:
        return ""
    percent = f"{100 * fraction:.0f}"
    return f"<i role='img' aria-label='{percent} %'><b style='width:{percent}%'></b></i>"
