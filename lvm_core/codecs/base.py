"""The contract between raw items and rows of X."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..schema import Schema


class Codec:
    """Raw items <-> rows of X (n, d): models see X, people see items.

    Items by ``kind``:

    - ``image``: float32 array (n, height, width, channels), values in [0, 1], 1 or 3 channels
    - ``table``: DataFrame with the columns, types, categories and ranges of the table it was made
      from
    - ``text``: list of n lists of (term, weight), heaviest first, for decoded rows; documents are
      plain strings
    - ``array``: float32 array (n, d) in the original units

    A subclass is a dataclass of plain JSON values and arrays; ``to_json`` / ``from_json`` bring it
    back exactly.

    Attributes
    ----------
    kind : str
        The kind of items, of the class.

    Examples
    --------
    >>> from lvm_core.codecs import CODECS
    >>> list(CODECS)
    ['array', 'image', 'table', 'text']
    """

    kind: ClassVar[str] = ""

    @property
    def schema(self) -> Schema:
        """What the columns of X are, for a model."""
        raise NotImplementedError

    def encode(self, items: Any):
        """Items -> X (n, d): float32, or CSR for text.

        Raises
        ------
        DataError
            For items of another shape.
        """
        raise NotImplementedError

    def decode(self, X) -> Any:
        """Rows of X, real or decoded by a model, -> items.

        Clips to what can exist, never raises on finite X.
        """
        raise NotImplementedError

    def to_json(self) -> dict:
        """Plain JSON types, with ``kind`` among them."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, data: dict) -> Codec:
        """Inverse of ``to_json``."""
        raise NotImplementedError


def as_rows(X, d: int) -> np.ndarray:
    """X as a dense array of numbers.

    Parameters
    ----------
    X : array or sparse matrix (n, d)
        Rows.
    d : int
        The columns they should have.

    Returns
    -------
    array (n, d)
        float32; a sparse matrix keeps its own dtype.

    Raises
    ------
    ValueError
        For another shape; the sentence names both numbers.

    Examples
    --------
    >>> from lvm_core.codecs.base import as_rows
    >>> as_rows([[1, 2]], 2)
    array([[1., 2.]], dtype=float32)
    >>> as_rows([[1, 2]], 3)
    Traceback (most recent call last):
        ...
    ValueError: X has shape (1, 2), this dataset's rows have 3 values.
    """
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X, dtype=np.float32)
    if X.ndim != 2 or X.shape[1] != d:
        raise ValueError(f"X has shape {X.shape}, this dataset's rows have {d} values.")
    return X
