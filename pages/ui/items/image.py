"""Pictures (n, h, w, c) in [0, 1], in a flow; the pixels of small ones are sharp."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

from lvm_core.text import markdown as md

ICON, UNIT = ":material/image:", "pictures"
GAP, MOST_COLUMNS = 6, 30  # pixels between pictures; in a row
SHRINK = 0.85  # a picture becomes that much smaller where one more then fits into a row


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Pictures (n, h, w, c) in [0, 1] -> uint8, grey without the channel axis."""
    images = (np.clip(images, 0, 1) * 255 + 0.5).astype(np.uint8)
    return images[..., 0] if images.shape[-1] == 1 else images


def gallery(dataset, items, captions, key, width, together, links=None):
    side = width or int(np.clip(2 * items.shape[2], 64, 112))
    name = _key(items, side, key)
    st.html(f"<style>{grid(name, len(items), side, together)}</style>")
    said = [md(c, 40) for c in captions] if captions else None
    if links:
        with st.container(key=name), st.container(horizontal=True):
            for i, (picture, link) in enumerate(zip(to_uint8(items), links)):
                st.image(
                    picture,
                    caption=said[i] if said else None,
                    width=side,
                    output_format=_format(items),
                    alt=f"{captions[i][:60] if captions else 'picture'}: open at full size",
                    link=link,
                )
        return
    with st.container(key=name):
        st.image(
            list(to_uint8(items)),
            caption=said,
            width=side,
            output_format=_format(items),
            alt=[c[:60] for c in captions] if captions else ["picture"] * len(items),
        )


def columns(n: int, most: int, together: int = 1) -> int:
    """Of ``n`` pictures, of which ``most`` fit into a row, so many in each that all rows are alike,
    or the last one is as full as can be; whole groups of ``together``.
    """
    offered = [c for c in range(1, min(n, most) + 1) if c % together == 0] or [together]
    offered = [c for c in offered if 2 * c >= offered[-1]]
    return max(offered, key=lambda c: (1.0 if n % c == 0 else n % c / c, c))


def grid(name: str, n: int, side: int, together: int = 1) -> str:
    """The rules that lay a gallery out in as many columns as suit the room it has."""
    place = f".st-key-{re.sub('[^a-zA-Z0-9_-]', '-', name)}"
    rules, last = [f"{place}{{container-type:inline-size}}"], 0
    for most in range(1, min(n, MOST_COLUMNS) + 1):
        if (found := columns(n, most, together)) == last:
            continue
        rule = (
            f"{place} :is(.stImage:has(>:nth-child(2)),.stHorizontalBlock)"
            f"{{display:grid;gap:{GAP}px;grid-template-columns:repeat({found},minmax(0,{side}px))}}"
        )
        least = int(most * SHRINK * side) + (most - 1) * GAP
        rules.append(f"@container (min-width:{least}px){{{rule}}}" if last else rule)
        last = found
    return "".join(rules)


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
    side = 196 if len(pictures) == 1 else 120  # two stand beside each other beside a map
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
