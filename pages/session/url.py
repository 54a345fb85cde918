"""Where the explorer stands, in the page's address: a link brings a colleague to the same item,
code, walk, map and camera.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from . import maps, state

WALKS = "line", "arc", "dense"
_LONGEST = 3000  # characters of an address; browsers and chats cut longer ones


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


def current(run: state.Run) -> Place:
    """Where the explorer opens: at what another page asked for, where it was left, or where a
    link points.
    """
    asked, left = (
        st.session_state.pop(f"visit-to-{run.id}", None),
        st.session_state.get(f"place-{run.id}"),
    )
    place = left or _linked(run)
    if asked is not None:
        place = replace(place, row=asked[0], code=asked[1])
    st.session_state[f"place-{run.id}"] = place
    return place


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
    parts = {
        "row": str(place.row),
        "code": place.code and _text(place.code),
        "camera": place.camera and _text(place.camera),
    }
    for end, at in (("a", place.a), ("b", place.b)):
        parts[end] = at and (str(at["row"]) if "row" in at else _text(at["code"]))
    if place.a and place.b:
        parts |= {"t": f"{place.t:.3g}", "walk": place.walk}
    length = 0
    for name in ("row", "code", "camera", "a", "b", "t", "walk"):
        length += len(parts.get(name) or "")
        _put(name, parts.get(name) if length <= _LONGEST else None)


def view(run: state.Run) -> tuple[str, int, str | None]:
    """(projection, dimensions, colour): those chosen before, those a link asks for, or the
    run's own.
    """
    if (chosen := st.session_state.get(f"view-{run.id}")) is not None:
        return chosen
    colours = run.dataset.colours()
    name, dims, colour = (st.query_params.get(k) for k in ("map", "dims", "colour"))
    if colour != "-":
        colour = colour if colour in colours else colours[0] if colours else None
    return (
        name if name in maps.names(run) else maps.default(run),
        3 if dims == "3" else 2,
        None if colour == "-" else colour,
    )


def show_view(run: state.Run, name: str, dims: int, colour: str | None) -> None:
    """Remember the map and its colouring and put them into the address."""
    st.session_state[f"view-{run.id}"] = name, dims, colour
    for key, text in (
        ("map", name),
        ("dims", str(dims)),
        ("colour", "-" if colour is None else colour),
    ):
        _put(key, text)


def _put(name: str, text: str | None) -> None:
    if text is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != text:
        st.query_params[name] = text
