"""Home: what this is, and the one click that starts it."""

import streamlit as st

from lvm_core import DATASETS
from lvm_core.text import markdown as md
from pages.session import state
from pages.ui import frame, items, navigation, starting

STEPS = (
    ("data", "Data", "Upload a file or pick a built-in dataset; see what was understood."),
    (
        "train",
        "Train",
        "From PCA to VAE and GAN, with settings that suit your data; or several at once, compared.",
    ),
    ("map", "Map", "Every item placed by its code; PCA, t-SNE or UMAP."),
    ("explore", "Explore", "Move a code, walk between items, see each step decoded."),
    ("generate", "Generate", "New samples, downloaded in the form your data came in."),
    (
        "analyse",
        "Analyse",
        "Anomalies, clusters, gaps, similar items, sample quality: the model put to use.",
    ),
)

words, picture = st.columns([6, 5], gap="large", vertical_alignment="center")
with words:
    frame.header(
        "See what your data is made of",
        (
            "Bring pictures, a table, text or arrays. Train a latent variable model on them, look "
            "at its map, move through it, and make new samples. All on the machine that runs this "
            "app; nothing is sent elsewhere."
        ),
    )
    with st.container(horizontal=True):
        if st.button("Start with handwritten digits", icon=":material/bolt:", type="primary"):
            starting.start_digits()
        navigation.link("data", "Bring your own data", ":material/upload_file:")
    if (run := state.run()) is not None and run.fitted is not None:
        navigation.link(
            "map",
            f"Go on with {type(run.model).__name__} on {md(run.dataset.name, 40)}",
            ":material/history:",
        )
with picture:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    if (hero := frame.ASSETS / f"hero-{theme}.png").exists():
        st.image(
            str(hero),
            width="stretch",
            alt=(
                "The explorer: a map of handwritten digits, ten coloured islands, and a digit "
                "decoded from a point between two of them"
            ),
        )

st.markdown("##### How it goes")
for slot, (page, name, line) in zip(st.columns(len(STEPS)), STEPS):  # noqa: B007
    with slot.container(border=True, height="stretch"):
        st.markdown(f"**{name}**")
        st.caption(line)

st.markdown("##### Or start from one of these")
names = list(DATASETS)
for row in range(0, len(names), 4):
    for slot, name in zip(st.columns(4), names[row : row + 4]):
        source = DATASETS[name]
        with slot.container(border=True, height="stretch", key=f"open-{name}"):
            st.markdown(f"{items.icon(source.kind)} **{md(source.title)}**")
            st.caption(md(source.summary, 200))
            if st.button(
                "Open",
                key=f"go-{name}",
                icon=":material/arrow_forward:",
                help=f"Load {source.title}",
            ):
                state.use_data(state.Data(source().load()))
                navigation.go("data")
