"""A poster as SVG: letters and points as vectors, beyond 20 000 points those as a picture
inside. Equal input gives equal bytes.
"""

from __future__ import annotations

import base64
import io
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from .poster_layout import (
    DPI,
    Mark,
    Poster,
    Ramp,
    Rule,
    Sheet,
    Text,
    drawn_order,
    laid_out,
    opacity,
    picture_side,
    plain,
    radius,
)
from .poster_png import outline, points_image, thumbnail

MOST_VECTORS = 20_000
_FONTS = "Aileron, 'Helvetica Neue', Helvetica, Arial, sans-serif"


def svg(poster: Poster, size: str = "A4", dark: bool = False) -> bytes:
    """A poster as an SVG of its true size.

    Text needs no font of ours: the reader's own sans serif is used.

    Parameters
    ----------
    poster : Poster
        What is shown.
    size : str, default="A4"
        One of :data:`lvm_core.export.poster_layout.SIZES`.
    dark : bool, default=False
        Whether the sheet is dark.

    Returns
    -------
    bytes
        The file, UTF-8.

    Raises
    ------
    ValueError
        For an unknown size.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster
    >>> from lvm_core.export.poster_svg import svg
    >>> svg(Poster(np.eye(2), colours(None, 2), "Two points")).decode().count("<circle")
    2
    """
    sheet = laid_out(poster, size, dark)
    points = _vectors if len(poster.positions) <= MOST_VECTORS else _embedded
    width, height, paper = sheet.width, sheet.height, sheet.theme["paper"]
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width:.2f}pt" height="{height:.2f}pt" '
        f'viewBox="0 0 {width:.2f} {height:.2f}" font-family="{_FONTS}">',
        f"<title>{escape(plain(poster.title))}</title>",
        f'<rect width="100%" height="100%" fill="{paper}"/>',
        *points(poster, sheet),
        *(_WRITE[type(item)](item, paper) for item in sheet.items),
        "</svg>\n",
    ]
    return "\n".join(parts).encode("utf-8")


def _vectors(poster: Poster, sheet: Sheet):
    at, colours = sheet.places(poster.positions), poster.colours
    r = radius(len(at), sheet.box)
    paint = ["#{:02X}{:02X}{:02X}".format(*tuple(colour)) for colour in colours.palette]
    shapes = {int(s): outline(int(s), r) for s in np.unique(colours.symbols)}
    rim = f' stroke="{sheet.theme["paper"]}" stroke-width="{0.2 * r:.2f}"' if r > 0.7 else ""
    yield f'<g fill-opacity="{opacity(len(at))}"{rim}>'
    for i in drawn_order(len(at)):
        index, (x, y) = colours.index[i], at[i]
        if symbol := int(colours.symbols[index]):
            yield (
                f'<path d="M{" ".join(f"{x + a:.2f},{y + b:.2f}" for a, b in shapes[symbol])}z" '
                f'fill="{paint[index]}"/>'
            )
        else:
            yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{r:.2f}" fill="{paint[index]}"/>'
    yield "</g>"
    if poster.pictures is not None:
        side = picture_side(sheet.box)
        for row, item in zip(*poster.pictures):
            thumb, edge = thumbnail(item, round(side * DPI / 72)), side / 22
            w, h = (v / max(thumb.size) * (side - 2 * edge) for v in thumb.size)
            x, y = at[row] - (w / 2, h / 2)
            yield (
                f'<rect x="{x - edge:.2f}" y="{y - edge:.2f}" width="{w + 2 * edge:.2f}" '
                f'height="{h + 2 * edge:.2f}" fill="{paint[colours.index[row]]}"/>'
            )
            yield _image(thumb, x, y, w, h)


def _embedded(poster: Poster, sheet: Sheet):
    k = DPI / 72
    image, (left, top) = points_image(poster, sheet, k)
    yield _image(image, left / k, top / k, image.width / k, image.height / k)


def _image(image, x, y, width, height) -> str:
    out = io.BytesIO()
    image.save(out, format="PNG")
    source = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    return (
        f'<image x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" '
        f'preserveAspectRatio="none" xlink:href="{source}"/>'
    )


def _text(item: Text, paper) -> str:
    halo = (
        f' stroke="{paper}" stroke-width="{0.32 * item.size:.2f}" stroke-linejoin="round" '
        'paint-order="stroke"'
        if item.halo
        else ""
    )
    return (
        f'<text x="{item.x:.2f}" y="{item.y:.2f}" font-size="{item.size:.2f}" fill="{item.ink}" '
        f"text-anchor={quoteattr(item.anchor)}{halo}>"
        f"{escape(item.text)}</text>"
    )


def _mark(item: Mark, paper) -> str:
    corners = " ".join(
        f"{item.x + a:.2f},{item.y + b:.2f}" for a, b in outline(item.symbol, item.r)
    )
    return f'<path d="M{corners}z" fill="{item.colour}"/>'


def _ramp(item: Ramp, paper) -> str:
    step = item.width / len(item.colours)
    return "".join(
        f'<rect x="{item.x + i * step:.2f}" y="{item.y:.2f}" width="{step + 0.3:.2f}" '
        f'height="{item.height:.2f}" fill="#{r:02X}{g:02X}{b:02X}"/>'
        for i, (r, g, b) in enumerate(item.colours.tolist())
    )


def _rule(item: Rule, paper) -> str:
    return (
        f'<path d="M{item.x:.2f},{item.y:.2f}H{item.end:.2f}" stroke="{item.ink}" '
        'stroke-width="0.5"/>'
    )


_WRITE = {Text: _text, Mark: _mark, Ramp: _ramp, Rule: _rule}
