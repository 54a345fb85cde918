"""Arrays as curves over their axis, in one chart."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.plots import figures

from ..charts import PLOT

ICON, UNIT = ":material/show_chart:", "arrays"


def gallery(dataset, items, captions, key, width, together):
    items = np.asarray(items)[:12]
    names = list(captions[:12]) if captions else [f"{i + 1}" for i in range(len(items))]
    st.plotly_chart(
        figures.signal(
            items,
            names,
            _axis(dataset),
            _axis_name(dataset),
            height=320,
            channels=_channels(dataset),
        ),
        key=f"lines-{key}",
        config=PLOT,
        alt="curves of the arrays",
    )
    if captions and len(captions) > 12:
        st.caption(f"The first 12 of {len(captions)} are drawn.")


def one(dataset, item, title, key, beside, beside_title):
    rows, names = [item[0]], [title]
    if beside is not None:
        rows, names = [beside[0], item[0]], [beside_title, title]
    st.plotly_chart(
        figures.signal(
            np.array(rows),
            names,
            _axis(dataset),
            _axis_name(dataset),
            muted=[0] if beside is not None else None,
            channels=_channels(dataset),
        ),
        key=f"line-{key}",
        config=PLOT,
        alt=f"curve of {title}",
    )


def _axis(dataset):
    return getattr(dataset.codec, "axis", None)


def _axis_name(dataset):
    return getattr(dataset.codec, "axis_label", "") or ""


def _channels(dataset):
    return getattr(dataset.codec, "channels", None)
