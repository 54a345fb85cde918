"""Latent Explorer's core: datasets, latent variable models, maps and their honest numbers.
Never imports Streamlit.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "DATASETS": "datasets",
    "read_dataset": "datasets",
    "Dataset": "datasets",
    "DataError": "datasets",
    "MODELS": "models",
    "load_model": "models",
    "PROJECTIONS": "projections",
    "load_projection": "projections",
}
__all__ = list(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll] - one list of names


def __getattr__(name):  # PEP 562: `import lvm_core.params` must not pay for scikit-learn
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
