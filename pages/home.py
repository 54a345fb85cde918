"""Home: what this is, and the one click that starts it."""

import streamlit as st

from lvm_core import DATASETS
from lvm_core.text import counted
from lvm_core.text import markdown as md
from pages.session import recent, state
from pages.session.services import services
from pages.ui import frame, items, navigation, runs, starting

SHOWN = 6  # of what was worked on last

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


def open_again(item: recent.Recent) -> None:
    """Back to where this was left: its last run, or the data itself."""
    found = next(filter(None, (services().runs.get(info.id) for info in item.runs)), None)
    if found is not None:
        state.use_run(found)
        navigation.go("map" if found.fitted is not None else "train")
    data = services().datasets.get(item.head["id"])
    if data is None:
        st.error("This dataset cannot be read any more.", icon=":material/error:")
        return
    state.use_data(data)
    navigation.go("data")


def card(item: recent.Recent, *, first: bool) -> None:
    """One dataset, with what was made of it last."""
    head, id = item.head, item.head["id"]
    kind, icon, unit = str(head.get("kind", "")), "", "rows"
    if kind in items.found():
        icon, unit = items.icon(kind) + " ", items.unit(kind)
    name = str(head.get("name", "?"))
    with st.container(border=True, height="stretch", key=f"recent-{id}"):
        st.markdown(f"{icon}**{md(name, 60)}**")
        if (look := recent.thumbnail(id)) is not None:
            st.image(look[0], width="stretch", alt=f"some pictures of {name[:60]}")
        said = counted(int(head.get("n") or 0), unit.removesuffix("s"), unit)
        if item.runs:
            info = item.runs[0]
            st.markdown(f"#{info.number} {md(runs.model_of(info), 90)} · {runs.state_words(info)}")
            said += f" · {counted(len(item.runs), 'model')}"
        st.caption(f"{said} · {recent.ago(item.when)}")
        if st.button(
            "Continue",
            key=f"continue-{id}",
            icon=":material/history:",
            type="primary" if first else "secondary",
            help=f"Open {md(name, 60)} where you left it",
        ):
            open_again(item)


last = recent.recent()
if last:  # who was here before knows how it looks
    words, picture = st.container(), None
else:
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
        if st.button(
            "Start with handwritten digits",
            icon=":material/bolt:",
            type="secondary" if last else "primary",
        ):
            starting.start_digits()
        navigation.link("data", "Bring your own data", ":material/upload_file:")
if last:
    st.markdown("##### Continue")
    for row in range(0, min(len(last), SHOWN), 3):
        for slot, item in zip(st.columns(3), last[row : min(row + 3, SHOWN)]):
            with slot:
                card(item, first=item is last[0])
    if len(last) > SHOWN:
        navigation.link("data", f"All {len(last):,} datasets", ":material/folder:", type="tertiary")
if picture is not None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    if (hero := frame.ASSETS / f"hero-{theme}.png").exists():
        picture.image(
            str(hero),
            width="stretch",
            alt=(
                "The explorer: a map of handwritten digits, ten coloured islands, and a digit "
                "decoded from a point between two of them"
            ),
        )

st.markdown("##### How it goes")
steps = st.container(key="tiles-steps").columns(len(STEPS))
for slot, (page, name, line) in zip(steps, STEPS):  # noqa: B007
    with slot.container(border=True, height="stretch"):
        st.markdown(f"**{name}**")
        st.caption(line)

st.markdown("##### Or start from one of these")
names = list(DATASETS)
for row in range(0, len(names), 4):
    for slot, name in zip(st.container(key=f"tiles-{row}").columns(4), names[row : row + 4]):
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
