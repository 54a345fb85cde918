"""What every page wears: its one line, the way on, the empty states, and the card that says what is loaded."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lvm_core.text import markdown as md

from ..session import identity, runs, state
from ..session.services import services
from .components.progress import progress

ASSETS = Path(__file__).parents[2] / "assets"
KIND_ICON = {"image": ":material/image:", "table": ":material/table:", "text": ":material/article:", "array": ":material/show_chart:"}
KIND_UNIT = {"image": "pictures", "table": "rows", "text": "documents", "array": "arrays"}


def style() -> None:
    """Our few CSS rules. The file is ours; no text of users ever enters it."""
    st.html(f"<style>{(ASSETS / 'app.css').read_text(encoding='utf-8')}</style>")


def header(title: str, line: str) -> None:
    """The page's name and the one line that says what it is for and what to do."""
    st.title(title, anchor=False)
    st.caption(line)


def go(page: str) -> None:
    """Leave for another page (``map`` for map.py). The way is remembered until that page has begun (``arrive``): a run of the page that was
    left, asked for meanwhile by a job's end, would make Streamlit forget it."""
    st.session_state["way"] = page
    st.switch_page(f"{page}.py")


def arrive(page: str) -> None:
    """Before a page: is it the one that was asked for?"""
    way = st.session_state.get("way", page)
    if way != page:
        go(way)
    st.session_state.pop("way", None)


def link(page: str, label: str, icon: str = ":material/arrow_forward:", *, type: str = "secondary", key: str | None = None) -> None:
    """A button to another page. Its callback is heard before anything else, and ``arrive`` leads there; in a fragment, which runs alone, the button does."""
    if st.button(label, icon=icon, type=type, key=key or f"to-{page}-{label}", on_click=st.session_state.update, kwargs={"way": page}):
        go(page)


def next_step(page: str, label: str, line: str) -> None:
    """The way on, at the foot of a page."""
    st.space("small")
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"next-{page}"):
        st.markdown(line)
        link(page, label, type="primary", key=f"next-{page}-button")


def start_digits() -> None:
    """One click: handwritten digits and a VAE with the settings that suit them."""
    from lvm_core import DATASETS, MODELS

    dataset = DATASETS["digits"]().load()
    model = MODELS["VAE"]
    if start(state.Data(dataset), model(**model.suggest(len(dataset), dataset.layout))) is not None:
        go("train")


def start(data: state.Data, model) -> state.Run | None:
    """Start a run; what stands in its way is said on the page."""
    try:
        return runs.start_run(data, model)
    except ValueError as error:
        st.error(md(str(error), 600), icon=":material/error:")
        return None


def empty(what: str, line: str) -> None:
    """A page without what it needs: says so, and offers both ways on."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.markdown(line)
        with st.container(horizontal=True):
            if st.button("Start with handwritten digits", icon=":material/bolt:", type="primary"):
                start_digits()
            link("data", "Bring your own data", ":material/upload_file:")
    st.stop()


def need_data() -> state.Data:
    """The session's dataset, or the empty state."""
    found = state.data()
    if found is None:
        empty("No data yet.", "Pick a built-in dataset or bring your own file first; it takes one click.")
    return found


def need_run() -> state.Run:
    """The session's finished run, or what stands in its way."""
    found = state.run()
    if found is None and st.query_params.get("run") is None and st.session_state.pop("refused", None):
        empty("This run is not here, or not yours.", "Where several people use a server, everybody sees their own runs; whose run it is can share it on the Train page.")
    if found is None and state.data() is None:
        empty("No model yet.", "This page looks through a trained model. The digits take a few seconds to train.")
    if found is None:
        with st.container(border=True):
            st.markdown(f"**No model yet.** The data is loaded: {md(state.data().dataset.name)}. Train a model on it first.")
            link("train", "Train a model", ":material/model_training:", type="primary")
        st.stop()
    if found.fitted is None and found.job.running:
        _wait(found)
    if found.fitted is None:
        with st.container(border=True):
            st.markdown(f"**{md(found.title)} has no result.** {md(found.job.error, 600)}")
            link("train", "Go to its training", ":material/model_training:", type="primary")
        st.stop()
    return found


def still_open(run: state.Run) -> None:
    """For the first line of a fragment, which runs again without its page: where who looks may not see the run any more, the page says so."""
    if not identity.may_see("runs", run.id):
        st.rerun()


def _wait(run: state.Run) -> None:
    with st.container(border=True):
        st.markdown(f"**{md(run.title)} is still training.** This page opens by itself when it is done; it may also be closed.")
        progress(run, "fit")
    st.stop()


def run_picker(key: str, width: int | str = "stretch") -> None:
    """Switch between the finished runs, where there are several."""
    done = [r for r in state.runs() if r.has_result]
    if len(done) < 2:
        return
    current = state.run()
    ids = [r.id for r in done]
    names = {r.id: r.title for r in done}
    chosen = st.selectbox("Model", ids, index=ids.index(current.id) if current and current.id in ids else None, format_func=names.get, key=f"{key}-{current.id if current else ''}", width=width)
    if chosen is not None and chosen != (current and current.id) and (found := services().runs.get(chosen)) is not None:
        state.use_run(found)
        st.rerun()


STATE_WORDS = {"waiting": "waiting for its turn", "running": "training…", "paused": "paused", "done": "trained", "stopped": "stopped early", "failed": "failed", "cancelled": "cancelled"}


def status_card() -> None:
    """The sidebar's card: the dataset, the model and its seed, and the training that is under way."""
    data, run = state.data(), state.run()
    if data is None:
        return
    with st.container(border=True):
        unit = KIND_UNIT[data.dataset.kind]
        st.caption("DATA")
        st.markdown(f"{KIND_ICON[data.dataset.kind]} **{md(data.dataset.name, 40)}**  \n{len(data.dataset):,} {unit} · {data.dataset.X.shape[1]:,} values each")
        if run is not None and run.data.id == data.id:
            st.caption("MODEL")
            st.markdown(f"**{type(run.model).__name__}** · {run.model.latent_dim} dimensions · seed {run.model.random_state}  \n{STATE_WORDS[run.job.state]}")
    if unkept := st.session_state.get("unkept") or (run and run.unkept):
        st.warning(md(unkept, 400), icon=":material/save:")
