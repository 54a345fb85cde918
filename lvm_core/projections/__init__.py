"""Maps of the latent space: one file each, found by looking in this folder."""

from ..io.serialize import load as _load
from ..params import discover
from .base import Projection
from .by_code import _ByCode

PROJECTIONS = discover(__name__, Projection)


def load_projection(folder) -> Projection:
    """Read back a map written by ``projection.save(folder)``. Raises ``LoadError`` with what
    was found.
    """
    return _load(folder, PROJECTIONS | {"_ByCode": _ByCode})
