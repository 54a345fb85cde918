"""The workspace: the folder in which datasets and runs outlive the server.

    WORKSPACE/
      workspace.json       format
      numbers.json         the highest number a run ever had: none is given twice
      secret               signs the pages' requests; made by the app, for its own user only
      datasets/ID/         see :mod:`lvm_core.runs.store`; upload: the bytes it was read from, so
                           that it can be read again; selections/ID.npy: rows that a link names;
                           maps/KEY/ and kept.json as in a run: of the data itself; opened: empty,
                           was last looked at when it was last written
      runs/ID/             run.json (number, title, name, dataset, recipe, created), state.json
                           (see RunState), progress.jsonl, opened,
                           snapshots/STEP.npz, checkpoint/, log.txt, what it learnt (see
                           :mod:`lvm_core.runs.store`), maps/KEY/, kept.json (what a person keeps
                           with it); control: stop, pause or cancel, a word its process reads; lock:
                           held by that process
      queue/ID             empty; runs that wait, or are under way

Ids are random hexadecimal numbers. LATENT_EXPLORER_HOME names the folder; without it, it is where
the system keeps programs' data.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ..datasets.base import Dataset
from ..datasets.titles import SHOWN
from ..fitting import Fitted
from ..io import files
from ..io.files import StoreError as StoreError
from ..io.files import named
from ..metrics import Score
from ..models import MODELS
from ..models.base import LatentModel
from ..settings import setting
from ..text import clean, spaced
from .continuation import extend, roll_back
from .ownership import ownership
from .states import UNDER_WAY, Request, RunState
from .store import load_dataset, load_fitted, load_pictures, load_scores, save_dataset

FORMAT = 1
_MOST_SELECTIONS = 50  # of a dataset
LONGEST_NAME = 80  # characters


def home() -> Path:
    """The workspace's folder: LATENT_EXPLORER_HOME, or where this system keeps programs' data.

    Returns
    -------
    Path
        The folder, which need not be there yet.

    Examples
    --------
    >>> import os
    >>> from unittest.mock import patch
    >>> from lvm_core.runs.workspace import home
    >>> with patch.dict(os.environ, LATENT_EXPLORER_HOME="explorer"):
    ...     print(home().name)
    explorer
    """
    if chosen := setting("home"):
        return chosen
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Latent Explorer"
    if os.name == "nt":
        return (
            Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
            / "Latent Explorer"
        )
    return (
        Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        / "latent-explorer"
    )


def fresh_id() -> str:
    """A random id nobody can guess. Hexadecimal: Streamlit refuses ``__`` in a component's key.

    Returns
    -------
    str
        16 digits.

    Examples
    --------
    >>> from lvm_core.runs.workspace import fresh_id
    >>> len(fresh_id()), fresh_id() == fresh_id()
    (16, False)
    """
    return secrets.token_hex(8)


def is_id(text) -> bool:
    """Whether this is an id as :func:`fresh_id` makes them: all that is ever put into a path.

    Parameters
    ----------
    text : object
        Anything.

    Returns
    -------
    bool
        Whether it is one.

    Examples
    --------
    >>> from lvm_core.runs.workspace import is_id
    >>> is_id("0123456789abcdef"), is_id("../secret")
    (True, False)
    """
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{16}", text) is not None


@dataclass(frozen=True)
class RunInfo:
    """What a list says of a run.

    Attributes
    ----------
    id : str
        Id of the run.
    number : int
        Its number in the workspace, from 1.
    title : str
        Its title.
    dataset : str
        Id of its dataset.
    config : dict
        The model, {"name", "params"}.
    created : str
        When it was asked for, UTC in ISO 8601.
    state : RunState, default=RunState.WAITING
        What it is doing.
    sentence : str, default=""
        Why it failed.
    score : dict, optional
        Its first score (name, value, unit).
    seconds : float, default=0.0
        How long the fit took.
    facts : dict
        All of state.json.
    name : str, default=""
        What a person called it.

    Examples
    --------
    >>> from lvm_core.runs.workspace import RunInfo
    >>> config = {"name": "PCA", "params": {"latent_dim": 2}}
    >>> run = RunInfo("0123456789abcdef", 1, "#1 PCA on Iris", "f" * 16, config, "2026-05-01")
    >>> run.state.value, run.has_result, run.model().latent_dim
    ('waiting', False, 2)
    """

    id: str
    number: int
    title: str
    dataset: str  # id
    config: dict  # {"name", "params"}
    created: str  # UTC, ISO 8601
    state: RunState = RunState.WAITING
    sentence: str = ""  # why it failed
    score: dict | None = None
    seconds: float = 0.0
    facts: dict = field(default_factory=dict)  # all of state.json
    name: str = ""  # what a person called it

    @property
    def has_result(self) -> bool:
        """Whether there is a model to look at: also while a finished run is continued."""
        return bool(self.facts.get("result"))

    def model(self) -> LatentModel:
        """The model as it was asked for, not fitted. Raises StoreError where this version does
        not know it.
        """
        try:
            model = MODELS[str(self.config["name"])](**self.config["params"])
            model.validate()
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"Run {self.id} asks for a model this version does not know ({str(error)[:200]})."
            ) from error
        return model


def run_title(number: int, name: str, model: str, dataset: str) -> str:
    """What a list calls a run.

    Parameters
    ----------
    number : int
        Its number in the workspace.
    name : str
        What a person called it; "" for nothing.
    model : str
        Name of the model's class.
    dataset : str
        Name of its dataset.

    Returns
    -------
    str
        The title.

    Examples
    --------
    >>> from lvm_core.runs.workspace import run_title
    >>> run_title(3, "", "KernelPCA", "iris")
    '#3 Kernel PCA on iris'
    >>> run_title(3, "baseline", "KernelPCA", "iris")
    '#3 baseline (Kernel PCA on iris)'
    """
    what = f"{spaced(model)} on {dataset}"
    return f"#{number} {name} ({what})" if name else f"#{number} {what}"


class Workspace:
    """Datasets and runs in one folder.

    Every method that reads or writes raises StoreError in one sentence.

    Parameters
    ----------
    folder : path-like, optional
        The folder; :func:`home` by default.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.workspace import Workspace
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     dataset = workspace.add_dataset(DATASETS["iris"]().load())
    ...     run = workspace.add_run(dataset, MODELS["PCA"](latent_dim=2))
    ...     print([info.title for info in workspace.runs()])
    ['#1 PCA on iris']
    """

    def __init__(self, folder: str | os.PathLike | None = None):
        self.folder = Path(folder) if folder is not None else home()
        # id -> (times of its files, RunInfo or dataset.json)
        self._heads: dict[str, tuple] = {}

    def prepare(self) -> Workspace:
        """Make the folders where they are missing, and refuse a workspace of a newer format."""
        path = self.folder / "workspace.json"
        with files.plainly(f"Opening the workspace {self.folder}"):
            if path.exists():
                files.check_format(files.read_json(path), path, FORMAT)
            for name in ("datasets", "runs", "queue"):
                if not (self.folder / name).is_dir():
                    (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                files.write_json(path, {"format": FORMAT, "made_by": "Latent Explorer"})
        return self

    def secret(self) -> bytes:
        """32 random bytes that stay the same as long as the workspace does; readable by its
        owner only.
        """
        path = self.folder / "secret"
        self.prepare()
        with files.plainly("Reading the workspace's secret"):
            if not path.exists():
                with files.Lock(self.folder / ".lock").held_by_me():
                    if not path.exists():
                        files.write(path, _private(secrets.token_bytes(32)))
            return path.read_bytes()

    # -- datasets ----------------------------------------------------------------------------------

    def dataset_folder(self, id: str) -> Path:
        """Where a dataset lies. Raises StoreError for what is no id."""
        return self._folder("datasets", id)

    def add_dataset(
        self,
        dataset: Dataset,
        *,
        id: str | None = None,
        upload: bytes | None = None,
        upload_name: str = "",
    ) -> str:
        """Keep a dataset, with the bytes it was read from where they are given.

        Parameters
        ----------
        dataset : Dataset
            What is kept.
        id : str, optional
            Its id; a fresh one by default.
        upload : bytes, optional
            What it was read from.
        upload_name : str, default=""
            Name of that file.

        Returns
        -------
        str
            Its id.
        """
        id = id or fresh_id()
        folder = self.dataset_folder(id)
        self.prepare()
        save_dataset(
            folder,
            dataset,
            id=id,
            created=_now(),
            upload_name=upload_name,
            upload=upload is not None,
        )
        if upload is not None:
            with files.plainly("Keeping the uploaded file"):
                files.write(folder / "upload", upload)
        return id

    def has_dataset(self, id: str) -> bool:
        """Whether there is such a dataset."""
        return (self.dataset_folder(id) / "dataset.json").exists()

    def load_dataset(self, id: str) -> Dataset:
        """Read a dataset back."""
        return load_dataset(self.dataset_folder(id))

    def dataset_head(self, id: str) -> dict:
        """dataset.json."""
        path = self.dataset_folder(id) / "dataset.json"
        try:
            times = (path.stat().st_mtime_ns,)
        except OSError as error:
            raise StoreError(f"There is no dataset {id} in this workspace.") from error
        if id not in self._heads or self._heads[id][0] != times:
            self._heads[id] = times, files.check_format(files.read_json(path), path, FORMAT)
        return self._heads[id][1]

    def confirm_dataset(self, id: str, source: dict) -> None:
        """Keep what a person said of how a dataset was read; nothing of what was read changes.

        Parameters
        ----------
        id : str
            The dataset.
        source : dict
            Its source, with what was said among the options ``asked`` for.
        """
        head = self.dataset_head(id) | {"source": source}
        with files.plainly("Keeping how the dataset was read"):
            files.write_json(self.dataset_folder(id) / "dataset.json", head, durable=True)

    def upload(self, id: str) -> tuple[bytes, str] | None:
        """The uploaded bytes of a dataset and their name, None where there are none."""
        path = self.dataset_folder(id) / "upload"
        if not path.exists():
            return None
        with files.plainly("Reading the uploaded file"):
            return path.read_bytes(), str(self.dataset_head(id).get("upload_name", ""))

    def upload_path(self, id: str) -> Path | None:
        """Where the uploaded bytes of a dataset lie, None where there are none."""
        path = self.dataset_folder(id) / "upload"
        return path if path.exists() else None

    def datasets(self) -> list[dict]:
        """The heads of all datasets that can be read, newest first."""
        heads = []
        for id in self._ids("datasets"):
            try:
                heads.append(self.dataset_head(id) | {"id": id})
            except StoreError:
                continue
        return sorted(heads, key=lambda head: str(head.get("created")), reverse=True)

    def rename_dataset(self, id: str, name: str, *, owner: str | None = None) -> str:
        """Call a dataset something else; all runs of it are then "on" that name.

        Parameters
        ----------
        id : str
            The dataset.
        name : str
            Its new name; an empty one brings the first name back.
        owner : str, optional
            Who asks, refused where the dataset is somebody else's; without it nobody is.

        Returns
        -------
        str
            The name it has now: printable, at most 80 characters.
        """
        folder = self.dataset_folder(id)
        _refuse_others(folder, owner)
        head = self.dataset_head(id)
        first = str(head.get("first_name", head["name"]))
        chosen = _tidy(name) or first
        with files.plainly("Renaming the dataset"):
            files.write_json(
                folder / "dataset.json",
                head | {"name": chosen, "first_name": first},
                durable=True,
            )
        return chosen

    def pictures(self, id: str, n: int = 8):
        """A few of a dataset's pictures, read without the rest.

        Parameters
        ----------
        id : str
            The dataset.
        n : int, default=8
            How many, spread over its rows.

        Returns
        -------
        array (m, height, width, channels) or None
            None where its items are no pictures.
        """
        if self.dataset_head(id).get("kind") != "image":
            return None
        return load_pictures(self.dataset_folder(id), n)

    def find_upload(self, content: bytes, among: list[dict]) -> list[dict]:
        """The datasets that were read from this very file.

        Parameters
        ----------
        content : bytes
            The file.
        among : list of dict
            Heads of the datasets to look through.

        Returns
        -------
        list of dict
            Their heads, in the same order.
        """

        def same(head: dict) -> bool:
            path = self.dataset_folder(head["id"]) / "upload"
            try:
                return path.stat().st_size == len(content) and path.read_bytes() == content
            except OSError:
                return False

        return [head for head in among if same(head)]

    def find_dataset(self, dataset: Dataset, among: list[dict]) -> str | None:
        """The same data, read the same way, among those that are kept.

        Parameters
        ----------
        dataset : Dataset
            What is sought.
        among : list of dict
            Heads of the datasets to look through.

        Returns
        -------
        str or None
            Id of the first of them; None where there is none.
        """
        wanted = {
            "first_name": dataset.name,
            "n": len(dataset),
            "label": dataset.label,
            "notes": dataset.notes,
            "fingerprint": dataset.fingerprint,
        }
        effect = _in_effect(dataset.source)
        for head in among:
            known = {"first_name": head.get("name")} | head  # it has the key once it was renamed
            if all(known.get(key) == value for key, value in wanted.items()) and (
                _in_effect(head.get("source") or {}) == effect
            ):
                return head["id"]
        return None

    def delete_dataset(self, id: str) -> None:
        """Take a dataset away. Raises StoreError while runs of it are kept."""
        users = [run.title for run in self.runs() if run.dataset == id]
        if users:
            raise StoreError(
                f"{len(users)} runs were made from this dataset, {users[0]} among them; delete "
                "them first."
            )
        with files.plainly("Deleting the dataset"):
            files.remove_folder(self.dataset_folder(id))

    def keep_selection(self, id: str, rows: np.ndarray, n: int, *, new: bool = True) -> str:
        """Keep chosen rows of a dataset of n under a short id, for an address that cannot hold
        them; the newest 50 are kept.

        Parameters
        ----------
        id : str
            The dataset.
        rows : array of int (m,)
            Ascending, each once.
        n : int
            Rows of the dataset.
        new : bool
            Whether it may be written; otherwise it is only looked up.

        Returns
        -------
        str
            Its id, the same for the same rows; empty where it is not kept.
        """
        rows = np.asarray(rows, np.int64)
        name = "s" + hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:15]
        folder = self.dataset_folder(id) / "selections"
        path = folder / f"{name}.npy"
        if path.exists():
            return name
        if not new:
            return ""
        bits = np.zeros(n, bool)
        bits[rows] = True
        with files.plainly("Keeping what is chosen"):
            folder.mkdir(exist_ok=True)
            files.write_array(path, np.packbits(bits), durable=False)
            kept = sorted(folder.glob("s*.npy"), key=lambda old: old.stat().st_mtime)
            for old in kept[:-_MOST_SELECTIONS]:
                old.unlink(missing_ok=True)
        return name

    def selection(self, id: str, name: str, n: int) -> np.ndarray:
        """The rows (m,) of a dataset of n kept under that id. Raises StoreError."""
        if not re.fullmatch("s[0-9a-f]{15}", name):
            raise StoreError(f"{name[:40]!r} is no id of a selection.")
        bits = files.read_array(self.dataset_folder(id) / "selections" / f"{name}.npy")
        if bits.dtype != np.uint8 or bits.shape != ((n + 7) // 8,):
            raise StoreError("The kept selection is not of these rows; choose them again.")
        return np.flatnonzero(np.unpackbits(bits, count=n))

    # -- runs --------------------------------------------------------------------------------------

    def run_folder(self, id: str) -> Path:
        """Where a run lies. Raises StoreError for what is no id."""
        return self._folder("runs", id)

    def add_run(
        self, dataset_id: str, model: LatentModel, *, id: str | None = None, queued: bool = True
    ) -> RunInfo:
        """Keep a run that is to be made.

        Parameters
        ----------
        dataset_id : str
            A dataset of this workspace.
        model : LatentModel
            What is to be fitted to it.
        id : str, optional
            Id of the run; a fresh one by default.
        queued : bool, default=True
            Lets a scheduler start it.

        Returns
        -------
        RunInfo
            The run.

        Raises
        ------
        ValueError
            For parameters outside their domain.
        """
        model.validate()
        self.prepare()
        id, head = id or fresh_id(), self.dataset_head(dataset_id)
        with files.plainly("Keeping the run"), files.Lock(self.folder / ".lock").held_by_me():
            number = 1 + max([run.number for run in self.runs()] + [self._highest_number()])
            run = {
                "format": FORMAT,
                "id": id,
                "number": number,
                "title": run_title(number, "", type(model).__name__, str(head["name"])),
                "dataset": dataset_id,
                "model": model.to_config(),
                "created": _now(),
            }
            with files.new_folder(self.run_folder(id)) as temporary:
                files.write_json(temporary / "run.json", run, durable=True)
                files.write_json(
                    temporary / "state.json", {"format": FORMAT, "state": RunState.WAITING}
                )
            if queued:
                (self.folder / "queue" / id).touch()
        return self.run(id)

    def run(self, id: str) -> RunInfo:
        """What a list says of a run. Raises StoreError when it is not there or cannot be read."""
        folder = self.run_folder(id)
        paths = folder / "run.json", folder / "state.json"
        try:
            times = tuple(os.stat(path).st_mtime_ns for path in paths)
        except OSError as error:
            raise StoreError(f"There is no run {id} in this workspace.") from error
        if id in self._heads and self._heads[id][0] == times:
            return self._titled(self._heads[id][1])
        head, facts = (
            files.check_format(files.read_json(path, 2**20), path, FORMAT) for path in paths
        )
        try:
            known = facts["state"] in list(RunState)
            state = RunState(facts["state"]) if known else RunState.FAILED
            info = RunInfo(
                id,
                int(head["number"]),
                str(head["title"]),
                str(head["dataset"]),
                dict(head["model"]),
                str(head["created"]),
                state,
                str(facts.get("sentence", "")),
                facts.get("score"),
                float(facts.get("seconds") or 0.0),
                facts,
                _tidy(head.get("name") or ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{named(folder)} holds no run of this app ({type(error).__name__} {error})."
            ) from error
        self._heads[id] = times, info
        return self._titled(info)

    def _titled(self, info: RunInfo) -> RunInfo:
        """With the title of today: its dataset may have been renamed since."""
        try:
            dataset = str(self.dataset_head(info.dataset)["name"])
        except (KeyError, StoreError):
            return info
        title = run_title(info.number, info.name, str(info.config.get("name", "")), dataset)
        return replace(info, title=title)

    def rename_run(self, id: str, name: str, *, owner: str | None = None) -> str:
        """Call a run something; its number stays.

        Parameters
        ----------
        id : str
            The run.
        name : str
            Its new name; an empty one takes the name away.
        owner : str, optional
            Who asks, refused where the run is somebody else's; without it nobody is.

        Returns
        -------
        str
            The name it has now: printable, at most 80 characters.
        """
        folder = self.run_folder(id)
        _refuse_others(folder, owner)
        chosen = _tidy(name)
        path = folder / "run.json"
        with files.plainly("Renaming the run"):
            head = files.check_format(files.read_json(path, 2**20), path, FORMAT)
            files.write_json(path, head | {"name": chosen}, durable=True)
        return chosen

    def has_run(self, id: str) -> bool:
        """Whether there is such a run."""
        return (self.run_folder(id) / "run.json").exists()

    def runs(self) -> list[RunInfo]:
        """All runs that can be read, newest first."""
        found = []
        for id in self._ids("runs"):
            try:
                found.append(self.run(id))
            except StoreError:
                continue
        return sorted(found, key=lambda run: (run.number, run.created), reverse=True)

    def set_state(self, id: str, **changes) -> None:
        """Change entries of state.json, e.g. ``state=RunState.PAUSED``."""
        set_state(self.run_folder(id), **changes)

    def fitted(self, id: str) -> Fitted:
        """What a run learnt."""
        return load_fitted(self.run_folder(id))

    def scores(self, id: str) -> list[Score]:
        """The scores of a run that has a result, without loading its model."""
        return load_scores(self.run_folder(id))

    def annotations(self, id: str, kind: str = "runs") -> dict:
        """What a person keeps with a run or dataset (kept.json), {} where there is nothing."""
        path = self._folder(kind, id) / "kept.json"
        found = files.read_json(path) if path.exists() else {}
        return found if isinstance(found, dict) else {}

    def save_annotations(self, id: str, annotations: dict, kind: str = "runs") -> None:
        """Write kept.json."""
        with files.plainly("Keeping what belongs to it"):
            files.write_json(self._folder(kind, id) / "kept.json", annotations, durable=True)

    def ask(self, id: str, word: str) -> None:
        """Ask the process of a run to ``stop`` (and keep what it reached), ``pause`` or
        ``cancel``.
        """
        if word not in list(Request):
            raise StoreError(f"{word!r} is nothing a run can be asked for.")
        with files.plainly("Writing to the run's folder"):
            files.write(self.run_folder(id) / "control", word.encode(), durable=False)
        if word != Request.STOP and not self.at_work(id):
            if (info := self.run(id)).state in (*UNDER_WAY, RunState.PAUSED):
                if word == Request.CANCEL:
                    roll_back(self.run_folder(id))
                ended = RunState.DONE if info.has_result else RunState.CANCELLED
                self.set_state(id, state=RunState.PAUSED if word == Request.PAUSE else ended)

    def at_work(self, id: str) -> bool:
        """Whether a process is at work on a run now; a run that says it is running without one
        was interrupted.
        """
        return files.Lock(self.run_folder(id) / "lock").held()

    def queue(self, id: str) -> None:
        """Let a scheduler start a run, or start it again: it goes on from its checkpoint when
        there is one.
        """
        with files.plainly("Queueing the run"):
            (self.run_folder(id) / "control").unlink(missing_ok=True)
            set_state(
                self.run_folder(id),
                state=RunState.WAITING,
                sentence="",
                attempts=0,
                asked=time.time(),
            )
            (self.folder / "queue" / id).touch()

    def extend(self, id: str, more: int) -> RunInfo:
        """Make the training of a run that has ended longer than what it reached, and queue it.

        Parameters
        ----------
        id : str
            The run.
        more : int
            Epochs to add, of a GAN steps.

        Returns
        -------
        RunInfo
            The run.

        Raises
        ------
        StoreError
            Where nothing is left to continue from.
        ValueError
            Where the total is outside the parameter's domain.
        """
        info, folder = self.run(id), self.run_folder(id)
        model = info.model()
        if not model.duration_param:
            raise StoreError(
                f"{type(model).__name__} is solved exactly; there is nothing to continue."
            )
        with files.plainly("Continuing the run"):
            extend(folder, model, int(more))
        self.queue(id)
        return self.run(id)

    def delete_run(self, id: str) -> None:
        """Take a run away. Raises StoreError while it is under way."""
        if self.at_work(id):
            raise StoreError("This run is under way; cancel it first.")
        with files.plainly("Deleting the run"):
            self._keep_number(id)
            (self.folder / "queue" / id).unlink(missing_ok=True)
            files.remove_folder(self.run_folder(id))
        self._heads.pop(id, None)

    def _highest_number(self) -> int:
        """The highest number of a run that was deleted; 0 where none was."""
        path = self.folder / "numbers.json"
        try:
            return int(files.read_json(path, 4096)["highest"]) if path.exists() else 0
        except (KeyError, TypeError, ValueError):
            return 0

    def _keep_number(self, id: str) -> None:
        try:
            number = self.run(id).number
        except StoreError:
            return  # it cannot be read, and has no number that could be known
        with files.Lock(self.folder / ".lock").held_by_me():
            if number > self._highest_number():
                files.write_json(
                    self.folder / "numbers.json", {"format": FORMAT, "highest": number}
                )

    # -- when ----------------------------------------------------------------------------------

    def touch(self, kind: str, id: str) -> None:
        """Note that a dataset or run (``datasets``, ``runs``) is looked at now. A full disk does
        not stop who looks.
        """
        try:
            (self._folder(kind, id) / "opened").touch()
        except OSError:
            pass

    def touched(self, kind: str, id: str) -> float:
        """When a dataset or run (``datasets``, ``runs``) was last opened or changed.

        Returns
        -------
        float
            Seconds since the epoch; 0.0 where it is not there.
        """
        folder, latest = self._folder(kind, id), 0.0
        for name in ("opened", "dataset.json", "run.json", "state.json", "kept.json"):
            try:
                latest = max(latest, (folder / name).stat().st_mtime)
            except OSError:
                continue
        return latest

    # -- names -------------------------------------------------------------------------------------

    def _folder(self, kind: str, id: str) -> Path:
        if not is_id(id):
            raise StoreError(f"{str(id)[:40]!r} is no id of this workspace.")
        return self.folder / kind / id

    def _ids(self, kind: str) -> list[str]:
        try:
            return [name for name in os.listdir(self.folder / kind) if is_id(name)]
        except OSError:
            return []


def set_state(folder: Path, **changes) -> dict:
    """Change entries of a run's state.json.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    **changes
        Entries, e.g. ``state=RunState.PAUSED``.

    Returns
    -------
    dict
        All of state.json.

    Raises
    ------
    StoreError
        Where it cannot be read or written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.runs.states import RunState
    >>> from lvm_core.runs.workspace import Workspace, set_state
    >>> with TemporaryDirectory() as folder:
    ...     workspace = Workspace(folder)
    ...     dataset = workspace.add_dataset(DATASETS["iris"]().load())
    ...     run = workspace.add_run(dataset, MODELS["PCA"](latent_dim=2))
    ...     print(set_state(workspace.run_folder(run.id), state=RunState.PAUSED)["state"])
    paused
    """
    path = folder / "state.json"
    facts = (
        files.check_format(files.read_json(path, 2**20), path, FORMAT)
        | changes
        | {"updated": time.time()}
    )
    with files.plainly("Writing the run's state"):
        files.write_json(path, facts)
    return facts


def _in_effect(source: dict) -> dict:
    """How a dataset was read, without who said so: a doubt that was answered is no other data."""
    said = ("asked", "doubts", "reader_asked", SHOWN)
    effect = {k: v for k, v in source.items() if k not in said}
    # "none" was the default of earlier versions; rows that were cut into series name their column
    options = {k: v for k, v in source.get("options", {}).items() if v not in ("auto", "none")}
    return effect | {"options": options}


def _refuse_others(folder: Path, owner: str | None) -> None:
    if owner is not None and ownership(folder).owner != owner:
        raise StoreError("Only whose it is can rename it.")


def _tidy(name) -> str:
    """A name as it is kept: in one line, printable, not too long."""
    return clean(" ".join(str(name).split()), LONGEST_NAME).strip()


def _private(content: bytes):
    def save(path: Path) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)

    return save


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
