"""Maps of the latent space: one file each, found by looking in this folder."""

from ..io.serialize import load as _load
from ..params import discover
from .base import Projection
from .by_code import _ByCode

PROJECTIONS = discover(__name__, Projection)


def load_projection(folder) -> Projection:
    """Read back a map written by ``projection.save(folder)``.

    Parameters
    ----------
    folder : path-like
        Where it was saved.

    Returns
    -------
    Projection
        Fitted.

    Raises
    ------
    LoadError
        With what was found, where that is no map.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from lvm_core.projections import PROJECTIONS, load_projection
    >>> Z = np.random.default_rng(0).normal(size=(20, 3))
    >>> pca = PROJECTIONS["PCA"]().fit(Z)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pca.save(folder)
    ...     again = load_projection(folder)
    >>> bool((again.transform(Z) == pca.transform(Z)).all())
    True
    """
    return _load(folder, PROJECTIONS | {"_ByCode": _ByCode})
