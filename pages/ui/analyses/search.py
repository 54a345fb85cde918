"""Analyse: the items most like one, like a new one, or like a region."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import streamlit as st

from lvm_core.analysis import search
from lvm_core.analysis.selection import find
from lvm_core.datasets.base import DataError
from lvm_core.datasets.pictures import fit_picture
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md
from pages.ui import dataframes, items, scores, work

from ...api import originals, payloads
from . import _rows

TITLE, ORDER = "Similar items", 50
QUESTION = (
    "Which items are most like this one? Ask with a row, with words, with a new item or with the "
    "rows you selected on the map."
)
AT, MOST_SIDE, MOST_TEXT = 10, 8192, 20_000
WAYS = {"row": "A row", "new": "My own item", "chosen": "The selected rows"}


def why_not(run) -> str:
    """Two items are needed."""
    return "there is only one item." if len(run.dataset) < 2 else ""


def draw(run) -> None:
    """The question, the two answers side by side, and how far to trust them."""
    asked = min(len(run.dataset), search.MOST_QUERIES) if run.dataset.targets() is not None else 0
    ready = work.result(
        run,
        "Similar items",
        {"question": "search"},
        lambda on_step: _spaces(run),
        seconds=0.0
        if hasattr(run.dataset.X, "indptr")
        else 1e-9 * asked * min(len(run.dataset), search.MOST_POOL) * run.dataset.X.shape[1],
    )
    if ready is None:
        return
    way = st.segmented_control(
        "Ask with",
        list(WAYS),
        default="row",
        required=True,
        format_func=WAYS.get,
        key=f"like-way-{run.id}",
    )
    asked = {"row": _row, "new": _new, "chosen": _chosen}[way](run, ready)
    if asked is None:
        return
    code, row, without = asked
    most = min(48, len(run.dataset) - 1)
    k = (
        most
        if most < 2
        else int(st.slider("How many", 1, most, min(AT, most), key=f"like-k-{run.id}", width=320))
    )
    by_code, by_row = (
        ready[space].nearest(q, k, without) for space, q in (("codes", code), ("rows", row))
    )
    _answer(
        run,
        "By the code",
        "near in the latent space: alike in what the model keeps",
        by_code,
        "code",
    )
    _answer(
        run,
        "By the data itself",
        "documents with the same mix of words"
        if run.dataset.kind == "text"
        else "near in every value, no model",
        by_row,
        "rows",
    )
    st.markdown(
        f"**{percent(search.shared(by_code[0], by_row[0]))} of these {len(by_code[0])}** are in "
        "both answers. Beside each is its row and how close it is: the share of random pairs of "
        "items that are further apart, so 50 % is no likeness at all."
    )
    _rows.choose(run, by_code[0], f"like-{run.id}")
    _trust(ready)


def _spaces(run):
    codes, rows, y = (
        run.fitted.codes,
        search.comparable(run.dataset.X, run.dataset.schema),
        run.dataset.targets(),
    )
    ready = {"codes": search.Space.of(codes), "rows": search.Space.of(rows), "precision": None}
    if y is not None:
        ready["precision"] = search.precision(codes, y, AT), search.precision(rows, y, AT)
    return ready


def _of(run, i: int, ready):
    return run.fitted.codes[[i]], ready["rows"].A[[i]], i


def _row(run, ready):
    """A row by its number, or the rows that some words find."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    query = right.text_input(
        "Find rows by words",
        key=f"like-find-{run.id}",
        max_chars=200,
        placeholder="words, or column=value, column>number",
    )
    try:
        found = find(run.dataset.rows, query) if query.strip() else None
    except ValueError as error:
        st.warning(md(str(error), 300), icon=":material/info:")
        return None
    if found is None:
        i = int(left.number_input("Row", 0, len(run.dataset) - 1, 0, key=f"like-{run.id}"))
    elif not len(found):
        st.info(
            (
                "No row fits these words. Every word must occur in the row; for a document that is "
                "not in the data, ask with a new item."
            ),
            icon=":material/search_off:",
        )
        return None
    else:
        i = int(
            left.selectbox(
                f"One of {len(found):,}",
                found[:200],
                format_func=lambda j: f"row {j} · {payloads.short(run.dataset, int(j), 60)}",
                key=f"like-found-{run.id}-{query}",
            )
        )
    name = payloads.short(run.dataset, i, 80)
    _show(run, run.dataset.items([i]), name if f"row {i}" in name else f"row {i} · {name}")
    _rows.explore(run, i, f"like-{run.id}")
    return _of(run, i, ready)


def _chosen(run, ready):
    """The mean of the selected rows."""
    rows = run.selection
    if not len(rows):
        st.info(
            (
                "Nothing is selected yet. Draw a box or a lasso on Map or Explore, or select rows "
                "under another question; then come back."
            ),
            icon=":material/lasso_select:",
        )
        return None
    st.markdown(
        f"Most like the mean of the **{len(rows):,} selected rows**; they may be among the answers."
    )
    mean = np.asarray(ready["rows"].A[rows].mean(0), np.float64).reshape(1, -1)
    if hasattr(ready["rows"].A, "indptr"):
        from scipy.sparse import csr_matrix

        mean = csr_matrix(mean)
    return run.fitted.codes[rows].mean(0, keepdims=True), mean, None


def _new(run, ready):
    """An item that is not in the data, typed or uploaded, encoded as the training rows were."""
    try:
        given = _NEW[run.dataset.kind](run)
        X = None if given is None else run.dataset.codec.encode(given)
    except (DataError, ValueError) as error:
        st.error(md(str(error), 300), icon=":material/error:")
        return None
    if X is None:
        return None
    if hasattr(X, "indptr") and not X.nnz:
        st.info(
            (
                "The model knows none of these words. It learnt its words from your documents; try "
                "others."
            ),
            icon=":material/search_off:",
        )
        return None
    model = run.fitted.model
    code = model.transform(X.toarray() if hasattr(X, "indptr") and not model.sparse else X)
    if run.dataset.kind == "image":
        _show(run, run.dataset.decode(X), "your picture")
    return np.asarray(code, np.float64), search.comparable(X, run.dataset.schema), None


def _text(run):
    text = st.text_area(
        "Your text",
        key=f"like-text-{run.id}",
        max_chars=MOST_TEXT,
        height=90,
        placeholder="a few words, or a whole document",
    )
    return [text] if text.strip() else None


def _picture(run):
    from PIL import Image

    from lvm_core.settings import LIMITS

    file = st.file_uploader(
        "Your picture",
        type=["png", "jpg", "jpeg", "webp", "bmp"],
        key=f"like-picture-{run.id}",
        max_upload_size=20,
    )
    if file is None:
        return None
    codec = run.dataset.codec
    try:
        with Image.open(
            io.BytesIO(file.getvalue()), formats=("PNG", "JPEG", "WEBP", "BMP")
        ) as opened:
            if opened.width * opened.height > LIMITS.picture_pixels or max(opened.size) > MOST_SIDE:
                raise DataError(
                    f"the picture has {opened.width} x {opened.height} pixels, expected at most "
                    f"{MOST_SIDE} a side."
                )
            picture = fit_picture(
                opened.convert("L" if codec.channels == 1 else "RGB"),
                (codec.height, codec.width),
                "crop",
                0,
            )
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            "this file cannot be read as a picture; expected PNG, JPEG, WebP or BMP."
        ) from error
    pixels = (
        np.asarray(picture, np.float32).reshape(1, codec.height, codec.width, codec.channels) / 255
    )
    if st.toggle(
        "Invert",
        key=f"like-invert-{run.id}",
        help=(
            "If your data is bright on dark and your picture dark on bright, or the other way "
            "round."
        ),
    ):
        pixels = 1 - pixels
    return (pixels > 0.5).astype(np.float32) if codec.likelihood == "bernoulli" else pixels


def _record(run):
    columns = [c.name for c in run.dataset.codec.columns]
    st.caption("Edit the record; it starts as row 0.")
    return st.data_editor(
        run.dataset.rows[columns].iloc[[0]],
        hide_index=True,
        key=f"like-record-{run.id}",
        num_rows="fixed",
    )


def _numbers(run):
    d = run.dataset.X.shape[1]
    text = st.text_area(
        f"{d:,} numbers",
        key=f"like-numbers-{run.id}",
        max_chars=max(MOST_TEXT, 40 * d),
        height=90,
        placeholder="separated by commas, spaces or lines, in the data's own unit",
    )
    if not text.strip():
        return None
    parts = text.replace(",", " ").replace(";", " ").split()
    try:
        return np.array([[float(part) for part in parts]])
    except ValueError:
        bad = next(part for part in parts if not _is_number(part))
        raise DataError(f"{bad[:30]!r} is not a number; expected {d:,} numbers.") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_NEW = {"text": _text, "image": _picture, "table": _record, "array": _numbers}


def _show(run, item, title: str):
    """The question itself, small."""
    if run.dataset.kind == "image":
        items.gallery(run.dataset, item, [title[:24]], key=f"like-asked-{run.id}", width=96)
    else:
        st.markdown(
            md(title if run.dataset.kind != "text" else " ".join(str(item[0]).split()), 400)
        )


def _answer(run, title, line, found, key):
    rows, _, closeness = found
    st.markdown(f"**{title}** · {line}")
    captions = [f"{i} · {percent(share / 100)}" for i, share in zip(rows, closeness)]
    if run.dataset.kind == "table":
        table = _rows.add(run.dataset.items(rows), row=rows, closeness=closeness)
        st.dataframe(
            table,
            hide_index=True,
            key=f"like-{key}-{run.id}",
            height=dataframes.tall(table, 400),
            alt=f"most similar rows {title.lower()}",
            column_config=dataframes.days(table)
            | {"closeness": st.column_config.NumberColumn("closeness", format="%.2f %%")},
        )
    else:
        items.gallery(
            run.dataset,
            run.dataset.items(rows),
            captions,
            key=f"like-{key}-{run.id}",
            width=84 if run.dataset.kind == "image" else None,
            links=originals.links(run, rows),
        )


def _trust(ready):
    """Precision against the label, code beside raw data."""
    if ready["precision"] is None or None in ready["precision"]:
        return
    st.markdown("**How often like means of one class**")
    scores.show(
        [
            replace(score, name=f"{score.name}, {of}")
            for score, of in zip(ready["precision"], ("by the code", "by the data itself"))
        ]
    )
