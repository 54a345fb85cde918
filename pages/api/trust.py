"""Where the map lies: questions of the page about true neighbours, which are those in code
space (or in the data, for a map of it), in all its dimensions.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from lvm_core.io import files
from lvm_core.io.files import StoreError
from lvm_core.latent.distances import LEVELS, QueryDistances
from lvm_core.mapping import Mapped
from lvm_core.metrics.maps.ranks import directions
from lvm_core.metrics.maps.trust import KS, MapTrust, map_trust, measured_rows
from lvm_core.runs.trust_files import load_trust, save_trust

from ..session import maps, pace
from ..session.jobs import TrustJob
from ..session.run import Run
from . import payloads, tiles
from .auth import ApiRequest, HttpError

TITLE = "Measuring the map"
log = logging.getLogger(__name__)


def measured(run: Run, key: str) -> MapTrust | None:
    """How far the run's map ``key`` can be trusted, where that was measured; it is kept in the
    map's folder.
    """
    if key not in run.maps:
        return None
    held, folder, job = (
        run.derived.of_map(key),
        _folder(run, key),
        run.jobs.trust.get(job_name(key)),
    )
    if held.trust is None and job is not None and job.mapped is held.mapped:
        held.trust = job.result
    if held.trust is None and folder is not None:
        try:
            held.trust = load_trust(folder, len(held.mapped.positions)) if folder.is_dir() else None
        except (StoreError, OSError) as error:
            log.warning("a map is measured anew: %s", error)
    return held.trust


def measuring(run: Run, key: str) -> TrustJob:
    """The work of measuring a map, begun at most once; progress and Stop as of any job, under
    :func:`job_name`.
    """
    mapped = run.maps[key]

    def keep(trust: MapTrust) -> None:
        if run.maps.get(key) is mapped:
            if is_complete(trust, run, key):
                _store(_folder(run, key), trust)
            run.derived.of_map(key).trust = trust

    def work(on_step) -> MapTrust:
        shown = maps.source_of(run, key)
        # a map of the data is compared with the data already
        X = run.dataset.X if shown is run.fitted.codes else None
        return map_trust(
            shown,
            mapped.positions,
            X,
            run.dataset.targets(),
            metric=metric(mapped),
            on_step=on_step,
        )

    with run.derived.locks(("job", job_name(key))):
        job = run.jobs.trust.get(job_name(key))
        if job is None or job.mapped is not mapped:
            timed = pace.timed(TITLE, work, seconds(run, key))
            job = run.jobs.trust[job_name(key)] = TrustJob(TITLE, timed, mapped, then=keep)
    return job


def begun(run: Run, key: str) -> bool:
    """Whether a map's measuring is under way or has ended."""
    job = run.jobs.trust.get(job_name(key))
    return job is not None and job.mapped is run.maps[key]


def seconds(run: Run, key: str) -> float:
    """What measuring a map takes on an ordinary machine."""
    n, dimensions = maps.source_of(run, key).shape
    measured = measured_rows(n, dimensions)
    return 0.3 + 5e-4 * measured + 2e-11 * measured * n * dimensions


def is_complete(trust: MapTrust, run: Run, key: str) -> bool:
    """Whether it was measured to the end, not stopped before."""
    return len(trust.rows) == measured_rows(trust.n, maps.source_of(run, key).shape[1])


def forget(run: Run, key: str) -> None:
    """Forget what was measured of a map, to begin anew."""
    run.jobs.trust.pop(job_name(key), None)
    run.derived.of_map(key).trust = None


def _store(folder: Path | None, trust: MapTrust) -> None:
    try:
        if folder is not None and folder.parent.is_dir():
            if folder.is_dir():
                files.remove_folder(folder)
            save_trust(folder, trust)
    except (StoreError, OSError) as error:  # it is measured again the next time
        log.warning("what was measured of a map could not be kept: %s", error)


def job_name(key: str) -> str:
    """What the work of measuring the map ``key`` is called among the run's jobs."""
    return f"trust{key}"


def metric(mapped: Mapped) -> str:
    """How this map compares codes."""
    return getattr(mapped.projection, "metric", "euclidean")


def _folder(run: Run, key: str) -> Path | None:
    return run.folder / "maps" / key / "trust" if run.folder is not None else None


# -- questions -------------------------------------------------------------------------------------


def _trust(request: ApiRequest):
    """One byte a point in drawn order: ``what`` (kept, false, torn or way) by ``k`` neighbours.
    The work begins with the first such question; until it has ended the head says how far it
    is, without bytes.
    """
    key, mapped = request.options.get("map", ""), request.mapped()
    trust = measured(request.run, key)
    if trust is None:
        job = measuring(request.run, key)
        job.wait(0.3)
        trust = measured(request.run, key)
    if trust is None:
        if job.error:
            raise HttpError(500, job.error)
        return {
            "ready": False,
            "job": job_name(key),
            "fraction": job.progress.fraction if job.progress else 0.0,
        }, b""
    wanted = int(request.number("k", 1, 10_000, KS[0]))
    k = min(trust.ks, key=lambda known: abs(known - wanted))
    what = request.options.get("what", "kept")
    if what not in _COLOURINGS:
        raise HttpError(400, f"what must be one of {', '.join(_COLOURINGS)}.")
    index, counts = _COLOURINGS[what](trust, k)
    index = _interpolated(request.run, key, mapped, trust, index)
    head = {
        "ready": True,
        "what": what,
        "k": k,
        "ks": list(trust.ks),
        "measured": len(trust.rows),
        "of": trust.n,
        "counts": counts,
        "mean": float(trust.point("kept", k).mean(dtype=np.float64)),
    }
    return head, index[tiles.order(trust.n)].tobytes()


def _interpolated(run, key, mapped, trust: MapTrust, index: np.ndarray) -> np.ndarray:
    """Bytes (n,) by row from those of the measured rows: a point that was not measured has that
    of the measured one nearest on the map.
    """
    if len(trust.rows) == trust.n:
        return index
    of_map = run.derived.of_map(key)
    with run.derived.locks(("nearest measured", key)):
        held = of_map.nearest_measured
        if held is None or held[0] is not trust:
            from scipy.spatial import cKDTree

            held = of_map.nearest_measured = (
                trust,
                cKDTree(mapped.positions[trust.rows]).query(mapped.positions, workers=-1)[1],
            )
    return index[held[1]]


def _kept(trust, k):
    share = trust.point("kept", k)
    return np.rint(share * LEVELS).astype(np.uint8), []


def _intrusions(trust, k):
    return _wrong(trust.point("trust", k)), []


def _extrusions(trust, k):
    return _wrong(trust.point("continuity", k)), []


def _wrong(score):
    """One less a point's trustworthiness or continuity, on a scale that ends at a half: what
    random positions get.
    """
    return np.rint(np.clip(2 * (1 - score), 0, 1) * LEVELS).astype(np.uint8)


def _way(trust, k):
    """0: right, 1: false neighbours, 2: torn apart, 3: both; a point is wrong below 0.9."""
    index = (trust.point("trust", k) < 0.9).astype(np.uint8) + 2 * (
        trust.point("continuity", k) < 0.9
    ).astype(np.uint8)
    return index, np.bincount(index, minlength=4).tolist()


_COLOURINGS = {"kept": _kept, "false": _intrusions, "torn": _extrusions, "way": _way}


def distances(run: Run, key: str) -> QueryDistances:
    """What the map ``key`` shows, in drawn order, compared as it compares; made once for each
    way.
    """
    shown, way = maps.source_of(run, key), metric(run.maps[key])
    name = "distances", way, "codes" if shown is run.fitted.codes else "data"
    return run.derived.once(
        name,
        lambda: QueryDistances(
            (directions(shown) if way == "cosine" else shown)[tiles.order(len(shown))]
        ),
    )


def _row(request: ApiRequest, mapped: Mapped) -> int:
    return int(request.number("row", 0, len(mapped.positions) - 1, 0))


def _near(request: ApiRequest):
    """One byte a point in drawn order: how near it truly is to ``row``, by how many points are
    nearer; ``quick``: of so many of the first points as are answered at once.
    """
    key, mapped = request.options.get("map", ""), request.mapped()
    found, n = distances(request.run, key), len(mapped.positions)
    m = found.quick_rows if request.options.get("quick") == "1" else n
    index = found.nearness(int(tiles.place(n)[_row(request, mapped)]), m)
    return {
        "row": _row(request, mapped),
        "n": n,
        "m": len(index),
        "of": "code space"
        if maps.source_of(request.run, key) is request.run.fitted.codes
        else "the data",
    }, index.tobytes()


def _true_neighbours(request: ApiRequest):
    """The ``k`` true nearest of ``row`` with their ranks on the map, and its ``k`` nearest on
    the map with their true ranks; their names, and their places in drawn order.
    """
    key, mapped = request.options.get("map", ""), request.mapped()
    run, row, n = request.run, _row(request, mapped), len(mapped.positions)
    k = min(int(request.number("k", 1, 100, 10)), n - 1)
    order, place = tiles.order(n), tiles.place(n)
    at, positions = int(place[row]), mapped.positions
    true, on_map = distances(run, key).ranks(at), QueryDistances(positions[order]).ranks(at)

    def listed(mine, other):
        places = np.argsort(mine, kind="stable")[1 : k + 1]
        return [
            {
                "row": int(order[j]),
                "place": int(j),
                "rank": int(mine[j]),
                "other": int(other[j]),
                "name": payloads.short(run.dataset, int(order[j])),
            }
            for j in places
        ]

    head = {
        "row": row,
        "k": k,
        "name": payloads.short(run.dataset, row),
        "true": listed(true, on_map),
        "map": listed(on_map, true),
    }
    trust = measured(run, key)
    if (
        trust is not None
        and trust.rows[found := min(int(np.searchsorted(trust.rows, row)), len(trust.rows) - 1)]
        == row
    ):
        near = min(trust.ks, key=lambda known: abs(known - k))
        head["point"] = {"k": near} | {
            name: round(float(trust.point(name, near)[found]), 4)
            for name in ("kept", "trust", "continuity")
        }
    return head, b""


GET = {"trust": _trust, "near": _near, "friends": _true_neighbours}
POST: dict = {}
CHANGES: dict = {}
