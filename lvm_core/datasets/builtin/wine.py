"""Italian wines."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from ..base import Dataset, Source
from ..frames import TableOptions, table_dataset

if TYPE_CHECKING:
    from sklearn.utils import Bunch


@dataclass
class Wine(Source):
    """178 wines of three growers, thirteen chemical measurements.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["wine"]().load()
    >>> data.X.shape, data.label
    ((178, 13), 'grower')
    """

    name: ClassVar[str] = "wine"
    title: ClassVar[str] = "Italian wines"
    summary: ClassVar[str] = (
        "178 wines from three growers of one region: thirteen chemical measurements in very "
        "different units."
    )
    kind: ClassVar[str] = "table"
    origin: ClassVar[str] = "Aeberhard & Forina, 1991 (UCI); scikit-learn's copy"

    def load(self) -> Dataset:
        from sklearn.datasets import load_wine

        data = cast("Bunch", load_wine(as_frame=True))
        growers = [f"grower {t + 1}" for t in data.target]
        measured = data.data.rename(columns=lambda c: c.replace("_", " "))
        return table_dataset(
            measured.assign(grower=growers), self.name, TableOptions(label="grower")
        )
