"""Analyse: the code of a real item, by search, with what is left over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.datasets.single import FILES, rows_like
from lvm_core.metrics import Score
from lvm_core.metrics.base import average_item, percent
from lvm_core.nn import inversion
from lvm_core.plots import figures
from lvm_core.settings import LIMITS
from lvm_core.text import markdown as md
from pages.session import pace, state
from pages.ui import charts, items, navigation, scores, work
from pages.ui.items import image

TITLE, ORDER = "Reproduce an item", 60
QUESTION = (
    "Can the model make this very item? Choose a row or bring one; its nearest code is searched "
    "for, and what no code gives back is shown."
)
COMPARED = 100  # training rows that are searched for too
MOST_BARS = 40


def why_not(run) -> str:
    """A search needs a decoder to descend through, and rows whose squared difference means
    something.
    """
    if run.dataset.kind == "text":
        return "Two documents are not compared by squared differences of word counts."
    if not run.fitted.model.can_invert():
        return (
            f"{md(run.fitted.model.title)} is no network to search through; its encoder's code is "
            "as near as it comes."
        )
    return ""


def draw(run) -> None:
    """Choose, search, compare."""
    row, x, name = _chosen(run)
    if x is None:
        return
    with st.container(horizontal=True):
        steps = int(
            st.number_input(
                "Steps of the search",
                20,
                2000,
                inversion.STEPS,
                step=20,
                key=f"inversion-steps-{run.id}",
                width=180,
                help="More come a little closer and take longer.",
            )
        )
        seed = int(
            st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"inversion-seed-{run.id}",
                width=140,
                help="Of the codes a start is looked for among, and of the rows compared with.",
            )
        )
    train = run.fitted.train[run.fitted.train != row]
    rows = np.sort(
        np.random.RandomState(seed).choice(train, min(COMPARED, len(train)), replace=False)
    )
    model, X = run.fitted.model, run.dataset.X
    found = work.result(
        run,
        "Searching for the code",
        {"x": x.tolist() if row is None else row, "steps": steps, "seed": seed},
        lambda on_step: inversion.invert_row(
            model, x, X[rows], steps=steps, on_step=on_step, random_state=seed
        ),
        seconds=steps * (1 + len(rows)) * pace.decoding(run),
        start="Search",
    )
    if found is not None:
        _beside(run, x, found, name)
        scores.show(_scores(found, len(x), average_item(run.dataset.schema)))
        _open(run, row, found, name)


def _chosen(run):
    """(row or None, x (d,) or None, what it is called)."""
    where = st.segmented_control(
        "Item",
        ("row", "file"),
        default="row",
        required=True,
        key=f"inversion-of-{run.id}",
        label_visibility="collapsed",
        format_func={"row": "A row of the data", "file": "An item of my own"}.get,
    )
    if where == "row":
        row = int(
            st.number_input(
                "Row",
                0,
                len(run.dataset) - 1,
                int(run.fitted.scored_rows[0]),
                key=f"inversion-row-{run.id}",
                width=180,
                help=(
                    "The first one shown is a row the model has not learnt from, where there is "
                    "any."
                ),
            )
        )
        return row, np.asarray(run.dataset.X[row], np.float32), f"row {row}"
    file = st.file_uploader(
        "One item",
        type=list(FILES[run.dataset.kind]),
        key=f"inversion-file-{run.id}",
        max_upload_size=min(LIMITS.upload_bytes // 2**20, 50),
        help={
            "image": "A picture; it is brought to the size and colours of the data.",
            "table": "A table (CSV) with the columns of the data.",
            "array": "An .npy or CSV with as many numbers a row as the data.",
        }[run.dataset.kind],
    )
    if file is None:
        return None, None, ""
    try:
        X = rows_like(run.dataset, file.getvalue(), file.name)
    except ValueError as error:
        st.error(md(str(error), 600), icon=":material/error:")
        return None, None, ""
    row = (
        int(
            st.number_input(
                "Which row of the file", 0, len(X) - 1, 0, key=f"inversion-which-{run.id}"
            )
        )
        if len(X) > 1
        else 0
    )
    return None, X[row], "your item"


def _beside(run, x, found, name) -> None:
    """Real, decoded, and their difference."""
    dataset, key = run.dataset, f"inversion-{run.id}"
    real, back = dataset.decode(x[None]), dataset.decode(found.back[None])
    if dataset.kind == "image":
        gap = figures.difference(real[0], back[0])
        with st.container(key=f"pixels-{key}", horizontal=True, gap="medium"):
            for title, picture in (
                (f"Real: {name}", real[0]),
                ("Nearest the model can make", back[0]),
                ("Difference", gap),
            ):
                # JPEG would blur the colours of small pictures
                st.image(
                    image.to_uint8(picture[None])[0],
                    caption=md(title),
                    width=180,
                    alt=title,
                    output_format="PNG",
                )
        st.caption(
            "In the difference white is equal, orange where the real one is brighter, blue where "
            "the made one is."
        )
        return
    items.one(
        dataset,
        back,
        "nearest the model can make",
        key=key,
        beside=real,
        beside_title=f"real: {name}",
    )
    st.caption(
        "What is left, real minus made, in standard deviations of the data"
        + (
            " (of a category: the root mean square over its values)."
            if dataset.kind == "table"
            else "."
        )
    )
    if dataset.kind == "array" and len(x) > MOST_BARS:
        st.plotly_chart(
            figures.signal(
                found.differences[None],
                ["real minus made"],
                getattr(dataset.codec, "axis", None),
                height=180,
            ),
            key=f"gap-{key}",
            config=charts.PLOT,
            alt="curve of the difference",
        )
        return
    parts = sorted(
        inversion.by_group(found.differences, dataset.schema, _names(dataset)),
        key=lambda part: -abs(part[1]),
    )[:MOST_BARS]
    st.plotly_chart(
        figures.bars([n for n, _ in parts], np.array([v for _, v in parts]), low=None),
        key=f"gap-{key}",
        config=charts.PLOT,
        alt="difference of each column, largest first: "
        + ", ".join(f"{n} {v:.2g}" for n, v in parts[:5]),
    )


def _names(dataset) -> list[str] | None:
    names = getattr(dataset.codec, "names", None)
    return [str(n) for n in names] if dataset.kind == "array" and names else None


def _scores(found, d: int, average: str) -> list[Score]:
    closer = "no closer than" if found.residual > 0.99 * found.at_first else "closer than"
    left = Score(
        "What is left",
        found.residual,
        f"Real and made differ by {found.residual:.2g} standard deviations of the data (root mean "
        f"square over {d:,} values); 0 would be the "
        f"very item, {average} leaves {found.of_mean:.2g}. The search came {closer} the "
        f"encoder's own code, which leaves {found.at_first:.2g}.",
        found.of_mean,
        0.0,
    )
    if not len(found.reference):
        return [left]
    typical = float(np.median(found.reference))
    said = (
        "so the model knows items like this one"
        if found.farther >= 0.1
        else (
            "so this is an item the model hardly knows: look at what is left before trusting its "
            "code"
        )
    )
    rank = Score(
        "Training rows left farther",
        found.farther,
        f"Of {len(found.reference)} training rows searched for in the same way, "
        f"{percent(found.farther)} stay farther from their real item "
        f"(their median is {typical:.2g}), {said}.",
        None,
        None,
        "share",
    )
    return [left, rank]


def _open(run, row, found, name) -> None:
    """On to the explorer, at the code that was found; and the code as a file."""
    with st.container(horizontal=True):
        if st.button(
            "Open this code in Explore",
            icon=":material/explore:",
            type="primary",
            key=f"inversion-open-{run.id}",
        ):
            near = (
                row
                if row is not None
                else int(np.argmin(np.square(run.fitted.codes - found.code).sum(1)))
            )
            state.open_at(
                run,
                near,
                found.code,
                f"{'Row ' + str(row) if row is not None else 'Your item'}, placed by search: what "
                f"is left differs by {found.residual:.2g} standard deviations "
                "of the data (root mean square).",
            )
            navigation.go("explore")
        table = pd.DataFrame([found.code], columns=[f"z{i + 1}" for i in range(len(found.code))])
        st.download_button(
            "Code (CSV)",
            table.to_csv(index=False),
            f"{run.stem}-code.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=f"inversion-code-{run.id}",
        )
