"""Pictures (n, h, w, c) in [0, 1], in a flow, their pixels sharp."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.text import markdown as md

ICON, UNIT = ":material/image:", "pictures"


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, c) in [0, 1] -> uint8, grey without the channel axis."""
    images = (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
    return images[..., 0] if images.shape[-1] == 1 else images


def gallery(dataset, items, captions, key, width, columns):
    side = width or int(np.clip(2 * items.shape[2], 64, 112))
    with st.container(key=f"pixels-{key}"):
        st.image(
            list(to_uint8(items)),
            caption=[md(c, 24) for c in captions] if captions else None,
            width=side,
            output_format=_format(items),
            alt=[c[:60] for c in captions] if captions else ["picture"] * len(items),
        )


def _format(images) -> str:
    """JPEG, Streamlit's own choice, halves the resolution of colour, which spoils small
    pictures.
    """
    return "PNG" if images.shape[1] <= 128 else "auto"


def one(dataset, item, title, key, beside, beside_title):
    pictures = [(title, item[0])] + ([(beside_title, beside[0])] if beside is not None else [])
    with st.container(key=f"pixels-{key}", horizontal=True, gap="small"):
        for name, picture in pictures:
            st.image(
                to_uint8(picture[None])[0],
                caption=md(name),
                width=196 if len(pictures) == 1 else 128,
                alt=name,
                output_format=_format(item),
            )
