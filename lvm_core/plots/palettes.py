"""Colours that can be told apart, also by people who do not see all of them, and how far that
goes.
"""

from __future__ import annotations

from typing import cast

import numpy as np

# Okabe & Ito (2008), black replaced by a grey that shows on dark and light alike; yellow last, as
# it is faint on white.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8A8A8A", "#F0E442")
MISSING = "#B0B0B0"
# Those eight and 16 more, found by benchmarks/palette_search.py, so that a ninth class changes no
# colour of the first eight. Any two of the 24 differ by at
# least LEAST (CIEDE2000) for every one of VISIONS below, and from the grey of missing values: as
# much as the eight themselves. Tableau's 20 differ by 0.8.
LEAST = 7.8
WIDE = (
    *OKABE_ITO,
    "#693C2D",
    "#B4E1A5",
    "#1E4B69",
    "#3CF0FF",
    "#965A3C",
    "#5A87F0",
    "#876987",
    "#872D00",
    "#96B478",
    "#69964B",
    "#1E6969",
    "#E1C369",
    "#5A3C96",
    "#96E1C3",
    "#00875A",
    "#FFB4E1",
)

# Machado, Oliveira & Fernandes (2009), doi:10.1109/TVCG.2009.113, severity 1, for linear RGB.
VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(1)


def rgb(colours) -> np.ndarray:
    """Colours from text.

    Parameters
    ----------
    colours : iterable of str
        ``#rrggbb`` texts (n,).

    Returns
    -------
    ndarray of uint8, shape (n, 3)
        sRGB.

    Examples
    --------
    >>> from lvm_core.plots.palettes import rgb
    >>> rgb(["#0072B2", "#FFFFFF"]).tolist()
    [[0, 114, 178], [255, 255, 255]]
    """
    return np.array(
        [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours], np.uint8
    ).reshape(-1, 3)


def names(values) -> list[str]:
    """Colours as text.

    Parameters
    ----------
    values : array-like of uint8, shape (n, 3)
        sRGB.

    Returns
    -------
    list of str
        ``#rrggbb`` texts (n,).

    Examples
    --------
    >>> from lvm_core.plots.palettes import names
    >>> names([[0, 114, 178]])
    ['#0072B2']
    """
    return [
        "#{:02X}{:02X}{:02X}".format(*tuple(int(v) for v in row)) for row in np.atleast_2d(values)
    ]


def linear(values) -> np.ndarray:
    """Linear RGB of sRGB.

    Parameters
    ----------
    values : array-like of shape (n, 3)
        sRGB, 0 to 255.

    Returns
    -------
    ndarray of shape (n, 3)
        Linear RGB, 0 to 1.

    Examples
    --------
    >>> from lvm_core.plots.palettes import linear
    >>> linear([[0, 188, 255]]).round(2).tolist()
    [[0.0, 0.5, 1.0]]
    """
    v = np.asarray(values, np.float64) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb(values) -> np.ndarray:
    """sRGB of linear RGB, what lies outside clipped.

    Parameters
    ----------
    values : array-like of shape (n, 3)
        Linear RGB, 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (n, 3)
        sRGB, 0 to 255.

    Examples
    --------
    >>> from lvm_core.plots.palettes import srgb
    >>> srgb([[0.0, 0.5, 1.2]]).tolist()
    [[0, 188, 255]]
    """
    v = np.clip(values, 0, 1)
    return np.rint(
        255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    ).astype(np.uint8)


def simulate_vision(values, vision: str) -> np.ndarray:
    """Colours as a person with another colour vision sees them.

    Parameters
    ----------
    values : array-like of shape (n, 3)
        sRGB, 0 to 255.
    vision : str
        A key of ``VISIONS``.

    Returns
    -------
    ndarray of shape (n, 3)
        Linear RGB, 0 to 1.

    Examples
    --------
    >>> from lvm_core.plots.palettes import rgb, simulate_vision, srgb
    >>> srgb(simulate_vision(rgb(["#FF0000"]), "deuteranopia")).tolist()
    [[163, 144, 0]]
    """
    return np.clip(linear(values) @ VISIONS[vision].T, 0, 1)


def lab(linear_values) -> np.ndarray:
    """CIELAB of linear RGB, under D65.

    Parameters
    ----------
    linear_values : array-like of shape (n, 3)
        Linear RGB, 0 to 1.

    Returns
    -------
    ndarray of shape (n, 3)
        L from 0 to 100, a and b.

    Examples
    --------
    >>> from lvm_core.plots.palettes import lab
    >>> abs(lab([[1.0, 1.0, 1.0]])).round(2).tolist()
    [[100.0, 0.0, 0.0]]
    """
    t = np.asarray(linear_values) @ _TO_XYZ.T / _WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def from_lab(values) -> np.ndarray:
    """sRGB of CIELAB: the inverse of :func:`lab` where such a colour exists.

    Parameters
    ----------
    values : array-like of shape (n, 3)
        CIELAB.

    Returns
    -------
    ndarray of uint8, shape (n, 3)
        sRGB, 0 to 255.

    Examples
    --------
    >>> from lvm_core.plots.palettes import from_lab, lab, linear
    >>> from_lab(lab(linear([[0, 114, 178]]))).tolist()
    [[0, 114, 178]]
    """
    L, a, b = np.asarray(values, np.float64).T
    f = np.stack([(L + 16) / 116 + a / 500, (L + 16) / 116, (L + 16) / 116 - b / 200], 1)
    t = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    return srgb(t * _WHITE @ np.linalg.inv(_TO_XYZ).T)


def difference(one, other) -> np.ndarray:
    """CIEDE2000 difference of colours [1]_.

    About 1 is what an eye just notices side by side. Plain distance in CIELAB makes too much of
    saturated colours.

    Parameters
    ----------
    one, other : array-like of shape (..., 3)
        CIELAB colours that broadcast.

    Returns
    -------
    ndarray of shape (...)
        Differences.

    References
    ----------
    .. [1] Sharma, Wu & Dalal (2005), doi:10.1002/col.20070

    Examples
    --------
    >>> from lvm_core.plots.palettes import difference
    >>> round(float(difference([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485])), 4)
    2.0425
    """
    one, other = np.broadcast_arrays(np.asarray(one, np.float64), np.asarray(other, np.float64))
    (L1, a1, b1), (L2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    mean = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    grow = 1.5 - 0.5 * np.sqrt(mean / (mean + 25.0**7))
    C1, C2 = np.hypot(grow * a1, b1), np.hypot(grow * a2, b2)
    h1, h2 = (
        np.degrees(np.arctan2(b1, grow * a1)) % 360,
        np.degrees(np.arctan2(b2, grow * a2)) % 360,
    )
    grey = C1 * C2 == 0
    turn = np.where(grey, 0, (h2 - h1 + 180) % 360 - 180)
    turn = np.where(h2 - h1 == 180, 180, turn)
    dH = 2 * np.sqrt(C1 * C2) * np.sin(np.radians(turn / 2))
    L, C, h = (
        (L1 + L2) / 2,
        (C1 + C2) / 2,
        np.where(
            grey,
            h1 + h2,
            np.where(np.abs(h1 - h2) <= 180, (h1 + h2) / 2, ((h1 + h2 + 360) / 2) % 360),
        ),
    )
    wave = (
        sum(
            w * np.cos(np.radians(k * h + o))
            for w, k, o in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
        )
        + 1
    )
    SL, SC, SH = (
        1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2),
        1 + 0.045 * C,
        1 + 0.015 * C * wave,
    )
    bend = (
        -2
        * np.sqrt(C**7 / (C**7 + 25.0**7))
        * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))
    )
    l, c, t = (L2 - L1) / SL, (C2 - C1) / SC, dH / SH
    return np.sqrt(np.maximum(l**2 + c**2 + t**2 + bend * c * t, 0))


def apart(values) -> np.ndarray:
    """How far colours are apart for whoever tells them apart least.

    Parameters
    ----------
    values : array-like of shape (n, 3)
        sRGB, 0 to 255.

    Returns
    -------
    ndarray of shape (n, n)
        CIEDE2000, the least over all ``VISIONS``.

    Examples
    --------
    >>> from lvm_core.plots.palettes import apart
    >>> apart([[0, 0, 0], [255, 255, 255]]).round(1).tolist()
    [[0.0, 100.0], [100.0, 0.0]]
    """
    found = [lab(simulate_vision(values, vision)) for vision in VISIONS]
    return np.min([difference(x[:, None], x) for x in found], 0)


def least(colours) -> float:
    """The least of :func:`apart` over all pairs of colours.

    Parameters
    ----------
    colours : sequence of str
        ``#rrggbb`` texts.

    Returns
    -------
    float
        CIEDE2000.

    Examples
    --------
    >>> from lvm_core.plots.palettes import LEAST, WIDE, least
    >>> least(WIDE) >= LEAST
    True
    """
    far = apart(rgb(colours))
    return float(far[~np.eye(len(far), dtype=bool)].min())


def palette(count: int) -> tuple[str, ...]:
    """The colours for so many classes: Okabe & Ito's up to 8, ours after them beyond.

    Parameters
    ----------
    count : int
        Number of classes.

    Returns
    -------
    tuple of str
        ``#rrggbb`` texts; class i has the colour i % their number.

    Examples
    --------
    >>> from lvm_core.plots.palettes import palette
    >>> len(palette(3)), len(palette(9))
    (8, 24)
    """
    return OKABE_ITO if count <= len(OKABE_ITO) else WIDE


def sequential(levels: int) -> np.ndarray:
    """Viridis, dark to light.

    Parameters
    ----------
    levels : int
        Number of colours.

    Returns
    -------
    ndarray of uint8, shape (levels, 3)
        sRGB.

    Examples
    --------
    >>> from lvm_core.plots.palettes import names, sequential
    >>> names(sequential(3))
    ['#440154', '#22908C', '#FDE725']
    """
    from plotly.colors import sample_colorscale

    texts = cast(list[str], sample_colorscale("Viridis", np.linspace(0, 1, levels).tolist()))
    return np.array([[int(float(v)) for v in text[4:-1].split(",")] for text in texts], np.uint8)


def diverging(levels: int) -> np.ndarray:
    """Blue below, grey in the middle, orange above.

    Straight lines in CIELAB between colours that all show on white and on black, and that people
    who do not see red or green tell apart by blue and yellow.

    Parameters
    ----------
    levels : int
        Number of colours.

    Returns
    -------
    ndarray of uint8, shape (levels, 3)
        sRGB.

    Examples
    --------
    >>> from lvm_core.plots.palettes import diverging, names
    >>> names(diverging(3))
    ['#004C9E', '#A9A9A9', '#9C4300']
    """
    stops = lab(linear(rgb(("#004C9E", "#3E8FD0", "#A9A9A9", "#E08A1E", "#9C4300"))))
    t = np.linspace(0, len(stops) - 1, levels)
    return from_lab(
        np.stack([np.interp(t, np.arange(len(stops)), stops[:, k]) for k in range(3)], 1)
    )
