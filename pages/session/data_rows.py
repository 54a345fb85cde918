"""The data itself, mapped before it has a model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from lvm_core import MODELS
from lvm_core.datasets.base import Dataset
from lvm_core.fitting import Fitted, encode_all
from lvm_core.progress import OnStep

from .annotations import of_json
from .data import Data
from .jobs import Job
from .run import Run
from .services import services

# columns that a map takes as they are, and principal components where there are more
_WIDE, _REDUCED_TO = 100, 50


class DataRows(Run):
    """The rows of a dataset in the place of codes, under the dataset's own id.

    They are X as models see it, categories as indicators, numbers standardised, turned onto its
    principal axes (of words: latent semantic axes): all of them up to 100 columns, so distances
    are those of the rows; of wider data the first 50.
    """

    kind: ClassVar[str] = "datasets"

    def __init__(self, data: Data):
        X, counts = data.dataset.X, data.dataset.schema.has("counts")
        n, d = X.shape
        most = d if d <= _WIDE and not counts else _REDUCED_TO
        model = MODELS["LSA" if counts else "PCA"](latent_dim=max(1, min(most, d, n - 1)))
        kept = services().workspace.annotations(data.id, self.kind)
        super().__init__(data, model, id=data.id, annotations=of_json(kept))
        self.job = Job("Reading the rows", lambda on_step: _fit(data.dataset, model, on_step))

    @property
    def stored(self) -> bool:
        return self.data.stored

    @property
    def folder(self) -> Path | None:
        return services().workspace.dataset_folder(self.id) if self.stored else None

    @property
    def title(self) -> str:
        return f"{self.dataset.name}, the data itself"


def _fit(dataset: Dataset, model, on_step: OnStep) -> Fitted:
    start = time.monotonic()
    X = dataset.X
    if not hasattr(X, "indptr") and np.isnan(X).any():
        # what is missing tells nothing: it stands where the column's mean is
        X = np.where(np.isnan(X), np.nan_to_num(np.nanmean(X, axis=0)), X).astype(X.dtype)
    model.fit(X, schema=dataset.schema, on_step=on_step)
    codes = encode_all(model, X)
    none = np.zeros(0, np.int64)
    return Fitted(
        model, codes, np.arange(X.shape[0]), none, time.monotonic() - start, [], pd.DataFrame()
    )


def of(data: Data) -> DataRows:
    """Those of a dataset that the workspace has, begun when they are first asked for. Raises
    ValueError in one sentence.
    """
    held = data.rows_themselves
    if held is None or held.job.error:
        held = data.rows_themselves = DataRows(data)
    return held
