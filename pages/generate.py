"""Generate: new samples from the model, and their download."""

import numpy as np
import streamlit as st

from lvm_core.text import markdown as md
from pages.session import code_sources, state, table_rows
from pages.ui import (
    archives,
    code_source_form,
    conditions_form,
    downloads,
    frame,
    items,
    navigation,
    needs,
    rules_form,
    runs,
    sample_scores,
)

frame.header(
    "Generate",
    (
        "New items from the model. Choose how many and how varied (temperature 1 as usual, more is "
        "bolder); download them in the form your data came in."
    ),
)
if state.run() is None:
    archives.bring()
run = needs.need_run()
dataset, model = run.dataset, run.fitted.model
runs.picker("run-generate")

setup, shown = st.columns([3, 9], gap="large")
with setup:
    n = st.number_input(
        "How many",
        1,
        10_000,
        36 if dataset.kind == "image" else 12,
        key="n",
        help="Up to 10,000; the page shows the first ones, the download has all.",
    )
    conditions = conditions_form.choose(run)
    # under conditions, rows come from the model's own distribution of the rest
    source = None if conditions else code_source_form.choose(run, each=True)
    temperature = st.slider(
        "Temperature",
        0.0,
        2.0,
        1.0,
        0.05,
        disabled=bool(conditions),
        key="temperature",
        help=(
            "Multiplies the noise around the centres of the source that codes are drawn from: 1 is "
            "the source itself, 0 gives its centres (one average item of the model's own, one of "
            "each label or part of a density), above 1 stranger items."
        ),
    )
    seed = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        0,
        key="seed-generate",
        help="The same seed, model and settings give the same samples.",
    )
    rules = rules_form.Rules(run)
with shown:
    if dataset.kind == "table":
        drawn = rules_form.draw(
            run, rules, source, conditions, int(n), float(temperature), int(seed)
        )
        if drawn is None:
            st.stop()
        codes, X, new = drawn
        if source is None:
            conditions_form.tell(run, conditions, len(new))
    else:
        codes = code_source_form.codes(run, source, int(n), float(temperature), int(seed))
        if codes is None:
            st.stop()
        X = model.sample_decoder(codes, random_state=int(seed))
        new = dataset.decode(X)
provenance = {
    "model": type(model).__name__,
    "run": run.id,
    **(conditions_form.provenance(conditions) if source is None else source.provenance()),
    **rules.provenance(),
    "seed": int(seed),
    "n": int(n),
}
if source is None:
    settings = f"{conditions_form.suffix(conditions)}-seed{seed}"
else:
    provenance["temperature"] = float(temperature)
    settings = f"{source.suffix()}-seed{seed}-t{temperature:g}"
stem = f"{run.stem}-generated{settings}{rules.suffix()}-n{n}"

with shown:
    limit = {"image": 144, "table": 200, "text": 12, "array": 12}[dataset.kind]
    each = source is not None and source.each
    labels = code_source_form.labels_of(run, source) if source is not None else []
    sizes = code_sources.shares(int(n), labels or [""])
    by_label = each and dataset.kind == "image" and n <= limit
    if by_label:
        ends, most, sheet = np.cumsum(list(sizes.values())), max(sizes.values()), []
        for i, (label, end) in enumerate(zip(sizes, ends)):
            name, row = st.columns([1, 11], vertical_alignment="center")
            name.markdown(f"**{md(label, 24)}**")
            with row:
                items.gallery(dataset, new[end - sizes[label] : end], key=f"made-{i}")
            sheet += [
                *new[end - sizes[label] : end],
                *([np.ones_like(new[0])] * (most - sizes[label])),
            ]
        st.caption("A column shows one style under every label.")
    else:
        of = [label for label, size in sizes.items() for _ in range(size)][:limit]
        items.gallery(dataset, new[:limit], of if each else None, key="made")
    if n > limit and dataset.kind in ("image", "table"):
        st.caption(f"The first {limit} of {n:,} are shown.")
    label = table_rows.label_column(run)
    if label is not None and not label.drawn_by_model:
        words = f"{md(str(label.name), 40)} is drawn by its chances given the other columns."
        st.caption(f":material/label: {words}", help=md(label.sentence, 400))
    rows = (np.stack(sheet), most) if by_label else None
    downloads.downloads(dataset, codes, X, new, provenance, stem, rows)
    if source is not None:  # rows under conditions are not like all rows
        st.markdown("**How good they are**")
        sample_scores.show(run, source, X, float(temperature), int(seed))
    if len(run.fitted.train) >= 4:
        if st.button(
            "More on Analyse: sample quality",
            icon=":material/query_stats:",
            key="look-longer",
            help=(
                "Real and varied enough, or copied? Against real rows, with errors and pictures."
            ),
        ):
            st.session_state[f"part-{run.id}"] = "generation"
            navigation.go("analyse")
with st.expander("Export or import a model", icon=":material/deployed_code:"):
    out, into = st.columns(2, gap="large")
    with out:
        archives.download(run)
    with into:
        archives.bring()
navigation.next_step(
    "train", "Train another", "**Next:** try another model or other settings on the same data."
)
