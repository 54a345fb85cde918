"""Explore: move through the latent space with sliders and along paths; see every step decoded."""

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import export, paths
from lvm_core.escape import markdown as md
from lvm_core.support import Support
from pages.ui import frame, items, maps

SLIDERS = 8
frame.header("Explore", "Start from a real item, move its code, and see what the model makes of it. Then walk from one item to another.")
run = frame.need_run()
dataset, model, codes = run.dataset, run.fitted.model, run.fitted.codes
frame.run_picker("run-explore")
order = np.argsort(-np.asarray(model.importance_), kind="stable")
low, high = np.quantile(codes, [0.005, 0.995], axis=0)
n, k = codes.shape
start_key = f"start-{run.id}"


def support() -> Support:
    """How usual a code is, from the training codes; made once a run."""
    if "support" not in run.cache:
        run.cache["support"] = Support(codes[run.fitted.train])
    return run.cache["support"]


def decode(Z):
    """Codes (m, k) -> items."""
    return dataset.decode(model.inverse_transform(np.asarray(Z, np.float32)))


def set_code(z) -> None:
    """Move all sliders to this code."""
    st.session_state[f"code-{run.id}"] = np.asarray(z, float)
    for j in range(k):
        st.session_state[f"z-{run.id}-{j}"] = float(np.clip(z[j], *_range(j)))


def _range(j: int) -> tuple[float, float]:
    wide = max(high[j] - low[j], 1e-6)
    return float(low[j] - 0.15 * wide), float(high[j] + 0.15 * wide)


def start_at(i: int) -> None:
    """Make row i the item in hand."""
    st.session_state[start_key] = int(i)
    set_code(codes[int(i)])


def random_code() -> None:
    """Draw the next code from the model's prior; the draws of a run are numbered seeds."""
    seed = st.session_state[f"draw-{run.id}"] = st.session_state.get(f"draw-{run.id}", -1) + 1
    set_code(model.sample_codes(1, random_state=seed)[0])


def pick_row(label: str, key: str, value: int, **options) -> int:
    """A row number, typed or stepped."""
    return int(st.number_input(label, 0, n - 1, value, key=key, **options))


@st.fragment
def sliders():
    """The item in hand beside the sliders that move its code."""
    if f"code-{run.id}" not in st.session_state or st.session_state.get(f"shown-{run.id}") != st.session_state.get(start_key, 0):
        start_at(st.session_state.get(start_key, 0))
        st.session_state[f"shown-{run.id}"] = st.session_state[start_key]
    left, right = st.columns([5, 7], gap="large")
    with right:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            i = pick_row("Start from row", f"row-{run.id}", st.session_state[start_key], width=150, help="Any real item; its code sets the sliders.")
            if i != st.session_state[start_key]:
                start_at(i)
                st.session_state[f"shown-{run.id}"] = i
            st.button("Back to the item", icon=":material/undo:", on_click=start_at, args=(i,), key="reset")
            st.button("Random code", icon=":material/casino:", on_click=random_code, key="random", help="A draw from the model's prior; the seeds count up from 0.")
        st.caption(f"The {min(SLIDERS, k)} dimensions that do most, by {md(model.importance_meaning)}" + (f"; {k - SLIDERS} more are folded below." if k > SLIDERS else "."))
        z = np.array(st.session_state[f"code-{run.id}"], float)
        slots = st.columns(2, gap="medium")
        for place, j in enumerate(order[:SLIDERS]):
            z[j] = slider(slots[place % 2], j)
        if k > SLIDERS:
            with st.expander(f"{k - SLIDERS} more dimensions"):
                more = st.columns(2, gap="medium")
                for place, j in enumerate(order[SLIDERS:]):
                    z[j] = slider(more[place % 2], j)
        st.session_state[f"code-{run.id}"] = z
    with left:
        items.one(dataset, decode([z]), "decoded", key="hand", beside=dataset.items([i]), beside_title=f"real row {i}")
        trust(z)


def slider(place, j: int) -> float:
    """The slider of dimension j over the range its codes have."""
    bottom, top = _range(j)
    key = f"z-{run.id}-{j}"
    st.session_state.setdefault(key, float(np.clip(st.session_state[f"code-{run.id}"][j], bottom, top)))
    share = float(model.importance_[j])
    return place.slider(f"z{j + 1}", bottom, top, step=(top - bottom) / 200, format="%.2f", key=key,
                        help=f"Dimension {j + 1}: {share:.3g} {model.importance_meaning}. The range covers 99 % of the real codes and a little more.")


def trust(z) -> None:
    """Says how usual the code in hand is, and shows the nearest real items."""
    percentile = float(support().percentile(z[None])[0])
    word, icon = support_words(percentile)
    st.markdown(f"{icon} **{word}** · farther from real codes than {percentile:.0f} % of the training items are from each other")
    _, near = support().nearest(z[None], 4)
    rows = run.fitted.train[near[0]]
    st.caption("Nearest real items by code")
    if dataset.kind == "image":
        items.gallery(dataset, dataset.items(rows), key="near-hand", width=52)
    else:
        for j in rows[:3]:
            st.markdown("- " + md(items.short(dataset, int(j)), 100))


def support_words(percentile: float) -> tuple[str, str]:
    """A trust word and its icon."""
    if percentile <= 90:
        return "Usual code", ":material/verified:"
    if percentile < 100:
        return "Unusual code", ":material/info:"
    return "Far from anything seen: the model is guessing", ":material/warning:"


@st.fragment
def walk():
    """From A to B: a strip of steps along the line or the arc, and one slider through it."""
    st.subheader("Walk from one item to another", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        a = pick_row("From row A", f"a-{run.id}", st.session_state[start_key], width=130)
        b = pick_row("To row B", f"b-{run.id}", _far_from(a), width=130)
        kind = st.segmented_control("Path", ("line", "arc"), default="line", required=True, key="path",
                                    help="Line: straight (lerp). Arc: along the sphere (slerp, Shoemake 1985), which keeps a Gaussian code's usual length.")
        steps = st.slider("Steps", 3, 15, 9, key="steps", width=160)
        t = st.slider("Position", -0.25, 1.25, 0.5, 0.01, key="t", width=260, help="0 is A, 1 is B; a little beyond both ends shows where the direction leads.")
    path = paths.slerp if kind == "arc" else paths.lerp
    strip = path(codes[a], codes[b], np.linspace(0, 1, int(steps)))
    left, right = st.columns([8, 4], gap="large")
    with left:
        captions = [f"{s:.2f}" for s in np.linspace(0, 1, int(steps))]
        made = decode(strip)
        if dataset.kind == "text":
            st.dataframe(pd.DataFrame({"t": captions, "most likely words": [" ".join(w for w, _ in item[:12]) for item in made]}), hide_index=True, alt="words along the path")
        else:
            items.gallery(dataset, made, captions, key="strip", width=76)
        st.download_button("Download the walk (NPZ)", export.npz_bytes(codes=strip, decoded=model.inverse_transform(strip.astype(np.float32))),
                           f"walk-{run.id}-{a}-{b}-{kind}-{steps}.npz", icon=":material/download:", on_click="ignore")
    with right:
        z = path(codes[a], codes[b], np.array([t]))
        items.one(dataset, decode(z), f"decoded at {t:.2f}", key="walk")
        percentile = float(support().percentile(z)[0])
        word, icon = support_words(percentile)
        st.markdown(f"{icon} **{word}** ({percentile:.0f} %)")


def _far_from(a: int) -> int:
    """A B worth walking to: another class when there is a label, else the farthest of a few rows."""
    rng = np.random.RandomState(0)
    some = rng.choice(n, min(64, n), replace=False)
    label = dataset.label
    if label in dataset.rows.columns:
        other = [i for i in some if dataset.rows[label].iloc[i] != dataset.rows[label].iloc[a]]
        some = np.array(other or some)
    return int(some[np.argmax(((codes[some] - codes[a]) ** 2).sum(1))])


sliders()
st.divider()
walk()
frame.next_step("generate", "Generate", "**Next:** make new samples and download them.")
