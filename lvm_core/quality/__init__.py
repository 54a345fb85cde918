"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence each."""

from .base import Score
from .generation import generation
from .likelihood import likelihood
from .prediction import prediction
from .projection import projection
from .reconstruction import Reconstruction, reconstruction

__all__ = ["Score", "Reconstruction", "generation", "likelihood", "prediction", "projection", "reconstruction"]
