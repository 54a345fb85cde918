"""Generate: new samples from the model, and their download."""

import json

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import export
from lvm_core.escape import markdown as md
from lvm_core.quality import generation
from pages.ui import drawing, frame, items, portable, scores, state

frame.header("Generate", "New items that never were. Choose how many, how daring (temperature), and a seed; download them in the form your data came in.")
if state.run() is None:
    portable.bring()
run = frame.need_run()
dataset, model = run.dataset, run.fitted.model
frame.run_picker("run-generate")

setup, shown = st.columns([3, 9], gap="large")
with setup:
    n = st.number_input("How many", 1, 10_000, 36 if dataset.kind == "image" else 12, key="n", help="Up to 10,000; the page shows the first ones, the download has all.")
    source = drawing.choose(run)
    temperature = st.slider("Temperature", 0.0, 2.0, 1.0, 0.05, key="temperature", help="Spread of the codes: 0 gives the average item (of each part, where the density has several), 1 the model's own variety, above 1 stranger ones.")
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed-generate", help="The same seed, model and settings give the same samples.")
with shown:
    codes = drawing.codes(run, source, int(n), float(temperature), int(seed))
if codes is None:
    st.stop()
X = model.emit(codes, random_state=int(seed))
made = dataset.decode(X)
provenance = {"model": type(model).__name__, "run": run.id, **source.provenance(), "seed": int(seed), "temperature": float(temperature), "n": int(n)}
stem = f"generated-{type(model).__name__}-{run.id}{source.suffix()}-seed{seed}-t{temperature:g}-n{n}"


def downloads():
    """The samples as files, in the form the data came in."""
    if dataset.kind == "image":
        scale = max(1, 64 // made.shape[1])     # tiny pictures are enlarged on the sheet, never in the zip
        st.download_button("PNG sheet", export.png_sheet(made, upscale=scale), f"{stem}.png", "image/png", icon=":material/image:", width="stretch", on_click="ignore")
        st.download_button("ZIP of PNGs", export.zip_of_pngs(made), f"{stem}.zip", "application/zip", icon=":material/folder_zip:", width="stretch", on_click="ignore")
    frame_ = made if dataset.kind == "table" else pd.DataFrame(
        {"words": [" ".join(t for t, _ in item) for item in made]} if dataset.kind == "text" else np.asarray(made).reshape(len(made), -1))
    if dataset.kind != "image":
        st.download_button("CSV" + (" in the original columns" if dataset.kind == "table" else ""), export.csv_bytes(frame_), f"{stem}.csv", "text/csv", icon=":material/table:", width="stretch", on_click="ignore")
    arrays = {"codes": codes, "X": X} if dataset.kind in ("text", "table") else {"codes": codes, "items": np.asarray(made)}
    st.download_button("NPZ", export.npz_bytes(**arrays, made=np.array(json.dumps(provenance))), f"{stem}.npz", "application/octet-stream", icon=":material/data_array:", width="stretch", on_click="ignore")
    st.caption("NPZ holds the codes, the decoded arrays and what made them; open it with numpy.load.")
    st.caption(md(" · ".join(f"{k} {v}" for k, v in provenance.items()), 300))


with setup:
    st.markdown("**Download**")
    downloads()
    st.markdown("**Take the run elsewhere**")
    portable.download(run)
    portable.bring()
with shown:
    limit = {"image": 144, "table": 200, "text": 12, "array": 12}[dataset.kind]
    items.gallery(dataset, made[:limit], key="made", columns=8)
    if n > limit and dataset.kind in ("image", "table"):
        st.caption(f"The first {limit} of {n:,} are shown.")
    st.markdown("**How good they are**")
    if len(run.fitted.train) >= 4:
        scores.show(generation(dataset.X[run.fitted.train], X, dataset.layout))
        if st.button("Look longer", icon=":material/query_stats:", key="look-longer", help="Sample quality on the Analyse page: real and varied enough, or copied? Against real rows, with errors and pictures."):
            st.session_state[f"part-{run.id}"] = "generation"
            st.switch_page("analyse.py")
    else:
        st.caption("Too few rows were trained on to compare with.")
frame.next_step("train", "Train another", "**Next:** try another model or other settings on the same data.")
