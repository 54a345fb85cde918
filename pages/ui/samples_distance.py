"""How far samples lie from real rows: one number with its floor, measured beside the page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.metrics import Score
from lvm_core.metrics.samples.scale import LEAST_ROWS, MOST_ROWS, frechet_scale
from lvm_core.text import markdown as md

from ..session import code_sources
from ..session.run import Run
from . import code_source_form, work

TITLE = "Fréchet distance to real rows"


def score(run: Run, source: code_sources.Source, temperature: float, seed: int) -> list[Score]:
    """The number, of so many samples drawn in the same way; none while it is measured, which is
    drawn, and where there are too few real rows, which is said.
    """
    rows = _rows(run, source)
    if len(rows) < 2 * LEAST_ROWS:
        st.caption(
            f"Compared with {len(rows):,} real rows, too few for a distance: it takes "
            f"{2 * LEAST_ROWS}."
        )
        return []
    codes = code_source_form.codes(run, source, MOST_ROWS, temperature, seed)
    if codes is None:
        return []
    settings = {"temperature": temperature, "seed": seed, "label": run.dataset.label}

    def measure(on_step):
        own = run.data.own_features(on_step)
        scale = frechet_scale(run.dataset, own, None if len(rows) == len(run.dataset) else rows)
        new = run.fitted.model.sample_decoder(codes[: scale.size], random_state=seed)
        return scale.score(new), own.features.words

    found = work.result(run, TITLE, settings | source.provenance(), measure, wait=0.3)
    if found is None:
        return []
    number, words = found
    st.caption(
        "Fréchet distance: how far means and covariances lie apart; less is better. Rows are "
        f"compared by {md(words, 300)}. Its bar runs from shuffled columns (empty) to real rows "
        "(full)."
    )
    return [number]


def _rows(run: Run, source: code_sources.Source) -> np.ndarray:
    """The real rows such samples are like: all, those of a label, or the chosen ones."""
    if source.name == code_sources.CHOSEN:
        return run.selection
    y = run.dataset.targets() if source.label is not None else None
    return np.arange(len(run.dataset)) if y is None else np.flatnonzero(y == source.label)
