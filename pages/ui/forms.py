"""A recipe's parameters as widgets. Nothing about a parameter is stated here: it is read from
the recipe.
"""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from lvm_core.params import Parameter, Params
from lvm_core.text import markdown as md

LETTERS = 16  # of all choices side by side that half of a page of 1280 pixels shows whole


def form(
    cls: type[Params],
    suggested: dict[str, Any] | None = None,
    *,
    key: str,
    hide: tuple[str, ...] = (),
    first: tuple[str, ...] = (),
    columns: int = 2,
) -> dict[str, Any]:
    """Widgets for every parameter of ``cls``; returns name -> value. ``suggested`` replaces
    defaults; ``hide`` names are left out; ``first`` ones are in sight though they are advanced.
    """
    shown = [p for p in cls.parameters().values() if p.name not in hide]
    start = {p.name: (suggested or {}).get(p.name, p.default) for p in shown}
    values = {}
    for group, place in ((False, st.container()), (True, None)):
        members = [p for p in shown if (p.advanced and p.name not in first) is group]
        if not members:
            continue
        place = place or st.expander("More settings")
        with place:
            slots = st.columns(columns)
            for i, parameter in enumerate(members):
                with slots[i % columns]:
                    values[parameter.name] = widget(
                        parameter, start[parameter.name], f"{key}.{parameter.name}"
                    )
    return values


def widget(p: Parameter, value: Any, key: str):
    """One widget that can only give values the parameter accepts."""
    label, help = (
        md(p.label),
        p.help
        + (f" Accepts {p.domain()}." if p.choices is None and p.type in (int, float) else ""),
    )
    if p.choices is not None:
        if len(p.choices) <= 4 and sum(len(_word(choice)) for choice in p.choices) <= LETTERS:
            return st.segmented_control(
                label,
                p.choices,
                default=value,
                required=True,
                format_func=_word,
                help=help,
                key=key,
            )
        return st.selectbox(
            label, p.choices, index=p.choices.index(value), format_func=_word, help=help, key=key
        )
    if p.type is bool:
        return st.toggle(label, value=value, help=help, key=key)
    if p.type is str:
        return st.text_input(label, value=value or "", help=help, key=key)
    kind = p.type
    low = kind(p.low) if p.low is not None else None
    high = kind(p.high) if p.high is not None else None
    step, format = (1, "%d") if kind is int else _step(p, value)
    return st.number_input(
        label,
        low,
        high,
        kind(value) if value is not None else None,
        step=step,
        format=format,
        help=help,
        key=key,
    )


def _step(p: Parameter, value: float) -> tuple[float, str]:
    if p.log and value:
        size = 10.0 ** math.floor(math.log10(abs(value)))
        return size, f"%.{max(0, 1 - int(math.floor(math.log10(size))))}f"
    return 0.1, "%.2f"


def _word(choice: Any) -> str:
    return str(choice).replace("_", " ")
