"""Maps of a run: computed once in the background, PCA shown meanwhile, numbers of trust
measured when they are asked for, and kept until they are deleted.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lvm_core import PROJECTIONS, mapping
from lvm_core.io import files
from lvm_core.io.files import StoreError
from lvm_core.labels import encode_labels
from lvm_core.mapping import Mapped, map_codes, map_data, reduced, score
from lvm_core.metrics import Score
from lvm_core.projections.base import Projection
from lvm_core.runs.store import load_map_scores

from . import identity
from .derived import once
from .jobs import MapJob
from .run import Run
from .services import Services, services

SHORT = {"TSNE": "t-SNE", "Identity": "Axes", "Fisher": "Fisher"}
OF = {"codes": "codes", "data": "the data itself"}
DRAW_LIMIT, HOVER_LIMIT = 50_000, 20_000
log = logging.getLogger(__name__)
_KEY = "[A-Za-z0-9]{1,80}"
_DATA = "OfData"  # ends the key of a map of the data itself


@dataclass(frozen=True)
class View:
    """What the page draws. ``of``: codes or data, what its distances are distances of, see
    :func:`source`.
    """

    key: str
    title: str
    positions: np.ndarray
    placing: str
    exact: bool
    of: str = "codes"
    note: str = ""


def default(run: Run) -> str:
    """The projection a run opens with: its own axes when there are two, otherwise the one that
    keeps neighbourhoods best and is quickest (``benchmarks/maps_mnist.py``).
    """
    return "Identity" if run.fitted.codes.shape[1] == 2 else "TSNE"


def names(run: Run) -> list[str]:
    """The projections that can be made of a run: those that need labels only where its data has
    some.
    """
    labelled = run.dataset.targets() is not None
    return [name for name, cls in PROJECTIONS.items() if labelled or not cls.labels]


def suggest(cls: type[Projection], run: Run) -> dict:
    """Settings that suit the codes of a run."""
    return mapping.suggest(cls, len(run.fitted.codes), run.fitted.model)


def key_of(projection: Projection, of: str = "codes") -> str:
    """The name under which a run keeps a map."""
    return type(projection).__name__ + projection.cache_key() + (_DATA if of == "data" else "")


def view(run: Run, projection: Projection, of: str = "codes") -> tuple[View, str | None, str]:
    """The map to draw now, the name of the wanted one's job while it is not ready, and what
    went wrong if it failed.
    """
    key = key_of(projection, of)
    if key in run.maps:
        return _view(key, projection, run.maps[key], of), None, ""
    new = key not in run.jobs.maps
    job = begin(run, projection, of)
    # a formula takes a second on a million rows: not worth showing another map meanwhile
    job.wait(3.0 if new and projection.exact else 0.1)
    if key in run.maps:
        return _view(key, projection, run.maps[key], of), None, ""
    quick = PROJECTIONS["PCA"](n_components=projection.n_components)
    quick_key = key_of(quick)
    if quick_key not in run.maps:
        _keeper(run)(quick_key, map_codes(run.fitted.codes, quick, scored=False))
    return (
        _view(quick_key, quick, run.maps[quick_key], "codes"),
        key if job.running else None,
        job.error,
    )


def begin(run: Run, projection: Projection, of: str = "codes") -> MapJob:
    """The job of a map that is not kept, begun if there is none."""
    key, fitted, here = key_of(projection, of), run.fitted, services()
    keep_map = _keeper(run)

    def keep(mapped: Mapped) -> None:
        if run.fitted is fitted:  # a run that was trained further meanwhile has other codes
            keep_map(key, mapped)

    with run.derived.locks(("job", key)):
        job = run.jobs.maps.get(key)
        if job is None:
            title = f"{SHORT.get(type(projection).__name__, type(projection).__name__)} map"
            job = run.jobs.maps[key] = MapJob(
                title,
                lambda on_step: _make(run, projection, of, on_step, here),
                projection,
                then=keep,
            )
    return job


def _keeper(run: Run):
    """What takes a map: its owner's stay on the disk, a guest's in memory. Who asks is looked up
    now; a thread knows nobody.
    """
    return run.maps.__setitem__ if identity.owns(run.kind, run.id) else run.maps.hold


def _make(run: Run, projection: Projection, of: str, on_step, here: Services) -> Mapped:
    """In a process of its own where there is one and it is worth it."""
    codes, y = run.fitted.codes, None
    if projection.labels and (labels := run.dataset.targets()) is not None:
        y = encode_labels(labels)[1]
    apart = here.map_pool.serves and not (projection.exact and of == "codes")
    if of == "data":
        if apart and run.data.stored:
            return here.map_pool.make(
                codes, projection, on_step, y, here.workspace.dataset_folder(run.data.id)
            )
        return map_data(run.dataset.X, codes, projection, on_step, y)
    return (
        here.map_pool.make(codes, projection, on_step, y)
        if apart
        else map_codes(codes, projection, on_step, y, scored=not projection.exact)
    )


def source(run: Run, view: View) -> np.ndarray:
    """What a map shows, (n, d): the codes, or the data's rows as the map took them. Its true
    distances are those of this.
    """
    return run.fitted.codes if view.of == "codes" else _reduced(run)


@once
def _reduced(run: Run) -> np.ndarray:
    return reduced(run.dataset.X)[0]


def source_of(run: Run, key: str) -> np.ndarray:
    """The same of the map kept under ``key``."""
    return source(run, _loaded(key, run.maps[key]))


def scores(run: Run, key: str) -> list[Score]:
    """The scores of the map kept under ``key``; of one that is a formula they are measured when
    they are first asked for, about a second, so that its points are seen before. None below 3
    rows.
    """
    mapped = run.maps[key]
    with run.derived.locks(("scores", key)):
        if not mapped.scores and len(mapped.positions) > 2:
            score(mapped, source_of(run, key))
            run.maps.scored(key)
    return mapped.scores


def _view(key: str, projection: Projection, mapped: Mapped, of: str) -> View:
    cls = type(projection)
    if cls.exact and of == "codes":
        placing = "Positions are a formula of the code: exact for every point, new ones too."
    else:
        placing = (
            "New points are placed among the items with the nearest codes, which is no formula: "
            "they show where a code belongs, not where a new fit would put it. "
            "Distances across the map mean little, neighbourhoods mean more."
            if not cls.exact
            else (
                "Positions of the items are a formula of the data; new points are placed among the "
                "items with the nearest codes."
            )
        )
    title = cls.title + (" of the data itself" if of == "data" else "")
    return View(
        key,
        title,
        mapped.positions,
        f"{placing} {mapped.note}".strip(),
        cls.exact and of == "codes",
        of,
        mapped.note,
    )


# -- those that are kept ---------------------------------------------------------------------------


@dataclass(frozen=True)
class StoredMap:
    """A map in a run's folder, without its positions."""

    key: str
    name: str
    of: str
    params: dict
    scores: list
    note: str


def stored_maps(run: Run) -> list[StoredMap]:
    """The finished maps of a run, by name."""
    # others lie on another map's plane
    found = [_loaded(key, mapped) for key, mapped in run.maps.items() if re.fullmatch(_KEY, key)]
    found += [
        _stored(_folder(run) / key) for key in _on_disk(run) if not dict.__contains__(run.maps, key)
    ]
    return sorted(filter(None, found), key=lambda kept: kept.key)


def _loaded(key: str, mapped: Mapped) -> StoredMap:
    recipe = getattr(mapped.projection, "made_by_", None) or mapped.projection.to_config()
    return StoredMap(
        key,
        recipe["name"],
        "data" if key.endswith(_DATA) else "codes",
        recipe["params"],
        mapped.scores,
        mapped.note,
    )


def _stored(folder: Path) -> StoredMap | None:
    try:
        head, (scores, note) = (
            files.read_json(folder / "projection" / "recipe.json"),
            load_map_scores(folder),
        )
        recipe = head["state"].get("made_by_") or head
        return StoredMap(
            folder.name,
            str(recipe["name"]),
            "data" if folder.name.endswith(_DATA) else "codes",
            dict(recipe["params"]),
            scores,
            note,
        )
    except (StoreError, KeyError, TypeError, AttributeError) as error:
        log.warning("a map in %s cannot be listed: %s", folder, error)
        return None


def delete(run: Run, key: str) -> None:
    """Forget a map, here and on the disk; it can be made again. Raises NotOwned."""
    identity.require(run.kind, run.id)
    run.jobs.maps.pop(key, None)
    run.maps.pop(key, None)
    if key in _on_disk(run):
        files.remove_folder(_folder(run) / key)


def _folder(run: Run) -> Path:
    return run.folder / "maps"


def _on_disk(run: Run) -> list[str]:
    try:
        return (
            [path.name for path in _folder(run).iterdir() if re.fullmatch(_KEY, path.name)]
            if run.stored
            else []
        )
    except (OSError, StoreError):
        return []


# -- what is drawn ---------------------------------------------------------------------------------


def drawn_rows(n: int) -> np.ndarray:
    """Row numbers to draw: all up to the limit, a seeded sample beyond."""
    return (
        np.arange(n)
        if n <= DRAW_LIMIT
        else np.sort(np.random.RandomState(0).choice(n, DRAW_LIMIT, replace=False))
    )


def nearest_rows(run: Run, i: int, k: int) -> np.ndarray:
    """The k rows whose codes lie nearest to row i's, itself left out."""
    from lvm_core.latent.neighbours import nearest

    codes, k = run.fitted.codes, min(k + 1, len(run.fitted.codes))
    rough = np.square(codes - codes[i]).sum(1)
    # all that rounding leaves in question
    rows = np.flatnonzero(rough <= np.partition(rough, k - 1)[k - 1] * 1.001)
    _, found = nearest(codes[[i]], codes[rows], k)
    return np.array([j for j in rows[found[0]] if j != i][: k - 1], dtype=int)


def placed(run: Run, view: View, Z: np.ndarray) -> np.ndarray:
    """Positions (n, c) of new codes (n, k) on a map."""
    return run.maps[view.key].projection.transform(np.asarray(Z, np.float32))
