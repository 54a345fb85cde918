"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence each."""

from .base import Score
from .generation import generation
from .labels import labels, labels_predicted
from .likelihood import likelihood
from .projection import projection
from .reconstruction import Reconstruction, reconstruction

__all__ = ["Score", "Reconstruction", "generation", "labels", "labels_predicted", "likelihood", "projection", "reconstruction"]
