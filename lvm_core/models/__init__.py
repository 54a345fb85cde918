"""Latent variable models: one file each, found by looking in this folder."""

from ..io.serialize import load as _load
from ..params import discover
from .base import LatentModel

MODELS = discover(__name__, LatentModel)


def load_model(folder) -> LatentModel:
    """Read back a model written by ``model.save(folder)``. Raises ``LoadError`` with what was
    found.
    """
    return _load(folder, MODELS)
