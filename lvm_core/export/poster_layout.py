"""A 2-D map as a sheet for the wall: what stands where. :mod:`poster_png` and :mod:`poster_svg`
draw it; both draw the same.

Lengths are points (1/72 inch), x to the right and y downwards, from the sheet's upper left corner.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import cast

import numpy as np

from ..metrics.base import Score, percent
from .fonts import font
from .map_colours import Colours

SIZES = {
    "A4": (595.28, 841.89),
    "A3": (841.89, 1190.55),
    "16:9": (960.0, 540.0),
    "square": (720.0, 720.0),
}
DPI = 300
LIGHT = {"paper": "#FBFAF7", "ink": "#1B1F24", "faint": "#667080", "rule": "#D8D5CC"}
DARK = {"paper": "#0E1116", "ink": "#F2F4F7", "faint": "#98A2B0", "rule": "#2C343F"}
MOST_PICTURES, MOST_NAMES = 500, 40


@dataclass(frozen=True)
class Poster:
    """What a poster shows.

    Parameters
    ----------
    positions : ndarray of shape (n, 2)
        The map.
    colours : Colours
        Colours of the n points.
    title : str
        Its title.
    facts : tuple of str, default=()
        Short phrases under the title.
    scores : tuple of Score, default=()
        The map's numbers of trust.
    labels : tuple of (float, float, str), default=()
        (x, y, text): names at places of the map, in its own units, the weightiest first.
    pictures : tuple of (ndarray, ndarray), optional
        Rows (m,) and their pictures (m, h, w, c) in [0, 1].

    Raises
    ------
    ValueError
        For positions that are not (n, 2) or not finite, or another number of colours.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster, laid_out
    >>> poster = Poster(np.eye(2), colours(None, 2), "Two points")
    >>> laid_out(poster).items[0].text
    'Two points'
    """

    positions: np.ndarray  # (n, 2)
    colours: Colours
    title: str
    facts: tuple[str, ...] = ()
    scores: tuple[Score, ...] = ()
    labels: tuple[tuple[float, float, str], ...] = ()
    pictures: tuple[np.ndarray, np.ndarray] | None = None

    def __post_init__(self):
        P = np.asarray(self.positions)
        if P.ndim != 2 or P.shape[1] != 2 or not len(P) or not np.isfinite(P).all():
            raise ValueError(
                f"the positions have shape {P.shape}, expected (n, 2) finite numbers with at least "
                "one point."
            )
        if len(self.colours.index) != len(P):
            raise ValueError(
                f"there are {len(self.colours.index)} colours for {len(P)} points, expected one a "
                "point."
            )


@dataclass(frozen=True)
class Text:
    """A line of text on a sheet.

    Attributes
    ----------
    x, y : float
        Where its baseline begins, or ends, or its middle.
    text : str
        The line.
    size : float
        Size of the letters.
    ink : str
        Colour as ``#rrggbb``.
    anchor : {"start", "middle", "end"}, default="start"
        What of the baseline is at (x, y).
    halo : bool, default=False
        Whether it is outlined in the paper's colour.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import Text
    >>> Text(10.0, 20.0, "Title", 12.0, "#1B1F24").anchor
    'start'
    """

    x: float
    y: float
    text: str
    size: float
    ink: str
    anchor: str = "start"
    halo: bool = False


@dataclass(frozen=True)
class Mark:
    """A point of the legend.

    Attributes
    ----------
    x, y : float
        Its middle.
    r : float
        Its radius.
    symbol : int
        Its shape, see :func:`lvm_core.export.poster_png.outline`.
    colour : str
        As ``#rrggbb``.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import Mark
    >>> Mark(10.0, 20.0, 3.0, 0, "#0072B2").symbol
    0
    """

    x: float
    y: float
    r: float
    symbol: int
    colour: str


@dataclass(frozen=True)
class Ramp:
    """A colour bar.

    Attributes
    ----------
    x, y : float
        Its upper left corner.
    width, height : float
        Its size.
    colours : ndarray of uint8, shape (m, 3)
        From left to right.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import Ramp
    >>> from lvm_core.plots.colouring import levels
    >>> Ramp(10.0, 20.0, 100.0, 4.0, levels("sequential")).colours.shape
    (255, 3)
    """

    x: float
    y: float
    width: float
    height: float
    colours: np.ndarray  # (m, 3) uint8


@dataclass(frozen=True)
class Rule:
    """A thin level line.

    Attributes
    ----------
    x, y : float
        Where it begins.
    end : float
        x where it ends.
    ink : str
        Colour as ``#rrggbb``.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import Rule
    >>> Rule(10.0, 20.0, 110.0, "#D8D5CC").end
    110.0
    """

    x: float
    y: float
    end: float
    ink: str


@dataclass
class Sheet:
    """A laid-out poster.

    Attributes
    ----------
    width, height : float
        Its size.
    theme : dict
        Colours of paper, ink, and faint text and rules.
    box : tuple of (float, float, float, float)
        The map's x, y, width and height.
    items : list of Text, Mark, Ramp or Rule
        Everything written around the map.

    See Also
    --------
    laid_out : Makes one of a poster.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster, laid_out
    >>> sheet = laid_out(Poster(np.eye(2), colours(None, 2), "Two points"), "square")
    >>> sheet.width, sheet.places(np.eye(2)).shape
    (720.0, (2, 2))
    """

    width: float
    height: float
    theme: dict
    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    items: list = field(default_factory=list)
    # where the map's positions lie on it
    centre: np.ndarray = field(init=False, repr=False, compare=False)
    origin: np.ndarray = field(init=False, repr=False, compare=False)
    scale: float = field(init=False, repr=False, compare=False)

    def places(self, P) -> np.ndarray:
        """Positions P (m, 2) of the map on the sheet."""
        return self.origin + (np.asarray(P, np.float64) - self.centre) * (self.scale, -self.scale)


def laid_out(poster: Poster, size: str = "A4", dark: bool = False) -> Sheet:
    """Where everything of a poster stands.

    Parameters
    ----------
    poster : Poster
        What is shown.
    size : str, default="A4"
        One of :data:`SIZES`.
    dark : bool, default=False
        Whether the sheet is dark.

    Returns
    -------
    Sheet
        The laid-out poster.

    Raises
    ------
    ValueError
        For a size that is not in :data:`SIZES`.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import Poster, laid_out
    >>> poster = Poster(np.eye(2), colours(None, 2), "Two points", ("2 items",))
    >>> [item.text for item in laid_out(poster, "16:9").items]
    ['Two points', '2 items', 'Latent Explorer']
    """
    if size not in SIZES:
        raise ValueError(f"the size is {size!r}, expected one of {', '.join(SIZES)}.")
    sheet = Sheet(*SIZES[size], DARK if dark else LIGHT)
    (_beside if sheet.width > 1.3 * sheet.height else _below)(poster, sheet, min(SIZES[size]) / 100)
    low, high = (
        poster.positions.min(0).astype(np.float64),
        poster.positions.max(0).astype(np.float64),
    )
    x, y, width, height = sheet.box
    room = radius(len(poster.positions), sheet.box) + (
        0.5 * picture_side(sheet.box) if poster.pictures is not None else 0
    )
    sheet.centre, sheet.origin = (low + high) / 2, np.array([x + width / 2, y + height / 2])
    sheet.scale = float(
        min(
            (width - 2 * room) / max(high[0] - low[0], 1e-12),
            (height - 2 * room) / max(high[1] - low[1], 1e-12),
        )
    )
    _names(poster, sheet, min(SIZES[size]) / 100)
    return sheet


def radius(n: int, box) -> float:
    """Radius of a point, so that n of them fill the box evenly whatever n is.

    Parameters
    ----------
    n : int
        Number of points.
    box : tuple of (float, float, float, float)
        The map's x, y, width and height.

    Returns
    -------
    float
        From 0.26 to 3.4.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import radius
    >>> radius(10, (0, 0, 500, 500)), radius(10_000, (0, 0, 500, 500))
    (3.4, 0.8)
    """
    return float(np.clip(0.16 * np.sqrt(box[2] * box[3] / max(n, 1)), 0.26, 3.4))


def opacity(n: int) -> float:
    """Opacity of a point.

    Parameters
    ----------
    n : int
        Number of points.

    Returns
    -------
    float
        The less, the more points there are.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import opacity
    >>> opacity(100), opacity(100_000)
    (0.92, 0.65)
    """
    return 0.92 if n < 5000 else 0.8 if n < 20_000 else 0.65


def drawn_order(n: int) -> np.ndarray:
    """Rows in the order they are drawn.

    By chance (seed 0), so that no class lies on top of the others.

    Parameters
    ----------
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int, shape (n,)
        Row numbers.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import drawn_order
    >>> drawn_order(5).tolist()
    [2, 0, 1, 3, 4]
    """
    return np.random.RandomState(0).permutation(n)


def picture_side(box) -> float:
    """Side of a picture on the map.

    Parameters
    ----------
    box : tuple of (float, float, float, float)
        The map's x, y, width and height.

    Returns
    -------
    float
        Length.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import picture_side
    >>> picture_side((0, 0, 500, 600))
    21.0
    """
    return 0.042 * min(box[2], box[3])


def picked_pictures(P, size: str = "A4") -> np.ndarray:
    """Rows of a map whose pictures fit on a sheet without one covering another, by chance (seed 0).

    Parameters
    ----------
    P : array-like of shape (n, 2)
        Positions.
    size : str, default="A4"
        Not used.

    Returns
    -------
    ndarray of int
        At most ``MOST_PICTURES`` rows.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import picked_pictures
    >>> len(picked_pictures([[0, 0], [0.01, 0], [1, 1], [0, 1]]))
    3
    """
    P = np.asarray(P, np.float64)
    gap = 0.046 * np.ptp(P, 0).max() + 1e-12
    taken, rows = {}, []
    for i in drawn_order(len(P))[:60_000]:
        cx, cy = (int(v) for v in np.floor((P[i] - P[0]) / gap))
        near = (taken.get((cx + dx, cy + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        if all(j is None or np.abs(P[i] - P[j]).max() >= gap for j in near):
            taken[cx, cy] = i
            rows.append(i)
            if len(rows) == MOST_PICTURES:
                break
    return np.array(rows, int)


def class_names(P, colours: Colours) -> tuple[tuple[float, float, str], ...]:
    """The name of each class at the place where most of it lies.

    Parameters
    ----------
    P : array-like of shape (n, 2)
        Positions.
    colours : Colours
        Colours of the points.

    Returns
    -------
    tuple of (float, float, str)
        (x, y, text), the largest class first; nothing beyond 40 classes.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.poster_layout import class_names
    >>> P = [[0.0, 0.0], [4.0, 4.0], [0.0, 0.0]]
    >>> class_names(P, colours(pd.Series(["cat", "dog", "cat"]), 3))
    ((0.0, 0.0, 'cat'), (4.0, 4.0, 'dog'))
    """
    P, found = np.asarray(P, np.float64), []
    if len(colours.entries) > MOST_NAMES:
        return ()
    low, side = P.min(0), max(np.ptp(P, 0).max(), 1e-12)
    for key in sorted(colours.entries, key=lambda key: -key.count):
        members = P[colours.index == key.index]
        if len(members):
            cells = np.minimum((members - low) / side * 24, 23.999).astype(int)
            counts = np.zeros((28, 28), int)
            np.add.at(counts[2:-2, 2:-2], tuple(cells.T), 1)
            shifted = (counts[dx : dx + 24, dy : dy + 24] for dx in range(5) for dy in range(5))
            around = cast(np.ndarray, sum(shifted))
            fullest = np.unravel_index((around * (counts[2:-2, 2:-2] > 0)).argmax(), around.shape)
            near = members[np.abs(cells - fullest).max(1) <= 1]
            found.append((*(float(v) for v in near.mean(0)), key.name))
    return tuple(found)


# -- words and their widths ------------------------------------------------------------------------


def plain(text) -> str:
    """Printable characters on one line; what else there is becomes a space.

    Parameters
    ----------
    text : object
        Is taken as its text.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import plain
    >>> plain(" one" + chr(10) + "two" + chr(0) + "three ")
    'one two three'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


@lru_cache(4096)
def width_of(text: str, size: float) -> float:
    """Width of a line in Pillow's own font; other fonts are a little wider or narrower.

    Parameters
    ----------
    text : str
        The line.
    size : float
        Size of the letters.

    Returns
    -------
    float
        Width, in the unit of ``size``.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import width_of
    >>> width_of("wide", 20) == 2 * width_of("wide", 10)
    True
    """
    return font(100, text).getlength(text) * size / 100


def fitted(text: str, size: float, width: float) -> str:
    """The line, cut with an ellipsis where it is wider than there is room.

    Parameters
    ----------
    text : str
        The line.
    size : float
        Size of the letters.
    width : float
        Room there is.

    Returns
    -------
    str
        A line of at most that width.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import fitted
    >>> fitted("short", 10, 100), fitted("a line that is too long", 10, 60)[-1]
    ('short', '…')
    """
    text = plain(text)[:400]
    if width_of(text, size) <= width:
        return text
    kept = bisect_right(range(1, len(text)), width, key=lambda n: width_of(text[:n] + "…", size))
    return text[:kept].rstrip() + "…"


def wrapped(phrases, size: float, width: float, most: int, joint: str = " · ") -> list[str]:
    """Phrases in lines no wider than there is room; the last is cut where more would be needed.

    Parameters
    ----------
    phrases : iterable of str
        What is to be written.
    size : float
        Size of the letters.
    width : float
        Room there is.
    most : int
        Most lines.
    joint : str, default=" · "
        Stands between two phrases of a line.

    Returns
    -------
    list of str
        Lines.

    Examples
    --------
    >>> from lvm_core.export.poster_layout import wrapped
    >>> wrapped(["PCA", "150 items", "seed 0"], size=10, width=90, most=3)
    ['PCA · 150 items', 'seed 0']
    """
    lines, phrases = [], [plain(p) for p in phrases]
    for phrase in filter(None, phrases):
        if lines and width_of(lines[-1] + joint + phrase, size) <= width:
            lines[-1] += joint + phrase
        elif len(lines) < most:
            lines.append(phrase)
        else:
            lines[-1] += joint + phrase
    return [fitted(line, size, width) for line in lines]


# -- the two arrangements --------------------------------------------------------------------------


def _below(poster, sheet, u):
    """Title, map, legend, numbers: one under the other."""
    margin, width = 6 * u, sheet.width - 12 * u
    y = _heading(poster, sheet, u, margin, margin, width, 1, 2)
    foot = sheet.height - margin
    _foot(sheet, u, margin, foot)
    top = _trust(poster, sheet, u, margin, foot - 4 * u, width) if poster.scores else foot - 2.5 * u
    top = _legend(poster, sheet, u, margin, top - 3 * u, width, 0.17 * sheet.height)
    sheet.box = margin, y + 2 * u, width, top - 2 * u - (y + 2 * u)


def _beside(poster, sheet, u):
    """The map, and everything else in a column on its right."""
    margin, column = 6 * u, 0.31 * sheet.width
    x = sheet.width - margin - column
    y = _heading(poster, sheet, u, x, margin, column, 3, 5)
    foot = sheet.height - margin
    _foot(sheet, u, x, foot)
    top = _trust(poster, sheet, u, x, foot - 4 * u, column) if poster.scores else foot - 2.5 * u
    _legend(poster, sheet, u, x, top - 3 * u, column, top - 8 * u - y, y + 5 * u)
    sheet.box = margin, margin * 0.8, x - 3 * u - margin, sheet.height - 1.6 * margin


def _heading(poster, sheet, u, x, y, width, title_lines, fact_lines) -> float:
    size = 5.6 * u
    start = y
    while size > 3 * u and width_of(plain(poster.title), size) > width * title_lines * 0.9:
        size *= 0.94
    for line in wrapped(
        poster.title.split() if title_lines > 1 else [poster.title], size, width, title_lines, " "
    ):
        y += (0.78 if y == start else 1.05) * size
        sheet.items.append(Text(x, y, line, size, sheet.theme["ink"]))
    y += 1.2 * u
    for line in wrapped(poster.facts, 1.75 * u, width, fact_lines):
        y += 2.5 * u
        sheet.items.append(Text(x, y, line, 1.75 * u, sheet.theme["faint"]))
    return y


def _foot(sheet, u, x, y):
    sheet.items.append(Text(x, y, "Latent Explorer", 1.3 * u, sheet.theme["faint"]))


def _trust(poster, sheet, u, x, bottom, width) -> float:
    """The numbers of trust side by side, each with its name and what chance would give; returns
    where they begin.
    """
    shown = [s for s in poster.scores if s.unit == "share"][:4]
    step = width / max(len(shown), 1)
    for i, score in enumerate(shown):
        left, room = x + i * step, step - 1.5 * u
        sheet.items.append(
            Text(left, bottom - 3.9 * u, percent(score.value), 3 * u, sheet.theme["ink"])
        )
        sheet.items.append(
            Text(
                left,
                bottom - 1.8 * u,
                fitted(score.name, 1.45 * u, room),
                1.45 * u,
                sheet.theme["ink"],
            )
        )
        if score.baseline is not None:
            sheet.items.append(
                Text(
                    left,
                    bottom,
                    fitted(f"by chance {percent(score.baseline)}", 1.3 * u, room),
                    1.3 * u,
                    sheet.theme["faint"],
                )
            )
    sheet.items.append(Rule(x, bottom - 8.2 * u, x + width, sheet.theme["rule"]))
    return bottom - 8.2 * u


def _legend(poster, sheet, u, x, bottom, width, height, top=None) -> float:
    """Classes with their counts, or the colour bar, above ``bottom`` (or below ``top``);
    returns where it begins.
    """
    colours = poster.colours
    if colours.ends:
        return _bar(colours, sheet, u, x, bottom if top is None else top + 6 * u, width)
    if not colours.entries:
        return bottom
    size = 1.65 * u
    entry = min(
        width,
        max(width_of(f"{plain(k.name)[:40]}  {k.count:,}", size) for k in colours.entries)
        + 4.5 * u,
    )
    rows = max(1, int((height - 3 * u) // (2.5 * u)))
    columns = 1 if top is not None and len(colours.entries) <= rows else max(1, int(width // entry))
    # many: smaller, and counted where they still do not fit
    if len(colours.entries) > rows * columns:
        size, entry = 1.3 * u, min(0.8 * entry, width)
        columns, rows = max(1, int(width // entry)), max(1, int((height - 3 * u) // (2 * u)))
    line, keys = size * 1.5, list(colours.entries)
    if len(keys) > rows * columns:
        shown = sorted(sorted(keys, key=lambda k: -k.count)[: rows * columns - 1], key=keys.index)
        rest = [k for k in keys if k not in shown]
        keys = [
            *shown,
            replace(
                rest[0],
                name=f"and {len(rest):,} more",
                count=sum(k.count for k in rest),
                colour=sheet.theme["faint"],
                symbol=0,
            ),
        ]
    rows = -(-len(keys) // columns)
    start = top + 3 * u if top is not None else bottom - (rows - 1) * line
    sheet.items.append(
        Text(
            x,
            start - 2.6 * u,
            fitted(colours.title, 1.45 * u, width),
            1.45 * u,
            sheet.theme["faint"],
        )
    )
    for i, key in enumerate(keys):
        left, y = x + i // rows * (width / columns), start + i % rows * line
        count = f"{key.count:,}"
        sheet.items.append(
            Mark(left + 0.5 * size, y - 0.35 * size, 0.42 * size, key.symbol, key.colour)
        )
        name = fitted(
            key.name, size, width / columns - 1.5 * size - width_of(count, size) - 2.2 * u
        )
        sheet.items.append(Text(left + 1.5 * size, y, name, size, sheet.theme["ink"]))
        sheet.items.append(
            Text(
                left + 1.5 * size + 1.06 * width_of(name, size) + 0.9 * u,
                y,
                count,
                size,
                sheet.theme["faint"],
            )
        )
    return start - 4.5 * u


def _bar(colours, sheet, u, x, bottom, width) -> float:
    long, ends = min(width, 45 * u), colours.ends
    sheet.items.append(
        Text(
            x,
            bottom - 4.2 * u,
            fitted(colours.title, 1.45 * u, width),
            1.45 * u,
            sheet.theme["faint"],
        )
    )
    sheet.items.append(Ramp(x, bottom - 3.2 * u, long, 1.2 * u, colours.palette[:255:2]))
    sheet.items.append(Text(x, bottom, ends[0], 1.45 * u, sheet.theme["ink"]))
    sheet.items.append(Text(x + long, bottom, ends[1], 1.45 * u, sheet.theme["ink"], "end"))
    if colours.missing:
        sheet.items.append(
            Text(
                x + long + 2 * u,
                bottom,
                f"grey: {colours.missing:,} without a value",
                1.3 * u,
                sheet.theme["faint"],
            )
        )
    return bottom - 6 * u


def _names(poster, sheet, u):
    """Names at their places; one that would cover another or a picture moves up or down, or is
    left to the legend.
    """
    size, side = 2.2 * u, 0.5 * picture_side(sheet.box)
    pictures = (
        sheet.places(poster.positions[poster.pictures[0]])
        if poster.pictures is not None
        else np.zeros((0, 2))
    )
    taken = [(x - side, y - side, x + side, y + side) for x, y in pictures]
    x0, y0, width, height = sheet.box
    for x, y, text in poster.labels[:MOST_NAMES]:
        text = fitted(text, size, 0.3 * width)
        half = 0.55 * width_of(text, size)
        px, py = sheet.places([[x, y]])[0]
        px = float(np.clip(px, x0 + half, x0 + width - half))
        for shift in (0, -1.2, 1.2, -2.4, 2.4):
            place = px - half, py + (shift - 0.5) * size, px + half, py + (shift + 0.5) * size
            if all(
                place[2] < a or place[0] > c or place[3] < b or place[1] > d for a, b, c, d in taken
            ):
                taken.append(place)
                sheet.items.append(
                    Text(
                        px,
                        float(place[3] - 0.2 * size),
                        text,
                        size,
                        sheet.theme["ink"],
                        "middle",
                        True,
                    )
                )
                break
