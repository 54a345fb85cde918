"""Honest numbers: each function returns :class:`Score` objects, with a baseline and a sentence
each.
"""

from .base import Reference, Score
from .labels import labels, labels_predicted
from .likelihood import likelihood, subsample
from .maps.projection import projection
from .marginal import Marginal, marginal
from .reconstruction import Reconstruction, reconstruction
from .samples.distances import frechet, kid
from .samples.generation import generation
from .samples.prdc import prdc
from .samples.quality import SampleQuality, sample_quality
from .samples.table_checks import table_report
from .samples.table_report import TableReport

__all__ = [
    "Score",
    "Marginal",
    "Reconstruction",
    "Reference",
    "SampleQuality",
    "TableReport",
    "frechet",
    "generation",
    "kid",
    "labels",
    "labels_predicted",
    "likelihood",
    "marginal",
    "prdc",
    "projection",
    "reconstruction",
    "sample_quality",
    "subsample",
    "table_report",
]
