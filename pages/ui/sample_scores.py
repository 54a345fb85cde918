"""How good the samples on the page are: their distance to real rows with its floor, copies, values
out of range; measured beside the page.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from lvm_core.metrics import generation
from lvm_core.metrics.samples.scale import LEAST_ROWS, MOST_ROWS, frechet_scale
from lvm_core.text import markdown as md

from ..session import code_sources, pace
from ..session.run import Run
from . import code_source_form, scores, work

TITLE = "Comparing the samples with real rows"


def show(run: Run, source: code_sources.Source, X, temperature: float, seed: int) -> None:
    """A card a number, or the progress of measuring them. The distance is that of as many samples
    as there are real rows to compare with, drawn in the same way as those shown, ``X``.
    """
    rows, train = _rows(run, source), run.fitted.train
    if len(train) < 4:
        st.caption("Too few rows were trained on to compare with.")
        return
    # against real rows, whose labels are as frequent as they are
    as_real = replace(source, each=False)
    codes = code_source_form.codes(run, as_real, MOST_ROWS, temperature, seed)
    if codes is None:
        return
    settings = {"n": len(X), "temperature": temperature, "seed": seed, "label": run.dataset.label}

    def measure(on_step):
        found, words, free = generation(run.dataset.X[train], X, run.dataset.schema), "", len(rows)
        if free >= 2 * LEAST_ROWS:
            own = run.data.own_features(on_step)
            among = np.intersect1d(own.free, rows)  # not those that the features were learnt from
            free = len(among)
            if free >= 2 * LEAST_ROWS:
                scale = frechet_scale(run.dataset, own, among)
                new = run.fitted.model.sample_decoder(codes[: scale.size], random_state=seed)
                found, words = [scale.score(new), *found], own.features.words
        return found, words, free

    done = work.result(
        run,
        TITLE,
        settings | source.provenance(),
        measure,
        seconds=seconds(run, len(X)),
        start="Measure",
    )
    if done is None:
        return
    found, words, free = done
    st.caption(
        "Fréchet distance: how far means and covariances lie apart; less is better. Rows are "
        f"compared by {md(words, 300)}. Its bar runs from shuffled columns (empty) to real rows "
        "(full)."
        if words
        else f"There are {free:,} real rows like these to compare with, too few to measure a "
        f"distance to: it takes {2 * LEAST_ROWS}."
    )
    scores.show(found)


def seconds(run: Run, n: int) -> float:
    """What comparing n samples with real rows takes, besides decoding them: features of pictures
    are learnt, and everything is compared with everything.
    """
    dataset = run.dataset
    learnt = 1.5e-5 * min(len(dataset), MOST_ROWS) * dataset.X.shape[1]
    compared = 3e-3 * min(n + len(dataset), 2 * MOST_ROWS)
    return compared + (learnt if dataset.kind == "image" else 0.0) + n * pace.decoding(run)


def _rows(run: Run, source: code_sources.Source) -> np.ndarray:
    """The real rows such samples are like: all, those of a label, or the chosen ones."""
    if source.name == code_sources.CHOSEN:
        return run.selection
    y = run.dataset.targets() if source.label is not None else None
    return np.arange(len(run.dataset)) if y is None else np.flatnonzero(y == source.label)
