"""How a model looks while it learns, and how it looked: snapshots as frames; and words to a run
that is under way.
"""

from __future__ import annotations

import numpy as np
from starlette.responses import JSONResponse
from starlette.routing import Route

from lvm_core.plots import figures
from lvm_core.runs import snapshots
from lvm_core.runs.snapshots import Snapshot

from ..session.derived import once
from ..session.run import Run
from ..session.services import services
from . import payloads
from .auth import ApiRequest, HttpError, endpoint_of

_MOST_VALUES = 3_000_000  # that travel for one film


def _film(request: ApiRequest):
    """Snapshots (``last``: the newest alone) as frames: float32 places (frames, n, 2), float32
    colour values (n,), then the items: the real ones, and each frame's reconstructions and
    samples; how many is in the head.
    """
    folder, dataset = (
        services().workspace.run_folder(request.run.id) / "snapshots",
        request.run.dataset,
    )
    last = "last" in request.options
    frames = [s for s in [snapshots.newest(folder)] if s] if last else snapshots.all_of(folder)
    if not frames:
        return {"frames": 0}, b""
    frames = _as_many_as_travel(frames)
    points = frames[-1].points
    axes = (
        _axes(frames[-1].codes if last or request.run.fitted is None else request.run.fitted.codes)
        if len(points)
        else None
    )
    places = np.stack([_placed(s, axes, len(points)) for s in frames])
    legend, values = _colours(request.run)
    values = values[points]
    shown = max(len(s.reconstructed) for s in frames)
    rows = [dataset.X[points[:shown]]] if shown else []
    rows = [r.toarray() if hasattr(r, "indptr") else r for r in rows] + [
        part for s in frames for part in (s.reconstructed, s.generated)
    ]
    head, items = payloads.payload(dataset, dataset.decode(np.concatenate(rows)))
    head |= {
        "frames": len(frames),
        "n": len(points),
        "real": shown,
        "back": [len(s.reconstructed) for s in frames],
        "made": [len(s.generated) for s in frames],
        "when": [_when(request.run, s) for s in frames],
        "legend": legend,
    }
    return head, np.ascontiguousarray(places, "<f4").tobytes() + np.ascontiguousarray(
        values, "<f4"
    ).tobytes() + items


@once
def _colours(run: Run):
    """Of all rows, so that they are the map's."""
    dataset = run.dataset
    return figures.colour_codes(
        dataset.rows[dataset.label] if dataset.label in dataset.rows.columns else None, len(dataset)
    )


def _as_many_as_travel(frames: list[Snapshot]) -> list[Snapshot]:
    most = max(
        2, _MOST_VALUES // max(1, max(s.reconstructed.size + s.generated.size for s in frames))
    )
    if len(frames) <= most:
        return frames
    return [frames[i] for i in np.linspace(0, len(frames) - 1, most).round().astype(int)]


def _axes(codes: np.ndarray):
    """(middle, directions, half extent) of the first two principal components: the last
    frame's, so that the axes stand still.
    """
    middle = codes.mean(0)
    if codes.shape[1] <= 2:
        directions = np.eye(2, codes.shape[1]).T[:, :2]
    else:
        _, vectors = np.linalg.eigh(np.cov((codes - middle).T))
        directions = vectors[:, :-3:-1]
        directions = directions * np.sign(directions[np.abs(directions).argmax(0), [0, 1]])
    reach = np.abs((codes - middle) @ directions).max(0)
    return middle, directions, np.where(reach > 0, reach, 1.0)


def _placed(s: Snapshot, axes, n: int) -> np.ndarray:
    """Places (n, 2), the last frame's extent being -1 to 1; NaN where the model has no codes
    yet.
    """
    if axes is None or len(s.codes) != n:
        return np.full((n, 2), np.nan)
    middle, directions, reach = axes
    return np.clip((s.codes - middle) @ directions / reach, -1.5, 1.5)


def _when(run: Run, s: Snapshot) -> str:
    model = run.model
    if model.duration_param == "epochs":
        return f"epoch {model.epochs * s.step / s.total:,.0f}"
    return f"step {s.step:,} of {s.total:,}"


def _ask(request: ApiRequest):
    """``word``: stop, pause or cancel."""
    word = request.options.get("word", "")
    if word not in ("stop", "pause", "cancel"):
        raise HttpError(400, f"{word[:40]!r} is nothing a run can be asked for.")
    services().workspace.ask(request.run.id, word)
    return JSONResponse({"state": "asked"})


routes = [
    Route("/live/training-history", endpoint_of(_film, finished=False), methods=["GET"]),
    Route("/live/ask", endpoint_of(_ask, finished=False, changes=True), methods=["POST"]),
]
