"""Built-in sources: one file each, found by looking in this folder."""

from ...params import discover
from ..base import Source

DATASETS = discover(__name__, Source)
