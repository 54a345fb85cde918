"""The rules found in a table, each with a tick, and new rows that keep those that are ticked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.analysis.constrained_samples import (
    ConstrainedSamples,
    Draw,
    conditional_draw,
    sample_constrained,
)
from lvm_core.codecs.constraints import Constraint
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md

from ..session import code_sources, table_rows
from ..session.run import Run
from . import code_source_form

MOST_DRAWN = 20  # rows drawn for each that is shown, at most
_SCROLL = 5  # rules, beyond which they scroll
HELP = (
    "What at least 99.8 % of the training rows keep, and would not by chance. Rows that break a "
    "ticked rule are put right: determined values are looked up, totals added up, and where an "
    "order is broken another row is drawn. Downloads keep the rules too."
)


class Rules:
    """The choice as widgets: which rules new rows keep. Nothing is drawn where there are none."""

    def __init__(self, run: Run):
        self.run = run
        found = table_rows.rules(run)
        self.kept: list[Constraint] = []
        self._told: list[tuple[Constraint, st.delta_generator.DeltaGenerator]] = []
        if not found:
            return
        st.markdown("**Rules found in the data**", help=HELP)
        with st.container(height=330 if len(found) > _SCROLL else "content", border=False):
            for i, rule in enumerate(found):
                with st.container(gap=None):
                    if st.checkbox(md(rule.words, 90), True, key=f"rule-{run.id}-{i}"):
                        self.kept.append(rule)
                    self._told.append((rule, st.empty()))

    def provenance(self) -> dict:
        """What a download says of them; plain JSON."""
        return {"rules": "; ".join(rule.words for rule in self.kept)} if self.kept else {}

    def suffix(self) -> str:
        """The same for a file's name."""
        return f"-rules{len(self.kept)}" * bool(self.kept)

    def tell(self, before: tuple[float, ...], drawn: int) -> None:
        """Under each rule, how many real rows keep it, and how many of the ``drawn`` ones did."""
        shares = dict(zip((id(rule) for rule in self.kept), before, strict=True))
        for rule, place in self._told:
            words = f"in {percent(rule.support)} of {rule.rows:,} rows"
            if id(rule) in shares:
                words += f"; in {percent(shares[id(rule)])} of {drawn:,} drawn rows before"
            place.caption(words)


def draw(
    run: Run,
    rules: Rules,
    source: code_sources.Source | None,
    conditions: dict,
    n: int,
    temperature: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame] | None:
    """Codes (n, k), rows of X (n, d) and the rows themselves, with their label, that keep the rules
    and fulfil the conditions; None while a density is being fitted. Where no row can fulfil them,
    the page ends with a sentence.
    """
    dataset, model = run.dataset, run.fitted.model
    label = table_rows.label_column(run)

    def made(draws: Draw, size: int, chosen: str | None = None) -> ConstrainedSamples:
        return sample_constrained(
            dataset,
            draws,
            size,
            constraints=rules.kept,
            conditions=conditions,
            label=label,
            chosen_label=chosen,
            seed=seed,
            most=MOST_DRAWN,
        )

    try:
        if source is None:
            parts = [made(conditional_draw(model, dataset.codec, conditions), n)]
        else:
            if code_source_form.codes(run, source, 1, temperature, seed) is None:
                return None
            labels = code_source_form.labels_of(run, source) if source.each else [source.label]
            sizes = code_sources.shares(n, labels) if source.each else {source.label: n}
            parts = [
                made(_from_codes(run, replace(source, label=own, each=False), temperature), m, own)
                for own, m in sizes.items()
            ]
    except ValueError as error:
        st.error(md(str(error), 400), icon=":material/block:")
        st.stop()
    X = np.concatenate([part.X for part in parts])
    codes = [part.codes for part in parts if part.codes is not None]
    new = pd.concat([part.rows for part in parts], ignore_index=True)
    if not len(new):
        st.error(
            f"None of {sum(part.drawn for part in parts):,} drawn rows keeps the ticked rules and "
            "fulfils the conditions; ask for less.",
            icon=":material/block:",
        )
        st.stop()
    weights = [part.drawn for part in parts]
    held = np.average([part.held_before for part in parts], axis=0, weights=weights)
    rules.tell(tuple(held.tolist()), sum(weights))
    for sentence in filter(None, (part.sentence for part in parts)):
        st.caption(f":material/rule: {md(sentence, 400)}")
    return (np.concatenate(codes) if codes else model.transform(X)), X, new


def _from_codes(
    run: Run, source: code_sources.Source, temperature: float
) -> Callable[[int, int], tuple[np.ndarray | None, np.ndarray]]:
    def draws(n: int, seed: int):
        codes = code_source_form.codes(run, source, n, temperature, seed)
        assert codes is not None  # asked before
        return codes, run.fitted.model.sample_decoder(codes, random_state=seed)

    return draws
