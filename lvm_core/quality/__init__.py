"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence each."""

from .base import Score
from .distances import frechet, kid
from .generation import generation
from .labels import labels, labels_predicted
from .likelihood import likelihood, thinned
from .marginal import Marginal, marginal
from .prdc import prdc
from .projection import projection
from .reconstruction import Reconstruction, reconstruction
from .samples import SampleQuality, sample_quality

__all__ = ["Score", "Marginal", "Reconstruction", "SampleQuality", "frechet", "generation", "kid", "labels", "labels_predicted", "likelihood", "marginal", "prdc", "projection", "reconstruction",
           "sample_quality", "thinned"]
