"""The live path: binary requests that decode a code while the hand still moves, and tell how long work goes on.

A Streamlit rerun costs about 200 ms; a request here costs a few. Who may ask is decided in :mod:`pages.ui.guard`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from lvm_core import animation, figures, paths

from . import maps, state
from .guard import Refused, compute, floats, framed, guarded, number
from .jobs import Job

# -- what travels ------------------------------------------------------------------------------------------------------

_LINE_POINTS = 400      # of an array's curve: more than a screen shows


def _payload(run: state.Run, X: np.ndarray) -> tuple[dict, bytes]:
    """Decoded rows X (m, d) as the component draws them: pixels, curve points, or records and words in the head."""
    dataset = run.dataset
    items = dataset.decode(X)
    return _PAYLOADS[dataset.kind](dataset, items)


def _pixels(dataset, items):
    n, h, w, c = items.shape
    return {"shape": [n, h, w, c]}, (np.clip(items, 0, 1) * 255 + 0.5).astype(np.uint8).tobytes()


def _curves(dataset, items):
    items = np.asarray(items, np.float32)
    items = items[:, ::max(1, items.shape[1] // _LINE_POINTS)]
    return {"shape": list(items.shape)}, np.ascontiguousarray(items, "<f4").tobytes()


def _records(dataset, items):
    columns = dataset.codec.columns
    rows = [[[column.show(row[column.name]), column.fraction(row[column.name])] for column in columns] for _, row in items.iterrows()]
    return {"columns": [str(c.name)[:60] for c in columns], "records": rows}, b""


def _words(dataset, items):
    return {"words": [[[str(t)[:40], round(float(w), 5)] for t, w in item[:16]] for item in items]}, b""


_PAYLOADS = {"image": _pixels, "array": _curves, "table": _records, "text": _words}


def _decoded(run: state.Run, Z: np.ndarray) -> np.ndarray:
    return run.fitted.model.inverse_transform(np.asarray(Z, np.float32))


def _at(run: state.Run, mapped, Z: np.ndarray, nearest: int = 4) -> dict:
    """Where one code lies: its place on the map, how usual it is, the real rows nearest to it."""
    percentile, words, near = state.support(run).look(Z, nearest)
    place = mapped.projection.transform(Z)
    return {"code": [float(v) for v in Z[0]], "place": [round(float(v), 5) for v in place[0]],
            "percentile": round(float(percentile[0]), 1), "support": words[0], "near": [int(run.fitted.train[i]) for i in near[0]]}


def _mapped(request: Request, run: state.Run):
    mapped = run.maps.get(request.query_params.get("map", ""))
    if mapped is None:
        raise Refused(404, "This map is not here any more; reload the page.")
    return mapped


# -- the routes --------------------------------------------------------------------------------------------------------

async def _decode(request: Request, run: state.Run) -> Response:
    """Codes (m, k) -> decoded items; one code alone also learns where it lies."""
    Z = await floats(request, run.fitted.codes.shape[1])
    mapped = _mapped(request, run)

    def work():
        head, payload = _payload(run, _decoded(run, Z))
        if len(Z) == 1:
            head |= _at(run, mapped, Z)
        return framed(head, payload)
    return await compute(work)


async def _place(request: Request, run: state.Run) -> Response:
    """A place (1, c) on the map -> the code there, decoded."""
    mapped = _mapped(request, run)
    P = await floats(request, mapped.positions.shape[1])

    def work():
        Z = np.asarray(mapped.projection.inverse_transform(P[:1]), np.float32)
        head, payload = _payload(run, _decoded(run, Z))
        return framed(head | _at(run, mapped, Z) | {"asked": [float(v) for v in P[0]]}, payload)
    return await compute(work)


async def _item(request: Request, run: state.Run) -> Response:
    """Real rows by number: what they are, and their codes."""
    try:
        rows = [int(i) for i in request.query_params.get("i", "").split(",")][:24]
    except ValueError:
        rows = [-1]
    if not all(0 <= i < len(run.dataset) for i in rows):
        raise Refused(400, f"i must hold row numbers from 0 to {len(run.dataset) - 1}.")
    mapped = _mapped(request, run)
    return await compute(lambda: _real(run, mapped, rows))


def _real(run: state.Run, mapped, rows: list[int]) -> Response:
    from . import items

    dataset = run.dataset
    head, payload = {}, b""
    if dataset.kind == "text":
        head["texts"] = [" ".join(t.split())[:600] for t in dataset.items(rows)]
    else:
        head, payload = _PAYLOADS[dataset.kind](dataset, dataset.items(rows))
    codes = np.ascontiguousarray(run.fitted.codes[rows], "<f4")
    head |= {"rows": rows, "names": [items.short(dataset, i) for i in rows], "codes": codes.tolist()}
    if len(rows) == 1 and (spread := _spread(run, mapped, rows[0])):
        head["spread"] = spread
    return framed(head, payload)


def _spread(run: state.Run, mapped, row: int) -> list | None:
    """The posterior of a row as an ellipse of two standard deviations on a 2-D map: 100 seeded draws, placed; None for models without one."""
    model = run.fitted.model
    if not hasattr(model, "encode_distribution") or mapped.positions.shape[1] != 2:
        return None
    mean, std = model.encode_distribution(run.dataset.X[[row]])
    P = mapped.projection.transform((mean + std * np.random.RandomState(0).standard_normal((100, mean.shape[1]))).astype(np.float32))
    width, axes = np.linalg.eigh(np.cov(P.T))
    angle = np.linspace(0, 2 * np.pi, 41)[:, None]
    ring = P.mean(0) + 2 * (np.cos(angle) * np.sqrt(max(width[0], 0)) * axes[:, 0] + np.sin(angle) * np.sqrt(max(width[1], 0)) * axes[:, 1])
    return ring.round(5).tolist()


async def _film(request: Request, run: state.Run) -> Response:
    """A code (1, k) -> what each of the first dimensions does to it: its decoded values across their ranges."""
    Z = await floats(request, run.fitted.codes.shape[1])
    stops = int(number(request, "stops", 2, 15, 9))
    count = int(number(request, "count", 1, 16, 8))

    def work():
        low, high = state.ranges(run)
        order = state.dimensions(run)[0][:count]
        strip = np.repeat(Z[:1], len(order) * stops, 0)
        for place, j in enumerate(order):
            strip[place * stops:(place + 1) * stops, j] = np.linspace(low[j], high[j], stops)
        head, payload = _payload(run, _decoded(run, strip))
        return framed(head | {"order": [int(j) for j in order], "stops": stops}, payload)
    return await compute(work)


async def _path(request: Request, run: state.Run) -> Response:
    """Two codes (2, k) -> a path between and a little beyond: fine codes and places, and decoded steps."""
    ends = await floats(request, run.fitted.codes.shape[1])
    if len(ends) != 2:
        raise Refused(400, f"A path has two ends, found {len(ends)} codes.")
    mapped = _mapped(request, run)
    steps = int(number(request, "steps", 3, 15, 9))
    kind = request.query_params.get("kind", "line")
    if kind not in _PATHS:
        raise Refused(400, f"kind must be one of {', '.join(_PATHS)}.")

    def work():
        walk = _PATHS[kind](run, ends[0], ends[1])
        t = np.linspace(-0.25, 1.25, 61)
        fine = np.asarray(walk(t), np.float32)
        coarse = np.asarray(walk(np.linspace(0, 1, steps)), np.float32)
        head, payload = _payload(run, _decoded(run, coarse))
        support = state.support(run)
        return framed(head | {"t": [round(float(v), 4) for v in t], "codes": fine.tolist(), "places": mapped.projection.transform(fine).round(5).tolist(),
                               "support": support.words(coarse), "steps": steps}, payload)
    return await compute(work)


_PATHS = {"line": lambda run, a, b: lambda t: paths.lerp(a, b, t),
          "arc": lambda run, a, b: lambda t: paths.slerp(a, b, t),
         "dense": lambda run, a, b: state.dense_paths(run).walk(a, b)}


async def _animation(request: Request, run: state.Run) -> Response:
    """Two codes (2, k) -> the walk between them as a looping GIF or WebP; pictures only."""
    ends = await floats(request, run.fitted.codes.shape[1])
    kind, format = request.query_params.get("kind", "line"), request.query_params.get("format", "gif")
    if len(ends) != 2 or kind not in _PATHS or format not in animation.FORMATS or run.dataset.kind != "image":
        raise Refused(400, "An animation takes two codes of a model of pictures, a known path and gif or webp.")

    def work():
        frames = run.dataset.decode(_decoded(run, _PATHS[kind](run, ends[0], ends[1])(np.linspace(0, 1, 30))))
        data = animation.FORMATS[format](frames, 1 / 15, upscale=max(1, 192 // frames.shape[1]))
        return Response(data, media_type=f"image/{format}", headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    return await compute(work)


async def _random(request: Request, run: state.Run) -> Response:
    """A code from the model's prior by seed."""
    seed = int(number(request, "seed", 0, 2**31 - 1, 0))
    return await compute(lambda: framed({"code": [float(v) for v in run.fitted.model.sample_codes(1, random_state=seed)[0]], "seed": seed}))


async def _scene(request: Request, run: state.Run) -> Response:
    """The map: float32 positions (n, c), float32 colour values (n,), int32 row numbers (n,)."""
    mapped = _mapped(request, run)
    column = request.query_params.get("colour") or None
    if column is not None and column not in run.dataset.rows.columns:
        raise Refused(404, "There is no such column to colour by.")

    def work():
        shown = maps.drawn_rows(len(mapped.positions))
        head, values = figures.colour_codes(run.dataset.rows[column] if column else None, len(mapped.positions))
        P = np.ascontiguousarray(mapped.positions[shown], "<f4")
        head |= {"n": len(shown), "of": len(mapped.positions), "dims": P.shape[1]}
        return framed(head, P.tobytes() + np.ascontiguousarray(values[shown], "<f4").tobytes() + shown.astype("<i4").tobytes())
    return await compute(work)


def _job(request: Request, run: state.Run) -> Job:
    name = request.query_params.get("job", "")
    job = run.job if name == "fit" else run.map_jobs.get(name)
    if job is None:
        raise Refused(404, "This work is not here any more; reload the page.")
    return job


async def _progress(request: Request, run: state.Run) -> Response:
    """How a job goes on: words, share done, and its metrics by step, thinned to what a screen shows."""
    job = _job(request, run)
    points = list(job.history)
    points = points[::max(1, len(points) // 300)] + points[-1:]
    names = [k for k in points[0] if k != "step"] if points else []
    values = [[_finite(p.get(name)) for p in points] for name in names]
    return JSONResponse({"state": job.state, "words": job.words(), "fraction": job.progress.fraction if job.progress else 0.0, "names": names,
                         "steps": [p["step"] for p in points], "values": values}, headers={"Cache-Control": "no-store"})


def _finite(value) -> float:
    return round(float(value), 6) if value is not None and np.isfinite(value) else 0.0


async def _stop(request: Request, run: state.Run) -> Response:
    """Ask a job to end; it keeps what it reached."""
    _job(request, run).stop()
    return JSONResponse({"state": "stopping"})


async def _plotly(request: Request) -> Response:
    """Plotly.js from the installed plotly package: no CDN, no bundle of our own."""
    import plotly

    path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"})


routes = [Route("/live/plotly.js", _plotly, methods=["GET"]),
          *(Route(f"/live/{name}", guarded(handler), methods=[method]) for name, handler, method in (
              ("scene", _scene, "GET"), ("item", _item, "GET"), ("random", _random, "GET"), ("decode", _decode, "POST"),
              ("place", _place, "POST"), ("film", _film, "POST"), ("path", _path, "POST"), ("animation", _animation, "POST"))),
          Route("/live/job", guarded(_progress, finished=False), methods=["GET"]), Route("/live/stop", guarded(_stop, finished=False), methods=["POST"])]
