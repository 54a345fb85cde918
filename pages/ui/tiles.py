"""What the map component asks for: places and colours of points in drawn order, the point under the pointer, the chosen rows as a mask."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from lvm_core import figures
from lvm_core.atlas import Sheet, packed
from lvm_core.atlas import order as order
from lvm_core.atlas import place as place
from lvm_core.escape import clean

from . import items, state
from .guard import Ask, Refused
from .payloads import payload

LEVELS, MISSING = 254, 255      # the last level of a scale, and the index of points without a value
_GREY = (0xB0, 0xB0, 0xB0, 255)
_TILE = 2**19                   # points in one answer, at most


def sheet(run: state.Run, key: str) -> Sheet:
    """The 2-D map of this key as it is drawn; made once a map. Raises Refused."""
    mapped = run.maps.get(key)
    if mapped is None:
        raise Refused(404, "This map is not here any more; reload the page.")
    if mapped.positions.shape[1] != 2:
        raise Refused(400, "This is drawn for 2-D maps only.")
    sheets = run.cache.setdefault("sheets", {})
    held = sheets.get(key)
    if held is None or held.P is not mapped.positions:
        while len(sheets) > 3:
            sheets.pop(next(iter(sheets)))
        held = sheets[key] = Sheet(mapped.positions, getattr(mapped, "box", None))
    return held


# -- colours -----------------------------------------------------------------------------------------------------------

def colours(column: pd.Series | None, n: int) -> tuple[dict, np.ndarray, np.ndarray]:
    """A column as colours of points: (legend, palette uint8 (256, 4), index uint8 (n,) by row)."""
    palette, index = np.zeros((256, 4), np.uint8), np.zeros(n, np.uint8)
    palette[:] = _GREY
    if column is None:
        palette[0] = _rgba(figures.ACCENT)
        return {"color": figures.ACCENT}, palette, index
    title = clean(column.name, 30)
    if pd.api.types.is_datetime64_any_dtype(column):
        column = pd.Series(column.astype("datetime64[ns]").astype("int64").where(column.notna()) / 8.64e13 / 365.2425 + 1970)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) and not (pd.api.types.is_integer_dtype(column) and column.nunique() <= 12):
        values = column.to_numpy(np.float64, na_value=np.nan)
        seen = values[np.isfinite(values)]
        low, high = np.percentile(seen, [1, 99]) if len(seen) else (0.0, 1.0)
        high = high if high > low else low + 1
        palette[:LEVELS + 1] = viridis()
        share = np.clip((values - low) / (high - low), 0, 1)
        index[:] = np.where(np.isfinite(values), np.rint(np.nan_to_num(share) * LEVELS), MISSING)
        return {"scale": {"low": float(low), "high": float(high)}, "title": title, "missing": int(n - len(seen))}, palette, index
    return {"title": title, "groups": _classes(column, palette, index)}, palette, index


def _classes(column: pd.Series, palette: np.ndarray, index: np.ndarray) -> list[dict]:
    number, names = pd.factorize(column)
    names = ["(missing)" if i < 0 else str(name) for i, name in [(-1, "")] + list(enumerate(names))]     # number + 1 -> name
    counts = np.bincount(number + 1, minlength=len(names))
    kept = np.flatnonzero(counts)
    if len(kept) > figures.MAX_CLASSES:
        kept = kept[np.argsort(-counts[kept], kind="stable")][:figures.MAX_CLASSES - 1]
    else:
        kept = np.array(sorted(kept, key=lambda i: figures._natural(names[i])), int)
    target = np.full(len(names), MISSING, np.uint8)
    target[kept] = np.arange(len(kept))
    index[:] = target[number + 1]
    groups = []
    for i, k in enumerate(kept):
        colour, symbol = figures.class_style(i)
        palette[i] = _rgba(colour)
        groups.append({"name": clean(names[k], 28), "color": colour, "symbol": figures.SYMBOLS.index(symbol), "index": i, "count": int(counts[k])})
    if rest := int(counts.sum() - counts[kept].sum()):
        groups.append({"name": f"other ({np.count_nonzero(counts) - len(kept)} classes)", "color": "#B0B0B0", "symbol": 0, "index": MISSING, "count": rest})
    return groups


def _rgba(colour: str) -> tuple[int, int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16), 255


@cache
def viridis() -> np.ndarray:
    """Levels of the sequential scale (255, 4), uint8."""
    from plotly.colors import sample_colorscale

    texts = sample_colorscale("Viridis", np.linspace(0, 1, LEVELS + 1).tolist())
    return np.array([[*(int(float(v)) for v in text[4:-1].split(",")), 255] for text in texts], np.uint8)


def _coloured(ask: Ask) -> tuple[dict, np.ndarray, np.ndarray]:
    run, name = ask.run, ask.options.get("colour") or None
    if name is not None and name not in run.dataset.rows.columns:
        raise Refused(404, "There is no such column to colour by.")
    held = run.cache.get("coloured")
    if held is None or held[0] != name:
        n = len(run.dataset)
        head, palette, index = colours(run.dataset.rows[name] if name else None, n)
        held = run.cache["coloured"] = name, (head, palette, index[order(n)])
    return held[1]


# -- questions ---------------------------------------------------------------------------------------------------------

def _scene(ask: Ask):
    """What is drawn: n, the map's square (``low``, ``side``) and ``extent``, the legend; the palette (256, 4)."""
    drawn = sheet(ask.run, ask.options.get("map", ""))
    head, palette, _ = _coloured(ask)
    return head | {"n": len(drawn.units), "low": drawn.low.tolist(), "side": drawn.side, "extent": drawn.extent}, palette.tobytes()


def _tile(ask: Ask):
    """Points from ``start``, ``count`` of them in drawn order: places uint16 (m, 2) and colour indices uint8 (m,)."""
    drawn = sheet(ask.run, ask.options.get("map", ""))
    _, _, index = _coloured(ask)
    start = int(ask.number("start", 0, len(drawn.units), 0))
    end = min(len(drawn.units), start + int(ask.number("count", 1, _TILE, 2**16)))
    return {"start": start, "end": end}, drawn.units[start:end].astype("<u2", copy=False).tobytes() + index[start:end].tobytes()


def _colours(ask: Ask):
    """Another colouring of all points: the legend; the palette (256, 4) and the colour indices uint8 (n,) in drawn order."""
    head, palette, index = _coloured(ask)
    return head, palette.tobytes() + index.tobytes()


def _pick(ask: Ask):
    """The points within ``radius`` of (``x``, ``y``) in the map's own units, nearest first: their rows and drawn places."""
    drawn = sheet(ask.run, ask.options.get("map", ""))
    x, y = (ask.number(name, -1e15, 1e15, 0) for name in "xy")
    rows = drawn.near(x, y, ask.number("radius", 0, 1e15, 0))
    return {"rows": rows.tolist(), "places": place(len(drawn.units))[rows].tolist()}, b""


def _card(ask: Ask):
    """One row for the hover card: its name, and what it looks like where it is a picture or a curve."""
    dataset = ask.run.dataset
    row = int(ask.number("row", 0, len(dataset) - 1, 0))
    head, data = payload(dataset, dataset.items([row])) if dataset.kind in ("image", "array") else ({}, b"")
    return head | {"row": row, "name": items.short(dataset, row)}, data


def _chosen(ask: Ask):
    """The selection as a bit mask in drawn order."""
    run = ask.run
    return {"chosen": len(run.selection)}, packed(run.selection, len(run.dataset))


GET = {"atlas": _scene, "tile": _tile, "colours": _colours, "pick": _pick, "card": _card, "chosen": _chosen}
POST: dict = {}
