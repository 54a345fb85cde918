"""What makes the chosen rows different: from all others, or from a kept group."""

import numpy as np
import streamlit as st

from lvm_core.analysis.clusters import features
from lvm_core.analysis.contrast import LEAST, contrast
from lvm_core.analysis.identify import identify
from lvm_core.export import encode
from lvm_core.metrics import Score
from lvm_core.plots import contrast as figures_contrast
from lvm_core.text import clean
from lvm_core.text import markdown as md
from pages.session import dimension_names, selection
from pages.ui import charts, dataframes, items, scores, similar_items, work
from pages.ui.analyses._rows import needs_real_rows

TITLE, ORDER = "What differs", 12
REST, SHOWN, LEVELS = "all other rows", 14, 3
DELTA = (
    "Effect: the chance that a row of the group is higher than one of the others, less the chance "
    "that it is lower (Cliff's delta, -1 to 1); for a category, the difference of its shares."
)


def why_not(run, view) -> str:
    return needs_real_rows(run)


def draw(run, view) -> None:
    chosen, n = run.selection, len(run.dataset)
    if len(chosen) < LEAST:
        st.caption(
            f"Choose at least {LEAST} rows (box, lasso, or by words and columns under Selection), "
            f"and this says what makes them different. {len(chosen)} are chosen."
        )
        return
    groups = selection.groups(run)
    against = (
        st.selectbox(
            "Against",
            [REST, *groups],
            format_func=lambda g: g if g == REST else f"{md(g, 40)} ({len(groups[g]):,})",
            key=f"against-{run.id}",
            width=300,
        )
        if groups
        else REST
    )
    if against not in (REST, *groups):
        against = REST
    others = None if against == REST else np.setdiff1d(groups[against], chosen)
    count = n - len(chosen) if others is None else len(others)
    if count < LEAST:
        st.caption(
            f"{'All' if not count else f'All but {count}'} of the rows are chosen, so there is "
            "nothing to compare with; choose fewer."
            if others is None
            else (
                f"{md(against, 40)} has {count} rows that are not chosen; at least {LEAST} are "
                "needed."
            )
        )
        return
    settings = {
        "chosen": similar_items.digest(chosen),
        "against": "" if others is None else similar_items.digest(others),
        "columns": [str(c) for c in run.dataset.rows.columns],
    }
    found = work.result(
        run,
        "Comparing the chosen rows",
        settings,
        lambda on_step: contrast(run.dataset, run.fitted.codes, chosen, others, on_step=on_step),
    )
    if found is None:
        return
    told = work.result(
        run,
        "Telling them apart by a few features",
        settings,
        lambda on_step: identify(
            run.dataset.X,
            features(run.dataset)[0],
            chosen,
            others,
            presence=run.dataset.kind == "text",
            on_step=on_step,
        ),
    )
    other = "the rest" if others is None else clean(against, 40)
    _numbers(run, found, told, others is None)
    _KINDS[run.dataset.kind](run, found, told, other)
    left, right = st.columns(2, gap="large")
    with left:
        _dimensions(run, found)
    with right:
        _weights(run, told)
    _all(run, found)


def _numbers(run, found, told, rest) -> None:
    """How different in all, and what any region would show; how well few features tell it, held
    out.
    """
    kind, text = run.dataset.kind, run.dataset.kind == "text"
    title = "The clearest pixel"
    if kind != "image":
        title = f"Strongest difference: {clean(features(run.dataset)[0][found.strongest_of], 60)}"
    what = {"image": "pixel", "array": "place", "table": "column", "text": "word"}[run.dataset.kind]
    typical = (
        f" A random region of this size: {np.median(found.reference):.2g} (up to "
        f"{found.reference.max():.2g} in {len(found.reference)} regions)."
        if len(found.reference)
        else ""
    )
    cards = [
        Score(
            title,
            found.strongest,
            (
                "z-score of its log-odds, the largest of any word."
                if text
                else f"Cliff's delta, the largest of any {what} the model learnt from."
            )
            + typical,
            None if text else 0.0,
            None if text else 1.0,
            detail=""
            if text
            else "0: this group and the others have the same values; 1: no value of one lies among "
            "the other's. A random region is an item with its nearest in code space.",
        )
    ]
    if told is not None:
        verdict = (
            "no better than a coin"
            if told.auc - 2 * told.error < 0.5
            else "all but perfectly"
            if told.auc > 0.99
            else "well"
            if told.auc > 0.9
            else "fairly"
            if told.auc > 0.75
            else "a little"
        )
        size = (
            f" It learnt from {told.rows:,} of {told.asked:,} rows."
            if told.rows < told.asked
            else ""
        )
        cards.append(
            Score(
                "Told apart on held-out rows (AUC)",
                told.auc,
                f"A sparse logistic model with {len(told.weights)} "
                f"{what}{'s' * (len(told.weights) != 1)} ranks a held-out row of the group above "
                f"another in {100 * told.auc:.1f} % "
                f"of pairs: {verdict}. 50 % is a coin." + size,
                0.5,
                1.0,
                "",
                told.error,
            )
        )
    scores.show(cards)
    sample = (
        f" {len(found.inside):,} and {len(found.outside):,} of them, drawn at random (seed 0), "
        "were compared."
        if (len(found.inside), len(found.outside)) != found.asked
        else ""
    )
    st.caption(
        f"{found.asked[0]:,} rows against {found.asked[1]:,}.{sample} "
        + (
            "Rows chosen on a map were chosen by the very data they are compared by, so p-values "
            "would mean nothing: read the effects beside what any "
            "region shows, and the check on held-out rows. "
            if rest
            else (
                "Groups that were chosen on a map were chosen by the data they are compared by: "
                "read the effects, not significance. "
            )
        )
        + DELTA
    )


# -- by kind ---------------------------------------------------------------------------------------


def _image(run, found, told, other) -> None:
    shape = run.dataset.schema.image
    grids = [
        found.values[name].to_numpy().reshape(shape) for name in ("mean_in", "mean_out", "delta")
    ]
    pictures = [
        ("mean of the group", grids[0]),
        (f"mean of {other}"[:24], grids[1]),
        ("where they differ", figures_contrast.signed(grids[2])),
    ]
    if told is not None and told.weights:
        weights = np.zeros(int(np.prod(shape)))
        weights[told.columns] = [w for _, w in told.weights]
        pictures.append(
            (
                "what tells them apart",
                figures_contrast.signed(weights.reshape(shape) / np.abs(weights).max()),
            )
        )
    for i, (slot, (name, picture)) in enumerate(zip(st.columns(4), pictures)):
        with slot:
            items.gallery(
                run.dataset,
                picture[None].astype(np.float32),
                [name],
                key=f"differ-{i}-{run.id}",
                width=168,
            )
    st.caption(
        "Where they differ: orange where the group is brighter, blue where it is darker, white for "
        "no effect; full colour is an effect of 1"
        + (" (mean over the colours)" if shape[2] > 1 else "")
        + ". What tells them apart: the weights of the few pixels the sparse model needs."
    )
    _columns(run, found)


def _array(run, found, told, other) -> None:
    codec, v = run.dataset.codec, found.values
    if codec.axis is None and len(v) <= 40:
        order = np.argsort(-v["delta"].abs().to_numpy(), kind="stable")[:SHOWN]
        names = features(run.dataset)[0]
        st.plotly_chart(
            figures_contrast.effects(
                [names[j] for j in order],
                v["delta"].iloc[order],
                v["low"].iloc[order],
                v["high"].iloc[order],
                title="effect, with its 95 % interval",
                limit=1.05,
            ),
            key=f"differ-values-{run.id}",
            config=charts.PLOT,
            alt="effect of every value",
        )
    else:
        figure = figures_contrast.two_curves(
            *(v[c].to_numpy() for c in ("mean_in", "spread_in", "mean_out", "spread_out", "delta")),
            None if codec.channels else codec.axis,
            ", then ".join(codec.channels) if codec.channels else codec.axis_label,
            ("the chosen", other),
        )
        st.plotly_chart(
            figure,
            key=f"differ-curve-{run.id}",
            config=charts.PLOT,
            alt="mean curves of the group and the others, and where they differ",
        )
        st.caption(
            "Lines are means, bands one standard deviation of the rows. Beneath, the effect at "
            "every place."
        )
    _columns(run, found)


def _text(run, found, told, other) -> None:
    words = found.words
    ends = [words[words["z"] > 0].head(SHOWN), words[words["z"] < 0].iloc[::-1].head(SHOWN)]
    for slot, part, title in zip(
        st.columns(2, gap="large"), ends, ("More often here", f"More often in {other}")
    ):
        with slot:
            st.markdown(f"**{md(title, 60)}**")
            if len(part):
                hover = [
                    f"{r.term}: in {100 * r.inside:.1f} % of these documents, "
                    f"{100 * r.outside:.1f} % of the others"
                    for r in part.itertuples()
                ]
                st.plotly_chart(
                    figures_contrast.effects(
                        list(part["term"]), part["z"], hover=hover, title="z-score of the log-odds"
                    ),
                    key=f"differ-words-{title[-4:]}-{run.id}",
                    config=charts.PLOT,
                    alt=f"{title}: " + ", ".join(part["term"].head(5)),
                )
    st.caption(
        "Log-odds of a word here against there, shrunk towards the whole corpus (a Dirichlet "
        "prior), over their standard error: rare words do not win by chance (Monroe, Colaresi & "
        "Quinn, 2008)."
    )
    _columns(run, found)


def _columns(run, found) -> None:
    """What is known of the rows, the strongest effects first."""
    frame = found.columns.groupby("column", sort=False).head(LEVELS).head(SHOWN)
    if not len(frame):
        return
    names = [
        f"{r.column} = {r.level}"
        if r.level and r.level != "missing"
        else f"{r.column} {r.level}".strip()
        for r in frame.itertuples()
    ]
    hover = [
        f"{name}: {r.inside} here, {r.outside} there"
        + ("" if r.seen else " (the model did not learn from this column)")
        for name, r in zip(names, frame.itertuples())
    ]
    if run.dataset.kind != "table":
        st.markdown("**What else is known of them**")
    st.plotly_chart(
        figures_contrast.effects(
            names,
            frame["delta"],
            frame["low"],
            frame["high"],
            hover,
            "effect, with its 95 % interval",
            1.05,
        ),
        key=f"differ-columns-{run.id}",
        config=charts.PLOT,
        alt="effect of every column: " + ", ".join(names[:4]),
    )


_KINDS = {
    "image": _image,
    "array": _array,
    "text": _text,
    "table": lambda run, found, told, other: _columns(run, found),
}


# -- for every kind --------------------------------------------------------------------------------


def _dimensions(run, found) -> None:
    st.markdown("**Latent dimensions**")
    order = np.argsort(-found.dims["delta"].abs().to_numpy(), kind="stable")[:10]
    d, names = found.dims.iloc[order], dimension_names.of(run)
    st.plotly_chart(
        figures_contrast.effects(
            [names[j] for j in order],
            d["delta"],
            d["low"],
            d["high"],
            title="effect, with its 95 % interval",
            limit=1.05,
        ),
        key=f"differ-dims-{run.id}",
        config=charts.PLOT,
        alt="effect of every dimension of the code",
    )


def _weights(run, told) -> None:
    st.markdown("**Few features that tell them apart**")
    if told is None:
        st.caption("They are being looked for.")
        return
    if not told.weights:
        st.caption("None helps: the model that generalised best uses no feature at all.")
        return
    shown = told.weights[:10]
    prefix = "row, column " if run.dataset.kind == "image" else ""
    st.plotly_chart(
        figures_contrast.effects(
            [prefix + name for name, _ in shown],
            [w for _, w in shown],
            title="log-odds for one standard deviation more",
        ),
        key=f"differ-weights-{run.id}",
        config=charts.PLOT,
        alt="weights of the sparse model: " + ", ".join(name for name, _ in shown[:4]),
    )
    more = f"The first 10 of {len(told.weights)}. " if len(told.weights) > 10 else ""
    st.caption(
        more
        + (
            "Logistic regression with an L1 penalty, its strength chosen in folds; features that "
            "say the same as another are left out, so absence here is no proof of no effect."
        )
    )


def _all(run, found) -> None:
    with st.expander("All effects as a table", icon=":material/table:"):
        frame = found.columns
        if len(frame):
            st.dataframe(
                frame,
                hide_index=True,
                key=f"differ-table-{run.id}",
                height=dataframes.tall(frame, 360),
                alt="all effects",
                column_config={
                    "delta": st.column_config.NumberColumn("effect", format="%.3f", help=DELTA),
                    "low": st.column_config.NumberColumn(
                        "from", format="%.3f", help="Lower end of its 95 % interval."
                    ),
                    "high": st.column_config.NumberColumn("to", format="%.3f"),
                    "inside": st.column_config.TextColumn(
                        "here", help="Median of a number, share of a category."
                    ),
                    "outside": "there",
                    "smd": st.column_config.NumberColumn(
                        "in spreads",
                        format="%.2f",
                        help=(
                            "Difference of the means in standard deviations within the groups "
                            "(Cohen's d)."
                        ),
                    ),
                    "lift": st.column_config.NumberColumn(
                        "times as often", format="%.2f", help="Share here over share there."
                    ),
                    "q": st.column_config.NumberColumn(
                        "q",
                        format="%.2g",
                        help=(
                            "Share of false finds to expect among all effects at least as strong "
                            "(Mann-Whitney, Benjamini-Hochberg). Fair only for columns nobody "
                            "looked at when choosing."
                        ),
                    ),
                    "seen": st.column_config.CheckboxColumn(
                        "learnt from",
                        help="Whether the model saw this column; the map was made from those.",
                    ),
                },
            )
        if found.left_out:
            st.caption(
                "Left out, nearly every value being another: " + md(", ".join(found.left_out), 300)
            )
        tables = {
            "columns": frame if len(frame) else None,
            "words": found.words,
            "values": found.values,
        }
        with st.container(horizontal=True):
            for name, table in tables.items():
                if table is not None:
                    st.download_button(
                        f"Download {name} (CSV)",
                        lambda table=table: encode.csv_bytes(table),
                        f"{run.stem}-differences-{name}-{similar_items.digest(found.inside)}.csv",
                        "text/csv",
                        icon=":material/download:",
                        key=f"differ-csv-{name}-{run.id}",
                        on_click="ignore",
                    )
