"""Make the training of a run longer than what it reached, and undo that when the continuation
is cancelled.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..io import files
from ..io.checkpoint import Checkpoint
from ..models.base import LatentModel


def extend(folder: Path, model: LatentModel, more: int) -> None:
    """Let a run go on from its last checkpoint.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    model : LatentModel
        The model as it was asked for; its length is changed.
    more : int
        How much longer, in what its length is counted in.

    Raises
    ------
    StoreError
        Where there is no checkpoint.
    ValueError
        Where the total is outside the parameter's domain.
    OSError
        Where it cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.continuation import extend
    >>> from lvm_core.runs.fit_worker import execute
    >>> from lvm_core.runs.workspace import Workspace
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     model = MODELS["VAE"](latent_dim=1, epochs=1, width=4)
    ...     run = workspace.add_run(workspace.add_dataset(DATASETS["iris"]().load()), model)
    ...     code = execute(workspace.run_folder(run.id))
    ...     extend(workspace.run_folder(run.id), model, 2)
    >>> model.epochs
    3
    """
    back_up(folder)
    try:
        share = Checkpoint(folder / "checkpoint").reopen()
        setattr(
            model, model.duration_param, round(getattr(model, model.duration_param) * share) + more
        )
        model.validate()
    except ValueError:
        if (folder / "before").is_dir():
            roll_back(folder)
        raise
    head = files.read_json(folder / "run.json", 2**20) | {"model": model.to_config()}
    files.write_json(folder / "run.json", head, durable=True)


def back_up(folder: Path) -> None:
    """Keep how far a run is, in case its continuation is cancelled.

    Parameters
    ----------
    folder : Path
        Folder of the run.

    Raises
    ------
    OSError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.continuation import back_up
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     (folder / "checkpoint").mkdir()
    ...     size = (folder / "run.json").write_text("{}")
    ...     back_up(folder)
    ...     print(sorted(path.name for path in (folder / "before").iterdir()))
    ['checkpoint', 'run.json']
    """
    aside = folder / "before"
    if aside.is_dir():
        files.remove_folder(aside)
    if not (folder / "checkpoint").is_dir():
        return
    with files.new_folder(aside) as temporary:
        shutil.copy2(folder / "run.json", temporary / "run.json")
        # they are replaced, never changed
        shutil.copytree(
            folder / "checkpoint",
            temporary / "checkpoint",
            copy_function=os.link if os.name != "nt" else shutil.copy2,
        )


def roll_back(folder: Path) -> None:
    """Throw away what a cancelled training reached.

    The run is as it was before its continuation, or has nothing.

    Parameters
    ----------
    folder : Path
        Folder of the run.

    Raises
    ------
    OSError
        Where it cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core.runs.continuation import back_up, roll_back
    >>> with TemporaryDirectory() as name:
    ...     folder = Path(name)
    ...     (folder / "checkpoint").mkdir()
    ...     size = (folder / "run.json").write_text("before")
    ...     back_up(folder)
    ...     size = (folder / "run.json").write_text("continued")
    ...     roll_back(folder)
    ...     print((folder / "run.json").read_text())
    before
    """
    aside = folder / "before"
    for gone in ("checkpoint", *(() if aside.is_dir() else ("snapshots",))):
        if (folder / gone).is_dir():
            files.remove_folder(folder / gone)
    if aside.is_dir():
        for name in ("checkpoint", "run.json"):
            os.replace(aside / name, folder / name)
        files.remove_folder(aside)
