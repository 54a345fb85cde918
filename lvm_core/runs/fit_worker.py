"""One run in a process of its own: ``python -m lvm_core.runs.fit_worker RUN_DIR`` fits it, or goes
on where it was interrupted.

Exit codes: 0 done (also when it was stopped and kept what it reached), 1 unexpected (see
RUN_DIR/log.txt), 2 RUN_DIR is no run, 3 paused, 4 cancelled, 5 the data or the settings cannot be
used, or the training diverged, 6 out of memory, 7 the disk is full or may only be read, 8 another
process is at work on it. state.json says the same in words.

LATENT_EXPLORER_MEMORY: the most memory a worker may take, in GiB; four fifths of the machine's
without it. LATENT_EXPLORER_CHECKPOINT: seconds between two checkpoints; 10 without it. ``--wait``
makes a spare that has everything imported and reads RUN_DIR from its input; without input it ends.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before any numerical library starts its threads; see app.py
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import logging
import signal
import sys
import time
from pathlib import Path

from ..fitting import fit_run
from ..io import files
from ..io.checkpoint import SECONDS, Checkpoint
from ..progress import Progress, ProgressWriter
from ..settings import setting
from .continuation import roll_back
from .snapshots import Snapshots
from .states import Request, RunState
from .store import save_fitted
from .workspace import Workspace, set_state

DONE, UNEXPECTED, NO_RUN, PAUSED, CANCELLED, UNUSABLE, NO_MEMORY, NO_DISK, BUSY = range(9)
NICE = 10
log = logging.getLogger(__name__)


class Paused(Exception):
    """Raised after a checkpoint was written; the message is the state that follows.

    Examples
    --------
    >>> from lvm_core.runs.fit_worker import Paused
    >>> from lvm_core.runs.states import RunState
    >>> str(Paused(RunState.PAUSED))
    'paused'
    """


class Cancelled(Exception):
    """Raised when what was reached is not wanted.

    Examples
    --------
    >>> from lvm_core.runs.fit_worker import Cancelled
    >>> issubclass(Cancelled, ValueError)
    False
    """


class Listener:
    """What a fit reports to: writes its progress and snapshots, and reads what it is asked for.

    Called with a :class:`~lvm_core.progress.Progress`, it returns whether the fit is to stop and
    keep what it reached.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    model : LatentModel
        What is fitted.
    dataset : Dataset
        What it is fitted to.
    checkpoint : Checkpoint
        Where the fit keeps how far it is.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.io.checkpoint import Checkpoint
    >>> from lvm_core.progress import Progress
    >>> from lvm_core.runs.fit_worker import Listener
    >>> iris = DATASETS["iris"]().load()
    >>> model = MODELS["PCA"](latent_dim=2).fit(iris.X, schema=iris.schema)
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     listener = Listener(folder, model, iris, Checkpoint(folder / "checkpoint"))
    ...     goes_on = not listener(Progress(1, 2))
    ...     size = (folder / "control").write_text("stop")
    ...     print(goes_on, listener(Progress(2, 2)))
    ...     listener.write.close()
    True True
    """

    def __init__(self, folder: Path, model, dataset, checkpoint: Checkpoint):
        self.folder, self.model, self.checkpoint, self.fresh = folder, model, checkpoint, True
        self.write, self.snapshots = (
            ProgressWriter(folder / "progress.jsonl"),
            Snapshots(folder / "snapshots", dataset, model),
        )

    def __call__(self, record: Progress) -> bool:
        whole = (
            getattr(self.model, self.model.duration_param)
            if self.model.duration_param == "epochs"
            else 0
        )
        self.write(record, epoch=round(whole * record.fraction, 2) if whole else None)
        self.snapshots(record)
        if self.checkpoint.saves and self.fresh:
            self.fresh = False
            # it gets on: being killed again is not for the same reason
            set_state(self.folder, attempts=0)
        word = asked(self.folder)
        if word == Request.CANCEL:
            raise Cancelled
        if word == Request.PAUSE:
            self.checkpoint.interrupt(Paused(RunState.PAUSED))
        return word == Request.STOP


def asked(folder: Path) -> str:
    """The word in a run's ``control`` file.

    Parameters
    ----------
    folder : Path
        Folder of the run.

    Returns
    -------
    str
        Empty where there is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.fit_worker import asked
    >>> with TemporaryDirectory() as folder:
    ...     before = asked(Path(folder))
    ...     size = (Path(folder) / "control").write_text("pause")
    ...     print([before, asked(Path(folder))])
    ['', 'pause']
    """
    try:
        return (folder / "control").read_text(encoding="utf-8")[:20].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def execute(folder: Path, on_signal: bool = False) -> int:
    """Make a run in this process; nothing is raised.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    on_signal : bool, default=False
        Let SIGTERM and SIGINT end it after a checkpoint.

    Returns
    -------
    int
        The exit code, see the module.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.fit_worker import DONE, execute
    >>> from lvm_core.runs.workspace import Workspace
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     dataset = workspace.add_dataset(DATASETS["iris"]().load())
    ...     run = workspace.add_run(dataset, MODELS["PCA"](latent_dim=2))
    ...     code = execute(workspace.run_folder(run.id))
    ...     print(code == DONE, workspace.run(run.id).state.value)
    True done
    """
    folder = Path(folder).absolute()
    workspace, lock = Workspace(folder.parent.parent), files.Lock(folder / "lock")
    try:
        info = workspace.run(folder.name)
    except files.StoreError as error:
        print(error, file=sys.stderr)
        return NO_RUN
    try:
        if not lock.take():
            return BUSY
    except OSError as error:
        print(f"Run {info.id} cannot be worked on: {files.reason(error)}.", file=sys.stderr)
        return NO_DISK
    try:
        info = workspace.run(folder.name)  # another process may have ended it meanwhile
        if info.state in (RunState.DONE, RunState.STOPPED, RunState.CANCELLED):
            return CANCELLED if info.state == RunState.CANCELLED else DONE
        return _attempt(workspace, info, folder, on_signal)
    finally:
        lock.release()


def _attempt(workspace: Workspace, info, folder: Path, on_signal: bool) -> int:
    try:
        facts = {"exit": DONE} | _fit(workspace, info, folder, on_signal)
    except Exception as error:
        facts = _ending(error, info, folder)
    # not among the exceptions: a traceback holds on to the memory that ran out
    return _end(folder, **facts)


def _ending(error: Exception, info, folder: Path) -> dict:
    """What state.json says of a fit that ended by ``error``."""
    if isinstance(error, Paused):
        return {"exit": PAUSED, "state": str(error)}
    if isinstance(error, Cancelled):
        roll_back(folder)
        return {
            "exit": CANCELLED,
            "state": RunState.DONE if info.has_result else RunState.CANCELLED,
        }
    if isinstance(error, OSError):
        return {
            "exit": NO_DISK,
            "sentence": (
                f"The run could not be written, {files.reason(error)}. It goes on from its last "
                "checkpoint when you resume it."
            ),
        }
    if isinstance(error, files.StoreError) and isinstance(error.__cause__, OSError):
        return {"exit": NO_DISK, "sentence": str(error)}
    if isinstance(error, ValueError):
        return {"exit": UNUSABLE, "sentence": str(error)}
    if _is_memory(error):
        return {
            "exit": NO_MEMORY,
            "sentence": (
                "The training ran out of memory; try fewer rows, smaller pictures, a smaller "
                "network or smaller batches."
            ),
        }
    log.error("run %s failed", info.id, exc_info=error)
    return {
        "exit": UNEXPECTED,
        "sentence": (
            f"The training failed unexpectedly ({type(error).__name__}); the details are in "
            f"{folder / 'log.txt'}."
        ),
    }


def _fit(workspace: Workspace, info, folder: Path, on_signal: bool) -> dict:
    set_state(
        folder,
        state=RunState.RUNNING,
        sentence="",
        pid=os.getpid(),
        attempts=int(info.facts.get("attempts") or 0) + 1,
    )
    # given back when the disk is full, so that at least the state can be written
    (folder / "reserve").write_bytes(bytes(2**14))
    if asked(folder) == Request.CANCEL:
        raise Cancelled
    dataset, model = workspace.load_dataset(info.dataset), info.model()
    checkpoint = Checkpoint(folder / "checkpoint", setting("checkpoint") or SECONDS)
    listener = Listener(folder, model, dataset, checkpoint)
    if on_signal:
        signal.signal(signal.SIGTERM, lambda *_: checkpoint.interrupt(Paused(RunState.WAITING)))
        signal.signal(signal.SIGINT, lambda *_: checkpoint.interrupt(Paused(RunState.PAUSED)))
    fitted = fit_run(dataset, model, listener, checkpoint)
    listener.write.close()
    if (folder / "maps").is_dir():  # of what a shorter training had learnt
        files.remove_folder(folder / "maps")
    save_fitted(folder, fitted)
    if (folder / "before").is_dir():
        files.remove_folder(folder / "before")
    score = fitted.scores[0] if fitted.scores else None
    return {
        "state": RunState.STOPPED if fitted.model.stopped_ else RunState.DONE,
        "result": time.time(),
        "seconds": fitted.seconds,
        "score": score and {"name": score.name, "value": score.value, "unit": score.unit},
    }


def _end(folder: Path, **facts) -> int:
    """Write how it ended; where even that cannot be written, the lock alone says that nobody is
    at work.
    """
    try:
        (folder / "reserve").unlink(missing_ok=True)
        set_state(folder, **{"state": RunState.FAILED, "sentence": "", "pid": None} | facts)
        (folder / "control").unlink(missing_ok=True)
    except (files.StoreError, OSError) as error:
        print(error, file=sys.stderr)
    return facts["exit"]


def _is_memory(error: Exception) -> bool:
    words = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or isinstance(error, RuntimeError)
        and any(
            w in words
            for w in ("out of memory", "can't allocate memory", "bad_alloc", "not enough memory")
        )
    )


# -- the process -----------------------------------------------------------------------------------


def _lower_priority() -> None:
    """Leave the processor to the server's answers, and be the first to go when memory is short."""
    try:
        os.nice(NICE)
        Path("/proc/self/oom_score_adj").write_text("500")
    except (OSError, AttributeError):
        pass


def _bound_memory() -> None:
    """Let an allocation that the machine cannot bear fail in this process, with a sentence,
    instead of ending others.
    """
    import torch

    if torch.cuda.is_available():  # which reserves address space far beyond what it uses
        return
    try:
        import resource

        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        most = int(2**30 * (setting("memory") or 0)) or int(0.8 * whole)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    except (ImportError, ValueError, OSError):
        pass


def keep_memory() -> None:
    """Let this process keep up to 512 MiB of the memory it frees.

    Only where its C library can be told so (glibc). Every step asks for the same buffers again, and
    a page that comes anew from the system is cleared first: a quarter of a small network's step.
    """
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 2**28)  # M_MMAP_THRESHOLD: smaller buffers are taken from the heap
        # M_TRIM_THRESHOLD: which gives back what lies free at its end beyond this
        libc.mallopt(-1, 2**29)
    except (OSError, TypeError, AttributeError):  # another C library
        pass


def _warm_up() -> None:
    """Import and touch what a fit needs."""
    import numpy as np
    import pyarrow.parquet  # noqa: F401 - a dataset's rows

    from ..models import MODELS

    model = MODELS["VAE"](latent_dim=1, epochs=1, width=4)
    model.score_samples(
        model.fit(np.eye(4, dtype=np.float32)).inverse_transform(np.zeros((2, 1), np.float32))
    )


def _log_to(folder: Path) -> None:
    """From here on, everything this process says goes to the run's log."""
    handle = os.open(folder / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", stream=sys.stderr, force=True
    )


def main(arguments: list[str]) -> int:
    """The command line; see the module's own words.

    Parameters
    ----------
    arguments : list of str
        One: the folder of a run, or ``--wait``.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> import contextlib
    >>> import io
    >>> from lvm_core.runs.fit_worker import NO_RUN, main
    >>> with contextlib.redirect_stderr(io.StringIO()):
    ...     code = main([])
    >>> code == NO_RUN
    True
    """
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return NO_RUN
    _lower_priority()
    waits = arguments == ["--wait"]
    if waits:
        _warm_up()
        arguments = [sys.stdin.readline().strip()]
        if not arguments[0]:
            return DONE
    folder = Path(arguments[0])
    if not (folder / "run.json").is_file():
        print(f"{folder} holds no run; expected a folder with run.json.", file=sys.stderr)
        return NO_RUN
    if waits:
        _log_to(folder)
    _bound_memory()
    keep_memory()
    return execute(folder, on_signal=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
