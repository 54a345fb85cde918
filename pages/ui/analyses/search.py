"""Analyse: the items most like one."""

from __future__ import annotations

import streamlit as st

from pages.ui import items, maps

TITLE, RANK = "Similar items", 50
QUESTION = "Which items are most like this one? Choose a row; the nearest codes are shown."


def why_not(run) -> str:
    """Always possible."""
    return ""


def draw(run) -> None:
    """One item and its nearest."""
    row = int(st.number_input("Row", 0, len(run.dataset) - 1, 0, key=f"like-{run.id}"))
    rows = [row, *maps.nearest_rows(run, row, 11)]
    items.gallery(run.dataset, run.dataset.items(rows), key=f"like-{run.id}", captions=[f"row {r}" for r in rows])
