"""What is in view, in the page's address: a link, a reload or the browser's Back bring the same map
with the same colours, item, chosen rows, code, walk and camera, on every page that has a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import streamlit as st

from lvm_core import PROJECTIONS
from lvm_core.params import Parameter
from lvm_core.projections.base import Projection

from ..streamlit_patches import by_history
from . import colours, identity, maps, selection, state

WALKS = "line", "arc", "dense"
_LONGEST = 3000  # characters of an address; browsers and chats cut longer ones


@dataclass(frozen=True)
class MapState:
    """The map in view and what colours it, the same on every page.

    ``params`` are those of the projection, its seed among them, that differ from what suits this
    data.
    """

    projection: str
    dims: int = 2
    of: str = "codes"
    colour: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def made(self, run: state.Run) -> Projection:
        """The projection, unfitted."""
        cls = PROJECTIONS[self.projection]
        return cls(**{**maps.suggest(cls, run), **self.params, "n_components": self.dims})

    def settings(self, run: state.Run) -> dict[str, Any]:
        """Every parameter of the projection as it is set."""
        return self.made(run).to_config()["params"]

    @classmethod
    def of_settings(
        cls, run: state.Run, projection: str, of: str, colour: str | None, values: Mapping[str, Any]
    ) -> MapState:
        """The same from all parameters of a projection: those that are as they would be are left
        out.
        """
        usual = cls(projection).settings(run)
        return cls(
            projection,
            3 if values.get("n_components") == 3 else 2,
            of,
            colour,
            {
                name: value
                for name, value in values.items()
                if name != "n_components" and name in usual and value != usual[name]
            },
        )


@dataclass(frozen=True)
class Place:
    """The row and code in hand, the ends of the walk (``{"row": i}`` or ``{"code": [...]}``)
    and the place on it, the camera.
    """

    row: int = 0
    code: list[float] | None = None
    a: dict | None = None
    b: dict | None = None
    walk: str = "line"
    t: float = 0.0
    camera: list[float] | None = None

    @classmethod
    def checked(cls, run: state.Run, data) -> Place:
        """What of ``data`` fits this run; the rest is left at its default. Addresses come from
        anybody.
        """
        data = data if isinstance(data, dict) else {}
        n, k = run.fitted.codes.shape
        row, t = data.get("row"), _floats([data.get("t")], 1, 10)
        ends = {end: _end(data.get(end), n, k) for end in "ab"}
        return cls(
            int(row) if _is_row(row, n) else 0,
            _floats(data.get("code"), k),
            **ends,
            walk=data.get("walk") if data.get("walk") in WALKS else "line",
            t=t[0] if t else 0.0,
            camera=_floats(data.get("camera"), 4) or _floats(data.get("camera"), 9),
        )

    def for_component(self, run: state.Run) -> dict:
        """As the component takes it: every end with its code and name."""

        def end(at):
            if at is None:
                return None
            if "row" in at:
                return {
                    "row": at["row"],
                    "code": [float(v) for v in run.fitted.codes[at["row"]]],
                    "name": f"row {at['row']}",
                }
            return {"row": None, "code": at["code"], "name": "a kept code"}

        return {
            "row": self.row,
            "code": self.code,
            "a": end(self.a),
            "b": end(self.b),
            "walk": self.walk,
            "t": self.t,
            "camera": self.camera,
        }


def _is_row(row, n: int) -> bool:
    return (
        isinstance(row, (int, float))
        and not isinstance(row, bool)
        and np.isfinite(row)
        and 0 <= row < n
        and int(row) == row
    )


def _floats(values, length: int, most: float = 1e6) -> list[float] | None:
    usable = (
        isinstance(values, list)
        and len(values) == length
        and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values)
    )
    return (
        [float(v) for v in values]
        if usable and all(np.isfinite(v) and abs(v) <= most for v in values)
        else None
    )


def _end(at, n: int, k: int) -> dict | None:
    if not isinstance(at, dict):
        return None
    if _is_row(at.get("row"), n):
        return {"row": int(at["row"])}
    code = _floats(at.get("code"), k)
    return {"code": code} if code else None


# -- the address -----------------------------------------------------------------------------------


def opened(run: state.Run) -> None:
    """Call first on a page with a map. A session that has not seen this data, and the browser's
    Back and Forward, take what is in view from the address; else what was left is in view, whatever
    an address says that is older than the newest click.
    """
    key, back = f"view-{run.data.id}", by_history()
    if key in st.session_state and not (back and "map" in st.query_params):
        return
    st.session_state[key] = _map_of_address(run)
    redraw(run)
    place = _linked(run)
    st.session_state[f"place-{run.id}"] = place
    st.session_state[f"item-{run.data.id}"] = place.row if "row" in st.query_params else None
    if back:  # a component keeps its own place while it is mounted
        st.session_state[f"visit-{run.id}"] = st.session_state.get(f"visit-{run.id}", 0) + 1
    chosen = st.query_params.get("chosen")
    # an address with a map and no rows is one where nothing was chosen; a bare one says nothing
    if (chosen is not None or back) and may_choose(run):
        rows = selection.of_text(run, chosen or "")
        if rows is not None:
            run.selection = rows


def version(run: state.Run) -> int:
    """Grows when what is in view comes from elsewhere than a page's own widgets."""
    return st.session_state.get(f"views-{run.data.id}", 0)


def redraw(run: state.Run) -> None:
    """Let a page's widgets follow what is in view."""
    st.session_state[f"views-{run.data.id}"] = version(run) + 1


def may_choose(run: state.Run) -> bool:
    """Whether who looks may choose rows: the selection is one for all who see the data."""
    return identity.owns(run.kind, run.id)


def current(run: state.Run) -> Place:
    """Where the explorer opens: at what another page asked for, where it was left, or where a
    link points.
    """
    asked = st.session_state.pop(f"visit-to-{run.id}", None)
    place = st.session_state.get(f"place-{run.id}") or Place()
    if asked is not None:
        place = replace(place, row=asked[0], code=asked[1])
    elif (row := item(run)) is not None and row != place.row:
        place = replace(place, row=row, code=None)  # another page, or another model, has it in hand
    st.session_state[f"place-{run.id}"] = place
    st.session_state[f"item-{run.data.id}"] = place.row
    return place


def item(run: state.Run) -> int | None:
    """The row in hand, of every model of the data; None before there was one."""
    row = st.session_state.get(f"item-{run.data.id}")
    return row if row is not None and row < len(run.dataset) else None


def show_item(run: state.Run, row: int) -> None:
    """Take a row into hand."""
    place = st.session_state.get(f"place-{run.id}") or Place()
    if place.row != row:
        place = replace(place, row=row, code=None)
    show(run, place)


def _linked(run: state.Run) -> Place:
    asked = st.query_params
    found = {name: _numbers(asked.get(name, "")) for name in ("code", "camera")}
    ends = {
        end: {"row": v[0]}
        if (v := _numbers(asked.get(end, ""))) and "_" not in asked[end] and asked[end][:1] != "z"
        else {"code": v}
        for end in "ab"
    }
    single = {name: v[0] if (v := _numbers(asked.get(name, ""))) else None for name in ("row", "t")}
    return Place.checked(run, found | ends | single | {"walk": asked.get("walk")})


def _numbers(text: str) -> list[float] | None:
    """``z1.5_-2`` -> [1.5, -2.0]; None for anything else. Underscores need no escape in an
    address, commas and brackets do.
    """
    try:
        return [float(v) for v in text.removeprefix("z").split("_")]
    except ValueError:
        return None


def _text(values) -> str:
    return "z" + "_".join(f"{v:.5g}" for v in values)


def show(run: state.Run, place: Place) -> None:
    """Remember a place and put it into the address; what would make that too long to share is
    left out, the walk first.
    """
    st.session_state[f"place-{run.id}"] = place
    st.session_state[f"item-{run.data.id}"] = place.row
    parts = {
        "row": str(place.row),
        "code": place.code and _text(place.code),
        "camera": place.camera and _text(place.camera),
    }
    for end, at in (("a", place.a), ("b", place.b)):
        parts[end] = at and (str(at["row"]) if "row" in at else _text(at["code"]))
    if place.a and place.b:
        parts |= {"t": f"{place.t:.3g}", "walk": place.walk}
    length, shown = 0, {}
    for name in ("row", "code", "camera", "a", "b", "t", "walk"):
        length += len(parts.get(name) or "")
        shown[name] = parts.get(name) if length <= _LONGEST else None
    _put(shown)


def view(run: state.Run) -> MapState:
    """The map in view: the one chosen last for this data, on whatever page, or the run's own.
    :func:`opened` looks at the address before.
    """
    found = st.session_state.get(f"view-{run.data.id}")
    return _fitting(run, found) if found is not None else _map_of_address(run)


def show_view(run: state.Run, shown: MapState) -> None:
    """Remember the map in view and put it into the address, with the item and the chosen rows."""
    st.session_state[f"view-{run.data.id}"] = shown
    row = item(run)
    _put(
        {
            "map": shown.projection,
            "dims": str(shown.dims),
            "of": shown.of if shown.of != "codes" else None,
            "set": _TILDE.join(f"{name}{_TILDE}{value}" for name, value in shown.params.items())
            or None,
            "colour": "-" if shown.colour is None else shown.colour,
            "row": None if row is None else str(row),
            "chosen": selection.to_text(run) or None,
        }
    )


_TILDE = "~"  # between names and values: an address leaves it as it is, and no value holds one


def _map_of_address(run: state.Run) -> MapState:
    asked = st.query_params
    name, colour = asked.get("map"), asked.get("colour")
    if name not in maps.names(run):
        name = maps.default(run)
    parts = asked.get("set", "").split(_TILDE)
    known = PROJECTIONS[name].parameters()
    params = {
        name: value
        for name, text in zip(parts[::2], parts[1::2])
        if name in known and (value := _value(known[name], text)) is not None
    }
    params.pop("n_components", None)
    return _fitting(
        run,
        MapState(
            name,
            3 if asked.get("dims") == "3" else 2,
            "data" if asked.get("of") == "data" else "codes",
            colour if colour is not None else "",
            params,
        ),
    )


def _value(parameter: Parameter, text: str) -> Any:
    """What an address says of a parameter, None where it cannot be that."""
    try:
        value = (
            {"True": True, "False": False}[text] if parameter.type is bool else parameter.type(text)
        )
        parameter.check(value)
    except (ValueError, KeyError, OverflowError):
        return None
    return value


def _fitting(run: state.Run, wanted: MapState) -> MapState:
    """As near to it as this run comes: models of one data differ in the maps they can have."""
    if wanted.projection not in maps.names(run):
        wanted = replace(wanted, projection=maps.default(run), params={})
    try:
        wanted.made(run).validate()
    except ValueError:  # values that do not go together
        wanted = replace(wanted, params={})
    if wanted.colour in ("-", None):
        return replace(wanted, colour=None)
    known = colours.names(run)
    return wanted if wanted.colour in known else replace(wanted, colour=colours.first(run))


def _put(parts: Mapping[str, str | None]) -> None:
    """Change these parts of the address at once: each change by itself would be one to go back
    over.
    """
    before = st.query_params.to_dict()
    after = {name: text for name, text in {**before, **parts}.items() if text is not None}
    if after != before:
        st.query_params.from_dict(after)
