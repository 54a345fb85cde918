"""What the map's labels, thumbnails and legend ask for: named regions, small pictures of rows,
other names for regions.
"""

from __future__ import annotations

import numpy as np

from lvm_core.analysis.regions import NamedRegions, Region, named_regions
from lvm_core.runs.states import RunState
from lvm_core.text import clean

from ..session import identity, selection, state
from ..session.errors import NotFound, NotReady, SessionError
from ..session.jobs import Job
from .auth import ApiRequest, HttpError

# rows in one answer, pixels of a small picture's longer side, points of a small curve
MOST_SMALL, SIDE, STOPS = 400, 40, 48
# seconds that an answer may wait for them: few points take less
_MOMENT = 0.15
MOST_NAMES = 400  # of a run, given by people


def _job(request: ApiRequest) -> Job:
    """The search for regions of this map, begun where it is not yet: the map's positions say
    whether it is the same.
    """
    run, key, positions = request.run, request.options.get("map", ""), request.mapped().positions
    with run.derived.locks(("regions", key)):
        held = run.derived.of_map(key)
        if held.regions is None:
            held.regions = Job(
                "Naming regions",
                lambda on_step: named_regions(positions, run.dataset, on_step=on_step),
            )
        return held.regions


def _regions(request: ApiRequest) -> NamedRegions:
    """The regions. Raises NotReady while they are looked for: nobody waits for them here."""
    job = _job(request)
    if not job.wait(_MOMENT) or job.result is None:
        raise NotReady(
            job.error or "The regions are still being looked for; try again in a moment."
        )
    return job.result


def region(request: ApiRequest) -> Region:
    """The region whose ``key`` was asked for. Raises ValueError."""
    found = next(
        (r for r in _regions(request).regions if r.key == request.options.get("key", "")), None
    )
    if found is None:
        raise NotFound("There is no such region on this map.")
    return found


def rows(request: ApiRequest) -> np.ndarray:
    """The rows of that region: one way of choosing, see :func:`pages.api.selection.choose`."""
    return region(request).rows


# -- questions -------------------------------------------------------------------------------------


def _names(request: ApiRequest):
    """The regions of a map with their places in its own units, once they are found; before that
    how far the search is.
    """
    job = _job(request)
    if not job.wait(_MOMENT):
        return {
            "state": RunState.RUNNING,
            "share": round(job.progress.fraction, 3) if job.progress else 0.0,
        }, b""
    if job.result is None:
        raise NotReady(job.error or "The search for regions ended without one.")
    found, names = (
        job.result,
        selection.region_names(request.run).get(request.options.get("map", ""), {}),
    )
    regions = [
        {
            "key": r.key,
            "level": r.level,
            "at": list(r.at),
            "edge": [[float(f"{v:.6g}") for v in place] for place in r.edge],
            "radius": r.radius,
            "count": len(r.rows),
            "row": r.medoid,
            "parent": r.parent,
            "name": names.get(r.key) or clean(r.name, 60),
            "own": r.key in names,
        }
        for r in found.regions
    ]
    return {
        "state": RunState.DONE,
        "regions": regions,
        "none": found.none,
        "fitted": found.fitted,
        "n": found.n,
    }, b""


def _small(request: ApiRequest):
    """Rows (the body, as numbers) -> small pictures uint8 (m, h, w, c), or curves uint8 (m,
    points) each from its least to its greatest.
    """
    dataset = request.run.dataset
    wanted = np.rint(request.floats(1)[:, 0]).astype(np.int64)
    if len(wanted) > MOST_SMALL or wanted.min() < 0 or wanted.max() >= len(dataset):
        raise HttpError(
            400, f"Expected at most {MOST_SMALL} row numbers from 0 to {len(dataset) - 1}."
        )
    if dataset.kind not in ("image", "array"):
        raise HttpError(400, "Only pictures and curves have a small form.")
    items = dataset.items(wanted)
    if dataset.kind == "array":
        items = dataset.codec.on_one_scale(items)
    small = (_pixels if dataset.kind == "image" else _curves)(np.asarray(items, np.float32))
    return {"shape": list(small.shape)}, small.tobytes()


def _pixels(pictures: np.ndarray) -> np.ndarray:
    """Pictures (m, h, w, c) in [0, 1], larger ones by the mean of what each new pixel covers."""
    step = -(-max(pictures.shape[1:3]) // SIDE)
    if step > 1:
        m, h, w, c = pictures.shape
        padded = np.pad(pictures, ((0, 0), (0, -h % step), (0, -w % step), (0, 0)), mode="edge")
        pictures = padded.reshape(
            m, padded.shape[1] // step, step, padded.shape[2] // step, step, c
        ).mean((2, 4))
    return (np.clip(pictures, 0, 1) * 255 + 0.5).astype(np.uint8)


def _curves(items: np.ndarray) -> np.ndarray:
    items = items[:, np.linspace(0, items.shape[1] - 1, min(STOPS, items.shape[1])).astype(int)]
    low, high = items.min(1, keepdims=True), items.max(1, keepdims=True)
    return ((items - low) / np.where(high > low, high - low, 1) * 255 + 0.5).astype(np.uint8)


def _rename(request: ApiRequest):
    """Give the region with this ``key`` another ``name``; an empty one brings the automatic
    name back.
    """
    identity.require(request.run.kind, request.run.id)
    found, given = region(request), selection.region_names(request.run)
    names = given.setdefault(request.options.get("map", ""), {})
    name = clean(request.options.get("name", ""), 60).strip()
    if name and sum(map(len, given.values())) >= MOST_NAMES:
        raise SessionError(f"There are {MOST_NAMES} names of regions already; take one back first.")
    names.pop(found.key, None)
    if name:
        names[found.key] = name
    state.save_annotations(request.run)
    return {"key": found.key, "name": name or clean(found.name, 60), "own": bool(name)}, b""


GET = {"names": _names}
POST = {"small": _small}
CHANGES = {"call": _rename}
