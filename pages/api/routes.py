"""The live path: questions that decode a code while the hand still moves, and tell how long work
goes on.

A Streamlit rerun costs about 200 ms; a question here costs a few. Who may ask is decided in
:mod:`pages.api.auth`; what is chosen and kept is in :mod:`pages.api.selection`.
"""

from __future__ import annotations

from collections import ChainMap

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from lvm_core.capabilities import HasPosterior
from lvm_core.export import animation
from lvm_core.latent import paths
from lvm_core.latent.typicality import TypicalityLevel
from lvm_core.plots.figures import metric_name, metric_panels

from ..session import code_sources
from ..session.jobs import Job
from ..session.run import Run
from . import alignment, live_map, regions, selection, tiles, trust
from .auth import ApiRequest, HttpError, endpoint_of, socket
from .payloads import payload, short

GENERATED = 200  # new samples shown as rings


def _decoded(run: Run, Z: np.ndarray) -> tuple[dict, bytes]:
    return payload(
        run.dataset,
        run.dataset.decode(run.fitted.model.inverse_transform(np.asarray(Z, np.float32))),
    )


def _at(run: Run, mapped, Z: np.ndarray, nearest: int = 4) -> dict:
    """Where one code lies: its place on the map, how usual it is, the real rows nearest to it."""
    percentile, words, near = run.typicality.describe(Z, nearest)
    place = mapped.projection.transform(Z)
    return {
        "code": [float(v) for v in Z[0]],
        "place": [round(float(v), 5) for v in place[0]],
        "percentile": round(float(percentile[0]), 1),
        "typicality": _TYPICALITY[words[0]],
        "near": [int(run.fitted.train[i]) for i in near[0]],
    }


_TYPICALITY = {
    TypicalityLevel.TYPICAL: {"code": "typical", "words": "Usual: real items have codes like this"},
    TypicalityLevel.UNUSUAL: {
        "code": "unusual",
        "words": "Unusual: few real items have codes like this",
    },
    TypicalityLevel.FAR: {
        "code": "far",
        "words": "The model never saw anything near this code; it is guessing",
    },
}
"""How usual a code is: ``code`` is for the browser to tell by, ``words`` are for people."""


# -- one code --------------------------------------------------------------------------------------


def _decode(request: ApiRequest):
    """Codes (m, k) -> decoded items; one code alone also learns where it lies."""
    Z, mapped = request.codes(), request.mapped()
    head, data = _decoded(request.run, Z)
    return head | (_at(request.run, mapped, Z) if len(Z) == 1 else {}), data


def _place(request: ApiRequest):
    """A place (1, c) on the map -> the code there, decoded."""
    mapped = request.mapped()
    P = request.floats(mapped.positions.shape[1])[:1]
    Z = np.asarray(mapped.projection.inverse_transform(P), np.float32)
    head, data = _decoded(request.run, Z)
    return head | _at(request.run, mapped, Z) | {"asked": [float(v) for v in P[0]]}, data


def _random(request: ApiRequest):
    """A new code by seed, and where it comes from."""
    seed = int(request.number("seed", 0, 2**31 - 1, 0))
    Z, source, _ = code_sources.draw(request.run, 1, seed)
    return {"code": [float(v) for v in Z[0]], "seed": seed, "source": source}, b""


def _item(request: ApiRequest):
    """Real rows by number: what they are, and their codes."""
    run, rows, mapped, dataset = (
        request.run,
        request.rows(24),
        request.mapped(),
        request.run.dataset,
    )
    if dataset.kind == "text":
        head, data = {"texts": [" ".join(t.split())[:600] for t in dataset.items(rows)]}, b""
    else:
        head, data = payload(dataset, dataset.items(rows))
    codes = np.ascontiguousarray(run.fitted.codes[rows], "<f4")
    head |= {"rows": rows, "names": [short(dataset, i) for i in rows], "codes": codes.tolist()}
    if len(rows) == 1 and (spread := _spread(run, mapped, rows[0])):
        head["spread"] = spread
    return head, data


def _spread(run: Run, mapped, row: int) -> list | None:
    """The posterior of a row as an ellipse of two standard deviations on a 2-D map: 100 seeded
    draws, placed; None for models without one.
    """
    model = run.fitted.model
    if not isinstance(model, HasPosterior) or mapped.positions.shape[1] != 2:
        return None
    mean, std = model.encode_distribution(run.dataset.X[[row]])
    P = mapped.projection.transform(
        (mean + std * np.random.RandomState(0).standard_normal((100, mean.shape[1]))).astype(
            np.float32
        )
    )
    width, axes = np.linalg.eigh(np.cov(P.T))
    angle = np.linspace(0, 2 * np.pi, 41)[:, None]
    ring = P.mean(0) + 2 * (
        np.cos(angle) * np.sqrt(max(width[0], 0)) * axes[:, 0]
        + np.sin(angle) * np.sqrt(max(width[1], 0)) * axes[:, 1]
    )
    return ring.round(5).tolist()


# -- many codes ------------------------------------------------------------------------------------


def _traversals(request: ApiRequest):
    """A code (1, k) -> what each of the first dimensions does to it: its decoded values across
    their ranges.
    """
    Z, run = request.codes(), request.run
    stops, count = int(request.number("stops", 2, 15, 9)), int(request.number("count", 1, 16, 8))
    low, high = run.ranges
    order = run.dimensions[0][:count]
    strip = np.repeat(Z[:1], len(order) * stops, 0)
    for place, j in enumerate(order):
        strip[place * stops : (place + 1) * stops, j] = np.linspace(low[j], high[j], stops)
    head, data = _decoded(run, strip)
    return head | {"order": [int(j) for j in order], "stops": stops}, data


_PATHS = {
    "line": lambda run, a, b: lambda t: paths.lerp(a, b, t),
    "arc": lambda run, a, b: lambda t: paths.slerp(a, b, t),
    "dense": lambda run, a, b: run.dense_paths.walk(a, b),
}


def _walk(request: ApiRequest):
    """The path a question asks for, from its two codes and its ``kind``."""
    ends, kind = request.codes(), request.options.get("kind", "line")
    if len(ends) != 2:
        raise HttpError(400, f"A path has two ends, found {len(ends)} codes.")
    if kind not in _PATHS:
        raise HttpError(400, f"kind must be one of {', '.join(_PATHS)}.")
    return _PATHS[kind](request.run, ends[0], ends[1])


def _path(request: ApiRequest):
    """Two codes (2, k) -> a path between and a little beyond: fine codes and places, and
    decoded steps.
    """
    mapped, steps = request.mapped(), int(request.number("steps", 3, 15, 9))
    walk = _walk(request)
    t = np.linspace(-0.25, 1.25, 61)
    fine = np.asarray(walk(t), np.float32)
    coarse = np.asarray(walk(np.linspace(0, 1, steps)), np.float32)
    head, data = _decoded(request.run, coarse)
    return head | {
        "t": [round(float(v), 4) for v in t],
        "codes": fine.tolist(),
        "places": mapped.projection.transform(fine).round(5).tolist(),
        "typicality": [_TYPICALITY[words] for words in request.run.typicality.labels(coarse)],
        "steps": steps,
    }, data


def _animation(request: ApiRequest) -> Response:
    """Two codes (2, k) -> the walk between them as a looping GIF or WebP; pictures only."""
    format, dataset = request.options.get("format", "gif"), request.run.dataset
    if format not in animation.FORMATS or dataset.kind != "image":
        raise HttpError(
            400,
            "An animation takes two codes of a model of pictures, a known path and gif or webp.",
        )
    Z = np.asarray(_walk(request)(np.linspace(0, 1, 30)), np.float32)
    frames = dataset.decode(request.run.fitted.model.inverse_transform(Z))
    data = animation.FORMATS[format](frames, 1 / 15, upscale=max(1, 192 // frames.shape[1]))
    return Response(
        data,
        media_type=f"image/{format}",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


# -- the map ---------------------------------------------------------------------------------------


def _generated(request: ApiRequest):
    """New samples by seed: float32 codes (n, k) and float32 positions (n, c), placed like any
    new item.
    """
    seed = int(request.number("seed", 0, 2**31 - 1, 0))
    Z, source, later = code_sources.draw(request.run, GENERATED, seed)
    P = request.mapped().projection.transform(Z)
    return {
        "n": len(Z),
        "dims": P.shape[1],
        "seed": seed,
        "source": source,
        "later": later,
    }, Z.astype("<f4").tobytes() + np.ascontiguousarray(P, "<f4").tobytes()


# -- long work -------------------------------------------------------------------------------------


def _job(request: ApiRequest) -> Job:
    name = request.options.get("job", "")
    job = request.run.job if name == "fit" else request.run.jobs.find(name)
    if job is None:
        raise HttpError(404, "This work is not here any more; reload the page.")
    return job


def _progress(request: ApiRequest) -> Response:
    """How a job goes on: words, share done, and its metrics by step, thinned to what a screen
    shows.
    """
    job = _job(request)
    points = list(job.history)
    # of the whole history: what it says must not depend on what a screen shows of it
    warning = request.run.model.training_warning(points) if job is request.run.job else ""
    points = points[:: max(1, len(points) // 300)] + points[-1:]
    panels = metric_panels(points)  # those that share an axis
    names = [name for panel in panels for name in panel]
    values = [[_finite(p.get(name)) for p in points] for name in names]
    return JSONResponse(
        {
            "state": job.state,
            "words": f"{job.words()} · {warning}" if warning else job.words(),
            "fraction": job.progress.fraction if job.progress else 0.0,
            "names": [metric_name(name) for name in names],
            "panels": [len(panel) for panel in panels],
            "steps": [p["step"] for p in points],
            "values": values,
        },
        headers={"Cache-Control": "no-store"},
    )


def _finite(value) -> float:
    return round(float(value), 6) if value is not None and np.isfinite(value) else 0.0


def _stop(request: ApiRequest) -> Response:
    """Ask a job to end; it keeps what it reached."""
    _job(request).stop()
    return JSONResponse({"state": "stopping"})


# modules of questions: each states GET, POST and CHANGES
_PARTS = alignment, live_map, regions, tiles, trust
_GET = ChainMap(
    {
        "item": _item,
        "random": _random,
        "generated": _generated,
        "search": selection.search,
        "kept": selection.listed,
    },
    *(part.GET for part in _PARTS),
)
_POST = ChainMap(
    {"decode": _decode, "place": _place, "traversals": _traversals, "path": _path},
    *(part.POST for part in _PARTS),
)
_CHANGES = ChainMap(
    {"choose": selection.choose, "keep": selection.annotate}, *(part.CHANGES for part in _PARTS)
)

routes = [
    *(
        Route(f"/live/{name}", endpoint_of(handler), methods=[method])
        for method, handlers in (("GET", _GET), ("POST", {**_POST, "animation": _animation}))
        for name, handler in handlers.items()
    ),
    *(
        Route(f"/live/{name}", endpoint_of(handler, changes=True), methods=["POST"])
        for name, handler in _CHANGES.items()
    ),
    WebSocketRoute("/live/socket", socket({**_GET, **_POST})),
    Route("/live/job", endpoint_of(_progress, finished=False), methods=["GET"]),
    Route("/live/stop", endpoint_of(_stop, finished=False, changes=True), methods=["POST"]),
]
