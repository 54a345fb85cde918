"""Where a fit keeps what it needs to go on: one safetensors file a phase, and the one before it
in case the last is damaged.
"""

from __future__ import annotations

import json
import re
import time
import zlib
from pathlib import Path

import numpy as np

from . import files, migrations

FORMAT = migrations.CHECKPOINT
SECONDS = 10.0  # between two checkpoints; a fit that is killed loses at most as much
MOST_OF_TIME = 0.02  # share of the time that writing them may take


class Checkpoint:
    """The checkpoints of one fit in a folder of its own.

    The training loop asks :meth:`due`, then calls :meth:`save`.

    Parameters
    ----------
    folder : Path
        Where they lie; made by the first :meth:`save`.
    seconds : float
        Between two checkpoints, at least; more where writing them would take over 2 % of the time.

    Attributes
    ----------
    earlier : float
        Seconds the fit took before this process, as the last checkpoint read says.
    saves : int
        How many were written by it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from lvm_core.io.checkpoint import Checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = Checkpoint(Path(folder) / "checkpoint")
    ...     print(checkpoint.load("training"))
    ...     checkpoint.save("training", {"step": 5, "steps": 10}, {"weights": np.zeros(3)})
    ...     head, arrays = checkpoint.load("training")
    None
    >>> head["step"], arrays["weights"].tolist()
    (5, [0.0, 0.0, 0.0])
    """

    def __init__(self, folder: Path, seconds: float = SECONDS):
        self.folder, self.seconds, self.earlier, self.saves = Path(folder), seconds, 0.0, 0
        self._start = self._saved = time.monotonic()
        self._wait, self._opened, self._then = seconds, [], None

    def due(self, now: float) -> bool:
        """Whether it is time to save.

        Parameters
        ----------
        now : float
            The time by ``time.monotonic()``.
        """
        return self._then is not None or now - self._saved >= self._wait

    def interrupt(self, error: Exception) -> None:
        """Save at the next step, then raise ``error`` there."""
        self._then = error

    def save(self, phase: str, head: dict, arrays: dict[str, np.ndarray]) -> None:
        """Keep the state of a phase; the checkpoint before it stays beside.

        Parameters
        ----------
        phase : str
            Name of the phase; each has a file of its own.
        head : dict
            Plain JSON.
        arrays : dict of str to array
            Weights, the optimiser's state and the like.

        Raises
        ------
        OSError
            When it cannot be written.
        Exception
            The error given to :meth:`interrupt`, once it is written.
        """
        start = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        head = head | {"format": FORMAT, "seconds": self.earlier + start - self._start}
        last, before = self._paths(phase)
        if last.exists():
            last.replace(before)
        _write(last, head, arrays)
        self._saved, self.saves = time.monotonic(), self.saves + 1
        self._wait = max(self.seconds, (self._saved - start) / MOST_OF_TIME)
        if self._then is not None:
            raise self._then

    def load(self, phase: str) -> tuple[dict, dict[str, np.ndarray]] | None:
        """The newest whole checkpoint of a phase; a damaged one is passed over.

        Parameters
        ----------
        phase : str
            Name of the phase.

        Returns
        -------
        (dict, dict of str to array) or None
            Head and arrays as :meth:`save` was given them; None without a whole one.
        """
        self._opened += self._paths(phase)
        for path in self._paths(phase):
            try:
                head, arrays = _read(path)
            except (files.StoreError, OSError):
                continue
            self.earlier = max(self.earlier, float(head.get("seconds", 0.0)))
            return head, arrays
        return None

    def format(self) -> int:
        """The oldest format of the files that are there; that of this version without any.

        Returns
        -------
        int
        """
        found = []
        for path in self._all():
            try:
                found.append(_head(path)["format"])
            except (files.StoreError, OSError):
                continue
        return min(found, default=FORMAT)

    def drop_later(self) -> None:
        """Forget the phases that come after those read so far.

        What they were made from is about to change.

        Raises
        ------
        OSError
            When one cannot be removed.
        """
        for path in self._all():
            if path not in self._opened:
                path.unlink(missing_ok=True)

    def reopen(self) -> float:
        """Make phases that were ended early go on when they are read again.

        Returns
        -------
        float
            The share of its steps that the first phase to be trained had made, 1 for all.

        Raises
        ------
        StoreError
            When there is no whole checkpoint.
        OSError
            When it cannot be written.
        """
        phases = [
            (path, *_read(path))
            for path in sorted(
                (p for p in self._all() if "." not in p.stem), key=lambda p: p.stat().st_mtime
            )
        ]
        share = phases[0][1]["step"] / phases[0][1]["steps"] if phases else None
        # later phases are made anew, and took their time all the same
        spent = max((head["seconds"] for _, head, _ in phases), default=0.0)
        self.earlier = spent
        for path, head, arrays in phases:
            if head["ended"] or head["seconds"] != spent:
                _write(path, head | {"ended": "", "seconds": spent}, arrays)
        if share is None:
            raise files.StoreError("Nothing is left to continue from: the run has no checkpoint.")
        return share

    def _all(self) -> list[Path]:
        return list(self.folder.glob("*.safetensors")) if self.folder.is_dir() else []

    def _paths(self, phase: str) -> tuple[Path, Path]:
        name = re.sub("[^a-z]+", "-", phase.lower()) or "fit"
        return self.folder / f"{name}.safetensors", self.folder / f"{name}.before.safetensors"


def _write(path: Path, head: dict, arrays: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    files.write(path, save(arrays, {"head": json.dumps(head), "sum": str(_sum(arrays))}))


def _sum(arrays: dict[str, np.ndarray]) -> int:
    total = 0
    for name in sorted(arrays):
        total = zlib.crc32(arrays[name].tobytes(), zlib.crc32(name.encode(), total))
    return total


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    arrays = files.read_tensors(path)
    if _marks(path).get("sum") != str(_sum(arrays)):
        raise files.StoreError(
            f"{files.named(path)} is damaged: its sum is not the one it was written with."
        )
    return migrations.upgrade("checkpoint", _head(path)), migrations.weights(arrays)


def _marks(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise files.StoreError(f"{files.named(path)} is damaged: {error}.") from error


def _head(path: Path) -> dict:
    """What it was written with, in the format it was written in."""
    try:
        head = json.loads(_marks(path)["head"])
    except (KeyError, ValueError) as error:
        raise files.StoreError(f"{files.named(path)} is no checkpoint of this app.") from error
    return files.check_format(head, path, FORMAT)
