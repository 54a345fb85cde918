"""Items as people see them: pictures, typed records, words, curves. One set of functions a kind, looked up by kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from lvm_core.datasets.base import Dataset
from lvm_core.plots import figures
from lvm_core.text import markdown as md

PLOT = {"displaylogo": False, "displayModeBar": False}


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, c) in [0, 1] -> uint8, grey without the channel axis."""
    images = (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
    return images[..., 0] if images.shape[-1] == 1 else images


def days(frame: pd.DataFrame) -> dict:
    """Column settings that show dates without a time of day as what they are."""
    return {name: st.column_config.DateColumn(name) for name, column in frame.items() if pd.api.types.is_datetime64_any_dtype(column) and (column.dropna() == column.dropna().dt.normalize()).all()}


def gallery(dataset: Dataset, items, captions: list[str] | None = None, *, key: str, width: int | None = None, columns: int = 6) -> None:
    """Many items side by side: pictures in a flow, rows in a table, words in cards, curves in one chart."""
    _GALLERY[dataset.kind](dataset, items, captions, key, width, columns)


def one(dataset: Dataset, item, title: str, *, key: str, beside=None, beside_title: str = "original") -> None:
    """One item, large; ``beside`` is a real item to compare it with."""
    _ONE[dataset.kind](dataset, item, title, key, beside, beside_title)


# -- pictures -------------------------------------------------------------------------------------------------------

def _gallery_image(dataset, items, captions, key, width, columns):
    side = width or int(np.clip(2 * items.shape[2], 64, 112))
    with st.container(key=f"pixels-{key}"):
        st.image(list(to_uint8(items)), caption=[md(c, 24) for c in captions] if captions else None, width=side, output_format=_format(items),
                 alt=[c[:60] for c in captions] if captions else ["picture"] * len(items))


def _format(images) -> str:
    """JPEG, Streamlit's own choice, halves the resolution of colour, which spoils small pictures."""
    return "PNG" if images.shape[1] <= 128 else "auto"


def _one_image(dataset, item, title, key, beside, beside_title):
    pictures = [(title, item[0])] + ([(beside_title, beside[0])] if beside is not None else [])
    with st.container(key=f"pixels-{key}", horizontal=True, gap="small"):
        for name, picture in pictures:
            st.image(to_uint8(picture[None])[0], caption=md(name), width=196 if len(pictures) == 1 else 128, alt=name, output_format=_format(item))


# -- tables ---------------------------------------------------------------------------------------------------------

def tall(rows, most: int = 400) -> int:
    """Pixels that a table of ``rows`` takes, named so that its place is kept while the browser fetches the code that draws it: a button below
    would otherwise move away under the hand."""
    return min(38 + 35 * len(rows), most)


def _gallery_table(dataset, items, captions, key, width, columns):
    frame = pd.DataFrame(items).reset_index(drop=True)
    if captions:
        frame.insert(0, " ", captions)
    st.dataframe(frame, hide_index=True, height=tall(frame, 430), key=f"frame-{key}", alt="rows of the table", column_config=days(frame))


def _one_table(dataset, item, title, key, beside, beside_title):
    row = pd.DataFrame(item).iloc[0]
    other = pd.DataFrame(beside).iloc[0] if beside is not None else None
    records = []
    for column in dataset.codec.columns:
        record = {"column": str(column.name), title: column.show(row.get(column.name))}
        if other is not None:
            record[beside_title] = column.show(other.get(column.name))
        record["in its range"] = column.fraction(row.get(column.name))
        records.append(record)
    st.dataframe(pd.DataFrame(records), hide_index=True, key=f"record-{key}", height=tall(records, 520),
                 column_config={"in its range": st.column_config.ProgressColumn(
                     "in its range", min_value=0, max_value=1, format=" ", help="Where the value lies between the smallest and the largest seen; for categories, empty.")})


# -- text -----------------------------------------------------------------------------------------------------------

def _gallery_text(dataset, items, captions, key, width, columns):
    slots = st.columns(3)
    for i, item in enumerate(items):
        with slots[i % 3].container(border=True):
            if captions:
                st.caption(md(captions[i], 60))
            st.markdown(words(item) if not isinstance(item, str) else md(" ".join(item.split()), 320))


def words(terms: list[tuple[str, float]], n: int = 12) -> str:
    """Terms as Markdown, the weighty ones bold."""
    top = max((w for _, w in terms[:n]), default=1.0) or 1.0
    return " · ".join(f"**{md(t)}**" if w > 0.5 * top else md(t) for t, w in terms[:n])


def _one_text(dataset, item, title, key, beside, beside_title):
    item = item[0]
    st.caption(md(title))
    if isinstance(item, str):
        st.markdown(md(" ".join(item.split()), 900))
    elif item:
        st.plotly_chart(figures.bars([t for t, _ in item[:16]], np.array([w for _, w in item[:16]])), key=f"words-{key}", config=PLOT,
                        alt="most likely words: " + ", ".join(t for t, _ in item[:8]))
    if beside is not None:
        st.caption(md(beside_title))
        with st.container(height=220, border=True):
            st.markdown(md(" ".join(beside[0].split()), 1500) if isinstance(beside[0], str) else words(beside[0]))


# -- arrays ---------------------------------------------------------------------------------------------------------

def _gallery_array(dataset, items, captions, key, width, columns):
    items = np.asarray(items)[:12]
    names = [c for c in captions[:12]] if captions else [f"{i + 1}" for i in range(len(items))]
    st.plotly_chart(figures.signal(items, names, _axis(dataset), _axis_name(dataset), height=320), key=f"lines-{key}", config=PLOT, alt="curves of the arrays")
    if captions and len(captions) > 12:
        st.caption(f"The first 12 of {len(captions)} are drawn.")


def _one_array(dataset, item, title, key, beside, beside_title):
    rows, names = [item[0]], [title]
    if beside is not None:
        rows, names = [beside[0], item[0]], [beside_title, title]
    st.plotly_chart(figures.signal(np.array(rows), names, _axis(dataset), _axis_name(dataset), muted=[0] if beside is not None else None),
                    key=f"line-{key}", config=PLOT, alt=f"curve of {title}")


def _axis(dataset):
    return getattr(dataset.codec, "axis", None)


def _axis_name(dataset):
    return getattr(dataset.codec, "axis_label", "") or ""


_GALLERY = {"image": _gallery_image, "table": _gallery_table, "text": _gallery_text, "array": _gallery_array}
_ONE = {"image": _one_image, "table": _one_table, "text": _one_text, "array": _one_array}
