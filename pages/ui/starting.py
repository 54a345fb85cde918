"""Start a run from a page, and say there what stands in its way."""

from __future__ import annotations

import streamlit as st

from lvm_core.text import markdown as md

from ..session import runs, state
from . import navigation


def start_digits() -> None:
    """One click: handwritten digits and a VAE with the settings that suit them."""
    from lvm_core import DATASETS, MODELS

    dataset = DATASETS["digits"]().load()
    model = MODELS["VAE"]
    if start(state.Data(dataset), model(**model.suggest(len(dataset), dataset.schema))) is not None:
        navigation.go("train")


def start(data: state.Data, model) -> state.Run | None:
    """Start a run; what stands in its way is said on the page."""
    try:
        return runs.start_run(data, model)
    except ValueError as error:
        st.error(md(str(error), 600), icon=":material/error:")
        return None
