"""Datasets: built-in sources, one file each, found by looking in this folder; uploads by :func:`read_dataset`."""

from ..recipe import discover
from .base import DataError, Dataset, Source

DATASETS = discover(__name__, Source)
