"""Maps in a process of its own that stays: ``python -m lvm_core.runs.map_worker`` makes one map
after the other.

It reads the folder of a job a line from its input, and ends with it. What it needs is compiled
once, while it waits, and neither that nor a map keeps the server from answering.

    JOB/  job.json        recipe: of the map; codes: file with Z (n, k); data: folder of the dataset
          where the map is of its rows
          y.npy           classes (n,), for maps that use them
          control         "stop", written by whoever asked
          progress.jsonl  as a fit's; shape.npy: the positions (m, c) of the fitted rows so far
          map/            the result, see :mod:`lvm_core.runs.store`
          done.json       written last: state (done or failed) and a sentence
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before any numerical library starts its threads; see app.py
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import logging
import sys
import threading
import time
from pathlib import Path

import numpy as np

from ..io import files
from ..mapping import Mapped, map_codes, map_data
from ..progress import Progress, ProgressWriter
from ..projections import PROJECTIONS
from .states import RunState
from .store import load_dataset, save_map

log = logging.getLogger(__name__)
NICE = 10
_AT_ONCE, _LATER, _QUIET = ("TSNE", "LocalMAP"), ("UMAP",), 20.0  # seconds


def execute(folder: Path) -> None:
    """Make the map of one job's folder; nothing is raised.

    Parameters
    ----------
    folder : Path
        Folder of the job, see the module.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from lvm_core import PROJECTIONS
    >>> from lvm_core.runs.map_worker import execute
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     np.save(folder / "codes.npy", np.eye(5, dtype=np.float32))
    ...     job = {"recipe": PROJECTIONS["PCA"]().to_config(), "codes": str(folder / "codes.npy")}
    ...     size = (folder / "job.json").write_text(json.dumps(job))
    ...     execute(folder)
    ...     print(json.loads((folder / "done.json").read_text())["state"])
    done
    """
    try:
        save_map(folder / "map", _make(folder))
        done = {"state": RunState.DONE, "sentence": ""}
    except ValueError as error:
        done = {"state": RunState.FAILED, "sentence": str(error)}
    except MemoryError:
        done = {
            "state": RunState.FAILED,
            "sentence": "The map ran out of memory; try fewer rows or another map.",
        }
    except Exception as error:  # whoever asked must hear something
        log.exception("a map failed")
        done = {
            "state": RunState.FAILED,
            "sentence": (
                f"The map failed unexpectedly ({type(error).__name__}); the details are in the "
                "server's log."
            ),
        }
    try:
        files.write_json(folder / "done.json", done)
    except OSError:  # nobody waits any more: the folder is gone
        log.info("%s is gone", folder)


def _make(folder: Path) -> Mapped:
    job = files.read_json(folder / "job.json")
    codes, y = files.read_array(Path(job["codes"])), None
    if (folder / "y.npy").exists():
        y = files.read_array(folder / "y.npy")
    projection = PROJECTIONS[job["recipe"]["name"]](**job["recipe"]["params"])
    on_step = _Listener(folder)
    if job.get("data"):
        return map_data(load_dataset(Path(job["data"])).X, codes, projection, on_step, y)
    return map_codes(codes, projection, on_step, y)


class _Listener:
    """What a map reports to."""

    def __init__(self, folder: Path):
        self.folder, self.write = folder, ProgressWriter(folder / "progress.jsonl")

    def __call__(self, record: Progress) -> bool:
        self.write(record)
        if record.shape is not None:
            files.write_array(
                self.folder / "shape.npy", np.asarray(record.shape, np.float32), durable=False
            )
        return (self.folder / "control").exists()


class Warmup:
    """Imports and compiles what maps need, beside the jobs.

    t-SNE, the map people see first, and LocalMAP at once; UMAP, whose compiler would take half the
    processor from a map under way for several seconds, when nobody has asked for a while.

    Attributes
    ----------
    busy : bool
        Whether a map is under way.
    since : float
        When the last one ended, by ``time.monotonic()``.

    Examples
    --------
    >>> from lvm_core.runs.map_worker import Warmup
    >>> Warmup().busy
    False
    """

    def __init__(self):
        self.busy, self.since = False, time.monotonic()

    def __call__(self) -> None:
        for name in _AT_ONCE:
            _small(name)
        while self.busy or time.monotonic() - self.since < _QUIET:
            time.sleep(0.5)
        for name in _LATER:
            _small(name)

    def job(self, folder: Path) -> None:
        """Make a map, and count as busy meanwhile."""
        self.busy = True
        execute(folder)
        self.busy, self.since = False, time.monotonic()


def _small(name: str) -> None:
    cls = PROJECTIONS[name]
    few = {k: 10 for k in ("iterations", "epochs") if k in cls.parameters()}
    map_codes(np.random.RandomState(0).normal(size=(60, 3)).astype(np.float32), cls(**few))


def main() -> int:
    """Serve until the input ends.

    Returns
    -------
    int
        The exit code, 0.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    try:
        os.nice(NICE)
        Path("/proc/self/oom_score_adj").write_text("500")
    except (OSError, AttributeError):
        pass
    warmup = Warmup()
    threading.Thread(target=warmup, daemon=True, name="warm-up").start()
    for line in sys.stdin:
        warmup.job(Path(line.strip()))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a compiler thread still at work would be waited for
