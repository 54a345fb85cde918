"""The live explorer's component: our own HTML, CSS and JavaScript from assets/, mounted with
what it needs to ask the server itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ...api import auth, originals, scripts, tiles
from ...session import dimension_names, maps, saved_directions, state
from ...session.url import Place
from . import atlas

FIRST = 8  # sliders on show; more are harder to use, not better (Dang et al., CHI 2022)


@cache
def _component():
    html = scripts.read("explorer.html").replace("<!--MAP-->", scripts.read("map.html"))
    return scripts.component(
        "explorer",
        "explorer/explorer.js",
        html=html,
        css=scripts.read("explorer.css") + atlas.style(),
    )


def explorer(
    run: state.Run,
    view: maps.View,
    colour: str | None,
    place: Place,
    *,
    open_at: int = 0,
    on_asked: Callable[[str], None],
    key: str,
) -> Place | None:
    """Mount it at ``place``. Returns what is in hand when the hand last rested, or None before
    it did. Another ``visit`` opens it anew at ``place``. ``on_asked`` hears which panel the chip of
    the chosen rows asks for.
    """
    tiles.begin(run, view.key, colour)
    low, high = run.ranges
    order, dead = run.dimensions
    model = run.fitted.model
    alive = len(order) - dead
    names = dimension_names.of(run, 40)
    dimensions = [
        {
            "j": int(j),
            "name": names[j],
            "low": float(low[j]),
            "high": float(high[j]),
            "first": rank < min(FIRST, alive),
            "help": (
                f"dimension {j + 1}, {model.importance_[j]:.3g} {model.importance_meaning}; the "
                "range covers 99 % of the real codes and a little more"
            ),
        }
        for rank, j in enumerate(order)
    ]
    data = {
        "token": auth.sign(run.id),
        "map": view.key,
        "dims": int(view.positions.shape[1]),
        "colour": colour,
        "kind": run.dataset.kind,
        "n": len(run.dataset),
        "dimensions": dimensions,
        "dead": dead,
        "visit": open_at,
        "originals": originals.links(run, [0]) is not None,
        "directions": saved_directions.for_component(run),
        "chosen": atlas.stamp(run),
        "chip": atlas.chip(run),
        **place.for_component(run),
        "how": "The code here is exact: the map is a formula."
        if view.exact
        else "The code here is a mean of the nearest items' codes: this map has no formula.",
    }
    result = _component()(
        data=data,
        key=key,
        on_at_change=lambda: None,
        on_kept_change=lambda: None,
        on_asked_change=lambda: None,
    )
    atlas.hear(result, key, on_asked)
    return Place.checked(run, result["at"]) if hasattr(result, "get") and result.get("at") else None
