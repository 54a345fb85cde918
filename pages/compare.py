"""Compare: several models on the same data, held-out rows and code length, ranked by what they
reached.
"""

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core import MODELS
from lvm_core.analysis import comparison
from lvm_core.export import encode
from lvm_core.io.files import StoreError
from lvm_core.metrics.base import percent
from lvm_core.plots import figures
from lvm_core.runs.states import UNDER_WAY, RunState
from lvm_core.text import file_stem, spaced
from lvm_core.text import markdown as md
from pages.api import payloads
from pages.session import runs as session_runs
from pages.session import state
from pages.session.services import services
from pages.ui import (
    charts,
    dataframes,
    frame,
    items,
    navigation,
    needs,
    scores,
    side_by_side,
)
from pages.ui import runs as ui_runs
from pages.ui.components.progress import progress
from pages.ui.items import text

MOST = 30  # models in the table

frame.header(
    "Compare",
    (
        "Train a sensible set of models at once, on the same rows and with codes of the same "
        "length, and see which suits your data: by numbers, or by their maps side by side."
    ),
)
data = needs.need_data()
dataset = data.dataset


def setup() -> None:
    """The set to train."""
    fitting = [name for name, cls in MODELS.items() if dataset.kind in cls.supported_kinds]
    with st.container(border=True):
        chosen = st.pills(
            "Models",
            fitting,
            selection_mode="multi",
            wrap=True,
            format_func=spaced,
            default=[n for n in fitting if MODELS[n].cost != "slow"],
            key=f"compare-{data.id}",
            help="Every model that makes sense for "
            + items.unit(dataset.kind)
            + ". Those left out at first take minutes.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            start = MODELS["VAE"].suggest(len(dataset), dataset.schema)["latent_dim"]
            length = st.number_input(
                "Length of the code",
                1,
                512,
                start,
                key=f"compare-dim-{data.id}",
                width=180,
                help="The same for all, so that none has more room than another.",
            )
            seed = st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key="compare-seed",
                width=140,
                help="Of every fit, and of the rows held out: the same for all.",
            )
            pressed = st.button(
                "Train them all",
                icon=":material/play_arrow:",
                type="primary",
                disabled=not chosen,
                key="compare-train",
            )
        if pressed:
            models = comparison.sensible(
                {n: MODELS[n] for n in chosen}, dataset, int(length), int(seed)
            )
            # quick ones first
            models = sorted(models.values(), key=lambda model: model.iterative)
            try:
                session_runs.start_all(data, models)
            except ValueError as error:
                st.error(md(str(error), 600), icon=":material/error:")
            else:
                st.rerun()


def under_way(runs) -> None:
    """How the queue goes on."""
    busy = [r for r in reversed(runs) if r.state in UNDER_WAY and not r.has_result]
    if not busy:
        return
    with st.container(border=True):
        st.markdown(
            f"**{len(busy)} under way.** The table below grows as they end; this page may be "
            "closed."
        )
        run = services().runs.get(
            next((r.id for r in busy if r.state == RunState.RUNNING), busy[0].id)
        )
        if run is not None:
            progress(run, "fit")
        if len(busy) > 1:
            st.caption(
                "Waiting: "
                + ", ".join(
                    md(f"#{r.number} {r.name or spaced(r.config['name'])}")
                    for r in busy
                    if run is None or r.id != run.id
                )
            )


def entries(runs) -> list[comparison.Entry]:
    """The finished ones, newest first."""
    found = []
    for r in runs:
        try:
            params = r.config["params"]
            found.append(
                comparison.Entry(
                    r.id,
                    r.number,
                    ui_runs.model_of(r),
                    params["latent_dim"],
                    params.get("random_state"),
                    r.seconds,
                    services().workspace.scores(r.id),
                )
            )
        except (StoreError, KeyError):
            continue  # its folder is damaged; the list on the Train page says so
    return found


def said(by: str, unit: str, table: pd.DataFrame) -> None:
    """The result in a sentence, with what it does not say."""
    st.markdown(md(comparison.lead(table, by, unit), 600))
    worse = table[table["reference"].str.startswith("worse")]
    for verdict, rows in worse.groupby("reference", sort=False):
        names = ", ".join(md(f"#{r.number} {r.model}") for r in rows.itertuples())
        st.caption(
            f":material/trending_down: W{md(verdict[1:])} of the same length: {names}. "
            "Train longer, or take the simpler one."
        )
    if table["seed"].nunique() > 1:
        st.caption(
            "Seeds differ: these models were measured on different held-out rows, so small "
            "differences mean nothing."
        )
    if table["latent_dim"].nunique() > 1:
        st.caption(
            "Codes differ in length: a longer one has more room, which by itself makes "
            "reconstruction better."
        )
    if "Log-likelihood" in table and "ELBO" in table:
        st.caption(
            "A log-likelihood is exact, an ELBO a lower bound of one: the two columns may not be "
            "compared with each other as they stand."
        )


def show_table(by: str, table: pd.DataFrame, found) -> str | None:
    """The ranking; the id of the row that was chosen."""
    names = comparison.measures(found)
    names = [by, *(n for n in names if n != by)]
    units = {s.name: s for e in found for s in e.scores}
    said = ["reference"] if table["reference"].any() else []
    ranked = table[
        ["rank", "number", "model", "latent_dim", by, *said, *names[1:], "seconds", "seed"]
    ].rename(columns={"number": "run", "latent_dim": "code", "reference": "verdict"})
    columns = {
        n: st.column_config.ProgressColumn(
            n, min_value=0.0, max_value=1.0, format="percent", help=units[n].sentence
        )
        if units[n].unit == "share" and n == by  # the others take the room of a number
        else st.column_config.NumberColumn(n, format="percent", help=units[n].sentence)
        if units[n].unit == "share"
        else st.column_config.NumberColumn(n, format="%.4g", help=units[n].sentence)
        for n in names
    }
    ranked["run"] = [f"#{n}" for n in ranked["run"]]
    if said:
        ranked["verdict"] = ranked["verdict"].str.partition(" ")[0]
    event = st.dataframe(
        ranked,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"ranking-{data.id}-{by}",
        height=dataframes.tall(ranked, 500),
        alt="models ranked",
        column_config=columns
        | {
            "verdict": st.column_config.TextColumn(
                "beside LSA" if dataset.kind == "text" else "beside PCA", help=scores.HELP
            ),
            "seconds": st.column_config.NumberColumn("seconds", format="%.1f"),
            "code": st.column_config.NumberColumn("code", help="Length of the code."),
        },
    )
    rows = event.selection.rows if event else []
    return table["id"].iloc[rows[0]] if rows and rows[0] < len(table) else None


def chart(by: str, table: pd.DataFrame, found) -> None:
    """The ranking as bars: shares from 0, with its baseline; anything else as its
    distance from the best.
    """
    score = next(s for e in found for s in e.scores if s.name == by)
    known = table[table[by].notna()]
    values, shares = known[by].to_numpy(), score.unit == "share"
    figure = figures.bars(
        [f"#{r.number} {r.model}" for r in known.itertuples()],
        values if shares else np.abs(values - values[0]),
        low=min(0.0, values.min()) if shares else None,
        height=60 + 32 * len(known),
    )
    if shares and score.baseline is not None:
        figure.add_vline(score.baseline, line_dash="dot")
    st.caption(
        f"{md(by)}; dotted: baseline, the same answer for every row, {percent(score.baseline)}"
        if shares and score.baseline is not None
        else md(by)
        if shares
        else f"{md(by)}: {score.unit or 'distance'} behind the best"
    )
    st.plotly_chart(figure, key=f"ranked-{data.id}-{by}", config=charts.PLOT, alt=f"models by {by}")


def same_items(table: pd.DataFrame) -> None:
    """The same real items, squeezed through every model."""
    st.markdown("**The same items through every model**")
    runs = [
        found
        for id in table["id"][:8]
        if (found := services().runs.get(id)) is not None and found.fitted is not None
    ]
    if not runs:
        return
    if len(data.chosen) and st.toggle(
        f"Of the {len(data.chosen):,} chosen rows",
        value=True,
        key=f"same-chosen-{data.id}",
        help="The rows that are chosen on the map; drawn at random (seed 0) where they are many.",
    ):
        common = data.chosen
    else:
        common = sorted(
            set.intersection(*(set(map(int, r.fitted.scored_rows)) for r in runs))
        ) or list(range(len(dataset)))
    rows = np.sort(
        np.random.RandomState(0).choice(
            common, min(12 if dataset.kind == "image" else 3, len(common)), replace=False
        )
    )
    real, back = (
        dataset.items(rows),
        [dataset.decode(r.fitted.model.inverse_transform(r.fitted.codes[rows])) for r in runs],
    )
    names = [f"#{r.number} {r.name or spaced(type(r.model).__name__)}" for r in runs]
    if dataset.kind == "image":
        side = max(1, 72 // real.shape[1])
        for name, pictures in [("real", real), *zip(names, back)]:
            label, strip = st.columns([1, 7], vertical_alignment="center")
            label.caption(md(name))
            strip.image(
                encode.png_sheet(pictures, columns=len(rows), upscale=side),
                width="stretch",
                alt=f"{name}: the same pictures",
            )
    elif dataset.kind == "array":
        for i, row in enumerate(rows):
            st.plotly_chart(
                figures.signal(
                    np.stack([real[i], *(b[i] for b in back)]),
                    ["real", *names],
                    getattr(dataset.codec, "axis", None),
                    muted=[0],
                ),
                key=f"same-{data.id}-{row}",
                config=charts.PLOT,
                alt=f"row {row}, real and through each model",
            )
    elif dataset.kind == "text":
        for i in range(len(rows)):
            with st.container(border=True):
                st.caption(md(" ".join(real[i].split()), 300))
                for name, terms in zip(names, back):
                    st.markdown(f"{md(name)}: {text.words(terms[i], 12)}")
    else:
        columns = [c.name for c in dataset.codec.columns]
        for i, row in enumerate(rows):
            table = pd.concat(
                [real[columns].iloc[[i]], *(b.iloc[[i]] for b in back)], ignore_index=True
            )
            table.insert(0, "through", ["real", *names])
            st.caption(md(payloads.short(dataset, int(row), 90)))
            st.dataframe(
                table,
                hide_index=True,
                height=dataframes.tall(table),
                key=f"same-{data.id}-{row}",
                column_config=dataframes.days(table),
                alt=f"row {row}, real and through each model",
            )


def result(runs) -> None:
    """What they reached."""
    done = [r for r in runs if r.has_result]
    newest = (
        st.toggle("Newest of each model only", value=True, key=f"newest-{data.id}")
        if len(done) > len({r.config["name"] for r in done})
        else False
    )
    done = list({r.config["name"]: r for r in reversed(done)}.values())[::-1] if newest else done
    found = entries(done[:MOST])
    names = comparison.measures(found)
    if not names:
        st.info(
            "Nothing to compare yet: train two models or more."
            if len(found) < 2
            else "These models share no number by which they could be ranked.",
            icon=":material/leaderboard:",
        )
        return
    by = (
        st.segmented_control("Rank by", names, default=names[0], required=True, key=f"by-{data.id}")
        if len(names) > 1
        else names[0]
    )
    table = comparison.ranking(found, by)
    unit = next(s.unit for e in found for s in e.scores if s.name == by)
    said(by, unit, table)
    chosen = show_table(by, table, found)  # over the whole width: its last columns are seen too
    st.download_button(
        "Download the table (CSV)",
        encode.csv_bytes(table.drop(columns=["id", "level"])),
        f"{file_stem('comparison', dataset.name)}.csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"csv-{data.id}",
    )
    chart(by, table, found)
    if chosen is not None and (run := services().runs.get(chosen)) is not None:
        state.use_run(run)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{md(run.title)}** is open now.")
            navigation.link("train", "Its scores")
            navigation.link("explore", "Explore it")
    same_items(table)


view = st.segmented_control(
    "Compare by",
    ("By numbers", "Maps side by side"),
    default="By numbers",
    required=True,
    key=f"compare-view-{data.id}",
    label_visibility="collapsed",
)
mine = [r for r in state.runs() if r.dataset == data.id]
if view == "By numbers":
    setup()
    under_way(mine)
    result(mine)
else:
    under_way(mine)
    side_by_side.draw(data, mine)
