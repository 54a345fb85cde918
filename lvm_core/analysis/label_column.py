"""The label of new rows of a table, which most models have not learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from ..codecs.levels import Categorical
from ..codecs.table import TableCodec
from ..datasets.base import Dataset
from ..fitting import Fitted

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

MOST_LEARNT = 20_000  # rows the chances of labels are learnt from
_TREES = 2000  # over all labels
_MANY = 1000  # rows, of which some can be spared to say when to stop


class LabelColumn:
    """Gives new rows of a table the label's column, under its name and in its place.

    A model that was told labels drew each row for one: that is its label. Any other model draws
    rows without; their labels are then drawn by their chances given the row's other columns, as
    gradient boosting on the training rows has them. They are drawn, not the likeliest taken, so
    that rows and labels go together as often as in the data.

    Parameters
    ----------
    dataset : Dataset
        A table whose label is a column of classes, see :meth:`of`.
    fitted : Fitted
        The model.

    Attributes
    ----------
    name : object
        What the column is called.
    labels : list
        What it can be; None where some rows have none.
    drawn_by_model : bool
        Whether the model was told labels.
    sentence : str
        How the label came about.

    Examples
    --------
    >>> from lvm_core import DATASETS, MODELS
    >>> from lvm_core.analysis.label_column import LabelColumn
    >>> from lvm_core.fitting import fit_run
    >>> iris = DATASETS["iris"]().load()
    >>> label = LabelColumn.of(iris, fit_run(iris, MODELS["PCA"](latent_dim=2)))
    >>> rows = label.add(iris.decode(iris.X[[0, 60]]), None, random_state=0)
    >>> rows["species"].tolist()
    ['setosa', 'versicolor']
    """

    def __init__(self, dataset: Dataset, fitted: Fitted):
        self.name: Any = dataset.label
        self._dataset, self._fitted, self._trees = dataset, fitted, None
        values = dataset.rows[self.name]
        self._known = {str(v): v for v in values.dropna().unique()}
        seen = values.iloc[fitted.train]
        self.labels = [*seen.dropna().unique()] + [None] * bool(seen.isna().any())
        model = fitted.model
        self.drawn_by_model = bool(model.conditional and len(getattr(model, "classes_", ())))
        self.sentence = (
            f"{self.name} is the label that each row was drawn for."
            if self.drawn_by_model
            else f"{self.name} is no part of what the model learnt: it is drawn by its chances "
            "given the other columns, as gradient boosting has them from the training rows."
        )

    @classmethod
    def of(cls, dataset: Dataset, fitted: Fitted) -> LabelColumn | None:
        """For a table whose label is a column of classes beside those a model sees; else None."""
        if dataset.kind != "table" or dataset.label in dataset.added or not len(fitted.train):
            return None
        learnt = {column.name for column in cast(TableCodec, dataset.codec).columns}
        if dataset.label in learnt or dataset.targets() is None:
            return None
        return cls(dataset, fitted)

    def add(
        self, rows: pd.DataFrame, codes: np.ndarray | None, *, label=None, random_state: int = 0
    ) -> pd.DataFrame:
        """The same rows with the label's column.

        Parameters
        ----------
        rows : DataFrame (n, ...)
            New rows in the columns a model sees, and no others.
        codes : array (n, k) or None
            What they were decoded from.
        label : str, optional
            The label that all of them were drawn for.
        random_state : int
            Of the draws.

        Returns
        -------
        DataFrame (n, ...)
        """
        if label is not None:
            texts = np.full(len(rows), str(label), object)
        elif self.drawn_by_model and codes is not None:
            classes = np.array(self._fitted.model.classes_, object)
            texts = classes[codes[:, -len(classes) :].argmax(1)]
        else:
            texts = self._draw(rows, random_state)
        real = self._dataset.rows
        values = pd.Series([self._known.get(text) for text in texts], dtype=object)
        if not (values.isna().any() and real[self.name].dtype.kind in "biu"):
            values = values.astype(real[self.name].dtype)
        order = [c for c in real.columns if c in rows.columns or c == self.name]
        return rows.assign(**{"\0": values.to_numpy()}).rename(columns={"\0": self.name})[order]

    def _draw(self, rows: pd.DataFrame, seed: int) -> np.ndarray:
        if self._trees is None:
            self._trees = self._learn()
        X, _ = _features(cast(TableCodec, self._dataset.codec), rows)
        chances = self._trees.predict_proba(X).cumsum(1)
        dice = np.random.default_rng(seed).random((len(rows), 1)) * chances[:, -1:]
        place = np.minimum((dice > chances).sum(1), chances.shape[1] - 1)
        return np.array(self._trees.classes_, object)[place]

    def _learn(self) -> HistGradientBoostingClassifier:
        from sklearn.ensemble import HistGradientBoostingClassifier

        train = self._dataset.rows.iloc[self._fitted.train]
        some = np.random.default_rng(0).permutation(len(train))[:MOST_LEARNT]
        train = train.iloc[some]
        y = train[self.name]
        X, categorical = _features(cast(TableCodec, self._dataset.codec), train)
        options: dict[str, Any] = dict(
            max_iter=int(np.clip(_TREES // max(len(self.labels), 1), 20, 100)),
            categorical_features=categorical,
            early_stopping=len(train) > _MANY,
            random_state=0,
        )
        trees = HistGradientBoostingClassifier(**options)
        return trees.fit(X, y.astype(object).where(y.notna(), "").astype(str).to_numpy())


def _features(codec: TableCodec, rows: pd.DataFrame) -> tuple[np.ndarray, list[bool]]:
    """The columns a model sees as trees take them: a category by its number."""
    X, parts, categorical = codec.encode(rows), [], []
    for column, span in codec.spans():
        levels = isinstance(column, Categorical)
        parts.append(X[:, span].argmax(1)[:, None] if levels else X[:, span])
        categorical += [levels] * parts[-1].shape[1]
    return np.hstack(parts), categorical
