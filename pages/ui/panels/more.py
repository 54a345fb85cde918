"""More like the chosen rows: new items drawn from a density fitted to their codes alone."""

import numpy as np
import streamlit as st

from lvm_core.latent.density import LEAST
from lvm_core.text import markdown as md
from pages.ui import downloads, items, scores, similar_items
from pages.ui.analyses._rows import needs_real_rows

TITLE, ORDER = "More like this", 14
SHOWN = {"image": 72, "table": 100, "text": 12, "array": 12}


def why_not(run, view) -> str:
    return "" if run.kind == "runs" else "It needs a model: train one first."


def draw(run, view) -> None:
    chosen, dataset, model = run.selection, run.dataset, run.fitted.model
    if len(chosen) < LEAST:
        st.caption(
            f"Choose at least {LEAST} rows, and this makes new items like them. {len(chosen)} are "
            "chosen."
        )
        return
    mark = similar_items.digest(chosen)
    found = similar_items.group(run, chosen, mark)
    if found is None:
        return
    setup, shown = st.columns([3, 9], gap="large")
    with setup:
        n = int(
            st.number_input(
                "How many",
                1,
                10_000,
                24 if dataset.kind == "image" else 12,
                key=f"alike-n-{run.id}",
            )
        )
        temperature = float(
            st.slider(
                "Temperature",
                0.0,
                2.0,
                1.0,
                0.05,
                key=f"alike-temperature-{run.id}",
                help=(
                    "Spread of the codes around the group's: 0 its most typical items, 1 its own "
                    "variety, above 1 beyond it."
                ),
            )
        )
        seed = int(
            st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"alike-seed-{run.id}",
                help="The same seed, selection, model and settings give the same items.",
            )
        )
    codes = np.asarray(
        found.sampler.sample(n, temperature=temperature, random_state=seed), np.float32
    )
    X = model.sample_decoder(codes, random_state=seed)
    new = dataset.decode(X)
    provenance = {
        "model": type(model).__name__,
        "run": run.id,
        "density": type(found.sampler).__name__,
        "rows": len(found.train),
        "chosen": mark,
        "seed": seed,
        "temperature": temperature,
        "n": n,
    }
    with setup, st.popover("Download", icon=":material/download:", width="stretch"):
        downloads.downloads(
            dataset,
            codes,
            X,
            new,
            provenance,
            f"like-{run.id}-{mark}-seed{seed}-t{temperature:g}-n{n}",
        )
    with shown:
        st.markdown(
            f"**{n:,} new, like the {len(chosen):,} chosen** · "
            f"{md(similar_items.typical(run, codes), 120)}"
        )
        items.gallery(dataset, new[: SHOWN[dataset.kind]], key=f"alike-{run.id}")
        if n > SHOWN[dataset.kind]:
            st.caption(f"The first {SHOWN[dataset.kind]} of {n:,} are shown; the download has all.")
        aside = (
            f", {len(found.unseen):,} rows the model has not seen left aside"
            if len(found.unseen)
            else ""
        )
        st.caption(
            f"{type(found.sampler).title}, fitted to the codes of {len(found.train):,} of "
            f"them{aside}. {type(found.sampler).summary}"
        )
    checks = [] if needs_real_rows(run) else similar_items.novelty(run, found, X)
    if checks:
        st.markdown("**Are they new, or copies?**")
        scores.show(checks)
