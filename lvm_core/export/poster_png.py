"""A poster as PNG: letters and marks by Pillow, antialiased; very many points as their density.
Equal input gives equal bytes.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import cast

import numpy as np

from .encode import _pixels
from .fonts import font
from .map_colours import rgb
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
    radius,
)

MOST_MARKS = 100_000  # beyond, points are counted by pixel instead of drawn one over another


def png(poster: Poster, size: str = "A4", dark: bool = False, dpi: int = DPI) -> bytes:
    """A poster as PNG with its resolution (pixels an inch) written into it.

    Parameters
    ----------
    poster : Poster
        What is shown.
    size : str, default="A4"
        One of :data:`lvm_core.export.poster_layout.SIZES`.
    dark : bool, default=False
        Whether the sheet is dark.
    dpi : int, default=300
        Pixels an inch.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ValueError
        For an unknown size.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> from PIL import Image
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster
    >>> from lvm_core.export.poster_png import png
    >>> poster = Poster(np.eye(2), colours(None, 2), "Two points")
    >>> Image.open(io.BytesIO(png(poster, "16:9", dpi=72))).size
    (960, 540)
    """
    from PIL import Image, ImageDraw

    sheet, k = laid_out(poster, size, dark), dpi / 72
    image = Image.new(
        "RGB", (round(sheet.width * k), round(sheet.height * k)), sheet.theme["paper"]
    )
    points, at = points_image(poster, sheet, k)
    image.paste(points, at, points)
    pen = ImageDraw.Draw(image)
    for item in sheet.items:
        _DRAW[type(item)](image, pen, item, k, sheet.theme)
    out = io.BytesIO()
    image.save(out, format="PNG", dpi=(dpi, dpi), compress_level=6)
    return out.getvalue()


def points_image(poster: Poster, sheet: Sheet, k: float):
    """The points and pictures of a poster, on nothing.

    Parameters
    ----------
    poster : Poster
        What is shown.
    sheet : Sheet
        Where it stands.
    k : float
        Pixels a point of length.

    Returns
    -------
    image : PIL.Image.Image
        In mode RGBA.
    at : tuple of (int, int)
        Where its upper left corner is: (left, top).

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster, laid_out
    >>> from lvm_core.export.poster_png import points_image
    >>> poster = Poster(np.eye(2), colours(None, 2), "Two points")
    >>> image, at = points_image(poster, laid_out(poster), k=1.0)
    >>> image.mode, image.width > 100
    ('RGBA', True)
    """
    from PIL import Image

    x, y, width, height = sheet.box
    left, top = int(x * k), int(y * k)
    at = sheet.places(poster.positions) * k - (left, top)
    shape = int(width * k) + 1, int(height * k) + 1
    r = radius(len(at), sheet.box) * k
    if len(at) > MOST_MARKS:
        image = Image.fromarray(_density(at, poster.colours, shape, r))
    else:
        image = Image.new("RGBA", shape, (*rgb(sheet.theme["paper"]), 0))
        _stamp(image, at, poster.colours, r, rgb(sheet.theme["paper"]))
    if poster.pictures is not None:
        _pictures(image, at, poster, max(6, round(picture_side(sheet.box) * k)))
    return image, (left, top)


def _stamp(image, at, colours, r, paper):
    """Points one over another, each with a thin rim of the paper so that neighbours can be told
    apart.
    """
    rim = r > 3
    marks = [
        (_mask(int(symbol), r, opacity(len(at))), tuple(int(v) for v in colour))
        for symbol, colour in zip(colours.symbols, colours.palette)
    ]
    rims = [_mask(int(symbol), r * 1.22, 0.85) for symbol in colours.symbols] if rim else None
    corners = np.floor(at).astype(int)
    for i in drawn_order(len(at)):
        x, y, mark = int(corners[i, 0]), int(corners[i, 1]), colours.index[i]
        if rims is not None:
            half = rims[mark].width // 2
            image.paste((*paper, 255), (x - half, y - half), rims[mark])
        mask, colour = marks[mark]
        half = mask.width // 2
        image.paste((*colour, 255), (x - half, y - half), mask)


@lru_cache(256)
def _mask(symbol: int, r: float, alpha: float):
    """A symbol of radius r pixels as an antialiased mask: drawn eight times as large and
    averaged.
    """
    from PIL import Image, ImageDraw

    side = 2 * int(np.ceil(r * 1.35)) + 1
    large = Image.new("L", (8 * side, 8 * side), 0)
    ImageDraw.Draw(large).polygon([tuple(8 * (side / 2 + v)) for v in outline(symbol, r)], fill=255)
    return large.resize((side, side), Image.Resampling.BOX).point(
        lambda v: round(cast(float, v) * alpha)
    )


def outline(symbol: int, r: float) -> np.ndarray:
    """Corners of a symbol about the origin, of about the same area as a circle.

    Parameters
    ----------
    symbol : int
        0 to 7: circle, diamond, square, triangle, cross, x, star, pentagon.
    r : float
        Radius of that circle.

    Returns
    -------
    ndarray of shape (m, 2)
        Corners.

    Examples
    --------
    >>> from lvm_core.export.poster_png import outline
    >>> abs(outline(1, 1.0).round(2)).tolist()
    [[1.25, 0.0], [0.0, 1.25], [1.25, 0.0], [0.0, 1.25]]
    """
    turn = np.linspace(0, 2 * np.pi, 49)[:-1]
    if symbol == 0:
        return r * np.stack([np.cos(turn), np.sin(turn)], 1)
    if symbol in (4, 5):  # cross, x
        a, b = 1.2 * r, 0.42 * r
        arms = np.array(
            [
                (-b, -a),
                (b, -a),
                (b, -b),
                (a, -b),
                (a, b),
                (b, b),
                (b, a),
                (-b, a),
                (-b, b),
                (-a, b),
                (-a, -b),
                (-b, -b),
            ]
        )
        return arms if symbol == 4 else arms @ np.array([(1, 1), (-1, 1)]) / np.sqrt(2)
    corners, start, reach = {
        1: (4, 0, 1.25),
        2: (4, 45, 1.25),
        3: (3, -90, 1.33),
        6: (10, -90, 1.35),
        7: (5, -90, 1.15),
    }[symbol]
    angle = np.radians(start + np.arange(corners) * 360 / corners)
    reach = np.where(np.arange(corners) % 2, 0.5 * reach, reach) if symbol == 6 else reach
    return (r * reach * np.stack([np.cos(angle), np.sin(angle)])).T


def _density(at, colours, shape, r) -> np.ndarray:
    """Points as (height, width, 4) uint8: each spread over its disc, pixels opaque by the
    logarithm of what lies in them, in the mean colour.
    """
    width, height = shape
    cell = np.clip(at[:, 1].astype(int), 0, height - 1) * width + np.clip(
        at[:, 0].astype(int), 0, width - 1
    )
    disc = np.asarray(_mask(0, max(r, 0.8), 1.0), np.float32) / 255
    side, half = len(disc), len(disc) // 2
    paint = colours.palette.astype(np.float32)[colours.index]

    def spread(weights=None):
        found = np.pad(
            np.bincount(cell, weights, width * height).astype(np.float32).reshape(height, width),
            half,
        )
        parts = (
            disc[dy, dx] * found[dy : dy + height, dx : dx + width]
            for dy in range(side)
            for dx in range(side)
            if disc[dy, dx]
        )
        return cast(np.ndarray, sum(parts))

    count = spread()
    full = max(3.0, float(np.quantile(count[count > 0.01][::16], 0.98)))
    out = np.zeros((height, width, 4), np.uint8)
    out[..., 3] = np.minimum(
        255, 90 * np.minimum(count, 1) + 165 * np.log1p(count) / np.log1p(full)
    )
    safe = np.maximum(count, 1e-6)
    for c in range(3):
        out[..., c] = np.clip(spread(paint[:, c]) / safe, 0, 255)
    return out


def _pictures(image, at, poster, side):
    """Pictures at their places, framed in their class's colour."""
    from PIL import Image

    rows, items = poster.pictures
    edge = max(1, round(side / 22))
    for row, item in zip(rows, items):
        thumb = thumbnail(item, side - 2 * edge)
        frame = Image.new(
            "RGB",
            (thumb.width + 2 * edge, thumb.height + 2 * edge),
            tuple(int(v) for v in poster.colours.palette[poster.colours.index[row]]),
        )
        frame.paste(thumb, (edge, edge))
        image.paste(
            frame, (int(at[row, 0]) - frame.width // 2, int(at[row, 1]) - frame.height // 2)
        )


def thumbnail(item, side: int):
    """A picture as RGB of a given size; small ones are enlarged without blur.

    Parameters
    ----------
    item : array-like of shape (h, w, c)
        Values in [0, 1].
    side : int
        Pixels of its longer side.

    Returns
    -------
    PIL.Image.Image
        In mode RGB.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.poster_png import thumbnail
    >>> thumbnail(np.zeros((8, 4, 1)), 64).size
    (32, 64)
    """
    from PIL import Image

    pixels = _pixels(item)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    factor = side / max(picture.size)
    width, height = (max(1, round(v * factor)) for v in picture.size)
    return picture.convert("RGB").resize(
        (width, height), Image.Resampling.NEAREST if factor > 1 else Image.Resampling.LANCZOS
    )


# -- around the map --------------------------------------------------------------------------------


def _text(image, pen, item: Text, k, theme):
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[item.anchor]
    rim = max(1, round(0.16 * item.size * k)) if item.halo else 0
    pen.text(
        (item.x * k, item.y * k),
        item.text,
        fill=item.ink,
        font=font(item.size * k, item.text),
        anchor=anchor,
        stroke_width=rim,
        stroke_fill=theme["paper"],
    )


def _mark(image, pen, item: Mark, k, theme):
    mask = _mask(item.symbol, item.r * k, 1.0)
    image.paste(
        item.colour,
        (round(item.x * k) - mask.width // 2, round(item.y * k) - mask.height // 2),
        mask,
    )


def _ramp(image, pen, item: Ramp, k, theme):
    from PIL import Image

    bar = Image.fromarray(item.colours[None]).resize(
        (round(item.width * k), max(1, round(item.height * k))), Image.Resampling.BILINEAR
    )
    image.paste(bar, (round(item.x * k), round(item.y * k)))


def _rule(image, pen, item: Rule, k, theme):
    pen.line(
        [(item.x * k, item.y * k), (item.end * k, item.y * k)],
        fill=item.ink,
        width=max(1, round(0.5 * k)),
    )


_DRAW = {Text: _text, Mark: _mark, Ramp: _ramp, Rule: _rule}
