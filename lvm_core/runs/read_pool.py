"""Read what anybody brings in a process of its own, with bounds on memory and time: a file made to
take all of them gives a sentence, and nobody else notices.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from .. import settings
from ..datasets import read_dataset
from ..datasets.base import DataError, Dataset
from ..io import files
from .store import load_dataset
from .workspace import fresh_id

log = logging.getLogger(__name__)
MEMORY, TIMES = 640 * 2**20, 32  # bytes, or that many times the file's size where that is more
SECONDS, SECONDS_PER_MB = 10, 5  # of computing
WAIT = 8  # times those seconds, after which a process is ended also on a busy machine
COMMAND = (sys.executable, "-m", "lvm_core.runs.read_worker")
_LEFT = 3600  # seconds after which what a killed server left is taken away


class ReadPool:
    """Reads files as :func:`~lvm_core.datasets.read_dataset` does, each in a process of its own.

    A process may take 640 MB of memory, or 32 times the size of its file where that is more, and
    compute for 10 seconds and 5 more for each megabyte. One waits with everything imported.

    Parameters
    ----------
    folder : Path
        Where a process finds its file and leaves what it read; nothing of it stays there.
    count : int, default=2
        Files that are read at once; others wait.

    Attributes
    ----------
    serves : bool
        Whether it was started; without it, files are read where they are asked for.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.read_pool import ReadPool
    >>> with TemporaryDirectory() as folder:
    ...     pool = ReadPool(Path(folder))
    ...     pool.start()
    ...     data = pool.read(b"a,b\\n1,2\\n3,4\\n5,7", "t.csv")
    ...     pool.stop()
    ...     print(len(data), list(Path(folder).iterdir()))
    3 []
    """

    def __init__(self, folder: Path, count: int = 2):
        self.folder, self.serves = Path(folder), False
        self._slots = threading.BoundedSemaphore(count)
        self._spare: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process that waits, and take away what a killed server left."""
        self._sweep()
        with self._lock:
            self.serves = True
            self._spare = self._spare or _process()

    def stop(self) -> None:
        """End the process that waits; those at work end with the server."""
        with self._lock:
            self.serves, spare, self._spare = False, self._spare, None
        if spare is not None:
            _end(spare)

    def read(
        self,
        data: bytes,
        name: str,
        *,
        reader: str | None = None,
        types: dict[str, str] | None = None,
        options: dict | None = None,
        on_wait: Callable[[float], None] | None = None,
    ) -> Dataset:
        """Read a file.

        Parameters
        ----------
        data : bytes
            What was uploaded.
        name : str
            What it is called.
        reader, types, options
            As for :func:`~lvm_core.datasets.read_dataset`.
        on_wait : callable, optional
            Called several times a second with the seconds since it was asked for; what it raises
            ends the reading.

        Returns
        -------
        Dataset
            What was read. A large X stays mapped.

        Raises
        ------
        DataError
            One sentence: why the file was refused, or which bounds it met.
        """
        if not self.serves:
            return read_dataset(data, name=name, reader=reader, types=types, **(options or {}))
        size = len(data)
        memory, seconds = max(MEMORY, TIMES * size), SECONDS + SECONDS_PER_MB * size // 2**20
        job, began = self.folder / fresh_id(), time.monotonic()
        while not self._slots.acquire(timeout=0.25):
            if on_wait is not None:
                on_wait(time.monotonic() - began)
        try:
            with files.plainly("Keeping the file while it is read"):
                job.mkdir(mode=0o700, parents=True)
                (job / "input").write_bytes(data)
                asked = {"name": name, "reader": reader, "types": types, "options": options or {}}
                limits = asdict(settings.LIMITS) | {"memory": memory, "seconds": seconds}
                files.write_json(job / "asked.json", asked | {"limits": limits})
            code = self._run(job, WAIT * seconds, began, on_wait)
            if not (job / "said.json").is_file():
                log.warning("reading a file of %d bytes ended with %s", size, code)
                raise DataError(
                    f"{name} cannot be read within {memory // 2**20:,} MB of memory and "
                    f"{seconds:,} seconds of computing, which a file of its size may take; bring a "
                    "part of it, or save it in a simpler form such as .csv or .npy."
                )
            said = files.read_json(job / "said.json")
            if "refused" in said:
                raise DataError(said["refused"])
            return load_dataset(job / "dataset")
        except files.StoreError as error:  # no room on the disk
            raise DataError(str(error)) from error
        finally:
            self._slots.release()
            shutil.rmtree(job, ignore_errors=True)  # what is mapped stays until it is let go

    def _run(self, job: Path, seconds: float, began: float, on_wait) -> int | None:
        """What the process ended with; None where it had to be ended."""
        with self._lock:
            process, self._spare = self._spare, None
        if process is None or process.poll() is not None:
            process = _process()
        try:
            _hears(process, f"{job}\n")
            end = time.monotonic() + seconds
            while (now := time.monotonic()) < end:
                try:
                    return process.wait(0.05 if now - began < 2 else 0.25)
                except subprocess.TimeoutExpired:
                    if on_wait is not None:
                        on_wait(now - began)
            return None
        except BrokenPipeError:
            return process.wait()
        finally:
            _end(process)
            with self._lock:
                if self.serves and self._spare is None:
                    self._spare = _process()

    def _sweep(self) -> None:
        for path in self.folder.glob("*"):
            try:
                if time.time() - path.stat().st_mtime > _LEFT:
                    shutil.rmtree(path, ignore_errors=True)
            except OSError:
                pass


def _process() -> subprocess.Popen:
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    }
    return subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _hears(process: subprocess.Popen, line: str) -> None:
    assert process.stdin is not None  # it has a pipe
    process.stdin.write(line.encode())
    process.stdin.flush()


def _end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    assert process.stdin is not None
    try:
        process.stdin.close()
    except BrokenPipeError:  # a word it did not hear
        pass
