"""The processes that make maps (:mod:`lvm_core.runs.map_worker`), as whoever wants a map sees
them.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..io import files
from ..io.files import StoreError
from ..mapping import Mapped
from ..progress import OnStep, Progress, ProgressReader
from ..projections.base import Projection
from .states import Request, RunState
from .store import load_map

_LOOK = 0.03  # seconds between two looks at a job's folder
_TRIES = 2  # processes that one map may cost: what ended two of them would end a third
_ENDED = "the process that makes maps ended, and was started again"
log = logging.getLogger(__name__)


class MapPool:
    """The processes that make maps.

    The first is started by :meth:`start`, the others when a map would wait.

    Parameters
    ----------
    count : int, optional
        Most processes; one for two processors by default.

    Attributes
    ----------
    serves : bool
        Whether it was started; without it, maps are made where they are asked for.

    Examples
    --------
    >>> from lvm_core.runs.map_pool import MapPool
    >>> pool = MapPool(2)
    >>> pool.count, pool.serves
    (2, False)
    """

    def __init__(self, count: int | None = None):
        self.count = count or max(1, (os.cpu_count() or 1) // 2)
        # whether it was started; without it, maps are made where they are asked for
        self.serves = False
        self._ended = False
        self._idle: list[subprocess.Popen] = []
        self._busy: list[subprocess.Popen] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start a process; it compiles what it needs while it waits."""
        with self._lock:
            self.serves, self._ended = True, False
            self._idle.append(_process())

    def stop(self) -> None:
        """End the processes, also in the middle of a map: whoever asked for it ends too.
        Killed, as one that still imports hears no word.
        """
        with self._lock:
            self.serves, self._ended, idle, self._idle = False, True, self._idle, []
            for process in [*idle, *self._busy]:
                process.kill()
        for process in idle:
            process.wait()

    def make(
        self,
        codes: np.ndarray,
        projection: Projection,
        on_step: OnStep,
        y: np.ndarray | None = None,
        data: Path | None = None,
    ) -> Mapped:
        """Make a map in a process, as :func:`lvm_core.mapping.map_codes` and ``map_data`` do.

        Progress, shapes and Stop are the same. A process that ends meanwhile, killed or out of
        memory, is started again once; the map's note says so.

        Parameters
        ----------
        codes : ndarray of shape (n, k)
            Codes.
        projection : Projection
            Not fitted yet.
        on_step : callable
            Receives progress; where it returns True, the map stops.
        y : ndarray of shape (n,), optional
            Classes, for maps that use them.
        data : Path, optional
            Folder of the dataset where the map is of its rows.

        Returns
        -------
        Mapped
            The map.

        Raises
        ------
        ValueError
            In one sentence.
        """
        folder = Path(tempfile.mkdtemp(prefix="latent-explorer-map-"))
        try:
            with files.plainly("Making the map"):
                files.write_array(folder / "codes.npy", codes, durable=False)
                if y is not None:
                    files.write_array(folder / "y.npy", y, durable=False)
                files.write_json(
                    folder / "job.json",
                    {
                        "recipe": projection.to_config(),
                        "codes": str(folder / "codes.npy"),
                        "data": str(data or ""),
                    },
                )
            for attempt in range(_TRIES):
                if self._attempt(folder, on_step, _ENDED if attempt else ""):
                    mapped = load_map(folder / "map", len(codes))
                    return (
                        replace(mapped, note=f"{mapped.note} While it was made, {_ENDED}.".strip())
                        if attempt
                        else mapped
                    )
                if self._ended:
                    raise ValueError("The server ended while the map was made.")
                log.warning("a projection process ended while it made %s", projection)
            raise ValueError(
                f"The process that makes maps ended {_TRIES} times at this one, most likely "
                "because the machine ran out of memory. Try fewer rows or another map."
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _attempt(self, folder: Path, on_step: OnStep, phase: str) -> bool:
        """Have the job done; False where its process ended. Raises ValueError with its sentence."""
        process = self._take(on_step)
        assert process.stdin is not None
        try:
            process.stdin.write(f"{folder}\n".encode())
            process.stdin.flush()
            reader, seen, shown = ProgressReader(folder / "progress.jsonl"), None, 0
            while not (folder / "done.json").exists():
                if process.poll() is not None:
                    return False
                record = reader.read()
                if record is not None and record is not seen:
                    seen, (shape, shown) = record, _shape(folder / "shape.npy", shown)
                    record = replace(record, shape=shape, phase=record.phase or phase)
                    stop = on_step(record)
                else:
                    stop = on_step(seen or Progress(0, 0, phase=phase or "getting ready"))
                if stop and not (folder / "control").exists():
                    (folder / "control").write_text(Request.STOP, encoding="utf-8")
                time.sleep(_LOOK)
        except BrokenPipeError:
            return False
        finally:
            self._give_back(process)
        done = files.read_json(folder / "done.json")
        if done["state"] != RunState.DONE:
            raise ValueError(str(done["sentence"])[:600])
        return True

    def _take(self, on_step: OnStep) -> subprocess.Popen:
        while True:
            with self._lock:
                while self._idle:
                    process = self._idle.pop()
                    if process.poll() is None:
                        self._busy.append(process)
                        return process
                    log.warning(
                        "a projection process that waited has ended (%s); another is started",
                        process.returncode,
                    )
                if len(self._busy) < self.count:
                    self._busy.append(_process())
                    return self._busy[-1]
            if on_step(Progress(0, 0, phase="waiting for another map")):
                raise ValueError("It was stopped before it began.")
            time.sleep(0.1)

    def _give_back(self, process: subprocess.Popen) -> None:
        with self._lock:
            self._busy.remove(process)
            if process.poll() is None and self.serves:
                self._idle.append(process)
            elif process.stdin is not None:
                process.stdin.close()


def _shape(path: Path, shown: int) -> tuple[np.ndarray | None, int]:
    """Newer positions than those of the time ``shown``, if there are any, and their time."""
    try:
        changed = path.stat().st_mtime_ns
        return (None, shown) if changed == shown else (files.read_array(path), changed)
    except (OSError, StoreError):
        return None, shown


def _process() -> subprocess.Popen:
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    }
    return subprocess.Popen(
        [sys.executable, "-m", "lvm_core.runs.map_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
