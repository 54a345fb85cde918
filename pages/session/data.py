"""A dataset as pages hold it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from lvm_core.datasets.base import Dataset
from lvm_core.io import files
from lvm_core.metrics.samples.scale import OwnFeatures, features_of
from lvm_core.progress import OnStep
from lvm_core.runs.store import MAPPED_BYTES
from lvm_core.runs.workspace import Workspace, fresh_id


class Data:
    """A dataset, with the upload it came from while that can still be corrected.

    Parameters
    ----------
    dataset : Dataset
        What was read.
    id : str, optional
        Its name in a workspace; a fresh one by default.
    upload : bytes, optional
        What it was read from, and ``upload_name``, what that was called.
    workspace : Workspace, optional
        The workspace that has it.
    """

    def __init__(
        self,
        dataset: Dataset,
        id: str | None = None,
        upload: bytes | None = None,
        upload_name: str = "",
        workspace: Workspace | None = None,
    ):
        self.dataset, self.id, self.workspace = dataset, id or fresh_id(), workspace
        self._upload, self._upload_name = upload, upload_name
        self._upload_read = workspace is None
        self.chosen = self.chosen_before = np.zeros(0, np.int64)  # rows; see Run.selection
        self.rows_themselves: Any = None  # see pages.session.data_rows
        self._own: tuple[str | None, OwnFeatures] | None = None  # of which label
        self._learning = threading.Lock()

    def own_features(self, on_step: OnStep | None = None) -> OwnFeatures:
        """What samples of every model of this data are compared by, learnt once for its label."""
        with self._learning:
            label = self.dataset.label
            if self._own is None or self._own[0] != label:
                self._own = label, features_of(self.dataset, on_step=on_step)
            return self._own[1]

    @property
    def stored(self) -> bool:
        """Whether a workspace has it."""
        return self.workspace is not None

    @property
    def upload(self) -> bytes | None:
        """The bytes it was read from."""
        self._read_upload()
        return self._upload

    @property
    def upload_name(self) -> str:
        """What they were called."""
        self._read_upload()
        return self._upload_name

    def _read_upload(self) -> None:
        if not self._upload_read:
            self._upload_read = True
            self._upload, self._upload_name = self.workspace.upload(self.id) or (None, "")

    def store(self, workspace: Workspace) -> None:
        """Put it into a workspace, if it is in none.

        Raises
        ------
        StoreError
            Where it cannot be written.
        """
        if not self.stored:
            workspace.add_dataset(
                self.dataset, id=self.id, upload=self._upload, upload_name=self._upload_name
            )
            self.workspace = workspace
            self._map(workspace)

    def _map(self, workspace: Workspace) -> None:
        """Let go of a large X in memory, or in a file of its own: it is read from where it is
        kept.
        """
        X, path = self.dataset.X, workspace.dataset_folder(self.id) / "X.npy"
        if not hasattr(X, "indptr") and X.nbytes > MAPPED_BYTES:
            self.dataset.X = files.read_array(path, mapped=True)

    @property
    def nbytes(self) -> int:
        """Rough size in memory."""
        X = self.dataset.X
        return (X.data.nbytes if hasattr(X, "indptr") else X.nbytes) + len(self._upload or b"")
