"""A column as colours of points, the same on every page: one colour, a colour a class, or a
scale, with what a legend says of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from ..labels import kind_of
from ..settings import DataError
from ..text import clean
from . import palettes

ACCENT, OTHER = "#0F8B8D", "#757575"
# steps of a scale: indices 0 to 254; the index of points without a value
LEVELS, NONE = 255, 255
_FAR = 1e300  # differences of numbers farther out are more than a float holds
MOST_CLASSES = 255  # that get an index of their own
SCALES = "sequential", "diverging", "log"


@dataclass(frozen=True)
class Colouring:
    """A column as colours of points.

    Attributes
    ----------
    legend : dict
        Plain JSON,

        - one colour: ``color``
        - classes: ``title``, ``groups`` (name, color, index, count, symbol), ``note``
        - a scale: ``title``, ``scale`` (kind, low, high, ends as text, min, median, max, outside,
          ticks as (share, text), date, scales on offer), ``missing``, ``note``
    palette : ndarray of uint8, shape (256, 4)
        Colours with opacity.
    index : ndarray of uint8, shape (n,)
        The place of each row's colour in ``palette``, 255 without a value.

    See Also
    --------
    colouring : Makes one of a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.colouring import colouring
    >>> found = colouring(pd.Series(["cat", "dog", None], name="kind"), 3)
    >>> found.index.tolist(), found.colours()[:2]
    ([0, 1, 255], ['#0072B2', '#E69F00'])
    """

    legend: dict
    palette: np.ndarray
    index: np.ndarray

    def colours(self) -> list[str]:
        """The palette as ``#rrggbb``."""
        return palettes.names(self.palette[:, :3])


def colouring(column: pd.Series | None, n: int, scale: str | None = None) -> Colouring:
    """Colour rows by a column.

    Up to 8 classes have Okabe & Ito's colours, up to 24 ours, and beyond that colours repeat, which
    the note says. Classes that are numbers stand in their order, others by how frequent they are;
    beyond 255 the least frequent are one, "other". Scales reach from the 1st to the 99th
    percentile; numbers on both sides of zero get one that diverges from there.

    Parameters
    ----------
    column : Series of n values, or None
        The column; None colours all rows alike.
    n : int
        Number of rows.
    scale : {"sequential", "diverging", "log"}, optional
        In place of the one that suits the numbers.

    Returns
    -------
    Colouring
        Colours and legend.

    Raises
    ------
    ValueError
        For an unknown scale, or a log scale for numbers it does not suit.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.colouring import colouring
    >>> found = colouring(pd.Series([f"{i % 2}" for i in range(6)], name="digit"), 6)
    >>> [(group["name"], group["count"]) for group in found.legend["groups"]]
    [('0', 3), ('1', 3)]
    >>> numbers = pd.Series([i / 7 - 3 for i in range(50)], name="size")
    >>> colouring(numbers, 50).legend["scale"]["kind"]
    'diverging'
    """
    palette, index = np.empty((256, 4), np.uint8), np.zeros(n, np.uint8)
    palette[:] = *palettes.rgb([palettes.MISSING])[0], 255
    if column is None:
        palette[0, :3] = palettes.rgb([ACCENT])[0]
        return Colouring({"color": ACCENT}, palette, index)
    if continuous(column):
        legend = _scaled(column, scale, palette, index)
    else:
        legend = _classed(column, palette, index)
    return Colouring({"title": clean(column.name, 30)} | legend, palette, index)


def continuous(column: pd.Series) -> bool:
    """Whether a column is drawn on a scale.

    Dates are, and numbers that are no classes, see :func:`~lvm_core.labels.kind_of`.

    Parameters
    ----------
    column : Series
        A column of a table.

    Returns
    -------
    bool
        Whether it is drawn on a scale.

    Examples
    --------
    >>> import pandas as pd
    >>> from lvm_core.plots.colouring import continuous
    >>> continuous(pd.Series([i / 7 for i in range(50)])), continuous(pd.Series(["cat", "dog"]))
    (True, False)
    """
    return kind_of(column) in ("number", "date")


# -- classes ---------------------------------------------------------------------------------------


def _classed(column: pd.Series, palette, index) -> dict:
    number, names = pd.factorize(column)
    names = [str(name) for name in names]
    if len(set(names)) < len(names):  # 1 and "1" read alike
        merged, names = pd.factorize(np.array(names, dtype=object))
        number, names = np.where(number < 0, -1, merged[number]), list(names)
    counts = np.bincount(number[number >= 0], minlength=len(names))
    order = _order(names, counts)
    many = len(order) > MOST_CLASSES
    kept, rest = (order[: MOST_CLASSES - 1], order[MOST_CLASSES - 1 :]) if many else (order, [])
    target = np.full(len(names) + 1, NONE, np.uint8)  # the last: no value
    target[list(kept)] = np.arange(len(kept))
    target[list(rest)] = MOST_CLASSES - 1
    index[:] = target[number]
    colours = palettes.palette(len(names))
    groups = [
        {
            "name": clean(names[k], 28),
            "color": colours[i % len(colours)],
            "index": i,
            "count": int(counts[k]),
            "symbol": i // len(colours),
        }
        for i, k in enumerate(kept)
    ]
    if many:
        groups.append(
            {
                "name": f"other ({len(rest):,} categories)",
                "color": OTHER,
                "index": MOST_CLASSES - 1,
                "count": int(counts[list(rest)].sum()),
                "symbol": 0,
            }
        )
    for group in groups:
        palette[group["index"], :3] = palettes.rgb([group["color"]])[0]
    if gone := int((number < 0).sum()):
        groups.append(
            {
                "name": "(missing)",
                "color": palettes.MISSING,
                "index": NONE,
                "count": gone,
                "symbol": 0,
            }
        )
    note = (
        f"{len(names):,} categories: colours repeat after {len(colours)}; use only or hover to "
        "tell them apart."
        if len(names) > len(colours)
        else ""
    )
    return {
        "groups": groups,
        "note": note + f' The {len(rest):,} least frequent are drawn as one, "other".' * many,
    }


def _order(names: list[str], counts) -> list[int]:
    """Numbers in their order, others the most frequent first and else as they first appear; of
    too many always the most frequent.
    """
    try:
        values = [float(name) for name in names]
    except ValueError:
        values = None
    if values is None or len(names) > MOST_CLASSES:
        return np.argsort(-counts, kind="stable").tolist()
    return sorted(range(len(names)), key=values.__getitem__)


# -- scales ----------------------------------------------------------------------------------------


def _scaled(column: pd.Series, scale: str | None, palette, index) -> dict:
    dates = pd.api.types.is_datetime64_any_dtype(column)
    values = _seconds(column) if dates else column.to_numpy(np.float64, na_value=np.nan)
    known, values = np.isfinite(values), np.clip(values, -_FAR, _FAR)
    seen = values[known]
    low, high = (float(v) for v in np.percentile(seen, [1, 99])) if len(seen) else (0.0, 1.0)
    if not high > low:
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (0.0, 1.0)
    high = high if high > low else low + 1
    fitting = _fitting(seen, low, high, dates)
    kind = scale or fitting[0]
    if kind not in SCALES or kind == "log" and "log" not in fitting:
        raise DataError(
            f"scale is {kind!r}, expected one of {', '.join(fitting)} for these values."
        )
    if kind == "diverging":
        high = max(abs(low), abs(high))
        low = -high
    into = np.log10 if kind == "log" else lambda v: v
    with np.errstate(all="ignore"):
        share = np.clip((into(values) - into(low)) / (into(high) - into(low)), 0, 1)
    index[:] = np.where(known, np.rint(np.nan_to_num(share) * (LEVELS - 1)), NONE)
    palette[:LEVELS, :3] = levels(kind)
    ticks = (
        _moments(low, high)
        if dates
        else [(t, _short(t)) for t in (_decades(low, high) if kind == "log" else _steps(low, high))]
    )
    text = _date if dates else _short
    said = (
        {
            name: text(f(seen))
            for name, f in (("min", np.min), ("median", np.median), ("max", np.max))
        }
        if len(seen)
        else {}
    )
    outside = int(((seen < low) | (seen > high)).sum())
    return {
        "scale": {
            "kind": kind,
            "low": low,
            "high": high,
            "ends": [text(low), text(high)],
            "outside": outside,
            "date": dates,
            "scales": fitting,
            **said,
            "ticks": [
                (round(float((into(t) - into(low)) / (into(high) - into(low))), 4), words)
                for t, words in ticks
            ],
        },
        "missing": int((~known).sum()),
        "note": (
            f"{outside:,} of {len(seen):,} values lie beyond the ends (percentiles 1 and 99) and "
            "have their colours."
        )
        if outside
        else "",
    }


def _fitting(seen, low: float, high: float, dates: bool) -> list[str]:
    """The scales that suit the values, the best first."""
    if dates or not len(seen):
        return ["sequential"]
    if low < 0 < high and min(-low, high) > 0.25 * max(-low, high):
        return ["diverging", "sequential"]
    if seen.min() > 0 and high > 10 * low and np.median(seen) < low + 0.25 * (high - low):
        return ["sequential", "log"]
    return ["sequential"]


@lru_cache(4)
def levels(kind: str) -> np.ndarray:
    """The colours of a scale.

    Parameters
    ----------
    kind : {"sequential", "diverging", "log"}
        Kind of scale.

    Returns
    -------
    ndarray of uint8, shape (255, 3)
        Colours from low to high.

    Examples
    --------
    >>> from lvm_core.plots.colouring import levels
    >>> levels("sequential")[[0, -1]].tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    return palettes.diverging(LEVELS) if kind == "diverging" else palettes.sequential(LEVELS)


def _seconds(column: pd.Series) -> np.ndarray:
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    moments = column.to_numpy().astype("M8[us]")
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) / 1e6)


def _moment(seconds: float) -> np.datetime64:
    return np.datetime64(int(round(seconds * 1e6)), "us")


def _date(seconds: float) -> str:
    return str(_moment(float(seconds)).astype("M8[D]"))


_STEPS = {
    "M": (1, 2, 3, 6, 12),
    "h": (1, 2, 3, 6, 12, 24),
    "m": (1, 2, 5, 10, 15, 30, 60),
    "s": (1, 2, 5, 10, 15, 30, 60),
}


def _moments(low: float, high: float) -> list[tuple[float, str]]:
    """Up to about five ticks at the starts of years, months, days or parts of a day."""
    for unit in ("Y", "M", "D", "h", "m", "s", "us"):
        grid = (
            np.arange(_moment(low).astype(f"M8[{unit}]"), _moment(high).astype(f"M8[{unit}]") + 1)
            if (high - low) > 0
            else np.array([])
        )
        grid = grid[grid.astype("M8[us]") >= _moment(low)]
        if len(grid) >= 3 or unit == "s":
            step = next(
                (
                    s
                    for s in _STEPS.get(unit, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000))
                    if len(grid) <= 6 * s
                ),
                len(grid),
            )
            round_ones = grid[(grid.astype(np.int64) + 1970 * (unit == "Y")) % step == 0]
            return [
                (float(t.astype("M8[us]").astype(np.int64)) / 1e6, str(t).replace("T", " "))
                for t in round_ones
            ]
    return []


def _steps(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    raw = (high - low) / 5
    size = 10.0 ** np.floor(np.log10(raw))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= raw * 0.999)
    return [float(v) for v in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]


def _decades(low: float, high: float) -> list[float]:
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    found = [v for v in powers if low <= v <= high]
    if len(found) < 3:
        found = sorted(v * m for v in powers for m in (1, 2, 5) if low <= v * m <= high)
    return [float(v) for v in found[:: max(1, -(-len(found) // 6))]]


def _short(value: float) -> str:
    value = float(value)
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:.2g}"
