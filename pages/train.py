"""Train: choose a model, set it up, watch it learn."""

import numpy as np
import streamlit as st

from lvm_core import MODELS
from lvm_core.export import encode
from lvm_core.metrics.learning import learning
from lvm_core.plots import figures
from lvm_core.runs.states import RunState
from lvm_core.settings import setting
from lvm_core.text import markdown as md
from lvm_core.text import spaced
from pages.session import identity, state
from pages.session import runs as session_runs
from pages.session.jobs import duration
from pages.ui import (
    charts,
    dataframes,
    forms,
    frame,
    items,
    naming,
    navigation,
    needs,
    runs,
    scores,
    starting,
)
from pages.ui.components import progress as progress_component
from pages.ui.components import training_history
from pages.ui.items import text

frame.header(
    "Train",
    (
        "Choose a model and press Train. The settings already suit your data; change them when you "
        "are curious."
    ),
)
data = needs.need_data()
dataset = data.dataset


# parameters that only pictures have a use for; the first is in sight there
FOR_PICTURES = (
    "sharpness",
    "augmentation",
    "linear_path",
    "augment",
    "critic_units",
    "pretraining",
    "rejection",
)


FEW, LINEAR = 50, ("PCA", "LSA")  # rows below which a linear model is chosen at first


def choose_model():
    """The model's class."""
    fitting = [name for name, cls in MODELS.items() if dataset.kind in cls.supported_kinds]
    current = state.run()
    start = type(current.model).__name__ if current and current.data.id == data.id else "VAE"
    if current is None and len(dataset) < FEW:
        start = next((name for name in LINEAR if name in fitting), start)
    name = st.pills(
        "Model",
        fitting,
        default=start if start in fitting else fitting[0],
        required=True,
        wrap=True,
        format_func=spaced,
        key=f"model-{data.id}",
        help="Models that make sense for " + items.unit(dataset.kind) + ".",
    )
    cls = MODELS[name]
    st.markdown(f"**{cls.title}** · {cls.summary}  \n[{cls.paper}, {cls.year}]({cls.link})")
    if cls.labels and dataset.targets() is None:
        st.info(
            (
                "This model learns from labels, and this data has none: choose a label column on "
                "the Data page, or it learns without."
            ),
            icon=":material/label_off:",
        )
    return cls


def settings_of(cls):
    """Its settings, from the form."""
    suggested, form = cls.suggest(len(dataset), dataset.schema), f"form-{data.id}-{cls.__name__}"
    minutes = time_budget(cls)
    if minutes is not None:
        suggested, form = cls.suggest(len(dataset), dataset.schema, minutes), f"{form}-{minutes:g}"
    pictures = dataset.kind == "image"
    return forms.form(
        cls,
        suggested,
        key=form,
        hide=("random_state", *(() if pictures else FOR_PICTURES)),
        first=FOR_PICTURES[:1],
    )


def more_of(cls):
    """What it is for, and the models this data has no use for."""
    with st.expander("When to use it, and what its numbers mean"):
        st.markdown(f"{cls.when}\n\n{cls.reading}")
    left_out = [spaced(n) for n, c in MODELS.items() if dataset.kind not in c.supported_kinds]
    if left_out:
        st.caption(f"Made for other kinds of data: {', '.join(left_out)}.")


def time_budget(cls):
    """Minutes the training may take, where a person chose other than usual; None otherwise."""
    n, schema = len(dataset), dataset.schema
    if not hasattr(cls, "minutes") or cls.suggest(n, schema, 1) == cls.suggest(n, schema, 15):
        return None
    usual = setting("minutes") or cls.minutes
    found = st.segmented_control(
        "Time to train",
        sorted({1.0, 5.0, 15.0, usual}),
        default=usual,
        required=True,
        format_func=lambda minutes: f"{minutes:g} min",
        key=f"minutes-{data.id}-{cls.__name__}",
        help=(
            "Sets width and length of the training to what this machine can do in about this time. "
            "More time gives sharper pictures; the training may be stopped at any moment and keeps "
            "what was reached."
        ),
    )
    return None if found == usual else found


def ending(model):
    """Words for a training that ended before its time."""
    if model.stopped_:
        return " (stopped early; this is what was reached)"
    if getattr(model, "patience", 0) and model.n_iter_ < model.epochs:
        return (
            f" (ended at epoch {model.n_iter_}: rows held out had not improved for "
            f"{model.patience}; the best is kept)"
        )
    return ""


def epoch_of(model, step):
    """The epoch of a training step, None for a model that does not count them."""
    epochs, steps = getattr(model, "n_iter_", 0), model.history_[-1]["step"]
    return max(1, round(step * epochs / steps)) if epochs and steps else None


def learnt(run):
    """What the curves of a finished training say, in a sentence, where it held rows out."""
    model = run.fitted.model
    found = learning(model.history_)
    if found is not None:
        icon = {"memorises": "ink_eraser", "improving": "trending_up"}.get(found.state, "check")
        sentence = found.sentence(epoch_of(model, found.step))
        st.markdown(f":material/{icon}: {sentence}")


def draw_curves(run):
    """The loss curve so far."""
    history = run.fitted.model.history_ if run.fitted is not None else run.job.history
    if history:
        found = learning(history)
        st.plotly_chart(
            figures.curves(history, best=None if found is None else found.step),
            key=f"curve-{run.id}",
            config=charts.PLOT,
            alt="loss by training step",
        )
        if found is not None:
            st.caption(
                "Loss by training step; dotted: where the rows held out were at their best. "
                "They are held out from the training rows, beside those the scores are of."
            )


def warn_of_training(run):
    """What the model says went wrong while it learnt, and what to do."""
    history = run.fitted.model.history_ if run.fitted is not None else run.job.history
    if warning := run.model.training_warning(history):
        st.warning(warning, icon=":material/warning:")


def by_column(columns):
    """How well each column comes back, the worst first."""
    shown = columns.sort_values("value").rename(columns={"name": "column"})
    with st.expander("Column by column"):
        st.dataframe(
            shown,
            hide_index=True,
            height=dataframes.tall(shown, 420),
            alt="how well each column is reconstructed",
            column_config={
                "value": st.column_config.ProgressColumn(
                    "comes back", min_value=0, max_value=1, format="percent", help="1 is perfect."
                ),
                "baseline": st.column_config.NumberColumn(
                    "always the average",
                    format="percent",
                    help="What always answering with the mean, or the most frequent value, gets.",
                ),
            },
        )


def result(run):
    """What was learnt: scores with a sentence each, and real items beside their reconstructions."""
    fitted = run.fitted
    st.markdown(
        f":material/check_circle: **Trained in {duration(fitted.seconds)}**{ending(fitted.model)} "
        f"· seed {run.model.random_state} · "
        + (
            f"measured on {len(fitted.held_out):,} rows it has not seen"
            if len(fitted.held_out)
            else "measured on the rows it was trained on (too few to hold any out)"
        )
    )
    learnt(run)
    scores.show(fitted.scores)
    if dataset.kind == "table":
        by_column(fitted.columns)
    st.markdown("**Real, and what comes back after squeezing through the code**")
    rng = np.random.RandomState(0)
    rows = rng.choice(
        fitted.scored_rows,
        min(12 if dataset.kind == "image" else 6, len(fitted.scored_rows)),
        replace=False,
    )
    back = dataset.decode(fitted.model.inverse_transform(fitted.codes[rows]))
    if dataset.kind == "image":
        sheet = encode.png_sheet(
            np.concatenate([dataset.items(rows), back]),
            columns=len(rows),
            upscale=max(1, 96 // back.shape[1]),
        )
        st.image(
            sheet,
            width="stretch",
            caption="top: real · bottom: reconstructed",
            alt="real pictures above their reconstructions",
        )
    elif dataset.kind == "array":
        items.one(
            dataset,
            back[:1],
            "reconstructed",
            key="rec",
            beside=dataset.items(rows[:1]),
            beside_title="real",
        )
    elif dataset.kind == "text":
        for document, terms in zip(dataset.items(rows[:4]), back):
            real, made = st.columns(2, border=True)
            real.caption("real document")
            real.markdown(md(" ".join(document.split()), 420))
            made.caption("most likely words after decoding")
            made.markdown(text.words(terms, 16))
    else:
        names = [c.name for c in dataset.codec.columns]
        st.caption("real")
        items.gallery(dataset, dataset.items(rows)[names], key="real")
        st.caption("reconstructed")
        items.gallery(dataset, back, key="back")
    if fitted.model.history_:
        with st.expander(
            "How it learnt", icon=":material/movie:", on_change="rerun", key=f"film-{run.id}"
        ) as film:
            if film.open:
                draw_curves(run)
                if training_history.has_history(run):
                    training_history.show(run, live=False)


def sharing(run):
    """Where several people use the server: who may look at this run."""
    if identity.single_user():
        return
    with st.popover("Share", icon=":material/share:", type="tertiary"):
        wanted = st.toggle(
            "Whoever has its link may look",
            identity.shared(run.id),
            key=f"share-{run.id}",
            help=(
                "They see the run, its maps and its data, and can download it; they cannot change "
                "it. Turn it off and it is yours alone again."
            ),
        )
        if wanted != identity.shared(run.id):
            identity.share(run.id, wanted)
        if wanted:
            st.caption(
                "The link is the address of this page, or of any other where this run is open."
            )


def actions(run):
    """What can be done with a run that is not under way."""
    job, model = run.job, run.model
    if not identity.owns("runs", run.id):
        st.caption(":material/visibility: Somebody shared this run with you to look at.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"actions-{run.id}"):
        if (
            job.state == RunState.PAUSED
            or job.state in (RunState.FAILED, RunState.CANCELLED)
            and model.iterative
        ):
            if st.button(
                "Resume" if job.state == RunState.PAUSED else "Try again",
                icon=":material/play_arrow:",
                type="primary",
                key=f"resume-{run.id}",
                help="Goes on from the last checkpoint.",
            ):
                again(lambda: session_runs.resume(run))
        if job.state == RunState.PAUSED and st.button(
            "Cancel",
            icon=":material/close:",
            key=f"cancel-{run.id}",
            help="Throws away what was reached.",
        ):
            again(lambda: session_runs.cancel(run))
        if run.fitted is not None and model.duration_param:
            with st.popover("Train longer", icon=":material/more_time:"):
                unit = model.duration_param
                more = st.number_input(
                    f"More {unit}",
                    1,
                    1_000_000,
                    max(1, getattr(model, unit) // 2),
                    key=f"more-{run.id}",
                    help=(
                        f"Added to the {unit} it reached; its learning rate rises again and falls "
                        "to the new end."
                    ),
                )
                if st.button(
                    "Continue",
                    icon=":material/play_arrow:",
                    type="primary",
                    key=f"continue-{run.id}",
                ):
                    again(lambda: session_runs.extend(run, int(more)))
        st.button(
            "Use these settings",
            icon=":material/tune:",
            key=f"retry-{run.id}",
            on_click=runs.settings_of,
            args=(run, data.id),
            help="Puts this run's model and settings into the form, to change and train again.",
        )
        sharing(run)
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.markdown("The model, its maps and what you kept with it are gone then.")
            if st.button("Delete this run", key=f"delete-{run.id}"):
                again(lambda: session_runs.delete(run.id))


def again(act):
    """Do something and draw the page anew; what stands in its way is said."""
    try:
        act()
    except ValueError as error:
        st.error(md(str(error), 500), icon=":material/error:")
    else:
        st.rerun()


def look(run):
    """A run as it stands."""
    job = run.job
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{md(run.title, 160)}**", width="content")
        naming.rename("runs", run.id, run.name)
    if job.running:
        progress_component.progress(run, "fit", curve=True)
        if run.model.iterative:
            training_history.show(run, live=True)
        st.caption(
            "It goes on when this page is closed; come back to it by its address, or in the list "
            "below."
        )
        return
    fitted = run.fitted  # loading it may find what is wrong
    if job.state == RunState.PAUSED:
        st.info(
            f"**{md(run.title)} is paused.** It goes on from where it was, also after a restart.",
            icon=":material/pause_circle:",
        )
    elif job.state == RunState.CANCELLED:
        st.info(
            f"**{md(run.title)} was cancelled;** nothing of it was kept.", icon=":material/cancel:"
        )
    elif job.error:
        st.error(f"{md(run.title)}: {md(job.error, 600)}", icon=":material/error:")
    if fitted is not None:
        warn_of_training(run)
        result(run)
    if fitted is None and job.history and job.state != RunState.CANCELLED:
        draw_curves(run)
        if training_history.has_history(run):
            training_history.show(run, live=False)
    actions(run)


setup, progress = st.columns([5, 7], gap="large")
with setup:
    cls = choose_model()
    # above the settings, to be in view whatever their number
    act = st.container(horizontal=True, vertical_alignment="center")
    values = settings_of(cls)
    seed = st.number_input(
        "Seed",
        0,
        2**31 - 1,
        0,
        help="The same seed, data and settings give the same model.",
        key="seed",
    )
    more_of(cls)
    with act:
        pressed = st.button("Train", icon=":material/play_arrow:", type="primary", key="train")
        navigation.link(
            "compare", "Not sure? Compare several", ":material/leaderboard:", type="tertiary"
        )
    if pressed and starting.start(data, cls(**values, random_state=int(seed))):
        st.rerun()
with progress:
    runs.picker("run-train")
    current = state.run()
    if current is None or current.data.id != data.id:
        with st.container(border=True):
            st.markdown("**Nothing trained on this data yet.**")
            st.markdown(
                "Press **Train**. The loss curve appears here while the model learns, then its "
                "scores and reconstructions."
            )
    else:
        look(current)
if current is not None and current.fitted is not None and current.data.id == data.id:
    navigation.next_step("map", "See the map", "**Next:** look at the latent space as a map.")
runs.listed(current)
