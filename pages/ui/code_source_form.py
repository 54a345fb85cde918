"""Where new codes are drawn from, on Generate and for their quality on Analyse: the model's own
prior, or a density fitted to the codes of the training rows.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.latent.density import LEAST
from lvm_core.latent.samplers import SAMPLERS, why_not
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md

from ..session import code_sources
from ..session.state import Run
from . import similar_items, work

LINES = {
    code_sources.PRIOR: (
        "The model's own",
        "From the distribution of codes that belongs to the model.",
    ),
    code_sources.CHOSEN: (
        "Like the chosen rows",
        "From a density fitted to the codes of the rows that are chosen, here and on the map.",
    ),
} | {name: (s.title, s.summary) for name, s in SAMPLERS.items()}


def choose(run: Run) -> code_sources.Source:
    """The choice as widgets; without a choice to make, nothing is drawn."""
    train = run.fitted.train
    Z, y = run.fitted.codes[train], code_sources.targets(run)
    names = [code_sources.PRIOR, *(name for name in SAMPLERS if not why_not(name, Z, y))]
    told = code_sources.class_labels(run.fitted.model)
    if told:
        # the model itself draws by label
        names.remove("Classes") if "Classes" in names else None
    if len(run.selection) >= LEAST:
        names.append(code_sources.CHOSEN)
    name, lost, first = (
        code_sources.PRIOR,
        code_sources.share_out_of_support(run),
        code_sources.recommended(run),
    )
    if len(names) > 1:
        name = st.selectbox(
            "Draw codes from",
            names,
            names.index(first),
            format_func=lambda n: LINES[n][0],
            key=f"sampler-{run.id}",
        )
        st.caption(LINES[name][1])
    if lost > code_sources.MOST_OUT_OF_SUPPORT and name in (code_sources.PRIOR, first):
        where = (
            f"{percent(lost)} of the codes of the model's own distribution lie where hardly any of "
            "the data's do"
        )
        st.caption(
            f":material/info: {where}: the decoder has seldom been there."
            if name == code_sources.PRIOR
            else f":material/info: Offered first, because {where}."
        )
    if name == code_sources.CHOSEN:
        st.caption(f"{len(run.selection):,} rows are chosen.")
        return code_sources.Source(name, chosen=similar_items.digest(run.selection))
    labels = told if name == code_sources.PRIOR else _labels(y) if name == "Classes" else []
    if not labels:
        return code_sources.Source(name)
    label = st.selectbox(
        md(str(run.dataset.label or "Label"), 40),
        labels,
        index=None,
        placeholder="all, as often as in the data",
        key=f"label-{run.id}",
    )
    return code_sources.Source(name, label)


def codes(
    run: Run, source: code_sources.Source, n: int, temperature: float, seed: int
) -> np.ndarray | None:
    """n codes (n, k); None while the density is being fitted."""
    if source.name == code_sources.PRIOR:
        label = {} if source.label is None else {"label": source.label}
        return run.fitted.model.sample_codes(n, temperature=temperature, random_state=seed, **label)
    if source.name == code_sources.CHOSEN:
        found = similar_items.group(run, run.selection, source.chosen)
        return (
            None
            if found is None
            else np.asarray(
                found.sampler.sample(n, temperature=temperature, random_state=seed), np.float32
            )
        )
    fitted = work.result(run, *code_sources.density_fit(run, source.name))
    return (
        None
        if fitted is None
        else fitted.sample(n, temperature=temperature, random_state=seed, label=source.label)
    )


def _labels(y) -> list[str]:
    names, counts = np.unique([v for v in y if v is not None], return_counts=True)
    return [str(name) for name, count in zip(names, counts) if count > 1]
