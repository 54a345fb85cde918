"""A map as one HTML file that needs no network and no server: pan, zoom, hover, search, legend,
lasso.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
from pathlib import Path
from typing import cast

import numpy as np

from ..codecs.array import ArrayCodec
from ..metrics.base import Score, percent
from ..plots.tiling import UNITS, squared
from ..progress import OnStep, Reporter
from .bundle import bundle
from .map_colours import Colours
from .map_tables import Extract, shown
from .poster_layout import drawn_order, plain

ASSETS = Path(__file__).resolve().parents[2] / "assets"
# rows with name and columns, rows with a picture or curve, columns
MOST_NAMED, MOST_PICTURED, MOST_COLUMNS = 50_000, 2_000, 8
THUMB_SIDE, CURVE_POINTS = 48, 96


def page(
    extract: Extract,
    colours: Colours,
    title: str,
    facts: tuple[str, ...] = (),
    scores: tuple[Score, ...] = (),
    on_step: OnStep | None = None,
) -> bytes:
    """A map as one HTML file that needs no network and no server.

    Points come in an order drawn by chance (seed 0), so the first 50 000, which have their name and
    columns in the file, and the first 2 000, which have their picture or curve, are fair samples.
    Whatever the data says is shown as text; a content security policy lets nothing run but the
    file's own script and nothing be loaded.

    Parameters
    ----------
    extract : Extract
        The rows; of a 3-D map the first two axes are drawn.
    colours : Colours
        Those of the extract's rows.
    title : str
        Title of the page.
    facts : tuple of str, default=()
        Short phrases under the title.
    scores : tuple of Score, default=()
        The map's numbers of trust.
    on_step : callable, optional
        Receives progress.

    Returns
    -------
    bytes
        The file, UTF-8.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core import DATASETS
    >>> from lvm_core.export.html_page import page
    >>> from lvm_core.export.map_colours import colours
    >>> from lvm_core.export.map_tables import Extract
    >>> iris = DATASETS["iris"]().load()
    >>> extract = Extract(iris, iris.X, iris.X[:, :2], np.arange(150))
    >>> text = page(extract, colours(iris.rows[iris.label], 150), "Iris").decode()
    >>> text[:15], "<title>Iris</title>" in text
    ('<!DOCTYPE html>', True)
    """
    report = Reporter(on_step, 3, "web page")
    order = drawn_order(len(extract.rows))
    rows = extract.rows[order]
    first = Extract(
        extract.dataset, extract.codes, extract.positions, rows[:MOST_NAMED], extract.columns
    )
    data = {
        "title": plain(title),
        "facts": [plain(fact) for fact in facts],
        "n": len(rows),
        **_points(extract.positions[rows, :2]),
        "colours": _packed(colours.index[order]),
        "rows": _packed(rows.astype("<u4")),
        "palette": _packed(colours.palette),
        "legend": _legend(colours),
        "scores": [
            {"name": s.name, "value": percent(s.value), "sentence": s.sentence}
            for s in scores
            if s.unit == "share"
        ],
    }
    report(1)
    data |= {"names": [_short(name, 240) for name in first.names()], "columns": _columns(first)}
    report(2)
    data |= _looks(Extract(extract.dataset, extract.codes, extract.positions, rows[:MOST_PICTURED]))
    data["notes"] = _notes(data, extract)
    report(3)
    return _filled(data, title)


def _points(P) -> dict:
    sides = np.ptp(P.astype(np.float64), axis=0)
    return {
        "places": _packed(squared(P.astype(np.float64))),
        "extent": (sides / max(sides.max(), 1e-30) * UNITS).tolist(),
    }


def _packed(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _short(text: str, n: int) -> str:
    text = plain(str(text)[: 4 * n])
    return text if len(text) <= n else text[: n - 1] + "…"


def _legend(colours: Colours) -> dict:
    return {
        "title": _short(colours.title, 60),
        "scale": colours.ends,
        "keys": [
            {"name": _short(k.name, 60), "colour": k.colour, "index": k.index, "count": k.count}
            for k in colours.entries
        ],
    }


def _columns(extract: Extract) -> list[dict]:
    frame = extract.frame()
    hidden = {
        "row",
        "map_row",
        "x",
        "y",
        "z",
        "map_x",
        "map_y",
        "map_z",
        "text",
        extract.dataset.label,
    }
    names = [name for name in frame.columns if name not in hidden][:MOST_COLUMNS]
    return [
        {"name": _short(name, 40), "values": [_short(v, 60) for v in shown(frame[name])]}
        for name in names
    ]


def _looks(extract: Extract) -> dict:
    """Pictures on one sheet, or curves as one byte a point; nothing for other data."""
    dataset = extract.dataset
    if dataset.kind == "image":
        from PIL import Image

        from .poster_png import thumbnail

        thumbs = [
            thumbnail(item, min(THUMB_SIDE, max(item.shape[:2])))
            for item in dataset.items(extract.rows)
        ]
        across, (width, height) = int(np.ceil(np.sqrt(len(thumbs)))), thumbs[0].size
        sheet = Image.new("RGB", (across * width, -(-len(thumbs) // across) * height))
        for i, thumb in enumerate(thumbs):
            sheet.paste(thumb, (i % across * width, i // across * height))
        out = io.BytesIO()
        sheet.save(out, format="PNG")
        return {
            "pictures": {
                "count": len(thumbs),
                "across": across,
                "width": width,
                "height": height,
                "sheet": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode(),
            }
        }
    if dataset.kind == "array":
        curves = cast(ArrayCodec, dataset.codec).on_one_scale(dataset.items(extract.rows))
        curves = np.asarray(curves, np.float64).reshape(len(extract.rows), -1)
        curves = np.nan_to_num(curves[:, :: max(1, curves.shape[1] // CURVE_POINTS)])
        low, high = curves.min(1, keepdims=True), curves.max(1, keepdims=True)
        heights = np.rint((curves - low) / np.maximum(high - low, 1e-12) * 255).astype(np.uint8)
        return {
            "curves": {"count": len(curves), "length": curves.shape[1], "values": _packed(heights)}
        }
    return {}


def _notes(data: dict, extract: Extract) -> list[str]:
    """What is not in the file, said in it."""
    notes = []
    if (named := len(data["names"])) < data["n"]:
        notes.append(
            f"Names and columns of {named:,} of {data['n']:,} items, chosen by chance, are in this "
            "file; the others show their row."
        )
    for name, looks in (("Pictures", data.get("pictures")), ("Curves", data.get("curves"))):
        if looks and looks["count"] < data["n"]:
            notes.append(f"{name} of {looks['count']:,} items are.")
    if extract.positions.shape[1] == 3:
        notes.append("The map has three dimensions; the first two are drawn.")
    return [*notes, "Made with Latent Explorer. Works without a network."]


def _filled(data: dict, title: str) -> bytes:
    script = bundle("html_export/page.js", _modules())
    style = (ASSETS / "components/html_export.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_digest(script)}'; style-src "
        f"'{_digest(style)}'; base-uri 'none'; form-action 'none'"
    )
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "policy": policy,
        "title": html.escape(_short(title, 80)),
        "style": style,
        "script": script,
        "data": text,
    }
    template = (ASSETS / "components/html_export.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template).encode(
        "utf-8", errors="replace"
    )


def _modules() -> dict[str, str]:
    return {
        f"{folder}/{path.name}": path.read_text(encoding="utf-8")
        for folder in ("shared", "html_export")
        for path in (ASSETS / "js" / folder).glob("*.js")
    }


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
