"""The component of maps side by side: the map's own parts, with one pane for each."""

from __future__ import annotations

from functools import cache

from ...api import scripts
from . import atlas


def parts() -> dict[str, str]:
    """The component's html and css."""
    return {
        "html": scripts.read("side_by_side.html").replace("<!--MAP-->", scripts.read("map.html")),
        "css": "\n".join(
            (scripts.read("explorer.css"), atlas.style(), scripts.read("side_by_side.css"))
        ),
    }


@cache
def component():
    """What mounts it."""
    return scripts.component("side_by_side", "side_by_side/side_by_side.js", **parts())
