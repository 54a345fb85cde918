"""How tables of a page are set up: their height and their dates."""

from __future__ import annotations

import pandas as pd
import streamlit as st

ROW = 33  # pixels of a row at the theme's font size, the head's too


def tall(rows, most: int = 400) -> int:
    """Pixels that a table of ``rows`` takes, named so that its place is kept while the browser
    fetches the code that draws it: a button below would otherwise move away under the hand.
    """
    return min(ROW * (1 + len(rows)) + 3, most)


LETTER, MARGIN = 6.6, 24  # pixels of a letter of a table, and of a cell's two sides


def whole(frame: pd.DataFrame, most: int = 420) -> dict:
    """Column settings under which text is wide enough to be read to its end: Streamlit measures
    a sample of the cells, and cuts the others. A longer table scrolls to the side.
    """
    return {
        name: st.column_config.TextColumn(
            name, width=int(min(most, MARGIN + LETTER * max(map(len, [name, *column]))))
        )
        for name, column in frame.items()
        if all(isinstance(value, str) for value in column)
    }


def days(frame: pd.DataFrame) -> dict:
    """Column settings that show dates without a time of day as what they are."""
    return {
        name: st.column_config.DateColumn(name)
        for name, column in frame.items()
        if pd.api.types.is_datetime64_any_dtype(column)
        and (column.dropna() == column.dropna().dt.normalize()).all()
    }
