"""Iris flowers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from ..base import Dataset, Source
from ..frames import TableOptions, table_dataset

if TYPE_CHECKING:
    from sklearn.utils import Bunch


@dataclass
class Iris(Source):
    """150 flowers of three species, four measurements in centimetres.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["iris"]().load()
    >>> data.X.shape, sorted(set(data.targets()))
    ((150, 4), ['setosa', 'versicolor', 'virginica'])
    """

    name: ClassVar[str] = "iris"
    title: ClassVar[str] = "Iris flowers"
    summary: ClassVar[str] = (
        "150 flowers of three species, petals and sepals measured in centimetres. The classic "
        "first table."
    )
    kind: ClassVar[str] = "table"
    list_order: ClassVar[int] = 30
    origin: ClassVar[str] = "Anderson, 1935; Fisher, 1936; scikit-learn's copy"

    def load(self) -> Dataset:
        from sklearn.datasets import load_iris

        data = cast("Bunch", load_iris(as_frame=True))
        rows = data.data.rename(columns=lambda c: c.replace(" (cm)", " in cm"))
        return table_dataset(
            rows.assign(species=data.target_names[data.target]),
            self.name,
            TableOptions(label="species"),
        )
