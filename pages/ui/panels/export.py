"""The map as a file: poster, web page, table, TensorBoard, Embedding Atlas."""

import datetime
import io

import numpy as np
import streamlit as st

from lvm_core.analysis import clusters
from lvm_core.datasets.titles import SHOWN, title_columns, without_private
from lvm_core.datasets.upload import name_list
from lvm_core.export import formats, poster_layout, poster_png
from lvm_core.export.map_tables import Extract, atlas_command
from lvm_core.metrics.maps.trust import map_trust
from lvm_core.text import markdown as md
from pages.api import trust as truth
from pages.session import maps, url
from pages.ui import similar_items, work

TITLE, ORDER = "Export", 60
KINDS = {
    "Poster": ("png", "svg"),
    "Web page": ("html",),
    "Table": ("csv", "parquet"),
    "TensorBoard": ("tensorboard",),
    "Embedding Atlas": ("atlas",),
}
# seconds a row takes, measured on 19,020 rows
_A_ROW = {
    "Poster": 1.5e-5,
    "Web page": 1.2e-5,
    "Table": 1e-5,
    "TensorBoard": 4e-5,
    "Embedding Atlas": 5e-5,
}
PREVIEW_DPI, NEAREST = 96, 10


def why_not(run, view) -> str:
    return "" if run.kind == "runs" else "It needs a model: train one first."


def draw(run, view) -> None:
    dataset = run.dataset
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind = st.segmented_control(
            "File", list(KINDS), default="Poster", required=True, key=f"export-kind-{run.id}"
        )
        part = st.segmented_control(
            "Rows",
            ("all", "chosen"),
            default="all",
            required=True,
            key=f"export-rows-{run.id}",
            disabled=not len(run.selection),
            format_func=lambda p: (
                f"All {len(dataset):,}" if p == "all" else f"Chosen {len(run.selection):,}"
            ),
        )
        private = title_columns(dataset).private
        left_out = bool(private) and st.toggle(
            "Leave out names and e-mails",
            not dataset.source.get(SHOWN),
            key=f"export-private-{run.id}",
            help=f"The data hold columns about persons: {md(name_list(private, 10), 200)}.",
        )
        columns = [None, *(without_private(dataset, all=True) if left_out else dataset).colours()]
        now = url.view(run).colour
        column = st.selectbox(
            "Colour by",
            columns,
            index=columns.index(now) if now in columns else 0,
            key=f"export-colour-{run.id}-{now}",
            width=200,
            format_func=lambda c: "one colour" if c is None else str(c),
        )
    rows = (
        np.asarray(run.selection, np.int64)
        if part == "chosen" and len(run.selection)
        else np.arange(len(dataset))
    )
    left, right = (
        st.columns([5, 4], gap="large") if kind == "Poster" else (st.container(), st.container())
    )
    with right if kind == "Poster" else left:
        options = _options(run, kind)
    settings = {
        "map": view.key,
        "rows": similar_items.digest(rows),
        "chosen": similar_items.digest(run.selection),
        "column": None if column is None else str(column),
        "date": datetime.date.today().isoformat(),
        "left_out": left_out,
        **options,
    }
    if kind == "Poster":
        with left:
            _preview(run, view, rows, column, settings)
    with right:
        _files(run, view, rows, column, kind, settings)


def _files(run, view, rows, column, kind, settings) -> None:
    """What is in each file, and the files."""
    for name in KINDS[kind]:
        st.caption(
            f"**{formats.EXPORT_FORMATS[name].title}** · "
            f"{md(formats.EXPORT_FORMATS[name].holds, 400)}"
        )
    if view.positions.shape[1] == 3 and kind in ("Poster", "Web page"):
        st.caption(
            "This map has three dimensions; a flat sheet shows its first two axes. The table has "
            "all three."
        )
    made = work.result(
        run,
        kind,
        settings | {"kind": kind},
        _maker(run, view, rows, column, settings, KINDS[kind]),
        seconds=_seconds(run, view, rows, kind, settings),
        start="Make the file" + "s" * (len(KINDS[kind]) > 1),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, data in zip(KINDS[kind], made or ()):
            form = formats.EXPORT_FORMATS[name]
            st.download_button(
                f"{form.title} ({_size(len(data))})",
                data,
                _file(run, name),
                form.mime,
                icon=":material/download:",
                key=f"export-{run.id}-{name}",
                on_click="ignore",
            )
    _opening(run, view, rows, kind)


def _options(run, kind) -> dict:
    """What can be chosen for this kind of file."""
    if kind == "Table":
        with st.container(horizontal=True, gap="medium"):
            return {
                "clusters": st.toggle(
                    "Clusters",
                    key=f"export-clusters-{run.id}",
                    help=(
                        "Adds a column: dense regions among the codes (HDBSCAN; the least size is "
                        "suggested). Rows in no region stay empty."
                    ),
                ),
                "trust": st.toggle(
                    "Trust",
                    key=f"export-trust-{run.id}",
                    help=f"Adds a column: the share of a row's {NEAREST} true nearest neighbours "
                    "that are among its nearest on the map; "
                    "beyond 100,000 rows of a sample of them, the others stay empty.",
                ),
            }
    if kind not in ("Poster", "Web page"):
        return {}
    chosen = {
        "title": st.text_input(
            "Title", run.dataset.name, max_chars=120, key=f"export-title-{run.id}", width=360
        )
    }
    if kind == "Poster":
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            chosen["size"] = st.segmented_control(
                "Size",
                list(poster_layout.SIZES),
                default="A4",
                required=True,
                key=f"export-size-{run.id}",
            )
            chosen["dark"] = (
                st.segmented_control(
                    "Paper",
                    ("light", "dark"),
                    default="light",
                    required=True,
                    key=f"export-paper-{run.id}",
                )
                == "dark"
            )
        with st.container(horizontal=True, gap="medium"):
            chosen["names"] = st.segmented_control(
                "Names",
                ("classes", "regions", "none"),
                default="classes",
                required=True,
                key=f"export-names-{run.id}",
                help=(
                    "Written on the map: each class where most of it lies, or what the items of "
                    "each dense region have in common."
                ),
            )
            if run.dataset.kind == "image":
                chosen["pictures"] = st.toggle(
                    "Pictures",
                    value=True,
                    key=f"export-pictures-{run.id}",
                    help="Some of the pictures at their place, framed in their class's colour.",
                )
    return chosen


def _preview(run, view, rows, column, settings) -> None:
    chosen = np.asarray(run.selection, np.int64)

    def small(on_step) -> bytes:
        request = _request(run, view, rows, chosen, column, settings)
        return poster_png.png(request.poster(), request.size, request.dark, PREVIEW_DPI)

    shown = work.result(
        run,
        "Preview of the poster",
        settings,
        small,
        seconds=_seconds(run, view, rows, "Poster", settings) / 2,
        start="Preview",
    )
    if shown is not None:
        st.image(
            io.BytesIO(shown), width="stretch", alt=f"preview of the poster of {len(rows)} items"
        )


def _seconds(run, view, rows, kind, settings) -> float:
    """What the files take on an ordinary machine."""
    n = len(run.dataset)
    seconds = 0.1 + _A_ROW[kind] * len(rows)
    if settings.get("names") == "regions":
        seconds += 5e-6 * n
    if settings.get("clusters"):
        seconds += 0.5 + 5e-5 * min(n, clusters.MOST_FITTED) * run.fitted.codes.shape[1]
    if settings.get("trust"):
        seconds += truth.seconds(run, view.key)
    return seconds


def _maker(run, view, rows, column, settings, names):
    # as it is now, not when the thread comes to it
    chosen = np.asarray(run.selection, np.int64)

    def make(on_step) -> list[bytes]:
        request = _request(run, view, rows, chosen, column, settings, on_step)
        return [formats.EXPORT_FORMATS[name].make(request, on_step) for name in names]

    return make


def _request(run, view, rows, chosen, column, settings, on_step=None) -> formats.ExportRequest:
    """What these settings ask for; called in the work's thread."""
    codes, n = run.fitted.codes, len(run.dataset)
    further = {}
    if settings.get("clusters"):
        found = clusters.clusters(codes, "hdbscan", random_state=0, on_step=on_step)
        further["cluster"] = np.array(
            ["", *map(clusters.letter, range(found.count))], dtype=object
        )[found.labels + 1]
    if settings.get("trust"):
        measured = map_trust(
            maps.source(run, view),
            view.positions,
            ks=(NEAREST,),
            metric=getattr(run.maps[view.key].projection, "metric", "euclidean"),
            on_step=on_step,
        )
        further["trust"] = np.full(n, np.nan, np.float32)
        further["trust"][measured.rows] = measured.point("kept", measured.ks[0])
    if len(chosen) and len(rows) == n:
        further["chosen"] = np.isin(np.arange(n), chosen)
    projection = run.maps[view.key].projection
    return formats.ExportRequest(
        Extract(
            without_private(run.dataset, all=True) if settings["left_out"] else run.dataset,
            codes,
            view.positions,
            rows,
            further,
        ),
        column,
        settings.get("title", ""),
        formats.facts(run.fitted.model, view.title, projection, len(rows), settings["date"]),
        tuple(maps.scores(run, view.key)),
        settings.get("size", "A4"),
        settings.get("dark", False),
        settings.get("names", "none"),
        settings.get("pictures", False),
    )


def _opening(run, view, rows, kind) -> None:
    """How to open what another tool reads."""
    if kind == "TensorBoard":
        st.caption(
            "Unzip it into a folder and run this, or press Load at projector.tensorflow.org with "
            "its `vectors.tsv` and `metadata.tsv`."
        )
        st.code("tensorboard --logdir FOLDER", language="bash")
    if kind == "Embedding Atlas":
        st.caption(
            "Run this where the file lies; it needs [uv](https://docs.astral.sh/uv/) and a browser "
            "with WebGPU."
        )
        st.code(
            atlas_command(
                Extract(run.dataset, run.fitted.codes, view.positions, rows), _file(run, "atlas")
            ),
            language="bash",
        )


def _file(run, name) -> str:
    kind = {"tensorboard": "-tensorboard", "atlas": "-atlas"}.get(name, "")
    return f"map-{run.id}{kind}{formats.EXPORT_FORMATS[name].suffix}"


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(1, round(n / 1e3)):,} kB"
