"""Latent variable models: one file each, found by looking in this folder."""

from ..io.serialize import load as _load
from ..params import discover
from .base import LatentModel

MODELS = discover(__name__, LatentModel)


def load_model(folder) -> LatentModel:
    """Read back a model written by ``model.save(folder)``.

    Parameters
    ----------
    folder : str or Path
        Where it was saved.

    Returns
    -------
    LatentModel
        Of the class that was saved, fitted.

    Raises
    ------
    LoadError
        Says what was found.

    Examples
    --------
    >>> import tempfile
    >>> from lvm_core.models import MODELS, load_model
    >>> model = MODELS["PCA"](latent_dim=1).fit([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = model.save(folder)
    ...     again = load_model(folder)
    >>> bool((again.components_ == model.components_).all())
    True
    """
    return _load(folder, MODELS)
