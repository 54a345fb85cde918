"""Breast tumours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from ..base import Dataset, Source
from ..frames import TableOptions, table_dataset

if TYPE_CHECKING:
    from sklearn.utils import Bunch


@dataclass
class BreastCancer(Source):
    """569 breast tumours, thirty measurements of their cells' nuclei.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["breast_cancer"]().load()
    >>> data.X.shape, data.label
    ((569, 30), 'diagnosis')
    """

    name: ClassVar[str] = "breast_cancer"
    title: ClassVar[str] = "Breast tumours"
    summary: ClassVar[str] = (
        "569 tumours, malignant or benign: thirty measurements of cell nuclei seen through a "
        "microscope."
    )
    kind: ClassVar[str] = "table"
    origin: ClassVar[str] = "Wolberg, Street & Mangasarian, 1993 (UCI); scikit-learn's copy"

    def load(self) -> Dataset:
        from sklearn.datasets import load_breast_cancer

        data = cast("Bunch", load_breast_cancer(as_frame=True))
        return table_dataset(
            data.data.assign(diagnosis=data.target_names[data.target]),
            self.name,
            TableOptions(label="diagnosis"),
        )
