"""One upload read in a process of its own: ``python -m lvm_core.runs.read_worker``.

It waits for the folder of a job on a line of its input, reads that one file, and ends; also with
the server, which holds the other end. A file made to take all memory or time ends nothing else.

    JOB/  input       the bytes that were uploaded
          asked.json  name, reader, types, options; limits: those of the settings, and memory
                      (bytes) and seconds (of computing)
          dataset/    what was read, see :mod:`lvm_core.runs.store`
          said.json   written last: refused (a sentence), or nothing
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before any numerical library starts its threads; see app.py
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import logging
import re
import sys
import tempfile
import threading
from pathlib import Path

from .. import settings
from ..datasets import read_dataset
from ..datasets.base import DataError
from ..io import files
from .store import save_dataset

log = logging.getLogger(__name__)
NICE = 5


def execute(folder: Path) -> None:
    """Read the upload of one job's folder.

    Parameters
    ----------
    folder : Path
        Folder of the job, see the module.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.io import files
    >>> from lvm_core.runs.read_worker import execute
    >>> asked = {"name": "a.csv", "reader": None, "types": None, "options": {}}
    >>> with TemporaryDirectory() as name:
    ...     job = Path(name)
    ...     _ = (job / "input").write_text("a,b\\n1,2")
    ...     files.write_json(job / "asked.json", asked)
    ...     execute(job)
    ...     files.read_json(job / "said.json")["refused"]
    'a.csv has only one row; at least 3 are needed to learn from.'
    """
    asked, said = files.read_json(folder / "asked.json"), {}
    try:
        dataset = read_dataset(
            (folder / "input").read_bytes(),
            name=asked["name"],
            reader=asked["reader"],
            types=asked["types"],
            **asked["options"],
        )
        save_dataset(folder / "dataset", dataset)
    except (DataError, files.StoreError) as error:
        said = {"refused": str(error)}
    files.write_json(folder / "said.json", said)


def bound(memory: int, seconds: int) -> None:
    """Let no more than this be taken from here on, where the system can see to it.

    Parameters
    ----------
    memory : int
        Bytes beside those that are taken already.
    seconds : int
        Of computing, after which the process is ended.
    """
    try:
        import resource

        status = Path("/proc/self/status").read_text(encoding="ascii")
        taken = 1024 * sum(map(int, re.findall(r"VmData:\s*(\d+)", status)))
        resource.setrlimit(resource.RLIMIT_DATA, (taken + memory, taken + memory))
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        most = int(used) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
        os.nice(NICE)  # others drag and decode meanwhile
    except (ImportError, OSError, ValueError) as error:  # not Linux
        log.info("no bounds on memory and time: %s", error)


def _end_with_the_server() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Wait for a job, and do it within its bounds."""
    line = sys.stdin.buffer.readline().decode().strip()
    if not line:  # the server is gone
        return
    folder = Path(line)
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    tempfile.tempdir = str(folder)  # what it leaves when it is ended goes with the job
    limits = files.read_json(folder / "asked.json")["limits"]
    bound(limits.pop("memory"), limits.pop("seconds"))
    settings.LIMITS = settings.Limits(**limits)
    execute(folder)
    os._exit(0)  # the thread that waits for the server needs no ending


if __name__ == "__main__":
    main()
