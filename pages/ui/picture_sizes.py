"""The size of uploaded pictures as a choice, with what each costs; another one reads the same
upload again.
"""

from __future__ import annotations

import streamlit as st

from lvm_core.datasets import READERS
from lvm_core.datasets.pictures import SizeChoice, size_choices
from lvm_core.models.vae import VAE
from lvm_core.schema import Schema

from ..session import state
from . import corrections


def choice(data: state.Data) -> None:
    """A button a size, the present one marked; what cannot be chosen is grey and says why."""
    dataset, source = data.dataset, data.dataset.source
    shape = dataset.schema.image
    if shape is None or source.get("reader") not in READERS:
        return
    known = source.get("pictures") or {}  # kept before readers said it: nothing
    n, (height, width, channels) = len(dataset), shape
    sizes = size_choices(n, channels, known.get("largest"))
    chosen = tuple(known.get("chosen") or (height, width))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="sizes"):
        st.markdown("**Size in pixels**", width="content")
        if chosen not in [(size.side, size.side) for size in sizes]:  # a common size of their own
            label = f"{chosen[1]} × {chosen[0]}"
            _button(data, 0, label, (height, width) == chosen, "Their own size.", "")
        for size in sizes:
            pressed = (height, width) == (size.side, size.side)
            epochs = _epochs(n, size.side, channels)
            _button(data, size.side, f"{size.side} · {epochs}", pressed, _help(size), size.reason)
    st.caption(
        "Epochs: how often a VAE sees every picture in its default time to train on this machine. "
        "With few of them pictures stay blurred: take a smaller size, or more time on Train. PCA "
        "is quick at any size: 2,000 pictures of 256 take under a minute."
    )


def _epochs(n: int, side: int, channels: int) -> str:
    """What Train will suggest at this size."""
    epochs = VAE.suggest(n, Schema.picture(side, side, channels))["epochs"]
    return f"{epochs:,} epoch{'s' * (epochs > 1)}"


def _help(size: SizeChoice) -> str:
    return f"{size.values:,} values, {size.nbytes / 1e6:,.0f} MB on the disk."


def _button(
    data: state.Data, side: int, label: str, pressed: bool, about: str, reason: str
) -> None:
    if st.button(
        label,
        key=f"size-{side}",
        type="primary" if pressed else "secondary",
        disabled=bool(reason) and not pressed,
        help=reason or about,
    ):
        if not pressed:
            _read(data, side)


def _read(data: state.Data, side: int) -> None:
    source = data.dataset.source
    values = {k: v for k, v in source.get("asked", {}).items() if k not in ("types", "side")}
    with st.spinner("Reading the pictures at this size…"):
        read = corrections.read(
            data.upload, data.upload_name, READERS[source["reader"]], values | {"side": side}, {}
        )
    if read is None:
        return
    corrections.replaced(data, read)
    st.rerun()
