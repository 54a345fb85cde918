"""Models: what each one does, when to use it, and what its numbers mean."""

import pandas as pd
import streamlit as st

from lvm_core import MODELS
from lvm_core.capabilities import HasLikelihood, HasPosterior
from lvm_core.metrics.base import percent
from lvm_core.text import markdown as md
from lvm_core.text import spaced
from pages.session import state
from pages.ui import dataframes, frame, items, navigation, starting

frame.header(
    "Models",
    "Every model here: what it optimises, when to use it, what its numbers mean. Choose one.",
)

KINDS = {"image": "pictures", "table": "tables", "text": "text", "array": "arrays"}


def abilities(cls) -> list[str]:
    """What it can do beyond coding and decoding, in words."""
    return [
        words
        for words, there in (
            ("gives every row a log-likelihood or a bound of it", issubclass(cls, HasLikelihood)),
            ("uses labels", cls.labels),
            ("learns step by step: can be paused and trained longer", bool(cls.duration_param)),
            ("has a spread around every code", issubclass(cls, HasPosterior)),
        )
        if there
    ]


def settings(cls) -> pd.DataFrame:
    """Its parameters as a table."""
    return pd.DataFrame(
        [
            {
                "setting": p.label,
                "default": str(p.default),
                "accepts": p.domain(),
                "what it does": p.help,
            }
            for p in cls.parameters().values()
        ]
    )


def page_of(name: str) -> None:
    """All there is to know of one model."""
    cls = MODELS[name]
    st.subheader(cls.title, anchor=False)
    st.markdown(
        f"{cls.summary}  \n[{cls.paper}, {cls.year}]({cls.link}) · for "
        f"{', '.join(KINDS[k] for k in cls.supported_kinds)}"
    )
    st.markdown("**What it does**")
    st.latex(cls.objective)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**When to use it**")
        st.markdown(cls.when)
    with right:
        st.markdown("**What its numbers mean**")
        st.markdown(cls.reading)
        st.markdown(f"The sliders are ordered by *{md(cls.importance_meaning)}*.")
        if can := abilities(cls):
            st.markdown("It " + "; it ".join(can) + ".")
    with st.expander("Its settings"):
        table = settings(cls)
        st.dataframe(
            table,
            hide_index=True,
            height=dataframes.tall(table),
            key=f"settings-{name}",
            alt=f"settings of {name}",
            column_config={"what it does": st.column_config.TextColumn(width="large")},
        )
    data = state.data()
    if data is None:
        with st.container(horizontal=True):
            if st.button("Start with handwritten digits", icon=":material/bolt:", type="primary"):
                starting.start_digits()
            navigation.link("data", "Bring data to try it on", ":material/upload_file:")
    elif data.dataset.kind in cls.supported_kinds:
        if st.button(
            f"Use it on {md(data.dataset.name, 40)}",
            icon=":material/model_training:",
            type="primary",
            key=f"use-{name}",
        ):
            st.session_state[f"model-{data.id}"] = name
            navigation.go("train")
    else:
        st.caption(f"Not for {items.unit(data.dataset.kind)}, which is what you have open.")


wanted = next((n for n in MODELS if n == st.query_params.get("model")), "VAE")
kind = state.data().dataset.kind if state.data() is not None else None
everything = st.pills(
    "Models",
    list(MODELS),
    default=wanted,
    required=True,
    wrap=True,
    format_func=spaced,
    key="models-choice",
    label_visibility="collapsed",
)
st.query_params["model"] = everything
page_of(everything)

st.space("small")
st.markdown("**Words that every page uses**")
st.markdown(f"""
- **Code**: the few numbers a model keeps of an item; *latent* means hidden. **Decode**: the item a model makes of a code.
- **Held-out rows**: a tenth of the data no model learns from. Every score is measured there where the data has at least 50 rows.
- **Reconstruction R²**: what comes back of the differences between rows; {percent(0.0)} is always answering with the mean row.
- **Log-likelihood, ELBO**: how probable the model finds a row, in nats (1 nat is 1.44 bits); an ELBO is a lower bound of it. Comparable only on the same data with the same noise.
- **Active dimensions**: those whose value changes what is decoded; the others are folded away.
- **Temperature**: multiplies the noise around the centres of the source codes are drawn from: 0 gives the centres, below 1 samples are more alike, above 1 bolder.
""")  # noqa: E501
