"""Maps laid onto each other, for panes that stand side by side, and what those panes ask the
server for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lvm_core.analysis.alignment import Alignment, Change, procrustes
from lvm_core.mapping import Mapped

from ..session.run import Run
from ..session.services import services
from . import tiles
from .auth import ApiRequest, HttpError
from .payloads import payload, short

MOST_HELD = 8  # laid maps and changes of one run, in memory only
MOST_ITEMS = 12  # decoded at once
_ALIGNED = "laid-"  # no map in a folder is called so: these are never written


@dataclass(frozen=True)
class AlignedMap(Mapped):
    """A map on another's plane. ``box``: the corners (low, high), (2,) each, of what all maps
    beside it are drawn in.
    """

    box: tuple[np.ndarray, np.ndarray]


def align(maps: Sequence[tuple[Run, str]]) -> tuple[list[str], list[Alignment | None]]:
    """Lay every map (run, key) onto the first: the keys under which their runs now hold them,
    and how each was moved, None for the first and for a map that could not be aligned (it then
    keeps its own place and is as large as the first).
    """
    held = [run.maps[key] for run, key in maps]
    # named by what is on them: a run that is trained further, or a map that is made anew, gets
    # another name
    seal = hashlib.sha256(
        b"".join(np.ascontiguousarray(m.positions).tobytes() for m in held)
    ).hexdigest()[:16]
    keys, known = (
        [f"{_ALIGNED}{seal}-{place}" for place in range(len(maps))],
        maps[0][0].derived.alignments,
    )
    if seal not in known or not all(key in run.maps for (run, _), key in zip(maps, keys)):
        known[seal] = _align([run for run, _ in maps], held, keys)
        _forget([run for run, _ in maps], keys, known)
    return keys, known[seal]


def _align(runs: list[Run], held: list[Mapped], keys: list[str]) -> list[Alignment | None]:
    first = held[0].positions
    moves = [None] + [_move(mapped.positions, first) for mapped in held[1:]]
    laid = [first.astype(np.float64)] + [
        _fill(m.positions, first) if move is None else move.apply(m.positions)
        for m, move in zip(held[1:], moves[1:])
    ]
    box = np.min([P.min(0) for P in laid], 0), np.max([P.max(0) for P in laid], 0)
    for run, key, mapped, P in zip(runs, keys, held, laid):
        run.maps[key] = AlignedMap(
            mapped.projection, P.astype(np.float32), mapped.scores, mapped.note, box
        )
    return moves


def _forget(runs: list[Run], keys: list[str], known: dict) -> None:
    """Let go of the oldest."""
    for run in {run.id: run for run in runs}.values():
        for old in [key for key in list(run.maps) if key.startswith(_ALIGNED) and key not in keys][
            :-MOST_HELD
        ]:
            dict.pop(run.maps, old, None)
    for old in list(known)[:-MOST_HELD]:
        known.pop(old, None)


def _move(P: np.ndarray, onto: np.ndarray) -> Alignment | None:
    try:
        return procrustes(P, onto)
    except ValueError:
        return None


def _fill(P: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """P in the middle of another map, as large as that."""
    P, onto = P.astype(np.float64), onto.astype(np.float64)
    return (P - P.mean(0)) * (
        np.linalg.norm(onto - onto.mean(0)) / max(np.linalg.norm(P - P.mean(0)), 1e-300)
    ) + onto.mean(0)


def hold(run: Run, name: str, change: Change) -> None:
    """Let the panes of this run ask for a change by its name."""
    held = run.derived.changes
    held[name] = change
    while len(held) > MOST_HELD:
        held.pop(next(iter(held)))


def link(runs: Sequence[Run]) -> None:
    """What is chosen on one of these runs of one dataset is chosen on all of them. Those who
    ask must own them.
    """
    for run in runs:
        run.derived.beside = [
            other.id for other in runs if other.id != run.id and other.data.id == run.data.id
        ]


# -- questions -------------------------------------------------------------------------------------


def _changed(request: ApiRequest):
    """How many of its k neighbours each row lost between two maps, in drawn order: uint8 (n,)."""
    change = request.run.derived.changes.get(request.options.get("name", ""))
    if change is None:
        raise HttpError(404, "This comparison is not here any more; reload the page.")
    return {
        "k": change.k,
        "n": len(change.lost),
        "mean": change.mean,
        "chance": change.chance,
    }, change.lost[tiles.order(len(change.lost))].tobytes()


def _decode_with(request: ApiRequest):
    """Real rows by number, decoded from their codes by this run's model."""
    run, rows = request.run, request.rows(MOST_ITEMS)
    head, data = payload(
        run.dataset,
        run.dataset.decode(
            run.fitted.model.inverse_transform(np.asarray(run.fitted.codes[rows], np.float32))
        ),
    )
    return head | {"rows": rows, "names": [short(run.dataset, i) for i in rows]}, data


def _spread(request: ApiRequest):
    """Choose on the runs beside this one what is chosen on this one."""
    others = [
        run for run in map(services().runs.get, request.run.derived.beside) if run is not None
    ]
    for run in others:
        run.selection = request.run.selection
    return {"runs": len(others), "chosen": len(request.run.selection)}, b""


GET = {"changed": _changed, "through": _decode_with}
POST: dict = {}
CHANGES = {"spread": _spread}
