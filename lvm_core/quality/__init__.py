"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence each."""

from .base import Score
from .distances import frechet, kid
from .generation import generation
from .likelihood import likelihood
from .projection import projection
from .prdc import prdc
from .reconstruction import Reconstruction, reconstruction
from .samples import SampleQuality, sample_quality

__all__ = ["Score", "Reconstruction", "SampleQuality", "frechet", "generation", "kid", "likelihood", "prdc", "projection", "reconstruction", "sample_quality"]
