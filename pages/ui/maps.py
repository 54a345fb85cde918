"""Maps of a run: computed once in the background, PCA shown meanwhile, numbers of trust beside each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lvm_core import PROJECTIONS
from lvm_core.projections.base import Projection
from lvm_core.fitting import Mapped, map_codes

from .jobs import Job
from .state import Run

SHORT = {"TSNE": "t-SNE", "Identity": "Axes"}
DRAW_LIMIT, HOVER_LIMIT = 50_000, 20_000


@dataclass(frozen=True)
class View:
    """What the page draws."""

    key: str
    title: str
    positions: np.ndarray
    scores: list
    placing: str
    exact: bool


def default(run: Run) -> str:
    """The projection a run opens with: its own axes when there are two, the finer map otherwise."""
    return "Identity" if run.fitted.codes.shape[1] == 2 else "UMAP"


def suggest(cls: type[Projection], codes: np.ndarray) -> dict:
    """Settings that suit this many codes, where the projection has an opinion."""
    return cls.suggest(len(codes)) if hasattr(cls, "suggest") else {}


def view(run: Run, projection: Projection) -> tuple[View, str | None, str]:
    """The map to draw now, the name of the wanted one's job while it is not ready, and what went wrong if it failed."""
    key = projection.to_recipe()["name"] + projection.key()
    if key in run.maps:
        return _view(key, projection, run.maps[key]), None, ""
    job = run.map_jobs.get(key)
    if job is None:
        title = f"{SHORT.get(type(projection).__name__, type(projection).__name__)} map"

        def keep(mapped: Mapped) -> None:
            run.maps[key] = mapped

        job = run.map_jobs[key] = Job(title, lambda on_step: map_codes(run.fitted.codes, projection, on_step), then=keep)
        job.wait(0.4 if projection.exact else 0.1)   # quick ones are drawn at once
    if key in run.maps:
        return _view(key, projection, run.maps[key]), None, ""
    quick = PROJECTIONS["PCA"](n_components=projection.n_components)
    quick_key = "PCA" + quick.key()
    if quick_key not in run.maps:
        run.maps[quick_key] = map_codes(run.fitted.codes, quick)
    return _view(quick_key, quick, run.maps[quick_key]), key if job.running else None, job.error


def _view(key: str, projection: Projection, mapped: Mapped) -> View:
    cls = type(projection)
    placing = ("Positions are a formula of the code: exact for every point, new ones too." if cls.exact else
               "Positions were found by optimisation; new points are placed among their nearest neighbours. Distances across the map mean little, neighbourhoods mean more.")
    return View(key, cls.title, mapped.positions, mapped.scores, f"{placing} {mapped.note}".strip(), cls.exact)


def drawn_rows(n: int) -> np.ndarray:
    """Row numbers to draw: all up to the limit, a seeded sample beyond."""
    return np.arange(n) if n <= DRAW_LIMIT else np.sort(np.random.RandomState(0).choice(n, DRAW_LIMIT, replace=False))


def point_id(point: dict):
    """The row number a selected point carries."""
    data = point["customdata"]
    if isinstance(data, dict):
        data = list(data.values())
    return data[0] if isinstance(data, (list, tuple)) else data


def nearest_rows(run: Run, i: int, k: int) -> np.ndarray:
    """The k rows whose codes lie nearest to row i's, itself left out."""
    from lvm_core.neighbours import nearest

    codes, k = run.fitted.codes, min(k + 1, len(run.fitted.codes))
    rough = np.square(codes - codes[i]).sum(1)
    rows = np.flatnonzero(rough <= np.partition(rough, k - 1)[k - 1] * 1.001)     # all that rounding leaves in question
    _, found = nearest(codes[[i]], codes[rows], k)
    return np.array([j for j in rows[found[0]] if j != i][:k - 1], dtype=int)


def generated(run: Run, view: View, n: int = 200) -> np.ndarray:
    """Positions (n, c) of new samples on a map: their codes, drawn by seed 0, placed like any new item."""
    return run.maps[view.key].projection.transform(run.fitted.model.sample_codes(n, random_state=0).astype(np.float32))
