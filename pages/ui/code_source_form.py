"""Where new codes are drawn from, on Generate and for their quality on Analyse: the model's own
prior, or a density fitted to the codes of the training rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from lvm_core.latent.density import LEAST
from lvm_core.latent.held_out import Comparison
from lvm_core.latent.samplers import SAMPLERS
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md

from ..session import code_sources
from ..session.state import Run
from . import similar_items, work

LINES = {
    code_sources.BEST: (
        "The best on held-out codes",
        "The source under which codes of rows that were not learnt from are the most probable.",
    ),
    code_sources.PRIOR: (
        "The model's prior",
        "From the distribution of codes that the model was made for.",
    ),
    code_sources.CHOSEN: (
        "Like the chosen rows",
        "From a density fitted to the codes of the rows that are chosen, here and on the map.",
    ),
} | {name: (s.title, s.summary) for name, s in SAMPLERS.items()}
HELP = (
    "Held-out codes: the mean log density, in nats a row, of codes that no source was fitted to; "
    "more is better. The error is that of the mean. Of sources that differ by less than the error "
    "of their difference, the simpler is the best."
)


# no labels: text of users holds no such character
EACH, ALL = "\0each", "\0all"


def choose(run: Run, *, each: bool = False) -> code_sources.Source:
    """The choice as widgets; without a choice to make, nothing is drawn. ``each`` offers all labels
    equally often, at first for pictures of a conditional model.
    """
    told, scored = code_sources.class_labels(run.fitted.model), code_sources.chosen_by_score(run)
    names = [code_sources.BEST] * scored + [code_sources.PRIOR, *code_sources.offered(run)]
    if len(run.selection) >= LEAST:
        names.append(code_sources.CHOSEN)
    name = code_sources.PRIOR
    if len(names) > 1:
        name = st.selectbox(
            "Draw codes from",
            names,
            format_func=lambda n: LINES[n][0],  # of which no word may change: they are its values
            key=f"sampler-{run.id}",
            help=HELP if scored else None,
        )
    if name == code_sources.CHOSEN:
        st.caption(LINES[name][1])
        st.caption(f"{len(run.selection):,} rows are chosen.")
        return code_sources.Source(name, chosen=similar_items.digest(run.selection))
    if name == code_sources.PRIOR:
        found = code_sources.compared(run) if scored else None  # scores are shown, not asked for
    else:
        found = work.result(
            run,
            *code_sources.comparison(run),
            seconds=2.0 + 3e-4 * run.fitted.codes.size,
            start="Compare" if name == code_sources.BEST else "Fit",
        )
    if name == code_sources.BEST:
        if found is None:
            st.caption("Until then, codes of the model's prior.")
        name = found.best if found else code_sources.PRIOR
    if len(names) > 1:
        title = f"**{LINES[name][0]}**: " * (found is not None and name == found.best)
        st.caption(f"{title}{LINES[name][1]}")
    if found is not None and name != code_sources.PRIOR and name not in found.samplers:
        st.caption(":material/stop_circle: It was not fitted: the comparison was stopped before.")
    if found is not None and found.scores:
        st.caption(f"Held-out codes, a row, the best first: {_ranking(found)}.")
    lost = code_sources.share_out_of_support(run)
    if lost > code_sources.MOST_OUT_OF_SUPPORT and name == code_sources.PRIOR:
        st.caption(
            f":material/info: {percent(lost)} of these codes fall where hardly any data is: the "
            "decoder has seldom been there."
        )
    kept = getattr(run.fitted.model, "acceptance_", None)
    if kept is not None and name == code_sources.PRIOR:
        st.caption(
            f":material/filter_alt: The critic refuses what looks least real to it: about "
            f"{percent(kept)} of the draws are kept.",
            help=(
                "Discriminator rejection sampling (Azadi et al., 2019): the critic's score of a "
                "draw estimates how much more probable it is among real pictures than among drawn "
                "ones. Train with rejection 0 to see every draw."
            ),
        )
    labels = told if name == code_sources.PRIOR else _labels(found, name)
    if not labels:
        return code_sources.Source(name)
    in_rows = each and bool(told) and run.dataset.kind == "image"
    options = {EACH: "each, in a row of its own"} if each else {}
    options |= {ALL: "all, as often as in the data"} if in_rows else {}
    label = st.selectbox(
        md(str(run.dataset.label or "Label"), 40),
        [*options, *labels],
        index=0 if in_rows else None,
        format_func=lambda found: options.get(found, found),
        placeholder="all, as often as in the data",
        key=f"label-{run.id}",
    )
    if label == EACH:
        return code_sources.Source(name, each=True)
    label = None if label == ALL else label
    return code_sources.Source(name, label)


def codes(
    run: Run, source: code_sources.Source, n: int, temperature: float, seed: int
) -> np.ndarray | None:
    """n codes (n, k); None while the density is being fitted."""
    if source.each:
        parts = [
            codes(run, replace(source, label=label, each=False), size, temperature, seed)
            for label, size in code_sources.shares(n, labels_of(run, source)).items()
        ]
        return None if parts[0] is None else np.concatenate(parts)
    label = {} if source.label is None else {"label": source.label}
    if source.name == code_sources.PRIOR:
        return run.fitted.model.sample_codes(n, temperature=temperature, random_state=seed, **label)
    if source.name == code_sources.CHOSEN:
        group = similar_items.group(run, run.selection, source.chosen)
        sampler = None if group is None else group.sampler
    else:
        found = code_sources.compared(run)
        sampler = found.samplers.get(source.name) if found else None
    if sampler is None:
        return None
    Z = sampler.sample(n, temperature=temperature, random_state=seed, **label)
    return np.asarray(Z, np.float32)


def labels_of(run: Run, source: code_sources.Source) -> list[str]:
    """The labels that codes of a source can be drawn for."""
    if source.name == code_sources.PRIOR:
        return code_sources.class_labels(run.fitted.model)
    return _labels(code_sources.compared(run), source.name)


def _ranking(found: Comparison) -> str:
    """All sources with their scores, the best first."""
    order = sorted(found.scores, key=lambda name: (name != found.best, -found.scores[name].nats))
    return " · ".join(f"{LINES[name][0]} {found.scores[name].words()}" for name in order)


def _labels(found: Comparison | None, name: str) -> list[str]:
    sampler = found.samplers.get(name) if found else None
    return sorted({label for label in sampler.labels_ if label is not None}) if sampler else []
