"""Train: choose a model, set it up, watch it learn."""

import numpy as np
import streamlit as st

from lvm_core import MODELS, export, figures
from lvm_core.escape import markdown as md
from pages.ui import forms, frame, items, scores, state
from pages.ui.jobs import duration

frame.header("Train", "Choose a model and press Train. The settings already suit your data; change them when you are curious.")
data = frame.need_data()
dataset = data.dataset


def choose_model():
    """The model's class and its settings, from the form."""
    fitting = [name for name, cls in MODELS.items() if dataset.kind in cls.kinds]
    current = state.run()
    start = type(current.model).__name__ if current and current.data.id == data.id else "VAE"
    name = st.segmented_control("Model", fitting, default=start if start in fitting else fitting[0], required=True, key=f"model-{data.id}",
                                help="Models that make sense for " + frame.KIND_UNIT[dataset.kind] + ".")
    cls = MODELS[name]
    st.markdown(f"**{cls.title}** · {cls.summary}  \n[{cls.paper}, {cls.year}]({cls.link})")
    left_out = [n for n, c in MODELS.items() if dataset.kind not in c.kinds]
    if left_out:
        st.caption(f"Not offered for {frame.KIND_UNIT[dataset.kind]}: {', '.join(left_out)}.")
    suggested = cls.suggest(len(dataset), dataset.layout)
    return cls, forms.form(cls, suggested, key=f"form-{data.id}-{name}", hide=("random_state",))


def draw_curves(run):
    """The loss curve so far."""
    if run.job.history:
        st.plotly_chart(figures.curves(run.job.history), key=f"curve-{run.id}", config=items.PLOT, alt="loss by training step")


def by_column(columns):
    """How well each column comes back, the worst first."""
    shown = columns.sort_values("value").rename(columns={"name": "column"})
    with st.expander("Column by column"):
        st.dataframe(shown, hide_index=True, height=min(38 + 35 * len(shown), 420), alt="how well each column is reconstructed", column_config={
            "value": st.column_config.ProgressColumn("comes back", min_value=0, max_value=1, format="percent", help="1 is perfect."),
            "baseline": st.column_config.NumberColumn("always the average", format="percent", help="What always answering with the mean, or the most frequent value, gets.")})


def result(run):
    """What was learnt: scores with a sentence each, and real items beside their reconstructions."""
    fitted = run.fitted
    early = " (stopped early; this is what was reached)" if fitted.model.stopped_ else ""
    st.markdown(f":material/check_circle: **Trained in {duration(fitted.seconds)}**{early} · seed {run.model.random_state} · "
                + (f"measured on {len(fitted.held_out):,} rows it has not seen" if len(fitted.held_out) else "measured on the rows it was trained on (too few to hold any out)"))
    scores.show(fitted.scores)
    if dataset.kind == "table":
        by_column(fitted.columns)
    st.markdown("**Real, and what comes back after squeezing through the code**")
    rng = np.random.RandomState(0)
    rows = rng.choice(fitted.scored_rows, min(12 if dataset.kind == "image" else 6, len(fitted.scored_rows)), replace=False)
    back = dataset.decode(fitted.model.inverse_transform(fitted.codes[rows]))
    if dataset.kind == "image":
        sheet = export.png_sheet(np.concatenate([dataset.items(rows), back]), columns=len(rows), upscale=max(1, 96 // back.shape[1]))
        st.image(sheet, width="stretch", caption="top: real · bottom: reconstructed", alt="real pictures above their reconstructions")
    elif dataset.kind == "array":
        items.one(dataset, back[:1], "reconstructed", key="rec", beside=dataset.items(rows[:1]), beside_title="real")
    elif dataset.kind == "text":
        for document, terms in zip(dataset.items(rows[:4]), back):
            real, made = st.columns(2, border=True)
            real.caption("real document")
            real.markdown(md(" ".join(document.split()), 420))
            made.caption("most likely words after decoding")
            made.markdown(items.words(terms, 16))
    else:
        names = [c.name for c in dataset.codec.columns]
        st.caption("real")
        items.gallery(dataset, dataset.items(rows)[names], key="real")
        st.caption("reconstructed")
        items.gallery(dataset, back, key="back")
    if run.job.history:
        with st.expander("How it learnt"):
            draw_curves(run)


setup, progress = st.columns([5, 7], gap="large")
with setup:
    cls, values = choose_model()
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, help="The same seed, data and settings give the same model.", key="seed")
    current = state.run()
    busy = current is not None and current.job.running
    if st.button("Train", icon=":material/play_arrow:", type="primary", disabled=busy, key="train"):
        state.start_run(data, cls(**values, random_state=int(seed)))
        st.rerun()
    if busy:
        st.caption("One model at a time: wait, or stop the running one.")
with progress:
    frame.run_picker("run-train")
    current = state.run()
    if current is None or current.data.id != data.id:
        with st.container(border=True):
            st.markdown("**Nothing trained on this data yet.**")
            st.markdown("Press **Train**. The loss curve appears here while the model learns, then its scores and reconstructions.")
    elif current.job.running:
        frame.progress(current, "fit", curve=True)
    elif current.job.state == "failed":
        st.error(md(current.job.error, 600), icon=":material/error:")
        if current.job.history:
            draw_curves(current)
    else:
        result(current)
if current is not None and current.fitted is not None and current.data.id == data.id:
    frame.next_step("map", "See the map", "**Next:** look at the latent space as a map.")
