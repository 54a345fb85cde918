"""Handwritten digits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
import pandas as pd

from ..base import Dataset, Source
from ..pictures import image_dataset

if TYPE_CHECKING:
    from sklearn.utils import Bunch


@dataclass
class Digits(Source):
    """1797 handwritten digits, 8 x 8 grey pixels.

    Examples
    --------
    >>> from lvm_core import DATASETS
    >>> data = DATASETS["digits"]().load()
    >>> data.X.shape, data.schema.image
    ((1797, 64), (8, 8, 1))
    """

    name: ClassVar[str] = "digits"
    title: ClassVar[str] = "Handwritten digits"
    summary: ClassVar[str] = (
        "1797 digits of 8 x 8 pixels, written by 43 people. Small enough to train anything in "
        "seconds."
    )
    kind: ClassVar[str] = "image"
    list_order: ClassVar[int] = 10
    origin: ClassVar[str] = "Alpaydin & Kaynak, 1998 (UCI); scikit-learn's copy"

    def load(self) -> Dataset:
        from sklearn.datasets import load_digits

        data = cast("Bunch", load_digits())
        rows = pd.DataFrame({"digit": data.target.astype(str)})
        return image_dataset(
            (data.images / 16).astype(np.float32)[..., None], self.name, rows, "digit"
        )
