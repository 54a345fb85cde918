"""Pictures (n, h, w, c) in [0, 1], in a flow; the pixels of small ones are sharp."""

from __future__ import annotations

import numpy as np
import streamlit as st

from lvm_core.text import markdown as md

ICON, UNIT = ":material/image:", "pictures"


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, c) in [0, 1] -> uint8, grey without the channel axis."""
    images = (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
    return images[..., 0] if images.shape[-1] == 1 else images


def gallery(dataset, items, captions, key, width, columns, links=None):
    side = width or int(np.clip(2 * items.shape[2], 64, 112))
    if links:
        with st.container(key=_key(items, side, key), horizontal=True, gap="small"):
            for i, (picture, link) in enumerate(zip(to_uint8(items), links)):
                st.image(
                    picture,
                    caption=md(captions[i], 24) if captions else None,
                    width=side,
                    output_format=_format(items),
                    alt=f"{captions[i][:60] if captions else 'picture'}: open at full size",
                    link=link,
                )
        return
    with st.container(key=_key(items, side, key)):
        st.image(
            list(to_uint8(items)),
            caption=[md(c, 24) for c in captions] if captions else None,
            width=side,
            output_format=_format(items),
            alt=[c[:60] for c in captions] if captions else ["picture"] * len(items),
        )


def _key(images, side: int, key: str) -> str:
    """The style sheet keeps pixels sharp where this begins with ``pixels``; a large picture made
    small would lose most of them.
    """
    return f"{'pixels' if images.shape[2] <= side else 'smooth'}-{key}"


def _format(images) -> str:
    """JPEG, Streamlit's own choice, halves the resolution of colour, which spoils small
    pictures.
    """
    return "PNG" if images.shape[1] <= 128 else "auto"


def one(dataset, item, title, key, beside, beside_title, link=None):
    pictures = [(title, item[0], None)]
    if beside is not None:
        pictures.append((beside_title, beside[0], link))
    side = 196 if len(pictures) == 1 else 128
    with st.container(key=_key(item, side, key), horizontal=True, gap="small"):
        for name, picture, to in pictures:
            st.image(
                to_uint8(picture[None])[0],
                caption=md(name),
                width=side,
                alt=f"{name}: open at full size" if to else name,
                output_format=_format(item),
                link=to,
            )
