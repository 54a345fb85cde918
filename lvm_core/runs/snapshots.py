"""How a model looked while it learnt: small files of codes, reconstructions and samples, a
bounded number of them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.base import Dataset
from ..io import files
from ..models.base import LatentModel
from ..progress import Progress

MOST = 48  # over a whole training
POINTS, ITEMS = 600, 10
# most values that are encoded, and shown, for one snapshot
_POINT_VALUES, _ITEM_VALUES = 600_000, 200_000
_SECONDS = 0.2  # between two
_SHARE = 0.03  # of the time that taking them may cost


@dataclass(frozen=True)
class Snapshot:
    """How a model looked at one step of its training. What a model cannot show yet is empty.

    Attributes
    ----------
    step : int
        Steps done.
    total : int
        Steps in all.
    points : ndarray of int, shape (m,)
        Rows that are shown.
    codes : ndarray of shape (m, k)
        Their codes.
    reconstructed : ndarray of shape (i, d)
        The first i of these rows as they come back.
    generated : ndarray of shape (j, d)
        Samples of the same codes each time.

    Examples
    --------
    >>> import numpy as np
    >>> from lvm_core.runs.snapshots import Snapshot
    >>> none = np.zeros((0, 4), np.float32)
    >>> Snapshot(10, 100, np.arange(3), np.zeros((3, 2)), none, none).codes.shape
    (3, 2)
    """

    step: int
    total: int
    points: np.ndarray
    codes: np.ndarray
    reconstructed: np.ndarray
    generated: np.ndarray


class Snapshots:
    """Takes snapshots in a folder while a fit is under way; call it with every Progress.

    Which rows are shown is seeded.

    Parameters
    ----------
    folder : Path
        Where they go; made when it is needed.
    dataset : Dataset
        What the model is fitted to.
    model : LatentModel
        What is fitted.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.progress import Progress
    >>> from lvm_core.runs.snapshots import Snapshots, newest
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> with TemporaryDirectory() as folder:
    ...     Snapshots(Path(folder), iris, model)(Progress(1, 1))
    ...     print(newest(Path(folder)).codes.shape)
    (150, 2)
    """

    def __init__(self, folder: Path, dataset: Dataset, model: LatentModel):
        self.folder, self.model = folder, model
        self.points = np.random.RandomState(0).permutation(len(dataset))[
            : int(np.clip(_POINT_VALUES // dataset.X.shape[1], 4 * ITEMS, POINTS))
        ]
        self.X = dataset.X[self.points]
        self.items = int(np.clip(_ITEM_VALUES // dataset.X.shape[1], 1, ITEMS))
        self.Z = (
            np.random.RandomState(0)
            .standard_normal((self.items, model.latent_dim))
            .astype(np.float32)
        )
        self._next, self._marks, self._cost = 0.0, -1, np.inf

    def __call__(self, record: Progress) -> None:
        now, mark = time.monotonic(), int(record.fraction**0.7 * MOST)  # most changes at first
        if record.step < record.total and (now < self._next or mark == self._marks):
            return
        seen = self.model.preview(self.X, self.Z)
        arrays = {
            "points": self.points if "codes" in seen else self.points[:0],
            "codes": seen.get("codes", self.Z[:0]),
            "back": seen.get("back", seen["made"][:0]),
            "made": seen["made"],
            "at": np.array([record.step, record.total]),
        }
        if all(np.isfinite(array).all() for array in arrays.values()):
            self.folder.mkdir(exist_ok=True)
            files.write(
                self.folder / f"{record.phase.replace(' ', '-') or 'fit'}-{record.step:09d}.npz",
                lambda path: _save(path, arrays),
                durable=False,
            )
            thin(self.folder)
        # the first one costs more, for reasons of its own
        self._cost = min(self._cost, time.monotonic() - now)
        self._next, self._marks = now + max(_SECONDS, self._cost / _SHARE), mark


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        few: dict[str, Any] = {
            k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in arrays.items()
        }
        np.savez(file, **few)


def thin(folder: Path) -> None:
    """Of twice as many snapshots as wanted, keep every second one.

    Parameters
    ----------
    folder : Path
        Where they are.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.snapshots import MOST, thin
    >>> with TemporaryDirectory() as folder:
    ...     for step in range(2 * MOST):
    ...         (Path(folder) / f"fit-{step:09d}.npz").touch()
    ...     thin(Path(folder))
    ...     print(len(list(Path(folder).iterdir())) == MOST + 1)
    True
    """
    names = _names(folder)
    if len(names) >= 2 * MOST:
        for path in names[1:-1:2]:
            path.unlink(missing_ok=True)


def read(path: Path) -> Snapshot:
    """Read one snapshot.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    Snapshot
        The snapshot.

    Raises
    ------
    StoreError
        When it is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.io.files import StoreError
    >>> from lvm_core.runs.snapshots import read
    >>> with TemporaryDirectory() as folder:
    ...     size = (Path(folder) / "fit-000000001.npz").write_bytes(b"damaged")
    ...     try:
    ...         read(Path(folder) / "fit-000000001.npz")
    ...     except StoreError:
    ...         print("cannot be read")
    cannot be read
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in ("points", "codes", "back", "made", "at")}
            return Snapshot(
                int(arrays["at"][0]),
                int(arrays["at"][1]),
                arrays["points"],
                arrays["codes"],
                arrays["back"],
                arrays["made"],
            )
    except Exception as error:
        # zipfile, zlib and NumPy each have errors of their own for a damaged file
        raise files.StoreError(
            f"{files.named(path)} cannot be read ({files.first_line(error)})."
        ) from error


def newest(folder: Path) -> Snapshot | None:
    """The last snapshot that can be read.

    Parameters
    ----------
    folder : Path
        Where they are.

    Returns
    -------
    Snapshot or None
        None where there is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.snapshots import newest
    >>> with TemporaryDirectory() as folder:
    ...     print(newest(Path(folder)))
    None
    """
    for path in reversed(_names(folder)):
        try:
            return read(path)
        except files.StoreError:
            continue
    return None


def all_of(folder: Path) -> list[Snapshot]:
    """All snapshots that can be read, in the order they were taken.

    Parameters
    ----------
    folder : Path
        Where they are.

    Returns
    -------
    list of Snapshot
        Empty where there is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.progress import Progress
    >>> from lvm_core.runs.snapshots import Snapshots, all_of
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> with TemporaryDirectory() as folder:
    ...     Snapshots(Path(folder), iris, model)(Progress(7, 7))
    ...     print([snapshot.step for snapshot in all_of(Path(folder))])
    [7]
    """
    found = []
    for path in _names(folder):
        try:
            found.append(read(path))
        except files.StoreError:
            continue
    return found


def _names(folder: Path) -> list[Path]:
    """The files of each phase of the training by step, the phase that began first before the
    others.
    """
    phases: dict[str, list[tuple[float, Path]]] = {}
    for path in folder.glob("*.npz") if folder.is_dir() else ():
        if files.is_whole(path):
            try:
                phases.setdefault(path.stem[:-10], []).append((path.stat().st_mtime, path))
            except FileNotFoundError:  # thinned meanwhile
                continue
    return [
        path
        for found in sorted(phases.values(), key=min)
        for _, path in sorted(found, key=lambda entry: entry[1].name)
    ]
